"""A thread that waits for the reader, so that whoever asked can be interrupted while the reader's driver blocks.

A call of PC/SC may block in C for as long as the card is silent, and Python hears a signal only on the main thread and
only between two of its own instructions. So the call is made here, and the main thread waits on a lock, which a
signal's handler may leave with an exception. A hand-over to the thread and back takes about 20 µs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from jcopsh.card.interrupt import still_waiting

T = TypeVar("T")
LOOK_UP_S = 0.2  # between two looks at the signals that came


class Worker:
    """Makes calls one after the other on a thread of its own. Used by one thread; ended by `finish`.

    `abandoned` says that a wait was left by an exception, such as that of a second Ctrl-C: the call may go on for as
    long as it likes, and nobody is there to take its result.
    """

    def __init__(self, name: str) -> None:
        self.abandoned = False
        self._finished = False
        self._calls: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        # a daemon: the program may end while a driver still blocks
        Thread(target=self._work, name=name, daemon=True).start()

    def call(self, function: Callable[..., T], *arguments: Any, meanwhile: Callable[[], None] = still_waiting) -> T:
        """What the function returns or raises. An exception of a signal's handler ends the wait, not the call.

        `meanwhile` is called every LOOK_UP_S until it is done.
        """
        if self.abandoned or self._finished:
            raise RuntimeError("this worker takes no more calls")
        try:
            self._calls.put((function, arguments))
            result, error = self._wait(meanwhile)
        except BaseException:
            self.abandoned = True
            raise
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]  # the queue holds results of every kind

    def finish(self, last: Callable[[], object]) -> None:
        """Make a last call and end the thread. Where a call was abandoned, this is made when that one has ended.

        A second time nothing is done.
        """
        if self._finished:
            return
        try:
            if self.abandoned:
                self._calls.put((last, ()))
            else:
                self.call(last)
        finally:
            self._finished = True
            self._calls.put(None)

    def _wait(self, meanwhile: Callable[[], None]) -> tuple[Any, BaseException | None]:
        """The outcome of the call. A signal that came just before the wait would not end it, so the wait has ends."""
        while True:
            with suppress(Empty):
                return self._results.get(timeout=LOOK_UP_S)
            meanwhile()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            function, arguments = call
            try:
                outcome = (function(*arguments), None)
            except BaseException as error:
                # it is raised where the call was asked for
                self._results.put((None, error))
            else:
                self._results.put(outcome)
