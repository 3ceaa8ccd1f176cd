"""The simulated card as a link."""

from __future__ import annotations

from enum import Enum

import pytest

from jcopsh.card.link import Link, ResetKind
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import LinkClosedError, SimulatedLink
from jcopsh.simulator.profiles import parse_profile
from tests.simulator.support import BOOT, SELECT_TK


class _Lukewarm(Enum):
    LUKEWARM = "lukewarm"


def test_it_is_a_link() -> None:
    card = SimulatedCard(parse_profile("j2a040-unfused"))
    link: Link = SimulatedLink(card)
    assert link.name == "simulated j2a040-unfused"
    assert link.atr == card.atr == bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
    assert link.protocol == "T=1"
    assert link.transmit(bytes.fromhex(SELECT_TK)) == b"\x90\x00"
    assert card.received == [bytes.fromhex(SELECT_TK)]


@pytest.mark.parametrize("kind", list(ResetKind))
def test_each_reset_shows_its_own_atr_and_forgets_the_selection(kind: ResetKind) -> None:
    link = SimulatedLink(SimulatedCard(parse_profile("j2a040-unfused")))
    for command in (SELECT_TK, BOOT, "C0D60136020143", "C0D60159020157"):
        assert link.transmit(bytes.fromhex(command)) == b"\x90\x00"
    atr = link.reset(kind)
    assert atr[-2:-1] == (b"C" if kind is ResetKind.COLD else b"W")
    assert link.atr == atr
    assert link.transmit(bytes.fromhex(BOOT)) == b"\x6a\x82"


def test_there_are_two_kinds_of_reset() -> None:
    with pytest.raises(ValueError, match="cold or warm"):
        SimulatedLink(SimulatedCard(parse_profile("j2a040-unfused"))).reset(_Lukewarm.LUKEWARM)


def test_closing_takes_the_power_away_once() -> None:
    card = SimulatedCard(parse_profile("j2a040-unfused"))
    link = SimulatedLink(card)
    link.transmit(bytes.fromhex(SELECT_TK))
    link.close()
    second = SimulatedLink(card)
    link.close()
    assert (second.protocol, second.transmit(bytes.fromhex(BOOT))) == ("T=1", b"\x6a\x82")
    with pytest.raises(LinkClosedError):
        link.transmit(bytes.fromhex(SELECT_TK))
    with pytest.raises(LinkClosedError):
        link.reset(ResetKind.COLD)
