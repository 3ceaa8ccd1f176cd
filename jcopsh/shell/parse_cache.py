"""The last few lines that were parsed, so that a keystroke parses once: its colours, its hint, its completions and the
mark under what is wrong all come from the same parse.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.line import Line
from jcopsh.shell.parser import parse_line

LONGEST = 1600  # characters, more than a short APDU has in any notation: a longer line was pasted
KEPT = 4  # the line, the text before the cursor, and the same of the keystroke before


def is_long(text: str) -> bool:
    """Whether a line is so long that parsing it at each keystroke would be felt: it is parsed when it is entered."""
    return len(text) > LONGEST


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A parsed line and what it was parsed with."""

    line: Line
    registry: Registry
    generation: int
    context: ParseContext

    def holds_for(self, registry: Registry, context: ParseContext) -> bool:
        """Whether parsing again would give the same."""
        same = self.registry is registry and self.generation == registry.generation and self.context is context
        # a plugin's command has its grammar only once it was loaded
        return same and all(call.entry is None or call.entry.command is call.command for call in self.line.calls)


_lines: OrderedDict[str, _Parsed] = OrderedDict()


def parsed(text: str, registry: Registry, context: ParseContext) -> Line:
    """The line of a text, as `parse_line` gives it, with what is seen to be wrong with where its results go.

    An empty text begins a new line: what was typed before it is forgotten, for it may have been a key.
    """
    if not text:
        forget_lines()
    known = _lines.get(text)
    if known is None or not known.holds_for(registry, context):
        line = _with_target_problems(parse_line(text, registry, context))
        known = _lines[text] = _Parsed(line, registry, registry.generation, context)
    _lines.move_to_end(text)
    while len(_lines) > KEPT:
        _lines.popitem(last=False)
    return known.line


def _with_target_problems(line: Line) -> Line:
    """The line with what can be seen to be wrong with where its results go, if they go somewhere."""
    if all(call.redirect is None for call in line.calls):
        return line
    from jcopsh.shell.typed_targets import with_target_problems

    return with_target_problems(line)


def forget_lines() -> None:
    """Keep none of the lines."""
    _lines.clear()
