"""What the commands of the card with files work on: the memory, and what a reset forgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jcopsh.simulator.assumptions import FILES_DEACTIVATED
from jcopsh.simulator.files import MASTER_FILE, Condition, File, Memory, Path, Structure

SECURITY_STATUS_NOT_SATISFIED = 0x6982
WRONG_STRUCTURE = 0x6981
NO_CURRENT_FILE = 0x6986
NOT_FOUND = 0x6A82


class RefusedError(Exception):
    """The command is answered with this status word and nothing else."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is selected on one logical channel: the current DF, and the current EF where there is one."""

    df: Path = (MASTER_FILE,)
    ef: Path | None = None


class FileSystem:
    """The memory behind a door, and the volatile state of one power-up.

    `save` is called with each new memory before it counts; an OSError from it leaves the old one in force.
    """

    def __init__(self, memory: Memory, save: Callable[[Memory], None]) -> None:
        self._memory = memory
        self._save = save
        self.cursors: dict[int, Cursor] = {0: Cursor()}
        self.verified = False

    @property
    def memory(self) -> Memory:
        """The memory now in force."""
        return self._memory

    def commit(self, memory: Memory) -> None:
        """Put `memory` in force, once it is saved. Raises OSError where it cannot be saved."""
        if memory != self._memory:
            self._save(memory)
            self._memory = memory

    def restart(self, memory: Memory) -> None:
        """Forget what a reset forgets, and take `memory` as found in the card."""
        self._memory = memory
        self.cursors = {0: Cursor()}
        self.verified = False

    def select(self, channel: int, file: File) -> None:
        """Make a file the current one."""
        self.cursors[channel] = Cursor(file.path) if file.is_df else Cursor(file.path[:-1], file.path)

    def current_df(self, channel: int) -> File:
        """The current DF. Raises RefusedError where it was deleted."""
        found = self._memory.file(self.cursors[channel].df)
        if found is None:
            raise RefusedError(NO_CURRENT_FILE)
        return found

    def working_file(self, channel: int, short_identifier: int, *wanted: Structure) -> File:
        """The EF a command works on: the current one for 0, else the one with that short identifier, which it makes
        the current one. Raises RefusedError where there is none or it has another structure than `wanted`."""
        if short_identifier:
            file = self._memory.by_short_identifier(self.cursors[channel].df, short_identifier)
            if file is None:
                raise RefusedError(NOT_FOUND)
        else:
            path = self.cursors[channel].ef
            file = self._memory.file(path) if path else None
            if file is None:
                raise RefusedError(NO_CURRENT_FILE)
        if file.structure not in wanted:
            raise RefusedError(WRONG_STRUCTURE)
        self.select(channel, file)
        return file

    def require(self, condition: Condition) -> None:
        """Raise RefusedError unless the condition is met."""
        met = condition is Condition.ALWAYS or (condition is Condition.PIN and self.verified)
        if not met:
            raise RefusedError(SECURITY_STATUS_NOT_SATISFIED)

    def require_active(self, file: File) -> None:
        """Raise RefusedError for a deactivated file."""
        if not file.active:
            raise RefusedError(FILES_DEACTIVATED.value)
