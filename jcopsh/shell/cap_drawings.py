"""How a CAP file is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jcopsh.operations.content_values import CapInfo, Component, Import
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import draw, pairs
from jcopsh.shell.registry_drawings import GAP, aid_text
from jcopsh.shell.visible import visible


@draw.register
def _draw_cap(value: CapInfo, canvas: Canvas) -> RenderableType:
    title = "load file" if len(value.packages) > 1 else "package"
    head = pairs([
        ("format", Text(value.format).append(f"{GAP}{', '.join(value.flags)}" if value.flags else "", "dim")),
        (title, aid_text(value.aid).append(f"{GAP}{value.version}", "")),
        ("load size", Text(f"{value.load_size} bytes, in a load file data block")),
        ("needs", Text(f"Java Card {value.java_card}" if value.java_card else "")),
    ], canvas)
    file = visible(value.file, one_line=True)
    parts: list[RenderableType] = [Text(file, "title"), Padding(head, (0, 0, 1, 2))]
    named = [Text(f"{GAP}").append_text(aid_text(aid))
             .append(f"{GAP}{version}{GAP}{visible(name, one_line=True)}".rstrip(), "")
             for aid, version, name in value.packages if name or len(value.packages) > 1]
    if named:
        parts.extend((Text("Packages", "title"), *named, Text()))
    applets = [Text(f"{GAP}").append_text(aid_text(aid)) for aid in value.applets]
    doubts = [Text(f"{GAP}{canvas.glyphs.unknown} ", "warn").append(doubt, "") for doubt in value.doubts]
    parts.extend((Text("Applets", "title"), *(applets or [Text(f"{GAP}none: a library", "dim")]), *doubts, Text()))
    parts.extend((Text("Imports", "title"), Padding(_imports(value.imports), (0, 0, 1, 2))))
    parts.extend((Text("Components", "title"), Padding(_components(value.components), (0, 0, 0, 2))))
    return Group(*parts)


def _imports(imports: Sequence[Import]) -> RenderableType:
    if not imports:
        return Text("none", "dim")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for one in imports:
        came = f"Java Card {one.java_card}" if one.java_card else ""
        grid.add_row(Text(one.name or "not a well-known package", "" if one.name else "unsure"), Text(one.version),
                     Text(str(one.aid), "name"), Text(came, "dim"))
    return grid


def _components(components: Sequence[Component]) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(justify="right")
    for one in components:
        grid.add_row(Text(one.name), Text(f"{one.size} bytes"), Text("" if one.loaded else "not loaded", "dim"))
    return grid
