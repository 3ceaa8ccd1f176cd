"""Pre-personalisation: the ATR that a block of memory gives, the protocol byte, and the checklist before PROTECT.

The layout of the blocks is the vendor script's and seed 000's; the rules of an ATR are ISO/IEC 7816-3:2006, 8.2.
Everything here takes bytes and gives values. No key is ever part of a text.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import reduce
from itertools import combinations
from operator import xor

from jcopsh.iso7816.atr import MAX_ATR, Atr, parse_atr
from jcopsh.iso7816.hexadecimal import format_bytes

MAX_HISTORICAL = 15  # the low nibble of T0
KEY_NAMES = ("cm_key1", "cm_key2", "cm_key3")
KEY_LENGTH = 16
DEFAULT_KEY = bytes(range(0x40, 0x50))
"""The key that everybody knows: 40 41 … 4F."""

CARD_MANAGER_READY = 0x01
class BlockPart(StrEnum):
    """The two length-prefixed fields that an ATR is composed of."""

    INTERFACE = "interface bytes"
    HISTORICAL = "historical bytes"


class PersonalisationError(ValueError):
    """Fields that compose no ATR: `part` says which, `offset` is the byte in that field that is wrong."""

    def __init__(self, message: str, part: BlockPart, offset: int) -> None:
        super().__init__(f"{part.value}: {message}")
        self.part = part
        self.offset = offset


# --- the ATR of a block ----------------------------------------------------------------------------------------------


def compose_atr(interface_field: bytes, historical_field: bytes) -> bytes:
    """The ATR that a card sends for these two fields, each a length byte, as many bytes, and room that is not used.

    The interface bytes begin with T0, its low nibble 0: the card puts the number of historical bytes there. A TCK
    follows where any protocol but T=0 is offered. Raises PersonalisationError.
    """
    interface = _content(interface_field, BlockPart.INTERFACE)
    historical = _content(historical_field, BlockPart.HISTORICAL)
    if not interface:
        raise PersonalisationError("they are empty, but begin with T0", BlockPart.INTERFACE, 0)
    if interface[0] & 0x0F:
        raise PersonalisationError(
            f"T0 is {interface[0]:02X}, but its low nibble is to be 0: the card fills it in", BlockPart.INTERFACE, 1)
    if len(historical) > MAX_HISTORICAL:
        raise PersonalisationError(
            f"{len(historical)} bytes, but an ATR has at most {MAX_HISTORICAL}", BlockPart.HISTORICAL, 0)
    needs_tck = _check_interface(interface)
    body = bytes((interface[0] | len(historical),)) + interface[1:] + historical
    atr = b"\x3b" + body + (bytes((reduce(xor, body),)) if needs_tck else b"")
    if len(atr) > MAX_ATR:
        message = f"the ATR would have {len(atr)} bytes, and {MAX_ATR} is the most"
        raise PersonalisationError(message, BlockPart.INTERFACE, 0)
    return atr


def check_block(interface_field: bytes, historical_field: bytes) -> tuple[str, ...]:
    """What is wrong with the two fields of a reset, in words; empty when they compose an ATR that readers accept."""
    try:
        atr = parse_atr(compose_atr(interface_field, historical_field))
    except PersonalisationError as error:
        return (str(error),)
    return tuple(_doubts(atr))


def _content(field: bytes, part: BlockPart) -> bytes:
    if not field:
        raise PersonalisationError("the length byte is missing", part, 0)
    length, room = field[0], len(field) - 1
    if length > room:
        raise PersonalisationError(f"the length byte says {length}, but there is room for {room} bytes", part, 0)
    return field[1 : 1 + length]


def _check_interface(interface: bytes) -> bool:
    """Follow T0 and every TD to the last interface byte; whether a protocol other than T=0 is offered."""
    announced, position, needs_tck, index = interface[0] >> 4, 1, False, 1
    while announced:
        count = announced.bit_count()
        if position + count > len(interface):
            missing = position + count - len(interface)
            raise PersonalisationError(
                f"they end too early: of the bytes TA{index} to TD{index} that are announced {missing} are missing",
                BlockPart.INTERFACE, len(interface))
        position += count
        if not announced & 0x8:
            break
        needs_tck = needs_tck or bool(interface[position - 1] & 0x0F)
        announced = interface[position - 1] >> 4
        index += 1
    if position < len(interface):
        raise PersonalisationError(
            f"{len(interface) - position} bytes are left over that no T0 or TD announces", BlockPart.INTERFACE,
            position + 1)
    return needs_tck


def _doubts(atr: Atr) -> list[str]:
    """What ISO/IEC 7816-3 reserves, though an ATR can say it."""
    doubts = []
    if atr.speed_bps() is None:
        doubts.append(f"TA1 is {atr.interface_byte('A', 1):02X}, a reserved Fi or Di: readers may refuse the card")
    if atr.ifsc in (0x00, 0xFF):
        doubts.append(f"IFSC is {atr.ifsc:02X}, a reserved value")
    unusual = [protocol for protocol in atr.protocols if protocol not in (0, 1)]
    if unusual:
        names = " and ".join(f"T={protocol}" for protocol in unusual)
        doubts.append(f"{names} is offered, which readers do not speak")
    if atr.specific_mode is not None and atr.specific_mode.protocol not in atr.protocols:
        doubts.append(f"TA2 demands T={atr.specific_mode.protocol}, which is not offered")
    return doubts


# --- the protocol byte -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProtocolByte:
    """The protocol byte of a reset (C00124 and C00147 on a J2A040). The meaning of its bits is inferred.

    0F is sleep mode, negotiable, T=1 (seed 000); 0B is the vendor script's; 08 is seed 000's T=0.
    """

    raw: int

    def __post_init__(self) -> None:
        if not 0 <= self.raw <= 0xFF:
            raise ValueError("a protocol byte is 00 to FF")

    @property
    def sleep(self) -> bool:
        """Bit 3: sleep mode."""
        return bool(self.raw & 0x08)

    @property
    def negotiable(self) -> bool:
        """Bit 2: negotiable mode."""
        return bool(self.raw & 0x04)

    @property
    def protocol(self) -> str | None:
        """`T=0` where the two low bits are 0, `T=1` where they are 3, None for the values nobody has shown."""
        return {0x00: "T=0", 0x03: "T=1"}.get(self.raw & 0x03)

    def __str__(self) -> str:
        words = ["sleep mode"] * self.sleep + ["negotiable"] * self.negotiable + [self.protocol or "protocol unknown"]
        return ", ".join(words)


# --- the checklist before PROTECT and FUSE ---------------------------------------------------------------------------


class CheckState(Enum):
    """How a line of the checklist stands."""

    DONE = "done"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One thing to be sure of before what cannot be undone: what, how it stands, and why. No key is in the text."""

    item: str
    state: CheckState
    detail: str


