"""Settings: typed, with defaults, kept in memory for the length of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jcopsh.errors import UsageError
from jcopsh.shell.theme import Ground

AUTO, ALWAYS, NEVER = "auto", "always", "never"
ON, OFF = "on", "off"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as `set` shows it."""

    name: str
    value: str
    default: str
    choices: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class SettingList:
    """All settings, as `set` alone lists them."""

    settings: tuple[Setting, ...]


def _map_choices() -> tuple[str, ...]:
    from jcopsh.jcop.memory_map import map_names

    return (AUTO, *map_names())


@dataclass(frozen=True, slots=True)
class _Declared:
    default: str
    choices: Callable[[], tuple[str, ...]]
    meaning: str


_DECLARED: Mapping[str, _Declared] = {
    "map": _Declared(AUTO, _map_choices, "memory map that names the fields; auto goes by the card, and may be unsure"),
    "get_response": _Declared(ON, lambda: (ON, OFF), "follow 61xx and 6Cxx; off shows the card's own answers"),
    "color": _Declared(AUTO, lambda: (AUTO, ALWAYS, NEVER), "colours; auto uses them at a terminal"),
    "theme": _Declared(Ground.DARK.value, lambda: tuple(g.value for g in Ground), "the terminal's background"),
    "hints": _Declared(ON, lambda: (ON, OFF), "signature and problems under the line while typing"),
}


class Settings:
    """The values. `generation` counts the changes; `observers` are called after each with name and value."""

    def __init__(self) -> None:
        self._values = {name: declared.default for name, declared in _DECLARED.items()}
        self.generation = 0
        self.observers: list[Callable[[str, str], None]] = []

    def get(self, name: str) -> Setting:
        """A setting by name, `-` and `_` alike; raises UsageError for an unknown one."""
        name = name.lower().replace("-", "_")
        declared = _DECLARED.get(name)
        if declared is None:
            raise UsageError("there is no such setting", hint="set lists them")
        return Setting(name, self._values[name], declared.default, declared.choices(), declared.meaning)

    def set(self, name: str, value: str) -> Setting:
        """Change a setting; raises UsageError for a name or a value that does not exist."""
        setting = self.get(name)
        if value.lower() not in setting.choices:
            raise UsageError(f"{setting.name} is one of {', '.join(setting.choices)}")
        self._values[setting.name] = value.lower()
        self.generation += 1
        for observer in self.observers:
            observer(setting.name, value.lower())
        return self.get(setting.name)

    def all(self) -> SettingList:
        """All settings."""
        return SettingList(tuple(self.get(name) for name in _DECLARED))

    def choices(self) -> dict[str, tuple[str, ...]]:
        """The possible values of each, for parsing and completion."""
        return {name: declared.choices() for name, declared in _DECLARED.items()}

    @property
    def map(self) -> str:
        """`auto`, or the name of a memory map."""
        return self._values["map"]

    @property
    def get_response(self) -> bool:
        """Whether 61xx and 6Cxx are followed."""
        return self._values["get_response"] == ON

    @property
    def color(self) -> str:
        """`auto`, `always` or `never`."""
        return self._values["color"]

    @property
    def ground(self) -> Ground:
        """The terminal's background."""
        return Ground(self._values["theme"])

    @property
    def hints(self) -> bool:
        """Whether there is a line under the one being typed."""
        return self._values["hints"] == ON
