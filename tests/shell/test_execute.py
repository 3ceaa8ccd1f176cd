from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from jcopsh import cli
from jcopsh.errors import Ended, Refused
from jcopsh.shell.command import Command, Registry, command
from jcopsh.shell.script import joined, run_file, run_lines
from jcopsh.shell.session import Session
from jcopsh.shell.types import Text
from tests.shell.samples import CANARY, J2A040, Stage, sample_registry, stage

READ_KEY = "C0B0030510"


def test_a_call_gets_its_values_and_the_card(tmp_path: Path) -> None:
    scene = stage(tmp_path, {"C0B0012201": "FE9000"}, memory_map=J2A040)
    assert scene.run("read ifsc 1") == 0
    assert scene.link.sent == ["C0B0012201"]
    assert "FE" in scene.shown
    assert not scene.errors


def test_calls_run_one_after_the_other_until_one_fails(scene: Stage) -> None:
    assert scene.run("say one; break badly; say two") == 1
    assert scene.shown == "low: one\n"
    assert "✘ it broke\n  as it was told to\n  try: tell it something else\n" in scene.errors


def test_a_line_with_a_problem_anywhere_runs_nothing(scene: Stage) -> None:
    assert scene.run("say one; read 0xc0030") == 2
    assert scene.shown == ""
    assert scene.link.sent == []
    assert scene.errors == (
        "say one; read 0xc0030\n"
        "              ^^^^^^^\n"
        "✘ 0xC0030 does not fit CLA‖P1‖P2: an address has the form 0xC0hhll\n"
        "  nothing of this line was run\n"
        "  e.g. 0xC00305, or the name of a field such as cm_key1\n"
    )


def test_a_short_message_stands_beside_the_carets(scene: Stage) -> None:
    assert scene.run("reed cm_key1") == 2
    assert scene.errors == (
        "reed cm_key1\n^^^^ there is no such command\n✘ nothing of this line was run\n  did you mean read?\n"
    )


def test_an_empty_line_and_a_comment_do_nothing(scene: Stage) -> None:
    assert [scene.run(text) for text in ("", "  ", "# nothing", ";;")] == [0, 0, 0, 0]
    assert (scene.shown, scene.errors) == ("", "")


def test_values_of_a_generator_are_shown_as_they_come(scene: Stage) -> None:
    assert scene.run("count 2") == 2
    assert scene.shown == "0\n1\n"
    assert "that was the last" in scene.errors


def test_a_mistake_in_a_line_with_a_key_shows_the_line_without_it(scene: Stage) -> None:
    assert scene.run(f"write cm_key1 {CANARY.hex()}; reed") == 2
    errors = scene.errors
    assert errors.splitlines()[:2] == [
        "write cm_key1 ‹16 bytes›; reed", "                          ^^^^ there is no such command"]
    assert CANARY.hex() not in errors


def test_carets_stand_under_a_placeholder_too(scene: Stage) -> None:
    scene.run(f"write cm_key1 {CANARY.hex()[:-1]}")
    line, carets, *_ = scene.errors.splitlines()
    assert line == "write cm_key1 ‹16 bytes›"
    assert carets.rstrip("0123456789abcdefghijklmnopqrstuvwxyz: ") == "              " + "^" * 10


def test_a_line_too_long_for_the_screen_is_shown_around_its_mistake(tmp_path: Path) -> None:
    scene = stage(tmp_path, width=40)
    scene.run(f"say {'x ' * 40}; reed; say {'y ' * 40}")
    line, carets, *_ = scene.errors.splitlines()
    assert len(line) <= 40
    assert line.startswith("…") and line.endswith("…")
    assert line[carets.index("^") : len(carets)] == "reed"


def test_a_run_time_error_repeats_its_call_without_secrets(scene: Stage) -> None:
    scene.session.interactive = False
    scene.run(f"say x; break {CANARY.hex()}")
    assert scene.errors.splitlines()[0] == "break ‹16 bytes›"


def test_at_the_prompt_the_line_is_not_repeated(scene: Stage) -> None:
    scene.session.interactive = True
    scene.run("break badly")
    assert scene.errors.startswith("✘ it broke")


def test_a_bug_is_shown_as_one_without_values(scene: Stage) -> None:
    assert scene.run("break bug") == 1
    errors = scene.errors
    assert "samples.py" in errors and "RuntimeError: a bug with ‹16 bytes› in it" in errors
    assert "this is a bug in jcopsh" in errors
    assert CANARY.hex() not in errors


