"""How far something is that takes many exchanges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of `total` is done, counted in `unit`. It passes: the one that comes next takes its place."""

    what: str
    done: int
    total: int
    unit: str
