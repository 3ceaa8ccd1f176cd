"""The card's half of PIN and PUK (ISO/IEC 7816-4:2005, 7.5.6, 7.5.7 and 7.5.10)."""

from __future__ import annotations

import hmac
from dataclasses import replace

from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.assumptions import FILES_TRIES
from jcopsh.simulator.file_data import INCORRECT_DATA, WRONG_PARAMETERS
from jcopsh.simulator.file_system import SECURITY_STATUS_NOT_SATISFIED, FileSystem, RefusedError
from jcopsh.simulator.files import PIN_TRIES, PUK_TRIES

PIN_REFERENCE = 0x01
BLOCKED = 0x6983
NO_SUCH_REFERENCE = 0x6A88
_SHORTEST_PIN, _LONGEST_PIN = 4, 8
_PUK_LENGTH = 8


def verify(system: FileSystem, channel: int, command: Command) -> Answer:
    """VERIFY: without data, how many tries are left."""
    _check(command, p1_known=(0x00,))
    if not command.data:
        return Answer(SUCCESS if system.verified else _left(system.memory.pin_tries))
    _try_pin(system, command.data)
    return Answer(SUCCESS)


def change_reference_data(system: FileSystem, channel: int, command: Command) -> Answer:
    """CHANGE REFERENCE DATA: P1 00 old and new PIN, 01 the new one alone once the old one was verified."""
    _check(command, p1_known=(0x00, 0x01))
    new = command.data
    if command.p1 == 0x00:
        length = len(system.memory.pin)
        old, new = command.data[:length], command.data[length:]
        _try_pin(system, old)
    elif not system.verified:
        raise RefusedError(SECURITY_STATUS_NOT_SATISFIED)
    _set_pin(system, new)
    return Answer(SUCCESS)


def reset_retry_counter(system: FileSystem, channel: int, command: Command) -> Answer:
    """RESET RETRY COUNTER: P1 00 PUK and new PIN, 01 the PUK alone."""
    _check(command, p1_known=(0x00, 0x01))
    memory, puk = system.memory, command.data[:_PUK_LENGTH]
    if not memory.puk_tries:
        raise RefusedError(BLOCKED)
    if not hmac.compare_digest(puk, memory.puk):
        system.commit(replace(memory, puk_tries=memory.puk_tries - 1))
        raise RefusedError(_left(system.memory.puk_tries, blocked=FILES_TRIES.value))
    if command.p1 == 0x00:
        _set_pin(system, command.data[_PUK_LENGTH:])
    elif len(command.data) != _PUK_LENGTH:
        raise RefusedError(INCORRECT_DATA)
    system.commit(replace(system.memory, pin_tries=PIN_TRIES, puk_tries=PUK_TRIES))
    return Answer(SUCCESS)


def _check(command: Command, *, p1_known: tuple[int, ...]) -> None:
    if command.p1 not in p1_known:
        raise RefusedError(WRONG_PARAMETERS)
    if command.p2 != PIN_REFERENCE:
        raise RefusedError(NO_SUCH_REFERENCE)


def _left(tries: int, *, blocked: int = BLOCKED) -> int:
    return FILES_TRIES.value | tries if tries else blocked


def _try_pin(system: FileSystem, pin: bytes) -> None:
    """Compare a PIN, and count. Raises RefusedError where it is wrong or blocked."""
    memory = system.memory
    if not memory.pin_tries:
        raise RefusedError(BLOCKED)
    # counted before it is looked at, so that taking the power away saves no try
    system.commit(replace(memory, pin_tries=memory.pin_tries - 1))
    if not hmac.compare_digest(pin, memory.pin):
        system.verified = False
        raise RefusedError(FILES_TRIES.value | system.memory.pin_tries)
    system.commit(replace(memory, pin_tries=PIN_TRIES))
    system.verified = True


def _set_pin(system: FileSystem, pin: bytes) -> None:
    if not _SHORTEST_PIN <= len(pin) <= _LONGEST_PIN:
        raise RefusedError(INCORRECT_DATA)
    system.commit(replace(system.memory, pin=pin))
