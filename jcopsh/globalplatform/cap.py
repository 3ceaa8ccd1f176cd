"""CAP files: what a converted Java Card package holds, and the load file data block that is made of it.

Formats 2.1 to 2.3, compact and extended, in a ZIP archive as the converter writes it, or the components one after the
other as they are loaded. Source: Java Card Virtual Machine Specification, chapter 6 (2.2.2 and 3.1, Classic Edition).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from pathlib import PurePosixPath

from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.tlv import encode

MAGIC = bytes.fromhex("DECAFFED")
TAG_LOAD_FILE_DATA_BLOCK = 0xC4  # GlobalPlatform 2.3.1, table 11-58
INDEFINITE_LENGTH = 0x80  # which no data object on a card has (ISO/IEC 7816-4:2020, 5.2.2.2)
LARGEST_FILE = 16 << 20  # bytes; no card takes a hundredth of it


class Component(IntEnum):
    """Components and their tags (table 6-1)."""

    HEADER = 1
    DIRECTORY = 2
    APPLET = 3
    IMPORT = 4
    CONSTANT_POOL = 5
    CLASS = 6
    METHOD = 7
    STATIC_FIELD = 8
    REFERENCE_LOCATION = 9
    EXPORT = 10
    DESCRIPTOR = 11
    DEBUG = 12
    STATIC_RESOURCE = 13

    @property
    def title(self) -> str:
        """Its name as the specification writes it, e.g. `ConstantPool`."""
        return _FILE_NAMES[self]


_FILE_NAMES = {
    Component.HEADER: "Header", Component.DIRECTORY: "Directory", Component.APPLET: "Applet",
    Component.IMPORT: "Import", Component.CONSTANT_POOL: "ConstantPool", Component.CLASS: "Class",
    Component.METHOD: "Method", Component.STATIC_FIELD: "StaticField",
    Component.REFERENCE_LOCATION: "RefLocation", Component.EXPORT: "Export", Component.DESCRIPTOR: "Descriptor",
    Component.DEBUG: "Debug", Component.STATIC_RESOURCE: "StaticResource",
}
_BY_NAME = {name.lower(): component for component, name in _FILE_NAMES.items()} | {
    "staticresources": Component.STATIC_RESOURCE
}

# the order in which a card wants them (6.1.3, table 6-3); Descriptor and Debug stay outside, as with other clients
LOAD_ORDER = (
    Component.HEADER, Component.DIRECTORY, Component.IMPORT, Component.APPLET, Component.CLASS, Component.METHOD,
    Component.STATIC_FIELD, Component.EXPORT, Component.CONSTANT_POOL, Component.REFERENCE_LOCATION,
    Component.STATIC_RESOURCE,
)
# the sizes that the directory of a compact file begins with, by tag (6.4); what follows them differs between formats
_IN_DIRECTORY = tuple(one for one in Component if one <= Component.DESCRIPTOR)
_REQUIRED = (Component.HEADER, Component.DIRECTORY, Component.IMPORT, Component.METHOD)
# whose size has four bytes where the header says that the format is extended (6.1, 6.7 to 6.16)
_LONG_WHEN_EXTENDED = frozenset((Component.METHOD, Component.REFERENCE_LOCATION, Component.DESCRIPTOR, Component.DEBUG))


class Flags(IntFlag):
    """Flags of the header (6.3, table 6-4)."""

    INT = 0x01
    EXPORT = 0x02
    APPLET = 0x04
    EXTENDED = 0x08


class CapError(ValueError):
    """A CAP file that is none. `component` is None for the archive; `offset` counts from the component's tag."""

    def __init__(self, message: str, component: Component | None = None, offset: int | None = None) -> None:
        where = component.title if component else "the file"
        at = "" if offset is None else f", offset {offset}"
        super().__init__(f"{where}{at}: {message}")
        self.component = component
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Package:
    """A package with its version, and its name where the file tells it."""

    aid: AID
    major: int
    minor: int
    name: str = ""

    @property
    def version(self) -> str:
        """E.g. `1.0`."""
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True)
class CapFile:
    """What a CAP file says of itself. `components` are the encoded components with tag and size, by component.

    `aid` and `version` are those of the package, or of the whole file where it holds several (extended format).
    """

    format_major: int
    format_minor: int
    flags: Flags
    aid: AID
    major: int
    minor: int
    packages: tuple[Package, ...]
    applets: tuple[AID, ...]
    imports: tuple[Package, ...]
    components: tuple[tuple[Component, bytes], ...]

    @property
    def version(self) -> str:
        """E.g. `1.0`."""
        return f"{self.major}.{self.minor}"

    @property
    def extended(self) -> bool:
        """Whether it is of the extended format."""
        return bool(self.flags & Flags.EXTENDED)

    @property
    def load_data(self) -> bytes:
        """The components that go to the card, in the order that it wants."""
        by_component = dict(self.components)
        return b"".join(by_component[one] for one in LOAD_ORDER if one in by_component)

    @property
    def load_block(self) -> bytes:
        """The load file data block: what LOAD commands carry (GlobalPlatform 2.3.1, 11.6.2.3)."""
        data = self.load_data
        return encode(TAG_LOAD_FILE_DATA_BLOCK, data)


