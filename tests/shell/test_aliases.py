"""Aliases: what they stand for is parsed as if it had been typed, and everything is marked where it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jcopsh.commands import register_all
from jcopsh.errors import UsageError
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.aliases import define_alias
from jcopsh.shell.command import Registry
from jcopsh.shell.completion import suggest
from jcopsh.shell.highlight import fragments
from jcopsh.shell.hint import hint
from jcopsh.shell.line import Line, strike_out
from jcopsh.shell.manual import CommandHelp, look_up
from jcopsh.shell.parser import parse_line
from jcopsh.shell.slot import slot_at_end
from jcopsh.shell.topics import TopicBook
from tests.shell.samples import CANARY, J2A040, context, sample_registry, stage

CONTEXT = context()
NAME = "zz"
REAL = Registry()
register_all(REAL, PluginHost())
KEY = bytes(range(0x40, 0x50)).hex().upper()


def registry(**aliases: str) -> Registry:
    """The sample commands and some aliases."""
    made = sample_registry()
    for name, words in aliases.items():
        define_alias(made, CONTEXT, name, words)
    return made


def parse(text: str, known: Registry) -> Line:
    return parse_line(text, known, CONTEXT)


# an alias and the same line without it --------------------------------------------------------------------------------

BEGINNINGS = (
    "read", "read cm_key1", "/READ cm_key1 16", "rd 0xC00305", "send", "send 00 A4 04", "00 A4 04 00 00", "say",
    "say --tone", 'say "two words"', "say -- --tone", "dump --save", "dump 0xC00305", "select", "select tk",
    "write cm_key1", "write cm_key1_version 01", "help transport", "name", "count", "reset > out.txt",
    "read cm_key1 | less",
)
WORDS = (
    "16", "cm_key1", "0xC00305", KEY, KEY[:20], "40:41:42", "404142434445 4647", CANARY.hex(), "|hello|", "#(A0 00)",
    "--reveal", "--reveal=1", "--save", "--tone=high", "low", "--json", "--yes", "-x", "--", "'a b'", '"', "|",
    "; read", "# read", ">", "> a.json", ">> b", "‹16 bytes›", "‹", "tk", "JCOPSIMULATEDTK0", "isd", "  ",
    "00 A4 04 00 10 " + KEY, NAME, "=", "é", "*9000",
)


@given(st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=5))
def test_a_call_by_an_alias_is_the_call_that_it_stands_for(words: str, others: list[str]) -> None:
    rest = " " + " ".join(others)
    by_alias = parse(NAME + rest, registry(**{NAME: words}))
    written = parse(words + rest, registry(**{NAME: "leave"}))
    assume("?" not in rest)  # `NAME ?` asks for help on what stands before it, and that is the alias's name
    assert len(by_alias.calls) == len(written.calls)
    for one, other in zip(by_alias.calls, written.calls, strict=True):
        assert (one.entry and one.entry.name, one.command and one.command.name, one.json, one.yes, one.following) == (
            other.entry and other.entry.name, other.command and other.command.name, other.json, other.yes,
            other.following)
        assert one.arguments == other.arguments
        assert [problem.message for problem in one.problems] == [problem.message for problem in other.problems]
        assert (one.redirect and one.redirect.target) == (other.redirect and other.redirect.target)
    assert struck(by_alias, len(NAME)) == struck(written, len(words))
    assert_in_place(by_alias)


def struck(line: Line, typed_from: int) -> set[int]:
    """Which characters are struck out, blanks aside, counted from where the typed part begins."""
    places = {at for span in line.secrets for at in range(*span) if not line.text[at].isspace()}
    return {at - typed_from for at in places if at >= typed_from}


def assert_in_place(line: Line) -> None:
    """Everything lies in the line, the alias is a token by itself, and the drawn line is the typed one."""
    assert all(0 <= token.start < token.end <= len(line.text) for token in line.tokens)
    assert [token.start for token in line.tokens] == sorted(token.start for token in line.tokens)
    assert (line.tokens[0].start, line.tokens[0].end) == (0, len(NAME))
    assert all(0 <= span.start < span.end <= len(line.text) for span in line.secrets)
    # what is missing is marked behind the text
    assert all(0 <= problem.start < problem.end <= len(line.text) + 1 for problem in line.problems)
    assert "".join(text for _, text in fragments(line)) == line.text
    for at in range(len(line.text) + 1):
        slot_at_end(parse_line(line.text[:at], registry(), CONTEXT), CONTEXT)


@given(st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=4))
def test_completion_and_hint_stand_any_line(words: str, others: list[str]) -> None:
    known = registry(**{NAME: words})
    text = f"{NAME} " + " ".join(others)
    for one in suggest(text, known, CONTEXT):
        # nothing of what lies in the alias is put into the line
        assert len(NAME) <= one.start <= len(text) or one.start == 0
    hint(text, len(text), known, CONTEXT)


# where things are marked ----------------------------------------------------------------------------------------------


def test_a_problem_in_the_alias_is_marked_at_its_name() -> None:
    known = registry(k="read cm_key1")
    known.remove(known.get("read").owner)  # type: ignore[union-attr]  # it is there
    (problem,) = parse("k 16", known).problems
    assert (problem.message, problem.start, problem.end) == ("there is no such command", 0, 1)


def test_a_problem_behind_the_alias_is_marked_where_it_was_typed() -> None:
    (problem,) = parse("reset; k nonsense", registry(k="read cm_key1")).problems
    assert (problem.start, problem.end) == (9, 17)


def test_what_is_missing_is_marked_behind_the_line() -> None:
    (problem,) = parse("w", registry(w="write cm_key1")).problems
    assert (problem.message, problem.start) == ("DATA is missing", 1)


def test_the_name_is_drawn_as_a_command_and_the_rest_as_what_it_is() -> None:
    shown = fragments(parse("k 16 --reveal", registry(k="read cm_key1")))
    assert shown == [("command", "k"), ("", " "), ("number", "16"), ("", " "), ("option", "--reveal")]


def test_a_value_that_begins_in_the_alias_is_drawn_in_its_typed_part() -> None:
    shown = fragments(parse("s 04 00 00", registry(s="send 00 A4")))
    assert shown == [("command", "s"), ("", " "), ("bytes", "04 00 00")]


def test_the_history_keeps_the_alias_and_strikes_the_key() -> None:
    known = registry(w="write cm_key1", tk="select tk")
    assert strike_out(parse(f"w {KEY}; /TK {KEY}", known)) == "w ‹16 bytes›; /TK ‹16 bytes›"


def test_a_key_that_begins_in_the_alias_is_struck_where_it_was_typed() -> None:
    known = registry(s="send 00 D6 00 00 10")
    assert strike_out(parse("s " + KEY, known)) == "s ‹16 bytes›"


# completion, hint and help --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("k", "k "),
        ("/k", "/k "),
        ("k ", "k 16 "),
        ("k 16 --rev", "k 16 --reveal "),
        ("r cm_key1_", "r cm_key1_version "),
        ("h ke", "h key "),
        ("sa --tone=h", "sa --tone=high "),
        ("alias x = say --tone h", "alias x = say --tone high "),
        ("alias x = re", "alias x = reset "),
    ],
)
def test_completion_goes_on_from_what_the_alias_stands_for(text: str, line: str, whole: Registry) -> None:
    for name, words in {"k": "read cm_key1", "r": "read", "h": "help transport", "sa": "say"}.items():
        define_alias(whole, CONTEXT, name, words)
    assert line in [text[: one.start] + one.text for one in suggest(text, whole, CONTEXT)]


@pytest.fixture
def whole() -> Registry:
    """The sample commands and those for aliases."""
    from jcopsh.commands.alias import COMMANDS

    made = sample_registry()
    for one in COMMANDS:
        made.add(one)
    return made


def test_the_menu_says_what_an_alias_stands_for() -> None:
    found = {one.shown: one.meaning for one in suggest("", registry(k="read cm_key1"), CONTEXT)}
    assert "read cm_key1" in found["k"]


def test_the_hint_is_that_of_the_command() -> None:
    shown = hint("k ", 2, registry(k="read cm_key1"), CONTEXT)
    assert ("hint-current", "[LENGTH]") in shown


def test_help_on_an_alias_is_help_on_its_command() -> None:
    known = registry(k="read cm_key1", s="00 A4 04 00")
    found = look_up("K", known, TopicBook())
    assert isinstance(found, CommandHelp)
    assert (found.stands_for, found.signature.split()[0]) == ("read cm_key1", "read")
    found = look_up("s", known, TopicBook())
    assert isinstance(found, CommandHelp) and found.signature.startswith("send")


# what can be an alias -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("read", "dump", "read is the name of a command"),
        ("rd", "dump", "rd is the name of a command"),
        ("READ", "dump", "read is the name of a command"),
        ("a0a4", "dump", "reads as bytes"),
        ("fade", "dump", "reads as bytes"),
        ("?", "dump", "no name for an alias"),
        ("two words", "dump", "no name for an alias"),
        ("x" * 25, "dump", "no name for an alias"),
        ("x", "x", "there is no such command"),
        ("x", "", "a command is missing"),
        ("x", "nonsense", "there is no such command"),
        ("x", "read nowhere", ""),
        ("x", "read cm_key1; leave", "stands for one command"),
        ("x", "read cm_key1 # first", "stands for one command"),
        ("x", "leave --yes", "--yes is typed"),
        ("x", "name word --yes", "--yes is typed"),
        ("x", f"write cm_key1 {KEY}", "must not hold"),
        ("x", f"select tk {KEY}", "must not hold"),
        ("x", f"send 00A4040010{KEY}", "must not hold"),
        ("x", f"00A4040010{KEY}", "must not hold"),
        ("x", f"nonsense {KEY}", "must not hold"),
        ("x", "write cm_key1 ‹16 bytes›", ""),
        ("x", 'say "open', "never closed"),
        ("x", "say two\nlines", "one line"),
        ("x", "read cm_key1 >", ""),
        ("x", "leave --save", "no such option"),
    ],
)
def test_what_cannot_be_one_is_refused_without_being_repeated(name: str, words: str, says: str) -> None:
    known = registry()
    with pytest.raises(UsageError) as refused:
        define_alias(known, CONTEXT, name, words)
    told = f"{refused.value.what} {refused.value.hint}"
    assert says in told
    assert KEY not in told
    assert known.aliases == ()


def test_letters_of_hexadecimal_may_be_a_name_where_they_are_no_bytes() -> None:
    assert {alias.name for alias in registry(d="dump", add="say").aliases} == {"add", "d"}


def test_an_alias_may_begin_with_another_but_not_with_itself() -> None:
    known = registry(a="read", b="a cm_key1", c="/B 8")
    assert known.expanded("c") == "read cm_key1 8"
    assert parse("c", known).calls[0].arguments == {"address": 0xC00305, "length": 8}
    for name, words in (("a", "a cm_key1"), ("a", "b"), ("a", "c --reveal"), ("b", "c")):
        with pytest.raises(UsageError):
            define_alias(known, CONTEXT, name, words)
    assert known.expanded("c") == "read cm_key1 8"


def test_an_alias_that_another_begins_with_can_be_changed_and_forgotten() -> None:
    known = registry(a="read", b="a cm_key1")
    define_alias(known, CONTEXT, "a", "say")
    assert parse("b", known).calls[0].command is known.get("say").command  # type: ignore[union-attr]  # it is there
    known.remove_alias("A")
    (problem,) = parse("b", known).problems
    assert problem.message == "there is no such command"
    with pytest.raises(UsageError):
        known.remove_alias("a")


def test_a_circle_made_in_another_way_stands_for_nothing() -> None:
    known = registry(a="read", b="a")
    known._aliases["a"] = known._aliases["b"]  # as no path through add_alias makes it
    assert known.expanded("b") is None
    assert parse("b", known).problems


def test_a_command_that_comes_later_wins() -> None:
    known = registry(k="read")
    known.add_lazy("k", "A plugin's.", "x", "plugin", lambda: known.get("read").load())  # type: ignore[union-attr]  # it is there
    assert parse("k", known).calls[0].entry is known.get("k")


# at the prompt --------------------------------------------------------------------------------------------------------


def test_running_one(tmp_path: Path) -> None:
    scene = stage(tmp_path, {"C0B0030510": "00" * 16 + "9000"}, registry=registry(k="read cm_key1"),
                  memory_map=J2A040)
    assert scene.run("k; K 16; /k --reveal") == 0
    assert scene.link.sent == ["C0B0030510"] * 3


@pytest.mark.parametrize(("text", "marked"), [
    ("alias x = atr > q.txt", ">"), ("alias x = atr | less", "|"), ("alias x = atr >> q.txt", ">>"),
    ("alias x = atr; reset", ";"), ("alias --save x = atr --json ; reset", ";"),
])
def test_what_may_be_meant_for_an_alias_is_not_done_now(text: str, marked: str) -> None:
    (problem,) = parse_line(text, REAL, CONTEXT).problems
    assert text[problem.start : problem.end] == marked
    assert "quotes hold it" in problem.hint


@pytest.mark.parametrize("text", [
    'alias x = "atr --json > q.txt"', "alias x = 'atr --json'; atr", 'alias x = "atr --json | wc -l" > q.txt',
    "alias x > q.txt", "alias > q.txt", "alias x; reset",
])
def test_quotes_show_where_an_alias_ends(text: str) -> None:
    assert parse_line(text, REAL, CONTEXT).problems == ()


def test_an_alias_in_quotes_keeps_where_its_result_goes() -> None:
    line = parse_line('alias x = "atr --json > q.txt"', REAL, CONTEXT)
    assert line.calls[0].arguments["definition"].words == "atr --json > q.txt"
    (problem,) = parse_line('alias x = "atr; reset"', REAL, CONTEXT).problems
    assert "one command" in problem.message
