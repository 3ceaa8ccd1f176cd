"""How plans for a card's content are drawn, how far they are, and what was done."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from jcopsh.operations.content_values import ContentChanged, Deletion, DryRun, InstallPlan
from jcopsh.operations.progress import Progress
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import done, draw, pairs
from jcopsh.shell.registry_drawings import GAP, aid_text
from jcopsh.shell.tokens import counted

LOAD = "LOAD"
SHOWN_LOADS = 2  # of a dry run, before the last: the others have nothing but code


@draw.register
def _draw_progress(value: Progress, canvas: Canvas) -> RenderableType:
    return Text(f"{value.what}: {value.done} of {value.total} {value.unit}", "dim")


@draw.register
def _draw_plan(value: InstallPlan, canvas: Canvas) -> RenderableType:
    rows = [("package", aid_text(value.package).append(f"{GAP}{value.version}", ""))]
    if value.loads:
        blocks = f"{counted(value.blocks, 'block')} of up to {value.block_size}"
        rows.append(("load", Text(f"{counted(value.bytes_to_load, 'byte')} in {blocks}")))
    for module, instance in value.instances:
        made = aid_text(instance)
        rows.append(("install", made if module == instance else made.append(f"{GAP}of applet {module}", "")))
    if value.domain is not None:
        rows.append(("into", aid_text(value.domain)))
    notes = [Text(f"{canvas.glyphs.unknown} ", "warn").append(note, "") for note in value.notes]
    return Group(pairs(rows, canvas), *notes)


@draw.register
def _draw_dry_run(value: DryRun, canvas: Canvas) -> RenderableType:
    parts: list[RenderableType] = []
    loads = [one for one in value.commands if one.name == LOAD]
    left_out = loads[SHOWN_LOADS:-1]
    for one in value.commands:
        if left_out and one is left_out[0]:
            parts.append(Text(f"{LOAD}{GAP}{counted(len(left_out), 'block')} more, which --json shows", "dim"))
        if one not in left_out:
            parts.append(Text(one.name, "label").append(f"{GAP}{one.purpose}" if one.purpose else "", "dim"))
            parts.append(Padding(Text(one.command.spaced(), "bytes", overflow="fold"), (0, 0, 0, 2)))
    parts.append(Text("nothing was sent", "good").append("".join(f"; {note}" for note in value.notes), "dim"))
    return Group(*parts)


@draw.register
def _draw_deletion(value: Deletion, canvas: Canvas) -> RenderableType:
    what = Text("delete ").append_text(aid_text(value.aid))
    if not value.known:
        return what.append(f"{GAP}the card has not told what this is", "warn")
    what.append(f"{GAP}{value.kind}", "label")
    goes = (("instance", value.goes_with), ("module", value.modules),
            ("perhaps: the card does not tell", value.perhaps))
    return Group(what, *(Text("  with it ").append_text(aid_text(aid)).append(f"{GAP}{kind}", "label")
                         for kind, aids in goes for aid in aids))


@draw.register
def _draw_changed(value: ContentChanged, canvas: Canvas) -> RenderableType:
    did = done(value.did, canvas)
    if not value.next_step:
        return did
    return Group(did, Text(f"{canvas.glyphs.arrow} ", "good").append(value.next_step, "dim"))
