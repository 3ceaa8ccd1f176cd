"""SCP03 as the card speaks it (Amendment D, version 1.2): AES of 128, 192 and 256 bits, modes S8 and S16."""

from __future__ import annotations

from dataclasses import replace
from enum import IntFlag

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.card_keys import DEK, ENC, MAC, CardKeySet
from jcopsh.simulator.channel_session import SECURE_BIT, Level, SessionStart, WrongMacError, equal, owes_protection
from jcopsh.simulator.gp_ciphers import (
    AES_BLOCK,
    PaddingError,
    aes_cmac,
    aes_decrypt,
    aes_encrypt,
    padded,
    unpadded,
)

PROTOCOL = 0x03
S8, S16 = 8, 16
_CARD_CRYPTOGRAM, _HOST_CRYPTOGRAM, _CARD_CHALLENGE = 0x00, 0x01, 0x02
_S_ENC, _S_MAC, _S_RMAC = 0x04, 0x06, 0x07


class Scp03Option(IntFlag):
    """The bits of i (table 5-1)."""

    S16 = 0x01
    PSEUDO_RANDOM = 0x10
    R_MAC = 0x20
    R_ENCRYPTION = 0x40


class Scp03Session:
    """One SCP03 session, from INITIALIZE UPDATE on. The counter of `start` is that of this session."""

    def __init__(
        self, keys: CardKeySet, start: SessionStart
    ) -> None:
        self.level: Level | None = None
        self._version = keys.version
        self._option = Scp03Option(start.option)
        self._length = S16 if self._option & Scp03Option.S16 else S8
        self._sequence = start.counter.to_bytes(3, "big")
        enc, mac = keys.value(ENC) or b"", keys.value(MAC) or b""
        self._challenge = (
            derive(enc, _CARD_CHALLENGE, self._sequence + start.aid, self._length)
            if self._option & Scp03Option.PSEUDO_RANDOM
            else start.randomness(self._length)
        )
        context = start.host_challenge + self._challenge
        self._enc = derive(enc, _S_ENC, context, len(enc))
        self._mac = derive(mac, _S_MAC, context, len(mac))
        self._rmac = derive(mac, _S_RMAC, context, len(mac))
        self._dek = keys.value(DEK) or b""
        self._card_cryptogram = derive(self._mac, _CARD_CRYPTOGRAM, context, self._length)
        self._host_cryptogram = derive(self._mac, _HOST_CRYPTOGRAM, context, self._length)
        self._chaining = bytes(AES_BLOCK)
        self._counter = 0

    @property
    def initial_data(self) -> bytes:
        """Key version, protocol, i, challenge, cryptogram; the counter where the challenge is made of it (7.1.1)."""
        counter = self._sequence if self._option & Scp03Option.PSEUDO_RANDOM else b""
        head = bytes((self._version, PROTOCOL, self._option))
        return head + self._challenge + self._card_cryptogram + counter

    @property
    def levels(self) -> frozenset[int]:
        """As much of R-MAC and R-ENCRYPTION as i says."""
        found = {0x00, 0x01, 0x03}
        if self._option & Scp03Option.R_MAC:
            found |= {0x11, 0x13}
            if self._option & Scp03Option.R_ENCRYPTION:
                found |= {0x33}
        return frozenset(found)

    @property
    def overhead(self) -> int:
        """R-MAC and padding."""
        if not self.level or not self.level & Level.R_MAC:
            return 0
        return self._length + (AES_BLOCK if self.level & Level.R_ENCRYPTION else 0)

    @property
    def authentication_length(self) -> int:
        """Cryptogram and MAC, as long as the mode S8 or S16 says."""
        return 2 * self._length

    def authenticate(self, command: Command) -> bool:
        """The host cryptogram first, then the C-MAC (7.1.2)."""
        if not equal(self._host_cryptogram, command.data[: -self._length]):
            return False
        self._checked(command)
        self.level = Level(command.p1)
        return True

    def unwrap(self, command: Command) -> Command:
        """Check the C-MAC, made over the enciphered data (6.2.4), then decipher (6.2.6)."""
        self._counter += 1
        if self.level is None or not self.level & Level.C_MAC:
            return command
        plain = self._checked(command)
        if not plain.data or not self.level & Level.C_DECRYPTION:
            return plain
        if len(plain.data) % AES_BLOCK:
            raise WrongMacError
        try:
            return replace(plain, data=unpadded(aes_decrypt(self._enc, plain.data, self._icv(0x00))))
        except PaddingError:
            raise WrongMacError from None

    def wrap(self, answer: Answer) -> Answer:
        """Encipher the data (6.2.7), then add the R-MAC (6.2.5)."""
        if not self.level or not self.level & Level.R_MAC or not owes_protection(answer):
            return answer
        data = answer.data
        if data and self.level & Level.R_ENCRYPTION:
            data = aes_encrypt(self._enc, padded(data, AES_BLOCK), self._icv(0x80))
        mac = aes_cmac(self._rmac, self._chaining + data + answer.sw.to_bytes(2, "big"))
        return Answer(answer.sw, data + mac[: self._length])

    def decrypt_key(self, data: bytes) -> bytes:
        """CBC with the static DEK, from zeros (6.2.8)."""
        return aes_decrypt(self._dek, data)

    def _icv(self, first: int) -> bytes:
        """The counter of commands, enciphered; `first` is 80 for answers."""
        return aes_encrypt(self._enc, bytes((first,)) + self._counter.to_bytes(AES_BLOCK - 1, "big"), None)

    def _checked(self, command: Command) -> Command:
        """The command without its C-MAC, which becomes the next chaining value. Raises WrongMacError."""
        if not command.cla & SECURE_BIT or len(command.data) < self._length:
            raise WrongMacError
        data, received = command.data[: -self._length], command.data[-self._length :]
        lc = len(command.data)
        length = b"\x00" + lc.to_bytes(2, "big") if command.extended else bytes((lc,))
        header = bytes((command.cla & ~0x03 & 0xFF, command.ins, command.p1, command.p2)) + length
        mac = aes_cmac(self._mac, self._chaining + header + data)
        if not equal(mac[: self._length], received):
            raise WrongMacError
        self._chaining = mac
        return replace(command, cla=command.cla & ~SECURE_BIT, data=data)


def derive(key: bytes, constant: int, context: bytes, length: int) -> bytes:
    """`length` bytes by the key derivation of 4.1.5 (NIST SP 800-108, counter mode, CMAC)."""
    label = bytes(11) + bytes((constant,))
    bits = (8 * length).to_bytes(2, "big")
    numbers = range(1, -(-length // AES_BLOCK) + 1)
    parts = (aes_cmac(key, label + b"\x00" + bits + bytes((number,)) + context) for number in numbers)
    return b"".join(parts)[:length]
