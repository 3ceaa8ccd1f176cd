"""Settings and aliases from `config.toml`, settings from the environment, and the lines of the start-up file.

    [settings]
    trace = "brief"
    hints = false

    [aliases]
    id = "identify"

A mistake is told with its file and line, and everything else holds all the same. Settings hold wherever jcopsh runs;
aliases and the start-up file belong to the interactive shell, so that a script does the same for everybody.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcopsh.errors import JcopshError, UsageError
from jcopsh.shell.choices import BRIEF, NEVER, OFF, ON, TRACE_LEVELS
from jcopsh.shell.settings import Origin, Settings, Source
from jcopsh.shell.tokens import counted
from jcopsh.shell.types.base import LONGEST_NAME, did_you_mean

if TYPE_CHECKING:
    from jcopsh.shell.command import Registry
    from jcopsh.shell.context import ParseContext
    from jcopsh.shell.session import Session
    from jcopsh.shell.toml_file import Document, Mistake, Value

SETTINGS, ALIASES = "settings", "aliases"
LARGEST_BYTES = 262_144  # a file that is larger was not meant to be one of settings
MOST_TOLD = 10  # mistakes of one file; of the others only the number
LONGEST_CHAIN = 10  # aliases that begin with each other and stand in the wrong order
_SWITCHED_OFF = ("0", "false", "no", OFF)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A mistake in a file of the user's: where, what, and what to try. `line` and `column` are counted from 1."""

    file: Path
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """`/home/…/config.toml:3:9: …; …`, as compilers write it."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.message}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """A name in a section, its value as TOML has it, and its line."""

    name: str
    value: Any
    line: int


@dataclass(frozen=True, slots=True)
class Config:
    """What a file says, and what is wrong with it."""

    file: Path
    settings: tuple[ConfigEntry, ...] = ()
    aliases: tuple[ConfigEntry, ...] = ()
    problems: tuple[ConfigProblem, ...] = ()


def read_config(file: Path) -> Config:
    """Read `config.toml`; never fails. A file that is not there says nothing."""
    try:
        text = _text(file)
    except (FileNotFoundError, NotADirectoryError):
        return Config(file)
    except OSError as error:
        return Config(file, problems=(ConfigProblem(file, f"cannot be read: {error.strerror}"),))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Config(file, problems=(ConfigProblem(file, "is not text in UTF-8", line=line),))
    except UsageError as error:
        return Config(file, problems=(ConfigProblem(file, error.what),))
    from jcopsh.shell.toml_file import parse

    return _understood(file, parse(text))


def _text(file: Path) -> str:
    known = file.stat()
    if not stat.S_ISREG(known.st_mode):
        raise UsageError("is no file" if not stat.S_ISDIR(known.st_mode) else "is a folder, not a file")
    if known.st_size > LARGEST_BYTES:
        raise UsageError(f"has {known.st_size} bytes; settings have at most {LARGEST_BYTES}")
    return file.read_bytes().decode("utf-8-sig")


def _understood(file: Path, document: Document) -> Config:
    problems = [_problem(file, mistake) for mistake in document.mistakes]
    found: dict[str, dict[str, ConfigEntry]] = {SETTINGS: {}, ALIASES: {}}
    strangers = {header.path for header in document.headers if header.path not in ((SETTINGS,), (ALIASES,))}
    problems += [
        _unknown_section(file, ".".join(header.path), header.line)
        for header in document.headers if header.path in strangers
    ]
    for value in document.values:
        if value.section in strangers:
            continue
        if len(value.path) != 2 or value.path[0] not in found:
            problems.append(_outside(file, value))
            continue
        section, name = value.path
        before = found[section].setdefault(name, ConfigEntry(name, value.value, value.first))
        if before.line != value.first:
            problems.append(ConfigProblem(
                file, f"{_named(name)} is given twice", f"line {before.line} counts, this one does not", value.first))
    return Config(file, tuple(found[SETTINGS].values()), tuple(found[ALIASES].values()), tuple(problems))


def _problem(file: Path, mistake: Mistake) -> ConfigProblem:
    return ConfigProblem(file, mistake.message, mistake.hint, mistake.line, mistake.column)


def _unknown_section(file: Path, name: str, line: int) -> ConfigProblem:
    near = did_you_mean(name, (SETTINGS, ALIASES))
    return ConfigProblem(file, f"there is no section {_named(name)}, and what it holds is left out",
                         near or "there are [settings] and [aliases]", line)


def _outside(file: Path, value: Value) -> ConfigProblem:
    if len(value.path) == 1:
        return ConfigProblem(file, f"{_named(value.path[0])} stands in no section",
                             "a setting belongs below [settings], an alias below [aliases]", value.first)
    if value.path[0] not in (SETTINGS, ALIASES):
        return _unknown_section(file, value.path[0], value.first)
    return ConfigProblem(file, f"[{value.path[0]}] has names with one value each",
                         'e.g. trace = "brief"' if value.path[0] == SETTINGS else 'e.g. id = "identify"', value.first)


def _named(name: str) -> str:
    """A name as it may be repeated."""
    return name if len(name) <= LONGEST_NAME and name.isprintable() else "this"


# --- what holds from then on ---------------------------------------------------------------------------------------


def apply_settings(config: Config, settings: Settings) -> tuple[ConfigProblem, ...]:
    """Set what the file says; return what could not be set."""
    problems = []
    for entry in config.settings:
        source = Source(Origin.FILE, str(config.file), entry.line)
        try:
            settings.set(entry.name, _as_typed(entry.value), source)
        except UsageError as error:
            named = f": {_named(entry.name)}" if error.what.startswith("there is no") else ""
            problems.append(ConfigProblem(config.file, error.what + named, error.hint, entry.line))
    return tuple(problems)


def _as_typed(value: Any) -> str:
    """A value as it would be typed; raises UsageError for what cannot be. `true` and `false` are `on` and `off`."""
    if isinstance(value, bool):
        return ON if value else OFF
    if isinstance(value, (str, int)):
        return str(value)
    raise UsageError("a setting is a text in quotes, a number, true or false")


def apply_aliases(config: Config, registry: Registry, context: ParseContext) -> tuple[ConfigProblem, ...]:
    """Define the file's aliases; return what is wrong with the others. One may stand before another it begins with."""
    from jcopsh.shell.aliases import define_alias

    waiting = list(config.aliases)
    problems: list[ConfigProblem] = []
    for _ in range(LONGEST_CHAIN):
        problems, left = [], []
        for entry in waiting:
            try:
                define_alias(registry, context, entry.name, _words(entry.value), f"{config.file}:{entry.line}")
            except UsageError as error:
                left.append(entry)
                message = f"the alias {_named(entry.name)}: {error.what}"
                problems.append(ConfigProblem(config.file, message, error.hint, entry.line))
        if len(left) in (0, len(waiting)):
            break
        waiting = left
    return tuple(problems)


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError("it stands for a text in quotes", hint='id = "identify"')
    return value


