"""The published sequences, byte for byte: seed 000, seed 002 and the vendor's script for a J2A040."""

from __future__ import annotations

import pytest

from tests.simulator.support import SELECT_TK, booted, powered, send, send_all

SEED_000_T1 = ["C0D6012301DA", "C0D6014601DA", "C0D6012201FE", "C0D60124010F", "C0D60147010F"]
SEED_000_T0 = ["c0d601240108", "c0d601470108", "c0d6012604036000ff", "c0d6014904036000ff"]
SEED_000_HISTORICAL = ["c0d601370b0a4a32413038312C543D31", "c0d6015A0b0a4a32413038312C543D31"]
SEED_000_KEYS = [
    "c0d6030510404142434445464748494a4b4c4d4e4f",
    "c0d6032110404142434445464748494a4b4c4d4e4f",
    "c0d6033D10404142434445464748494a4b4c4d4e4f",
]
SEED_002_READS = ["C0B0030510", "C0B0032110", "C0B0033D10", "C0B0040701", "C0B0041205"]
VENDOR_SCRIPT = [
    "C0D6029A02F807",
    "C0D60124010B",
    "C0D60147010B",
    "C0D6012201FE",
    "C0D601260908F01300008131FE45",
    "C0D601490908F01300008131FE45",
    "C0D6013609084a434f5076323431",
    "C0D6015909084a434f5076323431",
    "C0D603010101",
    "C0D6030510404142434445464748494A4B4C4D4E4F",
    "C0D6031d0101",
    "C0D6032110404142434445464748494A4B4C4D4E4F",
    "C0D603390101",
    "C0D6033D10404142434445464748494A4B4C4D4E4F",
    "00100000",
]


def test_seed_000_for_t1_to_the_end() -> None:
    card = powered("j2a081-unfused")
    script = [SELECT_TK, "00F00000", *SEED_000_T1, *SEED_000_HISTORICAL, *SEED_000_KEYS, "00100000", "00000000"]
    assert send_all(card, *script) == ["9000"] * len(script)
    assert [raw.hex().upper() for raw in card.received] == [line.upper() for line in script]
    # T0 FA, the four interface characters and T=1's, then "J2A081,T=1" and the check character.
    expected = bytes.fromhex("3BFA1300008131FE454A32413038312C543D31")
    assert card.warm_reset()[:-1] == expected
    assert card.power_on()[:-1] == expected
    assert card.protocol == "T=1"
    assert card.atr[-11:-1] == b"J2A081,T=1"
    assert send(card, SELECT_TK) == "6A82"


def test_seed_000_for_t0() -> None:
    card = powered("j2a081-unfused")
    script = [SELECT_TK, "00F00000", *SEED_000_T0, *SEED_000_HISTORICAL, *SEED_000_KEYS]
    assert send_all(card, *script) == ["9000"] * len(script)
    assert card.power_on() == bytes.fromhex("3B6A00FF") + b"J2A081,T=1"
    assert card.warm_reset() == bytes.fromhex("3B6A00FF") + b"J2A081,T=1"
    assert card.protocol == "T=0"


def test_seed_000_for_t0_read_literally_needs_a_card_booted_before() -> None:
    """The seed comments BOOT out together with the lines for T=1."""
    card = powered("j2a081-unfused")
    assert send_all(card, SELECT_TK, SEED_000_T0[0]) == ["9000", "6985"]
    assert send(card, "00F00000") == "9000"
    card.power_on()
    script = [SELECT_TK, *SEED_000_T0, *SEED_000_HISTORICAL]
    assert send_all(card, *script) == ["9000"] * len(script)
    assert card.power_on() == bytes.fromhex("3B6A00FF") + b"J2A081,T=1"


def test_seed_000s_addresses_on_the_other_map_leave_the_length_byte() -> None:
    """On a J2A040 the same writes land one byte behind the length 08: the conflict of the two maps, made visible."""
    card = booted("j2a040-unfused")
    assert send_all(card, *SEED_000_HISTORICAL) == ["9000", "9000"]
    assert card.power_on()[9:-1] == b"\x0aJ2A081,"


def test_seed_002_reads_what_is_there() -> None:
    card = booted()
    *keys, length, gpin = send_all(card, *SEED_002_READS)
    assert [raw.hex().upper() for raw in card.received[-5:]] == SEED_002_READS
    assert all(len(key) == 36 and key.endswith("9000") for key in keys)
    assert len(set(keys)) == 3
    assert length == "059000"
    assert len(gpin) == 14
    assert gpin.endswith("9000")


def test_the_vendors_script() -> None:
    card = booted("j2a040-unfused")
    assert send_all(card, *VENDOR_SCRIPT) == ["9000"] * len(VENDOR_SCRIPT)
    assert send(card, "C0B0029A02") == "F8079000"
    assert send(card, "C0B0030101") == "019000"
    assert send(card, "C0B0033D10") == "404142434445464748494A4B4C4D4E4F9000"
    published = "3BF81300008131FE454A434F5076323431B7"
    assert card.power_on().hex().upper() == published
    assert card.warm_reset().hex().upper() == published


@pytest.mark.parametrize("profile", ["j2a040-unfused", "j2a081-unfused"])
def test_an_unfused_card_shows_the_vendors_atr_before_anything_was_done(profile: str) -> None:
    assert powered(profile).atr.hex().upper() == "3BF81300008131FE454A434F5076323431B7"
