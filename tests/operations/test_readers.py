"""The list of readers: what stands in it of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import holders, pcsc
from jcopsh.card.holders import Holder
from jcopsh.card.link import ReaderAttributes
from jcopsh.card.readers import ReaderInfo
from jcopsh.errors import ReaderError
from jcopsh.operations.readers import ReaderReport, list_readers, protocols
from tests.card.support import ATR, FakeReaderLink, behind_the_door

TOLD = ReaderAttributes("HID Global", "Omnikey 5422", "1.03", "OKCM0011", 261)


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every driver tells; the list names the readers that were asked."""
    asked: list[str] = []

    def attributes(reader: str) -> ReaderAttributes:
        asked.append(reader)
        return TOLD

    monkeypatch.setattr(pcsc, "attributes", attributes)
    monkeypatch.setattr(holders, "find_holders", lambda: (Holder(7, "scdaemon", connected=True),))
    return asked


def report(reader: ReaderInfo) -> ReaderReport:
    return list_readers((reader,), None).readers[0]


def test_none() -> None:
    with pytest.raises(ReaderError, match="no reader was found"):
        list_readers((), None)


def test_an_empty_one_and_one_with_a_card(drivers: list[str]) -> None:
    empty, full = list_readers((ReaderInfo("A", 0, False, b""), ReaderInfo("B", 1, True, ATR)), None).readers
    assert (empty.index, empty.name, empty.card, empty.protocols, empty.held_by) == (0, "A", "none", "", "")
    assert (full.card, full.atr, full.protocols, full.serial) == ("in", ATR, "T=1", "OKCM0011")
    assert full.largest_message_bytes == 261
    assert drivers == ["A", "B"]


def test_a_mute_card() -> None:
    assert report(ReaderInfo("A", 0, True, b"", mute=True)).card == "mute"


def test_one_that_another_program_has(drivers: list[str]) -> None:
    alone = report(ReaderInfo("A", 0, True, ATR, in_use=True, exclusive=True))
    assert alone.held_by.startswith("another program has it for itself alone; probably scdaemon (process 7)")
    assert alone.vendor == ""
    assert drivers == []  # to be asked it would have to be opened
    assert report(ReaderInfo("A", 0, True, ATR, in_use=True)).held_by.startswith("another program shares it; ")
    assert drivers == ["A"]


def test_our_own_is_asked_through_its_connection(tmp_path: Path, drivers: list[str]) -> None:
    card = behind_the_door(FakeReaderLink({}), tmp_path).card
    (found,) = list_readers((ReaderInfo("fake reader", 0, True, ATR, in_use=True, exclusive=True),), card).readers
    assert (found.card, found.held_by, found.vendor) == ("connected", "", "Fake")
    assert drivers == []


@pytest.mark.parametrize(
    ("atr", "said"),
    [
        ("3BF81300008131FE454A434F5076323431B7", "T=1"),
        ("3B6800FF4A434F5076323431", "T=0"),
        ("3B8F8001804F0CA000000306030001000000006A", "T=0, T=1, contactless"),
        ("", ""),
        ("00", ""),
    ],
)
def test_what_an_atr_offers(atr: str, said: str) -> None:
    assert protocols(bytes.fromhex(atr)) == said
