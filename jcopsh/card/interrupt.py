"""Ctrl-C while bytes are on the wire: heard between exchanges, so that no exchange is left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType, TracebackType
from typing import Any


class GivenUp(BaseException):
    """Ctrl-C came a second time while an answer was waited for."""


class _Hold:
    """One block that holds SIGINT back: how often it came, and whether an answer is being waited for.

    `on_silence` is what is still to be done should the answer not come. Each exchange opens such a block, so it is a
    plain object and no generator.
    """

    def __init__(self, on_silence: Callable[[], None] | None) -> None:
        self.count = 0
        self.on_silence = on_silence
        self.waiting = False
        self._open = False
        self._previous: Any = None  # the handler to be put back, where this block has replaced one

    def note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.waiting and self.count > 1:
            raise GivenUp

    def __enter__(self) -> None:
        handler = signal.getsignal(signal.SIGINT) if _on_main_thread() else None
        if handler in (None, signal.SIG_IGN):
            return
        self._open = True
        _holds.append(self)
        if handler is not _hear:
            self._previous = handler
            signal.signal(signal.SIGINT, self.note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._open:
            return
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
        _holds.remove(self)
        if kind is None and self.count:
            raise KeyboardInterrupt


class _Wait:
    """One block in which an answer is waited for, within the innermost hold where there is one."""

    def __init__(self, hold: _Hold | None) -> None:
        self._hold = hold

    def __enter__(self) -> None:
        if self._hold is not None:
            self._hold.waiting = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._hold is not None:
            self._hold.waiting = False


# the blocks that are open now, the innermost last; only the main thread opens any
_holds: list[_Hold] = []
# the handlers that `listening` has replaced, the latest last
_replaced: list[Any] = []


@contextmanager
def listening() -> Iterator[None]:
    """Around many exchanges: one handler for all of them, which `held_back` then need not put in place for each.

    Outside of them Ctrl-C does what it did before.
    """
    previous = signal.getsignal(signal.SIGINT)
    if previous is _hear or not callable(previous) or not _on_main_thread():
        yield
        return
    _replaced.append(previous)
    signal.signal(signal.SIGINT, _hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        _replaced.pop()


def _hear(number: int, frame: FrameType | None) -> None:
    if _holds:
        _holds[-1].note(number, frame)
    else:
        _replaced[-1](number, frame)


def _on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def held_back(on_silence: Callable[[], None] | None = None) -> AbstractContextManager[None]:
    """Hold SIGINT back for the length of the block, then raise KeyboardInterrupt if one came.

    `on_silence` is called, once, where an answer has not come by a moment later (`still_waiting`).

    Only the main thread can hold it back; elsewhere the block runs as it is. So it does where SIGINT is ignored, or
    handled by something that is not Python.
    """
    return _Hold(on_silence)


def is_pending() -> bool:
    """Whether SIGINT came since the outermost block began."""
    return any(hold.count for hold in _holds)


def still_waiting() -> None:
    """For who waits for an answer, every now and then: tells whoever has pressed Ctrl-C that it does not come."""
    for hold in _holds:
        if hold.count and hold.waiting and hold.on_silence is not None:
            tell, hold.on_silence = hold.on_silence, None
            tell()


def may_be_given_up() -> AbstractContextManager[None]:
    """Within `held_back`, around the wait for an answer: a second SIGINT raises GivenUp at once.

    As soon as Python gets to run, that is: what may block in C is called on another thread (card/worker.py).
    """
    return _Wait(_holds[-1] if _holds and _on_main_thread() else None)
