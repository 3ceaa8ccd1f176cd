"""Instruction bytes that jcopsh sends, or looks for in what is sent: ISO/IEC 7816-4:2020, 5.5, and GlobalPlatform Card
Specification 2.3.1, clause 11 and annex E.

What P1, P2 and the data of each command mean, for whoever types one, is in `instructions`.
"""

from __future__ import annotations

from enum import IntEnum


class INS(IntEnum):
    """Instruction bytes by name. One number may be two commands: the class byte tells which."""

    VERIFY = 0x20
    CHANGE_REFERENCE_DATA = 0x24
    RESET_RETRY_COUNTER = 0x2C
    INITIALIZE_UPDATE = 0x50
    MANAGE_CHANNEL = 0x70
    EXTERNAL_AUTHENTICATE = 0x82
    GET_CHALLENGE = 0x84
    INTERNAL_AUTHENTICATE = 0x88
    SELECT = 0xA4
    READ_BINARY = 0xB0
    READ_BINARY_ODD = 0xB1
    READ_RECORD = 0xB2
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCA
    GET_DATA_ODD = 0xCB
    UPDATE_BINARY = 0xD6
    UPDATE_BINARY_ODD = 0xD7
    PUT_KEY = 0xD8
    PUT_DATA = 0xDA
    PUT_DATA_ODD = 0xDB
    UPDATE_RECORD = 0xDC
    CREATE_FILE = 0xE0
    STORE_DATA = 0xE2
    APPEND_RECORD = 0xE2  # with an interindustry class byte
    DELETE = 0xE4
    DELETE_FILE = 0xE4  # with an interindustry class byte
    INSTALL = 0xE6
    LOAD = 0xE8
    SET_STATUS = 0xF0
    GET_STATUS = 0xF2


# VERIFY, CHANGE REFERENCE DATA, DISABLE and ENABLE VERIFICATION REQUIREMENT, and the forms with data objects
# (ISO/IEC 7816-4:2020, 11.6): what they bring is compared, and a wrong one counts
COMPARE_PIN = frozenset((0x20, 0x21, 0x24, 0x25, 0x26, 0x28))
# RESET RETRY COUNTER, and its form with data objects
RESET_RETRY = frozenset((0x2C, 0x2D))
# whose data are a PIN or what unblocks one. 24 is PIN CHANGE/UNBLOCK (EMV) as well; 27 and 29 would be the forms of 26
# and 28 with data objects
PIN_INS = COMPARE_PIN | RESET_RETRY | {0x27, 0x29}
ENVELOPE_INS = frozenset((0xC2, 0xC3))  # ISO/IEC 7816-4:2020, 11.8.2
