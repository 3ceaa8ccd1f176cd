"""How commands and answers cross the wire: T=1 as they are, T=0 in parts (ISO/IEC 7816-3:2006, 12.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from jcopsh.simulator.apdu import WRONG_LENGTH, Answer, Command, MalformedCommandError, parse_t0, parse_t1
from jcopsh.simulator.assumptions import GET_RESPONSE_EXACT

Execute = Callable[[Command], Answer]
"""Carries out one command."""

_GET_RESPONSE = bytes.fromhex("C00000")  # INS, P1, P2
_DATA_WAIT = 0x6100
_RIGHT_LENGTH = 0x6C00


class Transport(Protocol):
    """One transmission protocol, from one reset to the next."""

    def process(self, raw: bytes) -> Answer:
        """Answer one message of the wire; malformed bytes get 6700."""


class TransportT1:
    """Whole APDUs, short or extended."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def process(self, raw: bytes) -> Answer:
        """Answer one APDU. Data is never cut: an Le too short for it gets 6Cxx."""
        try:
            command = parse_t1(raw)
        except MalformedCommandError:
            return Answer(WRONG_LENGTH)
        answer = self._execute(command)
        if command.le is not None and len(answer.data) > command.le:
            return Answer(_RIGHT_LENGTH | len(answer.data) & 0xFF)
        return answer


class TransportT0:
    """TPDUs: an answer to a command with data waits for GET RESPONSE."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._waiting: Answer | None = None
        self._waiting_classes = {0x00}  # those in which GET RESPONSE may come

    def process(self, raw: bytes) -> Answer:
        """Answer one TPDU: 61xx where data waits, 6Cxx where Le is not their length."""
        try:
            command = parse_t0(raw)
        except MalformedCommandError:
            self._waiting = None
            return Answer(WRONG_LENGTH)
        if raw[1:4] == _GET_RESPONSE and command.cla in self._waiting_classes:
            return self._get_response(command)
        self._waiting = None
        answer = self._execute(command)
        if not answer.data:
            return answer
        if command.data:
            self._waiting, self._waiting_classes = answer, {0x00, command.cla & 0x03, command.cla}
            return Answer(_DATA_WAIT | len(answer.data) & 0xFF)
        return _exactly(command, answer)

    def _get_response(self, command: Command) -> Answer:
        waiting = self._waiting
        if command.data:
            self._waiting = None
            return Answer(WRONG_LENGTH)
        if waiting is None:
            return Answer(GET_RESPONSE_EXACT.value)
        answer = _exactly(command, waiting)
        if answer is waiting:
            self._waiting = None
        return answer


def _exactly(command: Command, answer: Answer) -> Answer:
    """The answer where Le is its length, else 6Cxx with the right one."""
    if command.le == len(answer.data):
        return answer
    return Answer(_RIGHT_LENGTH | len(answer.data) & 0xFF)
