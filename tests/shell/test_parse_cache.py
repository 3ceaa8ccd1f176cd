from __future__ import annotations

import pytest

from jcopsh.shell import parse_cache
from jcopsh.shell.command import Command
from jcopsh.shell.completion import suggest
from jcopsh.shell.highlight import fragments
from jcopsh.shell.hint import caret_line, hint
from jcopsh.shell.history import History
from jcopsh.shell.history_adapter import StruckHistory
from jcopsh.shell.line import Line
from jcopsh.shell.parse_cache import forget_lines, parsed
from jcopsh.shell.parser import parse_line
from tests.shell.samples import CANARY, REGISTRY, context, read, sample_registry

CONTEXT = context()


@pytest.fixture(autouse=True)
def nothing_is_known() -> None:
    forget_lines()


def test_a_keystroke_parses_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = []

    def counted(*arguments: object) -> Line:
        count.append(1)
        return parse_line(*arguments)  # type: ignore[arg-type]  # the very arguments that were given

    monkeypatch.setattr(parse_cache, "parse_line", counted)
    text = "read cm_key1 1"
    fragments(parsed(text, REGISTRY, CONTEXT))
    hint(text, len(text), REGISTRY, CONTEXT)
    suggest(text, REGISTRY, CONTEXT)
    caret_line(parsed(text, REGISTRY, CONTEXT), len(text), 80)
    assert len(count) == 1


def test_it_is_parsed_anew_when_something_has_changed() -> None:
    registry = sample_registry()
    text = "twice x"
    assert parsed(text, registry, CONTEXT).problems
    registry.add(Command("twice", "x", (), read.function))
    assert parsed(text, registry, CONTEXT).calls[0].entry is not None
    other = context(None)
    known = parsed("read cm_key1", registry, CONTEXT)
    assert parsed("read cm_key1", registry, CONTEXT) is known
    assert parsed("read cm_key1", registry, other) is not known
    assert parsed("read cm_key1", sample_registry(), other) is not known


def test_a_plugin_that_was_loaded_meanwhile_has_its_grammar() -> None:
    registry = sample_registry()
    registry.add_lazy("late", "Comes late.", "x", "plugin", lambda: read)
    assert parsed("late cm_key1", registry, CONTEXT).calls[0].command is None
    entry = registry.get("late")
    assert entry is not None
    entry.load()
    assert parsed("late cm_key1", registry, CONTEXT).calls[0].command is read


def test_no_key_stays_behind() -> None:
    for begin in (lambda: parsed("", REGISTRY, CONTEXT), lambda: StruckHistory(History(None, str)).append_string("x")):
        parsed(f"write cm_key1 {CANARY.hex()}", REGISTRY, CONTEXT)
        assert CANARY.hex() in repr(parse_cache._lines)
        begin()
        assert CANARY.hex() not in repr(parse_cache._lines)


def test_few_lines_are_kept() -> None:
    for number in range(20):
        parsed(f"say {number}", REGISTRY, CONTEXT)
    assert len(parse_cache._lines) == parse_cache.KEPT
