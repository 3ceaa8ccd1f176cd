"""Every exchange as it happens: what `trace brief` and `trace full` show on standard error.

The lines `A>>` and `A<<` have GlobalPlatformPro's form, so that what reads its traces reads these, `--replay` among
them; `R>>` and `R<<` are for the reader itself. What is full stands between them as comments, behind `#`. Secrets are
never in a trace: `<name:length:KCV>` stands for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from jcopsh.card.card import Card
from jcopsh.card.exchange import Exchange, FailedExchange
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.instructions import Choices, class_meaning
from jcopsh.iso7816.reader_commands import describe_reader_answer
from jcopsh.iso7816.status import meaning_of
from jcopsh.secrets.segments import Hidden, Segments
from jcopsh.shell.apdu_parts import instruction
from jcopsh.shell.byte_rows import byte_rows
from jcopsh.shell.choices import BRIEF, FULL
from jcopsh.shell.render import Output
from jcopsh.shell.state_words import state_words
from jcopsh.shell.tokens import counted
from jcopsh.shell.visible import visible

COMMENT = "#   "
# columns that a row of so many bytes takes, with its comment sign, offset and characters
_ROW_WIDTHS = ((16, 75), (8, 43), (4, 0))


class Tracer:
    """An observer of a Card: writes each Exchange to an Output. `level` is `brief` or `full`."""

    def __init__(self, output: Output, card: Card) -> None:
        self.card = card
        self.level = BRIEF
        self._output = output
        self._power_up = ""

    def __call__(self, exchange: Exchange) -> None:
        """Show one exchange, and before it a card that was powered up since the last."""
        width = self._output.trace_columns
        self._show(exchange, full_lines(exchange, width) if self.level == FULL else brief_lines(exchange))

    def failed(self, exchange: FailedExchange) -> None:
        """Show a command that no answer came to, and what went wrong."""
        width = self._output.trace_columns if self.level == FULL else None
        self._show(exchange, failed_lines(exchange, width))

    def _show(self, exchange: Exchange | FailedExchange, lines: Iterable[str]) -> None:
        self._output.trace(visible("\n".join([*self._powered_up(exchange), *lines])))

    def _powered_up(self, exchange: Exchange | FailedExchange) -> Iterator[str]:
        state = exchange.before
        if state.boot.power_up != self._power_up:
            self._power_up = state.boot.power_up
            if state.atr:
                yield f'# SCardConnect("{self.card.reader}") -> {state.protocol}, {state.atr.hex().upper()}'


def brief_lines(exchange: Exchange) -> tuple[str, str]:
    """The command and the answer, a line each."""
    return _command_line(exchange), _answer_line(exchange)


def full_lines(exchange: Exchange, width: int) -> list[str]:
    """The same, and after each of both what its bytes are, in rows that fit a terminal of so many columns."""
    command, response = exchange.command, exchange.response
    received, _ = _cut(exchange.shown_response, [len(response.data)])
    said = describe_reader_answer(response.sw) if exchange.for_reader else meaning_of(command, response)
    status = f"SW {response.sw:04X}: {said}"
    return [
        *_full_command(exchange, width),
        _answer_line(exchange), *_dumped(received, width), *_notes([status, _circumstances(exchange)], width),
    ]


def failed_lines(exchange: FailedExchange, width: int | None) -> list[str]:
    """The command, and why there is no answer; with a width, what the command's bytes are as well."""
    fate = "no answer" if exchange.sent else "not sent"
    why = f"# {fate} ({_milliseconds(exchange.duration_s)}): {exchange.what}"
    if width is None:
        return [_command_line(exchange), why]
    return [*_full_command(exchange, width), why, *_notes([_circumstances(exchange)], width)]


def _full_command(exchange: Exchange | FailedExchange, width: int) -> list[str]:
    command = exchange.command
    *_, sent, _ = _cut(exchange.shown_command, [4, _lc_width(command), len(command.data)])
    return [
        _command_line(exchange), *_notes(_explained(command), width), *_dumped(sent, width),
        *_notes(_on_the_wire(exchange), width),
    ]


# --- GlobalPlatformPro's form ----------------------------------------------------------------------------------------


def _command_line(exchange: Exchange | FailedExchange) -> str:
    command = exchange.command
    protocol = exchange.before.protocol
    fields = _cut(exchange.shown_command, [4, _lc_width(command), len(command.data)])
    written = " ".join(str(one) for one in fields if len(one))
    return f"{_party(exchange)}>> {protocol} (4+{len(command.data):04d}) {written}"


