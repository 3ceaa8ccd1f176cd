"""Answers to reset, byte by byte."""

from __future__ import annotations

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.atr import AtrError, EdcKind, SpecificMode, parse_atr


def _with_tck(text: str) -> bytes:
    raw = bytes.fromhex(text)
    return raw + bytes((reduce(xor, raw[1:]),))


J2A040 = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")  # JCOP 2.4.1
J2A081_T0 = bytes.fromhex("3B6A00FF4A32413038312C543D31")       # by seed 000's T=0 alternative
CATEGORY_80 = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")  # PC/SC part 3: MIFARE Classic 1K
# in the manner of a SIM card: T=15 announces the global interface bytes
T0_T15 = _with_tck("3B9F95801FC7 8031E073FE211B63E208A8830F9000")


def test_a_jcop_card() -> None:
    atr = parse_atr(J2A040)
    assert (atr.ts, atr.t0, atr.convention) == (0x3B, 0xF8, "direct")
    assert [(one.name, one.value, one.protocol) for one in atr.interface] == [
        ("TA1", 0x13, None), ("TB1", 0x00, None), ("TC1", 0x00, None), ("TD1", 0x81, None), ("TD2", 0x31, None),
        ("TA3", 0xFE, 1), ("TB3", 0x45, 1)]
    assert atr.interface_byte("A", 1) == 0x13
    assert atr.interface_byte("C", 3) is None
    assert (atr.protocols, atr.default_protocol, atr.specific_mode) == ((1,), 1, None)
    assert (atr.fi, atr.di, atr.fmax_mhz) == (372, 4, 5)
    assert atr.speed_bps() == 43010
    assert atr.speed_bps(3_720_000) == 40000
    assert atr.extra_guard_time_etu == 0
    assert (atr.ifsc, atr.bwi, atr.cwi, atr.edc) == (254, 4, 5, EdcKind.LRC)
    assert atr.waiting_integer is None
    assert (atr.historical, atr.historical_text) == (b"JCOPv241", "JCOPv241")
    assert (atr.tck, atr.tck_expected, atr.tck_right) == (0xB7, 0xB7, True)
    assert atr.compact == ()


def test_a_t0_card_has_no_tck() -> None:
    atr = parse_atr(J2A081_T0)
    assert (atr.protocols, atr.default_protocol) == ((0,), 0)
    assert (atr.tck, atr.tck_expected, atr.tck_right) == (None, None, True)
    assert atr.extra_guard_time_etu == 255
    assert atr.waiting_integer == 10
    assert (atr.ifsc, atr.bwi, atr.cwi, atr.edc) == (None, None, None, None)
    assert atr.historical_text == "J2A081,T=1"
    assert (atr.fi, atr.di) == (372, 1)


def test_global_bytes_after_t15() -> None:
    atr = parse_atr(T0_T15)
    assert atr.protocols == (0,)
    assert [(one.name, one.protocol) for one in atr.interface] == [
        ("TA1", None), ("TD1", None), ("TD2", None), ("TA3", None)]
    assert (atr.fi, atr.di) == (512, 16)
    assert atr.tck_right
    assert not parse_atr(T0_T15[:-1]).tck_right  # T=15 wants a TCK, though T=0 is the only protocol
    meanings = {one.name: one.meaning for one in atr.byte_by_byte}
    assert meanings["TD2"] == "global interface bytes; TA3 follows"
    assert meanings["TA3"] == "clock stop: no preference; class A (5 V), B (3 V), C (1.8 V)"
    assert [(item.tag, item.value.hex(), item.meaning) for item in atr.compact][:2] == [
        (3, "e0", "card service data"), (7, "fe211b", "card capabilities")]


