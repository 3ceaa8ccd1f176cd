"""Looking at a card through its security domain: who made it, which keys it has, what is on it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.globalplatform import card_data, cplc, registry
from jcopsh.globalplatform.card_data import CardDataError, Resources
from jcopsh.globalplatform.preflight import Inventory
from jcopsh.globalplatform.registry import RegistryEntry, RegistryError, Scope
from jcopsh.iso7816.aid import lookup
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.hexadecimal import ascii_column
from jcopsh.iso7816.status import describe
from jcopsh.jcop.identify import IDENTIFY_JCOP4, IdentifyError, Jcop4Identity, parse_identify_jcop4
from jcopsh.jcop.java_card import java_card_of
from jcopsh.operations.content_values import Absent, CardInfo, CardListing, ContentEntry
from jcopsh.operations.status_errors import card_error

T = TypeVar("T")

MOST_PAGES = 256  # a card that says 6310 for ever is broken
WITHOUT_AUTHENTICATION = 0x6982
# a scope, or a form of the answer, that a card does not know
_NOT_KNOWN = (0x6A80, 0x6A81, 0x6A82, 0x6A86, 0x6D00)
_NOTHING_THERE = 0x6A88
AUTHENTICATE = "auth: the card does this only on a secure channel"


# --- data of the card ------------------------------------------------------------------------------------------------


def read_cplc(card: Card) -> cplc.Cplc:
    """The card production life cycle data. Raises CardError where the card gives none."""
    command = card_data.get_data(cplc.TAG)
    response = card.send(command)
    try:
        if not response.ok:
            raise ValueError("the card gives none")
        return cplc.parse_cplc(response.data)
    except ValueError as error:
        raise card_error(f"no CPLC data: {error}", command, response,
                         hint="select isd, or select isd-gp: a security domain has it") from None


class _Asker:
    """Asks for one data object after the other, and keeps which of them the card did not give."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.absent: list[Absent] = []

    def read(self, name: str, command: CommandAPDU, parse: Callable[[bytes], T]) -> T | None:
        """What the answer means; None where there is none, or it cannot be read."""
        response = self._card.send(command)
        if not response.ok or not response.data:
            meaning = "empty" if response.ok else describe(response.sw, command.ins).text
            self.absent.append(Absent(name, response.sw, meaning))
            return None
        try:
            return parse(response.data)
        except ValueError as error:  # of the parsers, each has its own kind
            self.absent.append(Absent(name, response.sw, f"the answer cannot be read: {error}"))
            return None

    def value(self, name: str, tag: int) -> bytes:
        """The value of a data object, empty where there is none."""
        return self.read(name, card_data.get_data(tag), lambda data: card_data.value_of(data, tag)) or b""


def card_info(card: Card) -> CardInfo:
    """Everything that the selected security domain tells of the card without a secure channel, and what it does not."""
    asker = _Asker(card)
    with card.transaction():
        return CardInfo(
            cplc=asker.read("CPLC", card_data.get_data(cplc.TAG), cplc.parse_cplc),
            issuer_identification=asker.value("issuer identification number", card_data.TAG_IIN),
            card_image=asker.value("card image number", card_data.TAG_CIN),
            recognition=asker.read(
                "card recognition data", card_data.get_data(card_data.TAG_CARD_DATA), card_data.parse_recognition),
            keys=asker.read("key information", card_data.get_data(card_data.TAG_KEYS), card_data.parse_keys) or (),
            sequence_counter=asker.value("sequence counter", card_data.TAG_SEQUENCE_COUNTER),
            resources=asker.read(
                "free memory", card_data.get_data(card_data.TAG_RESOURCES), card_data.parse_resources),
            jcop4=asker.read("identification of JCOP 4", IDENTIFY_JCOP4, parse_identify_jcop4),
            absent=tuple(asker.absent),
        )


def free_resources(card: Card) -> Resources | None:
    """How much memory is free; None where the card does not tell."""
    response = card.send(card_data.get_data(card_data.TAG_RESOURCES))
    try:
        return card_data.parse_resources(response.data) if response.ok else None
    except CardDataError:
        return None


def _jcop4(card: Card) -> Jcop4Identity | None:
    try:
        return parse_identify_jcop4(card.send(IDENTIFY_JCOP4).data)
    except IdentifyError:
        return None


# --- what is on it ---------------------------------------------------------------------------------------------------


