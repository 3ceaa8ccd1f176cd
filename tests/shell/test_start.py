"""What starting brings with it: a script does without prompt_toolkit, and a parse without rich."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("prompt_toolkit", "rich", "pygments", "cryptography", "smartcard")


def imported_by(code: str) -> set[str]:
    report = f"{code}\nimport sys\nprint(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["command", "parser", "types", "execute", "render", "script", "session", "manual", "topics", "history"]
)
def test_a_module_of_every_day_imports_nothing_heavy(module: str) -> None:
    assert imported_by(f"import jcopsh.shell.{module}") == set()


def test_a_script_of_plain_words_needs_neither_prompt_toolkit_nor_rich() -> None:
    code = """
import io, tempfile, pathlib
from tests.shell.samples import stage
scene = stage(pathlib.Path(tempfile.mkdtemp()))
assert scene.run("say hello; read cm_key1 --json") == 0
"""
    assert imported_by(code) == set()
