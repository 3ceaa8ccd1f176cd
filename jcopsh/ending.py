"""Signals that end the program: the terminal was closed, or somebody asked for it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from jcopsh.errors import Ended

ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))

# who takes the next signal in place of the code that is running; only the main thread sets it
_takers: list[Callable[[Ended], None]] = []


def hear_signals() -> None:
    """Let each of ENDING_SIGNALS raise Ended, as if the last line had been run: the card is reset on the way out."""
    for number in ENDING_SIGNALS:
        signal.signal(number, _heard)


@contextmanager
def handed_to(take: Callable[[Ended], None]) -> Iterator[None]:
    """Within this, a signal is handed over, and raises nothing.

    For a loop of events: an exception out of nowhere may fall between two of its steps, where nobody passes it on.
    """
    _takers.append(take)
    try:
        yield
    finally:
        _takers.pop()


def _heard(number: int, _frame: FrameType | None) -> None:
    ended = Ended(128 + number)
    if not _takers:
        raise ended
    _takers[-1](ended)
