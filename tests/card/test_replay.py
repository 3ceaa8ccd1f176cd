"""A recorded session as a card: it answers as the card did, and stops at the first thing that is asked otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jcopsh.card.card import Card, answering_yes
from jcopsh.card.journal import Journal
from jcopsh.card.link import ReplayDiffers, ResetKind
from jcopsh.card.recording import Step, read_recording
from jcopsh.card.replay import ReplayLink
from jcopsh.errors import ReaderError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.secrets.secret import Secret
from jcopsh.state import SelectedKind
from tests.card.support import BOOT, IDENTIFY, READ_KEY1, SELECT_TK, UNFUSED_IDENTITY, Rig, apdu, booted
from tests.card.test_recording import TRACES
from tests.secrets.test_secret import shows

KEY = bytes.fromhex("C0FFEE00112233445566778899AABBCC")
PIN = b"96581"
COMMANDS = ["00A4040009A000000167413000FF00", "C0B0030510", "C0B0030304", "C0B0012223", "C0B0041205", "C0B0030C02"]


class Told(list[str]):
    """What a replay reports."""


def no_key(_kcv: str) -> Secret | None:
    return None


def replay(file: Path, told: Told, key_of: Callable[[str], Secret | None] = no_key) -> ReplayLink:
    return ReplayLink(read_recording(file), report=told.append, key_of=key_of)


def recorded(folder: Path, text: str, told: Told | None = None) -> ReplayLink:
    file = folder / "trace.txt"
    file.write_text(text)
    return replay(file, told if told is not None else Told())


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.parametrize(
    "file", sorted(TRACES.glob("*.log")) + sorted(TRACES.glob("seed-*.txt")), ids=lambda file: file.name
)
def test_a_trace_answers_as_the_card_did(file: Path, told: Told) -> None:
    link = replay(file, told)
    for step in [event for event in read_recording(file).events if isinstance(event, Step)]:
        assert step.command.known
        assert step.response
        assert link.transmit(step.command.known) == step.response.known
    assert told == []
    with pytest.raises(ReplayDiffers, match="has ended"):
        link.transmit(IDENTIFY)


# --- our own journal ------------------------------------------------------------------------------------------------


def session(folder: Path) -> tuple[Rig, list[bytes]]:
    """A session with a simulated card: what was answered."""
    rig, _sim = booted(folder / "first")
    answers = [rig.send(command).encode() for command in COMMANDS]
    rig.card.close()
    return rig, answers


def again(folder: Path, rig: Rig, told: Told, key_of: Callable[[str], Secret | None]) -> list[bytes]:
    card = Card(replay(rig.journal_file, told, key_of), Journal(folder / "second" / "journal"), None)
    assert card.send(apdu(SELECT_TK)).ok
    with answering_yes(card):
        assert card.send(apdu(BOOT)).ok
    assert card.state.selected is SelectedKind.ROOT
    return [card.send(apdu(command)).encode() for command in COMMANDS]


def test_a_journal_replays_with_the_keys_of_the_store(tmp_path: Path, told: Told) -> None:
    rig, answers = session(tmp_path)
    replayed = again(tmp_path, rig, told, rig.store.with_kcv)
    assert replayed[:2] == answers[:2]
    assert replayed[3] == answers[3]
    # a PIN and parts of keys have no check value to be found by
    for index, zeros in ((2, slice(2, 4)), (4, slice(0, 5)), (5, slice(0, 2))):
        assert replayed[index][zeros] == bytes(len(answers[index][zeros]))
        assert len(replayed[index]) == len(answers[index])
    assert len(told) == 3


def test_without_the_store_keys_read_as_zeros_and_it_says_so(tmp_path: Path, told: Told) -> None:
    rig, answers = session(tmp_path)
    replayed = again(tmp_path, rig, told, no_key)
    assert replayed[0] == answers[0]
    assert replayed[1] == bytes(16) + b"\x90\x00"
    assert "cm_key1" in told[0]
    assert "zeros" in told[0]


def test_a_placeholder_in_a_command_takes_anything_unless_the_key_is_known(tmp_path: Path) -> None:
    rig, _answers = session(tmp_path)
    wrong = SELECT_TK[:5] + KEY
    assert replay(rig.journal_file, Told()).transmit(wrong) == b"\x90\x00"
    with pytest.raises(ReplayDiffers) as caught:
        replay(rig.journal_file, Told(), rig.store.with_kcv).transmit(wrong)
    assert not shows(caught.value.meaning, KEY)
    assert not shows(caught.value.meaning, SELECT_TK[5:])


def test_a_replayed_session_is_journaled_as_the_first_was(tmp_path: Path, told: Told) -> None:
    rig, _answers = session(tmp_path)
    again(tmp_path, rig, told, rig.store.with_kcv)
    first, second = (read_recording(tmp_path / name).events for name in ("first/state/journal.jsonl", "second/journal"))
    assert [event.command for event in first if isinstance(event, Step)] == [
        event.command for event in second if isinstance(event, Step)
    ]


def test_a_t0_session_replays_without_a_word(tmp_path: Path, told: Told) -> None:
    """A journal holds commands as they were meant; over T=0 the Le of case 4 does not go."""
    rig, sim = booted(tmp_path / "first")
    for write in ("C0D601240108", "C0D601470108", "C0D6012604036000FF", "C0D6014904036000FF"):
        rig.send(write)
    rig.card.reset(ResetKind.COLD)
    assert sim.protocol == "T=0"
    assert rig.send(IDENTIFY).data == UNFUSED_IDENTITY
    card = Card(replay(rig.journal_file, told, rig.store.with_kcv), Journal(tmp_path / "journal"), None)
    with answering_yes(card):
        for command in (SELECT_TK, BOOT):
            card.send(apdu(command))
    for write in ("C0D601240108", "C0D601470108", "C0D6012604036000FF", "C0D6014904036000FF"):
        card.send(apdu(write))
    assert card.reset(ResetKind.COLD) == sim.atr
    assert card.state.protocol == "T=0"
    assert card.send(apdu(IDENTIFY)).data == UNFUSED_IDENTITY
    assert told == []


# --- what differs ---------------------------------------------------------------------------------------------------

SELECT = "00A4040008A000000003000000"


@pytest.mark.parametrize(
    ("recording", "sent", "side"),
    [
        (SELECT, SELECT + "00", "the recorded one has none"),
        (SELECT + "00", SELECT, "the sent one has none"),
        (SELECT + "15", SELECT, "the sent one has none"),
        ("80CA9F7F", "80CA9F7F00", "the recorded one has none"),
        ("80CA9F7F2D", "80CA9F7F", "the sent one has none"),
        ("00A4040000000812345678AABBCCDD0000", "00A4040000000812345678AABBCCDD", "the sent one has none"),
    ],
)
def test_an_absent_le_is_reported_and_goes_on(tmp_path: Path, told: Told, recording: str, sent: str, side: str) -> None:
    link = recorded(tmp_path, f"-> {recording}\n<- 9000\n", told)
    assert link.transmit(bytes.fromhex(sent)) == b"\x90\x00"
    (report,) = told
    assert "absent Le" in report
    assert side in report
    assert "line 1" in report


def test_an_absent_le_where_parts_are_hidden(tmp_path: Path, told: Told) -> None:
    text = '{{"kind": "command", "number": 1, "bytes": "{}"}}\n{{"kind": "response", "number": 1, "bytes": "9000"}}\n'
    link = recorded(tmp_path, text.format("80D801810410<put_key:3:>") + text.format("80D801810410<put_key:3:>00"), told)
    assert link.transmit(bytes.fromhex("80D801810410AABBCC00")) == b"\x90\x00"
    assert link.transmit(bytes.fromhex("80D801810410AABBCC")) == b"\x90\x00"
    assert len(told) == 2


@pytest.mark.parametrize(
    ("recording", "sent"),
    [
        (SELECT, "01" + SELECT[2:]),
        (SELECT, SELECT[:-2] + "01"),
        (SELECT + "00", SELECT + "01"),
        (SELECT, IDENTIFY.hex()),
        ("80CA9F7F00", "80CA9F7F01"),
        (SELECT, "00A40400000008A000000003000000"),
        ("80CA9F7F00", "80CA9F7F0100"),
    ],
)
def test_any_other_difference_stops_with_both_shown(tmp_path: Path, told: Told, recording: str, sent: str) -> None:
    link = recorded(tmp_path, f"# x\n-> {recording}\n<- 9000\n", told)
    for _ in range(2):  # it waits there
        with pytest.raises(ReplayDiffers) as caught:
            link.transmit(bytes.fromhex(sent))
        assert "line 2" in caught.value.what
        first, second = caught.value.meaning.splitlines()
        assert first == "recorded  " + bytes.fromhex(recording).hex(" ").upper()
        assert second == "sent      " + bytes.fromhex(sent).hex(" ").upper()
    assert told == []
    assert link.transmit(bytes.fromhex(recording)) == b"\x90\x00"


SECRET_COMMANDS = [
    (b"\xc0\xd6\x03\x05\x10" + KEY, KEY),
    (b"\x00\xa4\x04\x00\x10" + KEY, KEY),
    (b"\x80\xd8\x01\x81\x10" + KEY, KEY),
    (b"\x00\x20\x00\x81\x05" + PIN, PIN),
    (b"\xc0\xd6\x04\x12\x05" + PIN, PIN),
    (b"\xc0\xb6\x03\x05\x10" + KEY, KEY),
    (CommandAPDU(0xC0, 0xD6, 0x03, 0x05, KEY, extended=True).encode(), KEY),
    (CommandAPDU(0x00, 0xC2, 0, 0, b"\xc0\xd6\x03\x05\x10" + KEY).encode(), KEY),
]


@pytest.mark.parametrize(
    ("command", "secret"), SECRET_COMMANDS, ids=[command[:7].hex() for command, _ in SECRET_COMMANDS]
)
def test_a_difference_shows_no_secret_of_either_side(tmp_path: Path, command: bytes, secret: bytes) -> None:
    """Another client's trace holds them in clear, and a mistyped key is nearly the key."""
    other = command[:-1] + bytes((command[-1] ^ 1,))
    for recording, sent in ((command, other), (command, IDENTIFY), (IDENTIFY, command)):
        with pytest.raises(ReplayDiffers) as caught:
            recorded(tmp_path, f"-> {recording.hex()}\n<- 9000\n").transmit(sent)
        for text in (caught.value.what, caught.value.meaning, caught.value.hint, repr(caught.value)):
            assert not shows(text, secret)
            assert not shows(text, secret[:-1])
            assert not shows(text, secret[:4])


