"""How files, records, data objects, PINs and logical channels are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from jcopsh.iso7816.file_control import FileControl, LifeCycle
from jcopsh.iso7816.hexadecimal import ascii_column, format_bytes
from jcopsh.iso7816.status import SW
from jcopsh.iso7816.tlv_tree import TlvNode
from jcopsh.operations.file_values import (
    Challenge,
    ChannelList,
    DataObject,
    DataObjects,
    FileContent,
    FileDifference,
    FileWritten,
    FoundFile,
    PinDone,
    PinStatus,
    Probed,
    Record,
    RecordList,
    SelectedFile,
    Signed,
    Whereabouts,
)
from jcopsh.secrets.segments import Segments
from jcopsh.shell.byte_rows import ByteRow, byte_rows
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import NARROW, cell, done, draw, pairs, status_text
from jcopsh.shell.tokens import counted

REPEATED = 3  # rows that are alike from which on they are drawn once
GAP = "  "
_KINDS = 30  # columns: the longest name of a structure that is not TLV
_BESIDE = 6  # columns: an offset and a gap


# --- a file that was selected --------------------------------------------------------------------------------------


@draw.register
def _draw_selected_file(value: SelectedFile, canvas: Canvas) -> RenderableType:
    name = Text(value.position or value.reference, "name")
    if value.usual_name:
        name.append(f"  usually {value.usual_name}", "dim")
    rows = [("selected", name)]
    if value.sw != SW.OK:
        rows.append(("SW", status_text(value.sw, value.meaning)))
    if value.control is not None:
        rows += _control_rows(value.control)
    elif len(value.answer):
        rows.append(("answer", cell(value.answer)))
    rows += [("note", Text(note, "dim")) for note in value.notes]
    return pairs(rows, canvas)


def _control_rows(control: FileControl) -> Iterator[tuple[str, Text]]:
    """File control information in words."""
    yield "kind", Text(_kind(control))
    if control.has_records and control.record_length is not None:
        longest = "the longest of" if control.structure and "variable" in control.structure.value else "each of"
        many = "" if control.record_count is None else f"{control.record_count}, "
        yield "records", Text(f"{many}{longest} {counted(control.record_length, 'byte')}")
    yield "size", Text("" if control.size is None else counted(control.size, "byte"))
    yield "with structure", Text("" if control.total_size is None else counted(control.total_size, "byte"))
    yield "identifier", cell(control.identifier)
    yield "DF name", _bytes_and_text(control.name)
    yield "short id", _short_identifier(control)
    yield "life cycle", Text(control.life_cycle.value if control.life_cycle else "")
    for number, rule in enumerate(control.rules):
        condition = Text(rule.condition, _condition_style(rule.condition))
        yield "" if number else "access", Text(f"{rule.mode}: ").append_text(condition)
    yield "access", Text(control.rules_in)
    for other in control.others:
        yield f"tag {other.tag:02X}", _bytes_and_text(other.value).append(
            f"  {other.meaning}" if other.meaning else "", "dim"
        )
    yield "answer", Text(control.template or "data objects without a template", "dim")


def _kind(control: FileControl) -> str:
    words = [control.kind.value if control.kind else "", control.structure.value if control.structure else "",
             "shareable" if control.shareable else ""]
    return ", ".join(word for word in words if word)


def _short_identifier(control: FileControl) -> Text:
    if control.short_identifier is not None:
        return Text(f"{control.short_identifier}  ").append(f"cat sfi:{control.short_identifier}", "dim")
    return Text("none" if control.short_identifier_told else "")


def _condition_style(condition: str) -> str:
    return {"always": "good", "never": "bad"}.get(condition, "warn")


def _bytes_and_text(data: bytes) -> Text:
    """Bytes, and what they are as text where most of them are."""
    text = cell(data)
    return text.append(f"  {ascii_column(data)}", "dim") if _is_text(data) else text


def _is_text(data: bytes) -> bool:
    return bool(data) and sum(0x20 <= byte < 0x7F for byte in data) * 4 >= len(data) * 3


@draw.register
def _draw_whereabouts(value: Whereabouts, canvas: Canvas) -> RenderableType:
    df = Text(value.df or "not known", "name" if value.df else "dim")
    if value.df and value.or_above:
        df.append(" or above it: identifiers are looked for there too", "dim")
    rows = [
        ("current DF", df),
        ("current EF", Text(value.ef or "none", "name" if value.ef else "dim")),
        ("selected", Text(f"{value.unsure}: the card did not say whether it is a DF or an EF" if value.unsure else "")),
        ("channel", Text(str(value.channel))),
    ]
    return pairs(rows, canvas)


# --- contents ------------------------------------------------------------------------------------------------------


def hex_view(content: Segments, canvas: Canvas, *, first: int = 0) -> Text:
    """Offsets from `first` on, bytes and characters, in rows as long as there is room for; rows that repeat as one."""
    per_row = _row_length(canvas)
    text = Text(no_wrap=False, overflow="fold")
    for (shown, characters, hidden), group in groupby(byte_rows(content, per_row), _likeness):
        rows = list(group)
        if len(rows) < REPEATED:
            for row in rows:
                _append_row(text, first + row.offset, shown, characters, per_row, hidden=hidden)
        else:
            _append_row(text, first + rows[0].offset, shown, characters, per_row, hidden=hidden)
            text.append(f"{'':{_BESIDE}}the same in the next {counted(len(rows) - 1, 'row')}\n", "dim")
    text.rstrip()
    return text


def _row_length(canvas: Canvas) -> int:
    """How many bytes there is room for in a row: 16, 8 or 4."""
    return next(count for count in (16, 8, 4) if _BESIDE + count * 4 + 1 <= canvas.width or count == 4)


def _likeness(row: ByteRow) -> tuple[str, str, bool]:
    return row.content, row.characters, row.hidden


def _append_row(text: Text, offset: int, shown: str, characters: str, per_row: int, *, hidden: bool) -> None:
    text.append(f"{offset:04X}{GAP}", "dim")
    text.append(shown if hidden else f"{shown:<{3 * per_row - 1}}{GAP}", "secret" if hidden else "bytes")
    text.append(f"{characters}\n", "dim")


@draw.register
def _draw_content(value: FileContent, canvas: Canvas) -> RenderableType:
    dot = f" {canvas.glyphs.dot} "
    extent = counted(value.length, "byte") + (f" from offset {value.offset}" if value.offset else "")
    heading = [value.position, extent, "to the end of the file" if value.complete and value.offset else ""]
    parts: list[RenderableType] = [Text(dot.join(one for one in heading if one), "dim")]
    if value.saved:
        parts.append(done(f"saved in {value.saved}", canvas))
    elif value.objects:
        parts.append(tree_view(value.objects, canvas))
    else:
        parts.append(hex_view(value.content, canvas, first=value.offset))
    return Group(*parts, *_notes(value.notes))


def _notes(notes: Iterable[str]) -> list[RenderableType]:
    return [Text(note, "warn") for note in notes]


@draw.register
def _draw_records(value: RecordList, canvas: Canvas) -> RenderableType:
    dot = f" {canvas.glyphs.dot} "
    count = counted(len(value.records), "record")
    heading = Text(dot.join(one for one in (value.position, count if value.complete else "") if one), "dim")
    parts: list[RenderableType] = [heading] if heading.plain else []
    if value.saved:
        parts.append(done(f"{count} saved in {value.saved}", canvas))
    elif not value.records:
        parts.append(Text("the file holds no record", "dim"))
    else:
        parts += [_draw_record(record, canvas) for record in value.records]
    return Group(*parts, *_notes(value.notes))


@draw.register
def _draw_record(value: Record, canvas: Canvas) -> RenderableType:
    """A record on one line where it fits, else below its number."""
    number = Text(f"{value.number:>3}{GAP}", "label")
    note = Text(f"{'':5}{value.note}", "dim")
    if value.objects:
        return Group(number, tree_view(value.objects, canvas, indent=5))
    line = number.copy().append_text(cell(value.content))
    plain = b"" if value.content.hidden else value.content.reveal()
    if _is_text(plain):
        line.append(f"{GAP}{ascii_column(plain)}", "dim")
    if line.cell_len > canvas.width:
        number.append(counted(len(value.content), "byte"), "dim")
        shown: RenderableType = Group(number, _indented(hex_view(value.content, _narrower(canvas, 5)), 5))
    else:
        shown = line
    return Group(shown, note) if value.note else shown


def _narrower(canvas: Canvas, columns: int) -> Canvas:
    return Canvas(canvas.width - columns, canvas.glyphs)


def _indented(text: Text, columns: int) -> RenderableType:
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, columns))


@draw.register
def _draw_file_difference(value: FileDifference, canvas: Canvas) -> RenderableType:
    where = value.position + (f", record {value.record}" if value.record else "")
    heading = Text(where, "dim")
    if value.unchanged:
        return Group(heading, Text("it holds these very bytes already; nothing was written"))
    if value.before is None:
        old, new = Text(f"not read: {value.why_unread}", "warn"), hex_view(value.after, canvas, first=value.offset)
    else:
        old, new = _compared(value.before, value.after, canvas, first=value.offset)
    return Group(heading, Text("there now", "label"), old, Text("to be written", "label"), new)


def _compared(before: Segments, after: Segments, canvas: Canvas, *, first: int) -> tuple[Text, Text]:
    """What was there and what will be, without the rows that stay as they are."""
    per_row = _row_length(canvas)
    old, new = (list(byte_rows(one, per_row)) for one in (before, after))
    kept = {row for row in old if not row.hidden} & set(new)
    return _rows_but(old, kept, per_row, first), _rows_but(new, kept, per_row, first)


def _rows_but(rows: Sequence[ByteRow], kept: Set[ByteRow], per_row: int, first: int) -> Text:
    text = Text(overflow="fold")
    for stays, group in groupby(rows, lambda row: row in kept):
        if stays:
            text.append(f"{'':{_BESIDE}}{counted(len(list(group)), 'row')} unchanged\n", "dim")
        else:
            for row in group:
                _append_row(text, first + row.offset, row.content, row.characters, per_row, hidden=row.hidden)
    text.rstrip()
    return text or Text("nothing", "dim")


@draw.register
def _draw_file_written(value: FileWritten, canvas: Canvas) -> RenderableType:
    note = f", {value.note}" if value.note else ""
    return done(f"{counted(value.length, 'byte')} written {value.what}{note}", canvas)


# --- what there is -------------------------------------------------------------------------------------------------


@draw.register
def _draw_found_file(value: FoundFile, canvas: Canvas) -> RenderableType:
    state = "" if value.life_cycle == LifeCycle.ACTIVATED.value else value.life_cycle
    text = Text(value.identifier, "name")
    in_columns = f"{value.kind:<{_KINDS}}{value.size:>8}"
    text.append(f"{GAP}{in_columns if canvas.width >= NARROW else f'{value.kind} {value.size}'.rstrip()}", "")
    text.append(f"{GAP}{value.usual_name}" if value.usual_name else "", "dim")
    if value.sw != SW.OK:
        text.append(f"{GAP}{value.sw:04X} {state or value.meaning}", "warn")
    elif state:
        text.append(f"{GAP}{state}", "warn")
    text.rstrip()
    return text.append(f"\n{'':{_BESIDE}}{value.place}", "warn") if value.place else text


@draw.register
def _draw_probed(value: Probed, canvas: Canvas) -> RenderableType:
    where = f" in {value.where}" if value.where else ""
    found, tried = counted(value.found, value.what), counted(value.tried, value.asked_by)
    outside = f", {value.outside} more seen from there" if value.outside else ""
    return Group(done(f"{found} found{where}{outside}, {tried} tried", canvas), *_notes(value.notes))


@draw.register
def _draw_data_object(value: DataObject, canvas: Canvas) -> RenderableType:
    heading = Text(value.tag, "name").append(f"{GAP}{value.name}" if value.name else "", "")
    heading.append(f"{GAP}{counted(len(value.content), 'byte')}", "dim")
    if value.saved:
        return Group(heading, done(f"saved in {value.saved}", canvas))
    shown = [tree_view(value.objects, canvas)] if value.objects else []
    return Group(heading, hex_view(value.content, canvas), *shown)


# --- trees of data objects -----------------------------------------------------------------------------------------


@draw.register
def _draw_data_objects(value: DataObjects, canvas: Canvas) -> RenderableType:
    return tree_view(value.objects, canvas)


def tree_view(objects: Sequence[TlvNode], canvas: Canvas, *, indent: int = 0) -> Text:
    """Data objects one a line, each below the one it is in; a long value on lines of its own."""
    text = Text(overflow="fold")
    for node in objects:
        _append_node(text, node, canvas, indent)
    text.rstrip()
    return text


def _append_node(text: Text, node: TlvNode, canvas: Canvas, indent: int) -> None:
    head = Text(" " * indent).append(node.tag, "name").append(f"{GAP}{node.name}" if node.name else "", "")
    if node.value is None:
        text.append_text(head.append(f"{GAP}{counted(node.length, 'byte')}\n", "dim"))
        for child in node.children:
            _append_node(text, child, canvas, indent + 2)
        return
    value = _bytes_and_text(node.value) if node.value else Text("empty", "dim")
    if head.cell_len + len(GAP) + value.cell_len <= canvas.width:
        text.append_text(head.append(GAP).append_text(value).append("\n"))
        return
    text.append_text(head.append(f"{GAP}{counted(node.length, 'byte')}\n", "dim"))
    room = max(1, (canvas.width - indent - 4 - len(GAP)) // 4)
    per_row = next(count for count in (16, 8, 4, 1) if count <= room)
    for row in byte_rows(Segments((node.value,)), per_row):
        text.append(" " * (indent + 4)).append(f"{row.content:<{3 * per_row - 1}}{GAP}", "bytes")
        text.append(f"{row.characters}\n", "dim")


# --- PINs, challenges, channels ------------------------------------------------------------------------------------


@draw.register
def _draw_pin_status(value: PinStatus, canvas: Canvas) -> RenderableType:
    style = "bad" if value.blocked else "warn" if value.tries_left == 1 else "good" if value.verified else ""
    text = Text(f"PIN {value.reference:02X}{GAP}", "label").append(value.meaning, style)
    if not value.verified and value.tries_left is None:
        text.append(f" ({value.sw:04X}); how many tries are left is not told", "dim")
    return text


@draw.register
def _draw_pindone(value: PinDone, canvas: Canvas) -> RenderableType:
    return done(f"PIN {value.reference:02X} {value.what}", canvas)


_NO_BYTES = Text("the card answered, and gave no bytes", "dim")


@draw.register
def _draw_challenge(value: Challenge, canvas: Canvas) -> RenderableType:
    return Text(format_bytes(value.data, spaced=True), "bytes") if value.data else _NO_BYTES


@draw.register
def _draw_signed(value: Signed, canvas: Canvas) -> RenderableType:
    return hex_view(value.answer, canvas) if len(value.answer) else _NO_BYTES


@draw.register
def _draw_channels(value: ChannelList, canvas: Canvas) -> RenderableType:
    parts: list[RenderableType] = [done(value.did, canvas)] if value.did else []
    for channel in value.channels:
        line = Text(f"{channel.number:>2}{GAP}", "label").append("in use" if channel.in_use else "open  ", "good")
        parts.append(line.append(f"{GAP}{channel.position}" if channel.position else "", "name"))
    return Group(*parts)
