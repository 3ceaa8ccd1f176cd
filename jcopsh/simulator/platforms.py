"""What differs between the card managers of the JCOP generations.

Issuer security domain, secure channels, card data, and the packages in ROM.
"""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.simulator import tlv
from jcopsh.simulator.assumptions import (
    CARD_MANAGER_FCI,
    GP_CARD_DATA,
    GP_J3R180_KEYS,
    GP_PRODUCTION_DATA,
    GP_ROOM,
    IDENTIFY_ANSWER,
    JCOP4_IDENTIFICATION,
)
from jcopsh.simulator.card_content import (
    CardContent,
    CardState,
    DomainData,
    Instance,
    LoadFile,
    PackageVersion,
    Privilege,
)
from jcopsh.simulator.card_keys import INITIAL_VERSION, CardKeySet, KeyType

DEFAULT_KEY = bytes(range(0x40, 0x50))
"""The key that every simulated card has in each of its slots: public, no secret."""

ISSUER_PRIVILEGES = (
    Privilege.SECURITY_DOMAIN | Privilege.CARD_LOCK | Privilege.CARD_TERMINATE | Privilege.DEFAULT_SELECTED
    | Privilege.CVM_MANAGEMENT
)
"""9E: what seed 003's listing shows of the issuer security domain."""

SECURITY_DOMAIN_PACKAGE = bytes.fromhex("A0000001515350")
SECURITY_DOMAIN_MODULE = bytes.fromhex("A000000151535041")
"""From seed 003's listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One generation.

    `version` is that of the Card Specification, three bytes in hexadecimal. `production` is what tag 9F6E of the answer
    to SELECT says; without it that answer is a short one. `identify` is the answer to IDENTIFY while unfused, None
    where the generation has none; `scp02` and `scp03` are the implementation options, None where it does not speak the
    protocol; `java_card` is the generation of Java Card that card data name; `card_data_needs_channel` says that GET
    DATA 0066 is refused outside a secure channel. `api` are the packages in ROM that others can import, `room` the
    bytes of memory for packages and instances. `tagged_status` says whether GET STATUS knows the form with tags,
    `short_privileges` that privileges have one byte there, `linked_status` that its entries tell package, domain and
    version. `identification` is the value of DF28.
    """

    name: str
    issuer_aid: bytes
    version: str
    production: str = ""
    identify: bytes | None
    scp02: int
    scp03: int | None = None
    java_card: int = 2
    card_data_needs_channel: bool = False
    production_data: bytes
    diversification_data: bytes
    api: tuple[PackageVersion, ...]
    load_files: tuple[LoadFile, ...] = ()
    key_sets: tuple[CardKeySet, ...] = ()
    room: int = GP_ROOM.value
    tagged_status: bool = True
    short_privileges: bool = False
    linked_status: bool = False
    identification: bytes | None = None

    @property
    def card_data(self) -> bytes:
        """The value of GET DATA 0066."""
        return recognition_data(self.version, self.scp02, self.scp03, java_card=self.java_card)

    @property
    def issuer_fci(self) -> bytes:
        """The file control information of the issuer security domain, built as seed 001's, or a short one."""
        more = b""
        if self.production:
            more = tlv.encode(b"\x9f\x6e", bytes.fromhex(self.production)) + self.card_data
        proprietary = tlv.encode(b"\xa5", bytes.fromhex("9F6501FF") + more)
        return tlv.encode(b"\x6f", tlv.encode(b"\x84", self.issuer_aid) + proprietary)

    def factory_content(self) -> CardContent:
        """The registry as the factory leaves it."""
        issuer = Instance(
            self.issuer_aid, b"", b"", self.issuer_aid, ISSUER_PRIVILEGES, CardState.OP_READY,
            domain_data=DomainData(key_sets=self.key_sets),
        )
        return CardContent(issuer, load_files=self.load_files)


