"""Files, lists of file identifiers, BER tags and record numbers as they are typed."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.iso7816.file_reference import NAME_PREFIXES, SHORT_PREFIX, FileReference
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.iso7816.interindustry import LAST_RECORD, SelectBy
from jcopsh.iso7816.known_files import KNOWN_FILES
from jcopsh.iso7816.known_tags import PROBED_TAGS, TAGS
from jcopsh.iso7816.tlv import TlvError
from jcopsh.iso7816.tlv import parse as parse_tlv
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import byte_runs
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.aids import is_public_to_select
from jcopsh.shell.types.base import ParameterType, matching

_NAMED = {
    "mf": "the master file", "..": "the parent DF",
    SHORT_PREFIX: "the short identifier of an EF in the current DF, 1 to 30",
    NAME_PREFIXES[0]: "the name of a DF, its AID, in hex or |text|",
}
# what shells of a computer know, and what says it here
_OF_SHELLS = {
    ".": "without a file the current one is meant; pwd says which that is",
    "-": "cd .. goes up, cd mf to the root, pwd says where you are",
    "~": "cd mf goes to the root, pwd says where you are",
}
_HEX_DIGITS = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_IDENTIFIER = re.compile(r"[0-9A-Fa-f]{4}")
_RANGE = re.compile(r"(?P<first>[0-9A-Fa-f]{4})(?:-(?P<last>[0-9A-Fa-f]{4}))?")


def met_files(typed: str, context: ParseContext) -> list[Completion]:
    """The files that this connection has met and whose names begin so: those in the current DF by their path from it,
    the others by theirs from the MF."""
    below = f"{context.current_df}/" if context.current_df else "/"
    here = {one.text.removeprefix(below): one.meaning for one in context.files if one.text.startswith(below)}
    elsewhere = {one.text: one.meaning for one in context.files if "/" in typed or not one.text.startswith(below)}
    return matching(here | elsewhere, typed)


@dataclass(frozen=True)
class FileReferenceType(ParameterType[FileReference]):
    """A file of the card."""

    metavar: ClassVar[str] = "FILE"
    begins: ClassVar[re.Pattern[str]] = re.compile(
        rf"[0-9A-Fa-f/.]*|(?:{'|'.join((*NAME_PREFIXES, SHORT_PREFIX))}).*", re.IGNORECASE | re.DOTALL
    )
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a file of the card: 6F01, a path 7F10/6F01 or 3F00/7F10, mf, .. for the parent, aid:…, or sfi:5"

    def parse(self, text: str, context: ParseContext) -> FileReference:
        """The reference."""
        if text.strip() in _OF_SHELLS:
            raise UsageError("this is no file of a card", hint=_OF_SHELLS[text.strip()], start=0, end=len(text))
        try:
            return FileReference.parse(text)
        except NotationError as error:
            if text.strip().lower().startswith(NAME_PREFIXES):
                raise  # what is wrong is how its bytes are written
            raise UsageError(error.message, hint="help files shows how files are named",
                             start=error.start, end=error.end) from None

    def format(self, value: FileReference) -> str:
        """As it is read again."""
        return str(value)

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The files that were met, and the identifiers that are known, behind the path that is typed so far."""
        met = met_files(text, context)
        path, slash, typed = text.rpartition("/")
        names = {} if slash else dict(_NAMED)
        names |= {identifier.hex().upper(): name for identifier, name in KNOWN_FILES.items()}
        offered = {one.text.upper() for one in met}
        found = [one for one in matching(names, typed) if f"{path}{slash}{one.text}".upper() not in offered]
        return [*met, *(one._replace(start=len(path) + len(slash), unfinished=one.text.endswith(":")) for one in found)]

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """A DF name that may be a transport key; of what is no file, what looks like a key."""
        try:
            file = FileReference.parse(text)
        except NotationError:
            return byte_runs(text)
        may_be_secret = file.by is SelectBy.NAME and not is_public_to_select(file.data)
        return [Span(0, len(text))] if may_be_secret else ()


@dataclass(frozen=True)
class IdentifierType(ParameterType[bytes]):
    """The identifier of one file, of two bytes."""

    metavar: ClassVar[str] = "IDENTIFIER"
    begins: ClassVar[re.Pattern[str]] = re.compile("[0-9A-Fa-f]{0,4}")
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "the identifier of a file in the current DF: four hex digits, 6E20"

    def parse(self, text: str, context: ParseContext) -> bytes:
        """The two bytes."""
        if not _IDENTIFIER.fullmatch(text):
            raise UsageError("a file identifier has four hex digits", hint="e.g. 6E20", start=0, end=len(text))
        return bytes.fromhex(text)

    def format(self, value: bytes) -> str:
        """Upper-case hex."""
        return value.hex().upper()


