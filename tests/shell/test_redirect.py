"""`LINE > FILE` and `LINE | PROGRAM`, as far as the line itself tells: what belongs to them, what is wrong, secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.shell.highlight import fragments
from jcopsh.shell.line import Line, strike_out
from jcopsh.shell.parser import parse_line
from jcopsh.shell.redirect import PROGRAM, RESULT_FILE, Form, form_of
from jcopsh.shell.slot import SlotKind, slot_at_end
from jcopsh.shell.words import RedirectKind, cut, quote
from tests.shell.samples import CANARY, REGISTRY, context

CONTEXT = context()


def parse(text: str) -> Line:
    return parse_line(text, REGISTRY, CONTEXT)


def redirects(text: str) -> list[tuple[str, list[str]] | None]:
    """The operator and the words behind it, for each command."""
    return [
        (one.redirect.kind.value, [word.text for word in one.redirect.words]) if one.redirect else None
        for one in cut(text).segments
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read x > a.txt", [(">", ["a.txt"])]),
        ("read x >a.txt", [(">", ["a.txt"])]),
        ("read x >> a.txt", [(">>", ["a.txt"])]),
        ("read x>a.txt", [(">", ["a.txt"])]),
        ("read x>>a.json --yes; read y>/tmp/b.SVG", [(">>", ["a.json", "--yes"]), (">", ["/tmp/b.SVG"])]),
        ("read x> a.html", [(">", ["a.html"])]),
        ("read x>a", [None]),
        ('read x>"a b.txt"', [(">", ["a b.txt"])]),
        ("read x>>'a;b.JSON'; read y", [(">>", ["a;b.JSON"]), None]),
        ('read x>"a b"', [None]),
        ('read x>"a.txt"b', [None]),
        ("verify 1 12>34", [None]),
        ("write ifsc |a>b.txt|", [None]),
        ("write ifsc 'a>b.txt'", [None]),
        ("read x>a.txt.bak", [None]),
        ('read x > "a b; c.txt"', [(">", ["a b; c.txt"])]),
        ("read x > a.txt; read y | less -N; read z", [(">", ["a.txt"]), ("|", ["less", "-N"]), None]),
        ("read x | less; read y | less", [("|", ["less"]), ("|", ["less"])]),
        ("read x | grep 'a|b' -i # | c", [("|", ["grep", "a|b", "-i"])]),
        ("read x |", [("|", [])]),
        ("read x |wc -l", [("|", ["wc", "-l"])]),
        ("read x|wc -l; read y|less", [("|", ["wc", "-l"]), ("|", ["less"])]),
        ("read x | grep -c C0 | cat", [("|", ["grep", "-c", "C0", "|", "cat"])]),
        ("write ifsc |less|", [None]),
        ("write ifsc | wc|", [None]),
        ("write ifsc |wcs", [None]),
        ("write ifsc #(|wc", [None]),
        ("read x|foo", [None]),
        ("read x >", [(">", [])]),
        ("read x |;", [("|", []), None]),
        ("> a.txt", [(">", ["a.txt"])]),
        # bars around a text
        ("write ifsc |a > b|", [None]),
        ("write ifsc | a text |", [None]),
        ("write ifsc | it's |", [None]),
        ("write ifsc | a | > x", [(">", ["x"])]),
        ("write ifsc |abc| | less", [("|", ["less"])]),
        ("write ifsc #(| a > |)", [None]),
        ("write ifsc |", [("|", [])]),
        ("write ifsc |a", [None]),
        # in quotes nothing is an operator
        ('say "> x" "|" y', [None]),
        ("say '>' x", [None]),
        # behind an operator only quotes hold together
        ("say x | grep a|b #(", [None]),
        ("read x > #( | y", [(">", ["#(", "|", "y"])]),
        ("read x > a#(b|c", [(">", ["a#(b|c"])]),
    ],
)
def test_where_a_redirection_begins_and_ends(
    text: str, expected: list[tuple[str, list[str]] | None]
) -> None:
    assert redirects(text) == expected


def test_the_call_before_it_is_what_it_would_be_alone() -> None:
    for text in ("read cm_key1 16", "00A40400 #(|JCOP|) *9000", "say two words", "help transport key", "?",
                 "read ?"):
        (alone,), (call,) = parse(text).calls, parse(f"{text} > out.txt").calls
        assert not call.problems
        assert dict(call.arguments) == dict(alone.arguments)
        assert call.entry is alone.entry
        assert call.redirect is not None and call.redirect.target == "out.txt"


def test_options_may_stand_behind_the_file_but_belong_to_a_program() -> None:
    (call,) = parse("read cm_key1 > out.txt --yes --reveal").calls
    assert (call.yes, call.arguments["reveal"]) == (True, True)
    (problem,) = call.problems
    assert "on the screen alone" in problem.message
    assert call.redirect is not None
    assert (problem.start, problem.end) == (call.redirect.operator.start, call.redirect.words[0].end)
    (call,) = parse("read cm_key1 | head --yes -1").calls
    assert call.redirect is not None
    assert (call.yes, call.redirect.arguments, call.problems) == (False, ("--yes", "-1"), ())


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("read cm_key1 >", "", "> needs a file"),
        ("read cm_key1 >> --yes", "", ">> needs a file"),
        ("read cm_key1 |", "", "| needs a program"),
        ("read cm_key1 > a b.txt", "b.txt", "only options"),
        ("read cm_key1 > a.txt > b.txt", "> b.txt", "only options"),
        ("read cm_key1 > a.txt | less", "| less", "only options"),
        ('read cm_key1 > ""', '""', "> needs a file"),
        ("read cm_key1 >> a.svg", "a.svg", "SVG cannot be appended to"),
        ("read cm_key1 >> a.html", "a.html", "HTML cannot be appended to"),
        ("read cm_key1 | less > f", ">", "no shell"),
        ("read cm_key1 | less 2>/dev/null", "2>/dev/null", "no shell"),
        ("read cm_key1 | less && reset", "&&", "no shell"),
        ("read cm_key1 | grep -c C0 | cat", "|", "no shell"),
        ("read cm_key1 > d.pdf", "d.pdf", "none of the forms"),
        ("read cm_key1 >> Cards.CSV", "Cards.CSV", "none of the forms"),
        ("read cm_key1 > a.bin", "a.bin", "--save"),
        ("read cm_key1 > 'a", "'", "never closed"),
        ("> a.txt", ">", "a command stands before this"),
        ("| less", "|", "a command stands before this"),
        ("read cm_key1 > ‹16 bytes›", "‹16 bytes›", "a secret stood here"),
        ("reed x > a.txt", "reed", "no such command"),
        ("read > a.txt", "", "ADDRESS is missing"),
    ],
)
def test_a_problem_stands_where_it_is(text: str, marked: str, says: str) -> None:
    problem = parse(text).problems[0]
    assert says in f"{problem.message} {problem.hint}"
    assert text[problem.start : problem.end].strip() == marked
    assert 0 <= problem.start < problem.end <= len(text) + 1


def test_each_part_has_its_colour() -> None:
    drawn = [part for part in fragments(parse("read ifsc > a.txt --yes; reset | less -N")) if part[1].strip()]
    assert drawn == [
        ("command", "read"), ("field", "ifsc"), ("redirection", ">"), ("path", "a.txt"), ("option", "--yes"),
        ("separator", ";"), ("command", "reset"), ("redirection", "|"), ("name", "less"), ("text", "-N"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "typed"),
    [
        ("read ifsc >", SlotKind.REDIRECT, ">"),
        ("read ifsc >>", SlotKind.REDIRECT, ">>"),
        ("read ifsc |", SlotKind.REDIRECT, "|"),
        ("read ifsc > ", SlotKind.VALUE, ""),
        ("read ifsc > a", SlotKind.VALUE, "a"),
        ("read ifsc > 'a b", SlotKind.VALUE, "a b"),
        ("read ifsc > a ", SlotKind.NOTHING, ""),
        ("read ifsc > a --y", SlotKind.OPTION, "--y"),
        ("read ifsc | ", SlotKind.VALUE, ""),
        ("read ifsc | le", SlotKind.VALUE, "le"),
        ("read ifsc | less -", SlotKind.NOTHING, ""),
    ],
)
def test_what_can_be_typed_there(text: str, kind: SlotKind, typed: str) -> None:
    slot = slot_at_end(parse(text), CONTEXT)
    assert (slot.kind, slot.text) == (kind, typed)
    if kind is SlotKind.VALUE:
        assert slot.parameter is (PROGRAM if "|" in text else RESULT_FILE)


def test_usual_programs_are_offered() -> None:
    assert PROGRAM.type is not None
    offered = {one.text: one.meaning for one in PROGRAM.type.complete("le", CONTEXT)}
    assert list(offered) == ["less"] and offered["less"]


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.txt", Form.TEXT), ("a.JSON", Form.JSON), ("a.html", Form.HTML), ("a/b.svg", Form.SVG), ("a.log", Form.TEXT),
     ("a", Form.TEXT), (".svg", Form.TEXT)],
)
def test_the_form_follows_from_the_ending(name: str, form: Form) -> None:
    assert form_of(name) is form
    # --json is for what would be text
    assert form_of(name, json=True) is (Form.JSON if form is Form.TEXT else form)


# --- what no history may keep ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("read cm_key1 > key1.txt --yes", "read cm_key1 > key1.txt --yes"),
        ("read cm_key1 | grep cm_key1 -A 2", "read cm_key1 | grep cm_key1 -A 2"),
        ("00A40400 | less", "00A40400 | less"),
        (f"write cm_key1 {CANARY.hex()} > a.txt", "write cm_key1 ‹16 bytes› > a.txt"),
        (f"read cm_key1 > {CANARY.hex()}", "read cm_key1 > ‹16 bytes›"),
        (f"read cm_key1 | grep {CANARY.hex()}", "read cm_key1 | grep ‹16 bytes›"),
        # the second bar is missing, and no program is meant
        ("write cm_key1 | My Secret Key 16", "write cm_key1 | ‹secret›"),
        ("write cm_key1 | my secret key 16", "write cm_key1 | my ‹secret›"),
        ("select tk | JCOPSIMULATEDTK0", "select tk | ‹secret›"),
        ("reed x > pin 1234", "reed x > pin ‹secret›"),
    ],
)
def test_the_history_keeps_no_secret_of_a_redirection(text: str, kept: str) -> None:
    assert strike_out(parse(text)) == kept


WORDS = st.sampled_from([
    "read", "write", "cm_key1", "ifsc", "16", ">", ">>", "|", "|a b|", "less", "a.txt", "--yes", ";", "#", '"', "'",
    "#(", ")", "‹16 bytes›", "00A4040010", CANARY.hex(), "say", "||", "-", ">x", "| ", "",
])


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_any_line_with_operators_parses_to_tokens_in_order(text: str) -> None:
    line = parse(text)
    position = 0
    for token in line.tokens:
        assert position <= token.start < token.end <= len(text)
        position = token.end
    for problem in line.problems:
        assert 0 <= problem.start < problem.end <= len(text) + 1
    for call in line.calls:
        if call.redirect is not None:
            assert call.start <= call.redirect.operator.start < call.redirect.span.end <= call.end
            assert call.redirect.words or call.problems
    assert CANARY.hex() not in strike_out(line)
    for end in range(len(text) + 1):
        slot_at_end(parse(text[:end]), CONTEXT)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("read cm_key1>x", "read cm_key1>x"),
        ("read cm_key1>>/tmp/some.where", "read cm_key1>>/tmp/some.where"),
        ('dump c0b0>"my results of the day"', 'dump c0b0>"my results of the day"'),
        ("reset warm>./foo", "reset warm>./foo"),
        ("dump --save>x", "dump --save>x"),
        ("reset>'a b'", "reset>'a b'"),
        ("send 00A40400>results", "send 00A40400>results"),
        ("00A40400>results", "00A40400>results"),
        # what stands before it is secret, and the > may belong to it
        ("write cm_key1 40>results", "write cm_key1 ‹secret›"),
        (f"send 00A40400>{CANARY.hex()}", "send ‹secret›"),
    ],
)
def test_where_a_blank_is_missing_before_an_arrow_it_is_said_and_no_more_is_struck(text: str, kept: str) -> None:
    line = parse(text)
    assert any(one.hint == "put a blank before >" and text[one.start] == ">" for one in line.problems)
    assert strike_out(line) == kept


def test_in_a_secret_an_arrow_may_be_a_part_of_it() -> None:
    line = parse("select tk secret>x")
    assert strike_out(line) == "select tk ‹secret›"
    assert [one.hint for one in line.problems] == ["if the > says where the result goes, put a blank before >"]
    assert not parse("select tk |CanaryKey>16;by.|").problems


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\x0b\x0c\0"), min_size=1))
def test_a_quoted_name_is_the_file_whatever_it_is(name: str) -> None:
    for kind in RedirectKind:
        (segment,) = cut(f"say x {kind.value} {quote(name)}").segments
        assert segment.redirect is not None
        assert (segment.redirect.kind, segment.redirect.target, len(segment.redirect.words)) == (kind, name, 1)
