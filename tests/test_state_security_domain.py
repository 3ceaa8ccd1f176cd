"""What the state keeps of a security domain: its channel, what it announces, and the chip below it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jcopsh.globalplatform.channel import ChannelProtocol, SecureChannelState, SecurityLevel, announced_options
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.state import CardState, SelectedKind, advance, powered_up

SCP02, SCP03 = ChannelProtocol.SCP02, ChannelProtocol.SCP03
FCI = bytes.fromhex(  # seed 001
    "6F658408A000000003000000A5599F6501FF9F6E06479100783300734A06072A864886FC6B01600C060A2A864886FC6B02020101630906072A"
    "864886FC6B03640B06092A864886FC6B040215650B06092B8510864864020103660C060A2B060104012A026E0102"
)
CPLC = bytes.fromhex("9F7F2A4790D32147000000000083456E6E6E50524300000000000000005758594E4E4E4E4E0000000000000000")
OPEN = replace(CardState(), selected=SelectedKind.APPLICATION,
               secure_channel=SecureChannelState(SCP02, 0x15, SecurityLevel.C_MAC, 0xFF))


def after(state: CardState, command: str, data: bytes = b"", sw: int = 0x9000) -> CardState:
    return advance(state, CommandAPDU.parse(bytes.fromhex(command)), ResponseAPDU(data, sw))


def test_select_tells_the_options_and_what_was_selected() -> None:
    assert announced_options(FCI) == {SCP02: 0x15}
    state = after(CardState(), "00A4040000", FCI)
    assert state.scp_options == ((SCP02, 0x15),)
    assert state.aid.hex().upper() == "A000000003000000"


@pytest.mark.parametrize("data", [b"", b"\x6f\x65\x84", b"\xff" * 20, bytes.fromhex("06092A864886FC6B0402")])
def test_what_announces_nothing(data: bytes) -> None:
    assert announced_options(data) == {}


def test_several_protocols_as_a_card_of_both_names_them() -> None:
    data = bytes.fromhex("664C734A06072A864886FC6B01600C060A2A864886FC6B02020201630906072A864886FC6B03"
                         "640B06092A864886FC6B040370640B06092A864886FC6B040255650B06092B8510864864020103")
    assert announced_options(data) == {}  # the lengths do not add up: nothing is made of it
    objects = bytes.fromhex("640B06092A864886FC6B040370640B06092A864886FC6B040255")
    whole = b"\x66" + bytes((len(objects) + 2,)) + b"\x73" + bytes((len(objects),)) + objects
    assert announced_options(whole) == {SCP03: 0x70, SCP02: 0x55}
    assert after(CardState(), "80CA006600", whole).scp_options == ((SCP03, 0x70), (SCP02, 0x55))
    assert after(CardState(scp_options=((SCP02, 0x15),)), "80CA006600", sw=0x6985).scp_options == ((SCP02, 0x15),)


@pytest.mark.parametrize(("command", "sw", "stays"), [
    ("00A4040000", 0x9000, False), ("00A4040000", 0x6283, False), ("00A4040000", 0x6A82, True),
    ("01A4040000", 0x9000, True), ("00A4000C023F00", 0x9000, True), ("80500000080000000000000000", 0x9000, False),
    ("80500000080000000000000000", 0x6A88, False), ("80CA006600", 0x6A88, True), ("80F28000024F00", 0x9000, True),
    ("80F28000024F00", 0x6988, False), ("84F28000024F00", 0x6988, False), ("84F28000024F00", 0x6982, False),
    ("80F28000024F00", 0x6982, True), ("85F28000024F00", 0x6982, True), ("84F28000024F00", 0x6985, True),
])
def test_what_ends_a_channel(command: str, sw: int, stays: bool) -> None:
    assert (after(OPEN, command, sw=sw).secure_channel is not None) == stays


def test_a_reset_ends_it_and_leaves_the_chip_known() -> None:
    state = after(OPEN, "80CA9F7F00", CPLC)
    assert state.chip == "4790D321" + CPLC[3:][10:18].hex().upper()
    reset = powered_up(state, b"\x3b\x00", "T=1")
    assert (reset.secure_channel, reset.scp_options, reset.chip) == (None, (), state.chip)


def test_cplc_without_its_header_tells_the_same_chip() -> None:
    assert after(OPEN, "80CA9F7F00", CPLC[3:]).chip == after(OPEN, "80CA9F7F00", CPLC).chip != ""


def test_a_short_cplc_tells_no_chip() -> None:
    assert after(OPEN, "80CA9F7F00", CPLC[:-1]).chip == ""
    assert after(OPEN, "80CA9F7F00", CPLC, 0x6A88).chip == ""


@pytest.mark.parametrize(("command", "data", "is_one"), [
    ("00A4040000", FCI, True), ("00A4040008A000000003000000", b"", True), ("00A4040005F0A1B2C3D4", b"", False),
    ("00A4040005F0A1B2C3D4", bytes.fromhex("6F108408F0A1B2C3D4E5F6A7A5049F6501FF"), True),
    ("00A4040005F0A1B2C3D4", bytes.fromhex("6F0B8405F0A1B2C3D4A5028800"), False),
    ("00A4040000", bytes.fromhex("6F0A8408A000000151000000"), True), ("00A4040005F0A1B2C3D4", b"\x6f\x65\x84", False),
])
def test_whether_a_security_domain_is_selected(command: str, data: bytes, is_one: bool) -> None:
    state = after(CardState(), command, data)
    assert state.security_domain is is_one
    assert not after(state, "00A4040005F0A1B2C3D4").security_domain
    assert not powered_up(state, b"", "T=1").security_domain


def test_what_is_selected_by_the_beginning_of_its_name_is_known_by_the_whole_of_it() -> None:
    answer = bytes.fromhex("6F108408F0A1B2C3D4E5F6A7A5049F6501FF")
    assert after(CardState(), "00A4040005F0A1B2C3D4", answer).aid.hex().upper() == "F0A1B2C3D4E5F6A7"
    assert after(CardState(), "00A4040005F001020304", answer).aid.hex().upper() == "F001020304"
    assert after(CardState(), "00A4040005F001020304").aid.hex().upper() == "F001020304"


@pytest.mark.parametrize("p2", ["02", "03", "0C", "04", "80"])
def test_select_of_another_form_may_have_selected_or_asked_an_applet(p2: str) -> None:
    for aid in ("A000000003000000", "A000000151000000"):
        assert not after(CardState(), f"00A404{p2}08{aid}", FCI).security_domain


UNREADABLE = bytes.fromhex("6F0D8406F00102030405A503010203")  # nothing in A5 is a data object
ANSWERED = tuple(bytes.fromhex(one) for one in (
    "00A4040000", "00A4040006F00102030405", "00A4040009A000000167413000FF00", "00A40000023F00", "00B2010400",
    "80CA006600", "80CA9F7F00", "80CA00FE02DF2800", "80F28000024F0000", "0070000001", "0020008002313200", "C0B0030510"))
PLAUSIBLE = (FCI, CPLC, UNREADABLE, bytes.fromhex("FE09DF28060801AA070101"),
             bytes.fromhex("6F1E8202412183023F008A0105"))


@st.composite
def damaged_answers(draw: st.DrawFn) -> bytes:
    """A plausible answer with some bytes put in at one place and some taken out."""
    answer, put_in = draw(st.sampled_from(PLAUSIBLE)), draw(st.binary(max_size=6))
    at, taken_out = draw(st.integers(0, 110)), draw(st.integers(0, 6))
    return answer[:at] + put_in + answer[at + taken_out :]


@given(st.sampled_from(ANSWERED), damaged_answers(), st.sampled_from((0x9000, 0x6A82, 0x6110, 0x6283, 0x63C1)))
@example(ANSWERED[1], UNREADABLE, 0x9000)
@settings(max_examples=400)
def test_no_answer_however_damaged_stops_what_is_learned_of_it(command: bytes, damaged: bytes, sw: int) -> None:
    before = replace(OPEN, security_domain=True, aid=bytes.fromhex("A000000003000000"))
    state = advance(before, CommandAPDU.parse(command), ResponseAPDU(damaged, sw))
    if command == ANSWERED[1] and sw == 0x9000:  # the card has selected it, whatever it says
        assert (state.aid, state.secure_channel) == (bytes.fromhex("F00102030405"), None)


def test_an_answer_to_select_that_cannot_be_read_is_of_no_security_domain() -> None:
    state = after(replace(OPEN, security_domain=True), "00A4040006F00102030405", UNREADABLE)
    assert (state.security_domain, state.secure_channel) == (False, None)