def checklist(
    memory: Mapping[str, bytes | None],
    stored: Collection[str],
    *,
    slot_order_proved: bool | None,
    life_cycle: int | None,
    fused: bool | None,
) -> tuple[ChecklistLine, ...]:
    """What to be sure of before PROTECT and FUSE.

    `memory`: what was read of the card now, by field name; None, or absent, is what was not read. `stored`: names of
    the key fields whose present value is in the key store on disk. `slot_order_proved`: whether an authentication
    since the last write of a key proved the slot order; None and False both count as not proved. `life_cycle`: the
    value of CM_LIFECYCLE, None where the map does not list it or it was not read. `fused`: by IDENTIFY.
    """
    keys = {name: memory.get(name) for name in KEY_NAMES}
    return (
        _check_not_fused(fused),
        _check_stored(keys, stored),
        _check_slot_order(slot_order_proved),
        _check_not_default(keys),
        _check_different(keys),
        _check_atr("cold", memory),
        _check_atr("warm", memory),
        _check_life_cycle(life_cycle),
    )


def _check_not_fused(fused: bool | None) -> ChecklistLine:
    item = "the card is not fused yet"
    if fused is None:
        return ChecklistLine(item, CheckState.UNKNOWN, "it has not been identified")
    if fused:
        return ChecklistLine(item, CheckState.MISSING, "IDENTIFY says that it is fused: nothing is left to do")
    return ChecklistLine(item, CheckState.DONE, "shown in this power-up")


