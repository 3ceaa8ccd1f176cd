"""The shell itself: its settings, scripts, and the way out."""

from __future__ import annotations

from dataclasses import replace

from jcopsh import places
from jcopsh.errors import EXIT_OK, UsageError
from jcopsh.shell import config
from jcopsh.shell.command import command
from jcopsh.shell.execute import AlreadyShownError
from jcopsh.shell.script import run_file
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Setting, SettingList
from jcopsh.shell.types import ScriptFile, SettingName, SettingValue


@command("set", group="shell")
def set_(
    session: Session, name: SettingName | None = None, value: SettingValue | None = None, *, save: bool = False
) -> SettingList | Setting:
    """List the settings, show one, or change one. A change lasts until jcopsh ends.

    The list says where each value comes from: an option, the environment (GP_READER, GP_TRACE, NO_COLOR), a line of
    config.toml, or typed here. `jcopsh --no-config` starts without config.toml.

    Options:
        --save: keep the change in config.toml

    Examples:
        set
        set map j2a040
        set trace brief --save
    """
    if name is None:
        if save:
            raise UsageError("--save keeps one setting", hint="set NAME VALUE --save")
        return replace(session.settings.all(), file=str(places.config_file()))
    setting = session.settings.get(name) if value is None else session.settings.set(name, value)
    if not save:
        return setting
    source = config.save(places.config_file(), config.SETTINGS, setting.name, setting.value)
    return session.settings.set(setting.name, setting.value, source)


@command("run", group="shell", aliases=("source",))
def run(session: Session, file: ScriptFile) -> None:
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
