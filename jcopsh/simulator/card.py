"""The simulated card: power, the log of what it received, and the dispatch to its applications."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.application import INS_SELECT, Application, NoApplication
from jcopsh.simulator.assumptions import MEMORY_FAILURE, NO_POWER, TRANSPORT_KEY_AFTER_FUSE, UNSELECTED
from jcopsh.simulator.atr import AnswerToReset, answer_to_reset
from jcopsh.simulator.card_manager import CARD_MANAGER_AID, CardManager
from jcopsh.simulator.chip import Chip
from jcopsh.simulator.memory import Eeprom, Randomness, ResetBlock, factory_eeprom
from jcopsh.simulator.profiles import Profile
from jcopsh.simulator.root_applet import RootApplet
from jcopsh.simulator.state_file import StateFile, StateFileError, WireLog
from jcopsh.simulator.transport import Transport, TransportT0, TransportT1

IDENTIFY_AID = bytes.fromhex("A000000167413000FF")
_FUSE_BYTE = 14
_FILE_NOT_FOUND = 0x6A82


class SimulatedCard:
    """A JCOP card. It starts without power.

    With `state_file` its memory lies in that file, written before each answer, and every byte string received is added
    to FILE.log before it is looked at; a missing file is created, from a card fresh from the factory. `log_file` is one
    more such log. `randomness(n)` gives the n bytes of a random key or GPIN.
    Raises StateFileError for a state file that cannot be used.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        state_file: Path | None = None,
        log_file: Path | None = None,
        randomness: Randomness = os.urandom,
    ) -> None:
        self.profile = profile
        self.received: list[bytes] = []
        self._state = None if state_file is None else StateFile(state_file, profile)
        paths = (self._state.log_path if self._state else None, log_file)
        self._logs = tuple(WireLog(path) for path in paths if path is not None)
        self._chip = Chip(profile, self._insert(randomness), randomness, self._save)
        self._nothing = NoApplication(self._chip)
        self._root = RootApplet(self._chip)
        self._card_manager = CardManager()
        self._selected: Application = self._nothing
        self._atr: AnswerToReset | None = None
        self._transport: Transport | None = None

    @property
    def atr(self) -> bytes:
        """The answer to the last reset; empty without power."""
        return self._atr.raw if self._atr else b""

    @property
    def cold_atr(self) -> bytes:
        """What a cold reset would answer now."""
        return answer_to_reset(self._chip.eeprom, self.profile.layout.cold).raw

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`, as the last ATR says; `?` without power."""
        return f"T={self._atr.protocol}" if self._atr else "?"

    def power_on(self) -> bytes:
        """A cold reset, with or without power before; the ATR.

        The state file is read again: the card may have been in another program meanwhile. Raises StateFileError where
        it is damaged by now or in use elsewhere, or where a log cannot be written; the card is without power then.
        """
        self._forget()
        if self._state:
            self._state.take()
        try:
            self._event("cold reset")
            return self._reset(self.profile.layout.cold, self._found())
        except BaseException:
            self._release()
            raise

    def warm_reset(self) -> bytes:
        """A reset by the RST contact alone; the ATR. Without power it is a cold reset."""
        if self._atr is None:
            return self.power_on()
        self._event("warm reset")
        return self._reset(self.profile.layout.warm, self._chip.eeprom)

    def power_off(self) -> None:
        """Take the power away: everything volatile is gone. May be called twice."""
        if self._atr is None:
            return
        self._forget()
        with suppress(StateFileError):  # a log that cannot be written has nothing to hold back here
            self._event("power off")
        self._release()

    def process(self, command: bytes) -> bytes:
        """Answer any bytes with data and a status word, at least two bytes. It raises for none."""
        command = bytes(command)
        self.received.append(command)
        try:
            for log in self._logs:
                log.command(command)
            answer = self._transport.process(command) if self._transport else Answer(NO_POWER.value)
        except OSError:
            answer = Answer(MEMORY_FAILURE.value)
        return answer.encode()

    def _insert(self, randomness: Randomness) -> Eeprom:
        """The card in the state file, or a new one, which is put there."""
        eeprom = self._state.load() if self._state else None
        if eeprom is None:
            eeprom = factory_eeprom(self.profile.layout, randomness)
            if self._state:
                self._state.create(eeprom)
        return eeprom

    def _found(self) -> Eeprom:
        """The memory at power-up."""
        return (self._state.load() if self._state else None) or self._chip.eeprom

    def _save(self, eeprom: Eeprom) -> None:
        if self._state:
            self._state.save(eeprom)

    def _event(self, text: str) -> None:
        for log in self._logs:
            log.event(text)

    def _forget(self) -> None:
        self._atr = self._transport = None
        self._selected = self._nothing

    def _release(self) -> None:
        if self._state:
            self._state.release()

    def _reset(self, block: ResetBlock, eeprom: Eeprom) -> bytes:
        self._chip.restart(eeprom)
        self._selected = self._card_manager if self._chip.card_manager_ready else self._nothing
        self._atr = answer_to_reset(eeprom, block)
        self._transport = (TransportT1 if self._atr.protocol else TransportT0)(self._execute)
        return self._atr.raw

    def _execute(self, command: Command) -> Answer:
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
        if name == self.profile.transport_key:
            if self._chip.eeprom.fused:
                return Answer(TRANSPORT_KEY_AFTER_FUSE.value)
            self._selected = self._root
            return Answer(SUCCESS)
        if name in (b"", CARD_MANAGER_AID) and self._chip.card_manager_ready:
            self._selected = self._card_manager
            return Answer(SUCCESS, self.profile.card_manager_fci)
        return Answer(UNSELECTED.value)

    def _identity(self) -> bytes:
        """The data of IDENTIFY; its byte 14 says whether the card is fused."""
        data = bytearray(self.profile.identify)
        data[_FUSE_BYTE] = self._chip.eeprom.fused
        return bytes(data)
