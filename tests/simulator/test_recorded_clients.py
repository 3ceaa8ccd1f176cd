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
    assert [without_serial(send(card, command)) for command in commands] == list(map(without_serial, answers))
    assert answers[-1].endswith("9000")


def without_serial(answer: str) -> str:
    """An answer; of CPLC all but the serial number of the chip, which each card has for itself."""
    return answer[:30] + answer[38:] if answer.startswith("9F7F2A") else answer
