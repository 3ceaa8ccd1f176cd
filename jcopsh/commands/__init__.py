"""The commands, one file a family. Each file names its own in COMMANDS."""

from __future__ import annotations

from importlib import import_module

from jcopsh.shell.command import Registry

FAMILIES = ("connection", "prepersonalise", "memory", "raw", "settings", "history", "help", "plugins")


def register_all(registry: Registry) -> None:
    """Add every command to the registry, in the order in which `help` lists their groups."""
    for family in FAMILIES:
        for command in import_module(f"jcopsh.commands.{family}").COMMANDS:
            registry.add(command)
