"""The journal: written before anything is sent, on the disk before anything that matters is."""

from __future__ import annotations

import gc
import json
import os
import resource
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jcopsh.card.journal import Journal, JournalError
from jcopsh.card.link import ResetKind
from jcopsh.errors import ReaderError
from jcopsh.secrets.segments import Segments
from tests.card.support import (
    BOOT,
    FUSE,
    IDENTIFY,
    PROTECT,
    READ_KEY1,
    SELECT_TK,
    Rig,
    booted,
    consenting,
    fake,
    refused,
)

WRITE_KEY1 = bytes.fromhex("C0D6030510") + bytes(range(0x40, 0x50))
WRITE_IFSC = bytes.fromhex("C0D6012201FE")


def lines(rig: Rig) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rig.kept().splitlines()]


def test_a_line_is_json_whatever_a_name_holds(tmp_path: Path) -> None:
    reader = 'A "reader" \\ of\nModell Ä €'
    journal = Journal(tmp_path / "journal.jsonl")
    journal.card(reader, b"\x3b", "T=1", "A.0")
    journal.command("A.0", Segments((b"\x00\xa4",)), durable=False)
    journal.response(Segments((b"\x90\x00",)), 1.5e-05)
    journal.close()
    card, command, response = map(json.loads, journal.path.read_bytes().decode("ascii").splitlines())
    assert (card["kind"], card["reader"], card["atr"]) == ("card", reader, "3B")
    assert (command["number"], command["bytes"]) == (1, "00A4")
    assert (response["bytes"], response["seconds"]) == ("9000", 1.5e-05)
    times = [datetime.fromisoformat(line["time"]) for line in (card, command, response)]
    assert times == sorted(times)
    assert abs(datetime.now(UTC) - times[-1]) < timedelta(minutes=1)
    assert all(len(line["time"]) == len("2026-01-01T00:00:00.000+00:00") for line in (card, command, response))


def test_the_lines_of_a_session(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    rig.send(READ_KEY1)
    refused(rig, FUSE)
    rig.card.reset(ResetKind.WARM)
    rig.send(IDENTIFY)
    told = lines(rig)
    kinds = ["card", *["command", "response"] * 3, "refused", "card", "command", "response"]
    assert [line["kind"] for line in told] == kinds
    first = told[0]
    assert (first["reader"], first["protocol"]) == ("simulated j2a040-unfused", "T=1")
    assert first["atr"] == sim.cold_atr.hex().upper()
    assert [line["number"] for line in told if line["kind"] in ("command", "response")] == [1, 1, 2, 2, 3, 3, 4, 4]
    # every exchange names the boot it happened under
    boots = [line["boot"] for line in told if "boot" in line]
    assert [boot.partition(".")[2] for boot in boots] == ["0", "0", "0", "1", "0", "0"]
    assert len({boot.partition(".")[0] for boot in boots}) == 2
    read, answer = told[5], told[6]
    assert (read["bytes"], answer["seconds"] >= 0) == (READ_KEY1.hex().upper(), True)
    assert answer["bytes"].startswith("<cm_key1:16:")
    assert answer["bytes"].endswith(">9000")
    assert (told[7]["bytes"], "There is no terminal" in told[7]["why"]) == (FUSE.hex(), True)
    assert all(line["time"].endswith("+00:00") for line in told)


def test_a_lost_card_is_noted(tmp_path: Path) -> None:
    def vanish(_command: bytes) -> bytes:
        raise ReaderError("the card was removed", card_lost=True)

    rig, _link = fake(tmp_path, vanish)
    with pytest.raises(ReaderError):
        rig.send(IDENTIFY)
    assert [line["kind"] for line in lines(rig)] == ["card", "command", "lost"]
    assert lines(rig)[-1]["what"] == "the card was removed"


def test_file_and_folder_are_the_users_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        rig, _link = fake(tmp_path, {})
        rig.send(IDENTIFY)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(rig.journal_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(rig.journal_file.parent.stat().st_mode) == 0o700


def test_each_command_stands_there_before_it_is_sent(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"80CA9F7F00": "6102", "00C0000002": "AABB9000"})
    seen: list[tuple[str, str]] = []
    link.before = lambda command: seen.append((command.hex().upper(), lines(rig)[-1]["bytes"]))
    rig.send("80CA9F7F00")
    assert seen == [("80CA9F7F00", "80CA9F7F00"), ("00C0000002", "00C0000002")]


@pytest.mark.parametrize(
    ("command", "durable"),
    [
        (BOOT, True),
        (FUSE, True),
        (PROTECT, True),
        (WRITE_KEY1, True),
        (bytes.fromhex("80E400000A4F08A000000003000000"), True),
        (bytes.fromhex("80D80181021234"), True),
        (IDENTIFY, False),
        (READ_KEY1, False),
        (SELECT_TK, False),
        (WRITE_IFSC, False),
    ],
)
def test_it_is_on_the_disk_before_what_matters_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: bytes, durable: bool
) -> None:
    """The order of events: the journal's line written, brought to the disk, then the command sent."""
    consenting(monkeypatch)
    rig, link = fake(tmp_path, {})
    rig.send("80CA006600")  # makes the file
    order: list[str] = []
    write, fsync = os.write, os.fsync
    inode = rig.journal_file.stat().st_ino

    def watched(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(descriptor: int, *arguments: Any) -> Any:
            if os.fstat(descriptor).st_ino == inode:
                order.append(name)
            return real(descriptor, *arguments)

        return call

    monkeypatch.setattr(os, "write", watched(write, "write"))
    monkeypatch.setattr(os, "fsync", watched(fsync, "fsync"))
    link.before = lambda _command: order.append("sent")
    rig.send(command)
    # before the key store changes it is brought to the disk once more
    assert order[-4:] == ["write", "fsync", "sent", "write"] if durable else order == ["write", "sent", "write"]


@pytest.mark.parametrize("command", [READ_KEY1, WRITE_KEY1, SELECT_TK])
def test_it_is_on_the_disk_before_the_key_store_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: bytes
) -> None:
    consenting(monkeypatch)
    rig, _link = fake(tmp_path, {READ_KEY1.hex().upper(): "11" * 16 + "9000", SELECT_TK.hex().upper(): "9000"})
    rig.send("80CA006600")  # makes the file
    order: list[str] = []
    inode = rig.journal_file.stat().st_ino
    fsync, rename = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        fsync(descriptor)
        if os.fstat(descriptor).st_ino == inode:
            order.append("journal")

    def watched_rename(source: str, target: str) -> None:
        order.append("keys")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_rename)
    rig.send(command)
    assert order[:2] == ["journal", "keys"]


