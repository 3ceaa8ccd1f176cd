"""What is on a card: the answers to GET STATUS, with life cycle and privileges in words.

Source: GlobalPlatform 2.3.1, 11.1.1 and 11.1.2 (life cycle, privileges), 11.4 (GET STATUS); 2.1.1, 9.4, for the form
without tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntFlag
from types import MappingProxyType

from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.tlv import TLV, parse_legible


class Scope(Enum):
    """What GET STATUS is asked for: its P1 (11.4.2.1)."""

    ISSUER_SECURITY_DOMAIN = 0x80
    APPLICATIONS = 0x40
    LOAD_FILES = 0x20
    LOAD_FILES_AND_MODULES = 0x10


class Privilege(IntFlag):
    """Privileges: three bytes, the first the most significant (table 11-7 to 11-9)."""

    SECURITY_DOMAIN = 0x800000
    DAP_VERIFICATION = 0xC00000
    DELEGATED_MANAGEMENT = 0xA00000
    CARD_LOCK = 0x100000
    CARD_TERMINATE = 0x080000
    CARD_RESET = 0x040000
    CVM_MANAGEMENT = 0x020000
    MANDATED_DAP_VERIFICATION = 0xC10000
    TRUSTED_PATH = 0x008000
    AUTHORIZED_MANAGEMENT = 0x004000
    TOKEN_MANAGEMENT = 0x002000
    GLOBAL_DELETE = 0x001000
    GLOBAL_LOCK = 0x000800
    GLOBAL_REGISTRY = 0x000400
    FINAL_APPLICATION = 0x000200
    GLOBAL_SERVICE = 0x000100
    RECEIPT_GENERATION = 0x000080
    CIPHERED_LOAD_FILE_DATA_BLOCK = 0x000040
    CONTACTLESS_ACTIVATION = 0x000020
    CONTACTLESS_SELF_ACTIVATION = 0x000010


_PRIVILEGE_NAMES = (
    (Privilege.SECURITY_DOMAIN, "Security Domain"), (Privilege.DAP_VERIFICATION, "DAP Verification"),
    (Privilege.DELEGATED_MANAGEMENT, "Delegated Management"), (Privilege.CARD_LOCK, "Card Lock"),
    (Privilege.CARD_TERMINATE, "Card Terminate"), (Privilege.CARD_RESET, "Card Reset (default selected)"),
    (Privilege.CVM_MANAGEMENT, "CVM Management"), (Privilege.MANDATED_DAP_VERIFICATION, "Mandated DAP Verification"),
    (Privilege.TRUSTED_PATH, "Trusted Path"), (Privilege.AUTHORIZED_MANAGEMENT, "Authorized Management"),
    (Privilege.TOKEN_MANAGEMENT, "Token Management"), (Privilege.GLOBAL_DELETE, "Global Delete"),
    (Privilege.GLOBAL_LOCK, "Global Lock"), (Privilege.GLOBAL_REGISTRY, "Global Registry"),
    (Privilege.FINAL_APPLICATION, "Final Application"), (Privilege.GLOBAL_SERVICE, "Global Service"),
    (Privilege.RECEIPT_GENERATION, "Receipt Generation"),
    (Privilege.CIPHERED_LOAD_FILE_DATA_BLOCK, "Ciphered Load File Data Block"),
    (Privilege.CONTACTLESS_ACTIVATION, "Contactless Activation"),
    (Privilege.CONTACTLESS_SELF_ACTIVATION, "Contactless Self-Activation"),
)


def privilege_names(value: int) -> tuple[str, ...]:
    """The privileges of three bytes, each by its name; bits that make none of them together, as they are."""
    held = [(privilege, name) for privilege, name in _PRIVILEGE_NAMES if value & privilege == privilege]
    rest = value
    for privilege, _ in held:
        rest &= ~privilege
    return (*(name for _, name in held), *((f"bits {rest:06X}",) if rest else ()))


def privilege_bytes(value: int) -> bytes:
    """Privileges as INSTALL takes them: one byte where the other two would be 00, else three (11.1.2)."""
    whole = value.to_bytes(3, "big")
    return whole if any(whole[1:]) else whole[:1]


# the short names in which privileges are typed; several may be given
PRIVILEGE_WORDS: Mapping[str, Privilege] = MappingProxyType({
    privilege.name.lower().replace("_", "-"): privilege for privilege, _ in _PRIVILEGE_NAMES if privilege.name
} | {"default-selected": Privilege.CARD_RESET})


# table 11-6: the card's own states, as the issuer security domain shows them
CARD_LIFE_CYCLE = {0x01: "OP_READY", 0x07: "INITIALIZED", 0x0F: "SECURED", 0x7F: "CARD_LOCKED", 0xFF: "TERMINATED"}


def life_cycle_name(value: int, scope: Scope, *, security_domain: bool = False) -> str:
    """A life cycle state in the specification's word; application-specific ones with their byte (11.1.1)."""
    if scope is Scope.ISSUER_SECURITY_DOMAIN:
        return CARD_LIFE_CYCLE.get(value, f"{value:02X}")
    if scope in (Scope.LOAD_FILES, Scope.LOAD_FILES_AND_MODULES):
        return "LOADED" if value == 0x01 else f"{value:02X}"
    if value & 0x80 and value & 0x03 == 0x03:
        return "LOCKED"
    if security_domain and value == 0x0F:
        return "PERSONALIZED"
    names = {0x03: "INSTALLED", 0x07: "SELECTABLE"}
    if value in names:
        return names[value]
    return f"SELECTABLE, specific {value:02X}" if value & 0x07 == 0x07 else f"{value:02X}"


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """One entry. `life_cycle` and `privileges` are None where the card did not tell; `modules`, `version` belong to
    load files."""

    aid: AID
    scope: Scope
    life_cycle: int | None
    privileges: int | None = None
    version: bytes = b""
    modules: tuple[AID, ...] = ()
    domain: AID | None = None
    load_file: AID | None = None

    @property
    def security_domain(self) -> bool:
        """Whether it is one."""
        return self.scope is Scope.ISSUER_SECURITY_DOMAIN or bool((self.privileges or 0) & Privilege.SECURITY_DOMAIN)

    @property
    def life_cycle_name(self) -> str:
        """Its life cycle state in words."""
        if self.life_cycle is None:
            return "life cycle not told"
        return life_cycle_name(self.life_cycle, self.scope, security_domain=self.security_domain)


