"""A command APDU while it is being typed: which byte is which part, what it means, and what may come next.

The parts are those of ISO/IEC 7816-3:2006, 12.1. Every notation that gives the bytes in order is understood; behind
labels (`CLA=C0`) nothing is offered. Of ykman's form, in which parts may be missing, only what may come behind its
header is offered. Nothing here talks to a card, and a part that may be secret is counted and never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from jcopsh.iso7816 import instructions as iso
from jcopsh.iso7816.aid import KNOWN_AIDS
from jcopsh.iso7816.hexadecimal import SEPARATORS, NotationError, is_ykman, parse_apdu_text
from jcopsh.iso7816.instructions import Choice, Choices, Instruction
from jcopsh.iso7816.interindustry import SelectBy
from jcopsh.iso7816.plain_bytes import CLOSING, OPENING, brackets, labels, plain_apdu
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.iso7816.status import describe
from jcopsh.jcop import root_instructions
from jcopsh.shell.context import Completion
from jcopsh.shell.strike import byte_spans
from jcopsh.shell.tokens import Span, counted

HEADER = 4  # CLA INS P1 P2
_EXTENDED_LENGTH = 3  # 00 and two bytes
_BETWEEN = re.compile(r"(?:[\s:,|)]|0[xX])*")
# [CLA]INS[P1P2][:DATA][/LE][=SW], ending in one of the last three; two bytes at least stand before a `:`, for 00:A4 is
# bytes with a `:` between them
_YKMAN = re.compile(
    r"(?P<header>(?:[0-9A-Fa-f]{2}){1,4})"
    r"(?:(?<=[0-9A-Fa-f]{4}):(?P<data>[0-9A-Fa-f]*)|(?::[0-9A-Fa-f]*)?/(?P<le>)|[^=|]*=(?P<sw>[0-9A-Fa-f]*))"
)
# status words that people expect, as `*9000`
_EXPECTED = (0x9000, 0x6A82, 0x6985, 0x6982, 0x6A86, 0x6A88, 0x6700, 0x6D00, 0x6E00)


class Part(Enum):
    """A part of a command APDU."""

    CLA = "CLA"
    INS = "INS"
    P1 = "P1"
    P2 = "P2"
    LC = "Lc"
    DATA = "data"
    LE = "Le"
    LENGTH = "Lc or Le"  # the fifth byte, where the command does not tell which
    EXCESS = "too much"


# the style of `theme` that each part is drawn in
STYLES = {
    Part.CLA: "apdu-cla", Part.INS: "apdu-ins", Part.P1: "apdu-p1p2", Part.P2: "apdu-p1p2", Part.LC: "apdu-length",
    Part.LENGTH: "apdu-length", Part.LE: "apdu-length", Part.DATA: "bytes", Part.EXCESS: "apdu",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A byte as it is typed: where it stands, its value (None while only one digit is there), and its part."""

    span: Span
    value: int | None
    part: Part


@dataclass(frozen=True, slots=True)
class TypedApdu:
    """A command APDU as far as it is typed.

    `cells` are its whole bytes, `digit` the single digit at the end or "". `instruction` is what the table knows of the
    command. `next` is the part that comes next, None where the APDU has an end. `missing` counts the bytes of data that
    Lc still asks for; `stuck` says that no byte can follow: a `|` or `#(` is not
    closed, or what stands at the end is no notation for bytes.
    """

    text: str
    cells: tuple[Cell, ...]
    digit: str
    instruction: Instruction | None
    next: Part | None
    missing: int
    stuck: bool

    def value(self, index: int) -> int | None:
        """The value of a byte; None where it is not there."""
        return self.cells[index].value if index < len(self.cells) else None

    @property
    def lc(self) -> int:
        """How many bytes of data there are to be."""
        return sum(cell.part is Part.DATA for cell in self.cells) + self.missing


