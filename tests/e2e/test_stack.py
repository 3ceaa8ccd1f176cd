"""The same job through pcscd, vpcd and pyscard, with a simulated card behind the reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.card.support import BOOT, FUSE, IDENTIFY, PROTECT, SELECT_TK, TRANSPORT_KEY
from tests.e2e.support import Jcopsh, say_yes, write_and_fuse
from tests.reader_stack import CardProcess, ReaderStack, program

NEW_KEY = "5A0102030405060708090A0B0C0D0E0F"


@pytest.fixture
def card(reader_stack: ReaderStack) -> Iterator[CardProcess]:
    card = reader_stack.insert()
    yield card
    card.remove()


def home(folder: Path) -> dict[str, str]:
    wanted = ("HOME", "XDG_")
    return {name: value for name, value in Jcopsh(folder).environment.items() if name.startswith(wanted)}


def test_the_whole_job(reader_stack: ReaderStack, card: CardProcess, tmp_path: Path) -> None:
    with reader_stack.spawn(program("jcopsh"), environment=home(tmp_path), rows=40) as terminal:
        terminal.wait_for("❯")
        terminal.type_in("identify\r")
        terminal.wait_for("unfused ❯")
        terminal.type_in("select tk\r")
        terminal.wait_for("does not show")
        terminal.type_in(TRANSPORT_KEY.decode() + "\r")
        terminal.wait_for("unfused root ❯")
        say_yes(terminal, "boot")
        terminal.wait_for("booted ❯")
        terminal.type_in("read cm_key1; read 0xc00305 16\r")
        terminal.wait_for("3DES KCV")
        write_and_fuse(terminal, NEW_KEY)
        assert TRANSPORT_KEY not in terminal.output
    received = card.received()
    for sent in (IDENTIFY, SELECT_TK, BOOT, bytes.fromhex("C0D6030510" + NEW_KEY), PROTECT, FUSE):
        assert received.count(sent) == 1, sent.hex()


@pytest.mark.parametrize("protocol", ["T=1", "T=0"])
def test_seed_000(reader_stack: ReaderStack, tmp_path: Path, protocol: str) -> None:
    from tests.e2e.test_seeds import SEED_000_KEYS, SEED_000_T0, SEED_000_T1, in_gpshell_form

    card = reader_stack.insert("j2a081-unfused")
    commands = SEED_000_T1 if protocol == "T=1" else SEED_000_T0
    script = in_gpshell_form([SELECT_TK.hex(), BOOT.hex(), *commands, *SEED_000_KEYS])
    check = f"reset\natr\nidentify\nselect tk {TRANSPORT_KEY.hex()}\nread ifsc\nread cm_key1\n"
    text = "set map j2a081\n" + script + check
    done = reader_stack.run([*program("jcopsh"), "-"], text=text, environment=home(tmp_path))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "J2A081,T=1" in done.stdout
    assert protocol in done.stdout
    sent = [bytes.fromhex(command) for command in (SELECT_TK.hex(), BOOT.hex(), *commands, *SEED_000_KEYS)]
    assert [command for command in card.received() if command in sent][: len(sent)] == sent
    card.remove()


def test_refused_without_a_terminal(reader_stack: ReaderStack, card: CardProcess, tmp_path: Path) -> None:
    lines = f"select tk {TRANSPORT_KEY.hex()}; boot --yes; fuse"
    done = reader_stack.run([*program("jcopsh"), "-c", lines], environment=home(tmp_path))
    assert done.returncode == 3, done.stderr
    assert FUSE not in card.received()


def test_the_card_is_reset_on_leaving(reader_stack: ReaderStack, card: CardProcess, tmp_path: Path) -> None:
    lines = f"select tk {TRANSPORT_KEY.hex()}"
    assert reader_stack.run([*program("jcopsh"), "-c", lines], environment=home(tmp_path)).returncode == 0
    # without its selection the card takes no READ
    done = reader_stack.run([*program("jcopsh"), "-c", "send C0B0030510 *6A82"], environment=home(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
