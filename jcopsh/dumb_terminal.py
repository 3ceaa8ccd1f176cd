"""Terminals that show no more than lines: no cursor can be moved on them, and none of them shows colours."""

from __future__ import annotations

_KINDS = ("dumb", "unknown")  # as in prompt_toolkit.utils.is_dumb_terminal, which is loaded later


def is_dumb(term: str | None) -> bool:
    """Whether a terminal of this kind, the value of TERM, shows no more than what is written from left to right."""
    return (term or "").lower() in _KINDS
