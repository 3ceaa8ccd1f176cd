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


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a stretch of the line, and what to try. Neither text repeats a word that may be a secret.

    `pending` marks what the card decides once it is connected, such as a field's address while no memory map is
    chosen: a line is not refused for it before its turn has come. `unfinished` marks what more at the end may mend,
    such as an APDU with less data than its Lc says: it is not pointed at while it is being typed. `certain` marks what
    no more letters at its end can mend, such as an option that none begins with: it is pointed at at once.
    """

    message: str
    hint: str
    start: int
    end: int
    pending: bool = False
    unfinished: bool = False
    certain: bool = False


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
