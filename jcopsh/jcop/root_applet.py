"""The commands of an unfused card's root applet: command APDUs only, and how to recognise them.

Sources: seeds 000 and 002. READ and WRITE carry a 24-bit address as CLA‖P1‖P2, and the only memory publicly known
has the class byte C0, so addresses run from C00000 to C0FFFF.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jcopsh.iso7816.apdu import CommandAPDU

FIRST_ADDRESS = 0xC00000
LAST_ADDRESS = 0xC0FFFF
MAX_READ = 256
MAX_WRITE = 255
TRANSPORT_KEY_LENGTH = 16

CLA_MEMORY = 0xC0
INS_FUSE = 0x00
INS_PROTECT = 0x10
INS_SELECT = 0xA4
INS_READ = 0xB0
INS_WRITE = 0xD6
INS_MISPRINT = 0xB6
INS_BOOT = 0xF0
P1_BY_NAME = 0x04

BOOT = CommandAPDU(0x00, INS_BOOT, 0x00, 0x00)
"""Boots the card. Seed 002 says no more; by seed 000 it resets the card to its factory state, wipes the applets and
makes new random keys."""

PROTECT = CommandAPDU(0x00, INS_PROTECT, 0x00, 0x00)
"""The configuration can no longer be changed, perhaps until the next BOOT (seed 000 is not sure)."""

FUSE = CommandAPDU(0x00, INS_FUSE, 0x00, 0x00)
"""The root applet is gone for ever (seeds 000 and 002). Nothing takes this back."""


class AddressError(ValueError):
    """An address, or the end of a range, that does not fit CLA‖P1‖P2 with the class byte C0."""


class LengthError(ValueError):
    """A length that a single READ or WRITE cannot have."""


class Access(StrEnum):
    """What a command does to the configuration memory."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class MemoryAccess:
    """A READ or WRITE of `length` bytes at a 24-bit `address`.

    A READ without Le counts as 256 bytes, the most that may come.
    """

    kind: Access
    address: int
    length: int

    @property
    def end(self) -> int:
        """The first address that is not touched."""
        return self.address + self.length


def select_transport_key(key: bytes) -> CommandAPDU:
    """SELECT the root applet, whose AID is the card's transport key of 16 bytes; 9000 if it is right, else 6A82.

    Raises LengthError, without the key, for another length.
    """
    if len(key) != TRANSPORT_KEY_LENGTH:
        raise LengthError(f"a transport key has {TRANSPORT_KEY_LENGTH} bytes, not {len(key)}")
    return CommandAPDU(0x00, INS_SELECT, P1_BY_NAME, 0x00, bytes(key))


def split_address(address: int) -> tuple[int, int, int]:
    """CLA, P1 and P2 of a 24-bit address; raises AddressError outside C00000 to C0FFFF."""
    if not 0 <= address <= 0xFFFFFF:
        raise AddressError("an address has 24 bits: CLA, P1 and P2")
    if not FIRST_ADDRESS <= address <= LAST_ADDRESS:
        raise AddressError(
            f"an address is CLA, P1 and P2, and the memory has CLA C0: {FIRST_ADDRESS:06X} to {LAST_ADDRESS:06X}, "
            f"not {address:06X}")
    return address >> 16, address >> 8 & 0xFF, address & 0xFF


def read(address: int, length: int) -> CommandAPDU:
    """READ 1 to 256 bytes: `C0 B0 hh ll Le`. Raises AddressError and LengthError."""
    cla, p1, p2 = _check(address, length, MAX_READ, Access.READ)
    return CommandAPDU(cla, INS_READ, p1, p2, le=length)


def write(address: int, data: bytes) -> CommandAPDU:
    """WRITE 1 to 255 bytes: `C0 D6 hh ll Lc data`. Raises AddressError and LengthError."""
    cla, p1, p2 = _check(address, len(data), MAX_WRITE, Access.WRITE)
    return CommandAPDU(cla, INS_WRITE, p1, p2, bytes(data))


def _check(address: int, length: int, most: int, kind: Access) -> tuple[int, int, int]:
    header = split_address(address)
    if not 1 <= length <= most:
        raise LengthError(f"one {kind.value.upper()} moves 1 to {most} bytes, not {length}")
    if address + length - 1 > LAST_ADDRESS:
        raise AddressError(f"{length} bytes at {address:06X} go beyond {LAST_ADDRESS:06X}")
    return header


def memory_access(command: CommandAPDU) -> MemoryAccess | None:
    """What a command reads or writes in the configuration memory, in the short or the extended form; else None."""
    if command.cla != CLA_MEMORY or command.ins not in (INS_READ, INS_WRITE):
        return None
    address = command.cla << 16 | command.p1 << 8 | command.p2
    if command.ins == INS_WRITE:
        return MemoryAccess(Access.WRITE, address, len(command.data))
    return MemoryAccess(Access.READ, address, MAX_READ if command.le is None else command.le)


def is_misprint(command: CommandAPDU) -> bool:
    """Whether this is a WRITE with the misprint `C0 B6` for `C0 D6`, which one public answer has and people paste."""
    return command.cla == CLA_MEMORY and command.ins == INS_MISPRINT


def corrected_misprint(command: CommandAPDU) -> CommandAPDU:
    """The WRITE that a misprinted command was meant to be."""
    return CommandAPDU(command.cla, INS_WRITE, command.p1, command.p2, command.data, command.le, command.extended)


def is_transport_key_select(command: CommandAPDU) -> bool:
    """Whether this is a SELECT by name of exactly 16 bytes, and so may carry a transport key; CLA and P2 do not count.

    An AID may have 16 bytes too, so on a card that is not known to be fused every such SELECT is taken for secret.
    """
    by_name = command.ins == INS_SELECT and command.p1 == P1_BY_NAME
    return by_name and len(command.data) == TRANSPORT_KEY_LENGTH
