"""The root applet: selection, BOOT in both variants, READ, WRITE, PROTECT and FUSE."""

from __future__ import annotations

import pytest

from jcopsh.simulator.assumptions import CM_LIFECYCLE_ADDRESS
from tests.simulator.support import (
    BOOT,
    FUSE,
    IDENTIFY,
    KEY_WRITES,
    PROTECT,
    SELECT_ISD,
    SELECT_TK,
    booted,
    powered,
    send,
    send_all,
    with_card_manager,
)

READ_KEYS = ("C0B0030510", "C0B0032110", "C0B0033D10")
WRONG_TK = "00A4040010" + "404142434445464748494A4B4C4D4E4F"
KEEP = "j2a040-unfused,boot=keep"


@pytest.mark.parametrize(
    "command",
    [BOOT, PROTECT, FUSE, "0000000000", "010000FF", "C0B0030510", "C0D6030101AA", SELECT_ISD, "00A40400",
     "00A40000023F00", "80CA006600", "80500000081122334455667788", "FFFFFFFF"],
)  # fmt: skip
def test_without_selection_everything_is_6a82(command: str) -> None:
    card = powered()
    assert send(card, command) == "6A82"
    assert send(card, IDENTIFY)[28:30] == "00"


def test_a_wrong_transport_key_is_not_counted() -> None:
    card = powered()
    assert set(send_all(card, *[WRONG_TK] * 300)) == {"6A82"}
    assert send(card, SELECT_TK) == "9000"


@pytest.mark.parametrize("length", [15, 17])
def test_a_part_of_the_transport_key_selects_nothing(length: int) -> None:
    name = b"JCOPSIMULATEDTK00"[:length]
    assert send(powered(), f"00A40400{length:02X}{name.hex()}") == "6A82"


def test_a_wrong_select_leaves_the_root_applet_selected() -> None:
    assert send_all(booted(), WRONG_TK, "C0B0040701") == ["6A82", "059000"]


@pytest.mark.parametrize("reset", ["power_on", "warm_reset"])
def test_selection_is_lost_with_a_reset(reset: str) -> None:
    card = booted()
    getattr(card, reset)()
    assert send(card, "C0B0040701") == "6A82"


@pytest.mark.parametrize("profile", ["j2a040-unfused", KEEP])
@pytest.mark.parametrize("command", ["C0B0030510", "C0D6030101AA", PROTECT, FUSE])
def test_before_boot_conditions_are_not_satisfied(profile: str, command: str) -> None:
    card = powered(profile)
    assert send_all(card, SELECT_TK, command) == ["9000", "6985"]
    assert send(card, IDENTIFY)[28:30] == "00"


def test_a_wiping_boot_makes_new_keys_and_defaults_each_time() -> None:
    card = booted()
    first = send_all(card, *READ_KEYS, "C0B0041205")
    assert send_all(card, "C0D6012201AA", "C0D601370158", BOOT) == ["9000", "9000", "9000"]
    second = send_all(card, *READ_KEYS, "C0B0041205")
    assert len({*first, *second}) == 8
    assert send(card, "C0B0012201") == "FE9000"
    assert card.power_on().hex().upper() == "3BF81300008131FE454A434F5076323431B7"


def test_a_booted_card_stays_booted_where_boot_wipes() -> None:
    card = booted()
    keys = send_all(card, *READ_KEYS)
    card.power_on()
    assert send_all(card, SELECT_TK, *READ_KEYS) == ["9000", *keys]


def test_a_keeping_boot_keeps_keys_and_configuration() -> None:
    card = booted(KEEP)
    keys = send_all(card, *READ_KEYS)
    assert send(card, "C0D6012201AA") == "9000"
    assert send_all(card, BOOT, *READ_KEYS, "C0B0012201") == ["9000", *keys, "AA9000"]


@pytest.mark.parametrize("reset", ["power_on", "warm_reset"])
def test_a_keeping_boot_lasts_until_the_next_reset(reset: str) -> None:
    card = booted(KEEP)
    keys = send_all(card, *READ_KEYS)
    getattr(card, reset)()
    assert send_all(card, SELECT_TK, READ_KEYS[0], BOOT, *READ_KEYS) == ["9000", "6985", "9000", *keys]


def test_selecting_again_keeps_the_card_booted() -> None:
    assert send_all(booted(KEEP), SELECT_TK, "C0B0040701") == ["9000", "059000"]


def test_the_defaults_after_boot() -> None:
    card = booted()
    assert send(card, "C0B0012224") == ("FEDA0F0008F01300008131FE4500000000000000084A434F5076323431000000000000009000")
    assert send(card, "C0B0029A02") == "F8079000"
    assert send_all(card, "C0B0030101", "C0B0031D01", "C0B0033901") == ["FF9000"] * 3
    address = f"{CM_LIFECYCLE_ADDRESS.value:06X}"
    assert send(card, f"C0B0{address[2:]}01") == "009000"
    assert send_all(card, f"C0D6{address[2:]}0101", f"C0B0{address[2:]}01") == ["9000", "019000"]


def test_what_is_written_is_read_and_nothing_else_changes() -> None:
    card = booted()
    before = send(card, "C0B0030000")
    assert send(card, "C0D6032003AABBCC") == "9000"
    assert send(card, "C0B0030000") == before[:0x40] + "AABBCC" + before[0x46:]


