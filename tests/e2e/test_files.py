"""A card with files in a real reader, in both protocols: what is read, changed and asked for, and that no PIN stays."""

from __future__ import annotations

import json
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jcopsh.simulator.files import factory_memory
from tests.e2e.support import Jcopsh
from tests.reader_stack import CardProcess, ReaderStack, program
from tests.terminal import Terminal

PIN, PUK = "1234", "87654321"
WRONG_PIN, NEW_PIN = "73931846", "50284617"
GET_RESPONSE, READ_BINARY, READ_BINARY_ODD, VERIFY = 0xC0, 0xB0, 0xB1, 0x20


class Desk:
    """A reader with the card in it, and jcopsh beside it."""

    def __init__(self, stack: ReaderStack, protocol: str, folder: Path) -> None:
        self._stack = stack
        self.protocol = protocol
        self.home = Jcopsh(folder)
        variant = protocol.replace("=", "").lower()
        self.card: CardProcess = stack.insert(f"iso7816-files,protocol={variant}", state_file=folder / "card.json")
        wanted = ("HOME", "XDG_")
        self._environment = {name: value for name, value in self.home.environment.items() if name.startswith(wanted)}

    def run(self, lines: str, *, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run lines without a terminal; they end as CODE says."""
        done = self._stack.run([*program("jcopsh"), "--json", "-c", lines], environment=self._environment)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def values(self, lines: str) -> list[dict[str, Any]]:
        """Run lines that succeed; their results."""
        return [json.loads(line) for line in self.run(lines).stdout.splitlines()]

    def terminal(self) -> Terminal:
        """The shell at a terminal."""
        return self._stack.spawn(program("jcopsh"), environment=self._environment)

    def sent(self) -> list[int]:
        """The instructions that the card got."""
        return [command[1] for command in self.card.received()]


@pytest.fixture(params=["T=1", "T=0"])
def desk(request: pytest.FixtureRequest, reader_stack: ReaderStack, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(reader_stack, request.param, tmp_path)
    yield desk
    desk.card.remove()


def content_of(*path: int) -> str:
    """What a transparent file of the card holds, in hexadecimal."""
    file = factory_memory().file((0x3F00, *path))
    assert file is not None
    return file.content.hex().upper()


def test_files_are_selected_and_read_whole(desk: Desk) -> None:
    selected, short, long, back, status = desk.values(
        "select-file /7E10/6E02; cat; cat 6E03; select-file aid:F0474155474553 --answer none; status"
    )
    assert status["protocol"] == desk.protocol
    assert (selected["position"], selected["control"]["size"]) == ("3F00/7E10/6E02", 600)
    assert (short["content"], short["complete"]) == (content_of(0x7E10, 0x6E02), True)
    # beyond 32 KB the offset does not fit into P1-P2
    assert (long["content"], long["complete"]) == (content_of(0x7E10, 0x6E03), True)
    assert (back["position"], back["control"]) == ("F0474155474553", None)
    assert {READ_BINARY, READ_BINARY_ODD} <= set(desk.sent())
    assert (GET_RESPONSE in desk.sent()) == (desk.protocol == "T=0")


def test_records_are_read(desk: Desk) -> None:
    fixed, one, cyclic, by_short, tree = desk.values(
        "cat /7E10/6E04; read-record 8; cat 6E06; read-record --file sfi:5; cat /2F00 --tlv"
    )
    assert [bytes.fromhex(record["content"])[:6] for record in fixed["records"]][:2] == [b"HAMMER", b"HAND S"]
    assert (len(fixed["records"]), fixed["complete"]) == (8, True)
    assert one["records"][0]["content"] == fixed["records"][7]["content"]
    assert len(cyclic["records"]) == 3
    assert [len(record["content"]) // 2 for record in by_short["records"]] == [25, 34, 2, 31]
    assert [record["objects"][0]["tag"] for record in tree["records"]] == ["61", "61"]


def test_a_change_wants_the_pin_and_outlives_the_session(desk: Desk) -> None:
    line = "update-binary 0 |Attic| --file /7E10/6E01; append-record |One more.| --file 6E05"
    refused = desk.run(line, code=1)
    assert "6982" in refused.stderr
    assert "verify REFERENCE" in refused.stderr
    *_, written, added = desk.values(f"verify 1 |{PIN}|; {line}")
    assert (written["note"], added["length"]) == ("read back and equal", 9)
    # on leaving the card was reset: the bytes stay, the PIN is wanted again
    changed, records, tries = desk.values("cat /7E10/6E01; cat 6E05; verify 1 --tries")
    assert bytes.fromhex(changed["content"]).startswith(b"Attichop, ")
    assert bytes.fromhex(records["records"][-1]["content"]) == b"One more."
    assert (tries["verified"], tries["tries_left"]) == (False, 3)


def test_challenges_and_logical_channels(desk: Desk) -> None:
    challenge, long, opened, _, _, there, closed, here = desk.values(
        "get-challenge; get-challenge 256; manage-channel open; manage-channel use 1; cd /7E20/6E11; pwd; "
        "manage-channel close 1; pwd"
    )
    assert len(challenge["data"]) == 16
    assert len(long["data"]) == 512
    assert [channel["number"] for channel in opened["channels"]] == [0, 1]
    assert (there["channel"], there["df"], there["ef"]) == (1, "3F00/7E20", "6E11")
    assert [channel["number"] for channel in closed["channels"]] == [0]
    assert (here["channel"], here["df"]) == (0, "")
    assert any(command[0] == 0x01 for command in desk.card.received())


def test_pins_are_asked_for_and_stay_nowhere(desk: Desk) -> None:
    with desk.terminal() as terminal:
        terminal.wait_for("❯")
        start = enter(terminal, "trace full; verify 1", answers={"PIN 01 (it does not show): ": WRONG_PIN})
        terminal.wait_for_output("2 tries are left", start=start)
        terminal.wait_for_output("be sure before you try again", start=start)
        questions = {"old PIN 01 (it does not show): ": PIN, "new PIN 01 (it does not show): ": NEW_PIN,
                     "new PIN 01, once more (it does not show): ": NEW_PIN}
        terminal.wait_for_output("PIN 01 changed", start=enter(terminal, "change-pin 1", answers=questions))
        start = enter(terminal, "verify 1 --again", answers={"PIN 01 (it does not show): ": NEW_PIN})
        terminal.wait_for_output("PIN 01 verified", start=start)
        start = enter(terminal, "history 20")
        terminal.wait_for_output("change-pin 1", start=start)
        assert leaks(terminal.output) == []
        # what stands on the line is on the screen, and nowhere else
        start = enter(terminal, f"verify 1 |{NEW_PIN}| --again")
        terminal.wait_for_output("PIN 01 verified", start=start)
        assert leaks(terminal.output) == [NEW_PIN]
        terminal.type_in("\x15exit\r")
        assert terminal.wait_for_end() == 0
    kept = desk.home.files()
    assert {"history"} <= {path.name for path in kept}
    assert any(b"change-pin" in content for content in kept.values())
    assert [(path, leaks(content)) for path, content in kept.items() if leaks(content)] == []
    tried = [command[5:] for command in desk.card.received() if command[1] == VERIFY and len(command) > 5]
    assert tried == [WRONG_PIN.encode(), NEW_PIN.encode(), NEW_PIN.encode()]


def enter(terminal: Terminal, line: str, *, answers: dict[str, str] | None = None) -> int:
    """Type a line, and what it asks for while the terminal shows nothing; how much was written before."""
    start = written = len(terminal.output)
    terminal.type_in(f"\x15{line}\r")
    for question, answer in (answers or {}).items():
        written = terminal.wait_for_output(question, start=written)
        flags = terminal.modes()[3]
        assert isinstance(flags, int)
        assert not flags & termios.ECHO
        terminal.type_in(f"{answer}\r")
    return start


def leaks(text: bytes) -> list[str]:
    """The PINs that stand in a text, as digits or as bytes in hexadecimal."""
    compact = text.upper().replace(b" ", b"")
    return [pin for pin in (WRONG_PIN, NEW_PIN, PUK) if pin.encode() in text
            or pin.encode().hex().upper().encode() in compact]


def test_a_blocked_pin_and_the_way_back(desk: Desk) -> None:
    wrong = f"verify 1 |{WRONG_PIN}|"
    for left, options in (("2 tries are left", ""), ("1 try is left", ""), ("no try is left", " --yes")):
        assert left in desk.run(wrong + options, code=1).stderr
    sent = len(desk.sent())
    assert "PIN 01 is blocked" in desk.run(wrong, code=1).stderr
    asked = desk.card.received()[sent:]
    assert all(len(command) <= 5 for command in asked if command[1] == VERIFY)
    assert desk.values(f"unblock-pin 1 |{PUK}| |{PIN}| --yes; verify 1 |{PIN}| --again")[-1]["what"] == "verified"