def _check_stored(keys: Mapping[str, bytes | None], stored: Collection[str]) -> ChecklistLine:
    item = "keys known and stored on disk"
    lost = [name for name in keys if name not in stored]
    if not lost:
        return ChecklistLine(item, CheckState.DONE, f"all {len(keys)}")
    unread = [name for name in lost if keys[name] is None]
    details = [f"{_join(unread)} not read"] if unread else []
    unstored = [name for name in lost if name not in unread]
    details += [f"{_join(unstored)} not in the key store"] if unstored else []
    return ChecklistLine(item, CheckState.MISSING, "; ".join(details))


def _check_slot_order(proved: bool | None) -> ChecklistLine:
    item = "slot order proved by an authentication"
    if proved:
        # EXTERNAL AUTHENTICATE has no use for DEK: it is the one that is left
        return ChecklistLine(item, CheckState.DONE, "the card took cm_key1 as ENC and cm_key2 as MAC")
    return ChecklistLine(item, CheckState.UNKNOWN, "not proved; help fuse says why it matters")


def _check_not_default(keys: Mapping[str, bytes | None]) -> ChecklistLine:
    item = "keys of your own"
    weak = [name for name, key in keys.items() if key is not None and _is_well_known(key)]
    if weak:
        verb = "is" if len(weak) == 1 else "are"
        return ChecklistLine(item, CheckState.MISSING, f"{_join(weak)} {verb} 40..4F, or one byte repeated")
    return _if_all_read(keys, ChecklistLine(item, CheckState.DONE, "none is 40..4F or one byte repeated"))


def _check_different(keys: Mapping[str, bytes | None]) -> ChecklistLine:
    item = "three different keys"
    known = [(name, key) for name, key in keys.items() if key is not None]
    alike = [f"{one} = {other}" for (one, a), (other, b) in combinations(known, 2) if _same_key(a, b)]
    if alike:
        return ChecklistLine(item, CheckState.MISSING, ", ".join(alike))
    return _if_all_read(keys, ChecklistLine(item, CheckState.DONE, "all differ"))


def _if_all_read(keys: Mapping[str, bytes | None], line: ChecklistLine) -> ChecklistLine:
    unread = [name for name, key in keys.items() if key is None]
    return ChecklistLine(line.item, CheckState.UNKNOWN, f"{_join(unread)} not read") if unread else line


def _check_atr(reset: str, memory: Mapping[str, bytes | None]) -> ChecklistLine:
    item = f"{reset} ATR valid"
    interface = memory.get(f"{reset}_interface_bytes")
    historical = memory.get(f"{reset}_historical_bytes")
    if interface is None or historical is None:
        return ChecklistLine(item, CheckState.UNKNOWN, "its block was not read")
    problems = check_block(interface, historical)
    if problems:
        return ChecklistLine(item, CheckState.MISSING, "; ".join(problems))
    return ChecklistLine(item, CheckState.DONE, format_bytes(compose_atr(interface, historical), spaced=True))


def _check_life_cycle(life_cycle: int | None) -> ChecklistLine:
    item = "life cycle 01"
    if life_cycle is None:
        return ChecklistLine(item, CheckState.UNKNOWN, "the map does not say where it lies, or it was not read")
    if life_cycle != CARD_MANAGER_READY:
        return ChecklistLine(item, CheckState.MISSING, f"it is {life_cycle:02X}: write cm_lifecycle 01")
    return ChecklistLine(item, CheckState.DONE, "it is 01")


def _is_well_known(key: bytes) -> bool:
    return _same_key(key, DEFAULT_KEY) or _same_key(key, key[:1] * len(key))


def _same_key(one: bytes, other: bytes) -> bool:
    """Whether two DES keys encipher alike: the lowest bit of each byte is parity and does not count."""
    return hmac.compare_digest(_without_parity(one), _without_parity(other))


def _without_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE for byte in key)


def _join(names: list[str]) -> str:
    return ", ".join(names)
