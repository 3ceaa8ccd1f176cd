"""Maps of the configuration memory: which field lies where, by which source, and how sure that is.

Addresses differ from model to model, so they are data: one TOML file a map in `maps/`, read when first asked for.
A file has `title`, `note`, and either `first`, `last` (inclusive addresses), `range_source` and `range_confidence`, or
`extends`, the name of the map whose range and fields it takes over (`range_source` and `range_confidence` may then
stand too, where the range is less sure for this model). Each `[[field]]` has `name`, `address`, `length`,
`kind`, `meaning`, `source`, `confidence` (of address and length) and `meaning_confidence`, and may have `value_form`,
`length_field` and `open_ended`. Where a map extends another, a field of the same name replaces the older one whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from jcopsh.jcop.confidence import Confidence
from jcopsh.jcop.root_applet import FIRST_ADDRESS, LAST_ADDRESS

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["Confidence", "Field", "Kind", "MapError", "MemoryMap", "MemoryMaps", "ValueForm", "all_maps", "load_map",
           "map_names", "parse_map"]


class Kind(StrEnum):
    """What a field holds. KEY and PIN are secrets."""

    KEY = "key"
    PIN = "pin"
    KEY_VERSION = "key version"
    LIFE_CYCLE = "life cycle"
    PROTOCOL = "protocol"
    INTERFACE_BYTES = "interface bytes"
    HISTORICAL_BYTES = "historical bytes"
    LENGTH = "length"
    CONFIGURATION = "configuration"
    UNKNOWN = "unknown"


class ValueForm(StrEnum):
    """How a field's bytes are to be read and shown: plain bytes, a number, or a length byte and then as many bytes
    (of text, where the form says so)."""

    BYTES = "bytes"
    NUMBER = "number"
    LENGTH_PREFIXED = "length-prefixed"
    LENGTH_PREFIXED_TEXT = "length-prefixed text"


class MapError(ValueError):
    """A map file that is wrong; `file` names it, `field` the field in it, where one is to blame."""

    def __init__(self, message: str, file: str, field: str | None = None) -> None:
        where = f"{file}, field {field}" if field else file
        super().__init__(f"{where}: {message}")
        self.file = file
        self.field = field


@dataclass(frozen=True, slots=True)
class Field:
    """A field: `length` bytes from `address`.

    `confidence` is that of address and length, `meaning_confidence` that of what it means. `length_field` names the
    field that says how many of the bytes are in use. `open_ended` marks a field of which only the beginning is known:
    `length` is then the least it can be.
    """

    name: str
    address: int
    length: int
    kind: Kind
    meaning: str
    source: str
    confidence: Confidence
    meaning_confidence: Confidence
    value_form: ValueForm = ValueForm.BYTES
    length_field: str | None = None
    open_ended: bool = False

    @property
    def end(self) -> int:
        """The first address behind the field."""
        return self.address + self.length

    @property
    def secret(self) -> bool:
        """Whether the bytes are a key or a PIN."""
        return self.kind in (Kind.KEY, Kind.PIN)


@dataclass(frozen=True, slots=True)
class MemoryMap:
    """The fields of one model's configuration memory, by address and without overlap.

    `first` and `last` (both inclusive) bound what can be read. Bytes that no field covers are not known.
    """

    name: str
    title: str
    note: str
    first: int
    last: int
    range_source: str
    range_confidence: Confidence
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name, in any case of letters."""
        return next((one for one in self.fields if one.name == name.lower()), None)

    def at(self, address: int) -> Field | None:
        """The field that covers an address."""
        return next(iter(self.overlapping(address, 1)), None)

    def overlapping(self, address: int, length: int) -> tuple[Field, ...]:
        """The fields of which at least one byte lies in `length` bytes from `address`, by address."""
        return tuple(one for one in self.fields if one.address < address + length and address < one.end)


class MemoryMaps(tuple[MemoryMap, ...]):
    """The maps that may apply to a card, with an index of their key and PIN fields, which every exchange asks for."""

    def secrets_in(self, address: int, length: int) -> tuple[Field, ...]:
        """The key and PIN fields that a range of memory touches, in any of the maps, each address and length once."""
        end = address + length
        first, last_end, secrets = self._secrets
        if end <= first or last_end <= address:
            return ()
        return tuple([one for start, stop, one in secrets if start < end and address < stop])

    @cached_property
    def _secrets(self) -> tuple[int, int, tuple[tuple[int, int, Field], ...]]:
        """The first address of any secret field, the first behind all of them, and each with its own two."""
        found = {(one.address, one.end): one for known in self for one in known.fields if one.secret}
        rows = tuple((start, stop, one) for (start, stop), one in found.items())
        return min((row[0] for row in rows), default=0), max((row[1] for row in rows), default=0), rows


def map_names() -> tuple[str, ...]:
    """The names of all maps, sorted."""
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir()
                        if entry.name.endswith(".toml")))


@cache
def load_map(name: str) -> MemoryMap:
    """The map of that name. Raises MapError for an unknown name, listing the known ones, and for a bad file."""
    names = map_names()
    if name not in names:
        raise MapError(f"there is no such map; there are {', '.join(names)}", f"{name}.toml")
    text = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    return parse_map(name, text, load_map)


