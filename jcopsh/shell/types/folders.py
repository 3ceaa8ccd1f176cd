"""The entries of folders for completion, quick enough for a folder of ten thousand at every keystroke."""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

# what a file's ending says of it, beside its name in the menu
MEANINGS: Mapping[str, str] = MappingProxyType({
    ".jcop": "script of jcopsh", ".jcsh": "script of JCShell", ".gp": "script of GPShell", ".txt": "text",
    ".log": "log or trace", ".jsonl": "journal", ".json": "JSON", ".html": "HTML", ".svg": "picture",
    ".cap": "CAP file", ".toml": "settings", ".bin": "bytes", ".py": "Python",
})
SCRIPTS = (".jcop", ".jcsh", ".gp", ".txt")
_SETTLED_S = 1.0
_LAST_CHARACTER = chr(0x10FFFF)
_NAME = itemgetter(0)


class Entry(NamedTuple):
    """A file or a folder: its name, and the name's ending in small letters with its dot, empty for a folder."""

    name: str
    is_folder: bool
    suffix: str

    @property
    def meaning(self) -> str:
        """What it is, as far as its name tells."""
        return "folder" if self.is_folder else MEANINGS.get(self.suffix, "")


def suffix_of(name: str) -> str:
    """The ending of a name, in small letters and with its dot."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 — ten thousand times at a keystroke, where Path is slow


# the folder that was looked at last: its path, when it was changed, and what is in it
_last: tuple[str, int, tuple[Entry, ...]] = ("", 0, ())


def entries(folder: Path, beginning: str) -> tuple[Entry, ...]:
    """The entries of a folder whose names begin so, by name. Hidden ones only behind a dot. Raises OSError."""
    found = _entries(folder)
    first, last = _range(found, beginning)
    if beginning:
        return found[first:last]
    dots, others = _range(found, ".")
    return found[:dots] + found[others:]


def _range(found: Sequence[Entry], beginning: str) -> tuple[int, int]:
    """Where the names with that beginning stand among all, which are in order."""
    first = bisect_left(found, beginning, key=_NAME)
    return first, bisect_left(found, beginning + _LAST_CHARACTER, lo=first, key=_NAME)


def _entries(folder: Path) -> tuple[Entry, ...]:
    """Everything in a folder by name, read again only when the folder has changed."""
    global _last  # noqa: PLW0603 — one folder is remembered, for the next keystroke
    changed = folder.stat().st_mtime_ns
    path = os.fspath(folder.absolute())
    if _last[:2] == (path, changed):
        return _last[2]
    with os.scandir(folder) as listed:
        named = ((entry.name, entry.is_dir()) for entry in listed)
        found = tuple(sorted(
            (Entry(name, is_folder, "" if is_folder else suffix_of(name)) for name, is_folder in named), key=_NAME))
    # a folder that was changed just now may change again without a new time
    if time.time_ns() - changed > _SETTLED_S * 1e9:
        _last = (path, changed, found)
    return found
