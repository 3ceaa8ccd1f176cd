"""Addresses of the configuration memory, and lengths in it."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import HEX_DIGITS
from jcopsh.jcop import root_applet
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import LONGEST_REPEATED, byte_runs
from jcopsh.shell.tokens import Span, TokenKind, counted
from jcopsh.shell.types.base import ParameterType, PendingError, did_you_mean, matching
from jcopsh.shell.types.plain import number_may_go_on, parse_number

if TYPE_CHECKING:
    from jcopsh.jcop.memory_map import Field, MemoryMap


_HEX_NUMBER = re.compile(r"(?:0[xX])?(?P<digits>[0-9A-Fa-f]+)")
_ADDRESS_SO_FAR = re.compile(r"0[xX][0-9A-Fa-f]{0,5}|[0-9A-Fa-f]{0,5}")
_OFFSET_SO_FAR = re.compile(r"\+(?:0[xX]?)?")
_LOOKS_LIKE_ADDRESS = re.compile(r"0[xX].*|[0-9].*|[cC]0[0-9A-Fa-f]+")
_FIELD_WITH_OFFSET = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\+(?P<offset>0[xX][0-9A-Fa-f]+|[0-9]+))?")


@dataclass(frozen=True)
class AddressType(ParameterType[int]):
    """A 24-bit address of the configuration memory, CLA‖P1‖P2: a number such as 0xC00305, or a field's name, `+4`."""

    metavar: ClassVar[str] = "ADDRESS"
    never_secret: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "an address such as 0xC00305, always hexadecimal, or a field of the memory map, as cm_key1 or cm_key1+4"

    def parse(self, text: str, context: ParseContext) -> int:
        """The address."""
        number = _HEX_NUMBER.fullmatch(text)
        if number and (named := find_field(text, context)) is None:
            return self._from_digits(text, number["digits"])
        if _LOOKS_LIKE_ADDRESS.fullmatch(text) and number is None:
            return self._reject_digits(text)
        match = _FIELD_WITH_OFFSET.fullmatch(text)
        if match is None:
            raise UsageError("this is neither an address nor the name of a field",
                             hint="an address has the form 0xC0hhll, e.g. 0xC00305", start=0, end=len(text))
        named = find_field(match["name"], context) or self._by_all_maps(match["name"], context)
        return self._within(named, match)

    def _from_digits(self, text: str, digits: str) -> int:
        shown = f"{text[:2]}{digits.upper()}" if text[:2].lower() == "0x" else digits.upper()
        # a long row of digits may be a key that went to the wrong place: it is not repeated
        name = shown if len(text) <= LONGEST_REPEATED else "this"
        if len(digits) != 6 or not root_applet.FIRST_ADDRESS <= int(digits, 16) <= root_applet.LAST_ADDRESS:
            raise UsageError(f"{name} does not fit CLA‖P1‖P2: an address has the form 0xC0hhll",
                             hint=_whole_address(digits), start=0, end=len(text))
        return int(digits, 16)

    def _reject_digits(self, text: str) -> int:
        start = 2 if text[:2].lower() == "0x" else 0
        wrong = next((i for i in range(start, len(text)) if text[i] not in HEX_DIGITS), start)
        raise UsageError("an address has six hexadecimal digits: 0xC0hhll", hint="e.g. 0xC00305",
                         start=min(wrong, len(text) - 1), end=min(wrong + 1, len(text)))

    def _within(self, named: Field, match: re.Match[str]) -> int:
        offset = parse_number(match["offset"]) if match["offset"] else 0
        if offset is None or offset >= named.length:
            raise UsageError(_offsets_of(named), start=match.start("offset"), end=match.end("offset"))
        return named.address + offset

    def _by_all_maps(self, name: str, context: ParseContext) -> Field:
        """A field of which the current map knows nothing: what the other maps say, where no map is in use."""
        from jcopsh.jcop.memory_map import all_maps

        end = len(name)
        if context.map is not None:
            known = next((m.name for m in all_maps() if m.field(name)), "")
            hint = did_you_mean(name, [f.name for f in context.map.fields])
            raise UsageError(f"the memory map {context.map.name} has no such field",
                             hint=hint or (f"the map {known} has it: set map {known}" if known else _NAMES_HINT),
                             start=0, end=end)
        found = {m.name: one for m in all_maps() if (one := m.field(name)) is not None}
        if not found:
            names = {f.name for m in all_maps() for f in m.fields}
            raise UsageError("no memory map has such a field", hint=did_you_mean(name, names) or _NAMES_HINT,
                             start=0, end=end)
        places = {(one.address, one.length) for one in found.values()}
        if len(places) == 1:
            return next(iter(found.values()))
        raise PendingError("this field lies at different addresses in different memory maps, and none is chosen",
                           hint=f"set map {next(iter(found))}, or give the address", start=0, end=end)

    def format(self, value: int) -> str:
        """As 0xC00305."""
        return f"0x{value:06X}"

    def explain(self, text: str, context: ParseContext) -> str:
        """The field that the address lies in: its place in it, its kind, and how sure that is."""
        try:
            address = self.parse(text, context)
        except UsageError:
            return ""
        found = context.map.at(address) if context.map is not None else None
        if found is None:
            unknown = f"the map {context.map.name} names nothing there" if context.map else "no memory map is chosen"
            return f"0x{address:06X}: {unknown}"
        offset = f"+{address - found.address}" if address != found.address else ""
        kind = f"{found.kind.value}, " if found.kind.value not in found.meaning.lower() else ""
        return (f"0x{address:06X} is {found.name}{offset}: {kind}{_field_length(found)}, {found.confidence.value} "
                f"({found.source}). {found.meaning}")

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The fields of the map, each with address, length and how sure that is."""
        return [
            Completion(f.name, f"0x{f.address:06X}  {_field_length(f):>9}  {f.confidence.value:<8}  {f.kind.value}")
            for f in _fields_to_offer(context) if f.name.startswith(text.lower())
        ]

    def may_go_on(self, text: str, context: ParseContext) -> bool:
        """Whether it may become an address, a field of any map, or an offset in one."""
        from jcopsh.jcop.memory_map import all_maps

        name, plus, _ = text.lower().partition("+")
        if plus:
            return _OFFSET_SO_FAR.fullmatch(text, len(name)) is not None
        return _ADDRESS_SO_FAR.fullmatch(text) is not None or any(
            one.name.startswith(name) for known in (*all_maps(), *([context.map] if context.map else ()))
            for one in known.fields
        )

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """None, unless it is too long for an address or a name."""
        return [Span(0, len(text))] if len(text) > 10 and _HEX_NUMBER.fullmatch(text) else byte_runs(text)

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A field, where it is the name of one."""
        named = find_field(text.partition("+")[0], context)
        return TokenKind.FIELD if named or not _LOOKS_LIKE_ADDRESS.match(text) else TokenKind.ADDRESS


