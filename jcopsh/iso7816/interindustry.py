"""Command APDUs of ISO/IEC 7816-4:2005 for files, records, data objects, PINs and logical channels; of 7816-9 two more.

All are for the basic channel; `on_channel` moves one to another. Nothing here talks to a card.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

from jcopsh.iso7816.apdu import MAX_SHORT_DATA, MAX_SHORT_LE, CommandAPDU
from jcopsh.iso7816.channel import class_on_channel
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.tlv import encode

LAST_SHORT_IDENTIFIER = 30
LAST_EVEN_OFFSET = 0x7FFF  # what 15 bits of P1-P2 reach
LAST_SHORT_IDENTIFIER_OFFSET = 0xFF
LAST_RECORD = 254
CURRENT_DF = (0x3F, 0xFF)  # P1-P2 of GET and PUT DATA
TAG_LIST, OFFSET, DISCRETIONARY_DATA = 0x5C, 0x54, 0x53


class SelectBy(IntEnum):
    """P1 of SELECT (7.1.1, table 39)."""

    IDENTIFIER = 0x00
    CHILD_DF = 0x01
    CHILD_EF = 0x02
    PARENT = 0x03
    NAME = 0x04
    PATH_FROM_MF = 0x08
    PATH_FROM_DF = 0x09


class SelectAnswer(IntEnum):
    """P2 of SELECT, bits 4 and 3 (7.1.1, table 40)."""

    FCI = 0x00
    FCP = 0x04
    FMD = 0x08
    NOTHING = 0x0C


def on_channel(command: CommandAPDU, channel: int) -> CommandAPDU:
    """The command on a logical channel, 0 to 19. Its class byte is 00 or 80."""
    return replace(command, cla=class_on_channel(command.cla, channel))


def select(by: SelectBy, data: bytes = b"", answer: SelectAnswer = SelectAnswer.FCI) -> CommandAPDU:
    """SELECT (7.1.1): `data` is an identifier of two bytes, a path of several, or a DF name of 1 to 16 bytes."""
    le = None if answer is SelectAnswer.NOTHING else MAX_SHORT_LE
    return CommandAPDU(0x00, INS.SELECT, by, answer, data, le=le)


def read_binary(offset: int, length: int, short_identifier: int = 0) -> CommandAPDU:
    """READ BINARY (7.2.3) of up to `length` bytes.

    Up to an offset of 32,767 (255 with a short identifier) INS is B0. Beyond, it is B1 with the offset as a data
    object; the answer is then a data object too, and `length` counts all of that.
    """
    if offset > (LAST_SHORT_IDENTIFIER_OFFSET if short_identifier else LAST_EVEN_OFFSET):
        return CommandAPDU(0x00, INS.READ_BINARY_ODD, 0, short_identifier, offset_object(offset), le=length)
    return CommandAPDU(0x00, INS.READ_BINARY, *_place(offset, short_identifier), le=length)


def update_binary(offset: int, data: bytes, short_identifier: int = 0) -> CommandAPDU:
    """UPDATE BINARY (7.2.5), with INS D6 or D7 as in `read_binary`."""
    if offset > (LAST_SHORT_IDENTIFIER_OFFSET if short_identifier else LAST_EVEN_OFFSET):
        objects = offset_object(offset) + encode(DISCRETIONARY_DATA, data)
        return CommandAPDU(0x00, INS.UPDATE_BINARY_ODD, 0, short_identifier, objects)
    return CommandAPDU(0x00, INS.UPDATE_BINARY, *_place(offset, short_identifier), data)


def most_data_of_update(offset: int) -> int:
    """How many bytes one short UPDATE BINARY at `offset` can carry."""
    if offset <= LAST_EVEN_OFFSET:
        return MAX_SHORT_DATA
    return MAX_SHORT_DATA - len(offset_object(offset)) - 3  # tag and length of the data, which are more than 127


def offset_object(offset: int) -> bytes:
    """DO 54: an offset, in at least two bytes."""
    return encode(OFFSET, offset.to_bytes(max(2, (offset.bit_length() + 7) // 8), "big"))


def _place(offset: int, short_identifier: int) -> tuple[int, int]:
    return (0x80 | short_identifier, offset) if short_identifier else (offset >> 8, offset & 0xFF)


def read_record(number: int, length: int = MAX_SHORT_LE, short_identifier: int = 0) -> CommandAPDU:
    """READ RECORD (7.3.3) by its number, 1 to 254."""
    return CommandAPDU(0x00, INS.READ_RECORD, number, short_identifier << 3 | 0b100, le=length)


def update_record(number: int, data: bytes, short_identifier: int = 0) -> CommandAPDU:
    """UPDATE RECORD (7.3.5) by its number; number 0 writes the previous one, which in a cyclic file is the oldest."""
    mode = 0b100 if number else 0b011
    return CommandAPDU(0x00, INS.UPDATE_RECORD, number, short_identifier << 3 | mode, data)


def append_record(data: bytes, short_identifier: int = 0) -> CommandAPDU:
    """APPEND RECORD (7.3.6)."""
    return CommandAPDU(0x00, INS.APPEND_RECORD, 0, short_identifier << 3, data)


def get_data(tag: bytes, cla: int = 0x00) -> CommandAPDU:
    """GET DATA (7.4.2): INS CA with a tag of one or two bytes in P1-P2, else INS CB with a tag list.

    `cla` is 00, or 80 as GlobalPlatform has it.
    """
    if len(tag) > 2:
        return get_data_odd(tag, cla)
    p1, p2 = tag.rjust(2, b"\x00")
    return CommandAPDU(cla, INS.GET_DATA, p1, p2, le=MAX_SHORT_LE)


def get_data_odd(tags: bytes, cla: int = 0x00) -> CommandAPDU:
    """GET DATA with INS CB: the data objects of a tag list, from the current DF."""
    return CommandAPDU(cla, INS.GET_DATA_ODD, *CURRENT_DF, encode(TAG_LIST, tags), le=MAX_SHORT_LE)


def put_data(tag: bytes, value: bytes, cla: int = 0x00) -> CommandAPDU:
    """PUT DATA (7.4.3): INS DA with a tag of one or two bytes in P1-P2, else INS DB with the data object."""
    if len(tag) > 2:
        return CommandAPDU(cla, INS.PUT_DATA_ODD, *CURRENT_DF, encode(int.from_bytes(tag, "big"), value))
    p1, p2 = tag.rjust(2, b"\x00")
    return CommandAPDU(cla, INS.PUT_DATA, p1, p2, value)


def verify(reference: int, pin: bytes = b"") -> CommandAPDU:
    """VERIFY (7.5.6); without data it asks whether one is needed, and on most cards how many tries are left."""
    return CommandAPDU(0x00, INS.VERIFY, 0, reference, pin)


def change_reference_data(reference: int, old: bytes, new: bytes) -> CommandAPDU:
    """CHANGE REFERENCE DATA (7.5.7): P1 00 with the old and the new PIN, 01 with the new one alone."""
    return CommandAPDU(0x00, INS.CHANGE_REFERENCE_DATA, 0 if old else 1, reference, old + new)


def reset_retry_counter(reference: int, code: bytes, new: bytes) -> CommandAPDU:
    """RESET RETRY COUNTER (7.5.10): P1 00 with resetting code and new PIN, 01 code alone, 02 new PIN alone, 03 none."""
    p1 = (0 if code else 2) + (0 if new else 1)
    return CommandAPDU(0x00, INS.RESET_RETRY_COUNTER, p1, reference, code + new)


def get_challenge(length: int) -> CommandAPDU:
    """GET CHALLENGE (7.5.3): `length` random bytes, 1 to 256."""
    return CommandAPDU(0x00, INS.GET_CHALLENGE, 0, 0, le=length)


def internal_authenticate(challenge: bytes, algorithm: int = 0, reference: int = 0) -> CommandAPDU:
    """INTERNAL AUTHENTICATE (7.5.2): P1 the algorithm, P2 the key, 0 where nothing is told."""
    return CommandAPDU(0x00, INS.INTERNAL_AUTHENTICATE, algorithm, reference, challenge, le=MAX_SHORT_LE)


def open_channel(number: int = 0) -> CommandAPDU:
    """MANAGE CHANNEL (7.1.2): open a channel; for 0 the card chooses one and answers its number."""
    return CommandAPDU(0x00, INS.MANAGE_CHANNEL, 0x00, number, le=None if number else 1)


def close_channel(number: int) -> CommandAPDU:
    """MANAGE CHANNEL: close channel `number`."""
    return CommandAPDU(0x00, INS.MANAGE_CHANNEL, 0x80, number)


def create_file(control_parameters: bytes) -> CommandAPDU:
    """CREATE FILE (ISO/IEC 7816-9:2004, 6.1) from an FCP template, in the current DF."""
    return CommandAPDU(0x00, INS.CREATE_FILE, 0, 0, control_parameters)


def delete_file(identifier: bytes) -> CommandAPDU:
    """DELETE FILE (ISO/IEC 7816-9:2004, 6.2): a file in the current DF."""
    return CommandAPDU(0x00, INS.DELETE_FILE, 0, 0, identifier)
