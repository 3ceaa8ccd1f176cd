"""The ciphers and MACs inside a GlobalPlatform card (Card Specification 2.2.1, annex B).

Keys and data are bytes; data of the block ciphers are whole blocks of 8 bytes (DES) or 16 (AES).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherAlgorithm
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

DES_BLOCK, AES_BLOCK = 8, 16


class PaddingError(ValueError):
    """Deciphered bytes that do not end in 80 and zeros."""


def padded(data: bytes, block: int) -> bytes:
    """80 and as few zeros as fill the block: always at least one byte (B.1.1, B.2.3)."""
    zeros = (block - 1 - len(data)) % block
    return data + b"\x80" + bytes(zeros)


def unpadded(data: bytes) -> bytes:
    """What stands before the last 80. Raises PaddingError."""
    body, mark, zeros = data.rpartition(b"\x80")
    if not mark or any(zeros):
        raise PaddingError("no padding")
    return body


def tdes_encrypt(key: bytes, data: bytes, iv: bytes | None = bytes(DES_BLOCK)) -> bytes:
    """Two-key triple DES, CBC from `iv`, or ECB where `iv` is None."""
    return _run(_tdes(key), _mode(iv), data, decrypt=False)


def tdes_decrypt(key: bytes, data: bytes, iv: bytes | None = bytes(DES_BLOCK)) -> bytes:
    """The inverse of `tdes_encrypt`."""
    return _run(_tdes(key), _mode(iv), data, decrypt=True)


def des_encrypt(key: bytes, block: bytes) -> bytes:
    """One block with single DES, whose key is the first half of a key of 16 bytes."""
    return tdes_encrypt(key[:8] + key[:8], block, None)


def tdes_mac(key: bytes, data: bytes) -> bytes:
    """The full triple DES MAC of B.1.2.1: 8 bytes."""
    return tdes_encrypt(key, padded(data, DES_BLOCK))[-DES_BLOCK:]


def single_des_mac(key: bytes, data: bytes, iv: bytes) -> bytes:
    """The single DES plus final triple DES MAC of B.1.2.2: 8 bytes."""
    text = padded(data, DES_BLOCK)
    half = key[:8] + key[:8]
    before, last = text[:-DES_BLOCK], text[-DES_BLOCK:]
    state = tdes_encrypt(half, before, iv)[-DES_BLOCK:] if before else iv
    return tdes_encrypt(key, last, state)


def aes_encrypt(key: bytes, data: bytes, iv: bytes | None = bytes(AES_BLOCK)) -> bytes:
    """AES, CBC from `iv`, or ECB where `iv` is None."""
    return _run(_aes(key), _mode(iv), data, decrypt=False)


def aes_decrypt(key: bytes, data: bytes, iv: bytes | None = bytes(AES_BLOCK)) -> bytes:
    """The inverse of `aes_encrypt`."""
    return _run(_aes(key), _mode(iv), data, decrypt=True)


def aes_cmac(key: bytes, data: bytes) -> bytes:
    """CMAC (NIST SP 800-38B): 16 bytes."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(AES(key))
    mac.update(data)
    return mac.finalize()


def _tdes(key: bytes) -> CipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

    return TripleDES(key + key[:8])


def _aes(key: bytes) -> CipherAlgorithm:
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    return AES(key)


def _mode(iv: bytes | None) -> CBC | ECB:
    from cryptography.hazmat.primitives.ciphers import modes

    return modes.CBC(iv) if iv is not None else modes.ECB()  # noqa: S305 — the specification prescribes ECB


def _run(algorithm: CipherAlgorithm, mode: CBC | ECB, data: bytes, *, decrypt: bool) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher

    cipher = Cipher(algorithm, mode)
    context = cipher.decryptor() if decrypt else cipher.encryptor()
    return context.update(data) + context.finalize()
