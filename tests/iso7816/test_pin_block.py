"""PINs as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.pin_block import PinError, PinFormat, pin_bytes


@pytest.mark.parametrize(
    ("typed", "form", "pad_to", "coded"),
    [
        ("1234", PinFormat.ASCII, 0, "31323334"),
        ("1234", PinFormat.ASCII, 8, "31323334FFFFFFFF"),  # a SIM's CHV1 (GSM 11.11, 9.2.9); a PIV card's PIN
        ("12345678", PinFormat.ASCII, 8, "3132333435363738"),
        ("1234", PinFormat.BCD, 0, "1234"),
        ("12345", PinFormat.BCD, 0, "12345F"),
        ("1234", PinFormat.ISO9564_2, 0, "241234FFFFFFFFFF"),  # EMV 4.3, book 3, 6.5.12.2
        ("123456789012", PinFormat.ISO9564_2, 0, "2C123456789012FF"),
        ("01 02", PinFormat.HEX, 4, "0102FFFF"),
        ("|ab|", PinFormat.HEX, 0, "6162"),
    ],
)
def test_forms(typed: str, form: PinFormat, pad_to: int, coded: str) -> None:
    assert pin_bytes(typed, form, pad_to=pad_to).hex().upper() == coded


def test_another_filler() -> None:
    assert pin_bytes("12", pad_to=4, filler=0).hex() == "31320000"


@pytest.mark.parametrize(
    ("typed", "form", "pad_to"),
    [("", PinFormat.ASCII, 0), ("zä", PinFormat.ASCII, 0), ("12a4", PinFormat.BCD, 0), ("٣٤٥٦", PinFormat.BCD, 0),
     ("123", PinFormat.ISO9564_2, 0), ("1234567890123", PinFormat.ISO9564_2, 0), ("12 x", PinFormat.HEX, 0),
     ("123456789", PinFormat.ASCII, 8), ("", PinFormat.HEX, 8), ("", PinFormat.BCD, 0)],
)
def test_what_cannot_be_coded_is_not_repeated(typed: str, form: PinFormat, pad_to: int) -> None:
    with pytest.raises(PinError) as caught:
        pin_bytes(typed, form, pad_to=pad_to)
    assert not typed or typed not in str(caught.value)


@given(st.text(alphabet="0123456789", min_size=4, max_size=12))
def test_a_block_of_format_2_can_be_read_again(digits: str) -> None:
    block = pin_bytes(digits, PinFormat.ISO9564_2).hex().upper()
    assert len(block) == 16
    assert block[2 : 2 + int(block[1], 16)] == digits
