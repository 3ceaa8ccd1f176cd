"""Seeing every exchange."""

from __future__ import annotations

from typing import Annotated

from jcopsh.shell.choices import TRACE_LEVELS
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Setting
from jcopsh.shell.types import choice_among

Level = Annotated[str, choice_among(TRACE_LEVELS)]


@command("trace", group="shell")
def trace(session: Session, level: Level | None = None) -> Setting:
    """Show every exchange with the card as it happens: off, brief or full. Without LEVEL: how it is now.

    A trace goes to standard error, so that results stay clean. brief has the form of GlobalPlatformPro,
    `A>> T=1 (4+0008) 80500000 08 …` for a command and `A<< (0028+2) (61ms) … 9000` for its answer: the number of data
    bytes, then the time on the link. Such a trace can be played again with --replay. Keys and PINs are not in it, not
    even with --reveal: `<name:length:check value>` stands for one.

    Examples:
        trace brief
        trace full
        trace off
    """
    if level is None:
        return session.settings.get("trace")
    return session.settings.set("trace", level)


COMMANDS = (trace,)
