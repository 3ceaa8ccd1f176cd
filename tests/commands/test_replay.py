"""A session through a secure channel, recorded and played again: what was shown is shown again, with no card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from jcopsh.api import Opener, Source
from jcopsh.shell.execute import run_text
from tests.cap_files import Cap
from tests.card.test_recording import TRACES
from tests.commands.support import Shell, opened_shell, shell

APPLET = Cap(bytes.fromhex("F0A1B2C3D4"), (bytes.fromhex("F0A1B2C3D401"),))
NEW = "A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"
LOOKING = ("info", "list", "send 80CA00E000 --wrapped")


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def replay(monkeypatch: pytest.MonkeyPatch, recording: Path, reported: list[str]) -> Shell:
    opener = Opener(Source(replay=recording), report=reported.append)
    return opened_shell(monkeypatch, opener)


def recorded(card: Shell, folder: Path, lines: Sequence[str], form: str = "journal") -> tuple[Path, list[str]]:
    """Run lines on a simulated card: its journal or its trace as a file, and what each line showed."""
    if form != "journal":
        card.run(f"trace {form}")
    shown, traced = [], ""
    for line in lines:
        assert run_text(card.session, line) == 0, card.stderr.getvalue()
        traced += card.stderr.getvalue()
        shown.append(card.run(""))
    journal = card.session.card.journal_path.read_text("utf-8")
    card.run("disconnect")
    file = folder / "recorded"
    file.write_text(journal if form == "journal" else traced, "utf-8")
    return file, shown


@pytest.mark.parametrize("form", ["journal", "brief", "full"])
@pytest.mark.parametrize(("profile", "level"), [
    ("j2a040", "plain"), ("j2a040", "mac"), ("j2a040", "enc"),
    ("j2e145,scp02=75", "10 --option 0x75"), ("j2e145,scp02=75", "enc-rmac --option 0x75"),
    ("j3r180", "mac"), ("j3r180", "rmac"), ("j3r180", "full"), ("j3r180,scp03=60", "full"),
])
def test_our_own_recordings_replay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str, level: str, form: str
) -> None:
    lines = (f"auth {level} --key default", *LOOKING)
    file, shown = recorded(shell(monkeypatch, profile=profile), tmp_path, lines, form)
    reported: list[str] = []
    again = replay(monkeypatch, file, reported)
    assert [again.run(line) for line in lines] == shown
    assert reported == []
    assert "ended" in again.fail("list")


def test_content_and_keys_replay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the new keys in the key store: a placeholder in a command takes the ones that are typed."""
    cap = tmp_path / "a.cap"
    cap.write_bytes(APPLET.archive)
    lines = ("auth enc --key default", f"install {cap} --params 0102030405060708", "select F0A1B2C3D401",
             "auth --key default", "list", "delete F0A1B2C3D4 --related --yes",
             f"put-keys {NEW} --key-version 1 --save bench --yes", "reset", f"auth --key {NEW}")
    file, shown = recorded(shell(monkeypatch, profile="j2a040"), tmp_path, lines)
    for keys in (tmp_path / "xdg_data_home").rglob("key*.json"):
        keys.unlink()
    reported: list[str] = []
    again = replay(monkeypatch, file, reported)
    for line, text in zip(lines, shown, strict=True):
        replayed = again.run(line)
        # the name of the reader is another one, and of a recording no keys are kept
        assert replayed == text or line == "reset" or text == f"{text.splitlines()[0]}\n{replayed}"
    assert reported == []
    assert "F10D32" not in again.run("keys list")


