"""Aliases: a name of the user's own for the beginning of a command, `alias key1 = read cm_key1`.

A call by an alias is parsed as the line that it stands for, and what comes of that is put back to where it was typed:
what lies in the alias is marked at its name. Highlighting, completion, hint and striking therefore see the real command
with its arguments. The history and the interlock see no difference at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jcopsh.errors import UsageError
from jcopsh.shell.tokens import Problem, Span, Token, TokenKind
from jcopsh.shell.words import BLANKS, QUOTES, Redirect, Segment, Word

if TYPE_CHECKING:
    from jcopsh.shell.command import Alias, Registry
    from jcopsh.shell.context import ParseContext
    from jcopsh.shell.line import Binding, Line

SECRET_IN_ALIAS = "an alias must not hold what may be a key or a PIN"  # noqa: S105 — a sentence, no password


@dataclass(frozen=True, slots=True)
class Expansion:
    """A call by an alias, written out.

    `text` is the line that it stands for, with as many blanks before it as the line has characters there. In it the
    alias's words go from `start` to before `words_end`; in the line its name does from `start` to before `name_end`.
    """

    text: str
    start: int
    name_end: int
    words_end: int

    @classmethod
    def of(cls, text: str, segment: Segment, words: str) -> Expansion:
        """The call in `segment` of a line, whose first word is an alias for `words`."""
        name = segment.words[0]
        written = " " * name.start + words + text[name.end : segment.end]
        return cls(written, name.start, name.end, name.start + len(words))

    def span(self, start: int, end: int) -> Span:
        """Where a stretch of `text` is in the line: at the alias's name for what lies in the alias."""
        inside = start < self.words_end
        first = min(start, self.start) if inside else start - self._shift
        return Span(first, self.name_end if end <= self.words_end and inside else end - self._shift)

    def typed(self, start: int, end: int) -> Span:
        """The part of a stretch of `text` that stands behind the alias's name in the line, without blanks before it."""
        start = max(start, self.words_end)
        part = self.text[start:end]
        start = min(end, start + len(part) - len(part.lstrip(BLANKS)))
        return Span(start - self._shift, max(start, end) - self._shift)

    def problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems in the line."""
        spans = [(one, self.span(one.start, one.end)) for one in problems]
        return tuple(replace(one, start=at.start, end=at.end) for one, at in spans)

    def tokens(self, tokens: Iterable[Token]) -> tuple[Token, ...]:
        """The typed parts of tokens."""
        moved = []
        for token in tokens:
            at = self.typed(token.start, token.end)
            # where the parts of an APDU are cannot be seen when it begins in the alias
            begins_there = token.kind is TokenKind.APDU and token.start < self.words_end
            if at.end > at.start:
                moved.append(Token(*at, TokenKind.BYTES if begins_there else token.kind))
        return tuple(moved)

    def spans(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """The typed parts of stretches."""
        return tuple(at for at in (self.typed(*span) for span in spans) if at.end > at.start)

    def bindings(self, bindings: Iterable[Binding]) -> list[Binding]:
        """Those with a word that was typed. A word that begins in the alias begins behind its name."""
        return [
            replace(one, word=self._word(one.word)) for one in bindings if one.word.end > self.words_end
        ]

    def redirect(self, redirect: Redirect | None) -> Redirect | None:
        """Where the result goes, marked in the line."""
        if redirect is None:
            return None
        return replace(
            redirect, operator=self.span(*redirect.operator), words=tuple(map(self._word, redirect.words))
        )

    def _word(self, word: Word) -> Word:
        at = self.typed(word.start, word.end) if word.end > self.words_end else self.span(word.start, word.end)
        offsets = None
        if word.start >= self.words_end and word.offsets is not None:
            offsets = tuple(offset - self._shift for offset in word.offsets)
        return Word(at.start, at.end, word.text, offsets, word.problem)

    def typed_start(self, start: int, text: str) -> tuple[int, int] | None:
        """Where in the line that part of `text` begins which was typed, and how much of it lies in the alias.

        None where `text` does not stand in the line as it is, so that nothing can be put in its place.
        """
        if start >= self.words_end:
            return start - self._shift, 0
        if self.text[start:] != text:
            return None
        return self.name_end, self.words_end - start

    @property
    def _shift(self) -> int:
        return self.words_end - self.name_end


def problem_in_alias(line: Line) -> Problem | None:
    """What keeps a line from being what an alias stands for; arguments may be missing, as they can follow later."""
    typed = len(line.text.rstrip())
    first = len(line.text) - len(line.text.lstrip())
    if line.empty:
        end = len(line.text)
        return Problem("a command is missing", "e.g. alias id = identify", end, end + 1)
    if line.secrets:
        return Problem(SECRET_IN_ALIAS, "leave it out: what is typed behind an alias is added to it", *line.secrets[0])
    if len(line.calls) > 1 or line.comment:
        return Problem("an alias stands for one command, without a comment", "run FILE runs several", first, typed)
    redirect = line.calls[0].redirect
    if redirect is not None and not redirect.words:
        return Problem("the file or program is missing", "e.g. > result.txt", *redirect.operator,
                       unfinished=True)
    if line.calls[0].says_yes:
        return Problem("--yes is typed on the line that it answers for, and not kept in an alias",
                       "leave it out", first, typed)
    found = next((one for one in line.problems if not one.pending and not _may_go_on(line, one)), None)
    if found is not None and line.text[found.start : found.end] == "--save":
        return replace(found, hint="to keep the alias: alias --save NAME = COMMAND")
    return found


def outside_alias(text: str, inner: Line, start: int, end: int) -> Problem | None:
    """What is wrong with what follows `inner`, the line that an alias in `text` is to stand for, unless that stands in
    quotes: it may be meant for the alias, and would be done now."""
    first = len(inner.text) - len(inner.text.lstrip(BLANKS))
    if inner.empty or text[first - 1] in QUOTES:
        return None
    return Problem("from here on it is no part of the alias", 'quotes hold it: alias x = "atr > q.txt"; another '
                   "command stands on a line of its own", start, end)


def _may_go_on(line: Line, problem: Problem) -> bool:
    """Whether what is typed behind the alias may cure it: an argument is missing, or bytes are not at their end."""
    last = line.calls[0].bindings[-1] if line.calls[0].bindings else None
    if problem.start >= len(line.text.rstrip()) or last is None:
        return last is not None
    within = last.word.start <= problem.start and problem.end <= last.word.end
    return within and last.parameter is not None and last.parameter.rest and problem != last.word.problem


def define_alias(registry: Registry, context: ParseContext, name: str, words: str, source: str = "") -> Alias:
    """Let `name` stand for `words`, from now on. Raises UsageError where it cannot, without repeating a secret."""
    from jcopsh.shell.parser import parse_line

    problem = problem_in_alias(parse_line(words, registry, context))
    if problem is not None:
        raise UsageError(problem.message, hint=problem.hint)
    return registry.add_alias(name, words, source)


def name_token(span: Span, *, known: bool) -> Token:
    """How an alias's name is drawn: as the command that it stands for."""
    return Token(*span, TokenKind.COMMAND if known else TokenKind.UNKNOWN)
