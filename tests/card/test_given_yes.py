"""What a yes that was given on the line answers for, and how long."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.card.given_yes import GivenYes
from jcopsh.card.interlock import Severity
from jcopsh.errors import ChannelError, Refused
from tests.secure_channels import WRONG, connected


def answered(yes: GivenYes) -> set[Severity]:
    return {one for one in Severity if yes.answers(one)}


def test_a_yes_answers_for_what_is_destructive_alone_and_until_its_block_ends() -> None:
    yes = GivenYes()
    assert answered(yes) == {Severity.FREE}
    with suppress(RuntimeError), yes.given():
        with yes.given():
            pass
        assert answered(yes) == {Severity.FREE, Severity.DESTRUCTIVE}
        raise RuntimeError
    assert answered(yes) == {Severity.FREE}


def test_a_yes_is_that_of_its_own_card(tmp_path: Path) -> None:
    one, other = (connected(tmp_path) for _ in range(2))
    with answering_yes(one.card):
        assert one.card.answered(Severity.DESTRUCTIVE)
        assert not other.card.answered(Severity.DESTRUCTIVE)


def test_wrong_keys_once_more_need_a_person(tmp_path: Path) -> None:
    """They may lock the card, and can be undone all the same where they do not."""
    domain = connected(tmp_path)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    with answering_yes(domain.card), pytest.raises(Refused, match="no key was tried") as refused:
        domain.auth(WRONG)
    assert "nothing else can stand in for a person" in refused.value.meaning
    assert "--yes" not in refused.value.hint
