"""How help is drawn, and the shell's own lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jcopsh.shell.command import flowing
from jcopsh.shell.drawings import NARROW, draw
from jcopsh.shell.history import HistoryLines
from jcopsh.shell.manual import CommandHelp, HelpIndex
from jcopsh.shell.render import Canvas
from jcopsh.shell.settings import Setting, SettingList
from jcopsh.shell.topics import Topic

INDENT = 2
_CODE = re.compile(r"`([^`]+)`")


def _names(rows: Sequence[tuple[str, str]], style: str, canvas: Canvas, width: int) -> RenderableType:
    """Names and what they are, the second column beginning at the same place in every list of a screen."""
    if canvas.width < NARROW:
        parts = [
            Group(Text(name, style), Padding(_running(meaning, "dim"), (0, 0, 0, INDENT))) for name, meaning in rows
        ]
        return Padding(Group(*parts), (0, 0, 0, INDENT))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, min_width=width)
    grid.add_column(overflow="fold")
    for name, meaning in rows:
        grid.add_row(Text(name, style), _running(meaning))
    return Padding(grid, (0, 0, 0, INDENT))


@draw.register
def _draw_index(value: HelpIndex, canvas: Canvas) -> RenderableType:
    flags = [(flag.usage, flag.meaning) for flag in value.flags]
    names = [entry.name for _, entries in value.groups for entry in entries]
    names += [name for name, _ in (*value.topics, *flags)]
    width = max(map(len, names), default=0)
    parts: list[RenderableType] = []
    for group, entries in value.groups:
        rows = [(entry.name, entry.summary) for entry in entries]
        parts += [Text(group, "title"), _names(rows, "command", canvas, width)]
    parts += [Text("topics", "title"), _names(value.topics, "name", canvas, width)]
    parts += [Text("with every command", "title"), _names(flags, "option", canvas, width), Text()]
    parts.append(Text("help NAME or NAME ? says more; help words explains the words that jcopsh uses.", "dim"))
    parts.append(Text("; stands between commands, # before a comment.", "dim"))
    return Group(*parts)


@draw.register
def _draw_command(value: CommandHelp, canvas: Canvas) -> RenderableType:
    name, _, rest = value.signature.partition(" ")
    signature = Text(name, "command").append(f" {rest}" if rest else "", "")
    parts: list[RenderableType] = [signature, Text(), _running(value.summary)]
    if value.aliases:
        parts.append(Text(f"Also: {', '.join(value.aliases)}", "dim"))
    rows = [(one.usage, one.meaning) for one in value.parameters]
    if rows:
        parts += [Text(), _names(rows, "option", canvas, max(len(usage) for usage, _ in rows))]
    for paragraph in value.paragraphs:
        parts += [Text(), *_paragraph(paragraph)]
    if value.examples:
        parts += [Text(), Text("Examples", "title"), *(Text(f"  {line}", "bytes") for line in value.examples)]
    if value.topic:
        parts += [Text(), draw(value.topic, canvas)]
    return Group(*parts)


@draw.register
def _draw_topic(value: Topic, canvas: Canvas) -> RenderableType:
    parts: list[RenderableType] = [Text(value.title, "title")]
    for paragraph in value.text.strip("\n").split("\n\n"):
        parts += [Text(), *_paragraph(paragraph)]
    return Group(*parts)


def _paragraph(text: str) -> list[RenderableType]:
    """Indented lines as they stand, items with their second line below their first word, other text reflowed."""
    lines = text.splitlines()
    if lines[0].startswith("    "):
        return [Text(line[INDENT:], "bytes") for line in lines]
    if not lines[0].startswith("- "):
        return [_running(text)]
    grid = Table.grid(padding=(0, 1, 0, 0))
    for item in re.split(r"^- ", text, flags=re.MULTILINE)[1:]:
        grid.add_row(Text("-", "dim"), _running(item))
    return [grid]


def _running(text: str, style: str = "") -> Text:
    """Running text. What stands between backticks loses them, but a lone sign is quoted: it would look like a comma."""
    return Text(_CODE.sub(lambda code: code[1] if len(code[1]) > 1 else f"'{code[1]}'", flowing(text)), style)


@draw.register
def _draw_setting(value: Setting, canvas: Canvas) -> RenderableType:
    changed = "" if value.value == value.default else f" ({value.default} by default)"
    text = Text(value.name, "name").append(" = ", "dim").append(value.value, "choice").append(changed, "dim")
    details = Group(Text(value.meaning), Text(", ".join(value.choices), "dim"))
    return Group(text, Padding(details, (0, 0, 0, INDENT)))


@draw.register
def _draw_settings(value: SettingList, canvas: Canvas) -> RenderableType:
    if canvas.width < NARROW:
        return Group(*(draw(one, canvas) for one in value.settings))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for one in value.settings:
        style = "choice" if one.value == one.default else "warn"
        grid.add_row(Text(one.name, "name"), Text(one.value, style), Text(one.meaning, "dim"))
    return grid


@draw.register
def _draw_history(value: HistoryLines, canvas: Canvas) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, line in enumerate(value.lines, start=value.first):
        grid.add_row(Text(str(number), "dim"), Text(line))
    return grid
