"""The key sets of a security domain, and their check values.

Card Specification 2.2.1, 11.1.8 and B.5; Amendment D, 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from jcopsh.simulator.gp_ciphers import aes_encrypt, tdes_encrypt

ENC, MAC, DEK = 1, 2, 3
INITIAL_VERSION = 0xFF


class KeyType(IntEnum):
    """What a key is for (table 11-16)."""

    TDES = 0x80
    AES = 0x88

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many bytes such a key can have."""
        return (16,) if self is KeyType.TDES else (16, 24, 32)


@dataclass(frozen=True, slots=True, repr=False)
class CardKey:
    """One key with its identifier: 1 ENC, 2 MAC, 3 DEK. It has no repr of its fields."""

    identifier: int
    type: KeyType
    value: bytes

    @property
    def check_value(self) -> bytes:
        """3 bytes: of zeros under 3DES, of ones under AES."""
        if self.type is KeyType.TDES:
            return tdes_encrypt(self.value, bytes(8), None)[:3]
        return aes_encrypt(self.value, b"\x01" * 16, None)[:3]


@dataclass(frozen=True, slots=True)
class CardKeySet:
    """The keys of one version, in the order of their identifiers."""

    version: int
    keys: tuple[CardKey, ...]

    @classmethod
    def of_three(cls, version: int, key_type: KeyType, values: tuple[bytes, ...]) -> CardKeySet:
        """ENC, MAC and DEK."""
        return cls(version, tuple(CardKey(at, key_type, value) for at, value in enumerate(values, ENC)))

    def value(self, identifier: int) -> bytes | None:
        """The key of that identifier, or None."""
        return next((key.value for key in self.keys if key.identifier == identifier), None)

    @property
    def type(self) -> KeyType | None:
        """What the set opens a channel with: its three keys are alike. None where they are not, or one is missing."""
        base = [key for key in self.keys if key.identifier in (ENC, MAC, DEK)]
        kinds = {(key.type, len(key.value)) for key in base}
        return base[0].type if len(base) == 3 and len(kinds) == 1 else None

    def with_keys(self, version: int, keys: tuple[CardKey, ...]) -> CardKeySet:
        """With `keys` put in the place of those of the same identifiers, under `version`."""
        new = {key.identifier: key for key in (*self.keys, *keys)}
        return CardKeySet(version, tuple(new[at] for at in sorted(new)))

    def without(self, identifier: int) -> CardKeySet:
        """Without one key."""
        return replace(self, keys=tuple(key for key in self.keys if key.identifier != identifier))