def read(text: str) -> TypedApdu | None:
    """The APDU in a text, up to the end of the text or the `*` before an expected status word; None in ykman's form."""
    star = _outside_bars(text, "*")
    written = text[:star]
    text = plain_apdu(written)
    if is_ykman(text):
        return None
    spans = byte_spans(text)
    values, left_open = _values(text, spans)
    closed = any(written[at] in CLOSING for at in brackets(written))
    stuck = left_open or closed or not _reaches_end(text, spans)
    digit = ""
    if spans and spans[-1].end == len(text) and values[-1] is None and text[spans[-1].start] != "#":
        digit = text[spans[-1].start :]
        spans, values = spans[:-1], values[:-1]
    instruction = _instruction(values)
    parts, following, missing = _parts(values, instruction)
    cells = tuple(Cell(*each) for each in zip(spans, values, parts, strict=True))
    if star is not None:
        following, missing = None, 0
    return TypedApdu(written, cells, digit, instruction, following, missing, stuck)


def _reaches_end(text: str, spans: Sequence[Span]) -> bool:
    """Whether nothing but signs between bytes stands behind the last one."""
    return _BETWEEN.fullmatch(text, spans[-1].end if spans else 0) is not None


def can_go_on(text: str) -> bool:
    """Whether bytes are missing at the end of a text, by its header, its Lc, or an extended length begun by 00."""
    typed = read(text)
    if typed is None:
        return False
    in_extended_length = HEADER < len(typed.cells) < HEADER + _EXTENDED_LENGTH and typed.value(HEADER) == 0
    return typed.missing > 0 or len(typed.cells) < HEADER or in_extended_length


def _outside_bars(text: str, wanted: str) -> int | None:
    """Where a character stands outside every `|text|`."""
    inside = False
    for at, character in enumerate(text):
        inside ^= character == "|"
        if character == wanted and not inside:
            return at
    return None


def _values(text: str, spans: Sequence[Span]) -> tuple[list[int | None], bool]:
    """The value of each byte, that of `#(` being how many stand in the brackets; and whether one is not closed."""
    values: list[int | None] = []
    opened: list[int] = []  # the bytes that a `#(` stands for, while it is open
    starts = {span.start: span for span in spans}
    inside = False
    for at, character in enumerate(text):
        if character == "|":
            inside = not inside
        elif at in starts:
            if text[at : at + 2] == "#(" and not inside:
                opened.append(len(values))
            values.append(_value(text[slice(*starts[at])], inside=inside))
        elif character == ")" and opened and not inside:
            number = opened.pop()
            values[number] = (len(values) - number - 1) & 0xFF
    for number in opened:
        values[number] = (len(values) - number - 1) & 0xFF
    return values, inside or bool(opened)


def _value(written: str, *, inside: bool) -> int | None:
    """The value of a byte as it is written; None for one digit, and for `#(`."""
    if inside:
        return ord(written) & 0xFF
    return int(written, 16) if len(written) == 2 and written != "#(" else None


# --- what the bytes are ----------------------------------------------------------------------------------------------


def _instruction(values: Sequence[int | None]) -> Instruction | None:
    if len(values) < 2 or values[0] is None or values[1] is None:
        return None
    return instruction(values[0], values[1])


def instruction(cla: int, ins: int) -> Instruction | None:
    """What is known of a command by its class and instruction byte."""
    return iso.by_ins((*root_instructions.known(cla), *iso.instructions(cla)), ins)


def _parts(values: Sequence[int | None], known: Instruction | None) -> tuple[list[Part], Part | None, int]:
    """The part of each byte, the part that comes next, and how many bytes of data are missing."""
    header = [Part.CLA, Part.INS, Part.P1, Part.P2]
    if len(values) < HEADER:
        return header[: len(values)], header[len(values)], 0
    body = values[HEADER:]
    length = _length_part(known)
    if not body:
        return header, length, 0
    width, count = _lc(body, known)
    if width == 0:
        # one byte, or 00 and two more: Le alone, or Lc of data that are not typed yet
        part = Part.LE if body[0] == 0 else length or Part.LENGTH
        return [*header, *[part] * len(body)], None if part is Part.LE else Part.DATA, 0
    data = body[width : width + count]
    rest = body[width + len(data) :]
    le_width = 1 if width == 1 else 2
    parts = [*header, *[Part.LC] * width, *[Part.DATA] * len(data)]
    parts += [Part.LE if at < le_width else Part.EXCESS for at in range(len(rest))]
    if len(data) < count:
        return parts, Part.DATA, count - len(data)
    return parts, Part.LE if len(rest) < le_width and (known is None or known.answers or rest) else None, 0


