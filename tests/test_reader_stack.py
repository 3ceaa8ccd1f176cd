"""The reader stack itself: what it promises to the tests that stand on it."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from jcopsh.card import pcsc
from tests.reader_stack import FIRST_PORT, READERS, SOCKET_VARIABLE, ReaderStack
from tests.terminal import Terminal, TerminalTimeout

IDENTIFY = bytes.fromhex("00A4040009A000000167413000FF00")
TTY_PROGRAM = """
import os, sys
with open("/dev/tty", "r+b", buffering=0) as terminal:
    terminal.write(b"code? ")
    answer = terminal.readline().strip().decode()
print("got", answer, os.isatty(0), flush=True)
sys.exit(7)
"""


def test_the_ports_are_closed_outside(reader_stack: ReaderStack) -> None:
    listening = reader_stack.run([sys.executable, "-c", _connect(FIRST_PORT)])
    assert listening.stdout == "connected\n", listening.stderr
    with socket.socket() as outside, pytest.raises(ConnectionRefusedError):
        outside.connect(("127.0.0.1", FIRST_PORT))


def test_inside_is_where_programs_look_for_pcscd(reader_stack: ReaderStack) -> None:
    listing = "from jcopsh.card import pcsc; print(*[reader.name for reader in pcsc.readers()], sep='; ')"
    done = reader_stack.run([sys.executable, "-c", listing])
    assert (done.stdout, done.stderr) == ("; ".join(READERS) + "\n", "")
    assert SOCKET_VARIABLE not in reader_stack.environment()


def test_programs_start_in_the_present_directory(
    reader_stack: ReaderStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert reader_stack.run(["pwd"]).stdout == f"{tmp_path}\n"


def test_a_simulated_card_is_put_in_and_taken_out(reader_stack: ReaderStack, tmp_path: Path) -> None:
    state_file = tmp_path / "card.json"
    card = reader_stack.insert(state_file=state_file)
    link = pcsc.connect(None)
    assert link.transmit(IDENTIFY)[-2:] == b"\x6a\x82"
    link.close()
    assert IDENTIFY in card.received()
    assert stat.S_IMODE(state_file.stat().st_mode) == 0o600
    card.remove()
    assert not any(reader.card_present for reader in pcsc.readers())


def test_a_program_on_a_terminal_of_its_own(reader_stack: ReaderStack) -> None:
    with reader_stack.spawn([sys.executable, "-c", TTY_PROGRAM], columns=40) as terminal:
        terminal.wait_for("code? ")
        terminal.type_in("7K4Q\r")
        assert "got 7K4Q True" in terminal.wait_for("got")
        assert terminal.wait_for_end() == 7


def test_waiting_for_what_never_comes_fails() -> None:
    with Terminal(["cat"], environment=os.environ) as terminal:
        terminal.type_in("hello\r")
        terminal.wait_for("hello")
        with pytest.raises(TerminalTimeout, match="never showed 'goodbye'"):
            terminal.wait_for("goodbye", timeout_s=0.2)
        with pytest.raises(TerminalTimeout, match="did not end"):
            terminal.wait_for_end(timeout_s=0.2)


def test_a_terminal_answers_where_the_cursor_stands() -> None:
    ask = "import tty, sys; tty.setraw(0); print('abc\\x1b[6n', end='', flush=True); print(repr(sys.stdin.read(6)))"
    with Terminal([sys.executable, "-c", ask], environment=os.environ) as terminal:
        terminal.wait_for("1;4R")


def _connect(port: int) -> str:
    return f"import socket; socket.create_connection(('127.0.0.1', {port})).close(); print('connected')"
