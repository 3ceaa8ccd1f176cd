"""Small CAP files made by the tests: A, B and C as in seed 003, and any other.

They hold the components that a card and a client read, filled as the Java Card Virtual Machine Specification 2.2.2,
chapter 6, says; the method component is a row of zeros.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

FRAMEWORK = bytes.fromhex("A0000000620101")
LANG = bytes.fromhex("A0000000620001")
_LOAD_ORDER = (1, 2, 4, 3, 6, 7, 8, 10, 5, 9)
_NAMES = {
    1: "Header", 2: "Directory", 3: "Applet", 4: "Import", 5: "ConstantPool", 6: "Class", 7: "Method",
    8: "StaticField", 9: "RefLocation", 10: "Export", 11: "Descriptor",
}
_METHOD_BYTES = 107
"""As many as give the load blocks of A, B and C 240 to 247 bytes: two LOADs of the lengths that seed 003 shows."""


@dataclass(frozen=True)
class Cap:
    """One CAP file. Versions are (major, minor); `imports` are AIDs with the versions they ask for.

    `name` is the package's, which a header of format 2.2 and later can hold.
    """

    package: bytes
    applets: tuple[bytes, ...]
    version: tuple[int, int] = (1, 0)
    imports: tuple[tuple[bytes, int, int], ...] = ((FRAMEWORK, 1, 3), (LANG, 1, 0))
    method_bytes: int = _METHOD_BYTES
    name: str = ""
    format: tuple[int, int] = (2, 1)

    @property
    def components(self) -> dict[int, bytes]:
        """Every component with its tag and size, by tag."""
        bodies = self._bodies()
        minor = self.format[1]
        sizes = b"".join(len(bodies.get(tag, b"")).to_bytes(2, "big") for tag in range(1, 12 if minor < 2 else 13))
        sizes += bytes(4) if minor > 2 else b""  # of a Static Resource component
        counts = bytes((len(self.imports), len(self.applets), 0))
        bodies[2] = sizes + bytes(6) + counts
        bodies[2] = bodies[2][:2] + len(bodies[2]).to_bytes(2, "big") + bodies[2][4:]
        return {tag: bytes((tag,)) + len(body).to_bytes(2, "big") + body for tag, body in sorted(bodies.items())}

    @property
    def load_data(self) -> bytes:
        """The components that a card gets, in the order in which it wants them, without the Descriptor."""
        components = self.components
        return b"".join(components[tag] for tag in _LOAD_ORDER if tag in components)

    @property
    def load_block(self) -> bytes:
        """The load file data block: `load_data` in tag C4."""
        data = self.load_data
        length = len(data)
        if length < 0x80:
            return b"\xc4" + bytes((length,)) + data
        if length < 0x100:
            return b"\xc4\x81" + bytes((length,)) + data
        return b"\xc4\x82" + length.to_bytes(2, "big") + data

    @property
    def plain(self) -> bytes:
        """The components one after the other, with the Descriptor."""
        return self.load_data + self.components[11]

    @property
    def archive(self) -> bytes:
        """A ZIP archive as the converter writes it."""
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n")
            for tag, data in self.components.items():
                archive.writestr(f"test/javacard/{_NAMES[tag]}.cap", data)
        return raw.getvalue()

    def _bodies(self) -> dict[int, bytes]:
        major, minor = self.version
        flags = 0x04 if self.applets else 0x00
        header = bytes.fromhex("DECAFFED") + bytes((self.format[1], self.format[0], flags, minor, major))
        header += _counted(self.package) + (_counted(self.name.encode()) if self.name else b"")
        imports = b"".join(bytes((lower, upper)) + _counted(aid) for aid, upper, lower in self.imports)
        bodies = {
            1: header,
            2: bytes(31),
            4: bytes((len(self.imports),)) + imports,
            5: bytes((0, 1, 0, 0, 0, 0)),
            6: bytes(10),
            7: bytes(1 + self.method_bytes),
            8: bytes(10),
            9: bytes(4),
            11: bytes(4),
        }
        if self.applets:
            bodies[3] = bytes((len(self.applets),)) + b"".join(_counted(aid) + b"\x00\x01" for aid in self.applets)
        return bodies


def _counted(value: bytes) -> bytes:
    return bytes((len(value),)) + value


def _seed_003(package: str, applet: str) -> Cap:
    return Cap(bytes.fromhex(package), (bytes.fromhex(applet),))


A = _seed_003("0000000000", "000000000011")
B = _seed_003("0000000000", "000000000022")
C = _seed_003("000000000011", "00000000001111")
