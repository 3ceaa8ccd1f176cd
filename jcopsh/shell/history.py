"""The lines typed, in a private file, with their secrets struck out.

What is kept, on disk and in memory, is the struck line alone: a key that was typed is gone once the line was entered.
The file is read in the background and in small pieces, so that neither the prompt nor a keystroke waits for it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from jcopsh.secrets.files import exclusive, open_private_append, write_private
from jcopsh.shell.beginnings import Beginnings

KEPT = 100_000  # lines: when the file has twice as many, the older ones go
LARGEST_FILE = 64 << 20  # bytes: of a larger file only the end is looked at
LONGEST_LINE = 10_000  # characters: a longer one was not typed
_PIECE = 64 << 10  # bytes that are decoded at a time
_AT_A_TIME = 1000  # lines that are taken in for suggestions at a time


@dataclass(frozen=True, slots=True)
class HistoryLines:
    """Some lines of the history, the oldest first; `first` is the number of the first of them, counted from 1."""

    first: int
    lines: tuple[str, ...]


class History:
    """The history file and its lines in memory. `strike` takes the secrets out of a line; see `line.strike_out`.

    A file that cannot be read or written is no reason to stop: the history is then of this session alone. Several
    shells may add to one file; each sees the others' lines when it starts the next time.
    """

    def __init__(self, path: Path | None, strike: Callable[[str], str]) -> None:
        self.path = path
        self._strike = strike
        self._lines: list[str] | None = None
        self._beginnings = Beginnings()
        self._loading = threading.Lock()  # held by whoever reads the file
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether the file was read, so that `lines` answers at once."""
        return self._lines is not None

    def load_in_background(self) -> None:
        """Begin to read the file, unless that has begun. Returns at once."""
        if self._thread is None and self._lines is None:
            self._thread = threading.Thread(target=self._load, name="history", daemon=True)
            self._thread.start()

    @property
    def lines(self) -> list[str]:
        """All lines, the oldest first. Waits until the file was read."""
        return self._load() if self._lines is None else self._lines

    def add(self, text: str) -> str | None:
        """Keep a line, and return it as it is kept; None for an empty line or one that was just typed."""
        struck = " ".join(self._strike(text).splitlines()).strip()
        if not struck or (self.lines and self.lines[-1] == struck):
            return None
        self.lines.append(struck)
        self._beginnings.add((struck,))
        self._append(struck)
        return struck

    def latest(self, count: int) -> HistoryLines:
        """The last `count` lines."""
        first = max(0, len(self.lines) - count)
        return HistoryLines(first + 1, tuple(self.lines[first:]))

    def beginning_with(self, text: str) -> str | None:
        """The latest line that begins with a text; none that has a struck secret, or brings keys to the screen."""
        return self._beginnings.latest(text) if self.lines and text else None

    # the file -------------------------------------------------------------------------------------------------------

    def _load(self) -> list[str]:
        with self._loading:
            if self._lines is None:
                lines = self._read()
                for first in range(0, len(lines), _AT_A_TIME):
                    self._beginnings.add(lines[first : first + _AT_A_TIME])
                    time.sleep(0)  # another thread may want to draw a keystroke
                self._lines = lines
            return self._lines

    def _read(self) -> list[str]:
        if self.path is None:
            return []
        try:
            if not self.path.exists():
                return []
            if not self.path.is_file():
                self.path = None  # a folder, or a pipe, at which a write would wait for ever
                return []
            lines, whole = _lines_of(self.path)
            if whole and len(lines) < 2 * KEPT:
                return lines
            return self._shorten(self.path)
        except OSError:
            return []

    def _shorten(self, path: Path) -> list[str]:
        """Leave the newest lines in the file, and return them. What another shell adds meanwhile is not lost."""
        with _locked(path):
            lines = _lines_of(path)[0][-KEPT:]
            try:
                write_private(path, "".join(f"{line}\n" for line in lines).encode())
            except OSError:
                return lines  # it stays long; nothing is lost
        return lines

    def _append(self, line: str) -> None:
        """Add a line to the file, in one write: what two shells add does not mix."""
        if self.path is None:
            return
        try:
            with _locked(self.path):
                descriptor = open_private_append(self.path)
                try:
                    os.write(descriptor, f"{line}\n".encode(errors="replace"))
                finally:
                    os.close(descriptor)
        except OSError:
            self.path = None  # a full disk is no reason to stop in the middle of a card


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file's lock; go on without it where it cannot be had, as on some network drives."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(exclusive(path))
        yield


def _lines_of(path: Path) -> tuple[list[str], bool]:
    """The lines of a file, and whether they are all of it. Whatever is in it, this does not fail but by OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        whole = size <= LARGEST_FILE
        if not whole:
            file.seek(size - LARGEST_FILE)
            file.readline(LARGEST_FILE)  # the rest of a line whose beginning is not looked at
        content = file.read(LARGEST_FILE)
    lines: list[str] = []
    for piece in _pieces(content):
        lines += [line for line in piece.splitlines() if 0 < len(line) <= LONGEST_LINE]
        time.sleep(0)
    return lines, whole


def _pieces(content: bytes) -> Iterator[str]:
    """The text of a file, some whole lines at a time; what has no line ends, and so was not typed, is cut anywhere."""
    start = 0
    while start < len(content):
        least = start + _PIECE
        end = content.find(b"\n", least, least + 4 * LONGEST_LINE) + 1 or least
        yield content[start:end].decode("utf-8", "replace")
        start = end
