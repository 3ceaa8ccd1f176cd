"""The files of a card that this connection has met, for completion: whatever was selected, by whichever command."""

from __future__ import annotations

import re

from jcopsh.card.card import Card
from jcopsh.card.exchange import Exchange
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.file_control import FileControl, FileControlError, parse_file_control
from jcopsh.iso7816.file_position import FilePosition
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.known_files import file_name
from jcopsh.shell.context import Completion

_IDENTIFIER = re.compile(r"[0-9A-F]{4}")


class SeenFiles:
    """An observer of a Card: notes each file that it selects, with what the card told of it."""

    def __init__(self, card: Card) -> None:
        self._sorted: tuple[Completion, ...] | None = ()  # None once something has changed
        self._card = card
        self._meanings: dict[str, str] = {}

    @property
    def all(self) -> tuple[Completion, ...]:
        """What was noted, in order: the path from the MF where it is known, else the identifier. The same object as
        long as nothing has changed."""
        if self._sorted is None:
            self._sorted = tuple(Completion(name, told) for name, told in sorted(self._meanings.items()))
        return self._sorted

    def __call__(self, exchange: Exchange) -> None:
        """Take in one exchange."""
        command, response = exchange.answer.command, exchange.answer.response
        if exchange.for_reader or not response.accepted:
            return
        if command.ins == INS.SELECT:  # known by its name at once, even where what it tells of itself still waits
            self._selected(self._card.state.position, response)
        elif command.ins == INS.DELETE_FILE and not command.cla & 0x80:
            self._deleted(exchange.before.position, command)

    def _selected(self, position: FilePosition, response: ResponseAPDU) -> None:
        name = _name(position)
        if not name:
            return
        told = _told(name[-4:], _control(response))
        if (told or name not in self._meanings) and self._meanings.get(name) != told:
            self._meanings[name] = told
            self._sorted = None  # sorted when it is asked for: a walk through a card meets thousands

    def _deleted(self, position: FilePosition, command: CommandAPDU) -> None:
        identifier = command.data.hex().upper()
        path = "/".join((*position.df, identifier))
        gone = {one for one in self._meanings if one in (path, identifier) or one.startswith(f"{path}/")}
        for one in gone:
            del self._meanings[one]
            self._sorted = None


def _name(position: FilePosition) -> str:
    """How a file can be named again: its path from the MF, or its identifier; empty where neither is known."""
    steps = [one for one in (*position.df, position.ef or position.unsure) if one]
    if not steps or not _IDENTIFIER.fullmatch(steps[-1]):
        return ""
    return "/".join(steps) if position.below_mf and not position.or_above else steps[-1]


def _control(response: ResponseAPDU) -> FileControl | None:
    try:
        return parse_file_control(response.data)
    except FileControlError:
        return None


def _told(identifier: str, control: FileControl | None) -> str:
    """What a file with this identifier usually is, and what the card says of it."""
    kind = size = ""
    if control is not None:
        # here, where the first file is met: a start that meets none does not wait for it
        from jcopsh.operations.files import kind_of, size_of

        kind, size = kind_of(control), size_of(control)
        size = f"{size} bytes" if size else ""
    return ", ".join(one for one in (file_name(bytes.fromhex(identifier)), kind, size) if one)