def _api(framework_minor: int, *more: PackageVersion) -> tuple[PackageVersion, ...]:
    """The packages of a Java Card: 3 in 2.2.2, 4 in 3.0.1, 6 in 3.0.5 (javacard.framework 1.x)."""
    names = ("A0000000620101", "A0000000620102", "A0000000620201")  # framework, security, javacardx.crypto
    return (
        PackageVersion(bytes.fromhex("A0000000620001"), 1, 0),  # java.lang
        *(PackageVersion(bytes.fromhex(name), 1, framework_minor) for name in names), *more,
    )


def _globalplatform(minor: int) -> PackageVersion:
    """org.globalplatform 1.x."""
    return PackageVersion(bytes.fromhex("A00000015100"), 1, minor)


def recognition_data(version: str, scp02: int, scp03: int | None = None, *, java_card: int) -> bytes:
    """The card recognition data (tag 73) of a GlobalPlatform version such as `020201` (H.2)."""
    base = bytes.fromhex("2A864886FC6B")

    def oid(tag: int, value: bytes) -> bytes:
        return tlv.encode(bytes((tag,)), tlv.encode(b"\x06", value))

    channels = oid(0x64, base + bytes((4, 2, scp02)))
    if scp03 is not None:
        channels += oid(0x64, base + bytes((4, 3, scp03)))
    body = (
        tlv.encode(b"\x06", base + b"\x01") + oid(0x60, base + b"\x02" + bytes.fromhex(version))
        + oid(0x63, base + b"\x03") + channels + oid(0x65, bytes.fromhex("2B8510864864020103"))
        + oid(0x66, bytes.fromhex("2B060104012A026E01") + bytes((java_card,)))
    )
    return tlv.encode(b"\x73", body)


_NEW_AID = bytes.fromhex("A000000151000000")
_DOMAIN_PACKAGE = LoadFile(
    PackageVersion(SECURITY_DOMAIN_PACKAGE, 1, 0), (SECURITY_DOMAIN_MODULE,), _NEW_AID, permanent=True
)

JCOP_241 = Platform(
    name="JCOP 2.4.1",
    issuer_aid=bytes.fromhex("A000000003000000"),
    version="020101",
    production=CARD_MANAGER_FCI.value,
    identify=IDENTIFY_ANSWER.value,
    scp02=0x15,
    card_data_needs_channel=GP_CARD_DATA.value,
    production_data=GP_PRODUCTION_DATA.value["j2a040"],
    diversification_data=bytes.fromhex("00001202102560956619"),  # seed 001
    api=_api(3, _globalplatform(0)),
    tagged_status=False,
    short_privileges=True,
)

JCOP_242R3 = Platform(
    name="JCOP 2.4.2R3",
    issuer_aid=_NEW_AID,
    version="020201",
    production="479123410000",
    identify=bytes.fromhex("02B10140000000004E58323530420003F4477000"),  # of a J2E145
    scp02=0x55,
    production_data=GP_PRODUCTION_DATA.value["j2e145"],
    diversification_data=bytes.fromhex("00001A1B2C3D41234481"),
    api=_api(4, _globalplatform(5)),
    load_files=(_DOMAIN_PACKAGE,),
    short_privileges=True,
)

JCOP_45 = Platform(
    name="JCOP 4.5",
    issuer_aid=_NEW_AID,
    version="020203",
    identify=None,
    scp02=0x55,
    scp03=0x70,
    java_card=3,  # as the card data of a P71 in the tests of GPShell's library
    production_data=GP_PRODUCTION_DATA.value["j3r180"],
    diversification_data=bytes.fromhex("00006E6E6E5052430000"),
    api=_api(6, _globalplatform(6)),
    load_files=(_DOMAIN_PACKAGE,),
    key_sets=(
        CardKeySet.of_three(INITIAL_VERSION, KeyType.AES, (DEFAULT_KEY,) * 3),
        CardKeySet.of_three(GP_J3R180_KEYS.value, KeyType.TDES, (DEFAULT_KEY,) * 3),
    ),
    linked_status=True,
    identification=JCOP4_IDENTIFICATION.value,
)
