"""How key changes are drawn."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from jcopsh.operations.key_values import KeysPut
from jcopsh.shell.drawings import draw, pairs
from jcopsh.shell.registry_drawings import version_text
from jcopsh.shell.render import Canvas


@draw.register
def _draw_keys_put(value: KeysPut, canvas: Canvas) -> RenderableType:
    others = "the card does not tell" if value.others is None else ", ".join(map(version_text, value.others)) or "none"
    return pairs([
        ("keys", Text(value.name)), ("key version", Text(version_text(value.key_version))),
        ("check values", Text(", ".join(value.check_values))), ("channel", Text(value.channel)),
        ("other key versions", Text(others)),
    ], canvas)
