"""The thread that waits for the reader: results, errors, and that it can be left."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from jcopsh.card import worker as module
from jcopsh.card.interrupt import GivenUp, held_back, may_be_given_up
from jcopsh.card.worker import Worker


@pytest.fixture
def worker(python_hears_ctrl_c: None) -> Iterator[Worker]:
    made = Worker("test worker")
    yield made
    made.finish(lambda: None)


def test_results_and_errors(worker: Worker) -> None:
    assert worker.call(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        worker.call(divmod, 7, 0)
    assert worker.call(threading.current_thread).name == "test worker"


def test_it_ends_with_a_last_call(worker: Worker) -> None:
    done: list[str] = []
    thread = worker.call(threading.current_thread)
    worker.finish(lambda: done.append("last"))
    worker.finish(lambda: done.append("again"))
    thread.join(20)
    assert not thread.is_alive()
    assert done == ["last"]
    with pytest.raises(RuntimeError):
        worker.call(int)


def test_whoever_waits_long_is_told(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_UP_S", 0.001)
    told = threading.Event()
    worker.call(told.wait, 20, meanwhile=told.set)
    assert told.is_set()


def test_a_second_ctrl_c_leaves_the_call_and_the_first_says_how(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first Ctrl-C is answered by a sentence; only then the second comes."""
    monkeypatch.setattr(module, "LOOK_UP_S", 0.001)
    silent, ended = threading.Event(), threading.Event()
    said: list[str] = []

    def block() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        silent.wait(20)
        ended.set()

    def on_silence() -> None:
        said.append("no answer yet")
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(GivenUp), held_back(on_silence), may_be_given_up():
        worker.call(block)
    assert said == ["no answer yet"]
    assert worker.abandoned
    with pytest.raises(RuntimeError):
        worker.call(int)
    assert not ended.is_set()
    silent.set()
    assert ended.wait(20)
