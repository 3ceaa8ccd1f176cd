"""A JCOP card: IDENTIFY, SELECT by name, and the dispatch to its applications."""

from __future__ import annotations

from collections.abc import Callable

from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.application import INS_SELECT, Application, NoApplication
from jcopsh.simulator.assumptions import TRANSPORT_KEY_AFTER_FUSE, UNSELECTED
from jcopsh.simulator.atr import AnswerToReset, answer_to_reset
from jcopsh.simulator.card_manager import CARD_MANAGER_AID, CardManager
from jcopsh.simulator.chip import Chip
from jcopsh.simulator.machine import Randomness
from jcopsh.simulator.memory import Eeprom
from jcopsh.simulator.profiles import JcopProfile
from jcopsh.simulator.root_applet import RootApplet

IDENTIFY_AID = bytes.fromhex("A000000167413000FF")
_FUSE_BYTE = 14
_FILE_NOT_FOUND = 0x6A82


class JcopCard:
    """The machine inside a JCOP card."""

    def __init__(
        self, profile: JcopProfile, memory: Eeprom, randomness: Randomness, save: Callable[[Eeprom], None]
    ) -> None:
        self._profile = profile
        self._chip = Chip(profile, memory, randomness, save)
        self._nothing = NoApplication(self._chip)
        self._root = RootApplet(self._chip)
        self._card_manager = CardManager()
        self._selected: Application = self._nothing

    @property
    def memory(self) -> Eeprom:
        """The EEPROM now in force."""
        return self._chip.eeprom

    @property
    def cold_atr(self) -> AnswerToReset:
        """What a cold reset would answer now."""
        return answer_to_reset(self._chip.eeprom, self._profile.layout.cold)

    def reset(self, memory: Eeprom, *, cold: bool) -> AnswerToReset:
        """Forget what a reset forgets, and take `memory` as found in the card; the ATR."""
        self._chip.restart(memory)
        self._selected = self._card_manager if self._chip.card_manager_ready else self._nothing
        layout = self._profile.layout
        return answer_to_reset(memory, layout.cold if cold else layout.warm)

    def execute(self, command: Command) -> Answer:
        """SELECT by name is the card's; every other command belongs to the selected application."""
        if (command.cla, command.ins, command.p1, command.p2) == (0x00, INS_SELECT, 0x04, 0x00):
            return self._select(command.data)
        answer = self._selected.process(command)
        if self._selected is self._root and self._chip.eeprom.fused:
            self._selected = self._nothing
        return answer

    def _select(self, name: bytes) -> Answer:
        """Select an application by its whole name; a name that selects nothing leaves the selection as it is."""
        if name == IDENTIFY_AID:
            return Answer(_FILE_NOT_FOUND, self._identity())
        if name == self._profile.transport_key:
            if self._chip.eeprom.fused:
                return Answer(TRANSPORT_KEY_AFTER_FUSE.value)
            self._selected = self._root
            return Answer(SUCCESS)
        if name in (b"", CARD_MANAGER_AID) and self._chip.card_manager_ready:
            self._selected = self._card_manager
            return Answer(SUCCESS, self._profile.card_manager_fci)
        return Answer(UNSELECTED.value)

    def _identity(self) -> bytes:
        """The data of IDENTIFY; its byte 14 says whether the card is fused."""
        data = bytearray(self._profile.identify)
        data[_FUSE_BYTE] = self._chip.eeprom.fused
        return bytes(data)