@dataclass(frozen=True)
class IdentifierListType(ParameterType[tuple[range, ...]]):
    """Numbers of two bytes, one by one and in ranges: `6F00-6FFF,2F00`. `what` they are, `such_as` shows some."""

    what: str = "file identifiers"
    such_as: str = "6F00-6FFF or 2F00,6F00-6F4F"

    metavar: ClassVar[str] = "IDENTIFIERS"
    begins: ClassVar[re.Pattern[str]] = re.compile("[0-9A-Fa-f,-]*")
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """For `help`."""
        return f"{self.what}, such as {self.such_as}"

    def parse(self, text: str, context: ParseContext) -> tuple[range, ...]:
        """The ranges, in the order they were given."""
        ranges = []
        start = 0
        for part in text.split(","):
            match = _RANGE.fullmatch(part)
            first = int(match["first"], 16) if match else 0
            last = int(match["last"] or match["first"], 16) if match else -1
            if last < first:
                raise UsageError(f"this is no range of {self.what}",
                                 hint=f"four hex digits each: {self.such_as.partition(' ')[0]}",
                                 start=start, end=start + len(part))
            ranges.append(range(first, last + 1))
            start += len(part) + 1
        return tuple(ranges)

    def format(self, value: tuple[range, ...]) -> str:
        """As it is read again."""
        return ",".join(f"{one[0]:04X}-{one[-1]:04X}" if len(one) > 1 else f"{one[0]:04X}" for one in value)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """Nothing, where it is what it should be."""
        try:
            self.parse(text, context)
        except UsageError:
            return byte_runs(text)
        return ()


@dataclass(frozen=True)
class TagType(ParameterType[bytes]):
    """A BER tag of one to four bytes, or a two-byte number of an application's own data objects (01xx, 02xx)."""

    metavar: ClassVar[str] = "TAG"
    begins: ClassVar[re.Pattern[str]] = re.compile("(?:0[xX])?[0-9A-Fa-f]{0,8}")
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "a tag in hex: 5F52, 9F7F, 66, 5FC102; or an application's own number, 0101"

    def parse(self, text: str, context: ParseContext) -> bytes:
        """The bytes of the tag."""
        digits = text.removeprefix("0x").removeprefix("0X")
        if not _HEX_DIGITS.fullmatch(digits) or len(digits) > 8:
            raise UsageError("a tag has 1 to 4 bytes in hex", hint="e.g. 5F52", start=0, end=len(text))
        tag = bytes.fromhex(digits)
        if not _is_tag(tag) and len(tag) != 2:
            raise UsageError("this is no BER tag", start=0, end=len(text), hint=_what_a_tag_wants(tag))
        return tag

    def format(self, value: bytes) -> str:
        """Upper-case hex."""
        return value.hex().upper()

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The tags that have a name, those that are often asked for first."""
        names = {f"{tag:02X}": name for tag, name in TAGS.items()}
        return matching({tag: names[tag] for tag in PROBED_TAGS if tag in names} | names, text)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """What is too long for a tag."""
        return [Span(0, len(text))] if len(text) > 2 * 4 + 2 else ()


def _what_a_tag_wants(tag: bytes) -> str:
    """Why bytes are no tag (ISO/IEC 7816-4:2005, 5.2.2.1)."""
    if tag[0] & 0x1F == 0x1F:
        return f"behind {tag[0]:02X} come other bytes, all but the last of them from 80 on, as in 5F52 or 5FC102"
    return f"{tag[0]:02X} is a tag by itself"


def _is_tag(tag: bytes) -> bool:
    try:
        (found,) = parse_tlv(tag + b"\x00")
    except (TlvError, ValueError):
        return False
    return found.tag == int.from_bytes(tag, "big")


PREVIOUS = 0


@dataclass(frozen=True)
class RecordNumberType(ParameterType[int]):
    """A record by its number, or `previous` for the oldest of a cyclic file."""

    metavar: ClassVar[str] = "RECORD"
    begins: ClassVar[re.Pattern[str]] = re.compile("0*")
    drawn_as: ClassVar[TokenKind] = TokenKind.NUMBER

    @property
    def meaning(self) -> str:
        """For `help`."""
        return f"the number of a record, 1 to {LAST_RECORD}; or previous: the oldest of a cyclic file"

    def parse(self, text: str, context: ParseContext) -> int:
        """The number; 0 for `previous`."""
        if text.lower() == "previous":
            return PREVIOUS
        if not text.isdecimal() or not 1 <= int(text[:4]) <= LAST_RECORD:
            raise UsageError(f"a record has a number from 1 to {LAST_RECORD}, or is previous", start=0, end=len(text))
        return int(text)

    def format(self, value: int) -> str:
        """In decimal, or `previous`."""
        return str(value) if value else "previous"

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """`previous`."""
        return matching({"previous": "the oldest record of a cyclic file, which becomes the newest"}, text)
