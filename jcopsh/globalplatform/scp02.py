"""Secure Channel Protocol 02 with explicit initiation and three base keys (GlobalPlatform 2.3.1, annex E).

Pure: nothing is sent. Deprecated by its makers, and what most JCOP cards of these generations speak.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag

from jcopsh.globalplatform import ciphers
from jcopsh.globalplatform.channel import (
    CLA_SECURE,
    ChannelBroken,
    CryptogramMismatch,
    InitializeUpdate,
    LevelNotOffered,
    SecurityLevel,
    SessionKeys,
)
from jcopsh.globalplatform.keys import KeySet
from jcopsh.iso7816.apdu import MAX_SHORT_DATA, CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.secrets.secret import Secret

MAC_LENGTH = 8
LEVELS = frozenset((0x00, 0x01, 0x03, 0x10, 0x11, 0x13))


class Option(IntFlag):
    """The bits of the implementation option i (E.1.1, table E-1)."""

    THREE_KEYS = 0x01
    UNMODIFIED_APDU = 0x02  # the C-MAC is made over the command as it was
    EXPLICIT = 0x04
    ICV_OVER_AID = 0x08
    ICV_ENCRYPTION = 0x10
    R_MAC = 0x20
    PSEUDO_RANDOM = 0x40  # the card challenge follows from the AID and the sequence counter


class _Derivation(IntEnum):
    """Constants of the session keys (E.4.1)."""

    C_MAC = 0x0101
    R_MAC = 0x0102
    DEK = 0x0181
    ENC = 0x0182


def session_keys(static: KeySet, sequence_counter: bytes) -> SessionKeys:
    """E.4.1: 3DES CBC of the constant, the counter (2 bytes) and zeros, with the static key."""
    if static.key_length != ciphers.DES_KEY_LENGTH:
        raise ValueError(f"SCP02 has 3DES keys of 16 bytes, these have {static.key_length}")

    def derived(key: Secret, constant: _Derivation) -> Secret:
        block = constant.to_bytes(2, "big") + sequence_counter + bytes(12)
        return Secret(ciphers.des3_cbc(key.reveal(), block))

    return SessionKeys(
        enc=derived(static.enc, _Derivation.ENC), mac=derived(static.mac, _Derivation.C_MAC),
        rmac=derived(static.mac, _Derivation.R_MAC),
        dek=derived(static.dek, _Derivation.DEK) if static.dek is not None else None,
    )


def card_cryptogram(keys: SessionKeys, host_challenge: bytes, answer: InitializeUpdate) -> bytes:
    """E.4.2.1."""
    return ciphers.full_des3_mac(
        keys.enc.reveal(), host_challenge + answer.sequence_counter + answer.card_challenge
    )


def host_cryptogram(keys: SessionKeys, host_challenge: bytes, answer: InitializeUpdate) -> bytes:
    """E.4.2.2."""
    return ciphers.full_des3_mac(
        keys.enc.reveal(), answer.sequence_counter + answer.card_challenge + host_challenge
    )


def authenticate(
    static: KeySet, host_challenge: bytes, answer: InitializeUpdate, level: SecurityLevel, option: Option
) -> tuple[CommandAPDU, Scp02Channel]:
    """Check the card's cryptogram; return EXTERNAL AUTHENTICATE (E.5.2) as it goes over the wire, and the channel.

    Raises CryptogramMismatch when the card has other keys: then nothing may be sent. Raises LevelNotOffered, once the
    keys are known to be the card's, for a level that the option does not allow.
    """
    keys = session_keys(static, answer.sequence_counter)
    if not hmac.compare_digest(card_cryptogram(keys, host_challenge, answer), answer.card_cryptogram):
        raise CryptogramMismatch("the card cryptogram is not that of these keys")
    check_level(level, option)
    plain = CommandAPDU(0x80, INS.EXTERNAL_AUTHENTICATE, level, 0x00, host_cryptogram(keys, host_challenge, answer))
    # EXTERNAL AUTHENTICATE always has a C-MAC, and is never enciphered (E.5.2.3)
    wire, channel = Scp02Channel(keys, SecurityLevel.C_MAC, option).wrap(plain)
    # the first R-MAC is chained to the C-MAC of EXTERNAL AUTHENTICATE (E.3.2)
    return wire, replace(channel, level=level, r_icv=channel.c_icv)


def check_level(level: SecurityLevel, option: Option) -> None:
    """Raise LevelNotOffered for a level that a card with this i does not offer."""
    if int(level) not in LEVELS:
        raise LevelNotOffered(f"SCP02 has no security level {level:02X}")
    if level & SecurityLevel.R_MAC and not option & Option.R_MAC:
        raise LevelNotOffered(f"with i = {option:02X} the card makes no R-MAC")
    if not option & Option.THREE_KEYS or not option & Option.EXPLICIT:
        raise LevelNotOffered(f"i = {option:02X}: only explicit initiation with three keys is supported")


@dataclass(frozen=True, slots=True, eq=False)
class Scp02Channel:
    """An open SCP02 channel: `c_icv` is the last C-MAC, `r_icv` the last R-MAC, 8 bytes each."""

    keys: SessionKeys
    level: SecurityLevel
    option: Option
    c_icv: bytes = field(default=bytes(MAC_LENGTH), repr=False)
    r_icv: bytes = field(default=bytes(MAC_LENGTH), repr=False)
    pending: bytes = field(default=b"", repr=False)  # the command's part of the R-MAC input

    @property
    def mac_length(self) -> int:
        """Bytes of a C-MAC and of an R-MAC."""
        return MAC_LENGTH

    def encipher_key(self, key: bytes) -> bytes:
        """3DES in ECB mode under the session's data encryption key (E.4.7), for whole blocks.

        Raises ValueError where the channel was opened without that key.
        """
        if self.keys.dek is None:
            raise ValueError("the channel was opened without a data encryption key")
        return ciphers.des3_ecb(self.keys.dek.reveal(), key)

    def wrap(self, command: CommandAPDU) -> tuple[CommandAPDU, Scp02Channel]:
        """E.4.4 (C-MAC) and E.4.6 (encryption). Raises ValueError for data that do not fit a short APDU."""
        following = replace(self, pending=_rmac_input(command)) if self.level & SecurityLevel.R_MAC else self
        if not self.level & SecurityLevel.C_MAC:
            return command, following
        mac = self._c_mac(command)
        data = command.data
        if data and self.level & SecurityLevel.C_DECRYPTION:
            data = ciphers.des3_cbc(self.keys.enc.reveal(), ciphers.pad(data, ciphers.DES_BLOCK))
        if len(data) + MAC_LENGTH > MAX_SHORT_DATA:
            raise ValueError(f"{len(command.data)} bytes of data are too many, {self.max_data} fit, protected so")
        return replace(command, cla=command.cla | CLA_SECURE, data=data + mac), replace(following, c_icv=mac)

    @property
    def max_data(self) -> int:
        """How many bytes of data fit in one command."""
        if not self.level & SecurityLevel.C_MAC:
            return MAX_SHORT_DATA
        room = MAX_SHORT_DATA - MAC_LENGTH
        return room // ciphers.DES_BLOCK * ciphers.DES_BLOCK - 1 if self.level & SecurityLevel.C_DECRYPTION else room

    def _c_mac(self, command: CommandAPDU) -> bytes:
        """Over the header and the plain data; the class and Lc are those of the wire, unless i says unmodified."""
        unmodified = bool(self.option & Option.UNMODIFIED_APDU)
        cla = command.cla if unmodified else command.cla | CLA_SECURE
        lc = len(command.data) + (0 if unmodified else MAC_LENGTH)
        message = bytes((cla, command.ins, command.p1, command.p2, lc & 0xFF)) + command.data
        first = not any(self.c_icv)
        icv = self.c_icv
        if self.option & Option.ICV_ENCRYPTION and not first:
            icv = ciphers.des_ecb(self.keys.mac.reveal(), icv)  # E.3.4
        return ciphers.retail_mac(self.keys.mac.reveal(), message, icv)

    def decipher(self, data: bytes) -> bytes:
        """E.4.6 undone. Raises ValueError for what this channel has not enciphered."""
        return ciphers.unpad(ciphers.des3_cbc_decrypt(self.keys.enc.reveal(), data))

    def unwrap(self, response: ResponseAPDU) -> tuple[ResponseAPDU, Scp02Channel]:
        """E.4.5: check the R-MAC, which stands behind the data. Raises ChannelBroken where it is missing or wrong."""
        if not self.level & SecurityLevel.R_MAC:
            return response, self
        if not response.data and not response.done:
            return response, self  # an error without data carries none
        if len(response.data) < MAC_LENGTH:
            raise ChannelBroken("the answer carries no R-MAC")
        data, received = response.data[:-MAC_LENGTH], response.data[-MAC_LENGTH:]
        message = self.pending + bytes((len(data) & 0xFF,)) + data + response.sw.to_bytes(2, "big")
        expected = ciphers.retail_mac(self.keys.rmac.reveal(), message, self.r_icv)
        if not hmac.compare_digest(expected, received):
            raise ChannelBroken("the R-MAC of the answer is wrong")
        return ResponseAPDU(data, response.sw), replace(self, r_icv=expected, pending=b"")


def _rmac_input(command: CommandAPDU) -> bytes:
    """The command as it was before C-MAC and encryption, without the secure messaging bit (E.4.5)."""
    header = bytes((command.cla & ~CLA_SECURE & 0xFF, command.ins, command.p1, command.p2))
    return header + bytes((len(command.data),)) + command.data
