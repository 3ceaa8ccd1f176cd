"""What can be on a card as it is typed: AIDs, the card itself, privileges."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.globalplatform.cap import LARGEST_FILE, parse_cap
from jcopsh.globalplatform.cap_components import CapError
from jcopsh.globalplatform.content import CARD_STATES, LifeCycle
from jcopsh.globalplatform.registry import PRIVILEGE_WORDS, privilege_names
from jcopsh.iso7816.aid import AID, KNOWN_AIDS, lookup
from jcopsh.iso7816.hexadecimal import NotationError, ascii_column, parse_bytes
from jcopsh.shell.context import Completion, ContentKind, OnCard, ParseContext
from jcopsh.shell.strike import byte_runs
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.aids import is_name_of_aid, may_be_transport_key, parse_aid, words_of_aid
from jcopsh.shell.types.base import BYTES_SO_FAR, ParameterType, did_you_mean, matching
from jcopsh.shell.types.byte_strings import looks_like_bytes
from jcopsh.shell.types.plain import ChoiceType


class WholeCard(Enum):
    """The card as a whole, in place of something on it."""

    CARD = "card"


@dataclass(frozen=True)
class AidType(ParameterType[AID]):
    """The AID of what is on a card, or goes there, in any notation; or the name of a well-known one."""

    says: str = "an AID of 5 to 16 bytes, or a name such as isd"
    kinds: tuple[ContentKind, ...] = ()  # which of what is on the card is offered
    named: bool = True  # whether the names of well-known applications are

    metavar: ClassVar[str] = "AID"
    begins: ClassVar[re.Pattern[str]] = BYTES_SO_FAR
    never_secret: ClassVar[bool] = True  # but for what may be a transport key, which secret_spans finds

    @property
    def meaning(self) -> str:
        """As declared."""
        return self.says

    def parse(self, text: str, context: ParseContext) -> AID:
        """The AID."""
        return parse_aid(text)

    def format(self, value: AID) -> str:
        """Upper-case hex."""
        return str(value)

    def explain(self, text: str, context: ParseContext) -> str:
        """What has this AID, where that is known."""
        try:
            aid = self.parse(text, context)
        except (NotationError, UsageError):
            return ""
        hexadecimal = str(aid)
        same = tuple(one for one in context.content if one.aid == hexadecimal)
        # a module may have the AID of an application: what is offered here goes before what is not
        there = next((one.meaning for one in (*self.on_card(replace(context, content=same)), *same)), "")
        known = lookup(aid)
        return there or (f"{known.aid}, {known.name}: {known.meaning}" if known else self.says)

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """What was seen on the card, and the well-known names."""
        names = [(name, f"{known.aid}  {known.meaning}") for name, known in KNOWN_AIDS.items() if self.named]
        return matching([(one.aid, one.meaning) for one in self.on_card(context)] + names, text)

    def on_card(self, context: ParseContext) -> Iterable[OnCard]:
        """What of the card's content is offered."""
        return (one for one in context.content if one.kind in self.kinds)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """All of it where it may be a transport key; or where it is no AID and looks like a key."""
        try:
            value = self.parse(text, context)
        except (NotationError, UsageError):
            return byte_runs(text)
        return [Span(0, len(text))] if may_be_transport_key(len(value.value)) else ()

    def words_taken(self, words: Sequence[str]) -> int:
        """One, or all that are pairs of hex digits: an AID may be written with spaces."""
        return words_of_aid(words)

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A name, or bytes."""
        return TokenKind.NAME if is_name_of_aid(text) else TokenKind.BYTES


@dataclass(frozen=True)
class ModuleType(AidType):
    """The AID of a module, of the package that stands before it."""

    says: str = "the AID of a module of that package"
    kinds: tuple[ContentKind, ...] = (ContentKind.MODULE,)
    named: bool = False
    package: str = "package"  # the parameter that names it

    def on_card(self, context: ParseContext) -> Iterable[OnCard]:
        """The modules of the package; of all packages where none stands before it."""
        package = context.arguments.get(self.package)
        wanted = None if package is None else str(package)
        return (one for one in super().on_card(context) if wanted in (None, one.package))


@dataclass(frozen=True)
class AppletInFileType(AidType):
    """The AID of an applet in the CAP file that stands before it."""

    says: str = "the AID of an applet in the file, which the card calls a module"
    named: bool = False
    file: str = "file"  # the parameter that names it

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The applets of the file."""
        file = context.arguments.get(self.file)
        applets = applets_in(file) if isinstance(file, Path) else ()
        return matching([(str(one), f"applet  (|{ascii_column(one.value)}|)") for one in applets], text)


