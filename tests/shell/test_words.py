from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.shell.words import cut, join, quote


def words(text: str) -> list[list[str]]:
    return [[word.text for word in segment.words] for segment in cut(text).segments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read cm_key1 16", [["read", "cm_key1", "16"]]),
        ("  a\t b  ", [["a", "b"]]),
        ("a;b ; c", [["a"], ["b"], ["c"]]),
        ("a;;b", [["a"], [], ["b"]]),
        ("a # b; c", [["a"]]),
        ("a b#c", [["a", "b#c"]]),
        ("// a comment of GPShell", [[]]),
        ("a // b", [["a"]]),
        ("dir//file", [["dir//file"]]),
        ("x #(01 02) y", [["x", "#(01 02)", "y"]]),
        ("x C9#(|a b;c|)", [["x", "C9#(|a b;c|)"]]),
        ("x |a ; # b| y", [["x", "|a ; # b|", "y"]]),
        ('x "a ; # b" y', [["x", "a ; # b", "y"]]),
        ("""x 'say "no"' y""", [["x", 'say "no"', "y"]]),
        ('x a" "b', [["x", "a b"]]),
        ('x ""', [["x", ""]]),
        ('x "|a b|"', [["x", "|a b|"]]),
        ("x ‹16 bytes› y", [["x", "‹16 bytes›", "y"]]),
        ("x ‹ y", [["x", "‹", "y"]]),
        ("--save='a b'", [["--save=a b"]]),
    ],
)
def test_a_line_is_cut_into_commands_and_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [('a "b c', 2, 3), ("a b'c", 3, 4), ("a |b c; d", 2, 3), ("a 01#(02 03", 4, 6), ("a #(01 #(02) ;b", 2, 4)],
)
def test_what_is_never_closed_is_a_problem_where_it_was_opened(text: str, start: int, end: int) -> None:
    problem = next(word.problem for segment in cut(text).segments for word in segment.words if word.problem)
    assert (problem.start, problem.end) == (start, end)


def test_every_character_of_a_quoted_word_remembers_its_place() -> None:
    text = """x a"b c"'d'e"""
    word = cut(text).segments[0].words[1]
    assert word.text == "ab cde"
    assert [text[word.at(i)] for i in range(len(word.text))] == list("ab cde")
    assert text[slice(*word.span(1, 4))] == "b c"


def test_joined_words_keep_their_places_across_quotes_and_gaps() -> None:
    text = """send "00 A4"   04 00"""
    joined = join(text, cut(text).segments[0].words[1:])
    assert joined.text == "00 A4 04 00"
    assert [text[joined.at(i)] for i, c in enumerate(joined.text) if c != " "] == list("00A40400")


def test_words_without_quotes_are_joined_as_they_stand() -> None:
    text = "send 00   A4"
    assert join(text, cut(text).segments[0].words[1:]).text == "00   A4"


# a line has no line ends; with both kinds of quotes in it a placeholder's sign is text like any other
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\x0b\x0c"), min_size=0))
def test_a_quoted_text_is_one_word_that_gives_it_back(text: str) -> None:
    pieces = cut(f"x {quote(text)} y")
    assert [[w.text for w in s.words] for s in pieces.segments] == [["x", text, "y"]]
    assert not any(word.problem for word in pieces.segments[0].words)


@given(st.text(max_size=80))
def test_no_text_is_too_strange_to_be_cut(text: str) -> None:
    pieces = cut(text)
    position = 0
    for segment in pieces.segments:
        assert segment.start >= position
        position = segment.start
        for word in segment.words:
            assert position <= word.start < word.end <= segment.end
            position = word.end
    assert position <= len(text)