def test_a_contactless_card_by_a_reader() -> None:
    atr = parse_atr(CATEGORY_80)
    assert atr.protocols == (0, 1)
    assert atr.default_protocol == 0
    assert (atr.ifsc, atr.bwi, atr.cwi, atr.edc) == (32, 4, 13, EdcKind.LRC)
    assert atr.waiting_integer == 10
    assert atr.tck_right
    # PC/SC writes 4F 0C, a BER-TLV, behind the category of COMPACT-TLV: read as one, it is cut short
    assert atr.compact == ()
    assert atr.byte_by_byte[4].meaning == "category: COMPACT-TLV, a status indicator may be among it"


@pytest.mark.parametrize(("text", "mode"), [
    ("3B80 91 8111", SpecificMode(1, can_change=False, implicit=False)),
    ("3B80 91 0111", SpecificMode(1, can_change=True, implicit=False)),
    ("3B80 91 9111", SpecificMode(1, can_change=False, implicit=True)),
])
def test_specific_mode(text: str, mode: SpecificMode) -> None:
    raw = bytes.fromhex(text)
    # TD1 announces TA2 and TD2; TD2 announces nothing
    atr = parse_atr(raw[:4] + b"\x01" + bytes((reduce(xor, raw[1:4] + b"\x01"),)))
    assert atr.specific_mode == mode
    assert atr.default_protocol == 1
    assert "without negotiation" in atr.byte_by_byte[3].meaning


def test_crc_and_the_waiting_integer() -> None:
    # T=0 with TC2, then T=1 with TA3, TB3 and TC3
    atr = parse_atr(_with_tck("3B80 C0 20 71 40 25 01"))
    assert (atr.protocols, atr.waiting_integer) == ((0, 1), 0x20)
    assert (atr.ifsc, atr.bwi, atr.cwi, atr.edc) == (64, 2, 5, EdcKind.CRC)
    assert [one.protocol for one in atr.interface if one.name == "TC2"] == [0]


def test_reserved_speeds_are_told_and_do_not_fail() -> None:
    atr = parse_atr(bytes.fromhex("3B10F0"))
    assert (atr.fi, atr.di, atr.fmax_mhz, atr.speed_bps()) == (None, None, None, None)
    assert atr.byte_by_byte[2].meaning == "Fi or Di has a reserved value"


def test_the_inverse_convention() -> None:
    assert parse_atr(bytes.fromhex("3F00")).convention == "inverse"


@pytest.mark.parametrize("raw", [J2A040[:-1], J2A040[:-1] + b"\x00"], ids=["missing", "wrong"])
def test_a_missing_or_wrong_tck_is_told(raw: bytes) -> None:
    atr = parse_atr(raw)
    assert not atr.tck_right
    assert atr.tck_expected == 0xB7


def test_a_wrong_tck_is_told_in_words() -> None:
    assert parse_atr(J2A040[:-1] + b"\x00").byte_by_byte[-1].meaning == "check byte, wrong: B7 is right"


@pytest.mark.parametrize(("raw", "offset"), [
    ("", 0),
    ("90", 0),
    ("3B", 1),
    ("3B10", 2),                                    # TA1 is missing
    ("3BF813", 3),
    ("3BF81300008131", 7),                          # TA3 is missing
    ("3B0241", 3),                                  # a historical byte is missing
    ("3B0041", 2),                                  # one byte too many, and T=0 has no TCK
    ("3BF81300008131FE454A434F5076323431B7B7", 18),
    ("3B" + "00" * 33, 33),
])
def test_errors_point_at_what_is_wrong(raw: str, offset: int) -> None:
    with pytest.raises(AtrError) as caught:
        parse_atr(bytes.fromhex(raw))
    assert caught.value.offset == offset


@pytest.mark.parametrize("raw", [J2A040, J2A081_T0, T0_T15, CATEGORY_80], ids=lambda raw: raw.hex())
def test_every_byte_is_described_once(raw: bytes) -> None:
    described = parse_atr(raw).byte_by_byte
    assert [one.offset for one in described] == list(range(len(raw)))
    assert bytes(one.value for one in described) == raw
    assert all(one.name for one in described)


