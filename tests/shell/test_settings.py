"""Settings: their values, where each came from, and `set`."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from jcopsh import places
from jcopsh.commands.settings import COMMANDS
from jcopsh.commands.trace import trace
from jcopsh.errors import UsageError
from jcopsh.shell.command import Registry
from jcopsh.shell.completion import suggest
from jcopsh.shell.context import ParseContext
from jcopsh.shell.settings import DEFAULT, TYPED, Origin, Setting, Settings, Source
from tests.shell.samples import Stage, stage

NAMES = [one.name for one in Settings().all().settings]


def test_every_setting_begins_with_its_default_and_says_what_it_is() -> None:
    for one in Settings().all().settings:
        assert (one.value, one.source) == (one.default, DEFAULT)
        assert one.meaning and not one.meaning.endswith(".")
        assert not one.choices or one.default in one.choices


def test_every_choice_but_a_map_says_what_it_means() -> None:
    choices = {name: offered for name, offered in Settings().choices().items() if name != "map"}
    assert not [(name, value) for name, offered in choices.items() for value, meaning in offered.items() if not meaning]


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_can_be_set_in_any_case_of_letters_and_is_told(name: str) -> None:
    settings, told = Settings(), []
    settings.observers.append(lambda changed, value: told.append((changed, value)))
    for number, choice in enumerate(settings.get(name).choices or ("Some Reader 00",), start=1):
        typed = choice if name == "reader" else choice.upper()
        assert settings.set(name.upper().replace("_", "-"), typed).value == choice
        assert told[-1] == (name, choice)
        assert settings.generation == number


def test_a_property_gives_each_setting_as_what_it_is() -> None:
    settings = Settings()
    for name, value, wanted in (
        ("get_response", "off", False), ("hints", "off", False), ("pager", "off", False), ("shared", "on", True),
        ("protocol", "T=0", "T=0"), ("reader", "acs", "acs"), ("keys", "vi", "vi"), ("trace", "full", "full"),
        ("map", "j2a081", "j2a081"), ("color", "never", "never"), ("toolbar", "off", False),
        ("complete_while_typing", "off", False),
    ):
        settings.set(name, value)
        assert getattr(settings, name) == wanted
    settings.set("reader", "")
    settings.set("protocol", "auto")
    assert (settings.reader, settings.protocol) == (None, None)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [("trce", "brief", "did you mean trace?"), ("x" * 60, "on", "set lists them"), ("hints", "onn", "did you mean on?"),
     ("trace", "404142434445464748494A4B4C4D4E4F", "")],
)
def test_what_cannot_be_set_changes_nothing_and_is_not_repeated(name: str, value: str, hint: str) -> None:
    settings = Settings()
    with pytest.raises(UsageError) as refused:
        settings.set(name, value)
    assert refused.value.hint == hint
    assert value not in refused.value.what or len(value) < 8
    assert settings.generation == 0
    assert all(one.source == DEFAULT for one in settings.all().settings)


def test_a_source_says_where_the_value_came_from() -> None:
    settings = Settings()
    assert settings.set("trace", "brief").source == TYPED
    assert settings.set("trace", "full", Source(Origin.FILE, "/x/config.toml", 3)).source.line == 3
    shown = [str(source) for source in (
        DEFAULT, TYPED, Source(Origin.FILE, "/x/config.toml", 3), Source(Origin.ENVIRONMENT, "GP_READER"),
        Source(Origin.OPTION, "--reader"))]
    assert shown == ["default", "typed", "/x/config.toml:3", "GP_READER", "--reader"]


# the command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A session with the commands of this family, and a folder of its own for config.toml."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    registry = Registry()
    for one in COMMANDS:
        registry.add(one)
    return stage(tmp_path, registry=registry)


def test_set_lists_value_choices_default_and_source(shell: Stage) -> None:
    shell.session.settings.set("trace", "brief", Source(Origin.FILE, "/home/x/config.toml", 7))
    shell.session.settings.set("reader", "ACS 00", Source(Origin.ENVIRONMENT, "GP_READER"))
    assert shell.run("set") == 0
    shown = shell.shown
    assert "off by default, brief, full; config.toml:7" in shown
    assert '"" by default; GP_READER' in shown
    assert all(name in shown for name in NAMES)
    assert shown.replace("\n", "").endswith("config.toml")
    assert max(map(len, shown.splitlines())) <= 80


def test_set_shows_one_with_the_whole_path_of_its_source(shell: Stage) -> None:
    shell.session.settings.set("trace", "brief", Source(Origin.FILE, "/home/x/config.toml", 7))
    assert shell.run("set trace") == 0
    assert shell.shown.splitlines() == [
        "trace = brief", "  show every exchange as it happens", "  off by default, brief, full; /home/x/config.toml:7"]


def test_a_narrow_screen_has_it_all(tmp_path: Path) -> None:
    registry = Registry()
    for one in COMMANDS:
        registry.add(one)
    narrow = stage(tmp_path, registry=registry, width=40)
    assert narrow.run("set") == 0
    shown = narrow.shown
    assert all(name in shown for name in NAMES)
    assert max(map(len, shown.splitlines())) <= 40


@pytest.mark.parametrize(
    "line", ["set trace brief --save", "set --save trace brief", "set trace brief; set trace --save"]
)
def test_save_keeps_it_in_the_file(shell: Stage, line: str) -> None:
    assert shell.run(line) == 0
    file = places.config_file()
    assert file.read_text() == '[settings]\ntrace = "brief"\n'
    assert shell.session.settings.get("trace").source == Source(Origin.FILE, str(file), 2)
    assert f"{file}:2" in shell.shown.replace("\n", "").replace("  ", "")


def test_save_alone_says_what_it_keeps(shell: Stage) -> None:
    assert shell.run("set --save") == 2
    assert "set NAME VALUE --save" in shell.errors


def test_a_file_that_cannot_be_written_leaves_the_setting_to_the_session(shell: Stage) -> None:
    places.config_file().mkdir(parents=True)
    assert shell.run("set trace brief --save") == 2
    assert "is a folder" in shell.errors
    assert shell.session.settings.trace == "brief"


def test_json_has_the_same_fields(shell: Stage) -> None:
    import json

    assert shell.run("set trace --json") == 0
    form = json.loads(shell.shown)
    assert set(form) == {"type", *(one.name for one in fields(Setting))}
    assert form["source"] == {"type": "Source", "origin": "default", "name": "", "line": None}


def test_names_and_values_are_completed(shell: Stage) -> None:
    def completed(text: str) -> list[str]:
        context = replace(ParseContext(), settings=Settings().choices())
        return [text[: one.start] + one.text for one in suggest(text, shell.session.registry, context)]

    assert completed("set tra") == ["set trace "]
    assert completed("set trace b") == ["set trace brief "]
    assert completed("set --save th") == ["set --save theme "]
    assert completed("set protocol T") == ["set protocol T=0 ", "set protocol T=1 "]


def test_values_are_completed_with_what_they_mean(shell: Stage) -> None:
    context = replace(ParseContext(), settings=Settings().choices())
    shell.session.registry.add(trace)
    found = [suggest(f"{before} b", shell.session.registry, context) for before in ("set trace", "trace")]
    assert [one.meaning for one, in found] == ["a line for each command and each answer"] * 2
