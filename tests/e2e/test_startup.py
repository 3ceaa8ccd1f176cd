"""The start: how soon the prompt is there, what is imported for it, and what is typed before all is loaded."""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.e2e.support import Jcopsh
from tests.reader_stack import program

READY = "J2A040 ❯"
BARE = [sys.executable, "-c", "from prompt_toolkit import PromptSession; PromptSession().prompt('> ')"]
SLOWEST = 1.25  # times as long as a bare prompt
PAIRS, ROUNDS = 7, 4

# the packages that a script of card commands may import, beside Python's own and its start-up files
MAY_BE_IMPORTED = {"jcopsh", "platformdirs", "rich", "cryptography", "_cffi_backend"}
# parts of rich that animate, ask or explain: nothing of the kind is needed to show a result
NOT_OF_RICH = {f"rich.{name}" for name in ("live", "live_render", "progress", "progress_bar", "prompt", "spinner",
                                           "status", "syntax", "traceback", "markdown", "inspect")}
# what may be imported of jcopsh before its prompt is drawn
BEFORE_THE_PROMPT = {
    "jcopsh", "jcopsh.cli", "jcopsh.dumb_terminal", "jcopsh.ending", "jcopsh.errors", "jcopsh.iso7816",
    "jcopsh.iso7816.apdu", "jcopsh.secrets", "jcopsh.secrets.process_list", "jcopsh.shell", "jcopsh.shell.choices",
    "jcopsh.shell.line_editor", "jcopsh.shell.line_search", "jcopsh.shell.repl", "jcopsh.shell.type_ahead",
}


