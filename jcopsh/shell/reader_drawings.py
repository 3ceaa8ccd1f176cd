"""How readers are drawn: one below the other, with what is known of each."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from jcopsh.operations.readers import ReaderList, ReaderReport
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import cell, draw, pairs

_CARD_STYLES = {"connected": "good", "mute": "bad", "none": "dim"}


@draw.register
def _draw_readers(value: ReaderList, canvas: Canvas) -> RenderableType:
    return Group(*(_reader(reader, canvas) for reader in value.readers))


def _reader(reader: ReaderReport, canvas: Canvas) -> RenderableType:
    title = Text(f"{reader.index}  ", "name").append(reader.name, "title")
    rows = [
        ("card", Text(_CARD_WORDS[reader.card], _CARD_STYLES.get(reader.card, ""))),
        ("held by", Text(reader.held_by, "warn")),
        ("ATR", cell(reader.atr)),
        ("protocols", Text(reader.protocols)),
        ("reader", Text(", ".join(filter(None, (reader.vendor, reader.model, reader.firmware))))),
        ("serial", Text(reader.serial)),
        ("messages", Text(f"at most {reader.largest_message_bytes} bytes" if reader.largest_message_bytes else "")),
    ]
    return Group(title, Padding(pairs(rows, canvas), (0, 0, 0, 3)))


_CARD_WORDS = {"connected": "connected here", "mute": "mute", "none": "none", "in": "in, not connected"}
