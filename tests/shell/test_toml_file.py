"""A TOML file read statement by statement, and changed one value at a time."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.errors import UsageError
from jcopsh.shell.toml_file import parse, with_value, without_value

FILE = """# mine

[settings]
trace = "brief"     # as gp does
hints=false
theme = '''
dark'''

  [ aliases ]
  id = "identify"   # "#" is no comment here
"""


def values(text: str) -> dict[tuple[str, ...], object]:
    return {one.path: one.value for one in parse(text).values}


def test_values_come_with_their_lines() -> None:
    found = {one.path: (one.value, one.first, one.last) for one in parse(FILE).values}
    assert found == {
        ("settings", "trace"): ("brief", 4, 4), ("settings", "hints"): (False, 5, 5),
        ("settings", "theme"): ("dark", 6, 7), ("aliases", "id"): ("identify", 10, 10),
    }
    assert parse(FILE).mistakes == ()


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "[settings]", "[settings]\n[aliases]\n"])
def test_files_that_say_nothing(text: str) -> None:
    assert (parse(text).values, parse(text).mistakes) == ((), ())


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ("trace = brief", 9, "no value"),
        ('trace = "brief', 15, "never closed"),
        ("trace", 6, "= is missing"),
        ("trace: brief", 6, "= is missing"),
        ("trace = ", 9, "no value"),
        ('trace = "a" b', 13, "behind the value"),
        ("[settings", 10, "not TOML"),
        ("= 1", 1, "no line of a settings file"),
        ('trace = "\\x"', None, "not TOML"),
        ('trace = """never', None, "never closed"),
        ("trace = [1,", None, ""),
        ("trace = " + "[" * 5000, None, ""),
        ("trace = " + "9" * 6000, None, "not a value"),
        ("trace = 2020-13-45", None, ""),
        ("trace = \x00", 9, "no value"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_spoils_nothing_else(line: str, column: int | None, says: str) -> None:
    text = f'[settings]\nhints = "on"\n{line}\ncolor = "never"\n[aliases]\nid = "identify"\n'
    found = parse(text)
    (mistake,) = found.mistakes
    assert (mistake.line, says in mistake.message) == (3, True), mistake
    assert column is None or mistake.column == column
    assert [one.value for one in found.values] == ["on", "never", "identify"]


PARTS = ["[settings]", "[aliases]", 'a = "b"', "a = [", "]", '"""', "x = '''", "a.b = 1", "a = {b = 1}", "# c", "\r",
         "[[a]]", "="]


@given(st.text(max_size=200) | st.lists(st.sampled_from(PARTS)).map("\n".join))
def test_no_text_makes_it_fail(text: str) -> None:
    found = parse(text)
    lines = text.count("\n") + 1
    assert all(1 <= one.first <= one.last <= lines for one in found.values)
    assert all(1 <= one.line <= lines for one in found.mistakes)
    try:
        tomllib.loads(text)
    except ValueError:
        return
    # what is right as a whole is right in its parts
    assert found.mistakes == () or "[[" in text


def test_a_thousand_mistakes_are_found_at_once() -> None:
    assert len(parse("x = [\n" * 3000).mistakes) == 3000


# changes -------------------------------------------------------------------------------------------------------------


def test_a_value_is_changed_and_all_else_stays() -> None:
    changed = with_value(FILE, "settings", "trace", "full")
    assert changed == FILE.replace('"brief"     #', '"full"     #')
    assert with_value(FILE, "settings", "hints", "on") == FILE.replace("hints=false", 'hints = "on"')
    assert with_value(FILE, "settings", "theme", "light") == FILE.replace("'''\ndark'''", '"light"')
    assert with_value(FILE, "aliases", "id", 'say "#"') == FILE.replace('"identify"', r'"say \"#\""')


def test_a_new_value_comes_behind_the_others_of_its_section() -> None:
    assert with_value(FILE, "settings", "color", "never") == FILE.replace("dark'''\n", "dark'''\ncolor = \"never\"\n")
    assert with_value(FILE, "aliases", "k", "read cm_key1") == FILE + 'k = "read cm_key1"\n'


def test_a_new_section_comes_at_the_end() -> None:
    assert with_value("", "settings", "trace", "full") == '[settings]\ntrace = "full"\n'
    assert with_value('[aliases]\nid = "identify"', "settings", "trace", "full") == (
        '[aliases]\nid = "identify"\n\n[settings]\ntrace = "full"\n')


def test_an_empty_section_is_filled() -> None:
    assert with_value("[settings]\n\n[aliases]\n", "settings", "a", "b") == '[settings]\na = "b"\n\n[aliases]\n'


def test_line_ends_of_windows_stay() -> None:
    changed = with_value("[settings]\r\ntrace = \"off\" # x\r\n", "settings", "trace", "full")
    assert with_value(changed, "settings", "color", "never") == (
        '[settings]\r\ntrace = "full" # x\r\ncolor = "never"\r\n')


def test_a_dotted_name_is_changed_and_joined() -> None:
    changed = with_value('settings.trace = "off"\n', "settings", "trace", "full")
    assert with_value(changed, "settings", "color", "never") == (
        'settings.trace = "full"\nsettings.color = "never"\n')


def test_a_mistake_elsewhere_is_left_alone() -> None:
    text = '[settings]\ntoolbar = "of\ntrace = "off"\n'
    assert with_value(text, "settings", "trace", "full") == text.replace('"off"', '"full"')


@pytest.mark.parametrize(
    "text",
    ['settings = {trace = "off"}\n', 'settings = {trace = "off", color = "auto"}\n', 'x = """\n[settings]\n',
     "x = [\n"],
)
def test_what_cannot_be_changed_by_lines_is_refused(text: str) -> None:
    try:
        changed = with_value(text, "settings", "trace", "full")
    except UsageError as refused:
        assert "editor" in refused.hint
    else:
        assert values(changed) == {**values(text), ("settings", "trace"): "full"}


def test_a_value_is_taken_out() -> None:
    assert without_value(FILE, "settings", "hints") == FILE.replace("hints=false\n", "")
    assert without_value(FILE, "settings", "theme") == FILE.replace("theme = '''\ndark'''\n", "")
    assert without_value(FILE, "settings", "nothing") == FILE
    assert values(without_value('[a]\nb = "1"\nb = "2"\n', "a", "b")) == {}
    with pytest.raises(UsageError):
        without_value('a = {b = "1", c = "2"}\n', "a", "b")


KEYS = st.from_regex("[a-z][a-z0-9_-]{0,5}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ENTRIES = st.dictionaries(st.tuples(st.sampled_from(["settings", "aliases"]), KEYS), WORDS, max_size=6)


@given(ENTRIES, st.tuples(st.sampled_from(["settings", "aliases"]), KEYS), WORDS)
def test_what_is_written_is_read(entries: dict[tuple[str, str], str], path: tuple[str, str], value: str) -> None:
    text = ""
    for (section, name), one in entries.items():
        text = with_value(text, section, name, one)
    text = with_value(text, *path, value)
    wanted = {**entries, path: value}
    by_tomllib = tomllib.loads(text)
    assert {(section, name): one for section, held in by_tomllib.items() for name, one in held.items()} == wanted
    assert values(text) == wanted
    text = without_value(text, *path)
    del wanted[path]
    assert values(text) == wanted
