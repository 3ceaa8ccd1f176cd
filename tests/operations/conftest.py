"""Nothing here may be asked at the terminal from which the tests were started."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is no terminal to ask at."""
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))
