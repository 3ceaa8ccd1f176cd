"""The hint under the line: the signature with the parameter at the cursor set off and its meaning, or what is wrong.

It comes from the same parse as everything else, so that what it says is what will happen.
"""

from __future__ import annotations

import re

from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.parser import Call, Line, Slot, SlotKind, parse_line, slot_at_end
from jcopsh.shell.tokens import Problem

Fragment = tuple[str, str]  # a style's name and the text drawn in it


def hint(text: str, cursor: int, registry: Registry, context: ParseContext) -> list[Fragment]:
    """What to show under a line with the cursor at an offset."""
    line = parse_line(text, registry, context)
    slot = slot_at_end(parse_line(text[:cursor], registry, context), context)
    problem = problem_to_show(line, cursor)
    if problem is not None:
        return _problem(problem)
    call = slot.call
    if call is None or call.entry is None:
        return []
    if call.command is None:
        return [("hint", f"{call.entry.name} of {call.entry.owner}: {call.entry.summary}")]
    return [*_signature(call, slot), *_meaning(slot)]


def wrapped(fragments: list[Fragment], width: int, rows: int) -> list[Fragment]:
    """The hint in exactly so many rows of a terminal, broken between words; what is too long ends in …"""
    lines: list[list[Fragment]] = [[]]
    used = 0
    for style, text in fragments:
        for piece in re.findall(r"\n| +|[^ \n]+", text):
            if piece == "\n" or (used and used + len(piece) > width):
                lines.append([])
                used = 0
            if piece != "\n" and (used or piece.strip()):
                lines[-1].append((style, piece[:width]))
                used += len(piece[:width])
    if len(lines) > rows:
        lines = [*lines[: rows - 1], _ending(lines[rows - 1], width)]
    lines += [[]] * (rows - len(lines))
    return [part for number, line in enumerate(lines) for part in ([("", "\n")] if number else []) + line]


def _ending(line: list[Fragment], width: int) -> list[Fragment]:
    while line and sum(len(text) for _, text in line) >= width:
        line = line[:-1]
    return [*line, ("hint", "…")]


def problem_to_show(line: Line, cursor: int) -> Problem | None:
    """The first problem, leaving out what may only be not typed yet: it touches the cursor or lies behind the text."""
    end = len(line.text.rstrip())
    return next((one for one in line.problems if not (one.end >= cursor >= one.start or one.start >= end)), None)


def _problem(problem: Problem) -> list[Fragment]:
    fragments = [("hint-problem", problem.message)]
    return [*fragments, ("hint", f"\n{problem.hint}")] if problem.hint else fragments


def _signature(call: Call, slot: Slot) -> list[Fragment]:
    assert call.command is not None  # noqa: S101 — the caller has looked; for the type checker
    fragments = [("hint", call.command.name)]
    for parameter in call.command.parameters:
        style = "hint-current" if slot.parameter is parameter else "hint"
        fragments += [("hint", " "), (style, parameter.usage)]
    return fragments


def _meaning(slot: Slot) -> list[Fragment]:
    if slot.kind is not SlotKind.VALUE or slot.parameter is None or slot.parameter.type is None:
        summary = slot.call.entry.summary if slot.call and slot.call.entry else ""
        return [("hint", f"\n{summary}")] if summary else []
    return [("hint", f"\n{slot.parameter.type.meaning}")]
