"""The key store: keys, PINs and transport keys that must not be lost, in one private JSON file.

A card's old keys are here before anything overwrites them, and its new ones before they are sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from jcopsh.secrets.json_values import DAMAGED, byte_string, text
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.store_file import KEYS_NOT_KEPT, StoreFile

FORMAT = "jcopsh key store 1"


class Origin(StrEnum):
    """How a secret came here."""

    READ = "read from the card"
    WRITTEN = "about to be written to the card"
    ENTERED = "given by the user"
    SIMULATED = "comes with a simulated card"


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One secret and what is known of it.

    `name` is a memory field (`cm_key1`, `cm_key1[4:8]` for a part of it) or `transport_key`; `address` is where it
    stands in the card's memory, if it does; `card` describes the card as far as it can be told from others of its
    kind; `boot` is the boot it was read or written under, and `time` when (ISO 8601, UTC).
    """

    name: str
    secret: Secret
    origin: Origin
    card: str
    boot: str
    address: int | None = None
    time: str = ""

    def same_as(self, other: StoredSecret) -> bool:
        """Whether the other says nothing new: the same secret of the same place, card and boot."""
        return (
            self.address == other.address and self.name == other.name and self.boot == other.boot
            and self.origin is other.origin and self.card == other.card and self.secret == other.secret
        )


class KeyStore:
    """The file. Each change is on the disk when `add` returns. Raises StoreError when the file is not readable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: StoreFile[tuple[StoredSecret, ...]] = StoreFile(path, "the key store", _parse, ())

    def entries(self) -> tuple[StoredSecret, ...]:
        """All entries, oldest first."""
        return self._file.read()

    def add(self, *new: StoredSecret) -> None:
        """Keep these too. What is there already is not written twice."""
        with self._file.change(KEYS_NOT_KEPT):
            self._add(new)

    def _add(self, new: Iterable[StoredSecret]) -> None:
        entries = list(self.entries())
        known, stamp = len(entries), datetime.now(UTC).isoformat(timespec="seconds")
        for entry in new:
            if not any(entry.same_as(old) for old in entries):
                entries.append(replace(entry, time=stamp))
        if len(entries) == known:
            return
        self._file.write({"format": FORMAT, "entries": [_to_json(entry) for entry in entries]})

    @property
    def stamp(self) -> object:
        """Something that is equal to what it was before as long as nobody has changed the file; None without one."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def transport_keys(self, fits: Callable[[StoredSecret], bool] = lambda _: True) -> tuple[StoredSecret, ...]:
        """The transport keys whose entry fits, latest first, each key once."""
        found: list[StoredSecret] = []
        for entry in reversed(self.entries()):
            is_transport_key = entry.secret.kind is SecretKind.TRANSPORT_KEY
            if is_transport_key and fits(entry) and not any(entry.secret == known.secret for known in found):
                found.append(entry)
        return tuple(found)

    def holds(self, value: Secret) -> bool:
        """Whether this very secret is stored, from whatever card."""
        return any(entry.secret == value for entry in self.entries())

    def with_kcv(self, kcv: str) -> Secret | None:
        """The latest stored key with this check value."""
        return next((e.secret for e in reversed(self.entries()) if e.secret.kcv == kcv), None)


def _to_json(entry: StoredSecret) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.secret.kind.value,
        "value": entry.secret.reveal().hex().upper(),
        "kcv": entry.secret.kcv,
        "origin": entry.origin.value,
        "card": entry.card,
        "boot": entry.boot,
        "address": None if entry.address is None else f"{entry.address:06X}",
        "time": entry.time,
    }


def _parse(content: bytes) -> tuple[StoredSecret, ...] | None:
    """The entries, None where the content is damaged. No exception leaves it: json's and UTF-8's hold the content."""
    try:
        document = json.loads(content.decode())
        known = document["format"] == FORMAT
        return tuple(_from_json(item) for item in document["entries"]) if known else None
    except DAMAGED:
        return None


def _from_json(item: dict[str, Any]) -> StoredSecret:
    return StoredSecret(
        name=text(item, "name"),
        secret=Secret(byte_string(item, "value"), SecretKind(item["kind"])),
        origin=Origin(item["origin"]),
        card=text(item, "card"),
        boot=text(item, "boot"),
        address=None if item["address"] is None else int(text(item, "address"), 16),
        time=text(item, "time"),
    )
