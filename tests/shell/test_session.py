from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jcopsh.card.link import ResetKind
from jcopsh.card.readers import ReaderInfo
from jcopsh.errors import ReaderError, UsageError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop.memory_map import load_map
from jcopsh.shell.prompt import prompt_text
from jcopsh.shell.settings import Settings
from jcopsh.shell.state_words import state_words
from jcopsh.shell.theme import ASCII_GLYPHS, ThemeName
from jcopsh.state import CardState, Fuse, SelectedKind
from tests.shell.samples import ATR, IDENTIFY, J2A040, UNFUSED, Stage, stage

SELECT_ISD = CommandAPDU(0x00, 0xA4, 0x04, 0x00, bytes.fromhex("A000000003000000"), le=256)


def identify(scene: Stage) -> None:
    scene.session.card.send(CommandAPDU.parse(bytes.fromhex(IDENTIFY)))


# --- the card --------------------------------------------------------------------------------------------------------


def test_the_card_is_connected_when_it_is_first_used(scene: Stage) -> None:
    assert scene.session.card_or_none is None
    card = scene.session.card
    assert scene.session.card_or_none is card is scene.session.card
    assert scene.session.journal_path == card.journal_path


def test_a_card_is_left_before_another_is_connected(scene: Stage) -> None:
    first = scene.session.card
    assert scene.session.connect() is not first
    assert scene.link.closed


def test_where_there_is_no_card_none_is_connected(scene: Stage) -> None:
    with pytest.raises(ReaderError, match="no such reader"):
        scene.session.connect("nowhere")
    assert scene.session.card_or_none is None


# --- the memory map --------------------------------------------------------------------------------------------------


def test_a_simulated_card_brings_its_map(scene: Stage) -> None:
    assert scene.session.memory_map is None
    scene.link.name = "simulated j2a040-unfused"
    _ = scene.session.card
    choice = scene.session.map_choice
    assert (choice.map, choice.assumed) == (J2A040, False)
    assert scene.session.simulated


def test_identify_makes_a_map_likely_and_no_more(tmp_path: Path) -> None:
    scene = stage(tmp_path, {IDENTIFY: UNFUSED})
    _ = scene.session.card
    assert scene.session.memory_map is None
    identify(scene)
    choice = scene.session.map_choice
    assert (choice.map, choice.assumed) == (J2A040, True)
    # the card itself is told nothing that is only likely: the key fields of all maps stay guarded
    assert scene.session.card.memory_map is None


def test_historical_bytes_make_a_map_likely_too(tmp_path: Path) -> None:
    scene = stage(tmp_path)
    scene.link.atr = bytes.fromhex("3BFA1300008131FE45") + b"J2A081,T=1" + b"\0"
    _ = scene.session.card
    assert scene.session.map_choice.map is load_map("j2a081")
    assert scene.session.map_choice.assumed


def test_a_map_that_is_set_counts_for_the_card_as_well(tmp_path: Path) -> None:
    scene = stage(tmp_path, memory_map=load_map("simulated-j2a040"))
    card = scene.session.card
    scene.session.settings.set("map", "j2a081")
    assert scene.session.map_choice.map is card.memory_map is load_map("j2a081")
    scene.session.settings.set("map", "auto")
    assert card.memory_map is load_map("simulated-j2a040")


def test_settings_reach_the_card_and_the_output(scene: Stage) -> None:
    scene.session.settings.set("get_response", "off")
    assert scene.session.card.follow is False
    scene.session.settings.set("get-response", "ON")
    assert scene.session.card.follow is True
    scene.session.settings.set("theme", "light")
    scene.session.settings.set("color", "always")
    assert scene.session.output.theme is ThemeName.LIGHT
    assert scene.session.output.colored


def test_settings_refuse_what_they_do_not_know() -> None:
    settings = Settings()
    with pytest.raises(UsageError, match="no such setting"):
        settings.set("colour", "auto")
    with pytest.raises(UsageError, match="color is one of auto, always, never"):
        settings.set("color", "red")
    assert settings.generation == 0


# --- the picture for parsing -----------------------------------------------------------------------------------------


