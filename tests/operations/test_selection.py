"""SELECT: what is selected, and what a refusal hints at."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.errors import CardError
from jcopsh.iso7816.aid import AID, ISSUER_DOMAINS
from jcopsh.jcop.identify import IDENTIFY
from jcopsh.operations.selection import SELECT_DEFAULT, select, select_default
from tests.secure_channels import connected

ISD, ISD_GP = ISSUER_DOMAINS
UNFUSED = "unfused card"


@pytest.mark.parametrize(("profile", "aid", "other"), [
    ("j2a040", ISD_GP, "isd"), ("j2e145", ISD, "isd-gp"), ("j3r180", ISD, "isd-gp"),
])
def test_the_other_usual_name_of_the_issuer_domain_is_the_hint(
    tmp_path: Path, profile: str, aid: AID, other: str
) -> None:
    with pytest.raises(CardError, match="was not selected") as caught:
        select(connected(tmp_path, profile).card, aid)
    assert f"select {other}, its other usual name, or select alone" in caught.value.hint
    assert UNFUSED in caught.value.hint


@pytest.mark.parametrize(("aid", "hint"), [(ISD, "select isd-gp"), (AID(b"other"), "list")])
def test_a_card_that_is_known_to_be_fused_is_not_taken_for_unfused(tmp_path: Path, aid: AID, hint: str) -> None:
    card = connected(tmp_path, "j2e145").card
    card.send(IDENTIFY)
    with pytest.raises(CardError) as caught:
        select(card, aid)
    assert hint in caught.value.hint
    assert UNFUSED not in caught.value.hint


@pytest.mark.parametrize("aid", [ISD, AID(b"other")])
def test_on_an_unfused_card_its_transport_key_is_the_hint(tmp_path: Path, aid: AID) -> None:
    card = connected(tmp_path, "j2a040-unfused").card
    card.send(IDENTIFY)
    with pytest.raises(CardError) as caught:
        select(card, aid)
    assert UNFUSED in caught.value.hint
    assert "transport key" in caught.value.hint


@pytest.mark.parametrize(("profile", "name"), [("j2a040", "isd"), ("j2e145", "isd-gp"), ("j3r180", "isd-gp")])
def test_without_a_name_the_card_selects_its_own(tmp_path: Path, profile: str, name: str) -> None:
    assert select_default(connected(tmp_path, profile).card).name.startswith(f"{name} (")


@pytest.mark.parametrize("answer", ["9000", "6F048402D2769000"])
def test_what_is_selected_without_a_name_may_have_none(tmp_path: Path, answer: str) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, given: (
        bytes.fromhex(answer) if command == SELECT_DEFAULT.encode() else given)
    assert select_default(domain.card).name == "the card's default"


def test_a_card_that_selects_nothing_without_a_name(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="nothing without a name"):
        select_default(connected(tmp_path, "j2a040-unfused").card)
