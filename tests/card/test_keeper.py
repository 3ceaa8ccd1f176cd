"""The keeper: no key is lost that was read, and none is sent that is not kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.card.keeper import card_name
from jcopsh.secrets.key_store import Origin, StoredSecret
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.state import CardState
from tests.card.support import ATR, IDENTIFY, SELECT_TK, TRANSPORT_KEY, booted, fake, refused, simulated

KEY = bytes(range(0x40, 0x50))
WRITE = bytes.fromhex("C0D6032110") + KEY


def test_a_key_that_is_read_is_kept_with_all_that_tells_it_from_others(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    rig.send(IDENTIFY)
    data = rig.send("C0B0030510").data
    kept = rig.store.entries()[-1]
    assert (kept.name, kept.address, kept.origin, kept.secret.reveal()) == ("cm_key1", 0xC00305, Origin.READ, data)
    assert (kept.boot, kept.secret.kind) == (str(rig.card.state.boot), SecretKind.KEY)
    for part in ("NX011C", sim.atr.hex().upper(), "simulated j2a040-unfused"):
        assert part in kept.card


def test_a_key_is_on_disk_before_it_is_sent(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {})
    kept: list[tuple[str, Origin, bytes]] = []
    link.before = lambda _command: kept.extend((e.name, e.origin, e.secret.reveal()) for e in rig.store.entries())
    with answering_yes(rig.card):
        rig.send(WRITE)
    assert kept == [("cm_key2", Origin.WRITTEN, KEY)]


def test_what_is_refused_is_not_kept(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    refused(rig, WRITE)
    assert [entry.name for entry in rig.store.entries()] == ["transport_key"]


def test_every_key_field_of_a_longer_read_and_parts_of_one(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    whole = rig.send("C0B0030000").data
    rig.send("C0B0030904")
    rig.send("C0B0034A08")
    kept = {entry.name: (entry.address, entry.secret.reveal()) for entry in rig.store.entries()}
    for name, start in (("cm_key1", 5), ("cm_key2", 0x21), ("cm_key3", 0x3D)):
        assert kept[name] == (0xC00300 + start, whole[start : start + 16])
    assert kept["cm_key1[4:8]"] == (0xC00309, whole[9:13])
    assert kept["cm_key3[13:16]"] == (0xC0034A, whole[0x4A:0x4D])


def test_a_pin_is_kept_as_a_pin(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    rig.send("C0B0041205")
    kept = rig.store.entries()[-1]
    assert (kept.name, kept.secret.kind) == ("gpin[0:5]", SecretKind.PIN)


def test_a_transport_key_that_the_card_took(tmp_path: Path) -> None:
    rig, _sim = simulated(tmp_path)
    rig.send("00A4040010" + "55" * 16)
    assert rig.store.entries() == ()
    rig.send(SELECT_TK)
    (kept,) = rig.store.entries()
    assert (kept.name, kept.secret.reveal(), kept.secret.kind) == (
        "transport_key",
        TRANSPORT_KEY,
        SecretKind.TRANSPORT_KEY,
    )
    assert (kept.origin, kept.address) == (Origin.ENTERED, None)


def test_the_transport_key_of_a_simulated_card_was_not_given_by_anybody(tmp_path: Path) -> None:
    rig, _sim = simulated(tmp_path)
    key = Secret(TRANSPORT_KEY, SecretKind.TRANSPORT_KEY)
    rig.store.add(StoredSecret("transport_key", key, Origin.SIMULATED, "unidentified, simulated", ""))
    rig.send(SELECT_TK)
    assert {entry.origin for entry in rig.store.entries()} == {Origin.SIMULATED}


@pytest.mark.parametrize("response", ["6A82", "6985", "9000"])
def test_an_answer_without_bytes_keeps_nothing(tmp_path: Path, response: str) -> None:
    rig, _link = fake(tmp_path, {"C0B0030510": response})
    rig.send("C0B0030510")
    assert rig.store.entries() == ()


def test_bytes_that_come_with_an_error_are_kept_too(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"C0B0030510": KEY.hex() + "6282"})
    rig.send("C0B0030510")
    assert rig.store.entries()[0].secret.reveal() == KEY


def test_ordinary_memory_is_not_kept(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    count = len(rig.store.entries())
    rig.send("C0B0012223")
    rig.send("C0D6012201FE")
    assert len(rig.store.entries()) == count


def test_the_name_of_a_card_that_has_said_nothing() -> None:
    assert card_name(CardState()) == "unidentified, ATR unknown"
    assert card_name(CardState(atr=ATR)) == f"unidentified, ATR {ATR.hex().upper()}"
