"""How a file is named: by identifier, path, DF name, or short identifier (ISO/IEC 7816-4:2005, 5.3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jcopsh.iso7816.hexadecimal import NotationError, format_bytes, parse_bytes
from jcopsh.iso7816.interindustry import LAST_SHORT_IDENTIFIER, SelectBy

MASTER_FILE = bytes.fromhex("3F00")
LONGEST_NAME = 16
NAME_PREFIXES = ("aid:", "name:")
SHORT_PREFIX = "sfi:"
_PATH = re.compile(r"/?[0-9A-Fa-f]{4}(?:/[0-9A-Fa-f]{4})*/?")


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file as SELECT can be asked for it: how, and the identifier, path or name; or a short identifier, 1 to 30."""

    by: SelectBy = SelectBy.IDENTIFIER
    data: bytes = b""
    short_identifier: int = 0

    @classmethod
    def parse(cls, text: str) -> FileReference:
        """Read `3F00`, `mf`, `..`, `7F10/6F01`, `3F00/7F10/6F01`, `/7F10`, `aid:F0…`, `aid:|text|` or `sfi:5`.

        Raises NotationError, which repeats nothing of the text.
        """
        word = text.strip().lower()
        if word in ("mf", "/"):
            return cls(data=MASTER_FILE)
        if word == "..":
            return cls(SelectBy.PARENT)
        if word.startswith(SHORT_PREFIX):
            return cls(short_identifier=_short(word.removeprefix(SHORT_PREFIX), text))
        prefix = next((one for one in NAME_PREFIXES if word.startswith(one)), None)
        if prefix:
            return cls(SelectBy.NAME, _name(text.strip()[len(prefix):], len(prefix)))
        if not _PATH.fullmatch(word):
            raise NotationError("a file is 4 hex digits, several of them with / between, .., mf, aid:… or sfi:…",
                                0, len(text))
        return _path(word)

    def __str__(self) -> str:
        if self.short_identifier:
            return f"{SHORT_PREFIX}{self.short_identifier}"
        match self.by:
            case SelectBy.PARENT:
                return ".."
            case SelectBy.NAME:
                return f"aid:{format_bytes(self.data)}"
            case SelectBy.PATH_FROM_MF:
                return "/".join(("3F00", *self.steps))
            case _:
                return "/".join(self.steps)

    @property
    def steps(self) -> tuple[str, ...]:
        """The identifiers of a path, four digits each."""
        return tuple(format_bytes(self.data[at : at + 2]) for at in range(0, len(self.data), 2))


def _path(word: str) -> FileReference:
    data = bytes.fromhex(word.replace("/", ""))
    if word.startswith("/"):
        return FileReference(SelectBy.PATH_FROM_MF, data)
    if len(data) == 2:
        return FileReference(SelectBy.IDENTIFIER, data)
    if data.startswith(MASTER_FILE):
        return FileReference(SelectBy.PATH_FROM_MF, data[2:])
    return FileReference(SelectBy.PATH_FROM_DF, data)


def _short(word: str, text: str) -> int:
    if not word.isdecimal() or not 1 <= int(word[:3]) <= LAST_SHORT_IDENTIFIER:
        raise NotationError(f"a short identifier is 1 to {LAST_SHORT_IDENTIFIER}", 0, len(text))
    return int(word)


def _name(text: str, offset: int) -> bytes:
    try:
        name = parse_bytes(text)
    except NotationError as error:
        raise error.shifted(offset) from None
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NotationError(f"a DF name has 1 to {LONGEST_NAME} bytes", offset, offset + len(text))
    return name
