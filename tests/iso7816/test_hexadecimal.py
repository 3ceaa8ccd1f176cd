"""Every notation for bytes and APDUs that card people use, and where each error points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.hexadecimal import NotationError, ascii_column, format_bytes, parse_apdu_text, parse_bytes

GOOD = [
    ("", ""),
    ("  ", ""),
    ("00a40400", "00A40400"),
    ("00 A4 04 00", "00A40400"),
    ("00:A4:04:00", "00A40400"),
    ("00,A4,04,00", "00A40400"),
    ("0x00, 0xA4", "00A4"),
    ("0X00A4", "00A4"),
    ("\t00\n0xA4 ", "00A4"),
    ("|JCOP|", "4A434F50"),
    ("||", ""),
    ("|:,#(0x|", "3A2C23283078"),
    ("00|A|00", "004100"),
    ("#()", "00"),
    ("C9#()", "C900"),
    ("C9#(|text|)", "C90474657874"),
    ("#(01 #(02 03) 04)", "050102020304"),
    ("#(#(#()))", "020100"),
    ("#(" + "00" * 255 + ")", "FF" + "00" * 255),
]


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_notations(text: str, expected: str) -> None:
    assert format_bytes(parse_bytes(text)) == expected


BAD = [
    ("0", 0, 1),
    ("00 A 04", 3, 4),
    ("00A404000", 0, 9),        # a group of nine: which digit is missing cannot be told
    ("0x0, 0x1", 0, 3),
    ("00 0x", 3, 5),
    ("000x41", 3, 4),           # 0x only begins a group
    ("00 G0", 3, 4),
    ("00--A4", 2, 3),
    ("00 \N{ARABIC-INDIC DIGIT ONE}0", 3, 4),
    ("00 |text", 3, 4),
    ("|a\N{LATIN SMALL LETTER E WITH ACUTE}|", 2, 3),
    ("|a\tb|", 2, 3),
    ("00 #(01", 3, 5),
    ("#(01 #(02)", 0, 2),
    ("00)", 2, 3),
    ("00 #", 3, 4),
    ("#[00]", 1, 2),
    ("#(" + "00" * 256 + ")", 0, 515),
]


@pytest.mark.parametrize(("text", "start", "end"), BAD)
def test_errors_point_at_what_is_wrong(text: str, start: int, end: int) -> None:
    with pytest.raises(NotationError) as caught:
        parse_bytes(text)
    assert (caught.value.start, caught.value.end) == (start, end)


def test_an_error_never_repeats_the_text() -> None:
    with pytest.raises(NotationError) as caught:
        parse_bytes("404142434445464748494A4B4C4D4E4")
    assert "4041" not in str(caught.value)
    with pytest.raises(NotationError) as caught:
        parse_bytes("404142434445464748494A4B4C4D4E4Z")
    assert "4041" not in str(caught.value)


def test_deep_nesting_is_no_recursion() -> None:
    with pytest.raises(NotationError) as caught:
        parse_bytes("#(" * 100_000)
    assert caught.value.start == 199_998


@given(st.text(alphabet="0123456789abcdefABCDEFxX|#() :,*/=gé", max_size=40) | st.text(max_size=20))
def test_any_text_is_bytes_or_an_error_within_it(text: str) -> None:
    for parse in (parse_bytes, parse_apdu_text):
        try:
            parse(text)
        except NotationError as error:
            assert 0 <= error.start <= error.end <= len(text)


@given(st.binary(max_size=64), st.booleans())
def test_what_is_formatted_parses_to_the_same(data: bytes, spaced: bool) -> None:
    assert parse_bytes(format_bytes(data, spaced=spaced)) == data


@given(st.binary(max_size=64), st.sampled_from([" ", ":", ",", ", ", "  "]), st.sampled_from(["", "0x", "0X"]))
def test_separators_and_prefixes_change_nothing(data: bytes, separator: str, prefix: str) -> None:
    assert parse_bytes(separator.join(f"{prefix}{byte:02x}" for byte in data)) == data


@given(st.binary(max_size=255))
def test_a_length_prefix_counts(data: bytes) -> None:
    assert parse_bytes(f"#({data.hex()})") == bytes((len(data),)) + data


def test_formats() -> None:
    assert format_bytes(b"\x00\xa4\x04", spaced=True) == "00 A4 04"
    assert ascii_column(b"J2A\x00~\x7f\xff ") == "J2A.~.. "


# --- APDUs

APDUS = [
    ("00A40400", "00A40400", None),
    ("00 A4 04 00 *9000", "00A40400", 0x9000),
    ("00A40400*6a82", "00A40400", 0x6A82),
    ("00:A4:04:00", "00A40400", None),
    ("00:A4", "00A4", None),
    ("A4:04:00:00", "A4040000", None),
    ("00 a4 04 00 #(|1PAY.SYS.DDF01|) 00", "00A404000E315041592E5359532E444446303100", None),
    ("00A4040001|*|", "00A40400012A", None),
    ("00A4040001|/| *9000", "00A40400012F", 0x9000),
    # ykman's form
    ("a1=", "00A10000", 0x9000),
    ("a1=9000", "00A10000", 0x9000),
    ("84/08=", "0084000008", 0x9000),
    ("84/00", "0084000000", None),
    ("04dead=", "0004DEAD", 0x9000),
    ("80CA/00=6A88", "80CA000000", 0x6A88),
    ("80CA9F7F/00", "80CA9F7F00", None),
    ("a40400:a000000527210101=9000", "00A4040008A000000527210101", 0x9000),
    ("a40400:a000000527210101", "00A4040008A000000527210101", None),
    ("00A40400:A000000003000000/00", "00A4040008A00000000300000000", None),
    ("00A4:0400", "00A40000020400", None),
    ("a40400:|1PAY.SYS.DDF01|", "00A404000E315041592E5359532E4444463031", None),
    ("a40400:|a:b|", "00A4040003613A62", None),
    ("a40400:a00000 *9000", "00A4040003A00000", 0x9000),
    ("a4/0000", "00A40000000000", None),
    ("a40400:A0:00:00:00:03/00", "00A4040005A00000000300", None),
    ("84/100", "0084000000", None),
    ("84/101", "00840000000101", None),
    ("00=", "00000000", 0x9000),
]


@pytest.mark.parametrize(("text", "encoded", "sw"), APDUS)
def test_apdu_notations(text: str, encoded: str, sw: int | None) -> None:
    data, expected = parse_apdu_text(text)
    assert (format_bytes(data), expected) == (encoded, sw)


def test_more_than_255_bytes_of_data_in_ykmans_form_are_extended() -> None:
    data, _ = parse_apdu_text("D6:" + "11" * 256)
    assert CommandAPDU.parse(data).data == b"\x11" * 256


BAD_APDUS = [
    ("", 0, 0),
    ("   ", 0, 3),
    ("*9000", 0, 0),
    ("00A40400 *", 9, 10),
    ("00A40400 *90", 9, 12),
    ("00A40400 *9X00", 9, 14),
    ("00A40400 *9000 00", 9, 17),
    ("00A4040", 0, 7),
    ("00A404 0G", 8, 9),
    ("00A4040 *9000", 0, 7),
    ("a4=90", 2, 5),
    ("a4/G", 2, 4),
    ("a4/12345", 2, 8),
    ("a4=/00", 2, 3),
    ("a4=9000/00", 2, 3),
    ("a4/00:0102", 5, 6),
    ("a40400:=", 6, 7),
    ("a40400:010=", 7, 10),
    ("00A4040000/00", 0, 10),
    ("/00", 0, 1),
    ("=9000", 0, 1),
    ("a4=9000=9000", 2, 12),
    ("a4= *9000", 4, 5),
    ("00:A4:04:00=9000", 5, 6),  # would be INS 00 with data A4 04 00
    ("D6:" + "11" * 65536 + "=", 3, 3 + 131072),
]


@pytest.mark.parametrize(("text", "start", "end"), BAD_APDUS, ids=lambda value: str(value)[:24])
def test_apdu_errors_point_at_what_is_wrong(text: str, start: int, end: int) -> None:
    with pytest.raises(NotationError) as caught:
        parse_apdu_text(text)
    assert (caught.value.start, caught.value.end) == (start, end)


@given(st.binary(min_size=1, max_size=40))
def test_colon_separated_hex_is_never_ykmans_form(data: bytes) -> None:
    assert parse_apdu_text(data.hex(":")) == (data, None)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 0xFFFF))
def test_plain_hex_with_an_expected_status_word(data: bytes, sw: int) -> None:
    assert parse_apdu_text(f"{format_bytes(data, spaced=True)} *{sw:04X}") == (data, sw)
