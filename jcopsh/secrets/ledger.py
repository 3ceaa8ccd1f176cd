"""The ledger of authentications: which cards were tried with which keys to no good end, so that none is locked by it.

A card may lock itself for ever after some ten tries, and an INITIALIZE UPDATE that is never completed may count as one.
One private JSON file. Keys are in it by a hash under a random key of the file's own, never as themselves.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from jcopsh.errors import StoreError
from jcopsh.secrets.files import exclusive, write_private

FORMAT = "jcopsh ledger 1"
HASH_KEY_LENGTH = 32  # bytes
# as many tries with the same keys are asked about even if nothing speaks against the keys: half of what may lock a card
MOST_UNASKED = 5

_NOT_SENT = "A try that is not counted could be the one that locks the card, so nothing was sent."
_SENT = ("The command was sent, and what came of it stands. The ledger still counts the try, so the card may be "
         "further from its lock than it says.")


@dataclass(frozen=True, slots=True)
class LedgerCard:
    """What the ledger knows a card by: its chip, of CPLC, empty where that was not read, and the ATR of its kind."""

    chip: str
    atr: str

    def may_be(self, other: LedgerCard) -> bool:
        """Whether both may be one card: by the chip where both have one, else by the ATR, which its kind shares."""
        return self.chip == other.chip if self.chip and other.chip else self.atr == other.atr


class Sign(StrEnum):
    """What is known of the keys of a try that has come to no good end."""

    NONE = ""  # they may be wrong
    LOST = "lost"  # the card or the way to it was lost before it had answered
    MATCHED = "matched"  # the card has made its cryptogram with them


@dataclass(frozen=True, slots=True)
class Try:
    """One INITIALIZE UPDATE that ended badly, or of which no good end is known.

    `key_version` is the one that was asked for (0 is the card's choice) or, once it has answered, its own; `keys` the
    fingerprint of the keys, empty for raw bytes; `time` ISO 8601, UTC.
    """

    card: LedgerCard
    key_version: int
    keys: str
    time: str
    number: str  # random: tells this try from others of the same second
    sign: Sign = Sign.NONE


class Ledger:
    """The file. Each change is on the disk when a method returns. Methods raise StoreError when the disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def tries(self, card: LedgerCard) -> tuple[Try, ...]:
        """The tries of what may be that card that ended badly or were never completed, oldest first."""
        return tuple(one for one in self._read()[1] if one.card.may_be(card))

    def tried(self, card: LedgerCard, keys: str) -> bool:
        """Whether these keys, by their fingerprint, may be wrong for that card: it has not taken them before, or they
        came to no end often enough to ask about."""
        same = [one for one in self.tries(card) if one.keys == keys]
        return any(one.sign is Sign.NONE for one in same) or len(same) >= MOST_UNASKED

    def fingerprint(self, keys: bytes) -> str:
        """What stands for keys in this file."""
        return hmac.digest(self._hash_key(), keys, "sha256").hex()

    def begin(self, card: LedgerCard, key_version: int, keys: str) -> Try:
        """A try is about to be made."""
        new = Try(card, key_version, keys, datetime.now(UTC).isoformat(timespec="seconds"), secrets.token_hex(8))
        self._change(lambda tries: [*tries, new], _NOT_SENT)
        return new

    def answered(self, tried: Try, key_version: int) -> Try:
        """The card took INITIALIZE UPDATE, with keys of this version."""
        return tried if tried.key_version == key_version else self._replace(replace(tried, key_version=key_version))

    def signed(self, tried: Try, sign: Sign) -> Try:
        """Something came to be known of the keys."""
        return tried if tried.sign is sign else self._replace(replace(tried, sign=sign))

    def identified(self, numbers: Collection[str], card: LedgerCard) -> None:
        """The tries of these numbers were made on a card whose chip is known now."""
        self._change(lambda tries: [replace(one, card=card) if one.number in numbers else one for one in tries], _SENT)

    def take_back(self, tried: Try) -> None:
        """No key was tried: INITIALIZE UPDATE was refused, or never sent."""
        self._change(lambda tries: [one for one in tries if one.number != tried.number], _SENT)

    def succeeded(self, tried: Try, same_card: Collection[str] = ()) -> None:
        """The card took the keys: what was counted for this version of its keys is forgotten.

        That is what was counted for its chip, and the tries of the numbers `same_card`. Of those that only may be its
        own, by the ATR, only the ones with the same keys are.
        """

        def ended(one: Try) -> bool:
            if one.number == tried.number:
                return True
            own = one.number in same_card or bool(one.card.chip and one.card.chip == tried.card.chip)
            same_keys = one.card.may_be(tried.card) and bool(one.keys) and one.keys == tried.keys
            return one.key_version in (tried.key_version, 0) and (own or same_keys)

        self._change(lambda tries: [one for one in tries if not ended(one)], _SENT)

    def _replace(self, changed: Try) -> Try:
        self._change(lambda tries: [changed if one.number == changed.number else one for one in tries], _SENT)
        return changed

    def _hash_key(self) -> bytes:
        hash_key, _ = self._read()
        if hash_key is None:
            self._change(lambda tries: tries, _NOT_SENT)
            hash_key, _ = self._read()
        assert hash_key is not None  # noqa: S101 — the change above has written one; for the type checker
        return hash_key

    def _change(self, change: Callable[[list[Try]], list[Try]], meaning: str) -> None:
        try:
            with exclusive(self.path):
                hash_key, tries = self._read()
                document = {
                    "format": FORMAT, "hash_key": (hash_key or secrets.token_bytes(HASH_KEY_LENGTH)).hex(),
                    "tries": [asdict(one) for one in change(tries)],
                }
                write_private(self.path, json.dumps(document, indent=1).encode())
        except OSError as error:
            raise StoreError(
                f"the ledger {self.path} cannot be written: {error.strerror}",
                meaning=meaning,
                hint="make room or mend the folder's permissions, then try again",
            ) from error

    def _read(self) -> tuple[bytes | None, list[Try]]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None, []
        except OSError as error:
            raise StoreError(f"the ledger {self.path} cannot be read: {error.strerror}") from error
        parsed = _parse(content)
        if parsed is None:
            raise StoreError(
                f"the ledger {self.path} is damaged",
                meaning="It is not the JSON that jcopsh writes, and how often a card was tried cannot be told.",
                hint="move it aside; jcopsh then begins a new one, and counts from none",
            )
        return parsed


def _parse(content: bytes) -> tuple[bytes, list[Try]] | None:
    try:
        document: Any = json.loads(content.decode())
        if document["format"] != FORMAT:
            return None
        return bytes.fromhex(document["hash_key"]), [_try(item) for item in document["tries"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _try(item: dict[str, Any]) -> Try:
    card = LedgerCard(str(item["card"]["chip"]), str(item["card"]["atr"]))
    return Try(card, int(item["key_version"]), str(item["keys"]), str(item["time"]), str(item["number"]),
               Sign(item["sign"]))
