"""What is for the reader: class FF goes there and nowhere else, past the same guards as everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.card.answer import Answer
from jcopsh.card.interlock import Severity, judge
from jcopsh.card.reader_interlock import judge_for_reader
from jcopsh.errors import ReaderError, Refused, UsageError
from jcopsh.jcop.memory_map import all_maps
from jcopsh.state import CardState, Fuse
from tests.card.support import (
    ATR,
    FUSED_IDENTITY,
    IDENTIFY,
    READ_KEY1,
    FakeReaderLink,
    apdu,
    behind_the_door,
    consenting,
    fake,
)

UID = "FFCA000000"
KEY = "404142434445"
STATES = st.sampled_from([CardState(ATR, "T=1"), CardState(ATR, "T=1", fuse=Fuse.FUSED)])


def severity(command: str, *, fused: bool = True) -> Severity:
    state = CardState(ATR, "T=1", fuse=Fuse.FUSED if fused else Fuse.UNKNOWN)
    return judge_for_reader(bytes.fromhex(command), state, all_maps()).severity


def test_it_reaches_the_reader_and_no_card(tmp_path: Path) -> None:
    link = FakeReaderLink({UID: "04A1B2C39000"})
    rig = behind_the_door(link, tmp_path)
    before = rig.card.state
    seen: list[bool] = []
    rig.card.observers.append(lambda exchange: seen.append(exchange.for_reader))
    assert rig.card.send_to_reader(apdu(UID)).data == bytes.fromhex("04A1B2C3")
    assert link.calls == ["begin", "to the reader", "end"]
    assert rig.card.state == before
    assert seen == [True]
    assert '"to": "reader"' in rig.kept()


def test_the_card_still_has_what_waited_in_it(tmp_path: Path) -> None:
    link = FakeReaderLink({UID: "04A1B2C39000", "80CA9F7F00": "6101", "00C0000001": "AA9000"})
    rig = behind_the_door(link, tmp_path)
    rig.card.follow = False
    seen: list[Answer] = []
    rig.card.observers.append(lambda exchange: seen.append(exchange.answer))
    rig.send("80CA9F7F00")
    rig.card.send_to_reader(apdu(UID))
    rig.send("00C0000001")
    assert [(answer.command.header.hex(), answer.whole) for answer in seen] == [
        ("80ca9f7f", False), ("ffca0000", True), ("80ca9f7f", True)]
    assert seen[-1].response.data == b"\xaa"


def test_each_class_has_its_door(tmp_path: Path) -> None:
    link = FakeReaderLink({})
    rig = behind_the_door(link, tmp_path)
    with pytest.raises(UsageError, match="class FF is the reader's"):
        rig.send(UID)
    with pytest.raises(UsageError, match="only commands of class FF"):
        rig.card.send_to_reader(apdu("00A40400"))
    assert link.calls == []


def test_where_there_is_no_reader(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {})
    with pytest.raises(ReaderError, match="there is no reader here"):
        rig.card.send_to_reader(apdu(UID))
    assert link.sent == []


@pytest.mark.parametrize("command", [UID, "FFCA010000", "FFB0000410", "FF860000050100046000"])
def test_what_part_3_has_and_harms_nothing(command: str) -> None:
    assert severity(command) is Severity.FREE


@pytest.mark.parametrize(
    "command",
    [
        "FFD6000404AABBCCDD",  # UPDATE BINARY
        f"FF82200006{KEY}",  # LOAD KEYS for ever
        "FF20000003FFFFFF",  # VERIFY of a memory card
        "FFC2000003 0102FF",  # a transparent exchange
        "FFEF000000",  # nobody knows it
    ],
)
def test_what_a_yes_is_asked_for(command: str) -> None:
    assert severity(command) >= Severity.DESTRUCTIVE


@pytest.mark.parametrize("inside", ["00000000", "00100000", "80F080FF00"])
@pytest.mark.parametrize("wrapping", ["FF000000{:02X}{}", "FFC20001{:02X}95{:02X}{}"])
def test_a_command_for_the_card_inside_counts_as_itself(inside: str, wrapping: str) -> None:
    payload = bytes.fromhex(inside)
    size = len(payload)
    text = wrapping.format(size, inside) if wrapping.count("{") == 2 else wrapping.format(size + 2, size, inside)
    assert severity(text, fused=False) is Severity.IRREVERSIBLE


def test_ins_00_is_fuse_for_a_reader_that_hands_it_on() -> None:
    assert severity("FF000000", fused=False) is Severity.IRREVERSIBLE


@given(st.binary(min_size=4, max_size=40), STATES)
def test_never_milder_than_if_the_card_got_it(raw: bytes, state: CardState) -> None:
    command = b"\xff" + raw[1:]
    maps = all_maps()
    assert judge_for_reader(command, state, maps).severity >= judge(command, state, maps).severity


def test_it_is_asked_for_and_refused_like_everything(tmp_path: Path) -> None:
    link = FakeReaderLink({})
    rig = behind_the_door(link, tmp_path)
    with pytest.raises(Refused):
        rig.card.send_to_reader(apdu("FFD6000404AABBCCDD"))
    assert "to the reader" not in link.calls
    assert '"kind": "refused"' in rig.kept()


@pytest.mark.parametrize("command", [f"FF82000006{KEY}", f"FFD6000406{KEY}", f"FFEE000006{KEY}"])
def test_a_key_for_the_reader_is_in_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    consenting(monkeypatch)
    rig = behind_the_door(FakeReaderLink({command: "9000"}), tmp_path)
    assert rig.card.send_to_reader(apdu(command)).ok
    assert KEY not in rig.kept()
    assert str(rig.card.shown_command(apdu(command))).count(KEY) == 0


def test_what_may_have_reached_the_card_leaves_nothing_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consenting(monkeypatch)
    answers = {"FFEE000000": "9000", IDENTIFY.hex().upper(): FUSED_IDENTITY.hex() + "6A82"}
    rig = behind_the_door(FakeReaderLink(answers), tmp_path)
    rig.send(IDENTIFY)
    before = rig.card.state
    assert before.fuse is Fuse.FUSED
    rig.card.send_to_reader(apdu("FFEE000000"))
    after = rig.card.state
    assert after.fuse is Fuse.UNKNOWN
    # another boot, since keys may have changed; no power-up, since no reset was seen, and none is in the journal
    assert (after.boot.power_up, after.boot.count) == (before.boot.power_up, before.boot.count + 1)
    rig.send(IDENTIFY)
    assert rig.kept().count('"kind": "card"') == 1
    assert rig.kept().count(f'"boot": "{after.boot}"') == 1


def test_what_the_card_still_has_to_give_stays_hidden_after_a_command_for_the_reader(tmp_path: Path) -> None:
    key = bytes(range(0x40, 0x50)).hex()
    rig = behind_the_door(FakeReaderLink({READ_KEY1.hex().upper(): "6110", UID: "9000", "00C0000010": key + "9000"}),
                          tmp_path)
    rig.card.follow = False
    rig.send(READ_KEY1)
    rig.card.send_to_reader(apdu(UID))
    assert rig.send("00C0000010").data.hex() == key
    assert key not in rig.kept().lower()
    assert [entry.name for entry in rig.store.entries()] == ["cm_key1"]