def test_a_recording_without_the_looks_of_today_replays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CPLC was not always read before an authentication, nor always a security domain selected."""
    lines = ("auth --key default", "list")
    file, shown = recorded(shell(monkeypatch, profile="j3r180"), tmp_path, lines)
    kept, left_out = [], 0
    for line in file.read_text("utf-8").splitlines():
        record = json.loads(line)
        early = record["kind"] in ("command", "response") and record["number"] <= 3
        left_out += early
        if not early:
            kept.append(line)
    assert left_out == 6  # SELECT, CPLC and card recognition data, with their answers
    file.write_text("".join(f"{line}\n" for line in kept), "utf-8")
    again = replay(monkeypatch, file, [])
    assert "SCP03" in again.run(lines[0])
    assert again.run(lines[1]) == shown[1]


def test_other_keys_than_the_recorded_ones_open_no_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, _shown = recorded(shell(monkeypatch, profile="j2a040"), tmp_path, ("auth --key default", "list"))
    again = replay(monkeypatch, file, [])
    assert "not the card's" in again.fail(f"auth --key {NEW}")
    (found,) = again.json("keys solve")
    assert [fit["keys"] for fit in found["fits"]] == ["default"]


def test_another_host_challenge_is_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, _shown = recorded(shell(monkeypatch, profile="j2a040"), tmp_path, ("auth --key default",))
    again = replay(monkeypatch, file, [])
    assert "not the recorded command" in again.fail("auth --key default --host-challenge 0011223344556677")
    assert "SCP02" in again.run("auth --key default")


def test_a_difference_in_a_channel_shows_the_plain_commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = ("auth enc --key default", "send 80CA00E000")
    file, _shown = recorded(shell(monkeypatch, profile="j2a040"), tmp_path, lines)
    again = replay(monkeypatch, file, [])
    again.run(lines[0])
    said = again.fail("send 80CA00C100")
    assert "80 CA 00 E0 00" in said
    assert "80 CA 00 C1 00" in said
    assert again.run(lines[1])


def test_another_clients_trace_replays_by_what_went_over_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that is not ours, and wrapped commands that are not ours: each is equal but for an absent Le."""
    reported: list[str] = []
    again = replay(monkeypatch, TRACES / "gp-list-scp03.log", reported)
    again.run("select isd-gp")
    opened = again.json("auth enc --key default")[-1]
    assert (opened["protocol"], opened["option"]) == ("SCP03", "00")
    for p1 in ("80", "40", "10"):
        again.run(f"send 80F2{p1}02024F0000")
    assert len(reported) == 1  # EXTERNAL AUTHENTICATE
    assert "only in an absent Le" in reported[0]


@pytest.mark.parametrize(("file", "line", "hint"), [
    ("gp-list-scp03.log", "select isd", "select A000000151000000: it waits"),
    ("gp-list-scp03.log", "auth --key default", "connect, which begins the recording anew, then auth enc with"),
    ("gp-list-scp03.log", "auth enc --key default --key-version 0x30", "auth with --key-version 0x00: it waits"),
    ("gp-list-scp03.log", "auth enc --key default; send 80CA006600", "list: it waits"),
    ("gp-list-scp03.log", "auth enc --key default; list; list", "send 80F22002024F0000: it waits"),
    ("yubikit-scp03-level33.log", "auth full --key default", "auth with --key-version 0x30: it waits"),
    ("gpshell-scp02.log", "auth enc --key default; list", "install, or another command of content management: it"),
])
def test_a_difference_names_the_line_to_type(
    monkeypatch: pytest.MonkeyPatch, file: str, line: str, hint: str
) -> None:
    again = replay(monkeypatch, TRACES / file, [])
    assert hint in " ".join(again.fail(line).split())


@pytest.mark.parametrize("file", [
    "gp-list-scp03.log", "gp-install-scp03.log", "gpshell-scp02.log", "gpshell-scp03.log",
])
def test_auth_begins_as_another_client_began(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    again = replay(monkeypatch, TRACES / file, [])
    said, opened = again.json("auth enc --key default")
    assert "A000000151000000" in said["text"]
    assert opened["security_domain"] == "A000000151000000"


def test_after_a_difference_the_channel_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    again = replay(monkeypatch, TRACES / "gp-list-scp03.log", [])
    again.run("auth enc --key default")
    again.fail("send 80CA006600")
    assert "D0D1D2D3D4D50101" in again.run("list")
    assert again.run("send 80F22002024F0000")
