"""Keys in the environment stay with us: no program that we start is given them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jcopsh.secrets.environment import KEY_VARIABLES, without_keys
from jcopsh.shell import external_editor, pager

CANARY = "C1A55EC0DE8BADF00D7E577E57C0FFEE"
SHOW = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))"


@pytest.fixture(autouse=True)
def _keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEY_VARIABLES, "GP_KEY_KDF", "GP_KEY_NEW", "gp_key_other"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("OTHER", "stays")


def test_all_but_the_keys() -> None:
    found = without_keys()
    assert found["OTHER"] == "stays"
    assert CANARY not in repr(found)


def test_a_pager_does_not_see_them(tmp_path: Path) -> None:
    pager.run_program([sys.executable, "-c", SHOW, str(tmp_path / "seen")], "text")
    check((tmp_path / "seen").read_text("utf-8"))


def test_an_editor_does_not_see_them(tmp_path: Path) -> None:
    external_editor._run([sys.executable, "-c", SHOW, str(tmp_path / "seen")])
    check((tmp_path / "seen").read_text("utf-8"))


def check(seen: str) -> None:
    assert "stays" in seen
    assert CANARY not in seen
