"""Trees of data objects: the FCI of a payment system environment (EMV 4.3, book 1, annex B), an EF.DIR, and noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.known_files import KNOWN_FILES, SOURCES
from jcopsh.iso7816.known_tags import IN_TEMPLATE, PROBED_TAGS, TAGS, tag_name
from jcopsh.iso7816.tlv import TlvError, encode
from jcopsh.iso7816.tlv_tree import TlvNode, tlv_tree

PSE = "6F1A840E315041592E5359532E4444463031A5088801025F2D02656E"


def outline(nodes: tuple[TlvNode, ...], depth: int = 0) -> list[str]:
    lines = []
    for node in nodes:
        value = "" if node.value is None else f" {node.value.hex().upper()}"
        lines.append(f"{' ' * depth}{node.tag} {node.name or '-'} @{node.offset}{value}")
        lines += outline(node.children, depth + 1)
    return lines


def test_the_fci_of_a_pse() -> None:
    assert outline(tlv_tree(bytes.fromhex(PSE))) == [
        "6F file control information (FCI) @0",
        " 84 DF name @2 315041592E5359532E4444463031",
        " A5 proprietary @18",
        "  88 - @20 02",
        "  5F2D language preferences @23 656E",
    ]


@pytest.mark.parametrize("filler", ["", "FFFF", "0000", "00FF"])
def test_filling_at_the_end_is_left_out(filler: str) -> None:
    # a record of an EF.DIR is filled up to its length
    record = bytes.fromhex("61064F04D2760000" + filler)
    assert [node.tag for node in tlv_tree(record)] == ["61"]


def test_ff_that_belongs_to_a_value_stays() -> None:
    assert tlv_tree(bytes.fromhex("8002FFFF"))[0].value == b"\xff\xff"


def test_a_constructed_object_with_noise_in_it_is_a_leaf() -> None:
    (node,) = tlv_tree(bytes.fromhex("7303DF0101"))
    assert (node.value, node.children) == (bytes.fromhex("DF0101"), ())
    assert tlv_tree(bytes.fromhex("7300"))[0].value is None


def test_nesting_has_an_end() -> None:
    data = b""
    for _ in range(100):
        data = encode(0x73, data)
    node, depth = tlv_tree(data)[0], 0
    while node.children:
        node, depth = node.children[0], depth + 1
    assert depth == 32


@pytest.mark.parametrize("data", ["", "00", "8402AA", "FFFF"])
def test_what_is_no_tlv(data: str) -> None:
    with pytest.raises(TlvError):
        tlv_tree(bytes.fromhex(data))


@given(st.binary(max_size=80))
def test_no_bytes_fail_in_another_way(data: bytes) -> None:
    try:
        nodes = tlv_tree(data)
    except TlvError:
        return
    assert all(0 <= node.offset < len(data) for node in nodes)


def test_tags_mean_what_their_template_says() -> None:
    assert tag_name(0x84, 0x62) == "DF name"
    assert tag_name(0x84) == tag_name(0x84, 0x73) == ""
    assert tag_name(0x50, 0x61) == tag_name(0x50, 0x6F) == "application label"
    assert tag_name(0x9F7F) == "card production life cycle (CPLC)"


def test_the_tables_are_made_of_tags_and_identifiers() -> None:
    for tag in (*TAGS, *(tag for inside in IN_TEMPLATE.values() for tag in inside)):
        assert encode(tag, b"")
    assert len(set(PROBED_TAGS)) == len(PROBED_TAGS)
    assert all(len(identifier) == 2 for identifier in KNOWN_FILES)
    assert all(KNOWN_FILES[one] and SOURCES[one] for one in KNOWN_FILES)
