"""Texts that come from cards and files, without what would steer a terminal."""

from __future__ import annotations

import unicodedata

# Unicode's categories: control, format (which turns the direction of a text), surrogate, and its own ends of a line
_NOT_SHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_IN_PLACE_OF_CONTROL = "\N{REPLACEMENT CHARACTER}"


def visible(text: str, *, one_line: bool = False) -> str:
    """The text without what would steer a terminal: a message may hold anything. Every offset stays what it is.

    `one_line`: without line feeds too, for a name that a card or a file tells.
    """
    if text.isprintable():
        return text
    kept = "" if one_line else "\n"
    return "".join(
        _IN_PLACE_OF_CONTROL if one != kept and unicodedata.category(one) in _NOT_SHOWN else one for one in text
    )
