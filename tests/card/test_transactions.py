"""A shared card: what belongs together is kept together, and no question is asked meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.card import Card
from jcopsh.card.exchange import FailedExchange
from jcopsh.card.interlock import Judgement
from jcopsh.card.sharing import KEPT_BY_ANOTHER
from jcopsh.errors import CardError, CardWasReset, JcopshError, ReaderError, Refused
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.operations.files import probe_files, select_file
from jcopsh.operations.identification import identify
from jcopsh.operations.memory import dump_memory, write_memory
from jcopsh.operations.verification import as_it_was, pin_status, require_unchanged, verify
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.state import Fuse
from tests.card.support import FUSED_IDENTITY, IDENTIFY, FakeReaderLink, Rig, behind_the_door

READ = "C0B0010000"
BOOT = "00F00000"


def rig(folder: Path, link: FakeReaderLink) -> Rig:
    return behind_the_door(link, folder)


def fuse_of(rig: Rig) -> Fuse:
    return rig.card.state.fuse


@pytest.fixture
def link() -> FakeReaderLink:
    answers = {READ: "11" * 256 + "9000", IDENTIFY.hex().upper(): FUSED_IDENTITY.hex() + "6A82", BOOT: "9000"}
    return FakeReaderLink(answers)


def test_each_command_of_a_shared_card_has_its_transaction(tmp_path: Path, link: FakeReaderLink) -> None:
    card = rig(tmp_path, link)
    card.send(READ)
    with card.card.transaction(), card.card.transaction():
        card.send(READ)
        card.send(READ)
    assert link.calls == ["begin", READ, "end", "begin", READ, READ, "end"]


def test_a_card_for_one_program_needs_none(tmp_path: Path) -> None:
    link = FakeReaderLink({READ: "9000"}, shared=False)
    card = rig(tmp_path, link)
    with card.card.transaction():
        card.send(READ)
    assert link.calls == [READ]
    assert not card.card.shared


@pytest.mark.parametrize("shared", [True, False])
def test_on_a_shared_card_a_set_status_may_reach_a_root_applet_that_another_program_selected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(consent, "ask_yes", lambda judgement, _card: asked.append(judgement.action))
    link = FakeReaderLink({"00A4040008A00000015100000000": "9000"}, shared=shared)
    card = rig(tmp_path, link)
    card.send("00A4040008A00000015100000000")
    card.send("80F0408005F001020304")
    assert asked == (["boot"] if shared else [])


def test_a_dump_and_a_write_are_one_each(tmp_path: Path) -> None:
    memory = FakeReaderLink(lambda raw: b"\x90\x00" if raw[1] == 0xD6 else bytes(raw[4] or 256) + b"\x90\x00")
    card = rig(tmp_path, memory)
    dump_memory(card.card, 0xC00000, 0xC003FF)
    assert [memory.calls.count(name) for name in ("begin", "end")] == [1, 1]
    assert memory.calls[0] == "begin"
    assert memory.calls[-1] == "end"
    memory.calls.clear()
    list(write_memory(card.card, 0xC00800, bytes(4)))
    assert [memory.calls.count(name) for name in ("begin", "end")] == [1, 1]


def test_the_transaction_ends_whatever_happens(tmp_path: Path, link: FakeReaderLink) -> None:
    card = rig(tmp_path, link)

    def fail(_command: bytes) -> None:
        raise ReaderError("the card was removed", card_lost=True)

    link.before = fail
    with pytest.raises(ReaderError):
        card.send(READ)
    assert link.calls == ["begin", READ, "end"]


def test_a_question_is_asked_outside(tmp_path: Path, link: FakeReaderLink, monkeypatch: pytest.MonkeyPatch) -> None:
    def agree(_judgement: Judgement, _card: str) -> None:
        link.calls.append("asked")

    monkeypatch.setattr(consent, "ask_yes", agree)
    rig(tmp_path, link).send(BOOT)
    assert link.calls == ["begin", "end", "asked", "begin", BOOT, "end"]


def test_after_a_no_nothing_is_begun_again(
    tmp_path: Path, link: FakeReaderLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(judgement: Judgement, _card: str) -> None:
        raise Refused(judgement.what)

    monkeypatch.setattr(consent, "ask_yes", refuse)
    card = rig(tmp_path, link)
    with pytest.raises(Refused):
        card.send(BOOT)
    assert link.calls == ["begin", "end"]
    card.send(READ)
    assert link.calls == ["begin", "end", "begin", READ, "end"]


def test_a_card_that_was_reset_during_the_question_gets_nothing(
    tmp_path: Path, link: FakeReaderLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def agree_too_late(_judgement: Judgement, _card: str) -> None:
        link.begin_fails = CardWasReset("another program reset the card")

    monkeypatch.setattr(consent, "ask_yes", agree_too_late)
    card = rig(tmp_path, link)
    before = card.card.state.boot
    with pytest.raises(CardWasReset):
        card.send(BOOT)
    assert BOOT not in link.calls
    assert card.card.state.boot.power_up != before.power_up


def test_a_card_that_another_program_reset_is_known_for_nothing_but_itself(
    tmp_path: Path, link: FakeReaderLink
) -> None:
    card = rig(tmp_path, link)
    card.send(IDENTIFY)
    assert fuse_of(card) is Fuse.FUSED
    link.begin_fails = CardWasReset("another program reset the card")
    failures: list[FailedExchange] = []
    card.card.failure_observers.append(failures.append)
    with pytest.raises(CardWasReset):
        card.send(READ)
    assert [(one.wire_command.reveal().hex().upper(), one.sent) for one in failures] == [(READ, False)]
    assert fuse_of(card) is Fuse.UNKNOWN
    assert card.card.state.identity is not None
    assert '"kind": "lost"' in card.kept()
    card.send(READ)
    assert card.kept().count('"kind": "card"') == 2


def test_ctrl_c_leaves_a_card_that_another_program_keeps(tmp_path: Path, link: FakeReaderLink) -> None:
    card = rig(tmp_path, link)
    said: list[str] = []
    card.card.on_wait = said.append
    link.kept = True
    link.begin_fails = KeyboardInterrupt()
    with pytest.raises(ReaderError, match="another program kept the card for itself") as caught:
        card.send(READ)
    assert said == [KEPT_BY_ANOTHER]
    assert caught.value.card_lost
    assert link.closed
    assert link.calls == ["begin"]


def test_whether_the_card_is_there_is_asked_of_its_link(tmp_path: Path, link: FakeReaderLink) -> None:
    card: Card = rig(tmp_path, link).card
    assert card.is_alive()
    link.alive = False
    assert not card.is_alive()
    assert card.reader_attributes().vendor == "Fake"
    assert link.sent == []


STATUS, PIN_ONE, VERIFY = "00200001", "31323334", "002000010431323334"


def test_the_steps_of_a_path_are_one_transaction(tmp_path: Path) -> None:
    link = FakeReaderLink(lambda raw: b"\x6a\x86" if raw[2] == 8 else b"\x90\x00")
    select_file(rig(tmp_path, link).card, FileReference.parse("3F00/7F10/6F01"))
    assert [link.calls.count(name) for name in ("begin", "end")] == [1, 1]
    assert (link.calls[0], link.calls[-1], len(link.calls)) == ("begin", "end", 8)


def test_an_identification_is_one_transaction(tmp_path: Path) -> None:
    link = FakeReaderLink(lambda _raw: b"\x6a\x82")
    with pytest.raises(CardError):
        identify(rig(tmp_path, link).card)
    assert [link.calls[0], len(link.calls), link.calls[-1]] == ["begin", 5, "end"]


def test_each_file_that_is_looked_for_is_asked_for_in_the_df_to_look_in(tmp_path: Path) -> None:
    df = "620782013883023F009000"
    link = FakeReaderLink({"00A40000023F0000": df, "00A40000026F0100": "6A82", "00A40000026F0200": "6A82"})
    list(probe_files(rig(tmp_path, link).card, [0x6F01, 0x6F02]))
    enter = ["begin", "00A40000023F0000", "end"]
    ask = [["begin", "00A40000023F0000", f"00A40000026F0{number}00", "end"] for number in (1, 2)]
    assert link.calls == [*enter, *ask[0], *ask[1], *enter]


def test_a_pin_goes_only_where_it_was_asked_for(tmp_path: Path) -> None:
    answers = {STATUS: "63C3", VERIFY: "9000"}
    link = FakeReaderLink(answers)
    card = rig(tmp_path, link).card
    status = pin_status(card, 1)
    with card.transaction():
        require_unchanged(card, status)
        verify(card, 1, Secret(bytes.fromhex(PIN_ONE), SecretKind.PIN))
    assert link.calls == ["begin", STATUS, "end", "begin", STATUS, VERIFY, "end"]
    answers[STATUS] = "63C2"
    with pytest.raises(JcopshError, match="no longer as it was"):
        require_unchanged(card, status)


def test_after_a_question_a_pin_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = FakeReaderLink({STATUS: "63C1", VERIFY: "9000"})
    card = rig(tmp_path, link).card
    status = pin_status(card, 1)
    link.calls.clear()
    monkeypatch.setattr(consent, "ask_yes", lambda _judgement, _card: link.calls.append("asked"))
    seen: list[str] = []
    card.observers.append(lambda exchange: seen.append(str(exchange.shown_command)))
    with as_it_was(card, status):
        verify(card, 1, Secret(bytes.fromhex(PIN_ONE), SecretKind.PIN))
    assert link.calls == ["begin", STATUS, "end", "asked", "begin", STATUS, VERIFY, "end"]
    assert seen == [STATUS, STATUS, "0020000104<pin:4:>"]


@pytest.mark.parametrize("meanwhile", ["63C0", "6983", "63C3", "6A88"])
def test_a_pin_that_another_program_touched_during_the_question_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    answers = {STATUS: "63C1", VERIFY: "9000"}
    link = FakeReaderLink(answers)
    card = rig(tmp_path, link).card
    status = pin_status(card, 1)
    monkeypatch.setattr(consent, "ask_yes", lambda _judgement, _card: answers.update({STATUS: meanwhile}))
    with pytest.raises(JcopshError), as_it_was(card, status):
        verify(card, 1, Secret(bytes.fromhex(PIN_ONE), SecretKind.PIN))
    assert VERIFY not in link.calls
    assert [link.calls.count(name) for name in ("begin", "end")] == [3, 3]


def test_a_card_for_one_program_is_not_asked_again(tmp_path: Path) -> None:
    link = FakeReaderLink({STATUS: "63C3"}, shared=False)
    card = rig(tmp_path, link).card
    require_unchanged(card, pin_status(card, 1))
    assert link.calls == [STATUS]
