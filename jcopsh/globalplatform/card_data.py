"""What a security domain tells of the card: recognition data, keys, counters, free memory (GET DATA).

Source: GlobalPlatform 2.3.1, 11.3 (GET DATA), H.2 and H.3 (card recognition data); for free memory ETSI TS 102 226,
8.2.1.7.2, as public dumps of JCOP 4 cards show it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from jcopsh.globalplatform.channel import ChannelProtocol
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.tlv import TLV, TlvError, find, parse_legible, walk_legible
from jcopsh.iso7816.tlv import parse as parse_tlv

TAG_IIN, TAG_CIN = 0x42, 0x45
TAG_CARD_DATA = 0x66
TAG_RECOGNITION = 0x73
TAG_KEYS = 0xE0
TAG_SEQUENCE_COUNTER = 0xC1
TAG_RESOURCES = 0xFF21

_GLOBALPLATFORM = "1.2.840.114283."
_JAVA_CARD = "1.3.6.1.4.1.42.2.110.1."


class CardDataError(ValueError):
    """An answer to GET DATA that cannot be read."""


def get_data(tag: int) -> CommandAPDU:
    """GET DATA (11.3.2) of a data object with a tag of one or two bytes."""
    return CommandAPDU(0x80, INS.GET_DATA, tag >> 8, tag & 0xFF, le=256)


def object_identifier(value: bytes) -> str:
    """An object identifier in its dotted form (ITU-T X.690, 8.19). Raises CardDataError for bytes that are none."""
    numbers: list[int] = []
    number = 0
    for one in value:
        number = number << 7 | one & 0x7F
        if not one & 0x80:
            numbers.append(number)
            number = 0
    if not numbers or value[-1] & 0x80:
        raise CardDataError("these bytes are no object identifier")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


@dataclass(frozen=True, slots=True)
class ScpOption:
    """A secure channel protocol that the card names, and its option i."""

    protocol: ChannelProtocol
    option: int

    def __str__(self) -> str:
        return f"{self.protocol} i={self.option:02X}"


@dataclass(frozen=True, slots=True)
class Recognition:
    """Card recognition data (H.2). `globalplatform` is a version such as `2.1.1`, `java_card` one such as `2`.

    What the card leaves out is empty. `configuration` and `chip` are object identifiers whose meaning is the maker's.
    """

    globalplatform: str = ""
    identification: str = ""
    secure_channels: tuple[ScpOption, ...] = ()
    java_card: str = ""
    configuration: str = ""
    chip: str = ""


def parse_recognition(data: bytes) -> Recognition:
    """Read what GET DATA 66, or a SELECT of a security domain, answers. Raises CardDataError where 73 is missing.

    A part of it that holds no object identifier, as the issuer's own may, is left empty.
    """
    found = next((one for one in walk_legible(data) if one.tag == TAG_RECOGNITION), None)
    if found is None:
        raise CardDataError("there is no card recognition data (73) in it")
    return _recognition(parse_legible(found.value)[0])


def java_card_told(data: bytes) -> str:
    """The version of Java Card, such as `2`, in what `parse_recognition` reads; empty where there is none."""
    try:
        return parse_recognition(data).java_card
    except CardDataError:
        return ""


def _recognition(items: tuple[TLV, ...]) -> Recognition:
    management = identification = configuration = chip = java_card = ""
    channels: list[ScpOption] = []
    for item in items:
        oids = _object_identifiers(item)
        oid = oids[0] if oids else ""
        match item.tag:
            case 0x60:
                management = oid.removeprefix(f"{_GLOBALPLATFORM}2.")
            case 0x63:
                identification = oid
            case 0x64:
                channels.extend(_channels(oids))
            case 0x65:
                configuration = oid
            case 0x66 if oid.startswith(_JAVA_CARD):
                java_card = oid.removeprefix(_JAVA_CARD)
            case 0x66:
                chip = oid
    return Recognition(management, identification, tuple(channels), java_card, configuration, chip)


def _object_identifiers(item: TLV) -> list[str]:
    """Those in a data object, of which a card may have its own opinion: what is none is passed over."""
    found = []
    for child in walk_legible(item.value) if item.constructed else ():
        if child.tag == 0x06:
            with suppress(CardDataError):
                found.append(object_identifier(child.value))
    return found


def _channels(oids: list[str]) -> list[ScpOption]:
    """Tag 64 holds one object identifier 1.2.840.114283.4.protocol.i after the other (H.2)."""
    beginning = f"{_GLOBALPLATFORM}4."
    options = (oid.removeprefix(beginning).split(".") for oid in oids if oid.startswith(beginning))
    return [ScpOption(ChannelProtocol(int(parts[0])), int(parts[1])) for parts in options
            if len(parts) == 2 and int(parts[0]) <= 0xFF]


@dataclass(frozen=True, slots=True)
class KeyInformation:
    """One key of the card: identifier, version, kind, length in bytes (11.3.3.1.1).

    Where an entry ends early, `kind` is empty and `length` None. Of a key with several components, they are those of
    the first.
    """

    identifier: int
    version: int
    kind: str = ""
    length: int | None = None


_KEY_TYPES = {
    0x80: "DES", 0x81: "DES (reserved)", 0x82: "3DES", 0x83: "DES-ECB", 0x84: "DES-CBC", 0x85: "PSK TLS", 0x88: "AES",
    0x90: "HMAC SHA-1", 0x91: "HMAC SHA-1 160", 0xA0: "RSA public exponent", 0xA1: "RSA modulus",
    0xA2: "RSA private modulus", 0xA3: "RSA private exponent", 0xA4: "RSA private p", 0xA5: "RSA private q",
    0xA6: "RSA private pq", 0xA7: "RSA private dp1", 0xA8: "RSA private dq1",
    0xB0: "ECC public", 0xB1: "ECC private", 0xB2: "ECC parameter p", 0xB3: "ECC parameter a",
    0xB4: "ECC parameter b", 0xB5: "ECC parameter g", 0xB6: "ECC parameter n", 0xB7: "ECC parameter k",
    0xF0: "ECC parameters reference",
}  # table 11-16
_TAG_KEY = 0xC0
_EXTENDED = 0xFF  # where the basic form has the kind (11.3.3.1.2)


def parse_keys(data: bytes) -> tuple[KeyInformation, ...]:
    """Read key information templates (E0), one or several, with entries in their basic and their extended form.

    Raises CardDataError where there is no template, or none of its entries names a key.
    """
    templates = [one for one in walk_legible(data) if one.tag == TAG_KEYS]
    if not templates:
        raise CardDataError("there is no key information template (E0) in it")
    entries = [one.value for template in templates for one in parse_legible(template.value)[0] if one.tag == _TAG_KEY]
    found = tuple(_key(one) for one in entries if len(one) >= 2)
    if entries and not found:
        raise CardDataError("no entry of the key information template names a key")
    return found


def _key(value: bytes) -> KeyInformation:
    identifier, version, rest = value[0], value[1], value[2:]
    if rest[:1] == bytes((_EXTENDED,)) and len(rest) >= 4:
        kind, length = rest[1], int.from_bytes(rest[2:4], "big")
    elif len(rest) >= 2 and rest[0] != _EXTENDED:
        kind, length = rest[0], rest[1]
    else:
        return KeyInformation(identifier, version)
    return KeyInformation(identifier, version, _KEY_TYPES.get(kind, f"{kind:02X}"), length)


@dataclass(frozen=True, slots=True)
class Resources:
    """Free memory in bytes, and how many applications there are; None for what the card does not tell."""

    applications: int | None
    free_non_volatile: int | None
    free_volatile: int | None


def parse_resources(data: bytes) -> Resources:
    """Read the data object FF21. Raises CardDataError."""
    try:
        found = find(parse_tlv(data), TAG_RESOURCES)
        # FF21 is a constructed tag; some cards give its content alone
        items = found.children if found else parse_tlv(data)
    except TlvError as error:
        raise CardDataError(str(error)) from None
    values = {item.tag: int.from_bytes(item.value, "big") for item in items if item.value}
    if not values.keys() & {0x81, 0x82, 0x83}:
        raise CardDataError("there is nothing about memory in it")
    return Resources(values.get(0x81), values.get(0x82), values.get(0x83))


def value_of(data: bytes, tag: int) -> bytes:
    """The value of a data object whose answer may be the object or its value alone."""
    try:
        found = find(parse_tlv(data), tag)
    except TlvError:
        return data
    return data if found is None else found.value
