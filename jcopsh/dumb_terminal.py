"""Terminals that show no more than lines: no cursor can be moved on them, and none of them shows colours."""

from __future__ import annotations

import os
import sys

_KINDS = ("dumb", "unknown")  # as in prompt_toolkit.utils.is_dumb_terminal, which is loaded later


def is_dumb(term: str | None) -> bool:
    """Whether a terminal of this kind, the value of TERM, shows no more than what is written from left to right."""
    return (term or "").lower() in _KINDS


def nothing_is_drawn() -> bool:
    """Whether standard output shows no more than lines: it is a dumb terminal or, as in `jcopsh | tee log`, none."""
    return is_dumb(os.environ.get("TERM")) or not sys.stdout.isatty()
