"""How memory is drawn: address, bytes, characters, and beside them the field they belong to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jcopsh.iso7816.hexadecimal import ascii_column, format_bytes
from jcopsh.iso7816.status import describe
from jcopsh.jcop.confidence import Confidence
from jcopsh.jcop.memory_map import Field
from jcopsh.operations.values import Difference, Dump, MemoryBlock, Span
from jcopsh.secrets.secret import Secret
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import NARROW, done, draw
from jcopsh.shell.tokens import counted

MEANINGS_UP_TO = 48  # bytes: in a longer block, fields are named and not explained
REPEATED = 3  # rows that are alike from which on they are drawn once


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it begins, its bytes and characters, its field where the field begins there.

    `span_address` is where its field or gap begins; `known` says that it is a field.
    """

    address: int
    span_address: int
    content: Text
    characters: Text
    field: Field | None
    known: bool


def _per_row(canvas: Canvas) -> int:
    if canvas.width >= 110:
        return 16
    return 8 if canvas.width >= NARROW else 4


def _rows(spans: Sequence[Span], per_row: int) -> Iterator[Row]:
    for span in _joined(spans):
        if isinstance(span.content, Secret):
            yield Row(span.address, span.address, Text(span.content.label, "secret"), Text(), span.field, True)
            continue
        for start, end in _cuts(span, per_row):
            part = span.content[start:end]
            yield Row(span.address + start, span.address, Text(format_bytes(part, spaced=True), "bytes"),
                      Text(ascii_column(part), "dim"), None if start else span.field, span.field is not None)


def _joined(spans: Sequence[Span]) -> Iterator[Span]:
    """The spans, those outside fields that follow each other as one: where a dump's pieces met does not matter."""
    waiting: Span | None = None
    for span in spans:
        if waiting and _continues(waiting, span):
            content = _plain(waiting) + _plain(span)
            waiting = Span(waiting.address, waiting.length + span.length, None, content)
            continue
        if waiting:
            yield waiting
        waiting = span
    if waiting:
        yield waiting


def _plain(span: Span) -> bytes:
    return span.content if isinstance(span.content, bytes) else b""


def _continues(before: Span, span: Span) -> bool:
    plain = isinstance(before.content, bytes) and isinstance(span.content, bytes)
    return plain and not before.field and not span.field and before.address + before.length == span.address


def _cuts(span: Span, per_row: int) -> Iterator[tuple[int, int]]:
    """Where the rows of a span begin and end: a field's from its address on, a long gap's at multiples of the width."""
    at_multiples = span.field is None and span.length >= 3 * per_row
    end = per_row - (span.address % per_row if at_multiples else 0)
    start = 0
    while start < span.length:
        yield start, min(end, span.length)
        start, end = end, end + per_row


def field_note(one: Field, *, with_meaning: bool) -> Text:
    """A field's name and what it means, with a mark where that is not certain."""
    text = Text(one.name, "field")
    if one.confidence is not Confidence.SEEN:
        text.append(f" (address {one.confidence.value})", "unsure")
    if with_meaning:
        text.append(f"  {one.meaning}", "dim")
        if one.meaning_confidence not in (Confidence.SEEN, Confidence.UNKNOWN):
            text.append(f" ({one.meaning_confidence.value})", "unsure")
    return text


def _heading(block: MemoryBlock, canvas: Canvas) -> Text:
    name = f"map {block.map_name}" if block.map_name else "no memory map"
    dot = f" {canvas.glyphs.dot} "
    return Text(dot.join([f"0x{block.address:06X}", counted(block.length, "byte"), name, f"boot {block.boot}"]), "dim")


class _Sheet:
    """Rows as they are collected: a table, or in a narrow terminal lines with the field's name above its bytes."""

    def __init__(self, canvas: Canvas, *, marked: bool = False) -> None:
        self.narrow = canvas.width < NARROW
        self.texts: list[Text] = []
        self.grid = Table.grid(padding=(0, 2, 0, 0))
        if marked:
            self.grid.add_column(no_wrap=True, width=1)
        self.grid.add_column(no_wrap=True)
        self.grid.add_column(no_wrap=True, min_width=min(3 * _per_row(canvas) - 1, 23))
        self.grid.add_column(no_wrap=True)
        self.grid.add_column(overflow="fold")

    def add(self, rows: Sequence[Row], *, mark: Text | None = None, with_meaning: bool = False) -> None:
        """Add rows that share one note, which runs down beside them."""
        one = rows[0].field
        if self.narrow:
            indent = Text("        " if mark is None else "           ")
            self.texts += [indent.append_text(field_note(one, with_meaning=False))] if one else []
            self.texts += [Text("  ").join([*([mark] if mark else []), *_parts(row)]) for row in rows]
            return
        note = field_note(one, with_meaning=with_meaning) if one else Text()
        before = [] if mark is None else [Text("\n".join([mark.plain] * len(rows)), mark.style)]
        columns = (_lines(column) for column in zip(*map(_parts, rows), strict=True))
        self.grid.add_row(*before, *columns, note)

    def remark(self, text: str) -> None:
        """A remark where bytes would stand."""
        if self.narrow:
            self.texts.append(Text(f"…       {text}", "dim"))
        else:
            self.grid.add_row(Text("…", "dim"), Text(text, "dim"))

    @property
    def drawing(self) -> RenderableType:
        """All of it."""
        return Group(*self.texts) if self.narrow else self.grid


