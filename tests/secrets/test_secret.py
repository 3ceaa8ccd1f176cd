"""A secret does not show, whatever is done with it."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.secrets.key_store import Origin, StoredSecret
from jcopsh.secrets.secret import Secret, SecretKind, key_check_value
from jcopsh.secrets.segments import HIDDEN_TEXT, Hidden, Mark, Segments, take_out

KEY = bytes.fromhex("C0FFEE00112233445566778899AABBCC")
DEFAULT_KEY = bytes(range(0x40, 0x50))


def shows(text: str, value: bytes = KEY) -> bool:
    """Whether the text has the bytes, in any of the usual notations."""
    flat = text.upper()
    for unwanted in (" ", ":", "\\X", "0X", ",", "\n"):
        flat = flat.replace(unwanted, "")
    numbers = "".join(str(byte) for byte in value)
    return value.hex().upper() in flat or numbers in flat or repr(value)[2:-1].upper() in text.upper()


def test_shows_knows_a_leak() -> None:
    leaks = KEY.hex(), KEY.hex(" "), repr(KEY), str(list(KEY)), repr(bytearray(KEY)), ":".join(f"{b:#04x}" for b in KEY)
    assert all(shows(leak) for leak in leaks)
    assert not shows("3DES KCV 8BAF47")


@pytest.mark.parametrize("kind", SecretKind)
@pytest.mark.parametrize("length", [4, 8, 16])
def test_no_text_of_a_secret_shows_it(kind: SecretKind, length: int) -> None:
    value = KEY[:length]
    secret = Secret(value, kind)
    stored = StoredSecret("cm_key1", secret, Origin.READ, "card", "boot", 0xC00305)
    hidden = Hidden("cm_key1", secret)
    stream = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(stream))
    for thing in (secret, stored, hidden, Segments((b"\x00", hidden)), [secret], {"key": secret}, (stored,)):
        logger.error("%s %r", thing, thing)
        texts = (
            str(thing),
            repr(thing),
            f"{thing!s}",
            f"{thing!r}",
            f"{thing!a}",
            "%s" % (thing,),  # noqa: UP031 — the old way of formatting is a way too
            pprint.pformat(thing),
        )
        assert not any(shows(text, value) for text in texts)
    assert not shows(f"{secret:>40}{secret}{secret:s}", value)
    assert not shows(stream.getvalue(), value)


def test_it_is_not_pickled_copied_or_turned_into_json() -> None:
    secret = Secret(KEY)
    stored = StoredSecret("cm_key1", secret, Origin.READ, "card", "boot")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for thing in (secret, stored, Hidden("cm_key1", secret), Segments((Hidden("cm_key1", secret),))):
            with pytest.raises(TypeError) as caught:
                pickle.dumps(thing, protocol)
            assert not shows(str(caught.value))
    attempts = (
        lambda: copy.copy(secret),
        lambda: copy.deepcopy(secret),
        lambda: dataclasses.asdict(stored),
        lambda: json.dumps(secret),
        lambda: json.dumps({"key": [secret]}),
        lambda: bytes(secret),  # type: ignore[call-overload]  # that it has no bytes is what is tested
        lambda: hash(secret),
        lambda: list(secret),  # type: ignore[call-overload]  # that it cannot be iterated likewise
    )
    for attempt in attempts:
        with pytest.raises(TypeError) as caught:
            attempt()
        assert not shows(str(caught.value))


def test_it_compares_by_value_and_not_with_bytes() -> None:
    assert Secret(KEY) == Secret(KEY, SecretKind.TRANSPORT_KEY)
    assert Secret(KEY) != Secret(KEY[:-1])
    assert Secret(KEY) != KEY
    assert Secret(KEY).reveal() == KEY
    assert len(Secret(KEY)) == 16


def test_a_label_claims_no_cipher_that_is_not_known() -> None:
    assert Secret(DEFAULT_KEY).label == "3DES KCV 8BAF47"
    assert Secret(DEFAULT_KEY + KEY[:8]).label == "key, 24 bytes"
    assert Secret(DEFAULT_KEY + KEY).label == "key, 32 bytes"


def test_key_check_values() -> None:
    """8BAF47 is the published check value of 40…4F; DES enciphers zeros under zeros to 8CA64DE9C1B123A7."""
    assert key_check_value(DEFAULT_KEY) == "8BAF47"
    assert key_check_value(DEFAULT_KEY + DEFAULT_KEY[:8]) == "8BAF47"
    assert str(Secret(DEFAULT_KEY)) == "3DES KCV 8BAF47"
    assert key_check_value(bytes(16)) == "8CA64D"
    for length in (0, 8, 15, 17, 32):
        with pytest.raises(ValueError, match="16 or 24"):
            key_check_value(bytes(length))


def test_a_pin_or_a_fragment_has_no_check_value() -> None:
    """It could be found from it by trying."""
    assert Secret(b"1234567812345678", SecretKind.PIN).kcv is None
    assert str(Secret(b"12345", SecretKind.PIN)) == "PIN, 5 bytes"
    assert str(Secret(KEY[:15])) == "key, 15 bytes"


# --- bytes with the secret parts taken out --------------------------------------------------------------------------

MARKS = st.lists(
    st.builds(Mark, st.integers(0, 30), st.integers(0, 40), st.sampled_from("ab"), st.booleans()), max_size=5
)


@given(st.binary(max_size=32), MARKS)
def test_what_is_taken_out_is_all_that_was_marked_and_nothing_else(data: bytes, marks: list[Mark]) -> None:
    segments = take_out(data, marks)
    assert segments.reveal() == data
    assert len(segments) == len(data)
    position = 0
    for part in segments.parts:
        for offset in range(position, position + len(part)):
            assert isinstance(part, Hidden) == any(mark.start <= offset < mark.end for mark in marks)
        position += len(part)


def test_how_it_is_written() -> None:
    segments = take_out(bytes.fromhex("C0D6030510") + DEFAULT_KEY, [Mark(5, 21, "cm_key1")])
    assert str(segments) == "C0D6030510<cm_key1:16:8BAF47>"
    assert segments.spaced() == "C0 D6 03 05 10 <cm_key1:16:8BAF47>"
    found = HIDDEN_TEXT.search(str(segments))
    assert found
    assert (found["name"], found["length"], found["kcv"]) == ("cm_key1", "16", "8BAF47")
    assert str(take_out(b"12345678", [Mark(0, 8, "pin", pin=True)])) == "<pin:8:>"
    assert str(take_out(b"", [Mark(0, 8, "x")])) == ""
