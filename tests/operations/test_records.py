"""Records on the simulated card, and on odd ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.errors import CardError, JcopshError
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.operations import files, records
from jcopsh.operations.file_values import RecordList
from tests.card.support import Rig, fake, simulated
from tests.operations.support import run

VERIFY = "002000010431323334"


@pytest.fixture(params=["iso7816-files", "iso7816-files,protocol=t0"], ids=["T=1", "T=0"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    rig = simulated(tmp_path, request.param, known_map=False)[0]
    files.select_file(rig.card, FileReference.parse("/7E10"))
    return rig


def go_to(card: Rig, identifier: str) -> None:
    files.select_file(card.card, FileReference.parse(identifier))


def texts(found: RecordList) -> list[bytes]:
    return [one.content.reveal() for one in found.records]


@pytest.mark.parametrize(
    ("identifier", "short", "count", "first"),
    [("6E04", 4, 8, b"HAMMER 1 KG          x01"), ("6E05", 5, 4, b"Oil the lathe on Mondays."),
     ("6E06", 6, 3, b"2024-05-21 D5 x1")],
)
def test_all_records_of_every_kind_of_file(card: Rig, identifier: str, short: int, count: int, first: bytes) -> None:
    by_short = records.read_records(card.card, short_identifier=short)
    assert (len(by_short.records), texts(by_short)[0], by_short.complete) == (count, first, True)
    go_to(card, identifier)
    found = records.read_records(card.card)
    assert texts(found) == texts(by_short)
    assert found.position == f"3F00[/7E10]/{identifier}"  # by identifier it could be found beside 7E10 as well
    assert records.read_record(card.card, count).content.reveal() == texts(found)[-1]


def test_what_is_not_there(card: Rig) -> None:
    go_to(card, "6E04")
    with pytest.raises(CardError) as caught:
        records.read_record(card.card, 9)
    assert caught.value.meaning == "6A83: there is no record with this number"
    go_to(card, "6E01")
    with pytest.raises(CardError) as caught:
        records.read_records(card.card)
    assert (caught.value.response.sw, "read-binary" in caught.value.hint) == (0x6981, True)


def test_a_file_without_records(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00B2010400": "6A83"})
    found = records.read_records(rig.card)
    assert (found.records, found.complete) == ((), True)


def test_records_of_unequal_length_one_of_them_deactivated(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00B2010C00": "AA9000", "00B2020400": "BBCC6282", "00B2030400": "DD6287",
                                 "00B2040400": "9000", "00B2050400": "6982"})
    found = records.read_records(rig.card, short_identifier=1)
    assert texts(found) == [b"\xaa", b"\xbb\xcc", b"\xdd", b""]
    assert [bool(one.note) for one in found.records] == [False, False, True, False]
    assert not found.complete
    assert found.notes[0].startswith("record 5 was refused: 6982")


def test_a_sim_names_the_right_length(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"00B2010400": "6702", "00B2010402": "AABB9000", "00B2020400": "6B00"})
    assert texts(records.read_records(rig.card)) == [b"\xaa\xbb"]
    assert len(link.sent) == 3


def test_a_card_that_wants_the_exact_length(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00B2010400": "6700", "00B2010410": "00" * 16 + "9000"})
    with pytest.raises(CardError) as caught:
        records.read_records(rig.card)
    assert "--length" in caught.value.hint
    assert len(records.read_record(rig.card, 1, length=16).content) == 16


def test_no_more_than_254_records(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, lambda command: b"\x01\x90\x00")
    assert len(records.read_records(rig.card).records) == 254
    assert len(link.sent) == 254


def test_a_record_is_changed(card: Rig) -> None:
    card.send(VERIFY)
    difference, written = run(records.update_record(card.card, 3, b"Call the smith.", short_identifier=5))
    assert difference.before is not None and difference.before.reveal() == b"OK"
    assert written is not None and written.note == "read back and equal"
    assert run(records.update_record(card.card, 3, b"Call the smith."))[1] is None
    assert records.append_record(card.card, b"One more.").what == "as a new record"
    assert texts(records.read_records(card.card))[2::2] == [b"Call the smith.", b"One more."]


def test_the_oldest_record_of_a_cyclic_file_becomes_the_newest(card: Rig) -> None:
    card.send(VERIFY)
    difference, written = run(records.update_record(card.card, 0, b"2024-06-01 A2 x1", short_identifier=6))
    assert (difference.before, difference.record) == (None, None)
    assert written is not None and written.what == "as the newest record"
    assert texts(records.read_records(card.card))[0] == b"2024-06-01 A2 x1"


@pytest.mark.parametrize(
    ("identifier", "number", "data", "meaning"),
    [("6E04", 1, b"short", "the record has another length"), ("6E05", 9, b"x", "there is no record with this number"),
     ("6E06", 1, b"2024-06-01 A2 x1", "function not supported")],
)
def test_refusals(card: Rig, identifier: str, number: int, data: bytes, meaning: str) -> None:
    card.send(VERIFY)
    go_to(card, identifier)
    with pytest.raises(CardError) as caught:
        run(records.update_record(card.card, number, data))
    assert caught.value.meaning.endswith(meaning)


def test_no_room_and_no_pin(card: Rig) -> None:
    go_to(card, "6E04")
    with pytest.raises(CardError, match="not added"):
        records.append_record(card.card, bytes(24))
    card.send(VERIFY)
    with pytest.raises(CardError) as caught:
        records.append_record(card.card, bytes(24))
    assert caught.value.meaning == "6A84: there is no room for this record"


def test_a_record_that_did_not_take(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00B2010400": "00009000", "00DC0104024142": "9000"})
    with pytest.raises(JcopshError, match="reads back otherwise"):
        run(records.update_record(rig.card, 1, b"AB"))
