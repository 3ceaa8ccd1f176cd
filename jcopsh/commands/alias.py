"""Aliases: names of the user's own for the beginning of a command."""

from __future__ import annotations

from jcopsh import places
from jcopsh.errors import UsageError
from jcopsh.shell import config
from jcopsh.shell.aliases import define_alias
from jcopsh.shell.command import Alias, AliasList, command
from jcopsh.shell.session import Session
from jcopsh.shell.types import AliasDefinitionText, AliasName


@command("alias", group="shell")
def alias(
    session: Session, definition: AliasDefinitionText | None = None, *, save: bool = False
) -> AliasList | Alias:
    """Let a name of your own stand for a command and its first arguments; what is typed behind it is added.

    Without arguments it lists the aliases. An alias lasts until jcopsh ends. Those of config.toml hold in the
    interactive shell alone, so that a script does the same for everybody.

    What an alias stands for is looked at as if it had been typed: the same questions are asked. It cannot hold a key, a
    PIN or --yes, nor take the name of a command. Where its result goes to a file or program, quotes hold all of it.

    Options:
        --save: keep it in config.toml; it stands before the name

    Examples:
        alias id = identify
        alias key1 = read cm_key1 16
        alias --save id = identify
        alias picture = "dump > memory.svg"
    """
    if definition is None:
        if save:
            raise UsageError("--save keeps one alias", hint="alias --save NAME = COMMAND")
        return AliasList(session.registry.aliases, str(places.config_file()))
    if definition.words is None:
        known = session.registry.alias(definition.name)
        if known is None:
            raise UsageError("there is no such alias", hint="alias NAME = COMMAND makes one, alias alone lists them")
        if not save:
            return known
        words = known.words
    else:
        words = definition.words
    defined = define_alias(session.registry, session.context(), definition.name, words)
    if not save:
        return defined
    source = config.save(places.config_file(), config.ALIASES, defined.name, defined.words)
    return session.registry.add_alias(defined.name, defined.words, str(source))


@command("unalias", group="shell")
def unalias(session: Session, name: AliasName, *, save: bool = False) -> str:
    """Forget an alias. One that config.toml holds is back at the next start.

    Options:
        --save: forget it in config.toml too

    Examples:
        unalias id
        unalias id --save
    """
    # one that is forgotten here may still be in the file
    if save and config.forget(places.config_file(), config.ALIASES, name):
        if session.registry.alias(name) is not None:
            session.registry.remove_alias(name)
        return f"{name} is forgotten, in config.toml too"
    gone = session.registry.remove_alias(name)
    back = f"; config.toml has it at the next start again, unless: unalias {name} --save" if gone.source else ""
    return f"{gone.name} is forgotten{back}"


COMMANDS = (alias, unalias)
