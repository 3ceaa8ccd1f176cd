"""Data objects, challenges and logical channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.errors import CardError, UsageError
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.operations import binary, challenges, channels, data_objects, files
from jcopsh.operations.file_values import DataObject, Probed
from tests.card.support import Rig, fake, simulated

VERIFY = "002000010431323334"


@pytest.fixture(params=["iso7816-files", "iso7816-files,protocol=t0"], ids=["T=1", "T=0"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return simulated(tmp_path, request.param, known_map=False)[0]


def test_data_objects_are_read(card: Rig) -> None:
    found = data_objects.get_data(card.card, b"\x5f\x52")
    assert (found.tag, found.name, found.content.reveal()[:1]) == ("5F52", "historical bytes", b"\x80")
    assert data_objects.get_data(card.card, b"\x5f\x81\x01").content.reveal().hex() == "5f810103240521"
    assert data_objects.get_data(card.card, b"\x5f\x52", odd=True).content.reveal()[:3] == b"\x5f\x52\x07"


def test_data_objects_that_are_refused(card: Rig) -> None:
    with pytest.raises(CardError, match="data object 9F7F was not read") as caught:
        data_objects.get_data(card.card, b"\x9f\x7f")
    assert "data-objects" in caught.value.hint
    with pytest.raises(CardError) as caught:
        data_objects.get_data(card.card, b"\x01\x02")
    assert "verify" in caught.value.hint
    with pytest.raises(CardError):
        data_objects.put_data(card.card, b"\x01\x01", b"x")


def test_data_objects_are_changed(card: Rig) -> None:
    card.send(VERIFY)
    assert data_objects.put_data(card.card, b"\x01\x01", b"Hello").length == 5
    assert data_objects.get_data(card.card, b"\x01\x01").content.reveal() == b"Hello"
    data_objects.put_data(card.card, b"\x5f\x81\x01", b"\x25\x01\x01")
    assert data_objects.get_data(card.card, b"\x5f\x81\x01").content.reveal()[4:] == b"\x25\x01\x01"


def test_globalplatforms_class(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"80CA9F7F00": "9F7F0101" "9000"})
    assert data_objects.get_data(rig.card, b"\x9f\x7f", cla=0x80).name == "card production life cycle (CPLC)"
    assert link.sent[0][0] == 0x80


def test_which_data_objects_there_are(card: Rig) -> None:
    *found, end = data_objects.probe_data(card.card, [b"\x5f\x52", b"\x66", b"\x01\x02", b"\x5f\x50"])
    assert [one.tag for one in found if isinstance(one, DataObject)] == ["5F52", "5F50"]
    assert isinstance(end, Probed)
    assert (end.tried, end.found, end.notes[0].endswith(": 0102")) == (4, 2, True)


def test_challenges(card: Rig) -> None:
    assert len(challenges.get_challenge(card.card, 8).data) == 8
    assert len(challenges.get_challenge(card.card, 256).data) == 256
    with pytest.raises(CardError):
        challenges.internal_authenticate(card.card, bytes(8))


def test_internal_authenticate(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00880103020A0B00": "CAFE9000"})
    found = challenges.internal_authenticate(rig.card, b"\x0a\x0b", algorithm=1, reference=3)
    assert found.answer.reveal() == b"\xca\xfe"


# --- logical channels ----------------------------------------------------------------------------------------------


def test_channels_are_opened_used_and_closed(card: Rig) -> None:
    files.select_file(card.card, FileReference.parse("/7E10"))
    assert "channel 1 is open" in channels.open_channel(card.card).did
    assert "channel 3 is open" in channels.open_channel(card.card, 3).did
    shown = channels.use_channel(card.card, 1)
    assert [(one.number, one.in_use, one.position) for one in shown.channels] == [
        (0, False, "3F00/7E10"), (1, True, ""), (3, False, "")]
    files.select_file(card.card, FileReference.parse("/7E20/6E11"))
    assert binary.read_bytes(card.card)[0][:1] == b"\x73"
    channels.use_channel(card.card, 0)
    assert binary.read_bytes(card.card, short_identifier=1)[0].startswith(b"Workshop")
    channels.use_channel(card.card, 1)
    assert str(card.card.state.position) == "3F00/7E20/6E11"
    shown = channels.close_channel(card.card, 1)
    assert [(one.number, one.in_use) for one in shown.channels] == [(0, True), (3, False)]


def test_a_reset_closes_them(card: Rig) -> None:
    from jcopsh.card.link import ResetKind

    channels.open_channel(card.card)
    channels.use_channel(card.card, 1)
    card.card.reset(ResetKind.COLD)
    assert [(one.number, one.in_use) for one in channels.list_channels(card.card).channels] == [(0, True)]
    assert files.select_file(card.card, FileReference.parse("mf")).position == "3F00"


def test_what_cannot_be(card: Rig) -> None:
    with pytest.raises(UsageError, match="not open"):
        channels.use_channel(card.card, 2)
    with pytest.raises(UsageError, match="cannot be closed"):
        channels.close_channel(card.card, 0)
    for _ in range(3):
        channels.open_channel(card.card)
    with pytest.raises(CardError) as caught:
        channels.open_channel(card.card)
    assert caught.value.meaning == "6A81: no further logical channel is available"
    assert "closed" in channels.close_channel(card.card, 2).did


def test_a_card_without_channels(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"0070000001": "6881"})
    with pytest.raises(CardError) as caught:
        channels.open_channel(rig.card)
    assert caught.value.meaning == "6881: this card has no logical channels, or not this one"


def test_the_further_channels_have_a_class_of_their_own(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"0070000001": "049000", "40B0000004": "6104", "40C0000004": "010203049000"})
    channels.open_channel(rig.card)
    channels.use_channel(rig.card, 4)
    # the answer is fetched on the channel of its command
    assert binary.read_bytes(rig.card, 0, 4)[0] == b"\x01\x02\x03\x04"
    assert [command.hex().upper() for command in link.sent] == ["0070000001", "40B0000004", "40C0000004"]
