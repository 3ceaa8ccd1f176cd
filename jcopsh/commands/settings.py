"""The shell itself: its settings, scripts, and the way out."""

from __future__ import annotations

from jcopsh.errors import EXIT_OK
from jcopsh.shell.command import command
from jcopsh.shell.execute import AlreadyShownError
from jcopsh.shell.script import run_file
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Setting, SettingList
from jcopsh.shell.types import InputFile, SettingName, SettingValue


@command("set", group="shell")
def set_(
    session: Session, name: SettingName | None = None, value: SettingValue | None = None
) -> SettingList | Setting:
    """List the settings, show one, or change one. They last until jcopsh ends.

    Examples:
        set
        set map j2a040
        set get_response off
    """
    if name is None:
        return session.settings.all()
    if value is None:
        return session.settings.get(name)
    return session.settings.set(name, value)


@command("run", group="shell", aliases=("source",))
def run(session: Session, file: InputFile) -> None:
    """Run the lines of a file, one after the other, and stop at the first that fails.

    `#` begins a comment and a backslash at the end of a line joins the next one to it. With --yes, all of its lines are
    answered yes where something destructive is asked; what is irreversible is asked of you all the same.

    Examples:
        run prepare.jcop
        run prepare.jcop --yes
    """
    code = run_file(session, file)
    if code != EXIT_OK:
        raise AlreadyShownError(code)


@command("exit", group="shell", aliases=("quit", "bye"))
def exit_(session: Session) -> None:
    """Leave the shell; the card is reset. Ctrl-D does the same."""
    session.exit_requested = True


COMMANDS = (set_, run, exit_)
