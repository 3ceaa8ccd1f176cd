"""Which terminals show no more than lines."""

from __future__ import annotations

import pytest
from prompt_toolkit.utils import is_dumb_terminal

from jcopsh.dumb_terminal import is_dumb


@pytest.mark.parametrize("term", ["dumb", "DUMB", "unknown", "xterm-256color", "linux", "", None])
def test_it_agrees_with_prompt_toolkit(term: str | None) -> None:
    assert is_dumb(term) is is_dumb_terminal(term or "")
