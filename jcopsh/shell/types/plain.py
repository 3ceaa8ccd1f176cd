"""Text, numbers, choices and paths."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import ClassVar, TypeVar

from jcopsh.errors import UsageError
from jcopsh.globalplatform.channel import version_text
from jcopsh.shell.choices import Choices
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.tokens import TokenKind
from jcopsh.shell.types import folders
from jcopsh.shell.types.base import NOT_OTHERWISE, ParameterType, did_you_mean, matching

T = TypeVar("T")


@dataclass(frozen=True)
class TextType(ParameterType[str]):
    """Any text. With `rest`, all the words that remain."""

    says: str = "any text"
    rest: bool = False

    @property
    def takes_rest(self) -> bool:  # type: ignore[override]  # a text takes one word or the rest, as declared
        """Whether all remaining words belong to it."""
        return self.rest

    @property
    def meaning(self) -> str:
        """As declared."""
        return self.says

    def parse(self, text: str, context: ParseContext) -> str:
        """The text itself."""
        return text

    def format(self, value: str) -> str:
        """The text itself."""
        return value


_NUMBER = re.compile(r"(?P<sign>-?)(?:0[xX](?P<hexadecimal>[0-9A-Fa-f]+)|(?P<decimal>[0-9]+))")


def parse_number(text: str) -> int | None:
    """A number in decimal or, after 0x, in hexadecimal; None where it is neither."""
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > 20:
        return None
    value = int(match["hexadecimal"], 16) if match["hexadecimal"] else int(match["decimal"])
    return -value if match["sign"] else value


_NUMBER_SO_FAR = re.compile(r"-?(?:0[xX]?)?")


def number_may_go_on(text: str, largest: int | None = None) -> bool:
    """Whether more digits may make a number of a text, that is not too large."""
    value = parse_number(text)
    if value is None:
        return _NUMBER_SO_FAR.fullmatch(text) is not None
    return largest is None or value <= largest


@dataclass(frozen=True)
class IntegerType(ParameterType[int]):
    """A whole number in decimal or hexadecimal, within limits where they are given (both inclusive)."""

    minimum: int | None = None
    maximum: int | None = None
    says: str = "a number, in decimal or as 0x…"

    metavar: ClassVar[str] = "NUMBER"
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """As declared."""
        return self.says

    def parse(self, text: str, context: ParseContext) -> int:
        """The number."""
        value = parse_number(text)
        if value is None:
            raise UsageError("this is no number", hint="write it in decimal, or in hexadecimal as 0x10",
                             start=0, end=len(text))
        if self.minimum is not None and value < self.minimum:
            raise UsageError(f"{value} is too small: at least {self.minimum}", start=0, end=len(text))
        if self.maximum is not None and value > self.maximum:
            raise UsageError(f"{value} is too large: at most {self.maximum}", start=0, end=len(text))
        return value

    def may_go_on(self, text: str, context: ParseContext) -> bool:
        """Whether more digits may make it one that is possible."""
        return number_may_go_on(text, self.maximum)

    def explain(self, text: str, context: ParseContext) -> str:
        """The number in the other notation."""
        value = parse_number(text)
        if value is None or (self.minimum is not None and value < self.minimum):
            return "" if self.minimum is None else f"{self.says}: at least {self.minimum}"
        return f"{self.says}: {value} is 0x{value:X}" if value >= 0 else self.says

    def format(self, value: int) -> str:
        """In decimal."""
        return str(value)


@dataclass(frozen=True)
class KeyVersionType(IntegerType):
    """The version of a key set on the card."""

    says: str = "a key version, as 255 or 0xFF"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The versions that the card told of (key information template, GET DATA 00E0), as far as they are allowed."""
        allowed = (one for one in context.key_versions
                   if (self.minimum or 0) <= one <= (0xFF if self.maximum is None else self.maximum))
        return matching({version_text(one): f"a key set of this card, version {one}" for one in allowed}, text)


_OPTION = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{1,2})")
_USUAL_OPTIONS = {"15": "SCP02 of JCOP 2.4.1", "55": "SCP02 of most later cards", "75": "SCP02 with MACs on answers"}


