"""A program that sends commands to a simulated card and says what came of it: `consent_program.py COMMAND...`.

Each COMMAND is hexadecimal. Then it says what the card received, whether the terminal's modes are as they were, and
what it finds typed ahead for the next command.
"""

from __future__ import annotations

import os
import select
import sys
import tempfile
import termios
from pathlib import Path

from jcopsh.card.card import Card
from jcopsh.card.journal import Journal
from jcopsh.errors import Refused
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import SimulatedLink
from jcopsh.simulator.profiles import parse_profile

TERMINAL = "/dev/tty"
LEFTOVER_WAIT_S = 0.3


def modes() -> list[object] | None:
    """The modes of the terminal, None where there is none."""
    try:
        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        return termios.tcgetattr(descriptor)
    except termios.error:
        return None
    finally:
        os.close(descriptor)


def leftover() -> bytes:
    """What is waiting at the terminal, when nobody has to press Enter for it."""
    try:
        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return b""
    try:
        changed = termios.tcgetattr(descriptor)
        changed[3] &= ~termios.ICANON
        termios.tcsetattr(descriptor, termios.TCSANOW, changed)
        waiting = select.select([descriptor], [], [], LEFTOVER_WAIT_S)[0]
        return os.read(descriptor, 4096) if waiting else b""
    finally:
        os.close(descriptor)


def main() -> None:
    """Send, and tell."""
    sim = SimulatedCard(parse_profile("j2a040-unfused"))
    with tempfile.TemporaryDirectory() as folder:
        card = Card(SimulatedLink(sim), Journal(Path(folder) / "journal"), None)
        before = modes()
        print("READY", flush=True)
        for command in sys.argv[1:]:
            try:
                card.send(CommandAPDU.parse(bytes.fromhex(command)))
                print("SENT", flush=True)
            except Refused as refusal:
                print("REFUSED", refusal.exit_code, refusal.meaning, flush=True)
        print("RECEIVED", ",".join(raw.hex() for raw in sim.received) or "nothing", flush=True)
        print("MODES", "same" if modes() == before else "changed", flush=True)
        print("LEFTOVER", leftover(), flush=True)
        print("END", flush=True)


if __name__ == "__main__":
    main()
