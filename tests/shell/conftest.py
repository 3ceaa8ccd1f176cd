"""Fixtures of the shell's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.samples import J2A040, Stage, stage


@pytest.fixture
def scene(tmp_path: Path) -> Stage:
    """A session with the sample commands on a card whose map is known."""
    return stage(tmp_path, memory_map=J2A040)
