"""A line cut into commands and words, before anything is known of commands.

Blanks part words and `;` parts commands; `#` or `//` at the start of a word begins a comment, but `#(` does not.
`"…"` and `'…'` hold together what is inside, and are taken off; `|…|` and `#(…)` hold together and stay, for they are
notations for bytes. Every character of a word remembers where in the line it stood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from jcopsh.shell.tokens import PLACEHOLDER_CLOSE, PLACEHOLDER_OPEN, Problem, Span

BLANKS = " \t\r\n\f\v"
QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class Word:
    """A word from `start` to before `end` of the line; `text` is it without its quotes.

    `offsets` gives for each character of `text` its place in the line, or is None where they follow each other.
    """

    start: int
    end: int
    text: str
    offsets: tuple[int, ...] | None = None
    problem: Problem | None = None

    def at(self, index: int) -> int:
        """The place in the line of a character of `text`; of its end for an index beyond."""
        if index >= len(self.text):
            return self.end
        return self.start + index if self.offsets is None else self.offsets[index]

    def span(self, start: int | None, end: int | None) -> Span:
        """The place in the line of a part of `text`, at least one character wide; of the whole word without offsets."""
        if start is None or end is None or not self.text:
            return Span(self.start, self.end)
        first = self.at(min(start, len(self.text) - 1))
        last = self.at(min(max(end, start + 1), len(self.text)) - 1) + 1
        return Span(first, max(last, first + 1))


@dataclass(frozen=True, slots=True)
class Segment:
    """The words of one command, which stands from `start` to before `end` of the line."""

    start: int
    end: int
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class CutLine:
    """The commands of a line, the places of the `;` between them, and its comment."""

    segments: tuple[Segment, ...]
    separators: tuple[int, ...]
    comment: Span | None


def cut(text: str) -> CutLine:
    """Cut a line into commands and words. Never fails: what is left open is a problem of its word."""
    segments: list[Segment] = []
    separators: list[int] = []
    comment: Span | None = None
    words: list[Word] = []
    last_closed = text.rfind(PLACEHOLDER_CLOSE)
    begin = at = 0
    while at < len(text):
        if text[at] in BLANKS:
            at += 1
        elif text[at] == ";":
            segments.append(Segment(begin, at, tuple(words)))
            separators.append(at)
            words = []
            at += 1
            begin = at
        elif _begins_comment(text, at):
            comment = Span(at, len(text))
            break
        else:
            word = _WordReader(text, at, last_closed).read()
            words.append(word)
            at = word.end
    segments.append(Segment(begin, comment.start if comment else len(text), tuple(words)))
    return CutLine(tuple(segments), tuple(separators), comment)


def _begins_comment(text: str, at: int) -> bool:
    return (text[at] == "#" and text[at + 1 : at + 2] != "(") or text[at : at + 2] == "//"


class _WordReader:
    """Reads the one word that begins at `start`. `last_closed` is where the last placeholder of the line ends."""

    def __init__(self, text: str, start: int, last_closed: int) -> None:
        self.text = text
        self.last_closed = last_closed
        self.start = self.position = start
        self.characters: list[str] = []
        self.offsets: list[int] = []
        self.opened: list[int] = []  # where each `#(` stands that is still open
        self.quoted = False
        self.problem: Problem | None = None

    def read(self) -> Word:
        text = self.text
        while self.position < len(text):
            character = text[self.position]
            if character == ";" or (character in BLANKS and not self.opened):
                break
            self._read_one(character)
        if self.opened and self.problem is None:
            self._left_open("'#('", "')'", self.opened[-1], 2)
        offsets = tuple(self.offsets) if self.quoted else None
        return Word(self.start, self.position, "".join(self.characters), offsets, self.problem)

    def _read_one(self, character: str) -> None:
        if character in QUOTES:
            self._read_quoted(character)
        elif character == "|":
            self._keep_until("|", "'|'")
        elif character == PLACEHOLDER_OPEN and self.position < self.last_closed:
            self._keep_until(PLACEHOLDER_CLOSE, "")
        elif character == "#" and self.text[self.position + 1 : self.position + 2] == "(":
            self.opened.append(self.position)
            self._keep(2)
        else:
            if character == ")" and self.opened:
                self.opened.pop()
            self._keep(1)

    def _keep(self, count: int) -> None:
        self.characters.append(self.text[self.position : self.position + count])
        self.offsets.extend(range(self.position, self.position + count))
        self.position += count

    def _keep_until(self, closing: str, name: str) -> None:
        end = self.text.find(closing, self.position + 1)
        if end < 0:
            self._left_open(name, name, self.position, 1)
            end = len(self.text) - 1
        self._keep(end + 1 - self.position)

    def _read_quoted(self, quote: str) -> None:
        self.quoted = True
        end = self.text.find(quote, self.position + 1)
        if end < 0:
            self._left_open(quote, quote, self.position, 1)
            end = len(self.text)
        self.position += 1
        self._keep(end - self.position)
        self.position = min(end + 1, len(self.text))

    def _left_open(self, opening: str, closing: str, at: int, width: int) -> None:
        message = f"what {opening} opens here is never closed"
        self.problem = Problem(message, f"close it with {closing}", at, at + width)


def join(text: str, words: Sequence[Word]) -> Word:
    """Several words as one, for an argument that takes the rest of a command; one blank stands between them."""
    first, last = words[0], words[-1]
    if len(words) == 1:
        return first
    problem = next((word.problem for word in words if word.problem), None)
    if all(word.offsets is None for word in words):
        between = [text[a.end : b.start] for a, b in pairwise(words)]
        if not any(part.strip(BLANKS) for part in between):
            return Word(first.start, last.end, text[first.start : last.end], None, problem)
    characters: list[str] = []
    offsets: list[int] = []
    for word in words:
        if characters:
            characters.append(" ")
            offsets.append(word.start - 1)
        characters.append(word.text)
        offsets.extend(word.at(i) for i in range(len(word.text)))
    return Word(first.start, last.end, "".join(characters), tuple(offsets), problem)


def quote(text: str) -> str:
    """The text as one word of a line: with quotes only where it needs them, so that cutting it gives it back."""
    if text and not _needs_quotes(text):
        return text
    if '"' not in text:
        return f'"{text}"'
    parts = [f'"{part}"' if part else "" for part in text.split('"')]
    return "'\"'".join(parts)


def _needs_quotes(text: str) -> bool:
    if any(character in text for character in BLANKS + QUOTES + ";|" + PLACEHOLDER_OPEN):
        return True
    return "#(" in text or text[0] in "#-" or text.startswith("//")
