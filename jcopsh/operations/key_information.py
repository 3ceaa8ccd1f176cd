"""Which key sets a card has, as far as it tells (GlobalPlatform 2.3.1, 11.3.3.1)."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.globalplatform import card_data
from jcopsh.globalplatform.card_data import CardDataError


def key_versions(card: Card) -> tuple[int, ...] | None:
    """The versions of the keys on the card by its key information template; None where it does not tell."""
    command = card_data.get_data(card_data.TAG_KEYS)
    response = card.send(command)
    try:
        return tuple(sorted({one.version for one in card_data.parse_keys(response.data)})) if response.ok else None
    except CardDataError:
        return None
