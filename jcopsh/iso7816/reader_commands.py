"""Commands of class FF, which are for the reader and not for the card.

Class FF is no class of a card: ISO/IEC 7816-4:2020, 5.4.1 calls it invalid, and ISO/IEC 7816-3 begins PPS with FF.
PC/SC part 3 (2.01.09), 3.2.2 gives it to readers of contactless and of memory cards, to name a card's UID and to read
and write storage cards. A reader that does not know such a command may hand it on to the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

READER_CLASS = 0xFF
NON_VOLATILE = 0x20  # P1 of LOAD KEYS: the reader keeps the key for ever


class ReaderIns(IntEnum):
    """The instructions of PC/SC part 3, 3.2.2."""

    VERIFY = 0x20
    LOAD_KEYS = 0x82
    GENERAL_AUTHENTICATE = 0x86
    AUTHENTICATE = 0x88  # the obsolete form
    READ_BINARY = 0xB0
    GET_DATA = 0xCA
    UPDATE_BINARY = 0xD6


# whose data are no secret, and which cannot bring a command to the card
UNDERSTOOD = frozenset((
    ReaderIns.GENERAL_AUTHENTICATE, ReaderIns.AUTHENTICATE, ReaderIns.READ_BINARY, ReaderIns.GET_DATA,
))

# PC/SC part 3, 3.2.2.1
_ANSWERS: Mapping[int, str] = MappingProxyType({
    0x9000: "done",
    0x6200: "part of the data may be corrupted, or the end came first",
    0x6300: "no information, or it failed",
    0x6581: "memory failure",
    0x6700: "wrong length",
    0x6800: "the class byte is not right",
    0x6981: "incompatible with this card",
    0x6982: "the security status does not allow it",
    0x6983: "the card cannot authenticate, or refuses to",
    0x6986: "not allowed: no such key or no card",
    0x6A81: "the reader or the card does not know this function",
    0x6A82: "there is no such block or file",
    0x6B00: "wrong parameters: outside the card",
    0x6D00: "the reader does not know the instruction; a card it was handed on to may have answered",
    0x6E00: "the reader does not know the class; a card it was handed on to may have answered",
    0x6F00: "no precise diagnosis",
})


def describe_reader_answer(sw: int) -> str:
    """What the status word `sw` (0 to FFFF) means as a reader's answer to a command of class FF."""
    return _ANSWERS.get(sw, "not in PC/SC part 3")
