"""What every type of parameter does, and what they share."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import ClassVar, Generic, TypeVar

from jcopsh.errors import UsageError
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import byte_runs
from jcopsh.shell.tokens import Span, TokenKind

T = TypeVar("T")
NOT_OTHERWISE = re.compile(r"(?!)")  # matches nothing: all values are offered
# bytes in any notation, as far as they are typed; a text between bars may hold anything
BYTES_SO_FAR = re.compile(r"(?:[0-9A-Fa-fxX:,()\s]|#\(|\|[^|]*(?:\||\Z))*#?")
LONGEST_NAME = 24  # characters: a longer word was not meant to be a name, and to compare it takes a while
MOST_COMPARED = 150  # names that a mistyped word is compared with: it takes a while for each


class PendingError(UsageError):
    """What cannot be told before a card is connected or a memory map chosen: no reason to refuse a line in advance."""


class UnfinishedError(UsageError):
    """What more at the end of the text may mend: no reason to point at it while it is being typed."""


def nearest(word: str, names: Iterable[str], *, alike: float = 0.6) -> str:
    """The name that a mistyped word was probably meant to be; empty when none is close, or it is too long for a name.

    `alike` is how much of both has to be the same, from 0 to 1 (difflib's ratio).
    """
    if len(word) > LONGEST_NAME:
        return ""
    word, among = word.lower(), list(names)
    if len(among) > MOST_COMPARED:
        # every keystroke asks; a word that was mistyped still begins, and is as long, as the one that was meant
        similar = (name for name in among if name[:1].lower() == word[:1] and abs(len(name) - len(word)) <= 2)
        among = list(islice(similar, MOST_COMPARED))
    close = difflib.get_close_matches(word, among, n=1, cutoff=alike)
    return close[0] if close else ""


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`did you mean cm_key1?`, or nothing."""
    name = nearest(word, names)
    return f"did you mean {name}?" if name else ""


def matching(names: Mapping[str, str] | Iterable[tuple[str, str]], typed: str) -> list[Completion]:
    """The names that begin with what is typed, in any case of letters, each with its meaning."""
    items = names.items() if isinstance(names, Mapping) else names
    wanted = typed.lower()
    return exact_first([Completion(name, meaning) for name, meaning in items if name.lower().startswith(wanted)], typed)


def exact_first(found: list[Completion], typed: str) -> list[Completion]:
    """The completions with what is typed exactly before the others, so that a long menu does not hide it."""
    wanted = typed.lower()
    exact = [one for one in found if len(one.text) == len(typed) and one.text.lower() == wanted] if typed else []
    return [*exact, *(one for one in found if one not in exact)] if exact else found


class ParameterType(ABC, Generic[T]):
    """What a parameter accepts. `metavar` names a value in a signature, `meaning` is one sentence for `help`.

    `takes_rest` lets the last parameter of a command take all words that remain, so that bytes may have spaces.
    """

    metavar: ClassVar[str] = "VALUE"
    takes_rest: ClassVar[bool] = False
    # whether the words that remain hold a command line (`line_in`): they are taken with their quotes and options
    holds_line: ClassVar[bool] = False
    drawn_as: ClassVar[TokenKind] = TokenKind.TEXT
    # whether `secret_spans` can be relied on even where the text or the command around it is wrong
    knows_its_secrets: ClassVar[bool] = False
    # whether its values are secret and too short to be known for secrets by their look: PINs
    short_secret: ClassVar[bool] = False
    # whether a text that parses is no secret, wherever it stands
    never_secret: ClassVar[bool] = False
    # how a value begins that `complete` does not offer; None: like anything
    begins: ClassVar[re.Pattern[str] | None] = None

    @property
    @abstractmethod
    def meaning(self) -> str:
        """One sentence for `help`, beginning with a small letter and without a full stop."""

    @abstractmethod
    def parse(self, text: str, context: ParseContext) -> T:
        """The value; raises NotationError or UsageError with offsets into the text."""

    @abstractmethod
    def format(self, value: T) -> str:
        """The text that parses to the value. For a secret it is the secret itself: it goes nowhere but to `parse`."""

    def explain(self, text: str, context: ParseContext) -> str:
        """What a text that was typed stands for, in a phrase for the hint; empty where there is nothing to say.

        It never repeats what may be a secret.
        """
        return ""

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """What could stand in place of the text typed so far, what is typed exactly first. Never talks to a card."""
        return ()

    def may_go_on(self, text: str, context: ParseContext) -> bool:
        """Whether more letters at its end may make a value of a text that is none yet."""
        if self.begins is None or self.begins.fullmatch(text):
            return True
        return next(iter(self.complete(text, context)), None) is not None

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """The parts of the text that no history may keep. By default: what looks like a key."""
        return byte_runs(text)

    def line_in(self, text: str) -> Span | None:
        """The part of the text that is a command line by itself; None where there is none."""
        return None

    def words_taken(self, words: Sequence[str]) -> int:
        """How many of the words that follow belong to this value; at least one."""
        return 1

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """What the text is to be drawn as."""
        return self.drawn_as