def test_what_a_journal_hides_stays_hidden_when_its_key_is_known(tmp_path: Path) -> None:
    text = '{"kind": "command", "number": 1, "bytes": "0082000014<cm_key1:16:123456>01020304"}\n'
    file = tmp_path / "journal"
    file.write_text(text + '{"kind": "response", "number": 1, "bytes": "9000"}\n')
    link = replay(file, Told(), lambda _kcv: Secret(KEY))
    with pytest.raises(ReplayDiffers) as caught:
        link.transmit(bytes.fromhex("0082000014") + KEY + bytes.fromhex("01020305"))
    assert not shows(caught.value.meaning, KEY)
    assert not shows(caught.value.meaning, KEY[:8])
    assert "01020305" in caught.value.meaning.replace(" ", "")


def test_bytes_that_are_no_apdu_show_their_header_alone(tmp_path: Path) -> None:
    with pytest.raises(ReplayDiffers) as caught:
        recorded(tmp_path, "-> C0D6030510C0FFEE\n<- 6700\n").transmit(bytes.fromhex("C0D6030511C0FFEE"))
    assert not shows(caught.value.meaning, bytes.fromhex("C0FFEE"))
    assert (
        recorded(tmp_path, "-> C0D6030510C0FFEE\n<- 6700\n").transmit(bytes.fromhex("C0D6030510C0FFEE")) == b"\x67\x00"
    )


