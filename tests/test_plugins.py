"""Plugins: found, listed without being imported, imported on first use, and never able to take the shell down."""

from __future__ import annotations

import json
import os
from importlib import metadata as importlib_metadata
from pathlib import Path

import pytest

from jcopsh.plugin.host import Origin, PluginHost
from jcopsh.shell.command import Registry, command
from tests.e2e.support import Jcopsh

PLUGIN = '''
"""A plugin."""
from pathlib import Path
from jcopsh.plugin.api import Plugin, command
with Path(__file__).with_name("imports.txt").open("a") as log:
    log.write("imported\\n")

@command("{name}", group="card", aliases=({aliases}))
def run() -> str:
    """Say hello. It says no more."""
    return "hello from {name}"

PLUGIN = Plugin(name="{name}", commands=[run], summary="says hello")
'''


def write_plugin(folder: Path, name: str, *, file: str = "", aliases: str = "") -> Path:
    path = folder / (file or f"{name}.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PLUGIN.format(name=name, aliases=aliases))
    return path


def imports(folder: Path) -> int:
    log = folder / "imports.txt"
    return len(log.read_text().splitlines()) if log.exists() else 0


def host(tmp_path: Path) -> PluginHost:
    return PluginHost(folders=((Origin.USER, tmp_path / "plugins"),), cache_file=tmp_path / "cache" / "plugins.json")


def registered(tmp_path: Path) -> tuple[PluginHost, Registry]:
    found, registry = host(tmp_path), Registry()
    found.register(registry)
    return found, registry


def test_a_second_start_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jcopsh = Jcopsh(tmp_path)
    folder = tmp_path / "config" / "jcopsh" / "plugins"
    write_plugin(folder, "hello")
    assert "hello" in jcopsh.run("-c", "help").stdout
    assert imports(folder) == 1
    assert "hello" in jcopsh.run("-c", "help").stdout
    assert imports(folder) == 1
    assert "hello from hello" in jcopsh.run("-c", "hello").stdout
    assert imports(folder) == 2


def test_a_changed_plugin_is_looked_at_again(tmp_path: Path) -> None:
    write_plugin(tmp_path / "plugins", "one", file="p.py")
    assert registered(tmp_path)[1].get("one") is not None
    write_plugin(tmp_path / "plugins", "another", file="p.py")
    registry = registered(tmp_path)[1]
    assert registry.get("one") is None
    assert registry.get("another") is not None


def test_a_folder_is_a_plugin_too(tmp_path: Path) -> None:
    write_plugin(tmp_path / "plugins", "folded", file="folded/__init__.py")
    entry = registered(tmp_path)[1].get("folded")
    assert entry is not None
    assert entry.load().function() == "hello from folded"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("this is no Python", "SyntaxError"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("x = 1", "PLUGIN"),
        ("PLUGIN = 3", "PLUGIN"),
        ("raise RuntimeError('broken on purpose')", "broken on purpose"),
        ("import sys; sys.exit(3)", "sys.exit"),
        (PLUGIN.format(name="Bad Name", aliases=""), "Bad Name"),
    ],
)
def test_a_broken_one_is_listed_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    write_plugin(tmp_path / "plugins", "good")
    (tmp_path / "plugins" / "broken.py").write_text(text)
    found, registry = registered(tmp_path)
    problems = {info.name: info.problem for info in found.infos()}
    assert reason in problems["broken"]
    assert problems["good"] == ""
    assert registry.get("good") is not None


def test_a_name_that_is_taken_makes_the_later_one_broken(tmp_path: Path) -> None:
    write_plugin(tmp_path / "plugins", "first", aliases='"same",')
    write_plugin(tmp_path / "plugins", "second", aliases='"same",')
    found, registry = registered(tmp_path)
    problems = {info.name: info.problem for info in found.infos()}
    assert problems["first"] == ""
    assert "same" in problems["second"]
    assert registry.get("second") is None


