"""Pygments lexers: for a command APDU, which byte is CLA, INS, P1, P2, a length, or data (ISO/IEC 7816-3:2006, 12.1),
and for a trace of exchanges, with a style of pygments from the theme.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from pygments.formatters.terminal256 import Terminal256Formatter
from pygments.lexer import Lexer
from pygments.style import Style
from pygments.token import Token, _TokenType

from jcopsh.shell.theme import THEMES, ThemeName

Cla = Token.Name.Apdu.Cla
Ins = Token.Name.Apdu.Ins
P1P2 = Token.Name.Apdu.P1P2
Lc = Token.Number.Apdu.Lc
Data = Token.String.Apdu.Data
Hidden = Token.String.Apdu.Hidden
Le = Token.Number.Apdu.Le
Mark = Token.Comment.Apdu.Mark
Note = Token.Comment.Apdu.Note
Well = Token.Generic.Apdu.Well
Warning_ = Token.Generic.Apdu.Warning
Failed = Token.Generic.Apdu.Failed

# the style of jcopsh.shell.theme that each kind of byte is drawn in
STYLES: dict[_TokenType, str] = {
    Cla: "apdu-cla", Ins: "apdu-ins", P1P2: "apdu-p1p2", Lc: "apdu-length", Le: "apdu-length", Data: "bytes",
    Hidden: "secret", Mark: "trace-mark", Note: "dim", Well: "good", Warning_: "warn", Failed: "bad",
}
# two digits, or a part that is hidden: `<cm_key1:16:8BAF47>`
_CELL = re.compile(r"[0-9A-Fa-f]{2}|<[^:<>]*:(?P<length>\d+):[0-9A-F]*>")
_HEADER = (Cla, Ins, P1P2, P1P2)
# the lines of a trace: `A>> T=1 (4+0008) `, `A<< (0028+2) (61ms) `, and what explains them behind `#`
_COMMAND_LINE = re.compile(r"[AR]>> \S+ \([^)]*\) ")
_ANSWER_LINE = re.compile(r"[AR]<< \([^)]*\) (?:\([^)]*\) )?")
_HIDDEN_NOTE = re.compile(r"#   [0-9A-F]{4}  [^ ].*: (?:3DES KCV [0-9A-F]{6}|[A-Za-z ]+, \d+ bytes?)")


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


class TraceLexer(Lexer):
    """Lexes a trace in GlobalPlatformPro's form, with jcopsh's explanations behind `#`."""

    name: ClassVar[str] = "APDU trace"
    aliases: ClassVar[list[str]] = ["apdu-trace"]
    filenames: ClassVar[list[str]] = []

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Each part with its kind."""
        offset = 0
        for line in text.splitlines(keepends=True):
            for at, kind, part in _trace_line(line):
                yield offset + at, kind, part
            offset += len(line)


def _trace_line(line: str) -> Iterator[tuple[int, _TokenType, str]]:
    command, answer = _COMMAND_LINE.match(line), _ANSWER_LINE.match(line)
    if command:
        yield 0, Mark, command[0]
        for at, kind, part in CommandApduLexer().get_tokens_unprocessed(line[command.end() :]):
            yield command.end() + at, kind, part
    elif answer:
        yield 0, Mark, answer[0]
        yield from _answer(line, answer.end())
    elif line.startswith("#"):
        yield 0, Hidden if _HIDDEN_NOTE.match(line) else Note, line
    else:
        yield 0, Token.Text, line


def _answer(line: str, start: int) -> Iterator[tuple[int, _TokenType, str]]:
    """Data, hidden parts, and the status word at the end."""
    cells = list(_CELL.finditer(line, start))
    position = start
    for number, cell in enumerate(cells):
        if cell.start() > position:
            yield position, Token.Text, line[position : cell.start()]
        in_status = number >= len(cells) - 2
        plain = _status_kind(cells[-2][0] + cells[-1][0]) if in_status and len(cells) > 1 else Data
        yield cell.start(), Hidden if cell["length"] is not None else plain, cell[0]
        position = cell.end()
    if position < len(line):
        yield position, Token.Text, line[position:]


def _status_kind(status: str) -> _TokenType:
    if status == "9000":
        return Well
    return Warning_ if status[:2] in ("61", "62", "63") else Failed


@cache
def pygments_style(name: ThemeName) -> type[Style]:
    """The theme as pygments has it."""
    styles = {kind: THEMES[name][style].prompt_toolkit for kind, style in STYLES.items()}
    return type("ThemeStyle", (Style,), {"styles": styles, "background_color": ""})


def colored_trace(text: str, theme: ThemeName) -> str:
    """A trace with the escape sequences of its colours."""
    import pygments

    lexer = TraceLexer(stripnl=False, ensurenl=False)
    colored: str = pygments.highlight(text, lexer, Terminal256Formatter(style=pygments_style(theme)))
    return colored
