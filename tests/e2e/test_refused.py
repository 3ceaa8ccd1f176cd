"""What cannot be undone is not sent without consent, whoever sends it and however it is written. The judge is the
simulated card's own log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jcopsh.errors import EXIT_REFUSED, EXIT_USAGE
from tests.card.support import BOOT, FUSE, IDENTIFY, SELECT_TK
from tests.e2e.support import Jcopsh, ask, consent, phrase_on
from tests.reader_stack import program
from tests.terminal import Terminal

READY = "select tk; boot --yes"

FUSE_NOTATIONS = [
    "00000000", "00 00 00 00", "00:00:00:00", "0x00,0x00,0x00,0x00", "0x00 0x00 0x00 0x00", '"00 00 00 00"',
    "00000000 *9000", "0000000000", "00000000000000", "0000000000000100", "0000000001FF", "00/00",
    "00000000=9000", "00000000:AA/00",
    "CLA=00 INS=00 P1=00 P2=00", "CLA=00, INS=00, P1P2=0000, Le=00", "CLA: 00 INS: 00 P1: 00 P2: 00",
    "{0x00, 0x00, 0x00, 0x00}", "{(byte)0x00, (byte)0x00, 0x00, 0x00}", "[0x00, 0x00, 0x00, 0x00] *9000",
    r"\x00\x00\x00\x00", r'"\x00\x00\x00\x00"', "00-00-00-00", "00\u201300\u201300\u201300",
    "00\u00a000\u00a000\u00a000", "00\u200b00\u200b00\u200b00", '"00000000"',
]
# alone on their line
FUSE_IN_TRACES = [
    "-> 00 00 00 00", "=> 00 00 00 00", "=> 00 00 00 00    ....", ">> 00 00 00 00", "Command -> 00000000",
    "Command --> 00000000", "A>> T=1 (4+0000) 00000000", "\u2192 00000000",
]
CLASSES = ["01", "03", "04", "0C", "10", "80", "84", "C0"]
OTHERS = [
    "00100000", "0010000000", "80100000", "00100100",  # PROTECT
    "00C2000004 00000000", "00C2000005 0000000000", "80C2000004 80000000", "00C3000006 5204 00000000",
    "00C2000004 00100000", "10C2000002 0000", "00C2000001 00",  # ENVELOPE, whole and in pieces
    "80F0800F", "80F0807F", "80F080FF", "80F08007", "84F0807F",  # SET STATUS
    "80E4000006 D00101 D20101", "80E4000003 D201FF",  # DELETE of keys
    "80E2800004 9F660100",  # STORE DATA of one-time data
    "00FE0000",  # TERMINATE CARD USAGE
    "C0D6040001 01",  # CM_LIFECYCLE of the simulated card
]


@pytest.fixture
def jcopsh(tmp_path: Path) -> Jcopsh:
    return Jcopsh(tmp_path)


def refused(jcopsh: Jcopsh, *arguments: str, text: str = "") -> None:
    """It ends with exit code 3, and the card got nothing behind BOOT."""
    done = jcopsh.run(*arguments, text=text)
    assert done.returncode == EXIT_REFUSED, (arguments, text, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    sent_nothing(jcopsh)


def sent_nothing(jcopsh: Jcopsh) -> None:
    """Of all that the card got, nothing is what has to be consented to. READ is what the checklist does."""
    harmless = (SELECT_TK, BOOT)
    others = [command for command in jcopsh.received() if command not in harmless and command[1] != 0xB0]
    assert others == [], [command.hex() for command in others]


@pytest.mark.parametrize("line", ["fuse", "protect", "fuse --yes", "protect --yes"])
def test_the_commands(jcopsh: Jcopsh, line: str) -> None:
    refused(jcopsh, "-c", f"{READY}; {line}")


def test_fuse_in_every_notation(jcopsh: Jcopsh) -> None:
    for notation in FUSE_NOTATIONS:
        refused(jcopsh, text=f"{READY}\nsend {notation}\n")
        refused(jcopsh, text=f"{READY}\nsend {notation} --yes\n")


def test_bare_hex_is_sent_through_the_interlock_too(jcopsh: Jcopsh) -> None:
    long_enough = [one for one in FUSE_NOTATIONS if one != "00/00"]  # fewer than four bytes may be anything
    others = ("{0x00, 0x00, 0x00, 0x00};", "/send 00000000", "send_apdu -sc 0 -APDU 00000000")
    for line in (*long_enough, *FUSE_IN_TRACES, *others):
        refused(jcopsh, text=f"{READY}\n{line}\n")


def test_fuse_with_every_class(jcopsh: Jcopsh) -> None:
    for cla in CLASSES:
        for tail in ("000000", "00000000", "0000000001FF", "000000000000"):
            refused(jcopsh, text=f"{READY}\nsend {cla}{tail}\n")


def test_a_command_of_the_reader_is_never_sent_to_the_card(jcopsh: Jcopsh) -> None:
    for line in ("send FF000000", "FF 00 00 00 00", "send --yes FF0000000001FF"):
        done = jcopsh.run(text=f"{READY}\n{line}\n")
        assert done.returncode == EXIT_USAGE, (done.stdout, done.stderr)
        assert "reader-send" in done.stderr
        sent_nothing(jcopsh)


def test_the_rest_of_the_list(jcopsh: Jcopsh) -> None:
    for line in OTHERS:
        refused(jcopsh, text=f"{READY}\nsend {line} --yes\n")


@pytest.mark.parametrize("state", ["identify", "select tk", f"{READY}; reset", f"{READY}; select tk; reset warm"])
def test_in_every_state_of_the_card(jcopsh: Jcopsh, state: str) -> None:
    for line in ("00000000", "0100000000", "00100000", "00C2000004 00000000", "80F080FF", "C0D6040001 01"):
        done = jcopsh.run(text=f"{state}\nsend {line} --yes\n")
        assert done.returncode == EXIT_REFUSED, (state, line, done.stdout, done.stderr)
    known = (SELECT_TK, BOOT, IDENTIFY)
    assert [command for command in jcopsh.received() if command not in known] == []


def test_on_a_card_that_speaks_t0(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path, profile="j2a081-unfused")
    writes = "write cold_interface_bytes 036000FF; write warm_interface_bytes 036000FF"
    made = jcopsh.run("-c", f"{READY}; {writes}; reset; select tk; atr")
    assert "T=0" in made.stdout, made.stderr
    count = len(jcopsh.received())
    for line in ("00000000", "0000000000", "0100000000", "00100000", "00C2000004 00000000"):
        assert jcopsh.run(text=f"select tk\nsend {line} --yes\n").returncode == EXIT_REFUSED
    assert set(jcopsh.received()[count:]) == {SELECT_TK}


def test_a_chain_of_envelopes_one_byte_at_a_time(jcopsh: Jcopsh) -> None:
    refused(jcopsh, text=f"{READY}\n" + "send 10C200000100 *9000 --yes\n" * 4)


def test_from_a_script_file(jcopsh: Jcopsh) -> None:
    script = jcopsh.folder / "fuse.jcopsh"
    script.write_text(f"{READY}\nfuse\n")
    refused(jcopsh, str(script))
    refused(jcopsh, "-c", f"run {script} --yes")


def test_from_piped_input_without_a_terminal(jcopsh: Jcopsh) -> None:
    refused(jcopsh, text=f"{READY}\nfuse\nfuse AAAA\nyes\n")


def test_from_piped_input_with_a_terminal_where_a_wrong_code_is_typed(jcopsh: Jcopsh) -> None:
    pipe = f"printf 'select tk\\nboot --yes\\nfuse\\nfuse 2222\\n' | {' '.join(map(quoted, program('jcopsh')))} "
    with Terminal(["sh", "-c", pipe + " ".join(jcopsh.on_card)], environment=jcopsh.environment) as terminal:
        terminal.wait_for("Type fuse")
        terminal.type_in("fuse 2222\r")
        assert terminal.wait_for_end() == EXIT_REFUSED
    sent_nothing(jcopsh)


def quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


def booted(terminal: Terminal) -> None:
    terminal.wait_for("❯")
    terminal.type_in(f"{READY}\r")
    terminal.wait_for("booted ❯")


def still_unfused(jcopsh: Jcopsh, terminal: Terminal) -> None:
    """The shell lives, and nothing was sent."""
    terminal.type_in("\x15identify\r")
    terminal.wait_for("NX011C")
    received = jcopsh.received()
    assert not [command for command in received if command[1] in (0x00, 0x10)], [c.hex() for c in received]


def test_pasted_in_brackets_together_with_a_phrase(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal() as terminal:
        booted(terminal)
        terminal.type_in("\x1b[200~00000000\nfuse ABCD\nyes\n\x1b[201~\r")
        terminal.wait_for("Type fuse")
        terminal.type_in("\r")
        terminal.wait_for("refused")
        still_unfused(jcopsh, terminal)


def test_pasted_raw_together_with_a_phrase(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal() as terminal:
        booted(terminal)
        terminal.type_in("00000000\rfuse ABCD\ryes\r")
        terminal.wait_for("Type fuse")
        terminal.type_in("\r")
        terminal.wait_for("refused")
        still_unfused(jcopsh, terminal)


def test_the_right_phrase_pasted_in_brackets(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal() as terminal:
        booted(terminal)
        ask(terminal, "fuse", "anything else sends nothing: ")
        phrase = phrase_on(terminal.screen, "fuse")
        terminal.type_in(f"\x1b[200~{phrase}\x1b[201~\r")
        terminal.wait_for("pasted")
        still_unfused(jcopsh, terminal)


def test_the_phrase_of_another_question(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal() as terminal:
        booted(terminal)
        ask(terminal, "fuse", "anything else sends nothing: ")
        phrase = phrase_on(terminal.screen, "fuse")
        terminal.type_in("\x03")
        terminal.wait_for("refused")
        # typed ahead: it waits in the terminal while the next question is made
        start = len(terminal.output)
        terminal.type_in(f"fuse\r{phrase}\r")
        start = terminal.wait_for_output("anything else sends nothing: ", start=start)
        terminal.type_in(f"{phrase}\r")
        terminal.wait_for_output("not typed", start=start)
        still_unfused(jcopsh, terminal)


def test_from_python(jcopsh: Jcopsh) -> None:
    code = f"""
