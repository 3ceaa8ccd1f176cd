"""The root applet of an unfused card: BOOT, READ, WRITE, PROTECT, FUSE (seeds 000 and 002, the vendor's script).

FUSE is CLA 00 INS 00 and cannot be undone.
"""

from __future__ import annotations

from dataclasses import replace

from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.application import INS_NOT_SUPPORTED, INS_SELECT, class_refusal
from jcopsh.simulator.assumptions import (
    NOT_BOOTED,
    OUTSIDE_MEMORY,
    PROTECTED,
    READ_WITHOUT_LE,
    WRONG_SELECT_PARAMETERS,
)
from jcopsh.simulator.chip import Chip

CLA_MEMORY = 0xC0
INS_BOOT = 0xF0
INS_PROTECT = 0x10
INS_FUSE = 0x00
INS_READ = 0xB0
INS_WRITE = 0xD6


class RootApplet:
    """Handles the commands of the pre-personalisation. SELECT by name is the card's business."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def process(self, command: Command) -> Answer:
        """Answer a command. Raises OSError where the card's memory cannot be saved."""
        refusal = class_refusal(command.cla, {0x00, CLA_MEMORY})
        if refusal is not None:
            return Answer(refusal)
        if command.cla == CLA_MEMORY:
            return self._memory_command(command)
        return self._life_cycle_command(command)

    def _life_cycle_command(self, command: Command) -> Answer:
        if command.ins == INS_SELECT:
            return Answer(WRONG_SELECT_PARAMETERS.value)
        if command.ins == INS_BOOT:
            self._chip.boot()
            return Answer(SUCCESS)
        if command.ins not in (INS_PROTECT, INS_FUSE):
            return Answer(INS_NOT_SUPPORTED)
        if not self._chip.booted:
            return Answer(NOT_BOOTED.value)
        if command.ins == INS_PROTECT:
            self._chip.commit(replace(self._chip.eeprom, protected=True))
        else:
            self._chip.commit(replace(self._chip.eeprom, fused=True))
        return Answer(SUCCESS)

    def _memory_command(self, command: Command) -> Answer:
        if command.ins not in (INS_READ, INS_WRITE):
            return Answer(INS_NOT_SUPPORTED)
        if not self._chip.booted:
            return Answer(NOT_BOOTED.value)
        address = int.from_bytes((command.cla, command.p1, command.p2), "big")
        if command.ins == INS_READ:
            return self._read(address, command)
        return self._write(address, command.data)

    def _read(self, address: int, command: Command) -> Answer:
        if command.data or command.le is None:
            return Answer(READ_WITHOUT_LE.value)
        data = self._chip.eeprom.read(address, command.le)
        return Answer(OUTSIDE_MEMORY.value) if data is None else Answer(SUCCESS, data)

    def _write(self, address: int, data: bytes) -> Answer:
        if not data:
            return Answer(READ_WITHOUT_LE.value)
        if self._chip.eeprom.protected:
            return Answer(PROTECTED.value)
        written = self._chip.eeprom.write(address, data)
        if written is None:
            return Answer(OUTSIDE_MEMORY.value)
        self._chip.commit(written)
        return Answer(SUCCESS)
