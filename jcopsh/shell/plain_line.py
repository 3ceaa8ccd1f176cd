"""A line at a terminal that shows no more than lines: the terminal edits it itself, and gives it whole.

prompt_toolkit draws on such a terminal only what is typed at the end, so that what is shown is not what is entered.
"""

from __future__ import annotations

import sys


def read_plain_line(prompt: str) -> str:
    """A line typed behind the prompt, without its end.

    Raises KeyboardInterrupt for Ctrl-C, EOFError for Ctrl-D and for the end of the input, and Ended.
    """
    sys.stdout.write(prompt)
    sys.stdout.flush()
    try:
        typed = sys.stdin.buffer.readline()
    except KeyboardInterrupt:
        sys.stdout.write("\n")  # what was typed stands there still
        raise
    if not typed.endswith(b"\n"):  # what stood before a Ctrl-D was not entered
        sys.stdout.write("\n")
        raise EOFError
    return typed.decode("utf-8", "replace").rstrip("\r\n")
