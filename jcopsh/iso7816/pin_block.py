"""How a PIN that was typed becomes the bytes of VERIFY, CHANGE REFERENCE DATA or RESET RETRY COUNTER.

No message here repeats what was typed.
"""

from __future__ import annotations

from enum import Enum

from jcopsh.iso7816.hexadecimal import NotationError, parse_bytes

MIN_BLOCK_DIGITS, MAX_BLOCK_DIGITS = 4, 12
FILLER = 0xFF


class PinFormat(Enum):
    """The coding of the digits."""

    ASCII = "ascii"  # a byte for each character
    BCD = "bcd"  # two digits in a byte, the last half byte F where their number is odd
    ISO9564_2 = "iso9564-2"  # ISO 9564-1, format 2: 2, the number of digits, the digits, filled with F to 8 bytes
    HEX = "hex"  # the very bytes


class PinError(ValueError):
    """A PIN that cannot be coded in this way. The message says why, and not what was typed."""


def pin_bytes(typed: str, form: PinFormat = PinFormat.ASCII, *, pad_to: int = 0, filler: int = FILLER) -> bytes:
    """The bytes of a PIN, filled up to `pad_to` bytes with `filler` (0 to FF); no padding for 0.

    Raises PinError for characters that the coding does not have, and for more bytes than `pad_to`.
    """
    coded = _coded(typed, form)
    if not coded:
        raise PinError("no PIN was given")
    if pad_to and len(coded) > pad_to:
        raise PinError(f"the PIN has {len(coded)} bytes, more than the {pad_to} it is to be filled up to")
    return coded.ljust(pad_to, bytes((filler,)))


def _coded(typed: str, form: PinFormat) -> bytes:
    match form:
        case PinFormat.ASCII:
            if not typed.isascii():
                raise PinError("the PIN has a character that is not ASCII")
            return typed.encode("ascii")
        case PinFormat.BCD:
            return bytes.fromhex(_digits(typed) + "F" * (len(typed) % 2))
        case PinFormat.ISO9564_2:
            digits = _digits(typed)
            if not MIN_BLOCK_DIGITS <= len(digits) <= MAX_BLOCK_DIGITS:
                raise PinError(f"a block of format 2 holds {MIN_BLOCK_DIGITS} to {MAX_BLOCK_DIGITS} digits, "
                               f"this PIN has {len(digits)}")
            return bytes.fromhex(f"2{len(digits):X}{digits:F<14}")
        case PinFormat.HEX:
            try:
                return parse_bytes(typed)
            except NotationError:
                raise PinError("the PIN is not written as bytes") from None


def _digits(typed: str) -> str:
    if not typed.isascii() or not typed.isdigit():
        raise PinError("the PIN has a character that is no digit")
    return typed
