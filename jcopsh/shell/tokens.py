"""What a line of text is made of: spans, tokens with a kind, and problems that stand under a word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

# a secret that was struck out of the history stands as `‹16 bytes›`
PLACEHOLDER_OPEN = "‹"
PLACEHOLDER_CLOSE = "›"


def counted(count: int, thing: str) -> str:
    """`1 byte`, `2 bytes`."""
    return f"{count} {thing}" + ("" if count == 1 else "s")


class Span(NamedTuple):
    """Offsets into a text: from `start` to before `end`."""

    start: int
    end: int


class Stretch(Protocol):
    """Whatever has a beginning and an end in a text."""

    @property
    def start(self) -> int:
        """The offset of its first character."""

    @property
    def end(self) -> int:
        """The offset behind its last character."""


StretchT = TypeVar("StretchT", bound=Stretch)


def touching(stretches: Sequence[StretchT], start: int, end: int) -> Iterator[StretchT]:
    """Those that have a character between `start` and `end`. They stand in order and do not overlap each other."""
    at = bisect_right(stretches, start, key=lambda one: one.end)
    while at < len(stretches) and stretches[at].start < end:
        yield stretches[at]
        at += 1


class TokenKind(Enum):
    """What a stretch of a line is. The value names its style in the theme."""

    COMMAND = "command"
    UNKNOWN = "unknown"
    OPTION = "option"
    ADDRESS = "address"
    FIELD = "field"
    NUMBER = "number"
    BYTES = "bytes"
    APDU = "apdu"
    SECRET = "secret"  # noqa: S105 — the name of a style, no password
    NAME = "name"
    CHOICE = "choice"
    PATH = "path"
    TEXT = "text"
    SEPARATOR = "separator"
    REDIRECTION = "redirection"
    COMMENT = "comment"
    PLACEHOLDER = "placeholder"


BYTES_KINDS = (TokenKind.BYTES, TokenKind.APDU, TokenKind.SECRET)  # in which a `|` begins a text


@dataclass(frozen=True, slots=True)
class Token:
    """A stretch of the line and what it is."""

    start: int
    end: int
    kind: TokenKind


class MendedBy(Enum):
    """What may yet make right what is wrong with a line, and so when it is pointed at.

    `NOTHING`: no more letters, such as at an option that none begins with. It is pointed at at once.
    `WORD`: more letters where it stands. It is not pointed at while the cursor touches it.
    `END`: more at the end of the line, such as the data that an APDU's Lc promises. It is not pointed at while the
    cursor is there either.
    `CARD`: the card, once it is connected, such as for a field's address while no memory map is chosen. It is not
    marked, and a line is not refused for it before its turn has come.
    """

    NOTHING = "nothing"
    WORD = "more letters where it stands"
    END = "more at the end of the line"
    CARD = "the card, once it is connected"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a stretch of the line, and what to try. Neither text repeats a word that may be a secret."""

    message: str
    hint: str
    start: int
    end: int
    mended_by: MendedBy = MendedBy.WORD


def laid(over: list[Token], under: list[Token]) -> list[Token]:
    """Both in order of place, with what is left of the lower ones."""
    result = list(over)
    covers = sorted(over, key=lambda token: token.start)
    for token in under:
        position = token.start
        for cover in touching(covers, token.start, token.end):
            if cover.start > position:
                result.append(Token(position, cover.start, token.kind))
            position = max(position, cover.end)
        if position < token.end:
            result.append(Token(position, token.end, token.kind))
    return sorted(result, key=lambda token: token.start)
