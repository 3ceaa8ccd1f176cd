"""Command and response APDUs (ISO/IEC 7816-4:2020, 5.1 to 5.3; encoding of cases in ISO/IEC 7816-3:2006, 12.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_SHORT_DATA = 255
MAX_SHORT_LE = 256
MAX_EXTENDED_DATA = 65535
MAX_EXTENDED_LE = 65536
MAX_APDU = 4 + 3 + MAX_EXTENDED_DATA + 2  # header, Lc, data, Le


class MalformedAPDU(ValueError):
    """Bytes that are no APDU. `offset` is the byte, counted from 0, where they stop making sense."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True, repr=False)
class CommandAPDU:
    """A command APDU: four header bytes, data (0 to 65535 bytes) and the expected length of the answer.

    `le` is a count of bytes, 1 to 65536, or None when the field is absent; 256 is the short form's 00.
    `extended` asks for the extended form even where the short one would do.
    Its repr shows the header and lengths only: the data may be a key.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    def __post_init__(self) -> None:
        for value in (self.cla, self.ins, self.p1, self.p2):
            if not 0 <= value <= 0xFF:
                raise ValueError("a header byte of an APDU is 00 to FF")
        if len(self.data) > MAX_EXTENDED_DATA:
            raise ValueError(f"an APDU carries at most {MAX_EXTENDED_DATA} bytes of data, these are {len(self.data)}")
        if self.le is not None and not 1 <= self.le <= MAX_EXTENDED_LE:
            raise ValueError(f"Le counts 1 to {MAX_EXTENDED_LE} bytes, not {self.le}")

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    @property
    def is_extended(self) -> bool:
        """Whether the encoding uses extended length fields."""
        return self.extended or len(self.data) > MAX_SHORT_DATA or (self.le or 0) > MAX_SHORT_LE

    @property
    def case(self) -> int:
        """The case of ISO/IEC 7816-3, 12.1: 1 (header only), 2 (Le), 3 (data), 4 (data and Le)."""
        return 1 + (self.le is not None) + 2 * bool(self.data)

    def encode(self) -> bytes:
        """The bytes as they stand in a trace."""
        if self.is_extended:
            return self.header + self._extended_body()
        lc = bytes((len(self.data),)) if self.data else b""
        le = b"" if self.le is None else bytes((self.le % 256,))
        return self.header + lc + self.data + le

    def _extended_body(self) -> bytes:
        if not self.data and self.le is None:
            return b""
        lc = len(self.data).to_bytes(2, "big") if self.data else b""
        le = b"" if self.le is None else (self.le % 65536).to_bytes(2, "big")
        return b"\x00" + lc + self.data + le

    @classmethod
    def parse(cls, raw: bytes) -> CommandAPDU:
        """Read an encoded command APDU.

        Raises MalformedAPDU where the length fields do not account for every byte.
        """
        if len(raw) < 4:
            raise MalformedAPDU(f"a command APDU has at least 4 bytes (CLA INS P1 P2), these are {len(raw)}", len(raw))
        cla, ins, p1, p2 = raw[:4]
        data, le, extended = _parse_body(raw[4:])
        return cls(cla, ins, p1, p2, data=data, le=le, extended=extended)

    def with_le(self, le: int | None) -> CommandAPDU:
        """The same command with another expected length."""
        return replace(self, le=le)

    def __repr__(self) -> str:
        le = "absent" if self.le is None else str(self.le)
        return f"CommandAPDU({self.header.hex(' ').upper()}, {len(self.data)} bytes, Le {le})"


def _parse_body(body: bytes) -> tuple[bytes, int | None, bool]:
    """Data, Le and whether the extended form was used, of what follows the header."""
    if not body:
        return b"", None, False
    if len(body) == 1:
        return b"", body[0] or 256, False
    if body[0] != 0:
        return _parse_short(body)
    return _parse_extended(body)


def _parse_short(body: bytes) -> tuple[bytes, int | None, bool]:
    lc = body[0]
    rest = len(body) - 1 - lc
    if rest == 0:
        return body[1:], None, False
    if rest == 1:
        return body[1:-1], body[-1] or 256, False
    if rest < 0:
        raise MalformedAPDU(f"Lc says {lc} bytes of data, but {len(body) - 1} follow", 4)
    raise MalformedAPDU(f"Lc says {lc} bytes of data, then at most one byte of Le, but {rest} bytes are left over",
                        5 + lc + 1)


def _parse_extended(body: bytes) -> tuple[bytes, int | None, bool]:
    if len(body) < 3:
        raise MalformedAPDU("an extended length field is 00 and two more bytes", 4)
    length = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return b"", length or 65536, True
    if length == 0:
        raise MalformedAPDU("an extended Lc of zero is not allowed", 5)
    rest = len(body) - 3 - length
    if rest == 0:
        return body[3:], None, True
    if rest == 2:
        return body[3:-2], int.from_bytes(body[-2:], "big") or 65536, True
    if rest < 0:
        raise MalformedAPDU(f"the extended Lc says {length} bytes of data, but {len(body) - 3} follow", 5)
    raise MalformedAPDU(f"after {length} bytes of data an extended Le has two bytes, but {rest} are left over",
                        7 + length)


@dataclass(frozen=True, slots=True, repr=False)
class ResponseAPDU:
    """A response APDU: data and the status word SW1-SW2 as a number, e.g. 0x9000.

    Data is kept on every status word: IDENTIFY answers its data with 6A82.
    Its repr shows a length and the status word only: the data may be a key.
    """

    data: bytes
    sw: int

    @classmethod
    def parse(cls, raw: bytes) -> ResponseAPDU:
        """Read an encoded response; raises MalformedAPDU if there is no status word."""
        if len(raw) < 2:
            raise MalformedAPDU(f"a response ends with two status bytes, these are {len(raw)}", len(raw))
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))

    def encode(self) -> bytes:
        """Data, then SW1 SW2."""
        return self.data + self.sw.to_bytes(2, "big")

    @property
    def sw1(self) -> int:
        """The first status byte."""
        return self.sw >> 8

    @property
    def sw2(self) -> int:
        """The second status byte."""
        return self.sw & 0xFF

    @property
    def ok(self) -> bool:
        """Whether the status word is 9000."""
        return self.sw == 0x9000

    @property
    def is_warning(self) -> bool:
        """Whether the command was carried out with a warning: 62xx, 63xx (ISO/IEC 7816-4:2020, 5.6)."""
        return self.sw1 in (0x62, 0x63)

    @property
    def more_waits(self) -> bool:
        """Whether the command was carried out and its answer, or the rest of it, waits for GET RESPONSE: 61xx (5.6)."""
        return self.sw >> 8 == 0x61

    @property
    def wrong_le(self) -> bool:
        """Whether the command was not carried out, for its Le alone: 6Cxx (5.6)."""
        return self.sw1 == 0x6C

    @property
    def to_be_followed(self) -> bool:
        """Whether another command is to bring the answer, or the rest of it: GET RESPONSE after 61xx, the same one with
        another Le after 6Cxx."""
        return self.sw >> 8 in (0x61, 0x6C)

    @property
    def named_length(self) -> int:
        """The Le that 61xx or 6Cxx asks for, 1 to 256 bytes: 00 stands for 256, or more."""
        return self.sw2 or 256

    @property
    def done(self) -> bool:
        """Whether the command was carried out and the answer is all that there is: 9000, or a warning."""
        return self.sw1 == 0x90 or self.is_warning

    @property
    def accepted(self) -> bool:
        """Whether the command was carried out, even if some of the answer still waits in the card."""
        return self.done or self.more_waits

    @property
    def tries_left(self) -> int | None:
        """The tries that are left, of a command that compares a PIN or a key: x in 63Cx, 0 for 6983 (blocked); None
        where it is not told."""
        if self.sw & 0xFFF0 == 0x63C0:
            return self.sw & 0x0F
        return 0 if self.sw == 0x6983 else None

    def __repr__(self) -> str:
        return f"ResponseAPDU({len(self.data)} bytes, SW {self.sw:04X})"