def applets_in(file: Path) -> tuple[AID, ...]:
    """The applets in a CAP file, read once as long as it does not change; none where it cannot be read."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
            return ()
        return _applets_in(file, found.st_mtime_ns, found.st_size)
    except OSError:
        return ()


@lru_cache(maxsize=8)
def _applets_in(file: Path, mtime_ns: int, size_bytes: int) -> tuple[AID, ...]:
    try:
        return parse_cap(file.read_bytes()).applets
    except CapError:
        return ()  # here, so that it is remembered: to find out that a large file is damaged takes its time as well


@dataclass(frozen=True)
class AidOrCardType(ParameterType["AID | WholeCard"]):
    """An AID, or `card` for the card itself."""

    metavar: ClassVar[str] = "AID"
    begins: ClassVar[re.Pattern[str]] = BYTES_SO_FAR
    never_secret: ClassVar[bool] = True  # as of AidType
    aid: ClassVar[AidType] = AidType(kinds=(ContentKind.APPLICATION, ContentKind.DOMAIN))

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "an AID of 5 to 16 bytes, or card for the card itself"

    def parse(self, text: str, context: ParseContext) -> AID | WholeCard:
        """The AID, or the card."""
        return WholeCard.CARD if text.lower() == WholeCard.CARD.value else self.aid.parse(text, context)

    def format(self, value: AID | WholeCard) -> str:
        """Hex, or `card`."""
        return value.value if isinstance(value, WholeCard) else str(value)

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """`card`, and AIDs."""
        there = self.aid.complete(text, context)
        return [*matching({WholeCard.CARD.value: "the card itself"}, text), *there]

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """As of an AID."""
        return () if text.lower() == WholeCard.CARD.value else self.aid.secret_spans(text, context)

    def words_taken(self, words: Sequence[str]) -> int:
        """As of an AID, which may be written with spaces."""
        return 1 if words[0].lower() == WholeCard.CARD.value else self.aid.words_taken(words)

    def explain(self, text: str, context: ParseContext) -> str:
        """What has this AID, where that is known."""
        return "the card itself" if text.lower() == WholeCard.CARD.value else self.aid.explain(text, context)

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A name, or bytes."""
        return TokenKind.NAME if text.lower() == WholeCard.CARD.value else self.aid.token_kind(text, context)


class StateType(ChoiceType[LifeCycle]):
    """A life cycle state, of what the parameter `of` names."""

    def __init__(self, meanings: Mapping[str, str], of: str = "aid") -> None:
        super().__init__({str(one.value): one for one in LifeCycle}, meanings)
        self.of = of

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The states that fit what stands before it: the card, a security domain, an application, or who knows which.
        """
        fitting = _states_of(context.arguments.get(self.of), context)
        return (one for one in super().complete(text, context) if self.values[one.text] in fitting)


_FITS_NOT = {ContentKind.APPLICATION: LifeCycle.PERSONALIZED, ContentKind.DOMAIN: LifeCycle.SELECTABLE}


def _states_of(aid: object, context: ParseContext) -> Collection[LifeCycle]:
    if aid is None:
        return tuple(LifeCycle)
    if isinstance(aid, WholeCard):
        return CARD_STATES
    kinds = {one.kind for one in context.content if one.aid == str(aid)}  # a module may have the same AID
    not_fitting = {_FITS_NOT[one] for one in kinds if one in _FITS_NOT}
    return [one for one in LifeCycle if one not in CARD_STATES and one not in not_fitting]


_PRIVILEGE_DIGITS = (2, 6)  # of one byte, or of three


@dataclass(frozen=True)
class PrivilegesType(ParameterType[int]):
    """Privileges: names with commas between them, or one or three bytes. The value has three bytes."""

    metavar: ClassVar[str] = "PRIVILEGES"
    begins: ClassVar[re.Pattern[str]] = re.compile("[0-9A-Fa-f]{0,6}")
    drawn_as: ClassVar[TokenKind] = TokenKind.CHOICE

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "names with commas between them, such as card-reset,cvm-management, or one or three bytes in hex"

    def parse(self, text: str, context: ParseContext) -> int:
        """The privileges as a number of three bytes."""
        if len(text) in _PRIVILEGE_DIGITS and looks_like_bytes(text):
            return int.from_bytes((parse_bytes(text) + bytes(2))[:3], "big")
        value, start = 0, 0
        for word in text.split(","):
            name = word.strip().lower().replace("_", "-")
            if name not in PRIVILEGE_WORDS:
                raise UsageError("there is no such privilege", start=start, end=start + len(word),
                                 hint=did_you_mean(name, PRIVILEGE_WORDS) or "e.g. card-reset, cvm-management")
            value |= PRIVILEGE_WORDS[name]
            start += len(word) + 1
        return value

    def format(self, value: int) -> str:
        """Three bytes in hex."""
        return f"{value:06X}"

    def explain(self, text: str, context: ParseContext) -> str:
        """Their names."""
        try:
            return ", ".join(privilege_names(self.parse(text, context)))
        except UsageError:
            return ""

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The names, behind the last comma."""
        before, comma, typed = text.rpartition(",")
        start = len(before) + len(comma)
        return [one._replace(start=start)
                for one in matching({name: f"{int(bit):06X}" for name, bit in PRIVILEGE_WORDS.items()}, typed)]
