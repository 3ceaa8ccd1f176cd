"""What a person sees while typing: completion, colours and the hint, all from the one parse."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from jcopsh.shell.command import Command
from jcopsh.shell.completion import LineCompleter, suggest
from jcopsh.shell.highlight import LineLexer, fragments
from jcopsh.shell.hint import hint, wrapped
from jcopsh.shell.parser import parse_line
from tests.shell.samples import CANARY, REGISTRY, context, sample_registry

CONTEXT = context()


def suggested(text: str) -> list[str]:
    """The whole lines that completion would make."""
    return [text[: one.start] + one.text for one in suggest(text, REGISTRY, CONTEXT)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("rea", ["read "]),
        ("r", ["read ", "rd ", "reset "]),
        ("/re", ["/read ", "/reset "]),
        ("reset; rea", ["reset; read "]),
        ("read cm_key1_", ["read cm_key1_version "]),
        ("read cm_key1 ", ["read cm_key1 16 "]),
        ("read cm_key1 --", [f"read cm_key1 --{name} " for name in ("reveal", "json", "yes")]),
        ("read cm_key1 --re", ["read cm_key1 --reveal "]),
        ("read cm_key1 -re", ["read cm_key1 --reveal "]),
        ("reset w", ["reset warm "]),
        ("select t", ["select tk "]),
        ("select is", ["select isd ", "select isd-gp "]),
        ("say --tone ", ["say --tone low ", "say --tone high "]),
        ("say --tone=h", ["say --tone=high "]),
        ("help transport", ["help transport key "]),
        ("help transport k", ["help transport key "]),
        ("set m", ["set map "]),
        ("set map j2", ["set map j2a040 ", "set map j2a081 "]),
        ("read cm_key1 16 ", []),
        ("say x # re", []),
        ("nonsense re", []),
        ("‹16 bytes› ", []),
    ],
)
def test_completion(text: str, lines: list[str]) -> None:
    assert suggested(text) == lines


def test_an_empty_line_is_completed_with_all_commands() -> None:
    assert suggested("") == [f"{name} " for name in REGISTRY.names()]


def test_fields_show_address_length_and_confidence() -> None:
    found = {one.shown: one.meaning.split() for one in suggest("read ", REGISTRY, CONTEXT)}
    assert found["cm_key1"] == ["0xC00305", "16", "bytes", "seen"]
    assert found["cold_unknown_c00125"] == ["0xC00125", "1", "byte", "inferred"]


def test_without_a_card_only_fields_that_all_maps_agree_on_are_offered() -> None:
    names = {one.shown for one in suggest("read c", REGISTRY, context(None))}
    assert "cm_key1" in names
    assert "cold_historical_bytes" not in names


def test_paths_are_quoted_where_they_have_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b.txt").touch()
    (tmp_path / "a dir").mkdir()
    monkeypatch.chdir(tmp_path)
    assert suggested("dump --save ") == ['dump --save "a b.txt" ', 'dump --save "a dir/']
    assert suggested('dump --save "a b') == ['dump --save "a b.txt" ']
    assert suggested("dump --save=a") == ['dump --save="a b.txt" ', 'dump --save="a dir/']


@pytest.mark.parametrize("text", ["read ifsc -", "read ifsc --", "read -", "write ifsc FE -", "dump -", "dump --"])
def test_a_word_that_begins_with_a_dash_is_completed_to_options_with_their_meaning(text: str) -> None:
    found = suggest(text, REGISTRY, CONTEXT)
    assert {"--json", "--yes"} <= {one.shown for one in found}
    assert all(one.shown.startswith("--") and one.meaning for one in found)
    assert {one.start for one in found} == {text.rindex(" ") + 1}


def test_completion_imports_no_plugin() -> None:
    registry = sample_registry()

    def load() -> Command:
        raise AssertionError("imported")

    registry.add_lazy("serial", "Show the serial number.", "card", "plugin serial", load)
    assert [(one.text, one.meaning) for one in suggest("ser", registry, CONTEXT)] == [
        ("serial ", "Show the serial number.")]
    assert suggest("serial ", registry, CONTEXT) == []


def test_prompt_toolkit_gets_them_with_their_meaning() -> None:
    completer = LineCompleter(REGISTRY, lambda: CONTEXT)
    (one,) = completer.get_completions(Document("reset w"), CompleteEvent())
    assert (one.text, one.start_position, one.display_text) == ("warm ", -1, "warm")
    # a blank that is there already is not typed twice
    (one,) = completer.get_completions(Document("rea cm_key1", 3), CompleteEvent())
    assert (one.text, one.start_position, one.display_meta_text[:11]) == ("read", -3, "Read LENGTH")


@given(st.text(max_size=40))
def test_completion_never_fails(text: str) -> None:
    for one in suggest(text, REGISTRY, CONTEXT):
        assert 0 <= one.start <= len(text)
        assert one.text


# --- colours ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("read cm_key1 16", [("command", "read"), ("", " "), ("field", "cm_key1"), ("", " "), ("number", "16")]),
        ("read 0xc0030 16", [("command", "read"), ("", " "), ("address problem", "0xc0030"), ("", " "),
                             ("number", "16")]),
        # what may not be typed to its end is not marked
        ("read 0xc0030", [("command", "read"), ("", " "), ("address", "0xc0030")]),
        ("write ifsc 4G 41", [("command", "write"), ("", " "), ("field", "ifsc"), ("", " "), ("bytes", "4"),
                              ("bytes problem", "G"), ("bytes", " 41")]),
        ("write cm_key1 40 # x", [("command", "write"), ("", " "), ("field", "cm_key1"), ("", " "), ("secret", "40"),
                                  ("", " "), ("comment", "# x")]),
    ],
)
def test_colours_follow_the_parse(text: str, drawn: list[tuple[str, str]]) -> None:
    assert fragments(parse_line(text, REGISTRY, CONTEXT)) == drawn


@given(st.text(max_size=40))
def test_colouring_changes_no_character(text: str) -> None:
    assert "".join(part for _, part in fragments(parse_line(text, REGISTRY, CONTEXT))) == text


def test_prompt_toolkit_gets_them_as_classes() -> None:
    lexer = LineLexer(REGISTRY, lambda: CONTEXT)
    row = lexer.lex_document(Document("read 0xc0030 16"))(0)
    assert ("class:address class:problem", "0xc0030") in row
    assert lexer.invalidation_hash() == lexer.invalidation_hash()


# --- the hint --------------------------------------------------------------------------------------------------------


def hinted(text: str, cursor: int | None = None) -> str:
    """The hint as text, the current parameter between asterisks."""
    where = len(text) if cursor is None else cursor
    parts = hint(text, where, REGISTRY, CONTEXT)
    return "".join(f"*{part}*" if style == "hint-current" else part for style, part in parts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ""),
        ("re", ""),
        ("read ", "read *ADDRESS* [LENGTH] [--reveal]\nan address such as"),
        ("read cm_key1 1", "read ADDRESS *[LENGTH]* [--reveal]\na number of bytes"),
        ("read cm_key1 16 ", "read ADDRESS [LENGTH] [--reveal]\nRead LENGTH bytes"),
        ("dump --save ", "dump [FIRST] *[--save FILE]* [--step NUMBER]\na file to write"),
        ("read 0xc0030 ", "0xC0030 does not fit CLA‖P1‖P2"),
        ("reed cm_key1 ", "there is no such command\ndid you mean read?"),
        # not a problem yet: it may not be typed to its end
        ("read 0xc0030", "read *ADDRESS*"),
        ("write ifsc ", "write ADDRESS *DATA*"),
        ("read cm_key1 --reveal", "read ADDRESS [LENGTH] *[--reveal]*"),
    ],
)
def test_the_hint(text: str, says: str) -> None:
    assert hinted(text).startswith(says)
    assert says or not hinted(text)


def test_the_hint_is_about_the_call_at_the_cursor() -> None:
    text = "reset warm; read cm_key1"
    assert hinted(text, 6).startswith("reset *[KIND]*")
    assert hinted(text).startswith("read *ADDRESS*")


def test_a_plugin_that_is_not_imported_is_hinted_at_by_its_sentence() -> None:
    registry = sample_registry()
    registry.add_lazy("serial", "Show the serial number.", "card", "plugin serial", REGISTRY.entries()[0].load)
    assert hint("serial x", 8, registry, CONTEXT) == [("hint", "serial of plugin serial: Show the serial number.")]


def test_the_hint_shows_no_key() -> None:
    for before in ("write cm_key1 ", "read ", "", "send 00A4"):
        text = f"{before}{CANARY.hex()} "
        assert CANARY.hex()[:8] not in hinted(text).lower()


@pytest.mark.parametrize(
    ("width", "rows", "lines"),
    [
        (80, 2, ["read ADDRESS", "an address such as 0xC00305"]),
        (16, 3, ["read ADDRESS", "an address such", "as 0xC00305"]),
        (16, 2, ["read ADDRESS", "an address such…"]),
        (80, 4, ["read ADDRESS", "an address such as 0xC00305", "", ""]),
        (6, 2, ["read", "…"]),
    ],
)
def test_the_hint_has_its_rows_whatever_the_width(width: int, rows: int, lines: list[str]) -> None:
    parts = [("hint", "read "), ("hint-current", "ADDRESS"), ("hint", "\nan address such as 0xC00305")]
    made = "".join(text for _, text in wrapped(parts, width, rows)).split("\n")
    assert [line.rstrip() for line in made] == [line.rstrip() for line in lines]
    assert all(len(line) <= width for line in made)
