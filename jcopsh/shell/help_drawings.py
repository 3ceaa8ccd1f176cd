"""How help is drawn, and the shell's own lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jcopsh.shell.canvas import Canvas
from jcopsh.shell.command import Alias, AliasList, flowing
from jcopsh.shell.drawings import NARROW, draw
from jcopsh.shell.history import HistoryLines
from jcopsh.shell.manual import CommandHelp, HelpIndex, InstructionHelp, InstructionsHelp, StatusWordHelp
from jcopsh.shell.settings import Origin, Setting, SettingList
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
    if value.stands_for:
        parts.insert(0, Text(f"Alias for: {value.stands_for}", "dim"))
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
def _draw_status_word(value: StatusWordHelp, canvas: Canvas) -> RenderableType:
    parts: list[RenderableType] = [
        Text(value.sw, "title").append(f"  {value.meaning}", "none"), Text(value.source, "dim")]
    if value.answers:
        width = max(len(name) for name, _ in value.answers)
        parts += [Text(), Text("as an answer to", "title"), _names(value.answers, "command", canvas, width)]
    parts += [Text(), Text("help status words lists those that you will meet", "dim")]
    return Group(*parts)


@draw.register
def _draw_instructions(value: InstructionsHelp, canvas: Canvas) -> RenderableType:
    parts = [part for one in value.instructions for part in (*_instruction(one, canvas), Text())]
    return Group(*parts, Text("help APDU says how a command is built", "dim"))


def _instruction(value: InstructionHelp, canvas: Canvas) -> list[RenderableType]:
    title = Text(f"{value.ins}  {value.name}", "title").append(f"  {value.family}", "dim")
    parts: list[RenderableType] = [title, Text(f"{value.meaning} ({value.source})"), Text(f"  {value.form}", "bytes")]
    for name, says, choices in (("P1", value.p1_says, value.p1), ("P2", value.p2_says, value.p2)):
        if says or choices:
            parts.append(Text(name, "label").append(f"  {says}", "dim"))
        if choices:
            parts.append(_names(choices, "apdu-p1p2", canvas, max(len(digits) for digits, _ in choices)))
    if value.data:
        parts.append(Text("data", "label").append(f"  {value.data}", "none"))
    return parts


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
    text = Text(value.name, "name").append(" = ", "dim").append(_shown(value.value), _style(value))
    return Group(text, Padding(Group(Text(value.meaning), _choices(value, whole=True)), (0, 0, 0, INDENT)))


@draw.register
def _draw_settings(value: SettingList, canvas: Canvas) -> RenderableType:
    if canvas.width < NARROW:
        return Group(*(draw(one, canvas) for one in value.settings))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", max_width=canvas.width // 4)
    grid.add_column(overflow="fold")
    for one in value.settings:
        what = Group(Text(one.meaning), _choices(one, whole=False))
        grid.add_row(Text(one.name, "name"), Text(_shown(one.value), _style(one)), what)
    return Group(grid, Text(), Text(f"set NAME VALUE --save keeps it in {value.file}", "dim", overflow="fold"))


def _shown(value: str) -> str:
    """A value as it would be typed; an empty one in quotes."""
    return value or '""'


def _style(setting: Setting) -> str:
    return "choice" if setting.value == setting.default else "warn"


def _choices(setting: Setting, *, whole: bool) -> Text:
    """The possible values with the default first, and where the value comes from: a file with its folder, or without"""
    others = [choice for choice in setting.choices if choice != setting.default]
    text = Text(", ".join([f"{_shown(setting.default)} by default", *others]), "dim")
    source = str(setting.source)
    if setting.source.origin is not Origin.DEFAULT:
        text.append("; ").append(source if whole else source.rpartition("/")[2], "label")
    return text


@draw.register
def _draw_alias(value: Alias, canvas: Canvas) -> RenderableType:
    return Text(value.name, "command").append(" = ", "dim").append(value.words)


@draw.register
def _draw_aliases(value: AliasList, canvas: Canvas) -> RenderableType:
    if not value.aliases:
        return Text("no aliases; alias id = identify makes one", "dim")
    width = max(len(alias.name) for alias in value.aliases)
    return _names([(alias.name, alias.words) for alias in value.aliases], "command", canvas, width)


@draw.register
def _draw_history(value: HistoryLines, canvas: Canvas) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, line in enumerate(value.lines, start=value.first):
        grid.add_row(Text(str(number), "dim"), Text(line))
    return grid