def _length_part(known: Instruction | None) -> Part | None:
    """What the fifth byte is; None where nothing follows the header."""
    if known is None:
        return Part.LENGTH
    if known.data:
        return Part.LC
    return Part.LE if known.answers else None


def _lc(body: Sequence[int | None], known: Instruction | None) -> tuple[int, int]:
    """Width and value of the Lc field; no width where the body is Le, or cannot be told yet."""
    if body[0] is None:
        return 0, 0
    if body[0] != 0:
        certain = len(body) > 1 or (known is not None and bool(known.data))
        return (1, body[0]) if certain else (0, 0)
    if len(body) <= 3:
        return 0, 0
    return 3, (body[1] or 0) << 8 | (body[2] or 0)


# --- what may come next ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the configuration memory: its 24-bit address, its length in bytes (0: unknown), what it is."""

    address: int
    length: int
    meaning: str


def completions(text: str, places: Sequence[Place] = (), *, for_reader: bool = False) -> list[Completion]:
    """What may come next in an APDU that is being typed, each with its meaning.

    `places` are offered where P1 and P2 are an address. `for_reader`: only commands of class FF are meant, which are
    otherwise not gone on with.
    """
    star = _outside_bars(text, "*")
    if star is not None:
        return _status_words(text, star + 1)
    ykman = _YKMAN.fullmatch(text)
    if ykman is not None:
        return [one for one in _behind_header(text, ykman) if _can_be_read(text[: one.start] + one.text)]
    typed = read(text)
    if typed is None or typed.next is None or typed.stuck or labels(text):
        return []
    if typed.cells and (typed.value(0) == READER_CLASS) is not for_reader:
        return []
    writer = _Writer(typed)
    return [
        writer.completion(choice, ends=_ends(typed, choice)) for choice in _choices(typed, places, for_reader)
        if choice.value.hex().upper().startswith(typed.digit.upper())
    ]


def _status_words(text: str, start: int) -> list[Completion]:
    if text[start:].strip() != text[start:]:
        return []
    wanted = text[start:].upper()
    words = ((f"{sw:04X}", describe(sw).text) for sw in _EXPECTED)
    return [Completion(word, f"expect: {meaning}", start) for word, meaning in words if word.startswith(wanted)]


def _behind_header(text: str, form: re.Match[str]) -> list[Completion]:
    """What may come next in ykman's form: data, Le, or the status word that is expected."""
    if form["sw"] is not None:
        return _status_words(text, form.start("sw"))
    if form["le"] is not None:
        return [Completion("00", "Le: as much as there is, up to 256 bytes", len(text), unfinished=True)]
    given = bytes.fromhex(form["header"])
    # CLA is 00 where it is left out, as with one or three bytes, and so are P1 and P2
    cla, ins, p1, _ = (given if len(given) % 2 == 0 else b"\0" + given).ljust(HEADER, b"\0")
    known, digits = instruction(cla, ins), form["data"].upper()
    found = [(_data_of(body.value).hex().upper(), body.meaning) for body in (_bodies(known, p1) if known else ())]
    return [Completion(data[len(digits) :], says, len(text), unfinished=True, shown=data)
            for data, says in found if data.startswith(digits) and data != digits]


def _data_of(body: bytes) -> bytes:
    """The data of a whole body; none where it is not whole, or only Le."""
    return body[1 : 1 + body[0]] if len(body) > body[0] else b""


def _can_be_read(text: str) -> bool:
    try:
        parse_apdu_text(text)
    except NotationError:
        return False
    return True


def _choices(typed: TypedApdu, places: Sequence[Place], for_reader: bool) -> Choices:
    """The usual bytes for the part that comes next."""
    known, part = typed.instruction, typed.next
    if part is Part.CLA:
        return iso.READER_CLASSES if for_reader else (*iso.CLASSES, *root_instructions.CLASSES)
    if part is Part.INS:
        return _instructions_of(typed.value(0))
    if part is Part.DATA:
        return tuple(_rest_of_data(typed))
    p1 = typed.value(2)
    if known is None:
        return ()
    if known in root_instructions.MEMORY and part in (Part.P1, Part.P2, Part.LE):
        return tuple(_of_places(typed, known, places))
    if part is Part.P1:
        return known.p1
    if part is Part.P2:
        return known.second(p1 or 0)
    if part is Part.LE and len(typed.cells) > HEADER:
        return iso.choices(x00="Le: as much as there is, up to 256 bytes")
    return tuple(_bodies(known, p1 or 0))


