"""CAP files: what a converted Java Card package holds, and the load file data block that is made of it.

Formats 2.1 to 2.3, compact and extended, in a ZIP archive as the converter writes it, or the components one after the
other as they are loaded. Source: Java Card Virtual Machine Specification, chapter 6 (2.2.2 and 3.1, Classic Edition).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntFlag
from pathlib import PurePosixPath

from jcopsh.globalplatform.cap_components import (
    FIRST_CUSTOM_TAG,
    LOAD_ORDER,
    CapError,
    Component,
    ComponentReader,
    component_of_file,
)
from jcopsh.globalplatform.cap_directory import check_directory
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.tlv import encode

MAGIC = bytes.fromhex("DECAFFED")
TAG_LOAD_FILE_DATA_BLOCK = 0xC4  # GlobalPlatform 2.3.1, table 11-58
INDEFINITE_LENGTH = 0x80  # which no data object on a card has (ISO/IEC 7816-4:2020, 5.2.2.2)
LARGEST_FILE = 16 << 20  # bytes; no card takes a hundredth of it

_FIRST_EXTENDED_MINOR = 3  # of the format (6.1)
_HANDLER_SIZE = 8  # bytes of an entry in the Method component's table of exception handlers (6.9)
_REQUIRED = (Component.HEADER, Component.DIRECTORY, Component.IMPORT, Component.METHOD)
# whose size has four bytes where the header says that the format is extended (6.1, 6.7 to 6.16)
_LONG_WHEN_EXTENDED = frozenset((Component.METHOD, Component.REFERENCE_LOCATION, Component.DESCRIPTOR, Component.DEBUG))


class Flags(IntFlag):
    """Flags of the header (6.3, table 6-4)."""

    INT = 0x01
    EXPORT = 0x02
    APPLET = 0x04
    EXTENDED = 0x08


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
        component = component_of_file(path.stem)
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
        if tag >= FIRST_CUSTOM_TAG and position:  # custom components come last, and are not ours to read
            break
        try:
            component = Component(tag)
        except ValueError:
            if not position:
                raise CapError("it is neither a ZIP archive nor a row of components: it begins with "
                               f"{tag:02X}", offset=0) from None
            raise CapError(f"no component begins with {tag:02X}", offset=position) from None
        width, size = _size(component, raw, position, extended=extended)
        end = position + 1 + width + size
        if end > len(raw):
            raise CapError(f"its size says {size} bytes, {len(raw) - position - 1 - width} are there", component, 1)
        if component in found:
            raise CapError("it stands there twice", component, 0)
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
        raise CapError(f"the load file data block says {length} bytes, {len(body)} follow", offset=1)
    return body


def _is_extended(header: bytes) -> bool:
    return (len(header) > 9 and header[3:7] == MAGIC and header[7] >= _FIRST_EXTENDED_MINOR
            and bool(header[9] & Flags.EXTENDED))


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


def _described(components: dict[Component, bytes]) -> CapFile:
    header = ComponentReader(Component.HEADER, components[Component.HEADER], 3)
    if header.take(4, "the magic number") != MAGIC:
        raise CapError("the magic number is not DECAFFED", Component.HEADER, 3)
    minor, major = header.number("the format's version"), header.number("the format's version")
    if major != 2 or not 1 <= minor <= 3:
        raise CapError(f"format {major}.{minor} is not one of 2.1 to 2.3", Component.HEADER, 7)
    flags = _flags(header, minor, components)
    if flags & Flags.EXTENDED:
        file_minor, file_major = header.number("the file's version"), header.number("the file's version")
        aid = header.aid("the file's AID")
        packages = tuple(_packages(header, _at_least_one(header, "packages"), "a package's AID"))
        packages = _named(header, packages)
    else:
        packages = _named(header, tuple(_packages(header, 1, "the package's AID")))
        aid, file_major, file_minor = packages[0].aid, packages[0].major, packages[0].minor
    header.finish()
    applets, imports = _applets(components, flags), _imports(components)
    if not flags & Flags.EXTENDED:  # whose directory has another form
        check_directory(components, minor, imports=len(imports), applets=len(applets))
    return CapFile(major, minor, flags, aid, file_major, file_minor, packages, applets, imports,
                   tuple(sorted(components.items())))


def _flags(header: ComponentReader, minor: int, components: Mapping[Component, bytes]) -> Flags:
    """The flags, which have to fit the format and the components that are there (6.3)."""
    at = header.position
    flags = Flags(header.number("the flags"))
    if flags & Flags.EXTENDED and minor < _FIRST_EXTENDED_MINOR:
        raise CapError(f"its flags say that the format is extended, which 2.{minor} cannot be", Component.HEADER, at)
    if bool(flags & Flags.APPLET) != (Component.APPLET in components):
        told, there = ("are", "no") if flags & Flags.APPLET else ("are no", "an")
        raise CapError(f"its flags say that there {told} applets, and there is {there} Applet component",
                       Component.HEADER, at)
    return flags


def _at_least_one(reader: ComponentReader, what: str) -> int:
    at = reader.position
    count = reader.number(f"the number of {what}")
    if not count:
        raise CapError(f"it has no {what}, and at least one there has to be", reader.component, at)
    return count


# --- Header, Applet, Import (6.3, 6.5, 6.6) --------------------------------------------------------------------------


def _packages(reader: ComponentReader, count: int, what: str) -> Iterator[Package]:
    for _ in range(count):
        minor, major = reader.number("a package's version"), reader.number("a package's version")
        yield Package(reader.aid(what), major, minor)


def _named(header: ComponentReader, packages: Sequence[Package]) -> tuple[Package, ...]:
    """With the names that stand at the end of a header of 2.2 and later, where it has any."""
    named = []
    for package in packages:
        name = b"" if header.at_end else header.take(header.number("the length of a name"), "a package's name")
        named.append(Package(package.aid, package.major, package.minor, name.decode("utf-8", "replace")))
    return tuple(named)


def _applets(components: Mapping[Component, bytes], flags: Flags) -> tuple[AID, ...]:
    if Component.APPLET not in components:
        return ()
    reader = ComponentReader(Component.APPLET, components[Component.APPLET], 3)
    found: list[AID] = []
    for _ in range(_at_least_one(reader, "applets")):
        at = reader.position
        applet = reader.aid("an applet's AID")
        if applet in found:
            raise CapError(f"two applets have the AID {applet}", Component.APPLET, at)
        found.append(applet)
        if flags & Flags.EXTENDED:
            reader.take(3, "install_method_offset")  # with the block of methods that it is in
        else:
            _check_install_method(reader, components[Component.METHOD])
    reader.finish()
    return tuple(found)


def _check_install_method(applets: ComponentReader, methods: bytes) -> None:
    """Raise CapError where an applet's install() stands outside of the methods, which come behind the exception
    handlers (6.9)."""
    at = applets.position
    offset = applets.number("install_method_offset", 2)
    handlers = ComponentReader(Component.METHOD, methods, 3)
    handlers.take(_HANDLER_SIZE * handlers.number("the number of exception handlers"), "the exception handlers")
    first, behind = handlers.position - 3, len(methods) - 3
    if not first <= offset < behind:
        raise CapError(f"its install method is said to stand at {offset} of Method, whose methods stand at {first} to "
                       f"{behind - 1}", Component.APPLET, at)


def _imports(components: Mapping[Component, bytes]) -> tuple[Package, ...]:
    reader = ComponentReader(Component.IMPORT, components[Component.IMPORT], 3)
    found = tuple(_packages(reader, reader.number("the number of imports"), "an imported package's AID"))
    reader.finish()
    return found