def test_the_picture_stays_the_same_until_something_changes(tmp_path: Path) -> None:
    scene = stage(tmp_path, {IDENTIFY: UNFUSED})
    session = scene.session
    first = session.context()
    assert session.context() is first
    assert not first.card_known
    _ = session.card
    second = session.context()
    assert second is not first and second.card_known and second.map is None
    identify(scene)
    assert (session.context().map, session.context().map_assumed) == (J2A040, True)
    session.settings.set("map", "j2a081")
    assert session.context().map is load_map("j2a081")
    assert {"read", "transport key", "APDU"} <= {one.text for one in session.context().subjects}
    assert {"rd", "seed"} <= {one.text for one in session.context().subject_aliases}
    assert session.context() is session.context()


def test_the_picture_is_made_without_talking_to_a_card(scene: Stage) -> None:
    scene.session.context()
    assert scene.session.card_or_none is None
    _ = scene.session.card
    scene.session.context()
    assert scene.link.sent == []


# --- the prompt ------------------------------------------------------------------------------------------------------


def test_readers_are_offered_with_what_is_in_them(scene: Stage) -> None:
    before = scene.session.context()
    scene.session.readers = (
        ReaderInfo("one", 0, True, ATR), ReaderInfo("two", 1, False, b""), ReaderInfo("three", 2, True, b""),
        ReaderInfo("four", 3, True, bytes.fromhex("3B8F8001")),
    )
    offered = {one.text: one.meaning for one in scene.session.context().readers}
    assert offered == {
        "one": "reader 0, card JCOPv241", "two": "reader 1, no card", "three": "reader 2, a card that does not answer",
        "four": "reader 3, card, ATR 3B8F8001…",
    }
    assert scene.session.context() is not before


def test_the_prompt_without_a_card(scene: Stage) -> None:
    assert prompt_text(scene.session) == "no card ❯ "
    assert prompt_text(scene.session, ASCII_GLYPHS) == "no card > "


def test_the_prompt_follows_the_card(tmp_path: Path) -> None:
    scene = stage(tmp_path, {IDENTIFY: UNFUSED, SELECT_ISD.encode().hex().upper(): "9000"})
    _ = scene.session.card
    assert prompt_text(scene.session) == "card ❯ "
    identify(scene)
    assert prompt_text(scene.session) == "J2A040? unfused ❯ "
    scene.session.card.send(SELECT_ISD)
    assert prompt_text(scene.session) == "J2A040? unfused isd ❯ "
    scene.session.settings.set("map", "j2a040")
    assert prompt_text(scene.session) == "J2A040 unfused isd ❯ "
    scene.session.card.reset(ResetKind.COLD)
    assert prompt_text(scene.session) == "J2A040 ❯ "


def test_a_simulated_card_says_so(scene: Stage) -> None:
    scene.link.name = "simulated j2a040-unfused"
    _ = scene.session.card
    assert prompt_text(scene.session) == "sim J2A040 ❯ "


UNFUSED_STATE = CardState(atr=ATR, fuse=Fuse.UNFUSED)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CardState(), []),
        (replace(UNFUSED_STATE, selected=SelectedKind.ROOT), ["unfused", "root"]),
        (replace(UNFUSED_STATE, selected=SelectedKind.ROOT, booted=True), ["unfused", "booted"]),
        (replace(UNFUSED_STATE, booted=True, protected=True), ["unfused", "booted", "protected"]),
        (CardState(fuse=Fuse.FUSED), ["fused"]),
        (CardState(selected=SelectedKind.APPLICATION, aid=bytes.fromhex("A000000003000000")), ["isd"]),
        (CardState(selected=SelectedKind.APPLICATION, aid=bytes.fromhex("D276000124010203")), ["D276000124…"]),
        (CardState(selected=SelectedKind.APPLICATION, aid=bytes(16)), ["AID of 16 bytes"]),
        (CardState(selected=SelectedKind.APPLICATION, aid=b""), ["default"]),
    ],
)
def test_what_the_prompt_says_of_a_state(state: CardState, words: list[str]) -> None:
    assert state_words(state) == words