def _instructions_of(cla: int | None) -> Choices:
    if cla is None:
        return ()
    offered = (*iso.instructions(cla), *root_instructions.instructions(cla))
    return tuple(Choice(bytes((one.ins,)), f"{one.name}: {one.meaning}") for one in offered)


def _of_places(typed: TypedApdu, known: Instruction, places: Sequence[Place]) -> Iterator[Choice]:
    """The rest of the addresses that begin as the one being typed; behind an address, the length of its field."""
    begun = bytes(cell.value or 0 for cell in typed.cells if cell.part is not Part.INS)
    for place in places:
        address = place.address.to_bytes(3, "big")
        if address.startswith(begun) and len(begun) < len(address):
            yield Choice(address[len(begun) :], place.meaning)
        elif address == begun and place.length and known.answers:
            yield Choice(bytes((place.length % 256,)), f"Le: {counted(place.length, 'byte')}, all of {place.meaning}")
    if len(begun) == 3:
        yield from known.bodies


def _bodies(known: Instruction, p1: int) -> Iterator[Choice]:
    """Whole bodies; for SELECT by name, those with a well-known AID."""
    if known is iso.SELECT and p1 == SelectBy.NAME:
        for one in KNOWN_AIDS.values():
            name = bytes(one.aid)
            yield Choice(bytes((len(name),)) + name + b"\0", f"{one.name}: {one.meaning}")
    yield from known.bodies_behind(p1)


def _rest_of_data(typed: TypedApdu) -> Iterator[Choice]:
    """The rest of the bodies that begin with what is typed of Lc and data."""
    if typed.instruction is None:
        return
    begun = [cell.value for cell in typed.cells[HEADER:]]
    for body in _bodies(typed.instruction, typed.value(2) or 0):
        if list(body.value[: len(begun)]) == begun and len(body.value) > len(begun):
            yield Choice(body.value[len(begun) :], body.meaning)


def _ends(typed: TypedApdu, choice: Choice) -> bool:
    """Whether the APDU has its end with these bytes."""
    values = [*(cell.value for cell in typed.cells), *choice.value]
    return len(values) >= HEADER and _parts(values, _instruction(values))[1] is None


class _Writer:
    """Writes bytes in the notation that the typed ones have: close together, with blanks, colons or 0x."""

    def __init__(self, typed: TypedApdu) -> None:
        text, spans = typed.text, [cell.span for cell in typed.cells]
        self._start = len(text) - len(typed.digit)
        self._gap = _gap(text, spans, self._start)
        tail = text[spans[-1].end : self._start] if spans else ""
        self._before = self._gap[len(tail) :] if spans and self._gap.startswith(tail) else ""

    def completion(self, choice: Choice, *, ends: bool) -> Completion:
        """The completion that adds these bytes."""
        shown = choice.value.hex(" ").upper()
        written = self._before + self._gap.join(shown.split())
        return Completion(written, choice.meaning, self._start, unfinished=not ends, shown=shown)


def _gap(text: str, spans: Sequence[Span], end: int) -> str:
    """What stands between two bytes."""
    if len(spans) >= 2:
        gap = text[spans[-2].end : spans[-1].start]
        return gap if not gap.strip("".join(SEPARATORS) + "-\\0xX(byte)") else ""
    if not spans:
        return ""
    tail, prefix = text[spans[0].end : end], text[: spans[0].start].strip(f" {OPENING}")
    if tail.strip("".join(SEPARATORS)):
        return tail
    if tail or not prefix or prefix.startswith("\\"):
        return tail + prefix
    return " " + prefix


# --- what is said of it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of the hint; `current` sets off the part that the cursor is in."""

    text: str
    current: bool = False


