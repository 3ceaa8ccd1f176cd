"""What is inside the plastic: a memory that stays, a state that a reset forgets, and commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.atr import AnswerToReset

MemoryT = TypeVar("MemoryT")


class Machine(Protocol[MemoryT]):
    """One kind of card. Its memory is a value, replaced as a whole at each change."""

    @property
    def memory(self) -> MemoryT:
        """The memory now in force."""

    @property
    def cold_atr(self) -> AnswerToReset:
        """What a cold reset would answer now."""

    def reset(self, memory: MemoryT, *, cold: bool) -> AnswerToReset:
        """Forget what a reset forgets, and take `memory` as found in the card; the ATR."""

    def execute(self, command: Command) -> Answer:
        """Answer a command. Raises OSError where the memory cannot be saved."""


class Codec(Protocol[MemoryT]):
    """How a card's memory stands in a file."""

    @property
    def kind(self) -> Mapping[str, str]:
        """What tells this kind of card from others: the fields that begin the file."""

    def encode(self, memory: MemoryT) -> dict[str, object]:
        """The memory as JSON can hold it."""

    def decode(self, stored: Mapping[str, Any]) -> MemoryT:
        """The memory of a stored card; raises KeyError, TypeError or ValueError where a field is wrong."""
