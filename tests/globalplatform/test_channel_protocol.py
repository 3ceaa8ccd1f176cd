"""The numbers of secure channel protocols, of which a card may name any."""

from __future__ import annotations

from copy import deepcopy

import pytest

from jcopsh.globalplatform.card_data import ScpOption, parse_recognition
from jcopsh.globalplatform.channel import SPOKEN, ChannelProtocol
from jcopsh.globalplatform.keys import KeyType, key_type


def test_a_protocol_is_its_number_and_is_written_as_in_the_specifications() -> None:
    assert [ChannelProtocol(number) for number in (1, 2, 3)] == list(ChannelProtocol)
    assert [str(one) for one in SPOKEN] == ["SCP02", "SCP03"]


@pytest.mark.parametrize(("number", "name"), [(0x00, "SCP00"), (0x04, "SCP04"), (0x80, "SCP80"), (0xFF, "SCPFF")])
def test_a_protocol_that_has_no_name_here_is_one_all_the_same(number: int, name: str) -> None:
    one = ChannelProtocol(number)
    assert (str(one), one.value) == (name, number)
    assert one is ChannelProtocol(number) and deepcopy(one) is one
    assert one not in SPOKEN and one not in list(ChannelProtocol)


@pytest.mark.parametrize("value", [-1, 0x100, "SCP02", None])
def test_what_is_no_byte_is_no_protocol(value: object) -> None:
    with pytest.raises(ValueError, match="ChannelProtocol"):
        ChannelProtocol(value)


def test_scp03_alone_has_aes_keys() -> None:
    assert [key_type(ChannelProtocol(number)) for number in (1, 2, 3, 0x11)] == [
        KeyType.DES3, KeyType.DES3, KeyType.AES, KeyType.DES3]


def test_a_number_that_is_no_byte_names_no_protocol_of_the_card() -> None:
    scp02, none, scp80 = "2A864886FC6B040215", "2A864886FC6B04820015", "2A864886FC6B04810000"
    data = bytes.fromhex("".join(f"06{len(oid) // 2:02X}{oid}" for oid in (scp02, none, scp80)))
    data = bytes((0x64, len(data))) + data
    found = parse_recognition(bytes((0x66, len(data) + 2, 0x73, len(data))) + data)
    assert found.secure_channels == (ScpOption(ChannelProtocol.SCP02, 0x15), ScpOption(ChannelProtocol(0x80), 0))