def before_files(settings: Settings, environment: Mapping[str, str]) -> None:
    """Set what the environment says and a file may overrule: NO_COLOR (no-color.org)."""
    if environment.get("NO_COLOR"):
        settings.set("color", NEVER, Source(Origin.ENVIRONMENT, "NO_COLOR"))


def after_files(settings: Settings, environment: Mapping[str, str]) -> None:
    """Set what the environment says and no file overrules: GlobalPlatformPro's GP_READER and GP_TRACE.

    GP_TRACE may be `brief`, `full`, or off (0, false, no, off); anything else, such as `true`, means brief.
    """
    reader, trace = environment.get("GP_READER"), environment.get("GP_TRACE", "").lower()
    if reader:
        settings.set("reader", reader, Source(Origin.ENVIRONMENT, "GP_READER"))
    if trace:
        level = OFF if trace in _SWITCHED_OFF else trace if trace in TRACE_LEVELS else BRIEF
        settings.set("trace", level, Source(Origin.ENVIRONMENT, "GP_TRACE"))


# what else GlobalPlatformPro reads, the values of it that say what jcopsh does anyway, and what it does
_UNHEARD = {
    "GP_READER_IGNORE": ((), "--reader, or the setting reader, names the reader to use"),
    "GP_PCSC_RESET": (("true",), "on leaving, the card is reset"),
    "GP_PCSC_EXCLUSIVE": (("true",), "the card is for jcopsh alone unless --shared is given"),
    "GP_PCSC_TRANSACT": (("true",), "with --shared, what belongs together is one transaction"),
}


def unheard(environment: Mapping[str, str]) -> tuple[str, ...]:
    """A line for each variable of GlobalPlatformPro that says what jcopsh does not do."""
    return tuple(f"{name} of the environment is not heard: {instead}" for name, (same, instead) in _UNHEARD.items()
                 if environment.get(name) and environment[name].lower() not in same)


def told(problems: Iterable[ConfigProblem]) -> tuple[str, ...]:
    """The problems of a file as lines to show, in its order, and not more than a screen takes."""
    lines = [str(problem) for problem in sorted(problems, key=lambda one: one.line or 0)]
    if len(lines) <= MOST_TOLD:
        return tuple(lines)
    return (*lines[:MOST_TOLD], f"and {counted(len(lines) - MOST_TOLD, 'mistake')} more")


def run_startup(session: Session, file: Path) -> None:
    """Run the lines of the start-up file, if there is one. The first that fails ends it, and is shown; nothing else."""
    from jcopsh.shell.script import run_file

    if not file.exists():
        return
    session.starting = True
    try:
        run_file(session, file)
    except JcopshError as error:
        session.output.error(error)
    finally:
        session.starting = False


# --- --save --------------------------------------------------------------------------------------------------------


def save(file: Path, section: str, name: str, value: str) -> Source:
    """Write a value to the file, which is made where it is missing; all else in it stays. Returns where it is now.

    Two programs that save at once both get theirs in. Raises UsageError where the file cannot be changed or written.
    """
    from jcopsh.shell.toml_file import parse, with_value

    text = _change(file, lambda text: with_value(text, section, name, value))
    line = next(one.first for one in parse(text).values if one.path == (section, name))
    return Source(Origin.FILE, str(file), line)


def forget(file: Path, section: str, name: str) -> bool:
    """Take a value out of the file; returns whether it was there. Raises UsageError as `save` does."""
    from jcopsh.shell.toml_file import parse, without_value

    if not file.exists():
        return False
    held: list[bool] = []

    def change(text: str) -> str:
        held.append(any(one.path == (section, name) for one in parse(text).values))
        return without_value(text, section, name)

    _change(file, change)
    return any(held)


def _change(file: Path, change: Callable[[str], str]) -> str:
    from jcopsh.secrets.files import exclusive, write_private

    # the file itself where it is a link, such as to a folder of dotfiles
    target = file.resolve()
    try:
        with exclusive(target):
            text = _text(target) if target.exists() else ""
            changed = change(text)
            if changed != text:
                write_private(target, changed.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}",
                         hint="without --save it holds until jcopsh ends") from None
    except UnicodeError:
        raise UsageError(f"{file} cannot hold this: it would not be text in UTF-8") from None
    except UsageError as error:
        raise UsageError(f"{file}: {error.what}", hint=error.hint) from None
    return changed
