"""Keys of security domains as they are given on a line, and security levels."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.globalplatform.channel import LEVEL_NAMES, SecurityLevel
from jcopsh.globalplatform.keys import Diversification
from jcopsh.iso7816.hexadecimal import NotationError, format_bytes, parse_bytes
from jcopsh.secrets.secret import KEY_LENGTHS, Secret
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import byte_runs
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.base import ParameterType, matching
from jcopsh.shell.types.plain import TextType

DEFAULT = "default"
_DIVERSIFIED = tuple(how for how in Diversification if how is not Diversification.NONE)
# a name of a stored set: it cannot be read as a key, nor be one with a typing error in it
KEY_SET_NAME = re.compile(r"(?=.*[g-z_.-])[a-z][a-z0-9_.-]{0,23}")
_PREFIX = re.compile(rf"(?:(?P<how>{'|'.join(how.value for how in _DIVERSIFIED)}):)?(?P<rest>.*)", re.I | re.S)


def is_key_set_name(text: str) -> bool:
    """Whether a text can be the name of a stored set, and no key."""
    return KEY_SET_NAME.fullmatch(text.lower()) is not None and not byte_runs(text)


@dataclass(frozen=True, slots=True)
class KeySpec:
    """Which keys: one given as bytes, or a stored set by its name; and how the card's own follow from them."""

    key: Secret | None
    name: str = ""
    diversification: Diversification = Diversification.NONE


@dataclass(frozen=True)
class KeySpecType(ParameterType[KeySpec]):
    """`default`, a key in hex, the name of a stored set; before it `visa2:`, `emv:` or `kdf3:`."""

    metavar: ClassVar[str] = "KEY"
    drawn_as: ClassVar[TokenKind] = TokenKind.SECRET
    knows_its_secrets: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "default (40…4F), a key of 16, 24 or 32 bytes, or a stored set; visa2:, emv: or kdf3: before it"

    def parse(self, text: str, context: ParseContext) -> KeySpec:
        """The keys that are meant."""
        found = _PREFIX.fullmatch(text.strip())
        assert found is not None  # noqa: S101 — the expression takes any text; for the type checker
        how = Diversification(found["how"].lower()) if found["how"] else Diversification.NONE
        rest = found["rest"]
        if is_key_set_name(rest):
            return KeySpec(None, rest.lower(), how)
        try:
            value = parse_bytes(rest)
        except NotationError as error:
            raise UsageError("this is neither a key nor a name of one", hint=f"{error}; keys list names them",
                             start=0, end=len(text)) from None
        if len(value) not in KEY_LENGTHS:
            raise UsageError(f"a key has 16, 24 or 32 bytes, not {len(value)}", start=0, end=len(text))
        return KeySpec(Secret(value), "", how)

    def format(self, value: KeySpec) -> str:
        """As it is typed: for `parse` alone."""
        prefix = "" if value.diversification is Diversification.NONE else f"{value.diversification.value}:"
        return prefix + (format_bytes(value.key.reveal()) if value.key is not None else value.name)

    def explain(self, text: str, context: ParseContext) -> str:
        """Whether it is a name or a key."""
        try:
            value = self.parse(text, context)
        except (UsageError, NotationError):
            return ""
        how = value.diversification
        made = "" if how is Diversification.NONE else f", diversified by {how.value}"
        if value.key is not None:
            return f"a key of {len(value.key)} bytes{made}; kept out of the history"
        return ("the keys 40…4F that most new cards have" if value.name == DEFAULT else "a stored key set") + made

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """`default`, the stored names, and the ways to diversify."""
        offered = {DEFAULT: "40…4F, the keys that most new cards have"}
        offered |= dict.fromkeys(context.key_sets, "a stored key set")
        offered |= {f"{how.value}:{DEFAULT}": f"40…4F, diversified by {how.value}" for how in _DIVERSIFIED}
        if ":" in text:
            offered |= {f"{how.value}:{name}": f"a stored key set, diversified by {how.value}"
                        for how in _DIVERSIFIED for name in context.key_sets}
        return matching(offered, text)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """Everything behind the prefix, unless it can only be a name."""
        found = _PREFIX.fullmatch(text)
        if found is None or is_key_set_name(found["rest"].strip()):
            return ()
        return [Span(found.start("rest"), len(text))]

    def token_kind(self, text: str, context: ParseContext) -> TokenKind:
        """A name, or a secret."""
        return TokenKind.SECRET if self.secret_spans(text, context) else TokenKind.NAME


_SAID = {
    "plain": "00: authenticated, nothing protected",
    "mac": "01: commands with C-MAC",
    "enc": "03: commands with C-MAC, their data enciphered",
    "rmac": "11: MACs on commands and answers",
    "enc-rmac": "13: MACs on both, the data of commands enciphered",
    "full": "33: MACs and encryption both ways (SCP03)",
}
LEVELS = {name: (level, _SAID[name]) for level, name in LEVEL_NAMES.items()}
_OTHER_NAMES = {"none": "plain", "clr": "plain", "clear": "plain", "cmac": "mac", "c-mac": "mac", "cenc": "enc",
                "mac-rmac": "rmac", "renc": "full"}
_BY_NUMBER = re.compile(r"(?:0x)?([0-9a-f]{1,2})", re.IGNORECASE)


@dataclass(frozen=True)
class KeySetNameType(TextType):
    """The name of a key set in the key store, there already or new."""

    says: str = "the name of the key set in the key store"
    metavar: ClassVar[str] = "NAME"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The stored names."""
        return matching(dict.fromkeys(context.key_sets, "a stored key set"), text)


@dataclass(frozen=True)
class SecurityLevelType(ParameterType[SecurityLevel]):
    """A security level by name, or by number in hexadecimal with or without 0x."""

    metavar: ClassVar[str] = "LEVEL"
    begins: ClassVar[re.Pattern[str]] = re.compile("(?:0x)?[0-9a-f]?", re.IGNORECASE)
    drawn_as: ClassVar[TokenKind] = TokenKind.CHOICE
    never_secret: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return f"a security level: {', '.join(LEVELS)}, or its number as 03 or 0x03"

    def parse(self, text: str, context: ParseContext) -> SecurityLevel:
        """The level."""
        name = text.lower().replace("+", "-").replace("_", "-")
        name = _OTHER_NAMES.get(name, name)
        if name in LEVELS:
            return LEVELS[name][0]
        number = _BY_NUMBER.fullmatch(text)
        level = next((one for one, _ in LEVELS.values() if number and int(number[1], 16) == one), None)
        if level is None and number and int(number[1], 16) == SecurityLevel.R_MAC:
            return SecurityLevel.R_MAC
        if level is None:
            raise UsageError(f"possible here: {', '.join(LEVELS)}, or a number: 00, 01, 03, 10, 11, 13, 33",
                             start=0, end=len(text))
        return level

    def format(self, value: SecurityLevel) -> str:
        """Two hexadecimal digits."""
        return f"{value:02X}"

    def explain(self, text: str, context: ParseContext) -> str:
        """What it protects."""
        try:
            value = self.parse(text, context)
        except UsageError:
            return ""
        return next((said for level, said in LEVELS.values() if level == value), f"{value:02X}: MACs on answers alone")

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The names."""
        return matching({name: said for name, (_, said) in LEVELS.items()}, text)
