"""The card with files: its logical channels, SELECT, and the dispatch of every other command."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jcopsh.simulator.apdu import SUCCESS, WRONG_LENGTH, Answer, Command
from jcopsh.simulator.application import INS_NOT_SUPPORTED, class_refusal
from jcopsh.simulator.assumptions import FILES_CHANNELS, FILES_IDENTIFY, FILES_SELECT
from jcopsh.simulator.atr import AnswerToReset, compose
from jcopsh.simulator.file_data import (
    WRONG_PARAMETERS,
    append_record,
    get_data,
    get_data_odd,
    put_data,
    put_data_odd,
    read_binary,
    read_binary_odd,
    read_record,
    update_binary,
    update_binary_odd,
    update_record,
)
from jcopsh.simulator.file_information import information
from jcopsh.simulator.file_management import create_file, delete_file
from jcopsh.simulator.file_system import Cursor, FileSystem, RefusedError
from jcopsh.simulator.file_verification import change_reference_data, reset_retry_counter, verify
from jcopsh.simulator.files import HISTORICAL, MASTER_FILE, File, Memory, Path
from jcopsh.simulator.randomness import Randomness

Handler = Callable[[FileSystem, int, Command], Answer]
"""Answers one command on one logical channel."""

CHANNEL_NOT_OPEN = 0x6881
NO_CHANNEL_LEFT = 0x6A81
CHANNEL_CLOSED_ALREADY = 0x6200
# T0 and its interface bytes: T=1 with 254 bytes a block, or T=0 and nothing else
_INTERFACE = {"T=1": bytes.fromhex("808131FE45"), "T=0": bytes.fromhex("00")}
_EXTENDED_LENGTHS = 0x40  # in the last byte of the card capabilities
_LONGEST_CHALLENGE = 256


class FileCard:
    """The machine inside the card with files. `protocol` is `T=0` or `T=1`."""

    def __init__(
        self, protocol: str, memory: Memory, randomness: Randomness, save: Callable[[Memory], None]
    ) -> None:
        self._protocol = protocol
        self._randomness = randomness
        self._system = FileSystem(memory, save)
        self._handlers: Mapping[int, Handler] = {
            0x20: verify, 0x24: change_reference_data, 0x2C: reset_retry_counter, 0x70: manage_channel,
            0x84: self._get_challenge, 0xA4: select, 0xB0: read_binary, 0xB1: read_binary_odd, 0xB2: read_record,
            0xCA: get_data, 0xCB: get_data_odd, 0xD6: update_binary, 0xD7: update_binary_odd, 0xDA: put_data,
            0xDB: put_data_odd, 0xDC: update_record, 0xE0: create_file, 0xE2: append_record, 0xE4: delete_file,
        }

    @property
    def memory(self) -> Memory:
        """The memory now in force."""
        return self._system.memory

    @property
    def cold_atr(self) -> AnswerToReset:
        """The same after a cold reset and a warm one."""
        historical = HISTORICAL
        if self._protocol == "T=0":
            historical = historical[:-1] + bytes((historical[-1] & ~_EXTENDED_LENGTHS,))
        return compose(_INTERFACE[self._protocol], historical)

    def reset(self, memory: Memory, *, cold: bool) -> AnswerToReset:  # noqa: ARG002 — both resets are alike here
        """Forget what a reset forgets, and take `memory` as found in the card; the ATR."""
        self._system.restart(memory)
        return self.cold_atr

    def execute(self, command: Command) -> Answer:
        """Answer a command. Raises OSError where the memory cannot be saved."""
        refusal = class_refusal(command.cla, {0, 1, 2, 3})
        if refusal is not None:
            return Answer(refusal)
        if command.cla not in self._system.cursors:
            return Answer(CHANNEL_NOT_OPEN)
        handler = self._handlers.get(command.ins)
        if handler is None:
            return Answer(INS_NOT_SUPPORTED)
        before = dict(self._system.cursors)
        try:
            answer = handler(self._system, command.cla, command)
        except RefusedError as refused:
            return Answer(refused.sw)
        if self._has_wrong_length(command, answer):
            self._system.cursors = before
        return answer

    def _has_wrong_length(self, command: Command, answer: Answer) -> bool:
        """Whether the transport will answer 6Cxx: the command is then not carried out, and may come once more."""
        if self._protocol == "T=0":
            return not command.data and bool(answer.data) and command.le != len(answer.data)
        return command.le is not None and len(answer.data) > command.le

    def _get_challenge(self, _system: FileSystem, _channel: int, command: Command) -> Answer:
        """GET CHALLENGE (ISO/IEC 7816-4:2005, 7.5.3): as many random bytes as Le says."""
        if command.p1 or command.p2:
            raise RefusedError(WRONG_PARAMETERS)
        if command.le is None or command.data or command.le > _LONGEST_CHALLENGE:
            raise RefusedError(WRONG_LENGTH)
        return Answer(SUCCESS, self._randomness(command.le))


# --- SELECT (ISO/IEC 7816-4:2005, 7.1.1) ---------------------------------------------------------------------------


def select(system: FileSystem, channel: int, command: Command) -> Answer:
    """SELECT by identifier, path or DF name. One that fails leaves the selection as it was."""
    if command.p2 & 0xF0:
        raise RefusedError(WRONG_PARAMETERS)
    how = _WAYS.get(command.p1)
    if how is None:
        raise RefusedError(WRONG_PARAMETERS)
    file = how(system, channel, command.data) if not command.p2 & 0b11 else None
    if file is None:
        raise RefusedError(FILES_IDENTIFY.value)
    system.select(channel, file)
    return Answer(SUCCESS if file.active else FILES_SELECT.value, information(file, command.p2 & 0x0C))


def _by_identifier(system: FileSystem, channel: int, data: bytes) -> File | None:
    df = system.cursors[channel].df
    identifier = int.from_bytes(data, "big") if data else MASTER_FILE
    if len(data) not in (0, 2):
        raise RefusedError(WRONG_LENGTH)
    if identifier == MASTER_FILE:
        return system.memory.file((MASTER_FILE,))
    places: list[Path] = [(*df, identifier), *([df] if df[-1] == identifier else [])]
    if len(df) > 1:
        parent = df[:-1]
        places += [parent] if parent[-1] == identifier else []
        places += [(*parent, identifier)]
    return next((file for path in places if (file := system.memory.file(path))), None)


def _child(system: FileSystem, channel: int, data: bytes, *, df: bool) -> File | None:
    if len(data) != 2:
        raise RefusedError(WRONG_LENGTH)
    file = system.memory.file((*system.cursors[channel].df, int.from_bytes(data, "big")))
    return file if file is not None and file.is_df is df else None


def _child_df(system: FileSystem, channel: int, data: bytes) -> File | None:
    return _child(system, channel, data, df=True)


def _child_ef(system: FileSystem, channel: int, data: bytes) -> File | None:
    return _child(system, channel, data, df=False)


def _parent(system: FileSystem, channel: int, data: bytes) -> File | None:
    if data:
        raise RefusedError(WRONG_LENGTH)
    return system.memory.file(system.cursors[channel].df[:-1])


def _by_name(system: FileSystem, channel: int, data: bytes) -> File | None:
    return system.memory.by_name(data) if data else system.memory.file((MASTER_FILE,))


def _from_mf(system: FileSystem, channel: int, data: bytes) -> File | None:
    return system.memory.file((MASTER_FILE, *_identifiers(data)))


def _from_df(system: FileSystem, channel: int, data: bytes) -> File | None:
    return system.memory.file((*system.cursors[channel].df, *_identifiers(data)))


def _identifiers(data: bytes) -> Path:
    if not data or len(data) % 2:
        raise RefusedError(WRONG_LENGTH)
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


_WAYS: Mapping[int, Callable[[FileSystem, int, bytes], File | None]] = {
    0x00: _by_identifier, 0x01: _child_df, 0x02: _child_ef, 0x03: _parent, 0x04: _by_name, 0x08: _from_mf,
    0x09: _from_df,
}


# --- MANAGE CHANNEL (ISO/IEC 7816-4:2005, 7.1.2) -------------------------------------------------------------------


def manage_channel(system: FileSystem, channel: int, command: Command) -> Answer:
    """MANAGE CHANNEL: P1 00 opens the channel in P2, or for 00 the first free one, which is answered; 80 closes."""
    if command.p1 not in (0x00, 0x80):
        raise RefusedError(WRONG_PARAMETERS)
    if command.p1 == 0x80:
        return _close(system, command.p2 or channel)
    free = [number for number in FILES_CHANNELS.value if number not in system.cursors]
    number = command.p2 or next(iter(free), 0)
    if command.p2 not in (0, *FILES_CHANNELS.value):
        raise RefusedError(WRONG_PARAMETERS)
    if number not in free:
        raise RefusedError(NO_CHANNEL_LEFT)
    system.cursors[number] = Cursor(system.cursors[channel].df) if channel else Cursor()
    return Answer(SUCCESS, b"" if command.p2 else bytes((number,)))


def _close(system: FileSystem, number: int) -> Answer:
    if number not in FILES_CHANNELS.value:
        raise RefusedError(WRONG_PARAMETERS)
    if number not in system.cursors:
        raise RefusedError(CHANNEL_CLOSED_ALREADY)
    del system.cursors[number]
    return Answer(SUCCESS)
