"""A dump as a text file: what was read, when, of which card and under which boot, and where keys were left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from jcopsh.iso7816.hexadecimal import ascii_column
from jcopsh.operations.values import Dump, Span
from jcopsh.secrets.secret import Secret

ROW = 16


def dump_text(dump: Dump) -> str:
    """The dump in lines of 16 bytes: address, hexadecimal (`··` for a byte that is secret), ASCII; `#` lines say the
    rest."""
    return "\n".join([*_heading(dump), *_rows(dump), *_fields(dump), ""])


def _heading(dump: Dump) -> Iterator[str]:
    yield "# jcopsh dump of configuration memory"
    yield f"# card     {dump.card}"
    yield f"# boot     {dump.boot}  (power-up and number of BOOTs; keys may differ under any other)"
    yield f"# map      {dump.map_name or 'none'}"
    yield f"# time     {datetime.now(UTC).isoformat(timespec='seconds')}"
    yield f"# range    {dump.first:06X} to {dump.last:06X}"
    for first, last, sw in dump.unreadable:
        yield f"# refused  {first:06X} to {last:06X} with {sw:04X}"


def _fields(dump: Dump) -> Iterator[str]:
    yield "# fields"
    for span in dump.spans:
        if span.field:
            secret = f"  {span.content}" if isinstance(span.content, Secret) else ""
            yield f"# {span.address:06X} {span.length:3}  {span.field.name}{secret}"


def _rows(dump: Dump) -> Iterator[str]:
    cells = [(address, cell) for span in dump.spans for address, cell in _cells(span)]
    row: list[tuple[int, int | None]] = []
    for address, cell in cells:
        if row and (address % ROW == 0 or address != row[-1][0] + 1):
            yield _row(row)
            row = []
        row.append((address, cell))
    if row:
        yield _row(row)


def _cells(span: Span) -> Iterator[tuple[int, int | None]]:
    for offset in range(span.length):
        yield span.address + offset, None if isinstance(span.content, Secret) else span.content[offset]


def _row(row: list[tuple[int, int | None]]) -> str:
    lead = row[0][0] % ROW
    digits = ["  "] * lead + ["··" if cell is None else f"{cell:02X}" for _, cell in row]
    text = " " * lead + "".join("·" if cell is None else ascii_column(bytes((cell,))) for _, cell in row)
    return f"{row[0][0] - lead:06X}  {' '.join(digits).ljust(ROW * 3 - 1)}  {text}"
