"""The bytes that a link carries for a command, by the transmission protocol, and what of them may be shown."""

from __future__ import annotations

from dataclasses import replace

from jcopsh.errors import UsageError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.segments import Hidden, Segments

HEADER, STATUS = 4, 2  # bytes


def wire_form(command: CommandAPDU, protocol: str) -> bytes:
    """The encoded command for `T=0` or another protocol. Raises UsageError for what T=0 cannot carry.

    On T=0 a case 4 command goes without its Le (ISO/IEC 7816-3:2006, 12.2.5).
    """
    if protocol != "T=0":
        return command.encode()
    command = replace(command, extended=False)  # the short form where it will do
    if command.is_extended:
        raise UsageError(
            "an extended APDU cannot be sent over T=0",
            meaning="T=0 carries at most 255 bytes of data and 256 of answer.",
            hint="split it, or let the card speak T=1",
        )
    return (command.with_le(None) if command.case == 4 else command).encode()


def struck_command(wire_command: bytes) -> Segments:
    """The header alone. What stands behind it may be a key under another one, which somebody knows."""
    return Segments((wire_command[:HEADER], *_hidden(wire_command[HEADER:])))


def struck_response(wire_response: bytes) -> Segments:
    """The status word alone."""
    return Segments((*_hidden(wire_response[:-STATUS]), wire_response[-STATUS:]))


def _hidden(part: bytes) -> tuple[Hidden, ...]:
    return (Hidden("wire", Secret(part, SecretKind.PIN)),) if part else ()
