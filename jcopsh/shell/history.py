"""The lines typed, in a private file, with their secrets struck out.

What is kept, on disk and in memory, is the struck line alone: a key that was typed is gone once the line was entered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from jcopsh.secrets.files import open_private_append, write_private

KEPT = 5000  # lines: when the file has twice as many, the older ones go


@dataclass(frozen=True, slots=True)
class HistoryLines:
    """Some lines of the history, the oldest first; `first` is the number of the first of them, counted from 1."""

    first: int
    lines: tuple[str, ...]


class History:
    """The history file and its lines in memory. `strike` takes the secrets out of a line; see `parser.strike_out`.

    A file that cannot be read or written is no reason to stop: the history is then of this session alone.
    """

    def __init__(self, path: Path | None, strike: Callable[[str], str]) -> None:
        self.path = path
        self._strike = strike
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        """All lines, the oldest first."""
        if self._lines is None:
            self._lines = self._read()
        return self._lines

    def add(self, text: str) -> str | None:
        """Keep a line, and return it as it is kept; None for an empty line or one that was just typed."""
        struck = " ".join(self._strike(text).splitlines()).strip()
        if not struck or (self.lines and self.lines[-1] == struck):
            return None
        self.lines.append(struck)
        self._append(struck)
        return struck

    def latest(self, count: int) -> HistoryLines:
        """The last `count` lines."""
        first = max(0, len(self.lines) - count)
        return HistoryLines(first + 1, tuple(self.lines[first:]))

    def _read(self) -> list[str]:
        if self.path is None or not self.path.is_file():
            return []
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        if len(lines) >= 2 * KEPT:
            lines = lines[-KEPT:]
            self._rewrite(lines)
        return lines

    def _rewrite(self, lines: Iterable[str]) -> None:
        if self.path is None:
            return
        try:
            write_private(self.path, "".join(f"{line}\n" for line in lines).encode())
        except OSError:
            return  # it stays long; nothing is lost

    def _append(self, line: str) -> None:
        if self.path is None:
            return
        try:
            descriptor = open_private_append(self.path)
        except OSError:
            self.path = None
            return
        try:
            os.write(descriptor, f"{line}\n".encode())
        except OSError:
            self.path = None  # a full disk is no reason to stop in the middle of a card
        finally:
            os.close(descriptor)
