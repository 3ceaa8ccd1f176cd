"""The packages of the card itself: those that applets import, with their names and the Java Card version that each
version came with, and those that security domains are made of.

Source: the export files of the Java Card development kits from 2.1 to 3.2, and of GlobalPlatform's card API; NXP's
JCOPX and the versions of 3.1 and 3.2 as public tools for CAP files name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jcopsh.iso7816.aid import AID

# what security domains are made of, and the module in it (GlobalPlatform 2.3.1, H.1; seed 003)
DOMAIN_MODULES: Mapping[AID, AID] = MappingProxyType({
    AID(bytes.fromhex("A0000001515350")): AID(bytes.fromhex("A000000151535041")),
    AID(bytes.fromhex("A0000000035350")): AID(bytes.fromhex("A000000003535041")),
})

_NAMES: Mapping[str, str] = MappingProxyType({
    "A0000000620001": "java.lang",
    "A0000000620002": "java.io",
    "A0000000620003": "java.rmi",
    "A0000000620101": "javacard.framework",
    "A000000062010101": "javacard.framework.service",
    "A0000000620102": "javacard.security",
    "A0000000620201": "javacardx.crypto",
    "A0000000620202": "javacardx.biometry",
    "A0000000620203": "javacardx.external",
    "A0000000620204": "javacardx.biometry1toN",
    "A0000000620205": "javacardx.security",
    "A000000062020501": "javacardx.security.cert",
    "A000000062020502": "javacardx.security.derivation",
    "A000000062020503": "javacardx.security.util",
    "A000000062020801": "javacardx.framework.util",
    "A00000006202080101": "javacardx.framework.util.intx",
    "A000000062020802": "javacardx.framework.math",
    "A000000062020803": "javacardx.framework.tlv",
    "A000000062020804": "javacardx.framework.string",
    "A000000062020805": "javacardx.framework.event",
    "A000000062020806": "javacardx.framework.nio",
    "A000000062020807": "javacardx.framework.time",
    "A0000000620209": "javacardx.apdu",
    "A000000062020901": "javacardx.apdu.util",
    "A00000015100": "org.globalplatform",
    "A00000015102": "org.globalplatform.contactless",
    "A00000015103": "org.globalplatform.securechannel",
    "A00000015104": "org.globalplatform.securechannel.provider",
    "A00000015105": "org.globalplatform.privacy",
    "A00000015106": "org.globalplatform.filesystem",
    "A00000015107": "org.globalplatform.upgrade",
    "A0000000030000": "visa.openplatform",
    "D276000085494A434F5058": "com.nxp.id.jcopx",
    "A0000000090003FFFFFFFF8910710001": "sim.access",
    "A0000000090003FFFFFFFF8910710002": "sim.toolkit",
    "A0000000090005FFFFFFFF8911000000": "uicc.access",
    "A0000000090005FFFFFFFF8912000000": "uicc.toolkit",
})
_BY_AID = {AID(bytes.fromhex(text)): name for text, name in _NAMES.items()}

_JAVA_CARD = ("2.1", "2.1.1", "2.2", "2.2.1", "2.2.2", "3.0.1", "3.0.4", "3.0.5", "3.1", "3.2")
_LATER = "later than "
NEWEST = _JAVA_CARD[-1]
"""The newest Java Card version that is known here."""
_JAVA_CARD_RID = bytes.fromhex("A000000062")
_MAJOR = 1  # of all packages of all these versions

# for packages whose versions tell the Java Card version: the minor versions of 1.x and the version they came with
_CAME_WITH: Mapping[str, tuple[str, ...]] = MappingProxyType({
    # 1.7 is in no development kit: what asks for it asks for 3.1
    "javacard.framework": ("2.1", "2.2", "2.2.1", "2.2.2", "3.0.1", "3.0.4", "3.0.5", "3.1", "3.1", "3.2"),
    "javacard.security": ("2.1", "2.1.1", "2.2.1", "2.2.2", "3.0.1", "3.0.4", "3.0.5", "3.1"),
    "javacardx.crypto": ("2.1", "2.1.1", "2.2.1", "2.2.2", "3.0.1", "3.0.4", "3.0.5"),
    "javacardx.apdu": ("2.2.2",),
    "javacardx.framework.util.intx": ("2.2.2",),
    "javacardx.framework.math": ("2.2.2",),
    "javacardx.framework.tlv": ("2.2.2",),
    "javacardx.framework.util": ("2.2.2", "3.0.5"),
    "javacardx.framework.string": ("3.0.4",),
    "javacardx.apdu.util": ("3.0.5",),
    "javacardx.security": ("3.0.5",),
    "javacardx.biometry1toN": ("3.0.5",),
    "javacardx.framework.event": ("3.1",),
    "javacardx.framework.nio": ("3.1",),
    "javacardx.framework.time": ("3.1",),
    "javacardx.security.cert": ("3.1",),
    "javacardx.security.derivation": ("3.1",),
    "javacardx.security.util": ("3.1",),
})


def package_name(aid: AID) -> str:
    """The name of a well-known package, empty for any other."""
    return _BY_AID.get(aid, "")


def java_card_version(aid: AID, major: int, minor: int) -> str:
    """The oldest Java Card version, e.g. `2.2.2`, that has this version of a package; empty where that is not known.

    A version of the package that is newer than those known takes at least the next Java Card version: the one after
    `3.2`, which is not known here, is `later than 3.2`.
    """
    versions = _CAME_WITH.get(package_name(aid), ())
    if not versions or major < 1:
        return ""
    if major == 1 and minor < len(versions):
        return versions[minor]
    following = _JAVA_CARD[_JAVA_CARD.index(versions[-1]) + 1 :]
    return following[0] if following else f"{_LATER}{versions[-1]}"


def no_java_card_has(aid: AID, major: int) -> bool:
    """Whether no known Java Card version has a package of this AID with this major version: all have 1."""
    return aid.rid == _JAVA_CARD_RID and bool(package_name(aid)) and major != _MAJOR


def is_unknown(version: str) -> bool:
    """Whether this is a Java Card version after the newest that is known, as `later than 3.2` is."""
    return version.startswith(_LATER)


def is_newer(version: str, than: str) -> bool:
    """Whether a version such as `3.0.1`, or `later than 3.2`, is newer than another."""
    return _order(version) > _order(than)


def _order(version: str) -> tuple[tuple[int, ...], bool]:
    numbers = version.removeprefix(_LATER)
    return tuple(int(part) for part in numbers.split(".")), numbers != version
