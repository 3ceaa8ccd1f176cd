"""Static keys of a security domain: what a key set is, and how a card's own keys are derived from master keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jcopsh.globalplatform import ciphers
from jcopsh.globalplatform.channel import ChannelProtocol
from jcopsh.secrets.secret import KEY_LENGTHS, Secret, key_check_value


class KeyType(Enum):
    """The cipher of a key, with its coding in a key information template (GlobalPlatform 2.3.1, table 11-16)."""

    DES3 = 0x80
    AES = 0x88

    def __str__(self) -> str:
        return "3DES" if self is KeyType.DES3 else "AES"


def key_type(protocol: ChannelProtocol) -> KeyType:
    """The cipher of the keys that a secure channel protocol has: AES of SCP03, 3DES of those before it."""
    return KeyType.AES if protocol is ChannelProtocol.SCP03 else KeyType.DES3


DIVERSIFICATION_DATA_LENGTH = 10  # bytes, of the answer to INITIALIZE UPDATE (GlobalPlatform 2.3.1, E.5.1.6)


class Diversification(Enum):
    """How a card's keys follow from master keys and its key diversification data."""

    NONE = "none"
    VISA2 = "visa2"
    EMV = "emv"
    KDF3 = "kdf3"


class Usage(Enum):
    """What each of the three keys is for; its number is that of the diversification (1, 2, 3)."""

    ENC = 1
    MAC = 2
    DEK = 3


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """Three static keys of the same length: 16 bytes for 3DES; 16, 24 or 32 for AES.

    `dek` enciphers new keys on their way to the card and enters no authentication: it is None where it is not known.
    Whether 16 bytes are a 3DES or an AES key is not known from themselves: the secure channel protocol says it.
    """

    enc: Secret
    mac: Secret
    dek: Secret | None = None

    def __post_init__(self) -> None:
        lengths = {len(one) for one in (self.enc, self.mac, self.dek) if one is not None}
        if len(lengths) != 1 or not lengths.issubset(KEY_LENGTHS):
            raise ValueError("the keys of a set are of one length: 16, 24 or 32 bytes")

    @classmethod
    def of_one(cls, key: Secret) -> KeySet:
        """The same key three times, as cards are sold with 40…4F."""
        return cls(key, key, key)

    @property
    def all(self) -> tuple[Secret, Secret, Secret]:
        """ENC, MAC and DEK. Raises ValueError where there is no DEK."""
        if self.dek is None:
            raise ValueError("the set has no data encryption key (DEK)")
        return self.enc, self.mac, self.dek

    @property
    def key_length(self) -> int:
        """Bytes of each key."""
        return len(self.enc)


# the key that the specification's examples and most new cards use
DEFAULT_KEY = Secret(bytes(range(0x40, 0x50)))


def diversified(master: KeySet, how: Diversification, diversification_data: bytes) -> KeySet:
    """The keys of the card with these 10 bytes of key diversification data (from INITIALIZE UPDATE).

    VISA2 and EMV encipher a block made of the data with 3DES in ECB mode; KDF3 derives as long a key by CMAC with AES
    in counter mode (NIST SP 800-108), from four bytes of the usage, 00 and the data. Source: EMV
    Card Personalization Specification 1.1, 4.1 (EMV); the other two are conventions of card makers that public tools
    share. Raises ValueError for master keys of another length than 16 bytes, but for KDF3.
    """
    if how is Diversification.NONE:
        return master
    if len(diversification_data) != DIVERSIFICATION_DATA_LENGTH:
        raise ValueError(f"key diversification data has {DIVERSIFICATION_DATA_LENGTH} bytes")

    def own(key: Secret, usage: Usage) -> Secret:
        return Secret(_diversified(key, how, usage, diversification_data))

    dek = own(master.dek, Usage.DEK) if master.dek is not None else None
    return KeySet(own(master.enc, Usage.ENC), own(master.mac, Usage.MAC), dek)


def _diversified(key: Secret, how: Diversification, usage: Usage, data: bytes) -> bytes:
    if how is Diversification.KDF3:
        return _counter_mode(key.reveal(), bytes((0, 0, 0, usage.value, 0)) + data, len(key))
    if len(key) != ciphers.DES_KEY_LENGTH:
        raise ValueError("visa2 and emv derive 3DES keys from a master key of 16 bytes")
    part = data[:2] + data[4:8] if how is Diversification.VISA2 else data[4:10]
    blocks = part + bytes((0xF0, usage.value)) + part + bytes((0x0F, usage.value))
    return ciphers.des3_ecb(key.reveal(), blocks)


def _counter_mode(key: bytes, message: bytes, length: int) -> bytes:
    """NIST SP 800-108 in counter mode, a counter of one byte before the message, CMAC with AES as PRF."""
    blocks = -(-length // ciphers.AES_BLOCK)
    return b"".join(ciphers.aes_cmac(key, bytes((n,)) + message) for n in range(1, blocks + 1))[:length]


def check_value_labels(keys: KeySet, cipher: KeyType | None = None) -> tuple[str, ...]:
    """What may be said of each key: its check value by its cipher, by both where that is not known.

    Keys of 24 and 32 bytes are AES keys: secure channels have 3DES keys of 16 bytes. Raises ValueError without a DEK.
    """
    if cipher is None and keys.key_length != ciphers.DES_KEY_LENGTH:
        cipher = KeyType.AES
    ones = tuple(KeyType) if cipher is None else (cipher,)
    return tuple(" or ".join(f"{one} KCV {check_value(key, one).hex().upper()}" for one in ones)
                 for key in keys.all)


def check_value(key: Secret, cipher: KeyType) -> bytes:
    """Three bytes that tell a key from others: of 3DES 8 bytes of 00 enciphered, of AES 16 bytes of 01 (2.3.1, B.6)."""
    if cipher is KeyType.AES:
        return ciphers.aes_ecb(key.reveal(), b"\x01" * ciphers.AES_BLOCK)[:3]
    return bytes.fromhex(key_check_value(key.reveal()))
