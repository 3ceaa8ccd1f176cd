"""Settings: typed, with defaults, kept in memory for the length of a session, and where each value came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from jcopsh.errors import UsageError
from jcopsh.shell.choices import (
    AUTO,
    COLORS,
    EMACS,
    GET_RESPONSE,
    KEYS,
    OFF,
    ON,
    PAGER,
    PROTOCOLS,
    TRACE_LEVELS,
    Choices,
    switch,
)
from jcopsh.shell.theme import ThemeName
from jcopsh.shell.types.base import did_you_mean


class Origin(Enum):
    """What kind of place a value came from. Each in the list overrules those before it."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: `name` is the file, the environment variable or the option, `line` that of the file."""

    origin: Origin
    name: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """`default`, `/home/…/config.toml:3`, `GP_READER`, `--reader`, `typed`."""
        place = f"{self.name}:{self.line}" if self.line is not None else self.name
        return place or self.origin.value


DEFAULT = Source(Origin.DEFAULT)
TYPED = Source(Origin.TYPED)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as `set` shows it. Without `choices` any text will do."""

    name: str
    value: str
    default: str
    choices: tuple[str, ...]
    meaning: str
    source: Source = DEFAULT


@dataclass(frozen=True, slots=True)
class SettingList:
    """All settings, as `set` alone lists them, and the file that keeps them."""

    settings: tuple[Setting, ...]
    file: str = ""


def _maps() -> Choices:
    from jcopsh.jcop.memory_map import map_names

    return {AUTO: "what the card's answers make likely"} | dict.fromkeys(map_names(), "")


_THEMES: Choices = MappingProxyType({
    ThemeName.DARK.value: "for a dark background",
    ThemeName.LIGHT.value: "for a light background",
    ThemeName.COLORBLIND.value: "for eyes that do not tell red from green",
})


@dataclass(frozen=True, slots=True)
class _Declared:
    default: str
    choices: Choices | Callable[[], Choices]
    meaning: str

    @property
    def offered(self) -> Choices:
        """The values with their meanings; none where any text will do."""
        return self.choices() if callable(self.choices) else self.choices


_DECLARED: Mapping[str, _Declared] = {
    "map": _Declared(AUTO, _maps, "memory map that names the fields; auto goes by the card, and may be unsure"),
    "get_response": _Declared(ON, GET_RESPONSE, "follow 61xx and 6Cxx; off shows the card's own answers"),
    "color": _Declared(AUTO, COLORS, "colours; auto uses them at a terminal"),
    "theme": _Declared(ThemeName.DARK.value, _THEMES,
                       "colours for a dark or a light background, or for eyes that do not tell red from green"),
    "hints": _Declared(ON, switch("rows under the line for them", "the line alone"),
                       "signature and problems under the line while typing"),
    "toolbar": _Declared(ON, switch("a row at the bottom", "no such row"),
                         "reader, protocol, ATR, selection, channel and journal below the line"),
    "keys": _Declared(EMACS, KEYS, "keys that edit the line"),
    "complete_while_typing": _Declared(ON, switch("as you type", "at Tab alone"),
                                       "the menu opens by itself; off waits for Tab"),
    "pager": _Declared(AUTO, PAGER, "auto pages what is longer than the screen"),
    "trace": _Declared(OFF, TRACE_LEVELS, "show every exchange as it happens"),
    "reader": _Declared("", {}, "reader by index, name or part of it; empty takes the one with a card"),
    "protocol": _Declared(AUTO, PROTOCOLS, "protocol to ask the reader for"),
    "shared": _Declared(OFF, switch("others may use it between two lines", "the card is for jcopsh alone"),
                        "let other programs use the card too"),
}


class Settings:
    """The values. `generation` counts the changes; `observers` are called after each with name and value."""

    def __init__(self) -> None:
        self._values = {name: declared.default for name, declared in _DECLARED.items()}
        self._sources: dict[str, Source] = {}
        self.generation = 0
        self.observers: list[Callable[[str, str], None]] = []

    def get(self, name: str) -> Setting:
        """A setting by name, `-` and `_` alike; raises UsageError for an unknown one."""
        name = name.lower().replace("-", "_")
        declared = _DECLARED.get(name)
        if declared is None:
            near = did_you_mean(name, _DECLARED)
            raise UsageError("there is no such setting", hint=near or "set lists them")
        return Setting(
            name, self._values[name], declared.default, tuple(declared.offered), declared.meaning,
            self._sources.get(name, DEFAULT),
        )

    def set(self, name: str, value: str, source: Source = TYPED) -> Setting:
        """Change a setting; raises UsageError for a name or a value that does not exist."""
        setting = self.get(name)
        named = {choice.lower(): choice for choice in setting.choices}
        if named and value.lower() not in named:
            near = did_you_mean(value, setting.choices)
            raise UsageError(f"{setting.name} is one of {', '.join(setting.choices)}", hint=near)
        value = named.get(value.lower(), value)
        self._values[setting.name] = value
        self._sources[setting.name] = source
        self.generation += 1
        for observer in self.observers:
            observer(setting.name, value)
        return self.get(setting.name)

    def all(self) -> SettingList:
        """All settings."""
        return SettingList(tuple(self.get(name) for name in _DECLARED))

    def choices(self) -> dict[str, Choices]:
        """The possible values of each with their meanings, for parsing and completion."""
        return {name: declared.offered for name, declared in _DECLARED.items()}

    @staticmethod
    def meanings() -> dict[str, str]:
        """What each is for, in a phrase."""
        return {name: declared.meaning for name, declared in _DECLARED.items()}

    @property
    def map(self) -> str:
        """`auto`, or the name of a memory map."""
        return self._values["map"]

    @contextmanager
    def kept_where_it_succeeds(self) -> Iterator[None]:
        """What is set within holds on where the block ends well; where it raises, all is again what it was before."""
        values, sources = dict(self._values), dict(self._sources)
        try:
            yield
        except BaseException:
            for name, value in values.items():
                if self._values[name] != value:
                    self.set(name, value)
            self._sources = sources
            raise

    @property
    def get_response(self) -> bool:
        """Whether 61xx and 6Cxx are followed."""
        return self._values["get_response"] == ON

    @property
    def color(self) -> str:
        """`auto`, `always` or `never`."""
        return self._values["color"]

    @property
    def theme(self) -> ThemeName:
        """What the colours are chosen for."""
        return ThemeName(self._values["theme"])

    @property
    def hints(self) -> bool:
        """Whether there is a line under the one being typed."""
        return self._values["hints"] == ON

    @property
    def toolbar(self) -> bool:
        """Whether the card's state is shown below the line."""
        return self._values["toolbar"] == ON

    @property
    def keys(self) -> str:
        """`emacs` or `vi`."""
        return self._values["keys"]

    @property
    def complete_while_typing(self) -> bool:
        """Whether the menu of completions opens by itself."""
        return self._values["complete_while_typing"] == ON

    @property
    def pager(self) -> bool:
        """Whether what is longer than the screen is paged."""
        return self._values["pager"] == AUTO

    @property
    def trace(self) -> str:
        """`off`, `brief` or `full`."""
        return self._values["trace"]

    @property
    def reader(self) -> str | None:
        """The reader to connect to; None takes the one with a card."""
        return self._values["reader"] or None

    @property
    def protocol(self) -> str | None:
        """`T=0`, `T=1`, or None for what the card prefers."""
        value = self._values["protocol"]
        return None if value == AUTO else value

    @property
    def shared(self) -> bool:
        """Whether other programs may use the card at the same time."""
        return self._values["shared"] == ON
