"""Lines of traces that are pasted at the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.recording import LINE_FORMS
from jcopsh.shell.line import strike_out
from jcopsh.shell.parser import parse_line
from jcopsh.shell.trace_lines import PastedTrace, TraceLineKind, trace_line
from tests.shell.samples import CANARY, REGISTRY, context

TRACES = [path for path in sorted((Path(__file__).parents[1] / "vectors" / "traces").iterdir())
          if path.suffix in (".log", ".txt") and any(form.match(text) for text in path.read_text().splitlines()
                                                     for _, form in LINE_FORMS)]

TEXT = "JCOPSIMULATEDTK0"
COMMANDS = [
    "-> C0 B0 04 07 01", "--> C0B0040701", "=> C0 B0 04 07 01", "=> C0 B0 04 07 01          .....", ">> C0 B0 04 07 01",
    "Command -> C0B0040701", "Command --> C0B0040701", "A>> T=1 (4+0001) C0B00407 01", "\u2013> C0B0040701",
    "\u2192 C0\u00a0B0 04 07 01",
]
ANSWERS = ["<- 90 00", "<-- 9000", "<= 90 00", "Response <- 9000", "Response <-- 6A82", "A<< (0000+2) (3ms) 9000"]


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_is_sent(text: str) -> None:
    line = parse_line(text, REGISTRY, context())
    (call,) = line.calls
    assert not line.problems
    assert (line.text, line.note) == (text, "")
    assert call.entry is not None
    assert call.entry.name == "send"
    assert call.arguments["apdu"].command.encode().hex() == "c0b0040701"
    # a call is parsed once more by itself when its turn has come
    assert parse_line(text[call.start : call.end], REGISTRY, context()).calls[0].arguments == call.arguments


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_is_passed_over(text: str) -> None:
    line = parse_line(text, REGISTRY, context())
    assert line.empty
    assert line.note == TraceLineKind.ANSWER.value
    assert strike_out(line) == text


def test_a_wrapped_command_is_not_sent_a_second_time() -> None:
    line = parse_line("Wrapped command -> 84F2800018 |secret|", REGISTRY, context())
    assert line.empty
    assert line.note == TraceLineKind.WRAPPED.value
    assert strike_out(line) == "Wrapped command -> ‹11 bytes›"


@pytest.mark.parametrize("text", [f"<- {CANARY.hex(' ')} 90 00", "<- 31 32 33 34 90 00", "A<< (0004+2) 31323334 9000"])
def test_what_an_answer_brings_is_not_kept(text: str) -> None:
    kept = strike_out(parse_line(text, REGISTRY, context()))
    assert kept.endswith("›")
    assert "31" not in kept
    assert CANARY[:1].hex() not in kept


@pytest.mark.parametrize("text", [">> cafe.txt", "-> nonsense", ">> add", "read cm_key1 >> C0B0", "-", "->", ">>"])
def test_other_lines_are_none(text: str) -> None:
    assert trace_line(text) is None


def passed_over(*lines: str) -> list[bool]:
    trace = PastedTrace()
    return [trace.passed_over(one) is not None for one in lines]


def test_an_answer_goes_on_in_lines_that_are_indented() -> None:
    """JCShell's, of which no byte may be sent as a command."""
    lines = ["=> 00 A4 04 00 00          .....", "<= 6F 10 84 08 A0 00 00 00 03 00 00 00 A5 04 9F 65    o.......",
             "    01 FF 90 00                                        ....", "    01 FF 90 00", "00 A4 04 00 00",
             "    00 A4 04 00 00"]
    assert passed_over(*lines) == [False, False, True, True, False, False]


def test_a_command_that_our_own_trace_shows_before_its_result_is_sent_once() -> None:
    traced, drawn = "A>> T=1 (4+0001) C0B00407 01", ">>  C0 B0 04 07 01"
    answer = "A<< (0001+2) (0ms) 05 9000"
    assert passed_over(traced, answer, drawn) == [False, False, True]
    assert passed_over(traced, answer, traced, answer) == [False] * 4
    assert passed_over(traced, drawn, traced, drawn) == [False, True, False, True]
    assert passed_over(drawn, drawn, traced) == [False] * 3
    assert passed_over(traced, "C0 B0 04 07 01", drawn) == [False] * 3


