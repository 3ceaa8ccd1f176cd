"""Ctrl-C, held back and given up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from jcopsh.card.interrupt import GivenUp, held_back, is_pending, listening, may_be_given_up, still_waiting


@pytest.fixture(autouse=True)
def handler_untouched(python_hears_ctrl_c: None) -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_block_runs_to_its_end_and_then_it_is_heard() -> None:
    ended = False
    with pytest.raises(KeyboardInterrupt), held_back():
        interrupt()
        interrupt()
        ended = True
    assert ended


def test_without_one_nothing_is_raised() -> None:
    with held_back(), may_be_given_up():
        pass


def test_an_error_of_the_block_goes_first() -> None:
    with pytest.raises(ZeroDivisionError), held_back():
        interrupt()
        raise ZeroDivisionError


def test_within_another_block_both_hear_it() -> None:
    inner = False
    with pytest.raises(KeyboardInterrupt), held_back():
        with pytest.raises(KeyboardInterrupt), held_back():
            interrupt()
        inner = True
        interrupt()
    assert inner


def test_the_second_one_while_waiting_gives_up_at_once() -> None:
    after = False
    with pytest.raises(GivenUp), held_back(), may_be_given_up():
        interrupt()
        after = True
        interrupt()
        raise AssertionError("this is not reached")
    assert after


def test_one_before_the_wait_counts() -> None:
    with pytest.raises(GivenUp), held_back():
        interrupt()
        with may_be_given_up():
            interrupt()


def test_after_the_wait_it_does_not_break_in() -> None:
    ended = False
    with pytest.raises(KeyboardInterrupt), held_back():
        with may_be_given_up():
            pass
        interrupt()
        interrupt()
        ended = True
    assert ended


def test_one_handler_for_many_exchanges() -> None:
    with listening():
        handler = signal.getsignal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), held_back():
            assert signal.getsignal(signal.SIGINT) == handler
            interrupt()
            assert is_pending()
        with pytest.raises(GivenUp), held_back(), may_be_given_up():
            interrupt()
            interrupt()
        # between two exchanges it is what it always is
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        with listening():
            assert signal.getsignal(signal.SIGINT) == handler


def test_another_handler_meanwhile_does_not_break_in() -> None:
    heard: list[int] = []
    with listening():
        before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
        with pytest.raises(KeyboardInterrupt), held_back():
            interrupt()
        interrupt()
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_silence_is_told_once_and_only_after_ctrl_c() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), held_back(lambda: told.append("silent")):
        with may_be_given_up():
            still_waiting()
            interrupt()
            still_waiting()
            still_waiting()
        still_waiting()
    assert told == ["silent"]


def test_where_it_is_ignored_it_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back(), may_be_given_up():
            interrupt()
            interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_on_another_thread_the_block_runs_as_it_is() -> None:
    done: list[bool] = []

    def block() -> None:
        with held_back(), may_be_given_up():
            done.append(signal.getsignal(signal.SIGINT) is signal.default_int_handler)

    thread = threading.Thread(target=block)
    thread.start()
    thread.join()
    assert done == [True]
