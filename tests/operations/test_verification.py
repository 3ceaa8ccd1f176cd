"""PINs: what is asked, what is counted, and what never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.errors import CardError, Refused
from jcopsh.operations import verification
from jcopsh.secrets.secret import Secret, SecretKind
from tests.card.support import Rig, consenting, fake, simulated

CANARY = "7393"
T0 = "iso7816-files,protocol=t0"


def pin(text: str) -> Secret:
    return Secret(text.encode(), SecretKind.PIN)


@pytest.fixture(params=["iso7816-files", T0], ids=["T=1", "T=0"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return simulated(tmp_path, request.param, known_map=False)[0]


def test_asking_is_no_try(card: Rig) -> None:
    for _ in range(5):
        status = verification.pin_status(card.card, 1)
        assert (status.verified, status.tries_left, status.blocked) == (False, 3, False)
        assert status.meaning == "not verified; 3 tries are left"
    assert verification.verify(card.card, 1, pin("1234")).what == "verified"
    status = verification.pin_status(card.card, 1)
    assert (status.verified, status.tries_left, status.meaning) == (True, None, "verified already, or not needed")


def test_there_is_no_such_pin(card: Rig) -> None:
    with pytest.raises(CardError, match="there is no PIN 81") as caught:
        verification.pin_status(card.card, 0x81)
    assert "0x81" in caught.value.hint


def test_a_wrong_pin_costs_one_try_and_says_so(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path, "iso7816-files", known_map=False)
    with pytest.raises(CardError) as caught:
        verification.verify(rig.card, 1, pin(CANARY))
    assert caught.value.meaning == "63C2: wrong, and 2 tries are left"
    assert caught.value.hint == "be sure before you try again"
    assert len(sim.received) == 1
    for text in (str(caught.value), repr(caught.value), caught.value.meaning, rig.kept()):
        assert CANARY not in text and CANARY.encode().hex() not in text.lower()


def test_the_last_try_wants_a_yes_whoever_sends_it(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path, "iso7816-files", known_map=False)
    for _ in range(2):
        rig.send("002000010430303030")
    sent = len(sim.received)
    with pytest.raises(Refused, match="one try left"):
        verification.verify(rig.card, 1, pin("1234"))
    with pytest.raises(Refused):
        rig.send("002000010431323334")
    with pytest.raises(Refused):
        verification.change_pin(rig.card, 1, pin("1234"), pin("5678"))
    assert len(sim.received) == sent
    assert verification.pin_status(rig.card, 1).tries_left == 1  # asking is free
    with answering_yes(rig.card):
        assert verification.verify(rig.card, 1, pin("1234")).what == "verified"
    # all tries are there again, and no question is asked any more
    assert verification.verify(rig.card, 1, pin("1234")).what == "verified"


def test_a_blocked_pin_and_the_way_back(card: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = consenting(monkeypatch)
    for _ in range(3):
        card.send("002000010430303030")
    status = verification.pin_status(card.card, 1)
    assert (status.blocked, status.tries_left, status.meaning) == (True, 0, "blocked: no try is left")
    asked.clear()
    with pytest.raises(CardError) as caught:
        verification.unblock_pin(card.card, 1, pin("00000000"), pin("5678"))
    assert caught.value.meaning == "63C9: wrong, and 9 tries are left"
    assert verification.unblock_pin(card.card, 1, pin("87654321"), pin("5678")).what == "unblocked, and changed"
    assert [one.action for one in asked] == ["unblock", "unblock"]
    assert verification.verify(card.card, 1, pin("5678")).what == "verified"
    assert verification.unblock_pin(card.card, 1, pin("87654321"), None).what == "unblocked"


def test_unblocking_wants_a_yes(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path, "iso7816-files", known_map=False)
    with pytest.raises(Refused):
        verification.unblock_pin(rig.card, 1, pin("87654321"), pin("5678"))
    assert sim.received == []


def test_a_pin_is_changed(card: Rig) -> None:
    assert verification.change_pin(card.card, 1, pin("1234"), pin("567890")).what == "changed"
    with pytest.raises(CardError):
        verification.verify(card.card, 1, pin("1234"))
    assert verification.verify(card.card, 1, pin("567890")).what == "verified"
    assert verification.change_pin(card.card, 1, None, pin("1234")).what == "changed"
    assert verification.verify(card.card, 1, pin("1234")).what == "verified"


@pytest.mark.parametrize(
    ("answer", "verified", "tries", "blocked"),
    [("9000", True, None, False), ("63C0", False, 0, True), ("6983", False, 0, True), ("63CF", False, 15, False),
     ("6700", None, None, False), ("6300", False, None, False),
     ("6982", None, None, False)],
)
def test_what_cards_say_to_an_empty_verify(
    tmp_path: Path, answer: str, verified: bool | None, tries: int | None, blocked: bool
) -> None:
    rig, _link = fake(tmp_path, {"00200080": answer})
    status = verification.pin_status(rig.card, 0x80)
    assert (status.verified, status.tries_left, status.blocked) == (verified, tries, blocked)
    assert status.meaning


def test_over_t0_the_question_has_a_length_of_zero(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"00200001": "63C3", "0020000100": "63C3"}, protocol="T=0")
    assert verification.pin_status(rig.card, 1).tries_left == 3
    assert len(link.sent) == 1


@pytest.mark.parametrize(
    ("sw", "hint"),
    [("6A80", "--pad"), ("6700", "--pad"), ("6A88", "0x81"), ("63C0", "unblock-pin"), ("6983", "unblock-pin")],
)
def test_hints(tmp_path: Path, sw: str, hint: str) -> None:
    rig, _link = fake(tmp_path, lambda _command: bytes.fromhex(sw))
    with pytest.raises(CardError) as caught:
        verification.verify(rig.card, 1, pin(CANARY))
    assert hint in caught.value.hint
