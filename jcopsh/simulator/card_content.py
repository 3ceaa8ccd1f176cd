"""What a GlobalPlatform card keeps: packages, applications, security domains with their keys. Everything is a value.

AIDs are bytes. Life cycle bytes are those of the Card Specification 2.2.1, 11.1.1; privileges three bytes as a number
(11.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag

from jcopsh.simulator.assumptions import GP_TRIES
from jcopsh.simulator.card_keys import CardKeySet

LOADED = 0x01


class CardState(IntEnum):
    """The card's own life cycle, kept by the issuer security domain (table 11-6)."""

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


class ApplicationState(IntEnum):
    """The life cycle of an application or security domain; LOCKED is a bit on top of the state before."""

    INSTALLED = 0x03
    SELECTABLE = 0x07
    PERSONALIZED = 0x0F
    LOCKED = 0x80


class Privilege(IntFlag):
    """The privileges that this card acts on."""

    SECURITY_DOMAIN = 0x800000
    CARD_LOCK = 0x100000
    CARD_TERMINATE = 0x080000
    DEFAULT_SELECTED = 0x040000
    CVM_MANAGEMENT = 0x020000
    AUTHORIZED_MANAGEMENT = 0x004000


@dataclass(frozen=True, slots=True)
class PackageVersion:
    """A package that another one needs, or that is there: its AID and version."""

    aid: bytes
    major: int
    minor: int

    def satisfies(self, wanted: PackageVersion) -> bool:
        """Whether this package can be linked where `wanted` is imported (Java Card VM Specification 2.2.2, 4.5)."""
        return self.aid == wanted.aid and self.major == wanted.major and self.minor >= wanted.minor


@dataclass(frozen=True, slots=True)
class LoadFile:
    """A package on the card. `size` is the memory it takes, `permanent` whether it lies in ROM."""

    package: PackageVersion
    modules: tuple[bytes, ...]
    domain: bytes
    imports: tuple[PackageVersion, ...] = ()
    size: int = 0
    permanent: bool = False

    @property
    def aid(self) -> bytes:
        """Its AID."""
        return self.package.aid


@dataclass(frozen=True, slots=True)
class DomainData:
    """What a security domain has beyond other applications.

    Without key sets of its own the domain it belongs to lends its own; the issuer's come from the configuration memory.
    `tries` is how often INITIALIZE UPDATE is still answered before a successful authentication; `objects` are what
    STORE DATA put, by tag.
    """

    key_sets: tuple[CardKeySet, ...] = ()
    sequence_counter: int = 0
    tries: int = GP_TRIES.value
    objects: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An application on the card: an installed applet, or a security domain where `domain_data` is there."""

    aid: bytes
    load_file: bytes
    module: bytes
    domain: bytes
    privileges: int
    state: int
    size: int = 0
    domain_data: DomainData | None = None

    @property
    def locked(self) -> bool:
        """Whether it was locked by SET STATUS."""
        return bool(self.state & ApplicationState.LOCKED)

    @property
    def selectable(self) -> bool:
        """Whether SELECT finds it."""
        return not self.locked and self.state != ApplicationState.INSTALLED


@dataclass(frozen=True, slots=True)
class CardContent:
    """The registry. `issuer` is the issuer security domain; its AID is that of the card's platform."""

    issuer: Instance
    card_state: CardState = CardState.OP_READY
    load_files: tuple[LoadFile, ...] = ()
    instances: tuple[Instance, ...] = field(default=())

    def application(self, aid: bytes) -> Instance | None:
        """The issuer security domain, or an instance."""
        return next((one for one in self.applications if one.aid == aid), None)

    def domain(self, aid: bytes) -> Instance | None:
        """A security domain."""
        found = self.application(aid)
        return found if found is not None and found.domain_data is not None else None

    def load_file(self, aid: bytes) -> LoadFile | None:
        """A package."""
        return next((one for one in self.load_files if one.aid == aid), None)

    @property
    def applications(self) -> tuple[Instance, ...]:
        """The issuer security domain and all instances, in the order in which they came."""
        return (self.issuer, *self.instances)

    @property
    def used(self) -> int:
        """Bytes of memory that packages and instances take."""
        return sum(one.size for one in self.load_files) + sum(one.size for one in self.instances)

    @property
    def default(self) -> Instance:
        """What is selected after a reset: the application with that privilege, else the issuer security domain."""
        held = (one for one in self.instances if one.privileges & Privilege.DEFAULT_SELECTED and one.selectable)
        chosen = next(held, self.issuer)
        return self.issuer if self.card_state is CardState.CARD_LOCKED else chosen

    def modules_named(self, aid: bytes) -> Iterator[tuple[LoadFile, bytes]]:
        """Every package that holds a module of that AID."""
        return ((load_file, aid) for load_file in self.load_files if aid in load_file.modules)

    def knows(self, aid: bytes) -> bool:
        """Whether a package, a module, an instance or the issuer security domain has that AID.

        Java Card gives an AID to one of these only (Java Card VM Specification 2.2.2, 4.2; JCRE Specification, 11.1.5).
        """
        named = any(self.modules_named(aid))
        return named or self.load_file(aid) is not None or self.application(aid) is not None

    def with_application(self, changed: Instance) -> CardContent:
        """With an application in the place of the one of the same AID, or as a new one."""
        if changed.aid == self.issuer.aid:
            return replace(self, issuer=changed)
        if self.application(changed.aid) is None:
            return replace(self, instances=(*self.instances, changed))
        return replace(self, instances=tuple(changed if one.aid == changed.aid else one for one in self.instances))

    def without_instances(self, gone: Callable[[Instance], bool]) -> CardContent:
        """Without the instances that `gone` names."""
        return replace(self, instances=tuple(one for one in self.instances if not gone(one)))

    def with_domain_data(self, aid: bytes, data: DomainData) -> CardContent:
        """With other data in the security domain `aid`."""
        found = self.domain(aid)
        return self if found is None else self.with_application(replace(found, domain_data=data))

    def key_owner(self, aid: bytes) -> Instance:
        """The security domain whose keys open a channel to `aid`: itself, or the nearest above that has any."""
        current, passed = self.domain(aid) or self.issuer, {aid}
        while current is not self.issuer and current.domain_data and not current.domain_data.key_sets:
            above = self.domain(current.domain) or self.issuer
            if above.aid in passed:
                return self.issuer
            passed.add(above.aid)
            current = above
        return current
