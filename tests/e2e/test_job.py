"""The product's main job, from unfused to fused, at a terminal and from scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.card.support import BOOT, FUSE, IDENTIFY, PROTECT, SELECT_TK
from tests.e2e.support import Jcopsh, say_yes, write_and_fuse

NEW_KEY = "5A0102030405060708090A0B0C0D0E0F"


@pytest.fixture
def jcopsh(tmp_path: Path) -> Jcopsh:
    return Jcopsh(tmp_path)


def test_the_whole_job_at_a_terminal(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal() as terminal:
        terminal.wait_for("❯")
        terminal.type_in("identify\r")
        terminal.wait_for("NX011C")
        terminal.wait_for("unfused ❯")
        terminal.type_in("select tk\r")
        terminal.wait_for("unfused root ❯")
        say_yes(terminal, "boot")
        terminal.wait_for("unfused booted ❯")
        terminal.type_in("read cm_key1\r")
        terminal.wait_for("3DES KCV")
        terminal.type_in("read 0xc00305 16\r")
        write_and_fuse(terminal, NEW_KEY)
    received = jcopsh.received()
    write = bytes.fromhex("C0D6030510" + NEW_KEY)
    for sent in (IDENTIFY, SELECT_TK, BOOT, write, PROTECT, FUSE):
        assert received.count(sent) == 1, sent.hex()
    # what was overwritten had been read, and what was written was read back
    at = received.index(write)
    assert received[at - 1] == received[at + 1] == bytes.fromhex("C0B0030510")
    assert json.loads(jcopsh.run("--json", "-c", "identify").stdout)["identity"]["fuse_byte"] == 1


def test_seed_002_reads_byte_for_byte(jcopsh: Jcopsh) -> None:
    lines = "select tk; boot --yes; read cm_key1; read cm_key2; read 0xc0033d 16; read gpin_length; read 0xc00412 5"
    done = jcopsh.run("-c", lines)
    assert done.returncode == 0, done.stderr
    assert jcopsh.received() == [SELECT_TK, BOOT] + [
        bytes.fromhex(reading) for reading in ("C0B0030510", "C0B0032110", "C0B0033D10", "C0B0040701", "C0B0041205")
    ]


def test_boot_that_keeps(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path, profile="j2a040-unfused,boot=keep")
    before = jcopsh.run("--json", "-c", "select tk; boot --yes; read cm_key1 --reveal").stdout
    after = jcopsh.run("--json", "-c", "select tk; boot --yes; read cm_key1 --reveal").stdout
    content = [json.loads(text.splitlines()[-1])["spans"][0]["content"] for text in (before, after)]
    assert content[0] == content[1]


def test_a_backup_names_its_boot(jcopsh: Jcopsh) -> None:
    done = jcopsh.run("-c", "select tk; boot --yes; dump --save one.txt; boot --yes; dump --save two.txt")
    assert done.returncode == 0, done.stderr
    boots = [next(line for line in (jcopsh.folder / name).read_text().splitlines() if line.startswith("# boot"))
             for name in ("one.txt", "two.txt")]
    assert boots[0] != boots[1]
    assert (jcopsh.folder / "one.txt").stat().st_mode & 0o777 == 0o600


def test_a_dump_reads_in_as_few_exchanges_as_can_be(jcopsh: Jcopsh) -> None:
    done = jcopsh.run("-c", "select tk; boot --yes; dump 0xC00100 0xC004FF")
    assert done.returncode == 0, done.stderr
    assert len([command for command in jcopsh.received() if command[1] == 0xB0]) == 4


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("read 0xc0030 16", "0xc0030"),
        ("read 0xd00305 16", "0xd00305"),
        ("read cm_key9", "cm_key9"),
        ("read cm_key1 0", "0"),
        ("read 0xc095f0 17", "17"),
        ("write 0xc00122 F", "F"),
        ("write 0xc00122 FZ", "Z"),
        ("frobnicate", "frobnicate"),
        ("send 00A404", "04"),
    ],
)
def test_a_mistake_is_marked_under_its_word_and_nothing_is_sent(jcopsh: Jcopsh, line: str, word: str) -> None:
    done = jcopsh.run("-c", line)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    shown = next(i for i, text in enumerate(lines) if text.strip().endswith(line))
    start = lines[shown].index(line) + line.rindex(word)
    assert lines[shown + 1].index("^") == start, done.stderr
    assert lines[shown + 1].count("^") == len(word), done.stderr
    assert jcopsh.received() == []


def test_the_misprint_of_write_is_recognised(jcopsh: Jcopsh) -> None:
    done = jcopsh.run("-c", "C0B6030510 40414243 44454647 48494A4B 4C4D4E4F")
    assert done.returncode == 2
    assert "C0 D6 03 05" in done.stderr
    assert "404142" not in done.stderr.replace(" ", "")
    assert jcopsh.received() == []


def test_lines_from_everywhere_and_exit_codes(jcopsh: Jcopsh) -> None:
    script = jcopsh.folder / "job.jcopsh"
    script.write_text("# prepare\nselect tk ; boot --yes  # two on a line\n\nread ifsc\n")
    assert jcopsh.run(str(script)).returncode == 0
    assert jcopsh.run(text="identify\nread 0xC00305 16\n").returncode == 1
    assert jcopsh.run("-", text="identify\n").returncode == 0
    assert jcopsh.run("-c", "identify; select A0000000041010; atr").returncode == 1
    assert jcopsh.run("-c", "nonsense").returncode == 2
    assert jcopsh.run("-c", "select tk; boot").returncode == 3
    assert BOOT in jcopsh.received()
    assert jcopsh.received().count(BOOT) == 1


def test_a_script_stops_at_the_first_line_that_fails(jcopsh: Jcopsh) -> None:
    done = jcopsh.run("-", text="select tk\nread cm_key1\nidentify\n")
    assert done.returncode == 1
    assert IDENTIFY not in jcopsh.received()


@pytest.mark.parametrize(
    "notation",
    [
        "00A4040009A000000167413000FF00",
        "00 a4 04 00 09 a0 00 00 01 67 41 30 00 ff 00",
        "00:A4:04:00:09:A0:00:00:01:67:41:30:00:FF:00",
        "0x00,0xA4,0x04,0x00,0x09,0xA0,0x00,0x00,0x01,0x67,0x41,0x30,0x00,0xFF,0x00",
        "00A40400 #(A000000167413000FF) 00",
        "00A40400 09 A0000001 |gA0| 00FF 00",
        "00A40400:A000000167413000FF/00=6A82",
        '"00 A4 04 00 09 A000000167413000FF 00" *6A82',
    ],
)
def test_every_notation_sends_the_same_bytes(jcopsh: Jcopsh, notation: str) -> None:
    jcopsh.run("-c", f"send {notation}")
    assert jcopsh.received() == [IDENTIFY]
