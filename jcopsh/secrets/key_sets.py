"""Key sets of security domains by name, in one private JSON file, each optionally under a passphrase.

A new key set is here, on the disk, before PUT KEY is sent; what the card then makes of it is noted afterwards.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from jcopsh.errors import StoreError, UsageError
from jcopsh.secrets.json_values import DAMAGED, byte_string, integer, text
from jcopsh.secrets.passphrase import Passphrase
from jcopsh.secrets.secret import KEY_LENGTHS, Secret
from jcopsh.secrets.store_file import KEYS_NOT_KEPT, StoreFile

FORMAT = "jcopsh key sets 1"
SALT_LENGTH, NONCE_LENGTH, TAG_LENGTH = 16, 12, 16  # bytes
HIGHEST_KEY_VERSION = 0xFF


class Standing(StrEnum):
    """What is known of a key set. All but the first say that a card has it, or may have it."""

    GIVEN = "given by the user"
    BEING_PUT = "about to be put on the card"
    TAKEN = "the card took it, not yet proved"
    ON_CARD = "the card has taken it"


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """Three keys under a passphrase: AES-256-GCM with a key by scrypt; what is known of them is authenticated."""

    salt: bytes
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True, eq=False)
class StoredKeySet:
    """Three keys by name. `keys` are ENC, MAC and DEK, or None while they are sealed; `labels` say what may be said.

    `key_version` is the version on the card, 0 where any will do; `diversification` how the card's keys follow from
    them; `card` the ledger's name of the card they were put on, empty where they are of no card alone.
    """

    name: str
    keys: tuple[Secret, Secret, Secret] | None
    labels: tuple[str, ...]
    key_version: int = 0
    diversification: str = "none"
    standing: Standing = Standing.GIVEN
    card: str = ""
    time: str = ""
    sealed: Sealed | None = None
    # one that only a later jcopsh knows, as it stands in the file; `standing` is BEING_PUT then, which says the least
    standing_of_later: str = ""

    @property
    def standing_text(self) -> str:
        """The standing as the file has it."""
        return self.standing_of_later or self.standing.value


def key_set(name: str, keys: tuple[Secret, Secret, Secret], **known: Any) -> StoredKeySet:
    """A set to be stored, its labels made from the keys."""
    return StoredKeySet(name, keys, tuple(key.label for key in keys), **known)


class KeySetStore:
    """The file. Each change is on the disk when a method returns. Methods raise StoreError when the disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: StoreFile[tuple[StoredKeySet, ...]] = StoreFile(path, "the file of key sets", _parse, ())
        self._names: tuple[tuple[int, int], tuple[str, ...]] = (0, 0), ()  # of the file as it was, by time and size

    def names(self) -> tuple[str, ...]:
        """The names of all sets, for completion; none where the file cannot be read. A change of it is seen."""
        try:
            found = self.path.stat()
            stamp = found.st_mtime_ns, found.st_size
            if stamp != self._names[0]:
                self._names = stamp, ()  # also where it cannot be read: it is tried once, not at each key
                self._names = stamp, tuple(one.name for one in self.entries())
        except (OSError, StoreError):
            return ()
        return self._names[1]

    def entries(self) -> tuple[StoredKeySet, ...]:
        """All sets, in the order they came."""
        return self._file.read()

    def get(self, name: str) -> StoredKeySet | None:
        """The set of that name, in any case of letters."""
        return next((one for one in self.entries() if one.name.lower() == name.lower()), None)

    def add(self, new: StoredKeySet, passphrase: Passphrase | None = None) -> None:
        """Keep a set, under the passphrase where there is one. Raises UsageError where the name is taken."""
        stamped = replace(new, time=datetime.now(UTC).isoformat(timespec="seconds"))
        kept = _seal(stamped, passphrase) if passphrase else stamped

        def added(entries: list[StoredKeySet]) -> list[StoredKeySet]:
            self.check_free(new.name)
            return [*entries, kept]

        self._change(added)

    def check_free(self, name: str) -> None:
        """Raises UsageError where there is a set of that name."""
        if self.get(name) is not None:
            raise UsageError(f"there is a key set of the name {name} already",
                             hint=f"another name, or keys forget {name}")

    def forget(self, name: str) -> None:
        """Take a set out. Raises UsageError where there is none."""
        if self.get(name) is None:
            raise UsageError("there is no key set of that name", hint="keys list")
        self._change(lambda entries: [one for one in entries if one.name.lower() != name.lower()])

    def note(self, known: StoredKeySet, passphrase: Passphrase | None = None) -> None:
        """Say what has become of a set: its version, standing and card are from now on those of `known`.

        Raises UsageError where the set is under another passphrase than this one, or under one and none is given: what
        is known of it is authenticated with it.
        """
        def noted(one: StoredKeySet) -> StoredKeySet:
            if one.name.lower() != known.name.lower():
                return one
            changed = replace(one, key_version=known.key_version, standing=known.standing, card=known.card,
                              standing_of_later=known.standing_of_later)
            return changed if one.sealed is None else _sealed_anew(one, one.sealed, changed, passphrase)

        self._change(lambda entries: [noted(one) for one in entries])

    def _change(self, change: Callable[[list[StoredKeySet]], list[StoredKeySet]]) -> None:
        with self._file.change(KEYS_NOT_KEPT):
            entries = change(list(self.entries()))
            self._file.write({"format": FORMAT, "key_sets": [_to_json(one) for one in entries]})


