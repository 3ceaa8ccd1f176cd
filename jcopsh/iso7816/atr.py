"""The answer to reset (ISO/IEC 7816-3:2006, 8.2) and its historical bytes (ISO/IEC 7816-4:2020, 12.1.1).

`parse_atr` accounts for every byte: `Atr.byte_by_byte` names each with its value and its meaning, for a display.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import xor
from types import MappingProxyType

from jcopsh.iso7816.hexadecimal import ascii_column, format_bytes

MAX_ATR = 33  # TS and at most 32 more

# TA1's high half: Fi and the highest frequency in MHz (table 7); its low half: Di (table 8). Absent ones are reserved.
_FI: Mapping[int, tuple[int, float]] = MappingProxyType({
    0x0: (372, 4), 0x1: (372, 5), 0x2: (558, 6), 0x3: (744, 8), 0x4: (1116, 12), 0x5: (1488, 16), 0x6: (1860, 20),
    0x9: (512, 5), 0xA: (768, 7.5), 0xB: (1024, 10), 0xC: (1536, 15), 0xD: (2048, 20),
})
_DI: Mapping[int, int] = MappingProxyType({
    0x1: 1, 0x2: 2, 0x3: 4, 0x4: 8, 0x5: 16, 0x6: 32, 0x7: 64, 0x8: 12, 0x9: 20,
})
_DEFAULT_TA1 = 0x11
_GLOBAL = 15  # T=15 announces global interface bytes and is no protocol
_CONVENTIONS = {0x3B: "direct", 0x3F: "inverse"}
_CLOCK_STOP = ("not supported", "state L", "state H", "no preference")


class AtrError(ValueError):
    """Bytes that are no ATR. `offset` is the byte, counted from 0, where they stop making sense."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class EdcKind(StrEnum):
    """The error detection code of T=1's blocks (11.4.4)."""

    LRC = "LRC"
    CRC = "CRC"


@dataclass(frozen=True, slots=True)
class AtrByte:
    """One byte of an ATR: its offset, its name in the specification, its value and what it says."""

    offset: int
    name: str
    value: int
    meaning: str


@dataclass(frozen=True, slots=True)
class InterfaceByte:
    """TA1, TB1, …: `letter` A to D, `index` from 1; `protocol` is the T it belongs to, None for the global ones."""

    letter: str
    index: int
    value: int
    offset: int
    protocol: int | None

    @property
    def name(self) -> str:
        """E.g. TA1."""
        return f"T{self.letter}{self.index}"


@dataclass(frozen=True, slots=True)
class SpecificMode:
    """TA2: the card uses `protocol` at once and without negotiation.

    `can_change` says whether a warm reset may bring it back to negotiable mode; `implicit` that Fi and Di are the
    card's own choice and not TA1's.
    """

    protocol: int
    can_change: bool
    implicit: bool


@dataclass(frozen=True, slots=True)
class CompactObject:
    """A COMPACT-TLV data object in the historical bytes; `offset` is counted in the ATR, `tag` is 0 to 15.

    The status indicator that follows category 00 has no tag of its own and counts as tag 8.
    """

    tag: int
    value: bytes
    offset: int

    @property
    def meaning(self) -> str:
        """What the tag stands for."""
        return _COMPACT_TAGS.get(self.tag, "not defined")


_COMPACT_TAGS: Mapping[int, str] = MappingProxyType({
    0x1: "country code", 0x2: "issuer identification number", 0x3: "card service data", 0x4: "initial access data",
    0x5: "card issuer's data", 0x6: "pre-issuing data", 0x7: "card capabilities", 0x8: "status indicator",
    0xF: "application identifier",
})


