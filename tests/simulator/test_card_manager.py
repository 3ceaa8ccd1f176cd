"""When the card manager answers, and what it says (seed 001's second card)."""

from __future__ import annotations

import pytest

from tests.simulator.support import (
    BOOT,
    FUSE,
    KEY_WRITES,
    SELECT_ISD,
    SELECT_TK,
    booted,
    powered,
    send,
    send_all,
    with_card_manager,
)

SEED_001_FCI = (
    "6F658408A000000003000000A5599F6501FF9F6E06479100783300734A06072A864886FC6B01600C060A2A864886FC6B0202010163090607"
    "2A864886FC6B03640B06092A864886FC6B040215650B06092B8510864864020103660C060A2B060104012A026E01029000"
)


@pytest.mark.parametrize("select", [SELECT_ISD, SELECT_ISD + "00", "00A40400", "00A4040000", "00A4040005A000000003"])
def test_it_answers_as_seed_001s_fused_card(select: str) -> None:
    assert send(with_card_manager(), select) == SEED_001_FCI


def test_it_needs_all_three_keys_and_a_reset() -> None:
    card = booted()
    for write in KEY_WRITES:
        card.power_on()
        assert send_all(card, SELECT_ISD, SELECT_TK, write, SELECT_ISD) == ["6A82", "9000", "9000", "6A82"]
    card.warm_reset()
    assert send(card, SELECT_ISD) == SEED_001_FCI


def test_a_random_key_written_back_is_no_key_written() -> None:
    card = booted()
    random_key = send(card, "C0B0033D10")[:-4]
    assert set(send_all(card, *KEY_WRITES, f"C0D6033D10{random_key}")) == {"9000"}
    card.power_on()
    assert send(card, SELECT_ISD) == "6A82"


def test_a_fused_card_has_one_whatever_its_keys() -> None:
    card = booted()
    assert send_all(card, FUSE, SELECT_ISD) == ["9000", "6A82"]
    card.power_on()
    assert send(card, SELECT_ISD) == SEED_001_FCI


def test_a_wiping_boot_stops_it_and_a_keeping_one_does_not() -> None:
    card = with_card_manager()
    assert send_all(card, SELECT_TK, BOOT, SELECT_ISD) == ["9000", "9000", "6A82"]
    card = booted("j2a040-unfused,boot=keep")
    assert set(send_all(card, *KEY_WRITES)) == {"9000"}
    card.power_on()
    assert send_all(card, SELECT_TK, BOOT, SELECT_ISD) == ["9000", "9000", SEED_001_FCI]


def test_selecting_it_leaves_the_root_applet() -> None:
    card = with_card_manager()
    assert send_all(card, SELECT_TK, "C0B0040701") == ["9000", "059000"]
    assert send_all(card, SELECT_ISD, "C0B0040701", FUSE) == [SEED_001_FCI, "6D00", "6D00"]


@pytest.mark.parametrize(
    ("command", "response"),
    [
        ("80CA006600", "6985"),
        ("80F28000024F0000", "6982"),
        ("84820300021122", "6985"),
        ("80AA0000", "6D00"),
        ("8150000000", "6881"),
        ("9050000000", "6884"),
        ("A0A4000000", "6E00"),
        ("00A40000023F00", "6A86"),
        ("00A4040004A0000000", "6A82"),
        ("00A4040005A000000004", "6A82"),
        ("00A4040008A000000151000000", "6A82"),
    ],
)
def test_what_it_refuses(command: str, response: str) -> None:
    assert send(with_card_manager(), command) == response


def test_a_short_le_gets_the_right_length() -> None:
    assert send(with_card_manager(), SELECT_ISD + "10") == "6C67"


def test_before_that_no_security_domain_answers() -> None:
    assert send(powered(), SELECT_ISD) == "6A82"
