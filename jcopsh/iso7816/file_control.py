"""What a card says of a file that it selects: FCP, FMD and FCI (ISO/IEC 7816-4:2005, 5.3.3; ETSI TS 102 221, 11.1.1).

Cards leave out what they like, and some leave out the template around the data objects: what is not told is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from enum import Enum

from jcopsh.iso7816.tlv import TLV, TlvError, encode, parse

TEMPLATES = {0x62: "FCP", 0x64: "FMD", 0x6F: "FCI"}


class FileControlError(ValueError):
    """Data that are no file control information of ISO/IEC 7816-4: those of a SIM of GSM 11.11, for example."""


class FileKind(Enum):
    """What a file is (table 14, bits 6 to 4 of the file descriptor byte)."""

    DF = "DF"
    WORKING_EF = "working EF"
    INTERNAL_EF = "internal EF"
    PROPRIETARY_EF = "EF of the card's own kind"


class Structure(Enum):
    """How an EF is built (table 14, bits 3 to 1)."""

    TRANSPARENT = "transparent"
    LINEAR_FIXED = "records of fixed length"
    LINEAR_FIXED_TLV = "records of fixed length, TLV"
    LINEAR_VARIABLE = "records of variable length"
    LINEAR_VARIABLE_TLV = "records of variable length, TLV"
    CYCLIC = "cyclic records of fixed length"
    CYCLIC_TLV = "cyclic records of fixed length, TLV"
    BER_TLV = "BER-TLV data objects"
    SIMPLE_TLV = "SIMPLE-TLV data objects"


_STRUCTURES = {
    1: Structure.TRANSPARENT, 2: Structure.LINEAR_FIXED, 3: Structure.LINEAR_FIXED_TLV, 4: Structure.LINEAR_VARIABLE,
    5: Structure.LINEAR_VARIABLE_TLV, 6: Structure.CYCLIC, 7: Structure.CYCLIC_TLV,
}
_TLV_STRUCTURES = {0b111001: Structure.BER_TLV, 0b111010: Structure.SIMPLE_TLV}
_DF = 0b111000


class LifeCycle(Enum):
    """The life cycle status (table 13)."""

    NOT_TOLD = "not told"
    CREATION = "creation"
    INITIALISATION = "initialisation"
    ACTIVATED = "operational, activated"
    DEACTIVATED = "operational, deactivated"
    TERMINATED = "terminated"
    PROPRIETARY = "the card's own state"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What may be done under which condition, both in words."""

    mode: str
    condition: str


@dataclass(frozen=True, slots=True)
class ControlObject:
    """A data object that has no field of its own: its tag, what it is, its value."""

    tag: int
    meaning: str
    value: bytes


@dataclass(frozen=True, slots=True)
class FileControl:
    """File control information, decoded.

    `template` is `FCP`, `FMD` or `FCI`, None where the card gives data objects without one. `size` counts the data
    bytes without structure, `total_size` with it. `record_length` is the length of each record, in a file with records
    of variable length that of the longest. `identifier` has two bytes. `short_identifier` is 1 to 30; None where the
    card says that there is none, or says nothing (then bits 5 to 1 of the identifier may be it). `rules` are those of
    the compact format; `rules_in` says where the rules are, if they are elsewhere.
    """

    template: str | None
    raw: bytes
    kind: FileKind | None = None
    structure: Structure | None = None
    shareable: bool | None = None
    size: int | None = None
    total_size: int | None = None
    record_length: int | None = None
    record_count: int | None = None
    identifier: bytes = b""
    name: bytes = b""
    short_identifier: int | None = None
    short_identifier_told: bool = False
    life_cycle: LifeCycle | None = None
    rules: tuple[AccessRule, ...] = ()
    rules_in: str = ""
    others: tuple[ControlObject, ...] = ()

    @property
    def is_df(self) -> bool:
        """Whether it is known to be a DF: by its descriptor, or by a DF name."""
        return self.kind is FileKind.DF or (self.kind is None and bool(self.name))

    @property
    def is_ef(self) -> bool:
        """Whether it is known to be an EF."""
        return self.kind is not None and self.kind is not FileKind.DF

    @property
    def has_records(self) -> bool:
        """Whether it is known to be made of records."""
        return self.structure is not None and self.structure in _WITH_RECORDS


_WITH_RECORDS = frozenset(_STRUCTURES.values()) - {Structure.TRANSPARENT}


