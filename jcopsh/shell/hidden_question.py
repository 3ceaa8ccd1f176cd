"""A question whose answer does not show: a key or a PIN, typed at the terminal itself."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from jcopsh.errors import UsageError

TERMINAL = "/dev/tty"
LONGEST_READ = 1024  # bytes


def ask_hidden(prompt: str) -> str:
    """A line typed after the prompt, without echo and without the blanks around it.

    What was typed before is no answer. Ctrl-Z suspends nothing and spoils the answer, since what follows it was meant
    for somebody else; a program that was stopped in another way begins with the question anew. Raises UsageError where
    there is no terminal, nothing was typed, a key that writes no character, or Ctrl-D.
    """
    no_terminal = UsageError(
        "a secret has to be typed, and there is no terminal to type it at",
        hint="run jcopsh at a terminal, or give the secret on the line",
    )
    if os.name != "posix":
        raise no_terminal
    import termios

    try:
        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise no_terminal from None
    try:
        return _checked(_asked(descriptor, prompt))
    except (OSError, termios.error):  # it was closed meanwhile
        raise no_terminal from None
    finally:
        os.close(descriptor)


def _checked(typed: bytes) -> str:
    answer = typed.decode("utf-8", "replace").strip(" \t\r\n")
    if not answer.isprintable():  # an arrow key, say: what was meant is not known, and a PIN has few tries
        raise UsageError("a key that writes no character was typed; nothing was sent", hint="the same line again")
    if not answer:
        raise UsageError("no secret was typed")
    return answer


def _asked(descriptor: int, prompt: str) -> bytes:
    import termios

    saved = termios.tcgetattr(descriptor)
    hidden = termios.tcgetattr(descriptor)
    # by whole lines, also where the shell has set the terminal otherwise (type_ahead)
    hidden[0] |= termios.ICRNL
    hidden[3] = (hidden[3] | termios.ICANON) & ~termios.ECHO
    # these keys come as characters then, and are refused with the answer
    nothing = bytes([os.fpathconf(descriptor, "PC_VDISABLE")])
    hidden[6][termios.VSUSP] = hidden[6][termios.VQUIT] = nothing

    def ask() -> None:
        # TCSAFLUSH throws away what was typed before the question stood there
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, hidden)
        os.write(descriptor, prompt.encode())

    try:
        with _after_a_stop(ask):
            ask()
            return _line(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, saved)
        os.write(descriptor, b"\n")


@contextmanager
def _after_a_stop(ask: Callable[[], None]) -> Iterator[None]:
    """Ask anew when the program goes on after a stop: the terminal then shows what is typed, as it did elsewhere."""
    import termios

    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def again(*_: object) -> None:
        # stopped once more on the way: then this is called once more; a terminal that is gone is met by the read
        with suppress(OSError, termios.error):
            ask()

    before = signal.signal(signal.SIGCONT, again)
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def _line(descriptor: int) -> bytes:
    typed = b""
    while not typed.endswith(b"\n"):
        part = os.read(descriptor, LONGEST_READ)
        if len(part) < LONGEST_READ and not part.endswith(b"\n"):
            # Ctrl-D: what stands before it could no longer be taken back with Ctrl-U
            raise UsageError("the question was left by Ctrl-D; nothing was sent" if part else "no secret was typed")
        typed += part
    return typed
