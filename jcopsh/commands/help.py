"""Help on commands and topics."""

from __future__ import annotations

from jcopsh.shell import manual
from jcopsh.shell.command import command
from jcopsh.shell.manual import CommandHelp, HelpIndex, InstructionsHelp, StatusWordHelp
from jcopsh.shell.session import Session
from jcopsh.shell.topics import Topic
from jcopsh.shell.types import AddressType, HelpSubject


@command("help", group="shell")
def help_(
    session: Session, subject: HelpSubject | None = None
) -> HelpIndex | CommandHelp | Topic | StatusWordHelp | InstructionsHelp | str:
    """List commands and topics, or say more about one of them. `?` alone and `NAME ?` do the same.

    A status word, an instruction byte and a field of the memory map in use are explained too.

    Examples:
        help
        help read
        read ?
        help transport key
        help 6A82
        help A4
        help cm_key1
    """
    if subject is None:
        return manual.index(session.registry, session.topics)
    context = session.context()
    named = session.registry.get(subject) or session.topics.get(subject)
    if named is None and context.map is not None and context.map.field(subject) is not None:
        return f"{AddressType().explain(subject, context)}\nread {subject} reads it; help memory map says more"
    return manual.look_up(subject, session.registry, session.topics)


COMMANDS = (help_,)
