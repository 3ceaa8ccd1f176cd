"""The loop, with keys from a pipe in place of a keyboard."""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.output.vt100 import Vt100_Output

from jcopsh.shell.history import History
from jcopsh.shell.history_adapter import SuggestLatest
from jcopsh.shell.repl import Loading, Repl
from tests.shell.samples import CANARY, CANARY_TEXT, J2A040, Stage, stage
from tests.terminal import Terminal

ENTER = "\r"
CTRL_C, CTRL_D, CTRL_SPACE, TAB, UP = "\x03", "\x04", "\x00", "\t", "\x1b[A"


def pasted(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


@contextmanager
def keys(*texts: str) -> Iterator[PipeInput]:
    with create_pipe_input() as pipe:
        for text in texts:
            pipe.send_text(text)
        yield pipe


def typed(scene: Stage, *texts: str) -> int:
    with keys(*texts) as pipe:
        return Repl(scene.session, input=pipe, output=DummyOutput()).run()


def test_lines_are_run_until_the_shell_is_left(scene: Stage) -> None:
    assert typed(scene, "say one", ENTER, "leave", ENTER, "say two", ENTER) == 0
    assert scene.shown == "low: one\n"
    assert scene.session.interactive


def test_ctrl_d_leaves(scene: Stage) -> None:
    assert typed(scene, "say one", ENTER, CTRL_D) == 0
    assert scene.shown == "low: one\n"


def test_ctrl_c_clears_the_line(scene: Stage) -> None:
    typed(scene, "say one", CTRL_C, "say two", ENTER, CTRL_D)
    assert scene.shown == "low: two\n"


def test_ctrl_c_clears_a_line_with_selected_text_whatever_follows(scene: Stage) -> None:
    typed(scene, f"say one{CTRL_SPACE}", CTRL_C + pasted("say two\nsay three\n") + CTRL_D)
    assert scene.shown == "low: two\nno card ❯ say three\nlow: three\n"


def test_an_error_does_not_end_the_loop(scene: Stage) -> None:
    typed(scene, "reed", ENTER, "break bug", ENTER, "break interrupt", ENTER, "say on", ENTER, CTRL_D)
    assert scene.shown == "low: on\n"
    errors = scene.errors
    assert "no such command" in errors and "RuntimeError" in errors and "interrupted" in errors


def typed_when_ready(
    scene: Stage, *steps: tuple[Callable[[Buffer], bool], str], start: Loading | None = None
) -> None:
    """Type each text when the line being edited is ready for it: completion and history come in their own time."""
    with create_pipe_input() as pipe:
        repl = Repl(start or scene.session, opening=lambda _session: None, input=pipe, output=DummyOutput())

        def type_all() -> None:
            for ready, text in steps:
                deadline = time.monotonic() + 10
                while not ready(repl.buffer) and time.monotonic() < deadline:
                    time.sleep(0.005)
                pipe.send_text(text)

        typist = threading.Thread(target=type_all)
        typist.start()
        repl.run()
        typist.join()


def loading_until(typed_already: threading.Event, scene: Stage) -> Loading:
    """The session is there some steps after the event: the keys come in between."""
    while not typed_already.wait(0.01):
        yield
    for _ in range(10):
        yield
    return scene.session


def test_tab_completes(scene: Stage) -> None:
    typed_when_ready(
        scene,
        (lambda buffer: True, "sa" + TAB),
        (lambda buffer: buffer.text == "say ", "hello" + ENTER + CTRL_D),
    )
    assert scene.shown == "low: hello\n"


def test_tab_takes_the_only_entry_of_the_menu_and_goes_on(scene: Stage) -> None:
    def offers(buffer: Buffer, *shown: str) -> bool:
        state = buffer.complete_state
        return state is not None and tuple(one.display_text for one in state.completions) == shown

    typed_when_ready(
        scene,
        (lambda buffer: True, "reset w"),
        (lambda buffer: offers(buffer, "warm"), TAB),
        (lambda buffer: buffer.text == "reset warm " and not buffer.complete_state, f"; sa{TAB}--"),
        (lambda buffer: offers(buffer, "--tone", "--json", "--yes"), f"tone h{TAB}"),
        (lambda buffer: buffer.text == "reset warm ; say --tone high ", CTRL_C + CTRL_D),
    )
    assert scene.shown == ""


def test_a_search_that_began_while_jcopsh_was_loaded_goes_on(scene: Stage) -> None:
    scene.session.history.add("say one")
    scene.session.history.add("say two")
    typed_already = threading.Event()

    def first(_buffer: Buffer) -> bool:
        typed_already.set()
        return True

    typed_when_ready(
        scene,
        (lambda buffer: True, "\x12one"),
        (first, ""),
        (lambda buffer: len(buffer.history.get_strings()) == 2, ENTER),
        (lambda buffer: buffer.text == "say one", ENTER + CTRL_D),
        start=loading_until(typed_already, scene),
    )
    assert scene.shown == "low: one\n"


def test_an_editor_that_was_asked_for_while_jcopsh_was_loaded_opens(
    scene: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i s/one/two/ \"$1\"\n")
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    typed_already = threading.Event()

    def asked_for(buffer: Buffer) -> bool:
        if buffer.text == "say one":
            typed_already.set()
        return buffer.text == "say two"

    typed_when_ready(
        scene,
        (lambda buffer: True, "say one\x18\x05"),
        (asked_for, ENTER + CTRL_D),
        start=loading_until(typed_already, scene),
    )
    assert scene.shown == "low: two\n"


def test_up_brings_back_the_last_line_without_its_key(scene: Stage) -> None:
    typed_when_ready(
        scene,
        (lambda buffer: True, f"select tk |{CANARY_TEXT}|" + ENTER),
        # the history is there once the next line can be edited
        (lambda buffer: buffer.working_index == 1, UP),
        (lambda buffer: buffer.text == "select tk ‹16 bytes›", ENTER + CTRL_D),
    )
    assert "a secret stood here" in scene.errors
    assert scene.session.history.lines == ["select tk ‹16 bytes›"]


def test_no_key_stays_in_memory_or_on_disk(tmp_path: Path) -> None:
    scene = stage(tmp_path, memory_map=J2A040)
    path = tmp_path / "history"
    scene.session.history = History(path, scene.session.struck)
    lines = [f"write cm_key1 {CANARY.hex(' ')}", f"wirte cm_key1 {CANARY.hex()}", f"00A4040010{CANARY.hex()}",
             f"select tk |{CANARY_TEXT}", f"# {CANARY.hex()}", CANARY.hex()]
    typed(scene, *(part for line in lines for part in (line, ENTER)), CTRL_D)
    for text in (path.read_text(), repr(scene.session.history.lines)):
        assert CANARY_TEXT not in text
        assert CANARY[:4].hex() not in text.replace(" ", "")
    assert len(path.read_text().splitlines()) == len(lines)


@pytest.mark.parametrize(
    ("typed_before", "suggested"),
    [
        (["say hello"], "hello"),
        (["say hello", "say ‹16 bytes›"], "hello"),
        (["say --reveal"], None),
        (["say x -Reveal"], None),
        (["say ‹secret› x"], None),
        (["say --yes"], None),
        (["say no -YES"], None),
        (["say --revealing"], "--revealing"),
    ],
)
def test_what_is_suggested_brings_no_key_to_the_screen(typed_before: list[str], suggested: str | None) -> None:
    history = History(None, lambda text: text)
    for line in typed_before:
        history.add(line)
    found = SuggestLatest(history).get_suggestion(Buffer(), Document("say "))
    assert (found.text if found else None) == suggested


# --- pasting ---------------------------------------------------------------------------------------------------------


def test_a_paste_of_one_line_waits_to_be_entered(scene: Stage) -> None:
    typed(scene, "say ", pasted("one"), " two", ENTER, CTRL_D)
    assert scene.shown == "low: one two\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_paste_of_several_lines_runs_line_by_line(scene: Stage, end: str) -> None:
    typed(scene, pasted(end.join(["say one", "", "# a comment", "say two", ""])), CTRL_D)
    shown = scene.shown
    assert shown.splitlines()[0] == "low: one"
    assert shown.splitlines()[-1] == "low: two"
    assert "no card ❯ say two" in shown
    assert scene.session.history.lines == ["say one", "# a comment", "say two"]


def test_a_paste_stops_at_the_first_failure(scene: Stage) -> None:
    typed(scene, pasted("say one\nbreak badly\nsay two\nsay three\n"), CTRL_D)
    assert "two" not in scene.shown
    assert "stopped: the other 2 lines of the paste did not run" in scene.errors


def test_one_line_that_did_not_run_is_told_of_in_its_own_words(scene: Stage) -> None:
    typed(scene, pasted("say one\nbreak badly\nsay two\n"), CTRL_D)
    assert "stopped: the last line of the paste did not run" in scene.errors


@pytest.mark.parametrize("where", ["history", "echo"])
def test_ctrl_c_between_the_lines_of_a_paste_stops_it(
    scene: Stage, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(text: str) -> str:
        if "three" in text:
            raise KeyboardInterrupt
        return text

    if where == "history":
        monkeypatch.setattr(scene.session.history, "add", interrupted)
    else:
        monkeypatch.setattr(scene.session, "struck", interrupted)
    assert typed(scene, pasted("say one\nsay two\nsay three\nsay four\nsay five\n"), CTRL_D) == 0
    shown = scene.shown
    assert "low: two" in shown
    assert "four" not in shown
    assert "interrupted: the other 2 lines of the paste did not run" in scene.errors


def test_what_a_paste_has_after_its_last_line_is_left_to_be_edited(scene: Stage) -> None:
    typed(scene, pasted("say one\nsay tw"), "o", ENTER, CTRL_D)
    assert scene.shown.splitlines() == ["low: one", "low: two"]


def test_a_pasted_key_is_not_echoed(scene: Stage) -> None:
    typed(scene, pasted(f"say one\nwrite cm_key1 {CANARY.hex()}\nreed\n"), CTRL_D)
    shown = scene.shown
    assert "write cm_key1 ‹16 bytes›" in shown
    assert "write cm_key1 ‹16 bytes›" in scene.session.history.lines


# --- what is drawn ---------------------------------------------------------------------------------------------------


def drawn(scene: Stage, *texts: str) -> str:
    stream = io.StringIO()
    output = Vt100_Output(stream, lambda: Size(rows=24, columns=80), term="dumb")
    with keys(*texts) as pipe:
        Repl(scene.session, input=pipe, output=output).run()
    return stream.getvalue()


def test_the_prompt_is_drawn(scene: Stage) -> None:
    scene.link.name = "simulated j2a040-unfused"
    _ = scene.session.card
    assert "sim J2A040 ❯" in drawn(scene, CTRL_D)


def test_without_colours_none_are_drawn(scene: Stage) -> None:
    codes = {code for match in re.findall(r"\x1b\[([0-9;]*)m", drawn(scene, "say x", CTRL_C, CTRL_D))
             for code in match.split(";")}
    assert not codes & {str(n) for n in (*range(30, 38), *range(90, 98))}


REPL = """
import pathlib, tempfile
from jcopsh.shell.render import Output
from jcopsh.shell.repl import Loading, Repl
from tests.shell.samples import stage
session = stage(pathlib.Path(tempfile.mkdtemp())).session
session.output = Output()
session.settings.set("toolbar", "off")
Repl(session).run()
"""


@pytest.mark.parametrize(("rows", "columns"), [(10, 40), (8, 40), (8, 80), (24, 80)])
def test_the_hint_says_that_it_is_cut_while_completions_are_shown(rows: int, columns: int) -> None:
    command = [sys.executable, "-c", REPL]
    with Terminal(command, environment=os.environ, columns=columns, rows=rows) as terminal:
        terminal.wait_for("no card")
        terminal.type_in(f"read cm_key1 --{TAB}")
        terminal.wait_for("print the result as JSON")
        terminal.wait_for("Read LENGTH")
        shown = [line for line in terminal.screen.splitlines() if line]
        hint = " ".join(shown[next(at for at, line in enumerate(shown) if line.startswith("read ADDRESS")) :])
        assert hint.startswith("read ADDRESS [LENGTH] [--reveal] Read LENGTH bytes")
        assert hint.endswith(("…", "Keys show only with --reveal.")), terminal.screen
        terminal.type_in(CTRL_C)
        while terminal.screen.count("no card ❯") < 2:  # until the next prompt: before it nothing is read
            assert terminal.read_on(20), terminal.screen
        terminal.type_in(CTRL_D)
        assert terminal.wait_for_end() == 0
