"""One table of styles. rich, pygments and prompt_toolkit get theirs from it, so that a thing looks the same everywhere.

The dark theme has the terminal's sixteen colours by name: they follow what its user has chosen. Several of them cannot
be read on white, so the light theme takes fixed ones of the 256 in their place. The colour-blind-safe theme has fixed
ones alone, blue, orange, rose and ochre, which can be read on either ground. What is good, bad, a warning or secret
stays apart for every kind of eye, and differs in weight, slant or underline too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from jcopsh.shell.tokens import TokenKind


class ThemeName(Enum):
    """What the colours are chosen for: a dark or a light background, or eyes that do not tell red from green."""

    DARK = "dark"
    LIGHT = "light"
    COLORBLIND = "colorblind"


# the sixteen as prompt_toolkit and pygments call them
_ANSI: Mapping[str, str] = MappingProxyType({
    "black": "ansiblack", "red": "ansired", "green": "ansigreen", "yellow": "ansiyellow", "blue": "ansiblue",
    "magenta": "ansimagenta", "cyan": "ansicyan", "white": "ansigray", "bright_black": "ansibrightblack",
    "bright_red": "ansibrightred", "bright_green": "ansibrightgreen", "bright_yellow": "ansibrightyellow",
    "bright_blue": "ansibrightblue", "bright_magenta": "ansibrightmagenta", "bright_cyan": "ansibrightcyan",
    "bright_white": "ansiwhite",
})


@dataclass(frozen=True, slots=True)
class Style:
    """A colour, a background and attributes.

    Colours are one of the terminal's sixteen by name, such as `red` or `bright_black`, or a number from 16 to 255 of
    xterm's table of 256; empty for the terminal's default.
    """

    color: str | int = ""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    background: str | int = ""

    def _attributes(self) -> list[str]:
        return [name for name in ("bold", "italic", "underline") if getattr(self, name)]

    @property
    def rich(self) -> str:
        """As rich writes it."""
        ground = ["on", _rich_color(self.background)] if self.background else []
        return " ".join([*self._attributes(), _rich_color(self.color), *ground]).strip() or "none"

    @property
    def prompt_toolkit(self) -> str:
        """As prompt_toolkit writes it, and pygments too."""
        ground = [f"bg:{_ansi_color(self.background)}"] if self.background else []
        return " ".join([*self._attributes(), _ansi_color(self.color), *ground]).strip()


def _rich_color(color: str | int) -> str:
    return f"color({color})" if isinstance(color, int) else color


def _ansi_color(color: str | int) -> str:
    if isinstance(color, int):
        return "#" + "".join(f"{part:02x}" for part in rgb_of_256(color))
    return _ANSI.get(color, "")


def rgb_of_256(number: int) -> tuple[int, int, int]:
    """Red, green and blue of a colour from 16 to 255: xterm's cube of six levels each, then its greys."""
    if not 16 <= number <= 255:
        raise ValueError("only the colours from 16 on are the same on every terminal")
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return grey, grey, grey
    levels = (0, 95, 135, 175, 215, 255)
    cube = number - 16
    return levels[cube // 36], levels[cube // 6 % 6], levels[cube % 6]


@dataclass(frozen=True, slots=True)
class _Inks:
    """The few colours that a theme is made of."""

    command: str | int
    place: str | int  # addresses, fields, names
    option: str | int  # options, choices, labels
    number: str | int
    bytes: str | int
    hidden: str | int  # keys and PINs
    strong: str | int  # what stands out without a colour of its own
    plain: str | int  # paths
    good: str | int
    bad: str | int
    warn: str | int
    unsure: str | int
    dim: str | int
    menu: str | int  # the background of menus
    on_menu: str | int
    chosen: str | int  # the background of the chosen entry
    on_chosen: str | int


def _table(ink: _Inks, *, weighted: bool) -> Mapping[str, Style]:
    """Every style by name. `weighted`: what colour tells, bold and underline tell as well."""
    menu, chosen = Style(ink.on_menu, background=ink.menu), Style(ink.on_chosen, bold=True, background=ink.chosen)
    bad = Style(ink.bad, bold=True, underline=weighted)
    return MappingProxyType({
        # tokens of a line
        TokenKind.COMMAND.value: Style(ink.command, bold=True),
        TokenKind.UNKNOWN.value: Style(ink.bad, underline=weighted),
        TokenKind.OPTION.value: Style(ink.option),
        TokenKind.ADDRESS.value: Style(ink.place),
        TokenKind.FIELD.value: Style(ink.place),
        TokenKind.NUMBER.value: Style(ink.number),
        TokenKind.BYTES.value: Style(ink.bytes),
        TokenKind.APDU.value: Style(ink.bytes),
        TokenKind.SECRET.value: Style(ink.hidden, bold=True),
        TokenKind.NAME.value: Style(ink.place),
        TokenKind.CHOICE.value: Style(ink.option),
        TokenKind.PATH.value: Style(ink.plain, underline=True),
        TokenKind.TEXT.value: Style(),
        TokenKind.SEPARATOR.value: Style(ink.strong, bold=True),
        TokenKind.REDIRECTION.value: Style(ink.strong, bold=True),
        TokenKind.COMMENT.value: Style(ink.dim),
        TokenKind.PLACEHOLDER.value: Style(ink.hidden, italic=True),
        # the bytes of an APDU, and a trace of exchanges
        "apdu-cla": Style(ink.place),
        "apdu-ins": Style(ink.command, bold=True),
        "apdu-p1p2": Style(ink.option),
        "apdu-length": Style(ink.strong, bold=True),
        "trace-mark": Style(ink.dim),
        # results
        "title": Style(ink.strong, bold=True),
        "label": Style(ink.option),
        "dim": Style(ink.dim),
        "good": Style(ink.good),
        "bad": bad,
        "warn": Style(ink.warn, italic=weighted),
        "unsure": Style(ink.unsure, italic=True),
        "problem": Style(ink.bad, underline=True),
        # the prompt, what stands under the line, and beside it
        "prompt-sign": Style(ink.command, bold=True),
        "prompt-card": Style(ink.place, bold=True),
        "prompt-state": Style(ink.warn),
        "hint": Style(ink.dim),
        "hint-current": Style(ink.strong, bold=True),
        "hint-problem": Style(ink.bad),
        "caret": bad,
        "toolbar": Style(ink.dim),
        "toolbar-label": Style(ink.option),
        "toolbar-warn": Style(ink.warn, bold=True),
        "vi-mode": Style(ink.strong, bold=True),
        # prompt_toolkit's own parts
        "auto-suggestion": Style(ink.dim),
        "search": Style(ink.on_chosen, background=ink.chosen),
        "search.current": chosen,
        "bottom-toolbar": Style(),
        "bottom-toolbar.text": Style(),
        "completion-menu": menu,
        "completion-menu.completion": menu,
        "completion-menu.completion.current": chosen,
        "completion-menu.meta.completion": menu,
        "completion-menu.meta.completion.current": chosen,
        "scrollbar.background": Style(background=ink.menu),
        "scrollbar.button": Style(background=ink.chosen),
    })


THEMES: Mapping[ThemeName, Mapping[str, Style]] = MappingProxyType({
    ThemeName.DARK: _table(_Inks(
        command="bright_green", place="bright_cyan", option="bright_blue", number="bright_yellow", bytes="yellow",
        hidden="bright_magenta", strong="bright_white", plain="white", good="bright_green", bad="bright_red",
        warn="bright_yellow", unsure="yellow", dim="bright_black", menu=237, on_menu="bright_white", chosen=24,
        on_chosen="bright_white",
    ), weighted=False),
    ThemeName.LIGHT: _table(_Inks(
        command=28, place=30, option="blue", number="magenta", bytes=25, hidden="magenta", strong="black",
        plain="black", good=28, bad="red", warn=130, unsure=130, dim=243, menu=254, on_menu="black", chosen=153,
        on_chosen="black",
    ), weighted=False),
    ThemeName.COLORBLIND: _table(_Inks(
        command=32, place=32, option=67, number=136, bytes="", hidden=166, strong="", plain="", good=32, bad=166,
        warn=168, unsure=136, dim=243, menu=252, on_menu=16, chosen=32, on_chosen=231,
    ), weighted=True),
})


def rich_styles(name: ThemeName) -> dict[str, str]:
    """The table for rich.theme.Theme."""
    return {style_name: style.rich for style_name, style in THEMES[name].items()}


def prompt_toolkit_styles(name: ThemeName) -> dict[str, str]:
    """The table for prompt_toolkit.styles.Style.from_dict; a class is named after its style.

    prompt_toolkit draws parts of its own in reverse by default, and here they are not.
    """
    return {style_name: f"noreverse {style.prompt_toolkit}".rstrip() for style_name, style in THEMES[name].items()}


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


_ASCII_FOR = str.maketrans(
    {getattr(UNICODE_GLYPHS, name): getattr(ASCII_GLYPHS, name) for name in Glyphs.__slots__}
    | {"‖": "|", "…": "...", "–": "-", "×": "x", "‹": "<", "›": ">", "─": "-", "━": "=", "│": "|"}
    | dict.fromkeys("├└┌┐┘┤┬┴┼", "+")
)


def encoded(text: str, encoding: str) -> bytes:
    """A text for a program that reads this encoding: what it cannot show in ASCII, where something stands for it."""
    if glyphs_for(encoding) is ASCII_GLYPHS:
        return text.translate(_ASCII_FOR).encode("ascii", "backslashreplace")
    return text.encode(encoding, "backslashreplace")


def glyphs_for(encoding: str | None) -> Glyphs:
    """The signs that an output with this encoding can show; None is an output of text, which can show all."""
    try:
        "".join(getattr(UNICODE_GLYPHS, name) for name in Glyphs.__slots__).encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return ASCII_GLYPHS
    return UNICODE_GLYPHS
