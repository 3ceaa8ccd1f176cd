"""The load file as it arrives in LOAD commands, read as far as the card needs it to know what it holds.

Card Specification 2.2.1, 11.6.2.3 (the data block in its tag C4) and Java Card VM Specification 2.2.2, 6.3 to 6.6 (the
components Header, Directory, Applet and Import).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jcopsh.simulator import tlv
from jcopsh.simulator.card_content import PackageVersion

_MAGIC = bytes.fromhex("DECAFFED")
_HEADER, _DIRECTORY, _APPLET, _IMPORT, _METHOD, _REFERENCES = 1, 2, 3, 4, 7, 9
_DESCRIPTOR, _DEBUG, _STATIC_RESOURCE = 11, 12, 13
_LONG_IN_EXTENDED = (_METHOD, _REFERENCES, _DESCRIPTOR, _DEBUG)
_HAS_APPLETS, _EXTENDED = 0x04, 0x08
_LARGEST_TAG = 13


class LoadFileError(ValueError):
    """Bytes that are no load file this card can use."""


@dataclass(frozen=True, slots=True)
class LoadFileHead:
    """What the card takes from a load file: the package, its applets' AIDs, its imports."""

    package: PackageVersion
    applets: tuple[bytes, ...]
    imports: tuple[PackageVersion, ...]


def read_load_file(data: bytes) -> LoadFileHead:
    """Read everything that the LOAD commands brought: DAP blocks (E2), and the data block (C4) with its components.

    Raises LoadFileError.
    """
    try:
        blocks = _long_tlvs(data)
    except IndexError:
        raise LoadFileError("it ends early") from None
    if not blocks or blocks[-1][0] != 0xC4 or any(tag != 0xE2 for tag, _ in blocks[:-1]):
        raise LoadFileError("no load file data block")
    components = _components(blocks[-1][1])
    for needed in (_HEADER, _DIRECTORY, _IMPORT, _METHOD):
        if needed not in components:
            raise LoadFileError(f"component {needed} is missing")
    return _head(components)


def data_block_ends(data: bytes) -> int | None:
    """How long the load file will be as its first tags tell, or None while that cannot be seen yet."""
    position = 0
    try:
        while data[position] == 0xE2:
            length, start = _long_length(data, position + 1)
            position = start + length
        length, start = _long_length(data, position + 1)
    except (IndexError, LoadFileError):
        return None
    return start + length


def _long_length(data: bytes, position: int) -> tuple[int, int]:
    """A BER length of up to three bytes, and where the value begins. Raises IndexError or LoadFileError."""
    first = data[position]
    if first < 0x80:
        return first, position + 1
    count = first & 0x7F
    if not 1 <= count <= 3:
        raise LoadFileError("a length that no load file has")
    end = position + 1 + count
    if end > len(data):
        raise IndexError
    return int.from_bytes(data[position + 1 : end], "big"), end


def _long_tlvs(data: bytes) -> list[tuple[int, bytes]]:
    found, position = [], 0
    while position < len(data):
        length, start = _long_length(data, position + 1)
        if start + length > len(data):
            raise LoadFileError("a value ends too early")
        found.append((data[position], data[start : start + length]))
        position = start + length
    return found


def _components(data: bytes) -> Mapping[int, bytes]:
    """The contents of each component, by tag, in whatever order they come."""
    extended = len(data) > 9 and data[0] == _HEADER and bool(data[9] & _EXTENDED)
    found: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        tag = data[position]
        if not 1 <= tag <= _LARGEST_TAG or tag in found:
            raise LoadFileError(f"no component {tag:02X} can stand there")
        long = tag == _STATIC_RESOURCE or (extended and tag in _LONG_IN_EXTENDED)
        start = position + 1 + (4 if long else 2)
        size = int.from_bytes(data[position + 1 : start], "big")
        if start + size > len(data):
            raise LoadFileError(f"component {tag:02X} ends too early")
        found[tag] = data[start : start + size]
        position = start + size
    return found


class _Fields:
    """Reads the items of one component one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        part = self._data[self._position : self._position + count]
        if len(part) != count:
            raise LoadFileError("a component ends too early")
        self._position += count
        return part

    def number(self) -> int:
        return self.take(1)[0]

    def aid(self) -> bytes:
        value = self.take(self.number())
        if not 5 <= len(value) <= 16:
            raise LoadFileError("an AID has 5 to 16 bytes")
        return value

    def package(self) -> PackageVersion:
        minor, major = self.number(), self.number()
        return PackageVersion(self.aid(), major, minor)


def _head(components: Mapping[int, bytes]) -> LoadFileHead:
    header = _Fields(components[_HEADER])
    if header.take(4) != _MAGIC:
        raise LoadFileError("no DECAFFED")
    minor, major = header.number(), header.number()
    if major != 2 or not 1 <= minor <= 3:
        raise LoadFileError("a format that this card does not know")
    flags = header.number()
    package = header.package()
    applets: tuple[bytes, ...] = ()
    if flags & _HAS_APPLETS:
        if _APPLET not in components:
            raise LoadFileError("the applets are missing")
        items = _Fields(components[_APPLET])
        applets = tuple(_applet(items, extended=bool(flags & _EXTENDED)) for _ in range(items.number()))
    imports = _Fields(components[_IMPORT])
    return LoadFileHead(package, applets, tuple(imports.package() for _ in range(imports.number())))


def _applet(items: _Fields, *, extended: bool) -> bytes:
    aid = items.aid()
    items.take(3 if extended else 2)  # where its install method stands
    return aid


def length_values(data: bytes, count: int) -> tuple[bytes, ...]:
    """`count` values, each behind its length byte, that fill `data`: the fields of INSTALL (11.5.2.3).

    A length of more than 127 may have the BER form. Raises LoadFileError.
    """
    found, position = [], 0
    for _ in range(count):
        try:
            length, start = _long_length(data, position)
        except IndexError:
            raise LoadFileError("a field is missing") from None
        if start + length > len(data):
            raise LoadFileError("a field ends too early")
        found.append(data[start : start + length])
        position = start + length
    if position != len(data):
        raise LoadFileError("bytes are left over")
    return tuple(found)


def parameter(parameters: bytes, *path: int) -> bytes | None:
    """The value under one-byte tags nested as `path` says, or None. Raises LoadFileError for what is no TLV."""
    value = parameters
    try:
        for tag in path:
            found = dict(tlv.parse(value)).get(bytes((tag,)))
            if found is None:
                return None
            value = found
    except tlv.TlvError:
        raise LoadFileError("parameters that are no TLV") from None
    return value
