"""Colours for the line being typed, straight from the parse; the bytes of an APDU by their parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from jcopsh.shell import apdu_parts
from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.line import Line
from jcopsh.shell.parse_cache import is_long, parsed
from jcopsh.shell.strike import merge
from jcopsh.shell.tokens import MendedBy, Span, Token, TokenKind, touching
from jcopsh.shell.types import ApduTextType
from jcopsh.shell.words import Word


class Styled(NamedTuple):
    """A stretch of the line and the style it is drawn in."""

    start: int
    end: int
    style: str


def fragments(line: Line) -> list[tuple[str, str]]:
    """The line cut into (style names, text): the style of each token, and `problem` where something is wrong.

    What more at the end of the line may mend is not marked.
    """
    typed = len(line.text.rstrip())
    wrong = merge(Span(one.start, one.end) for one in line.told(typed) if one.mended_by is not MendedBy.CARD)
    apdus = _styles_in_apdus(line)
    result: list[tuple[str, str]] = []
    position = 0
    for token in line.tokens:
        if token.start < position:
            continue
        if token.start > position:
            result.append(("", line.text[position : token.start]))
        for start, end, style in _parts_of(token, apdus):
            result += _marked(line.text, start, end, style, wrong)
        position = token.end
    if position < len(line.text):
        result.append(("", line.text[position:]))
    return result


def _styles_in_apdus(line: Line) -> list[Styled]:
    """The bytes of the APDUs in a line, each with the style of its part: CLA, INS, P1 and P2, lengths, data."""
    found: list[Styled] = []
    for call in line.calls:
        for one in call.bindings:
            if one.parameter is not None and isinstance(one.parameter.type, ApduTextType):
                found += _styles_in(one.word)
    return sorted(found)


def _styles_in(word: Word) -> Iterator[Styled]:
    typed = apdu_parts.read(word.text)
    for cell in typed.cells if typed is not None else ():
        at = word.span(*cell.span)
        yield Styled(at.start, at.end, apdu_parts.STYLES[cell.part])


def _parts_of(token: Token, apdus: Sequence[Styled]) -> Iterator[Styled]:
    """A token, parted into the bytes of an APDU where it is one."""
    position = token.start
    for part in touching(apdus, token.start, token.end) if token.kind is TokenKind.APDU else ():
        if part.start > position:
            yield Styled(position, part.start, token.kind.value)
        yield Styled(max(part.start, token.start), min(part.end, token.end), part.style)
        position = part.end
    if position < token.end:
        yield Styled(position, token.end, token.kind.value)


def _marked(text: str, start: int, end: int, style: str, wrong: Sequence[Span]) -> list[tuple[str, str]]:
    """A token, parted where something wrong begins or ends in it."""
    borders = [at for span in touching(wrong, start, end) for at in span if start < at < end]
    parts = []
    for first, last in pairwise([start, *borders, end]):
        marked = next(touching(wrong, first, last), None) is not None
        parts.append((f"{style} problem" if marked else style, text[first:last]))
    return parts


class LineLexer(Lexer):
    """prompt_toolkit's lexer for command lines."""

    def __init__(self, registry: Registry, context: Callable[[], ParseContext]) -> None:
        self._registry = registry
        self._context = context

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Styles for each row of the text."""
        @cache  # prompt_toolkit asks several times for each screen
        def row(number: int) -> StyleAndTextTuples:
            text = document.lines[number]
            if is_long(text):
                return [("", text)]
            line = parsed(text, self._registry, self._context())
            return [(_classes(styles), text) for styles, text in fragments(line)]

        return row

    def invalidation_hash(self) -> object:
        """Colours are stale when what they follow from has changed."""
        return id(self._context())


def _classes(styles: str) -> str:
    return " ".join(f"class:{style}" for style in styles.split())
