"""Challenges, and what a card computes from one (ISO/IEC 7816-4:2005, 7.5.2 and 7.5.3)."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.iso7816 import interindustry
from jcopsh.operations.file_errors import carried_out
from jcopsh.operations.file_values import Challenge, Signed


def get_challenge(card: Card, length: int) -> Challenge:
    """`length` random bytes of the card, 1 to 256. Raises CardError."""
    return Challenge(carried_out(card, interindustry.get_challenge(length), "the card gave no challenge").data)


def internal_authenticate(card: Card, challenge: bytes, *, algorithm: int = 0, reference: int = 0) -> Signed:
    """What the card computes from a challenge with a key of its own. Raises CardError."""
    command = interindustry.internal_authenticate(challenge, algorithm, reference)
    response = carried_out(card, command, "the card did not authenticate itself")
    return Signed(card.shown_data(response.data), response.sw)
