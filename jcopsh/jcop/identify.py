"""JCOP's IDENTIFY: which mask, which version, and whether the card is fused.

The classic form is a SELECT that answers its 19 or 20 bytes together with 6A82 (seed 001). JCOP 4 and later answer
GET DATA with a tree of data objects instead (public dumps of J3R cards).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jcopsh.iso7816 import tlv
from jcopsh.iso7816.aid import KNOWN_AIDS
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.hexadecimal import ascii_column
from jcopsh.jcop.confidence import Confidence

IDENTIFY = CommandAPDU(0x00, 0xA4, 0x04, 0x00, bytes(KNOWN_AIDS["identify"].aid), le=256)
"""SELECT A000000167413000FF. Seen on JCOP 2.x cards, fused and not: data and 6A82."""

IDENTIFY_JCOP4 = CommandAPDU(0x80, 0xCA, 0x00, 0xFE, bytes.fromhex("DF28"), le=256)
"""GET DATA FE with the tag DF28, of JCOP 4 and later."""

TAG_IDENTIFY_DATA = 0xDF28
PLATFORM_ID_LENGTH = 16  # characters

_FUSED = 0x01
_NOT_FUSED = 0x00
_ROM_INFO_LENGTH_OFFSET = 15
_ROM_INFO_OFFSET = 16
_TARGETS = MappingProxyType({0x00: "unknown", 0x01: "smartmx", 0x03: "sm412"})


class IdentifyError(ValueError):
    """An answer that is no answer to IDENTIFY. `offset` is the byte where it stops making sense."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Version:
    """A JCOP version, how sure it is, and what it was told by."""

    name: str
    confidence: Confidence
    source: str


_PUBLIC_TABLE = "public IDENTIFY answers of cards whose version is known"
_VERSION_BY_MASK: Mapping[int, Version] = MappingProxyType({
    0x24: Version("JCOP 2.2", Confidence.INFERRED, _PUBLIC_TABLE),
    0x29: Version("JCOP 2.3.x", Confidence.INFERRED, _PUBLIC_TABLE),
    0x33: Version("JCOP 2.4.1", Confidence.INFERRED, f"seed 001; {_PUBLIC_TABLE}"),
    0x38: Version("JCOP 2.4.2R1", Confidence.SEEN, _PUBLIC_TABLE),
    0x40: Version("JCOP 2.4.2R3", Confidence.INFERRED, _PUBLIC_TABLE),
})


@dataclass(frozen=True, slots=True)
class MaskDate:
    """What a mask name such as NX011C says: the maker's letters (PH Philips, NX NXP), the last digit of the year,
    the week (1 to 53), and the letter of the build in that week."""

    maker: str
    year_digit: int
    week: int
    build: str

    @property
    def maker_name(self) -> str:
        """The maker in words."""
        return "Philips" if self.maker == "PH" else "NXP"


@dataclass(frozen=True, slots=True)
class Identity:
    """The classic answer to IDENTIFY, 19 bytes or 20 with the FIPS byte. `raw` is the answer without its status word.

    `rom_info` does not identify one card: several cards share it.
    """

    raw: bytes
    fabkey_id: int
    patch_id: int
    target_id: int
    mask_id: int
    custom_mask: bytes
    mask_name: str
    fuse_byte: int
    rom_info: bytes
    fips: int | None

    @property
    def fused(self) -> bool | None:
        """Whether the card is fused; None for a byte that is neither 00 nor 01."""
        return {_NOT_FUSED: False, _FUSED: True}.get(self.fuse_byte)

    @property
    def target(self) -> str:
        """The chip family in words, e.g. `smartmx`; `target-02` for a number that is not public."""
        return _TARGETS.get(self.target_id, f"target-{self.target_id:02X}")

    @property
    def combo(self) -> str:
        """The COMBO name, e.g. `smartmx-m29.B3.11-PH650A`: target, mask ID, fabkey ID, patch ID, mask name."""
        return f"{self.target}-m{self.mask_id:02X}.{self.fabkey_id:02X}.{self.patch_id:02X}-{self.mask_name}"

    @property
    def version(self) -> Version | None:
        """The JCOP version that the mask ID stands for, None when no public source tells."""
        return _VERSION_BY_MASK.get(self.mask_id)

    @property
    def mask_date(self) -> MaskDate | None:
        """Maker and week of the mask, read from its name; None for a name of another form."""
        return _mask_date(self.mask_name)


_MASK_NAME = re.compile(r"(?P<maker>PH|NX)(?P<year>[0-9])(?P<week>[0-9]{2})(?P<build>[A-Z])")


def _mask_date(name: str) -> MaskDate | None:
    match = _MASK_NAME.fullmatch(name)
    if match is None or not 1 <= int(match["week"]) <= 53:
        return None
    return MaskDate(match["maker"], int(match["year"]), int(match["week"]), match["build"])


def parse_identify(data: bytes) -> Identity:
    """Read the data of a classic answer to IDENTIFY, without the status word. Raises IdentifyError."""
    if len(data) <= _ROM_INFO_LENGTH_OFFSET:
        raise IdentifyError(f"an answer to IDENTIFY has 19 or 20 bytes, this one has {len(data)}", len(data))
    rom_end = _ROM_INFO_OFFSET + data[_ROM_INFO_LENGTH_OFFSET]
    if len(data) not in (rom_end, rom_end + 1):
        raise IdentifyError(
            f"the ROM info has {data[_ROM_INFO_LENGTH_OFFSET]} bytes by its length byte, and then at most one byte "
            f"follows, but {len(data) - _ROM_INFO_OFFSET} are there", _ROM_INFO_LENGTH_OFFSET)
    return Identity(
        raw=bytes(data),
        fabkey_id=data[0],
        patch_id=data[1],
        target_id=data[2],
        mask_id=data[3],
        custom_mask=bytes(data[4:8]),
        mask_name=ascii_column(data[8:14]),
        fuse_byte=data[14],
        rom_info=bytes(data[_ROM_INFO_OFFSET:rom_end]),
        fips=data[rom_end] if len(data) > rom_end else None,
    )


