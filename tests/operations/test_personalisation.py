"""The root applet's commands, and the checklist in each state of the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.accepted_keys import AcceptedKeys
from jcopsh.errors import CardError, Refused
from jcopsh.globalplatform.keys import KeySet
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop.memory_map import load_map
from jcopsh.jcop.personalisation import CheckState
from jcopsh.operations.memory import write_memory
from jcopsh.operations.personalisation import boot, fuse, personalisation_checklist, protect, select_root_applet
from jcopsh.operations.values import Checklist
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.state import Fuse, SelectedKind
from tests.card.support import (
    BOOT,
    FUSE,
    FUSED_IDENTITY,
    IDENTIFY,
    PROTECT,
    READ_KEY1,
    TRANSPORT_KEY,
    Rig,
    booted,
    consenting,
    fake,
    simulated,
)
from tests.secrets.test_secret import shows

MAP = load_map("simulated-j2a040")
RIGHT = Secret(TRANSPORT_KEY, SecretKind.TRANSPORT_KEY)
WRONG = Secret(bytes.fromhex("DEADBEEF0123456789ABCDEF13371337"), SecretKind.TRANSPORT_KEY)
DONE, MISSING, UNKNOWN = CheckState.DONE, CheckState.MISSING, CheckState.UNKNOWN


def checked(rig: Rig) -> dict[str, CheckState]:
    return {line.item: line.state for line in checklist(rig).lines}


def checklist(rig: Rig) -> Checklist:
    return personalisation_checklist(rig.card, "Before FUSE", MAP)


def write(rig: Rig, address: int, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        consenting(patched)
        list(write_memory(rig.card, address, data, memory_map=MAP))


def test_the_transport_key(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path)
    chosen = select_root_applet(rig.card, RIGHT)
    assert chosen.sw == 0x9000
    assert chosen.name.startswith("root applet")
    assert not shows(chosen.name, TRANSPORT_KEY)
    assert rig.card.state.selected is SelectedKind.ROOT
    assert sim.received == [bytes.fromhex("00A4040010") + TRANSPORT_KEY]


def test_a_wrong_transport_key_is_tried_once(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path)
    with pytest.raises(CardError, match="does not take this transport key") as caught:
        select_root_applet(rig.card, WRONG)
    assert "do not guess" in caught.value.hint
    assert len(sim.received) == 1
    for text in (str(caught.value), caught.value.meaning, caught.value.hint, repr(caught.value.command)):
        assert not shows(text, WRONG.reveal())


def test_on_a_fused_card_there_is_no_root_applet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, sim = booted(tmp_path)
    consenting(monkeypatch)
    rig.send(READ_KEY1)
    fuse(rig.card)
    assert rig.card.state.fuse is Fuse.FUSED
    with pytest.raises(CardError, match="no root applet any more"):
        select_root_applet(rig.card, RIGHT)
    assert sim.received.count(FUSE) == 1


def test_a_transport_key_tried_on_a_card_known_to_be_fused_is_not_taken_for_an_aid(tmp_path: Path) -> None:
    """Cards of a batch may share it: it must not stand in the journal of the one that is fused."""
    rig, _link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_IDENTITY.hex() + "6A82"})
    rig.send(IDENTIFY)
    with pytest.raises(CardError):
        select_root_applet(rig.card, WRONG)
    assert not shows(rig.kept(), WRONG.reveal())
    assert "<transport_key:16:" in rig.kept()


def test_the_commands_are_those_of_the_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, sim = simulated(tmp_path)
    asked = consenting(monkeypatch)
    select_root_applet(rig.card, RIGHT)
    boot(rig.card)
    protect(rig.card)
    assert rig.card.state.protected
    fuse(rig.card)
    assert sim.received[1:] == [BOOT, PROTECT, FUSE]
    assert [judgement.action for judgement in asked] == ["boot", "protect", "fuse"]


@pytest.mark.parametrize("operation", [boot, protect, fuse])
def test_without_consent_nothing_is_sent(tmp_path: Path, operation: object) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    with pytest.raises(Refused):
        operation(rig.card)  # type: ignore[operator]  # one of three functions of a card
    assert len(sim.received) == count


@pytest.mark.parametrize(("operation", "words"), [(boot, "BOOT"), (protect, "PROTECT"), (fuse, "FUSE")])
def test_a_refusal_says_why(tmp_path: Path, operation: object, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, _sim = simulated(tmp_path)
    consenting(monkeypatch)
    with pytest.raises(CardError, match=f"refused {words}") as caught:
        operation(rig.card)  # type: ignore[operator]  # one of three functions of a card
    assert caught.value.hint == "select tk"


# --- the checklist --------------------------------------------------------------------------------------------------


def test_before_anything_all_is_unknown_and_the_keys_are_missing(tmp_path: Path) -> None:
    rig, _sim = simulated(tmp_path)
    assert list(checked(rig).values()) == [UNKNOWN, MISSING, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    rig.send(IDENTIFY)
    assert next(iter(checked(rig).values())) is DONE


def test_booted_with_random_keys(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    found = checked(rig)
    # the keys are stored by being read for it; their order waits for an authentication, the life cycle to be written
    assert list(found.values()) == [DONE, DONE, UNKNOWN, DONE, DONE, DONE, DONE, MISSING]
    assert {raw[1] for raw in sim.received[count:]} == {0xB0}  # nothing but READ is sent


def test_keys_that_everybody_knows_and_a_life_cycle_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, _sim = booted(tmp_path)
    for address in (0xC00305, 0xC00321, 0xC0033D):
        write(rig, address, bytes(range(0x40, 0x50)), monkeypatch)
    write(rig, 0xC00400, b"\x01", monkeypatch)
    write(rig, 0xC00136, b"\x0f" + bytes(15), monkeypatch)
    write(rig, 0xC00149, b"\x20", monkeypatch)
    found = checked(rig)
    assert found["keys of your own"] is MISSING
    assert found["three different keys"] is MISSING
    assert found["life cycle 01"] is DONE
    assert found["cold ATR valid"] is DONE
    assert found["warm ATR valid"] is MISSING
    for line in checklist(rig).lines:
        assert not shows(line.detail, bytes(range(0x40, 0x50)))


def test_the_slot_order_is_proved_by_the_very_keys_in_their_order(tmp_path: Path) -> None:
    rig, _ = booted(tmp_path)
    present = [Secret(rig.card.send(CommandAPDU(0xC0, 0xB0, 0x03, p2, le=16)).data) for p2 in (0x05, 0x21, 0x3D)]
    enc, mac, dek = present
    item = "slot order proved by an authentication"
    for accepted, state in (((enc, mac, dek), DONE), ((enc, mac, None), UNKNOWN), ((mac, enc, dek), UNKNOWN),
                            ((enc, mac, WRONG), UNKNOWN)):
        rig.card.accepted_keys = AcceptedKeys.of(KeySet(*accepted))
        assert checked(rig)[item] is state


def test_a_key_store_that_is_gone_counts_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, _sim = booted(tmp_path)
    checked(rig)
    monkeypatch.setattr(rig.card, "key_store", None)
    assert checked(rig)["keys known and stored on disk"] is MISSING


def test_a_fused_card_has_nothing_left_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, _sim = booted(tmp_path)
    consenting(monkeypatch)
    checked(rig)  # reads the keys, as `fuse` does
    fuse(rig.card)
    assert next(iter(checked(rig).values())) is MISSING


def test_without_a_map_nothing_is_read(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {})
    lines = personalisation_checklist(rig.card, "Before FUSE", None).lines
    assert {line.state for line in lines} == {UNKNOWN, MISSING}
    assert link.sent == []
