"""Killed between any two steps of a write: whenever the new key is on the card, the old one is on disk."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.card.recording import read_recording
from jcopsh.jcop.memory_map import load_map
from jcopsh.operations.memory import write_memory
from jcopsh.secrets.key_store import KeyStore
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import SimulatedLink
from jcopsh.simulator.profiles import parse_profile
from tests.card.support import BOOT, KEYS_NAME, READ_KEY1, SELECT_TK, apdu, behind_the_door

PROFILE = parse_profile("j2a040-unfused")
NEW_KEY = bytes.fromhex("5A0102030405060708090A0B0C0D0E0F")
WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", "os.truncate", "os.chmod", "fcntl.flock", "tempfile.mkstemp"}
MOST_POINTS = 2000
DONE, BROKEN = 0, 70


class Sweep:
    """Counts the steps of a process, and kills it at one of them."""

    def __init__(self, last: int) -> None:
        self.count, self._last = 0, last

    def step(self) -> None:
        """One more step: the last one of this process, if it is the one."""
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a step before it and one after it."""

        def call(*arguments: Any) -> Any:
            self.step()
            result = real(*arguments)
            self.step()
            return result

        return call


def write_key(folder: Path, last: int) -> None:
    """What `write cm_key1` does, in a process that is killed at a step."""
    link = SimulatedLink(SimulatedCard(PROFILE, state_file=folder / "card.json"))
    sweep = Sweep(last)
    sys.addaudithook(lambda event, _arguments: sweep.step() if event in WATCHED else None)
    os.fsync, os.write = sweep.around(os.fsync), sweep.around(os.write)
    link.transmit = sweep.around(link.transmit)  # type: ignore[method-assign]  # the wire, watched from both ends
    rig = behind_the_door(link, folder)
    rig.card.memory_map = load_map(PROFILE.map_name)
    rig.card.send(apdu(SELECT_TK))
    with answering_yes(rig.card):
        list(write_memory(rig.card, 0xC00305, NEW_KEY, memory_map=rig.card.memory_map))
    rig.card.close()


def in_a_process(folder: Path, last: int) -> int:
    """Run it there; its exit code, negative for the signal that killed it."""
    child = os.fork()
    if child == 0:
        try:
            write_key(folder, last)
            os._exit(DONE)
        except BaseException:
            traceback.print_exc()
            os._exit(BROKEN)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def key_on_card(folder: Path) -> bytes:
    card = SimulatedCard(PROFILE, state_file=folder / "card.json")
    card.power_on()
    assert card.process(SELECT_TK) == b"\x90\x00"
    key = card.process(READ_KEY1)[:16]
    card.power_off()
    return key


@pytest.fixture
def unfused(tmp_path: Path) -> Path:
    """A card on disk that was booted."""
    card = SimulatedCard(PROFILE, state_file=tmp_path / "unfused.json")
    card.power_on()
    assert card.process(SELECT_TK) + card.process(BOOT) == b"\x90\x00" * 2
    card.power_off()
    return tmp_path / "unfused.json"


def test_killed_at_every_step(tmp_path: Path, unfused: Path, capfd: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    (tmp_path / "old").mkdir()
    shutil.copy(unfused, tmp_path / "old" / "card.json")
    old_key = key_on_card(tmp_path / "old")
    warm = tmp_path / "warm"  # everything is imported and cached before the first fork
    warm.mkdir()
    shutil.copy(unfused, warm / "card.json")
    assert in_a_process(warm, 0) == DONE, capfd.readouterr().err
    assert key_on_card(warm) == NEW_KEY
    held: list[bytes] = []
    for last in range(1, MOST_POINTS):
        folder = tmp_path / "swept"
        folder.mkdir()
        shutil.copy(unfused, folder / "card.json")
        code = in_a_process(folder, last)
        assert code in (DONE, -signal.SIGKILL), capfd.readouterr().err
        held.append(key_on_card(folder))
        check(folder, held[-1], old_key)
        shutil.rmtree(folder)
        if code == DONE:
            break
    else:
        pytest.fail("it never ran through")
    # the sweep went from before the write to behind it
    assert (held[0], held[-1], set(held)) == (old_key, NEW_KEY, {old_key, NEW_KEY})
    with capfd.disabled():
        print(
            f"\nkilled at each of {len(held) - 1} steps in {time.monotonic() - started:.1f} s; "
            f"the new key was on the card at {held.count(NEW_KEY) - 1} of them"
        )


def check(folder: Path, on_card: bytes, old_key: bytes) -> None:
    """What must hold after any kill."""
    store = KeyStore(folder / "data" / KEYS_NAME)
    kept = {entry.secret.reveal() for entry in store.entries()}
    if on_card != old_key:
        assert on_card == NEW_KEY
        assert {old_key, NEW_KEY} <= kept
        sent = [
            line for line in (folder / "state" / "journal.jsonl").read_text().splitlines() if '"C0D6030510<' in line
        ]
        assert len(sent) == 1
        assert read_recording(folder / "state" / "journal.jsonl").events