def _answer_line(exchange: Exchange) -> str:
    data, status = _cut(exchange.shown_response, [len(exchange.response.data)])
    written = " ".join(str(one) for one in (data, status) if len(one))
    took = _milliseconds(exchange.duration_s)
    return f"{_party(exchange)}<< ({len(exchange.response.data):04d}+2) ({took}) {written}"


def _party(exchange: Exchange | FailedExchange) -> str:
    return "R" if exchange.for_reader else "A"


def _milliseconds(duration_s: float) -> str:
    milliseconds = round(duration_s * 1000)
    return f"{milliseconds}ms" if milliseconds <= 1000 else f"{milliseconds // 1000}s{milliseconds % 1000}ms"


def _lc_width(command: CommandAPDU) -> int:
    if not command.data:
        return 0
    return 3 if command.is_extended else 1


def _le_width(command: CommandAPDU) -> int:
    return len(command.encode()) - 4 - _lc_width(command) - len(command.data)


def _cut(segments: Segments, widths: Sequence[int]) -> tuple[Segments, ...]:
    """Fields of so many bytes, and what is left. A hidden part stays whole, in the field it begins in."""
    fields: list[Segments] = []
    rest = list(segments.parts)
    owed = 0  # bytes of a field that a hidden part before it has taken
    for width in widths:
        field: list[bytes | Hidden] = []
        missing = width - owed
        while missing > 0 and rest:
            part = rest.pop(0)
            if isinstance(part, bytes) and len(part) > missing:
                rest.insert(0, part[missing:])
                part = part[:missing]
            field.append(part)
            missing -= len(part)
        owed = -missing
        fields.append(Segments(tuple(field)))
    return (*fields, Segments(tuple(rest)))


# --- which byte is what ----------------------------------------------------------------------------------------------


def _notes(texts: Iterable[str], width: int) -> Iterator[str]:
    """Texts as comments, broken between words where they are wider than the terminal."""
    for text in texts:
        yield from wrap(text, width, initial_indent=COMMENT, subsequent_indent=COMMENT + " " * 9)


def _explained(command: CommandAPDU) -> Iterator[str]:
    known = instruction(command.cla, command.ins)
    yield f"CLA {command.cla:02X}  {class_meaning(command.cla)}"
    yield f"INS {command.ins:02X}  {known.name}: {known.meaning}" if known else f"INS {command.ins:02X}"
    first = _meaning_of(command.p1, known.p1, known.p1_says) if known else ""
    second = _meaning_of(command.p2, known.second(command.p1), known.p2_says) if known else ""
    yield f"P1  {command.p1:02X}  {first}".rstrip()
    yield f"P2  {command.p2:02X}  {second}".rstrip()
    if command.data:
        written = f"{len(command.data):0{2 * _lc_width(command)}X}"
        yield f"Lc  {written}  {counted(len(command.data), 'byte')} of data"
    if command.le is not None:
        width = _le_width(command)
        written = f"{command.le % 256 ** min(width, 2):0{2 * width}X}"
        yield f"Le  {written}  up to {counted(command.le, 'byte')} wanted"


def _meaning_of(value: int, usual: Choices, says: str) -> str:
    return next((choice.meaning for choice in usual if choice.value == bytes((value,))), says)


def _dumped(data: Segments, width: int) -> Iterator[str]:
    per_row = next(count for count, columns in _ROW_WIDTHS if width >= columns)
    for row in byte_rows(data, per_row):
        content = row.content if row.hidden else f"{row.content:<{3 * per_row - 1}}  {row.characters}"
        yield f"{COMMENT}{row.offset:04X}  {content}"


def _on_the_wire(exchange: Exchange | FailedExchange) -> Iterator[str]:
    """What went over the link where that is not what was meant: without its bytes, which may be keys."""
    command, sent = exchange.command, exchange.wire_command.reveal()
    if sent == command.encode():
        return
    if sent == command.with_le(None).encode():
        yield "sent without its Le: T=0 carries none beside data"
    else:
        yield f"sent as {sent[:4].hex().upper()} and {counted(len(sent) - 4, 'byte')} more"


def _circumstances(exchange: Exchange | FailedExchange) -> str:
    """Time, boot and what was known of the card when the command was sent."""
    words = " ".join(state_words(exchange.before)) or "nothing known"
    return f"{exchange.duration_s * 1000:.2f} ms; boot {exchange.before.boot}; before: {words}"
