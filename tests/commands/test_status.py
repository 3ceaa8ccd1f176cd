"""What is known of the card, and how: status, the toolbar and the advice, from an unfused card to a fused one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jcopsh import places
from jcopsh.card import consent
from jcopsh.shell.session import Session
from jcopsh.shell.toolbar import toolbar
from tests.card.support import consenting
from tests.commands.support import Shell, shell


@pytest.fixture
def fused(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A session that has fused its simulated card."""
    consenting(monkeypatch)
    found = shell(monkeypatch, profile="j2a040-unfused", width=120)
    found.run("select tk; boot; read cm_key1; fuse")
    return found


def below(session: Session) -> str:
    """The toolbar as text."""
    return "".join(text for _, text in toolbar(session, 120))


def test_without_a_card_status_says_so_and_where_the_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch)
    (status,) = found.json("status")
    assert (status["type"], status["why"]) == ("NoCard", "nothing has wanted one yet, or it was lost: connect")
    assert found.session.card_or_none is None
    assert status["journals"] == str(places.journal_folder())
    assert status["history"] == str(places.history_file())
    assert status["config"] == str(places.config_file())
    assert found.session.key_store is not None
    assert status["key_store"] == str(found.session.key_store.path)


def test_a_card_that_was_left_is_not_connected_by_status(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch)
    found.run("connect")
    assert found.json("status")[0]["type"] == "CardStatus"
    found.run("disconnect")
    assert found.json("status")[0]["type"] == "NoCard"
    assert found.session.card_or_none is None


def test_a_fused_card_is_not_called_unfused(fused: Shell) -> None:
    assert fused.json("status")[0]["fuse"] == "fused"
    assert below(fused.session).startswith("simulated j2a040  ")
    fused.run("reset")
    assert fused.json("status")[0]["fuse"] == "fused before the reset; not shown again since: identify"
    assert below(fused.session).startswith("simulated j2a040  ")


def test_an_unfused_card_keeps_the_name_of_its_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch, profile="j2a040-unfused")
    found.run("atr")
    assert below(found.session).startswith("simulated j2a040-unfused  ")


def test_the_guard_of_fuse_is_not_lifted_by_what_was_shown_before(
    fused: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path_factory.mktemp("no") / "terminal"))
    fused.run("reset; select isd")
    assert "refused, nothing was sent" in fused.fail("send 00000000", 3)


def advice_after_reset(card: Shell) -> None:
    """What is said of the root applet's commands when the fuse was shown before the reset."""
    card.run("reset; select isd")
    said = card.fail("read cm_key1")
    assert "The card was fused before the reset" in said
    assert "try: identify shows that it is fused; look with select isd" in said


def advice_of_another_session(card: Shell) -> None:
    """What is said when nothing has shown it."""
    card.session.disconnect()
    card.run("select isd")
    assert "try: identify tells whether the card is fused; if it is not, select tk" in card.fail("read cm_key1")


@pytest.mark.parametrize("advice", [advice_after_reset, advice_of_another_session])
def test_a_fused_card_is_not_sent_back_to_its_transport_key(fused: Shell, advice: Callable[[Shell], None]) -> None:
    advice(fused)


def test_files_channels_and_pins_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch, width=120)
    found.run("cd 3F00; manage-channel open; cd 7E10/6E01")
    found.answers += ["1234"]
    found.run("verify 1")
    (status,) = found.json("status")
    assert status["selected"] == "no application by us since power-up"
    assert (status["file"], status["logical_channel"]) == ("3F00/7E10/6E01", "0; open as well: 1")
    assert status["verified"] == "PIN 01"
    assert "selected 3F00/7E10/6E01" in below(found.session)
    assert "PIN 01" in below(found.session)
    found.run("manage-channel use 1; cd 3F00")
    assert found.json("status")[0]["logical_channel"] == "1; open as well: 0"
    assert found.json("status")[0]["file"] == "3F00"
    found.run("reset")
    (status,) = found.json("status")
    assert (status["file"], status["verified"]) == ("none by us", "no PIN by us")
    assert "PIN" not in below(found.session)
