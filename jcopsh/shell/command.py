"""Declaring a command: its signature is its grammar, its docstring its help.

    @command("read", group="memory")
    def read(card: Card, address: Address, length: Length = 16, *, reveal: bool = False) -> MemoryBlock:
        \"\"\"Read LENGTH bytes at ADDRESS.\"\"\"

Parameters annotated `Card` or `Session` are given by the shell and are no part of the grammar. Keyword-only ones are
options: `bool` a flag, `--reveal`, any other `--name VALUE`. Annotations are looked at when the grammar is needed.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Annotated, Any

from jcopsh.errors import UsageError
from jcopsh.shell.types import DEFAULT_TYPES, ParameterType
from jcopsh.shell.types.base import LONGEST_NAME, did_you_mean, nearest
from jcopsh.shell.words import BLANKS, first_word, plain_name

_NAME = re.compile(r"[a-z?][a-z0-9_-]*")
# how much of a word and of a command has to be the same, by difflib's ratio, for the command to be meant: one letter of
# four may be another, but `get` is no `set`
ALIKE = 0.75
_ALIAS = re.compile(r"[a-z][a-z0-9_-]*")
_READS_AS_BYTES = re.compile(r"(?:[0-9a-f]{2})+")
_PARTED_WORD = re.compile(r"(?<=[a-z])-\n\s*(?=[a-z])")


class CommandError(ValueError):
    """A command that is declared wrongly, or whose name is taken."""


class ParameterKind(Enum):
    """How a parameter is given on the line."""

    POSITIONAL = "positional"
    OPTION = "option"
    FLAG = "flag"


class Injected(Enum):
    """What the shell gives to a command by itself."""

    CARD = "card"
    SESSION = "session"


# by name, so that looking at a grammar does not import what it does not need
_INJECTED = {
    ("jcopsh.card.card", "Card"): Injected.CARD,
    ("jcopsh.shell.session", "Session"): Injected.SESSION,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the grammar. `type` is None for a flag; `rest` takes all words that remain."""

    name: str
    type: ParameterType[Any] | None
    required: bool
    default: Any
    kind: ParameterKind
    rest: bool = False

    @property
    def option(self) -> str:
        """As it is typed: `--save-as`."""
        return "--" + self.name.replace("_", "-")

    @property
    def usage(self) -> str:
        """As it stands in a signature: `ADDRESS`, `[LENGTH]`, `[--save FILE]`, `[--reveal]`."""
        if self.kind is ParameterKind.POSITIONAL:
            text = self.name.replace("_", "-").upper()
        elif self.type is None:
            text = self.option
        else:
            text = f"{self.option} {self.type.metavar}"
        return text if self.required else f"[{text}]"


@dataclass(frozen=True)
class Command:
    """A declared command. `summary` and `body` are the first paragraph and the rest of the docstring."""

    name: str
    group: str
    aliases: tuple[str, ...]
    function: Callable[..., Any]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function itself, as from Python."""
        return self.function(*arguments, **named)

    @property
    def owner(self) -> str:
        """The module that declares it."""
        return self.function.__module__

    @property
    def summary(self) -> str:
        """The first sentence or two, on one line."""
        return flowing(self._documentation.partition("\n\n")[0])

    @property
    def body(self) -> str:
        """What the docstring says after its first paragraph."""
        return self._documentation.partition("\n\n")[2].strip()

    @property
    def _documentation(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The grammar: positional parameters in order, then options and flags."""
        return self._grammar[0]

    @property
    def injected(self) -> Mapping[str, Injected]:
        """The parameters that the shell gives, by name."""
        return self._grammar[1]

    @cached_property
    def _grammar(self) -> tuple[tuple[Parameter, ...], Mapping[str, Injected]]:
        return _read_signature(self)

    @cached_property
    def positional(self) -> tuple[Parameter, ...]:
        """The positional parameters."""
        return tuple(p for p in self.parameters if p.kind is ParameterKind.POSITIONAL)

    @cached_property
    def options(self) -> Mapping[str, Parameter]:
        """Options and flags by their name without dashes, in small letters."""
        return {p.option.lstrip("-"): p for p in self.parameters if p.kind is not ParameterKind.POSITIONAL}

    @property
    def signature(self) -> str:
        """E.g. `read ADDRESS [LENGTH] [--reveal]`."""
        return " ".join([self.name, *(p.usage for p in self.parameters)])


def flowing(paragraph: str) -> str:
    """A paragraph on one line. A word that was parted behind its hyphen is whole again."""
    return " ".join(_PARTED_WORD.sub("-", paragraph).split())


