"""The card's half of reading and writing: transparent files, records, data objects (ISO/IEC 7816-4:2005, 7.2 to 7.4).

Each function answers one command on one logical channel, and raises RefusedError, or OSError where the memory cannot be
saved.
"""

from __future__ import annotations

from dataclasses import replace

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, WRONG_LENGTH, Answer, Command
from jcopsh.simulator.assumptions import FILES_OBJECTS, FILES_OFFSET, FILES_RECORDS
from jcopsh.simulator.file_system import NOT_FOUND, FileSystem, RefusedError
from jcopsh.simulator.files import DataObject, File, Structure

END_OF_FILE = 0x6282
INCORRECT_DATA = 0x6A80
RECORD_NOT_FOUND = 0x6A83
NO_ROOM = 0x6A84
WRONG_PARAMETERS = 0x6A86
_EVERYTHING = (256, 65536)  # Le of zeros
_BY_NUMBER, _ALL_FROM, _PREVIOUS = 0b100, 0b101, 0b011
_RECORD_FILES = (Structure.LINEAR_FIXED, Structure.LINEAR_VARIABLE, Structure.CYCLIC)
_CURRENT_DF_OBJECTS = (0x3F, 0xFF)


# --- transparent files ---------------------------------------------------------------------------------------------


def read_binary(system: FileSystem, channel: int, command: Command) -> Answer:
    """READ BINARY with INS B0: the offset in P1-P2, or in P2 with a short identifier in P1."""
    file, offset = _even_target(system, channel, command)
    return _read(system, file, offset, _expected(command), command)


def read_binary_odd(system: FileSystem, channel: int, command: Command) -> Answer:
    """READ BINARY with INS B1: the offset in DO 54, the answer in DO 53, which counts towards Le."""
    file, offset, rest = _odd_target(system, channel, command)
    if rest:
        raise RefusedError(INCORRECT_DATA)
    # on T=0 the Le of a command with data does not cross the wire
    answer = _read(system, file, offset, tlv.largest_value(command.le or _EVERYTHING[0]), command)
    return Answer(answer.sw, tlv.encode(b"\x53", answer.data))


def _read(system: FileSystem, file: File, offset: int, most: int, command: Command) -> Answer:
    system.require_active(file)
    system.require(file.read)
    if offset >= file.size:
        raise RefusedError(FILES_OFFSET.value)
    data = file.content[offset : offset + most]
    short = len(data) < most and command.le not in _EVERYTHING
    return Answer(END_OF_FILE if short else SUCCESS, data)


def update_binary(system: FileSystem, channel: int, command: Command) -> Answer:
    """UPDATE BINARY with INS D6."""
    file, offset = _even_target(system, channel, command)
    return _update(system, file, offset, command.data)


def update_binary_odd(system: FileSystem, channel: int, command: Command) -> Answer:
    """UPDATE BINARY with INS D7: the offset in DO 54, the data in DO 53."""
    file, offset, rest = _odd_target(system, channel, command)
    if len(rest) != 1 or rest[0][0] != b"\x53":
        raise RefusedError(INCORRECT_DATA)
    return _update(system, file, offset, rest[0][1])


def _update(system: FileSystem, file: File, offset: int, data: bytes) -> Answer:
    system.require_active(file)
    system.require(file.update)
    if not data:
        raise RefusedError(WRONG_LENGTH)
    if offset >= file.size:
        raise RefusedError(FILES_OFFSET.value)
    if offset + len(data) > file.size:
        raise RefusedError(NO_ROOM)
    content = file.content[:offset] + data + file.content[offset + len(data) :]
    system.commit(system.memory.with_file(replace(file, records=(content,))))
    return Answer(SUCCESS)


def _even_target(system: FileSystem, channel: int, command: Command) -> tuple[File, int]:
    short, offset = 0, command.p1 << 8 | command.p2
    if command.p1 & 0x80:
        short, offset = command.p1 & 0x1F, command.p2
        if command.p1 & 0x60 or not short:
            raise RefusedError(WRONG_PARAMETERS)
    return system.working_file(channel, short, Structure.TRANSPARENT), offset


def _odd_target(
    system: FileSystem, channel: int, command: Command
) -> tuple[File, int, list[tuple[bytes, bytes]]]:
    """The file, the offset, and the data objects that follow it. P1-P2 is 0000, a short identifier, or one of 16 bits
    below the current DF."""
    file = _odd_file(system, channel, command)
    try:
        objects = tlv.parse(command.data)
    except tlv.TlvError:
        raise RefusedError(INCORRECT_DATA) from None
    if not objects or objects[0][0] != b"\x54" or not objects[0][1]:
        raise RefusedError(INCORRECT_DATA)
    return file, int.from_bytes(objects[0][1], "big"), objects[1:]


def _odd_file(system: FileSystem, channel: int, command: Command) -> File:
    identifier = command.p1 << 8 | command.p2
    if identifier <= 0x1E:
        return system.working_file(channel, identifier, Structure.TRANSPARENT)
    file = system.memory.file((*system.cursors[channel].df, identifier))
    if file is None or file.is_df:
        raise RefusedError(NOT_FOUND)
    system.select(channel, file)
    return system.working_file(channel, 0, Structure.TRANSPARENT)


def _expected(command: Command) -> int:
    if command.le is None:
        raise RefusedError(WRONG_LENGTH)
    return command.le


# --- records -------------------------------------------------------------------------------------------------------


