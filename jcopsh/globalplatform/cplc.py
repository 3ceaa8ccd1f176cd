"""Card production life cycle data: who made which part of the card, and when (GET DATA 9F7F).

Source: the layout that card makers share; it stems from Visa's card specifications and is not in GlobalPlatform's.
"""

from __future__ import annotations

from dataclasses import dataclass

LENGTH = 42  # bytes
TAG = 0x9F7F

# name, length in bytes, whether it is a date
_LAYOUT = (
    ("ic_fabricator", 2, False), ("ic_type", 2, False), ("operating_system_id", 2, False),
    ("operating_system_release_date", 2, True), ("operating_system_release_level", 2, False),
    ("ic_fabrication_date", 2, True), ("ic_serial_number", 4, False), ("ic_batch_identifier", 2, False),
    ("ic_module_fabricator", 2, False), ("ic_module_packaging_date", 2, True), ("icc_manufacturer", 2, False),
    ("ic_embedding_date", 2, True), ("ic_pre_personalizer", 2, False),
    ("ic_pre_personalization_equipment_date", 2, True), ("ic_pre_personalization_equipment_id", 4, False),
    ("ic_personalizer", 2, False), ("ic_personalization_date", 2, True), ("ic_personalization_equipment_id", 4, False),
)
_NAMES = {
    ("ic_fabricator", "4790"): "NXP", ("ic_fabricator", "4180"): "Atmel", ("ic_fabricator", "4250"): "Samsung",
    ("ic_fabricator", "4090"): "Infineon", ("operating_system_id", "4791"): "NXP JCOP",
    ("operating_system_id", "4700"): "NXP JCOP", ("operating_system_id", "4051"): "IBM JCOP",
}
_NO_DATE = ("0000", "FFFF")


@dataclass(frozen=True, slots=True)
class CplcField:
    """One field: its bytes, and what they mean where that is known. A date is `day 078 of a year ending in 1`."""

    name: str
    value: bytes
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Cplc:
    """All fields in order."""

    fields: tuple[CplcField, ...]

    def __getitem__(self, name: str) -> bytes:
        """The bytes of a field; raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field.value
        raise KeyError(name)

    @property
    def ic_serial(self) -> bytes:
        """The serial number of the chip, 4 bytes: unique only together with fabrication date and batch."""
        return self["ic_serial_number"]

    @property
    def chip(self) -> bytes:
        """What tells this chip from every other, and is made once and never written again: fabricator, type, date of
        fabrication, serial number and batch."""
        names = ("ic_fabricator", "ic_type", "ic_fabrication_date", "ic_serial_number", "ic_batch_identifier")
        return b"".join(map(self.__getitem__, names))


def parse_cplc(data: bytes) -> Cplc:
    """Read 42 bytes, or the 45 of the data object 9F7F around them. Raises ValueError for another length."""
    header = TAG.to_bytes(2, "big") + bytes((LENGTH,))
    body = data[len(header) :] if data.startswith(header) else data
    if len(body) != LENGTH:
        raise ValueError(f"CPLC data has {LENGTH} bytes, these are {len(body)}")
    fields, position = [], 0
    for name, length, is_date in _LAYOUT:
        value = body[position : position + length]
        fields.append(CplcField(name, value, _date(value) if is_date else _NAMES.get((name, value.hex().upper()), "")))
        position += length
    return Cplc(tuple(fields))


def _date(value: bytes) -> str:
    """YDDD in BCD: the last digit of the year and the day of the year. Nothing where it is no date."""
    text = value.hex().upper()
    if text in _NO_DATE:
        return "none"
    if not text.isdecimal() or not 1 <= int(text[1:]) <= 366:
        return ""
    return f"day {int(text[1:])} of a year ending in {text[0]}"
