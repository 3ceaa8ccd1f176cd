"""Records: read one or all, update, append (ISO/IEC 7816-4:2005, 7.3)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from jcopsh.card.card import Card
from jcopsh.errors import JcopshError
from jcopsh.iso7816 import interindustry
from jcopsh.iso7816.apdu import MAX_SHORT_LE, CommandAPDU, ResponseAPDU
from jcopsh.iso7816.file_control import FileControl, Structure
from jcopsh.iso7816.interindustry import LAST_RECORD
from jcopsh.iso7816.status import in_words
from jcopsh.operations.binary import difference
from jcopsh.operations.file_errors import exchange, refused
from jcopsh.operations.file_values import FileDifference, FileWritten, Record, RecordList

# behind the last record; some cards say that the parameters are wrong
_NO_MORE = (0x6A83, 0x6B00, 0x6A86)
# what cards say of data that are too short or too long, besides 67xx; 6982 and others come before that is looked at
_OF_LENGTHS = (0x6A80, 0x6A84, 0x6A85, 0x6A87)
_SHORTER = 0x6282  # than Le, as most records are


def read_record(card: Card, number: int, *, short_identifier: int = 0, length: int = MAX_SHORT_LE) -> Record:
    """One record by its number, 1 to 254, of the current EF or of the one with the short identifier.

    `length` is Le. Raises CardError where the card refuses.
    """
    command, response = _read(card, number, short_identifier, length)
    if not response.done:
        raise refused(f"record {number} was not read", card, command, response)
    return _record(card, number, command, response)


def read_records(card: Card, *, short_identifier: int = 0, length: int = MAX_SHORT_LE) -> RecordList:
    """All records, by number from 1 on, until the card has no more. Raises CardError where it refuses the first."""
    records: list[Record] = []
    notes: tuple[str, ...] = ()
    for number in range(1, LAST_RECORD + 1):
        command, response = _read(card, number, short_identifier, length)
        short_identifier = 0  # it is the current EF now
        if response.done:
            records.append(_record(card, number, command, response))
            continue
        if not records and response.sw != 0x6A83:
            raise refused("no record was read", card, command, response)
        if response.sw not in _NO_MORE:
            notes = (f"record {number} was refused: {in_words(command, response)}",)
        break
    return RecordList(str(card.state.position), tuple(records), complete=not notes, notes=notes)


def _read(card: Card, number: int, short_identifier: int, length: int) -> tuple[CommandAPDU, ResponseAPDU]:
    command = interindustry.read_record(number, length, short_identifier)
    response = exchange(card, command)
    # SIMs name the right length in the second byte of 67xx (GSM 11.11, 9.4.6)
    if response.sw1 == 0x67 and response.sw2 and response.sw2 != length % 256:
        command = command.with_le(response.sw2)
        response = exchange(card, command)
    return command, response


def _record(card: Card, number: int, command: CommandAPDU, response: ResponseAPDU) -> Record:
    told = "" if response.ok or response.sw == _SHORTER else in_words(command, response)
    return Record(number, card.shown_data(response.data), told)


def update_record(
    card: Card, number: int, data: bytes, *, short_identifier: int = 0, control: FileControl | None = None
) -> Iterator[FileDifference | FileWritten]:
    """Read the record, yield the difference, write, read back, yield the result. Number 0 writes the previous record,
    which in a cyclic file is the oldest and becomes the newest: there is nothing to compare it with. `control` is what
    the card told of the file, where it was selected for this.

    Raises CardError where the card refuses, JcopshError where the record does not read back.
    """
    before, why = _present(card, number, short_identifier) if number else (None, "the oldest record is replaced")
    change = difference(card, before, data, record=number or None, why_unread=why)
    yield change
    if change.unchanged:
        return
    # reading by the short identifier has made the file the current one; without that the write has to do it
    command = interindustry.update_record(number, data, short_identifier if before is None else 0)
    _write(card, command, "the record was not written", control)
    note = _read_back(card, number, data) if before is not None else "not read back"
    what = f"as record {number}" if number else "as the newest record"
    yield FileWritten(str(card.state.position), what, len(data), note)


def _present(card: Card, number: int, short_identifier: int) -> tuple[bytes | None, str]:
    command, response = _read(card, number, short_identifier, MAX_SHORT_LE)
    if response.done:
        return response.data, ""
    if response.sw in (0x6982, 0x6985, 0x6D00):
        return None, in_words(command, response)
    raise refused(f"record {number} was not read", card, command, response)


def _read_back(card: Card, number: int, data: bytes) -> str:
    command, response = _read(card, number, 0, MAX_SHORT_LE)
    if not response.done:
        raise refused(f"record {number} was written, and not read back", card, command, response)
    if not hmac.compare_digest(response.data, data):
        raise JcopshError(f"the card took record {number}, but it reads back otherwise",
                          meaning="What it holds now is what a read shows.", hint=f"read-record {number}")
    return "read back and equal"


def _write(card: Card, command: CommandAPDU, otherwise: str, control: FileControl | None) -> None:
    response = exchange(card, command)
    if not response.done:
        about_length = response.sw1 == 0x67 or response.sw in _OF_LENGTHS
        hint = _wrong_length(control, len(command.data)) if about_length else ""
        raise refused(otherwise, card, command, response, hint=hint)


def _wrong_length(control: FileControl | None, given: int) -> str:
    """What is wrong with the length of a record, by what the card told of the file; empty where nothing is."""
    length = control.record_length if control else None
    variable = control is not None and control.structure in (Structure.LINEAR_VARIABLE, Structure.LINEAR_VARIABLE_TLV)
    if length is None or given == length or (variable and given < length):
        return ""
    return f"records of this file have {'at most ' if variable else ''}{length} bytes; DATA has {given}"


def append_record(
    card: Card, data: bytes, *, short_identifier: int = 0, control: FileControl | None = None
) -> FileWritten:
    """APPEND RECORD: one more at the end; in a cyclic file it becomes record 1. `control` is as in update_record.

    Raises CardError.
    """
    _write(card, interindustry.append_record(data, short_identifier), "the record was not added", control)
    return FileWritten(str(card.state.position), "as a new record", len(data))
