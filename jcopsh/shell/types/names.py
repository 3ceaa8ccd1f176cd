"""The shell's own names: settings and the subjects of help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.tokens import TokenKind
from jcopsh.shell.types.base import ParameterType, did_you_mean, matching


@dataclass(frozen=True)
class SettingNameType(ParameterType[str]):
    """The name of a setting."""

    metavar: ClassVar[str] = "NAME"
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
                             hint=did_you_mean(name, context.settings) if len(text) <= 20 else "set lists them")
        return name

    def format(self, value: str) -> str:
        """The name itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The settings, each with its possible values."""
        return matching({name: ", ".join(values) for name, values in context.settings.items()}, text)


@dataclass(frozen=True)
class SettingValueType(ParameterType[str]):
    """A value of the setting that stands before it."""

    drawn_as: ClassVar[TokenKind] = TokenKind.CHOICE

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a value that the setting can have"

    def parse(self, text: str, context: ParseContext) -> str:
        """The value as the settings have it."""
        values = self._values(context)
        if values and text.lower() not in values:
            raise UsageError(f"possible here: {', '.join(values)}", start=0, end=len(text),
                             hint=did_you_mean(text, values) if len(text) <= 20 else "")
        return text.lower() if values else text

    def _values(self, context: ParseContext) -> tuple[str, ...]:
        return context.settings.get(context.arguments.get("name", ""), ())

    def format(self, value: str) -> str:
        """The value itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The values that fit."""
        return matching([(value, "") for value in self._values(context)], text)


@dataclass(frozen=True)
class HelpSubjectType(ParameterType[str]):
    """A command or a topic of `help`: all the words that remain."""

    metavar: ClassVar[str] = "SUBJECT"
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME
    takes_rest: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a command, or a topic such as transport key; help alone lists both"

    def parse(self, text: str, context: ParseContext) -> str:
        """The subject with single blanks."""
        subject = " ".join(text.split())
        names = {known.text.lower(): known.text for known in (*context.subjects, *context.subject_aliases)}
        if names and subject.lower().lstrip("/") not in names:
            raise UsageError("there is no help on this", start=0, end=len(text),
                             hint=did_you_mean(subject, names) if len(text) <= 20 else "help lists the subjects")
        return names.get(subject.lower().lstrip("/"), subject)

    def format(self, value: str) -> str:
        """The subject itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """Commands and topics; another name of one is offered to who has begun to type it."""
        offered = (*context.subjects, *context.subject_aliases) if text else context.subjects
        return [known for known in offered if known.text.lower().startswith(text.lower())]
