"""Transparent files on the simulated card, and on cards that answer as odd ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.errors import CardError, JcopshError
from jcopsh.operations import binary, files
from jcopsh.simulator.card import SimulatedCard
from tests.card.support import Rig, fake, simulated
from tests.operations.support import T0, VERIFY, named, run


@pytest.fixture(params=["iso7816-files", T0], ids=["T=1", "T=0"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return simulated(tmp_path, request.param, known_map=False)[0]


def content_of(sim: SimulatedCard, identifier: int) -> bytes:
    file = sim._machine.memory.file((0x3F00, 0x7E10, identifier))
    return bytes(file.content)


# --- read ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", [0x6E01, 0x6E02, 0x6E03])
@pytest.mark.parametrize("told", [True, False], ids=["size told", "size not told"])
@pytest.mark.parametrize("profile", ["iso7816-files", T0])
def test_a_whole_file(tmp_path: Path, profile: str, told: bool, identifier: int) -> None:
    rig, sim = simulated(tmp_path, profile, known_map=False)
    size = len(content_of(sim, identifier))
    files.select_file(rig.card, named(f"/7E10/{identifier:04X}"))
    sim.received.clear()
    data, complete, notes = binary.read_bytes(rig.card, size=size if told else None)
    assert (data, complete, notes) == (content_of(sim, identifier), True, ())
    if profile != T0 and told and size < 0x8000:
        assert len(sim.received) == -(-size // 256)


@pytest.mark.parametrize(("offset", "length"), [(0, 1), (5, 300), (32_000, 900), (32_768, 100), (32_900, 100)])
def test_a_part_of_a_file(tmp_path: Path, offset: int, length: int) -> None:
    rig, sim = simulated(tmp_path, "iso7816-files", known_map=False)
    files.select_file(rig.card, named("/7E10/6E03"))
    found = binary.read_binary(rig.card, offset, length)
    assert found.content.reveal() == content_of(sim, 0x6E03)[offset : offset + length]
    assert found.position == "3F00/7E10/6E03"


@pytest.mark.parametrize("offset", [0, 200, 255, 300, 590])
def test_reading_by_short_identifier_goes_on_without_it(card: Rig, offset: int) -> None:
    files.select_file(card.card, named("/7E10"))
    data, complete, _ = binary.read_bytes(card.card, offset, short_identifier=2)
    assert (len(data), complete) == (600 - offset, True)
    assert str(card.card.state.position) == "3F00/7E10/SFI 2"


def test_reading_when_the_card_follows_nothing_by_itself(card: Rig) -> None:
    files.select_file(card.card, named("/7E10/6E02"))
    card.card.follow = False
    if card.card.state.protocol == "T=1":
        assert len(binary.read_bytes(card.card)[0]) == 600
    else:
        assert len(binary.read_bytes(card.card, 0, 100)[0]) == 100
        with pytest.raises(CardError) as caught:
            files.select_file(card.card, named("/7E10/6E01"))
        assert caught.value.hint == "get-response on"


@pytest.mark.parametrize(
    ("file", "sw", "hint"),
    [("/7E10/6E04", 0x6981, "read-record"), ("/7E10/6E07", 0x6982, "verify"), ("/7E10/6E08", 0x6985, "life cycle"),
     ("/7E10", 0x6986, "--file")],
)
def test_refusals_say_what_to_try(card: Rig, file: str, sw: int, hint: str) -> None:
    files.select_file(card.card, named(file))
    with pytest.raises(CardError) as caught:
        binary.read_bytes(card.card)
    assert caught.value.response.sw == sw
    assert hint in caught.value.hint


def test_an_offset_beyond_the_end(card: Rig) -> None:
    files.select_file(card.card, named("/7E10/6E01"))
    with pytest.raises(CardError) as caught:
        binary.read_bytes(card.card, 32)
    assert caught.value.meaning == "6B00: the offset lies beyond the end of the file"


class Memory:
    """A card of one transparent file, with an oddity: `longest` is the greatest Le it takes, `ends` what it answers
    behind the end, `exact` whether it refuses an Le beyond the end."""

    def __init__(self, content: bytes, *, longest: int = 256, ends: str = "6B00", exact: bool = False) -> None:
        self.content, self.longest, self.ends, self.exact = content, longest, ends, exact
        self.odd = False
        self.count = 0

    def __call__(self, command: bytes) -> bytes:
        self.count += 1
        if command[1] == 0xB1 and self.odd:
            offset = int.from_bytes(command[7:-1], "big")
        elif command[1] == 0xB0:
            offset = int.from_bytes(command[2:4], "big")
        else:
            return b"\x6d\x00"
        le = command[-1] or 256
        if le > self.longest or (self.exact and offset < len(self.content) < offset + le):
            return b"\x67\x00"
        if offset >= len(self.content):
            return bytes.fromhex(self.ends)
        return self.content[offset : offset + le] + b"\x90\x00"


CONTENT = bytes(range(256)) * 3 + b"the end"


@pytest.mark.parametrize("longest", [256, 255, 200, 16, 1])
@pytest.mark.parametrize("ends", ["6B00", "6282", "9000", "6A82"])
@pytest.mark.parametrize("exact", [False, True])
def test_cards_that_take_less_or_end_otherwise(tmp_path: Path, longest: int, ends: str, exact: bool) -> None:
    memory = Memory(CONTENT, longest=longest, ends=ends, exact=exact)
    rig, _link = fake(tmp_path, memory)
    assert binary.read_bytes(rig.card)[:2] == (CONTENT, True)
    whole = -(-len(CONTENT) // longest)
    # what the card takes is learnt once, not at every step
    assert memory.count <= (whole if longest in (256, 255, 16, 1) else 2 * whole) + 20


def test_a_card_that_cuts_its_answers(tmp_path: Path) -> None:
    """6282 in the middle is the end; what comes is what there is."""
    rig, _link = fake(tmp_path, {"00B0000000": "AABB6282"})
    assert binary.read_bytes(rig.card) == (b"\xaa\xbb", True, ())
    rig, _link = fake(tmp_path, {"00B0000000": "AABB6281"})
    data, complete, notes = binary.read_bytes(rig.card)
    assert (data, complete) == (b"\xaa\xbb", True)
    assert "corrupted" in notes[0]


def test_a_long_file_of_a_card_without_odd_instructions(tmp_path: Path) -> None:
    memory = Memory(bytes(40_000))
    rig, _link = fake(tmp_path, memory)
    data, complete, notes = binary.read_bytes(rig.card)
    assert (len(data), complete) == (32_768, True)
    assert "INS B1" in notes[0]
    # some cards give the data themselves, and not in DO 53
    memory.odd = True
    memory.content = b"\x00" * 33_000
    assert len(binary.read_bytes(rig.card)[0]) == 33_000


def test_a_card_that_never_comes_to_an_end(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, lambda command: bytes(256) + b"\x90\x00")
    with pytest.raises(JcopshError, match="does not end"):
        binary.read_bytes(rig.card)


def test_a_key_of_the_card_does_not_show_in_a_file(tmp_path: Path) -> None:
    from jcopsh.secrets.secret import Secret

    key = bytes(range(0x40, 0x50))
    rig, _link = fake(tmp_path, {"00B0000000": (b"xx" + key + b"yy").hex() + "9000"})
    rig.card.hide("a key", Secret(key))
    assert len(binary.read_binary(rig.card).content.hidden) == 1


# --- update --------------------------------------------------------------------------------------------------------


def test_an_update_shows_writes_and_reads_back(card: Rig) -> None:
    card.send(VERIFY)
    files.select_file(card.card, named("/7E10/6E02"))
    data = bytes(range(256)) + b"over"
    difference, written = run(binary.update_binary(card.card, 100, data))
    assert difference.before is not None and len(difference.before) == 260 and not difference.unchanged
    assert written is not None and (written.length, written.note) == (260, "read back and equal")
    assert binary.read_bytes(card.card, 100, 260)[0] == data
    assert run(binary.update_binary(card.card, 100, data))[1] is None


def test_an_update_beyond_the_even_offsets(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path, "iso7816-files", known_map=False)
    rig.send(VERIFY)
    files.select_file(rig.card, named("/7E10/6E03"))
    data = b"\xa5" * 600
    run(binary.update_binary(rig.card, 32_300, data))
    assert content_of(sim, 0x6E03)[32_300:] == (data + content_of(sim, 0x6E03)[32_900:])
    assert {command[1] for command in sim.received} >= {0xB0, 0xB1, 0xD6, 0xD7}


def test_an_update_by_short_identifier(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path, "iso7816-files", known_map=False)
    rig.send(VERIFY)
    files.select_file(rig.card, named("/7E10"))
    run(binary.update_binary(rig.card, 0, b"Hello", short_identifier=1))
    assert content_of(sim, 0x6E01).startswith(b"Hello")


def test_an_update_without_the_pin_changes_nothing(card: Rig) -> None:
    files.select_file(card.card, named("/7E10/6E01"))
    steps = binary.update_binary(card.card, 0, b"Hello")
    next(steps)
    with pytest.raises(CardError) as caught:
        next(steps)
    assert caught.value.meaning == "6982: this file may be changed only after a PIN or an authentication"
    assert "verify" in caught.value.hint


def test_an_update_of_what_cannot_be_read(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00B0830005": "6982", "00D683000548656C6C6F": "9000"})
    difference, written = run(binary.update_binary(rig.card, 0, b"Hello", short_identifier=3))
    assert difference.before is None and "6982" in difference.why_unread
    assert written is not None and written.note == "not read back"


def test_an_update_that_did_not_take(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00B0000002": "00009000", "00D60000024142": "9000"})
    steps = binary.update_binary(rig.card, 0, b"AB")
    next(steps)
    with pytest.raises(JcopshError, match="from offset 0 on they read back otherwise"):
        next(steps)
