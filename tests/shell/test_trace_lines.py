"""Lines of traces that are pasted at the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.recording import LINE_FORMS
from jcopsh.shell.line import strike_out
from jcopsh.shell.parser import parse_line
from jcopsh.shell.trace_lines import TraceLineKind, trace_line
from tests.shell.samples import CANARY, REGISTRY, context

TRACES = [path for path in sorted((Path(__file__).parents[1] / "vectors" / "traces").iterdir())
          if path.suffix in (".log", ".txt") and any(form.match(text) for text in path.read_text().splitlines()
                                                     for _, form in LINE_FORMS)]

COMMANDS = [
    "-> C0 B0 04 07 01", "--> C0B0040701", "=> C0 B0 04 07 01", "=> C0 B0 04 07 01          .....", ">> C0 B0 04 07 01",
    "Command -> C0B0040701", "Command --> C0B0040701", "A>> T=1 (4+0001) C0B00407 01", "\u2192 C0\u00a0B0 04 07 01",
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
