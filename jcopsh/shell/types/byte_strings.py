"""Bytes, and bytes that are secret."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import NotationError, format_bytes, parse_bytes
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.shell.context import ParseContext
from jcopsh.shell.strike import STATUS_PATTERN, byte_runs, byte_spans
from jcopsh.shell.tokens import Span, TokenKind, counted
from jcopsh.shell.types.base import BYTES_SO_FAR, ParameterType, UnfinishedError
from jcopsh.shell.types.memory import known_public, secret_somewhere

SHORTEST_SECRET = 4  # bytes


def looks_like_bytes(word: str) -> bool:
    """Whether a word is written in a notation for bytes, as far as it goes."""
    try:
        return bool(parse_bytes(word))
    except NotationError:
        return False


@dataclass(frozen=True)
class ByteStringType(ParameterType[bytes]):
    """Bytes in any notation, at least `shortest` and at most `longest` of them.

    Where an address stands before them, they are secret unless every one of them falls into a field that is known not
    to be a key or a PIN.
    """

    shortest: int = 1
    longest: int | None = None

    metavar: ClassVar[str] = "BYTES"
    drawn_as: ClassVar[TokenKind] = TokenKind.BYTES
    takes_rest: ClassVar[bool] = True
    begins: ClassVar[re.Pattern[str]] = BYTES_SO_FAR

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "bytes: hex with or without spaces, ':', ',' and 0x; |text|; #(…) for a length byte and the bytes"

    def parse(self, text: str, context: ParseContext) -> bytes:
        """The bytes."""
        value = parse_bytes(text)
        check_count(len(value), self.shortest, self.longest, text)
        return value

    def format(self, value: bytes) -> str:
        """Upper-case hex."""
        return format_bytes(value)

    def explain(self, text: str, context: ParseContext) -> str:
        """How many bytes there are, and how many the field has that they are for."""
        count = len(byte_spans(text))
        address = context.arguments.get("address")
        found = context.map.at(address) if context.map is not None and address is not None else None
        if found is None or address is None:
            return counted(count, "byte")
        left = found.end - address
        if count > left and not found.open_ended:
            return f"{counted(count, 'byte')}, {count - left} beyond the end of {found.name}"
        return f"{count} of {counted(left, 'byte')} of {found.name}"

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """Everything or nothing, by the fields that the bytes are for; what looks like a key, without an address."""
        if "address" not in context.arguments:
            return byte_runs(text)
        address, length = int(context.arguments["address"]), max(1, len(byte_spans(text)))
        if context.map is None and length < SHORTEST_SECRET and not secret_somewhere(address, length):
            return ()  # no map has a secret there, and this is too short for a key or a PIN of an unknown card
        return () if known_public(address, length, context.map) else [Span(0, len(text))]


@dataclass(frozen=True)
class StoredBytesType(ByteStringType):
    """Bytes that a card is to keep or to compute with. They may be a PIN or a key, so that all of their text is secret,
    however short it is."""

    knows_its_secrets: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return f"{super().meaning}; they are kept out of the history"

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """All of it."""
        return [Span(0, len(text))]


def check_count(count: int, shortest: int, longest: int | None, text: str) -> None:
    """Raise UsageError where there are too few bytes or too many."""
    if count < shortest:
        raise UnfinishedError(f"at least {counted(shortest, 'byte')} needed, {these_bytes(count)}", start=0,
                              end=len(text))
    if longest is not None and count > longest:
        raise UsageError(f"at most {counted(longest, 'byte')} possible, {these_bytes(count)}", start=0, end=len(text))


def these_bytes(count: int) -> str:
    """That there are so many bytes, behind how many are wanted."""
    return f"this is {count}" if count == 1 else f"these are {count}"


@dataclass(frozen=True)
class SecretBytesType(ParameterType[Secret]):
    """A key or a PIN, of one of the `lengths` in bytes where they are given. All of its text is secret."""

    kind: SecretKind = SecretKind.KEY
    lengths: tuple[int, ...] = ()

    drawn_as: ClassVar[TokenKind] = TokenKind.SECRET
    knows_its_secrets: ClassVar[bool] = True
    takes_rest: ClassVar[bool] = True

    @property
    def metavar(self) -> str:  # type: ignore[override]  # named by what it holds
        """KEY or PIN."""
        return "PIN" if self.kind is SecretKind.PIN else "KEY"

    @property
    def meaning(self) -> str:
        """By kind and lengths."""
        length = f", {self._wanted}" if self.lengths else ""
        return f"the {self.kind.value}{length}; it is kept out of the history"

    @property
    def _wanted(self) -> str:
        """How many bytes it has."""
        *others, last = self.lengths or (1,)
        either = "".join(f"{length} or " for length in others)
        return ("" if self.lengths else "at least ") + either + counted(last, "byte")

    def parse(self, text: str, context: ParseContext) -> Secret:
        """The secret."""
        value = parse_bytes(text)
        if not value or (self.lengths and len(value) not in self.lengths):
            error = UnfinishedError if len(value) < max(self.lengths, default=1) else UsageError
            raise error(f"a {self.kind.value} has {self._wanted}, {these_bytes(len(value))}",
                        hint="text is written between bars: |…|", start=0, end=len(text))
        return Secret(value, self.kind)

    def format(self, value: Secret) -> str:
        """Hex of the secret itself: for `parse` alone."""
        return format_bytes(value.reveal())

    def explain(self, text: str, context: ParseContext) -> str:
        """How many bytes there are, and how many are wanted."""
        count = len(byte_spans(text))
        return f"{count} of {self._wanted}; kept out of the history" if self.lengths else counted(count, "byte")

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """All of it; an expected status word, which stands behind an APDU, is no part of one."""
        return () if STATUS_PATTERN.fullmatch(text) else [Span(0, len(text))]
