"""What is read of the answer to SELECT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.globalplatform.channel import ChannelProtocol
from jcopsh.globalplatform.selected_application import SelectedApplication, parse_selected
from jcopsh.iso7816.tlv import encode
from tests.test_state_security_domain import FCI

NAME = bytes.fromhex("A000000003000000")
SCP02_15 = ((ChannelProtocol.SCP02, 0x15),)
NOTHING = SelectedApplication(b"", security_domain=False, scp_options=())
LONGEST = encode(0x9F65, b"\xff")


def template(*inside: bytes) -> bytes:
    return encode(0x6F, b"".join(inside))


def test_an_issuer_security_domain_tells_its_name_and_its_secure_channels() -> None:
    assert parse_selected(FCI) == SelectedApplication(
        NAME, security_domain=True, scp_options=SCP02_15, java_card="2")


def test_an_applet_tells_its_name_alone() -> None:
    assert parse_selected(template(encode(0x84, NAME), encode(0xA5, b""))) == SelectedApplication(
        NAME, security_domain=False, scp_options=())


def test_the_largest_length_of_a_commands_data_is_a_security_domains() -> None:
    assert parse_selected(template(encode(0x84, NAME), encode(0xA5, LONGEST))).security_domain
    assert not parse_selected(template(encode(0x84, NAME), LONGEST)).security_domain


@pytest.mark.parametrize("data", [
    b"", NAME, encode(0x84, NAME), encode(0x62, encode(0x84, NAME)), template(encode(0x84, NAME))[:-1],
    template(b"\x84\x09" + NAME),
])
def test_what_is_no_such_template_tells_nothing(data: bytes) -> None:
    assert parse_selected(data) == NOTHING


@pytest.mark.parametrize("proprietary", [LONGEST + b"\x73\x7f", b"\x73\x7f" + LONGEST])
def test_a_name_stands_before_what_cannot_be_read(proprietary: bytes) -> None:
    told = parse_selected(template(encode(0x84, NAME), encode(0xA5, proprietary)))
    assert told == SelectedApplication(NAME, security_domain=False, scp_options=())


@given(st.binary(max_size=80))
def test_nothing_raises(data: bytes) -> None:
    parse_selected(data)
    parse_selected(template(data))