@cache
def all_maps() -> MemoryMaps:
    """Every map, by name."""
    return MemoryMaps(load_map(name) for name in map_names())


def parse_map(name: str, text: str, parent: Callable[[str], MemoryMap]) -> MemoryMap:
    """Read the text of a map file; `parent` gives the map that it extends. Raises MapError."""
    import tomllib

    file = f"{name}.toml"
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MapError(f"not TOML: {error}", file) from None
    extends = table.pop("extends", None)
    fields: dict[str, Field] = {}
    if extends is not None:
        if extends == name:
            raise MapError("it extends itself", file)
        base = parent(extends)
        fields = {one.name: one for one in base.fields}
        table = {**_range_of(base), **table}
    tables = table.pop("field", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise MapError("fields are written as [[field]]", file)
    _check_keys(table, _MAP_KEYS, file, None)
    fields.update(_parse_fields(tables, file))
    found = MemoryMap(
        name=name,
        title=table["title"],
        note=table["note"],
        first=table["first"],
        last=table["last"],
        range_source=table["range_source"],
        range_confidence=_member(Confidence, table["range_confidence"], file, None),
        fields=tuple(sorted(fields.values(), key=lambda one: one.address)),
    )
    _check_map(found, file)
    return found


# --- reading a file --------------------------------------------------------------------------------------------------

_MAP_KEYS: Mapping[str, type] = {
    "title": str, "note": str, "first": int, "last": int, "range_source": str, "range_confidence": str,
}
_FIELD_REQUIRED: Mapping[str, type] = {
    "name": str, "address": int, "length": int, "kind": str, "meaning": str, "source": str, "confidence": str,
    "meaning_confidence": str,
}
_FIELD_OPTIONAL: Mapping[str, type] = {"value_form": str, "length_field": str, "open_ended": bool}
T = TypeVar("T", bound=StrEnum)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _folder() -> Traversable:
    from importlib import resources

    return resources.files("jcopsh.jcop") / "maps"


def _range_of(base: MemoryMap) -> dict[str, object]:
    return {
        "first": base.first, "last": base.last, "range_source": base.range_source,
        "range_confidence": base.range_confidence.value,
    }


def _parse_fields(tables: list[dict[str, Any]], file: str) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for number, table in enumerate(tables, start=1):
        one = _parse_field(table, file, str(table.get("name", f"number {number}")))
        if one.name in fields:
            raise MapError("the name is taken twice", file, one.name)
        fields[one.name] = one
    return fields


def _parse_field(table: dict[str, Any], file: str, label: str) -> Field:
    optional = {key: kind for key, kind in _FIELD_OPTIONAL.items() if key in table}
    _check_keys(table, {**_FIELD_REQUIRED, **optional}, file, label)
    if not _NAME.fullmatch(table["name"]):
        raise MapError("a name is lower-case letters, digits and '_', and begins with a letter", file, label)
    for key in ("meaning", "source"):
        if not table[key].strip():
            raise MapError(f"{key} is empty", file, label)
    return Field(
        name=table["name"],
        address=table["address"],
        length=table["length"],
        kind=_member(Kind, table["kind"], file, label),
        meaning=table["meaning"],
        source=table["source"],
        confidence=_member(Confidence, table["confidence"], file, label),
        meaning_confidence=_member(Confidence, table["meaning_confidence"], file, label),
        value_form=_member(ValueForm, table.get("value_form", ValueForm.BYTES.value), file, label),
        length_field=table.get("length_field"),
        open_ended=table.get("open_ended", False),
    )


def _check_keys(table: dict[str, Any], known: Mapping[str, type], file: str, label: str | None) -> None:
    for key, kind in known.items():
        if key not in table:
            raise MapError(f"{key} is missing", file, label)
        # exactly: True is an int to isinstance, and no address
        if type(table[key]) is not kind:
            raise MapError(f"{key} is to be of type {kind.__name__}", file, label)
    for key in table.keys() - known.keys():
        raise MapError(f"{key} is not known here", file, label)


def _member(kind: type[T], value: str, file: str, label: str | None) -> T:
    try:
        return kind(value)
    except ValueError:
        members = ", ".join(member.value for member in kind)
        raise MapError(f"'{value}' is none of {members}", file, label) from None


def _check_map(found: MemoryMap, file: str) -> None:
    if not FIRST_ADDRESS <= found.first <= found.last <= LAST_ADDRESS:
        raise MapError(f"first and last are to lie in {FIRST_ADDRESS:06X} to {LAST_ADDRESS:06X}, in that order", file)
    for one in found.fields:
        _check_field(found, one, file)
    for lower, upper in pairwise(found.fields):
        if lower.end > upper.address:
            raise MapError(f"it overlaps {lower.name}, which ends at {lower.end - 1:06X}", file, upper.name)


def _check_field(found: MemoryMap, one: Field, file: str) -> None:
    if one.length < 1:
        raise MapError("a field has at least one byte", file, one.name)
    if one.address < found.first or one.end - 1 > found.last:
        raise MapError(f"it is not within {found.first:06X} to {found.last:06X}", file, one.name)
    if one.length_field is not None and found.field(one.length_field) is None:
        raise MapError(f"its length_field {one.length_field} is no field", file, one.name)
