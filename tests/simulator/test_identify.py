"""IDENTIFY: data and 6A82 together, in every state (seed 001 and the vectors)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulator.support import (
    BOOT,
    FUSE,
    IDENTIFY,
    PROTECT,
    SELECT_TK,
    booted,
    powered,
    send,
    send_all,
    speaking_t0,
    with_card_manager,
)

SEED_001 = "04310033000000004E5830313143000339F8736A82"
FUSED = "04310033000000004E5830313143010339F8736A82"


@pytest.mark.parametrize("profile", ["j2a040-unfused", "j2a081-unfused"])
@pytest.mark.parametrize("command", ["00A4040009A000000167413000FF", IDENTIFY, "00A4040009A000000167413000FF13"])
def test_seed_001s_answer(profile: str, command: str) -> None:
    assert send(powered(profile), command) == SEED_001


def test_seed_001s_answer_is_the_one_in_the_vectors() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "identify.json").read_text())["vectors"]
    assert any(send(powered(), IDENTIFY) == vector["data"] + "6A82" and not vector["fused"] for vector in vectors)


def test_it_answers_in_every_state_and_the_fuse_byte_tells_the_last() -> None:
    card = powered()
    for command in (SELECT_TK, BOOT, PROTECT):
        assert send_all(card, command, IDENTIFY) == ["9000", SEED_001]
    assert send_all(card, FUSE, IDENTIFY) == ["9000", FUSED]
    card.power_on()
    assert send(card, IDENTIFY) == FUSED
    assert send(with_card_manager(), IDENTIFY) == SEED_001


def test_it_leaves_the_root_applet_selected() -> None:
    assert send_all(booted(), IDENTIFY, "C0B0040701") == [SEED_001, "059000"]


def test_a_short_le_gets_the_right_length_and_no_data() -> None:
    assert send(powered(), "00A4040009A000000167413000FF12") == "6C13"


def test_on_t0_the_data_waits() -> None:
    card = speaking_t0()
    assert send(card, "00A4040009A000000167413000FF") == "6113"
    assert send(card, "00C0000013") == SEED_001


def test_the_20_byte_form_of_the_aid_is_another_aid() -> None:
    assert send(powered(), "00A404000AA000000167413000FF00") == "6A82"
