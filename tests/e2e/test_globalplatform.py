"""Seed 003's experiment as its asker made it, and the whole way from an unfused card to an applet and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import cap_files
from tests.cap_files import Cap
from tests.card.support import TRANSPORT_KEY
from tests.e2e.support import Jcopsh, consent, say_yes
from tests.reader_stack import ReaderStack, program

KEY = "404142434445464748494A4B4C4D4E4F"

ISD = ("A000000151000000", "....Q...", "OP_READY",
       ("Security Domain", "Card Lock", "Card Terminate", "Card Reset (default selected)", "CVM Management"), ())
PRELOADED = ("A0000001515350", "....QSP", "LOADED", (), ("A000000151535041",))
INSTANCE_A = ("000000000011", "......", "SELECTABLE", (), ())
PACKAGE_A = ("0000000000", ".....", "LOADED", (), ("000000000011",))
# the seed's listings, with the specification's words for the privileges
EMPTY = [ISD, PRELOADED]
WITH_A = [ISD, INSTANCE_A, PRELOADED, PACKAGE_A]
WITHOUT_ITS_INSTANCE = [ISD, PRELOADED, PACKAGE_A]

Listing = list[tuple[str, str, str, tuple[str, ...], tuple[str, ...]]]


@pytest.fixture
def jcopsh(tmp_path: Path) -> Jcopsh:
    found = Jcopsh(tmp_path, profile="j2e145")
    for name in "ABC":
        (tmp_path / f"File{name}.cap").write_bytes(getattr(cap_files, name).archive)
    return found


def run(jcopsh: Jcopsh, *lines: str, code: int = 0) -> str:
    """Authenticate and run lines; what they showed, or of a failure what was said."""
    done = jcopsh.run("-", text="\n".join(("auth enc --key default", *lines)))
    assert done.returncode == code, done.stderr + done.stdout
    return " ".join((done.stderr if code else done.stdout).split())


def listing(jcopsh: Jcopsh) -> Listing:
    done = jcopsh.run("--json", "-c", "auth enc --key default; list")
    assert done.returncode == 0, done.stderr
    values = [json.loads(line) for line in done.stdout.splitlines()]
    entries: list[dict[str, Any]] = next(one["entries"] for one in values if one["type"] == "CardListing")
    return [(one["aid"], one["text"], one["life_cycle_name"], tuple(one["privileges"]), tuple(one["modules"]))
            for one in entries]


# --- seed 003, the way of gp -----------------------------------------------------------------------------------------


def test_seed_003_with_install(jcopsh: Jcopsh) -> None:
    assert listing(jcopsh) == EMPTY
    run(jcopsh, "install FileA.cap")
    assert listing(jcopsh) == WITH_A
    before = len(changes(jcopsh))
    said = run(jcopsh, "install FileB.cap", code=2)
    assert "package 0000000000 is on the card already" in said
    assert "delete 0000000000 --related" in said
    said = run(jcopsh, "install FileC.cap", code=2)
    # what the asker asked: it is an applet's AID, not a package's
    assert "module 000000000011 of package 0000000000 has the AID of the package in the file" in said
    assert "delete 0000000000 --related" in said
    assert listing(jcopsh) == WITH_A
    assert len(changes(jcopsh)) == before


def test_seed_003_the_commands_that_are_named_resolve_it(jcopsh: Jcopsh) -> None:
    run(jcopsh, "install FileA.cap")
    run(jcopsh, "delete 0000000000 --related --yes", "install FileC.cap")
    assert [one[0] for one in listing(jcopsh)] == ["A000000151000000", "00000000001111", "A0000001515350",
                                                   "000000000011"]


def test_seed_003_after_jcmanager(jcopsh: Jcopsh) -> None:
    """The asker's last step: the instance is gone, the module is not, and gp says only 6985."""
    run(jcopsh, "install FileA.cap", "delete 000000000011 --yes")
    assert listing(jcopsh) == WITHOUT_ITS_INSTANCE
    said = run(jcopsh, "install FileC.cap --anyway", code=1)
    assert "6985 on INSTALL [for load]: module 000000000011 of package 0000000000 has the AID" in said
    assert "try: delete 0000000000" in said


