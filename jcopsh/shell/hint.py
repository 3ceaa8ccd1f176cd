"""The hint under the line: the signature with the parameter at the cursor set off and what its value stands for, the
parts of an APDU, or what is wrong; and the carets under what is wrong.

It comes from the same parse as everything else, so that what it says is what will happen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prompt_toolkit.utils import get_cwidth

from jcopsh.jcop import root_applet, root_instructions
from jcopsh.shell import apdu_parts
from jcopsh.shell.command import Command, Parameter, ParameterKind, Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.line import Call, Line
from jcopsh.shell.manual import option_meaning
from jcopsh.shell.parse_cache import is_long, parsed
from jcopsh.shell.slot import Slot, SlotKind, slot_at_end
from jcopsh.shell.tokens import Problem, Span, counted
from jcopsh.shell.types import AddressType, ApduTextType

Fragment = tuple[str, str]  # a style's name and the text drawn in it

SHORTEST_MESSAGE = 12  # cells: in less, carets stand alone
ELLIPSIS = "…"
LONGEST_SIGNATURE = 72  # characters: a longer one leaves no room for a meaning in 80 columns
_IN_ASCII = str.maketrans({ELLIPSIS: ".", "·": "-", "→": ">", "–": "-", "×": "x"})  # as wide as before


def hint(text: str, cursor: int, registry: Registry, context: ParseContext) -> list[Fragment]:
    """What to show under a line with the cursor at an offset."""
    if is_long(text):
        return [("hint", f"a long line, of {counted(len(text), 'character')}: it is looked at when it is entered")]
    line, before = parsed(text, registry, context), parsed(text[:cursor], registry, context)
    slot = slot_at_end(before, context)
    problem = problem_to_show(line, cursor)
    if problem is not None:
        return _problem(problem)
    if line.note:
        return [("hint", line.note)]
    call = slot.call
    if call is None or call.entry is None:
        return []
    if call.command is None:
        return [("hint", f"{call.entry.name} of {call.entry.owner}: {call.entry.summary}")]
    if slot.text.strip() and slot.parameter is not None and isinstance(slot.parameter.type, ApduTextType):
        parts = _apdu(slot.text, context, _secrets_in(slot.text, slot.start, before))
        if parts:
            return parts
    return [*_signature(call, slot), *_meaning(slot)]


def in_ascii(fragments: list[Fragment]) -> list[Fragment]:
    """The same for a terminal that can show no other signs."""
    return [(style, text.translate(_IN_ASCII).encode("ascii", "replace").decode()) for style, text in fragments]


def wrapped(fragments: list[Fragment], width: int, rows: int) -> list[Fragment]:
    """The hint in exactly so many rows of a terminal, broken between words; what is too long ends in …"""
    lines: list[list[Fragment]] = [[]]
    used = 0
    for style, text in fragments:
        for piece in re.findall(r"\n| +|[^ \n]+", text):
            if piece == "\n" or (used and used + get_cwidth(piece) > width):
                lines.append([])
                used = 0
            if piece != "\n" and (used or piece.strip()):
                fitting = cut_to(piece, width)
                lines[-1].append((style, fitting))
                used += get_cwidth(fitting)
    if len(lines) > rows:
        lines = [*lines[: rows - 1], _ending(lines[rows - 1], width)]
    lines += [[]] * (rows - len(lines))
    return [part for number, line in enumerate(lines) for part in ([("", "\n")] if number else []) + line]


def _ending(line: list[Fragment], width: int) -> list[Fragment]:
    while line and sum(get_cwidth(text) for _, text in line) >= width:
        line = line[:-1]
    return [*line, ("hint", ELLIPSIS)]


def cut_to(text: str, width: int) -> str:
    """As much of a text as fits in so many cells of the terminal."""
    while get_cwidth(text) > width:
        text = text[:-1]
    return text


# --- what is wrong -------------------------------------------------------------------------------------------------


def problem_to_show(line: Line, cursor: int) -> Problem | None:
    """The first problem that is to be pointed at while the cursor stands there."""
    return next(iter(line.told(cursor)), None)


def caret_line(line: Line, cursor: int, width: int, indent: int = 0) -> list[Fragment] | None:
    """Carets under what is wrong, and the message beside them, in one row of a terminal; None where nothing is to show.

    The line begins `indent` cells to the right, behind the prompt, and goes on in the next row of `width` cells; the
    carets are for the row below the one with the cursor. A problem in another row is left to the hint.
    """
    problem = problem_to_show(line, cursor)
    if problem is None:
        return None
    places = list(_places(line.text, indent, width))
    row, column = places[min(problem.start, len(line.text))]
    if places[min(cursor, len(line.text))][0] != row:
        return None
    end_row, end_column = places[min(problem.end, len(line.text))]
    carets = "^" * max(1, (end_column if end_row == row else width) - column)
    left, right = column - 1, width - column - len(carets) - 1
    message = problem.message
    if right >= min(get_cwidth(message), SHORTEST_MESSAGE) and (right >= get_cwidth(message) or right >= left):
        return [("", " " * column), ("caret", carets), ("caret", f" {_shortened(message, right)}")]
    if left >= min(get_cwidth(message), SHORTEST_MESSAGE):
        shown = _shortened(message, left)
        return [("", " " * (left - get_cwidth(shown))), ("caret", shown), ("", " "), ("caret", carets)]
    return [("", " " * column), ("caret", carets)]


def _places(text: str, indent: int, width: int) -> Iterator[tuple[int, int]]:
    """Row and column of each character on the terminal, and of the place behind the last."""
    row, column = divmod(indent, width)
    for character in text:
        # a control character is drawn as ^A
        cells = get_cwidth(character) if character.isprintable() else 2
        if column + cells > width:
            row, column = row + 1, 0
        yield row, column
        column += cells
    yield (row, column) if column < width else (row + 1, 0)


def _shortened(text: str, width: int) -> str:
    return text if get_cwidth(text) <= width else cut_to(text, width - 1).rstrip() + ELLIPSIS


def _problem(problem: Problem) -> list[Fragment]:
    fragments = [("hint-problem", problem.message)]
    return [*fragments, ("hint", f"\n{problem.hint}")] if problem.hint else fragments


# --- what is typed -------------------------------------------------------------------------------------------------


def _signature(call: Call, slot: Slot) -> list[Fragment]:
    assert call.command is not None  # noqa: S101 — the caller has looked; for the type checker
    fragments = [("hint", call.command.name)]
    shown = _parameters_shown(call.command, slot)
    for parameter in shown:
        style = "hint-current" if slot.parameter is parameter else "hint"
        fragments += [("hint", " "), (style, parameter.usage)]
    if len(shown) < len(call.command.parameters):
        fragments.append(("hint", " …"))
    if slot.parameter is not None and slot.parameter not in call.command.parameters:
        # what stands behind a redirection
        fragments += [("hint", f" {call.redirect.kind.value} " if call.redirect else " "),
                      ("hint-current", slot.parameter.usage)]
    return fragments


def _parameters_shown(command: Command, slot: Slot) -> Sequence[Parameter]:
    """All of them, where that leaves room for what the one at the cursor means; else that one and what is needed."""
    if slot.kind is not SlotKind.VALUE or len(command.signature) <= LONGEST_SIGNATURE:
        return command.parameters
    return tuple(one for one in command.parameters
                 if one.required or one is slot.parameter or (one.kind is ParameterKind.POSITIONAL))


def _meaning(slot: Slot) -> list[Fragment]:
    if slot.kind is not SlotKind.VALUE or slot.parameter is None or slot.parameter.type is None:
        summary = slot.call.entry.summary if slot.call and slot.call.entry else ""
        return [("hint", f"\n{summary}")] if summary else []
    kind = slot.parameter.type
    said = kind.explain(slot.text, slot.context) if slot.text.strip() else ""
    command = slot.call.command if slot.call else None
    means = option_meaning(command, slot.parameter) if command and _is_value_of_option(slot) else kind.meaning
    return [("hint", f"\n{said or means}")]


def _is_value_of_option(slot: Slot) -> bool:
    return (slot.kind is SlotKind.VALUE and slot.parameter is not None
            and slot.parameter.kind is ParameterKind.OPTION)


# --- the parts of an APDU ------------------------------------------------------------------------------------------


def _apdu(text: str, context: ParseContext, secrets: Sequence[Span]) -> list[Fragment]:
    """The parts of an APDU, the current one set off, and what may come next; nothing that is secret is repeated."""
    typed = apdu_parts.read(text)
    if typed is None or not (typed.cells or typed.digit):
        return []
    if len(typed.cells) < apdu_parts.HEADER:
        secrets = ()  # a PIN may look like this, as long as there is no more of it; nothing else says what is typed
    fragments: list[Fragment] = []
    for said in apdu_parts.summary(typed, secrets):
        fragments += [("hint", " · ")] if fragments else []
        fragments.append(("hint-current" if said.current else "hint", said.text))
    meanings = [_place(typed, context), apdu_parts.meaning(typed, secrets)]
    return [*fragments, ("hint", "\n" + ".  ".join(filter(None, meanings)))]


def _secrets_in(text: str, start: int, line: Line) -> Sequence[Span]:
    """The secrets of a line that lie in a text which begins at `start`, as offsets into it."""
    if not line.text.startswith(text, start):  # it stands in quotes: not every character is where it was
        return [Span(0, len(text))] if line.secrets else []
    return [Span(one.start - start, one.end - start) for one in line.secrets]


def _place(typed: apdu_parts.TypedApdu, context: ParseContext) -> str:
    """What lies at the address of a READ or WRITE, as soon as it is typed."""
    if typed.instruction not in root_instructions.MEMORY or len(typed.cells) < apdu_parts.HEADER:
        return ""
    address = root_applet.CLA_MEMORY << 16 | (typed.value(2) or 0) << 8 | (typed.value(3) or 0)
    return AddressType().explain(f"0x{address:06X}", context)
