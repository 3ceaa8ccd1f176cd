"""What the secure channel protocols have in common: levels, INITIALIZE UPDATE's answer, and the shape of a channel.

A channel is a frozen value. `wrap` and `unwrap` return the channel that comes next, so that a command that was never
sent changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntFlag
from typing import Protocol

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.tlv import walk_legible
from jcopsh.secrets.secret import Secret

CLA_SECURE = 0x04  # the secure messaging bit of the class byte (GlobalPlatform 2.3.1, 11.1.4)
HOST_CHALLENGE_LENGTH = 8  # bytes; 16 in SCP03's S16 mode


class ChannelProtocol(Enum):
    """A secure channel protocol by its number, one byte (GlobalPlatform 2.3.1, 10.1.2 and H.2).

    Named are those that INITIALIZE UPDATE begins. A card may announce any other: `ChannelProtocol(0x80)` is SCP80.
    Raises ValueError for what is no byte.
    """

    SCP01 = 0x01
    SCP02 = 0x02
    SCP03 = 0x03

    @classmethod
    def _missing_(cls, value: object) -> ChannelProtocol | None:
        if not isinstance(value, int) or not 0 <= value <= 0xFF:
            return None
        other = object.__new__(cls)
        other._name_, other._value_ = f"SCP{value:02X}", value
        known = cls._value2member_map_.setdefault(value, other)  # so that the same number is always the same member
        assert isinstance(known, cls)  # noqa: S101 — nothing else is in it; for the type checker
        return known

    def __str__(self) -> str:
        """As the specifications write it: SCP02."""
        return self.name


# those that jcopsh speaks
SPOKEN = (ChannelProtocol.SCP02, ChannelProtocol.SCP03)


class SecurityLevel(IntFlag):
    """What protects commands and answers (GlobalPlatform 2.3.1, 10.6; Amendment D 1.2, 7.1.2.1)."""

    NONE = 0x00
    C_MAC = 0x01
    C_DECRYPTION = 0x02
    R_MAC = 0x10
    R_ENCRYPTION = 0x20


# how a level is typed and shown, from the lowest to the highest
LEVEL_NAMES = {
    SecurityLevel.NONE: "plain",
    SecurityLevel.C_MAC: "mac",
    SecurityLevel.C_MAC | SecurityLevel.C_DECRYPTION: "enc",
    SecurityLevel.C_MAC | SecurityLevel.R_MAC: "rmac",
    SecurityLevel.C_MAC | SecurityLevel.C_DECRYPTION | SecurityLevel.R_MAC: "enc-rmac",
    SecurityLevel.C_MAC | SecurityLevel.C_DECRYPTION | SecurityLevel.R_MAC | SecurityLevel.R_ENCRYPTION: "full",
}


class ChannelBroken(ValueError):
    """An answer that a secure channel cannot accept: the channel has to be closed."""


class CryptogramMismatch(ChannelBroken):
    """The card's cryptogram is not what these keys make: nothing more is sent."""


