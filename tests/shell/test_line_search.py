"""The search through the history: how it is left, and how it goes on after something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output import DummyOutput

from jcopsh.shell.line_editor import NOTHING, Draft, LineEditor, SetAside
from tests.shell.samples import Stage, stage

CTRL_C, CTRL_G, CTRL_R, CTRL_S, ENTER, UP = "\x03", "\x07", "\x12", "\x13", "\r", "\x1b[A"
TYPED = "help x"


@pytest.fixture
def scene(tmp_path: Path) -> Stage:
    made = stage(tmp_path)
    for line in ("say one", "say two", "reset"):
        made.session.history.add(line)
    return made


@contextmanager
def editing(scene: Stage) -> Iterator[tuple[LineEditor, PipeInput]]:
    with create_pipe_input() as pipe:
        editor = LineEditor(lambda _source, _lines, _rest: None, input=pipe, output=DummyOutput())
        editor.furnish(scene.session)
        yield editor, pipe


def entered(scene: Stage, keys: str, draft: Draft = NOTHING) -> str:
    """The line that is entered by these keys."""
    with editing(scene) as (editor, pipe):
        pipe.send_text(keys + ENTER)
        return editor.read(draft)


def set_aside(scene: Stage, keys: str) -> Draft:
    """What is kept of a line when these keys were pressed and something else comes."""
    with editing(scene) as (editor, pipe), pytest.raises(SetAside) as caught:
        pipe.send_text(keys)
        editor.read(started=lambda: editor.soon(lambda: editor.soon(editor.set_aside)))
    return caught.value.draft


@pytest.mark.parametrize("keys", [
    "say", f"say{CTRL_R}", f"say{CTRL_R}{CTRL_R}", f"say{CTRL_R}{CTRL_S}", f"say{CTRL_R}nothing", "nothing",
])
@pytest.mark.parametrize("leave", [CTRL_G, CTRL_C])
def test_a_search_that_is_given_up_leaves_the_line_as_it_was(scene: Stage, keys: str, leave: str) -> None:
    assert entered(scene, f"{TYPED}{CTRL_R}{keys}{leave}") == TYPED


def test_a_search_that_is_given_up_leaves_a_line_of_the_history_as_it_was(scene: Stage) -> None:
    assert entered(scene, f"{UP}{UP}{CTRL_R}say{CTRL_R}{CTRL_G}!") == "say two!"


def test_a_search_begins_where_the_line_is_then(scene: Stage) -> None:
    first = f"{CTRL_R}say{CTRL_R}{ENTER}"
    with editing(scene) as (editor, pipe):
        pipe.send_text(first + ENTER)
        assert editor.read() == "say one"
        pipe.send_text(f"{TYPED}{CTRL_R}two{CTRL_R}{CTRL_G}{ENTER}")
        assert editor.read() == TYPED


@pytest.mark.parametrize(("keys", "found"), [("say", "say two"), (f"say{CTRL_R}", "say one"), ("nothing", TYPED)])
def test_a_search_that_was_set_aside_goes_on(scene: Stage, keys: str, found: str) -> None:
    draft = set_aside(scene, f"{TYPED}{CTRL_R}{keys}")
    assert draft.document.text == TYPED
    assert entered(scene, ENTER, draft) == found


def test_a_search_that_was_set_aside_can_be_given_up(scene: Stage) -> None:
    assert entered(scene, CTRL_G, set_aside(scene, f"{TYPED}{CTRL_R}say{CTRL_R}")) == TYPED


def test_a_line_of_the_history_that_was_set_aside_in_a_search_is_kept(scene: Stage) -> None:
    draft = set_aside(scene, f"{UP}{UP}{CTRL_R}tw")
    assert draft.document.text == "say two"
    assert entered(scene, f"{CTRL_G}!", draft) == "say two!"
