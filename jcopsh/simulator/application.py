"""What every application of the card has in common: it handles commands while it is selected."""

from __future__ import annotations

from typing import Protocol

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.assumptions import CLASS_BITS, ROOT_COMMANDS_AFTER_FUSE, UNSELECTED
from jcopsh.simulator.chip import Chip

INS_SELECT = 0xA4
INS_NOT_SUPPORTED = 0x6D00

_NO_CHANNELS, _NO_SECURE_MESSAGING, _NO_CHAINING, _NO_SUCH_CLASS = CLASS_BITS.value


class Application(Protocol):
    """Something that can be selected, and is then given every command but SELECT by name."""

    def process(self, command: Command) -> Answer:
        """Answer a command. Raises OSError where the card's memory cannot be saved."""


class NoApplication:
    """Stands in while nothing is selected."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def process(self, command: Command) -> Answer:
        """6A82 to everything on an unfused card; on a fused one, that no application knows the command."""
        if not self._chip.eeprom.fused:
            return Answer(UNSELECTED.value)
        refusal = class_refusal(command.cla, {0x00, 0x80, 0xC0})
        return Answer(ROOT_COMMANDS_AFTER_FUSE.value if refusal is None else refusal)


def class_refusal(cla: int, known: set[int]) -> int | None:
    """The status word that refuses a class byte, or None for the `known` ones.

    Channels, secure messaging and chaining are the bits of ISO/IEC 7816-4:2020, 5.4.1, which GlobalPlatform uses in
    the classes 80 to 9F too (Card Specification 2.2.1, 11.1.4).
    """
    if cla in known:
        return None
    if 0x40 <= cla <= 0x7F:
        return _bits_refusal(chaining=cla & 0x10, secure_messaging=cla & 0x20)
    if cla & 0x60 or (cla & 0x80) not in known:
        return _NO_SUCH_CLASS
    return _bits_refusal(chaining=cla & 0x10, secure_messaging=cla & 0x0C)


def _bits_refusal(*, chaining: int, secure_messaging: int) -> int:
    """A class that is not the plain one: chaining, else secure messaging, else another logical channel."""
    if chaining:
        return _NO_CHAINING
    return _NO_SECURE_MESSAGING if secure_messaging else _NO_CHANNELS
