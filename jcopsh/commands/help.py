"""Help on commands and topics."""

from __future__ import annotations

from jcopsh.shell import manual
from jcopsh.shell.command import command
from jcopsh.shell.manual import CommandHelp, HelpIndex, InstructionsHelp, StatusWordHelp
from jcopsh.shell.session import Session
from jcopsh.shell.topics import Topic
from jcopsh.shell.types import HelpSubject


@command("help", group="shell")
def help_(
    session: Session, subject: HelpSubject | None = None
) -> HelpIndex | CommandHelp | Topic | StatusWordHelp | InstructionsHelp:
    """List commands and topics, or say more about one of them. `?` alone and `NAME ?` do the same.

    A status word or an instruction byte is explained too.

    Examples:
        help
        help read
        read ?
        help transport key
        help 6A82
        help A4
    """
    if subject is None:
        return manual.index(session.registry, session.topics)
    return manual.look_up(subject, session.registry, session.topics)


COMMANDS = (help_,)
