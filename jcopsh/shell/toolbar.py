"""What stands below the line: how many rows there are for what, and the toolbar with the state of the card.

Pure. The toolbar shows what the prompt has no room for; in a narrow window the less important parts are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from prompt_toolkit.utils import get_cwidth

from jcopsh.errors import StoreError
from jcopsh.iso7816.channel import BASIC_CHANNEL
from jcopsh.shell.hint import ELLIPSIS, cut_to
from jcopsh.shell.prompt import Fragment
from jcopsh.shell.session import SIMULATED
from jcopsh.shell.state_words import file_path, pins_verified, selected_name
from jcopsh.state import CardState, Fuse, SelectedKind

if TYPE_CHECKING:
    from jcopsh.card.card import Card
    from jcopsh.shell.session import Session

NARROW = 60  # columns: less than that, and a hint takes three rows
MENU_ROWS = 8  # for the completions, where the window is high enough
LEAST_MENU_ROWS = 3
SHORT_ATR_BYTES = 3
SHORT_JOURNAL = 11  # characters of its name, from the end: they tell one of today's from the other
_UNFUSED = "-unfused"
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows the hint, the toolbar and the menu of completions get; `rest` is kept free while none is open."""

    hint: int
    toolbar: int
    menu: int
    rest: int


def rows_for(columns: int, rows: int, *, hints: bool = True, toolbar: bool = True) -> Rows:
    """Share out the rows of a window below the line.

    The hint has always as many, so that nothing jumps while typing. In a low window the line and the menu come first:
    then the hint, then the toolbar. While no menu is open, half of the window is for what the last command showed.
    """
    wanted = 2 if columns >= NARROW else 3
    room = rows - 1 - LEAST_MENU_ROWS
    hint_rows = min(wanted, max(0, room)) if hints else 0
    toolbar_rows = 1 if toolbar and room > hint_rows else 0
    taken = 1 + hint_rows + toolbar_rows
    menu_rows = max(1, min(MENU_ROWS, rows - taken))
    return Rows(hint_rows, toolbar_rows, menu_rows, max(1, min(menu_rows, rows // 2 - taken)))


class _Rank(IntEnum):
    """What is left out first, from the end."""

    MODE = 0
    READER = 1
    TRIES = 2
    PROTOCOL = 3
    SELECTED = 4
    CHANNEL = 5
    PINS = 6
    ATR = 7
    JOURNAL = 8


@dataclass(frozen=True, slots=True)
class _Part:
    """One part: a label before it, its text, what stands for both when room is short, and the style of the text."""

    rank: _Rank
    label: str
    text: str
    short: str = ""
    style: str = "toolbar"

    @property
    def width(self) -> int:
        return get_cwidth(self.text) + (get_cwidth(self.label) + 1 if self.label else 0)

    def shortened(self) -> _Part:
        label, _, text = self.short.rpartition(" ") if self.label and " " in self.short else ("", "", self.short)
        return replace(self, label=label, text=text, short="") if self.short else self

    def fragments(self) -> list[Fragment]:
        label: list[Fragment] = [("toolbar-label", f"{self.label} ")] if self.label else []
        return [*label, (self.style, self.text)]


def toolbar(session: Session, width: int, *, vi_mode: str = "") -> list[Fragment]:
    """Reader, protocol, ATR, selected applet, channel and journal, in one row of at most `width` cells.

    `vi_mode` says how vi's keys are understood just now; empty for emacs' keys.
    """
    parts = [_Part(_Rank.MODE, "vi", vi_mode, style="vi-mode")] if vi_mode else []
    card = session.card_or_none
    parts += _of_no_card() if card is None else _of_card(card)
    fragments: list[Fragment] = []
    for part in _fitting(parts, width):
        fragments += [("toolbar", _GAP)] if fragments else []
        fragments += part.fragments()
    return _cut(fragments, width)


def _of_no_card() -> list[_Part]:
    return [
        _Part(_Rank.READER, "", "no card", style="toolbar-warn"),
        _Part(_Rank.CHANNEL, "", "connect takes one, readers lists what there is", "connect takes one"),
    ]


def _of_card(card: Card) -> list[_Part]:
    state = card.state
    atr, selected, journal = state.atr.hex().upper(), _selected(state), card.journal_path
    reader = _reader(card.reader, state)
    return [
        _Part(_Rank.READER, "", reader, reader.replace(SIMULATED, "sim ", 1)),
        _Part(_Rank.PROTOCOL, "", state.protocol),
        _Part(_Rank.ATR, "ATR", atr, f"ATR {atr[: 2 * SHORT_ATR_BYTES]}{ELLIPSIS}"),
        _Part(_Rank.SELECTED, "selected", selected, selected),
        _Part(_Rank.CHANNEL, "channel", _channel(state), _short_channel(state)),
        *_pins(state),
        *_tries(card),
        _Part(_Rank.JOURNAL, "journal", journal.name, f"journal {ELLIPSIS}{journal.stem[-SHORT_JOURNAL:]}"),
    ]


def _reader(name: str, state: CardState) -> str:
    """The reader. A simulated card's profile is named for how it began: a card that is fused now is not said not to be.
    """
    fused = Fuse.FUSED in (state.fuse, state.fuse_before)
    return name.removesuffix(_UNFUSED) if fused and name.startswith(SIMULATED) else name


def _selected(state: CardState) -> str:
    """The selected application on the basic channel, and the current file on the channel in use."""
    path = file_path(state)
    if state.channel != BASIC_CHANNEL or state.selected is SelectedKind.UNKNOWN:
        return path or "default"
    name = selected_name(state.aid) if state.selected is SelectedKind.APPLICATION else state.selected.value
    return f"{name} {path}" if path else name


def _pins(state: CardState) -> list[_Part]:
    pins = pins_verified(state)
    return [_Part(_Rank.PINS, "", f"{pins} verified", pins)] if pins else []


def _channel(state: CardState) -> str:
    """The logical channel, and the secure one."""
    return f"{state.channel} {state.secure_channel or 'plain'}"


def _tries(card: Card) -> list[_Part]:
    """How many authentications of this card the ledger counts that ended badly; nothing where there are none, or while
    the chip is not known: by its ATR alone other cards' are counted too, which only `status` has the room to say."""
    if not card.state.chip:
        return []
    try:
        count = card.tries.count(card.state)
    except StoreError:
        return []  # the next authentication says so
    tried = f"{count} failed auth" + ("" if count == 1 else "s")
    return [_Part(_Rank.TRIES, "", tried, style="toolbar-warn")] if count else []


def _short_channel(state: CardState) -> str:
    secure = state.secure_channel
    return f"ch {state.channel}" + (f" {str(secure.protocol).lower()}/{secure.level:02X}" if secure else "")


def _fitting(parts: list[_Part], width: int) -> list[_Part]:
    """The parts that fit, in their order: from the last in rank on they are shortened, and then left out."""
    for part in sorted(parts, key=lambda part: -part.rank):
        if _width(parts) <= width:
            return parts
        parts = [one.shortened() if one is part else one for one in parts]
    while len(parts) > 1 and _width(parts) > width:
        parts.remove(max(parts, key=lambda part: part.rank))
    return parts


def _width(parts: list[_Part]) -> int:
    return sum(part.width for part in parts) + len(_GAP) * (len(parts) - 1)


def _cut(fragments: list[Fragment], width: int) -> list[Fragment]:
    """What is still too long ends in …, and so never takes a second row."""
    if sum(get_cwidth(text) for _, text in fragments) <= width:
        return fragments
    left, kept = max(0, width - get_cwidth(ELLIPSIS)), []
    for style, text in fragments:
        shown = cut_to(text, left)
        kept.append((style, shown))
        left -= get_cwidth(shown)
        if shown != text:
            break
    return [*kept, ("toolbar", cut_to(ELLIPSIS, width))]
