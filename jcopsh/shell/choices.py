"""What settings, options and commands let one choose from: each name once, with what it means. Imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AUTO, ALWAYS, NEVER = "auto", "always", "never"
ON, OFF = "on", "off"
BRIEF, FULL = "brief", "full"
T0, T1 = "T=0", "T=1"
EMACS, VI = "emacs", "vi"

Choices = Mapping[str, str]  # the names, each with its meaning


def switch(on: str, off: str) -> Choices:
    """On and off, with what each of them means."""
    return MappingProxyType({ON: on, OFF: off})


TRACE_LEVELS: Choices = MappingProxyType({
    OFF: "no trace",
    BRIEF: "a line for each command and each answer",
    FULL: "also which byte is what, and the status word in words",
})
PROTOCOLS: Choices = MappingProxyType({AUTO: "what the card prefers", T0: "byte by byte", T1: "in blocks"})
COLORS: Choices = MappingProxyType({
    AUTO: "at a terminal, unless NO_COLOR is set", ALWAYS: "in files and pipes as well", NEVER: "no colours",
})
KEYS: Choices = MappingProxyType({EMACS: "Ctrl-A, Ctrl-E and the like", VI: "Escape, then i, w, b and the like"})
GET_RESPONSE = switch("61xx and 6Cxx are followed", "the card's own answers are shown")
PAGER: Choices = MappingProxyType({AUTO: "what is longer than the screen is paged", OFF: "nothing is paged"})
