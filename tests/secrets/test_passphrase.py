"""A passphrase and its cipher keys."""

from __future__ import annotations

import pickle

import pytest

from jcopsh.secrets import passphrase as module
from jcopsh.secrets.passphrase import Passphrase


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCRYPT_N", 2)


def test_each_salt_has_a_key_of_its_own() -> None:
    one, two = bytes(16), bytes(15) + b"1"
    made = Passphrase("correct horse")
    assert made.cipher_key(one) == made.cipher_key(one) == Passphrase("correct horse").cipher_key(one)
    assert made.cipher_key(one) != made.cipher_key(two)
    assert made.cipher_key(one) != Passphrase("another").cipher_key(one)
    assert len(made.cipher_key(one)) == 32


def test_it_shows_nothing() -> None:
    made = Passphrase("correct horse")
    key = made.cipher_key(bytes(16)).reveal().hex()
    shown = f"{made} {made!r} {vars(made)}"
    assert "horse" not in shown
    assert key not in shown.lower()
    with pytest.raises(TypeError):
        pickle.dumps(made)
