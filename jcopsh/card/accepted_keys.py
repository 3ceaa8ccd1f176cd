"""Which keys a card has taken, without the keys: enough to compare others with, and of no use to open a channel."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from jcopsh.globalplatform.keys import KeySet
from jcopsh.secrets.secret import Secret

_HASH_KEY = secrets.token_bytes(32)  # of this process: what was taken is compared within it alone


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class AcceptedKeys:
    """Fingerprints of ENC, MAC and DEK; that of the DEK is None where it was not given."""

    prints: tuple[bytes, bytes, bytes | None]

    @classmethod
    def of(cls, keys: KeySet) -> AcceptedKeys:
        """What stands for a key set."""
        return cls((_print(keys.enc), _print(keys.mac), _print(keys.dek) if keys.dek is not None else None))

    @property
    def complete(self) -> bool:
        """Whether all three were given."""
        return self.prints[2] is not None

    def may_be(self, enc: Secret, mac: Secret, dek: Secret) -> bool:
        """Whether these are the keys, as far as they were given."""
        pairs = zip(self.prints, (enc, mac, dek), strict=True)
        return all(mine is None or hmac.compare_digest(mine, _print(key)) for mine, key in pairs)


def _print(key: Secret) -> bytes:
    return hmac.digest(_HASH_KEY, key.reveal(), "sha256")
