"""The ATR as the memory has it, against ISO/IEC 7816-3 and a published one."""

from __future__ import annotations

import pytest

from jcopsh.simulator.atr import InvalidBlockError, compose
from tests.simulator.support import booted, send, send_all

FACTORY = "3BF81300008131FE454A434F5076323431B7"


@pytest.mark.parametrize(
    ("interface", "historical", "atr", "protocol"),
    [
        ("F01300008131FE45", b"JCOPv241", FACTORY, 1),
        ("6000FF", b"JCOPv241", "3B6800FF4A434F5076323431", 0),
        ("00", b"", "3B00", 0),
        ("6F00FF", b"AB", "3B6200FF4142", 0),  # the low nibble of the field's T0 counts nothing
        ("8001", b"", "3B800181", 1),  # TD1 alone: T=1 and a check byte
        ("8000", b"", "3B8000", 0),  # TD1 says T=0 and nothing more: no check byte
        ("80801FC7", b"", "3B80801FC7D8", 0),  # T=0, then T=15 with TA3: a check byte
        ("801100", b"", "3B80110091", 0),  # TA2: specific mode, T=0, though T=1 is offered
    ],
)
def test_composition(interface: str, historical: bytes, atr: str, protocol: int) -> None:
    answer = compose(bytes.fromhex(interface), historical)
    assert (answer.raw.hex().upper(), answer.protocol) == (atr, protocol)


@pytest.mark.parametrize(
    "interface", ["", "10", "F0130000", "F01300008131FE", "6000FF00", "8002", "800E", "80", "80801F"]
)
def test_interface_bytes_that_make_no_atr(interface: str) -> None:
    with pytest.raises(InvalidBlockError):
        compose(bytes.fromhex(interface), b"")


def test_sixteen_historical_bytes_are_too_many() -> None:
    assert compose(b"\x00", bytes(15)).raw[1] == 0x0F
    with pytest.raises(InvalidBlockError):
        compose(b"\x00", bytes(16))


def test_writes_show_after_the_next_reset_only() -> None:
    card = booted()
    assert send(card, "C0D6013603024142") == "9000"
    assert card.atr.hex().upper() == FACTORY
    assert card.power_on()[-3:-1] == b"AB"


def test_cold_and_warm_are_independent() -> None:
    card = booted("j2a040-unfused")
    assert send_all(card, "C0D60136020143", "C0D60159020157", "C0D6014904036000FF") == ["9000"] * 3
    assert card.warm_reset() == bytes.fromhex("3B6100FF57")
    assert card.protocol == "T=0"
    assert card.power_on()[-2:-1] == b"C"
    assert card.protocol == "T=1"


@pytest.mark.parametrize(
    ("profile", "historical_room", "address"),
    [("j2a040-unfused", 15, "0136"), ("j2a081-unfused", 14, "0137")],
)
def test_the_room_of_the_historical_bytes(profile: str, historical_room: int, address: str) -> None:
    card = booted(profile)
    full = bytes(range(0x41, 0x41 + historical_room))
    assert send(card, f"C0D6{address}{historical_room + 1:02X}{historical_room:02X}{full.hex()}") == "9000"
    assert card.power_on()[9:-1] == full
    card = booted(profile)
    assert send(card, f"C0D6{address}01{historical_room + 1:02X}") == "9000"
    assert card.power_on().hex().upper() == FACTORY


@pytest.mark.parametrize(
    ("profile", "room", "interface"),
    [
        # T0, then three full groups TA to TD, then as many characters as fit.
        ("j2a040-unfused", 15, "F0000000F1000000F1000000310000"),
        ("j2a081-unfused", 16, "F0000000F1000000F100000071000000"),
    ],
)
def test_the_room_of_the_interface_bytes(profile: str, room: int, interface: str) -> None:
    card = booted(profile)
    assert send(card, f"C0D60126{room + 1:02X}{room:02X}{interface}") == "9000"
    assert card.power_on()[2 : 1 + room].hex() == interface[2:].lower()
    card = booted(profile)
    assert send(card, f"C0D6012601{room + 1:02X}") == "9000"
    assert card.power_on().hex().upper() == FACTORY


@pytest.mark.parametrize("write", ["C0D6012601FF", "C0D601260110", "C0D601260100", "C0D60126020110", "C0D601360110"])
def test_an_impossible_block_shows_the_factory_atr_and_the_card_lives(write: str) -> None:
    card = booted()
    assert send_all(card, "C0D6013603024142", write) == ["9000", "9000"]
    assert card.power_on().hex().upper() == FACTORY
    assert send(card, "00F00000") == "6A82"