def read_record(system: FileSystem, channel: int, command: Command) -> Answer:
    """READ RECORD: one by its number, or all from a number on, one after the other."""
    file = _record_file(system, channel, command)
    mode = command.p2 & 0b111
    if mode not in (_BY_NUMBER, _ALL_FROM):
        raise RefusedError(FILES_RECORDS.value)
    system.require_active(file)
    system.require(file.read)
    most = _expected(command)
    if not 1 <= command.p1 <= len(file.records):
        raise RefusedError(RECORD_NOT_FOUND)
    wanted = file.records[command.p1 - 1 :] if mode == _ALL_FROM else file.records[command.p1 - 1 : command.p1]
    data = b"".join(wanted)[: most if mode == _ALL_FROM else None]
    short = len(data) < most and command.le not in _EVERYTHING
    return Answer(END_OF_FILE if short else SUCCESS, data)


def update_record(system: FileSystem, channel: int, command: Command) -> Answer:
    """UPDATE RECORD: one by its number; in a cyclic file the oldest, which becomes the newest (mode previous)."""
    file = _record_file(system, channel, command)
    cyclic = file.structure is Structure.CYCLIC
    if command.p2 & 0b111 != (_PREVIOUS if cyclic else _BY_NUMBER) or (cyclic and command.p1):
        raise RefusedError(FILES_RECORDS.value)
    if cyclic:
        return _add(system, file, command.data)
    _check_writable(system, file, command.data)
    if not 1 <= command.p1 <= len(file.records):
        raise RefusedError(RECORD_NOT_FOUND)
    records = (*file.records[: command.p1 - 1], command.data, *file.records[command.p1 :])
    system.commit(system.memory.with_file(replace(file, records=records)))
    return Answer(SUCCESS)


def append_record(system: FileSystem, channel: int, command: Command) -> Answer:
    """APPEND RECORD: one more at the end; in a cyclic file it becomes record 1."""
    file = _record_file(system, channel, command)
    if command.p1 or command.p2 & 0b111:
        raise RefusedError(WRONG_PARAMETERS)
    return _add(system, file, command.data)


def _add(system: FileSystem, file: File, data: bytes) -> Answer:
    _check_writable(system, file, data)
    if file.structure is Structure.CYCLIC:
        records = (data, *file.records)[: file.most_records]
    elif len(file.records) >= file.most_records:
        raise RefusedError(NO_ROOM)
    else:
        records = (*file.records, data)
    system.commit(system.memory.with_file(replace(file, records=records)))
    return Answer(SUCCESS)


def _record_file(system: FileSystem, channel: int, command: Command) -> File:
    return system.working_file(channel, command.p2 >> 3, *_RECORD_FILES)


def _check_writable(system: FileSystem, file: File, data: bytes) -> None:
    system.require_active(file)
    system.require(file.update)
    variable = file.structure is Structure.LINEAR_VARIABLE
    if not data or (not variable and len(data) != file.record_length):
        raise RefusedError(WRONG_LENGTH)
    if len(data) > file.record_length:
        raise RefusedError(NO_ROOM)


# --- data objects --------------------------------------------------------------------------------------------------


def get_data(system: FileSystem, channel: int, command: Command) -> Answer:
    """GET DATA with INS CA: the value of the data object that P1-P2 names."""
    if command.data:
        raise RefusedError(WRONG_LENGTH)
    found = _object(system, bytes((command.p1, command.p2)).lstrip(b"\x00"))
    system.require(found.read)
    return Answer(SUCCESS, found.value)


def get_data_odd(system: FileSystem, channel: int, command: Command) -> Answer:
    """GET DATA with INS CB: the data objects of the tag list in DO 5C."""
    _check_current_df(command)
    try:
        ((tag, value),) = tlv.parse(command.data)
        tags = tlv.parse_tags(value)
    except ValueError:
        raise RefusedError(INCORRECT_DATA) from None
    if tag != b"\x5c":
        raise RefusedError(INCORRECT_DATA)
    return Answer(SUCCESS, b"".join(tlv.encode(one.tag, one.value) for one in _listed(system, tags)))


def _listed(system: FileSystem, tags: list[bytes]) -> list[DataObject]:
    if not tags:
        return [one for one in system.memory.objects if _is_ber(one.tag) and _readable(system, one)]
    found = [_object(system, tag) for tag in tags]
    for one in found:
        system.require(one.read)
    return found


def _is_ber(tag: bytes) -> bool:
    """Whether a tag is one of BER: those of P1-P2 = 01xx are the application's own numbers."""
    return tag[0] != 0x01


def _readable(system: FileSystem, one: DataObject) -> bool:
    try:
        system.require(one.read)
    except RefusedError:
        return False
    return True


def put_data(system: FileSystem, channel: int, command: Command) -> Answer:
    """PUT DATA with INS DA: a new value for the data object that P1-P2 names."""
    _put(system, [(bytes((command.p1, command.p2)).lstrip(b"\x00"), command.data)])
    return Answer(SUCCESS)


def put_data_odd(system: FileSystem, channel: int, command: Command) -> Answer:
    """PUT DATA with INS DB: new values for the data objects in the data."""
    _check_current_df(command)
    try:
        objects = tlv.parse(command.data)
    except tlv.TlvError:
        raise RefusedError(INCORRECT_DATA) from None
    if not objects:
        raise RefusedError(INCORRECT_DATA)
    _put(system, objects)
    return Answer(SUCCESS)


def _put(system: FileSystem, objects: list[tuple[bytes, bytes]]) -> None:
    memory = system.memory
    for tag, value in objects:
        found = _object(system, tag)
        system.require(found.update)
        memory = memory.with_object(replace(found, value=value))
    system.commit(memory)


def _object(system: FileSystem, tag: bytes) -> DataObject:
    found = system.memory.object(tag)
    if found is None:
        raise RefusedError(FILES_OBJECTS.value)
    return found


def _check_current_df(command: Command) -> None:
    if (command.p1, command.p2) != _CURRENT_DF_OBJECTS:
        raise RefusedError(WRONG_PARAMETERS)
