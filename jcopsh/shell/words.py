"""A line cut into commands and words, before anything is known of commands.

Blanks, those of web pages too, part words and `;` parts commands; `#` or `//` at the start of a word begins a
comment, but `#(` does not.
`"…"` and `'…'` hold together what is inside, and are taken off; `|…|` and `#(…)` hold together and stay, for they are
notations for bytes. Every character of a word remembers where in the line it stood.

`>` and `>>` at the start of a word, and a `|` that stands alone with no other `|` after it, end a command: what follows
says where its result goes, and only quotes mean something there. Before one of `USUAL_PROGRAMS` a `|` needs no blanks,
and another one that stands alone may follow: no text between bars is meant, and the message can say what is wrong. A
`>` needs none before a file, in quotes or not, whose ending names its form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from types import MappingProxyType

from jcopsh.iso7816.plain_bytes import OTHER_BLANKS
from jcopsh.shell.tokens import PLACEHOLDER_CLOSE, PLACEHOLDER_OPEN, MendedBy, Problem, Span

BLANKS = " \t\r\n\f\v" + OTHER_BLANKS
QUOTES = "\"'"
# what is behind nearly every `|` that people type, and what it does with a result; other programs want blanks around
# theirs
USUAL_PROGRAMS: Mapping[str, str] = MappingProxyType({
    "less": "leaf through it", "head": "its first lines", "tail": "its last lines", "grep": "the lines that match",
    "wc": "count its lines", "tee": "show it, and write it to a file", "jq": "pick from it, with --json before the |",
    "awk": "columns of it", "cat": "as it is, without colours", "cut": "columns of it", "more": "leaf through it",
    "sed": "change its lines", "sort": "its lines in order", "uniq": "equal lines that follow each other once",
})
# where a file's ending names a form in which results are written, > needs no blanks either
_ENDING = r"\.(?:txt|jsonl?|html?|svg)"
_FILE_BEHIND = re.compile(
    rf""">>?[ ]*(?:[^\s;|<>"']+{_ENDING}|"[^"]+{_ENDING}"|'[^']+{_ENDING}')(?![^\s;])""", re.IGNORECASE
)
_NAME_BEHIND_A_BAR = re.compile(r"\|\s*([a-z]+)(?![^\s;|])")


@dataclass(frozen=True, slots=True)
class Word:
    """A word from `start` to before `end` of the line; `text` is it without its quotes.

    `offsets` gives for each character of `text` its place in the line, or is None where they follow each other.
    `arrow` is the place in the line of the first `>` in the word that stands in no quotes, bars or brackets: it may
    have been meant to say where the result goes.
    """

    start: int
    end: int
    text: str
    offsets: tuple[int, ...] | None = None
    problem: Problem | None = None
    arrow: int | None = None

    def before(self, end: int) -> Word:
        """The part of the word before a place in the line."""
        count = end - self.start if self.offsets is None else sum(offset < end for offset in self.offsets)
        return Word(self.start, end, self.text[:count], None if self.offsets is None else self.offsets[:count])

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


class RedirectKind(Enum):
    """Where a result goes in place of the screen; the value is how that is written."""

    FILE = ">"
    APPEND = ">>"
    PROGRAM = "|"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the result of a command goes: the operator, and behind it the file, or the program and its arguments.

    No words stand there while they are not typed yet.
    """

    kind: RedirectKind
    operator: Span
    words: tuple[Word, ...] = ()

    @property
    def target(self) -> str:
        """The file or the program, as typed but for its quotes."""
        return self.words[0].text if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the program is given."""
        return tuple(word.text for word in self.words[1:])

    @property
    def span(self) -> Span:
        """From the operator to the end of the last word."""
        return Span(self.operator.start, self.words[-1].end if self.words else self.operator.end)


@dataclass(frozen=True, slots=True)
class Segment:
    """The words of one command, which stands from `start` to before `end` of the line, and where its result goes."""

    start: int
    end: int
    words: tuple[Word, ...]
    redirect: Redirect | None = None


@dataclass(frozen=True, slots=True)
class CutLine:
    """The commands of a line, the places of the `;` between them, and its comment."""

    segments: tuple[Segment, ...]
    separators: tuple[int, ...]
    comment: Span | None


def cut(text: str) -> CutLine:
    """Cut a line into commands and words. Never fails: what is left open is a problem of its word."""
    return _Cutter(text).cut()


class _Cutter:
    """Cuts one line. What is read of the command at hand waits in `words` and `redirect`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.last_closed = text.rfind(PLACEHOLDER_CLOSE)
        self.segments: list[Segment] = []
        self.separators: list[int] = []
        self.comment: Span | None = None
        self.begin = 0
        self.words: list[Word] = []
        self.redirect: tuple[RedirectKind, Span, list[Word]] | None = None

    def cut(self) -> CutLine:
        text, at = self.text, 0
        while at < len(text):
            if text[at] in BLANKS:
                at += 1
            elif text[at] == ";":
                self._end_command(at)
                self.separators.append(at)
                at += 1
                self.begin = at
            elif _begins_comment(text, at):
                self.comment = Span(at, len(text))
                break
            else:
                at = self._read_word(at)
        self._end_command(self.comment.start if self.comment else len(text))
        return CutLine(tuple(self.segments), tuple(self.separators), self.comment)

    def _read_word(self, at: int) -> int:
        """Read a word or an operator; return where it ends."""
        if self.redirect is not None:
            word = _WordReader(self.text, at, self.last_closed, only_quotes=True).read()
            self.redirect[2].append(word)
            return word.end
        kind = _redirect_at(self.text, at)
        if kind is not None:
            operator = Span(at, at + len(kind.value))
            self.redirect = kind, operator, []
            return operator.end
        word = _WordReader(self.text, at, self.last_closed).read()
        self.words.append(word)
        return word.end

    def _end_command(self, end: int) -> None:
        redirect = None
        if self.redirect is not None:
            kind, operator, words = self.redirect
            redirect = Redirect(kind, operator, tuple(words))
        self.segments.append(Segment(self.begin, end, tuple(self.words), redirect))
        self.words, self.redirect = [], None


def _redirect_at(text: str, at: int) -> RedirectKind | None:
    """The operator that stands where a word could begin."""
    if text[at] == ">":
        return RedirectKind.APPEND if text[at : at + 2] == ">>" else RedirectKind.FILE
    return RedirectKind.PROGRAM if text[at] == "|" and _is_pipe(text, at) else None


def _is_pipe(text: str, at: int) -> bool:
    """Whether a `|` at the start of a word leads to a program, and is no bar around a text."""
    partner = _partner(text, at)
    if partner is None:
        return _follows_blank(text, at + 1) or _leads_to_usual_program(text, at)
    between_blanks = text[partner - 1] in BLANKS and _follows_blank(text, partner + 1)
    return between_blanks and text[at + 1] in BLANKS and _leads_to_usual_program(text, at)


def _follows_blank(text: str, at: int) -> bool:
    return text[at : at + 1] in ("", ";", *BLANKS)


def _leads_to_usual_program(text: str, at: int) -> bool:
    named = _NAME_BEHIND_A_BAR.match(text, at)
    return named is not None and named[1] in USUAL_PROGRAMS


def _partner(text: str, at: int) -> int | None:
    """Where another `|` follows in the same command, so that both may be the bars around a text.

    One in quotes or in a comment is none.
    """
    position = at + 1
    while position < len(text) and text[position] != ";":
        character = text[position]
        if character == "|":
            return position
        if text[position - 1] in BLANKS and _begins_comment(text, position):
            return None
        closing = text.find(character, position + 1) if character in QUOTES else -1
        position = max(closing, position) + 1
    return None


def _begins_comment(text: str, at: int) -> bool:
    return (text[at] == "#" and text[at + 1 : at + 2] != "(") or text[at : at + 2] == "//"


class _WordReader:
    """Reads the one word that begins at `start`. `last_closed` is where the last placeholder of the line ends.

    `only_quotes`: neither `|…|` nor `#(…)` holds anything together.
    """

    def __init__(self, text: str, start: int, last_closed: int, *, only_quotes: bool = False) -> None:
        self.text = text
        self.only_quotes = only_quotes
        self.last_closed = last_closed
        self.start = self.position = start
        self.characters: list[str] = []
        self.offsets: list[int] = []
        self.opened: list[int] = []  # where each `#(` stands that is still open
        self.quoted = False
        self.problem: Problem | None = None
        self.arrow: int | None = None

    def read(self) -> Word:
        text = self.text
        while self.position < len(text):
            character = text[self.position]
            if character == ";" or (character in BLANKS and not self.opened):
                break
            if self._is_before_pipe(character) or self._is_before_file(character):
                break
            self._read_one(character)
        if self.opened and self.problem is None:
            self._left_open("'#('", "')'", self.opened[-1], 2)
        offsets = tuple(self.offsets) if self.quoted else None
        return Word(self.start, self.position, "".join(self.characters), offsets, self.problem, self.arrow)

    def _is_before_pipe(self, character: str) -> bool:
        """Whether the word ends here without a blank, as in `identify|wc`."""
        if character != "|" or self.only_quotes or self.opened or self.position == self.start:
            return False
        return _leads_to_usual_program(self.text, self.position) and _partner(self.text, self.position) is None

    def _is_before_file(self, character: str) -> bool:
        """Whether the word ends here without a blank, as in `dump>memory.svg`; a PIN may have a > too."""
        if character != ">" or self.only_quotes or self.opened or self.position == self.start:
            return False
        return _FILE_BEHIND.match(self.text, self.position) is not None

    def _read_one(self, character: str) -> None:
        if character in QUOTES:
            self._read_quoted(character)
        elif character == PLACEHOLDER_OPEN and self.position < self.last_closed:
            self._keep_until(PLACEHOLDER_CLOSE, "")
        elif self.only_quotes:
            self._keep(1)
        elif character == "|":
            self._keep_until("|", "'|'")
        elif character == "#" and self.text[self.position + 1 : self.position + 2] == "(":
            self.opened.append(self.position)
            self._keep(2)
        else:
            if character == ")" and self.opened:
                self.opened.pop()
            if character == ">" and not self.opened and self.arrow is None:
                self.arrow = self.position
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
        self.problem = Problem(message, f"close it with {closing}", at, at + width, MendedBy.END)


def join(text: str, words: Sequence[Word]) -> Word:
    """Several words as one, for an argument that takes the rest of a command; one blank stands between them."""
    first, last = words[0], words[-1]
    if len(words) == 1:
        return first
    problem = next((word.problem for word in words if word.problem), None)
    arrow = next((word.arrow for word in words if word.arrow is not None), None)
    if all(word.offsets is None for word in words):
        between = [text[a.end : b.start] for a, b in pairwise(words)]
        if not any(part.strip(BLANKS) for part in between):
            return Word(first.start, last.end, text[first.start : last.end], None, problem, arrow)
    characters: list[str] = []
    offsets: list[int] = []
    for word in words:
        if characters:
            characters.append(" ")
            offsets.append(word.start - 1)
        characters.append(word.text)
        offsets.extend(word.at(i) for i in range(len(word.text)))
    return Word(first.start, last.end, "".join(characters), tuple(offsets), problem, arrow)


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
    return "#(" in text or ">" in text or text[0] in "#->" or text.startswith("//")


def first_word(text: str) -> str:
    """The first word of a line, without JCShell's leading '/', in small letters; empty for an empty line."""
    words = text.strip(BLANKS).split(" ", 1)
    return plain_name(words[0])


def plain_name(name: str) -> str:
    """A command's or alias's name without JCShell's leading '/', in small letters."""
    return name.removeprefix("/").lower()
