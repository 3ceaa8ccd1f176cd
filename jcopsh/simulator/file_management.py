"""The card's half of CREATE FILE and DELETE FILE (ISO/IEC 7816-9:2004, 6.1 and 6.2)."""

from __future__ import annotations

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, WRONG_LENGTH, Answer, Command
from jcopsh.simulator.assumptions import FILES_ROOM
from jcopsh.simulator.file_data import INCORRECT_DATA, NO_ROOM, WRONG_PARAMETERS
from jcopsh.simulator.file_system import NOT_FOUND, FileSystem, RefusedError
from jcopsh.simulator.files import Condition, File, Path, Structure

EXISTS_ALREADY = 0x6A89
CONDITIONS_NOT_SATISFIED = 0x6985
_STRUCTURES = {one.value: one for one in (Structure.TRANSPARENT, Structure.LINEAR_FIXED, Structure.DF)}
_RESERVED = (0x3F00, 0x3FFF, 0xFFFF, 0x0000)


def create_file(system: FileSystem, channel: int, command: Command) -> Answer:
    """CREATE FILE in the current DF, from its FCP; it is then selected."""
    if command.p1 or command.p2:
        raise RefusedError(WRONG_PARAMETERS)
    df = system.current_df(channel)
    system.require(df.update)
    file = _described(df.path, command.data)
    if system.memory.file(file.path) is not None:
        raise RefusedError(EXISTS_ALREADY)
    if _made(system) + file.size > FILES_ROOM.value:
        raise RefusedError(NO_ROOM)
    system.commit(system.memory.with_file(file))
    system.select(channel, file)
    return Answer(SUCCESS)


def delete_file(system: FileSystem, channel: int, command: Command) -> Answer:
    """DELETE FILE: the one in the current DF that the data name, or without data the current file."""
    if command.p1 or command.p2:
        raise RefusedError(WRONG_PARAMETERS)
    cursor = system.cursors[channel]
    if len(command.data) not in (0, 2):
        raise RefusedError(WRONG_LENGTH)
    path = (*cursor.df, int.from_bytes(command.data, "big")) if command.data else cursor.ef or cursor.df
    file = system.memory.file(path)
    if file is None:
        raise RefusedError(NOT_FOUND)
    system.require(file.delete)
    if any(system.memory.children(path)):
        raise RefusedError(CONDITIONS_NOT_SATISFIED)
    system.commit(system.memory.without_file(path))
    system.select(channel, system.memory.files[0] if file.is_df and path == cursor.df else system.current_df(channel))
    return Answer(SUCCESS)


def _made(system: FileSystem) -> int:
    """How many bytes the files have that can be deleted."""
    return sum(file.size for file in system.memory.files if file.delete is not Condition.NEVER)


def _described(df: Path, data: bytes) -> File:
    """The file that an FCP describes. Raises RefusedError for one that this card cannot make."""
    try:
        ((tag, inside),) = tlv.parse(data)
        parameters = dict(tlv.parse(inside))
    except ValueError:
        raise RefusedError(INCORRECT_DATA) from None
    descriptor, identifier = parameters.get(b"\x82", b""), parameters.get(b"\x83", b"")
    structure = _STRUCTURES.get(descriptor[0]) if descriptor else None
    if tag != b"\x62" or structure is None or len(identifier) != 2 or int.from_bytes(identifier, "big") in _RESERVED:
        raise RefusedError(INCORRECT_DATA)
    path = (*df, int.from_bytes(identifier, "big"))
    short = parameters.get(b"\x88", b"\x00")[:1] or b"\x00"
    number = 0 if structure is Structure.DF else short[0] >> 3
    records, length = _empty_records(structure, descriptor, parameters.get(b"\x80", b""))
    return File(path, structure, records, length, len(records), parameters.get(b"\x84", b""),
                short_identifier=number, delete=Condition.PIN)


def _empty_records(structure: Structure, descriptor: bytes, size: bytes) -> tuple[tuple[bytes, ...], int]:
    """The records of zeros, and the length of each."""
    if structure is Structure.DF:
        return (), 0
    if structure is Structure.TRANSPARENT:
        length = int.from_bytes(size, "big")
        if not 1 <= length <= FILES_ROOM.value:
            raise RefusedError(NO_ROOM if length else INCORRECT_DATA)
        return (bytes(length),), 0
    length, number = int.from_bytes(descriptor[2:4], "big"), int.from_bytes(descriptor[4:6], "big")
    if len(descriptor) not in (5, 6) or not 1 <= length <= 255 or not 1 <= number <= 254:
        raise RefusedError(INCORRECT_DATA)
    return (bytes(length),) * number, length
