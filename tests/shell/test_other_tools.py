"""What people type who come from other tools."""

from __future__ import annotations

import pytest

from jcopsh.commands import register_all
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.other_tools import CALLED_HERE
from jcopsh.shell.parser import parse_line

REGISTRY = Registry()
register_all(REGISTRY, PluginHost())


@pytest.mark.parametrize("word", CALLED_HERE)
def test_the_word_is_no_command_and_leads_to_one(word: str) -> None:
    assert REGISTRY.get(word) is None
    (problem,) = parse_line(f"{word} x", REGISTRY, ParseContext()).problems
    assert (problem.message, problem.hint) == ("there is no such command", CALLED_HERE[word])
    words = CALLED_HERE[word].replace(",", " ").replace(";", " ").replace(":", " ").split()
    outside = ("Ctrl-L", "GPShell's", "jcopsh", "help")
    assert any(one in outside or REGISTRY.get(one) is not None for one in words)


@pytest.mark.parametrize("word", ["cleer", "lixxt", "abort", "gets"])
def test_nothing_far_from_every_command_is_taken_for_one(word: str) -> None:
    (problem,) = parse_line(word, REGISTRY, ParseContext()).problems
    assert problem.hint == "help lists the commands"


@pytest.mark.parametrize("line", ["ls /", "ls -la", "ls -l 3F00", "/ls x"])
def test_ls_with_arguments_leads_to_files(line: str) -> None:
    problem = parse_line(line, REGISTRY, ParseContext()).problems[0]
    assert "files looks which files a card has" in problem.hint


def test_by_its_own_name_a_command_has_its_signature() -> None:
    (problem,) = parse_line("list x", REGISTRY, ParseContext()).problems
    assert problem.hint == "list"
