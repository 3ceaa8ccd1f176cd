"""Command APDUs as they are typed, and which of them may carry a secret."""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from jcopsh.card.sensitive import PUBLIC_INS, install_marks
from jcopsh.errors import UsageError
from jcopsh.iso7816.apdu import MAX_APDU, CommandAPDU, MalformedAPDU
from jcopsh.iso7816.hexadecimal import HEX_DIGITS, NotationError, format_bytes, parse_apdu_text, parse_bytes
from jcopsh.iso7816.ins import INS, PIN_INS
from jcopsh.iso7816.plain_bytes import plain_apdu
from jcopsh.iso7816.reader_commands import READER_CLASS, UNDERSTOOD
from jcopsh.jcop import root_applet
from jcopsh.shell import apdu_parts
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import STATUS_PATTERN, byte_runs, byte_spans
from jcopsh.shell.tokens import Span, TokenKind
from jcopsh.shell.types.aids import is_public_to_select
from jcopsh.shell.types.base import ParameterType, UnfinishedError
from jcopsh.shell.types.memory import known_public

if TYPE_CHECKING:
    from jcopsh.jcop.memory_map import MemoryMap

# what brings a PIN, PUT KEY, STORE DATA, INSTALL, root WRITE and its misprint
_KNOWN_SECRET_INSTRUCTIONS = PIN_INS | {0xD8, 0xE2, 0xE6, 0xD6, 0xB6}
_EXPECTED_AT_END = re.compile(rf"\s{STATUS_PATTERN.pattern}\s*$")
_KNOWN_CLASSES = (0x00, 0x80, 0x84, 0xC0)


@dataclass(frozen=True)
class ApduInput:
    """A command APDU as it was typed, and the status word that is expected of it (None: any)."""

    command: CommandAPDU
    expected_sw: int | None = None