# --- seed 003, the way of JCManager ----------------------------------------------------------------------------------


def counted(value: bytes) -> str:
    return f"{len(value):02X}{value.hex().upper()}"


def jcmanager(cap: Cap) -> list[str]:
    """What JCManager sends for a file, plain: delete the applet and the package, load in blocks of 200, install."""
    package, applet, block = cap.package, cap.applets[0], cap.load_block
    install = counted(package) + counted(applet) * 2 + "0100" + "02C900" + "00"
    plain = [
        ("80E40000", "4F" + counted(applet)),
        ("80E40000", "4F" + counted(package)),
        ("80E60200", counted(package) + "00000000"),
        ("80E80000", block[:200].hex().upper()),
        ("80E88001", block[200:].hex().upper()),
        ("80E60C00", install),
    ]
    return [f"{header}{len(data) // 2:02X}{data}" for header, data in plain]


def changes(jcopsh: Jcopsh) -> list[bytes]:
    """The commands that the card got on a secure channel and that can change it."""
    return [one for one in jcopsh.received() if one[0] == 0x84 and one[1] in (0xE4, 0xE6, 0xE8)]


# status words and answers of the seed; the lengths of what went over the wire
STEPS: dict[str, tuple[list[str | None], str, Listing]] = {
    "A": (["6A88", "6A88", "009000", "009000", "009000", "009000"], "18 10 18 D8 38 28", WITH_A),
    "B": (["6A88", "6985", "6985", "6985", None, "6A88"], "18 10 18 D8 - 28", WITH_A),
    "C": (["6A88", "009000", "6985", "6985", None, "6A88"], "18 18 18 D8 - 28", WITHOUT_ITS_INSTANCE),
}


def test_seed_003_with_raw_commands(jcopsh: Jcopsh) -> None:
    for name, (answers, lengths, after) in STEPS.items():
        # of B and C JCManager sent the first block alone, as that was refused
        pairs = [pair for pair in zip(jcmanager(getattr(cap_files, name)), answers, strict=True) if pair[1] is not None]
        sent_before = len(changes(jcopsh))
        lines = [f"send {command} *{(answer or '')[-4:]} --yes" for command, answer in pairs]
        done = jcopsh.run("--json", "-", text="\n".join(("auth enc --key default", *lines)))
        assert done.returncode == 0, done.stderr + done.stdout
        values = [json.loads(line) for line in done.stdout.splitlines()]
        assert [one["response"] for one in values if one["type"] == "ExchangeResult"] == [pair[1] for pair in pairs]
        wire = changes(jcopsh)[sent_before:]
        assert [f"{one[4]:02X}" for one in wire] == lengths.replace("- ", "").split()
        assert all(len(one) in (5 + one[4], 6 + one[4]) for one in wire)
        assert listing(jcopsh) == after


# --- from unfused to an applet and back ------------------------------------------------------------------------------

WHOLE_WAY = f"""
select tk {TRANSPORT_KEY.hex()}
boot --yes
write cm_key1 {KEY} --yes
write cm_key2 {KEY} --yes
write cm_key3 {KEY} --yes
reset
auth enc --key default
install FileA.cap --block-size 100
list
select 000000000011
select isd
auth mac --key default
delete 0000000000 --related --yes
list
"""


def check_the_whole_way(shown: str) -> None:
    there, gone = shown.split("000000000011 installed")[1].split("0000000000 deleted")
    assert "000000000011 (|......|) application SELECTABLE" in " ".join(there.split())
    assert "selected  000000000011" in there
    assert "A000000003000000 (|........|)" in gone
    assert "000000000011" not in gone