def _parts(row: Row) -> tuple[Text, Text, Text]:
    return Text(f"{row.address:06X}", "address"), row.content, row.characters


def _lines(texts: Sequence[Text]) -> Text:
    return Text("\n").join(texts)


@draw.register
def _draw_block(value: MemoryBlock, canvas: Canvas) -> RenderableType:
    sheet = _Sheet(canvas)
    with_meaning = value.length <= MEANINGS_UP_TO
    for span in value.spans:
        sheet.add(list(_rows([span], _per_row(canvas))), with_meaning=with_meaning)
    return Group(_heading(value, canvas), sheet.drawing)


@draw.register
def _draw_difference(value: Difference, canvas: Canvas) -> RenderableType:
    if value.unchanged:
        return Group(draw(value.before, canvas), Text("the card holds these very bytes already", "dim"))
    sheet = _Sheet(canvas, marked=True)
    for before, after in _side_by_side(value.before.spans, value.after.spans):
        old, new = (list(_rows(spans, _per_row(canvas))) for spans in (before, after))
        if [span.content for span in before] == [span.content for span in after]:
            sheet.add(new, mark=Text(" "))
            continue
        if [row.content.plain for row in old] == [row.content.plain for row in new]:  # hidden, and of one length
            new = [replace(row, content=row.content + Text(", changed", "secret")) for row in new]
        sheet.add(old, mark=Text("-", "bad"))
        sheet.add([replace(row, field=None) for row in new], mark=Text("+", "good"))
    return Group(_heading(value.after, canvas), sheet.drawing)


def _side_by_side(before: Sequence[Span], after: Sequence[Span]) -> Iterator[tuple[list[Span], list[Span]]]:
    """The spans of the same memory before and after, as few together as begin and end at the same places.

    They are cut alike at fields, but a known key that lies outside one is cut out on its side alone.
    """
    ends = {span.address + span.length for span in before} & {span.address + span.length for span in after}
    left, right = deque(before), deque(after)
    for end in sorted(ends):
        yield _up_to(left, end), _up_to(right, end)


def _up_to(spans: deque[Span], end: int) -> list[Span]:
    taken = []
    while spans and spans[0].address < end:
        taken.append(spans.popleft())
    return taken


@draw.register
def _draw_dump(value: Dump, canvas: Canvas) -> RenderableType:
    parts: list[RenderableType] = [] if value.saved or not value.spans else [_dump_rows(value, canvas)]
    for first, last, sw in value.unreadable:
        where = f"{first:06X}" if first == last else f"{first:06X} to {last:06X}"
        parts.append(Text(f"{where} not readable: ", "warn").append(f"{sw:04X} {describe(sw).text}", ""))
    plain = f"{value.card}, boot {value.boot}, map {value.map_name or 'none'}"
    parts.append(Text(plain, "dim"))
    if value.saved:
        read = sum(span.length for span in value.spans)
        hidden = sum(isinstance(span.content, Secret) for span in value.spans)
        without = f", without {counted(hidden, 'secret')}" if hidden else ""
        parts.append(done(f"{counted(read, 'byte')} saved in {value.saved}{without}", canvas))
    return Group(*parts)


def _dump_rows(value: Dump, canvas: Canvas) -> RenderableType:
    """The rows, those that are alike and lie in no field once."""
    sheet = _Sheet(canvas)
    for likeness, group in groupby(_rows(value.spans, _per_row(canvas)), key=_likeness):
        rows = list(group)
        if likeness.known:
            sheet.add(rows)
            continue
        for row in rows[:1] if len(rows) >= REPEATED else rows:
            sheet.add([row])
        if len(rows) >= REPEATED:
            sheet.remark(f"{len(rows) - 1} more rows like it")
    return sheet.drawing


class _Likeness(NamedTuple):
    known: bool
    span_address: int
    content: str


def _likeness(row: Row) -> _Likeness:
    """Rows of one field belong together; outside fields, rows are alike when their bytes are."""
    return _Likeness(True, row.span_address, "") if row.known else _Likeness(False, 0, row.content.plain)
