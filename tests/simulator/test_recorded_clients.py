"""Sessions of clients that the tests cannot install, sent once more (tests/vectors/simulated)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.support import powered, send

SESSIONS = Path(__file__).parents[1] / "vectors" / "simulated"


@pytest.mark.parametrize("name", ["keycard-sdk-j2e145", "py-gp-j2e145", "py-gp-j3r180"])
def test_every_command_has_the_answer_that_the_client_took(name: str) -> None:
    card = powered(name.rpartition("-")[2])
    lines = (SESSIONS / f"{name}.log").read_text("ascii").splitlines()
    commands = [line[3:] for line in lines if line.startswith(">> ")]
    answers = [line[3:] for line in lines if line.startswith("<< ")]
    assert len(commands) == len(answers) > 12
    assert [send(card, command) for command in commands] == answers
    assert answers[-1].endswith("9000")
