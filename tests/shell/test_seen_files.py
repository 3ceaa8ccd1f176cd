"""The files that a connection has met, as they are noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.shell import seen_files
from jcopsh.shell.context import Completion
from jcopsh.shell.seen_files import SeenFiles
from tests.card.support import fake

FILES = 40


def test_they_are_sorted_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def completion(text: str, meaning: str) -> Completion:
        made.append(text)
        return Completion(text, meaning)

    monkeypatch.setattr(seen_files, "Completion", completion)
    rig, _ = fake(tmp_path, lambda _command: b"\x90\x00")
    seen = SeenFiles(rig.card)
    rig.card.observers.append(seen)
    for number in reversed(range(FILES)):
        rig.send(f"00A4020C02{0x6E00 + number:04X}")
    assert made == []
    names = [one.text for one in seen.all]
    assert names == sorted(names) and len(names) == FILES
    assert seen.all is seen.all
    before = seen.all
    rig.send("00A4020C026E01")  # nothing new
    assert seen.all is before
    assert len(made) == FILES
    rig.send("00A4020C026F01")
    with answering_yes(rig.card):
        rig.send("00E40000026E00")
    assert len(seen.all) == FILES
    assert before[0] not in seen.all
