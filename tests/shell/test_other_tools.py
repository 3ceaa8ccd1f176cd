"""What people type who come from other tools."""

from __future__ import annotations

import pytest

from jcopsh.commands import register_all
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.other_tools import TOOLS, Tool
from jcopsh.shell.parser import parse_line
from jcopsh.shell.topics import TopicBook

REGISTRY = Registry()
register_all(REGISTRY, PluginHost())


OTHER_WORDS = sorted({word for tool in TOOLS for word, _ in tool.words() if len(word) > 1 and not REGISTRY.get(word)})


def hint_for(line: str) -> str:
    problem = parse_line(line, REGISTRY, ParseContext()).problems[0]
    assert problem.message == "there is no such command"
    return problem.hint


def leads_to_a_command(hint: str) -> bool:
    words = hint.replace(",", " ").replace(";", " ").replace(":", " ").split()
    return any(one in ("Ctrl-L", "jcopsh", "help") or REGISTRY.get(one) is not None for one in words)


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_a_word_of_another_tool_that_is_no_command_leads_to_one(word: str) -> None:
    for typed in (word, word.upper(), f"/{word}", word.replace("_", "-")):
        if REGISTRY.get(typed) is None:  # get-data is a command, get_data is one of GPShell's
            assert leads_to_a_command(hint_for(f"{typed} x")), typed


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.listed], ids=lambda tool: tool.name)
def test_every_word_that_help_translates_gives_its_hint(tool: Tool) -> None:
    topics = TopicBook()
    topic = topics.get(tool.name)
    assert topic is not None
    assert [topics.get(name) for name in tool.aliases] == [topic] * len(tool.aliases)
    lines = [line for line in topic.text.splitlines() if line.startswith("    ")]
    assert len(lines) == len(tool.commands)
    for line, (theirs, here) in zip(lines, tool.commands.items(), strict=True):
        assert line.split() == [*theirs.split(), *here.split()]
        for one in theirs.split(", "):
            typed = f"{tool.programs[0]} {one}" if tool.programs else one
            if REGISTRY.get(typed.split()[0]) is None:
                assert here in hint_for(typed)


@pytest.mark.parametrize(("line", "says"), [
    ("rm 2F00", "delete-file"), ("do_get 5F52", "get-data"), ("do_put 1 22", "put-data"),
    ("random 8", "get-challenge 8"),
    ("find_tags", "data-objects"), ("erase", "delete-file"), ("echo", "#"), ("append", "append-record"),
    ("create 2F00 20", "create-file 2F00 20 (for opensc-explorer's)"), ("gp -l", "list"), ("gp --list", "list"),
    ("gp -install foo.cap", "install FILE"), ("gp --install foo.cap", "install FILE"),
    ("gp -a 00A4", "send APDU"), ("gp -key 404142434445464748494A4B4C4D4E4F -l", "auth --key"),
    ("gp", "help GlobalPlatformPro"),
    ("gp --nonsense", "help GlobalPlatformPro"), ("opensc-tool -s 00A40400", "send APDU"),
    ("opensc-tool -n", "identify"),
    ("scriptor file", "run FILE"), ("send_apdu_nostop -sc 0 -APDU 00A40400", "send_apdu"),
    ("open_sc_nostop", "auth"),
    ("get_card_status", "list"), ("/list-readers", "readers"), ("/mode trace=on", "trace full"),
])
def test_what_people_type(line: str, says: str) -> None:
    assert says in hint_for(line)


@pytest.mark.parametrize(("line", "same"), [
    ("select -AID a000000003000000", "select A000000003000000"), ("install -file a.cap", "install a.cap"),
    ("delete -AID A000000003 -related", "delete A000000003 --related"),
])
def test_an_argument_may_be_named_as_gpshell_does(line: str, same: str) -> None:
    (call,), (other,) = (parse_line(one, REGISTRY, ParseContext()).calls for one in (line, same))
    assert not call.problems
    assert (call.entry, call.arguments) == (other.entry, other.arguments)


@pytest.mark.parametrize(("line", "says"), [
    ("select -AID", "-aid needs a value"), ("delete -AID", "AID is missing"),
    ("select --AID A000000003", "no such option"),
    # only the argument that comes next: the order stays
    ("install-applet -module A000000003 -package A000000004", "no such option"),
])
def test_a_named_argument_that_is_wrong(line: str, says: str) -> None:
    assert says in parse_line(line, REGISTRY, ParseContext()).problems[0].message


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


def test_the_rows_of_help_fit_a_terminal() -> None:
    for tool in (tool for tool in TOOLS if tool.listed):
        assert all(len(row) <= 80 for row in tool.table().splitlines()), tool.name
