"""Commands as the card reads them off the wire, and its answers.

T=1 carries whole APDUs, short or extended (ISO/IEC 7816-3:2006, 12.1); T=0 carries TPDUs of five header bytes and
data (ISO/IEC 7816-3:2006, 10.3 and 12.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SUCCESS = 0x9000
WRONG_LENGTH = 0x6700


class MalformedCommandError(ValueError):
    """Bytes whose length fields do not account for every byte, or fewer than a header."""


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """A command: header, data (0 to 65535 bytes), and Le as a count (1 to 65536), None when absent.

    `extended` says that its length fields came in the extended form, which a MAC over the command depends on.
    It has no repr of its own fields: the data may be a key.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None
    extended: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """Data (possibly none) and the status word SW1-SW2."""

    sw: int
    data: bytes = b""

    def encode(self) -> bytes:
        """Data, SW1, SW2."""
        return self.data + self.sw.to_bytes(2, "big")


def parse_t1(raw: bytes) -> Command:
    """Read an APDU. Raises MalformedCommandError."""
    header, body = _split(raw)
    if not body:
        return _command(header, b"", None)
    if len(body) == 1:
        return _command(header, b"", body[0] or 256)
    if body[0]:
        return _with_lc(header, body[0], body[1:], le_bytes=1)
    if len(body) < 3:
        raise MalformedCommandError("half an extended length field")
    length = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return _command(header, b"", length or 65536)
    if not length:
        raise MalformedCommandError("an extended Lc of zero")
    return replace(_with_lc(header, length, body[3:], le_bytes=2), extended=True)


def parse_t0(raw: bytes) -> Command:
    """Read a TPDU: without a body P3 is Le, also where it stands for nothing at all; with one it is Lc.

    A case 1 command has P3 = 00 or none, which cannot be told from an Le of 256: `le` is 256 then.
    The Le of a case 4 command does not belong on this wire; readers strip it, and here it is dropped.
    Raises MalformedCommandError.
    """
    header, body = _split(raw)
    if len(body) <= 1:
        return _command(header, b"", (body[0] if body else 0) or 256)
    if not body[0]:
        raise MalformedCommandError("extended length fields do not exist on T=0")
    command = _with_lc(header, body[0], body[1:], le_bytes=1)
    return _command(header, command.data, None)


def _command(header: bytes, data: bytes, le: int | None) -> Command:
    cla, ins, p1, p2 = header
    return Command(cla, ins, p1, p2, data, le)


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if len(raw) < 4:
        raise MalformedCommandError("fewer than four bytes")
    return raw[:4], raw[4:]


def _with_lc(header: bytes, lc: int, rest: bytes, *, le_bytes: int) -> Command:
    """A command of case 3, or 4 where `le_bytes` more bytes follow its data."""
    data, tail = rest[:lc], rest[lc:]
    if len(data) < lc or len(tail) not in (0, le_bytes):
        raise MalformedCommandError("Lc does not fit the bytes that follow it")
    if not tail:
        return _command(header, data, None)
    return _command(header, data, int.from_bytes(tail, "big") or 256**le_bytes)
