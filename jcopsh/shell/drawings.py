"""How each kind of value is drawn. Imported when the first value is: it brings rich and the rooms the values are from.

A value that has no drawing of its own is drawn from its fields, one a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import singledispatch
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import ResponseAPDU
from jcopsh.iso7816.atr import Atr
from jcopsh.iso7816.hexadecimal import format_bytes
from jcopsh.jcop.confidence import Confidence
from jcopsh.jcop.identify import Identity, Jcop4Identity
from jcopsh.jcop.personalisation import CheckState
from jcopsh.operations.values import Checklist, ExchangeResult, Identification, Selected, Written
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Hidden, Segments
from jcopsh.shell.byte_rows import byte_rows
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.tokens import counted

NARROW = 60  # columns: below this, what stands beside goes below
GAP = 2  # columns between what stands side by side


@singledispatch
def draw(value: Any, canvas: Canvas) -> RenderableType:
    """What rich draws for a value."""
    if is_dataclass(value) and not isinstance(value, type):
        return _draw_fields(value, canvas)
    if isinstance(value, (tuple, list)):
        return _draw_sequence(value, canvas)
    return cell(value)


@draw.register
def _draw_text(value: str, canvas: Canvas) -> RenderableType:
    return Text(value)


# --- anything ------------------------------------------------------------------------------------------------------


def cell(value: Any) -> Text:
    """A value on one line."""
    match value:
        case None:
            return Text("")
        case bool():
            return Text("yes" if value else "no")
        case bytes():
            return Text(format_bytes(value, spaced=True), "bytes")
        case Secret():
            return Text(value.label, "secret")
        case Segments():
            return segments_text(value)
        case AID():
            return Text(str(value), "name")
        case Enum():
            return Text(str(value.value))
        case tuple() | list():
            return Text(", ").join([cell(getattr(item, "name", item)) for item in value])
        case Mapping():
            return Text(", ").join([Text(f"{key} ").append(cell(item)) for key, item in value.items()])
    return Text(str(value))


def done(text: str, canvas: Canvas) -> Text:
    """That something was done."""
    return Text(f"{canvas.glyphs.done} ", "good").append(text, "")


def segments_text(segments: Segments) -> Text:
    """Bytes with spaces, hidden parts by name and check value."""
    parts = [Text(str(p), "secret") if isinstance(p, Hidden) else Text(format_bytes(p, spaced=True), "bytes")
             for p in segments.parts if len(p)]
    return Text(" ").join(parts)


def pairs(rows: Sequence[tuple[str, Text]], canvas: Canvas) -> RenderableType:
    """Labels and values, aligned; in a narrow terminal each value below its label. A value without a label belongs to
    the one above it."""
    rows = [(label, value) for label, value in rows if value.plain]
    if canvas.width < NARROW:
        labelled = ((Text(label, "label") if label else None, Padding(value, (0, 0, 0, 2))) for label, value in rows)
        return Group(*(part for both in labelled for part in both if part is not None))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(Text(label, "label"), value)
    return grid


def _draw_fields(value: Any, canvas: Canvas) -> RenderableType:
    simple: list[tuple[str, Text]] = []
    nested: list[RenderableType] = []
    for one in fields(value):
        content = getattr(value, one.name)
        if isinstance(content, (tuple, list)) and content and all(map(_has_fields, content)):
            nested.append(_draw_sequence(content, canvas))
        else:
            simple.append((one.name.replace("_", " "), cell(content)))
    return Group(*nested, *([pairs(simple, canvas)] if simple else []))


def _has_fields(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, (type, AID))


def _draw_sequence(values: Sequence[Any], canvas: Canvas) -> RenderableType:
    """A table with a column for each field, if all are of one kind and there is room."""
    if not values:
        return Text("none", "dim")
    kinds = {type(value) for value in values}
    if len(kinds) > 1 or not _has_fields(values[0]):
        return Group(*(draw(value, canvas) for value in values))
    names = [one.name for one in fields(values[0])]
    columns = {name: [cell(getattr(value, name)) for value in values] for name in names}
    columns = {name: cells for name, cells in columns.items() if any(one.plain for one in cells)}
    needed = sum(max(len(one.plain) for one in cells) + 2 for cells in columns.values())
    if canvas.width < NARROW or needed > canvas.width:
        return Group(*(_entry(columns, row, canvas) for row in range(len(values))))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="label")
    for name in columns:
        table.add_column(name.replace("_", " "))
    for row in range(len(values)):
        table.add_row(*(cells[row] for cells in columns.values()))
    return table


def _entry(columns: Mapping[str, list[Text]], row: int, canvas: Canvas) -> RenderableType:
    """One value of several that are too wide for a table: its first field as a title, the others below."""
    (_, first), *others = ((name, cells[row]) for name, cells in columns.items())
    title = first.copy()
    title.stylize("title")
    details = pairs([(name.replace("_", " "), content) for name, content in others], canvas)
    return Group(title, Padding(details, (0, 0, 0, 2)))


# --- an exchange ---------------------------------------------------------------------------------------------------


def status_text(sw: int, meaning: str) -> Text:
    """A status word and its meaning, by its class: well, a warning, an error."""
    response = ResponseAPDU(b"", sw)
    style = "good" if response.ok else "warn" if response.accepted else "bad"
    return Text(f"{sw:04X}", style).append(f"  {meaning}", "")


def _without_status(response: Segments) -> Segments:
    """The data of an encoded response."""
    *before, last = response.parts or (b"",)
    if isinstance(last, bytes):
        last = last[:-2]
    return Segments((*before, *((last,) if last else ())))


def hex_rows(segments: Segments, per_row: int) -> list[tuple[int, Text, Text]]:
    """Rows of an offset, bytes, and their characters; a hidden part has a row of its own."""
    return [(row.offset, Text(row.content, "secret" if row.hidden else "bytes"), Text(row.characters, "dim"))
            for row in byte_rows(segments, per_row)]


@draw.register
def _draw_exchange(value: ExchangeResult, canvas: Canvas) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(">>", "dim"), _command_text(value.command))
    data = _without_status(value.response)
    if len(data):
        grid.add_row(Text("<<", "dim"), _data(data, canvas, beside="<<"))
    grid.add_row(Text("SW", "dim"), status_text(value.sw, value.meaning))
    for note in value.notes:
        grid.add_row("", Text(note))
    return grid


def _command_text(command: Segments) -> Text:
    """A command APDU with its parts in their colours."""
    from jcopsh.shell.apdu_lexer import STYLES, CommandApduLexer

    text = Text()
    for _, kind, part in CommandApduLexer().get_tokens_unprocessed(command.spaced()):
        text.append(part, STYLES.get(kind, ""))
    return text


def _data(data: Segments, canvas: Canvas, *, beside: str) -> RenderableType:
    """Bytes in as long rows as there is room for, right of a column as wide as the label `beside`."""
    room = canvas.width - len(beside) - GAP
    for per_row in (16, 8, 4):
        columns = _columns(hex_rows(data, per_row), narrow=canvas.width < NARROW)
        if _width(columns) <= room:
            break
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for _ in columns:
        grid.add_column(no_wrap=_width(columns) <= room, overflow="fold")
    for row in zip(*columns, strict=True):
        grid.add_row(*row)
    return grid


def _columns(rows: Sequence[tuple[int, Text, Text]], *, narrow: bool) -> list[list[Text]]:
    """Offsets where there is more than one row, bytes, and characters where there are any."""
    columns = [[Text(f"{offset:04X}", "dim") for offset, *_ in rows]] if len(rows) > 1 and not narrow else []
    columns.append([content for _, content, _ in rows])
    characters = [text for *_, text in rows]
    return [*columns, characters] if any(characters) and not narrow else columns


def _width(columns: Sequence[Sequence[Text]]) -> int:
    return sum(max(one.cell_len for one in column) for column in columns) + GAP * (len(columns) - 1)


@draw.register
def _draw_selected(value: Selected, canvas: Canvas) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row(Text("selected", "dim"), Text(value.name, "name"))
    if len(value.response):
        grid.add_row(Text("<<", "dim"), _data(value.response, canvas, beside="selected"))
    grid.add_row(Text("SW", "dim"), status_text(value.sw, value.meaning.removeprefix(f"{value.sw:04X}: ")))
    return grid


@draw.register
def _draw_written(value: Written, canvas: Canvas) -> RenderableType:
    where = f"0x{value.address:06X}" + (f" ({value.field})" if value.field else "")
    note = f", {value.note}" if value.note else ""
    return done(f"{counted(value.length, 'byte')} written at {where}{note}", canvas)


# --- lists to go through -------------------------------------------------------------------------------------------


@draw.register
def _draw_checklist(value: Checklist, canvas: Canvas) -> RenderableType:
    signs = {CheckState.DONE: (canvas.glyphs.done, "good"), CheckState.MISSING: (canvas.glyphs.missing, "bad"),
             CheckState.UNKNOWN: (canvas.glyphs.unknown, "warn")}
    narrow = canvas.width < NARROW
    grid = Table.grid(padding=(0, 2, 0, 0))
    for no_wrap in (True, not narrow, False):
        grid.add_column(no_wrap=no_wrap, overflow="fold")
    for line in value.lines:
        sign, style = signs[line.state]
        # the word says it too, for who does not see the colour
        mark = Text(sign if narrow else f"{sign} {line.state.value}", style)
        if narrow:
            grid.add_row(mark, Text(line.item).append(f"\n{line.detail}" if line.detail else "", "dim"))
        else:
            grid.add_row(mark, Text(line.item), Text(line.detail, "dim"))
    return Group(Text(value.title, "title"), grid)


# --- who the card is -----------------------------------------------------------------------------------------------


def sure(text: str, confidence: Confidence, source: str = "") -> Text:
    """A fact with its mark, unless it was seen."""
    result = Text(text)
    if confidence is not Confidence.SEEN:
        result.append(f"  ({confidence.value}" + (f": {source}" if source else "") + ")", "unsure")
    return result


def _fuse_text(fused: bool | None, fuse_byte: int) -> Text:
    words = {
        True: ("fused: the root applet is gone, the card is in use", "good"),
        False: ("not fused: the card is not pre-personalised, anyone with its transport key can change it", "warn"),
        None: ("unknown: the byte is neither 00 nor 01", "bad"),
    }
    text, style = words[fused]
    return Text(f"{fuse_byte:02X}  ", "bytes").append(text, style)


def _mask_text(identity: Identity) -> Text:
    text = Text(identity.mask_name, "name")
    date = identity.mask_date
    if date is not None:
        made = f"week {date.week} of a year ending in {date.year_digit}"
        text.append(f"  {date.maker_name}, {made}, build {date.build}", "dim")
    return text


@draw.register
def _draw_identification(value: Identification, canvas: Canvas) -> RenderableType:
    step = Text(f"{canvas.glyphs.arrow} ", "good").append(value.next_step, "")
    return Group(draw(value.identity, canvas), Text(), step)


@draw.register
def _draw_identity(value: Identity, canvas: Canvas) -> RenderableType:
    version = value.version
    told = sure(version.name, version.confidence, version.source) if version else Text("not public", "unsure")
    rows = [
        ("fuse state", _fuse_text(value.fused, value.fuse_byte)),
        ("version", told),
        ("mask", _mask_text(value)),
        ("mask ID", Text(f"{value.mask_id:02X}", "bytes")),
        ("COMBO name", Text(value.combo)),
        ("target", Text(f"{value.target_id:02X}  ", "bytes").append(value.target, "")),
        ("fabkey, patch", Text(f"{value.fabkey_id:02X}, {value.patch_id:02X}", "bytes")),
        ("custom mask", cell(value.custom_mask)),
        ("ROM info", cell(value.rom_info)),
        ("FIPS", Text("" if value.fips is None else f"{value.fips:02X}", "bytes")),
        ("answer", cell(value.raw)),
    ]
    return pairs(rows, canvas)


def _flag(value: bool | None, yes: str, no: str) -> Text:
    return Text("not told", "unsure") if value is None else Text(yes if value else no)


def _jcop4_fuse_text(fused: bool | None) -> Text:
    if fused is None:
        return Text("not told", "unsure")
    told = "fused" if fused else "not fused"
    return sure(told, Confidence.INFERRED, f"its transport state is {'not ' if fused else ''}active")


@draw.register
def _draw_jcop4(value: Jcop4Identity, canvas: Canvas) -> RenderableType:
    rows = [
        ("platform", Text(value.platform_id, "name")),
        ("platform build", cell(value.platform_build)),
        ("configuration ID", cell(value.configuration_id)),
        ("patch ID", cell(value.patch_id)),
        ("ROM ID", cell(value.rom_id)),
        ("configuration", _flag(value.config_module_available, "can be changed", "cannot be changed")),
        ("transport state", _flag(value.transport_state_active, "active", "not active")),
        ("fuse state", _jcop4_fuse_text(value.fused)),
        ("FIPS mode", Text("" if value.fips is None else f"{value.fips:02X}", "bytes")),
        ("enabled modules", cell(value.enabled_modules)),
        *((f"tag {item.tag:02X}", cell(item.value).append("  (meaning unknown)", "unsure")) for item in value.other),
        ("answer", cell(value.raw)),
    ]
    return pairs(rows, canvas)


@draw.register
def _draw_atr(value: Atr, canvas: Canvas) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in value.byte_by_byte:
        table.add_row(Text(str(one.offset), "dim"), Text(one.name, "label"), Text(f"{one.value:02X}", "bytes"),
                      Text(one.meaning))
    return Group(cell(value.raw), Text(), table, Text(), pairs(_atr_summary(value), canvas))


def _atr_summary(value: Atr) -> list[tuple[str, Text]]:
    speed = value.speed_bps()
    protocols = " and ".join(f"T={protocol}" for protocol in value.protocols)
    if len(value.protocols) > 1:
        protocols += f"; T={value.default_protocol} when none is negotiated"
    told = "reserved values" if speed is None else f"{speed} bit/s at 4 MHz (Fi {value.fi}, Di {value.di})"
    check = Text("right", "good") if value.tck_right else Text("wrong, or not where it must be", "bad")
    if value.tck_expected is None and value.tck is None:
        check = Text("none: only T=0 is offered")
    return [
        ("protocols", Text(protocols)),
        ("speed", Text(told)),
        ("IFSC", Text("" if value.ifsc is None else counted(value.ifsc, "byte"))),
        ("historical", Text(value.historical_text, "name") if value.historical_text else cell(value.historical)),
        ("TCK", check),
    ]
