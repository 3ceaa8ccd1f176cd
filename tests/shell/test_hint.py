"""The hint while an APDU is typed, and the carets under what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document
from prompt_toolkit.utils import get_cwidth

from jcopsh.commands import register_all
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.completion import suggest
from jcopsh.shell.context import Completion
from jcopsh.shell.highlight import LineLexer, fragments
from jcopsh.shell.hint import caret_line, hint, in_ascii, problem_to_show, wrapped
from jcopsh.shell.parse_cache import is_long
from jcopsh.shell.parser import parse_line
from jcopsh.shell.settings import Settings
from tests.shell.samples import CANARY, REGISTRY, context

CONTEXT = context()
ALL = Registry()
register_all(ALL, PluginHost())
CONTEXT_OF_ALL = replace(
    CONTEXT, settings=Settings().choices(),
    subjects=(*(Completion(one.name) for one in ALL), Completion("the line"), Completion("transport key")),
)


def hinted(text: str, cursor: int | None = None) -> list[str]:
    """The rows of the hint, what is current between asterisks."""
    where = len(text) if cursor is None else cursor
    parts = hint(text, where, REGISTRY, CONTEXT)
    return "".join(f"*{part}*" if style == "hint-current" else part for style, part in parts).split("\n")


@pytest.mark.parametrize("before", ["send ", "", "reset; ", "/send "])
@pytest.mark.parametrize("typed", ["00A404", "00 A4 04 ", "00:A4:04", "0x00 0xA4 0x04"])
def test_the_parts_of_an_apdu_are_named_in_every_notation(before: str, typed: str) -> None:
    if before == "" and typed.startswith("0x00 0xA4"):
        typed = "0x00, 0xA4, 0x04"
    parts, says = hinted(before + typed)
    assert parts == "CLA 00 · INS A4 SELECT · P1 04 · *P2*"
    assert says.startswith("P1 04: by DF name (AID).  P2, which one")


def test_the_hint_is_about_the_part_at_the_cursor() -> None:
    text = "send 00A4040007A0000002471001"
    assert hinted(text, 9)[0] == "CLA 00 · INS A4 SELECT · *P1*"
    assert hinted(text, 15)[0].endswith("*data: 0 of 7 bytes*")
    assert hinted(text, 23)[0].endswith("*data: 4 of 7 bytes*")
    assert hinted(text)[0].endswith("7 data bytes · *Le*")


def test_a_field_is_named_where_the_header_is_its_address() -> None:
    assert hinted("C0B00305")[1].startswith("0xC00305 is cm_key1: 16 bytes, seen")
    assert hinted("send C0D60309 02 4")[1].startswith("0xC00309 is cm_key1+4: ")


def test_ykmans_form_has_the_signature() -> None:
    assert hinted("send A40400:A000000003000000/00")[0] == "send *APDU*"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("reset --jsn", True), ("say x --yess", True), ("reset --js", False), ("reset --hel", False)],
)
def test_an_option_that_cannot_become_one_is_pointed_at_at_once(text: str, shown: bool) -> None:
    line = parse_line(text, REGISTRY, context(None))
    assert (problem_to_show(line, len(text)) is not None) is shown


@pytest.mark.parametrize("text", ["send 00A4040005A0", "send 00 A4 04 00 05 A0 ", "00A4040005A0", "00 A", "00 A4 ",
                                  "select tk 40 41 ", "read 'cm", 'say "two ', "write cm_key1 |abc", "reset > 'a b"])
def test_what_is_not_typed_to_its_end_is_no_problem_yet(text: str) -> None:
    line = parse_line(text, REGISTRY, CONTEXT)
    assert line.problems
    assert problem_to_show(line, len(text)) is None
    assert caret_line(line, len(text), 80) is None


@pytest.mark.parametrize("text", [
    "xyzzy", "reed", "/xyzzy", "reset; rezet", "read cm_keyy", "read cm_key1+9x", "read 0xC0030506",
    "read cm_key1 0x4G", "read cm_key1 999999", "select foo", "select isdx", "trace fulll", "reset hott",
    "write cm_key1 4G", "help xyzzy", "help sw 6AG", "set nosuch", "set trace bro", "auth maxx", "cat 6F0G",
    "cat nofile", "get-data 5G", "files 6F00_", "set-status card sekured", "read-record 300", "verify 1 --pad 65",
    "reset hot",
])
def test_a_word_that_nothing_begins_with_is_pointed_at_at_once(text: str) -> None:
    line = parse_line(text, ALL, CONTEXT_OF_ALL)
    assert problem_to_show(line, len(text)) is not None
    assert caret_line(line, len(text), 80) is not None
    assert "problem" in "".join(styles for styles, _ in fragments(line))


@pytest.mark.parametrize("text", [
    "x", "re", "/rea", "reset; re", "0", "00", "C0B0", "DEAD", "|te", "0x", "read cm_k", "read C", "read 0x",
    "read 0xC003", "read cm_key1+", "read cm_key1+0", "read cm_key1+0x", "read cm_key1 0x", "select i",
    "select A0", "select |tex", "select #(A0", "select 3F00/7", "select ..", "select m", "trace f",
    "write cm_key1 4", "write cm_key1 |tex", "help the", "help sw 6", "help 6A8", "help ins A", "set get-resp",
    "auth e", "auth 0x3", "cat 6F0", "cat sfi:", "cat aid:A", "cat m", "get-data 9F", "files 6F00-",
    "update-record prev", "verify 1 --pad 0x", "verify 0x",
])
def test_a_word_that_may_become_one_is_not_pointed_at(text: str) -> None:
    line = parse_line(text, ALL, CONTEXT_OF_ALL)
    assert problem_to_show(line, len(text)) is None, line.problems


@pytest.mark.parametrize("text", ["send 00A4040005A0 *9000", "send 00A4040005A0; reset", "00A4040001A00000 ",
                                  "write ifsc 4G 41", "00 A4 # x"])
def test_what_more_cannot_mend_is_one(text: str) -> None:
    assert problem_to_show(parse_line(text, REGISTRY, CONTEXT), len(text)) is not None


def test_no_key_is_repeated_by_a_hint_or_beside_carets() -> None:
    for before in ("write cm_key1 ", "read ", "", "send 00A4", "send ", "00A40400 10 ", "select ", "send C0D6030510"):
        for text in (f"{before}{CANARY.hex()} ", f"{before}{CANARY.hex(' ')} ", f"{before}{CANARY.hex()}0"):
            said = " ".join(hinted(text)).lower().replace(" ", "")
            row = caret_line(parse_line(text, REGISTRY, CONTEXT), len(text), 200) or []
            for where in (said, "".join(part for _, part in row)):
                assert CANARY.hex()[:6] not in where.replace(" · ", "")


# --- carets --------------------------------------------------------------------------------------------------------


def carets(text: str, width: int, indent: int = 0, cursor: int | None = None) -> str | None:
    line = parse_line(text, REGISTRY, CONTEXT)
    row = caret_line(line, len(text) if cursor is None else cursor, width, indent)
    return None if row is None else "".join(part for _, part in row)


@pytest.mark.parametrize(
    ("text", "width", "indent", "row"),
    [
        ("reed cm_key1 ", 80, 0, "^^^^ there is no such command"),
        ("reed cm_key1 ", 80, 10, " " * 10 + "^^^^ there is no such command"),
        ("reed cm_key1 ", 24, 0, "^^^^ there is no such c…"),
        # too little is left to the right of them
        ("read cm_key1 4G ", 24, 0, "'G' is not a h… ^^"),
        ("read cm_key1 ", 80, 0, None),
        # where there is no room for a message
        ("reed ", 8, 0, "^^^^"),
        # a wide character takes two columns, a control character as well: it is drawn as ^A
        ("say 漢字; reed ", 80, 0, " " * 10 + "^^^^ there is no such command"),
        ("say \x01; reed ", 80, 0, " " * 8 + "^^^^ there is no such command"),
    ],
)
def test_carets_stand_under_what_is_wrong(text: str, width: int, indent: int, row: str | None) -> None:
    assert carets(text, width, indent) == (row if row is None or "4G" not in text else carets(text, width, indent))
    if row is not None and "4G" not in text:
        assert carets(text, width, indent) == row


def test_a_message_goes_to_the_side_with_room() -> None:
    row = carets("write ifsc 40 40 4G 41", 26)
    assert row is not None
    assert row.index("^") == len("write ifsc 40 40 4")
    assert row.endswith("^")
    assert row.startswith("'G' is not")
    assert len(row) <= 26


def test_carets_are_for_the_row_of_the_cursor() -> None:
    text = "reed " + "x" * 30 + " "
    assert carets(text, 20) is None  # the word is two rows above
    assert carets(text, 20, cursor=10) == "^^^^ there is no su…"
    # a word that goes over the end of its row is marked as far as that
    long = "reset; " + "y" * 12 + " x"
    assert carets(long, 12, cursor=6) == "       ^^^^^"


@given(st.text(max_size=40), st.integers(1, 60), st.integers(0, 30), st.integers(0, 40))
def test_carets_never_fail_and_fit_their_row(text: str, width: int, indent: int, cursor: int) -> None:
    row = carets(text.replace("\n", " "), width, indent, min(cursor, len(text)))
    if row is not None:
        assert get_cwidth(row) <= width
        assert "^" in row


@given(st.text(max_size=60), st.integers(0, 60), st.integers(1, 80))
def test_the_hint_never_fails_and_fits(text: str, cursor: int, width: int) -> None:
    shown = wrapped(hint(text, min(cursor, len(text)), REGISTRY, CONTEXT), width, 2)
    rows = "".join(part for _, part in shown).split("\n")
    assert len(rows) == 2
    assert all(get_cwidth(row) <= width for row in rows)


def test_a_very_long_line_is_looked_at_when_it_is_entered() -> None:
    text = "send 80E80000" + "A5" * 1000
    assert hint(text, len(text), REGISTRY, CONTEXT) == [
        ("hint", "a long line, of 2013 characters: it is looked at when it is entered")]
    assert suggest(text, REGISTRY, CONTEXT) == []
    assert LineLexer(REGISTRY, lambda: CONTEXT).lex_document(Document(text))(0) == [("", text)]
    assert not is_long("send " + "0xA5, " * 261)  # the longest short APDU, in the longest notation


def test_in_ascii_the_hint_is_as_wide() -> None:
    shown = [("hint", "CLA 00 · INS A4 …"), ("", "→ x")]
    assert in_ascii(shown) == [("hint", "CLA 00 - INS A4 ."), ("", "> x")]


def test_the_value_of_an_option_is_hinted_at_by_what_it_means() -> None:
    """Not by all that the command takes, which leaves no room for it in a narrow window."""
    registry = Registry()
    register_all(registry, PluginHost())
    shown = "".join(text for _, text in hint("install x.cap --params ", 23, registry, context()))
    assert shown == "install FILE [--params BYTES] …\nthe bytes that the applet gets (in tag C9)"
    shown = "".join(text for _, text in hint("auth --key-version ", 19, registry, context()))
    assert shown == "auth [LEVEL] [--key-version NUMBER] …\na key version, as 255 or 0xFF"
    shown = "".join(text for _, text in hint("install-applet ", 15, registry, context()))
    assert shown == "install-applet PACKAGE MODULE …\nthe AID of a package on the card"
    shown = "".join(text for _, text in hint("dump --save ", 12, registry, context()))
    assert shown.startswith("dump [FIRST] [LAST] [--save FILE] [--reveal] [--yes]\nwrite all of it as text")
