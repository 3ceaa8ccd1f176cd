"""BER-TLV: tags and lengths of every size, and where each error points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816 import tlv
from jcopsh.iso7816.tlv import TLV, TlvError

# seed 001's answer of a fused card's issuer security domain to SELECT
FCI = bytes.fromhex(
    "6F658408A000000003000000A5599F6501FF9F6E06479100783300734A06072A864886FC6B01600C060A2A864886FC6B0202010163090607"
    "2A864886FC6B03640B06092A864886FC6B040215650B06092B8510864864020103660C060A2B060104012A026E0102"
)


def test_a_real_answer() -> None:
    (fci,) = tlv.parse(FCI)
    assert (fci.tag, len(fci.value), fci.offset, fci.value_offset, fci.constructed) == (0x6F, 0x65, 0, 2, True)
    aid, proprietary = fci.children
    assert (aid.tag, aid.value.hex(), aid.offset, aid.value_offset) == (0x84, "a000000003000000", 2, 4)
    assert [child.tag for child in proprietary.children] == [0x9F65, 0x9F6E, 0x73]
    production = fci.find(0x9F6E)
    assert production is not None
    assert FCI[production.value_offset :][: len(production.value)] == production.value == bytes.fromhex("479100783300")
    assert aid.children == ()
    assert fci.find(0x9F7F) is None
    assert tlv.find([fci], 0x6F) is fci
    assert fci.encode() == FCI


def test_find_takes_the_first_in_reading_order() -> None:
    data = bytes.fromhex("7003 810101" "810102")
    found = tlv.find(tlv.parse(data), 0x81)
    assert found is not None
    assert found.value == b"\x01"


TAGS = st.sampled_from([0x01, 0x1E, 0x6F, 0x84, 0xE2, 0x5F20, 0x9F7F, 0xDF28, 0x1F01, 0x7F21, 0xDF8101, 0xBFFF8001])


VALUES = st.binary(max_size=40) | st.sampled_from((127, 128, 255, 256, 65536)).map(bytes)


@given(st.lists(st.tuples(TAGS, VALUES), max_size=4))
def test_what_is_encoded_parses_to_the_same(objects: list[tuple[int, bytes]]) -> None:
    data = b"".join(tlv.encode(tag, value) for tag, value in objects)
    parsed = tlv.parse(data)
    assert [(one.tag, one.value) for one in parsed] == objects
    assert b"".join(one.encode() for one in parsed) == data
    for one in parsed:
        assert data[one.value_offset : one.value_offset + len(one.value)] == one.value


@given(st.binary(max_size=60))
def test_any_bytes_parse_or_fail_within(data: bytes) -> None:
    try:
        tlv.find(tlv.parse(data), -1)
    except TlvError as error:
        assert 0 <= error.offset <= len(data)


@pytest.mark.parametrize(("data", "tag", "length"), [
    ("840101", 0x84, 1),
    ("84810101", 0x84, 1),                    # not the shortest form, and read all the same
    ("8484000000 01 01", 0x84, 1),
    ("9F7F00", 0x9F7F, 0),
    ("DF810102 0102", 0xDF8101, 2),
])
def test_tags_and_lengths(data: str, tag: int, length: int) -> None:
    (one,) = tlv.parse(bytes.fromhex(data))
    assert (one.tag, len(one.value)) == (tag, length)


def test_zero_bytes_between_objects_are_padding() -> None:
    assert [one.offset for one in tlv.parse(bytes.fromhex("00 8100 0000 8200 00"))] == [1, 5]


@pytest.mark.parametrize(("data", "offset"), [
    ("84", 1),                     # no length
    ("8402FF", 1),                 # shorter than the length says
    ("8100 8402FF", 3),
    ("8480 01 0000", 1),           # indefinite
    ("8485 0000000001 01", 1),     # five bytes of length
    ("84FF", 1),
    ("8482 01", 3),                # within a length
    ("9F", 1),                     # within a tag
    ("DF81", 2),
    ("DF8181818101 00", 0),        # a tag of six bytes
])
def test_errors_point_at_what_is_wrong(data: str, offset: int) -> None:
    with pytest.raises(TlvError) as caught:
        tlv.parse(bytes.fromhex(data))
    assert caught.value.offset == offset


def test_an_error_below_counts_from_the_top() -> None:
    (outer,) = tlv.parse(bytes.fromhex("6F05 8101AA 8402"))
    with pytest.raises(TlvError) as caught:
        _ = outer.children
    assert caught.value.offset == 6


def test_deep_nesting_is_no_recursion() -> None:
    data = b""
    for _ in range(3000):
        data = tlv.encode(0x61, data)
    assert tlv.find(tlv.parse(data), 0x84) is None


def test_what_can_be_read_of_what_makes_no_sense() -> None:
    found, error = tlv.parse_legible(bytes.fromhex("8401AA 00 8501BB 860500"))
    assert [(one.tag, one.value, one.offset) for one in found] == [(0x84, b"\xaa", 0), (0x85, b"\xbb", 4)]
    assert error is not None
    assert error.offset == 8
    assert tlv.parse_legible(bytes.fromhex("8401AA"))[1] is None
    assert [f"{one.tag:02X}" for one in tlv.walk_legible(bytes.fromhex(
        "6F06 8401AA A501FF" "6603DEADBE" "7305 06012A 8405"))] == ["6F", "84", "A5", "66", "73", "06"]


@given(st.binary(max_size=60))
def test_what_can_be_read_is_what_parse_reads(data: bytes) -> None:
    found, error = tlv.parse_legible(data)
    assert len(list(tlv.walk_legible(data))) >= len(found)
    if error is None:
        assert found == tlv.parse(data)
    else:
        with pytest.raises(TlvError) as caught:
            tlv.parse(data)
        assert caught.value.offset == error.offset


@pytest.mark.parametrize("tag", [0, -1, 0x9F, 0x1F, 0x8401, 0xDF81, 0x1FFFFFFFFF])
def test_a_number_that_is_no_tag(tag: int) -> None:
    with pytest.raises(ValueError, match="tag"):
        tlv.encode(tag, b"")


def test_lengths_in_their_shortest_form() -> None:
    assert [tlv.encode_length(n).hex() for n in (0, 127, 128, 255, 256, 65536)] == [
        "00", "7f", "8180", "81ff", "820100", "83010000"]
    with pytest.raises(ValueError, match="more than 4"):
        tlv.encode_length(1 << 32)


def test_no_value_in_a_repr() -> None:
    assert repr(TLV(0x84, b"secret")) == "TLV(84, 6 bytes at 0)"
