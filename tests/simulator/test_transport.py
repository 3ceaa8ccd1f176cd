"""T=1 and T=0 on the wire (ISO/IEC 7816-3:2006, 12.1 and 12.2)."""

from __future__ import annotations

import pytest

from tests.simulator.support import (
    BOOT,
    FUSE,
    IDENTIFY,
    KEY_WRITES,
    SELECT_ISD,
    SELECT_TK,
    T0_ATR,
    booted,
    send,
    send_all,
    speaking_t0,
)

MALFORMED = ["", "00", "00A404", "00A4040010AA", "00A404000201", "00A40400020102FFFF", "00A404000000",
             "00A4040000000200", "00A4040000000201", "00A404000000020102FF", "00000000000000000000"]  # fmt: skip


@pytest.mark.parametrize("raw", MALFORMED)
def test_malformed_bytes_get_6700_and_the_card_lives(raw: str) -> None:
    for card in (booted(), speaking_t0()):
        assert send(card, raw) == "6700"
        assert send(card, SELECT_TK) == "9000"


def test_t1_takes_short_and_extended_lengths() -> None:
    card = booted()
    assert send(card, "C0D60305" + "000003" + "AABBCC") == "9000"
    assert send(card, "C0B00305" + "000003") == "AABBCC9000"
    assert send(card, "C0D60305" + "000002" + "DDEE" + "0000") == "9000"
    assert send(card, "C0D60305" + "01" + "FF" + "00") == "9000"
    assert send(card, "C0B0030503") == "FFEECC9000"
    assert send(card, "00A40400" + "000009" + "A000000167413000FF" + "0000").endswith("6A82")


def test_the_atr_of_seed_000s_alternative() -> None:
    card = speaking_t0()
    assert card.atr.hex().upper() == T0_ATR
    assert card.warm_reset().hex().upper() == T0_ATR


def test_t0_a_read_has_p3_for_le_as_it_is() -> None:
    card = speaking_t0()
    assert send_all(card, SELECT_TK, "C0B0040701") == ["9000", "059000"]
    assert len(send(card, "C0B0030000")) == 2 * 258


def test_t0_case_1_has_p3_00_or_none() -> None:
    for boot in (BOOT, BOOT + "00"):
        assert send_all(speaking_t0(), SELECT_TK, boot) == ["9000", "9000"]
    for fuse in (FUSE, FUSE + "00"):
        card = speaking_t0()
        assert send_all(card, SELECT_TK, fuse, "00A4040009A000000167413000FF") == ["9000", "9000", "6113"]
        assert send(card, "00C0000013")[28:30] == "01"


def test_t0_a_case_4_command_with_le_is_one_without() -> None:
    assert send(speaking_t0(), IDENTIFY) == "6113"


def test_t0_has_no_extended_lengths() -> None:
    card = speaking_t0()
    assert send_all(card, SELECT_TK, "C0B00305" + "000003", "C0D60305" + "000003" + "AABBCC") == [
        "9000", "6700", "6700"
    ]  # fmt: skip


def test_t0_get_response_wants_the_exact_length_and_the_data_waits_for_it() -> None:
    card = speaking_t0()
    assert send_all(card, IDENTIFY[:-2], "00C0000012", "00C0000000", "00C0000014") == ["6113", "6C13", "6C13", "6C13"]
    assert len(send(card, "00C0000013")) == 2 * 21
    assert send(card, "00C0000013") == "6985"


@pytest.mark.parametrize("between", ["00A40400", "80CA006600", "FF", "00C000000411223344", "00C0000104"])
def test_t0_any_other_command_drops_the_waiting_data(between: str) -> None:
    card = speaking_t0()
    assert send(card, IDENTIFY[:-2]) == "6113"
    send(card, between)
    assert send(card, "00C0000013") == "6985"


def test_t0_a_reset_drops_the_waiting_data() -> None:
    card = speaking_t0()
    assert send(card, IDENTIFY[:-2]) == "6113"
    card.warm_reset()
    assert send(card, "00C0000013") == "6985"


def test_t0_the_card_manager_s_answer_waits_or_wants_its_length() -> None:
    card = speaking_t0()
    send_all(card, SELECT_TK, *KEY_WRITES)
    card.power_on()
    assert send(card, SELECT_ISD) == "6167"
    fci = send(card, "00C0000067")
    assert fci.startswith("6F65")
    assert fci.endswith("9000")
    assert send_all(card, "00A40400", "00A4040000", "00A4040067") == ["6C67", "6C67", fci]


def test_t1_has_no_get_response() -> None:
    assert send_all(booted(), IDENTIFY, "00C0000013")[1] == "6D00"