def unsealed(stored: StoredKeySet, passphrase: Passphrase | None) -> StoredKeySet:
    """The set with its keys. Raises UsageError for a wrong passphrase, and for none where there has to be one."""
    if stored.sealed is None:
        return stored
    content = _deciphered(stored, stored.sealed, passphrase)
    third = len(content) // 3
    keys = (Secret(content[:third]), Secret(content[third : 2 * third]), Secret(content[2 * third :]))
    return replace(stored, keys=keys)


def _seal(stored: StoredKeySet, passphrase: Passphrase) -> StoredKeySet:
    assert stored.keys is not None  # noqa: S101 — only what has its keys is stored; for the type checker
    salt = secrets.token_bytes(SALT_LENGTH)
    content = b"".join(key.reveal() for key in stored.keys)
    return _enciphered(stored, content, passphrase, salt)


def _sealed_anew(
    before: StoredKeySet, sealed: Sealed, after: StoredKeySet, passphrase: Passphrase | None
) -> StoredKeySet:
    """The same keys under the same passphrase, with what is known of them now. The salt stays: a key takes its time."""
    content = _deciphered(before, sealed, passphrase)
    assert passphrase is not None  # noqa: S101 — nothing is deciphered without; for the type checker
    return _enciphered(after, content, passphrase, sealed.salt)


def _enciphered(stored: StoredKeySet, content: bytes, passphrase: Passphrase, salt: bytes) -> StoredKeySet:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_LENGTH)
    ciphertext = AESGCM(passphrase.cipher_key(salt).reveal()).encrypt(nonce, content, _known_of(stored))
    return replace(stored, keys=None, sealed=Sealed(salt, nonce, ciphertext))


def _deciphered(stored: StoredKeySet, sealed: Sealed, passphrase: Passphrase | None) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if passphrase is None:
        raise UsageError("that key set is under a passphrase, and none was given; nothing was sent")
    key = passphrase.cipher_key(sealed.salt).reveal()
    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, _known_of(stored))
    except InvalidTag:
        raise UsageError("this is not the passphrase of that key set; nothing was sent",
                         meaning="Or its entry in the file was changed by hand.") from None


def _known_of(stored: StoredKeySet) -> bytes:
    """What is authenticated with the keys: nobody can give them another name, version, use or card."""
    return json.dumps([FORMAT, stored.name, stored.key_version, stored.diversification, stored.card,
                       stored.standing_text]).encode()


def _to_json(one: StoredKeySet) -> dict[str, Any]:
    form: dict[str, Any] = {
        "name": one.name, "labels": list(one.labels), "key_version": one.key_version,
        "diversification": one.diversification, "standing": one.standing_text, "card": one.card, "time": one.time,
    }
    if one.sealed is not None:
        sealed = one.sealed
        form["sealed"] = {"salt": sealed.salt.hex(), "nonce": sealed.nonce.hex(), "ciphertext": sealed.ciphertext.hex()}
    elif one.keys is not None:
        form["keys"] = [key.reveal().hex().upper() for key in one.keys]
    return form


def _parse(content: bytes) -> tuple[StoredKeySet, ...] | None:
    """The sets, None where the content is damaged. No exception leaves it: json's and UTF-8's hold the content."""
    try:
        document: Any = json.loads(content.decode())
        known = document["format"] == FORMAT
        return tuple(_from_json(item) for item in document["key_sets"]) if known else None
    except DAMAGED:
        return None


def _from_json(item: dict[str, Any]) -> StoredKeySet:
    sealed = _sealed_from_json(item["sealed"]) if "sealed" in item else None
    version = integer(item, "key_version")
    if not 0 <= version <= HIGHEST_KEY_VERSION:
        raise ValueError("a key version is one byte")
    standing, of_later = _standing(text(item, "standing"))
    return StoredKeySet(
        name=text(item, "name"), keys=None if sealed else _keys_from_json(item["keys"]),
        labels=tuple(map(str, item["labels"])), key_version=version, diversification=text(item, "diversification"),
        standing=standing, card=text(item, "card"), time=text(item, "time"), sealed=sealed,
        standing_of_later=of_later,
    )


def _standing(written: str) -> tuple[Standing, str]:
    """The standing that was written, and its text where it is one that only a later jcopsh knows."""
    return (Standing(written), "") if written in set(Standing) else (Standing.BEING_PUT, written)


def _keys_from_json(values: list[str]) -> tuple[Secret, Secret, Secret]:
    enc, mac, dek = map(bytes.fromhex, values)
    if len(enc) not in KEY_LENGTHS or {len(enc)} != {len(mac), len(dek)}:
        raise ValueError("the keys of a set are of one length: 16, 24 or 32 bytes")
    return Secret(enc), Secret(mac), Secret(dek)


def _sealed_from_json(item: dict[str, Any]) -> Sealed:
    sealed = Sealed(byte_string(item, "salt"), byte_string(item, "nonce"), byte_string(item, "ciphertext"))
    lengths = len(sealed.salt), len(sealed.nonce), len(sealed.ciphertext)
    if lengths not in {(SALT_LENGTH, NONCE_LENGTH, 3 * key + TAG_LENGTH) for key in KEY_LENGTHS}:
        raise ValueError("these are no three keys under a passphrase")
    return sealed