def test_an_answer_that_our_own_trace_hides_is_passed_over() -> None:
    line = parse_line("A<< (0016+2) (0ms) <cm_key1:16:F4E6BB> 9000", REGISTRY, context())
    assert line.empty
    assert line.note == TraceLineKind.ANSWER.value


@pytest.mark.parametrize("prompt", ["card ❯ ", "sim J2A040 unfused booted ❯ ", "no card ❯ "])
def test_the_prompt_of_a_line_from_the_screen_is_no_part_of_it(prompt: str) -> None:
    line = parse_line(f"{prompt}read 0xc00305 16", REGISTRY, context())
    (call,) = line.calls
    assert not line.problems
    assert call.entry is not None
    assert call.entry.name == "read"
    assert strike_out(line) == line.text


@pytest.mark.parametrize("text", [
    "=> 84 82 00 00 10 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF",
    "A>> T=1 (4+0008) 80500000 08 0001020304050607", "-> 80 50 00 00 08 00 01 02 03 04 05 06 07 00",
    "=> 0C A4 04 00 00", "=> E0 CA 9F 7F 00", "-> 0x84, 0xF2, 0x80, 0x00",
])
def test_what_belongs_to_a_channel_that_is_gone_is_not_sent(text: str) -> None:
    line = parse_line(text, REGISTRY, context())
    assert line.empty
    assert line.note == TraceLineKind.OF_A_CHANNEL.value


@pytest.mark.parametrize("text", ["-> C0 B0 04 07 01", "=> 80 CA 9F 7F 00", "-> A0 A4 00 00 02", "=> 01 A4 04 00"])
def test_what_is_protected_by_no_channel_is_a_command(text: str) -> None:
    found = trace_line(text)
    assert found is not None
    assert found.kind is TraceLineKind.COMMAND


@pytest.mark.parametrize("text", ["-> cd mf", "=> 80CA9F7F00; fuse", "=> add", "-> 80CA9F7F00 ; 80CA9F7F00"])
def test_behind_an_arrow_stand_bytes_alone(text: str) -> None:
    line = parse_line(text, REGISTRY, context())
    assert trace_line(text) is None or line.problems


def test_the_column_of_characters_is_no_more_kept_than_the_bytes() -> None:
    select = f"=> 00 A4 04 00 10 {TEXT.encode().hex(' ')}    .....{TEXT}"
    for text in (select, "=> 00 20 00 01 04 31 32 33 34    . ...1234", "   00 20 00 01 04 31 32 33 34    . ...1234"):
        kept = strike_out(parse_line(text, REGISTRY, context()))
        assert TEXT not in kept
        assert "1234" not in kept


def test_a_command_whose_secret_our_own_trace_hides_says_so() -> None:
    (problem,) = parse_line("A>> T=1 (4+0004) 00200001 04 <pin:4:>", REGISTRY, context()).problems
    assert "a secret stood here" in problem.message


def test_two_columns_of_digits_stay_bytes() -> None:
    found = trace_line("-> 00 A4  04 00")
    assert found is not None
    assert found.plain.split() == ["00", "A4", "04", "00"]


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.name)
def test_the_lines_that_replay_reads_can_be_pasted(path: Path) -> None:
    """What `--replay` takes for a command or an answer, the line does too."""
    found = 0
    for text in path.read_text().splitlines():
        mark = next((mark for mark, form in LINE_FORMS if form.match(text)), None)
        pasted = trace_line(text)
        if mark is None or mark.name == "ATR" or "<" in text.partition(")")[2]:  # `<name:length:KCV>` is hidden
            continue
        assert pasted is not None, text
        assert (pasted.kind is TraceLineKind.ANSWER) == (mark.name == "RESPONSE"), text
        found += 1
    assert found > 0


def test_a_part_of_a_field_that_our_own_trace_hides_says_so_too() -> None:
    (problem,) = parse_line("A>> T=1 (4+0004) C0D60305 04 <cm_key1[0:4]:4:>", REGISTRY, context()).problems
    assert "a secret stood here" in problem.message
