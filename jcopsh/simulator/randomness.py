"""Where a simulated card takes random bytes from: keys, challenges, serial numbers. Tests give it their own source."""

from __future__ import annotations

from collections.abc import Callable

Randomness = Callable[[int], bytes]
"""Gives as many random bytes as it is asked for."""
