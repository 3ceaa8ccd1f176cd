"""Looking at a card through its security domain: who made it, which keys it has, what is on it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.globalplatform import card_data, cplc, registry
from jcopsh.globalplatform.card_data import CardDataError, Resources
from jcopsh.globalplatform.preflight import Inventory
from jcopsh.globalplatform.registry import RegistryEntry, Scope
from jcopsh.iso7816.aid import AID, lookup
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.hexadecimal import ascii_column
from jcopsh.iso7816.status import SW, in_words, meaning_of
from jcopsh.jcop.identify import IDENTIFY_JCOP4, IdentifyError, Jcop4Identity, parse_identify_jcop4
from jcopsh.jcop.java_card import java_card_of
from jcopsh.operations.content_values import Absent, CardInfo, CardListing, ContentEntry
from jcopsh.operations.status_errors import card_error

T = TypeVar("T")

MOST_PAGES = 256  # a card that says 6310 for ever is broken
WITHOUT_AUTHENTICATION = 0x6982
_FORM_NOT_KNOWN = (0x6A80, 0x6A86)  # how cards that have only the older form answer the newer one
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
            meaning = "empty" if response.ok else meaning_of(command, response)
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
    question = card_data.get_data(card_data.TAG_RESOURCES)
    if not card.has_answer_to(question):
        return None
    response = card.send(question)
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


@dataclass(frozen=True, slots=True)
class Registry:
    """What a card lists. `notes` say what of it could not be seen; `complete` is False where entries may be missing."""

    entries: tuple[RegistryEntry, ...]
    notes: tuple[str, ...]
    complete: bool


class _RegistryReader:
    """Reads the registry, scope by scope, in the forms that the card knows, and keeps what it could not see."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._forms: tuple[bool, ...] = (True, False)  # with tags; without, the older one, where that is refused
        self._form_known = False
        self.notes: dict[Scope, list[str]] = {}
        self.refused: list[CardError] = []
        self.answered = False
        self.missing: set[Scope] = set()

    def entries(self, scope: Scope) -> tuple[RegistryEntry, ...] | None:
        """The entries of a scope that came, perhaps none; None where the card does not list it."""
        tagged, command, response = self._ask(scope)
        if response.sw == _NOTHING_THERE:
            self.answered = True
            return ()
        if not _lists(response):
            self._note(scope, f"the card does not list them ({in_words(command, response)})")
            self.refused.append(_refused(command, response))
            return None
        found = registry.parse_status(self._all_data(scope, response, tagged=tagged), scope)
        for doubt in found.unread:
            self._note(scope, doubt, missing=not found.whole)
        if found.unread and not found.entries:
            self.refused.append(CardError(f"{_SCOPES[scope]} cannot be listed", command, response,
                                          meaning=f"The answer cannot be read: {found.unread[0]}."))
            return None
        self.answered = True
        return found.entries

    def _all_data(self, scope: Scope, response: ResponseAPDU, *, tagged: bool) -> bytes:
        """The data of the answer and of those that follow it, as far as they come."""
        data = response.data
        following = registry.get_status(scope, tagged=tagged, following=True)
        for _ in range(MOST_PAGES):
            if response.sw != registry.MORE_DATA:
                break
            before, response = response, self._card.send(following)
            if not _lists(response):
                self._note(scope, f"the card says that there are more and does not list them "
                                  f"({in_words(following, response)})")
                return data
            if response == before:
                break
            data += response.data
        if response.sw == registry.MORE_DATA:
            self._note(scope, "the card says again and again that there are more")
        elif not response.ok:
            self._note(scope, f"there may be more ({in_words(following, response)})")
        return data

    def _ask(self, scope: Scope) -> tuple[bool, CommandAPDU, ResponseAPDU]:
        """Whether the form with tags was asked for, with the command and its answer."""
        asked: list[tuple[bool, CommandAPDU, ResponseAPDU]] = []
        for tagged in self._forms:
            command = registry.get_status(scope, tagged=tagged)
            response = self._card.send(command)
            asked.append((tagged, command, response))
            if _lists(response) or response.sw == _NOTHING_THERE:
                if not self._form_known and not tagged:
                    self._forms = (False,)
                self._form_known = True
                return asked[-1]
            if response.sw not in _FORM_NOT_KNOWN:
                break
        return asked[0]

    def _note(self, scope: Scope, text: str, *, missing: bool = True) -> None:
        """Note what was not seen; `missing` where it may be entries."""
        if missing:
            self.missing.add(scope)
        self.notes.setdefault(scope, []).append(f"{_SCOPES[scope]}: {text}")


