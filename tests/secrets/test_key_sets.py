"""Key sets by name, in clear and under a passphrase."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jcopsh.errors import StoreError, UsageError
from jcopsh.secrets.key_sets import KeySetStore, Standing, StoredKeySet, key_set, unsealed
from jcopsh.secrets.passphrase import Passphrase
from jcopsh.secrets.secret import Secret

KEYS = (Secret(bytes(range(0x10, 0x20))), Secret(bytes(range(0x20, 0x30))), Secret(bytes(range(0x30, 0x40))))
PASSPHRASE = "correct horse"


@pytest.fixture
def store(tmp_path: Path) -> KeySetStore:
    return KeySetStore(tmp_path / "data" / "key-sets.json")


def test_a_set_comes_back_as_it_was(store: KeySetStore) -> None:
    store.add(key_set("bench", KEYS, key_version=3, diversification="emv"))
    (found,) = KeySetStore(store.path).entries()
    assert found.keys == KEYS
    assert (found.name, found.key_version, found.diversification, found.standing) == ("bench", 3, "emv", Standing.GIVEN)
    assert found.time
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert store.get("BENCH") is not None


@pytest.mark.parametrize("length", [16, 24, 32])
def test_a_passphrase_keeps_the_keys_from_who_has_the_file(store: KeySetStore, length: int) -> None:
    keys = (Secret(bytes(range(length))), Secret(bytes(range(1, length + 1))), Secret(bytes(range(2, length + 2))))
    store.add(key_set("bench", keys), Passphrase(PASSPHRASE))
    (found,) = store.entries()
    assert found.keys is None
    assert found.labels
    text = store.path.read_text("utf-8").upper()
    for key in keys:
        assert key.reveal()[:8].hex().upper() not in text
    assert PASSPHRASE.upper() not in text
    assert unsealed(found, Passphrase(PASSPHRASE)).keys == keys
    with pytest.raises(UsageError, match="passphrase"):
        unsealed(found, Passphrase("another"))


def test_the_same_keys_under_the_same_passphrase_look_different(store: KeySetStore) -> None:
    store.add(key_set("one", KEYS), Passphrase(PASSPHRASE))
    store.add(key_set("two", KEYS), Passphrase(PASSPHRASE))
    one, two = (entry.sealed for entry in store.entries())
    assert one is not None
    assert two is not None
    assert one.ciphertext != two.ciphertext


def test_a_name_is_taken_once(store: KeySetStore) -> None:
    store.add(key_set("bench", KEYS))
    with pytest.raises(UsageError, match="already"):
        store.add(key_set("Bench", KEYS))
    store.forget("bench")
    assert store.entries() == ()
    with pytest.raises(UsageError, match="no key set"):
        store.forget("bench")


def test_what_became_of_it(store: KeySetStore) -> None:
    store.add(key_set("bench", KEYS, standing=Standing.BEING_PUT))
    store.note(key_set("BENCH", KEYS, standing=Standing.ON_CARD, card="chip 01", key_version=2))
    found = store.get("bench")
    assert found is not None
    assert (found.name, found.standing, found.card, found.key_version) == ("bench", Standing.ON_CARD, "chip 01", 2)


@pytest.mark.parametrize("content", ["", "{}", '{"format": "jcopsh key sets 1", "key_sets": [{"name": "x"}]}'])
def test_a_damaged_file_is_told_without_its_content(store: KeySetStore, content: str) -> None:
    store.path.parent.mkdir()
    store.path.write_text(content, "utf-8")
    with pytest.raises(StoreError, match="damaged") as raised:
        store.entries()
    assert raised.value.__cause__ is None
    with pytest.raises(StoreError):
        store.add(key_set("bench", KEYS))
    assert store.path.read_text("utf-8") == content


@pytest.mark.parametrize(("part", "value"), [
    ("key_version", "1e999"), ("key_version", "1.5"), ("key_version", "256"), ("key_version", "true"), ("name", "5"),
    ("name", "null"), ("card", "[]"), ("time", "5"), ("labels", "5"), ("diversification", "5"), ("standing", "{}"),
    ("keys", '["40", "41", "42"]'), ("keys", '["", "", ""]'), ("keys", "[1, 2, 3]"), ("keys", "[]"), ("keys", "5"),
    ("keys", json.dumps(["40" * 16, "41" * 16, "42" * 24])), ("sealed", "5"),
    ("sealed", '{"salt": "00", "nonce": "", "ciphertext": "00"}'), ("sealed", '{"salt": 0}'),
])
def test_a_value_that_jcopsh_does_not_write_is_damage(store: KeySetStore, part: str, value: str) -> None:
    store.add(key_set("bench", KEYS))
    document = json.loads(store.path.read_text("utf-8"))
    document["key_sets"][0][part] = "PUT HERE"
    store.path.write_text(json.dumps(document).replace('"PUT HERE"', value), "utf-8")
    with pytest.raises(StoreError, match="damaged"):
        store.entries()
    assert store.names() == ()


@pytest.mark.parametrize("passphrase", [None, Passphrase(PASSPHRASE)])
def test_a_standing_of_a_later_version_is_kept_as_it_is(store: KeySetStore, passphrase: Passphrase | None) -> None:
    store.add(replace(key_set("bench", KEYS, card="chip 01"), standing_of_later="lent to another"), passphrase)
    (found,) = KeySetStore(store.path).entries()
    assert (found.standing, found.standing_text) == (Standing.BEING_PUT, "lent to another")
    assert unsealed(found, passphrase).keys == KEYS
    store.add(key_set("other", KEYS))
    assert json.loads(store.path.read_text("utf-8"))["key_sets"][0]["standing"] == "lent to another"
    store.note(replace(found, standing=Standing.ON_CARD, standing_of_later=""), passphrase)
    assert store.entries()[0].standing_text == "the card has taken it"


# --- what a passphrase protects --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "value"), [
    ("name", "other"), ("key_version", 2), ("diversification", "emv"), ("card", "chip 01"),
    ("standing", "the card has taken it"),
])
def test_what_is_known_of_a_sealed_set_cannot_be_changed(store: KeySetStore, part: str, value: object) -> None:
    store.add(key_set("bench", KEYS, key_version=1), Passphrase(PASSPHRASE))
    document = json.loads(store.path.read_text("utf-8"))
    document["key_sets"][0][part] = value
    store.path.write_text(json.dumps(document), "utf-8")
    (found,) = store.entries()
    with pytest.raises(UsageError, match="passphrase"):
        unsealed(found, Passphrase(PASSPHRASE))
    document["key_sets"][0] |= {"name": "bench", "key_version": 1, "diversification": "none", "card": "",
                                "standing": "given by the user"}
    store.path.write_text(json.dumps(document), "utf-8")
    assert unsealed(store.entries()[0], Passphrase(PASSPHRASE)).keys == KEYS


def test_what_became_of_a_sealed_set_is_noted_with_its_passphrase(store: KeySetStore) -> None:
    store.add(key_set("bench", KEYS), Passphrase(PASSPHRASE))
    known = key_set("bench", KEYS, standing=Standing.ON_CARD, card="chip 01", key_version=1)
    for wrong in (None, Passphrase(""), Passphrase("another")):
        with pytest.raises(UsageError, match="passphrase"):
            store.note(known, wrong)
    assert store.entries()[0].standing is Standing.GIVEN
    store.note(known, Passphrase(PASSPHRASE))
    (found,) = store.entries()
    assert (found.keys, found.standing, found.card) == (None, Standing.ON_CARD, "chip 01")
    assert unsealed(found, Passphrase(PASSPHRASE)).keys == KEYS


def test_the_two_ways_of_writing_a_passphrase_are_one(store: KeySetStore) -> None:
    """An ö is one character or two, as the keyboard has it."""
    store.add(key_set("bench", KEYS), Passphrase("scho\u0308n"))
    assert unsealed(store.entries()[0], Passphrase("sch\u00f6n")).keys == KEYS


def test_the_cost_of_a_guess(store: KeySetStore) -> None:
    """That of scrypt with N = 2^17, r = 8, p = 1, by another implementation."""
    store.add(key_set("bench", KEYS, key_version=1), Passphrase(PASSPHRASE))
    sealed = store.entries()[0].sealed
    assert sealed is not None
    key = hashlib.scrypt(PASSPHRASE.encode(), salt=sealed.salt, n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    known = json.dumps(["jcopsh key sets 1", "bench", 1, "none", "", "given by the user"]).encode()
    plain = AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, known)
    assert plain == b"".join(one.reveal() for one in KEYS)


def test_the_names_for_completion_follow_the_file(store: KeySetStore) -> None:
    assert store.names() == ()
    store.add(key_set("bench", KEYS))
    assert store.names() == ("bench",)
    KeySetStore(store.path).add(key_set("other", KEYS))
    assert store.names() == ("bench", "other")
    store.path.write_text("damaged", "utf-8")
    assert store.names() == ()


def test_a_damaged_file_is_read_once_for_the_names(store: KeySetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_text("{")
    read: list[int] = []
    entries = KeySetStore.entries

    def counted(self: KeySetStore) -> tuple[StoredKeySet, ...]:
        read.append(1)
        return entries(self)

    monkeypatch.setattr(KeySetStore, "entries", counted)
    assert [store.names() for _ in range(3)] == [()] * 3
    assert len(read) == 1
