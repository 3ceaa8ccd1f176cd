"""What was typed."""

from __future__ import annotations

from typing import Annotated

from jcopsh.shell.command import command
from jcopsh.shell.history import HistoryLines
from jcopsh.shell.session import Session
from jcopsh.shell.types import IntegerType

Count = Annotated[int, IntegerType(minimum=1, says="how many lines, the latest ones")]


@command("history", group="shell")
def history(session: Session, count: Count = 20) -> HistoryLines:
    """Show the lines typed last, this time and before. Keys and PINs are not kept: ‹16 bytes› stands for one.

    The file is for you alone, and status says where jcopsh keeps its files.
    """
    return session.history.latest(count)


COMMANDS = (history,)