def command(
    name: str, *, group: str, aliases: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Command]:
    """Declare the function below as a command. Raises CommandError for a name that cannot be typed."""
    for one in (name, *aliases):
        if not _NAME.fullmatch(one):
            raise CommandError(f"{one!r} is no name for a command: small letters, digits, '-' and '_'")

    def declare(function: Callable[..., Any]) -> Command:
        return Command(name, group, aliases, function)

    return declare


def _read_signature(declared: Command) -> tuple[tuple[Parameter, ...], Mapping[str, Injected]]:
    hints = typing.get_type_hints(declared.function, include_extras=True)
    parameters: list[Parameter] = []
    injected: dict[str, Injected] = {}
    for one in inspect.signature(declared.function).parameters.values():
        hint = hints.get(one.name)
        given = _injected(hint)
        if given is not None:
            injected[one.name] = given
        else:
            parameters.append(_parameter(declared, one, hint))
    ordered = sorted(parameters, key=lambda p: p.kind is not ParameterKind.POSITIONAL)
    return _with_rest(ordered), injected


def _with_rest(parameters: list[Parameter]) -> tuple[Parameter, ...]:
    """Let the last positional parameter take the remaining words, where its type can."""
    last = max((i for i, p in enumerate(parameters) if p.kind is ParameterKind.POSITIONAL), default=None)
    if last is not None:
        p = parameters[last]
        rest = p.type is not None and p.type.takes_rest
        parameters[last] = Parameter(p.name, p.type, p.required, p.default, p.kind, rest)
    return tuple(parameters)


def _injected(hint: Any) -> Injected | None:
    plain = _without_none(hint)
    return _INJECTED.get((getattr(plain, "__module__", ""), getattr(plain, "__qualname__", "")))


def _without_none(hint: Any) -> Any:
    """T of `T | None`; other annotations as they are."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        if len(members) == 1:
            return members[0]
    return hint


def _parameter(declared: Command, one: inspect.Parameter, hint: Any) -> Parameter:
    if one.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        raise CommandError(f"{declared.name}: a command names each of its parameters; {one} does not")
    required = one.default is inspect.Parameter.empty
    default = None if required else one.default
    is_option = one.kind is inspect.Parameter.KEYWORD_ONLY
    if hint is bool:
        if not is_option or default is not False:
            raise CommandError(f"{declared.name}: {one.name} is a flag: it stands behind '*' and is False by default")
        return Parameter(one.name, None, False, False, ParameterKind.FLAG)
    kind = ParameterKind.OPTION if is_option else ParameterKind.POSITIONAL
    return Parameter(one.name, _type_of(declared, one.name, hint), required, default, kind)


def _type_of(declared: Command, name: str, hint: Any) -> ParameterType[Any]:
    plain = _without_none(hint)
    if typing.get_origin(plain) is Annotated:
        for extra in typing.get_args(plain)[1:]:
            if isinstance(extra, ParameterType):
                return extra
    elif isinstance(plain, type) and plain in DEFAULT_TYPES:
        return DEFAULT_TYPES[plain]
    raise CommandError(f"{declared.name}: the annotation of {name} is no type of parameter")


# --- the registry --------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Entry:
    """A name in the registry: the command, or how to get it when it is first used.

    `owner` is the plugin or module it comes from.
    """

    name: str
    summary: str
    group: str
    owner: str
    aliases: tuple[str, ...] = ()
    command: Command | None = None
    loader: Callable[[], Command] | None = None

    def load(self) -> Command:
        """The command; imports its plugin when that has not happened yet, and passes on what that raises."""
        if self.command is None:
            if self.loader is None:
                raise CommandError(f"{self.name} of {self.owner} cannot be loaded")
            self.command = self.loader()
        return self.command


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of the user's own for the beginning of a command; `source` is the file and line, empty where typed."""

    name: str
    words: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class AliasList:
    """All aliases, by name, and the file that keeps them."""

    aliases: tuple[Alias, ...]
    file: str


