"""A call by an alias of the user's, written out.

It is parsed as the line that it stands for, and what comes of that is put back to where it was typed: what lies in the
alias is marked at its name. Highlighting, completion, hint and striking therefore see the real command with its
arguments. The history and the interlock see no difference at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jcopsh.shell.tokens import Problem, Span, Token, TokenKind
from jcopsh.shell.words import BLANKS, Redirect, Segment, Word


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

    def typed_word(self, word: Word) -> Word | None:
        """A word at its place in the line; one that begins in the alias begins behind its name, and one that lies in
        the alias is None."""
        return self._word(word) if word.end > self.words_end else None

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
