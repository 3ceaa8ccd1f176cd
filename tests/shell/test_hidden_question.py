"""A question whose answer does not show, at a real terminal and under a shell with job control."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.terminal import Terminal

ASK = """
import os
from jcopsh.errors import UsageError
from jcopsh.shell.hidden_question import ask_hidden
print("process", os.getpid(), flush=True)
try:
    print("GOT", len(ask_hidden("Key: ")))
except UsageError as error:
    print("REFUSED", error.what)
"""


@contextmanager
def asked() -> Iterator[Terminal]:
    """A terminal at which the question stands."""
    with Terminal([sys.executable, "-c", ASK], environment=os.environ) as terminal:
        terminal.wait_for("Key: ")
        yield terminal


@contextmanager
def asked_under_a_shell() -> Iterator[tuple[Terminal, int]]:
    """The same, where the program is a job of a shell; with its process number."""
    environment = {**os.environ, "PROGRAM": ASK, "PS1": "shell% ", "PYTHON": sys.executable}
    with Terminal(["bash", "--norc", "--noediting", "-i"], environment=environment) as terminal:
        terminal.wait_for("shell% ")
        terminal.type_in('"$PYTHON" -c "$PROGRAM"\r')
        terminal.wait_for("Key: ")
        found = re.search(r"process (\d+)", terminal.screen)
        assert found
        yield terminal, int(found[1])


def shows_what_is_typed(terminal: Terminal) -> bool:
    """Whether the terminal echoes."""
    return bool(terminal.modes()[3] & termios.ECHO)


def test_the_answer_does_not_show() -> None:
    with asked() as terminal:
        terminal.type_in("40414243 hidden\r")
        terminal.wait_for("GOT 15")
        assert terminal.wait_for_end() == 0
        assert b"hidden" not in terminal.output


@pytest.mark.parametrize("typed", ["\r", "   \r", "\x04"], ids=["Enter", "blanks", "Ctrl-D"])
def test_nothing_typed_is_no_answer(typed: str) -> None:
    with asked() as terminal:
        terminal.type_in(typed)
        terminal.wait_for("REFUSED no secret was typed")


def test_without_a_terminal_no_secret_is_asked_for() -> None:
    # a session of its own has no controlling terminal; what stands on standard input is no answer
    done = subprocess.run(
        [sys.executable, "-c", ASK], input="40414243\n", capture_output=True, text=True, start_new_session=True,
        check=True, timeout=30,
    )
    assert "REFUSED a secret has to be typed" in done.stdout


@pytest.mark.parametrize("key", ["\x1a", "\x1c"], ids=["Ctrl-Z", "Ctrl-Backslash"])
def test_a_key_that_suspends_or_quits_elsewhere_spoils_the_answer(key: str) -> None:
    with asked_under_a_shell() as (terminal, _):
        terminal.type_in(f"{key}fg\r")
        terminal.wait_for("REFUSED a key that writes no character was typed")
        terminal.wait_for_output("shell% ", start=terminal.output.index(b"REFUSED"))
        assert "Stopped" not in terminal.screen


def test_ctrl_d_behind_a_text_leaves_the_question() -> None:
    with asked() as terminal:
        terminal.type_in("12\x04")
        terminal.wait_for("REFUSED the question was left by Ctrl-D")
        assert terminal.wait_for_end() == 0


def test_after_a_stop_the_question_is_asked_anew() -> None:
    with asked_under_a_shell() as (terminal, process):
        terminal.type_in("12")
        os.kill(process, signal.SIGSTOP)
        terminal.wait_for("Stopped")
        start = terminal.wait_for_output("shell% ", start=terminal.output.index(b"Stopped"))
        terminal.type_in("\x15fg\r")  # the first half waits for whoever reads next, here the shell: Ctrl-U drops it
        terminal.wait_for_output("Key: ", start=start)
        assert not shows_what_is_typed(terminal)
        terminal.type_in("hidden\r")
        terminal.wait_for("GOT 6")  # of the answer before the stop there is nothing
        assert b"hidden" not in terminal.output
        terminal.wait_for_output("shell% ", start=terminal.output.index(b"GOT"))


@pytest.mark.parametrize("key", ["\x1b[A", "\t9"], ids=["arrow", "tabulator"])
def test_an_answer_with_a_key_that_writes_nothing_is_refused(key: str) -> None:
    with asked() as terminal:
        terminal.type_in(f"1234{key}\r")
        terminal.wait_for("REFUSED a key that writes no character was typed")
        assert terminal.wait_for_end() == 0
