"""The commands of an unfused card's root applet as rows of the table of instructions. Sources: seeds 000 and 002."""

from __future__ import annotations

from jcopsh.iso7816.instructions import Choice, Choices, Instruction, choices
from jcopsh.jcop.root_applet import CLA_MEMORY, INS_BOOT, INS_FUSE, INS_PROTECT, INS_READ, INS_WRITE

CLASSES: Choices = (Choice(bytes((CLA_MEMORY,)), "memory of an unfused JCOP: the first byte of the address"),)

_SOURCE = "seeds 000 and 002"
_ZERO = choices(x00="always 00")

MEMORY: tuple[Instruction, ...] = (
    Instruction(
        INS_READ, "READ", "read the configuration memory of an unfused card", _SOURCE,
        p1_says="address, middle byte", p2_says="address, low byte", bodies=choices(x10="Le: 16 bytes"), answers=True),
    Instruction(
        INS_WRITE, "WRITE", "write the configuration memory of an unfused card", _SOURCE,
        p1_says="address, middle byte", p2_says="address, low byte", data="what to write, perhaps a key"),
)
"""The commands with class byte C0."""

ROOT: tuple[Instruction, ...] = (
    Instruction(
        INS_BOOT, "BOOT", "start an unfused card, with new random keys: jcopsh asks first", _SOURCE, p1=_ZERO,
        p2=_ZERO),
)
"""The command with class byte 00 that is offered."""

FINAL: tuple[Instruction, ...] = (
    Instruction(
        INS_PROTECT, "PROTECT", "the configuration can no longer be written: jcopsh asks first", _SOURCE, p1=_ZERO,
        p2=_ZERO),
    Instruction(
        INS_FUSE, "FUSE", "the root applet is gone for ever: jcopsh asks first", _SOURCE, p1=_ZERO, p2=_ZERO),
)
"""The commands with class byte 00 that are named when they are typed, and never offered."""


def instructions(cla: int) -> tuple[Instruction, ...]:
    """Those that may be offered behind a class byte."""
    if cla == CLA_MEMORY:
        return MEMORY
    return ROOT if cla == 0x00 else ()


def known(cla: int) -> tuple[Instruction, ...]:
    """Those that can be named behind a class byte."""
    return (*instructions(cla), *(FINAL if cla == 0x00 else ()))