def _lists(response: ResponseAPDU) -> bool:
    """Whether an answer holds entries: a warning may come with them."""
    return response.ok or response.sw == registry.MORE_DATA or (response.is_warning and bool(response.data))


_SCOPES = {
    Scope.ISSUER_SECURITY_DOMAIN: "the issuer security domain", Scope.APPLICATIONS: "applications",
    Scope.LOAD_FILES: "packages", Scope.LOAD_FILES_AND_MODULES: "packages with their modules",
}


_SELECT_ONE = "select isd or select isd-gp, then auth: only a security domain knows what is on the card"
_OR_ELSE = {
    0x6E00: "; files looks which files a card has", 0x6D00: "; files looks which files a card has",
    0x6A82: "; identify tells whether it is unfused, and has none yet",
}


def _refused(command: CommandAPDU, response: ResponseAPDU) -> CardError:
    return card_error("the card does not say what is on it", command, response, hint=_after(response.sw))


def _after(sw: int) -> str:
    """What to try after GET STATUS was refused; nothing is said here of a secure channel that the card has ended."""
    if sw == SW.SECURE_MESSAGING_INCORRECT:
        return ""
    return AUTHENTICATE if sw in (WITHOUT_AUTHENTICATION, 0x6985) else _SELECT_ONE + _OR_ELSE.get(sw, "")


def read_registry(card: Card) -> Registry:
    """What the card lists, with notes on what could not be seen. Raises CardError where nothing can be."""
    reader = _RegistryReader(card)
    applications: dict[AID, RegistryEntry] = {}
    for scope in (Scope.ISSUER_SECURITY_DOMAIN, Scope.APPLICATIONS):
        for one in reader.entries(scope) or ():
            applications.setdefault(one.aid, one)  # some cards list the issuer's security domain in both scopes
    packages = {one.aid: one for one in _packages(reader)}
    if not reader.answered:
        raise reader.refused[0]
    notes = tuple(note for noted in reader.notes.values() for note in noted)
    return Registry((*applications.values(), *packages.values()), notes, complete=not reader.missing)


def _packages(reader: _RegistryReader) -> tuple[RegistryEntry, ...]:
    """The packages with their modules, or else without: some cards list them only so."""
    packages = reader.entries(Scope.LOAD_FILES_AND_MODULES)
    if packages:
        return packages
    alone = reader.entries(Scope.LOAD_FILES)
    if alone:
        reader.notes[Scope.LOAD_FILES_AND_MODULES] = ["which modules the packages have is not told"]
        reader.missing.discard(Scope.LOAD_FILES_AND_MODULES)
    return alone or ()


def list_content(card: Card) -> CardListing:
    """What is on the card: security domains, applications, packages with their modules. Raises CardError."""
    with card.transaction():
        found = read_registry(card)
        resources = free_resources(card)
    free = resources.free_non_volatile if resources else None
    return CardListing(tuple(map(_content_entry, found.entries)), free, found.notes)


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
    found = read_registry(card)
    resources = free_resources(card)
    identity = card.state.identity or (_jcop4(card) if resources else None)
    return Inventory(found.entries, resources.free_non_volatile if resources else None, java_card_of(identity),
                     card.state.java_card, known=found.complete, unseen=found.notes)


def inventory_if_told(card: Card) -> Inventory:
    """The same, with nothing in it where the card does not say what is on it."""
    try:
        return take_inventory(card)
    except CardError:
        return Inventory(known=False)

