"""Results as files hold them: plain text, JSON lines, HTML, and SVG pictures. Whole in themselves: nothing is loaded.

A file is as wide as a pipe gets it, whatever the window is: 100 columns.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jcopsh.shell.canvas import Canvas
from jcopsh.shell.choices import ALWAYS, NEVER
from jcopsh.shell.redirect import Form
from jcopsh.shell.render import WIDTH_OF_A_PIPE, Output, Shown, render
from jcopsh.shell.theme import ThemeName, rich_styles
from jcopsh.shell.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme

# background, foreground, the terminal's eight colours and their bright forms; rich's own dark ones are too dark on it
_DARK_PAPER = (
    (30, 30, 30), (212, 212, 212),
    [(0, 0, 0), (205, 70, 70), (60, 170, 100), (205, 175, 70), (80, 140, 220), (190, 110, 190), (60, 170, 200),
     (212, 212, 212)],
    [(140, 140, 140), (241, 100, 100), (90, 210, 140), (240, 225, 110), (110, 170, 240), (220, 130, 220),
     (90, 205, 230), (255, 255, 255)],
)
_TRAILING_BLANKS = re.compile(r" +((?:</span>)*)$", re.MULTILINE)
_HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>TITLE</title>
<style>
{stylesheet}
body {{ color: {foreground}; background-color: {background}; }}
pre {{ font-family: ui-monospace, Menlo, Consolas, monospace; }}
</style>
</head>
<body>
<pre>{code}</pre>
</body>
</html>
"""


def exported(values: Sequence[Shown], form: Form, *, title: str, theme: ThemeName) -> str:
    """The values in a form. `title` names them in HTML and SVG, `theme` has their colours there."""
    match form:
        case Form.TEXT:
            return as_text(values)
        case Form.JSON:
            return as_text([Shown(one.value, json=True) for one in values])
        case Form.HTML:
            return _as_html(values, title, theme)
        case Form.SVG:
            return _as_svg(values, title, theme)


def as_text(
    values: Sequence[Shown], *, color: bool = False, theme: ThemeName = ThemeName.DARK, width: int = WIDTH_OF_A_PIPE
) -> str:
    """The values as they are drawn, one after the other."""
    paper = io.StringIO()
    output = Output(stdout=paper, color=ALWAYS if color else NEVER, theme=theme, width=width)
    for one in values:
        output.show(one.value, json=one.json)
    return paper.getvalue()


def _as_html(values: Sequence[Shown], title: str, theme: ThemeName) -> str:
    console = _drawn(values, theme)
    # what stands in braces would be taken for a place to fill
    name = html.escape(title).replace("{", "{{").replace("}", "}}")
    page = console.export_html(theme=_paper_of(theme), code_format=_HTML.replace("TITLE", name))
    return visible(_TRAILING_BLANKS.sub(r"\1", page))


def _as_svg(values: Sequence[Shown], title: str, theme: ThemeName) -> str:
    console = _drawn(values, theme)
    return visible(console.export_svg(title=title, theme=_paper_of(theme), code_format=_svg_format()))


def _drawn(values: Sequence[Shown], theme: ThemeName) -> Console:
    from rich.console import Console
    from rich.theme import Theme

    console = Console(
        file=io.StringIO(), record=True, width=WIDTH_OF_A_PIPE, theme=Theme(rich_styles(theme)), highlight=False,
        markup=False, emoji=False, color_system="truecolor", force_terminal=True, no_color=False, legacy_windows=False,
    )
    for one in values:
        console.print(render(one.value, Canvas(WIDTH_OF_A_PIPE)))
    return console


def _paper_of(theme: ThemeName) -> TerminalTheme:
    """What the terminal's own colours and background are in a file."""
    from rich.terminal_theme import DEFAULT_TERMINAL_THEME, TerminalTheme

    return TerminalTheme(*_DARK_PAPER) if theme is ThemeName.DARK else DEFAULT_TERMINAL_THEME


def _svg_format() -> str:
    """Rich's template without its fonts from elsewhere: a picture loads nothing, and the viewer's own font will do."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    template = re.sub(r"@font-face\s*\{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    # some viewers drop the blanks at the beginning of a text otherwise
    return template.replace("<svg ", '<svg xml:space="preserve" ', 1)