@pytest.mark.parametrize(
    ("command", "response"),
    [
        ("C0B000F001", "009000"),
        ("C0B000EF01", "6B00"),
        ("C0B000EF02", "6B00"),
        ("C0B095FF01", "009000"),
        ("C0B095FF02", "6B00"),
        ("C0B0960001", "6B00"),
        ("C0B0FFFF00", "6B00"),
        ("C0B0000001", "6B00"),
        ("C0D695FF0155", "9000"),
        ("C0D695FF025555", "6B00"),
        ("C0D600EF0155", "6B00"),
        ("C0D6960001AA", "6B00"),
    ],
)
def test_the_ends_of_the_memory(command: str, response: str) -> None:
    assert send(booted(), command) == response


def test_a_write_across_the_end_changes_nothing() -> None:
    assert send_all(booted(), "C0D695FE03112233", "C0B095FE02") == ["6B00", "00009000"]


def test_reads_of_every_length_up_to_256_and_extended_ones() -> None:
    card = booted()
    whole = send(card, "C0B000F0009510")
    assert len(whole) == 2 * (0x9510 + 2)
    for length in (1, 16, 255, 256):
        assert send(card, f"C0B000F0{length % 256:02X}") == whole[: 2 * length] + "9000"


@pytest.mark.parametrize(
    ("command", "response"),
    [
        ("C0B00305", "6700"),
        ("C0B0030501AA", "6700"),
        ("C0D60305", "6700"),
        ("C0D6030510", "6700"),
        ("C0B6030501AA", "6D00"),
        ("C0A40400", "6D00"),
        ("00B0030510", "6D00"),
        ("00D6030501AA", "6D00"),
        ("80B0030510", "6E00"),
        ("C1B0030510", "6E00"),
        ("BFB0030510", "6E00"),
        ("01000000", "6881"),
        ("03F00000", "6881"),
        ("04000000", "6882"),
        ("0C000000", "6882"),
        ("10000000", "6884"),
        ("80000000", "6E00"),
        ("C0000000", "6D00"),
        ("FF000000", "6E00"),
        ("20000000", "6E00"),
        ("41000000", "6881"),
        ("60000000", "6882"),
        ("50000000", "6884"),
        ("00A40000023F00", "6A86"),
        ("00A4040C00", "6A86"),
        ("8050000008112233445566778800", "6E00"),
    ],
)
def test_what_the_root_applet_refuses(command: str, response: str) -> None:
    card = booted()
    keys = send_all(card, *READ_KEYS)
    assert send(card, command) == response
    assert send_all(card, *READ_KEYS) == keys
    assert send(card, IDENTIFY)[28:30] == "00"


def test_protect_stops_writing_not_reading_across_resets() -> None:
    card = booted()
    key = send(card, READ_KEYS[0])
    assert send_all(card, PROTECT, KEY_WRITES[0], READ_KEYS[0]) == ["9000", "6985", key]
    card.power_on()
    assert send_all(card, SELECT_TK, KEY_WRITES[0], PROTECT) == ["9000", "6985", "9000"]


def test_a_wiping_boot_lifts_the_protection_and_a_keeping_one_does_not() -> None:
    assert send_all(booted(), PROTECT, BOOT, KEY_WRITES[0]) == ["9000"] * 3
    assert send_all(booted(KEEP), PROTECT, BOOT, KEY_WRITES[0]) == ["9000", "9000", "6985"]


@pytest.mark.parametrize("fuse", [FUSE, "0000000000", "00000001", "00001234", "00000000000000", "00000000023F00",
                                  "00000000000002AABB"])  # fmt: skip
def test_every_form_of_fuse_fuses(fuse: str) -> None:
    card = booted()
    assert send(card, fuse) == "9000"
    assert send(card, IDENTIFY)[28:30] == "01"


@pytest.mark.parametrize("profile", ["j2a040-unfused", KEEP])
def test_after_fuse_the_root_applet_is_gone_at_once_and_for_ever(profile: str) -> None:
    card = booted(profile)
    gone = (BOOT, PROTECT, FUSE, "C0B0030510", KEY_WRITES[0])
    assert send_all(card, FUSE, *gone, SELECT_TK) == ["9000", *["6D00"] * 5, "6A82"]
    for reset in (card.power_on, card.warm_reset):
        reset()
        assert send_all(card, SELECT_TK, *gone) == ["6A82", *["6D00"] * 5]


def test_a_fused_card_refuses_classes_before_its_reset_too() -> None:
    assert send_all(booted(), FUSE, "01000000", "0C000000", "10000000", "A0000000") == [
        "9000", "6881", "6882", "6884", "6E00"
    ]  # fmt: skip


def test_ins_00_to_the_card_manager_of_an_unfused_card_fuses_nothing() -> None:
    card = with_card_manager()
    assert send_all(card, FUSE, SELECT_ISD + "00", FUSE)[0::2] == ["6D00", "6D00"]
    assert send(card, IDENTIFY)[28:30] == "00"
    assert send_all(card, SELECT_TK, FUSE) == ["9000", "9000"]
    assert send(card, IDENTIFY)[28:30] == "01"
