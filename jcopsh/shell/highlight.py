"""Colours for the line being typed, straight from the parse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.parser import Line, parse_line
from jcopsh.shell.strike import merge
from jcopsh.shell.tokens import Span, touching


def fragments(line: Line) -> list[tuple[str, str]]:
    """The line cut into (style names, text): the style of each token, and `problem` where something is wrong.

    What touches the end of the line is not marked: it may not be typed to its end yet.
    """
    typed = len(line.text.rstrip())
    wrong = merge(Span(one.start, one.end) for one in line.problems if one.end < typed and not one.pending)
    result: list[tuple[str, str]] = []
    position = 0
    for token in line.tokens:
        if token.start < position:
            continue
        if token.start > position:
            result.append(("", line.text[position : token.start]))
        result += _marked(line.text, token.start, token.end, token.kind.value, wrong)
        position = token.end
    if position < len(line.text):
        result.append(("", line.text[position:]))
    return result


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
        def row(number: int) -> StyleAndTextTuples:
            line = parse_line(document.lines[number], self._registry, self._context())
            return [(_classes(styles), text) for styles, text in fragments(line)]

        return row

    def invalidation_hash(self) -> object:
        """Colours are stale when what they follow from has changed."""
        return id(self._context())


def _classes(styles: str) -> str:
    return " ".join(f"class:{style}" for style in styles.split())
