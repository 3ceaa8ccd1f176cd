"""The few cipher and MAC constructions of GlobalPlatform's secure channels, on bytes.

Source: GlobalPlatform Card Specification 2.3.1, B.1 (DES) and B.2 (AES). DES keys have 16 bytes, as SCP02 uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherContext

DES_BLOCK, AES_BLOCK = 8, 16  # bytes
DES_KEY_LENGTH = 16  # bytes, two-key 3DES


def pad(data: bytes, block: int) -> bytes:
    """80 and zeros up to the end of a block; at least one byte (ISO/IEC 9797-1, padding method 2; B.1.1 and B.2.3)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """What stood before the padding. Raises ValueError where there is none."""
    stripped = data.rstrip(b"\x00")
    if not stripped.endswith(b"\x80"):
        raise ValueError("the padding is missing")
    return stripped[:-1]


def without_parity(key: bytes) -> bytes:
    """A DES key with the lowest bit of each byte cleared: DES does not look at it (FIPS 46-3)."""
    return bytes(byte & 0xFE for byte in key)


def des3_ecb(key: bytes, data: bytes) -> bytes:
    """3DES in ECB mode, for whole blocks (B.1.1.2)."""
    return _encrypted(_des3(key, None), data)


def des3_cbc(key: bytes, data: bytes, icv: bytes = bytes(DES_BLOCK)) -> bytes:
    """3DES in CBC mode, for whole blocks (B.1.1.1)."""
    return _encrypted(_des3(key, icv), data)


def des3_cbc_decrypt(key: bytes, data: bytes, icv: bytes = bytes(DES_BLOCK)) -> bytes:
    """The inverse of `des3_cbc`."""
    decryptor = _des3(key, icv, decrypt=True)
    return decryptor.update(data) + decryptor.finalize()


def des_ecb(key: bytes, block: bytes) -> bytes:
    """Single DES of one block with the first 8 bytes of a key: what SCP02 enciphers its ICV with (E.3.4)."""
    return _encrypted(_des3(key[:8] * 2, None), block)


def full_des3_mac(key: bytes, data: bytes) -> bytes:
    """The last block of 3DES CBC over the padded data: 8 bytes (B.1.2.1)."""
    return des3_cbc(key, pad(data, DES_BLOCK))[-DES_BLOCK:]


def retail_mac(key: bytes, data: bytes, icv: bytes = bytes(DES_BLOCK)) -> bytes:
    """Single DES CBC over the padded data, 3DES for the last block: 8 bytes (B.1.2.2; ISO/IEC 9797-1, algorithm 3)."""
    padded = pad(data, DES_BLOCK)
    if len(padded) > DES_BLOCK:
        icv = _encrypted(_des3(key[:8] * 2, icv), padded[:-DES_BLOCK])[-DES_BLOCK:]
    return des3_cbc(key, padded[-DES_BLOCK:], icv)


def aes_cbc(key: bytes, data: bytes, icv: bytes = bytes(AES_BLOCK)) -> bytes:
    """AES in CBC mode, for whole blocks (B.2.1)."""
    return _encrypted(_aes(key, icv), data)


def aes_cbc_decrypt(key: bytes, data: bytes, icv: bytes = bytes(AES_BLOCK)) -> bytes:
    """The inverse of `aes_cbc`."""
    decryptor = _aes(key, icv, decrypt=True)
    return decryptor.update(data) + decryptor.finalize()


def aes_ecb(key: bytes, block: bytes) -> bytes:
    """AES of one block."""
    return _encrypted(_aes(key, None), block)


def aes_cmac(key: bytes, data: bytes) -> bytes:
    """CMAC with AES: 16 bytes (B.2.2; NIST SP 800-38B)."""
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    mac = CMAC(AES(key))
    mac.update(data)
    return mac.finalize()


def _encrypted(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def _des3(key: bytes, icv: bytes | None, *, decrypt: bool = False) -> CipherContext:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    # the library wants three keys; two-key 3DES repeats the first
    full = TripleDES(key + key[:8])
    if icv is None:
        return Cipher(full, modes.ECB()).encryptor()  # noqa: S305 — what the specification prescribes
    cipher = Cipher(full, modes.CBC(icv))
    return cipher.decryptor() if decrypt else cipher.encryptor()


def _aes(key: bytes, icv: bytes | None, *, decrypt: bool = False) -> CipherContext:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    if icv is None:
        return Cipher(AES(key), modes.ECB()).encryptor()  # noqa: S305 — of one block, as the specification prescribes
    cipher = Cipher(AES(key), modes.CBC(icv))
    return cipher.decryptor() if decrypt else cipher.encryptor()
