"""What is an AID, and what may be a transport key, is the same wherever an AID is typed."""

from __future__ import annotations

import pytest

from jcopsh.errors import UsageError
from jcopsh.iso7816.aid import AID, KNOWN_AIDS
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.shell.context import ParseContext
from jcopsh.shell.types import AidOrNameType
from jcopsh.shell.types.aids import is_public_to_select
from jcopsh.shell.types.apdu import ApduTextType
from jcopsh.shell.types.base import UnfinishedError
from jcopsh.shell.types.content import AidOrCardType, AidType, ModuleType

CONTEXT = ParseContext()
TYPES = (AidType(), AidOrNameType(), AidOrCardType(), ModuleType())
AID_LIKE, FORMLESS = 0xA0, 0x40  # first bytes: of an international AID, and of none


def name(first: int, length: int) -> str:
    return bytes((first, *range(1, length))).hex().upper()


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("length", [3, 4, 5, 16, 17])
def test_an_aid_has_5_to_16_bytes(kind: AidType, length: int) -> None:
    text = name(AID_LIKE, length)
    if 5 <= length <= 16:
        assert kind.parse(text, CONTEXT) == AID(bytes.fromhex(text))
    else:
        with pytest.raises((UsageError, NotationError), match="5 to 16 bytes") as raised:
            kind.parse(text, CONTEXT)
        assert isinstance(raised.value, UnfinishedError) is (length < 5)


@pytest.mark.parametrize("kind", TYPES)
def test_names_are_read_and_what_is_neither_is_told_alike(kind: AidType) -> None:
    assert kind.parse("ISD", CONTEXT) == KNOWN_AIDS["isd"].aid
    with pytest.raises(UsageError, match="neither an AID nor the name") as raised:
        kind.parse("idx", CONTEXT)
    assert raised.value.hint == "did you mean isd?"
    assert [kind.words_taken(words) for words in (["isd", "A0"], ["A0", "00", "00", "00", "03", "key"])] == [1, 5]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("length", "secret"), [(5, False), (14, False), (15, True), (16, True)])
def test_what_is_as_long_as_a_transport_key_or_lacks_a_byte_is_kept_out_of_the_history(
    kind: AidType, length: int, secret: bool
) -> None:
    text = name(AID_LIKE, length)
    assert list(kind.secret_spans(text, CONTEXT)) == ([(0, len(text))] if secret else [])
    assert is_public_to_select(bytes.fromhex(text)) is not secret


@pytest.mark.parametrize("length", [5, 8, 14])
def test_a_piece_of_a_transport_key_is_likely_only_where_something_is_selected(length: int) -> None:
    text = name(FORMLESS, length)
    assert AidOrNameType().secret_spans(text, CONTEXT)
    assert ApduTextType().secret_spans(f"00A40400{length:02X}{text}", CONTEXT)
    assert not AidType().secret_spans(text, CONTEXT)
    assert not is_public_to_select(bytes.fromhex(text))


def test_the_beginning_of_a_name_is_judged_by_what_is_there() -> None:
    assert is_public_to_select(b"\xa0", 14) and is_public_to_select(b"1", 14) and is_public_to_select(b"1PA", 14)
    assert not is_public_to_select(b"\xa0", 15)
    assert not is_public_to_select(b"3", 14)
    assert is_public_to_select(b"3", 4)  # a file's
