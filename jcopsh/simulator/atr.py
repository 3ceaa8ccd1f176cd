"""The answer to reset, composed from the configuration memory (ISO/IEC 7816-3:2006, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor

from jcopsh.simulator.memory import Eeprom, ResetBlock, factory_block

_TS_DIRECT = 0x3B
_GLOBAL_INTERFACE_BYTES = 15


class InvalidBlockError(ValueError):
    """The bytes of a reset block make no valid ATR."""


@dataclass(frozen=True, slots=True)
class AnswerToReset:
    """The bytes of an ATR and the protocol (0 or 1) in which the card speaks after it."""

    raw: bytes
    protocol: int


def answer_to_reset(eeprom: Eeprom, block: ResetBlock) -> AnswerToReset:
    """The ATR of a reset block; the factory's where the block holds no valid one."""
    try:
        return compose(
            _counted(eeprom, block.interface, block.historical), _counted(eeprom, block.historical, block.end)
        )
    except InvalidBlockError:
        factory = factory_block(block)
        return compose(factory[block.interface][1:], factory[block.historical][1:])


def compose(interface: bytes, historical: bytes) -> AnswerToReset:
    """The ATR of T0 and its interface bytes (the low nibble of T0 is not looked at), and 0 to 15 historical bytes.

    TCK, the exclusive or of all bytes from T0 on, is added when anything but T=0 is offered. Raises InvalidBlockError.
    """
    if len(historical) > 15:
        raise InvalidBlockError("more than 15 historical bytes")
    offered, demanded = _protocols(interface)
    protocols = [number for number in offered if number != _GLOBAL_INTERFACE_BYTES]
    protocol = demanded if demanded is not None else (protocols or [0])[0]
    if protocol not in (0, 1):
        raise InvalidBlockError("a protocol that this card does not speak")
    body = bytes(((interface[0] & 0xF0) | len(historical),)) + interface[1:] + historical
    tck = bytes((reduce(xor, body),)) if any(offered) else b""
    return AnswerToReset(bytes((_TS_DIRECT,)) + body + tck, protocol)


def _counted(eeprom: Eeprom, address: int, end: int) -> bytes:
    """The bytes of a field that starts with its length and may fill the room up to `end`."""
    room = eeprom.read(address, end - address) or b"\xff"
    length = room[0]
    if length >= len(room):
        raise InvalidBlockError("a length beyond its room")
    return room[1 : 1 + length]


def _protocols(interface: bytes) -> tuple[list[int], int | None]:
    """The protocols named by TD1, TD2, … in order, and the one demanded by TA2 (specific mode), if any.

    Raises InvalidBlockError where bytes are missing or left over.
    """
    if not interface:
        raise InvalidBlockError("no T0")
    offered: list[int] = []
    demanded = None
    present, offset, group = interface[0] >> 4, 1, 1
    while present:
        count = present.bit_count()
        if offset + count > len(interface):
            raise InvalidBlockError("interface bytes are missing")
        if group == 2 and present & 0b0001:
            demanded = interface[offset] & 0x0F
        offset, group = offset + count, group + 1
        if not present & 0b1000:
            break
        td = interface[offset - 1]
        offered.append(td & 0x0F)
        present = td >> 4
    if offset != len(interface):
        raise InvalidBlockError("bytes are left over behind the interface bytes")
    return offered, demanded
