"""What is typed while no line is read waits for the next one, unseen and unchanged.

Otherwise the terminal shows it at once, in the middle of what a command prints, and keeps control characters such as
Ctrl-D for itself. Ctrl-C and Ctrl-Z do what they always do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def unseen_type_ahead() -> Iterator[None]:
    """Keep the terminal on standard input from showing and reading what is typed; nothing where there is none.

    Whoever asks for something meanwhile sets the terminal as it needs it.
    """
    if os.name != "posix":
        yield
        return
    import termios

    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (OSError, ValueError, AttributeError, termios.error):
        yield
        return
    quiet = termios.tcgetattr(descriptor)
    quiet[0] &= ~termios.ICRNL
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal was closed
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
