"""Nothing here may be asked at the terminal from which the tests were started."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jcopsh.card import consent


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no terminal to ask at."""
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))


@pytest.fixture
def python_hears_ctrl_c() -> Iterator[None]:
    """SIGINT is Python's, as at a terminal: tests that were started in the background have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
