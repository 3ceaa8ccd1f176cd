"""How authentications, key changes and the search for keys are drawn."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from jcopsh.globalplatform.channel import version_text
from jcopsh.operations.key_values import Authenticated, KeySearch, KeysPut
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import draw, pairs
from jcopsh.shell.tokens import counted


@draw.register
def _draw_keys_put(value: KeysPut, canvas: Canvas) -> RenderableType:
    others = "the card does not tell" if value.others is None else ", ".join(map(version_text, value.others)) or "none"
    return pairs([
        ("keys", Text(value.name)), ("key version", Text(version_text(value.key_version))),
        ("check values", Text(", ".join(value.check_values))), ("channel", Text(value.channel)),
        ("other key versions", Text(others)),
    ], canvas)


@draw.register
def _draw_authenticated(value: Authenticated, canvas: Canvas) -> RenderableType:
    return pairs([
        ("protocol", Text(value.protocol)), ("option", Text(value.option)), ("level", Text(value.level)),
        ("key version", Text(version_text(value.key_version))), ("keys", Text(value.keys)),
        ("security domain", Text(value.security_domain)), ("max data", Text(str(value.max_data))),
    ], canvas)


@draw.register
def _draw_search(value: KeySearch, canvas: Canvas) -> RenderableType:
    rows = [
        ("answer of", Text(value.answer_of)), ("protocol", Text(value.protocol)),
        ("key version", Text(version_text(value.key_version))), ("candidates", Text(str(value.tried))),
    ]
    if value.skipped:
        rows.append(("not tried", Text(f"{counted(value.skipped, 'stored set')} under a passphrase", "warn")))
    for one in value.fits:
        how = "" if one.diversification == "none" else f", diversified by {one.diversification}"
        rows += [("keys", Text(f"{one.keys}{how}, {one.cipher}", "good")), ("proved", Text(one.proved)),
                 ("try", Text(one.try_it, "name"))]
    return pairs(rows, canvas)
