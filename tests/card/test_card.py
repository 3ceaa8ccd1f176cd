"""The one door: what passes it, in which order, what is known afterwards. The judge is the simulated card's own log."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jcopsh.card import consent
from jcopsh.card.card import MAX_FOLLOWED, Card, answering_yes
from jcopsh.card.exchange import Exchange
from jcopsh.card.journal import Journal, JournalError
from jcopsh.card.link import ResetKind
from jcopsh.errors import JcopshError, ReaderError, Refused, StoreError, UsageError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop.memory_map import load_map
from jcopsh.secrets.key_store import KeyStore
from jcopsh.state import Fuse, SelectedKind
from tests.card.support import (
    ATR,
    BOOT,
    FUSE,
    FUSED_IDENTITY,
    IDENTIFY,
    PROTECT,
    READ_KEY1,
    SELECT_TK,
    UNFUSED_IDENTITY,
    FakeLink,
    apdu,
    behind_the_door,
    booted,
    consenting,
    fake,
    refused,
    simulated,
    try_to_send,
)

FUSED_ANSWER = FUSED_IDENTITY.hex() + "6A82"
WRITE_KEY1 = bytes.fromhex("C0D6030510") + bytes(range(0x40, 0x50))


def test_where_the_state_cannot_follow_an_answer_everything_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, _ = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_ANSWER})
    rig.send(IDENTIFY)
    assert rig.card.state.fuse is Fuse.FUSED

    def fails(*_arguments: object) -> None:
        raise ValueError("an answer that nobody thought of")

    monkeypatch.setattr("jcopsh.card.card.advance", fails)
    with pytest.raises(ValueError, match="nobody thought of"):
        rig.send("00A4040000")
    assert (rig.card.state.fuse, rig.card.state.identity) == (Fuse.UNKNOWN, None)
    assert "could not be worked out" in rig.kept().splitlines()[-1]


# --- nothing without consent ----------------------------------------------------------------------------------------


def test_fuse_and_protect_with_every_class_and_form_never_reach_the_card(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    before = list(sim.received)
    with answering_yes(rig.card):  # which answers for what is destructive, and for nothing else
        for cla in range(256):
            for ins in (0x00, 0x10):
                for data, le, extended in (
                    (b"", None, False),
                    (b"", 256, False),
                    (b"\x00", 256, False),
                    (b"\x00", 9, True),
                ):
                    refused(rig, CommandAPDU(cla, ins, 0, 0, data, le, extended).encode())
        for payload in (FUSE, b"\x52\x04" + FUSE, PROTECT, FUSE[:2]):
            refused(rig, CommandAPDU(0x00, 0xC2, 0, 0, payload).encode())
            refused(rig, CommandAPDU(0x10, 0xC2, 0, 0, payload, extended=True).encode())
    assert sim.received == before


def test_destructive_needs_a_yes(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    before = list(sim.received)
    for command in (BOOT, WRITE_KEY1, bytes.fromhex("C0D605000100"), bytes.fromhex("C0B603050140")):
        refused(rig, command)
    assert sim.received == before
    with answering_yes(rig.card):
        assert rig.send(WRITE_KEY1).ok
    refused(rig, WRITE_KEY1)
    assert sim.received == [*before, WRITE_KEY1]


def test_answering_yes_ends_with_its_block_also_when_it_breaks(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    with suppress(RuntimeError), answering_yes(rig.card):
        with answering_yes(rig.card):
            pass
        raise RuntimeError
    refused(rig, BOOT)


HEADERS = st.tuples(
    st.integers(0, 255),
    st.sampled_from((0x00, 0x10, 0xC2, 0xC3, 0xF0, 0xD6, 0xE4, 0xB0, 0xA4)),
    st.integers(0, 255),
    st.integers(0, 255),
)


@given(
    st.lists(st.tuples(HEADERS, st.binary(max_size=12), st.one_of(st.none(), st.just(256)), st.booleans()), max_size=8)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sequence_of_commands_fuses_or_protects(
    tmp_path: Path, commands: list[tuple[tuple[int, int, int, int], bytes, int | None, bool]]
) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    with answering_yes(rig.card):
        for header, data, le, extended in commands:
            try_to_send(rig, CommandAPDU(*header, data, le, extended).encode())
    assert not [raw for raw in sim.received[count:] if raw[1] in (0x00, 0x10, 0xC2, 0xC3)]
    rig.card.close()


def test_one_consent_is_for_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, sim = booted(tmp_path)
    asked = consenting(monkeypatch)
    for _ in range(2):
        rig.send(PROTECT)
    assert [judgement.action for judgement in asked] == ["protect", "protect"]
    assert sim.received[-2:] == [PROTECT, PROTECT]


def test_the_very_bytes_are_judged_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that gives other bytes the second time it is asked for them gets nowhere."""

    class TwoFaced(CommandAPDU):
        count = 0

        def encode(self) -> bytes:
            type(self).count += 1
            return FUSE if type(self).count > 3 else IDENTIFY

    rig, sim = booted(tmp_path)
    before = list(sim.received)
    for _ in range(6):
        TwoFaced.count = _
        with suppress(JcopshError):
            rig.card.send(TwoFaced(0x00, 0xA4, 0x04, 0x00))
    assert FUSE not in sim.received[len(before) :]