def parse_file_control(data: bytes) -> FileControl:
    """Read the answer of a SELECT: one of the templates, or the data objects of one.

    Raises FileControlError where the data are no BER-TLV, or none of the data objects says anything of a file.
    """
    try:
        objects = parse(data)
        template = next((one for one in objects if one.tag in TEMPLATES), None)
        # some cards leave a part of the data objects outside
        inside = [*template.children, *(one for one in objects if one is not template)] if template else objects
        inner = [child for one in inside if one.tag in (0x62, 0x64) for child in one.children]
    except TlvError as error:
        raise FileControlError(f"this is no file control information: {error}") from None
    # an FCI may hold its FCP and FMD as templates of their own
    found = [one for one in inside if one.tag not in (0x62, 0x64)] + inner
    # what a SIM answers begins with 0000, which would pass for padding
    bare = template is None and (data[:1] == b"\x00" or not any(one.tag in _OWN_FIELDS for one in found))
    if not found or bare:
        raise FileControlError("this is no file control information")
    return _decode(TEMPLATES[template.tag] if template else None, found, data)


_OWN_FIELDS = frozenset((0x80, 0x81, 0x82, 0x83, 0x84, 0x88, 0x8A, 0x8B, 0x8C))


def _decode(template: str | None, objects: Sequence[TLV], raw: bytes) -> FileControl:
    first: dict[int, bytes] = {}
    for one in objects:
        first.setdefault(one.tag, one.value)
    kind, structure, shareable = _descriptor(first.get(0x82, b""))
    length, count = _records(first.get(0x82, b""))
    # a DF has no records, whatever stands behind its descriptor
    short = first.get(0x88)
    rules = compact_rules(first.get(0x8C, b""), kind)
    told = _OWN_FIELDS if rules else _OWN_FIELDS - {0x8C}
    return FileControl(
        template=template, raw=raw, kind=kind, structure=structure, shareable=shareable,
        size=_number(first.get(0x80)), total_size=_number(first.get(0x81)),
        record_length=length if kind is not FileKind.DF else None,
        record_count=count if kind is not FileKind.DF else None,
        identifier=first.get(0x83, b""), name=first.get(0x84, b""),
        short_identifier=(short[0] >> 3 or None) if short else None, short_identifier_told=short is not None,
        life_cycle=_life_cycle(first.get(0x8A)), rules=rules,
        rules_in=_rules_elsewhere(first.get(0x8B)), others=tuple(_others(objects, told)),
    )


def _number(value: bytes | None) -> int | None:
    return int.from_bytes(value, "big") if value else None


def _descriptor(value: bytes) -> tuple[FileKind | None, Structure | None, bool | None]:
    if not value or value[0] & 0x80:
        return None, None, None
    bits, shareable = value[0] & 0x3F, bool(value[0] & 0x40)
    if bits in _TLV_STRUCTURES:
        return FileKind.WORKING_EF, _TLV_STRUCTURES[bits], shareable
    if bits & _DF == _DF:
        return FileKind.DF, None, shareable
    kinds = {0b000: FileKind.WORKING_EF, 0b001: FileKind.INTERNAL_EF}
    return kinds.get(bits >> 3, FileKind.PROPRIETARY_EF), _STRUCTURES.get(bits & 0b111), shareable


def _records(value: bytes) -> tuple[int | None, int | None]:
    """Length and number of records: after descriptor and data coding byte 1 or 2 bytes, then 1 or 2 bytes."""
    length = int.from_bytes(value[2:4], "big") if len(value) > 2 else None
    count = int.from_bytes(value[4:6], "big") if len(value) > 4 else None
    return length, count


def _life_cycle(value: bytes | None) -> LifeCycle | None:
    if not value:
        return None
    status = value[0]
    if status > 0x0F:
        return LifeCycle.PROPRIETARY
    if status >= 0x0C:
        return LifeCycle.TERMINATED
    named = {0x00: LifeCycle.NOT_TOLD, 0x01: LifeCycle.CREATION, 0x03: LifeCycle.INITIALISATION,
             0x04: LifeCycle.DEACTIVATED, 0x06: LifeCycle.DEACTIVATED, 0x05: LifeCycle.ACTIVATED,
             0x07: LifeCycle.ACTIVATED}
    return named.get(status, LifeCycle.PROPRIETARY)


# --- access rules --------------------------------------------------------------------------------------------------

_DF_MODES = ("delete itself", "terminate", "activate", "deactivate", "create a DF", "create an EF", "delete a child")
_EF_MODES = ("delete", "terminate", "activate", "deactivate", "write, append", "update, erase", "read, search")


