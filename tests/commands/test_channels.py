"""Challenges, logical channels, where one is, raw bytes, and the help of all these commands, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from tests.commands.support import Shell, shell


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))
    return shell(monkeypatch)


def test_challenges(card: Shell) -> None:
    assert len(card.run("get-challenge").split()) == 8
    assert len(card.json("get-challenge 32")[0]["data"]) == 64
    assert "6D00: instruction not supported" in card.fail("internal-authenticate 0102030405060708 --key 1")


def test_channels(card: Shell) -> None:
    card.run("cd /7E10")
    assert card.run("manage-channel").splitlines() == [" 0  in use  3F00/7E10"]
    assert card.run("manage-channel open").splitlines() == [
        "✔ channel 1 is open; manage-channel use 1 goes there", " 0  in use  3F00/7E10", " 1  open"]
    card.run("manage-channel use 1; cd /7E20")
    assert card.run("pwd").splitlines() == ["current DF  3F00/7E20", "current EF  none", "channel     1"]
    assert "closed" in card.run("manage-channel close 1")
    assert card.run("pwd").splitlines()[0] == "current DF  3F00/7E10"
    card.fail("manage-channel use", 2)
    card.fail("manage-channel use 2", 2)
    card.fail("manage-channel leave 2", 2)


def test_the_prompt_says_where_one_is(card: Shell) -> None:
    from jcopsh.shell.prompt import prompt_text

    _ = card.session.card
    assert prompt_text(card.session) == "sim card ❯ "
    card.run("cd mf; cd 7E10/6E01")
    assert prompt_text(card.session) == "sim card 3F00/7E10/6E01 ❯ "
    card.run("manage-channel open; manage-channel use 1")
    assert prompt_text(card.session) == "sim card ch 1 ❯ "
    card.run("cd mf")
    assert prompt_text(card.session) == "sim card ch 1 3F00 ❯ "
    card.run("manage-channel use 0; cd aid:F0574F524B53484F50")
    assert prompt_text(card.session) == "sim card F0574F524B… ❯ "
    card.run("cd 6E01")
    assert prompt_text(card.session) == "sim card F0574F524B… …/6E01 ❯ "
    card.run("reset")
    assert prompt_text(card.session) == "sim card ❯ "


def test_get_response_is_the_setting(card: Shell) -> None:
    assert "get_response = on" in card.run("get-response")
    assert "off" in card.run("get-response off")
    assert card.session.settings.get_response is False
    assert card.session.card.follow is False
    card.run("get_response on")
    assert card.session.card.follow is True


def test_plain_and_wrapped(card: Shell) -> None:
    assert "9000  done" in card.run("send --plain 0084000008")
    received = card.run("send 00A4000C023F00; send 00B0820004 --plain")
    assert "9000" in received
    said = card.fail("send --wrapped 0084000008", 2)
    assert "no secure channel is open" in said


def test_every_command_has_help_and_its_examples_parse(card: Shell) -> None:
    from jcopsh.commands import channels, data_objects, files, pins
    from jcopsh.shell import manual
    from jcopsh.shell.parser import parse_line

    for one in (*files.COMMANDS, *data_objects.COMMANDS, *pins.COMMANDS, *channels.COMMANDS):
        entry = card.session.registry.get(one.name)
        assert entry is not None
        found = manual.of_command(entry)
        assert found.summary.endswith(".")
        assert card.run(f"help {one.name}").strip()
        for example in found.examples:
            line = parse_line(example, card.session.registry, card.session.context())
            # a file to load need not be there
            assert [problem.message for problem in line.problems] == [], example
        assert card.session.registry.get(one.name.replace("-", "_")) is entry
