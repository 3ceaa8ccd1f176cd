"""The memory of the card with files: its files, data objects, PIN and PUK, and what the factory puts there.

A workshop's inventory, to practise on. Everything is a value: each change makes a new memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from jcopsh.simulator import tlv
from jcopsh.simulator.assumptions import FILES_PIN

MASTER_FILE = 0x3F00
PIN_TRIES, PUK_TRIES = 3, 10

Path = tuple[int, ...]
"""The identifiers from the MF on, the file's own last."""


class Structure(Enum):
    """What a file is: the low bits of its file descriptor byte (ISO/IEC 7816-4:2005, table 14)."""

    TRANSPARENT = 0x01
    LINEAR_FIXED = 0x02
    LINEAR_VARIABLE = 0x04
    CYCLIC = 0x06
    DF = 0x38


class Condition(Enum):
    """Who may: a security condition byte of the compact format (ISO/IEC 7816-4:2005, 5.4.3.1)."""

    ALWAYS = 0x00
    PIN = 0x10
    NEVER = 0xFF


@dataclass(frozen=True, slots=True, repr=False)
class File:
    """A DF or an EF.

    `records` are the records by number from 1 (in a cyclic file the newest first), or the whole content of a
    transparent file as the only one. `record_length` is the length of each record, in a file with records of variable
    length that of the longest there may be; `most_records` is how many there may be. `update` of a DF is about making
    files in it. `name` is the DF name, 1 to 16 bytes.
    """

    path: Path
    structure: Structure
    records: tuple[bytes, ...] = ()
    record_length: int = 0
    most_records: int = 0
    name: bytes = b""
    label: str = ""
    short_identifier: int = 0
    read: Condition = Condition.ALWAYS
    update: Condition = Condition.PIN
    delete: Condition = Condition.NEVER
    active: bool = True

    @property
    def identifier(self) -> int:
        """The file identifier, 16 bits."""
        return self.path[-1]

    @property
    def is_df(self) -> bool:
        """Whether other files can be in it."""
        return self.structure is Structure.DF

    @property
    def content(self) -> bytes:
        """The bytes of a transparent file."""
        return self.records[0] if self.records else b""

    @property
    def size(self) -> int:
        """The number of data bytes."""
        return sum(map(len, self.records))


@dataclass(frozen=True, slots=True, repr=False)
class DataObject:
    """A data object of the card, by its BER tag."""

    tag: bytes
    value: bytes
    read: Condition = Condition.ALWAYS
    update: Condition = Condition.PIN


@dataclass(frozen=True, slots=True, repr=False)
class Memory:
    """Everything the card keeps without power. It has no repr: it holds a PIN and a PUK."""

    files: tuple[File, ...]
    objects: tuple[DataObject, ...]
    pin: bytes
    puk: bytes
    pin_tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES

    def file(self, path: Path) -> File | None:
        """The file with this path."""
        return next((file for file in self.files if file.path == path), None)

    def children(self, path: Path) -> Iterator[File]:
        """The files right below a DF."""
        return (file for file in self.files if len(file.path) == len(path) + 1 and file.path[:-1] == path)

    def by_name(self, name: bytes) -> File | None:
        """The DF with exactly this name."""
        return next((file for file in self.files if file.is_df and file.name == name), None)

    def by_short_identifier(self, df: Path, number: int) -> File | None:
        """The EF right below a DF that has this short identifier (1 to 30)."""
        return next((file for file in self.children(df) if number and file.short_identifier == number), None)

    def with_file(self, changed: File) -> Memory:
        """The memory with a file in place of the one that had its path, or in addition."""
        if self.file(changed.path) is None:
            return replace(self, files=(*self.files, changed))
        return replace(self, files=tuple(changed if one.path == changed.path else one for one in self.files))

    def without_file(self, path: Path) -> Memory:
        """The memory without a file."""
        return replace(self, files=tuple(one for one in self.files if one.path != path))

    def object(self, tag: bytes) -> DataObject | None:
        """The data object with this tag."""
        return next((one for one in self.objects if one.tag == tag), None)

    def with_object(self, changed: DataObject) -> Memory:
        """The memory with another value for a data object that is there."""
        return replace(self, objects=tuple(changed if one.tag == changed.tag else one for one in self.objects))


# --- what the factory puts there -----------------------------------------------------------------------------------

INVENTORY, MEASUREMENTS = (MASTER_FILE, 0x7E10), (MASTER_FILE, 0x7E20)
INVENTORY_NAME = b"\xf0WORKSHOP"
MEASUREMENTS_NAME = b"\xf0GAUGES"
HISTORICAL = bytes.fromhex("8031A073B6215B")
"""Category 80: card service data (selection by full DF name, data objects in EF.DIR and EF.ATR, read by records and an
MF), card capabilities (selection by name, path and identifier, short identifiers, record numbers; data units of one
byte; extended lengths, 4 logical channels numbered by either side). ISO/IEC 7816-4:2005, 8.1.1."""

TOOLS = ("HAMMER 1 KG", "HAND SAW 450 MM", "SPANNER SET 8-19", "TORQUE WRENCH", "CALIPER 150 MM", "FEELER GAUGES",
         "SOLDERING IRON", "BENCH GRINDER")
