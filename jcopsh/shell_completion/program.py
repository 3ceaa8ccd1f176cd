"""What there is to complete: a program's options and what their values are."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

Choices = Mapping[str, str]  # each with its meaning


# how the argument without a name is called among the names of options
ARGUMENT = "argument"


class Kind(Enum):
    """What the value of an option is."""

    NONE = "none"
    FILE = "file"
    CHOICE = "choice"
    LINES = "lines"  # commands of jcopsh, `;` between them
    TEXT = "text"


def variants(choices: Choices) -> Choices:
    """Those that go on behind a comma: they are offered when it is typed, else they would drown the others."""
    return {name: meaning for name, meaning in choices.items() if "," in name}


def plain(choices: Choices) -> Choices:
    """The others."""
    return {name: meaning for name, meaning in choices.items() if "," not in name}


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or an argument without a name (`names` is empty then).

    `unless` names the options that it does not go with (ARGUMENT for the argument without a name), itself among them
    where it may not be given twice.
    """

    names: tuple[str, ...]
    meaning: str
    kind: Kind
    what: str  # of a value, in small letters: `file`, `name|index`
    choices: Choices
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A program on the command line. `commands` are those of its own lines, `first_words` what else may come first.

    A first word takes one of a few words behind it.
    """

    name: str
    options: tuple[Option, ...]
    argument: Option | None
    commands: Choices
    first_words: Mapping[str, Choices]

    @property
    def function(self) -> str:
        """The name of the program in names of functions."""
        return self.name.replace("-", "_")


def program_of(
    parser: argparse.ArgumentParser, *, choices: Mapping[str, Choices], apart: Sequence[Sequence[Sequence[str]]],
    lines: str = "", commands: Choices | None = None, first_words: Mapping[str, Choices] | None = None,
) -> Program:
    """The program of a parser.

    `choices` has the values of an argument by its `dest`, where the parser does not say them. In each of `apart` there
    are groups of names of which only one may be used. `lines` is the `dest` of the option that takes commands.
    """
    options = []
    argument: Option | None = None
    for action in parser._actions:  # argparse has no public way to ask for what was declared
        names = tuple(action.option_strings)
        known = choices.get(action.dest) or {str(one): "" for one in action.choices or ()}
        kind = _kind(action, known, lines)
        what = (action.metavar if isinstance(action.metavar, str) else action.dest).lower().strip("'")
        meaning = (action.help or "").replace("%%", "%")
        one = Option(names, meaning, kind, what, known, _unless(action, names, apart))
        if names:
            options.append(one)
        else:
            argument = one
    without_marks = {name: meaning.replace("`", "") for name, meaning in (commands or {}).items()}
    return Program(parser.prog, tuple(options), argument, without_marks, first_words or {})


def _kind(action: argparse.Action, choices: Choices, lines: str) -> Kind:
    if action.nargs == 0:
        return Kind.NONE
    if choices:
        return Kind.CHOICE
    if lines and action.dest == lines:
        return Kind.LINES
    return Kind.FILE if action.type is Path or not action.option_strings else Kind.TEXT


def _unless(
    action: argparse.Action, names: tuple[str, ...], apart: Sequence[Sequence[Sequence[str]]]
) -> tuple[str, ...]:
    own = names or (ARGUMENT,)
    repeats = isinstance(action, argparse._AppendAction)
    others = [
        name for groups in apart if any(set(own) & set(group) for group in groups)
        for group in groups if not set(own) & set(group) for name in group
    ]
    return (*(() if repeats else own), *others)
