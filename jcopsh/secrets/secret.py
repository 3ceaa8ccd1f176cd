"""A value that never shows itself."""

from __future__ import annotations

import hmac
from enum import StrEnum
from functools import cached_property
from typing import NoReturn

_DES3_LENGTH = 16  # bytes of a 3DES key of a card: two keys
KEY_LENGTHS = (16, 24, 32)  # bytes of a security domain's key: 3DES has the first, AES each


class SecretKind(StrEnum):
    """What a secret is for; it decides what may be said of it."""

    KEY = "key"
    TRANSPORT_KEY = "transport key"
    PIN = "PIN"


def key_check_value(key: bytes) -> str:
    """What 3DES makes of eight zero bytes under 16 or 24 bytes: the first three bytes, as six hex digits.

    That is the key check value of a 3DES key (GlobalPlatform Card Specification 2.3.1, B.6). Whether the bytes are one
    they do not tell.
    """
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    if len(key) not in (16, 24):
        raise ValueError(f"a 3DES key has 16 or 24 bytes, not {len(key)}")
    full = key if len(key) == 24 else key + key[:8]
    # ECB over one constant block is what a key check value is
    encryptor = Cipher(TripleDES(full), modes.ECB()).encryptor()  # noqa: S305 — a check value, no message is enciphered
    return encryptor.update(bytes(8))[:3].hex().upper()


class Secret:
    """Bytes of a key or a PIN. No repr, str, format or pickle gives them away; `reveal` does, and says so in its name.

    It shows as `3DES KCV 8BAF47`, which tells 16 bytes from others and not whether they are a 3DES key, as those in
    a JCOP card's memory are, or an AES key: where that matters, `check_value_labels` says both. It shows by its length
    alone where a check value would help to guess it (a PIN, a fragment of a key), and with 24 bytes, which in secure
    channels are an AES key. Comparison takes constant time.
    """

    def __init__(self, value: bytes, kind: SecretKind = SecretKind.KEY) -> None:
        self._value = bytes(value)
        self.kind = kind

    def reveal(self) -> bytes:
        """The bytes themselves. Whoever calls this is answerable for where they go."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    @cached_property
    def kcv(self) -> str | None:
        """What 3DES makes of zeros under it, by which a replay knows it again; None where that is not to be told."""
        if self.kind is SecretKind.PIN or len(self._value) not in (16, 24):
            return None
        return key_check_value(self._value)

    @property
    def label(self) -> str:
        """What may be shown in its place."""
        if self.kcv and len(self) == _DES3_LENGTH:
            return f"3DES KCV {self.kcv}"
        return f"{self.kind.value}, {len(self._value)} byte" + ("" if len(self._value) == 1 else "s")

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f"<Secret {self.label}>"

    def __format__(self, spec: str) -> str:
        return format(self.label, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    # equal secrets may not be told apart by their hash, and a hash of the bytes would tell of them
    __hash__ = None  # type: ignore[assignment]  # unhashable on purpose

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")