@dataclass(frozen=True)
class Atr:
    """A decoded answer to reset; `raw` is the ATR itself, and what is absent has the default of the specification."""

    raw: bytes
    interface: tuple[InterfaceByte, ...]
    historical: bytes
    historical_offset: int
    tck: int | None

    @property
    def ts(self) -> int:
        """The initial character."""
        return self.raw[0]

    @property
    def t0(self) -> int:
        """The format byte."""
        return self.raw[1]

    @property
    def convention(self) -> str:
        """`direct` (TS 3B) or `inverse` (TS 3F)."""
        return _CONVENTIONS[self.ts]

    def interface_byte(self, letter: str, index: int) -> int | None:
        """The value of e.g. TA1 (letter A, index 1), None when it is absent."""
        return next((one.value for one in self.interface if (one.letter, one.index) == (letter, index)), None)

    @property
    def protocols(self) -> tuple[int, ...]:
        """The protocols that the card offers, in its order: (0,), (1,), (0, 1), …"""
        offered = [one.value & 0x0F for one in self.interface if one.letter == "D"]
        return tuple(dict.fromkeys(protocol for protocol in offered if protocol != _GLOBAL)) or (0,)

    @property
    def default_protocol(self) -> int:
        """The protocol that is used when none is negotiated: TA2's, else the first that is offered."""
        return self.protocols[0] if self.specific_mode is None else self.specific_mode.protocol

    @property
    def specific_mode(self) -> SpecificMode | None:
        """What TA2 says; None means negotiable mode."""
        ta2 = self.interface_byte("A", 2)
        return None if ta2 is None else SpecificMode(ta2 & 0x0F, not ta2 & 0x80, bool(ta2 & 0x10))

    @property
    def fi(self) -> int | None:
        """The clock rate conversion integer that TA1 offers, 372 by default; None for a reserved value."""
        entry = _FI.get(self._ta1 >> 4)
        return None if entry is None else entry[0]

    @property
    def fmax_mhz(self) -> float | None:
        """The highest clock frequency in MHz that TA1 allows, 5 by default; None for a reserved value."""
        entry = _FI.get(self._ta1 >> 4)
        return None if entry is None else entry[1]

    @property
    def di(self) -> int | None:
        """The baud rate adjustment integer that TA1 offers, 1 by default; None for a reserved value."""
        return _DI.get(self._ta1 & 0x0F)

    def speed_bps(self, clock_hz: int = 4_000_000) -> int | None:
        """Bits per second at a clock frequency, with the Fi and Di that the card offers; None for reserved ones."""
        return None if self.fi is None or self.di is None else clock_hz * self.di // self.fi

    @property
    def extra_guard_time_etu(self) -> int:
        """N of TC1 in elementary time units; 255 stands for the protocol's minimum."""
        tc1 = self.interface_byte("C", 1)
        return 0 if tc1 is None else tc1

    @property
    def waiting_integer(self) -> int | None:
        """WI of T=0 (TC2, 10 by default); None where T=0 is not offered."""
        if 0 not in self.protocols:
            return None
        tc2 = self.interface_byte("C", 2)
        return 10 if tc2 is None else tc2

    @property
    def ifsc(self) -> int | None:
        """The largest information field in bytes that the card takes in a T=1 block, 32 by default; None without T=1.

        Values 00 and FF are reserved and given as they stand.
        """
        return self._specific_to_t1("A", 32)

    @property
    def bwi(self) -> int | None:
        """The block waiting time integer of T=1, 4 by default; None without T=1."""
        tb = self._specific_to_t1("B", 0x4D)
        return None if tb is None else tb >> 4

    @property
    def cwi(self) -> int | None:
        """The character waiting time integer of T=1, 13 by default; None without T=1."""
        tb = self._specific_to_t1("B", 0x4D)
        return None if tb is None else tb & 0x0F

    @property
    def edc(self) -> EdcKind | None:
        """How T=1's blocks are checked, LRC by default; None without T=1."""
        tc = self._specific_to_t1("C", 0)
        if tc is None:
            return None
        return EdcKind.CRC if tc & 1 else EdcKind.LRC

    @property
    def tck_expected(self) -> int | None:
        """The check byte that belongs here (the XOR of all from T0 on), None where only T=0 is offered."""
        offered = {one.value & 0x0F for one in self.interface if one.letter == "D"}
        if offered <= {0}:
            return None
        return reduce(xor, self.raw[1 : self.historical_offset + len(self.historical)])

    @property
    def tck_right(self) -> bool:
        """Whether TCK is there exactly when it must be, with the right value."""
        return self.tck == self.tck_expected

    @property
    def historical_text(self) -> str | None:
        """The historical bytes as text, None when there are none or one of them is not printable ASCII."""
        printable = all(0x20 <= byte < 0x7F for byte in self.historical)
        return self.historical.decode("ascii") if self.historical and printable else None

    @property
    def compact(self) -> tuple[CompactObject, ...]:
        """The data objects in historical bytes of category 00, 10 or 80, as many as are whole; none otherwise."""
        return _parse_compact(self.historical, self.historical_offset)

    @property
    def byte_by_byte(self) -> tuple[AtrByte, ...]:
        """Every byte of the ATR, in order, with its name and its meaning."""
        return tuple(_describe_bytes(self))

    @property
    def _ta1(self) -> int:
        ta1 = self.interface_byte("A", 1)
        return _DEFAULT_TA1 if ta1 is None else ta1

    def _specific_to_t1(self, letter: str, default: int) -> int | None:
        """The first TA, TB or TC from index 3 on that belongs to T=1 (11.4)."""
        if 1 not in self.protocols:
            return None
        found = (one.value for one in self.interface if one.letter == letter and one.index > 2 and one.protocol == 1)
        return next(found, default)