def test_the_new_file_is_in_its_folder_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))
    Journal(tmp_path / "journal").lost("x")
    assert synced == [True]


def test_a_disk_that_takes_a_part_of_a_line_gets_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    journal = Journal(tmp_path / "journal")
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    journal.lost("a line that is longer than seven bytes")
    assert json.loads((tmp_path / "journal").read_text())["what"].startswith("a line")


def _fill_up(folder: Path) -> int:
    """In a process of its own, where files may not grow beyond a limit: how many of ten lines went in."""
    journal = Journal(folder / "journal")
    journal.lost("first")
    limit = (folder / "journal").stat().st_size * 3 + 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for number in range(1, 10):
        try:
            journal.lost("first")
        except JournalError:
            return number
    return 10


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(_fill_up(tmp_path))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 3
    whole = (tmp_path / "journal").read_text().splitlines(keepends=True)
    assert len(whole) == 3
    assert all(json.loads(line)["what"] == "first" and line.endswith("\n") for line in whole)


def test_odd_names_of_readers_stay_one_line(tmp_path: Path) -> None:
    for name in ("Lesegerät №1", "a\u2028b\x85c\nd", "broken \udcff"):
        journal = Journal(tmp_path / f"journal{len(name)}")
        journal.card(name, b"\x3b", "T=1", "boot")
        journal.lost("x")
        line, _lost = journal.path.read_bytes().splitlines()
        assert json.loads(line)["reader"] == name


def test_a_name_of_its_own_for_each_connection(tmp_path: Path) -> None:
    names = [Journal.in_folder(tmp_path).path.name for _ in range(5)]
    assert len(set(names)) == 5
    assert all(name.endswith(f"-{os.getpid()}.jsonl") for name in names)


def test_closed_with_its_block_and_opened_again_when_needed(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal.refused(Segments((b"\x00",)), "no")
    journal.close()
    journal.lost("later")
    assert [json.loads(line)["kind"] for line in (tmp_path / "journal").read_text().splitlines()] == ["refused", "lost"]


def test_a_journal_that_nobody_closed_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    def is_open() -> bool:
        return any(one.is_symlink() and one.resolve() == path for one in Path("/proc/self/fd").iterdir())

    journal = Journal(path)
    journal.lost("the card")
    assert is_open()
    del journal
    gc.collect()
    assert not is_open()
