"""Configuration memory: what is cut, what is read around, what is written and looked at again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcopsh.card.card import answering_yes
from jcopsh.card.exchange import Exchange
from jcopsh.card.link import ResetKind
from jcopsh.errors import CardError, JcopshError, Refused
from jcopsh.jcop.memory_map import MemoryMap, all_maps, load_map
from jcopsh.jcop.root_applet import FIRST_ADDRESS, LAST_ADDRESS, AddressError, LengthError
from jcopsh.operations.dump_file import dump_text
from jcopsh.operations.memory import cut, dump_memory, read_bytes, read_memory, write_memory
from jcopsh.operations.values import Difference, Span, Written
from jcopsh.secrets.secret import Secret, SecretKind
from tests.card.support import BOOT, SELECT_TK, FakeLink, Rig, behind_the_door, booted, simulated
from tests.secrets.test_secret import shows

MAP = load_map("simulated-j2a040")
KEY1, KEY2, IFSC = 0xC00305, 0xC00321, 0xC00122
NEW_KEY = bytes.fromhex("5A0102030405060708090A0B0C0D0E0F")
MAPS = st.sampled_from([*all_maps(), None])


def content(span: Span) -> bytes:
    return span.content.reveal() if isinstance(span.content, Secret) else span.content


def joined(spans: tuple[Span, ...]) -> bytes:
    return b"".join(content(span) for span in spans)


class MemoryCard:
    """A card that has nothing but memory: bytes that tell their address, holes, and a longest READ it takes."""

    def __init__(self, *, holes: dict[range, int] | None = None, longest: int = 256, lost_bits: int = 0) -> None:
        self.memory = {address: address * 7 & 0xFF for address in range(FIRST_ADDRESS, FIRST_ADDRESS + 0x1000)}
        self.holes = holes or {}
        self.longest = longest
        self.lost_bits = lost_bits
        self.reads: list[tuple[int, int]] = []

    def answer(self, raw: bytes) -> bytes:
        if raw[1] == 0xA4:
            return b"\x90\x00"
        address = int.from_bytes((raw[0], raw[2], raw[3]), "big")
        if raw[1] == 0xD6:
            for at, byte in enumerate(raw[5:]):
                self.memory[address + at] = byte & ~self.lost_bits
            return b"\x90\x00"
        length = raw[4] or 256
        self.reads.append((address, length))
        if length > self.longest:
            return b"\x67\x00"
        for hole, sw in self.holes.items():
            if any(at in hole for at in range(address, address + length)):
                return sw.to_bytes(2, "big")
        return bytes(self.memory.get(at, 0) for at in range(address, address + length)) + b"\x90\x00"


def of_memory(folder: Path, card: MemoryCard, *, protocol: str = "T=1") -> Rig:
    rig = behind_the_door(FakeLink(card.answer, protocol=protocol), folder)
    rig.send(SELECT_TK)
    return rig


# --- cutting --------------------------------------------------------------------------------------------------------


@given(st.integers(0xC000F0, 0xC00430), st.integers(1, 400), MAPS, st.booleans())
@settings(deadline=None)
def test_spans_cover_exactly_the_range_in_order(
    address: int, length: int, known: MemoryMap | None, reveal: bool
) -> None:
    data = bytes(at * 31 & 0xFF for at in range(length))
    spans = cut(data, address, known, reveal)
    position = address
    for span in spans:
        assert span.address == position
        assert span.length == len(content(span)) > 0
        position = span.address + span.length
        field = known.at(span.address) if known else None
        if known:
            assert span.field is field
        if span.field:
            assert span.field.address <= span.address
            assert span.address + span.length <= span.field.end
        assert isinstance(span.content, Secret) == bool(span.field and span.field.secret and not reveal)
    assert position == address + length
    assert joined(spans) == data


def test_kinds_of_secret(tmp_path: Path) -> None:
    spans = cut(bytes(0x120), 0xC00300, MAP, reveal=False)
    kinds = {span.field.name: span.content.kind for span in spans if span.field and isinstance(span.content, Secret)}
    assert kinds == {
        "cm_key1": SecretKind.KEY,
        "cm_key2": SecretKind.KEY,
        "cm_key3": SecretKind.KEY,
        "gpin": SecretKind.PIN,
    }


def test_without_a_map_the_secrets_of_every_map_are_hidden(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    key = sim.process(bytes.fromhex("C0B0030510"))[:16]
    block = read_memory(rig.card, 0xC00300, 32)
    assert (block.map_name, block.boot) == (None, rig.card.state.boot)
    assert not shows(repr(block), key)
    assert shows(repr(read_memory(rig.card, 0xC00300, 32, reveal=True)), key)


def test_a_wrong_map_gives_no_key_away(tmp_path: Path) -> None:
    """Neither in what is read nor in what is to be written: the key fields of every map are known to the card."""
    rig, sim = booted(tmp_path)
    key = sim.process(bytes.fromhex("C0B0030510"))[:16]
    wrong = replace(MAP, name="wrong", fields=tuple(f for f in MAP.fields if not f.secret))
    block = read_memory(rig.card, 0xC00300, 32, memory_map=wrong)
    assert joined(block.spans) == sim.process(bytes.fromhex("C0B0030020"))[:32]
    assert not shows(repr(block), key)
    assert not shows(repr(dump_memory(rig.card, 0xC00300, 0xC0033F, memory_map=wrong)), key)


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 255, 256, 257, 700])
def test_a_range_is_read_in_the_largest_pieces(tmp_path: Path, length: int) -> None:
    card = MemoryCard()
    data = read_bytes(of_memory(tmp_path, card).card, 0xC00100, length)
    assert data == bytes(card.memory[0xC00100 + at] for at in range(length))
    assert card.reads == [(0xC00100 + at, min(256, length - at)) for at in range(0, length, 256)]


@pytest.mark.parametrize("longest", [255, 128, 100, 16, 3, 1])
def test_a_card_that_takes_shorter_reads(tmp_path: Path, longest: int) -> None:
    card = MemoryCard(longest=longest)
    data = read_bytes(of_memory(tmp_path, card).card, 0xC00100, 300)
    assert data == bytes(card.memory[0xC00100 + at] for at in range(300))


@pytest.mark.parametrize("longest", [256, 255, 254, 240, 128, 100, 64, 16])
@pytest.mark.parametrize("length", [256, 1000, 4096])
def test_a_dump_takes_as_many_exchanges_as_the_largest_read_makes_necessary(
    tmp_path: Path, longest: int, length: int
) -> None:
    """And once a few more where the card takes less than the largest READ, until that is found."""
    card = MemoryCard(longest=longest)
    rig = of_memory(tmp_path, card)
    dump_memory(rig.card, 0xC00000, 0xC00FFF)
    to_find_it = 0 if longest == 256 else 9
    assert len(card.reads) <= -(-0x1000 // longest) + to_find_it
    card.reads.clear()
    dump = dump_memory(rig.card, 0xC00000, 0xC00000 + length - 1)
    assert joined(dump.spans) == bytes(card.memory[0xC00000 + at] for at in range(length))
    assert len(card.reads) == -(-length // longest)


@pytest.mark.parametrize("followed", [True, False])
def test_a_card_that_names_the_length_it_gives_is_believed(tmp_path: Path, followed: bool) -> None:
    reads: list[int] = []

    def answer(raw: bytes) -> bytes:
        reads.append(raw[4] or 256)
        return b"\x6c\xf0" if reads[-1] > 0xF0 else bytes(reads[-1]) + b"\x90\x00"

    rig = behind_the_door(FakeLink(answer), tmp_path)
    rig.card.follow = followed
    assert read_bytes(rig.card, 0xC00100, 1000) == bytes(1000)
    assert reads == [256, 0xF0, 0xF0, 0xF0, 0xF0, 40]


def test_a_wrong_length_that_is_none_is_not_taken_for_the_longest(tmp_path: Path) -> None:
    """A card that says 6700 where its memory ends goes on being asked for the most it gives."""
    card = MemoryCard(holes={range(0xC00010, 0xC00020): 0x6700})
    rig = of_memory(tmp_path, card)
    dump = dump_memory(rig.card, 0xC00000, 0xC0000F + 0x300)
    assert dump.unreadable == ((0xC00010, 0xC0001F, 0x6700),)
    assert max(size for _, size in card.reads[-2:]) > 200


def test_a_card_that_refuses_every_length_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(CardError) as caught:
        read_bytes(of_memory(tmp_path, MemoryCard(longest=0)).card, 0xC00100, 300)
    assert caught.value.response.sw == 0x6700


@pytest.mark.parametrize(
    ("address", "length"), [(0xC0FF00, 257), (0xC0FE00, 0x300), (0xBFFFFF, 2), (LAST_ADDRESS + 1, 1), (0x1000000, 1)]
)
def test_a_range_that_does_not_fit_is_refused_before_anything_is_sent(
    tmp_path: Path, address: int, length: int
) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    attempts: list[Callable[[], object]] = [
        lambda: read_bytes(rig.card, address, length),
        lambda: read_memory(rig.card, address, length),
        lambda: list(write_memory(rig.card, address, bytes(length))),
        lambda: dump_memory(rig.card, address, address + length - 1),
    ]
    for attempt in attempts:
        with pytest.raises(AddressError):
            attempt()
    assert len(sim.received) == count


@pytest.mark.parametrize("length", [0, -1])
def test_a_range_without_a_byte_is_refused(tmp_path: Path, length: int) -> None:
    rig, _sim = booted(tmp_path)
    with pytest.raises(LengthError):
        read_bytes(rig.card, KEY1, length)
    with pytest.raises(LengthError):
        dump_memory(rig.card, KEY1, KEY1 + length - 1)
    with pytest.raises(LengthError):
        list(write_memory(rig.card, KEY1, b""))


@pytest.mark.parametrize("answer", ["9000", "00" * 15 + "9000", "00" * 17 + "9000"])
def test_an_answer_of_another_length_is_no_memory(tmp_path: Path, answer: str) -> None:
    rig = behind_the_door(FakeLink(lambda _raw: bytes.fromhex(answer)), tmp_path)
    with pytest.raises(CardError, match="bytes at C00305, not 16"):
        read_bytes(rig.card, KEY1, 16)


@pytest.mark.parametrize(
    ("states", "sw", "told"),
    [("", 0x6A82, "has not been selected"), ("select", 0x6985, "was not booted"), ("boot", 0x6B00, "outside")],
)
def test_a_refusal_says_what_it_means_in_this_state(tmp_path: Path, states: str, sw: int, told: str) -> None:
    rig, _sim = simulated(tmp_path)
    if states:
        rig.send(SELECT_TK)
    if states == "boot":
        with answering_yes(rig.card):
            rig.send(BOOT)
    with pytest.raises(CardError) as caught:
        read_bytes(rig.card, KEY1 if states != "boot" else 0xC09600, 16)
    assert caught.value.response.sw == sw
    assert told in caught.value.meaning


def test_what_was_read_under_two_boots_is_not_joined(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)

    def boot_once(_exchange: Exchange) -> None:
        rig.card.observers.clear()
        with answering_yes(rig.card):
            rig.send(BOOT)

    def reset_once(_exchange: Exchange) -> None:
        rig.card.observers.clear()
        rig.card.reset(ResetKind.WARM)

    for change in (boot_once, reset_once):
        for attempt in (
            lambda: read_bytes(rig.card, 0xC00300, 600),
            lambda: dump_memory(rig.card, 0xC00300, 0xC00600),
            lambda: list(write_memory(rig.card, KEY1, NEW_KEY)),
        ):
            rig.send(SELECT_TK)
            rig.card.observers.append(change)
            with pytest.raises(JcopshError, match="booted or reset"):
                attempt()


# --- writing --------------------------------------------------------------------------------------------------------


def test_write_reads_before_shows_the_difference_and_verifies(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    old = sim.process(bytes.fromhex("C0B0030510"))[:16]
    steps = write_memory(rig.card, KEY1, NEW_KEY, memory_map=MAP)
    with answering_yes(rig.card):
        difference = next(steps)
        assert isinstance(difference, Difference)
        assert (joined(difference.before.spans), joined(difference.after.spans)) == (old, NEW_KEY)
        assert (difference.unchanged, difference.before.boot) == (False, rig.card.state.boot)
        assert [raw[1] for raw in sim.received[count + 1 :]] == [0xB0]  # nothing is written before it is looked at
        (written,) = steps
    assert written == Written(KEY1, 16, "cm_key1", note="read back and equal")
    write = bytes.fromhex("C0D6030510") + NEW_KEY
    assert sim.received[count + 1 :] == [bytes.fromhex("C0B0030510"), write, bytes.fromhex("C0B0030510")]
    assert [entry.secret.reveal() for entry in rig.store.entries()[-3:]] == [old, NEW_KEY, NEW_KEY]


@pytest.mark.parametrize(("address", "data"), [(KEY1 + 4, bytes(4)), (KEY1 - 2, bytes(4)), (KEY1 + 15, bytes(10))])
def test_a_key_that_is_changed_in_part_is_whole_on_disk_before(tmp_path: Path, address: int, data: bytes) -> None:
    rig, sim = booted(tmp_path)
    old = sim.process(bytes.fromhex("C0B0030510"))[:16]
    steps = write_memory(rig.card, address, data, memory_map=MAP)
    next(steps)
    assert ("cm_key1", old) in {(entry.name, entry.secret.reveal()) for entry in rig.store.entries()}
    assert not [raw for raw in sim.received if raw[1] == 0xD6]
    with answering_yes(rig.card):
        list(steps)
    assert sim.process(bytes.fromhex("C0B0030510"))[:16] != old


def test_a_card_that_was_booted_while_the_difference_was_looked_at_is_not_written(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    steps = write_memory(rig.card, KEY1, NEW_KEY, memory_map=MAP)
    with answering_yes(rig.card):
        next(steps)
        rig.send(BOOT)
        with pytest.raises(JcopshError, match="booted or reset"):
            next(steps)
    assert not [raw for raw in sim.received if raw[1] == 0xD6]


def test_what_is_there_already_is_not_written(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    (difference,) = write_memory(rig.card, IFSC, b"\xfe", memory_map=MAP)
    assert isinstance(difference, Difference)
    assert difference.unchanged
    assert not [raw for raw in sim.received if raw[1] == 0xD6]


def test_a_write_that_nobody_consents_to_changes_nothing(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    with pytest.raises(Refused):
        list(write_memory(rig.card, KEY1, NEW_KEY, memory_map=MAP))
    assert not [raw for raw in sim.received if raw[1] == 0xD6]


def test_a_write_whose_difference_is_looked_at_and_left_changes_nothing(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    with answering_yes(rig.card):
        next(write_memory(rig.card, KEY1, NEW_KEY, memory_map=MAP))
    assert not [raw for raw in sim.received if raw[1] == 0xD6]


def test_a_long_write_goes_in_pieces(tmp_path: Path) -> None:
    card = MemoryCard()
    rig = of_memory(tmp_path, card)
    data = bytes(range(256)) * 2
    with answering_yes(rig.card):
        list(write_memory(rig.card, 0xC00500, data))
    assert bytes(card.memory[0xC00500 + at] for at in range(len(data))) == data


def test_what_reads_back_otherwise_is_an_error_that_shows_no_key(tmp_path: Path) -> None:
    rig = of_memory(tmp_path, MemoryCard(lost_bits=0x40))
    with (
        answering_yes(rig.card),
        pytest.raises(JcopshError, match="read back otherwise, the first at C00305") as caught,
    ):
        list(write_memory(rig.card, KEY1, NEW_KEY))
    assert "1 of 16" in caught.value.what
    for text in (caught.value.what, caught.value.meaning, caught.value.hint):
        assert not shows(text, NEW_KEY)


def test_a_protected_card_refuses(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    assert sim.process(bytes.fromhex("00100000")) == b"\x90\x00"
    with answering_yes(rig.card), pytest.raises(CardError) as caught:
        list(write_memory(rig.card, KEY1, NEW_KEY))
    assert caught.value.response.sw == 0x6985


# --- dumping --------------------------------------------------------------------------------------------------------


def test_a_dump_names_its_card_its_boot_and_its_map(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    count = len(sim.received)
    dump = dump_memory(rig.card, 0xC00100, 0xC004FF, memory_map=MAP)
    assert (dump.first, dump.last, dump.unreadable) == (0xC00100, 0xC004FF, ())
    assert (dump.boot, dump.map_name) == (rig.card.state.boot, "simulated-j2a040")
    assert sim.atr.hex().upper() in dump.card
    assert len(joined(dump.spans)) == 0x400
    assert len(sim.received) - count == 4


HOLES = st.dictionaries(
    st.builds(lambda start, length: range(start, start + length), st.integers(0xC00100, 0xC002F0), st.integers(1, 60)),
    st.sampled_from((0x6B00, 0x6A86, 0x6982)),
    max_size=3,
)


@given(HOLES)
@settings(max_examples=60, deadline=None)
def test_a_dump_is_of_what_it_says_and_hides_no_hole(
    tmp_path_factory: pytest.TempPathFactory, holes: dict[range, int]
) -> None:
    """Every address is either read, with its own byte, or in a range that is said to have been refused."""
    first, last = 0xC00000, 0xC00420
    card = MemoryCard(holes=holes)
    rig = of_memory(tmp_path_factory.mktemp("dump"), card)
    dump = dump_memory(rig.card, first, last, reveal=True)
    read = {span.address + at: byte for span in dump.spans for at, byte in enumerate(content(span))}
    refused = [address for low, high, _sw in dump.unreadable for address in range(low, high + 1)]
    assert sorted([*read, *refused]) == list(range(first, last + 1))
    assert all(byte == card.memory[address] for address, byte in read.items())
    assert not [address for address in read if any(address in hole for hole in holes)]
    rig.card.close()


def test_the_border_of_a_hole_is_found(tmp_path: Path) -> None:
    rig, _sim = booted(tmp_path)
    dump = dump_memory(rig.card, 0xC00000, 0xC001FF)
    assert dump.unreadable == ((0xC00000, 0xC000EF, 0x6B00),)
    assert dump.spans[0].address == 0xC000F0
    end = dump_memory(rig.card, 0xC09500, 0xC096FF)
    assert end.unreadable == ((0xC09600, 0xC096FF, 0x6B00),)


def test_two_reasons_are_two_ranges(tmp_path: Path) -> None:
    card = MemoryCard(holes={range(0xC00140, 0xC00150): 0x6982, range(0xC00240, 0xC00250): 0x6B00})
    dump = dump_memory(of_memory(tmp_path, card).card, 0xC00100, 0xC002FF)
    assert [(low, high) for low, high, _ in dump.unreadable] == [(0xC00140, 0xC0014F), (0xC00240, 0xC0024F)]
    text = dump_text(replace(dump, card="a card"))
    assert "# refused  C00140 to C0014F with 6982" in text


def test_a_dump_of_nothing_is_an_error(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    with pytest.raises(CardError) as caught:
        dump_memory(rig.card, 0xC0A000, 0xC0AFFF)
    assert caught.value.response.sw == 0x6B00
    unbooted, other = simulated(tmp_path / "other")
    unbooted.send(SELECT_TK)
    count = len(other.received)
    with pytest.raises(CardError) as refused:
        dump_memory(unbooted.card, 0xC000F0, 0xC095FF)
    assert refused.value.response.sw == 0x6985
    assert len(other.received) - count <= 3  # it is not tried at every address
    assert sim.received


def test_a_dump_as_text_has_no_secret_in_it(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    key = sim.process(bytes.fromhex("C0B0030510"))[:16]
    dump = dump_memory(rig.card, 0xC00300, 0xC0042F, memory_map=MAP)
    text = dump_text(dump)
    assert not shows(text, key)
    assert not shows(text, key[:4])
    assert "# C00305  16  cm_key1  3DES KCV" in text
    assert f"# boot     {dump.boot}" in text


# --- T=0 ------------------------------------------------------------------------------------------------------------


def test_the_whole_of_it_over_t0(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    for command in ("C0D601240108", "C0D601470108", "C0D6012604036000FF", "C0D6014904036000FF"):
        rig.send(command)
    rig.card.reset(ResetKind.COLD)
    assert rig.card.state.protocol == "T=0"
    rig.send(SELECT_TK)
    with answering_yes(rig.card):
        _difference, written = write_memory(rig.card, KEY2, NEW_KEY, memory_map=MAP)
    assert isinstance(written, Written)
    assert joined(read_memory(rig.card, KEY2, 16, memory_map=MAP).spans) == NEW_KEY
    assert dump_memory(rig.card, 0xC00000, 0xC004FF, memory_map=MAP).unreadable == ((0xC00000, 0xC000EF, 0x6B00),)
    assert sim.received[-1][0] == 0xC0
