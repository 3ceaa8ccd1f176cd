"""Who the card is, in both forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.errors import CardError
from jcopsh.jcop.identify import IDENTIFY_JCOP4, Identity, Jcop4Identity
from jcopsh.operations.identification import identify
from jcopsh.state import Fuse
from tests.card.support import FUSED_IDENTITY, IDENTIFY, fake, simulated

JCOP4 = IDENTIFY_JCOP4.encode().hex().upper()
DF28 = (
    "010c0001b90c91154cb8c02a00aa0208000000000000000003184a3352363030303337333138313230306d20b6197d635e7c050100060400"
    "00d81f0701010808b3375fe9b5508bc40901030a0855606fd4beecf3cd"
)


def jcop4_answer() -> str:
    content = bytes.fromhex(DF28)
    inner = b"\xdf\x28" + bytes((len(content),)) + content
    return (b"\xfe" + bytes((len(inner),)) + inner).hex() + "9000"


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
    rig, link = fake(tmp_path, {IDENTIFY.hex().upper(): first, JCOP4: jcop4_answer()})
    found = identify(rig.card)
    assert isinstance(found.identity, Jcop4Identity)
    assert (found.identity.platform_id, found.sw) == ("J3R6000373181200", 0x9000)
    assert link.sent == [IDENTIFY, bytes.fromhex(JCOP4)]
    assert rig.card.state.fuse is Fuse.UNKNOWN


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
