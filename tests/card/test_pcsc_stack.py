"""The way to a card through pcscd, vpcd and pyscard, against cards that know their answers by heart."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from jcopsh.card import pcsc
from jcopsh.card.link import Link, ResetKind
from jcopsh.card.readers import ReaderInfo
from jcopsh.errors import ReaderError
from tests.reader_stack import READERS, CardProcess, ReaderStack

ATR_T1 = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
ATR_T0 = bytes.fromhex("3B6800FF4A434F5076323431")
IDENTIFY = bytes.fromhex("00A4040009A000000167413000FF00")
IDENTITY = bytes.fromhex("04310033000000004E58303131430003 39F8736A82")
VANISH = bytes.fromhex("00DEAD00")
LONG = bytes.fromhex("00B0000000")
ANSWERS = {
    IDENTIFY.hex().upper(): IDENTITY.hex(),
    VANISH.hex().upper(): "leave",
    LONG.hex().upper(): "A5" * 256 + "9000",
}


@pytest.fixture(scope="module")
def stack(reader_stack: ReaderStack) -> ReaderStack:
    return reader_stack


@pytest.fixture
def card(stack: ReaderStack) -> Iterator[CardProcess]:
    """A card that offers T=1, in the first reader."""
    inserted = stack.insert_scripted(ATR_T1, ANSWERS)
    yield inserted
    inserted.remove()


@pytest.fixture
def link(card: CardProcess) -> Iterator[Link]:
    """A connection to it."""
    connected = pcsc.connect(None)
    yield connected
    connected.close()


def test_empty_readers(stack: ReaderStack) -> None:
    assert pcsc.readers() == (
        ReaderInfo(READERS[0], 0, False, b""), ReaderInfo(READERS[1], 1, False, b"")
    )
    with pytest.raises(ReaderError, match="no reader holds a card"):
        pcsc.connect(None)
    with pytest.raises(ReaderError, match="Virtual PCD 00 01: there is no card in the reader"):
        pcsc.connect("1")


def test_a_card_is_seen_and_spoken_to(link: Link, card: CardProcess) -> None:
    seen = pcsc.readers()[0]
    assert (seen.name, seen.index, seen.card_present, seen.atr) == (READERS[0], 0, True, ATR_T1)
    assert seen.exclusive
    assert not seen.mute
    assert (link.name, link.atr, link.protocol) == (READERS[0], ATR_T1, "T=1")
    assert link.transmit(IDENTIFY) == IDENTITY
    assert link.transmit(LONG) == b"\xa5" * 256 + b"\x90\x00"
    assert card.received() == [IDENTIFY, LONG]


def test_two_cards_in_two_readers(link: Link, stack: ReaderStack) -> None:
    second = stack.insert_scripted(ATR_T0, {"00A40400": "9000"}, slot=1)
    with pytest.raises(ReaderError, match="several readers hold a card"):
        pcsc.connect(None)
    other = pcsc.connect("00 01")
    assert (other.protocol, other.atr) == ("T=0", ATR_T0)
    assert other.transmit(bytes.fromhex("00A40400")) == b"\x90\x00"
    with pytest.raises(ReaderError, match="does not speak the protocol"):
        other.close()
        pcsc.connect("1", protocol="T=1")
    second.remove()


@pytest.mark.parametrize(("kind", "control"), [(ResetKind.COLD, "# 00"), (ResetKind.WARM, "# 02")])
def test_reset_reaches_the_card(link: Link, card: CardProcess, kind: ResetKind, control: str) -> None:
    before = card.log_file.read_text().count(control)
    assert link.reset(kind) == ATR_T1
    assert card.log_file.read_text().count(control) == before + 1
    assert link.transmit(IDENTIFY) == IDENTITY


def test_the_card_is_taken_for_one_program_alone(link: Link) -> None:
    with pytest.raises(ReaderError, match="another program has the card") as caught:
        pcsc.connect("0")
    assert "scdaemon" in caught.value.hint
    assert link.transmit(IDENTIFY) == IDENTITY
    link.close()
    again = pcsc.connect("0")
    assert again.transmit(IDENTIFY) == IDENTITY
    again.close()


def test_a_card_pulled_out_between_two_commands(stack: ReaderStack) -> None:
    card = stack.insert_scripted(ATR_T1, ANSWERS)
    link = pcsc.connect(None)
    card.remove()
    with pytest.raises(ReaderError, match="the card was removed") as caught:
        link.transmit(IDENTIFY)
    assert caught.value.card_lost
    link.close()


def test_a_card_that_vanishes_in_the_middle_of_an_exchange(stack: ReaderStack) -> None:
    card = stack.insert_scripted(ATR_T1, ANSWERS)
    link = pcsc.connect(None)
    with pytest.raises(ReaderError, match="the card gave no answer") as caught:
        link.transmit(VANISH)
    assert caught.value.card_lost
    stack.wait_for_card(present=False)
    link.close()
    assert card.wait_for_end() == 0


def test_an_answer_to_reset_that_makes_no_sense(stack: ReaderStack) -> None:
    card = stack.insert_scripted(b"\0", {})
    with pytest.raises(ReaderError, match="does not speak the protocol") as caught:
        pcsc.connect("0")
    assert "makes no sense" in caught.value.meaning
    card.remove()


def test_pcscd_that_stops_and_starts_again(stack: ReaderStack, card: CardProcess) -> None:
    link = pcsc.connect(None)
    stack.stop_pcscd(signal.SIGKILL)
    with pytest.raises(ReaderError) as caught:
        link.transmit(IDENTIFY)
    assert caught.value.card_lost
    link.close()
    with pytest.raises(ReaderError, match="the PC/SC service does not answer") as caught:
        pcsc.readers()
    assert "pcscd" in caught.value.hint
    stack.restart_pcscd()
    assert [reader.name for reader in pcsc.readers()] == list(READERS)
