"""The configuration memory of the J2A040 family as the simulated card lays it out.

Addresses are 24-bit, CLA‖P1‖P2 of READ and WRITE. Sources: the vendor's script, seed 000 (the J2A081's historical
bytes one byte later) and seed 002 (keys and GPIN).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jcopsh.simulator.assumptions import FACTORY_MEMORY, READABLE_RANGE
from jcopsh.simulator.card_content import CardContent
from jcopsh.simulator.randomness import Randomness

FIRST_ADDRESS, LAST_ADDRESS = READABLE_RANGE.value
MEMORY_LENGTH = LAST_ADDRESS - FIRST_ADDRESS + 1

KEY_ADDRESSES = (0xC00305, 0xC00321, 0xC0033D)
KEY_VERSION_ADDRESSES = (0xC00301, 0xC0031D, 0xC00339)
KEY_LENGTH = 16
SERIAL_LENGTH = 4
GPIN_LENGTH_ADDRESS = 0xC00407
GPIN_ADDRESS = 0xC00412
IFSC_ADDRESS = 0xC00122
UNNAMED_C0029A = 0xC0029A

_FACTORY_GPIN_LENGTH = 5
_FACTORY_KEY_VERSION = b"\xff"
_FACTORY_IFSC = b"\xfe"
_FACTORY_C0029A = bytes.fromhex("F807")
_FACTORY_BLOCK_START = bytes.fromhex("DA0F00")
_FACTORY_INTERFACE = bytes.fromhex("08F01300008131FE45")
_FACTORY_HISTORICAL = b"\x08JCOPv241"

@dataclass(frozen=True, slots=True)
class ResetBlock:
    """Where the 35 bytes lie that one kind of reset composes its ATR from.

    `interface` and `historical` are the addresses of the two length bytes; `end` is the first address behind.
    """

    start: int
    interface: int
    historical: int
    end: int


@dataclass(frozen=True, slots=True)
class MemoryLayout:
    """What differs between models: the blocks of the cold and of the warm reset."""

    cold: ResetBlock
    warm: ResetBlock


J2A040_LAYOUT = MemoryLayout(
    cold=ResetBlock(start=0xC00123, interface=0xC00126, historical=0xC00136, end=0xC00146),
    warm=ResetBlock(start=0xC00146, interface=0xC00149, historical=0xC00159, end=0xC00169),
)
"""The vendor's script for a J2A040: 15 bytes of interface bytes, 15 of historical bytes."""

J2A081_LAYOUT = MemoryLayout(
    cold=ResetBlock(start=0xC00123, interface=0xC00126, historical=0xC00137, end=0xC00146),
    warm=ResetBlock(start=0xC00146, interface=0xC00149, historical=0xC0015A, end=0xC00169),
)
"""Seed 000: 16 bytes of interface bytes, 14 of historical bytes."""


@dataclass(frozen=True, slots=True, repr=False)
class Eeprom:
    """Everything the card keeps without power. A value: each change makes a new one.

    `memory` holds MEMORY_LENGTH bytes from FIRST_ADDRESS. `random_keys` are the three keys that the factory or the last
    wiping BOOT made, in slot order. `serial` is the chip's serial number, empty for that of the generation. `content`
    is the card manager's, None while it is as the factory left it.
    It has no repr: it holds keys.
    """

    memory: bytes
    random_keys: tuple[bytes, ...]
    booted: bool = False
    protected: bool = False
    fused: bool = False
    content: CardContent | None = None
    serial: bytes = b""

    def read(self, address: int, length: int) -> bytes | None:
        """`length` bytes from `address` on, or None where one of them is outside the memory."""
        start = address - FIRST_ADDRESS
        if start < 0 or start + length > MEMORY_LENGTH:
            return None
        return self.memory[start : start + length]

    def write(self, address: int, data: bytes) -> Eeprom | None:
        """The memory with `data` at `address`, or None where a byte would be outside."""
        if self.read(address, len(data)) is None:
            return None
        start = address - FIRST_ADDRESS
        return replace(self, memory=self.memory[:start] + data + self.memory[start + len(data) :])

    @property
    def keys_written(self) -> bool:
        """Whether no key slot holds its random key any more."""
        slots = (self.read(address, KEY_LENGTH) for address in KEY_ADDRESSES)
        return all(slot != random for slot, random in zip(slots, self.random_keys, strict=True))


def factory_eeprom(layout: MemoryLayout, randomness: Randomness) -> Eeprom:
    """The memory as the factory leaves it, with random keys, GPIN and serial number."""
    keys = tuple(randomness(KEY_LENGTH) for _ in KEY_ADDRESSES)
    contents: dict[int, bytes] = {
        IFSC_ADDRESS: _FACTORY_IFSC,
        UNNAMED_C0029A: _FACTORY_C0029A,
        GPIN_LENGTH_ADDRESS: bytes((_FACTORY_GPIN_LENGTH,)),
        GPIN_ADDRESS: randomness(_FACTORY_GPIN_LENGTH),
    }
    contents |= dict.fromkeys(KEY_VERSION_ADDRESSES, _FACTORY_KEY_VERSION)
    contents |= dict(zip(KEY_ADDRESSES, keys, strict=True))
    for block in (layout.cold, layout.warm):
        contents |= factory_block(block)
    memory = bytearray([FACTORY_MEMORY.value]) * MEMORY_LENGTH
    for address, data in contents.items():
        memory[address - FIRST_ADDRESS : address - FIRST_ADDRESS + len(data)] = data
    return Eeprom(bytes(memory), keys, serial=randomness(SERIAL_LENGTH))


def factory_block(block: ResetBlock) -> dict[int, bytes]:
    """The factory's contents of a reset block, by address."""
    return {
        block.start: _FACTORY_BLOCK_START,
        block.interface: _FACTORY_INTERFACE,
        block.historical: _FACTORY_HISTORICAL,
    }
