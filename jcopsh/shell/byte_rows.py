"""Bytes in rows, as a dump shows them: offset, hexadecimal, characters. A hidden part has a row of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jcopsh.iso7816.hexadecimal import ascii_column, format_bytes
from jcopsh.secrets.segments import Hidden, Segments


@dataclass(frozen=True, slots=True)
class ByteRow:
    """One row. `offset` is that of its first byte; `characters` is empty for a hidden part."""

    offset: int
    content: str
    characters: str
    hidden: bool = False


def byte_rows(segments: Segments, per_row: int) -> Iterator[ByteRow]:
    """Rows of at most `per_row` bytes."""
    offset = 0
    for part in segments.parts:
        if isinstance(part, Hidden):
            yield ByteRow(offset, f"{part.name}: {part.secret.label}", "", hidden=True)
            offset += len(part)
            continue
        for start in range(0, len(part), per_row):
            row = part[start : start + per_row]
            yield ByteRow(offset, format_bytes(row, spaced=True), ascii_column(row))
            offset += len(row)