def test_the_description_of_a_jcop_card() -> None:
    assert [(one.name, one.meaning) for one in parse_atr(J2A040).byte_by_byte] == [
        ("TS", "direct convention"),
        ("T0", "TA1, TB1, TC1, TD1 follow; 8 historical bytes"),
        ("TA1", "Fi=372, Di=4: 43010 bit/s at 4 MHz; clock up to 5 MHz"),
        ("TB1", "programming voltage, no longer in use"),
        ("TC1", "extra guard time N: 0 etu"),
        ("TD1", "T=1 is offered; TD2 follows"),
        ("TD2", "T=1 is offered; TA3, TB3 follow"),
        ("TA3", "T=1: information field size IFSC: 254 bytes"),
        ("TB3", "T=1: character waiting integer CWI 5, block waiting integer BWI 4"),
        *((f"T{n}", f"'{letter}'") for n, letter in enumerate("JCOPv241", start=1)),
        ("TCK", "check byte, right"),
    ]


@pytest.mark.parametrize(("raw", "name", "meaning"), [
    ("3B00", "T0", "no interface bytes follow; no historical bytes"),
    ("3B0141", "T0", "no interface bytes follow; 1 historical byte"),
    ("3B40FF", "TC1", "extra guard time N: the least that the protocol allows"),
    ("3B80 60 00 20", "TB2", "programming voltage, no longer in use"),
    ("3B80 60 00 20", "TC2", "waiting integer WI of T=0: 32"),
    ("3B80 81 71 40 25 01 00", "TC3", "T=1: blocks are checked by CRC"),
    ("3B80 81 41 00 00", "TC3", "T=1: blocks are checked by LRC"),
    ("3B80 80 12 07 00", "TA3", "specific to T=2"),
    ("3B80 80 7F 41 81 00 00", "TA3", "clock stop: state L; class A (5 V)"),
    ("3B80 80 7F 41 81 00 00", "TB3", "standard or proprietary use of contact C6"),
    ("3B80 80 7F 41 81 00 00", "TC3", "reserved"),
    ("3B05 80 31E0 4120", "T2", "card service data: E0"),
    ("3B05 80 31E0 4120", "T5", "' '"),
    ("3B02 10 01", "T1", "category: the next byte is a DIR data reference"),
    ("3B02 2E FF", "T1", "'.'"),
    ("3B02 2E FF", "T2", ""),
])
def test_bytes_in_words(raw: str, name: str, meaning: str) -> None:
    assert {one.name: one.meaning for one in parse_atr(bytes.fromhex(raw)).byte_by_byte}[name] == meaning


@pytest.mark.parametrize(("historical", "objects"), [
    ("00 31E0 079000", [(3, "e0"), (8, "079000")]),
    ("80 31E0 8103", [(3, "e0"), (8, "03")]),
    ("10 01 31E0", [(3, "e0")]),
    ("80 31E0 73FE", [(3, "e0")]),      # the second object is cut short: the first is still told
    ("80", []),
    ("00 0790", []),                   # too short for its status indicator, and no whole object either
    ("C1 31E0", []),
])
def test_compact_tlv(historical: str, objects: list[tuple[int, str]]) -> None:
    data = bytes.fromhex(historical)
    atr = parse_atr(bytes((0x3B, len(data))) + data)
    found = [(item.tag, item.value.hex()) for item in atr.compact]
    assert found == objects
    for item in atr.compact:
        assert item.value in atr.raw[item.offset :]


@given(st.binary(max_size=36) | st.binary(max_size=33).map(lambda tail: b"\x3b" + tail))
def test_any_bytes_are_an_atr_or_an_error_within(raw: bytes) -> None:
    try:
        atr = parse_atr(raw)
    except AtrError as error:
        assert 0 <= error.offset <= len(raw)
        return
    assert bytes(one.value for one in atr.byte_by_byte) == raw
    assert atr.default_protocol in range(16)
