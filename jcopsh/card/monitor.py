"""Watches the readers while the shell waits: what comes and goes is posted as events, and nothing else is touched.

A thread of its own with a PC/SC context of its own. It never connects to a card, so nothing is ever sent to one, and no
other program is kept from it. A pcscd that stops is waited for, in steps of up to MAX_BACKOFF_S.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from threading import Event, Thread

from jcopsh.card.pcsc import StatusWatch
from jcopsh.card.readers import ReaderInfo
from jcopsh.errors import ReaderError

FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.25, 2.0
# a change that pcscd did not tell is seen after so long at the latest; where it tells of no new readers, much sooner
LOOK_AGAIN_S, LOOK_FOR_READERS_S = 30.0, 1.0
CANCEL_AGAIN_S = 0.05
MAX_STOP_S = 2.0


class ReaderEventKind(Enum):
    """What has happened. STARTED is the first event where pcscd runs: what is there was there before."""

    STARTED = "started"
    READER_CAME = "reader came"
    READER_GONE = "reader gone"
    CARD_CAME = "card came"
    CARD_GONE = "card gone"
    SERVICE_GONE = "service gone"
    SERVICE_CAME = "service came"


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """Something that has happened to `reader` (empty for the service); `readers` is the list as it is after it."""

    kind: ReaderEventKind
    reader: str
    readers: tuple[ReaderInfo, ...]


class Monitor:
    """Calls `post` with each ReaderEvent, on its own thread, from `start` until `stop`.

    The first event is STARTED with the list of readers, or SERVICE_GONE without pcscd. Once pcscd is back, SERVICE_CAME
    has the list, and each card in it has come. `post` must be safe to be called from another thread, and must not
    fail. `watch` makes what waits for changes.
    """

    def __init__(self, post: Callable[[ReaderEvent], None], watch: Callable[[], StatusWatch] = StatusWatch) -> None:
        self._post = post
        self._make_watch = watch
        self._watch: StatusWatch | None = None
        self._stopping = Event()
        self._readers: tuple[ReaderInfo, ...] = ()
        self._service: bool | None = None  # None until it is known
        # a daemon: the program may end without having stopped it
        self._thread = Thread(target=self._run, name="readers", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; nothing is posted after this. Returns within a few hundredths of a second."""
        self._stopping.set()
        for _ in range(int(MAX_STOP_S / CANCEL_AGAIN_S)):
            # a cancel that comes before the wait has begun is lost: again, until the thread has heard it
            if not self._thread.is_alive():
                return
            watch = self._watch
            if watch is not None:
                watch.cancel()
            self._thread.join(CANCEL_AGAIN_S)

    def _run(self) -> None:
        backoff_s = FIRST_BACKOFF_S
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                watch = self._make_watch()
            except ReaderError:
                self._service_gone()
            else:
                self._watch_until_it_fails(watch)
            if time.monotonic() - began >= FIRST_BACKOFF_S:  # it has worked: whether it does again is seen at once
                backoff_s = FIRST_BACKOFF_S
                continue
            self._stopping.wait(backoff_s)
            backoff_s = min(2 * backoff_s, MAX_BACKOFF_S)

    def _watch_until_it_fails(self, watch: StatusWatch) -> None:
        self._watch = watch
        try:
            self._take_in(watch.readers())
            while not self._stopping.is_set():
                if watch.watches_anything:
                    watch.wait(LOOK_AGAIN_S if watch.sees_readers_come else LOOK_FOR_READERS_S)
                else:
                    self._stopping.wait(LOOK_FOR_READERS_S)
                self._take_in(watch.readers())
        except ReaderError:
            # pcscd stopped, or a reader went between two calls: the next try tells
            return
        finally:
            self._watch = None
            watch.close()

    def _service_gone(self) -> None:
        if self._service is not False:
            self._service, self._readers = False, ()
            self._tell(ReaderEventKind.SERVICE_GONE)

    def _take_in(self, found: tuple[ReaderInfo, ...]) -> None:
        """Post what differs from the list before."""
        before, self._readers = self._readers, found
        if self._service is None:
            self._tell(ReaderEventKind.STARTED)
            before = found
        elif not self._service:
            self._tell(ReaderEventKind.SERVICE_CAME)
            before = tuple(replace(reader, card_present=False) for reader in found)
        self._service = True
        for kind, name in differences(before, found):
            self._tell(kind, name)

    def _tell(self, kind: ReaderEventKind, reader: str = "") -> None:
        if not self._stopping.is_set():
            self._post(ReaderEvent(kind, reader, self._readers))


def differences(
    before: tuple[ReaderInfo, ...], after: tuple[ReaderInfo, ...]
) -> Iterator[tuple[ReaderEventKind, str]]:
    """What happened between two lists of readers: first what went, then what came.

    A card that was taken out and put in again, or changed for another, between the two looks has gone and come.
    """
    old, new = ({reader.name: reader for reader in readers} for readers in (before, after))
    for name, reader in old.items():
        if reader.card_present and _another_card(reader, new.get(name)):
            yield ReaderEventKind.CARD_GONE, name
        if name not in new:
            yield ReaderEventKind.READER_GONE, name
    for name, reader in new.items():
        if name not in old:
            yield ReaderEventKind.READER_CAME, name
        if reader.card_present and _another_card(reader, old.get(name)):
            yield ReaderEventKind.CARD_CAME, name


def _another_card(one: ReaderInfo, other: ReaderInfo | None) -> bool:
    return other is None or not other.card_present or one.insertions != other.insertions
