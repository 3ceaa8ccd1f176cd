"""Readers and cards that come and go: what is told, in which order, and that it ends at once."""

from __future__ import annotations

import time
from queue import SimpleQueue
from threading import Event

import pytest

from jcopsh.card import monitor
from jcopsh.card.monitor import Monitor, ReaderEvent, ReaderEventKind, differences
from jcopsh.card.pcsc import StatusWatch
from jcopsh.card.readers import ReaderInfo
from jcopsh.errors import ReaderError
from tests.reader_stack import READERS, ReaderStack

Kind = ReaderEventKind
ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
A, B = ReaderInfo("A", 0, False, b""), ReaderInfo("B", 1, False, b"")
A_CARD, B_CARD = ReaderInfo("A", 0, True, ATR, insertions=1), ReaderInfo("B", 1, True, ATR, insertions=1)
A_ANOTHER = ReaderInfo("A", 0, True, ATR, insertions=3)
TIMEOUT_S = 20


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), (A,), [(Kind.READER_CAME, "A")]),
        ((), (A_CARD,), [(Kind.READER_CAME, "A"), (Kind.CARD_CAME, "A")]),
        ((A,), (A_CARD,), [(Kind.CARD_CAME, "A")]),
        ((A_CARD,), (A,), [(Kind.CARD_GONE, "A")]),
        ((A_CARD,), (A_ANOTHER,), [(Kind.CARD_GONE, "A"), (Kind.CARD_CAME, "A")]),
        ((A_CARD, B), (B,), [(Kind.CARD_GONE, "A"), (Kind.READER_GONE, "A")]),
        ((A_CARD, B), (A, B_CARD), [(Kind.CARD_GONE, "A"), (Kind.CARD_CAME, "B")]),
        ((A, B_CARD), (A, B_CARD), []),
    ],
)
def test_what_happened_between_two_looks(
    before: tuple[ReaderInfo, ...], after: tuple[ReaderInfo, ...], expected: list[tuple[ReaderEventKind, str]]
) -> None:
    assert list(differences(before, after)) == expected


class Watch(StatusWatch):
    """A watch over what the test says: a list of readers, or an error, for each look."""

    def __init__(self, looks: SimpleQueue[tuple[ReaderInfo, ...] | None]) -> None:
        self._looks = looks
        self._cancelled = Event()

    def readers(self) -> tuple[ReaderInfo, ...]:
        found = None if self._cancelled.is_set() else self._looks.get(timeout=TIMEOUT_S)
        if found is None:
            raise ReaderError("the PC/SC service does not answer")
        return found

    def wait(self, timeout_s: float) -> None:
        pass

    @property
    def sees_readers_come(self) -> bool:
        return True

    @property
    def watches_anything(self) -> bool:
        return True

    def cancel(self) -> None:
        self._cancelled.set()
        self._looks.put(None)

    def close(self) -> None:
        pass


def test_a_service_that_stops_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "FIRST_BACKOFF_S", 0.001)
    looks: SimpleQueue[tuple[ReaderInfo, ...] | None] = SimpleQueue()
    events: SimpleQueue[ReaderEvent] = SimpleQueue()
    tries: list[None] = []

    def make() -> Watch:
        tries.append(None)
        if len(tries) in (2, 3):
            raise ReaderError("the PC/SC service does not answer")
        return Watch(looks)

    for look in ((A_CARD,), (A,), None, (A_ANOTHER,)):
        looks.put(look)
    watching = Monitor(events.put, make)
    watching.start()
    found = [events.get(timeout=TIMEOUT_S) for _ in range(5)]
    watching.stop()
    assert [(event.kind, event.reader) for event in found] == [
        (Kind.STARTED, ""), (Kind.CARD_GONE, "A"), (Kind.SERVICE_GONE, ""), (Kind.SERVICE_CAME, ""),
        (Kind.CARD_CAME, "A"),
    ]
    assert [event.readers for event in found] == [(A_CARD,), (A,), (), (A_ANOTHER,), (A_ANOTHER,)]
    assert events.empty()


def test_a_service_that_only_fails_is_asked_more_and_more_rarely() -> None:
    tries: list[float] = []

    class Failing(Watch):
        def readers(self) -> tuple[ReaderInfo, ...]:
            tries.append(time.monotonic())
            raise ReaderError("the reader's driver failed")

    watching = Monitor(lambda _event: None, lambda: Failing(SimpleQueue()))
    watching.start()
    while len(tries) < 3:
        time.sleep(0.001)  # between two looks at the list
    watching.stop()
    first, second, third = tries[:3]
    assert third - second > second - first > monitor.FIRST_BACKOFF_S


def test_without_a_service_it_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "FIRST_BACKOFF_S", 0.001)
    events: SimpleQueue[ReaderEvent] = SimpleQueue()
    tries: SimpleQueue[None] = SimpleQueue()

    def make() -> Watch:
        tries.put(None)
        raise ReaderError("the PC/SC service does not answer")

    watching = Monitor(events.put, make)
    watching.start()
    for _ in range(4):
        tries.get(timeout=TIMEOUT_S)
    watching.stop()
    assert events.get(timeout=TIMEOUT_S).kind is Kind.SERVICE_GONE
    assert events.empty()


# --- with pcscd ------------------------------------------------------------------------------------------------------


@pytest.fixture
def watched(reader_stack: ReaderStack) -> tuple[Monitor, SimpleQueue[ReaderEvent]]:
    events: SimpleQueue[ReaderEvent] = SimpleQueue()
    return Monitor(events.put), events


def test_a_card_in_a_real_reader(
    reader_stack: ReaderStack, watched: tuple[Monitor, SimpleQueue[ReaderEvent]]
) -> None:
    watching, events = watched
    watching.start()
    first = events.get(timeout=TIMEOUT_S)
    assert first.kind is Kind.STARTED
    assert [reader.name for reader in first.readers] == list(READERS)
    card = reader_stack.insert_scripted(ATR, {}, slot=1)
    came = events.get(timeout=TIMEOUT_S)
    assert (came.kind, came.reader, came.readers[1].atr) == (Kind.CARD_CAME, READERS[1], ATR)
    card.remove()
    gone = events.get(timeout=TIMEOUT_S)
    assert (gone.kind, gone.reader, gone.readers[1].card_present) == (Kind.CARD_GONE, READERS[1], False)
    assert card.received() == []
    started = time.monotonic()
    watching.stop()
    assert time.monotonic() - started < 1