def test_the_whole_way_in_process(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    (tmp_path / "FileA.cap").write_bytes(cap_files.A.archive)
    done = jcopsh.run("-", text=WHOLE_WAY)
    assert done.returncode == 0, done.stderr + done.stdout
    check_the_whole_way(done.stdout)
    kept = b"".join(data for path, data in jcopsh.files().items() if "key" not in path.name)
    assert KEY.encode() not in kept.upper()


@pytest.mark.parametrize("protocol", ["T=1", "T=0"])
def test_the_whole_way_through_pcscd(reader_stack: ReaderStack, tmp_path: Path, protocol: str) -> None:
    home = {name: value for name, value in Jcopsh(tmp_path).environment.items() if name.startswith(("HOME", "XDG_"))}
    card = reader_stack.insert()
    file = tmp_path / "FileA.cap"
    file.write_bytes(cap_files.A.archive)
    to_t0 = "write cold_protocol 08\nwrite cold_interface_bytes 036000FF\n" if protocol == "T=0" else ""
    script = WHOLE_WAY.replace("FileA.cap", str(file)).replace("reset\n", f"{to_t0}reset\n")
    done = reader_stack.run([*program("jcopsh"), "-"], text="set map j2a040\n" + script, environment=home)
    assert done.returncode == 0, done.stderr + done.stdout
    assert f"protocol  {protocol}" in done.stdout
    check_the_whole_way(done.stdout)
    card.remove()


def test_progress_at_a_terminal(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path, profile="j2e145")
    big = Cap(bytes.fromhex("D27600012401"), (bytes.fromhex("D2760001240101"),), method_bytes=4000)
    (tmp_path / "big.cap").write_bytes(big.archive)
    with jcopsh.terminal() as terminal:
        terminal.wait_for("❯")
        terminal.type_in("auth --key default\r")
        terminal.wait_for("max data")
        terminal.type_in("install big.cap\r")
        terminal.wait_for("D2760001240101 installed")
        assert f"{len(big.load_block)} of {len(big.load_block)} bytes".encode() in terminal.output
        # the bar has gone, and what was done stands there
        assert "[####" not in terminal.screen
        terminal.type_in("exit\r")
        assert terminal.wait_for_end() == 0


OWN_KEYS = ("5A0102030405060708090A0B0C0D0E0F", "620102030405060708090A0B0C0D0E0F", "6E0102030405060708090A0B0C0D0E0F")


def test_then_fused_with_every_line_of_the_checklist_done(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path)
    (tmp_path / "FileA.cap").write_bytes(cap_files.A.archive)
    with jcopsh.terminal(rows=60) as terminal:

        def settled(shows: str, start: int) -> None:
            behind = terminal.wait_for_output(shows, start=start)
            terminal.wait_for_output("❯", start=behind)

        def line(text: str, shows: str) -> None:
            start = len(terminal.output)
            terminal.type_in(f"{text}\r")
            settled(shows, start)

        terminal.wait_for("❯")
        line("identify", "NX011C")
        line("select tk", "root applet")
        say_yes(terminal, "boot")
        settled("booted (boot", 0)
        for number, key in enumerate(OWN_KEYS, 1):
            line(f"write cm_key{number} {key} --yes", f"(cm_key{number}), read back")
        consent(terminal, "write cm_lifecycle 01", "write-life-cycle")
        settled("(cm_lifecycle), read back", 0)
        line("reset", "sharing")
        enc, mac, dek = OWN_KEYS
        line(f"auth enc --key-enc {enc} --key-mac {mac} --key-dek {dek}", "max data")
        line("install FileA.cap", "000000000011 installed")
        say_yes(terminal, "delete 0000000000 --related")
        settled("0000000000 deleted", 0)
        line("reset", "sharing")
        line("select tk", "root applet")
        start = len(terminal.output)
        consent(terminal, "fuse", "fuse")
        shown = terminal.output[start:].decode()
        checklist = shown.split("Before FUSE")[1].split("Cannot be undone")[0]
        assert checklist.count("✔ done") == 8, checklist
        assert "missing" not in checklist
        assert "unknown" not in checklist
        terminal.wait_for("gone for ever")
        line("reset", "sharing")
        line(f"auth --key-enc {enc} --key-mac {mac} --key-dek {dek}", "max data")
        terminal.type_in("exit\r")
        assert terminal.wait_for_end() == 0
