"""SCP02 as the card speaks it: explicit initiation, three keys (Card Specification 2.2.1, annex E).

Single DES and triple DES MACs; the sequence counter makes the session keys.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntFlag

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.card_keys import DEK, ENC, MAC, CardKeySet
from jcopsh.simulator.channel_session import SECURE_BIT, Level, SessionStart, WrongMacError, equal, owes_protection
from jcopsh.simulator.gp_ciphers import (
    DES_BLOCK,
    PaddingError,
    des_encrypt,
    single_des_mac,
    tdes_decrypt,
    tdes_encrypt,
    tdes_mac,
    unpadded,
)

PROTOCOL = 0x02
MAC_LENGTH = 8
CHALLENGE_LENGTH = 6
_LEVELS = frozenset((0x00, 0x01, 0x03))
_LEVELS_WITH_R_MAC = _LEVELS | {0x10, 0x11, 0x13}


class Scp02Option(IntFlag):
    """The bits of i (table E-1)."""

    THREE_KEYS = 0x01
    UNMODIFIED = 0x02
    EXPLICIT = 0x04
    ICV_OVER_AID = 0x08
    ICV_ENCRYPTION = 0x10
    R_MAC = 0x20
    PSEUDO_RANDOM = 0x40


class Scp02Session:
    """One SCP02 session, from INITIALIZE UPDATE on."""

    def __init__(
        self, keys: CardKeySet, start: SessionStart
    ) -> None:
        self.level: Level | None = None
        self._version = keys.version
        self._option = Scp02Option(start.option)
        self._counter = start.counter.to_bytes(2, "big")
        self._enc = self._session_key(keys, ENC, 0x0182)
        self._mac = self._session_key(keys, MAC, 0x0101)
        self._rmac = self._session_key(keys, MAC, 0x0102)
        self._dek = self._session_key(keys, DEK, 0x0181)
        self._challenge = self._card_challenge(start)
        self._host_challenge = start.host_challenge
        self._icv = self._r_icv = bytes(DES_BLOCK)
        self._asked = b""  # the command's part of the R-MAC's input

    @property
    def initial_data(self) -> bytes:
        """Key version, protocol, sequence counter, card challenge, card cryptogram (table E-9)."""
        cryptogram = tdes_mac(self._enc, self._host_challenge + self._counter + self._challenge)
        return bytes((self._version, PROTOCOL)) + self._counter + self._challenge + cryptogram

    @property
    def levels(self) -> frozenset[int]:
        """With R-MAC only where i says so."""
        return _LEVELS_WITH_R_MAC if self._option & Scp02Option.R_MAC else _LEVELS

    @property
    def overhead(self) -> int:
        """The R-MAC."""
        return MAC_LENGTH if self.level and self.level & Level.R_MAC else 0

    @property
    def authentication_length(self) -> int:
        """Cryptogram and MAC, 8 bytes each."""
        return 2 * MAC_LENGTH

    def authenticate(self, command: Command) -> bool:
        """The host cryptogram first, then the C-MAC (E.5.2)."""
        expected = tdes_mac(self._enc, self._counter + self._challenge + self._host_challenge)
        if not equal(expected, command.data[:-MAC_LENGTH]):
            return False
        self._checked(command)
        self.level = Level(command.p1)
        self.resume(self._icv)
        return True

    def resume(self, last_mac: bytes) -> None:
        """Go on behind a command whose C-MAC was `last_mac`: it begins the chain of C-MACs and that of R-MACs."""
        self._icv = self._r_icv = last_mac

    def unwrap(self, command: Command) -> Command:
        """Check the C-MAC; it was made over the plain data (E.4.4), so that these are deciphered first (E.4.6)."""
        if self.level is not None and self.level & Level.C_DECRYPTION:
            command = self._deciphered(command)
        plain = self._checked(command) if self.level is not None and self.level & Level.C_MAC else command
        header = bytes((plain.cla & ~(SECURE_BIT | 0x03) & 0xFF, plain.ins, plain.p1, plain.p2, len(plain.data)))
        self._asked = header + plain.data
        return plain

    def wrap(self, answer: Answer) -> Answer:
        """Add the R-MAC of E.4.5."""
        if not self.overhead or not owes_protection(answer):
            return answer
        message = self._asked + bytes((len(answer.data) & 0xFF,)) + answer.data + answer.sw.to_bytes(2, "big")
        self._r_icv = single_des_mac(self._rmac, message, self._r_icv)
        return Answer(answer.sw, answer.data + self._r_icv)

    def decrypt_key(self, data: bytes) -> bytes:
        """ECB with the session's DEK (E.4.7)."""
        return tdes_decrypt(self._dek, data, None)

    def _session_key(self, keys: CardKeySet, identifier: int, constant: int) -> bytes:
        """E.4.1."""
        static = keys.value(identifier) or b""
        return tdes_encrypt(static, constant.to_bytes(2, "big") + self._counter + bytes(12))

    def _card_challenge(self, start: SessionStart) -> bytes:
        """Random, or the first 6 bytes of the MAC over the AID (E.4.2.3)."""
        if not self._option & Scp02Option.PSEUDO_RANDOM:
            return start.randomness(CHALLENGE_LENGTH)
        return single_des_mac(self._mac, start.aid, bytes(DES_BLOCK))[:CHALLENGE_LENGTH]

    def _deciphered(self, command: Command) -> Command:
        body, mac = command.data[:-MAC_LENGTH], command.data[-MAC_LENGTH:]
        if not body:
            return command
        if len(body) % DES_BLOCK:
            raise WrongMacError
        try:
            return replace(command, data=unpadded(tdes_decrypt(self._enc, body)) + mac)
        except PaddingError:
            raise WrongMacError from None

    def _checked(self, command: Command) -> Command:
        """The command without its C-MAC, which becomes the next ICV. Raises WrongMacError."""
        if not command.cla & SECURE_BIT or len(command.data) < MAC_LENGTH:
            raise WrongMacError
        data, received = command.data[:-MAC_LENGTH], command.data[-MAC_LENGTH:]
        unmodified = bool(self._option & Scp02Option.UNMODIFIED)
        cla = command.cla & ~SECURE_BIT if unmodified else command.cla
        lc = len(data) if unmodified else len(data) + MAC_LENGTH
        header = bytes((cla & ~0x03 & 0xFF, command.ins, command.p1, command.p2, lc & 0xFF))
        icv = self._icv
        if self._option & Scp02Option.ICV_ENCRYPTION and any(icv):
            icv = des_encrypt(self._mac, icv)  # E.3.4: from the second C-MAC of a session on
        expected = single_des_mac(self._mac, header + data, icv)
        if not equal(expected, received):
            raise WrongMacError
        self._icv = expected
        return replace(command, cla=command.cla & ~SECURE_BIT, data=data)
