"""Installing on the simulated cards, with the power lost at every exchange, before the card acts and after it did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jcopsh.card.card import Card, answering_yes
from jcopsh.card.link import ResetKind
from jcopsh.errors import CardWasReset, ChannelError, JcopshError, ReaderError, StoreError
from jcopsh.globalplatform.cap import parse_cap
from jcopsh.globalplatform.channel import SecurityLevel
from jcopsh.globalplatform.keys import DEFAULT_KEY, KeySet
from jcopsh.iso7816.aid import AID
from jcopsh.operations import content, looking
from jcopsh.operations.authentication import KeyChoice, authenticate
from jcopsh.operations.content import NotPossible, Request
from jcopsh.operations.content_values import ContentChanged
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import SimulatedLink
from jcopsh.simulator.profiles import parse_profile
from tests import cap_files
from tests.card.support import behind_the_door
from tests.secure_channels import FULL, connected

APPLET = AID(cap_files.A.applets[0])
REQUEST = Request(parse_cap(cap_files.A.archive), block_size=100)
LEVEL = SecurityLevel.C_MAC | SecurityLevel.C_DECRYPTION


class Failing:
    """A link that is lost at one exchange that changes the card, before the card gets it or after it has acted."""

    def __init__(self, card: SimulatedCard, at: int | None, *, after: bool = False) -> None:
        self._link = SimulatedLink(card)
        self._at, self._after = at, after
        self.changes = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._link, name)

    name = property(lambda self: self._link.name)
    atr = property(lambda self: self._link.atr)
    protocol = property(lambda self: self._link.protocol)

    def transmit(self, command: bytes) -> bytes:
        """The card's answer, or none any more."""
        number = self.changes
        if command[1] in (0xE6, 0xE8):
            self.changes += 1
        lost = command[1] in (0xE6, 0xE8) and number == self._at
        answer = b"" if lost and not self._after else self._link.transmit(command)
        if lost:
            self._link.close()
            raise ReaderError("the card is gone", card_lost=True)
        return answer

    def reset(self, kind: ResetKind) -> bytes:
        return self._link.reset(kind)

    def close(self) -> None:
        self._link.close()


def opened(link: Failing, folder: Path) -> Card:
    card = behind_the_door(link, folder).card
    authenticate(card, KeyChoice("default", KeySet.of_one(DEFAULT_KEY)), level=LEVEL)
    return card


def on(card: Card) -> list[str]:
    return [str(one.aid) for one in looking.list_content(card).entries]


@pytest.mark.parametrize("profile", ["j2a040", "j2e145", "j3r180"])
def test_install_list_and_delete(tmp_path: Path, profile: str) -> None:
    card = opened(Failing(SimulatedCard(parse_profile(profile)), None), tmp_path)
    before = on(card)
    assert isinstance(list(content.install(card, REQUEST))[-1], ContentChanged)
    assert set(on(card)) - set(before) == {"0000000000", "000000000011"}
    with answering_yes(card):
        list(content.delete(card, REQUEST.cap.aid, related=True))
    assert on(card) == before


@pytest.mark.parametrize("profile", ["j2a040", "j2e145", "j3r180"])
def test_rebuilt_code_takes_the_place_of_the_old(tmp_path: Path, profile: str) -> None:
    link = Failing(SimulatedCard(parse_profile(profile)), None)
    card = opened(link, tmp_path)
    list(content.install(card, REQUEST))
    rebuilt = Request(parse_cap(replace(cap_files.A, method_bytes=300).archive))
    with pytest.raises(NotPossible) as stopped:
        list(content.install(card, rebuilt))
    assert "delete 0000000000 --related" in stopped.value.hint
    with answering_yes(card):
        list(content.install(card, replace(rebuilt, reinstall=True)))
        assert {"0000000000", "000000000011"} <= set(on(card))
        list(content.delete(card, rebuilt.cap.aid, related=True))
    list(content.install(card, rebuilt))


EXCHANGES = 5  # INSTALL [for load], three LOADs of up to 100 bytes, INSTALL [for install and make selectable]


def test_how_many_exchanges_there_are(tmp_path: Path) -> None:
    link = Failing(SimulatedCard(parse_profile("j2e145")), None)
    list(content.install(opened(link, tmp_path), REQUEST))
    assert link.changes == EXCHANGES


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(EXCHANGES))
@pytest.mark.parametrize("profile", ["j2e145", "j3r180"])
def test_the_power_lost(tmp_path: Path, profile: str, at: int, *, after: bool) -> None:
    sim = SimulatedCard(parse_profile(profile))
    first = opened(Failing(sim, at, after=after), tmp_path)
    with pytest.raises(ReaderError) as caught:
        list(content.install(first, REQUEST))
    told = caught.value.meaning
    card = opened(Failing(sim, None), tmp_path / "again")
    there = on(card)
    # what was said is true
    if "not finished" in told:
        assert "0000000000" not in there
    if "Package 0000000000 is on the card" in told:
        assert "0000000000" in there
    assert "list tells" in told or "not finished" in told
    # and the same line again ends well or names the one that does, unless all of it was done
    if "0000000000" in there and "000000000011" not in there:
        with pytest.raises(NotPossible) as stopped:
            list(content.install(card, REQUEST))
        assert "--keep-package" in stopped.value.hint
        list(content.install(card, replace(REQUEST, keep_package=True)))
    elif "000000000011" not in there:
        list(content.install(card, REQUEST))
    assert {"0000000000", "000000000011"} <= set(on(card))


# --- what else can break in the middle --------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [
    CardWasReset("another program reset the card", hint="begin again"), StoreError("the disk is full"),
    ReaderError("the card is gone", card_lost=True),
])
def test_what_breaks_in_mid_load_is_told_with_what_is_on_the_card(tmp_path: Path, error: JcopshError) -> None:
    domain = connected(tmp_path, "j2e145")
    domain.auth()

    def breaks(command: bytes, answer: bytes) -> bytes:
        if command[1] == 0xE8:
            raise error
        return answer

    domain.link.answer = breaks
    with pytest.raises(type(error)) as told:
        list(content.install(domain.card, REQUEST))
    assert "The load was not finished" in told.value.meaning
    assert ("connect" in told.value.hint) == (type(error) is ReaderError)


def test_a_channel_that_breaks_at_the_last_command_is_told_with_what_is_on_the_card(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    domain.link.answer = lambda command, answer: b"\x90\x00" if command[1:3] == b"\xe6\x0c" else answer
    with pytest.raises(ChannelError, match="broken") as told:
        list(content.install(domain.card, REQUEST))
    assert "Package 0000000000 is on the card. Whether 000000000011 is too, list tells" in told.value.meaning
