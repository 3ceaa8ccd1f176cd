"""What the session makes of news of the readers: what it says, what it leaves, what it connects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from jcopsh.card.card import Card
from jcopsh.card.journal import Journal
from jcopsh.card.monitor import ReaderEvent, ReaderEventKind
from jcopsh.card.readers import ReaderInfo, choose
from jcopsh.errors import NoCardThere, ReaderError
from jcopsh.shell.reader_news import take_in
from jcopsh.shell.render import Output
from jcopsh.shell.session import Session
from tests.card.support import ATR, FakeReaderLink
from tests.shell.samples import sample_registry

Kind = ReaderEventKind
A, B = ReaderInfo("Reader A", 0, False, b""), ReaderInfo("Reader B", 1, False, b"")
A_CARD, B_CARD = ReaderInfo("Reader A", 0, True, ATR), ReaderInfo("Reader B", 1, True, ATR)


@dataclass
class Desk:
    """A session whose readers are those of the test; `links` are the connections it made."""

    folder: Path
    links: list[FakeReaderLink] = field(default_factory=list)
    held: bool = False

    def __post_init__(self) -> None:
        self.session = Session(
            registry=sample_registry(), opener=self._open, finder=self._find, output=Output(width=80)
        )

    def _find(self, reader: str | None, *, default_reader: str | None) -> str | None:
        return choose((A, B), reader or default_reader).name

    def _open(self, reader: str | None, *, default_reader: str | None, protocol: str | None, shared: bool) -> Card:
        if self.held:
            raise ReaderError("another program has the card")
        link = FakeReaderLink({}, shared=shared)
        link._name = reader or "Reader A"
        self.links.append(link)
        return Card(link, Journal(self.folder / f"journal{len(self.links)}"), None)

    def hear(self, kind: ReaderEventKind, reader: str = "", *readers: ReaderInfo) -> str | None:
        """Give it an event, and return its sentence."""
        return take_in(self.session, ReaderEvent(kind, reader, readers))

    @property
    def connected(self) -> str | None:
        """The reader whose card is connected."""
        card = self.session.card_or_none
        return card.reader if card else None


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.hear(Kind.STARTED, "", A, B)
    return made


def test_a_card_that_comes_is_connected_and_sent_nothing(desk: Desk) -> None:
    said = desk.hear(Kind.CARD_CAME, B.name, A, B_CARD)
    assert said == "Connected: Reader B. Nothing was sent yet: identify asks the card who it is."
    assert desk.connected == "Reader B"
    assert desk.links[0].sent == []
    assert desk.session.readers == (A, B_CARD)
    # the next one may be in another reader
    assert desk.session.reader is None


def test_not_where_another_reader_was_chosen(desk: Desk) -> None:
    desk.session.settings.set("reader", "reader a")
    assert desk.hear(Kind.CARD_CAME, B.name, A, B_CARD) == "a card is in Reader B: `connect 1`"
    assert desk.connected is None
    assert desk.hear(Kind.CARD_CAME, A.name, A_CARD, B_CARD) is not None
    assert desk.connected == "Reader A"


def test_not_after_a_card_was_left_on_purpose(desk: Desk) -> None:
    desk.session.left = True
    assert desk.hear(Kind.CARD_CAME, A.name, A_CARD, B) == "a card is in Reader A: `connect 0`"
    assert desk.connected is None
    desk.session.connect("Reader A")
    assert not desk.session.left


def test_not_in_the_place_of_another_card(desk: Desk) -> None:
    desk.hear(Kind.CARD_CAME, A.name, A_CARD, B)
    said = desk.hear(Kind.CARD_CAME, B.name, A_CARD, B_CARD)
    assert said == "a card is in Reader B: `connect 1` leaves the present one for it"
    assert desk.connected == "Reader A"


def test_a_card_that_cannot_be_connected(desk: Desk) -> None:
    desk.held = True
    said = desk.hear(Kind.CARD_CAME, A.name, A_CARD, B)
    assert said is not None
    assert "could not be connected (another program has the card)" in said


def test_a_mute_card(desk: Desk) -> None:
    said = desk.hear(Kind.CARD_CAME, A.name, replace(A_CARD, mute=True, atr=b""), B)
    assert said == "the card in Reader A is mute: take it out, turn it round"
    assert desk.connected is None


def test_a_card_that_goes_is_forgotten(desk: Desk) -> None:
    desk.hear(Kind.CARD_CAME, A.name, A_CARD, B)
    desk.links[0].alive = False
    said = desk.hear(Kind.CARD_GONE, A.name, A, B)
    assert said is not None
    assert said.startswith("the card in Reader A was taken out: ")
    assert desk.connected is None
    assert desk.links[0].closed


def test_news_older_than_the_connection_leaves_it_alone(desk: Desk) -> None:
    desk.hear(Kind.CARD_CAME, A.name, A_CARD, B)
    assert desk.hear(Kind.CARD_GONE, A.name, A, B) is None
    assert desk.hear(Kind.CARD_CAME, A.name, A_CARD, B) is None
    assert desk.connected == "Reader A"


def test_another_readers_card_goes(desk: Desk) -> None:
    desk.hear(Kind.CARD_CAME, A.name, A_CARD, B_CARD)
    assert desk.hear(Kind.CARD_GONE, B.name, A_CARD, B) is None
    assert desk.connected == "Reader A"


def test_readers_that_come_and_go(desk: Desk) -> None:
    assert desk.hear(Kind.READER_CAME, "Reader C", A, B) == "reader Reader C was plugged in"
    assert desk.hear(Kind.READER_GONE, B.name, A) == "reader Reader B was unplugged"
    desk.hear(Kind.CARD_CAME, A.name, A_CARD)
    desk.links[0].alive = False
    # of both events, that of the reader is the one to tell
    assert desk.hear(Kind.CARD_GONE, A.name) is None
    said = desk.hear(Kind.READER_GONE, A.name)
    assert said is not None
    assert said.startswith("reader Reader A was unplugged, and the card is lost: ")
    assert desk.connected is None


def test_the_service_goes_and_comes(desk: Desk) -> None:
    desk.hear(Kind.CARD_CAME, A.name, A_CARD, B)
    desk.links[0].alive = False
    said = desk.hear(Kind.SERVICE_GONE)
    assert said is not None
    assert said.startswith("the PC/SC service has stopped, and the card is lost: ")
    assert desk.hear(Kind.SERVICE_GONE) is None
    assert desk.hear(Kind.SERVICE_CAME, "", A) == "the PC/SC service is back, with 1 reader"
    assert desk.hear(Kind.SERVICE_GONE) == "the PC/SC service has stopped; it is waited for"


def test_a_service_that_never_ran_is_not_told_twice(tmp_path: Path) -> None:
    """What the start has said already."""
    assert Desk(tmp_path).hear(Kind.SERVICE_GONE) is None


def test_a_card_that_is_out_again_is_not_spoken_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_again(*_: object, **__: object) -> Card:
        raise NoCardThere("there is no card in the reader")

    monkeypatch.setattr(desk.session, "_opener", out_again)
    assert desk.hear(Kind.CARD_CAME, "Reader A", A_CARD, B) is None
    assert desk.connected is None