@dataclass(frozen=True)
class ApduTextType(ParameterType[ApduInput]):
    """A command APDU in any notation that `send` takes, with an expected status word such as `*9000` or without.

    `for_reader`: one of class FF, which no card gets.
    """

    for_reader: bool = False

    metavar: ClassVar[str] = "APDU"
    drawn_as: ClassVar[TokenKind] = TokenKind.APDU
    takes_rest: ClassVar[bool] = True
    knows_its_secrets: ClassVar[bool] = True

    @property
    def meaning(self) -> str:
        """For `help`."""
        return "bytes in any notation, and *9000 to expect that status word; or [CLA]INS[P1P2][:DATA][/LE][=SW]"

    def parse(self, text: str, context: ParseContext) -> ApduInput:
        """The command."""
        raw, expected_sw = parse_apdu_text(text)
        if 0 < len(raw) < apdu_parts.HEADER and apdu_parts.can_go_on(text):
            raise _too_few(text)
        if len(raw) > MAX_APDU:
            raise UsageError(f"an APDU has at most {MAX_APDU} bytes, these are {len(raw)}", start=0, end=len(text))
        try:
            command = CommandAPDU.parse(raw)
        except MalformedAPDU as error:
            spans = byte_spans(text)
            at = spans[min(error.offset, len(spans) - 1)] if spans else Span(0, len(text))
            kind = UnfinishedError if apdu_parts.can_go_on(text) else UsageError
            raise kind(f"this is no APDU: {error}", hint="help APDU shows how one is built",
                       start=at.start, end=at.end) from None
        if root_applet.is_misprint(command):
            at = byte_spans(text)[1]
            right = root_applet.corrected_misprint(command).header.hex(" ").upper()
            raise UsageError("C0 B6 is a known misprint of WRITE, which is C0 D6; nothing was sent",
                             hint=f"{right} …, or write 0x{command.cla:02X}{command.p1:02X}{command.p2:02X} …, "
                             "which keeps what was there before", start=at.start, end=at.end)
        return ApduInput(command, expected_sw)

    def format(self, value: ApduInput) -> str:
        """Hex, and `*9000` where a status word is expected."""
        expected = "" if value.expected_sw is None else f" *{value.expected_sw:04X}"
        return format_bytes(value.command.encode()) + expected

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The bytes that may come next, each with its meaning; after `*`, status words."""
        return apdu_parts.completions(text, _places(context), for_reader=self.for_reader)

    def secret_spans(self, text: str, context: ParseContext) -> Sequence[Span]:
        """What follows the header, where the command may carry a key or a PIN, of INSTALL the applet's parameters;
        everything, where it is no APDU."""
        expected = _EXPECTED_AT_END.search(text)
        if expected and text.count("|") % 2 == 0:
            text = text[: expected.start()]
        text = plain_apdu(text)
        try:
            raw, _ = parse_apdu_text(text)
            command = CommandAPDU.parse(raw)
        except (NotationError, MalformedAPDU):
            return _in_broken(text)
        if not carries_secret(command, context.map):
            return ()
        spans = byte_spans(text) if _is_plain(text, raw) else []
        if len(spans) == len(raw) and command.ins == INS.INSTALL:
            return _parameters_of_install(command, spans)
        return _behind_header(text, spans)


def _parameters_of_install(command: CommandAPDU, spans: Sequence[Span]) -> list[Span]:
    data = spans[7 if command.is_extended else 5 :]
    return [Span(data[mark.start].start, data[mark.end - 1].end) for mark in install_marks(command)]


def _too_few(text: str) -> UnfinishedError:
    """What is missing behind the last byte of an APDU that has one to three."""
    typed, spans = apdu_parts.read(text), byte_spans(text)
    count, known, last = len(spans), typed.instruction if typed else None, spans[-1]
    these = "this is one byte" if count == 1 else f"these are {count} bytes"
    hint = f"INS {known.ins:02X} is {known.name}: {known.meaning}; help {known.ins:02X} says more" if known else ""
    return UnfinishedError(f"an APDU has at least CLA INS P1 P2: {these}",
                           hint=hint or "help APDU says how a command is built", start=last.start, end=last.end)


def _places(context: ParseContext) -> tuple[apdu_parts.Place, ...]:
    """The fields that a READ or WRITE of the root applet can be for."""
    fields = context.map.fields if context.map is not None else ()
    return tuple(
        apdu_parts.Place(one.address, one.length if one.length <= root_applet.MAX_READ else 0, one.name)
        for one in fields
    )


def carries_secret(command: CommandAPDU, memory_map: MemoryMap | None) -> bool:
    """Whether the data of a command may be a key or a PIN; what is not known to be harmless counts as secret."""
    if not command.data:
        return False
    if command.cla == READER_CLASS:
        return command.ins not in UNDERSTOOD
    if command.cla == root_applet.CLA_MEMORY:
        address = command.cla << 16 | command.p1 << 8 | command.p2
        return not known_public(address, len(command.data), memory_map)
    if command.ins == root_applet.INS_SELECT:
        return not is_public_to_select(command.data)
    if command.ins == INS.INSTALL:
        return bool(install_marks(command))
    return command.ins not in PUBLIC_INS


def _in_broken(text: str) -> Sequence[Span]:
    """What is secret in bytes that are no APDU: whatever follows the header, and in doubt more."""
    spans = byte_spans(text)
    if len(spans) < apdu_parts.HEADER:
        return byte_runs(text)
    to_the_end = not text[spans[-1].end :].strip("|):, ")
    public = _header_is(text, spans, PUBLIC_INS) and not _may_select_secret(text, spans)
    harmless = public and not byte_runs(text[spans[apdu_parts.HEADER - 1].end :])
    if to_the_end and harmless:
        return ()
    # in ykman's form the header may be shorter, and ends with the colon
    colon = text.find(":") if ":" in text else len(text)
    return [Span(min(one.start, colon), one.end) for one in _behind_header(text, spans)]


def _may_select_secret(text: str, spans: Sequence[Span]) -> bool:
    """Whether these are the beginning of a SELECT whose data may be a transport key: by its Lc, or its first byte."""
    body = [_value(text, span) for span in spans[apdu_parts.HEADER:]]
    if _value(text, spans[1]) != root_applet.INS_SELECT or len(body) < 2:
        return False
    lc, first = body[0], body[1]
    return lc < 0 or not is_public_to_select(bytes((max(first, 0),)), lc)


def _behind_header(text: str, spans: Sequence[Span]) -> list[Span]:
    """All that follows the header; the header too, where it is that of no command anybody knows.

    A key that was pasted alone begins with no such header, but for one in some hundreds.
    """
    end = len(text.rstrip())
    if not spans:
        # ykman's form: the data stand behind the first colon
        return [Span(text.index(":") if ":" in text else 0, end)]
    known = _header_is(text, spans, PUBLIC_INS | _KNOWN_SECRET_INSTRUCTIONS)
    return [Span(spans[apdu_parts.HEADER - 1].end if known else 0, end)]


def _header_is(text: str, spans: Sequence[Span], instructions: frozenset[int]) -> bool:
    """Whether the first two bytes are a usual CLA and one of the instructions."""
    return _value(text, spans[0]) in _KNOWN_CLASSES and _value(text, spans[1]) in instructions


def _value(text: str, span: Span) -> int:
    digits = text[span.start : span.end]
    return int(digits, 16) if set(digits) <= HEX_DIGITS else -1


def _is_plain(text: str, raw: bytes) -> bool:
    """Whether the text is bytes in order, and not ykman's form."""
    try:
        return parse_bytes(text.partition("*")[0]) == raw
    except NotationError:
        return False
