"""A link carries bytes to one card and back. It knows nothing of what the bytes mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from jcopsh.errors import ReaderError


class ResetKind(Enum):
    """Cold: the power goes off and on. Warm: the RST contact alone (ISO/IEC 7816-3, 6.2)."""

    COLD = "cold"
    WARM = "warm"


class Link(Protocol):
    """One card, powered and connected. Every method raises ReaderError when the card or its reader is gone."""

    @property
    def name(self) -> str:
        """The reader's name, or what stands for it, e.g. `simulated j2a040-unfused`."""

    @property
    def atr(self) -> bytes:
        """The answer to the last reset; empty when unknown (a trace that does not hold one)."""

    @property
    def protocol(self) -> str:
        """`T=0`, `T=1`, or `?` when unknown."""

    def transmit(self, command: bytes) -> bytes:
        """Send an encoded command APDU (on T=0: without the Le of a case 4 command), return the encoded response."""

    def reset(self, kind: ResetKind) -> bytes:
        """Reset the card and return its ATR."""

    def close(self) -> None:
        """Leave the card, resetting it, so that nothing stays selected or open. May be called twice."""


class ReplayDiffers(ReaderError):
    """A command is not the recorded one, or the recording has ended: it has answered nothing, and waits where it was.
    """


@runtime_checkable
class RecordedLink(Link, Protocol):
    """A recording in a card's place: it answers only what was asked of the card, in that order."""

    @property
    def plain(self) -> bool:
        """Whether what went through a secure channel was recorded as it was before it was protected, answers too."""

    def goes_on_with(self, command: bytes) -> bool:
        """Whether this command is the next one that was recorded, but perhaps for an absent Le."""

    @property
    def host_challenge(self) -> bytes | None:
        """The challenge of the next INITIALIZE UPDATE that was recorded before the next reset, if there is one."""


@dataclass(frozen=True, slots=True)
class ReaderAttributes:
    """What a reader's driver tells of the reader (SCardGetAttrib, PC/SC part 3, 3.1.2); empty where it tells nothing.

    `largest_message_bytes` is the longest command that the reader takes in one message, 0 where it does not say.
    """

    vendor: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    largest_message_bytes: int = 0


@runtime_checkable
class InReader(Link, Protocol):
    """A link with a reader in between, which takes commands of its own."""

    def transmit_to_reader(self, command: bytes) -> bytes:
        """Send a command of class FF, meant for the reader, and return its response (PC/SC part 3, 3.2)."""


@runtime_checkable
class ReaderLink(InReader, Protocol):
    """A link to a card in a reader of this machine, which other programs may use too."""

    @property
    def shared(self) -> bool:
        """Whether other programs may use the card at the same time."""

    def begin_transaction(self, on_wait: Callable[[], None]) -> None:
        """Keep other programs away until `end_transaction`; waits while another one does so, and then calls `on_wait`.
        """

    def end_transaction(self) -> None:
        """Let other programs in again. Never fails."""

    def is_alive(self) -> bool:
        """Whether the card that was connected is still in the reader. Asks the reader's driver, never the card."""

    def attributes(self) -> ReaderAttributes:
        """What the driver tells of the reader."""