def summary(typed: TypedApdu, secrets: Sequence[Span] = ()) -> list[Said]:
    """The parts up to the cursor in one row: `CLA 00`, `INS A4 SELECT`, `P1 04`, `P2`; data are only counted.

    A byte that lies in one of `secrets` (offsets into the text) is named and not shown.
    """
    said = [Said(_shown(cell, typed, secrets)) for cell in typed.cells[:HEADER]]
    lengths = [cell for cell in typed.cells[HEADER:] if cell.part in (Part.LC, Part.LENGTH)]
    if lengths:
        name = lengths[0].part.value
        said.append(Said(f"{name} {''.join(_digits(cell, secrets) for cell in lengths)}"))
    data = sum(cell.part is Part.DATA for cell in typed.cells)
    if typed.next is Part.DATA:
        total = typed.lc
        said.append(Said(f"data: {data} of {counted(total, 'byte')}" if total else "data", current=True))
    elif data:
        said.append(Said(counted(data, "data byte")))
    ending = [cell for cell in typed.cells[HEADER:] if cell.part is Part.LE]
    if ending:
        said.append(Said(f"Le {''.join(_digits(cell, secrets) for cell in ending)}", current=typed.next is Part.LE))
    excess = sum(cell.part is Part.EXCESS for cell in typed.cells)
    if excess:
        said.append(Said(f"{counted(excess, 'byte')} too many", current=True))
    if typed.next not in (None, Part.DATA) and not ending:
        said.append(Said(f"{typed.next.value} {typed.digit}".rstrip() if typed.next else "", current=True))
    return said


def _shown(cell: Cell, typed: TypedApdu, secrets: Sequence[Span]) -> str:
    digits = _digits(cell, secrets)
    name = typed.instruction.name if typed.instruction and cell.part is Part.INS and digits != _HIDDEN else ""
    return " ".join(filter(None, (cell.part.value, digits, name)))


_HIDDEN = "··"


def _digits(cell: Cell, secrets: Sequence[Span]) -> str:
    hidden = any(span.start < cell.span.end and cell.span.start < span.end for span in secrets)
    return _HIDDEN if hidden or cell.value is None else f"{cell.value:02X}"


def meaning(typed: TypedApdu, secrets: Sequence[Span] = ()) -> str:
    """What the last whole part says, and what may come next; empty where nothing is known."""
    hidden = any(_digits(cell, secrets) == _HIDDEN for cell in typed.cells[:HEADER])
    parts = ["" if hidden else _last(typed), _following(typed)]
    return ".  ".join(filter(None, parts))


def _last(typed: TypedApdu) -> str:
    """What the last byte of the header means, or what the data are."""
    known, count = typed.instruction, len(typed.cells)
    if count == 0 or count > HEADER:
        return _named_data(typed)
    value = typed.cells[count - 1].value or 0
    if count == 1:
        own = next((one.meaning for one in root_instructions.CLASSES if one.value[0] == value), "")
        return f"CLA {value:02X}: {own or iso.class_meaning(value)}"
    if known is None:
        return f"INS {value:02X}: not one that jcopsh knows with this CLA" if count == 2 else ""
    if count == 2:
        return f"{known.name}: {known.meaning} ({known.source})"
    usual = known.p1 if count == 3 else known.second(typed.value(2) or 0)
    said = next((one.meaning for one in usual if one.value[0] == value), "")
    return f"P{count - 2} {value:02X}: {said}" if said else ""


def _named_data(typed: TypedApdu) -> str:
    """The well-known name that is selected, once it is typed to its end."""
    data = bytes(cell.value or 0 for cell in typed.cells if cell.part is Part.DATA)
    if typed.instruction is not iso.SELECT or typed.value(2) != SelectBy.NAME or typed.missing or not data:
        return ""
    return next((f"{one.name}: {one.meaning}" for one in KNOWN_AIDS.values() if bytes(one.aid) == data), "")


def _following(typed: TypedApdu) -> str:
    """What may come next."""
    known, part = typed.instruction, typed.next
    if any(cell.part is Part.EXCESS for cell in typed.cells):
        return "more bytes than Lc and Le account for"
    if part is None:
        return "complete"
    if known is None or part in (Part.CLA, Part.INS):
        return ""
    if part in (Part.P1, Part.P2):
        usual = known.p1 if part is Part.P1 else known.second(typed.value(2) or 0)
        says = known.p1_says if part is Part.P1 else known.p2_says
        listed = ", ".join(f"{one.value.hex().upper()} {one.meaning}" for one in usual)
        return f"{part.value}{f', {says}' if says else ''}: {listed}" if listed else f"{part.value}: {says}"
    if part in (Part.LC, Part.DATA) and known.data:
        return f"data: {known.data}"
    return "Le: how many bytes you want back, 00 for up to 256" if part is Part.LE else ""
