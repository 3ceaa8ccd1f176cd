"""What parsing and completion may know: a frozen picture of the session. They never talk to a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from jcopsh.jcop.memory_map import MemoryMap
from jcopsh.shell.choices import Choices

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Completion(NamedTuple):
    """Something that could stand in place of what is typed, and what it means.

    `start` is where in the argument's text it goes; what follows is replaced. `unfinished` is set where more can be
    typed on, such as after a folder's name. `shown` is how the menu lists it, where that is not the text.
    """

    text: str
    meaning: str = ""
    start: int = 0
    unfinished: bool = False
    shown: str = ""


class ContentKind(Enum):
    """What an AID on the card is of."""

    ISSUER = "issuer security domain"
    DOMAIN = "security domain"
    APPLICATION = "application"
    PACKAGE = "package"
    MODULE = "module"


@dataclass(frozen=True, slots=True)
class OnCard:
    """Something that is on the card: its AID in hex, what it is, what the menu says of it, the package of a module."""

    aid: str
    kind: ContentKind
    meaning: str
    package: str = ""


@dataclass(frozen=True, slots=True)
class ParseContext:
    """The memory map in use and whether it is only assumed; whether a card is connected; what can be named.

    `subjects` are the names that `help` takes, `subject_aliases` their other names, `settings` each setting with its
    possible values and what they mean (no values: any text), `setting_meanings` what each is for. `readers` are the
    readers by name, in the order of their index. `content` is what was seen to be on the card, `key_versions` those of
    its keys, `files` the files that this connection has met, by their paths from the MF or their identifiers,
    `current_df` the path of the current DF where it is known; `key_sets` the names of the stored key sets.
    `arguments` holds the values of the same command that stand before the one being looked at.
    """

    map: MemoryMap | None = None
    map_assumed: bool = False
    card_known: bool = False
    subjects: tuple[Completion, ...] = ()
    subject_aliases: tuple[Completion, ...] = ()
    settings: Mapping[str, Choices] = field(default_factory=lambda: NOTHING)
    setting_meanings: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    aliases: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    readers: tuple[Completion, ...] = ()
    content: tuple[OnCard, ...] = ()
    key_versions: tuple[int, ...] = ()
    files: tuple[Completion, ...] = ()
    current_df: str = ""
    key_sets: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    def with_arguments(self, arguments: Mapping[str, Any]) -> ParseContext:
        """The same picture in the middle of a command."""
        return replace(self, arguments=arguments)