NOTES = (b"Oil the lathe on Mondays.", b"The left door of cabinet C sticks.", b"OK", b"Return the caliper to drawer 5.")
LOANS = (b"2024-05-21 D5 x1", b"2024-05-14 A1 x2", b"2024-05-02 B3 x1")
_TOOL_LENGTH, _LOAN_LENGTH, _NOTE_LENGTH = 24, 16, 64
_ARCHIVE_LENGTH = 33_000  # beyond the 32,768 that READ BINARY's two offset bytes reach


def factory_memory() -> Memory:
    """The card as it comes."""
    return Memory(files=tuple(_factory_files()), objects=_factory_objects(), pin=FILES_PIN.value[0],
                  puk=FILES_PIN.value[1])


def _factory_files() -> Iterator[File]:
    yield File((MASTER_FILE,), Structure.DF, label="workshop card")
    yield File((MASTER_FILE, 0x2F00), Structure.LINEAR_VARIABLE, tuple(_directory()), 64, 4, short_identifier=30,
               update=Condition.NEVER)
    yield _transparent((MASTER_FILE, 0x2F01), _card_information(), 1, update=Condition.NEVER)
    yield _transparent((MASTER_FILE, 0x2F02), b"WORKSHOP-0001", 2, update=Condition.NEVER)
    yield File(INVENTORY, Structure.DF, name=INVENTORY_NAME, label="inventory")
    yield from _inventory()
    yield File(MEASUREMENTS, Structure.DF, name=MEASUREMENTS_NAME, label="measurements")
    yield from _measurements()


def _transparent(path: Path, content: bytes, short_identifier: int, *, read: Condition = Condition.ALWAYS,
                 update: Condition = Condition.PIN, active: bool = True) -> File:
    return File(path, Structure.TRANSPARENT, (content,), short_identifier=short_identifier, read=read, update=update,
                active=active)


def _directory() -> Iterator[bytes]:
    """EF.DIR: an application template for each DF with a name (ISO/IEC 7816-4:2005, 8.2.1)."""
    for name, label in ((INVENTORY_NAME, b"Inventory"), (MEASUREMENTS_NAME, b"Measurements")):
        yield tlv.encode(b"\x61", tlv.encode(b"\x4f", name) + tlv.encode(b"\x50", label))


def _card_information() -> bytes:
    """EF.ATR/INFO: card capabilities (ISO/IEC 7816-4:2005, 8.2.1), and extended length information (2013, 12.7.1)."""
    capabilities = tlv.encode(b"\x47", HISTORICAL[-3:])
    lengths = tlv.encode(b"\x02", b"\xff\xff") * 2
    return capabilities + tlv.encode(b"\x7f\x66", lengths)


def _inventory() -> Iterator[File]:
    tools = tuple(f"{name:<{_TOOL_LENGTH - 3}}x{number:02}".encode("ascii") for number, name in enumerate(TOOLS, 1))
    yield _transparent((*INVENTORY, 0x6E01), f"{'Workshop, ground floor':<32}".encode("ascii"), 1)
    yield _transparent((*INVENTORY, 0x6E02), _lines(600, "shelf {0:02}: screws M{1}, box of 100\n"), 2)
    yield _transparent((*INVENTORY, 0x6E03), _lines(_ARCHIVE_LENGTH, "{0:04} drill press checked, belt {1}\n"), 3)
    yield File((*INVENTORY, 0x6E04), Structure.LINEAR_FIXED, tools, _TOOL_LENGTH, len(tools), short_identifier=4)
    yield File((*INVENTORY, 0x6E05), Structure.LINEAR_VARIABLE, NOTES, _NOTE_LENGTH, 8, short_identifier=5)
    yield File((*INVENTORY, 0x6E06), Structure.CYCLIC, LOANS, _LOAN_LENGTH, 5, short_identifier=6)
    yield _transparent((*INVENTORY, 0x6E07), b"locker 1: 4711; locker 2: 0815", 7, read=Condition.PIN)
    yield _transparent((*INVENTORY, 0x6E08), b"This file is deactivated.", 8, active=False)


def _measurements() -> Iterator[File]:
    yield _transparent((*MEASUREMENTS, 0x6E11), _calibration(), 1)
    yield File((*MEASUREMENTS, 0x6E12), Structure.LINEAR_VARIABLE, _readings(), 32, 10, short_identifier=2)


def _lines(length: int, form: str) -> bytes:
    """Numbered lines, cut at `length` bytes."""
    text = "".join(form.format(number, 3 + number % 8) for number in range(1, length // 20))
    return text.encode("ascii")[:length]


def _calibration() -> bytes:
    """A constructed data object: what was calibrated, when, and the deviations found."""
    deviations = b"".join(tlv.encode(b"\x81", bytes((step, deviation))) for step, deviation in ((10, 1), (50, 2)))
    inside = tlv.encode(b"\x80", b"CALIPER 150 MM") + tlv.encode(b"\x5f\x25", bytes.fromhex("240521"))
    return tlv.encode(b"\x73", inside + tlv.encode(b"\xa1", deviations))


def _readings() -> tuple[bytes, ...]:
    return tuple(tlv.encode(b"\x82", value.encode("ascii")) for value in ("20.01 mm", "149.98 mm", "75.00 mm"))


def _factory_objects() -> tuple[DataObject, ...]:
    return (
        DataObject(b"\x5f\x52", HISTORICAL, update=Condition.NEVER),
        DataObject(b"\x01\x01", b"free for notes"),
        DataObject(b"\x01\x02", b"alarm code 9001", read=Condition.PIN),
        DataObject(b"\x5f\x50", b"https://workshop.example"),
        DataObject(b"\x5f\x81\x01", bytes.fromhex("240521")),
    )
