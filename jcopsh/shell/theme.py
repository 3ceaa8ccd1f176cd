"""One table of styles. rich and prompt_toolkit get theirs from it, so that a thing looks the same everywhere.

Colours are the sixteen of the terminal, by name: they follow what its user has chosen. The dark and the light theme
differ in which of them can be read on their ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from jcopsh.shell.tokens import TokenKind


class Ground(Enum):
    """What the terminal's background is."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Style:
    """A colour (one of the terminal's, such as `red` or `bright_black`; empty for the default) and attributes."""

    color: str = ""
    bold: bool = False
    italic: bool = False
    underline: bool = False

    def _attributes(self) -> list[str]:
        return [name for name in ("bold", "italic", "underline") if getattr(self, name)]

    @property
    def rich(self) -> str:
        """As rich writes it."""
        return " ".join([*self._attributes(), self.color]).strip() or "none"

    @property
    def prompt_toolkit(self) -> str:
        """As prompt_toolkit writes it, and pygments too."""
        return " ".join([*self._attributes(), _ANSI[self.color]]).strip()


_ANSI: Mapping[str, str] = MappingProxyType({
    "": "", "black": "ansiblack", "red": "ansired", "green": "ansigreen", "yellow": "ansiyellow", "blue": "ansiblue",
    "magenta": "ansimagenta", "cyan": "ansicyan", "white": "ansigray", "bright_black": "ansibrightblack",
    "bright_red": "ansibrightred", "bright_green": "ansibrightgreen", "bright_yellow": "ansibrightyellow",
    "bright_blue": "ansibrightblue", "bright_magenta": "ansibrightmagenta", "bright_cyan": "ansibrightcyan",
    "bright_white": "ansiwhite",
})

_DIM = Style("bright_black")

_DARK: Mapping[str, Style] = MappingProxyType({
    # tokens of a line
    TokenKind.COMMAND.value: Style("bright_green", bold=True),
    TokenKind.UNKNOWN.value: Style("bright_red"),
    TokenKind.OPTION.value: Style("bright_blue"),
    TokenKind.ADDRESS.value: Style("bright_cyan"),
    TokenKind.FIELD.value: Style("bright_cyan"),
    TokenKind.NUMBER.value: Style("bright_yellow"),
    TokenKind.BYTES.value: Style("yellow"),
    TokenKind.APDU.value: Style("yellow"),
    TokenKind.SECRET.value: Style("bright_magenta"),
    TokenKind.NAME.value: Style("bright_cyan"),
    TokenKind.CHOICE.value: Style("bright_blue"),
    TokenKind.PATH.value: Style("white", underline=True),
    TokenKind.TEXT.value: Style(),
    TokenKind.SEPARATOR.value: Style("bright_white", bold=True),
    TokenKind.COMMENT.value: _DIM,
    TokenKind.PLACEHOLDER.value: Style("bright_magenta", italic=True),
    # the bytes of an APDU
    "apdu-cla": Style("bright_cyan"),
    "apdu-ins": Style("bright_green", bold=True),
    "apdu-p1p2": Style("bright_blue"),
    "apdu-length": Style("bright_white", bold=True),
    # results
    "title": Style("bright_white", bold=True),
    "label": Style("bright_blue"),
    "dim": _DIM,
    "good": Style("bright_green"),
    "bad": Style("bright_red", bold=True),
    "warn": Style("bright_yellow"),
    "unsure": Style("yellow", italic=True),
    "problem": Style("bright_red", underline=True),
    # the prompt and the line under it
    "prompt-sign": Style("bright_green", bold=True),
    "prompt-card": Style("bright_cyan", bold=True),
    "prompt-state": Style("bright_yellow"),
    "hint": _DIM,
    "hint-current": Style("bright_white", bold=True),
    "hint-problem": Style("bright_red"),
})

_LIGHT: Mapping[str, Style] = MappingProxyType({
    **_DARK,
    TokenKind.COMMAND.value: Style("green", bold=True),
    TokenKind.UNKNOWN.value: Style("red"),
    TokenKind.OPTION.value: Style("blue"),
    TokenKind.ADDRESS.value: Style("cyan"),
    TokenKind.FIELD.value: Style("cyan"),
    TokenKind.NUMBER.value: Style("magenta"),
    TokenKind.BYTES.value: Style("blue"),
    TokenKind.APDU.value: Style("blue"),
    TokenKind.SECRET.value: Style("magenta", bold=True),
    TokenKind.NAME.value: Style("cyan"),
    TokenKind.CHOICE.value: Style("blue"),
    TokenKind.PATH.value: Style("black", underline=True),
    TokenKind.SEPARATOR.value: Style("black", bold=True),
    TokenKind.PLACEHOLDER.value: Style("magenta", italic=True),
    "apdu-cla": Style("cyan"),
    "apdu-ins": Style("green", bold=True),
    "apdu-p1p2": Style("magenta"),
    "apdu-length": Style("black", bold=True),
    "title": Style("black", bold=True),
    "label": Style("blue"),
    "good": Style("green"),
    "bad": Style("red", bold=True),
    "warn": Style("red"),
    "unsure": Style("red", italic=True),
    "problem": Style("red", underline=True),
    "prompt-sign": Style("green", bold=True),
    "prompt-card": Style("cyan", bold=True),
    "prompt-state": Style("red"),
    "hint-current": Style("black", bold=True),
    "hint-problem": Style("red"),
})

THEMES: Mapping[Ground, Mapping[str, Style]] = MappingProxyType({Ground.DARK: _DARK, Ground.LIGHT: _LIGHT})


def rich_styles(ground: Ground) -> dict[str, str]:
    """The table for rich.theme.Theme."""
    return {name: style.rich for name, style in THEMES[ground].items()}


def prompt_toolkit_styles(ground: Ground) -> dict[str, str]:
    """The table for prompt_toolkit.styles.Style.from_dict; a class is named after its style."""
    return {name: style.prompt_toolkit for name, style in THEMES[ground].items()}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The few signs that are not ASCII, and what stands for them where they cannot be written."""

    done: str = "✔"
    missing: str = "✘"
    unknown: str = "?"
    failed: str = "✘"
    arrow: str = "→"
    prompt: str = "❯"
    dot: str = "·"


UNICODE_GLYPHS = Glyphs()
ASCII_GLYPHS = Glyphs(done="+", missing="x", unknown="?", failed="x", arrow="->", prompt=">", dot="-")


def glyphs_for(encoding: str | None) -> Glyphs:
    """The signs that an output with this encoding can show; None is an output of text, which can show all."""
    try:
        "".join(getattr(UNICODE_GLYPHS, name) for name in Glyphs.__slots__).encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return ASCII_GLYPHS
    return UNICODE_GLYPHS
