"""The readers there are, and which one is meant: by index, by name, by a part of it, or by the card in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jcopsh.errors import NoCardThere, ReaderError

SIMULATED_HINT = "without a reader: `jcopsh --sim`"
NAME_ONE_HINT = "name one by its number: `connect 0`, or `--reader 0` at the start"
NO_READER_HINT = (
    "plug one in; where one is plugged in already its driver is missing (Debian: `apt install libccid`), "
    f"`connect` looks again; {SIMULATED_HINT}"
)


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """A reader as PC/SC lists it: `index` counts from 0; `atr` is empty where no card is, or it is mute.

    `in_use` says that some program has the card open, this one included; `exclusive` that it has it for itself alone;
    `mute` that the card sent no answer to reset. `insertions` counts how often a card was put in or taken out, as far
    as PC/SC tells: another number is another card, or the same one anew.
    """

    name: str
    index: int
    card_present: bool
    atr: bytes
    in_use: bool = False
    exclusive: bool = False
    mute: bool = False
    insertions: int = 0


def choose(found: Sequence[ReaderInfo], choice: str | None) -> ReaderInfo:
    """The one reader that `choice` means: its index, its name, or a part of its name in any case of letters.

    None means the only reader that holds a card. Raises ReaderError, with the list of those that come into question,
    where it means none or several.
    """
    if not found:
        raise ReaderError("no reader was found", meaning="PC/SC lists none", hint=NO_READER_HINT)
    if choice is None:
        return _only_with_card(found)
    matches = matching(found, choice)
    if len(matches) == 1:
        return matches[0]
    what = f"several readers match {choice!r}" if matches else f"no reader is called {choice!r}"
    raise ReaderError(what, meaning=listing(matches or found), hint=NAME_ONE_HINT)


def matching(found: Sequence[ReaderInfo], choice: str) -> list[ReaderInfo]:
    """Readers of that number, else of that very name, else with that part in their name."""
    numbered = [reader for reader in found if str(reader.index) == choice]
    exact = [reader for reader in found if reader.name == choice]
    return numbered or exact or [reader for reader in found if choice.casefold() in reader.name.casefold()]


def listing(found: Sequence[ReaderInfo]) -> str:
    """The readers in one line: `0: Reader A (card); 1: Reader B (no card)`."""
    return "; ".join(f"{reader.index}: {reader.name} ({_content(reader)})" for reader in found)


def no_card(found: Sequence[ReaderInfo], name: str) -> NoCardThere:
    """The error where the reader that is meant holds no card: which others do."""
    others = [reader for reader in found if reader.card_present and reader.name != name]
    there = "; ".join(f"`connect {reader.index}` takes the card in {reader.name}" for reader in others)
    return NoCardThere(
        f"{name}: there is no card in the reader", meaning="its slot is empty",
        hint=f"put a card in, then `connect`; {there or SIMULATED_HINT}",
    )


def _only_with_card(found: Sequence[ReaderInfo]) -> ReaderInfo:
    with_card = [reader for reader in found if reader.card_present]
    if len(with_card) == 1:
        return with_card[0]
    if with_card:
        raise ReaderError("several readers hold a card", meaning=listing(with_card), hint=NAME_ONE_HINT)
    raise ReaderError("no reader holds a card", meaning=listing(found), hint=f"put a card in; {SIMULATED_HINT}")


def _content(reader: ReaderInfo) -> str:
    if reader.mute:
        return "a mute card"
    return "card" if reader.card_present else "no card"