# --- JCOP 4 and later ------------------------------------------------------------------------------------------------

_VERSION_BY_LETTER: Mapping[str, str] = MappingProxyType({
    "G": "JCOP 3", "H": "JCOP 3", "O": "JCOP 4.0", "Q": "JCOP 4.2", "R": "JCOP 4.5",
})


@dataclass(frozen=True, slots=True)
class Jcop4Identity:
    """JCOP 4's answer: data objects by tag, None or empty where the card does not give one.

    `platform_id` is the ASCII part of the platform build ID (16 characters, e.g. J3R6000373181200), `platform_build`
    the 8 bytes after it. `other` keeps the data objects whose meaning is not public.
    """

    raw: bytes
    configuration_id: bytes
    patch_id: bytes
    platform_id: str
    platform_build: bytes
    fips: int | None
    enabled_modules: bytes
    pre_perso_state: int | None
    rom_id: bytes
    other: tuple[tlv.TLV, ...]

    @property
    def config_module_available(self) -> bool | None:
        """Bit 0 of the pre-personalisation state: the card's configuration can be changed."""
        return None if self.pre_perso_state is None else bool(self.pre_perso_state & 0x01)

    @property
    def transport_state_active(self) -> bool | None:
        """Bit 1 of the pre-personalisation state."""
        return None if self.pre_perso_state is None else bool(self.pre_perso_state & 0x02)

    @property
    def fused(self) -> bool | None:
        """Whether the card is fused, inferred: to fuse a card is to end its transport state. None where it does not
        tell."""
        return None if self.transport_state_active is None else not self.transport_state_active

    @property
    def names_platform(self) -> bool:
        """Whether the platform ID is one, of 16 letters and digits: what has none is no whole identification."""
        return len(self.platform_id) == PLATFORM_ID_LENGTH and self.platform_id.isalnum()

    @property
    def version(self) -> Version | None:
        """The JCOP version by the letter after J2 or J3 in the platform ID, None for a letter that is not public."""
        match = re.match(r"J[23]([A-Z])", self.platform_id)
        name = None if match is None else _VERSION_BY_LETTER.get(match[1])
        return None if name is None else Version(name, Confidence.INFERRED, "the letter in the platform ID")


def parse_identify_jcop4(data: bytes) -> Jcop4Identity:
    """Read JCOP 4's answer, without the status word: FE or DF28 and what is in it. Raises IdentifyError."""
    try:
        found = tlv.find(tlv.parse(data), TAG_IDENTIFY_DATA)
        if found is None:
            raise IdentifyError("JCOP 4's identification is a data object DF28, and there is none", 0)
        # DF28 is a primitive tag by its bits, and yet holds data objects
        objects = tlv.parse(found.value, base=found.value_offset)
    except tlv.TlvError as error:
        raise IdentifyError(str(error), error.offset) from None
    return _jcop4_identity(bytes(data), objects)


def _jcop4_identity(raw: bytes, objects: tuple[tlv.TLV, ...]) -> Jcop4Identity:
    values: dict[int, bytes] = {}
    for item in objects:
        values.setdefault(item.tag, item.value)
    platform = values.get(0x03, b"")
    return Jcop4Identity(
        raw=raw,
        configuration_id=values.get(0x01, b""),
        patch_id=values.get(0x02, b""),
        platform_id=ascii_column(platform[:PLATFORM_ID_LENGTH]),
        platform_build=platform[PLATFORM_ID_LENGTH:],
        fips=_one_byte(values.get(0x05)),
        enabled_modules=values.get(0x06, b""),
        pre_perso_state=_one_byte(values.get(0x07)),
        rom_id=values.get(0x08, b""),
        other=tuple(item for item in objects if item.tag not in (1, 2, 3, 5, 6, 7, 8)),
    )


def _one_byte(value: bytes | None) -> int | None:
    return value[0] if value is not None and len(value) == 1 else None


# --- what to do next -------------------------------------------------------------------------------------------------


def next_step(identity: Identity | Jcop4Identity) -> str:
    """What the person should do next with a card that identified itself so: one or two sentences."""
    if isinstance(identity, Jcop4Identity):
        settled = "" if identity.fused else (
            "It does not say that its transport state has ended, so it counts as not fused: INS 00 and INS 10 are "
            "asked about, to whatever they go. ")
        return (
            f"{settled}No transport key is publicly known to work on JCOP 4 and later, so none is offered here. "
            "Look at the card with GlobalPlatform: select isd-gp."
        )
    if identity.fused is None:
        return (
            f"The fuse byte is {identity.fuse_byte:02X}, neither 00 nor 01, so the fuse state is unknown. "
            "Treat the card as not fused: send nothing with INS 00, which could fuse it for ever."
        )
    if identity.fused:
        return (
            "The root applet is gone for ever, and the transport key with it. "
            "Look at the card with GlobalPlatform: select isd, or isd-gp."
        )
    return (
        "Until it is pre-personalised it answers 6A82 to nearly everything. You need its transport key, 16 bytes that "
        "the seller has (not the key 40..4F): select tk, then read cm_key1 to see whether READ works, and boot if not."
    )
