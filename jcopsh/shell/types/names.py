"""The shell's own names: settings, readers, and the subjects of help."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.shell.choices import Choices
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import byte_runs
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.base import NOT_OTHERWISE, ParameterType, UnfinishedError, did_you_mean, exact_first, matching
from jcopsh.shell.words import QUOTES, plain_name

_STATUS_WORD = re.compile(r"(?:sw\s*|0x)?([69][0-9a-f]{3})", re.IGNORECASE)
_INSTRUCTION = re.compile(r"(?:ins\s*|0x|00|80|84|c0|ff)?([0-9a-f]{2})", re.IGNORECASE)

_DIGITS_SO_FAR = re.compile(r"(?:s|sw\s*|0?x?)[69]?[0-9a-f]{0,2}|in?|ins\s*[0-9a-f]?|(?:0x)?[0-9a-f]?")


def bytes_asked_about(subject: str) -> str:
    """The digits of a status word (four) or an instruction byte (two) that help is wanted on; else empty. A status word
    may have a blank in its middle, and an instruction its class before it: `6a 82`, `00A4`."""
    joined = re.sub(r"\b([0-9a-f]{2})\s+([0-9a-f]{2})$", r"\1\2", subject, flags=re.IGNORECASE)
    match = _STATUS_WORD.fullmatch(joined) or _INSTRUCTION.fullmatch(joined)
    return match[1].upper() if match else ""


@dataclass(frozen=True)
class SettingNameType(ParameterType[str]):
    """The name of a setting."""

    metavar: ClassVar[str] = "NAME"
    begins: ClassVar[re.Pattern[str]] = NOT_OTHERWISE
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "the name of a setting; set alone lists them"

    def parse(self, text: str, context: ParseContext) -> str:
        """The name as the settings have it."""
        name = text.lower().replace("-", "_")
        if context.settings and name not in context.settings:
            raise UsageError("there is no such setting", start=0, end=len(text),
                             hint=did_you_mean(name, context.settings) or "set lists them")
        return name

    def format(self, value: str) -> str:
        """The name itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The settings, each with what it is for."""
        names = {name: context.setting_meanings.get(name, ", ".join(values))
                 for name, values in context.settings.items()}
        return matching(names, text.replace("-", "_"))


@dataclass(frozen=True)
class SettingValueType(ParameterType[str]):
    """A value of the setting that stands before it."""

    begins: ClassVar[re.Pattern[str]] = NOT_OTHERWISE

    drawn_as: ClassVar[TokenKind] = TokenKind.CHOICE

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a value that the setting can have"

    def parse(self, text: str, context: ParseContext) -> str:
        """The value as the settings have it."""
        values = self._values(context)
        named = {value.lower(): value for value in values}
        if values and text.lower() not in named:
            raise UsageError(f"possible here: {', '.join(values)}", start=0, end=len(text),
                             hint=did_you_mean(text, values))
        return named.get(text.lower(), text)

    def _values(self, context: ParseContext) -> Choices:
        return context.settings.get(context.arguments.get("name", ""), {})

    def format(self, value: str) -> str:
        """The value itself."""
        return value

    def explain(self, text: str, context: ParseContext) -> str:
        """What the value means."""
        return next((f"{name}: {said}" for name, said in self._values(context).items()
                     if said and name.lower() == text.lower()), "")

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The values that fit."""
        return matching(self._values(context), text)