class LevelNotOffered(ValueError):
    """A security level that the card's implementation option rules out."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionKeys:
    """The keys of one session: 16 bytes each in SCP02, as long as the static ones in SCP03.

    `dek` enciphers keys on their way to the card: a key of the session in SCP02 (E.4.1), the static one in SCP03
    (Amendment D 1.2, 6.2.8). None where the channel is opened without it.
    """

    enc: Secret
    mac: Secret
    rmac: Secret
    dek: Secret | None


class SecureChannel(Protocol):
    """One end of an open secure channel."""

    @property
    def level(self) -> SecurityLevel:
        """What protects commands and answers."""

    @property
    def max_data(self) -> int:
        """How many bytes of plain data fit in one command."""

    @property
    def mac_length(self) -> int:
        """How many bytes of a MAC go over the wire."""

    def wrap(self, command: CommandAPDU) -> tuple[CommandAPDU, SecureChannel]:
        """The command for the wire, and the channel after it. Raises ValueError for one that does not fit."""

    def decipher(self, data: bytes) -> bytes:
        """The data of the command that `wrap` makes next, as enciphered at C-DECRYPTION, plain. Raises ValueError."""

    def unwrap(self, response: ResponseAPDU) -> tuple[ResponseAPDU, SecureChannel]:
        """The plain answer to the command wrapped last. Raises ChannelBroken where it lacks what it owes."""

    def encipher_key(self, key: bytes) -> bytes:
        """A key as PUT KEY carries it, enciphered under the data encryption key: as many bytes, in whole blocks.

        Raises ValueError where the channel was opened without that key.
        """


def version_text(key_version: int) -> str:
    """A key version as it is shown and typed everywhere: 0x30, which nobody takes for thirty."""
    return f"0x{key_version:02X}"


@dataclass(frozen=True, slots=True)
class SecureChannelState:
    """What may be shown of an open secure channel. `option` is the protocol's i."""

    protocol: ChannelProtocol
    option: int
    level: SecurityLevel
    key_version: int

    def __str__(self) -> str:
        return (f"{self.protocol} i={self.option:02X} level {self.level:02X}, "
                f"key version {version_text(self.key_version)}")


# the object identifier {globalPlatform 4 scp i} of card recognition data, without its two last arcs (H.2)
SCP_IDENTIFIER = bytes.fromhex("2A864886FC6B04")


def announced_options(data: bytes) -> dict[ChannelProtocol, int]:
    """What card recognition data say of secure channels: i by protocol.

    `data` is the answer to SELECT or to GET DATA 0066, which both may hold it (GlobalPlatform 2.3.1, H.2: tag 64).
    Where a protocol is named twice, the first counts. Empty where nothing is said or nothing can be read.
    """
    found: dict[ChannelProtocol, int] = {}
    for item in walk_legible(data):
        announces = item.tag == 0x06 and item.value.startswith(SCP_IDENTIFIER)
        if announces and len(item.value) == len(SCP_IDENTIFIER) + 2:
            found.setdefault(ChannelProtocol(item.value[-2]), item.value[-1])
    return found


@dataclass(frozen=True, slots=True)
class InitializeUpdate:
    """The answer to INITIALIZE UPDATE (GlobalPlatform 2.3.1, E.5.1.6; Amendment D 1.2, 7.1.1.6).

    `diversification_data` has 10 bytes. `implementation` is SCP03's i, None for SCP02, whose answer does not hold it.
    `sequence_counter`: 2 bytes (SCP02), 3 (SCP03 with pseudo-random challenge) or none. The challenge has 6 bytes
    (SCP02), 8 or 16 (SCP03), the cryptogram 8 or 16.
    """

    diversification_data: bytes
    key_version: int
    protocol: ChannelProtocol
    implementation: int | None
    sequence_counter: bytes
    card_challenge: bytes
    card_cryptogram: bytes


def parse_initialize_update(data: bytes) -> InitializeUpdate:
    """Read the answer's data. Raises ValueError for one of another form."""
    if len(data) < 12:
        raise ValueError(f"INITIALIZE UPDATE answers at least 28 bytes, these are {len(data)}")
    diversification, key_version, protocol = data[:10], data[10], ChannelProtocol(data[11])
    if protocol in (ChannelProtocol.SCP01, ChannelProtocol.SCP02) and len(data) == 28:
        # SCP01 has no sequence counter: all 8 bytes are the challenge
        split = 14 if protocol is ChannelProtocol.SCP02 else 12
        return InitializeUpdate(diversification, key_version, protocol, None, data[12:split], data[split:20], data[20:])
    if protocol is ChannelProtocol.SCP03 and len(data) in (29, 32, 45, 48):
        size = 8 if len(data) < 45 else 16
        body = data[13:]
        return InitializeUpdate(
            diversification, key_version, protocol, data[12], body[2 * size :], body[:size], body[size : 2 * size]
        )
    raise ValueError(f"no answer to INITIALIZE UPDATE of {protocol} has {len(data)} bytes")