def test_bytes_that_grow_worse_on_the_way_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, sim = simulated(tmp_path)
    monkeypatch.setattr(Card, "_wire_command", lambda _card, _command, wrapped: FUSE)
    refused(rig, IDENTIFY)
    assert sim.received == []
    assert '"kind": "refused"' in rig.kept()


# --- what is known of the card --------------------------------------------------------------------------------------


def test_known_as_fused_by_identify_and_only_until_the_reset(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_ANSWER})
    refused(rig, FUSE)
    rig.send(IDENTIFY)
    rig.send(FUSE)
    assert link.sent == [IDENTIFY, FUSE]
    rig.card.reset(ResetKind.WARM)
    refused(rig, FUSE)
    assert link.sent == [IDENTIFY, FUSE]


def test_an_applet_under_identifys_aid_is_not_believed(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_IDENTITY.hex() + "9000"})
    rig.send(IDENTIFY)
    assert rig.card.state.selected is SelectedKind.APPLICATION
    refused(rig, FUSE)
    assert link.sent == [IDENTIFY]


def test_an_applet_that_says_9000_to_everything_does_not_open_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One consent, given for an applet, and then the real root applet: the second FUSE must be asked for again."""
    rig, link = fake(tmp_path, lambda _command: bytes.fromhex("9000"))
    with monkeypatch.context() as patched:
        asked = consenting(patched)
        for command in (SELECT_TK, BOOT, READ_KEY1, FUSE):
            rig.send(command)
    assert [judgement.action for judgement in asked] == ["boot", "fuse"]
    rig.send(SELECT_TK)
    refused(rig, FUSE)
    assert link.sent.count(FUSE) == 1


@pytest.mark.parametrize(
    "error", [ReaderError("gone", card_lost=True), OSError(5, "broken"), ValueError("odd"), KeyboardInterrupt()]
)
def test_a_link_that_fails_leaves_nothing_known(tmp_path: Path, error: BaseException) -> None:
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_ANSWER})
    rig.card.memory_map = load_map("j2a040")
    rig.send(IDENTIFY)
    assert rig.card.state.fuse is Fuse.FUSED
    boot = rig.card.state.boot

    def fail(_command: bytes) -> None:
        raise error

    link.before = fail
    with pytest.raises((ReaderError, ValueError, KeyboardInterrupt)):
        rig.send("80CA9F7F00")
    link.before = lambda _command: None
    state = rig.card.state
    assert (state.fuse, state.identity, state.selected, state.atr) == (Fuse.UNKNOWN, None, SelectedKind.UNKNOWN, b"")
    assert state.boot.power_up != boot.power_up
    assert rig.card.memory_map is None
    refused(rig, FUSE)
    assert '"kind": "lost"' in rig.kept()


@pytest.mark.parametrize("error", [ReaderError("gone", card_lost=True), OSError(5, "broken"), ValueError("odd")])
def test_a_reset_that_fails_leaves_nothing_known(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_ANSWER})
    rig.send(IDENTIFY)

    def fail(_kind: ResetKind) -> bytes:
        raise error

    monkeypatch.setattr(link, "reset", fail)
    with pytest.raises((ReaderError, ValueError)):
        rig.card.reset(ResetKind.COLD)
    assert rig.card.state.fuse is Fuse.UNKNOWN
    refused(rig, FUSE)


def test_a_link_used_after_it_was_closed_is_a_reader_error(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path)
    rig.card.close()
    with pytest.raises(ReaderError):
        rig.send(IDENTIFY)
    with pytest.raises(ReaderError):
        rig.card.reset(ResetKind.COLD)
    assert sim.received == []


@pytest.mark.parametrize("answer", [b"", b"\x90"])
def test_an_answer_without_a_status_word_is_a_reader_error(tmp_path: Path, answer: bytes) -> None:
    rig, _link = fake(tmp_path, lambda _command: answer)
    with pytest.raises(ReaderError):
        rig.send(IDENTIFY)
    assert rig.card.state.atr == b""


def test_a_connection_in_which_nothing_is_sent_leaves_no_file(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {})
    rig.card.reset(ResetKind.COLD)
    rig.card.close()
    assert link.closed
    assert not rig.journal_file.exists()


# --- observers ------------------------------------------------------------------------------------------------------


class Broken(Exception):
    """An observer's own fault."""


