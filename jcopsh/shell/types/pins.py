"""PINs and what names them, as they are typed."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.base import ParameterType, matching
from jcopsh.shell.types.plain import parse_number

LAST_REFERENCE = 0xFF
USUAL_REFERENCES = {
    "1": "PIN of the whole card; PIN 1 of a SIM",
    "0x80": "application PIN of a PIV card",
    "0x81": "PIN of the application; to sign with an OpenPGP card; PIN 2 of a SIM",
    "0x82": "all but signing with an OpenPGP card",
    "0x83": "administration of an OpenPGP card",
    "0x0A": "administration of a SIM, ADM 1",
}
"""PINs by P2 of VERIFY (ISO/IEC 7816-4:2005, 7.5.1; ETSI TS 102 221, 9.5.1; NIST SP 800-73-4; OpenPGP card 3.4)."""


@dataclass(frozen=True)
class PinReferenceType(ParameterType[int]):
    """Which PIN: P2 of VERIFY. What is no reference may be a PIN that stands in the wrong place, and is secret."""

    metavar: ClassVar[str] = "REFERENCE"
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER
    knows_its_secrets: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "which PIN, P2: 1 is usually one of the whole card, 0x81 one of the application"

    def parse(self, text: str, context: ParseContext) -> int:
        """The number. Raises UsageError without repeating the text."""
        number = parse_number(text)
        if number is None or not 0 <= number <= LAST_REFERENCE:
            raise UsageError("first comes which PIN, a number up to 255 or 0xFF", hint="verify 1", start=0,
                             end=len(text))
        return number

    def format(self, value: int) -> str:
        """In decimal."""
        return str(value)

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """Those that are in use on many cards."""
        return matching(USUAL_REFERENCES, text)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """Everything, unless it is a reference."""
        number = parse_number(text)
        return () if number is not None and 0 <= number <= LAST_REFERENCE else [Span(0, len(text))]


@dataclass(frozen=True)
class PinType(ParameterType[Secret]):
    """A PIN as it is typed: its characters, not yet coded. All of its text is secret."""

    metavar: ClassVar[str] = "PIN"
    drawn_as: ClassVar[TokenKind] = TokenKind.SECRET
    knows_its_secrets: ClassVar[bool] = True
    short_secret: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "the characters as you would type them, 1234 or |1234|; kept out of the history. Better left out: it " \
            "is asked for then, and does not show"

    def parse(self, text: str, context: ParseContext) -> Secret:
        """The characters, as UTF-8."""
        if not text:
            raise UsageError("this PIN is empty", start=0, end=0)
        return Secret(text.encode(), SecretKind.PIN)

    def format(self, value: Secret) -> str:
        """The characters themselves: for `parse` alone."""
        return value.reveal().decode()

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """All of it."""
        return [Span(0, len(text))]
