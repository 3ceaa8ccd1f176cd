"""IDENTIFY's answers, from public sources (tests/vectors/identify.json) and seed 001."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816 import tlv
from jcopsh.iso7816.apdu import ResponseAPDU
from jcopsh.jcop.confidence import Confidence
from jcopsh.jcop.identify import (
    IDENTIFY,
    IDENTIFY_JCOP4,
    IdentifyError,
    MaskDate,
    Version,
    next_step,
    parse_identify,
    parse_identify_jcop4,
)

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "identify.json").read_text(encoding="utf-8"))["vectors"]
SEED_001 = ResponseAPDU.parse(bytes.fromhex("0431003300000000 4E5830313143 00 03 39F873 6A82")).data

DF28 = bytes.fromhex(
    "010c0001b90c91154cb8c02a00aa0208000000000000000003184a3352363030303337333138313230306d20b6197d635e7c0501000604"
    "0000d81f0701010808b3375fe9b5508bc40901030a0855606fd4beecf3cd")
JCOP4 = tlv.encode(0xFE, tlv.encode(0xDF28, DF28))


def test_the_commands() -> None:
    assert IDENTIFY.encode().hex().upper() == "00A4040009A000000167413000FF00"
    assert IDENTIFY_JCOP4.encode().hex().upper() == "80CA00FE02DF2800"


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 4


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
def test_public_answers(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["data"])
    identity = parse_identify(data)
    assert identity.raw == data
    assert identity.fused is vector["fused"]
    assert identity.mask_name == vector["mask_name"]
    assert identity.combo == vector.get("combo", identity.combo)
    assert (identity.fips is None) == (len(data) == 19)
    assert identity.mask_date is not None


def test_seed_001_field_by_field() -> None:
    identity = parse_identify(SEED_001)
    assert (identity.fabkey_id, identity.patch_id, identity.target_id, identity.mask_id) == (0x04, 0x31, 0x00, 0x33)
    assert identity.custom_mask == bytes(4)
    assert (identity.mask_name, identity.fuse_byte, identity.fused) == ("NX011C", 0, False)
    assert (identity.rom_info.hex(), identity.fips) == ("39f873", None)
    assert identity.combo == "unknown-m33.04.31-NX011C"
    assert identity.version is not None
    assert (identity.version.name, identity.version.confidence) == ("JCOP 2.4.1", Confidence.INFERRED)
    assert identity.mask_date == MaskDate("NX", 0, 11, "C")
    assert identity.mask_date.maker_name == "NXP"
    assert "transport key" in next_step(identity)
    assert "select tk" in next_step(identity)


def _with(offset: int, value: int) -> bytes:
    return SEED_001[:offset] + bytes((value,)) + SEED_001[offset + 1 :]


@pytest.mark.parametrize(("mask_id", "name", "confidence"), [
    (0x24, "JCOP 2.2", Confidence.INFERRED),
    (0x29, "JCOP 2.3.x", Confidence.INFERRED),
    (0x33, "JCOP 2.4.1", Confidence.INFERRED),
    (0x38, "JCOP 2.4.2R1", Confidence.SEEN),
    (0x40, "JCOP 2.4.2R3", Confidence.INFERRED),
])
def test_versions_by_mask(mask_id: int, name: str, confidence: Confidence) -> None:
    version = parse_identify(_with(3, mask_id)).version
    assert isinstance(version, Version)
    assert (version.name, version.confidence) == (name, confidence)
    assert version.source


def test_a_mask_that_is_not_public_has_no_version() -> None:
    assert parse_identify(_with(3, 0x99)).version is None


@pytest.mark.parametrize(("target_id", "name"), [(0, "unknown"), (1, "smartmx"), (3, "sm412"), (2, "target-02")])
def test_targets(target_id: int, name: str) -> None:
    assert parse_identify(_with(2, target_id)).target == name


@pytest.mark.parametrize(("fuse_byte", "fused", "words"), [
    (0x00, False, "transport key"), (0x01, True, "gone for ever"), (0x7F, None, "neither 00 nor 01"),
])
def test_fuse_states_and_what_to_do_next(fuse_byte: int, fused: bool | None, words: str) -> None:
    identity = parse_identify(_with(14, fuse_byte))
    assert identity.fused is fused
    assert words in next_step(identity)


@pytest.mark.parametrize(("mask_name", "date"), [
    ("PH650A", MaskDate("PH", 6, 50, "A")),
    ("NX250B", MaskDate("NX", 2, 50, "B")),
    ("NX054A", None),   # no week 54
    ("NX000A", None),
    ("XX011C", None),
    ("NX01C1", None),
])
def test_mask_dates(mask_name: str, date: MaskDate | None) -> None:
    assert parse_identify(SEED_001[:8] + mask_name.encode() + SEED_001[14:]).mask_date == date


def test_a_mask_name_that_is_no_text_is_shown_all_the_same() -> None:
    identity = parse_identify(_with(9, 0xFF))
    assert identity.mask_name == "N.011C"
    assert identity.mask_date is None


@pytest.mark.parametrize(("data", "offset"), [
    (b"", 0),
    (SEED_001[:15], 15),
    (SEED_001[:18], 15),              # the ROM info is cut short
    (SEED_001 + b"\x00\x00", 15),     # after the FIPS byte nothing follows
    (_with(15, 4)[:-1], 15),
])
def test_errors_point_at_what_is_wrong(data: bytes, offset: int) -> None:
    with pytest.raises(IdentifyError) as caught:
        parse_identify(data)
    assert caught.value.offset == offset


@given(st.binary(max_size=30), st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_an_error_within(classic: bytes, jcop4: bytes) -> None:
    try:
        assert parse_identify(classic).raw == classic
    except IdentifyError as error:
        assert 0 <= error.offset <= len(classic)
    for data in (jcop4, tlv.encode(0xFE, tlv.encode(0xDF28, jcop4))):
        try:
            assert parse_identify_jcop4(data).raw == data
        except IdentifyError as error:
            assert 0 <= error.offset <= len(data)


# --- JCOP 4


def test_a_jcop_4_card() -> None:
    identity = parse_identify_jcop4(JCOP4)
    assert identity.configuration_id.hex() == "0001b90c91154cb8c02a00aa"
    assert identity.patch_id == bytes(8)
    assert identity.platform_id == "J3R6000373181200"
    assert identity.platform_build.hex() == "6d20b6197d635e7c"
    assert identity.fips == 0
    assert identity.enabled_modules.hex() == "0000d81f"
    assert identity.pre_perso_state == 1
    assert (identity.config_module_available, identity.transport_state_active) == (True, False)
    assert identity.rom_id.hex() == "b3375fe9b5508bc4"
    assert [(item.tag, item.value.hex()) for item in identity.other] == [(0x09, "03"), (0x0A, "55606fd4beecf3cd")]
    assert identity.version is not None
    assert (identity.version.name, identity.version.confidence) == ("JCOP 4.5", Confidence.INFERRED)
    assert "select isd-gp" in next_step(identity)
    assert "select tk" not in next_step(identity)


def test_the_outer_object_may_be_absent() -> None:
    assert parse_identify_jcop4(tlv.encode(0xDF28, DF28)).platform_id == "J3R6000373181200"


def test_it_is_read_by_tag_and_not_by_offset() -> None:
    objects = tlv.parse(DF28)
    turned = b"".join(item.encode() for item in reversed(objects))
    identity = parse_identify_jcop4(tlv.encode(0xFE, tlv.encode(0xDF28, turned)))
    assert identity.platform_id == "J3R6000373181200"
    assert identity.rom_id.hex() == "b3375fe9b5508bc4"


def test_what_a_card_leaves_out_is_none_or_empty() -> None:
    identity = parse_identify_jcop4(tlv.encode(0xDF28, b""))
    assert (identity.fips, identity.pre_perso_state, identity.version) == (None, None, None)
    assert (identity.config_module_available, identity.transport_state_active) == (None, None)
    assert (identity.platform_id, identity.enabled_modules) == ("", b"")


@pytest.mark.parametrize(("data", "offset"), [
    (b"", 0),
    (bytes.fromhex("FE03810100"), 0),
    (JCOP4[:-1], 1),
    (bytes.fromhex("FE06 DF2803 010C00"), 6),   # within DF28
])
def test_jcop_4_errors_point_at_what_is_wrong(data: bytes, offset: int) -> None:
    with pytest.raises(IdentifyError) as caught:
        parse_identify_jcop4(data)
    assert caught.value.offset == offset


@pytest.mark.parametrize(("state", "fused"), [("070101", True), ("070100", True), ("070102", False), ("070103", False),
                                              ("", None), ("07020000", None)])
def test_jcop4_tells_by_its_transport_state_whether_it_is_fused(state: str, fused: bool | None) -> None:
    identity = parse_identify_jcop4(tlv.encode(0xFE, tlv.encode(0xDF28, bytes.fromhex("0801AA" + state))))
    assert identity.fused is fused
    assert ("counts as not fused" in next_step(identity)) == (not fused)
