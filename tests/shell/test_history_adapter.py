"""The history as prompt_toolkit uses it: going through it, searching it, suggesting from it, quick at any length."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.search import SearchDirection, SearchState

from jcopsh.shell.beginnings import Beginnings, may_be_suggested
from jcopsh.shell.history import History
from jcopsh.shell.history_adapter import HistoryBuffer, StruckHistory, SuggestLatest, WorkingLines

MANY = 100_000
WORDS = ("read cm_key1", "write ifsc FE", "send 00A4040000", "select isd", "dump", "say", "help fuse", "identify")


def history_of(*lines: str) -> History:
    history = History(None, lambda text: text)
    for line in lines:
        history.add(line)
    return history


def buffer_of(*lines: str) -> HistoryBuffer:
    buffer = Buffer(history=StruckHistory(history_of(*lines)))
    HistoryBuffer.adopt(buffer)
    assert isinstance(buffer, HistoryBuffer)
    return buffer


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> History:
    chosen = random.Random(1)
    path = tmp_path_factory.mktemp("history") / "history"
    path.write_text("".join(f"{chosen.choice(WORDS)} {number} {chosen.random()}\n" for number in range(MANY)))
    history = History(path, lambda text: text)
    assert len(history.lines) == MANY
    return history


def quickest(action: Callable[[], object], rounds: int = 5) -> float:
    """Seconds of the quickest round: what else the machine does is not measured."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return min(taken)


# --- going through the lines ---------------------------------------------------------------------------------------


def test_up_and_down_go_through_the_lines_and_back_to_what_was_typed() -> None:
    buffer = buffer_of("say one", "say two")
    buffer.text = "say thr"
    seen = []
    for move in (buffer.history_backward, buffer.history_backward, buffer.history_backward, buffer.history_forward,
                 buffer.history_forward):
        move()
        seen.append(buffer.text)
    assert seen == ["say two", "say one", "say one", "say two", "say thr"]


def test_an_edited_line_is_kept_until_the_next_prompt_and_never_changes_the_history() -> None:
    buffer = buffer_of("say one", "say two")
    buffer.history_backward()
    buffer.text = "say changed"
    buffer.history_backward()
    buffer.history_forward()
    assert buffer.text == "say changed"
    assert buffer.history.get_strings() == ["say one", "say two"]
    buffer.reset()
    buffer.history_backward()
    assert buffer.text == "say two"


def test_a_line_that_was_entered_is_there_at_the_next_prompt() -> None:
    buffer = buffer_of("say one")
    buffer.text = "say two"
    buffer.append_to_history()
    buffer.reset()
    buffer.history_backward()
    assert buffer.text == "say two"


def test_the_history_comes_when_it_was_read_and_what_is_being_typed_stays(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("say one\n")
    history = History(path, lambda text: text)
    buffer = Buffer(history=StruckHistory(history))
    HistoryBuffer.adopt(buffer)
    buffer.text = "typed"
    assert not history.ready
    buffer.load_history_if_not_yet_loaded()  # the first time the line is drawn: nothing waits
    assert history.lines == ["say one"]
    buffer.load_history_if_not_yet_loaded()
    assert (buffer.text, buffer.working_index) == ("typed", 1)
    buffer.history_backward()
    assert buffer.text == "say one"


@given(st.lists(st.text("ab ", min_size=1, max_size=5)), st.data())
def test_working_lines_are_a_list_of_lines(history: list[str], data: st.DataObject) -> None:
    lines, plain = WorkingLines(history, "typed"), [*history, "typed"]
    for _ in range(3):
        at = data.draw(st.integers(-len(plain), len(plain) - 1))
        lines[at] = plain[at] = data.draw(st.text("ab", max_size=3))
        assert (list(lines), len(lines), lines[at]) == (plain, len(plain), plain[at])


# --- searching -----------------------------------------------------------------------------------------------------


def searched(
    buffer: Buffer, text: str, *, direction: SearchDirection, times: int = 1, ignore_case: bool = False
) -> str:
    """The line that is reached, with the cursor marked in it."""
    for _ in range(times):
        state = SearchState(text, direction, ignore_case)
        buffer.apply_search(state, include_current_position=False)
    return f"{buffer.document.text_before_cursor}^{buffer.document.text_after_cursor}"


@pytest.mark.parametrize(
    ("text", "direction", "times", "reached"),
    [
        ("one", SearchDirection.BACKWARD, 1, "say ^one more"),
        ("one", SearchDirection.BACKWARD, 2, "say ^one"),
        ("two", SearchDirection.BACKWARD, 1, "say ^two"),
        ("none", SearchDirection.BACKWARD, 1, "typed^"),
        ("one", SearchDirection.FORWARD, 1, "say ^one"),
        ("one", SearchDirection.FORWARD, 2, "say ^one more"),
        ("ONE", SearchDirection.BACKWARD, 1, "typed^"),
    ],
)
def test_a_search_goes_from_line_to_line(text: str, direction: SearchDirection, times: int, reached: str) -> None:
    buffer = buffer_of("say one", "say two", "say one more", "say x")
    buffer.text = "typed"
    buffer.cursor_position = 5
    assert searched(buffer, text, direction=direction, times=times) == reached


def test_a_search_passes_over_lines_that_are_the_same() -> None:
    buffer = buffer_of("reset", "identify", "atr", "identify", "boot", "identify")
    assert searched(buffer, "i", direction=SearchDirection.BACKWARD) == "ident^ify"
    assert searched(buffer, "ide", direction=SearchDirection.BACKWARD, times=3) == "^identify"


def test_a_search_may_take_letters_of_any_case() -> None:
    buffer = buffer_of("say One")
    assert searched(buffer, "oNE", direction=SearchDirection.BACKWARD, ignore_case=True) == "say ^One"


@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=8), st.text("ab", min_size=1, max_size=2),
       st.integers(1, 3))
