"""How many bytes a card gives to one READ: found while reading, and remembered for as long as it is connected."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from jcopsh.card.card import Card
from jcopsh.jcop.root_applet import MAX_READ

LEAST = 16
USUAL = 0xFF  # the largest that one byte of Le counts without a special meaning


class ReadLimit:
    """The largest READ that a card takes, between what it has given and what it has refused as too long.

    While that is not known, `size` halves what is between: every READ that is given brings bytes as well, so that at
    most eight are lost on the way, and none on a card that takes the largest.
    """

    def __init__(self) -> None:
        self._given = 0
        self._refused = MAX_READ + 1

    @property
    def size(self) -> int:
        """How many bytes to ask for next, 1 to MAX_READ."""
        if self._refused > MAX_READ:
            return MAX_READ
        if self._refused == MAX_READ and self._given < USUAL:
            return USUAL
        return max(1, self._given, (self._given + self._refused) // 2)

    def given(self, length: int) -> None:
        """The card gave so many bytes at once."""
        self._given = max(self._given, length)
        self._refused = max(self._refused, self._given + 1)

    def refused(self, length: int) -> None:
        """The card takes fewer than so many."""
        self._refused = min(self._refused, length)
        self._given = min(self._given, length - 1)

    def told(self, length: int) -> None:
        """The card says itself how many it gives (6Cxx). Few bytes are those before the end of its memory."""
        if length >= LEAST:
            self._given, self._refused = length, length + 1

    def forget(self) -> None:
        """What was taken for the length was something else: begin anew."""
        self._given, self._refused = 0, MAX_READ + 1


_limits: WeakKeyDictionary[Card, ReadLimit] = WeakKeyDictionary()


def limit_of(card: Card) -> ReadLimit:
    """What is known of this card."""
    return _limits.setdefault(card, ReadLimit())
