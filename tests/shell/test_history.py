from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from jcopsh.shell import history as history_module
from jcopsh.shell.history import History
from jcopsh.shell.parser import parse_line, strike_out
from jcopsh.shell.repl import StruckHistory
from tests.shell.samples import CANARY, REGISTRY, context


def struck(text: str) -> str:
    return strike_out(parse_line(text, REGISTRY, context()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history"


def test_lines_are_kept_without_secrets_for_the_user_alone(path: Path) -> None:
    history = History(path, struck)
    history.add("read cm_key1")
    history.add(f"write cm_key1 {CANARY.hex()}")
    assert path.read_text() == "read cm_key1\nwrite cm_key1 ‹16 bytes›\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert history.lines == ["read cm_key1", "write cm_key1 ‹16 bytes›"]
    assert History(path, struck).lines == history.lines


def test_empty_lines_and_repetitions_are_not_kept(path: Path) -> None:
    history = History(path, struck)
    assert [history.add(text) for text in ("read x", "read x", "", "  ", "read y", "read x")] == [
        "read x", None, None, None, "read y", "read x"]


def test_a_line_is_one_line(path: Path) -> None:
    history = History(path, struck)
    history.add("say a\nb\r\nc")
    assert path.read_text().count("\n") == 1


def test_the_latest_lines_are_numbered(path: Path) -> None:
    history = History(path, struck)
    for number in range(5):
        history.add(f"say {number}")
    latest = history.latest(2)
    assert (latest.first, latest.lines) == (4, ("say 3", "say 4"))
    assert History(None, struck).latest(3).lines == ()


def test_a_long_file_is_shortened_when_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "KEPT", 3)
    path.parent.mkdir()
    path.write_text("".join(f"say {number}\n" for number in range(6)))
    assert History(path, struck).lines == ["say 3", "say 4", "say 5"]
    assert path.read_text() == "say 3\nsay 4\nsay 5\n"


def test_a_folder_that_cannot_be_written_takes_nothing_down(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "history", struck)
    history.add("read x")
    history.add("read y")
    assert history.lines == ["read x", "read y"]


def test_prompt_toolkit_is_given_struck_lines_alone(path: Path) -> None:
    kept = StruckHistory(History(path, struck))
    kept.append_string(f"select tk {CANARY.hex()}")
    kept.append_string(f"select tk {CANARY.hex()}")
    assert kept.get_strings() == ["select tk ‹16 bytes›"]
    assert list(kept.load_history_strings()) == ["select tk ‹16 bytes›"]
    assert CANARY.hex() not in repr(vars(kept))


def test_a_full_disk_does_not_stop_the_shell(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(path, lambda text: text)

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert history.add("identify") == "identify"
    assert history.add("atr") == "atr"
    assert history.latest(5).lines == ("identify", "atr")