def compact_rules(value: bytes, kind: FileKind | None) -> tuple[AccessRule, ...]:
    """The rules of the compact format (5.4.3.1): access mode bytes, each with a condition for each of its bits.

    What does not fit the format, or means something else for a kind of file that is not told, gives no rule.
    """
    if kind is None:
        return ()
    names = _DF_MODES if kind is FileKind.DF else _EF_MODES
    rules: list[AccessRule] = []
    position = 0
    while position < len(value):
        mode = value[position]
        wanted = [names[bit] for bit in range(7) if mode & 0x40 >> bit]
        conditions = value[position + 1 : position + 1 + len(wanted)]
        if len(conditions) < len(wanted) or mode & 0x80:
            return ()
        rules += [AccessRule(name, condition_words(byte)) for name, byte in zip(wanted, conditions, strict=True)]
        position += 1 + len(wanted)
    return tuple(rules)


def condition_words(byte: int) -> str:
    """A security condition byte in words (5.4.3.1, table 20)."""
    if byte == 0x00:
        return "always"
    if byte == 0xFF:
        return "never"
    named = ((0x40, "secure messaging"), (0x20, "external authentication"), (0x10, "user authentication, e.g. a PIN"))
    words = [name for bit, name in named if byte & bit]
    joint = " and " if byte & 0x80 else " or "
    environment = byte & 0x0F
    told = joint.join(words) or "no condition named"
    return told + (f" (security environment {environment})" if environment else "")


def _rules_elsewhere(value: bytes | None) -> str:
    """The reference to access rules (tag 8B): an EF and the number of a record in it."""
    if not value:
        return ""
    if len(value) == 1:
        return f"record {value[0]} of EF.ARR"
    file = f"file {value[:2].hex().upper()}"
    if len(value) == 3:
        return f"record {value[2]} of {file}"
    pairs = zip(value[2::2], value[3::2], strict=False)
    return ", ".join(f"record {record} (security environment {number})" for number, record in pairs) + f" of {file}"


_MEANINGS = {
    0x50: "application label", 0x85: "proprietary, not BER-TLV", 0x86: "security attribute, the card's own format",
    0x87: "EF with more file control information", 0x8C: "security attribute, compact format",
    0x8D: "EF with security environments",
    0x8E: "channel security attribute", 0x9F65: "longest command data", 0xA0: "security attributes of data objects",
    0xA1: "security attribute template", 0xA2: "pairs of identifier and path", 0xA5: "proprietary",
    0xAB: "access rules, expanded format", 0xAC: "cryptographic mechanisms", 0xC6: "PIN status (ETSI TS 102 221)",
}


def _others(objects: Iterable[TLV], told: Set[int]) -> Iterable[ControlObject]:
    """The data objects that no field holds: all but the first of each tag that is `told`."""
    seen: set[int] = set()
    for one in objects:
        if one.tag in seen or one.tag not in told:
            yield ControlObject(one.tag, _MEANINGS.get(one.tag, ""), one.value)
        seen.add(one.tag)


# --- what a new file is to be --------------------------------------------------------------------------------------

LONGEST_RECORD = 255  # bytes
# file descriptor byte (table 14) and data coding byte (table 87): a working EF, in units of one byte
_TRANSPARENT = b"\x01\x21"
_OF_RECORDS = b"\x02\x21"


def df_parameters(identifier: bytes) -> bytes:
    """The FCP template of a DF; `identifier` has 2 bytes."""
    return with_identifier(encode(0x82, bytes((_DF,))), identifier)


def transparent_parameters(identifier: bytes, size: int) -> bytes:
    """The FCP template of a transparent EF of so many bytes, at most FFFF."""
    return with_identifier(encode(0x80, size.to_bytes(2, "big")) + encode(0x82, _TRANSPARENT), identifier)


def record_parameters(identifier: bytes, length: int, count: int) -> bytes:
    """The FCP template of a linear EF: `count` records, at most 254, of `length` bytes each, at most LONGEST_RECORD."""
    descriptor = _OF_RECORDS + length.to_bytes(2, "big") + bytes((count,))
    return with_identifier(encode(0x80, (length * count).to_bytes(2, "big")) + encode(0x82, descriptor), identifier)


def with_identifier(objects: bytes, identifier: bytes) -> bytes:
    """The FCP template of these data objects and the file identifier (ISO/IEC 7816-4:2005, 5.3.3)."""
    return encode(0x62, objects + encode(0x83, identifier))
