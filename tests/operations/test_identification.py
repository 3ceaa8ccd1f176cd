"""Who the card is, in both forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.interlock import Judgement
from jcopsh.card.link import ResetKind
from jcopsh.errors import CardError, Refused
from jcopsh.jcop.identify import IDENTIFY_JCOP4, Identity, Jcop4Identity
from jcopsh.operations.identification import identify
from jcopsh.state import Fuse
from tests.card.support import FUSED_IDENTITY, IDENTIFY, fake, refused, simulated

JCOP4 = IDENTIFY_JCOP4.encode().hex().upper()
DF28 = (
    "010c0001b90c91154cb8c02a00aa0208000000000000000003184a3352363030303337333138313230306d20b6197d635e7c050100060400"
    "00d81f0701010808b3375fe9b5508bc40901030a0855606fd4beecf3cd"
)


def jcop4_answer() -> str:
    content = bytes.fromhex(DF28)
    inner = b"\xdf\x28" + bytes((len(content),)) + content
    return (b"\xfe" + bytes((len(inner),)) + inner).hex() + "9000"


SELECT_NOTHING = "00A4040000"
DOMAIN = "6F108408A000000151000000A5049F6501FF9000"


def test_the_classic_form_with_its_data_on_an_error_status(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path)
    found = identify(rig.card)
    assert isinstance(found.identity, Identity)
    assert (found.identity.mask_name, found.identity.fused, found.sw) == ("NX011C", False, 0x6A82)
    assert "select tk" in found.next_step
    assert sim.received == [IDENTIFY]
    assert rig.card.state.fuse is Fuse.UNFUSED


def test_a_fused_card(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_IDENTITY.hex() + "6A82"})
    found = identify(rig.card)
    assert isinstance(found.identity, Identity)
    assert found.identity.combo == "smartmx-m29.B3.11-PH650A"
    assert rig.card.state.fuse is Fuse.FUSED
    assert "gone for ever" in found.next_step


@pytest.mark.parametrize("first", ["6A82", "6D00", "9000", "6F0084006A82"])
def test_jcop4_is_asked_when_the_first_form_brings_nothing(tmp_path: Path, first: str) -> None:
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): first, SELECT_NOTHING: DOMAIN, JCOP4: jcop4_answer()})
    found = identify(rig.card)
    assert isinstance(found.identity, Jcop4Identity)
    assert (found.identity.platform_id, found.sw) == ("J3R6000373181200", 0x9000)
    # where the first form has selected something, it is no card manager that answers the second
    told = first != "9000"
    before = [bytes.fromhex(SELECT_NOTHING)] if told else []
    assert link.sent == [IDENTIFY, *before, bytes.fromhex(JCOP4)]
    assert (rig.card.state.fuse is Fuse.FUSED, rig.card.state.fuse_inferred) == (told, told)


@pytest.mark.parametrize("selected", ["6F078405F0A1B2C3D49000", "9000", "6A82", "6999"])
def test_what_the_card_selects_by_default_may_be_an_applet_that_tells_nothing_of_the_fuse(
    tmp_path: Path, selected: str
) -> None:
    by_name = "00A4040008A00000015100000000"
    rig, link = fake(tmp_path, {SELECT_NOTHING: selected, JCOP4: jcop4_answer(), by_name: DOMAIN})
    found = identify(rig.card)
    assert isinstance(found.identity, Jcop4Identity)
    assert "counts as not fused: select isd-gp, then identify" in found.next_step
    sent = len(link.sent)
    refused(rig, "00000000")
    assert (rig.card.state.fuse, len(link.sent)) == (Fuse.UNKNOWN, sent)
    rig.send(by_name)
    assert "counts as not fused" not in identify(rig.card).next_step
    assert rig.card.state.fuse is Fuse.FUSED


def test_on_a_jcop4_whose_transport_state_has_ended_ins_00_is_an_applets_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(judgement: Judgement, _card: str) -> None:
        raise Refused("refused", meaning=judgement.settled_by)

    monkeypatch.setattr(consent, "ask_typed", nobody)
    rig, link = fake(tmp_path, {JCOP4: jcop4_answer(), "00A4040005F0A1B2C3D4": "9000", "00000000": "9000",
                                "8010000000": "9000", SELECT_NOTHING: DOMAIN})
    for command in ("00000000", "8010000000"):
        with pytest.raises(Refused) as caught:
            rig.send(command)
        assert "reset and identify show it" in caught.value.meaning
    identify(rig.card)
    for command in ("00000000", "8010000000"):
        assert rig.send(command).ok
    rig.send("00A4040005F0A1B2C3D4")
    assert rig.send("00000000").ok
    rig.card.reset(ResetKind.COLD)
    rig.send("00A4040005F0A1B2C3D4")
    identify(rig.card)  # what an applet says of the card counts for nothing
    assert rig.card.state.fuse is Fuse.UNKNOWN
    sent = len(link.sent)
    with pytest.raises(Refused):
        rig.send("00000000")
    assert len(link.sent) == sent


def test_with_an_applet_selected_the_card_manager_has_to_be_asked(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00A4040005F0A1B2C3D4": "9000", JCOP4: "6D00"})
    rig.send("00A4040005F0A1B2C3D4")
    with pytest.raises(CardError) as caught:
        identify(rig.card)
    assert caught.value.hint.startswith("reset, then identify")


@pytest.mark.parametrize("second", ["6D00", "6A88", "9000", "FE00" + "9000"])
def test_no_jcop(tmp_path: Path, second: str) -> None:
    rig, _link = fake(tmp_path, {JCOP4: second})
    with pytest.raises(CardError, match="does not identify itself") as caught:
        identify(rig.card)
    assert caught.value.response.sw == int(second[-4:], 16)


def test_over_t0_the_data_come_with_get_response(tmp_path: Path) -> None:
    answers = {"00A4040009A000000167413000FF": "6113", "00C0000013": FUSED_IDENTITY.hex() + "6A82"}
    rig, _link = fake(tmp_path, answers, protocol="T=0")
    assert identify(rig.card).sw == 0x6A82
    assert rig.card.state.fuse is Fuse.FUSED
