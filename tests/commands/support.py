"""The real commands in a session on a simulated card, with what they show as text."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jcopsh.api import Opener, Source
from jcopsh.card.card import Card
from jcopsh.commands import register_all
from jcopsh.plugin.host import PluginHost
from jcopsh.secrets.key_sets import KeySetStore
from jcopsh.secrets.key_store import KeyStore
from jcopsh.secrets.ledger import Ledger
from jcopsh.shell.command import Registry
from jcopsh.shell.execute import run_text
from jcopsh.shell.render import Output
from jcopsh.shell.session import Finds, Opens, Session, no_readers
from tests.card.support import FakeLink, behind_the_door, fake


@dataclass
class Shell:
    """A session and its streams. `answers` are given to what would be asked at the terminal, in order."""

    session: Session
    stdout: io.StringIO
    stderr: io.StringIO
    answers: list[str]
    asked: list[str]

    def run(self, line: str) -> str:
        """Run a line that succeeds; what it showed."""
        code = run_text(self.session, line)
        shown, errors = _taken(self.stdout), _taken(self.stderr)
        assert code == 0, f"{line}: {errors}"
        return shown

    def fail(self, line: str, code: int = 1) -> str:
        """Run a line that fails; what was said of it."""
        found = run_text(self.session, line)
        errors = _taken(self.stderr)
        _taken(self.stdout)
        assert found == code, f"{line}: exit {found}, {errors}"
        assert "Traceback" not in errors
        return errors

    def json(self, line: str) -> list[dict[str, Any]]:
        """Run a line that succeeds; its values."""
        return [json.loads(one) for one in self.run(f"{line} --json").splitlines()]


def _taken(stream: io.StringIO) -> str:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def shell(
    monkeypatch: pytest.MonkeyPatch, *, profile: str = "files", width: int = 80, state: Path | None = None
) -> Shell:
    """A session on a simulated card."""
    opener = Opener(Source(profile=profile, sim_state=state), report=lambda _text: None)
    return opened_shell(monkeypatch, opener, width=width)


def opened_shell(monkeypatch: pytest.MonkeyPatch, opener: Opener, *, width: int = 80) -> Shell:
    """A session on what the opener opens."""
    registry = Registry()
    register_all(registry, PluginHost())
    return _shell(monkeypatch, registry, opener.open, opener.key_store, opener.key_sets, finder=opener.find,
                  ledger=opener.ledger, width=width)


def odd_shell(
    monkeypatch: pytest.MonkeyPatch, folder: Path, answers: Mapping[str, str] | Callable[[bytes], bytes] | FakeLink, *,
    protocol: str = "T=1",
) -> Shell:
    """A session on a card that knows its answers by heart, or on a link to one (tests/card/support.py)."""
    if isinstance(answers, FakeLink):
        rig = behind_the_door(answers, folder)
    else:
        rig, _link = fake(folder, answers, protocol=protocol)
    registry = Registry()
    register_all(registry, PluginHost())

    def opens(
        reader: str | None, *, default_reader: str | None = None, protocol: str | None = None, shared: bool = False
    ) -> Card:
        return rig.card

    return _shell(monkeypatch, registry, opens, rig.store, KeySetStore(folder / "key-sets.json"), width=80)


def _shell(
    monkeypatch: pytest.MonkeyPatch, registry: Registry, opener: Opens, store: KeyStore, key_sets: KeySetStore,
    *, finder: Finds = no_readers, ledger: Ledger | None = None, width: int,
) -> Shell:
    stdout, stderr = io.StringIO(), io.StringIO()
    session = Session(registry=registry, opener=opener, finder=finder, key_store=store, key_sets=key_sets,
                      ledger=ledger, output=Output(stdout=stdout, stderr=stderr, width=width))
    found = Shell(session, stdout, stderr, [], [])

    def ask(_session: Session, prompt: str) -> str:
        found.asked.append(prompt)
        return found.answers.pop(0)

    monkeypatch.setattr(Session, "ask_secret", ask)
    return found
