"""Help on commands and topics."""

from __future__ import annotations

from jcopsh.shell import manual
from jcopsh.shell.command import command
from jcopsh.shell.manual import CommandHelp, HelpIndex
from jcopsh.shell.session import Session
from jcopsh.shell.topics import Topic
from jcopsh.shell.types import HelpSubject


@command("help", group="shell")
def help_(session: Session, subject: HelpSubject | None = None) -> HelpIndex | CommandHelp | Topic:
    """List commands and topics, or say more about one of them. `?` alone and `NAME ?` do the same.

    Examples:
        help
        help read
        read ?
        help transport key
    """
    if subject is None:
        return manual.index(session.registry, session.topics)
    return manual.look_up(subject, session.registry, session.topics)


COMMANDS = (help_,)
