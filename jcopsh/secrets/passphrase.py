"""What a key set is kept under, and the cipher key that scrypt makes of it (RFC 7914)."""

from __future__ import annotations

import unicodedata

from jcopsh.secrets.secret import Secret, SecretKind

# scrypt's cost: some tenths of a second and 128 MiB (RFC 7914, 2)
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
CIPHER_KEY_LENGTH = 32  # bytes


class Passphrase:
    """A passphrase, as it was typed for one operation. Nothing of it is shown.

    A cipher key takes scrypt some tenths of a second, so each is made once and kept as long as this is: no longer than
    the operation, which may use a set several times.
    """

    def __init__(self, text: str) -> None:
        self._text = Secret(unicodedata.normalize("NFC", text).encode(), SecretKind.PIN)
        self._cipher_keys: dict[bytes, Secret] = {}

    def cipher_key(self, salt: bytes) -> Secret:
        """The cipher key for a salt, 32 bytes."""
        if salt not in self._cipher_keys:
            self._cipher_keys[salt] = self._derived(salt)
        return self._cipher_keys[salt]

    def _derived(self, salt: bytes) -> Secret:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        made = Scrypt(salt=salt, length=CIPHER_KEY_LENGTH, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
        return Secret(made.derive(self._text.reveal()))

    def __repr__(self) -> str:
        return "<Passphrase>"