MORE_DATA = 0x6310  # there are more entries (11.4.3.2)
_TAGGED, NEXT = 0x02, 0x01  # P2 of GET STATUS: the form with tags, and what follows a 6310
ALL_AIDS = b"\x4f\x00"  # the data of GET STATUS that asks for whatever AID


def get_status(scope: Scope, *, tagged: bool = True, following: bool = False) -> CommandAPDU:
    """GET STATUS of everything in a scope (11.4.2); `following` asks for what 6310 said is left."""
    p2 = (_TAGGED if tagged else 0) | (NEXT if following else 0)
    return CommandAPDU(0x80, INS.GET_STATUS, scope.value, p2, ALL_AIDS, le=256)


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What the answers to GET STATUS of one scope hold. `unread` says of what cannot be read why not; `whole` is False
    where entries are missing for it."""

    entries: tuple[RegistryEntry, ...]
    unread: tuple[str, ...] = ()
    whole: bool = True


def parse_status(data: bytes, scope: Scope) -> StatusAnswer:
    """Read the data of GET STATUS answers, joined, in the form with tags (E3) or the one without.

    What cannot be read takes nothing else away.
    """
    read = _read_tagged if data[:1] == bytes((_TAG_ENTRY,)) else _read_untagged
    found = tuple(read(data, scope))
    return StatusAnswer(
        tuple(one.entry for one in found if one.entry is not None), tuple(one.doubt for one in found if one.doubt),
        whole=all(one.entry is not None for one in found),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry as far as it can be read, and what cannot be."""

    entry: RegistryEntry | None = None
    doubt: str = ""


_TAG_ENTRY, _TAG_AID, _TAG_LIFE_CYCLE, _TAG_PRIVILEGES = 0xE3, 0x4F, 0x9F70, 0xC5  # table 11-36
_TAG_LOAD_FILE, _TAG_MODULE, _TAG_DOMAIN, _TAG_VERSION = 0xC4, 0x84, 0xCC, 0xCE


