"""A card on the table, and hexadecimal in and out, as the seeds print it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.profiles import parse_profile

SELECT_TK = "00A4040010" + b"JCOPSIMULATEDTK0".hex()
BOOT = "00F00000"
PROTECT = "00100000"
FUSE = "00000000"
IDENTIFY = "00A4040009A000000167413000FF00"
SELECT_ISD = "00A4040008A000000003000000"
KEY_WRITES = tuple(f"C0D6{address}10404142434445464748494A4B4C4D4E4F" for address in ("0305", "0321", "033D"))
T0_WRITES = ("C0D601240108", "C0D601470108", "C0D6012604036000FF", "C0D6014904036000FF")
"""Seed 000's alternative: the lines that make a card speak T=0."""
T0_ATR = "3B6800FF" + b"JCOPv241".hex().upper()


def counted_randomness() -> Callable[[int], bytes]:
    """Bytes that never repeat and are the same in each run: 80 81 82 …, then on."""
    made = 0

    def give(length: int) -> bytes:
        nonlocal made
        made += length
        return bytes((0x80 + at) % 256 for at in range(made - length, made))

    return give


def powered(profile: str = "j2a040-unfused", *, state_file: Path | None = None) -> SimulatedCard:
    """A card with power."""
    card = SimulatedCard(parse_profile(profile), state_file=state_file, randomness=counted_randomness())
    card.power_on()
    return card


def send(card: SimulatedCard, command: str) -> str:
    """One command and its response, in upper case hexadecimal."""
    return card.process(bytes.fromhex(command)).hex().upper()


def send_all(card: SimulatedCard, *commands: str) -> list[str]:
    """The responses to several commands."""
    return [send(card, command) for command in commands]


def booted(profile: str = "j2a040-unfused") -> SimulatedCard:
    """A card with power, the root applet selected, and booted."""
    card = powered(profile)
    assert send_all(card, SELECT_TK, BOOT) == ["9000", "9000"]
    return card


def speaking_t0(profile: str = "j2a040-unfused") -> SimulatedCard:
    """A card that was made to speak T=0 as seed 000 does it, freshly reset."""
    card = booted(profile)
    assert set(send_all(card, *T0_WRITES)) == {"9000"}
    card.power_on()
    assert card.protocol == "T=0"
    return card


def with_card_manager() -> SimulatedCard:
    """An unfused card whose keys were written, after a reset."""
    card = booted()
    assert set(send_all(card, *KEY_WRITES)) == {"9000"}
    card.power_on()
    return card
