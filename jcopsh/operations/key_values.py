"""What comes of authentications, key changes and the search for keys, as values to be shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A secure channel is open. `max_data` is how many bytes of data fit in one command now."""

    protocol: str
    option: str
    level: str
    key_version: int
    keys: str
    security_domain: str
    max_data: int


@dataclass(frozen=True, slots=True)
class KeysPut:
    """A new key set is on the card, and an authentication under it has proved it. `others` are the other versions
    that the card says it has; None where it does not say."""

    name: str
    key_version: int
    check_values: tuple[str, ...]
    channel: str
    others: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Fit:
    """Keys that make the cryptogram. `key` says which of the three it depends on; the others are not proved by it."""

    keys: str
    diversification: str
    cipher: str
    proved: str
    try_it: str


@dataclass(frozen=True, slots=True)
class KeySearch:
    """What came of a search. `answer_of` says which answer of a card it was made on. `skipped` are the stored sets that
    were not tried, as they are under a passphrase."""

    fits: tuple[Fit, ...]
    answer_of: str
    protocol: str
    key_version: int
    tried: int
    skipped: int = 0
