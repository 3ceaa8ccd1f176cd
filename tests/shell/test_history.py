from __future__ import annotations

import errno
import os
import random
import stat
import threading
from pathlib import Path

import pytest

from jcopsh.secrets.files import write_private
from jcopsh.shell import history as history_module
from jcopsh.shell.history import History
from jcopsh.shell.history_adapter import StruckHistory
from jcopsh.shell.line import strike_out
from jcopsh.shell.parser import parse_line
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
    assert CANARY.hex() not in repr(vars(kept)) + repr(vars(kept.history))


def test_a_full_disk_does_not_stop_the_shell(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(path, lambda text: text)

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert history.add("identify") == "identify"
    assert history.add("atr") == "atr"
    assert history.latest(5).lines == ("identify", "atr")


def test_the_file_is_read_in_the_background(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("say one\nsay two\n")
    history = History(path, struck)
    assert not history.ready
    history.load_in_background()
    history.load_in_background()
    # who needs the lines waits for them
    assert history.lines == ["say one", "say two"]
    assert history.ready
    assert history.beginning_with("say o") == "say one"


def test_two_shells_lose_no_line_of_each_other(path: Path) -> None:
    shells = [History(path, struck) for _ in range(4)]

    def type_lines(number: int) -> None:
        for line in range(50):
            shells[number].add(f"say {number} {line}")

    threads = [threading.Thread(target=type_lines, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = path.read_text().splitlines()
    assert sorted(kept) == sorted(f"say {number} {line}" for number in range(4) for line in range(50))
    # each one's lines are in the order they were typed
    assert [line for line in kept if line.startswith("say 2 ")] == [f"say 2 {line}" for line in range(50)]


def test_a_line_added_while_another_shell_shortens_the_file_is_not_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "KEPT", 3)
    path.parent.mkdir()
    path.write_text("".join(f"say {number}\n" for number in range(6)))
    other = History(path, struck)
    other.load_in_background()
    assert other.lines == ["say 3", "say 4", "say 5"]
    path.write_text("".join(f"say {number}\n" for number in range(6)))
    late = threading.Thread(target=other.add, args=("say late",))

    def slowly(file: Path, content: bytes) -> None:
        late.start()
        late.join(0.2)
        assert late.is_alive()  # it waits for the lock
        write_private(file, content)

    monkeypatch.setattr(history_module, "write_private", slowly)
    assert History(path, struck).lines == ["say 3", "say 4", "say 5"]
    late.join()
    assert path.read_text().splitlines() == ["say 3", "say 4", "say 5", "say late"]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b"say one\r\nsay two", ["say one", "say two"]),
        (b"\xff\xfe\n\x00say", ["\ufffd\ufffd", "\0say"]),
        (b"x" * 300_000 + b"\nsay one\n", ["say one"]),
        (b"say one\n" + b"y" * 20_000 + b"\n", ["say one"]),
    ],
)
def test_whatever_the_file_holds_is_no_reason_to_fail(path: Path, content: bytes, lines: list[str]) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    found = History(path, struck)
    assert [line for line in found.lines if len(line) < 1000] == lines
    assert found.add("identify") == "identify"
    assert path.read_bytes().endswith(b"identify\n")


def test_random_bytes_are_no_reason_to_fail(path: Path) -> None:
    path.parent.mkdir()
    content = random.Random(5).randbytes(2_000_000)
    path.write_bytes(content)
    lines = History(path, struck).lines
    assert all(len(line) <= history_module.LONGEST_LINE for line in lines)


def test_of_a_huge_file_the_end_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "LARGEST_FILE", 100)
    path.parent.mkdir()
    path.write_text("".join(f"say {number:04}\n" for number in range(1000)))
    lines = History(path, struck).lines
    assert lines == [f"say {number:04}" for number in range(989, 1000)]
    assert path.read_text().splitlines() == lines


@pytest.mark.parametrize("kind", ["folder", "pipe", "unreadable", "link in a circle"])
def test_what_is_no_file_is_no_reason_to_fail(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link in a circle":
        path.symlink_to(path)
    else:
        path.write_text("say one\n")

        def refuse(*_arguments: object, **_named: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    history = History(path, struck)
    assert history.lines == []
    assert history.add("identify") == "identify"
    assert history.lines == ["identify"]
