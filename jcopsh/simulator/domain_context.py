"""What the commands of a security domain work on: the card's content, and what lasts until the next SELECT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from jcopsh.simulator.assumptions import GP_DOMAINS
from jcopsh.simulator.card_content import ApplicationState, CardContent, DomainData, Instance, Privilege
from jcopsh.simulator.card_keys import CardKeySet
from jcopsh.simulator.channel_session import Session
from jcopsh.simulator.chip import Chip

WRONG_DATA = 0x6A80
REFERENCED_DATA_NOT_FOUND = 0x6A88
WRONG_PARAMETERS = 0x6A86
CONDITIONS_NOT_SATISFIED = 0x6985
NO_ROOM = 0x6A84
DONE = b"\x00"
"""What INSTALL, LOAD and DELETE answer where there is no receipt (seed 003)."""


class CommandRefused(Exception):
    """The command is answered with this status word and nothing else."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True, slots=True)
class LoadInProgress:
    """A load between INSTALL [for load] and the last LOAD: which package, for which domain, what came so far."""

    aid: bytes
    domain: bytes
    received: bytes = b""
    next_block: int = 0


class DomainContext:
    """One selected security domain. What is set here is forgotten by SELECT and by every reset."""

    def __init__(self, chip: Chip, aid: bytes) -> None:
        self._chip = chip
        self.aid = aid
        self.platform = chip.platform
        self.session: Session | None = None
        self.load: LoadInProgress | None = None
        self.personalised: bytes | None = None
        self.stored = b""
        self.next_stored = 0
        self.status_left: tuple[bytes, ...] = ()

    @property
    def scp02(self) -> int:
        """The implementation option of SCP02."""
        return self.platform.scp02

    @property
    def scp03(self) -> int:
        """The implementation option of SCP03; 0 where the card does not speak it."""
        return self.platform.scp03 or 0

    @property
    def production_data(self) -> bytes:
        """The value of GET DATA 9F7F."""
        return self._chip.production_data

    @property
    def randomness(self) -> Callable[[int], bytes]:
        """The card's source of random bytes."""
        return self._chip.randomness

    @property
    def content(self) -> CardContent:
        """The registry now in force."""
        return self._chip.content

    def commit(self, content: CardContent) -> None:
        """Put another registry in force, once it is saved. Raises OSError."""
        self._chip.commit_content(content)

    @property
    def authenticated(self) -> bool:
        """Whether a secure channel is open."""
        return self.session is not None and self.session.level is not None

    def is_selected(self, aid: bytes) -> bool:
        """Whether an application is selected on any logical channel."""
        return aid in self._chip.selected.values()

    @property
    def free(self) -> int:
        """Bytes of memory left."""
        return max(0, self.platform.room - self.content.used)

    @property
    def domain(self) -> Instance:
        """The selected security domain. Raises CommandRefused where it is gone."""
        found = self.content.domain(self.aid)
        if found is None:
            raise CommandRefused(CONDITIONS_NOT_SATISFIED)
        return found

    def data_of(self, aid: bytes) -> DomainData:
        """What a security domain keeps."""
        found = self.content.domain(aid)
        return found.domain_data if found is not None and found.domain_data is not None else DomainData()

    def key_sets(self, aid: bytes) -> tuple[CardKeySet, ...]:
        """The key sets of a security domain; the issuer's come from the configuration memory until PUT KEY."""
        own = self.data_of(aid).key_sets
        return own or (self._chip.slot_keys if aid == self.content.issuer.aid else ())

    def put_key_sets(self, key_sets: tuple[CardKeySet, ...]) -> None:
        """Replace the key sets of the selected domain; a new domain becomes PERSONALIZED with its first ones."""
        domain = self.domain
        state = domain.state
        if domain.aid != self.content.issuer.aid and state == ApplicationState.SELECTABLE:
            state = ApplicationState.PERSONALIZED
        data = replace(self.data_of(self.aid), key_sets=key_sets)
        self.commit(self.content.with_application(replace(domain, domain_data=data, state=state)))

    def check_manages(self) -> None:
        """Raise CommandRefused where the selected domain may not change the card's content."""
        domain = self.domain
        if domain.aid != self.content.issuer.aid and not domain.privileges & Privilege.AUTHORIZED_MANAGEMENT:
            raise CommandRefused(GP_DOMAINS.value)