def test_a_command_that_exits_does_not_end_the_shell(scene: Stage) -> None:
    assert scene.run("break exit; say no") == 1
    errors = scene.errors
    assert "SystemExit: bye" in errors and "this is a bug in jcopsh, or in a plugin" in errors
    assert "\x1b" not in errors
    assert scene.run("break exit --json") == 1
    assert json.loads(scene.errors)["meaning"] == "this is a bug in jcopsh, or in a plugin"
    assert scene.run("say still here") == 0


def test_a_plugin_that_exits_when_it_is_imported_does_not_end_the_shell(tmp_path: Path) -> None:
    def load() -> Command:
        raise SystemExit(3)

    registry = sample_registry()
    lazy(registry, load)
    scene = stage(tmp_path, registry=registry)
    assert scene.run("late x") == 1
    assert "SystemExit: 3" in scene.errors


def test_a_signal_that_asks_to_end_does_end_the_shell(tmp_path: Path) -> None:
    def leave(number: int, _frame: FrameType | None) -> None:
        raise Ended(128 + number)

    @command("hang", group="x")
    def hang() -> None:
        """Be ended in the middle."""
        signal.raise_signal(signal.SIGTERM)

    registry = sample_registry()
    registry.add(hang)
    before = signal.signal(signal.SIGTERM, leave)
    try:
        with pytest.raises(Ended, match="143"):
            stage(tmp_path, registry=registry).run("hang")
    finally:
        signal.signal(signal.SIGTERM, before)


def test_no_error_steers_the_terminal(scene: Stage) -> None:
    scene.session.interactive = False
    assert scene.run("break controls") == 1
    assert scene.errors == (
        "break controls\n✘ it \N{REPLACEMENT CHARACTER}]0;broke\N{REPLACEMENT CHARACTER}\n"
        "  \N{REPLACEMENT CHARACTER}31m two\n  lines\n  try: \N{REPLACEMENT CHARACTER}backwards\n"
    )
    assert scene.run("break controls --json") == 1
    form = scene.errors
    assert not set(form) & {"\x1b", "\x07", "\x9b"}
    assert json.loads(form)["what"] == "it \x1b]0;broke\x07"
    assert scene.run("reed \x1b[2J") == 2
    line, carets, *_ = scene.errors.splitlines()
    assert (line, carets[:4]) == ("reed \N{REPLACEMENT CHARACTER}[2J", "^^^^")


def test_many_calls_take_time_in_proportion(scene: Stage) -> None:
    started = time.process_time()
    assert scene.run("say x;" * 3_000) == 0
    assert scene.shown == "low: x\n" * 3_000
    # parsing the whole line for each of them would take minutes
    assert time.process_time() - started < 10


def test_an_error_in_the_middle_of_a_line_shows_its_own_piece(tmp_path: Path) -> None:
    scene = stage(tmp_path)
    assert scene.run("say first;  read cold_historical_bytes ; say last") == 2
    line, carets, *_ = scene.errors.splitlines()
    assert line == "read cold_historical_bytes"
    assert carets == "     " + "^" * len("cold_historical_bytes")


def test_the_caret_stands_under_the_word_that_is_wrong_when_it_was_struck(scene: Stage) -> None:
    assert scene.run(f"read 0xC00305 {'9' * 24}") == 2
    assert scene.errors.startswith(
        "read 0xC00305 ‹12 bytes›\n              ^^^^^^^^^^ a length is a number of bytes\n")


def test_a_lost_card_is_forgotten(scene: Stage) -> None:
    _ = scene.session.card
    assert scene.run("break lost") == 1
    assert scene.session.card_or_none is None
    assert scene.link.closed


def test_ctrl_c_ends_a_command_and_not_the_shell(scene: Stage) -> None:
    assert scene.run("break interrupt; say no") == 1
    assert "interrupted" in scene.errors
    assert scene.shown == ""


def test_leaving_ends_the_line(scene: Stage) -> None:
    assert scene.run("leave; say no") == 0
    assert scene.session.exit_requested
    assert scene.shown == ""


def test_json_by_flag(scene: Stage) -> None:
    assert scene.run("write ifsc FE --json") == 0
    assert json.loads(scene.shown) == {"type": "Result", "name": "written", "data": "FE", "number": 0xC00122}
    assert scene.run("break badly --json") == 1
    assert json.loads(scene.errors) == {
        "type": "error", "kind": "JcopshError", "what": "it broke", "meaning": "as it was told to",
        "hint": "tell it something else", "exit_code": 1}
    assert scene.run("read 0xc0030 --json") == 2
    assert json.loads(scene.errors)["exit_code"] == 2
    assert scene.run("say hello; leave --json") == 0
    assert scene.shown == "low: hello\n"
    scene.session.exit_requested = False
    assert scene.run("count 2 --json") == 2
    assert [json.loads(line) for line in scene.shown.splitlines()] == [
        {"type": "Message", "text": "0"}, {"type": "Message", "text": "1"}]