@dataclass(frozen=True)
class ReaderType(ParameterType[str]):
    """A reader: its index, its name, or a part of the name. Which one that is shows when it is connected to."""

    metavar: ClassVar[str] = "READER"
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME
    takes_rest: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a reader: its index, its name, or a part of the name; readers lists them"

    def parse(self, text: str, context: ParseContext) -> str:
        """The text itself: readers come and go."""
        return text

    def format(self, value: str) -> str:
        """The text itself."""
        return value

    def explain(self, text: str, context: ParseContext) -> str:
        """The reader that is meant."""
        found = self._fitting(text, context)
        if not found:
            return "no reader of that name was seen" if context.readers else ""
        if len(found) > 1:
            return f"{len(found)} readers have this in their name"
        return f"{found[0].text}: {found[0].meaning}"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The readers that fit, each with what is in it."""
        return self._fitting(text, context)

    def _fitting(self, text: str, context: ParseContext) -> list[Completion]:
        if text.isdecimal() and int(text) < len(context.readers):
            return [context.readers[int(text)]]
        wanted = text.strip().lower()
        return exact_first([one for one in context.readers if wanted in one.text.lower()], text.strip())


@dataclass(frozen=True)
class AliasDefinition:
    """`id = identify`; `words` is None where only the name was given."""

    name: str
    words: str | None = None


@dataclass(frozen=True)
class AliasDefinitionType(ParameterType[AliasDefinition]):
    """A name, `=` and the beginning of a command, which may stand in quotes as a whole; or a name alone."""

    metavar: ClassVar[str] = "NAME = COMMAND"
    takes_rest: ClassVar[bool] = True
    holds_line: ClassVar[bool] = True
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME
    knows_its_secrets: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a name of your own, and the command with the arguments that it stands for"

    def parse(self, text: str, context: ParseContext) -> AliasDefinition:
        """Name and words."""
        name = text.partition("=")[0].strip()
        if len(name.split()) != 1:
            raise UsageError("this begins with one name and =", start=0, end=len(text),
                             hint="e.g. alias id = identify")
        line = self.line_in(text)
        return AliasDefinition(name, text[line.start : line.end].strip() if line is not None else None)

    def format(self, value: AliasDefinition) -> str:
        """As it is typed."""
        if value.words is None:
            return value.name
        quote = next((one for one in QUOTES if one not in value.words), "")
        return f"{value.name} = {quote}{value.words}{quote}"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The aliases there are, to be changed."""
        return matching(context.aliases, text)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """Those before the command line, which is parsed by itself."""
        line = self.line_in(text)
        return byte_runs(text if line is None else text[: line.start])

    def line_in(self, text: str) -> Span | None:
        """What stands behind the first `=`, without quotes around it."""
        at = text.find("=") + 1
        if at == 0:
            return None
        start, end = at + len(text[at:]) - len(text[at:].lstrip()), len(text.rstrip())
        if start >= end:
            return Span(at, len(text))
        opening = text[start]
        if opening in QUOTES and opening not in text[start + 1 : end - 1]:
            return Span(start + 1, end - 1 if end - 1 > start and text[end - 1] == opening else end)
        return Span(start, end)


@dataclass(frozen=True)
class AliasNameType(ParameterType[str]):
    """The name of one of the user's aliases."""

    metavar: ClassVar[str] = "NAME"
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "the name of an alias; alias alone lists them"

    def parse(self, text: str, context: ParseContext) -> str:
        """The name in small letters. It may be one that only config.toml has."""
        return plain_name(text)

    def format(self, value: str) -> str:
        """The name itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The aliases, each with what it stands for."""
        return matching(context.aliases, text)


@dataclass(frozen=True)
class HelpSubjectType(ParameterType[str]):
    """A command or a topic of `help`, a status word, or an instruction byte: all the words that remain."""

    metavar: ClassVar[str] = "SUBJECT"
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME
    takes_rest: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a command, a topic such as transport key, a status word as 6A82, an INS as A4 or a field; help alone " \
            "lists them"

    def explain(self, text: str, context: ParseContext) -> str:
        """The title of the subject."""
        subject = " ".join(text.split()).lower().lstrip("/")
        named = next((f"{one.text}: {one.meaning}" for one in (*context.subjects, *context.subject_aliases)
                      if one.text.lower() == subject), "")
        digits = "" if named else bytes_asked_about(subject)
        return f"{'status word' if len(digits) == 4 else 'instruction'} {digits}" if digits else named

    def parse(self, text: str, context: ParseContext) -> str:
        """The subject with single blanks; a status word or an instruction byte in capitals."""
        subject = " ".join(text.split())
        names = {known.text.lower(): known.text for known in (*context.subjects, *context.subject_aliases)}
        named = names.get(subject.lower().lstrip("/"))
        if named is None and context.map is not None and context.map.field(subject) is not None:
            return subject
        if named is None and (digits := bytes_asked_about(subject)):
            return digits
        if names and named is None:
            error = UnfinishedError if any(name.startswith(f"{subject.lower()} ") for name in names) else UsageError
            raise error("there is no help on this", start=0, end=len(text),
                        hint=did_you_mean(subject, names) or "help lists the subjects")
        return named or subject

    def may_go_on(self, text: str, context: ParseContext) -> bool:
        """Whether more letters may make a name of it, a status word or an instruction byte."""
        subject = " ".join(text.split()).lower().lstrip("/")
        if _DIGITS_SO_FAR.fullmatch(subject):
            return True
        fields = context.map.fields if context.map is not None else ()
        names = (*(one.text.lower() for one in (*context.subjects, *context.subject_aliases)),
                 *(one.name for one in fields))
        return any(name.startswith(subject) for name in names)

    def format(self, value: str) -> str:
        """The subject itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """Commands and topics; another name of one is offered to who has begun to type it."""
        offered = (*context.subjects, *context.subject_aliases) if text else context.subjects
        wanted = text.lower()
        return exact_first([known for known in offered if known.text.lower().startswith(wanted)], text)