def test_a_built_in_command_cannot_be_replaced(tmp_path: Path) -> None:
    @command("fuse", group="pre-personalisation")
    def fuse() -> str:
        """The real one."""
        return "real"

    write_plugin(tmp_path / "plugins", "fuse")
    registry = Registry()
    registry.add(fuse)
    found = host(tmp_path)
    found.register(registry)
    entry = registry.get("fuse")
    assert entry is not None
    assert entry.load() is fuse
    assert found.infos()[0].problem != ""


def test_one_that_breaks_after_it_was_cached(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    jcopsh.environment["PYTHONDONTWRITEBYTECODE"] = "1"  # Python's own cache goes by time and size too
    path = write_plugin(tmp_path / "config" / "jcopsh" / "plugins", "hello")
    assert jcopsh.run("-c", "hello").returncode == 0
    status, text = path.stat(), path.read_text()
    path.write_text(text.replace("with Path", "with Pfad"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    done = jcopsh.run("-c", "hello; identify")
    assert done.returncode == 1
    assert "Pfad" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    write_plugin(tmp_path / "plugins", "hello")
    cache = tmp_path / "cache" / "plugins.json"
    cache.parent.mkdir()
    for content in ("", "{", "[]", '{"format": 1}', '{"format": "jcopsh plugin cache 2, 0.1.0", "plugins": 3}',
                    '{"format": "jcopsh plugin cache 2, 0.1.0", "path": 1, "installed": 2, "plugins": {}}'):
        cache.write_text(content)
        assert registered(tmp_path)[1].get("hello") is not None


def test_the_current_directory_is_never_searched(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    for folder in (tmp_path, tmp_path / "plugins"):
        write_plugin(folder, "sneaky")
    assert "sneaky" not in jcopsh.run("-c", "plugins").stdout
    assert jcopsh.run("-c", "sneaky").returncode == 2


def test_an_installed_package_adds_one(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_plugin(site, "installed", file="installed_plugin.py")
    metadata = site / "installed_plugin-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: installed-plugin\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[jcopsh.plugins]\ninstalled = installed_plugin:PLUGIN\n")
    jcopsh = Jcopsh(tmp_path)
    jcopsh.environment["PYTHONPATH"] = f"{jcopsh.environment.get('PYTHONPATH', '')}:{site}".lstrip(":")
    assert "hello from installed" in jcopsh.run("-c", "installed").stdout
    listed = json.loads(jcopsh.run("--json", "-c", "plugins").stdout)
    assert {plugin["name"]: plugin["origin"] for plugin in listed["plugins"]}["installed"] == "installed package"


def test_a_package_installed_after_the_cache_was_made_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    assert registered(tmp_path)[1].get("later") is None
    searches: list[str] = []

    def found(*, group: str) -> tuple[()]:
        searches.append(group)
        return ()

    monkeypatch.setattr(importlib_metadata, "entry_points", found)
    registered(tmp_path)
    assert searches == []  # nothing has changed: the long search is not made
    (site / "later-1.0.dist-info").mkdir()
    registered(tmp_path)
    assert searches == ["jcopsh.plugins"]


def test_the_bundled_plugin(tmp_path: Path) -> None:
    done = Jcopsh(tmp_path).run("--json", "-c", "applets")
    assert done.returncode == 0, done.stderr
    assert "none of" in done.stdout


def test_a_plugin_that_fails_is_told_as_a_bug_and_the_next_line_runs(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    folder = tmp_path / "config" / "jcopsh" / "plugins"
    path = write_plugin(folder, "bad")
    path.write_text(path.read_text().replace('return "hello', 'raise ValueError("no") ; return "hello'))
    with jcopsh.terminal() as terminal:
        terminal.wait_for("❯")
        terminal.type_in("bad\r")
        terminal.wait_for("bug")
        terminal.type_in("identify\r")
        terminal.wait_for("NX011C")
