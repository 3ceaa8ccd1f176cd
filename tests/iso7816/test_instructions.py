from __future__ import annotations

import pytest

from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.instructions import (
    CLASSES,
    GLOBAL_PLATFORM,
    INTERINDUSTRY,
    Family,
    Instruction,
    by_ins,
    class_meaning,
    family,
    instructions,
    named,
)
from jcopsh.jcop import root_instructions

EVERY = (*INTERINDUSTRY, *GLOBAL_PLATFORM, *root_instructions.MEMORY, *root_instructions.ROOT, *root_instructions.FINAL)


@pytest.mark.parametrize(
    ("cla", "meaning"),
    [
        (0x00, "interindustry"),
        (0x01, "interindustry, channel 1"),
        (0x0C, "interindustry, secure messaging"),
        (0x10, "interindustry, more of a chain follows"),
        (0x40, "interindustry, channel 4"),
        (0x6F, "interindustry, channel 19, secure messaging"),
        (0x25, "reserved by ISO/IEC 7816-4"),
        (0x80, "GlobalPlatform or proprietary"),
        (0x84, "GlobalPlatform or proprietary, secure messaging"),
        (0xE3, "GlobalPlatform or proprietary, channel 7, secure messaging"),
        (0xB0, "proprietary"),
        (0xFF, "no class of a card: for the reader itself (PC/SC part 3)"),
    ],
)
def test_class_bytes(cla: int, meaning: str) -> None:
    assert class_meaning(cla) == meaning


def test_every_class_byte_has_a_family_and_a_meaning() -> None:
    for cla in range(256):
        assert class_meaning(cla)
        known = {one.ins for one in instructions(cla)}
        assert bool(known) == (family(cla) in (Family.INTERINDUSTRY, Family.GLOBAL_PLATFORM, Family.READER))
    assert all(class_meaning(one.value[0]) for one in CLASSES)


# the instruction bytes of GlobalPlatform 2.3.1, table 11-1, and those that are everywhere in ISO/IEC 7816-4
@pytest.mark.parametrize(
    ("cla", "ins", "name"),
    [
        (0x00, 0xA4, "SELECT"), (0x00, 0xB0, "READ BINARY"), (0x00, 0xB2, "READ RECORD"), (0x00, 0xCA, "GET DATA"),
        (0x00, 0xD6, "UPDATE BINARY"), (0x00, 0x20, "VERIFY"), (0x00, 0x84, "GET CHALLENGE"),
        (0x00, 0x88, "INTERNAL AUTHENTICATE"), (0x00, 0x70, "MANAGE CHANNEL"), (0x00, 0xC0, "GET RESPONSE"),
        (0x80, 0xE4, "DELETE"), (0x80, 0xCA, "GET DATA"), (0x80, 0xF2, "GET STATUS"), (0x80, 0xE6, "INSTALL"),
        (0x80, 0xE8, "LOAD"), (0x80, 0xD8, "PUT KEY"), (0x80, 0xF0, "SET STATUS"), (0x80, 0xE2, "STORE DATA"),
        (0x80, 0x50, "INITIALIZE UPDATE"), (0x84, 0x82, "EXTERNAL AUTHENTICATE"),
    ],
)
def test_instructions_by_class(cla: int, ins: int, name: str) -> None:
    found = by_ins(instructions(cla), ins)
    assert found is not None
    assert found.name == name
    assert (family(cla), found) in named(ins)


def test_what_has_status_words_of_its_own_is_in_the_table() -> None:
    for name, ins in INS.__members__.items():
        names = {one.name.replace(" ", "_") for _, one in named(ins.value)}
        assert name.removesuffix("_ODD") in names, name


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.ins:02X}-{one.name}")
def test_every_row_is_whole(one: Instruction) -> None:
    assert 0 <= one.ins <= 0xFF
    assert one.name == one.name.upper()
    assert one.meaning and not one.meaning.endswith(".")
    assert one.source
    for choice in (*one.p1, *one.p2, *(each for after in one.p2_after.values() for each in after)):
        assert len(choice.value) == 1
        assert choice.meaning
    for usual in (one.p1, one.p2, *one.p2_after.values()):
        assert len({choice.value for choice in usual}) == len(usual)
    # what follows a P1 follows one that is offered
    offered = {choice.value[0] for choice in one.p1}
    assert set(one.p2_after) <= offered
    assert set(one.bodies_after) <= offered
    # a body says how many data bytes it has, and has no fewer than that, or none yet
    for body in (*one.bodies, *(each for after in one.bodies_after.values() for each in after)):
        assert len(body.value) == 1 or len(body.value) - 1 - body.value[0] in (0, 1)
        assert one.data or one.answers


def test_no_family_has_an_instruction_twice() -> None:
    for rows in (INTERINDUSTRY, GLOBAL_PLATFORM, root_instructions.known(0xC0), root_instructions.known(0x00)):
        assert len({one.ins for one in rows}) == len(rows)


def test_what_is_final_is_named_and_not_offered() -> None:
    assert {one.name for one in root_instructions.known(0x00)} == {"BOOT", "PROTECT", "FUSE"}
    assert {one.name for one in root_instructions.instructions(0x00)} == {"BOOT"}
