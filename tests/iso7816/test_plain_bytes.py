r"""Bytes as programs, datasheets and web pages write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.hexadecimal import NotationError, parse_apdu_text, parse_bytes
from jcopsh.iso7816.plain_bytes import plain_apdu, plain_bytes

READ = bytes.fromhex("C0B0040701")


@pytest.mark.parametrize("text", [
    "C0-B0-04-07-01", "C0\u2013B0\u201304\u201307\u201301", "{0xC0, 0xB0, 0x04, 0x07, 0x01}",
    "[ 0xC0, 0xB0, 0x04, 0x07, 0x01, ]",
    "{(byte) 0xC0, (byte)0xB0, 0x04, 0x07, 0x01}", r"\xC0\xB0\x04\x07\x01", "C0\u00a0B0\u202f04\u300007\u200b01",
    "\ufeffC0B0040701", "C0h B0h 04h 07h 01h", "C0h, B0H, 04h, 07h, 01h", "\u201cC0 B0 04 07 01\u201d",
])
def test_the_same_bytes(text: str) -> None:
    assert parse_bytes(text) == READ
    assert parse_apdu_text(text) == (READ, None)
    assert parse_apdu_text(f"{text} *6A82") == (READ, 0x6A82)


@pytest.mark.parametrize("text", ["2026-11-21", "2024-01-02 03:04", "00A40400\u2014", "123-45-67-89", "C0-B0-04-0701"])
def test_a_dash_parts_pairs_alone(text: str) -> None:
    with pytest.raises(NotationError):
        parse_bytes(text)


@pytest.mark.parametrize(("text", "apdu"), [
    ("CLA=C0 INS=B0 P1=03 P2=05 Lc=10", "C0B0030510"),  # seed 002
    ("CLA=00 INS=F0 P1=00 P2=00", "00F00000"),
    ("CLA C0 INS B0 P1 03 P2 05 Lc 10", "C0B0030510"),
    ("CLA 00 INS 20 P1 00 P2 01 Lc 04 Data 31 32 33 34", "002000010431323334"),
    ("cla: 0x00, ins: 0xA4, p1: 0x04, p2: 0x00, lc: 0x02, data: |AB|, le: 0x00", "00A4040002414200"),
    ("CLA=00 INS=A4 P1P2=0400 P3=02 A000", "00A4040002A000"),
    ("CLA=00 INS=A4 P1=04 P2=00 Lc=04 Data=|*Le=|", "00A40400042A4C653D"),
])
def test_with_labels(text: str, apdu: str) -> None:
    assert parse_apdu_text(text) == (bytes.fromhex(apdu), None)


@pytest.mark.parametrize(("text", "says", "at"), [
    ("CLA=C0 INS=B0 P1=03", "all four", 14),
    ("CLA=C0 P1=03 INS=B0 P2=05", "in the order", 13),
    ("CLA=C0 INS=B0 INS=03 P1=00 P2=05", "each once", 14),
    ("CLA=C0B0 INS=03 P1=00 P2=05", "CLA is one byte", 0),
    ("CLA=00 INS=A4 P1=04 P2=00 Data=A000", "here it is 02", 26),
    ("{0xC0, 0xB0", "never closed by '}'", 0),
    ("0xC0, 0xB0}", "'}' is not", 10),
    ("{0xC0}, {0xB0}", "once", 8),
    ("C0-B", "single", 3),
    ("C0\u20ac", "U+20AC, euro sign", 2),
    ("|A\u00a0|", "U+00A0 (no-break space) is not printable", 2),
    ("C\u200b0", "U+200B (zero width space) parts the two digits", 1),
    ("\u0421\u041e", "cyrillic capital letter es", 0),
])
def test_what_is_wrong_is_named(text: str, says: str, at: int) -> None:
    with pytest.raises(NotationError) as caught:
        parse_apdu_text(text)
    assert says in caught.value.message
    assert caught.value.start == at


def test_text_between_bars_stays() -> None:
    assert parse_bytes("|C0-B0 {x}|") == b"C0-B0 {x}"


@given(st.text(alphabet="C0aB-\u2013\\x{}[],:=|(byte)CLAINSP12 \u00a0\u200b*", max_size=40))
def test_every_byte_keeps_its_place(text: str) -> None:
    assert len(plain_bytes(text)) == len(plain_apdu(text)) == len(text)
