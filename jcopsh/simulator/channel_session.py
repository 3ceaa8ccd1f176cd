"""What every secure channel has in common on the card's side (Card Specification 2.2.1, chapter 10)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import IntFlag
from typing import Protocol

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.randomness import Randomness

SECURE_BIT = 0x04


class Level(IntFlag):
    """The bits of the security level (table 10-1; Amendment D, table 7-6)."""

    C_MAC = 0x01
    C_DECRYPTION = 0x02
    R_MAC = 0x10
    R_ENCRYPTION = 0x20


@dataclass(frozen=True, slots=True, repr=False)
class SessionStart:
    """What INITIALIZE UPDATE starts a session with.

    The implementation option i, the sequence counter, the AID of the security domain, the host's challenge, and where
    random bytes come from.
    """

    option: int
    counter: int
    aid: bytes
    host_challenge: bytes
    randomness: Randomness


class WrongMacError(Exception):
    """A command whose MAC, cryptogram or encipherment is wrong: the session ends."""


class Session(Protocol):
    """A secure channel from INITIALIZE UPDATE on: `level` is None until EXTERNAL AUTHENTICATE."""

    level: Level | None

    @property
    def initial_data(self) -> bytes:
        """What follows the key diversification data in the answer to INITIALIZE UPDATE."""

    @property
    def levels(self) -> frozenset[int]:
        """The levels that EXTERNAL AUTHENTICATE can ask for."""

    @property
    def overhead(self) -> int:
        """How many bytes protection can add to the data of an answer."""

    @property
    def authentication_length(self) -> int:
        """How many bytes EXTERNAL AUTHENTICATE has: host cryptogram and C-MAC."""

    def authenticate(self, command: Command) -> bool:
        """Check EXTERNAL AUTHENTICATE, and open the channel at the level in P1; False for a wrong host cryptogram.

        Raises WrongMacError.
        """

    def unwrap(self, command: Command) -> Command:
        """The plain command inside a protected one. Raises WrongMacError."""

    def wrap(self, answer: Answer) -> Answer:
        """The answer with what the level owes it."""

    def decrypt_key(self, data: bytes) -> bytes:
        """A key that came enciphered in PUT KEY. Raises ValueError for half blocks."""


def equal(one: bytes, other: bytes) -> bool:
    """Whether two MACs are equal, in constant time."""
    return hmac.compare_digest(one, other)


def owes_protection(answer: Answer) -> bool:
    """Whether the answer must carry an R-MAC: all but errors (Amendment D, 6.2.5)."""
    return answer.sw >> 8 in (0x90, 0x62, 0x63)
