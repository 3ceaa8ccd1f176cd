"""Aliases: a name of the user's own for the beginning of a command, `alias key1 = read cm_key1`.

`alias_rules` says what one may stand for, `expansion` how a call by one is read.
"""

from __future__ import annotations

from jcopsh.errors import UsageError
from jcopsh.shell.alias_rules import problem_in_alias
from jcopsh.shell.command import Alias, Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.parser import parse_line


def define_alias(registry: Registry, context: ParseContext, name: str, words: str, source: str = "") -> Alias:
    """Let `name` stand for `words`, from now on. Raises UsageError where it cannot, without repeating a secret."""
    problem = problem_in_alias(parse_line(words, registry, context))
    if problem is not None:
        raise UsageError(problem.message, hint=problem.hint)
    return registry.add_alias(name, words, source)
