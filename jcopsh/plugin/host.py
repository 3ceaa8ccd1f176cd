"""Finding plugins, and knowing what they add without importing them.

Places, in this order: the bundled folder, the entry points of installed packages (group `jcopsh.plugins`), the user's
own folder. Never the current directory. What each adds is cached by path, time and size (an installed one by package
and version), so that start-up imports none; a plugin is imported when one of its names is first used. A broken plugin
is listed with its reason and takes nothing down.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jcopsh import __version__, places
from jcopsh.errors import Ended
from jcopsh.secrets.files import write_private

if TYPE_CHECKING:
    from jcopsh.plugin.api import Plugin
    from jcopsh.shell.command import Command, Registry

ENTRY_POINT_GROUP = "jcopsh.plugins"
CACHE_FORMAT = f"jcopsh plugin cache 2, {__version__}"


class Origin(StrEnum):
    """Where a plugin was found."""

    BUNDLED = "bundled"
    INSTALLED = "installed package"
    USER = "user's folder"


@dataclass(frozen=True, slots=True)
class Source:
    """One plugin as found: `location` is a file, or `module:attribute`; `stamp` changes when the plugin does."""

    name: str
    origin: Origin
    location: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Added:
    """A command that a plugin adds, as far as it is known without importing it."""

    name: str
    summary: str
    group: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin as `plugins` lists it. `problem` is empty unless it is broken."""

    name: str
    origin: Origin
    location: str
    summary: str = ""
    commands: tuple[Added, ...] = ()
    problem: str = ""


def default_folders() -> tuple[tuple[Origin, Path], ...]:
    """The bundled folder (inside the installed package, or beside it in a checkout) and the user's."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_plugins"
    # beside an installed package, `plugins` would be a stranger's
    in_checkout = (package.parent / "pyproject.toml").is_file()
    bundled = package.parent / "plugins" if in_checkout and not installed.is_dir() else installed
    return ((Origin.BUNDLED, bundled), (Origin.USER, places.user_plugins_folder()))


@dataclass(slots=True)
class PluginHost:
    """Finds plugins, registers what they add, and imports one when it is needed.

    `folders` and `cache_file` default to the real places; tests give their own.
    """

    folders: tuple[tuple[Origin, Path], ...] = field(default_factory=default_folders)
    cache_file: Path = field(default_factory=places.plugin_cache_file)
    _infos: list[PluginInfo] = field(default_factory=list)

    def register(self, registry: Registry) -> None:
        """Add every command of every plugin to the registry, by name; a clash makes the later plugin a broken one."""
        self._infos = [self._registered(source, info, registry) for source, info in self._known()]

    def infos(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, broken ones with their reason."""
        return tuple(self._infos)

    def _registered(self, source: Source, info: PluginInfo, registry: Registry) -> PluginInfo:
        from jcopsh.shell.command import CommandError

        try:
            _require_free(registry, source, info)
            for added in info.commands:
                registry.add_lazy(
                    added.name, summary=added.summary, group=added.group, aliases=added.aliases,
                    owner=f"plugin {source.name}", load=partial(_load_command, source, added.name),
                )
        except CommandError as error:
            return PluginInfo(info.name, info.origin, info.location, info.summary, info.commands, str(error))
        return info

    def _known(self) -> list[tuple[Source, PluginInfo]]:
        cache = self._read_cache()
        path = _stamp_of_path()
        installed = _installed_from_cache(path, cache)
        if installed is None:
            installed = list(_installed_sources())
        plugins = cache.get("plugins", {})
        sources = list(self._sources(installed))
        known = [(source, _from_cache(source, plugins) or inspect_plugin(source)) for source in sources]
        fresh = {
            "format": CACHE_FORMAT,
            "path": path,
            "installed": [[source.name, source.location, source.stamp] for source in installed],
            "plugins": {source.location: _to_cache(source, info) for source, info in known},
        }
        if fresh != cache:
            self._write_cache(fresh)
        return known

    def _sources(self, installed: Iterable[Source]) -> Iterator[Source]:
        for origin, folder in self.folders:
            if origin is Origin.USER:
                yield from installed
            yield from _folder_sources(origin, folder)

    def _read_cache(self) -> dict[str, Any]:
        try:
            document = json.loads(self.cache_file.read_text("utf-8"))
            usable = document["format"] == CACHE_FORMAT and isinstance(document["plugins"], dict)
            return dict(document) if usable else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}  # it is only a cache: made anew

    def _write_cache(self, document: dict[str, Any]) -> None:
        try:
            write_private(self.cache_file, json.dumps(document, indent=1).encode())
        except OSError:
            return  # without a cache every start imports the plugins: slower, and nothing else


def _require_free(registry: Registry, source: Source, info: PluginInfo) -> None:
    """All names before any is added: a plugin is there whole, or not at all. Raises CommandError."""
    from jcopsh.shell.command import CommandError

    for added in info.commands:
        for name in (added.name, *added.aliases):
            taken = registry.get(name)
            if taken is not None:
                raise CommandError(f"plugin {source.name} wants the name {name}, which {taken.owner} has")


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []  # missing, or not ours to read: there are no plugins then


