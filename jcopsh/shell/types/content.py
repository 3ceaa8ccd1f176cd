"""What can be on a card as it is typed: AIDs, the card itself, privileges."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.globalplatform.registry import PRIVILEGE_WORDS, privilege_names
from jcopsh.iso7816.aid import AID, KNOWN_AIDS, MAX_AID, lookup
from jcopsh.iso7816.hexadecimal import NotationError, parse_bytes
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import byte_runs
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.base import ParameterType, did_you_mean, matching
from jcopsh.shell.types.byte_strings import looks_like_bytes


class WholeCard(Enum):
    """The card as a whole, in place of something on it."""

    CARD = "card"


@dataclass(frozen=True)
class AidType(ParameterType[AID]):
    """The AID of what is on a card, or goes there, in any notation; or the name of a well-known one."""

    says: str = "an AID of 5 to 16 bytes, or a name such as isd"

    metavar: ClassVar[str] = "AID"
    never_secret: ClassVar[bool] = True  # but for one of 16 bytes, which secret_spans finds

    @property
    def meaning(self) -> str:
        """As declared."""
        return self.says

    def parse(self, text: str, context: ParseContext) -> AID:
        """The AID."""
        known = KNOWN_AIDS.get(text.lower())
        return known.aid if known is not None else AID.parse(text)

    def format(self, value: AID) -> str:
        """Upper-case hex."""
        return str(value)

    def explain(self, text: str, context: ParseContext) -> str:
        """What has this AID, where that is known."""
        try:
            known = lookup(self.parse(text, context))
        except NotationError:
            return ""
        return f"{known.aid}, {known.name}: {known.meaning}" if known else self.says

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """What was on the card when it was listed, and the well-known names."""
        return matching([(one.text, one.meaning) for one in context.aids]
                        + [(name, f"{known.aid}  {known.meaning}") for name, known in KNOWN_AIDS.items()], text)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """All of it where it has 16 bytes, and may be a transport key; or where it is no AID and looks like a key."""
        try:
            value = self.parse(text, context)
        except NotationError:
            return byte_runs(text)
        return [Span(0, len(text))] if len(value.value) == MAX_AID else ()

    def words_taken(self, words: Sequence[str]) -> int:
        """One, or all that are pairs of hex digits: an AID may be written with spaces."""
        if words[0].lower() in KNOWN_AIDS or not looks_like_bytes(words[0]) or len(parse_bytes(words[0])) > 4:
            return 1
        return max(1, next((i for i, word in enumerate(words) if not looks_like_bytes(word)), len(words)))

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A name, or bytes."""
        return TokenKind.NAME if text.lower() in KNOWN_AIDS else TokenKind.BYTES


@dataclass(frozen=True)
class AidOrCardType(ParameterType["AID | WholeCard"]):
    """An AID, or `card` for the card itself."""

    metavar: ClassVar[str] = "AID"
    never_secret: ClassVar[bool] = True  # as of AidType

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "an AID of 5 to 16 bytes, or card for the card itself"

    def parse(self, text: str, context: ParseContext) -> AID | WholeCard:
        """The AID, or the card."""
        return WholeCard.CARD if text.lower() == WholeCard.CARD.value else AidType().parse(text, context)

    def format(self, value: AID | WholeCard) -> str:
        """Hex, or `card`."""
        return value.value if isinstance(value, WholeCard) else str(value)

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """`card`, and AIDs."""
        return [*matching({WholeCard.CARD.value: "the card itself"}, text), *AidType().complete(text, context)]

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """As of an AID."""
        return () if text.lower() == WholeCard.CARD.value else AidType().secret_spans(text, context)

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A name, or bytes."""
        return TokenKind.NAME if text.lower() == WholeCard.CARD.value else AidType().token_kind(text, context)


_PRIVILEGE_DIGITS = (2, 6)  # of one byte, or of three


@dataclass(frozen=True)
class PrivilegesType(ParameterType[int]):
    """Privileges: names with commas between them, or one or three bytes. The value has three bytes."""

    metavar: ClassVar[str] = "PRIVILEGES"
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
