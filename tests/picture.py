"""Draws the picture in the README: a real session on a terminal, exported by jcopsh's own renderer.

    python -m tests.picture            writes tests/golden/session.svg
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from jcopsh.shell.export import exported
from jcopsh.shell.redirect import Form
from jcopsh.shell.render import WIDTH_OF_A_PIPE, Shown, register
from jcopsh.shell.theme import ThemeName
from tests.e2e.support import Jcopsh, consent, say_yes
from tests.terminal import Terminal

PICTURE = Path(__file__).parent / "golden" / "session.svg"
ROWS = 110
NEW_KEY = "A10102030405060708090A0B0C0D0E0F"


def play(terminal: Terminal) -> None:
    """The whole job, from unfused to fused, without the last line that leaves."""
    terminal.wait_for("J2A040 ❯")
    for line, seen in (("identify", "sim J2A040 unfused ❯"), ("select tk", "unfused root ❯")):
        terminal.type_in(f"{line}\r")
        terminal.wait_for(seen)
    say_yes(terminal, "boot")
    terminal.wait_for("unfused booted ❯")
    terminal.type_in("read 0xc00300 40\r")
    terminal.wait_for("cm_key2")
    say_yes(terminal, f"write cm_key1 {NEW_KEY}")
    terminal.wait_for("read back")
    consent(terminal, "fuse", "fuse")
    terminal.wait_for("J2A040 fused ❯")


COLORS = {"red": 31, "green": 32, "brown": 33, "blue": 34, "magenta": 35, "cyan": 36, "white": 37,
          "brightblack": 90, "brightred": 91, "brightgreen": 92, "brightyellow": 93, "brightblue": 94,
          "brightmagenta": 95, "brightcyan": 96, "brightwhite": 97}


@dataclass(frozen=True)
class AnsiLine:
    """A line of the screen, with its colours as escape sequences."""

    text: str


def ansi_lines(terminal: Terminal) -> Iterator[str]:
    """The screen line by line, with its colours as escape sequences."""
    for text, cells in terminal.styled_lines():
        yield "".join(_ansi(cell) for cell in cells[: len(text)])


def _ansi(cell: Any) -> str:
    codes = [code for code, wanted in ((1, cell.bold), (3, cell.italics), (4, cell.underscore)) if wanted]
    codes += [COLORS[cell.fg]] if cell.fg in COLORS else []
    return f"\x1b[{';'.join(map(str, codes))}m{cell.data}\x1b[0m" if codes else str(cell.data)


def main() -> None:
    """Play the job and draw it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Jcopsh(Path(folder)).terminal(columns=WIDTH_OF_A_PIPE, rows=ROWS) as terminal,
    ):
        play(terminal)
        lines = [Shown(AnsiLine(line)) for line in ansi_lines(terminal)]
    register(AnsiLine, lambda line, _canvas: Text.from_ansi(line.text))
    PICTURE.write_text(exported(lines, Form.SVG, title="jcopsh --sim", theme=ThemeName.DARK))


if __name__ == "__main__":
    main()