@dataclass(frozen=True)
class ScpOptionType(ParameterType[int]):
    """The implementation option i of SCP02: a byte in hexadecimal, as cards, listings and other tools show it."""

    metavar: ClassVar[str] = "HEX"
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """That it is hexadecimal."""
        return "the implementation option i of SCP02, in hex as it is shown: 15 or 0x15"

    def parse(self, text: str, context: ParseContext) -> int:
        """The byte."""
        match = _OPTION.fullmatch(text)
        if match is None:
            raise UsageError("this is no implementation option i", hint="one byte in hex, as 15 or 0x15",
                             start=0, end=len(text))
        return int(match[1], 16)

    def may_go_on(self, text: str, context: ParseContext) -> bool:
        """Whether it is a byte, or the beginning of one."""
        return text in ("", "0x", "0X") or _OPTION.fullmatch(text) is not None

    def explain(self, text: str, context: ParseContext) -> str:
        """The byte as it was understood."""
        match = _OPTION.fullmatch(text)
        return "" if match is None else f"the implementation option i of SCP02: hex {int(match[1], 16):02X}"

    def format(self, value: int) -> str:
        """Two hexadecimal digits."""
        return f"{value:02X}"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The usual ones."""
        return matching(_USUAL_OPTIONS, text)


class ChoiceType(ParameterType[T]):
    """One of a few names, in any case of letters. `meanings` may say something to each name."""

    metavar: ClassVar[str] = "CHOICE"
    begins: ClassVar[re.Pattern[str]] = NOT_OTHERWISE
    drawn_as: ClassVar[TokenKind] = TokenKind.CHOICE

    def __init__(self, values: Mapping[str, T], meanings: Mapping[str, str] | None = None) -> None:
        self.values = dict(values)
        self.meanings = dict(meanings or {})

    @property
    def meaning(self) -> str:
        """The names."""
        return "one of " + ", ".join(self.values)

    def parse(self, text: str, context: ParseContext) -> T:
        """The value of that name."""
        by_small = {name.lower(): value for name, value in self.values.items()}
        if text.lower() in by_small:
            return by_small[text.lower()]
        hint = did_you_mean(text, self.values)
        raise UsageError(f"possible here: {', '.join(self.values)}", hint=hint, start=0, end=len(text))

    def format(self, value: T) -> str:
        """The name of the value."""
        return next(name for name, known in self.values.items() if known == value)

    def explain(self, text: str, context: ParseContext) -> str:
        """What the name means."""
        return next((f"{name}: {said}" for name, said in self.meanings.items() if name.lower() == text.lower()), "")

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The names that fit."""
        return matching([(name, self.meanings.get(name, "")) for name in self.values], text)


EnumT = TypeVar("EnumT", bound=Enum)


def choice(*names: str, **meanings: str) -> ChoiceType[str]:
    """A choice of names, the value being the name: `choice("cold", "warm", cold="power off and on")`."""
    return ChoiceType({name: name for name in names}, meanings)


def choice_among(meanings: Choices) -> ChoiceType[str]:
    """A choice of names that are declared with their meanings, as those of `jcopsh.shell.choices`."""
    return ChoiceType({name: name for name in meanings}, meanings)


def choice_of(values: type[EnumT], meanings: Mapping[str, str] | None = None) -> ChoiceType[EnumT]:
    """A choice of an enum's members by their values: `choice_of(ResetKind)`."""
    return ChoiceType({str(member.value): member for member in values}, meanings)


class FileKind(Enum):
    """What a path is for."""

    READ = "a file to read"
    WRITE = "a file to write"
    FOLDER = "a folder"


@dataclass(frozen=True)
class FilePathType(ParameterType[Path]):
    """A path of the file system; `~` is the home directory. A file to read has to exist; `-` always may be given.

    `suffixes` are the usual endings, with their dots: such files are offered first.
    """

    kind: FileKind = FileKind.READ
    suffixes: tuple[str, ...] = ()

    metavar: ClassVar[str] = "FILE"
    drawn_as: ClassVar[TokenKind] = TokenKind.PATH

    @property
    def meaning(self) -> str:
        """By kind."""
        return self.kind.value

    def parse(self, text: str, context: ParseContext) -> Path:
        """The path, with `~` replaced."""
        if not text or "\0" in text:
            raise UsageError("this is no path", start=0, end=len(text))
        # Path.expanduser would take ./~x for a home directory, os.path does not
        return Path(os.path.expanduser(text))  # noqa: PTH111 — see the line above

    def format(self, value: Path) -> str:
        """The path, so written that a leading `~` stays one."""
        text = str(value)
        return f"./{text}" if text.startswith("~") else text

    def explain(self, text: str, context: ParseContext) -> str:
        """What kind of file it is by its ending."""
        said = folders.MEANINGS.get(folders.suffix_of(text), "")
        return f"{self.meaning}: {said}" if said else self.meaning

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The entries of the folder that is typed so far: what is typed exactly, the usual endings, folders, others."""
        folder, name = os.path.split(text)
        try:
            found = folders.entries(Path(os.path.expanduser(folder)), name)  # noqa: PTH111 — as above
        except (OSError, ValueError):  # no such folder, or no name that a folder can have
            return ()
        start = len(text) - len(name)
        return (
            Completion(one.name + ("/" if one.is_folder else ""), one.meaning, start, unfinished=one.is_folder)
            for one in self._in_order(found, name)
        )

    def _in_order(self, found: Sequence[folders.Entry], typed: str) -> Iterable[folders.Entry]:
        """What is typed exactly, then files with the usual endings, folders, other files."""
        if self.kind is FileKind.FOLDER:
            return (one for one in found if one.is_folder)
        if not self.suffixes:
            return found  # in the order of their names, what is typed exactly comes first by itself
        exact, others = (found[:1], found[1:]) if found and found[0].name == typed else ((), found)
        return chain(
            exact,
            (one for one in others if one.suffix in self.suffixes and not one.is_folder),
            (one for one in others if one.is_folder),
            (one for one in others if one.suffix not in self.suffixes and not one.is_folder),
        )
