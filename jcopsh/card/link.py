"""A link carries bytes to one card and back. It knows nothing of what the bytes mean."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


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
