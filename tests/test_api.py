"""jcopsh from Python, as README shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

import jcopsh.api as jcopsh
from jcopsh.errors import ReaderError, UsageError
from jcopsh.secrets.secret import Secret
from jcopsh.simulator.profiles import DEFAULT_PROFILE
from jcopsh.simulator.state_file import profile_in

TRANSPORT_KEY = Secret(b"JCOPSIMULATEDTK0")


def test_a_simulated_card(tmp_path: Path) -> None:
    with jcopsh.open(profile="j2a040-unfused", sim_state=tmp_path / "card.json") as card:
        assert "transport key" in jcopsh.identify(card).next_step
        jcopsh.select_root_applet(card, TRANSPORT_KEY)
        with jcopsh.answering_yes(card):
            jcopsh.boot(card)
        block = jcopsh.read_memory(card, 0xC00122, 1)
    assert [span.content for span in block.spans] == [b"\xfe"]


def test_mistakes_are_told_by_their_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="j2a040-unfused"), jcopsh.open(profile="nonsense"):
        pass
    with pytest.raises(UsageError, match="cannot be read"), jcopsh.open(replay=tmp_path / "missing"):
        pass
    with pytest.raises(ReaderError), jcopsh.open("no such reader"):
        pass


def test_a_simulated_card_stays_the_same_card_when_it_is_opened_again() -> None:
    opener = jcopsh.Opener(jcopsh.Source(profile="j2a040-unfused,boot=keep"), print)
    readings = []
    for _ in range(2):
        card = opener.open()
        jcopsh.select_root_applet(card, TRANSPORT_KEY)
        with jcopsh.answering_yes(card):
            jcopsh.boot(card)
        readings.append(jcopsh.read_memory(card, 0xC00305, 16, reveal=True).spans[0].content)
        card.close()
    assert readings[0] == readings[1]


def test_a_state_file_that_breaks_meanwhile_is_told_at_the_reset(tmp_path: Path) -> None:
    """As a card that is lost, with its reason: it is no fault of the program."""
    file = tmp_path / "card.json"
    with jcopsh.open(profile="j2a040-unfused", sim_state=file) as card:
        card.send(jcopsh.CommandAPDU(0x00, 0xA4, 0x04, 0x00, le=256))
        file.write_text("{")
        with pytest.raises(jcopsh.ReaderError, match="the simulated card cannot be powered") as caught:
            card.reset(jcopsh.ResetKind.COLD)
        assert caught.value.card_lost
        assert str(file) in caught.value.what
        assert card.state.atr == b""


@pytest.mark.parametrize("profile", ["j2e145", "j2a040-unfused,boot=keep"])
def test_a_file_says_which_card_it_keeps(tmp_path: Path, profile: str) -> None:
    file = tmp_path / "card.json"
    with jcopsh.open(profile=profile, sim_state=file) as card:
        name, atr = card.reader, card.state.atr
    with jcopsh.open(sim_state=file) as again:
        assert (again.reader, again.state.atr) == (name, atr)
    kept = profile_in(file)
    assert kept is not None
    assert kept.startswith(profile)
    with jcopsh.open(sim_state=tmp_path / "new.json") as usual:
        assert usual.reader == f"simulated {DEFAULT_PROFILE}"
    with pytest.raises(jcopsh.UsageError, match="holds the card"), jcopsh.open(profile="j3r180", sim_state=file):
        pass


def test_a_file_that_keeps_no_card(tmp_path: Path) -> None:
    for content in ("{}", "nothing", '{"format": "jcopsh simulated card, 1", "profile": "none"}'):
        (tmp_path / "card.json").write_text(content)
        with pytest.raises(jcopsh.UsageError, match="not the file of a simulated card"), \
                jcopsh.open(sim_state=tmp_path / "card.json"):
            pass