def broken(_exchange: Exchange) -> None:
    raise Broken


def test_an_observer_that_fails_finds_everything_done(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    boot = rig.card.state.boot
    rig.card.observers.append(broken)
    with pytest.raises(Broken):
        rig.send(READ_KEY1)
    assert rig.store.entries()[-1].secret.reveal() == sim.process(READ_KEY1)[:16]
    with pytest.raises(Broken), answering_yes(rig.card):
        rig.send(BOOT)
    assert rig.card.state.boot.count == boot.count + 1
    with pytest.raises(Broken):
        rig.card.send(apdu("00A4040009A000000167413000FF00"))
    assert rig.card.state.fuse is Fuse.UNFUSED


def test_an_observer_that_resets_the_card_is_not_overruled(tmp_path: Path) -> None:
    """The state of the outer command must not come back over that of the reset: FUSED would outlive it."""
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_ANSWER})

    def reset(_exchange: Exchange) -> None:
        rig.card.reset(ResetKind.COLD)

    rig.card.observers.append(reset)
    rig.send(IDENTIFY)
    assert rig.card.state.fuse is Fuse.UNKNOWN
    rig.card.observers.clear()
    refused(rig, FUSE)
    assert FUSE not in link.sent


def test_an_observer_may_send(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)

    def once(_exchange: Exchange) -> None:
        rig.card.observers.clear()
        rig.send("C0B0012201")

    rig.card.observers.append(once)
    rig.send(IDENTIFY)
    assert sim.received[count:] == [IDENTIFY, bytes.fromhex("C0B0012201")]


def test_observers_see_each_exchange_as_it_went_over_the_wire(tmp_path: Path) -> None:
    answers = {"00A4040009A000000167413000FF": "6113", "00C0000013": UNFUSED_IDENTITY.hex() + "6A82"}
    rig, _link = fake(tmp_path, answers, protocol="T=0")
    seen: list[Exchange] = []
    rig.card.observers.append(seen.append)
    assert rig.send(IDENTIFY).data == UNFUSED_IDENTITY
    assert [exchange.wire_command.reveal().hex().upper() for exchange in seen] == list(answers)
    assert [exchange.response.sw for exchange in seen] == [0x6113, 0x6A82]
    assert [exchange.before.identity for exchange in seen] == [None, None]
    assert seen[0].boot == rig.card.state.boot
    assert [exchange.answer.whole for exchange in seen] == [False, True]
    assert {exchange.answer.command.header.hex() for exchange in seen} == {"00a40400"}
    assert seen[1].answer.response.data == UNFUSED_IDENTITY
    assert rig.card.state.fuse is Fuse.UNFUSED


# --- 61xx and 6Cxx --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [FUSE, PROTECT, BOOT, WRITE_KEY1, bytes.fromhex("80E400000A4F08A000000003000000")])
def test_6cxx_to_what_needs_a_consent_is_not_followed(
    tmp_path: Path, command: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    consenting(monkeypatch)
    rig, link = fake(tmp_path, lambda _command: bytes.fromhex("6C10"))
    assert rig.send(command).sw == 0x6C10
    assert link.sent == [command]


def test_6cxx_to_a_read_is_followed_once(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"C0B0030500": "6C10", "C0B0030510": "11" * 16 + "9000"})
    assert rig.send("C0B0030500").data == b"\x11" * 16
    assert len(link.sent) == 2
    again, other = fake(tmp_path, lambda _command: bytes.fromhex("6C10"))
    assert again.send("C0B0030500").sw == 0x6C10
    assert len(other.sent) == 2


def test_61xx_is_followed_to_its_end(tmp_path: Path) -> None:
    answers = iter(["61FF", "AA" * 255 + "6103", "BBBBBB9000"])
    rig, link = fake(tmp_path, lambda _command: bytes.fromhex(next(answers)))
    response = rig.send("81CA9F7F00")
    assert response.data == b"\xaa" * 255 + b"\xbb" * 3
    assert [sent.hex().upper() for sent in link.sent[1:]] == ["01C00000FF", "01C0000003"]


