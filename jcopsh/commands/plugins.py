"""What plugins there are."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh import places
from jcopsh.plugin.host import PluginHost, PluginInfo
from jcopsh.shell.command import Command, command


@dataclass(frozen=True)
class PluginList:
    """Every plugin found, and the user's folder for them."""

    plugins: tuple[PluginInfo, ...]
    folder: str


def plugins_command(host: PluginHost) -> Command:
    """The command `plugins`, for the host that found them."""

    @command("plugins", group="shell")
    def plugins() -> PluginList:
        """List the plugins: what they add, where they are, and why a broken one is broken.

        They are found in the bundled folder, among installed packages (entry points `jcopsh.plugins`) and in your own
        folder, which is shown; never in the current directory.
        """
        return PluginList(host.infos(), str(places.user_plugins_folder()))

    return plugins