_NAMES_HINT = "press Tab after a blank for the fields there are"


def find_field(name: str, context: ParseContext) -> Field | None:
    """The field of that name in the map in use."""
    return context.map.field(name) if context.map is not None else None


def _fields_to_offer(context: ParseContext) -> Iterable[Field]:
    """The fields of the map in use; without one, those that lie at the same place in every map that has them."""
    if context.map is not None:
        return context.map.fields
    from jcopsh.jcop.memory_map import all_maps

    places: dict[str, set[tuple[int, int]]] = {}
    fields: dict[str, Field] = {}
    for memory_map in all_maps():
        for one in memory_map.fields:
            places.setdefault(one.name, set()).add((one.address, one.length))
            fields.setdefault(one.name, one)
    return sorted((one for one in fields.values() if len(places[one.name]) == 1), key=lambda one: one.address)


def _field_length(one: Field) -> str:
    if one.open_ended:
        return "? bytes"
    return counted(one.length, "byte")


def _offsets_of(one: Field) -> str:
    last = f", +0 to +{one.length - 1}" if one.length > 1 else ": there is nothing to add to it"
    return f"{one.name} has {counted(one.length, 'byte')}{last}"


def _whole_address(digits: str) -> str:
    """What a number that is no address may have been meant to be."""
    if len(digits) == 6 and digits.upper().startswith("FF"):
        return "class FF is the reader's: reader-send FF … asks it; no memory lies at FFxxxx"
    if len(digits) == 4:
        return f"did you mean 0xC0{digits.upper()}?"
    # as many digits as the addresses have in decimal
    if len(digits) == len(str(root_applet.FIRST_ADDRESS)) and digits.isdecimal():
        return f"addresses are hexadecimal: {digits} in decimal is 0x{int(digits):06X}"
    return "e.g. 0xC00305, or the name of a field such as cm_key1"