def seconds_to(text: str, command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How long a program takes from its start until it has written a text to its terminal, in seconds."""
    master, slave = pty.openpty()
    written = b""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment) as process:
        os.close(slave)
        try:
            while text.encode() not in written:
                written += os.read(master, 65536)
            return time.perf_counter() - begin
        finally:
            process.kill()
            os.close(master)


def test_the_prompt_is_there_as_soon_as_a_bare_one(tmp_path: Path) -> None:
    environment = {**Jcopsh(tmp_path).environment, "TERM": "xterm-256color"}
    ours, theirs = [*program("jcopsh"), "--sim"], BARE

    def ratio() -> float:
        return seconds_to("❯", ours, environment) / seconds_to("\x1b[0m>", theirs, environment)

    ratio()  # bytecode is written, and the disk is read
    measured = []
    for _ in range(ROUNDS):  # another program may have been at work during one of them
        measured.append(statistics.median(ratio() for _ in range(PAIRS)))
        if measured[-1] <= SLOWEST:
            break
    print(f"the prompt takes {min(measured):.2f} × a bare one")
    assert min(measured) <= SLOWEST


def imported_by(arguments: Sequence[str], jcopsh: Jcopsh) -> set[str]:
    """Every module that a program has imported at its end."""
    done = subprocess.run(
        [*arguments], env={**jcopsh.environment, "PYTHONPROFILEIMPORTTIME": "1"}, cwd=jcopsh.folder,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_what_a_card_command_may_import(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    command = [*program("jcopsh"), "--sim", "-c", "identify"]
    imported_by(command, jcopsh)  # the first start looks at every plugin
    imported = imported_by(command, jcopsh) - imported_by([sys.executable, "-c", "pass"], jcopsh)
    assert "jcopsh.operations.identification" in imported  # or nothing was seen
    packages = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names)
    packages -= {"org"}  # Python's own `copy` looks for Jython
    assert packages <= MAY_BE_IMPORTED
    assert not imported & NOT_OF_RICH


def test_what_comes_before_the_prompt_is_little(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    jcopsh.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    with jcopsh.terminal() as terminal:
        drawn = terminal.wait_for_output("❯")
        lines = terminal.output[:drawn].decode().splitlines()
    modules = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert {name for name in modules if name.startswith("jcopsh")} == BEFORE_THE_PROMPT
    assert not {"rich", "pygments", "cryptography", "smartcard", "platformdirs"} & modules


# --- what is typed meanwhile ---------------------------------------------------------------------------------------


def test_a_line_entered_at_once_is_run_when_all_is_there(tmp_path: Path) -> None:
    with Jcopsh(tmp_path).terminal() as terminal:
        terminal.wait_for_output("❯")
        terminal.type_in("identify\r")
        screen = terminal.wait_for("NX011C")
        assert screen.count("Connected") == 1
        terminal.type_in("\x1b[A")  # it is in the history
        terminal.wait_for("unfused ❯ identify")


def test_what_is_typed_at_once_is_kept_and_completed(tmp_path: Path) -> None:
    with Jcopsh(tmp_path).terminal() as terminal:
        terminal.wait_for_output("❯")
        terminal.type_in("read cm_k\x1b[D\x1b[D")
        screen = terminal.wait_for(f"{READY} read cm_k")
        assert screen.splitlines()[-1] != ""
        terminal.type_in("\x05")
        terminal.type_in("ey1_")
        terminal.wait_for("0xC00301")


def test_what_is_typed_before_the_program_runs_is_not_lost(tmp_path: Path) -> None:
    with Jcopsh(tmp_path).terminal() as terminal:
        terminal.type_in("identify\r")
        terminal.wait_for("NX011C")


def test_a_secret_entered_at_once_is_in_no_file(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    key = "404142434445464748494A4B4C4D4E4F"
    with jcopsh.terminal() as terminal:
        terminal.wait_for_output("❯")
        terminal.type_in(f"write cm_key1 {key}\r")
        terminal.wait_for("try:")
        terminal.type_in("\x04")
        assert terminal.wait_for_end() == 0
    assert not [path for path, content in jcopsh.files().items() if key.encode() in content]


def test_leaving_at_once(tmp_path: Path) -> None:
    for keys in ("\x04", "\x03\x04", "exit\r"):
        with Jcopsh(tmp_path).terminal() as terminal:
            terminal.wait_for_output("❯")
            terminal.type_in(keys)
            assert terminal.wait_for_end() == 0, terminal.screen
            assert "Traceback" not in terminal.screen


def test_what_is_typed_while_a_command_runs_does_not_spoil_the_screen(tmp_path: Path) -> None:
    with Jcopsh(tmp_path).terminal() as terminal:
        terminal.wait_for(READY)
        terminal.type_in("identify\rset hi")
        screen = terminal.wait_for("unfused ❯ set hi")
        assert [line for line in screen.splitlines() if "set hi" in line] == ["sim J2A040 unfused ❯ set hi"]


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--profile", "nonsense"], ["--replay", "nowhere.txt"]])
def test_a_start_that_makes_no_sense_ends_with_three_lines(tmp_path: Path, arguments: list[str]) -> None:
    jcopsh = Jcopsh(tmp_path)
    with jcopsh.plain_terminal(*arguments) as terminal:
        assert terminal.wait_for_end() == 2
        lines = terminal.screen.splitlines()
        assert lines[1].startswith("✘"), terminal.screen
        assert "Traceback" not in terminal.screen and "❯" not in terminal.screen


def test_without_a_reader_the_shell_lives(tmp_path: Path) -> None:
    with Jcopsh(tmp_path).plain_terminal() as terminal:
        screen = terminal.wait_for("no card ❯")
        assert "✘" in screen
        terminal.type_in("help atr\r")
        terminal.wait_for("ISO/IEC 7816-3")
        terminal.type_in("\x04")
        assert terminal.wait_for_end() == 0


def test_a_signal_while_loading_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    import signal
    import termios

    with Jcopsh(tmp_path).terminal() as terminal:
        before = terminal.modes()
        terminal.wait_for_output("❯")
        assert not terminal.modes()[3] & termios.ECHO
        terminal.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end() == 128 + signal.SIGTERM
        assert terminal.modes() == before
        assert "Traceback" not in terminal.screen
