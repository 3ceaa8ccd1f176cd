"""A simulated card in a simulated reader, as a program sees it."""

from __future__ import annotations

from typing import Protocol

from jcopsh.simulator.card import SimulatedCard

_COLD, _WARM = "cold", "warm"


class ResetName(Protocol):
    """A kind of reset: an enumeration whose value is `cold` or `warm`."""

    @property
    def value(self) -> str:
        """`cold` or `warm`."""


class LinkClosedError(ConnectionError):
    """The link was used after it was closed."""


class SimulatedLink:
    """Bytes to a simulated card and back, in this process. Making one powers the card on.

    Raises StateFileError where the card's state file is damaged or in use elsewhere.
    """

    def __init__(self, card: SimulatedCard) -> None:
        self.card = card
        self._open = True
        card.power_on()

    @property
    def name(self) -> str:
        """What stands for the reader's name, e.g. `simulated j2a040-unfused`."""
        return f"simulated {self.card.profile.name}"

    @property
    def atr(self) -> bytes:
        """The answer to the last reset."""
        return self.card.atr

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`; `?` once closed."""
        return self.card.protocol

    def transmit(self, command: bytes) -> bytes:
        """Give the card a command APDU (on T=0 without the Le of case 4), return its response.

        Raises LinkClosedError.
        """
        self._check_open()
        return self.card.process(command)

    def reset(self, kind: ResetName) -> bytes:
        """Reset the card cold or warm, return its ATR. Raises LinkClosedError, and ValueError for any other kind."""
        self._check_open()
        if kind.value == _WARM:
            return self.card.warm_reset()
        if kind.value != _COLD:
            raise ValueError(f"a reset is {_COLD} or {_WARM}")
        return self.card.power_on()

    def close(self) -> None:
        """Take the power away. May be called twice."""
        if self._open:
            self._open = False
            self.card.power_off()

    def _check_open(self) -> None:
        if not self._open:
            raise LinkClosedError("the link to the simulated card is closed")
