"""What is said of cards that answer in their own way: in words, with what to try next, and never a traceback."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jcopsh.card import consent
from jcopsh.shell.execute import run_text
from tests.commands.support import Shell, odd_shell

SELECT_FCI, SELECT_FCP, SELECT_NOTHING = "00A40000026F0100", "00A40004026F0100", "00A4000C026F01"
TRANSPARENT_10 = "6F0B8002000A82010183026F01"
READ, READ_RECORD = "00B0000000", "00B2010400"
DIGITS = bytes(range(10)).hex()


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))


@pytest.mark.parametrize(
    ("answers", "line", "shown"),
    [
        # no FCP at all, and no P2 but 0C
        ({SELECT_FCI: "6A86", SELECT_FCP: "6A86", SELECT_NOTHING: "9000"}, "cd 6F01", "the card tells nothing"),
        ({SELECT_FCI: "9000", READ: DIGITS + "6282"}, "cat 6F01", "10 bytes"),
        ({SELECT_FCI: "9000", READ: "6981", READ_RECORD: "AA9000", "00B2020400": "6A83"}, "cat 6F01", "1 record"),
        # malformed: cut, a length too many, not TLV, an empty template
        ({SELECT_FCI: "6F0A80029000"}, "cd 6F01", "no file control information"),
        ({SELECT_FCI: "6F057FFF9000"}, "cd 6F01", "no file control information"),
        ({SELECT_FCI: "DEADBEEF9000"}, "cd 6F01", "DE AD BE EF"),
        ({SELECT_FCI: "6F009000"}, "cd 6F01", "no file control information"),
        ({SELECT_FCI: "6F0382017A8001059000"}, "cd 6F01", "5 bytes"),
        # the size that the card tells is wrong, in either way
        ({SELECT_FCI: TRANSPARENT_10 + "9000", "00B000000A": "AABB9000", "00B0000208": "6B00"}, "cat 6F01",
         "the card said that the file has 10 bytes, and gave none behind the first 2"),
        # answers shorter than Le in the middle of a file
        ({READ: "0102039000", "00B0000300": "04059000", "00B0000500": "6B00"}, "read-binary", "01 02 03 04 05"),
        ({READ: "0102039000", "00B0000300": "9402"}, "read-binary", "01 02 03"),
        ({READ: "0102036282"}, "read-binary", "01 02 03"),
        ({READ: "9000"}, "read-binary", "0 bytes"),
        # Le of 00 is refused, also where the file is named by its short identifier
        ({READ: "6700", "00B00000FF": "0102036282"}, "read-binary", "01 02 03"),
        ({"00B0850000": "6700", "00B08500FF": "0102036282"}, "read-binary --file sfi:5", "01 02 03"),
        ({READ: "6C03", "00B0000003": "0102039000", "00B0000300": "6B00"}, "read-binary", "01 02 03"),
        ({READ_RECORD: "6C02", "00B2010402": "AABB9000", "00B2020400": "6A83"}, "read-record", "1  AA BB"),
        ({READ_RECORD: "AA9000", "00B2020400": "BBCCDD9000", "00B2030400": "9000", "00B2040400": "6A83"},
         "read-record", "3 records"),
        ({READ_RECORD: "AA9000", "00B2020400": "6982"}, "read-record", "record 2 was refused: 6982"),
        ({READ_RECORD: "6A83"}, "read-record", "the file holds no record"),
        ({"00CA5F5200": "9000"}, "get-data 5F52", "0 bytes"),
        ({"00CA006600": "66049000"}, "get-data 66", "66 04"),
        ({"00200001": "6D00"}, "verify 1 --tries", "not supported"),
        ({"00200001": "63C0"}, "verify 1 --tries", "no try is left"),
        ({"0070000001": "9000"}, "manage-channel open", "did not say which"),
    ],
)
def test_what_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: Mapping[str, str], line: str, shown: str
) -> None:
    assert shown in said(odd_shell(monkeypatch, tmp_path, answers), line)


LINES = (
    "cd 6F01", "cd 7F10/6F01", "cat", "cat 6F01", "cat sfi:3", "read-binary", "read-record", "read-record 2",
    "update-binary 0 AABB", "update-record 1 AABB", "append-record AABB", "create-file 6F01 4",
    "delete-file 6F01 --yes", "files 6F01", "get-data 5F52", "put-data 0101 AABB", "get-challenge",
    "internal-authenticate AABB", "manage-channel open", "manage-channel close 1", "verify 1 |1234|",
    "change-pin 1 |1234| |5678|", "unblock-pin 1 |12345678| |1234| --yes",
)


@pytest.mark.parametrize("sw", ["6D00", "6E00", "6700", "6982", "6985", "6A86", "6F00", "6B00", "6C00", "9404"])
def test_a_card_that_refuses_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sw: str) -> None:
    card = odd_shell(monkeypatch, tmp_path, lambda _command: bytes.fromhex(sw))
    for line in LINES:
        text = said(card, line)
        # a search finds nothing, or only what is closed; everything else names the status word
        assert sw in text or sw == "6C00" or "try:" in text, (line, text)


def said(card: Shell, line: str) -> str:
    """What a line shows, whether it succeeds, or fails by the card or the line; no traceback."""
    code = run_text(card.session, line)
    text = card.stdout.getvalue() + card.stderr.getvalue()
    for stream in (card.stdout, card.stderr):
        stream.seek(0)
        stream.truncate()
    assert "Traceback" not in text and "a bug in jcopsh" not in text, (line, text)
    assert code in (0, 1, 2), (line, text)
    assert text.strip(), line
    return text


# --- noise -----------------------------------------------------------------------------------------------------------

_TAGS = st.sampled_from(("62", "64", "6F", "80", "81", "82", "83", "84", "85", "86", "88", "8A", "8B", "8C", "A0", "A5",
                         "AB", "C6", "50", "53", "73", "5F52", "9F65", "00", "FF", "1F"))
_VALUES = st.binary(max_size=12)
_OBJECTS = st.recursive(
    st.builds(lambda tag, value: bytes.fromhex(tag) + bytes((len(value),)) + value, _TAGS, _VALUES),
    lambda inner: st.builds(
        lambda tag, parts, wrong: bytes.fromhex(tag) + bytes((min(127, max(0, len(b"".join(parts)) + wrong)),))
        + b"".join(parts), _TAGS, st.lists(inner, max_size=6), st.sampled_from((0, 0, 0, 1, -1))),
    max_leaves=12,
)
_STATUS_WORDS = ("9000", "9000", "6282", "6283", "6281", "6A83", "6B00", "6700", "6C05", "63C2", "6982", "0000")
_ANSWERS = st.builds(
    lambda data, sw: data + bytes.fromhex(sw), st.one_of(_OBJECTS, _VALUES), st.sampled_from(_STATUS_WORDS)
)
_MORE_LINES = ("cat --tlv", "read-record --tlv", "get-data 5F52 --tlv", "cd 6F01 --json", "cat 6F01 --json")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(_ANSWERS, min_size=1, max_size=8), line=st.sampled_from((*LINES, *_MORE_LINES)))
def test_no_answers_lead_to_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, answers: list[bytes], line: str
) -> None:
    """Well-formed, cut and senseless answers in turn, then refusals for ever."""
    with monkeypatch.context() as patch:
        given_in_turn = itertools.chain(answers, itertools.repeat(b"\x6f\x00"))
        card = odd_shell(patch, tmp_path_factory.mktemp("odd"), lambda _command: next(given_in_turn))
        said(card, line)
