"""What a card tells of itself: real answers, from the seeds and from public dumps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.globalplatform import card_data
from jcopsh.globalplatform.card_data import CardDataError, KeyInformation, Resources, ScpOption
from jcopsh.globalplatform.channel import ChannelProtocol, announced_options
from jcopsh.globalplatform.cplc import parse_cplc

# the answer of a real J2A040 to SELECT (seed 001)
FCI = bytes.fromhex(
    "6F658408A000000003000000A5599F6501FF9F6E06479100783300734A06072A864886FC6B01600C060A2A864886FC6B02020101630906072A"
    "864886FC6B03640B06092A864886FC6B040215650B06092B8510864864020103660C060A2B060104012A026E0102")
# one JCOP 4 card
CPLC = bytes.fromhex("9F7F2A4790D32147000000000083456E6E6E50524300000000000000005758594E4E4E4E4E0000000000000000")


def test_a_real_card_s_recognition_data() -> None:
    found = card_data.parse_recognition(FCI)
    assert found.globalplatform == "2.1.1"
    assert found.secure_channels == (ScpOption(ChannelProtocol.SCP02, 0x15),)
    assert str(found.secure_channels[0]) == "SCP02 i=15"
    assert (found.java_card, found.chip) == ("2", "")


def test_several_secure_channels() -> None:
    both = "640B06092A864886FC6B040255" "640B06092A864886FC6B040370"
    data = bytes.fromhex("661C731A" + both)
    assert card_data.parse_recognition(data).secure_channels == (
        ScpOption(ChannelProtocol.SCP02, 0x55), ScpOption(ChannelProtocol.SCP03, 0x70))


@pytest.mark.parametrize(
    ("raw", "text"), [("2A864886FC6B01", "1.2.840.114283.1"), ("2B06", "1.3.6"), ("8837", "2.999")]
)
def test_object_identifiers(raw: str, text: str) -> None:
    assert card_data.object_identifier(bytes.fromhex(raw)) == text


@pytest.mark.parametrize("raw", ["", "2A86"])
def test_no_object_identifiers(raw: str) -> None:
    with pytest.raises(CardDataError):
        card_data.object_identifier(bytes.fromhex(raw))


def test_keys_in_both_forms() -> None:
    basic = bytes.fromhex("E012C00401FF8010C00402FF8010C00403FF8010")
    assert card_data.parse_keys(basic) == tuple(KeyInformation(n, 0xFF, "DES", 16) for n in (1, 2, 3))
    # identifier, version, FF and type, length of two bytes; then usage and access, each behind its length
    extended = bytes.fromhex("E00CC00A0130FF880020" "0118" "0100")
    assert card_data.parse_keys(extended) == (KeyInformation(1, 0x30, "AES", 32),)


def test_keys_in_several_templates() -> None:
    both = bytes.fromhex("E006C00401FF8010" "E006C00401018810")
    assert [(one.version, one.kind) for one in card_data.parse_keys(both)] == [(0xFF, "DES"), (1, "AES")]


@pytest.mark.parametrize("odd", ["0201", "020188", "0201FF88", "0201FF8800"])
def test_a_key_of_which_little_is_told_hides_no_other(odd: str) -> None:
    entry = f"C0{len(odd) // 2:02X}{odd}"
    data = bytes.fromhex(f"{entry}C00401FF8010C000C00103")
    assert card_data.parse_keys(bytes((0xE0, len(data))) + data) == (
        KeyInformation(2, 1), KeyInformation(1, 0xFF, "DES", 16))


def test_no_entry_that_names_a_key() -> None:
    assert card_data.parse_keys(bytes.fromhex("E000")) == ()
    with pytest.raises(CardDataError, match="names a key"):
        card_data.parse_keys(bytes.fromhex("E003C00101"))


@pytest.mark.parametrize(("kind", "name"), [
    ("A2", "RSA private modulus"), ("A3", "RSA private exponent"), ("A8", "RSA private dq1"),
    ("B2", "ECC parameter p"), ("B7", "ECC parameter k"), ("C7", "C7"),
])
def test_kinds_of_keys(kind: str, name: str) -> None:
    assert card_data.parse_keys(bytes.fromhex(f"E006C0040101{kind}80"))[0].kind == name


def recognition(parts: str) -> bytes:
    inner = bytes.fromhex(parts)
    return bytes((0x66, len(inner) + 2, 0x73, len(inner))) + inner


SCP02_15 = "640B06092A864886FC6B040215"


@pytest.mark.parametrize("odd", [
    "6303DEADBE", "6300", "6503FFFFFF", "6500", "66032A8648", "6600", "6402" "0600", "060180", "0602FFFF", "6403060180",
])
def test_a_part_of_recognition_data_that_is_none_hides_no_other(odd: str) -> None:
    broken_before = b"\x61\x02\x84\x05"
    for data in (recognition(odd + SCP02_15), recognition(SCP02_15 + odd), broken_before + recognition(SCP02_15)):
        found = card_data.parse_recognition(data)
        assert found.secure_channels == (ScpOption(ChannelProtocol.SCP02, 0x15),)
        assert announced_options(data) == {ChannelProtocol.SCP02: 0x15}


def test_another_tag_beside_the_object_identifiers_of_secure_channels() -> None:
    data = recognition("6410" "8003FFFFFF" + SCP02_15[4:])
    assert card_data.parse_recognition(data).secure_channels == (ScpOption(ChannelProtocol.SCP02, 0x15),)


def test_recognition_data_that_are_cut_off() -> None:
    whole = recognition(SCP02_15 + "6503060101")
    cut = bytes((0x73, len(whole) - 6)) + whole[4:-2]
    assert card_data.parse_recognition(cut).secure_channels == (ScpOption(ChannelProtocol.SCP02, 0x15),)


@pytest.mark.parametrize("raw", ["8304000186A0", "FF21068304000186A0"])
def test_free_memory(raw: str) -> None:
    assert card_data.parse_resources(bytes.fromhex(raw)) == Resources(None, None, 100000)


def test_free_memory_of_jcop_4() -> None:
    found = card_data.parse_resources(bytes.fromhex("FF210D81010382040002710083020A00"))
    assert found == Resources(3, 160000, 2560)


def test_cplc_whose_dates_are_none() -> None:
    found = parse_cplc(CPLC)
    assert found.ic_serial == bytes.fromhex("6E6E6E50")
    by_name = {one.name: one.meaning for one in found.fields}
    assert by_name["ic_fabricator"] == "NXP"
    assert by_name["operating_system_id"] == "NXP JCOP"
    assert by_name["operating_system_release_date"] == "none"
    assert by_name["ic_fabrication_date"] == "day 345 of a year ending in 8"
    assert by_name["ic_pre_personalization_equipment_date"] == ""  # 594E is no day of a year


def test_a_date() -> None:
    body = bytearray(42)
    body[10:12] = bytes.fromhex("6078")
    assert {one.name: one.meaning for one in parse_cplc(bytes(body)).fields}["ic_fabrication_date"] == (
        "day 78 of a year ending in 6")


@pytest.mark.parametrize("length", [0, 41, 43])
def test_no_cplc(length: int) -> None:
    with pytest.raises(ValueError, match="42 bytes"):
        parse_cplc(bytes(length))


@given(st.binary(max_size=60))
def test_nothing_but_card_data_errors(data: bytes) -> None:
    for parse in (card_data.parse_recognition, card_data.parse_keys, card_data.parse_resources):
        for one in (data, b"\x66" + data, b"\xe0" + data, bytes.fromhex("66027300") + data):
            try:
                parse(one)
            except CardDataError:
                continue