class _RegistryReader:
    """Reads the registry, scope by scope, in the form that the card knows."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._tagged = True
        self.notes: list[str] = []

    def entries(self, scope: Scope) -> tuple[RegistryEntry, ...] | None:
        """All entries of a scope; None where the card does not know the scope. Raises CardError."""
        command, response = self._ask(scope)
        if response.sw == _NOTHING_THERE:
            return ()
        if response.sw in _NOT_KNOWN:
            self.notes.append(f"{_SCOPES[scope]}: the card does not list them ({response.sw:04X})")
            return None
        data = response.data
        for _ in range(MOST_PAGES):
            if response.sw != registry.MORE_DATA:
                break
            command = registry.get_status(scope, tagged=self._tagged, following=True)
            response = self._card.send(command)
            data += response.data
        if not response.ok:
            raise _refused(command, response)
        try:
            return registry.parse_status(data, scope)
        except RegistryError as error:
            raise CardError(f"{_SCOPES[scope]} cannot be listed", command, response, meaning=str(error)) from None

    def _ask(self, scope: Scope) -> tuple[CommandAPDU, ResponseAPDU]:
        command = registry.get_status(scope, tagged=self._tagged)
        response = self._card.send(command)
        if self._tagged and response.sw in (0x6A86, 0x6A80):
            older = registry.get_status(scope, tagged=False)
            second = self._card.send(older)
            if second.ok or second.sw == registry.MORE_DATA:
                self._tagged = False
                return older, second
        return command, response


_SCOPES = {
    Scope.ISSUER_SECURITY_DOMAIN: "the issuer security domain", Scope.APPLICATIONS: "applications",
    Scope.LOAD_FILES: "packages", Scope.LOAD_FILES_AND_MODULES: "packages with their modules",
}


def _refused(command: CommandAPDU, response: ResponseAPDU) -> CardError:
    hint = AUTHENTICATE if response.sw in (WITHOUT_AUTHENTICATION, 0x6985) else (
        "select isd or select isd-gp, then auth: only a security domain knows what is on the card")
    return card_error("the card does not say what is on it", command, response, hint=hint)


def read_registry(card: Card) -> tuple[tuple[RegistryEntry, ...], tuple[str, ...]]:
    """All entries, and notes on what could not be seen. Raises CardError where nothing can be seen."""
    reader = _RegistryReader(card)
    found: list[RegistryEntry] = []
    for scope in (Scope.ISSUER_SECURITY_DOMAIN, Scope.APPLICATIONS):
        found.extend(reader.entries(scope) or ())
    packages = reader.entries(Scope.LOAD_FILES_AND_MODULES)
    if not packages:
        # some cards list packages only without their modules
        packages = reader.entries(Scope.LOAD_FILES)
        if packages:
            reader.notes = [note for note in reader.notes if not note.startswith("packages ")]
            reader.notes.append("which modules the packages have is not told")
    found.extend(packages or ())
    if not found and len(reader.notes) == len(Scope):
        command = registry.get_status(Scope.ISSUER_SECURITY_DOMAIN)
        raise _refused(command, card.send(command))
    return tuple(found), tuple(reader.notes)


def list_content(card: Card) -> CardListing:
    """What is on the card: security domains, applications, packages with their modules. Raises CardError."""
    with card.transaction():
        entries, notes = read_registry(card)
        resources = free_resources(card)
    free = resources.free_non_volatile if resources else None
    return CardListing(tuple(map(_content_entry, entries)), free, notes)


def _content_entry(entry: RegistryEntry) -> ContentEntry:
    known = lookup(entry.aid)
    version = ".".join(str(number) for number in entry.version) if len(entry.version) == 2 else entry.version.hex()
    return ContentEntry(
        entry.aid, ascii_column(entry.aid.value), known.name if known else "", _kind(entry), entry.life_cycle,
        entry.life_cycle_name, registry.privilege_names(entry.privileges or 0), version, entry.modules, entry.domain,
        entry.load_file,
    )


def _kind(entry: RegistryEntry) -> str:
    if entry.scope is Scope.ISSUER_SECURITY_DOMAIN:
        return "issuer security domain"
    if entry.scope is Scope.APPLICATIONS:
        return "security domain" if entry.security_domain else "application"
    return "package"


def take_inventory(card: Card) -> Inventory:
    """What a preflight has to know of the card. Raises CardError where the card does not say what is on it."""
    entries, _ = read_registry(card)
    resources = free_resources(card)
    identity = card.state.identity or (_jcop4(card) if resources else None)
    return Inventory(entries, resources.free_non_volatile if resources else None, java_card_of(identity))


def inventory_if_told(card: Card) -> Inventory:
    """The same, with nothing in it where the card does not say what is on it."""
    try:
        return take_inventory(card)
    except CardError:
        return Inventory(known=False)

