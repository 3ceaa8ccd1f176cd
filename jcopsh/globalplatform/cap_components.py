"""The components that a CAP file is made of, and how their items are read.

Source: Java Card Virtual Machine Specification, chapter 6 (2.2.2 and 3.1, Classic Edition).
"""

from __future__ import annotations

from enum import IntEnum

from jcopsh.iso7816.aid import AID

FIRST_CUSTOM_TAG = 0x80  # 6.2


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


def component_of_file(name: str) -> Component | None:
    """The component that a file of this name, without its ending, holds in an archive; None for any other file."""
    return _BY_NAME.get(name.lower())


class CapError(ValueError):
    """A CAP file that is none. `offset` counts from the component's tag; where `component` is None, from the file's
    beginning."""

    def __init__(self, message: str, component: Component | None = None, offset: int | None = None) -> None:
        where = component.title if component else "the file"
        at = "" if offset is None else f", offset {offset}"
        super().__init__(f"{where}{at}: {message}")
        self.component = component
        self.offset = offset


class ComponentReader:
    """Reads the items of a component, and knows where it is. Its methods raise CapError where it ends too early."""

    def __init__(self, component: Component, data: bytes, position: int) -> None:
        self.component = component
        self.data = data
        self.position = position

    def take(self, count: int, what: str) -> bytes:
        """The next bytes; `what` they are, for the error."""
        end = self.position + count
        if end > len(self.data):
            raise CapError(f"it ends within {what}", self.component, self.position)
        part, self.position = self.data[self.position : end], end
        return part

    def number(self, what: str, width: int = 1) -> int:
        """The next number, of `width` bytes."""
        return int.from_bytes(self.take(width, what), "big")

    def aid(self, what: str) -> AID:
        """The next AID, behind the byte of its length."""
        at = self.position
        length = self.number(f"the length of {what}")
        value = self.take(length, what)
        try:
            return AID(value)
        except ValueError as error:
            raise CapError(f"{what}: {error}", self.component, at) from None

    @property
    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self.position >= len(self.data)

    def finish(self) -> None:
        """Raise CapError where bytes are left over."""
        left = len(self.data) - self.position
        if left:
            raise CapError(f"{left} bytes are left over behind what it says it has", self.component, self.position)
