"""Commands of class FF, which are for the reader and not for the card.

Class FF is no class of a card: ISO/IEC 7816-4:2020, 5.4.1 calls it invalid, and ISO/IEC 7816-3 begins PPS with FF.
PC/SC part 3 (2.01.09), 3.2.2 gives it to readers of contactless and of memory cards, to name a card's UID and to read
and write storage cards. A reader that does not know such a command may hand it on to the card.
"""

from __future__ import annotations

from enum import IntEnum

READER_CLASS = 0xFF
NON_VOLATILE = 0x20  # P1 of LOAD KEYS: the reader keeps the key for ever


class ReaderIns(IntEnum):
    """The instructions of PC/SC part 3, 3.2.2, and of its supplement for transparent exchanges."""

    VERIFY = 0x20
    LOAD_KEYS = 0x82
    GENERAL_AUTHENTICATE = 0x86
    AUTHENTICATE = 0x88  # the obsolete form
    READ_BINARY = 0xB0
    TRANSPARENT_EXCHANGE = 0xC2  # MANAGE SESSION, TRANSPARENT EXCHANGE: they carry commands for the card
    GET_DATA = 0xCA
    UPDATE_BINARY = 0xD6


# whose data are no secret, and which cannot bring a command to the card
UNDERSTOOD = frozenset((
    ReaderIns.GENERAL_AUTHENTICATE, ReaderIns.AUTHENTICATE, ReaderIns.READ_BINARY, ReaderIns.GET_DATA,
))