@dataclass(frozen=True)
class LengthType(ParameterType[int]):
    """A count of bytes, at least 1, that stays within the card's memory when an address stands before it."""

    metavar: ClassVar[str] = "LENGTH"
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a number of bytes, in decimal or as 0x…, at least 1"

    def parse(self, text: str, context: ParseContext) -> int:
        """The count."""
        value = parse_number(text)
        if value is None:
            raise UsageError("a length is a number of bytes", hint="write it in decimal, or in hexadecimal as 0x10",
                             start=0, end=len(text))
        if value < 1:
            raise UsageError("a length is at least 1 byte", start=0, end=len(text))
        most = self._most(context)
        if value > most:
            there = f"there {'is' if most == 1 else 'are'} {most}"
            raise UsageError(f"{value} bytes go beyond the end of the memory: from here {there}",
                             hint=f"at most {most}", start=0, end=len(text))
        return value

    def may_go_on(self, text: str, context: ParseContext) -> bool:
        """Whether more digits may make a length of it."""
        return number_may_go_on(text, self._most(context))

    def _most(self, context: ParseContext) -> int:
        address = context.arguments.get("address", root_applet.FIRST_ADDRESS)
        last = root_applet.LAST_ADDRESS
        if context.map is not None and context.map.first <= address <= context.map.last:
            last = context.map.last
        return last - int(address) + 1

    def format(self, value: int) -> str:
        """In decimal."""
        return str(value)

    def explain(self, text: str, context: ParseContext) -> str:
        """The last address, and what else than the field at the first one is touched."""
        address = context.arguments.get("address")
        try:
            length = self.parse(text, context)
        except UsageError:
            return ""
        if address is None:
            return f"{counted(length, 'byte')}, 0x{length:X}"
        names = [one.name for one in context.map.overlapping(address, length)] if context.map is not None else []
        touched = f"{names[0]} to {names[-1]}" if len(names) > 1 else "".join(names)
        span = f"0x{address:06X} to 0x{address + length - 1:06X}"
        return f"{counted(length, 'byte')}: {span}" + (f", {touched}" if touched else "")

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The length of the field that the address begins."""
        address = context.arguments.get("address")
        found = context.map.at(address) if context.map is not None and address is not None else None
        if found is None or address is None:
            return ()
        plural = "" if found.end - address == 1 else "s"
        return matching({str(found.end - address): f"byte{plural} to the end of {found.name}"}, text)


def known_public(address: int, length: int, memory_map: MemoryMap | None) -> bool:
    """Whether every byte of a range lies in a field that is known and no secret."""
    if memory_map is None:
        return False
    covered = address
    for one in memory_map.overlapping(address, length):
        if one.secret or one.address > covered:
            return False
        covered = one.end
    return covered >= address + length


def secret_somewhere(address: int, length: int) -> bool:
    """Whether a range touches a key or a PIN in any of the maps."""
    from jcopsh.jcop.memory_map import all_maps

    return any(one.secret for known in all_maps() for one in known.overlapping(address, length))