class Registry:
    """All commands by name and alias. `generation` counts the changes, for whoever keeps what follows from it."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._names: dict[str, Entry] = {}
        self._aliases: dict[str, Alias] = {}
        self.generation = 0

    def add(self, added: Command, *, owner: str | None = None) -> None:
        """Add a command. Raises CommandError naming both owners where its name or an alias is taken."""
        self._add(Entry(added.name, added.summary, added.group, owner or added.owner, added.aliases, added))

    def add_lazy(
        self, name: str, summary: str, group: str, owner: str, load: Callable[[], Command], *,
        aliases: tuple[str, ...] = (),
    ) -> None:
        """Add a command that `load` gives when it is first used. Raises CommandError where a name is taken."""
        self._add(Entry(name, summary, group, owner, aliases, None, load))

    def _add(self, entry: Entry) -> None:
        for name in (entry.name, *entry.aliases):
            taken = self._names.get(name)
            if taken is not None:
                raise CommandError(f"{entry.owner} wants the name {name}, which {taken.owner} has")
        self._entries[entry.name] = entry
        for name in (entry.name, *entry.aliases):
            self._names[name] = entry
        self.generation += 1

    def remove(self, owner: str) -> None:
        """Take out all commands of an owner: a plugin that was disabled."""
        gone = [entry for entry in self._entries.values() if entry.owner == owner]
        for entry in gone:
            del self._entries[entry.name]
        self._names = {name: entry for name, entry in self._names.items() if entry not in gone}
        self.generation += 1

    def get(self, name: str) -> Entry | None:
        """The entry of a name or alias, in any case of letters, `-` and `_` alike, with JCShell's leading '/' or
        without."""
        plain = plain_name(name)
        forms = (plain, plain.replace("_", "-"), plain.replace("-", "_"))
        return next((self._names[form] for form in forms if form in self._names), None)

    def groups(self) -> dict[str, tuple[Entry, ...]]:
        """The commands by group, groups in the order they first came."""
        groups: dict[str, list[Entry]] = {}
        for entry in self._entries.values():
            groups.setdefault(entry.group, []).append(entry)
        return {name: tuple(entries) for name, entries in groups.items()}

    def begins(self, text: str) -> bool:
        """Whether the name of a command or an alias begins so."""
        typed = plain_name(text)
        return any(name.startswith(typed) for name in (*self._names, *self._aliases))

    def near(self, name: str) -> str:
        """The command or alias that a mistyped name was probably meant to be; empty when none is close."""
        return nearest(name.removeprefix("/"), [*self._names, *self._aliases], alike=ALIKE)

    # aliases of the user's own ----------------------------------------------------------------------------------------

    @property
    def aliases(self) -> tuple[Alias, ...]:
        """The user's aliases, by name. Those that a command declares are with its entry."""
        return tuple(self._aliases[name] for name in sorted(self._aliases))

    def add_alias(self, name: str, words: str, source: str = "") -> Alias:
        """Let `name` stand for `words` at the beginning of a command; an alias of that name is replaced.

        Raises UsageError for a name that cannot be one, that a command has, or that stands for itself in the end.
        """
        alias = Alias(name.lower(), words.strip(BLANKS), source)
        self._check_alias(alias)
        self._aliases[alias.name] = alias
        self.generation += 1
        return alias

    def remove_alias(self, name: str) -> Alias:
        """Take an alias out and return it; raises UsageError where there is none of that name."""
        if self.alias(name) is None:
            raise UsageError("there is no such alias", hint=did_you_mean(name, self._aliases))
        self.generation += 1
        return self._aliases.pop(plain_name(name))

    def alias(self, name: str) -> Alias | None:
        """The user's alias of that name, in any case of letters, unless a command has the name."""
        return self._aliases.get(plain_name(name)) if self.get(name) is None else None

    def expanded(self, name: str) -> str | None:
        """What an alias stands for, with an alias at its beginning written out; None where it is none, or a circle."""
        alias = self.alias(name)
        if alias is None:
            return None
        words, seen = alias.words, {alias.name}
        while (further := self.alias(first_word(words))) is not None:
            if further.name in seen:
                return None
            seen.add(further.name)
            words = further.words + words.removeprefix("/")[len(further.name) :]
        return words

    def _check_alias(self, alias: Alias) -> None:
        name = alias.name
        if not _ALIAS.fullmatch(name) or len(name) > LONGEST_NAME:
            raise UsageError("this is no name for an alias",
                             hint=f"letters, digits, '-' and '_', a letter first, at most {LONGEST_NAME}")
        if self.get(name) is not None:
            raise UsageError(f"{name} is the name of a command", hint="take another name")
        if _READS_AS_BYTES.fullmatch(name):
            raise UsageError(f"{name} reads as bytes in hexadecimal", hint="take another name")
        if not alias.words.isprintable():
            raise UsageError("an alias stands for one line of text", hint="no tabs and line ends in it")
        first, seen = first_word(alias.words), {name}
        while True:
            if first in seen:
                raise UsageError(f"{name} would stand for itself")
            further = self.alias(first)
            if further is None:
                return
            seen.add(further.name)
            first = first_word(further.words)

    def __iter__(self) -> Iterator[Entry]:
        """All commands, in the order they were added."""
        return iter(self._entries.values())
