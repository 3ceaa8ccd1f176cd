"""Secure Channel Protocol 03 (GlobalPlatform Amendment D, version 1.2). Pure: nothing is sent."""

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

S8, S16 = 8, 16  # bytes of MACs and cryptograms in the two modes
LEVELS = frozenset((0x00, 0x01, 0x03, 0x11, 0x13, 0x33))
RESPONSE_COUNTER = 0x80  # set in the first byte of the counter for answers (6.2.7)


class Option(IntFlag):
    """The bits of the implementation option i (5.1, table 5-1)."""

    S16 = 0x01
    PSEUDO_RANDOM = 0x10
    R_MAC = 0x20
    R_ENCRYPTION = 0x40


class _Derivation(IntEnum):
    """Data derivation constants (4.1.5, table 4-1)."""

    CARD_CRYPTOGRAM = 0x00
    HOST_CRYPTOGRAM = 0x01
    CARD_CHALLENGE = 0x02
    S_ENC = 0x04
    S_MAC = 0x06
    S_RMAC = 0x07


def derive(key: bytes, constant: int, context: bytes, length_bits: int) -> bytes:
    """The key derivation of 4.1.5: NIST SP 800-108 in counter mode with CMAC as PRF; returns length_bits / 8 bytes."""
    result = b""
    for counter in range(1, -(-length_bits // 128) + 1):
        message = bytes(11) + bytes((constant, 0x00)) + length_bits.to_bytes(2, "big") + bytes((counter,)) + context
        result += ciphers.aes_cmac(key, message)
    return result[: length_bits // 8]


def session_keys(static: KeySet, context: bytes) -> SessionKeys:
    """6.2.1: from the static ENC and MAC keys, with host and card challenge as context."""
    bits = 8 * static.key_length

    def derived(key: Secret, constant: _Derivation) -> Secret:
        return Secret(derive(key.reveal(), constant, context, bits))

    return SessionKeys(
        enc=derived(static.enc, _Derivation.S_ENC), mac=derived(static.mac, _Derivation.S_MAC),
        rmac=derived(static.mac, _Derivation.S_RMAC), dek=static.dek,
    )


def card_challenge(static: KeySet, sequence_counter: bytes, aid: bytes, length: int = S8) -> bytes:
    """The pseudo-random card challenge (6.2.2.1), from the counter (3 bytes) and the AID of the security domain."""
    return derive(static.enc.reveal(), _Derivation.CARD_CHALLENGE, sequence_counter + aid, 8 * length)


def cryptograms(keys: SessionKeys, context: bytes, length: int = S8) -> tuple[bytes, bytes]:
    """Of the card and of the host (6.2.2.2 and 6.2.2.3)."""
    mac_key = keys.mac.reveal()
    card = derive(mac_key, _Derivation.CARD_CRYPTOGRAM, context, 8 * length)
    return card, derive(mac_key, _Derivation.HOST_CRYPTOGRAM, context, 8 * length)


def authenticate(
    static: KeySet, host_challenge: bytes, answer: InitializeUpdate, level: SecurityLevel
) -> tuple[CommandAPDU, Scp03Channel]:
    """Check the card's cryptogram; return EXTERNAL AUTHENTICATE (7.1.2) as it goes over the wire, and the channel.

    Raises CryptogramMismatch when the card has other keys: then nothing may be sent. Raises LevelNotOffered, once the
    keys are known to be the card's, for a level that the card does not offer.
    """
    option = Option(answer.implementation or 0)
    context = host_challenge + answer.card_challenge
    mac_length = len(answer.card_cryptogram)
    keys = session_keys(static, context)
    card, host = cryptograms(keys, context, mac_length)
    if not hmac.compare_digest(card, answer.card_cryptogram):
        raise CryptogramMismatch("the card cryptogram is not that of these keys")
    check_level(level, option)
    plain = CommandAPDU(0x80, INS.EXTERNAL_AUTHENTICATE, level, 0x00, host)
    # EXTERNAL AUTHENTICATE has a C-MAC alone, and does not count (7.1.2.3, 6.2.6)
    wire, channel = Scp03Channel(keys, SecurityLevel.C_MAC, mac_length).wrap(plain)
    return wire, replace(channel, level=level, counter=0)


def check_level(level: SecurityLevel, option: Option) -> None:
    """Raise LevelNotOffered for a level that a card with this i does not offer."""
    if int(level) not in LEVELS:
        raise LevelNotOffered(f"SCP03 has no security level {level:02X}")
    if level & SecurityLevel.R_MAC and not option & Option.R_MAC and option:
        raise LevelNotOffered(f"with i = {option:02X} the card makes no R-MAC")
    if level & SecurityLevel.R_ENCRYPTION and not option & Option.R_ENCRYPTION and option & Option.R_MAC:
        raise LevelNotOffered(f"with i = {option:02X} the card does not encipher its answers")


@dataclass(frozen=True, slots=True, eq=False)
class Scp03Channel:
    """An open SCP03 channel. `chaining` is the last full MAC, 16 bytes; `counter` counts the commands (6.2.6)."""

    keys: SessionKeys
    level: SecurityLevel
    mac_length: int = S8
    chaining: bytes = field(default=bytes(ciphers.AES_BLOCK), repr=False)
    counter: int = 0

    def encipher_key(self, key: bytes) -> bytes:
        """AES in CBC mode under the static data encryption key (6.2.8), ICV zero; a last block is filled with 80 00…

        Raises ValueError where the channel was opened without that key.
        """
        if self.keys.dek is None:
            raise ValueError("the channel was opened without a data encryption key")
        whole = key if len(key) % ciphers.AES_BLOCK == 0 else ciphers.pad(key, ciphers.AES_BLOCK)
        return ciphers.aes_cbc(self.keys.dek.reveal(), whole)

    def wrap(self, command: CommandAPDU) -> tuple[CommandAPDU, Scp03Channel]:
        """6.2.4 (C-MAC) and 6.2.6 (encryption). Raises ValueError for data that do not fit a short APDU."""
        following = replace(self, counter=self.counter + 1)
        if not self.level & SecurityLevel.C_MAC:
            return command, following
        data = command.data
        if data and self.level & SecurityLevel.C_DECRYPTION:
            data = ciphers.aes_cbc(
                self.keys.enc.reveal(), ciphers.pad(data, ciphers.AES_BLOCK), self._icv(following.counter)
            )
        length = len(data) + self.mac_length
        if length > MAX_SHORT_DATA:
            raise ValueError(f"{len(command.data)} bytes of data are too many, {self.max_data} fit, protected so")
        header = bytes((command.cla | CLA_SECURE, command.ins, command.p1, command.p2, length))
        mac = ciphers.aes_cmac(self.keys.mac.reveal(), self.chaining + header + data)
        wire = replace(command, cla=command.cla | CLA_SECURE, data=data + mac[: self.mac_length])
        return wire, replace(following, chaining=mac)

    @property
    def max_data(self) -> int:
        """How many bytes of data fit in one command."""
        if not self.level & SecurityLevel.C_MAC:
            return MAX_SHORT_DATA
        room = MAX_SHORT_DATA - self.mac_length
        return room // ciphers.AES_BLOCK * ciphers.AES_BLOCK - 1 if self.level & SecurityLevel.C_DECRYPTION else room

    def decipher(self, data: bytes) -> bytes:
        """6.2.6 undone. Raises ValueError for what this channel has not enciphered as its next command."""
        return ciphers.unpad(ciphers.aes_cbc_decrypt(self.keys.enc.reveal(), data, self._icv(self.counter + 1)))

    def _icv(self, counter: int) -> bytes:
        return ciphers.aes_ecb(self.keys.enc.reveal(), counter.to_bytes(ciphers.AES_BLOCK, "big"))

    def unwrap(self, response: ResponseAPDU) -> tuple[ResponseAPDU, Scp03Channel]:
        """6.2.5 (R-MAC) and 6.2.7 (decryption). Raises ChannelBroken where what is owed is missing or wrong."""
        if not self.level & SecurityLevel.R_MAC:
            return response, self
        if not response.data and not response.done:
            return response, self  # an error carries neither data nor R-MAC
        if len(response.data) < self.mac_length:
            raise ChannelBroken("the answer carries no R-MAC")
        data, received = response.data[: -self.mac_length], response.data[-self.mac_length :]
        message = self.chaining + data + response.sw.to_bytes(2, "big")
        expected = ciphers.aes_cmac(self.keys.rmac.reveal(), message)[: self.mac_length]
        if not hmac.compare_digest(expected, received):
            raise ChannelBroken("the R-MAC of the answer is wrong")
        if data and self.level & SecurityLevel.R_ENCRYPTION:
            data = self._decrypted(data)
        return ResponseAPDU(data, response.sw), self

    def _decrypted(self, data: bytes) -> bytes:
        counter = self.counter | RESPONSE_COUNTER << 8 * (ciphers.AES_BLOCK - 1)
        icv = self._icv(counter)
        if len(data) % ciphers.AES_BLOCK:
            raise ChannelBroken("the enciphered answer is no whole number of blocks")
        try:
            return ciphers.unpad(ciphers.aes_cbc_decrypt(self.keys.enc.reveal(), data, icv))
        except ValueError as error:
            raise ChannelBroken(f"the answer cannot be deciphered: {error}") from None
