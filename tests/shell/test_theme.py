"""Every theme has every style, and can be read: on its ground, and by eyes that do not tell red from green."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from pygments.token import Token

import jcopsh.shell
from jcopsh.shell.apdu_lexer import STYLES, pygments_style
from jcopsh.shell.apdu_parts import STYLES as PART_STYLES
from jcopsh.shell.theme import THEMES, Style, ThemeName, rgb_of_256
from jcopsh.shell.tokens import TokenKind

Rgb = tuple[float, float, float]
# xterm's sixteen, as it comes
XTERM: dict[str, Rgb] = {
    "black": (0, 0, 0), "red": (205, 0, 0), "green": (0, 205, 0), "yellow": (205, 205, 0), "blue": (0, 0, 238),
    "magenta": (205, 0, 205), "cyan": (0, 205, 205), "white": (229, 229, 229), "bright_black": (127, 127, 127),
    "bright_red": (255, 0, 0), "bright_green": (0, 255, 0), "bright_yellow": (255, 255, 0),
    "bright_blue": (92, 92, 255), "bright_magenta": (255, 0, 255), "bright_cyan": (0, 255, 255),
    "bright_white": (255, 255, 255),
}
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
GROUNDS = {ThemeName.DARK: (BLACK,), ThemeName.LIGHT: (WHITE,), ThemeName.COLORBLIND: (BLACK, WHITE)}
# WCAG 2.1, 1.4.11: what large text and signs need
LEAST_CONTRAST = 3.0


def linear(rgb: Rgb) -> Rgb:
    """From sRGB to light (IEC 61966-2-1)."""
    red, green, blue = (part / 255 for part in rgb)

    def one(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return one(red), one(green), one(blue)


def luminance(rgb: Rgb) -> float:
    """The relative luminance of WCAG 2.1."""
    red, green, blue = linear(rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def rgb(color: str | int, default: Rgb) -> Rgb:
    if isinstance(color, int):
        return rgb_of_256(color)
    return XTERM[color] if color else default


# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0: light as these eyes have it
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))


def distance(one: Rgb, other: Rgb, eyes: tuple[Rgb, Rgb, Rgb]) -> float:
    """How far apart two colours are in CIE L*a*b* (CIE 1976) for such eyes; 2.3 is what can just be told."""
    (l1, a1, b1), (l2, a2, b2) = (lab(seen(linear(color), eyes)) for color in (one, other))
    return float(((l1 - l2) ** 2 + (a1 - a2) ** 2 + (b1 - b2) ** 2) ** 0.5)


def seen(light: Rgb, eyes: tuple[Rgb, Rgb, Rgb]) -> Rgb:
    r, g, b = (min(1.0, max(0.0, sum(a * c for a, c in zip(row, light, strict=True)))) for row in eyes)
    return r, g, b


def lab(light: Rgb) -> Rgb:
    """CIE L*a*b* of linear sRGB, with the white of D65."""
    red, green, blue = light
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089

    def root(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    return 116 * root(y) - 16, 500 * (root(x) - root(y)), 200 * (root(y) - root(z))


@pytest.mark.parametrize(("name", "style"), [(n, s) for n in ThemeName for s in THEMES[n]])
def test_every_style_can_be_read_on_its_ground(name: ThemeName, style: str) -> None:
    declared = THEMES[name][style]
    for ground in GROUNDS[name]:
        default = WHITE if ground == BLACK else BLACK
        paper = rgb(declared.background, ground)
        if style.startswith("scrollbar"):  # it has no text
            continue
        assert contrast(rgb(declared.color, default), paper) >= LEAST_CONTRAST


@pytest.mark.parametrize("name", list(ThemeName))
def test_what_is_chosen_in_a_menu_is_set_off(name: ThemeName) -> None:
    theme = THEMES[name]
    chosen, other = theme["completion-menu.completion.current"], theme["completion-menu.completion"]
    assert chosen.bold and chosen.background != other.background
    assert theme["scrollbar.button"].background != theme["scrollbar.background"].background


WEIGHT = ("bold", "italic", "underline")


@pytest.mark.parametrize(("one", "other"), [("good", "bad"), ("warn", "bad"), ("good", "warn"), ("secret", "bytes")])
def test_what_matters_is_told_apart_by_every_eye(one: str, other: str) -> None:
    first, second = THEMES[ThemeName.COLORBLIND][one], THEMES[ThemeName.COLORBLIND][other]
    # not by colour alone
    assert any(getattr(first, weight) != getattr(second, weight) for weight in WEIGHT)
    for eyes, ground in product((DEUTERANOPIA, PROTANOPIA), (BLACK, WHITE)):
        default = WHITE if ground == BLACK else BLACK
        assert distance(rgb(first.color, default), rgb(second.color, default), eyes) > 10


def test_the_eyes_of_the_test_do_not_tell_the_dark_themes_red_from_its_green_as_others_do() -> None:
    """The check above can fail: red and yellow-green of the same lightness are nearly one for such eyes."""
    red, green = (160.0, 60.0, 0.0), (95.0, 95.0, 0.0)
    plain = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    assert distance(red, green, plain) > 40
    assert distance(red, green, DEUTERANOPIA) < 10


# --- every style that is named anywhere is in every theme -----------------------------------------------------------

_BRACKETED = r"[^()]*(?:\([^()]*\)[^()]*)*"
_NAMED = re.compile(rf"""(?:Text\({_BRACKETED}, |\.append\({_BRACKETED}, |"class:)"?([a-z][a-z-]+)\"""")


def styles_named_in_code() -> set[str]:
    """Names of styles as they stand in the drawings, by how they are given to rich and prompt_toolkit."""
    folder = Path(jcopsh.shell.__file__).parent
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        found |= set(_NAMED.findall(file.read_text("utf-8")))
    return found


def test_every_style_that_is_named_anywhere_is_in_every_theme() -> None:
    # what rich calls no style, and what prompt_toolkit has one of its own for
    named = styles_named_in_code() - {"none", "aborting"}
    # that the search finds what is there
    assert {"dim", "bad", "title", "secret", "label", "warn"} <= named
    named |= {kind.value for kind in TokenKind} | set(STYLES.values()) | set(PART_STYLES.values())
    named |= {
        "completion-menu", "bottom-toolbar", "auto-suggestion", "search", "caret", "toolbar", "toolbar-label",
        "toolbar-warn", "vi-mode",
    }
    for name, theme in THEMES.items():
        assert named <= set(theme), (name, named - set(theme))


def test_all_themes_have_the_same_styles() -> None:
    assert len({frozenset(theme) for theme in THEMES.values()}) == 1


@pytest.mark.parametrize("name", list(ThemeName))
def test_pygments_gets_its_style_from_the_table(name: ThemeName) -> None:
    drawn = pygments_style(name).style_for_token(Token.Name.Apdu.Ins)
    declared = THEMES[name]["apdu-ins"]
    assert drawn["bold"] is declared.bold
    assert drawn["ansicolor"] or drawn["color"]


@pytest.mark.parametrize(
    ("style", "rich", "prompt_toolkit"),
    [
        (Style(), "none", ""),
        (Style("red", bold=True), "bold red", "bold ansired"),
        (Style(166, underline=True), "underline color(166)", "underline #d75f00"),
        (Style("black", background=254), "black on color(254)", "ansiblack bg:#e4e4e4"),
        (Style(background="blue"), "on blue", "bg:ansiblue"),
    ],
)
def test_a_style_is_written_for_rich_and_for_prompt_toolkit(style: Style, rich: str, prompt_toolkit: str) -> None:
    assert style.rich.split() == rich.split()
    assert style.prompt_toolkit == prompt_toolkit


def test_colours_of_the_256() -> None:
    assert [rgb_of_256(n) for n in (16, 166, 231, 232, 255)] == [
        (0, 0, 0), (215, 95, 0), (255, 255, 255), (8, 8, 8), (238, 238, 238)]
    with pytest.raises(ValueError, match="from 16 on"):
        rgb_of_256(15)
