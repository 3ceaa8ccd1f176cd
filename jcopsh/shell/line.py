"""A parsed line: its calls, what each word is to its call, and what is wrong or secret in it. Values alone.

`jcopsh.shell.parser` makes them, and its docstring has the grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from jcopsh.shell.command import Command, Entry, Parameter
from jcopsh.shell.context import NOTHING
from jcopsh.shell.expansion import Expansion
from jcopsh.shell.strike import StruckText, strike
from jcopsh.shell.tokens import BYTES_KINDS, MendedBy, Problem, Span, Token
from jcopsh.shell.words import USUAL_PROGRAMS, Redirect, RedirectKind, Word


class Role(Enum):
    """What a word is to its call."""

    COMMAND = "command"
    VALUE = "value"
    OPTION = "option"
    EXCESS = "excess"


@dataclass(frozen=True, slots=True)
class Binding:
    """A word (or several, joined) and what it is to its call; `parameter` is None where it belongs to none."""

    word: Word
    role: Role
    parameter: Parameter | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One command with its arguments, from `start` to before `end` of the line.

    `entry` is None where there is no such command. `command` is None too while a plugin's command is not loaded: its
    arguments are then not looked at. `arguments` holds the values that could be parsed, by parameter name. `following`
    is the parameter that one more word would belong to. `redirect` says where the result goes, if not to the screen.
    `inner` is the line that one of the arguments holds, as that of `alias NAME = …` does, at the same offsets. For a
    call by an alias of the user's, `expansion` is how it is written out, and `inner` that line.
    """

    start: int
    end: int
    entry: Entry | None
    command: Command | None
    bindings: tuple[Binding, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    problems: tuple[Problem, ...] = ()
    tokens: tuple[Token, ...] = ()
    secrets: tuple[Span, ...] = ()
    following: Parameter | None = None
    json: bool = False
    yes: bool = False
    redirect: Redirect | None = None
    expansion: Expansion | None = None
    inner: Line | None = None

    @property
    def understood(self) -> bool:
        """Whether every word of it was."""
        return self.command is not None and not self.problems

    @property
    def may_be_text(self) -> bool:
        """Whether its `|` may be the first of the two around a text that is not typed to its end."""
        if self.redirect is None or self.redirect.kind is not RedirectKind.PROGRAM:
            return False
        kind = self.following.type if self.following else None
        takes_text = kind is not None and (kind.drawn_as in BYTES_KINDS or (kind.begins and kind.begins.fullmatch("|")))
        return bool(takes_text) and self.redirect.target not in USUAL_PROGRAMS

    @property
    def says_yes(self) -> bool:
        """Whether it has a `--yes`, the one of every command or one of the command's own."""
        return self.yes or self.arguments.get("yes") is True


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line: its calls, tokens in order, problems, and the spans that no history may keep.

    `note` is what is said of a line that is passed over: an answer in a pasted trace.
    """

    text: str
    calls: tuple[Call, ...]
    tokens: tuple[Token, ...]
    problems: tuple[Problem, ...]
    secrets: tuple[Span, ...]
    comment: Span | None = None
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to run."""
        return not self.calls

    def told(self, cursor: int) -> tuple[Problem, ...]:
        """The problems to be pointed at while the cursor stands at an offset: what may only be not typed to its end,
        because it touches the cursor or lies behind the text, is none yet.
        """
        return tuple(one for one in self.problems if not self._may_only_be_untyped(one, cursor))

    def _may_only_be_untyped(self, problem: Problem, cursor: int) -> bool:
        end = len(self.text.rstrip())
        if problem.mended_by is MendedBy.NOTHING:
            return False
        if problem.end >= cursor >= problem.start or problem.start >= end:
            return True
        last = self.calls[-1]
        ended = last.redirect is not None and not last.may_be_text
        begun = last.redirect.operator.start if last.redirect and ended else last.start
        at_end = problem.mended_by is MendedBy.END and problem.start >= begun
        return at_end and self.comment is None and cursor >= end

    def struck(self) -> StruckText:
        """The line without its secrets."""
        return strike(self.text, self.secrets)


def strike_out(line: Line) -> str:
    """The line as a history may keep it: `‹16 bytes›` stands for a key, a PIN, or what may be one."""
    return line.struck().text
