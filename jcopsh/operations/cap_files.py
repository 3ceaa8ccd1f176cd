"""What is in a CAP file, for those who want to look before they load."""

from __future__ import annotations

from jcopsh.globalplatform.cap import CapFile, Flags, Package
from jcopsh.globalplatform.cap_components import LOAD_ORDER
from jcopsh.globalplatform.known_packages import is_newer, java_card_version, package_name
from jcopsh.globalplatform.preflight import other_rid
from jcopsh.operations.content_values import CapInfo, Component, Import

FORMAT_OF_3_1 = (2, 3)  # of CAP files (Java Card Virtual Machine Specification 3.1, 6.4)
_FLAGS = ((Flags.INT, "uses int"), (Flags.EXPORT, "exports"), (Flags.APPLET, "has applets"))


def cap_info(cap: CapFile, name: str) -> CapInfo:
    """A description of a CAP file, which is called `name`."""
    imports = tuple(map(_import, cap.imports))
    needed = [one.java_card for one in imports if one.java_card]
    if (cap.format_major, cap.format_minor) >= FORMAT_OF_3_1:
        needed.append("3.1")
    return CapInfo(
        file=name, format=f"{cap.format_major}.{cap.format_minor}, {'extended' if cap.extended else 'compact'}",
        flags=tuple(text for flag, text in _FLAGS if cap.flags & flag), aid=cap.aid,
        version=cap.version,
        packages=tuple((one.aid, one.version, one.name.replace("/", ".")) for one in cap.packages),
        applets=cap.applets, imports=imports,
        components=tuple(Component(one.title, len(data), one in LOAD_ORDER) for one, data in cap.components),
        load_size=len(cap.load_block), java_card=_newest(needed),
        doubts=tuple(other_rid(cap, one) for one in cap.applets if one.rid != cap.aid.rid),
    )


def _import(package: Package) -> Import:
    needed = java_card_version(package.aid, package.major, package.minor)
    return Import(package.aid, package.version, package_name(package.aid), needed)


def _newest(versions: list[str]) -> str:
    newest = ""
    for version in versions:
        if not newest or is_newer(version, newest):
            newest = version
    return newest
