"""The commands, one file a family. Each file names its own in COMMANDS."""

from __future__ import annotations

from importlib import import_module

from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry

FAMILIES = (
    "connection", "prepersonalise", "auth", "keys", "card_keys", "memory", "gp_info", "cap", "content", "files",
    "data_objects", "pins", "channels", "raw", "gpshell", "reader", "trace", "settings", "alias", "history", "help",
)


def register_all(registry: Registry, host: PluginHost) -> None:
    """Add every command to the registry, in the order in which `help` lists their groups, then those of plugins."""
    from jcopsh.commands.plugins import plugins_command

    for family in FAMILIES:
        for command in import_module(f"jcopsh.commands.{family}").COMMANDS:
            registry.add(command)
    registry.add(plugins_command(host))
    host.register(registry)