def _folder_sources(origin: Origin, folder: Path) -> Iterator[Source]:
    for entry in _entries(folder):
        file = entry / "__init__.py" if entry.is_dir() else entry
        if file.suffix != ".py" or entry.name.startswith((".", "_")) or not file.is_file():
            continue
        status = file.stat()
        yield Source(entry.stem, origin, str(file), f"{status.st_mtime_ns} {status.st_size}")


def _stamp_of_path() -> list[list[str | int]]:
    """Every place that Python imports from, with its time: a package that is installed or removed changes it."""
    stamps: list[list[str | int]] = []
    for place in sys.path:
        try:
            stamps.append([place, Path(place).stat().st_mtime_ns])
        except OSError:
            stamps.append([place, 0])  # not there: it may come
    return stamps


def _installed_from_cache(path: list[list[str | int]], cache: dict[str, Any]) -> list[Source] | None:
    """The plugins of installed packages, None where they have to be looked for: that takes longest of all."""
    try:
        if cache["path"] != path:
            return None
        return [Source(str(name), Origin.INSTALLED, str(location), str(stamp))
                for name, location, stamp in cache["installed"]]
    except (KeyError, TypeError, ValueError):
        return None


def _installed_sources() -> Iterator[Source]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINT_GROUP):
        version = point.dist.version if point.dist else "?"
        yield Source(point.name, Origin.INSTALLED, point.value, f"{point.dist.name if point.dist else '?'} {version}")


def inspect_plugin(source: Source) -> PluginInfo:
    """Import a plugin and say what it adds, or why it cannot be used."""
    try:
        plugin = load_plugin(source)
        commands = tuple(Added(c.name, c.summary, c.group, tuple(c.aliases)) for c in plugin.commands)
    except Exception as error:
        return PluginInfo(source.name, source.origin, source.location, problem=f"{type(error).__name__}: {error}")
    except Ended:
        raise
    except SystemExit:
        return PluginInfo(source.name, source.origin, source.location, problem="it calls sys.exit when imported")
    return PluginInfo(plugin.name, source.origin, source.location, plugin.summary, commands)


def load_plugin(source: Source) -> Plugin:
    """Import a plugin's module and return its PLUGIN. Raises whatever the plugin raises, and TypeError."""
    from jcopsh.plugin.api import Plugin

    plugin = _attribute(source)
    if not isinstance(plugin, Plugin):
        raise TypeError("it has no PLUGIN = Plugin(name=…, commands=[…])")
    return plugin


def _attribute(source: Source) -> object:
    if source.origin is Origin.INSTALLED:
        module_name, _, attribute = source.location.partition(":")
        return getattr(importlib.import_module(module_name), attribute or "PLUGIN", None)
    return getattr(_import_file(source), "PLUGIN", None)


def _import_file(source: Source) -> ModuleType:
    # two files of one name, and two versions of one file, are different modules
    name = f"jcopsh_plugin_{zlib.crc32(f'{source.location} {source.stamp}'.encode()):08x}_{source.name}"
    if name in sys.modules:
        return sys.modules[name]
    folder = Path(source.location).parent
    is_folder = Path(source.location).name == "__init__.py"
    spec = importlib.util.spec_from_file_location(
        name, source.location, submodule_search_locations=[str(folder)] if is_folder else None
    )
    if spec is None or spec.loader is None:
        raise ImportError("Python cannot import this file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _load_command(source: Source, name: str) -> Command:
    """The command of that name, importing its plugin; raises CommandError with the plugin's reason."""
    from jcopsh.shell.command import CommandError

    try:
        plugin = load_plugin(source)
    except Ended:
        raise
    except (Exception, SystemExit) as error:
        raise CommandError(f"plugin {source.name} cannot be imported: {type(error).__name__}: {error}") from error
    for command in plugin.commands:
        if command.name == name:
            return command
    raise CommandError(f"plugin {source.name} no longer has a command {name}")


def _to_cache(source: Source, info: PluginInfo) -> dict[str, Any]:
    return {
        "stamp": source.stamp,
        "name": info.name,
        "summary": info.summary,
        "commands": [{**asdict(c), "aliases": list(c.aliases)} for c in info.commands],
        "problem": info.problem,
    }


def _from_cache(source: Source, cache: dict[str, Any]) -> PluginInfo | None:
    entry = cache.get(source.location)
    try:
        # a broken one is looked at again: what it lacked may be there now
        if entry is None or entry["stamp"] != source.stamp or entry["problem"]:
            return None
        commands = tuple(
            Added(c["name"], c["summary"], c["group"], tuple(c["aliases"])) for c in entry["commands"]
        )
        return PluginInfo(entry["name"], source.origin, source.location, entry["summary"], commands)
    except (KeyError, TypeError):
        return None