def test_a_card_that_never_ends_is_left(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, lambda _command: bytes.fromhex("6110"))
    with pytest.raises(ReaderError):
        rig.send("80CA9F7F00")
    assert len(link.sent) == MAX_FOLLOWED + 1


def test_nothing_is_followed_when_it_is_switched_off(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, lambda _command: bytes.fromhex("6110"))
    rig.card.follow = False
    assert rig.send("80CA9F7F00").sw == 0x6110
    assert len(link.sent) == 1


def test_the_answer_to_identify_by_get_response_counts_only_when_followed(tmp_path: Path) -> None:
    answers = {"00A4040009A000000167413000FF": "6113", "00C0000013": FUSED_ANSWER}
    rig, _link = fake(tmp_path, answers, protocol="T=0")
    rig.card.follow = False
    rig.send(IDENTIFY)
    rig.send("00C0000013")
    assert rig.card.state.fuse is Fuse.UNKNOWN


# --- T=0 ------------------------------------------------------------------------------------------------------------


def test_on_t0_a_case_4_command_goes_without_its_le(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {}, protocol="T=0")
    rig.send(IDENTIFY)
    rig.send("00CA006600")
    assert [sent.hex().upper() for sent in link.sent] == ["00A4040009A000000167413000FF", "00CA006600"]


def test_on_t0_the_short_form_is_taken_where_it_will_do(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {}, protocol="T=0")
    rig.card.send(CommandAPDU(0x00, 0xA4, 0x04, 0x00, b"\xa0\x00\x00\x00\x03", 256, extended=True))
    assert [sent.hex().upper() for sent in link.sent] == ["00A4040005A000000003"]


@pytest.mark.parametrize("command", [CommandAPDU(0xC0, 0xD6, 3, 5, bytes(256)), CommandAPDU(0xC0, 0xB0, 3, 5, le=257)])
def test_on_t0_what_is_too_long_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: CommandAPDU
) -> None:
    asked = consenting(monkeypatch)
    rig, link = fake(tmp_path, {}, protocol="T=0")
    with pytest.raises(UsageError):
        rig.card.send(command)
    assert (link.sent, asked, rig.store.entries()) == ([], [], ())
    assert not rig.journal_file.exists()


# --- the disk -------------------------------------------------------------------------------------------------------


def test_what_cannot_be_recorded_is_not_sent(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    before = list(sim.received)
    (tmp_path / "file").write_text("in the way")
    rig.card._journal.close()
    for path in (tmp_path / "file" / "journal", Path("/dev/full")):
        rig.card._journal = Journal(path)
        with pytest.raises(JournalError) as caught:
            rig.send(IDENTIFY)
        assert "not sent" in caught.value.meaning
        rig.card._journal.close()
    assert sim.received == before


def test_a_refusal_is_told_also_when_it_cannot_be_recorded(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    before = list(sim.received)
    rig.card._journal = Journal(Path("/dev/full"))
    refused(rig, FUSE)
    assert sim.received == before


def test_a_key_that_cannot_be_kept_is_not_written_to_the_card(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    before = list(sim.received)
    rig.store.path.unlink()
    rig.store.path.mkdir()  # a folder where the file should be
    with answering_yes(rig.card), pytest.raises(StoreError):
        rig.send(WRITE_KEY1)
    assert sim.received == before


def test_an_answer_that_cannot_be_recorded_says_that_the_command_was_sent(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): UNFUSED_IDENTITY.hex() + "6A82"})
    rig.send(IDENTIFY)

    def fill_the_disk(_command: bytes) -> None:
        rig.card._journal.close()
        rig.card._journal.path = Path("/dev/full")

    link.before = fill_the_disk
    boot = rig.card.state.boot
    with pytest.raises(JournalError) as caught, answering_yes(rig.card):
        rig.send(BOOT)
    assert "was sent" in caught.value.meaning
    assert link.sent[-1] == BOOT
    assert rig.card.state.boot == boot  # 6D00: it was no root applet


def test_the_state_advances_even_if_the_answer_cannot_be_recorded(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {SELECT_TK.hex().upper(): "9000"})

    def fill_the_disk(_command: bytes) -> None:
        rig.card._journal.close()
        rig.card._journal.path = Path("/dev/full")

    link.before = fill_the_disk
    with pytest.raises(JournalError):
        rig.send(SELECT_TK)
    assert rig.card.state.selected is SelectedKind.ROOT


# --- Ctrl-C ---------------------------------------------------------------------------------------------------------


def interrupting(times: int) -> Callable[[bytes], None]:
    def interrupt(_command: bytes) -> None:
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)

    return interrupt


