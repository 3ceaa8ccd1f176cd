"""A line that begins with bytes alone, before there are enough of them for an APDU."""

from __future__ import annotations

import re

from jcopsh.shell.parser import Line, Role
from jcopsh.shell.words import Word

# up to three pairs of digits in any notation and perhaps half a fourth; more are an APDU for the parser
_BYTES = re.compile(r"(?:(?:0[xX])?[0-9A-Fa-f]{2}[ :,]*){0,3}(?:0[xX])?[0-9A-Fa-f]?")
# so that no word of letters is meant
_DIGIT = re.compile(r"[0-9]")


def bare_bytes(line: Line) -> Word | None:
    """The bytes that the last call of a line consists of, up to the line's end; None where it is a command, or empty.

    Four bytes are an APDU for the parser; fewer are for it a command that does not exist.
    """
    call = next((call for call in line.calls if call.end == len(line.text)), None)
    if line.comment is not None or call is None or call.entry is not None or not call.bindings:
        return None
    first = call.bindings[0]
    text = line.text[first.word.start :]
    if first.role is not Role.COMMAND or not _BYTES.fullmatch(text) or not _DIGIT.search(text):
        return None
    return Word(first.word.start, len(line.text), text)
