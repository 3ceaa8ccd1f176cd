"""Which line of the history was typed last of those that begin in the same way: what is suggested while typing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jcopsh.shell.strike import PLACEHOLDER
from jcopsh.shell.tokens import PLACEHOLDER_OPEN

_LONGEST_TEXT = 1 << 18  # characters: searched in a millisecond, and quickly copied to add one more line
_NOT_SUGGESTED = re.compile(rf"{PLACEHOLDER.pattern}|(?<!\S)--?(?:reveal|yes)(?!\S)", re.IGNORECASE)


class Beginnings:
    """Finds the latest line with a given beginning.

    The lines stand in a few long texts, each between line ends, which are searched faster than a list is gone through.
    A text that goes on from the one asked for before is looked for from where that one was found: what did not begin
    with the shorter text does not begin with the longer one. So all keystrokes of a line together search once.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._asked = ""
        self._found = (0, 0)  # where the search for _asked ended: which text, and where in it

    def add(self, lines: Iterable[str]) -> None:
        """Take in more lines, the oldest first; those that may not be suggested are left out."""
        added = "".join(f"{line}\n" for line in lines if may_be_suggested(line))
        if self._texts and len(self._texts[-1]) + len(added) <= _LONGEST_TEXT:
            self._texts[-1] += added
        elif added:
            self._texts.append(f"\n{added}")
        self._asked = ""

    def latest(self, text: str) -> str | None:
        """The line that came last of those that begin with a text, which is not empty."""
        if "\n" in text:
            return None
        goes_on = self._asked != "" and text.startswith(self._asked)
        number, at = self._found if goes_on else (len(self._texts) - 1, None)
        self._asked, wanted = text, f"\n{text}"
        while number >= 0:
            among = self._texts[number]
            at = among.rfind(wanted, 0, None if at is None else at + len(wanted))
            if at >= 0:
                self._found = number, at
                return among[at + 1 : among.index("\n", at + 1)]
            number, at = number - 1, None
        self._found = -1, 0
        return None


def may_be_suggested(line: str) -> bool:
    """Whether a line holds no struck secret, would bring none to the screen, and answers no question in advance."""
    # most lines have neither sign, and a pattern takes its time
    return (PLACEHOLDER_OPEN not in line and "-" not in line) or not _NOT_SUGGESTED.search(line)
