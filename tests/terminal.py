"""A program on a pseudo-terminal of its own, with a screen in memory: what a person would see and type.

The program is the leader of a new session and the pseudo-terminal is its controlling terminal, so that it can open
/dev/tty. Bytes written before a program reads wait for it, as typing ahead does.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyte

from tests.closing import Closing

READ_SIZE_BYTES = 65536


class TerminalTimeout(AssertionError):
    """The screen never showed what was waited for, or the program did not end."""


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class _Screen(pyte.Screen):
    """A screen that answers the questions a program asks its terminal, such as where the cursor stands."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        self._answer = answer
        super().__init__(columns, rows)

    def write_process_input(self, data: str) -> None:
        self._answer(data)


class Terminal(Closing):
    """A running program, its screen (`screen`) and every byte it has written (`output`)."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], columns: int = 100, rows: int = 30,
        kind: str = "xterm-256color",
    ) -> None:
        self._master, slave = pty.openpty()
        _set_size(slave, columns, rows)
        self.output = b""
        self._display = _Screen(columns, rows, self.type_in)
        self._stream = pyte.ByteStream(self._display)
        try:
            self._process = subprocess.Popen(
                # the tests themselves may have been started in the background, where Ctrl-C is ignored
                ["env", "--default-signal=INT", "setsid", "--ctty", *command],
                stdin=slave, stdout=slave, stderr=slave, env={**environment, "TERM": kind},
            )
        finally:
            os.close(slave)

    @property
    def pid(self) -> int:
        """The process number of the program."""
        return self._process.pid

    @property
    def screen(self) -> str:
        """What the screen shows now, without the blanks at the ends of lines and below the last one."""
        return "\n".join(line.rstrip() for line in self._display.display).rstrip()

    def styled_lines(self) -> list[tuple[str, list[pyte.screens.Char]]]:
        """Each line that the screen shows, as text and as characters with their colours."""
        shown = self.screen.splitlines()
        return [(text, [self._display.buffer[row][column] for column in range(len(text))])
                for row, text in enumerate(shown)]

    def type_in(self, text: str) -> None:
        """Type TEXT as it stands; Enter is a carriage return, Ctrl-C the byte 03."""
        os.write(self._master, text.encode())

    @property
    def cursor(self) -> tuple[int, int]:
        """The row and the column of the cursor, from 0."""
        return self._display.cursor.y, self._display.cursor.x

    def resize(self, columns: int, rows: int) -> None:
        """Make the window wider or narrower, as a person does; the program is told by a signal."""
        self._display.resize(rows, columns)
        _set_size(self._master, columns, rows)

    def modes(self) -> list[Any]:
        """The modes of the terminal as termios has them, such as whether it shows what is typed."""
        return termios.tcgetattr(self._master)

    def read_on(self, timeout_s: float) -> bool:
        """Take in what the program writes next, waiting for it; False when nothing came."""
        return self._read_until(time.monotonic() + timeout_s)

    def wait_for(self, text: str, timeout_s: float = 20) -> str:
        """Wait until the screen shows TEXT, and return the screen."""
        deadline = time.monotonic() + timeout_s
        while text not in "\n".join(self._display.display):  # with the blanks: a question ends in one
            if not self._read_until(deadline):
                raise TerminalTimeout(f"the screen never showed {text!r}; it shows:\n{self.screen}")
        return self.screen

    def wait_for_output(self, text: str, timeout_s: float = 20, *, start: int = 0) -> int:
        """Wait until TEXT was written after the first `start` bytes of the output; return the offset behind it."""
        deadline = time.monotonic() + timeout_s
        wanted = text.encode()
        while (found := self.output.find(wanted, start)) < 0:
            if not self._read_until(deadline):
                raise TerminalTimeout(f"the program never wrote {text!r}; the screen shows:\n{self.screen}")
        return found + len(wanted)

    def wait_for_end(self, timeout_s: float = 20) -> int:
        """Wait until the program has ended, and return its exit status."""
        deadline = time.monotonic() + timeout_s
        while self._read_until(deadline):
            pass
        try:
            return self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TerminalTimeout(f"the program did not end; the screen shows:\n{self.screen}") from None

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self._process.send_signal(number)

    def close(self) -> None:
        """End the program, should it still run, and close the terminal."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def _read_until(self, deadline: float) -> bool:
        """Take in what the program has written; False when the time is up or the program has closed its end."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, READ_SIZE_BYTES)
        except OSError:  # EIO: nothing has the other end open any more
            return False
        self.output += data
        self._stream.feed(data)
        return bool(data)