@pytest.mark.usefixtures("python_hears_ctrl_c")
def test_one_ctrl_c_is_heard_after_the_exchange(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {SELECT_TK.hex().upper(): "9000"})
    link.before = interrupting(1)
    with pytest.raises(KeyboardInterrupt):
        rig.send(SELECT_TK)
    assert link.sent == [SELECT_TK]
    assert rig.card.state.selected is SelectedKind.ROOT
    assert '"kind": "response"' in rig.kept()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("python_hears_ctrl_c")
def test_a_second_ctrl_c_gives_up_a_mute_card(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {SELECT_TK.hex().upper(): "9000"})
    rig.send(SELECT_TK)
    link.before = interrupting(2)
    with pytest.raises(ReaderError, match="given up") as caught:
        rig.send(READ_KEY1)
    assert caught.value.card_lost
    assert link.closed
    assert rig.card.state.selected is SelectedKind.UNKNOWN
    assert '"kind": "lost"' in rig.kept()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# --- what it says of itself -----------------------------------------------------------------------------------------


def test_the_description_names_reader_and_card(tmp_path: Path) -> None:
    rig, _sim = simulated(tmp_path)
    assert "simulated j2a040-unfused" in rig.card.description
    rig.send(IDENTIFY)
    assert "NX011C" in rig.card.description
    assert ATR.hex().upper() in rig.card.description


def test_without_a_chosen_map_every_maps_fields_are_guarded(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path, known_map=False)
    count = len(sim.received)
    for command in (WRITE_KEY1, bytes.fromhex("C0D6040001" + "01")):
        refused(rig, command)
    assert len(sim.received) == count


def test_a_card_without_a_key_store_keeps_nothing(tmp_path: Path) -> None:
    link = FakeLink({READ_KEY1.hex().upper(): "11" * 16 + "9000"})
    card = Card(link, Journal(tmp_path / "journal"), None)
    assert card.send(apdu(READ_KEY1)).ok
    assert not list(tmp_path.glob("keys*"))


@pytest.mark.usefixtures("python_hears_ctrl_c")
def test_ctrl_c_during_the_question_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was typed: who pressed it does not want it sent."""
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    monkeypatch.setattr(consent, "ask_typed", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises((Refused, KeyboardInterrupt)):
        rig.send(FUSE)
    assert len(sim.received) == count
    assert '"kind": "refused"' in rig.kept()


def test_an_observer_that_fails_does_not_hide_what_went_wrong_with_the_card(tmp_path: Path) -> None:
    answers = iter(["6110"])
    rig, _link = fake(tmp_path, lambda _command: bytes.fromhex(next(answers, "")))
    rig.card.observers.append(broken)
    with pytest.raises(ReaderError):
        rig.send("80CA9F7F00")


def test_a_get_response_with_another_length_is_asked_again(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"80CA9F7F00": "6110", "00C0000010": "6C02", "00C0000002": "AABB9000"})
    assert rig.send("80CA9F7F00").data == b"\xaa\xbb"
    assert len(link.sent) == 3


def test_a_wrong_map_unguards_nothing(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    known = load_map("j2a040")
    rig.card.memory_map = replace(known, name="mine", fields=())
    count = len(sim.received)
    for command in (WRITE_KEY1, bytes.fromhex("C0D604000101")):
        refused(rig, command)
    assert len(sim.received) == count


def test_a_wrong_transport_key_is_not_kept_as_a_right_one(tmp_path: Path) -> None:
    """The root applet stays selected after a SELECT that failed."""
    rig, _sim = booted(tmp_path)
    assert rig.send("00A4040010" + "55" * 16).sw == 0x6A82
    assert rig.card.state.selected is SelectedKind.ROOT
    assert [entry.secret.reveal() for entry in rig.store.transport_keys(lambda _entry: True)] == [SELECT_TK[5:]]


def test_the_key_store_is_asked_by_path(tmp_path: Path) -> None:
    """Two cards in one process share the file, not the object."""
    link = FakeLink({SELECT_TK.hex().upper(): "9000"})
    rig = behind_the_door(link, tmp_path)
    rig.send(SELECT_TK)
    assert KeyStore(rig.store.path).holds(rig.store.entries()[0].secret)
    assert replace(rig.card.state) == rig.card.state
