"""What plugins there are."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.plugin.host import PluginInfo
from jcopsh.shell.command import command
from jcopsh.shell.session import Session


@dataclass(frozen=True)
class PluginList:
    """Every plugin found, and the user's folder for them."""

    plugins: tuple[PluginInfo, ...]
    folder: str


@command("plugins", group="shell")
def plugins(session: Session) -> PluginList:
    """List the plugins: what they add, where they are, and why a broken one is broken.

    They are found in the bundled folder, among installed packages (entry points `jcopsh.plugins`) and in your own
    folder, which is shown; never in the current directory.
    """
    return PluginList(session.plugins(), session.plugin_folder)


COMMANDS = (plugins,)
