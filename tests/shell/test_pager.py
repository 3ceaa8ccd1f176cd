"""What is longer than the screen goes through a pager, and only there; with real less, with none, and with others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

from jcopsh.shell import pager
from tests.reader_stack import program_environment
from tests.terminal import Terminal

LINES = 40
# shows numbered lines as a command at the prompt does, says so when it is done, and how it would be in a script
PROGRAM = """
import sys
from jcopsh.shell.render import Output
output = Output()
count, paged = int(sys.argv[1]), sys.argv[2] == "paged"
output.show("\\n".join(f"line {number}" for number in range(1, count + 1)), paged=paged)
print("the end", flush=True)
sys.stdin.readline()
"""


@contextmanager
def shown(
    count: int = LINES, *, paged: bool = True, rows: int = 12, columns: int = 80,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Terminal]:
    """The program on a terminal; `variables` are of its environment."""
    environment = program_environment()
    for name in ("PAGER", "LESS"):
        environment.pop(name, None)
    command = ["env", f"TERM={variables.get('TERM', 'xterm-256color')}", sys.executable, "-c", PROGRAM, str(count),
               "paged" if paged else "plain"]
    with Terminal(command, environment=environment | dict(variables), columns=columns, rows=rows) as terminal:
        yield terminal


def without_less(folder: Path) -> str:
    """A PATH with what starts the program and nothing else."""
    for name in ("env", "setsid"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def test_less_shows_what_is_longer_than_the_screen() -> None:
    with shown() as terminal:
        terminal.wait_for("line 11")
        assert "the end" not in terminal.screen
        assert "line 12" not in terminal.screen
        terminal.type_in(" ")
        terminal.wait_for("line 22")
        terminal.type_in("q")
        terminal.wait_for("the end")


@pytest.mark.parametrize(
    ("count", "paged", "variables"),
    [(11, True, {}), (LINES, False, {}), (LINES, True, {"PAGER": "cat"}), (LINES, True, {"TERM": "dumb"}),
     (LINES, True, {"PAGER": "sh -c 'exit 3'"})],
    ids=["fits", "script", "cat", "dumb", "a pager that fails"],
)
def test_what_is_printed_as_it_is(count: int, paged: bool, variables: dict[str, str]) -> None:
    with shown(count, paged=paged, variables=variables) as terminal:
        terminal.wait_for("the end")
        assert f"line {count}" in terminal.output.decode()


def test_long_lines_count_as_the_rows_they_take() -> None:
    # 6 lines of 2 rows each do not fit 12 rows with the prompt after them
    with shown(6, columns=5) as terminal:
        terminal.wait_for("line ")
        terminal.wait_for_output("\x1b[K")  # less asks for a key
        assert "the end" not in terminal.screen
        terminal.type_in("q")
        terminal.wait_for_output("the end")


def test_the_pager_of_the_environment_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "own pager"
    own.write_text('#!/bin/sh\necho "own pager: $1 $LESSSECURE $LESSHISTFILE"; cat >/dev/null\n')
    own.chmod(0o700)
    with shown(variables={"PAGER": f"'{own}' --flag"}) as terminal:
        terminal.wait_for("own pager: --flag 1 -")
        terminal.wait_for("the end")
        assert "line 1" not in terminal.screen


def test_a_pager_that_is_not_there_is_no_reason_to_fail() -> None:
    with shown(variables={"PAGER": "no-such-pager"}) as terminal:
        terminal.wait_for("line 11")
        terminal.type_in("q")
        terminal.wait_for("the end")


def test_what_less_has_shown_is_not_printed_again(tmp_path: Path) -> None:
    less = tmp_path / "less"  # with -K it ends so when Ctrl-C is pressed
    less.write_text("#!/bin/sh\necho shown; cat >/dev/null; exit 2\n")
    less.chmod(0o700)
    with shown(variables={"PAGER": str(less)}) as terminal:
        terminal.wait_for("the end")
        assert "shown" in terminal.screen
        assert "line 2" not in terminal.output.decode()


def test_an_interrupt_is_the_pagers() -> None:
    with shown() as terminal:
        terminal.wait_for("line 11")
        terminal.type_in("\x03")
        for _ in range(40):  # less throws away what is typed before it has heard of it, and does not always say when
            if "the end" not in terminal.screen:
                terminal.type_in("q")
                terminal.read_on(0.5)
        terminal.wait_for("the end")
        assert "Traceback" not in terminal.output.decode()


# --- without any ------------------------------------------------------------------------------------------------------


def test_without_less_the_text_is_leafed_through(tmp_path: Path) -> None:
    with shown(variables={"PATH": without_less(tmp_path)}) as terminal:
        terminal.wait_for("space for a screen")
        assert "line 11" in terminal.screen and "line 12" not in terminal.screen
        terminal.type_in("\r")
        terminal.wait_for("line 12")
        assert "line 13" not in terminal.screen
        terminal.type_in(" ")
        terminal.wait_for("line 23")
        terminal.type_in("q")
        terminal.wait_for("the end")
        assert "space for a screen" not in terminal.screen
        assert "line 24" not in terminal.output.decode()


def test_it_ends_by_itself(tmp_path: Path) -> None:
    with shown(13, variables={"PATH": without_less(tmp_path)}) as terminal:
        terminal.wait_for("space for a screen")
        terminal.type_in(" ")
        terminal.wait_for("the end")
        assert "line 13" in terminal.screen


# --- which, and how ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "less", "passes"),
    [
        (["less"], None, True), (["/usr/bin/less"], None, True), (["less"], "FX", False), (["less", "-SR"], "FX", True),
        (["less", "--RAW-CONTROL-CHARS"], "", True), (["less", "-S"], "", False), (["grep", "-R"], None, False),
    ],
)
def test_colours_are_for_less_alone_and_where_it_passes_them_on(
    words: list[str], less: str | None, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LESS", raising=False)
    if less is not None:
        monkeypatch.setenv("LESS", less)
    assert pager.passes_colors(words) is passes


def test_a_pager_without_colours_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got = tmp_path / "got"
    own = tmp_path / "own"
    own.write_text(f"#!/bin/sh\ncat > {got}\n")
    own.chmod(0o700)
    monkeypatch.setenv("PAGER", str(own))
    assert pager.page("\x1b[1;31mred\x1b[0m\n") is True
    assert got.read_text() == "red\n"


@pytest.mark.parametrize("value", ["", "'open quote", "no-such-pager"])
def test_less_is_what_there_is_otherwise(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", value)
    assert pager.pager_words() == ["less"]
    monkeypatch.setenv("PATH", os.devnull)
    assert pager.pager_words() is None


@pytest.mark.parametrize(
    ("locale_name", "shown_there"), [("C", "CLA|P1|P2 -> + a..."), ("C.UTF-8", "CLA‖P1‖P2 → ✔ a…")]
)
def test_a_program_gets_what_its_locale_can_show(tmp_path: Path, locale_name: str, shown_there: str) -> None:
    target = tmp_path / "out"
    code = "import sys; from jcopsh.shell.pager import run_program; run_program(['tee', sys.argv[1]], sys.argv[2])"
    environment = {**program_environment(), "LC_ALL": locale_name, "PYTHONUTF8": "1"}
    subprocess.run([sys.executable, "-c", code, str(target), "CLA‖P1‖P2 → ✔ a…"], env=environment, check=True,
                   capture_output=True)
    assert target.read_text("utf-8") == shown_there
