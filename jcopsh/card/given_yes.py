"""A yes that a person has given before anything asks for it: `--yes` on a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jcopsh.card.interlock import Severity


class GivenYes:
    """Keeps whether a yes is given now. A session has one, which each of its cards gets; a card alone has its own."""

    def __init__(self) -> None:
        self._given = False

    @contextmanager
    def given(self) -> Iterator[None]:
        """Within the block it is, also to what runs in it; behind the block it is as it was before.

        For whoever runs a person's line or script; a plugin does not get to say yes for them.
        """
        before, self._given = self._given, True
        try:
            yield
        finally:
            self._given = before

    def answers(self, severity: Severity) -> bool:
        """Whether nobody has to be asked: it answers for what is destructive, and for nothing that reaches further."""
        return severity is Severity.FREE or (severity is Severity.DESTRUCTIVE and self._given)
