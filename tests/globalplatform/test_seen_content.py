"""What is known of a card's content from the exchanges alone: the same as the card lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.card.exchange import Exchange
from jcopsh.globalplatform.cap import parse_cap
from jcopsh.globalplatform.content import LifeCycle
from jcopsh.globalplatform.registry import RegistryEntry, Scope
from jcopsh.globalplatform.seen_content import SeenContent
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.operations import content, looking
from jcopsh.operations.content import Request
from tests import cap_files
from tests.secure_channels import ENC, FULL, Domain, connected

A = parse_cap(cap_files.A.archive)
PACKAGE, APPLET, OTHER = A.aid, A.applets[0], AID.parse("0000000000AA")


class Watch:
    """Looks on at a card from its first exchange."""

    def __init__(self, domain: Domain) -> None:
        self.seen = SeenContent()
        domain.card.observers.append(self)

    def __call__(self, exchange: Exchange) -> None:
        if exchange.answer.whole:
            self.seen = self.seen.after(exchange.answer.command, exchange.answer.response)

    @property
    def aids(self) -> set[str]:
        return {str(one.aid) for one in self.seen.entries}

    def entry(self, aid: AID) -> RegistryEntry:
        return next(one for one in self.seen.entries if one.aid == aid)


@pytest.mark.parametrize("t0", [False, True])
@pytest.mark.parametrize("profile", ["j2a040", "j2e145", "j3r180"])
def test_a_listing_is_remembered(tmp_path: Path, profile: str, t0: bool) -> None:
    domain = connected(tmp_path, profile, t0=t0)
    watch = Watch(domain)
    domain.auth(level=FULL if profile == "j3r180" else ENC)
    assert len(watch.seen.entries) == 1, "the issuer security domain, by its SELECT"
    listed = looking.list_content(domain.card)
    looking.card_info(domain.card)
    assert watch.aids == {str(one.aid) for one in listed.entries}
    assert 0xFF in watch.seen.key_versions


def test_what_is_installed_and_deleted_is_known_without_a_listing(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    watch = Watch(domain)
    domain.auth()
    with answering_yes(domain.card):
        list(content.install(domain.card, Request(A, instance=OTHER)))
        assert watch.entry(OTHER).load_file == PACKAGE
        assert watch.entry(PACKAGE).modules == (APPLET,)
        content.set_status(domain.card, LifeCycle.LOCKED, OTHER)
        assert watch.entry(OTHER).life_cycle_name == "LOCKED"
        content.set_status(domain.card, LifeCycle.UNLOCKED, OTHER)
        assert watch.entry(OTHER).life_cycle_name == "SELECTABLE"
        list(content.delete(domain.card, PACKAGE, related=True))
    assert not watch.aids & {str(PACKAGE), str(OTHER)}
    assert watch.aids == {str(one.aid) for one in looking.list_content(domain.card).entries}


def test_what_was_refused_or_says_nothing_changes_nothing() -> None:
    seen = SeenContent((RegistryEntry(OTHER, Scope.APPLICATIONS, 7),), (1,))
    ok, no = ResponseAPDU(b"", 0x9000), ResponseAPDU(b"", 0x6985)
    delete = CommandAPDU(0x80, 0xE4, 0, 0, b"\x4f\x06" + OTHER.value)
    assert seen.after(delete, no) is seen
    assert seen.after(delete, ok).entries == ()
    for command in ("80E6020001FF", "80E60C00020102", "80E4000002FFFF", "80F2990002 4F00", "80CA00E000", "80E80000",
                    "80F04080 00", "00A4040000", "00E4000002FFFF"):
        raw = CommandAPDU.parse(bytes.fromhex(command.replace(" ", "")))
        for answer in (ok, ResponseAPDU(b"\xe3\xff", 0x9000), ResponseAPDU(b"\x01", 0x6310)):
            assert seen.after(raw, answer).entries == seen.entries, command