def parse_atr(raw: bytes) -> Atr:
    """Read an ATR, from TS to TCK.

    A missing or wrong TCK is no error: cards with one work, and `Atr.tck_right` tells. Raises AtrError at the byte
    where an ATR is cut short, goes on too long, or begins with no TS.
    """
    if not raw:
        raise AtrError("an ATR begins with TS, and this one is empty", 0)
    if raw[0] not in _CONVENTIONS:
        raise AtrError(f"TS is 3B (direct convention) or 3F (inverse convention), not {raw[0]:02X}", 0)
    if len(raw) > MAX_ATR:
        raise AtrError(f"an ATR has at most {MAX_ATR} bytes, this one has {len(raw)}", MAX_ATR)
    reader = _Reader(raw)
    interface = tuple(reader.interface_bytes())
    length = raw[1] & 0x0F
    start = reader.position
    historical = raw[start : start + length]
    if len(historical) < length:
        raise AtrError(f"T0 announces {length} historical bytes, but {len(historical)} follow", len(raw))
    rest = raw[start + length :]
    needs_tck = any(one.letter == "D" and one.value & 0x0F for one in interface)
    if len(rest) > needs_tck:
        offset = start + length + needs_tck
        raise AtrError(f"{len(raw) - offset} bytes are left over after the end of the ATR", offset)
    return Atr(raw, interface, historical, start, rest[0] if rest else None)


@dataclass
class _Reader:
    raw: bytes
    position: int = field(default=1)

    def take(self, name: str) -> int:
        if self.position >= len(self.raw):
            raise AtrError(f"{name} is announced, but the ATR ends before it", self.position)
        self.position += 1
        return self.raw[self.position - 1]

    def interface_bytes(self) -> list[InterfaceByte]:
        found: list[InterfaceByte] = []
        announced = self.take("T0") >> 4
        index, protocol = 1, None
        while announced:
            for bit, letter in enumerate("ABCD"):
                if announced >> bit & 1:
                    value = self.take(f"T{letter}{index}")
                    owner = None if letter == "D" else _owner(letter, index, protocol)
                    found.append(InterfaceByte(letter, index, value, self.position - 1, owner))
            if not announced & 0x8:
                break
            announced, protocol = found[-1].value >> 4, found[-1].value & 0x0F
            index += 1
        return found


def _owner(letter: str, index: int, protocol: int | None) -> int | None:
    """The protocol that an interface byte is specific to: TC2 to T=0, from TA3 on TD's, all others are global."""
    if index == 2:
        return 0 if letter == "C" else None
    return None if protocol == _GLOBAL else protocol


# --- historical bytes ------------------------------------------------------------------------------------------------


def _parse_compact(historical: bytes, base: int) -> tuple[CompactObject, ...]:
    if not historical or historical[0] not in (0x00, 0x10, 0x80):
        return ()
    end = len(historical)
    status: tuple[CompactObject, ...] = ()
    if historical[0] == 0x00 and end >= 4:
        # category 00 ends with a status indicator of three bytes without a header
        end -= 3
        status = (CompactObject(0x8, historical[end:], base + end),)
    objects = []
    # category 10 is followed by one byte, the DIR data reference
    position = 2 if historical[0] == 0x10 else 1
    while position < end:
        length = historical[position] & 0x0F
        after = position + 1 + length
        if after > end:
            break
        objects.append(CompactObject(historical[position] >> 4, historical[position + 1 : after], base + position))
        position = after
    return (*objects, *status)


# --- every byte in words ---------------------------------------------------------------------------------------------


