"""Ctrl-C while bytes are on the wire: heard between exchanges, so that no exchange is left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class GivenUp(BaseException):
    """Ctrl-C came a second time while an answer was waited for."""


class _Hold:
    """One block that holds SIGINT back: how often it came, and whether an answer is being waited for."""

    def __init__(self) -> None:
        self.count = 0
        self.waiting = False

    def note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.waiting and self.count > 1:
            raise GivenUp


# the blocks that are open now, the innermost last; only the main thread opens any
_holds: list[_Hold] = []


@contextmanager
def held_back() -> Iterator[None]:
    """Hold SIGINT back for the length of the block, then raise KeyboardInterrupt if one came.

    Only the main thread can hold it back; elsewhere the block runs as it is. So it does where SIGINT is ignored, or
    handled by something that is not Python.
    """
    previous = signal.getsignal(signal.SIGINT)
    on_main_thread = threading.current_thread() is threading.main_thread()
    if not on_main_thread or previous in (None, signal.SIG_IGN):
        yield
        return
    hold = _Hold()
    _holds.append(hold)
    signal.signal(signal.SIGINT, hold.note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        _holds.remove(hold)
    if hold.count:
        raise KeyboardInterrupt


def is_pending() -> bool:
    """Whether SIGINT came since the outermost block began."""
    return any(hold.count for hold in _holds)


@contextmanager
def may_be_given_up() -> Iterator[None]:
    """Within `held_back`, around the wait for an answer: a second SIGINT raises GivenUp at once.

    As soon as Python gets to run, that is: a reader's driver that blocks in C is waited for.
    """
    if not _holds or threading.current_thread() is not threading.main_thread():
        yield
        return
    hold = _holds[-1]
    hold.waiting = True
    try:
        yield
    finally:
        hold.waiting = False