def _read_tagged(data: bytes, scope: Scope) -> Iterator[_Read]:
    objects, broken = parse_legible(data)
    for one in objects:
        yield _entry(one, scope) if one.tag == _TAG_ENTRY else _Read(
            doubt=f"an entry begins with E3, not {one.tag:02X}")
    if broken is not None:
        yield _Read(doubt=f"the answer ends within an entry, or makes no sense at byte {broken.offset}: {broken}")


def _entry(entry: TLV, scope: Scope) -> _Read:
    items, broken = parse_legible(entry.value)
    aids, doubts = _aids(items)
    life_cycle, privileges = _first(items, _TAG_LIFE_CYCLE), _first(items, _TAG_PRIVILEGES)
    if broken is not None:
        doubts.append(str(broken))
    if life_cycle == b"":
        doubts.append("its life cycle (9F70) is empty")
    if len({item.value for item in items if item.tag == _TAG_VERSION}) > 1:
        doubts.append("it has several versions (CE), of which the first is shown")
    aid = next(iter(aids[_TAG_AID]), None)
    return _doubted(_first(items, _TAG_AID), doubts, None if aid is None else RegistryEntry(
        aid=aid,
        scope=scope,
        # the second byte, where there is one, is that of the contactless interface (Amendment C)
        life_cycle=life_cycle[0] if life_cycle else None,
        privileges=None if privileges is None else int.from_bytes((privileges + bytes(3))[:3], "big"),
        version=_first(items, _TAG_VERSION) or b"",
        modules=aids[_TAG_MODULE],
        domain=next(iter(aids[_TAG_DOMAIN]), None),
        load_file=next(iter(aids[_TAG_LOAD_FILE]), None),
    ))


def _doubted(name: bytes | None, doubts: list[str], entry: RegistryEntry | None) -> _Read:
    """An entry with what is doubtful of it, by the bytes that stand for its AID."""
    if not name:
        return _Read(doubt="; ".join(("an entry has no AID", *doubts)))
    return _Read(entry, f"the entry with {name.hex().upper()}: {'; '.join(doubts)}" if doubts else "")


def _first(items: Sequence[TLV], tag: int) -> bytes | None:
    return next((item.value for item in items if item.tag == tag), None)


_WHOSE_AID = {_TAG_AID: "its AID", _TAG_MODULE: "a module", _TAG_DOMAIN: "its security domain",
              _TAG_LOAD_FILE: "its package"}


def _aids(items: Sequence[TLV]) -> tuple[Mapping[int, tuple[AID, ...]], list[str]]:
    """The AIDs in an entry by their tag, and what is wrong with those that are none.

    Cards write an empty CC or C4 where there is no security domain or package to name.
    """
    found: dict[int, tuple[AID, ...]] = dict.fromkeys(_WHOSE_AID, ())
    doubts = []
    for item in items:
        if item.tag not in _WHOSE_AID or (not item.value and item.tag != _TAG_MODULE):
            continue
        try:
            found[item.tag] += (AID(item.value),)
        except ValueError as error:
            doubts.append(f"{_WHOSE_AID[item.tag]} ({item.tag:02X}): {error}")
    return found, doubts


class _Unreadable(ValueError):
    """An answer that ends within an entry."""


def _read_untagged(data: bytes, scope: Scope) -> Iterator[_Read]:
    """An entry without tags tells only by its lengths where the next one begins."""
    position = 0

    def take(count: int) -> bytes:
        nonlocal position
        part = data[position : position + count]
        if len(part) < count:
            raise _Unreadable
        position += count
        return part

    def counted() -> bytes:
        return take(take(1)[0])

    with_modules = scope is Scope.LOAD_FILES_AND_MODULES
    try:
        while position < len(data):
            name = counted()
            life_cycle, privileges = take(2)
            modules = [counted() for _ in range(take(1)[0])] if with_modules else []
            yield _untagged_entry(name, modules, life_cycle, privileges, scope)
    except _Unreadable:
        yield _Read(doubt="the answer ends within an entry")


def _untagged_entry(name: bytes, modules: Sequence[bytes], life_cycle: int, privileges: int, scope: Scope) -> _Read:
    aids, doubts = _aids((TLV(_TAG_AID, name), *(TLV(_TAG_MODULE, one) for one in modules)))
    aid = next(iter(aids[_TAG_AID]), None)
    return _doubted(name, doubts, None if aid is None else RegistryEntry(
        aid, scope, life_cycle, privileges << 16, modules=aids[_TAG_MODULE]))
