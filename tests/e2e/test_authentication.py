"""Wrong keys in a script, and in the next run of the program."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.support import Jcopsh

CANARY = "C1A55EC0DE8BADF00D7E577E57C0FFEE"
TWELVE_LINES = f"auth --key {CANARY}\n" * 12
INITIALIZE_UPDATE = "8050"


def initialize_updates(jcopsh: Jcopsh) -> int:
    """How many were sent in all runs, by the journals."""
    lines = [json.loads(line) for path in jcopsh.folder.rglob("journal/*.jsonl")
             for line in path.read_text("utf-8").splitlines()]
    return sum(1 for line in lines if line["kind"] == "command" and line["bytes"].startswith(INITIALIZE_UPDATE))


def test_twelve_wrong_lines_send_one_initialize_update_and_a_restart_does_not_forget_it(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path, profile="j2a040")
    assert jcopsh.run("-", text=TWELVE_LINES).returncode == 1
    for _ in range(2):
        again = jcopsh.run("-", text=TWELVE_LINES)
        assert again.returncode == 3
        assert "did not take before" in again.stderr
        # --yes answers for what is destructive, not for this
        assert jcopsh.run("-c", f"auth --key {CANARY} --yes").returncode in (2, 3)
    assert initialize_updates(jcopsh) == 1


def test_twelve_lines_typed_one_after_the_other(tmp_path: Path) -> None:
    jcopsh = Jcopsh(tmp_path, profile="j2a040")
    with jcopsh.terminal() as terminal:
        terminal.wait_for("❯")
        terminal.type_in(f"auth --key {CANARY}\r")
        seen = terminal.wait_for_output("not the card's")
        terminal.wait_for("1 failed auth")
        for _ in range(11):
            terminal.type_in(f"auth --key {CANARY}\r")
            seen = terminal.wait_for_output("or no: ", start=seen)
            terminal.type_in("no\r")
            seen = terminal.wait_for_output("The answer was not yes", start=seen)
            terminal.wait_for("1 failed auth")
        terminal.type_in("auth --key default\r")
        terminal.wait_for("scp02/01")
        terminal.type_in("exit\r")
        terminal.wait_for_end()
    assert initialize_updates(jcopsh) == 2
    kept = "".join(path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY not in kept
    assert CANARY.lower() not in kept.lower()