def parse_cap(raw: bytes) -> CapFile:
    """Read a CAP file. Raises CapError naming component and offset where it is malformed."""
    if len(raw) > LARGEST_FILE:
        raise CapError(f"{len(raw)} bytes are more than any CAP file has")
    components = _from_archive(raw) if raw[:2] == b"PK" else _from_sequence(raw)
    for required in _REQUIRED:
        if required not in components:
            raise CapError("it is missing", required)
    return _described(components)


def _from_archive(raw: bytes) -> dict[Component, bytes]:
    from zipfile import ZipFile  # the start-up does not need it

    found: dict[Component, bytes] = {}
    with _legible_archive():
        archive = ZipFile(io.BytesIO(raw))  # in memory, so that nothing is left open
        members = archive.infolist()
    for member in members:
        path = PurePosixPath(member.filename)
        component = _BY_NAME.get(path.stem.lower())
        if component is None or path.suffix.lower() not in (".cap", ".capx") or member.is_dir():
            continue
        if component in found:
            raise CapError(f"the archive holds it twice, the second time as {member.filename!r}", component)
        if member.file_size > LARGEST_FILE:
            raise CapError(f"it claims {member.file_size} bytes", component)
        with _legible_archive(component):
            found[component] = archive.read(member)
    if not found:
        raise CapError("this ZIP archive holds no components such as Header.cap")
    extended = _is_extended(found.get(Component.HEADER, b""))
    for component, data in found.items():
        _check_size(component, data, extended=extended)
    return found


@contextmanager
def _legible_archive(component: Component | None = None) -> Iterator[None]:
    """Turns all that Python's ZIP reader raises of a damaged archive, from its decompressors too, into a CapError."""
    import lzma
    import struct
    import zipfile
    import zlib

    try:
        yield
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, RuntimeError, EOFError, OSError,
        OverflowError, MemoryError,
    ) as error:
        raise CapError(f"this ZIP archive cannot be read: {error}", component) from None


def _from_sequence(raw: bytes) -> dict[Component, bytes]:
    """Components one after the other, as in a load file data block, with its C4 and length or without."""
    if raw[:1] == bytes((TAG_LOAD_FILE_DATA_BLOCK,)):
        raw = _without_block_header(raw)
    found: dict[Component, bytes] = {}
    position, extended = 0, _is_extended(raw)
    while position < len(raw):
        tag = raw[position]
        try:
            component = Component(tag)
        except ValueError:
            if tag >= 128 and position:  # custom components come last, and are not ours to read
                break
            if not position:
                raise CapError("it is neither a ZIP archive nor a row of components: it begins with "
                               f"{tag:02X}") from None
            raise CapError(f"no component begins with {tag:02X} at offset {position}") from None
        width, size = _size(component, raw, position, extended=extended)
        end = position + 1 + width + size
        if end > len(raw):
            raise CapError(f"its size says {size} bytes, {len(raw) - position - 1 - width} are there", component, 1)
        if component in found:
            raise CapError("it stands there twice", component)
        found[component] = raw[position:end]
        position = end
    return found


def _without_block_header(raw: bytes) -> bytes:
    first = raw[1] if len(raw) > 1 else 0
    if first == INDEFINITE_LENGTH:
        raise CapError("the load file data block has a length of the indefinite form", offset=1)
    width = first & 0x7F if first & 0x80 else 0
    length = int.from_bytes(raw[2 : 2 + width], "big") if width else first
    body = raw[2 + width :]
    if len(body) != length:
        raise CapError(f"the load file data block says {length} bytes, {len(body)} follow")
    return body


def _is_extended(header: bytes) -> bool:
    return len(header) > 9 and header[3:7] == MAGIC and bool(header[9] & Flags.EXTENDED)


def _size(component: Component, raw: bytes, position: int, *, extended: bool) -> tuple[int, int]:
    long = component is Component.STATIC_RESOURCE or (extended and component in _LONG_WHEN_EXTENDED)
    width = 4 if long else 2
    field = raw[position + 1 : position + 1 + width]
    if len(field) < width:
        raise CapError("it ends within its size", component, 1)
    return width, int.from_bytes(field, "big")