def _describe_bytes(atr: Atr) -> list[AtrByte]:
    described = [
        AtrByte(0, "TS", atr.ts, f"{atr.convention} convention"),
        AtrByte(1, "T0", atr.t0, _describe_t0(atr)),
    ]
    described += [AtrByte(one.offset, one.name, one.value, _describe_interface(atr, one)) for one in atr.interface]
    for number, value in enumerate(atr.historical, start=1):
        offset = atr.historical_offset + number - 1
        described.append(AtrByte(offset, f"T{number}", value, _describe_historical(atr, offset, value)))
    if atr.tck is not None:
        described.append(AtrByte(len(atr.raw) - 1, "TCK", atr.tck, _describe_tck(atr)))
    return described


def _describe_t0(atr: Atr) -> str:
    return f"{_announced(atr.t0 >> 4, 1)}; {_count(len(atr.historical), 'historical byte')}"


def _announced(nibble: int, index: int) -> str:
    names = [f"T{letter}{index}" for bit, letter in enumerate("ABCD") if nibble >> bit & 1]
    return f"{', '.join(names)} {'follows' if len(names) == 1 else 'follow'}" if names else "no interface bytes follow"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _describe_interface(atr: Atr, one: InterfaceByte) -> str:
    if one.letter == "D":
        kind = "global interface bytes" if one.value & 0x0F == _GLOBAL else f"T={one.value & 0x0F} is offered"
        return f"{kind}; {_announced(one.value >> 4, one.index + 1)}"
    if one.index == 1:
        return _describe_first(atr, one)
    if one.index == 2:
        return _describe_second(atr, one)
    if one.protocol == 1:
        return _describe_t1(one)
    if one.protocol is None:
        return _describe_global(one)
    return f"specific to T={one.protocol}"


def _describe_first(atr: Atr, one: InterfaceByte) -> str:
    if one.letter == "A":
        speed = atr.speed_bps()
        if speed is None:
            return "Fi or Di has a reserved value"
        return f"Fi={atr.fi}, Di={atr.di}: {speed} bit/s at 4 MHz; clock up to {atr.fmax_mhz:g} MHz"
    if one.letter == "B":
        return "programming voltage, no longer in use"
    guard = "the least that the protocol allows" if one.value == 255 else f"{one.value} etu"
    return f"extra guard time N: {guard}"


def _describe_second(atr: Atr, one: InterfaceByte) -> str:
    mode = atr.specific_mode
    if one.letter == "A" and mode is not None:
        change = "can change" if mode.can_change else "cannot change"
        speed = "speed by the card's own choice" if mode.implicit else "speed by TA1"
        return f"specific mode: T={mode.protocol} without negotiation, {speed}, {change}"
    if one.letter == "B":
        return "programming voltage, no longer in use"
    return f"waiting integer WI of T=0: {one.value}"


def _describe_t1(one: InterfaceByte) -> str:
    if one.letter == "A":
        return f"T=1: information field size IFSC: {one.value} bytes"
    if one.letter == "B":
        return f"T=1: character waiting integer CWI {one.value & 0x0F}, block waiting integer BWI {one.value >> 4}"
    return f"T=1: blocks are checked by {'CRC' if one.value & 1 else 'LRC'}"


def _describe_global(one: InterfaceByte) -> str:
    if one.letter == "A":
        classes = [name for bit, name in enumerate(("A (5 V)", "B (3 V)", "C (1.8 V)")) if one.value >> bit & 1]
        return f"clock stop: {_CLOCK_STOP[one.value >> 6]}; class {', '.join(classes) or 'reserved'}"
    if one.letter == "B":
        return "standard or proprietary use of contact C6"
    return "reserved"


def _describe_historical(atr: Atr, offset: int, value: int) -> str:
    if offset == atr.historical_offset and value in _CATEGORIES and atr.historical_text is None:
        return _CATEGORIES[value]
    for item in atr.compact:
        if item.offset == offset:
            return f"{item.meaning}: {format_bytes(item.value, spaced=True)}".rstrip(": ")
    shown = ascii_column(bytes((value,)))
    return f"'{shown}'" if shown != "." or value == ord(".") else ""


_CATEGORIES: Mapping[int, str] = MappingProxyType({
    0x00: "category: COMPACT-TLV, then a status indicator of three bytes",
    0x10: "category: the next byte is a DIR data reference",
    0x80: "category: COMPACT-TLV, a status indicator may be among it",
})


def _describe_tck(atr: Atr) -> str:
    return "check byte, right" if atr.tck_right else f"check byte, wrong: {atr.tck_expected:02X} is right"