# --- resets and failures --------------------------------------------------------------------------------------------


def test_resets(tmp_path: Path) -> None:
    link = recorded(tmp_path, f"ATR: 3B00\n-> {SELECT}\n<- 9000\nATR: 3B01AA\n-> {SELECT}\n<- 6A82\n")
    assert (link.atr, link.protocol) == (b"\x3b\x00", "?")
    with pytest.raises(ReplayDiffers, match="no reset here"):
        link.reset(ResetKind.COLD)
    assert link.transmit(bytes.fromhex(SELECT)) == b"\x90\x00"
    with pytest.raises(ReplayDiffers, match="has a reset here"):
        link.transmit(bytes.fromhex(SELECT))
    assert link.reset(ResetKind.WARM) == b"\x3b\x01\xaa" == link.atr
    assert link.transmit(bytes.fromhex(SELECT)) == b"\x6a\x82"
    with pytest.raises(ReplayDiffers):
        link.reset(ResetKind.COLD)
    link.close()
    link.close()


def test_a_link_that_failed_fails_again(tmp_path: Path) -> None:
    text = f'{{"kind": "command", "number": 1, "bytes": "{SELECT}"}}\n{{"kind": "lost", "number": 1, "what": "gone"}}\n'
    with pytest.raises(ReaderError, match="as recorded at line 1") as caught:
        recorded(tmp_path, text).transmit(bytes.fromhex(SELECT))
    assert caught.value.card_lost


def test_it_says_that_it_is_a_recording(tmp_path: Path) -> None:
    assert recorded(tmp_path, f"-> {SELECT}\n<- 9000\n").name.startswith("replay of ")


def test_the_interlock_holds_in_a_replay(tmp_path: Path, told: Told) -> None:
    rig = Card(recorded(tmp_path, "-> 00000000\n<- 9000\n", told), Journal(tmp_path / "journal"), None)
    with pytest.raises(Exception, match="nothing was sent"):
        rig.send(apdu("00000000"))


def test_read_key1_of_a_recording_is_not_kept(tmp_path: Path, told: Told) -> None:
    card = Card(recorded(tmp_path, f"-> {READ_KEY1.hex()}\n<- {'11' * 16}9000\n"), Journal(tmp_path / "journal"), None)
    assert card.send(apdu(READ_KEY1)).data == b"\x11" * 16
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal", "trace.txt"]