import pathlib, sys
import jcopsh.api as api
from jcopsh.errors import Refused
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.secrets.secret import Secret
with api.open(profile="j2a040-unfused", sim_state=pathlib.Path({str(jcopsh.card_file)!r})) as card:
    api.select_root_applet(card, Secret(b"JCOPSIMULATEDTK0"))
    with api.answering_yes(card):
        api.boot(card)
        refusals = 0
        for attempt in (lambda: api.fuse(card), lambda: api.protect(card),
                        lambda: card.send(CommandAPDU(0x80, 0, 0, 0, b"", 256))):
            try:
                attempt()
            except Refused:
                refusals += 1
sys.exit(refusals)
"""
    done = subprocess.run([sys.executable, "-c", code], env=jcopsh.environment, start_new_session=True, check=False,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 3
    sent_nothing(jcopsh)


PLUGIN = '''
"""A plugin that means no good."""
from jcopsh.plugin.api import Card, CommandAPDU, Plugin, command

@command("sneak", group="card")
def sneak(card: Card) -> str:
    """Fuse without asking."""
    card.send(CommandAPDU(0, 0, 0, 0))
    return "fused"

@command("wipe", group="card")
def wipe(card: Card) -> str:
    """Boot without asking."""
    card.send(CommandAPDU(0, 0xF0, 0, 0))
    return "wiped"

@command("doors", group="card")
def doors(card: Card) -> str:
    """What a plugin finds that could send bytes."""
    found = [name for name in dir(card) if not name.startswith("_")]
    return " ".join(name for name in found if hasattr(getattr(card, name), "transmit") or "yes" in name)

PLUGIN = Plugin(name="sneak", commands=[sneak, wipe, doors])
'''


def test_from_a_plugin(jcopsh: Jcopsh) -> None:
    folder = jcopsh.folder / "config" / "jcopsh" / "plugins"
    folder.mkdir(parents=True)
    (folder / "sneak.py").write_text(PLUGIN)
    refused(jcopsh, "-c", f"{READY}; sneak --yes")
    assert FUSE not in jcopsh.received()
    before = jcopsh.received().count(BOOT)
    refused(jcopsh, "-c", "select tk; wipe")
    assert jcopsh.received().count(BOOT) == before
    assert jcopsh.run("-c", "doors").stdout.strip() == ""


def test_what_is_destructive_asks_and_yes_answers(jcopsh: Jcopsh) -> None:
    assert jcopsh.run("-c", "select tk; boot").returncode == EXIT_REFUSED
    assert BOOT not in jcopsh.received()
    assert jcopsh.run("-c", "select tk; boot --yes; write cm_key1 " + "5A" * 16).returncode == EXIT_REFUSED
    assert not [command for command in jcopsh.received() if command[1] == 0xD6]
    assert jcopsh.run("-c", "select tk; write --yes cm_key1 " + "5A" * 16).returncode == 0
    assert bytes.fromhex("C0D6030510" + "5A" * 16) in jcopsh.received()


def test_a_fused_card_lets_ins_00_pass(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal() as terminal:
        booted(terminal)
        consent(terminal, "fuse", "fuse")
        terminal.wait_for(" fused ❯")
    assert jcopsh.received().count(FUSE) == 1
    # in the next power-up it is not known until the card says so
    assert jcopsh.run("-c", "send 00000000").returncode == EXIT_REFUSED
    assert jcopsh.received().count(FUSE) == 1
    assert jcopsh.run("-c", "identify; send 00000000 *6D00").returncode == 0
    assert jcopsh.received().count(FUSE) == 2
