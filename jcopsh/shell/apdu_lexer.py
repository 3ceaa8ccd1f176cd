"""A pygments lexer for command APDUs: which byte is CLA, INS, P1, P2, a length, or data (ISO/IEC 7816-3:2006, 12.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import Token, _TokenType

Cla = Token.Name.Apdu.Cla
Ins = Token.Name.Apdu.Ins
P1P2 = Token.Name.Apdu.P1P2
Lc = Token.Number.Apdu.Lc
Data = Token.String.Apdu.Data
Hidden = Token.String.Apdu.Hidden
Le = Token.Number.Apdu.Le

# the style of jcopsh.shell.theme that each kind of byte is drawn in
STYLES: dict[_TokenType, str] = {
    Cla: "apdu-cla", Ins: "apdu-ins", P1P2: "apdu-p1p2", Lc: "apdu-length", Le: "apdu-length", Data: "bytes",
    Hidden: "secret",
}
# two digits, or a part that is hidden: `<cm_key1:16:8BAF47>`
_CELL = re.compile(r"[0-9A-Fa-f]{2}|<[^:<>]*:(?P<length>\d+):[0-9A-F]*>")
_HEADER = (Cla, Ins, P1P2, P1P2)


class CommandApduLexer(Lexer):
    """Lexes the hexadecimal of one command APDU, spaced or not, with `<name:length:KCV>` where a part is hidden.

    Bytes that the length fields do not account for are errors.
    """

    name: ClassVar[str] = "Command APDU"
    aliases: ClassVar[list[str]] = ["apdu"]
    filenames: ClassVar[list[str]] = []

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Each cell with its kind, and what stands between them."""
        cells = list(_CELL.finditer(text))
        values = [int(cell[0], 16) if cell["length"] is None else None for cell in cells]
        lengths = [1 if cell["length"] is None else int(cell["length"]) for cell in cells]
        position, offset = 0, 0
        for cell, length in zip(cells, lengths, strict=True):
            if cell.start() > position:
                yield position, Token.Text, text[position : cell.start()]
            yield cell.start(), _kind(offset, values, sum(lengths), hidden=length > 1), cell[0]
            position, offset = cell.end(), offset + length
        if position < len(text):
            yield position, Token.Text, text[position:]


def _kind(offset: int, values: list[int | None], total: int, *, hidden: bool) -> _TokenType:
    """The kind of the byte at an offset of an APDU of `total` bytes; only header and lengths are looked at."""
    if offset < 4:
        return _HEADER[offset]
    lc_width, lc = _lc(values, total)
    data_end = 4 + lc_width + lc
    if offset < 4 + lc_width:
        return Lc
    if offset < data_end:
        return Hidden if hidden else Data
    le_width = 1 if lc_width == 1 else 2 if lc_width else total - 4
    return Le if data_end + le_width == total else Token.Error


def _lc(values: list[int | None], total: int) -> tuple[int, int]:
    """Width and value of the Lc field; no width where there is no data."""
    body = values[4:7]
    if total <= 5 or (total == 7 and body[0] == 0):
        return 0, 0
    if body[0]:
        return 1, body[0]
    high, low = (body[1] or 0, body[2] or 0) if len(body) == 3 else (0, 0)
    return 3, high << 8 | low
