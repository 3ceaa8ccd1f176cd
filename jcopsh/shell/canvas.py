"""What the drawings draw on."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.shell.theme import UNICODE_GLYPHS, Glyphs


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a value is drawn on: its width in columns, and the signs that can be written on it."""

    width: int = 80
    glyphs: Glyphs = UNICODE_GLYPHS