def test_what_the_map_decides_is_decided_when_the_card_is_there(tmp_path: Path) -> None:
    scene = stage(tmp_path, {"C0B0013610": "08" + "00" * 15 + "9000"}, memory_map=J2A040)
    assert scene.run("say first; read cold_historical_bytes") == 0
    assert scene.link.sent == ["C0B0013610"]


def test_what_no_map_decides_is_a_mistake_then(tmp_path: Path) -> None:
    scene = stage(tmp_path)
    assert scene.run("say first; read cold_historical_bytes") == 2
    assert scene.shown == "low: first\n"
    errors = scene.errors
    assert "different addresses in different memory maps" in errors
    assert "what stands before it was run, this was not" in errors
    assert scene.link.sent == []


def test_a_setting_made_on_the_line_counts_for_the_rest_of_it(tmp_path: Path) -> None:
    scene = stage(tmp_path, {"C0B0013710": "0A" + "00" * 15 + "9000"})
    assert scene.run("set map j2a081; read cold_historical_bytes") == 0
    assert scene.link.sent == ["C0B0013710"]


# --- plugins ---------------------------------------------------------------------------------------------------------


def lazy(registry: Registry, load: object) -> None:
    registry.add_lazy("late", "Comes late.", "x", "plugin late", load)  # type: ignore[arg-type]  # also what fails


def test_a_plugin_is_imported_when_its_command_runs(tmp_path: Path) -> None:
    @command("late", group="x")
    def late(word: Text) -> str:
        """Come late."""
        return f"late {word}"

    registry, loaded = sample_registry(), []

    def load() -> Command:
        loaded.append(1)
        return late

    lazy(registry, load)
    scene = stage(tmp_path, registry=registry)
    assert scene.run("late x; late y") == 0
    assert scene.shown == "late x\nlate y\n"
    assert loaded == [1]
    assert scene.run("late") == 2
    assert "WORD is missing" in scene.errors


def test_a_broken_plugin_takes_nothing_down(tmp_path: Path) -> None:
    def load() -> Command:
        raise ImportError("no such library")

    registry = sample_registry()
    lazy(registry, load)
    scene = stage(tmp_path, registry=registry)
    assert scene.run("late x") == 1
    assert "no such library" in scene.errors
    assert scene.run("say still here") == 0


# --- yes -------------------------------------------------------------------------------------------------------------


def test_yes_answers_what_is_destructive_on_its_own_call_alone(tmp_path: Path) -> None:
    @command("boot", group="x")
    def boot(session: Session) -> str:
        """BOOT."""
        from jcopsh.jcop import root_applet

        return f"{session.card.send(root_applet.BOOT).sw:04X}"

    registry = sample_registry()
    registry.add(boot)
    scene = stage(tmp_path, {"00F00000": "9000"}, registry=registry, memory_map=J2A040)
    assert scene.run("boot --yes") == 0  # also of a card that is connected by the line itself
    assert scene.shown == "9000\n"
    assert scene.run("boot") == Refused.exit_code
    assert scene.link.sent == ["00F00000"]


# --- scripts ---------------------------------------------------------------------------------------------------------


def test_a_script_stops_at_the_first_line_that_fails(scene: Stage) -> None:
    lines = ["# a script\n", "say one\n", "\n", "read 0xc0030\n", "say two\n"]
    assert run_lines(scene.session, lines, "the script") == 2
    assert scene.shown == "low: one\n"
    assert "the script, line 4: stopped here" in scene.errors


def test_a_backslash_joins_lines() -> None:
    assert list(joined(["say a \\\n", "b\r\n", "say c\\"])) == [(2, "say a  b"), (3, "say c")]
    assert list(joined(["\ufeffsay a"])) == [(1, "say a")]


def test_a_script_may_leave(scene: Stage) -> None:
    assert run_lines(scene.session, ["leave", "say no"]) == 0
    assert scene.shown == ""


def test_ctrl_c_between_two_lines_of_a_script_is_told(scene: Stage) -> None:
    def lines() -> Iterator[str]:
        yield "say one"
        raise KeyboardInterrupt

    assert run_lines(scene.session, lines(), "the script") == 1
    errors = scene.errors
    assert "interrupted" in errors
    assert "the script, after line 1: stopped here" in errors


def test_ctrl_c_before_anything_ran_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    assert cli.main(["-c", "identify"]) == 130


def test_a_script_that_cannot_be_read(scene: Stage, tmp_path: Path) -> None:
    from jcopsh.errors import UsageError

    with pytest.raises(UsageError, match="cannot be read"):
        run_file(scene.session, tmp_path / "nowhere")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not text"):
        run_file(scene.session, tmp_path / "bytes")
