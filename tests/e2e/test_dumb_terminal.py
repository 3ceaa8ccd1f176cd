"""A terminal that shows no more than lines: what it shows is what runs."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.support import Jcopsh
from tests.reader_stack import program
from tests.terminal import Terminal

READY = "sim J2A040 ❯"


@pytest.fixture
def dumb(tmp_path: Path) -> Iterator[Terminal]:
    with Jcopsh(tmp_path).terminal(kind="dumb") as terminal:
        terminal.wait_for(READY)
        yield terminal
    assert b"\x1b" not in terminal.output


def after(terminal: Terminal, typed: str, expected: str) -> str:
    """Type it, wait for the prompt behind what is expected, and return what was written from then on."""
    start = len(terminal.output)
    terminal.type_in(typed)
    terminal.wait_for_output(READY, start=terminal.wait_for_output(expected, start=start))
    return terminal.output[start:].decode()


def test_the_line_that_is_shown_runs(dumb: Terminal) -> None:
    # the terminal takes back what Ctrl-U and Backspace take back
    said = after(dumb, "ide\x15atx\x7fr\r", "historical")
    assert "✘" not in said
    assert dumb.screen.splitlines().count(f"{READY} atr") == 1


def test_keys_that_write_nothing_run_nothing(dumb: Terminal) -> None:
    after(dumb, "atr\r", "historical")
    said = after(dumb, "\x1b[A\r", "writes no character")
    assert "historical" not in said


def test_ctrl_c_gives_the_line_up_and_ctrl_d_leaves(dumb: Terminal) -> None:
    said = after(dumb, "fuse\x03", "\n")
    assert "fuse" not in said.replace("fuse^C", "")
    dumb.type_in("\x04")
    assert dumb.wait_for_end() == 0


def test_what_stands_before_ctrl_d_is_not_run(dumb: Terminal) -> None:
    dumb.type_in("atr\x04\x04")
    assert dumb.wait_for_end() == 0
    assert b"historical" not in dumb.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_the_middle_of_a_line(dumb: Terminal, number: signal.Signals) -> None:
    dumb.type_in("at")
    dumb.wait_for(f"{READY} at")
    dumb.send_signal(number)
    assert dumb.wait_for_end() == 128 + number


def test_what_was_typed_is_in_the_history_without_its_secrets(dumb: Terminal) -> None:
    after(dumb, "write cm_key1 000102030405060708090A0B0C0D0E0F\r", "✘")
    said = after(dumb, "history 5\r", "write cm_key1 ‹16 bytes›")
    assert "0D0E0F" not in said


def test_a_shell_whose_output_goes_through_a_program(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    line = f"{shlex.join([*program('jcopsh'), *jcopsh.on_card])} | tee {tmp_path}/log"
    with Terminal(["sh", "-c", line], environment=jcopsh.environment) as terminal:
        terminal.wait_for(READY)
        assert "✘" not in after(terminal, "atx\x7fr\r", "historical")
        terminal.type_in("exit\r")
        terminal.wait_for_end()
    log = (tmp_path / "log").read_text()
    assert "\x1b" not in log
    assert log.count(READY) == 2
    assert "historical" in log
