"""`cap info`, and files that are given to commands, as they are typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jcopsh.commands import saving
from jcopsh.commands.cap import read_cap
from jcopsh.errors import UsageError
from tests import cap_files
from tests.commands.support import Shell, shell


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    made = shell(monkeypatch, profile="j2e145", width=200)
    made.run("auth --key default")
    return made


LINES = ("cap info {}", "install {} --dry-run", "store-data --load {}", "tlv --load {}", "update-binary 0 --load {}")


@pytest.mark.parametrize("line", LINES)
def test_what_is_no_ordinary_file_is_not_read(card: Shell, tmp_path: Path, line: str) -> None:
    os.mkfifo(tmp_path / "pipe.cap")
    (tmp_path / "folder.cap").mkdir()
    for name, kind in (("/dev/zero", "a device or a pipe"), ("pipe.cap", "a device or a pipe"),
                       ("folder.cap", "a folder")):
        assert kind in card.fail(line.format(name), 2), name


@pytest.mark.parametrize("line", LINES)
def test_a_file_that_no_card_takes_is_not_read(card: Shell, tmp_path: Path, line: str) -> None:
    with (tmp_path / "large.cap").open("wb") as file:
        file.truncate(saving.LARGEST_FILE + 1)
    assert "no card takes so many" in card.fail(line.format("large.cap"), 2)


def test_a_link_to_an_ordinary_file_is_read(card: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_bytes(cap_files.A.archive)
    (tmp_path / "link.cap").symlink_to("a.cap")
    assert "000000000011" in card.run("cap info link.cap")


def test_a_damaged_archive_is_told(card: Shell, tmp_path: Path) -> None:
    raw = cap_files.A.archive
    at = raw.rindex(b"PK\5\6") + 12
    (tmp_path / "a.cap").write_bytes(raw[:at] + b"\xff\xff\xff\0" + raw[at + 4 :])
    said = card.fail("cap info a.cap", 2)
    assert "a.cap is no CAP file that can be loaded" in said
    assert "this ZIP archive cannot be read" in said


def test_a_file_s_name_makes_no_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "a\nforged\x1b[2J.cap"
    file.write_bytes(b"PK")
    with pytest.raises(UsageError) as caught:
        read_cap(file)
    assert caught.value.what == "a\ufffdforged\ufffd[2J.cap is no CAP file that can be loaded"
