"""Recorded sessions, in every form that they come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.card.recording import MAX_HIDDEN_BYTES, PowerUp, Recorded, Step, Unknown, read_recording, recorded_bytes
from jcopsh.errors import UsageError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.secrets.segments import Mark, take_out
from tests.card.support import IDENTIFY, READ_KEY1, UNFUSED_IDENTITY, booted

TRACES = Path(__file__).parents[1] / "vectors" / "traces"
SELECT_GP = bytes.fromhex("00A4040008A000000151000000")
SELECT_ISD = bytes.fromhex("00A4040008A000000003000000")


def read(folder: Path, text: str) -> list[Step | PowerUp]:
    file = folder / "trace.txt"
    file.write_text(text, "utf-8")
    return list(read_recording(file).events)


def wire(events: list[Step | PowerUp]) -> list[tuple[str, str]]:
    """Commands and answers, in hexadecimal."""
    steps = [event for event in events if isinstance(event, Step)]
    return [
        ((s.command.known or b"").hex().upper(), ((s.response and s.response.known) or b"").hex().upper())
        for s in steps
    ]


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        (
            "gp-list-scp03.log",
            7,
            ("00A4040008A00000015100000000", "6F118408A000000151000000A5059F650200FF9000"),
            ("84F220021821812269FD5EA761484FF2A257C00B11230D8A98D800A0D900", "9000"),
        ),
        (
            "gp-install-scp03.log",
            15,
            ("00A4040008A00000015100000000", "6F118408A000000151000000A5059F650200FF9000"),
            None,
        ),
        (
            "gpshell-scp02.log",
            5,
            ("00A4040008A000000151000000", "6F108408A000000151000000A5049F6501FF9000"),
            ("84E40080189410D26BFEADF485A57BD02706DD94F28ED48CEAFC1452A000", "009000"),
        ),
        (
            "gpshell-scp03.log",
            5,
            ("00A4040008A000000151000000", "6F108408A000000151000000A5049F6501FF9000"),
            ("84E400801877558A90584330BCAB11FD888B85F699FB9A688F6E22DC8700", "009000"),
        ),
        (
            "yubikit-scp03-level33.log",
            7,
            ("00A4040008A000000151000000", "6F118408A000000151000000A5059F650200FF9000"),
            ("84F21002185CAA3767735EF47FBB4C9337C61FE60AA5643F40750A8E38", "9000"),
        ),
        (
            "seed-001.txt",
            7,
            ("00A4040008A000000003000000", "6A82"),
            ("84820300105F64BB103F4F871921489BA9BF0BF834", "9000"),
        ),
        ("seed-003.txt", 16, None, None),
    ],
)
def test_the_traces_of_other_clients(
    name: str, count: int, first: tuple[str, str] | None, last: tuple[str, str] | None
) -> None:
    """As many exchanges as went over the wire, and each command a whole one."""
    events = list(read_recording(TRACES / name).events)
    steps = wire(events)
    assert len(steps) == count
    assert first in (None, steps[0])
    assert last in (None, steps[-1])
    for command, response in steps:
        assert CommandAPDU.parse(bytes.fromhex(command)).encode().hex().upper() == command
        assert len(response) >= 4


def test_as_many_exchanges_as_a_trace_has_answers() -> None:
    for name, mark in (
        ("gp-install-scp03.log", "A<<"),
        ("yubikit-scp03-level33.log", "wire  <<"),
        ("seed-003.txt", "<-"),
    ):
        lines = (TRACES / name).read_text().splitlines()
        assert len(wire(list(read_recording(TRACES / name).events))) == sum(line.startswith(mark) for line in lines)


def test_gp_tells_atr_and_protocol() -> None:
    first = read_recording(TRACES / "gp-list-scp03.log").events[0]
    assert first == PowerUp(bytes.fromhex("3B80800101"), "T=1", 4, "Virtual PCD 00 00")


def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    (step,) = read(tmp_path, "# a comment\n\n-> 00 A4 04 00\n<- 6A 82\n")
    assert step.line == 3


@pytest.mark.parametrize(
    "text",
    [
        "-> 00 A4 04 00 08 A0 00 00 01 51 00 00 00\n<- 6A 82\n",
        "  -> 00A4040008A000000151000000\n\t<- 6A82\r\n",
        "Command -> 00A4040008A000000151000000\nResponse <- 6A82\n",
        "Command --> 00a4040008a000000151000000\nWrapped command --> 00A4040008A000000151000000\nResponse <-- 6a82\n"
        "Unwrapped response <-- 6F00\n",
        "Command --> 80A4040000\nWrapped command --> 84A4040000\nChained command --> 00A4040008A000000151000000\n"
        "Chained response <-- 6A82\n",
        "A>> T=1 (4+0008) 00A40400 08 A000000151000000\nA<< (0000+2) (61ms) 6A82\n",
        "A>> T=CL (4+0008) 00A40400 08 A000000151000000\nA<< (0000+2) 6A82\n",
        " => 00 A4 04 00 08 A0 00 00 01 51 00 00 00             ........Q...\n (16 msec)\n <= 6A 82    j.\nStatus: x\n",
        "wire  >> 00A4040008A000000151000000\nplain >> 0000\nwire  << 6A82\nplain << 9000\n",
    ],
)
def test_every_form_of_the_same(tmp_path: Path, text: str) -> None:
    assert wire(read(tmp_path, text)) == [(SELECT_GP.hex().upper(), "6A82")]


def test_jcshells_long_lines_go_on(tmp_path: Path) -> None:
    text = (
        "--Waiting for card...\nATR=3B F8 13 00 00 81 31 FE 45 4A 43 4F 50 76 32 34    ;......E.JCOPv24\n"
        "    31 B7                                             1.\n"
        " => 00 A4 04 00 08 A0 00 00 00 03 00 00 00             .............\n (12345 usec)\n"
        " <= 6F 10 84 08 A0 00 00 00 03 00 00 00 A5 04 9F 65    o..............e\n"
        "    01 FF 90 00                                        ....\nStatus: No Error\n"
    )
    power_up, step = read(tmp_path, text)
    assert isinstance(power_up, PowerUp)
    assert power_up.atr.hex().upper() == "3BF81300008131FE454A434F5076323431B7"
    assert wire([step]) == [(SELECT_ISD.hex().upper(), "6F108408A000000003000000A5049F6501FF9000")]


def test_resets_stand_where_the_atr_does(tmp_path: Path) -> None:
    events = read(tmp_path, "ATR: 3B00\n-> 00A40400\n<- 6A82\nATR: 3B 01 AA\n-> 00A40400\n<- 9000\n")
    assert [event.atr.hex() if isinstance(event, PowerUp) else "step" for event in events] == [
        "3b00",
        "step",
        "3b01aa",
        "step",
    ]


@pytest.mark.parametrize(
    "text", ["", "nothing of the kind\n", "-> 00A40400\n", "<- 9000\n", "-> 00A4040\n<- 9000\n", "{}\n", "\n"]
)
def test_what_is_no_recording_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"trace\.txt"):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_recording(tmp_path / "none")


def test_bytes_that_are_no_text_are_no_crash(tmp_path: Path) -> None:
    (tmp_path / "trace").write_bytes(b"\xff\xfe\x00-> 00A40400\n<- 9000\n\x00\x80")
    with pytest.raises(UsageError):
        read_recording(tmp_path / "trace")


# --- our own journal ------------------------------------------------------------------------------------------------


def test_a_journal_of_a_simulated_session(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    rig.send(IDENTIFY)
    rig.send(READ_KEY1)
    rig.send("C0B0030804")
    events = read_recording(rig.journal_file).events
    assert events[0] == PowerUp(sim.atr, "T=1", 1, "simulated j2a040-unfused")
    assert read_recording(rig.journal_file).simulated
    steps = [event for event in events if isinstance(event, Step)]
    assert len(steps) == 5
    (_, unknown) = steps[0].command.unknown[0]
    assert (unknown.name, unknown.length) == ("transport_key", 16)
    assert steps[2].response
    assert steps[2].response.known == UNFUSED_IDENTITY + b"\x6a\x82"
    # a part of a key has a colon in its name
    assert steps[4].response
    assert [part.name for _, part in steps[4].response.unknown] == ["cm_key1[3:7]"]


def test_what_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    whole = rig.journal_file.read_text()
    for cut in range(1, 150, 7):
        cut_off = tmp_path / "cut.jsonl"
        cut_off.write_text(whole[:-cut])
        assert read_recording(cut_off).events[0].line == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"kind": "command"}',
        '{"kind": "command", "bytes": 5}',
        '{"kind": "command", "bytes": "00A"}',
        "[]",
        "5",
        "null",
        '{"kind": "card", "atr": "zz", "protocol": "T=1"}',
        '{"kind": "command", "bytes": "<key:16"}',
        "not json",
        '{"kind": "command", "bytes": "00<key:99999999999:>"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_line_is_named_and_not_quoted(tmp_path: Path, line: str) -> None:
    good = '{"kind": "command", "number": 1, "bytes": "00A40400"}\n{"kind": "response", "number": 1, "bytes": "9000"}\n'
    with pytest.raises(UsageError) as caught:
        read(tmp_path, good + line + "\n" + good)
    assert caught.value.what == f"{tmp_path / 'trace.txt'}, line 3: not a line of a journal"
    assert caught.value.meaning == ""


def test_a_lost_card_is_a_step_without_an_answer(tmp_path: Path) -> None:
    text = '{"kind": "command", "number": 1, "bytes": "00A40400"}\n{"kind": "lost", "number": 1, "what": "gone"}\n'
    (step,) = read(tmp_path, text)
    assert isinstance(step, Step)
    assert step.response is None


# --- recorded bytes -------------------------------------------------------------------------------------------------


@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=4))
def test_what_a_journal_writes_is_what_a_recording_reads(data: bytes, places: list[tuple[int, int]]) -> None:
    marks = [Mark(start, start + length, "cm_key1[0:4]", pin=True) for start, length in places]
    segments = take_out(data, marks)
    recorded = recorded_bytes(str(segments))
    assert recorded.length == len(data)
    assert recorded.matches(data)
    assert (recorded.known == data) == (not segments.hidden)
    for offset, part in recorded.unknown:
        assert all(any(mark.start <= offset + at < mark.end for mark in marks) for at in range(part.length))


@given(st.binary(min_size=1, max_size=20), st.integers(0, 19))
def test_a_known_byte_that_differs_is_a_difference(data: bytes, at: int) -> None:
    at %= len(data)
    changed = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
    assert not Recorded((data,)).matches(changed)
    assert not Recorded((data,)).matches(data + b"\x00")
    assert not Recorded((data,)).matches(data[:-1])


def test_no_recording_asks_for_endless_memory() -> None:
    with pytest.raises(ValueError, match="so long"):
        recorded_bytes(f"<key:{MAX_HIDDEN_BYTES + 1}:>")


def test_its_repr_shows_no_bytes() -> None:
    recorded = Recorded((b"\xc0\xff\xee" * 3, Unknown("cm_key1", 16, None)))
    assert "EE" not in repr(recorded).upper()
    assert "25 bytes" in repr(Step(recorded, recorded, 1))
