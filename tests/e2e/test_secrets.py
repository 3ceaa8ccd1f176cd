"""A canary key and a canary transport key are driven through everything, and come out nowhere but on the card, in the
key store, and where `--reveal` asks for them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.support import Jcopsh

CANARY = "C0FFEE00DECAFBAD1234567890ABCDEF"
CANARY_TK = "FEEDFACECAFEBEEF0F1E2D3C4B5A6978"
SPACED = " ".join(CANARY[i : i + 2] for i in range(0, 32, 2))
COLONS = SPACED.replace(" ", ":")
IN_C = ", ".join(f"0x{byte}" for byte in SPACED.split())
READY = "select tk; boot --yes"

LINES = [
    # where nothing is selected, a WRITE with a mistake in its class may carry a key all the same
    f"send 00D6030510{CANARY}", f"send 80DA030510{CANARY}", f"reset; send C4D6030510{CANARY}; status",
    f"set get_response off; send 00A4040010{CANARY_TK}; status",
    f"{READY}; write --yes cm_key1 {CANARY}; read cm_key1; read 0xC00300 64; read cm_key1 4; dump 0xC00300 0xC00360",
    f"{READY}; write --yes cm_key1 {SPACED}; write --yes 0xC00305 {CANARY}; dump 0xC00300 0xC00360 --save dump.txt",
    f"{READY}; send --yes C0D6030510{CANARY}; send C0B0030510; C0B00305 10; status; send C0B0030000",
    f"{READY}; send --yes C0D6032110 {SPACED}; send C0B0032110; read cm_key2",
    f"select tk {CANARY_TK}", f"select tk {CANARY_TK}00", f"select {CANARY_TK}", f"send 00A4040010{CANARY_TK}",
    f"select tk {CANARY_TK[:-1]}", f"selct tk {CANARY_TK}", f"tk {CANARY_TK}", f"select tk {CANARY_TK} x",
    f"write cm_key1 {CANARY}0", f"write cm_key1 {CANARY}00", f"write --yes cm_key1 {COLONS}:",
    f"write cm_key9 {CANARY}",
    f"wirte cm_key1 {CANARY}", f"write {CANARY}", f"{CANARY}", f"send C0B6030510{CANARY}", f"send C0D6030511{CANARY}",
    f"send --yes 0020008010{CANARY}", f"read {CANARY}", f"help {CANARY}", f"set {CANARY}", f"set map {CANARY}",
    f"# {CANARY}", f"write --yes cm_key1 |{CANARY[:16]}|", f"write cm_key1 |{CANARY[:16]}",
    f"write cm_key1 #({CANARY})",
    f"{READY}; write --yes cm_key1 {SPACED.replace(' ', '-')}", f"send --yes C0-D6-03-05-10-{SPACED.replace(' ', '-')}",
    "send --yes {0xC0, 0xD6, 0x03, 0x05, 0x10, " + IN_C + "}", "write cm_key1 {" + IN_C, "{" + IN_C + "}; status",
    r"\xC0\xD6\x03\x05\x10\x" + SPACED.replace(" ", r"\x") + " --yes", r"wirte cm_key1 \x" + SPACED.replace(" ", r"\x"),
    f"CLA=C0 INS=D6 P1=03 P2=05 Lc=10 Data={CANARY} --yes", f"CLA=C0 INS=D6 P1=03 P2=05 Data={CANARY}",
    f"CLA=C0 INS=D6 Data={CANARY}", f"-> C0 D6 03 05 10 {SPACED} --yes", f"<- {SPACED} 90 00",
    f"A<< (0016+2) (3ms) {CANARY} 9000", f"Wrapped command -> C0D6030510{CANARY}", f"\u2013 {CANARY}",
    "write cm_key1 " + SPACED.replace(" ", "\u00a0"), "foo " + SPACED.replace(" ", "\u2013"),
    "foo " + SPACED.replace(" ", "\u200b"), f'"C0D6030510{CANARY}" --yes',
    f"connect {CANARY}", f"dump --save {CANARY}/{CANARY}", f'send "C0 D6 03 05 10 {SPACED}" *9001 --yes',
]


def traces_of(text: bytes) -> list[str]:
    """The forms of either canary that stand in a text."""
    compact = text.decode("utf-8", "replace").upper().replace("0X", "").replace("\\X", "")
    compact = "".join(character for character in compact if character.isascii() and character not in " :,-")
    found = []
    for name, key in (("key", CANARY), ("transport key", CANARY_TK)):
        # half a key is half the work: eight bytes in a row count
        if any(key[i : i + 16] in compact for i in range(0, 17, 2)) or bytes.fromhex(key) in text:
            found.append(name)
    return found


def assert_clean(jcopsh: Jcopsh, where: str, *texts: str) -> None:
    for text in texts:
        assert traces_of(text.encode()) == [], (where, text)
    for path, content in jcopsh.files().items():
        if not path.name.startswith("keys"):
            assert traces_of(content) == [], (where, path, content)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_canary_never_leaves(tmp_path: Path, as_json: bool) -> None:
    options = ["--json"] if as_json else []

    def run_in_every_way(number: int, line: str) -> None:
        jcopsh = Jcopsh(tmp_path / str(number))
        jcopsh.folder.mkdir()
        script = tmp_path / f"script{number}"  # outside what the program keeps
        script.write_text(line + "\n")
        for way in ((str(script),), ("-c", line), ("-",)):
            done = jcopsh.run(*options, *way, text=line if way == ("-",) else "")
            assert "Traceback" not in done.stderr, (line, done.stderr)
            assert_clean(jcopsh, line, done.stdout, done.stderr)

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # each waits for a program; the lines share nothing
        list(threads.map(run_in_every_way, range(len(LINES)), LINES))


def test_the_key_is_in_the_key_store_and_shows_only_by_reveal(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    assert jcopsh.run("-c", f"{READY}; write --yes cm_key1 {CANARY}").returncode == 0
    (store,) = jcopsh.folder.rglob("keys*.json")
    assert CANARY in store.read_text()
    assert store.stat().st_mode & 0o777 == 0o600
    assert traces_of(jcopsh.run("-c", "select tk; read cm_key1").stdout.encode()) == []
    assert traces_of(jcopsh.run("-c", "select tk; read cm_key1 --reveal").stdout.encode()) == ["key"]
    assert traces_of(jcopsh.run("-c", "select tk; send C0B0030510 --reveal").stdout.encode()) == ["key"]


def test_the_history_of_the_shell(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    jcopsh.environment["PAGER"] = "cat"  # the history is longer than the screen
    with jcopsh.terminal() as terminal:
        terminal.wait_for("❯")
        for line in LINES[4:]:
            start = len(terminal.output)
            # each line has run when the answer of the next one is there
            terminal.type_in(f"\x15{line}\r\x15status\r")
            start = terminal.wait_for_output("power up", start=start)
        terminal.type_in("\x15history 200\r")
        shown = terminal.wait_for_output("wirte cm_key1 ", start=start)
        terminal.wait_for_output("status", start=shown)
        terminal.type_in("exit\r")
        terminal.wait_for_end()
        # what was typed stands on the screen as it was typed; what history shows does not
        assert_clean(jcopsh, "history", terminal.output[shown:].decode())
    history = next(path for path in jcopsh.files() if path.name == "history")
    assert b"write" in history.read_bytes()
    assert history.stat().st_mode & 0o777 == 0o600


def test_an_asked_transport_key_does_not_show(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    with jcopsh.terminal() as terminal:
        terminal.wait_for("❯")
        terminal.type_in("select tk; boot --yes; write cm_key1\r")
        terminal.wait_for("does not show")
        terminal.type_in(CANARY + "\r")
        terminal.wait_for("yes or no")
        terminal.type_in("no\r")
        terminal.wait_for("refused")
        terminal.type_in("exit\r")
        terminal.wait_for_end()
        assert traces_of(terminal.output) == []
    assert_clean(jcopsh, "asked")


def test_a_crash_leaves_no_core_file(tmp_path: Path) -> None:
    limits = Jcopsh(tmp_path).run("-c", "atr | cat /proc/self/limits", "--profile", "j2a040").stdout
    (core,) = (line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4] == "0"


def test_the_process_list(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    with jcopsh.terminal("-c", f"{READY}; write cm_key1 {CANARY}") as terminal:
        terminal.wait_for("yes or no")
        for process in Path("/proc").glob("[0-9]*"):
            try:
                arguments, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
            except OSError:
                continue
            if int(process.name) != os.getpid():
                assert traces_of(arguments) == [], arguments
                assert traces_of(environment) == []
        terminal.type_in("no\r")
        assert terminal.wait_for_end() == 3


def test_a_line_too_long_for_a_file_name(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    line = f"{READY}; write --yes cm_key1 {CANARY}; " + "; ".join(["read ifsc"] * 60)
    for arguments, code in ((("-c", line), 0), ((line,), 2)):
        done = jcopsh.run(*arguments)
        assert done.returncode == code, done.stderr
        assert_clean(jcopsh, "long", done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
