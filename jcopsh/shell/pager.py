"""Text for a program: the pager for what is longer than the screen, and whatever stands behind a `|`.

The pager is $PAGER, else less; it is kept from writing files and from starting programs of its own. Where there is
none, jcopsh leafs through the text itself. Colours go to less alone, and only where it is told to pass them on.
"""

from __future__ import annotations

import locale
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from jcopsh.secrets.environment import without_keys
from jcopsh.shell.theme import encoded

LESS = "less"
# quit if it fits one screen, pass colours on, leave the text on the screen
LESS_OPTIONS = "FRX"
_TERMINAL = "/dev/tty"
_COLOR_CODES = re.compile(r"\x1b\[[0-9;]*m")
_RAW_OPTION = re.compile(r"-[A-Za-z]*[Rr][A-Za-z]*|--(?:RAW-CONTROL-CHARS|raw-control-chars)")
_ASKS_FOR_MORE = "-- more: space for a screen, Enter for a line, q to stop --"


def without_colors(text: str) -> str:
    """The text without the escape sequences of colours."""
    return _COLOR_CODES.sub("", text)


def passes_colors(words: Sequence[str]) -> bool:
    """Whether a program, given by name and arguments, is less and shows colours."""
    if os.path.basename(words[0]) != LESS:  # noqa: PTH119 — a name of a program as typed, on any platform
        return False
    told = _environment().get("LESS", "")
    return bool(re.search("[Rr]", told)) or any(_RAW_OPTION.fullmatch(word) for word in words[1:])


def run_program(words: Sequence[str], text: str) -> int:
    """Start a program with the text on its standard input, wait for its end, and return its exit code.

    A signal that ended it is a negative number. No shell reads the words. Ctrl-C is the program's while it runs. Raises
    OSError where it cannot be started.
    """
    import subprocess

    if sys.stdout is not None:
        sys.stdout.flush()
    # the locale says what a program takes its input for, whatever Python itself reads and writes
    content = encoded(text, locale.getencoding())
    with (
        _leaving_interrupts_to_the_program(),
        # the words are the user's own, typed to be run
        subprocess.Popen(list(words), stdin=subprocess.PIPE, env=_environment()) as program,  # noqa: S603 — see above
    ):
        program.communicate(content)
    return program.returncode


def page(text: str) -> bool:
    """Show a text that is longer than the screen; False where there is no way to, and it has to be printed."""
    words = pager_words()
    if words is None:
        return _leaf_through(text)
    try:
        code = run_program(words, text if passes_colors(words) else without_colors(text))
    except OSError:
        return _leaf_through(text)
    # one that failed may have shown nothing; but less has, and from 128 on a shell tells of a signal, as of Ctrl-C
    return os.path.basename(words[0]) == LESS or not 0 < code < 128  # noqa: PTH119 — see passes_colors


def pager_words() -> list[str] | None:
    """The pager and its arguments: $PAGER where there is such a program, else less, else None."""
    import shlex
    import shutil

    try:
        chosen = shlex.split(os.environ.get("PAGER", ""))
    except ValueError:  # an open quote
        chosen = []
    for words in (chosen, [LESS]):
        if words and shutil.which(words[0]):
            return words
    return None


def _environment() -> Mapping[str, str]:
    """Ours without keys; and less keeps what was looked at in no file, and starts and writes nothing from within."""
    return {"LESS": LESS_OPTIONS, **without_keys(), "LESSSECURE": "1", "LESSHISTFILE": "-"}


@contextmanager
def _leaving_interrupts_to_the_program() -> Iterator[None]:
    def heed_nothing(_number: int, _frame: FrameType | None) -> None:
        """A handler, and not SIG_IGN, which the program would inherit."""

    before = signal.signal(signal.SIGINT, heed_nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- without any pager -----------------------------------------------------------------------------------------------


def _leaf_through(text: str) -> bool:
    """Show the text a screen at a time at the terminal itself; False where there is none, or it cannot be asked."""
    if os.name != "posix":
        return False
    import termios

    try:
        terminal = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        rows = max(2, os.get_terminal_size(terminal).lines)
        saved = termios.tcgetattr(terminal)
    except (OSError, termios.error):
        os.close(terminal)
        return False
    try:
        _one_key_at_a_time(terminal)
        _show_screens(terminal, text.splitlines(keepends=True), rows)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, saved)
        os.close(terminal)
    return True


def _one_key_at_a_time(terminal: int) -> None:
    import termios

    mode = termios.tcgetattr(terminal)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(terminal, termios.TCSADRAIN, mode)


def _show_screens(terminal: int, lines: Sequence[str], rows: int) -> None:
    shown, count = 0, rows - 1
    while True:
        _write(terminal, "".join(lines[shown : shown + count]))
        shown += count
        if shown >= len(lines):
            return
        _write(terminal, _ASKS_FOR_MORE)
        key = os.read(terminal, 1)
        _write(terminal, "\r" + " " * len(_ASKS_FOR_MORE) + "\r")
        if key in (b"q", b"Q", b"\x04", b""):
            return
        count = 1 if key in (b"\r", b"\n") else rows - 1


def _write(terminal: int, text: str) -> None:
    rest = text.encode("utf-8", "backslashreplace")
    while rest:
        rest = rest[os.write(terminal, rest) :]