def test_what_a_search_finds_is_what_prompt_toolkit_finds(lines: list[str], wanted: str, count: int) -> None:
    kept = list(dict.fromkeys(lines))  # lines that are the same are passed over here, and not there
    ours, theirs = buffer_of(*kept), Buffer()
    theirs._working_lines = deque([*kept, ""])
    theirs._Buffer__working_index = len(kept)  # type: ignore[attr-defined]  # as if the history had been loaded
    ours.load_history_if_not_yet_loaded()
    state = SearchState(wanted, SearchDirection.BACKWARD)
    expected = theirs._search(state, count=count)
    # at the end prompt_toolkit stops, and this goes round
    if count == 1 or expected is not None:
        assert ours._search(state, count=count) == expected


def test_a_search_step_is_quick_in_a_long_history(long_history: History) -> None:
    buffer = Buffer(history=StruckHistory(long_history))
    HistoryBuffer.adopt(buffer)
    assert quickest(buffer.load_history_if_not_yet_loaded) < 0.005
    for wanted in ("nowhere", "select isd 3 ", "0.9999"):
        state = SearchState(wanted, SearchDirection.BACKWARD)
        assert quickest(partial(buffer.document_for_search, state)) < 0.05, wanted
    assert quickest(buffer.history_backward) < 0.005


# --- suggesting ----------------------------------------------------------------------------------------------------


def suggested(history: History, text: str) -> str | None:
    found = SuggestLatest(history).get_suggestion(Buffer(), Document(text))
    return found.text if found else None


def test_the_latest_line_that_begins_so_is_suggested() -> None:
    history = history_of("say one", "say two", "reset")
    assert suggested(history, "say ") == "two"
    assert suggested(history, "say o") == "ne"
    assert suggested(history, "say x") is None
    assert suggested(history, "") is suggested(history, "  ") is None
    history.add("say one more")
    assert suggested(history, "say o") == "ne more"


def test_nothing_is_suggested_until_the_file_was_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("say one\n")
    history = History(path, lambda text: text)
    assert suggested(history, "say") is None
    assert history.lines
    assert suggested(history, "say") == " one"


@given(st.lists(st.text("ab-‹1 byte›", min_size=1, max_size=6)), st.lists(st.text("ab", min_size=1, max_size=4)))
def test_each_beginning_finds_the_latest_line_whatever_was_asked_before(lines: list[str], asked: list[str]) -> None:
    known = Beginnings()
    known.add(lines)
    for text in asked:
        latest = next((one for one in reversed(lines) if one.startswith(text) and may_be_suggested(one)), None)
        assert known.latest(text) == latest


def test_suggesting_is_quick_in_a_long_history(long_history: History) -> None:
    suggest = SuggestLatest(long_history)
    taken = []
    for line in ("read cm_key1 99", "say nothing that was typed", "zzz", "dump 5 0.1", "write ifsc FE 77777 0.5"):
        for end in range(1, len(line) + 1):
            document = Document(line[:end])
            started = time.perf_counter()
            suggest.get_suggestion(Buffer(), document)
            taken.append(time.perf_counter() - started)
    taken.sort()
    assert taken[int(len(taken) * 0.95)] < 0.002
    assert taken[-1] < 0.05


def test_reading_a_long_file_holds_up_nobody(long_history: History) -> None:
    history = History(long_history.path, lambda text: text)
    assert quickest(history.load_in_background, rounds=1) < 0.05
    gaps = []
    last = time.perf_counter()
    while not history.ready:
        time.sleep(0.0005)
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()
    # in between this thread went on: what was drawn meanwhile waited no longer than that
    assert len(gaps) > 5
    gaps.sort()
    assert gaps[len(gaps) // 2] < 0.016
