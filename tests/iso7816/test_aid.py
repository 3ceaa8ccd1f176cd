"""AIDs and the table of well-known ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.aid import AID, KNOWN_AIDS, lookup
from jcopsh.iso7816.hexadecimal import NotationError


@given(st.binary(min_size=5, max_size=16))
def test_what_is_formatted_parses_to_the_same(value: bytes) -> None:
    aid = AID(value)
    assert AID.parse(str(aid)) == aid
    assert aid.rid + aid.pix == bytes(aid) == value
    assert len(aid.rid) == 5


@pytest.mark.parametrize("length", [0, 4, 17])
def test_other_lengths_are_no_aid(length: int) -> None:
    with pytest.raises(ValueError, match=f"has {length}"):
        AID(bytes(length))
    text = "00" * length
    with pytest.raises(NotationError) as caught:
        AID.parse(text)
    assert (caught.value.start, caught.value.end) == (0, len(text))


def test_the_notations_of_bytes_are_taken() -> None:
    assert AID.parse("|2PAY.SYS.DDF01|") == KNOWN_AIDS["ppse"].aid
    assert str(AID.parse("a0:00:00:00:03:00:00:00")) == "A000000003000000"
    with pytest.raises(NotationError) as caught:
        AID.parse("A00000000G")
    assert caught.value.start == 9


@pytest.mark.parametrize(("name", "aid"), [
    ("isd", "A000000003000000"),
    ("isd-gp", "A000000151000000"),
    ("identify", "A000000167413000FF"),
    ("pse", "315041592E5359532E4444463031"),
    ("ppse", "325041592E5359532E4444463031"),
    ("openpgp", "D27600012401"),
    ("piv", "A000000308000010000100"),
    ("fido", "A0000006472F0001"),
    ("ndef", "D2760000850101"),
])
def test_known_aids(name: str, aid: str) -> None:
    assert str(KNOWN_AIDS[name].aid) == aid


def test_the_table_is_whole() -> None:
    for name, known in KNOWN_AIDS.items():
        assert known.name == name
        assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
        assert known.meaning
        assert known.source
        assert lookup(known.aid) is known
    assert lookup(AID(bytes(5))) is None


def test_sixteen_bytes_may_be_a_transport_key_and_do_not_show_in_a_repr() -> None:
    assert repr(AID(bytes(range(0x40, 0x50)))) == "AID(16 bytes)"
    assert repr(KNOWN_AIDS["isd"].aid) == "AID(A000000003000000)"
