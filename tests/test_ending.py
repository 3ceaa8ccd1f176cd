"""Signals that end the program."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from jcopsh.ending import ENDING_SIGNALS, handed_to, hear_signals
from jcopsh.errors import Ended


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    hear_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_ends_what_is_running(number: signal.Signals) -> None:
    with pytest.raises(Ended) as ended:
        signal.raise_signal(number)
    assert ended.value.code == 128 + number


def test_a_loop_of_events_is_handed_the_signal() -> None:
    taken: list[Ended] = []
    with handed_to(taken.append):
        signal.raise_signal(signal.SIGTERM)
    assert [ended.code for ended in taken] == [143]
    with pytest.raises(Ended):
        signal.raise_signal(signal.SIGTERM)
