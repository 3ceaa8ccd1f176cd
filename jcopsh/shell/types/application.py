"""What can be selected."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.iso7816.aid import AID, KNOWN_AIDS, lookup
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.shell.context import Completion, ContentKind, ParseContext
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.aids import (
    is_name_of_aid,
    is_public_to_select,
    may_be_transport_key,
    parse_aid,
    words_of_aid,
)
from jcopsh.shell.types.base import BYTES_SO_FAR, ParameterType, matching
from jcopsh.shell.types.files import met_files


class Target(Enum):
    """What can be selected and has no AID that may be shown."""

    TRANSPORT_KEY = "tk"


TRANSPORT_KEY = Target.TRANSPORT_KEY


# a file's identifier or path is too short for an AID, or has slashes
_A_FILE = re.compile(r"/|\.\.|mf|/?[0-9A-F]{4}(?:/[0-9A-F]{4})*", re.IGNORECASE)
_SELECTABLE = (ContentKind.ISSUER, ContentKind.DOMAIN, ContentKind.APPLICATION)
_WIDEST_AID = 22  # digits, of all but one of the well-known AIDs


def _by_digits(text: str) -> list[Completion]:
    """The well-known AIDs that begin with the digits typed."""
    digits = text.upper()
    known = ((str(one.aid), one) for one in KNOWN_AIDS.values())
    return [Completion(aid, f"{one.name}: {one.meaning}") for aid, one in known if text and aid.startswith(digits)]


@dataclass(frozen=True)
class AidOrNameType(ParameterType["AID | Target | FileReference"]):
    """An AID in any notation, the name of a well-known one, or `tk` for the root applet, whose AID is a secret; or a
    file by its identifier or path."""

    metavar: ClassVar[str] = "AID"
    knows_its_secrets: ClassVar[bool] = True
    begins: ClassVar[re.Pattern[str]] = re.compile(rf"{BYTES_SO_FAR.pattern}|[0-9A-Fa-f/]*|\.\.?|mf?", re.IGNORECASE)

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "an AID of 5 to 16 bytes, a name such as isd, tk for the root applet of an unfused card, or a file: 3F00"

    def parse(self, text: str, context: ParseContext) -> AID | Target | FileReference:
        """The AID, TRANSPORT_KEY, or the file."""
        if text.lower() == TRANSPORT_KEY.value:
            return TRANSPORT_KEY
        if _A_FILE.fullmatch(text):
            return FileReference.parse(text)
        return parse_aid(text, TRANSPORT_KEY.value)

    def format(self, value: AID | Target | FileReference) -> str:
        """Hex, `tk`, or the path."""
        return value.value if isinstance(value, Target) else str(value)

    def explain(self, text: str, context: ParseContext) -> str:
        """What is selected by this name or AID, where that is known."""
        try:
            value = self.parse(text, context)
        except (NotationError, UsageError):
            return ""
        if isinstance(value, Target):
            return "the root applet of an unfused card, by its transport key: taken from the key store, or asked for"
        if isinstance(value, FileReference):
            return "a file of the card, by its identifier or path, as select-file does"
        known = lookup(value)
        if known is not None:
            return f"{known.aid}, {known.name}: {known.meaning} ({known.source})"
        perhaps_key = may_be_transport_key(len(value.value))
        return "perhaps a transport key" if perhaps_key else "an AID that jcopsh does not know"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """What can be selected of what was seen on the card, the names, each with its AID and what it is, and the files
        that were met on this card."""
        names = {TRANSPORT_KEY.value: "root applet of an unfused card, by its transport key"}
        names |= {name: f"{known.aid!s:<{_WIDEST_AID}}  {known.meaning}" for name, known in KNOWN_AIDS.items()}
        there = [(one.aid, one.meaning) for one in context.content if one.kind in _SELECTABLE]
        listed = {aid for aid, _ in there}
        return [*matching(there, text), *matching(names, text), *met_files(text, context),
                *(one for one in _by_digits(text) if one.text not in listed)]

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """All of it where it may be a transport key: too long for most AIDs, or of no AID's form."""
        try:
            value = self.parse(text, context)
        except (NotationError, UsageError):
            return [Span(0, len(text))] if len(text) >= 8 else ()
        public = not isinstance(value, AID) or is_public_to_select(value.value)
        return () if public else [Span(0, len(text))]

    def words_taken(self, words: Sequence[str]) -> int:
        """One, or all that are pairs of hex digits: an AID may be written with spaces."""
        return words_of_aid(words)

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A name, or bytes."""
        named = is_name_of_aid(text) or text.lower() == TRANSPORT_KEY.value
        return TokenKind.NAME if named else TokenKind.BYTES
