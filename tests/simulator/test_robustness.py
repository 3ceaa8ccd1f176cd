"""Any bytes get a response: the card never raises and never dies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.profiles import parse_profile
from tests.simulator.support import FUSE, IDENTIFY, SELECT_TK, booted, powered, send, speaking_t0, with_card_manager

HEADERS = [
    bytes.fromhex(text)
    for text in (
        "00A40400", "00F00000", "C0B00305", "C0D60305", "00100000", "00C00000", "80500000", "84820000", "80CA00E0"
    )
]
COMMANDS = st.one_of(
    st.binary(max_size=300),
    st.builds(lambda header, body: header + body, st.sampled_from(HEADERS), st.binary(max_size=24)),
    st.builds(
        lambda header, data, tail: header + bytes((len(data),)) + data + tail,
        st.sampled_from(HEADERS),
        st.binary(min_size=1, max_size=255),
        st.binary(max_size=2),
    ),
)


def personalised() -> SimulatedCard:
    return powered("j2e145")


@pytest.mark.parametrize("make", [booted, speaking_t0, with_card_manager, personalised])
def test_any_bytes_get_a_response(make: Callable[[], SimulatedCard]) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.lists(COMMANDS, max_size=6))
    def any_bytes(commands: list[bytes]) -> None:
        card = make()
        for command in commands:
            assert len(card.process(command)) >= 2
        assert card.received[-len(commands) :] == commands or not commands
        assert send(card, IDENTIFY)[:2] in ("04", "61", "02")

    any_bytes()


@settings(max_examples=150, deadline=None)
@given(st.lists(COMMANDS.filter(lambda raw: raw[:2] != b"\0\0"), max_size=8))
def test_nothing_but_cla_00_ins_00_fuses(commands: list[bytes]) -> None:
    card = booted()
    for command in commands:
        card.process(command)
    assert send(card, IDENTIFY)[28:30] == "00"
    assert send(card, SELECT_TK) == "9000"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=4))
def test_every_reset_has_an_atr_whatever_the_reset_blocks_hold(written: list[bytes]) -> None:
    card = booted()
    for at, data in enumerate(written):
        if data:
            send(card, f"C0D601{(0x23, 0x26, 0x36, 0x49)[at]:02X}{len(data):02X}{data.hex()}")
    for atr in (card.power_on(), card.warm_reset()):
        assert atr[0] == 0x3B
        assert 2 <= len(atr) <= 33
        assert card.protocol in ("T=0", "T=1")


def test_without_power_a_command_does_nothing() -> None:
    card = SimulatedCard(parse_profile("j2a040-unfused"))
    assert (card.atr, card.protocol) == (b"", "?")
    assert send(card, SELECT_TK) == "6F00"
    assert card.received == [bytes.fromhex(SELECT_TK)]
    assert card.warm_reset() == card.cold_atr == card.atr
    card = booted()
    card.power_off()
    assert send(card, FUSE) == "6F00"
    card.power_on()
    assert send(card, IDENTIFY)[28:30] == "00"