def _check_size(component: Component, data: bytes, *, extended: bool) -> None:
    if not data or data[0] != component:
        found = f"{data[0]:02X}" if data else "nothing"
        raise CapError(f"its tag is {component:02X}, not {found}", component, 0)
    width, size = _size(component, data, 0, extended=extended)
    if size != len(data) - 1 - width:
        raise CapError(f"its size says {size} bytes, {len(data) - 1 - width} follow", component, 1)


class _Reader:
    """Reads the items of a component, and knows where it is."""

    def __init__(self, component: Component, data: bytes, position: int) -> None:
        self.component = component
        self.data = data
        self.position = position

    def take(self, count: int, what: str) -> bytes:
        end = self.position + count
        if end > len(self.data):
            raise CapError(f"it ends within {what}", self.component, self.position)
        part, self.position = self.data[self.position : end], end
        return part

    def number(self, what: str, width: int = 1) -> int:
        return int.from_bytes(self.take(width, what), "big")

    def aid(self, what: str) -> AID:
        at = self.position
        length = self.number(f"the length of {what}")
        value = self.take(length, what)
        try:
            return AID(value)
        except ValueError as error:
            raise CapError(f"{what}: {error}", self.component, at) from None

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.data)


def _described(components: dict[Component, bytes]) -> CapFile:
    header = _Reader(Component.HEADER, components[Component.HEADER], 3)
    if header.take(4, "the magic number") != MAGIC:
        raise CapError("the magic number is not DECAFFED", Component.HEADER, 3)
    minor, major = header.number("the format's version"), header.number("the format's version")
    if major != 2 or not 1 <= minor <= 3:
        raise CapError(f"format {major}.{minor} is not one of 2.1 to 2.3", Component.HEADER, 7)
    flags = Flags(header.number("the flags"))
    if flags & Flags.EXTENDED:
        file_minor, file_major = header.number("the file's version"), header.number("the file's version")
        aid = header.aid("the file's AID")
        packages = tuple(_packages(header, header.number("the number of packages"), "a package's AID"))
        packages = _named(header, packages)
    else:
        packages = _named(header, tuple(_packages(header, 1, "the package's AID")))
        aid, file_major, file_minor = packages[0].aid, packages[0].major, packages[0].minor
    if not flags & Flags.EXTENDED:  # whose directory has another form
        _check_directory(components)
    return CapFile(
        major, minor, flags, aid, file_major, file_minor, packages, _applets(components, flags),
        _imports(components), tuple(sorted(components.items())),
    )


def _check_directory(components: Mapping[Component, bytes]) -> None:
    """Raise CapError where the directory gives a component another size than it has (6.4).

    Components that are not loaded may be missing all the same: clients and converters leave them out.
    """
    directory = _Reader(Component.DIRECTORY, components[Component.DIRECTORY], 3)
    for component in _IN_DIRECTORY:
        at = directory.position
        told = directory.number(f"the size of {component.title}", 2)
        there = len(components[component]) - 3 if component in components else 0
        if told != there and (there or component in LOAD_ORDER):
            has = f"it has {there}" if there else "there is none"
            raise CapError(f"it gives {component.title} {told} bytes, and {has}", Component.DIRECTORY, at)


def _packages(reader: _Reader, count: int, what: str) -> Iterator[Package]:
    for _ in range(count):
        minor, major = reader.number("a package's version"), reader.number("a package's version")
        yield Package(reader.aid(what), major, minor)


def _named(header: _Reader, packages: Sequence[Package]) -> tuple[Package, ...]:
    """With the names that stand at the end of a header of 2.2 and later, where it has any."""
    named = []
    for package in packages:
        name = b"" if header.at_end else header.take(header.number("the length of a name"), "a package's name")
        named.append(Package(package.aid, package.major, package.minor, name.decode("utf-8", "replace")))
    return tuple(named)


def _applets(components: dict[Component, bytes], flags: Flags) -> tuple[AID, ...]:
    data = components.get(Component.APPLET)
    if data is None:
        if flags & Flags.APPLET:
            raise CapError("the header says that there are applets, and it is missing", Component.APPLET)
        return ()
    reader = _Reader(Component.APPLET, data, 3)
    found = []
    for _ in range(reader.number("the number of applets")):
        found.append(reader.aid("an applet's AID"))
        # where install() stands; in the extended format, first the block of methods it is in
        reader.take(3 if flags & Flags.EXTENDED else 2, "install_method_offset")
    return tuple(found)


def _imports(components: dict[Component, bytes]) -> tuple[Package, ...]:
    reader = _Reader(Component.IMPORT, components[Component.IMPORT], 3)
    return tuple(_packages(reader, reader.number("the number of imports"), "an imported package's AID"))
