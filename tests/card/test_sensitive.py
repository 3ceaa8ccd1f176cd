"""No secret stays in what is kept or shown of an exchange: canaries through every way of the door."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcopsh.card.card import answering_yes
from jcopsh.card.exchange import Exchange
from jcopsh.card.sensitive import Redactor, field_part
from jcopsh.errors import CardError, JcopshError, ReaderError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.jcop.memory_map import all_maps, load_map
from jcopsh.operations.memory import dump_memory, read_memory, write_memory
from jcopsh.operations.personalisation import select_root_applet
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.segments import HIDDEN_TEXT
from jcopsh.simulator.card import SimulatedCard
from jcopsh.state import CardState, Fuse, SelectedKind
from tests.card.support import (
    FUSED_IDENTITY,
    IDENTIFY,
    KEYS_NAME,
    Rig,
    apdu,
    booted,
    consenting,
    fake,
    simulated,
)
from tests.secrets.test_secret import shows

CANARY = bytes.fromhex("C0FFEE00112233445566778899AABBCC")
CANARY_TK = bytes.fromhex("DEADBEEF0123456789ABCDEF13371337")
CANARY_PIN = bytes.fromhex("3936353831")
MAPS = all_maps()
HALF = 8


class Watch:
    """Everything that was said: observers' values, exceptions with their traceback, results, the log."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.texts: list[str] = []
        rig.card.observers.append(self.note)

    def note(self, value: object) -> None:
        """Keep the value's texts, and whatever else turns a result into text."""
        self.texts += [str(value), repr(value), f"{value}", f"{value!a}", pprint.pformat(value)]
        if isinstance(value, Exchange | ResponseAPDU):
            return  # the bytes themselves are what these are for
        serialisers: tuple[Callable[[], str], ...] = (
            lambda: pickle.dumps(value, 0).decode("latin-1"),
            lambda: json.dumps(value),
            lambda: str(copy.deepcopy(value)),
            lambda: repr(copy.copy(value)),
        )
        for serialise in serialisers:
            with suppress(TypeError):
                self.texts.append(serialise())

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What is raised within is noted, causes and all."""
        try:
            yield
        except JcopshError as error:
            self.texts += [traceback.format_exc(), str(vars(error)), repr(error), error.what, error.meaning, error.hint]

    def run(self, *commands: bytes) -> None:
        """Send commands as anybody may."""
        for command in commands:
            with self.errors():
                self.note(self.rig.card.send(CommandAPDU.parse(command)))

    def check(self, *canaries: bytes) -> None:
        """No canary and no half of one is in any text, nor in any file but the key store."""
        files = [file for file in self.rig.journal_file.parents[1].rglob("*") if file.is_file()]
        texts = self.texts + [file.read_text("utf-8", "replace") for file in files if file.name != KEYS_NAME]
        for canary in canaries:
            for part in {canary, canary[:HALF], canary[-HALF:]}:
                assert not [text for text in texts if shows(text, part)]


def exchange_texts(exchange: Exchange) -> str:
    return str(dataclasses.replace(exchange))


def holding(sim: SimulatedCard, address: int, value: bytes) -> bytes:
    """Put the value there behind the door's back; the command is returned."""
    command = b"\xc0\xd6" + address.to_bytes(3, "big")[1:] + bytes((len(value),)) + value
    assert sim.process(command) == b"\x90\x00"
    return command


@pytest.mark.parametrize("known_map", [True, False])
def test_a_key_in_every_way_of_reading_and_writing(tmp_path: Path, known_map: bool) -> None:
    rig, sim = booted(tmp_path, known_map=known_map)
    watch = Watch(rig)
    write = holding(sim, 0xC00305, CANARY)
    reads = [
        bytes.fromhex(command)
        for command in (
            "C0B0030510",
            "C0B0030000",
            "C0B003050000FF",
            "C0B0030508",
            "C0B0030D08",
            "C0B0030901",
            "C0B0030420",
            "C0B0030500",
            "C0B0030600",
            "C0CA030510",
            "C0B00305",
            "C0B0030501AA",
        )
    ]
    with answering_yes(rig.card):
        watch.run(*reads, write, write + b"\x00", CommandAPDU.parse(write).with_le(1).encode())
        watch.run(CommandAPDU(0xC0, 0xD6, 0x03, 0x05, CANARY, extended=True).encode())
        watch.run(CommandAPDU(0xC0, 0xD6, 0x03, 0x01, bytes(4) + CANARY + bytes(4)).encode())
        # the misprint, and mistakes in class and instruction
        watch.run(
            b"\xc0\xb6" + write[2:],
            b"\x00" + write[1:],
            b"\x80" + write[1:],
            b"\xc0\xd7" + write[2:],
            b"\x00\xda" + write[2:],
        )
    watch.run(write, b"\xc0\xb6" + write[2:])  # refused
    watch.run(*(bytes((cla, 0xD8)) + b"\x01\x81\x10" + CANARY for cla in (0x00, 0x80, 0x84, 0xC0, 0xC4)))
    watch.run(b"\x80\xe2\x80\x00\x10" + CANARY, b"\xc0\xe2\x80\x00\x10" + CANARY)
    watch.run(
        CommandAPDU(0x00, 0xC2, 0, 0, write).encode(), CommandAPDU(0x00, 0xC3, 0, 0, b"\x52\x15" + write).encode()
    )
    watch.check(CANARY)
    assert any(entry.secret.reveal() == CANARY for entry in rig.store.entries())


# a WRITE with a mistake in its class or instruction: to an application these would be something else
MISTAKES = [b"\x00\xd6\x03\x05\x10" + CANARY, b"\x80\xb6\x03\x05\x10" + CANARY, b"\x00\xda\x03\x05\x10" + CANARY]
CARRIERS = [
    b"\xc0\xd6\x03\x05\x10" + CANARY,
    CommandAPDU(0xC0, 0xD6, 0x03, 0x05, CANARY, extended=True).encode(),
    b"\xc0\xd6\x03\x01\x14" + bytes(4) + CANARY,
    b"\xc0\xb6\x03\x05\x10" + CANARY,
    *(bytes((cla, 0xD8)) + b"\x01\x81\x10" + CANARY for cla in (0x00, 0x80, 0x84, 0xC0, 0xC4)),
    *(bytes((cla, 0xE2)) + b"\x80\x00\x10" + CANARY for cla in (0x80, 0x84, 0xC0)),
    CommandAPDU(0x00, 0xC2, 0, 0, b"\xc0\xd6\x03\x05\x10" + CANARY).encode(),
    CommandAPDU(0x00, 0xC3, 0, 0, b"\x52\x15\xc0\xd6\x03\x05\x10" + CANARY, extended=True).encode(),
    b"\x00\xa4\x04\x00\x10" + CANARY,
    b"\xc0\xa4\x04\x00\x10" + CANARY,
]


def by_itself(rig: Rig, command: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, as most of them are, and then consented to."""
    watch = Watch(rig)
    watch.run(command)
    consenting(monkeypatch)
    watch.run(command)
    watch.check(CANARY)
    assert command[:4].hex().upper() in rig.kept()


@pytest.mark.parametrize("command", [*CARRIERS, *MISTAKES], ids=lambda command: command[:7].hex())
def test_each_carrier_by_itself_to_the_root_applet(
    tmp_path: Path, command: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, _sim = booted(tmp_path)
    by_itself(rig, command, monkeypatch)


@pytest.mark.parametrize("command", CARRIERS, ids=lambda command: command[:7].hex())
def test_each_carrier_by_itself_when_nothing_is_known(
    tmp_path: Path, command: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, _sim = simulated(tmp_path, known_map=False)
    by_itself(rig, command, monkeypatch)


def test_a_key_through_the_operations(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    watch = Watch(rig)
    holding(sim, 0xC00305, CANARY)
    known = load_map("simulated-j2a040")
    watch.note(read_memory(rig.card, 0xC00305, 16, memory_map=known))
    watch.note(read_memory(rig.card, 0xC00309, 3, memory_map=known))
    watch.note(read_memory(rig.card, 0xC000F0, 1000, memory_map=None))
    watch.note(dump_memory(rig.card, 0xC00300, 0xC00420, memory_map=known))
    with watch.errors():
        list(write_memory(rig.card, 0xC00321, CANARY, memory_map=known))  # refused: nobody said yes
    with answering_yes(rig.card), watch.errors():
        for value in write_memory(rig.card, 0xC00321, CANARY, memory_map=known):
            watch.note(value)
        for value in write_memory(rig.card, 0xC0031F, CANARY, memory_map=None):
            watch.note(value)
    watch.check(CANARY)


def test_errors_on_the_way_do_not_show_it(tmp_path: Path) -> None:
    rig, sim = simulated(tmp_path)  # not booted: everything is refused with 6A82 or 6985
    watch = Watch(rig)
    known = load_map("simulated-j2a040")
    with answering_yes(rig.card):
        for address, data in ((0xC00305, CANARY), (0xC0FFFF, CANARY)):
            with suppress(ValueError), watch.errors():
                list(write_memory(rig.card, address, data, memory_map=known))
        watch.run(b"\xc0\xd6\x03\x05\x10" + CANARY)
        sim.power_off()
        watch.run(b"\xc0\xd6\x03\x05\x10" + CANARY)
        rig.card.close()
        watch.run(b"\xc0\xd6\x03\x05\x10" + CANARY)
    assert watch.texts
    watch.check(CANARY)


@pytest.mark.parametrize("follow", [True, False])
def test_a_key_that_get_response_brings(tmp_path: Path, follow: bool) -> None:
    """In one piece, and cut in the middle, followed or by hand: hidden in the journal and kept in the store."""
    answers = {
        "C0B0030510": "6110",
        "00C0000010": CANARY.hex() + "9000",
        "C0B0032110": CANARY[:6].hex() + "610A",
        "00C000000A": CANARY[6:].hex() + "9000",
    }
    rig, _link = fake(tmp_path, answers)
    rig.card.follow = follow
    watch = Watch(rig)
    for command, more in (("C0B0030510", "00C0000010"), ("C0B0032110", "00C000000A")):
        watch.run(bytes.fromhex(command))
        if not follow:
            watch.run(bytes.fromhex(more))
    watch.check(CANARY, CANARY[6:])
    kept = {(entry.name, entry.secret.reveal()) for entry in rig.store.entries()}
    assert ("cm_key1", CANARY) in kept
    parts = {("cm_key2", CANARY)} if follow else {("cm_key2[0:6]", CANARY[:6]), ("cm_key2[6:16]", CANARY[6:])}
    assert parts <= kept


def test_a_transport_key_right_wrong_and_echoed(tmp_path: Path) -> None:
    rig, _sim = simulated(tmp_path)
    watch = Watch(rig)
    watch.run(
        b"\x00\xa4\x04\x00\x10" + CANARY_TK, b"\x01\xa4\x04\x00\x10" + CANARY_TK, b"\x00\xa4\x04\x0c\x10" + CANARY_TK
    )
    watch.run(b"\x00\xa4\x04\x00\x11" + CANARY_TK + b"\x00", b"\x00\xa4\x04\x00\x10" + CANARY_TK + b"\x00")
    watch.run(CommandAPDU(0x00, 0xA4, 0x04, 0x00, CANARY_TK, extended=True).encode())
    with watch.errors():
        select_root_applet(rig.card, Secret(CANARY_TK, SecretKind.TRANSPORT_KEY))
    with pytest.raises(CardError):
        select_root_applet(rig.card, Secret(CANARY_TK, SecretKind.TRANSPORT_KEY))
    watch.check(CANARY_TK)
    assert not rig.store.path.exists()
    answers = {("00A4040010" + CANARY_TK.hex()).upper(): "9000", "80CA9F7F00": "6F128410" + CANARY_TK.hex() + "9000"}
    taken, _link = fake(tmp_path / "taken", answers)
    watch = Watch(taken)
    watch.run(b"\x00\xa4\x04\x00\x10" + CANARY_TK, bytes.fromhex("80CA9F7F00"))
    assert taken.card.state.selected is SelectedKind.ROOT
    watch.note(taken.card.state)
    watch.check(CANARY_TK)
    assert [entry.secret.reveal() for entry in taken.store.transport_keys(lambda _entry: True)] == [CANARY_TK]


def test_on_a_fused_card_16_bytes_are_an_aid_and_show(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {IDENTIFY.hex().upper(): FUSED_IDENTITY.hex() + "6A82"})
    rig.send(IDENTIFY)
    rig.send(b"\x00\xa4\x04\x00\x10" + CANARY_TK)
    assert CANARY_TK.hex().upper() in rig.kept()


@pytest.mark.parametrize("ins", [0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2C, 0x2D])
def test_a_pin(tmp_path: Path, ins: int) -> None:
    rig, _link = fake(tmp_path, {})
    watch = Watch(rig)
    for cla in (0x00, 0x04, 0x80, 0x84, 0xA0, 0xC0, 0xC4):
        watch.run(bytes((cla, ins, 0x00, 0x81, len(CANARY_PIN))) + CANARY_PIN)
    # two PINs of eight make sixteen bytes: no check value to try them against
    watch.run(bytes((0x00, ins, 0x00, 0x81, 0x10)) + (CANARY_PIN + b"\xff\xff\xff") * 2)
    watch.check(CANARY_PIN)
    assert "<pin:5:>" in rig.kept()
    assert "<pin:16:>" in rig.kept()


def test_the_gpin_in_memory(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    watch = Watch(rig)
    write = holding(sim, 0xC00412, CANARY_PIN)
    with answering_yes(rig.card):
        watch.run(write, bytes.fromhex("C0B0041205"), bytes.fromhex("C0B0040020"))
    watch.note(read_memory(rig.card, 0xC00412, 5))
    watch.check(CANARY_PIN)
    assert "<gpin" in rig.kept()


def test_what_is_learnt_is_found_wherever_it_turns_up() -> None:
    redactor = Redactor()
    redactor.command(apdu(b"\xc0\xd6\x03\x05\x10" + CANARY), CardState(), MAPS)
    elsewhere = redactor.response(apdu("80CA9F7F00"), ResponseAPDU(b"\x01" + CANARY + CANARY + b"\x02", 0x9000), MAPS)
    assert str(elsewhere).count("<cm_key1:16:") == 2
    assert str(elsewhere).startswith("01<")
    constant = Redactor()
    constant.command(apdu(b"\xc0\xd6\x03\x05\x10" + bytes(16)), CardState(), MAPS)
    assert "00" * 16 in str(constant.response(apdu("80CA9F7F00"), ResponseAPDU(bytes(16), 0x9000), MAPS))


def test_the_exchange_of_an_observer_has_its_secrets_beside_the_text(tmp_path: Path) -> None:
    rig, sim = booted(tmp_path)
    holding(sim, 0xC00305, CANARY)
    seen: list[Exchange] = []
    rig.card.observers.append(seen.append)
    rig.send("C0B0030510")
    assert seen[0].wire_response.reveal() == CANARY + b"\x90\x00"
    assert not shows(exchange_texts(seen[0]), CANARY)
    assert "<cm_key1:16:" in str(seen[0].shown_response)


def test_logging_at_its_most_talkative(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig, sim = booted(tmp_path)
    holding(sim, 0xC00305, CANARY)
    with caplog.at_level(logging.DEBUG):
        rig.send("C0B0030510")
    assert not shows(caplog.text, CANARY)


def test_a_link_that_quotes_what_it_was_given_is_not_quoted_in_the_journal(tmp_path: Path) -> None:
    def quote(command: bytes) -> bytes:
        raise ValueError(command.hex())

    rig, _link = fake(tmp_path, quote)
    with pytest.raises(ValueError), answering_yes(rig.card):
        rig.send(b"\xc0\xd6\x03\x05\x10" + CANARY)
    assert not shows(rig.kept(), CANARY)


def test_the_failed_link_says_nothing_of_it(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, lambda _command: b"")
    watch = Watch(rig)
    with answering_yes(rig.card), pytest.raises(ReaderError):
        rig.send(b"\xc0\xd6\x03\x05\x10" + CANARY)
    watch.check(CANARY)


# --- memory fields --------------------------------------------------------------------------------------------------

SECRET_RANGES = {(f.address, f.end) for m in MAPS for f in m.fields if f.secret}


@given(st.integers(0xC002F0, 0xC00430), st.integers(1, 256), st.booleans())
@settings(deadline=None)
def test_exactly_the_bytes_of_key_and_pin_fields_are_hidden(address: int, length: int, extended: bool) -> None:
    data = bytes((at * 37 + 11) % 256 for at in range(length))
    secret = [any(start <= address + at < end for start, end in SECRET_RANGES) for at in range(length)]
    reading = CommandAPDU(0xC0, 0xB0, address >> 8 & 0xFF, address & 0xFF, le=length, extended=extended)
    writing = CommandAPDU(0xC0, 0xD6, address >> 8 & 0xFF, address & 0xFF, data, extended=extended)
    head = 7 if writing.is_extended else 5
    shown = Redactor().response(reading, ResponseAPDU(data, 0x9000), MAPS)
    _same(str(shown), data + b"\x90\x00", [*secret, False, False])
    _same(str(Redactor().command(writing, CardState(), MAPS)), writing.encode(), [False] * head + secret)


def _same(text: str, raw: bytes, secret: list[bool]) -> None:
    plain = HIDDEN_TEXT.sub(lambda found: "··" * int(found["length"]), text)
    assert plain == "".join("··" if hidden else f"{byte:02X}" for byte, hidden in zip(raw, secret, strict=True))


@given(st.integers(0xC00305, 0xC00315), st.integers(1, 16), st.integers(0, 16))
def test_pieces_of_an_answer_hide_what_the_whole_would(start: int, length: int, cut: int) -> None:
    """`offset` bytes of the answer came before: the marks move along."""
    data = bytes((at * 37 + 11) % 256 for at in range(length))
    reading = CommandAPDU(0xC0, 0xB0, start >> 8 & 0xFF, start & 0xFF, le=length)
    pieces = ((0, data[:cut]), (cut, data[cut:]))
    joined = "".join(
        str(Redactor().response(reading, ResponseAPDU(piece, 0x9000), MAPS, offset))[:-4] for offset, piece in pieces
    )
    secret = [any(low <= start + at < high for low, high in SECRET_RANGES) for at in range(length)]
    _same(joined, data, secret)


def test_parts_of_fields_are_named() -> None:
    (key,) = MAPS.secrets_in(0xC00307, 4)
    assert field_part(key, 0xC00307, 0xC0030B) == "cm_key1[2:6]"
    assert field_part(key, 0xC00300, 0xC00315) == "cm_key1"
    assert field_part(key, 0xC00300, 0xC00314) == "cm_key1[0:15]"


@pytest.mark.parametrize("shown", [lambda state: state, lambda state: CardState(fuse=Fuse.UNFUSED)])
def test_the_state_never_holds_a_transport_key(tmp_path: Path, shown: Callable[[CardState], CardState]) -> None:
    rig, _sim = booted(tmp_path)
    assert not shows(repr(shown(rig.card.state)), b"JCOPSIMULATEDTK0")
    assert rig.card.state.aid == b""


# --- INSTALL ---------------------------------------------------------------------------------------------------------

PARAMETERS = b"\xa7secret!"
PACKAGE, MODULE, INSTANCE = (bytes.fromhex("F0A1B2C3D4" + end) for end in ("", "01", "0102"))


def install(*fields: bytes, p1: int = 0x0C, cla: int = 0x80) -> CommandAPDU:
    """INSTALL of fields, each behind its length of one byte."""
    return CommandAPDU(cla, 0xE6, p1, 0x00, b"".join(bytes((len(one),)) + one for one in fields))


def shown(command: CommandAPDU) -> str:
    return str(Redactor().command(command, CardState(fuse=Fuse.FUSED), MAPS))


def with_parameters(field: bytes) -> CommandAPDU:
    return install(PACKAGE, MODULE, INSTANCE, b"\x00", field, b"")


C9 = b"\xc9\x08" + PARAMETERS


@pytest.mark.parametrize("before", ["", "EF04C7020100", "EA028000", "CA0101B60142"])
@pytest.mark.parametrize("cla", [0x00, 0x80, 0x84])
def test_of_an_installation_the_parameters_of_the_applet_alone_are_hidden(before: str, cla: int) -> None:
    field = bytes.fromhex(before) + C9
    text = shown(install(PACKAGE, MODULE, INSTANCE, b"\x00", field, b"", cla=cla))
    assert f"{before}C908<install_parameters:8:>00" in text
    assert PARAMETERS.hex().upper() not in text


@pytest.mark.parametrize("field", [
    b"\xc9\x30" + PARAMETERS, b"\xc9\x04" + PARAMETERS, b"\xc9\x84" + PARAMETERS, b"\xc9\x80" + PARAMETERS, PARAMETERS,
    b"\xef\x40" + C9, C9 + C9[:-1], b"\x1f\xc9\x08" + PARAMETERS, b"\xd9\x08" + PARAMETERS, b"\xc9" + PARAMETERS,
])
def test_parameters_that_cannot_be_told_apart_are_hidden_altogether(field: bytes) -> None:
    assert PARAMETERS.hex().upper() not in shown(with_parameters(field))
    assert b"!".hex() + "00" not in shown(with_parameters(field))


def test_the_end_is_hidden_where_the_last_parameter_is_broken() -> None:
    text = shown(install(PACKAGE, MODULE, INSTANCE, b"\x00", C9 + b"\xc9\x20" + PARAMETERS[::-1]))
    assert text.endswith("C908<install_parameters:8:><install_parameters:10:>")


def test_with_any_one_length_wrong_the_parameters_never_stand_whole() -> None:
    right = with_parameters(C9)
    lengths = [0, 6, 13, 21, 23, 25]
    assert [right.data[at] for at in lengths] == [5, 6, 7, 1, 10, 8]
    for at in lengths:
        for wrong in range(0x100):
            data = right.data[:at] + bytes((wrong,)) + right.data[at + 1 :]
            assert PARAMETERS.hex().upper() not in shown(CommandAPDU(0x80, 0xE6, 0x0C, 0, data)), (at, wrong)


def test_an_installation_without_parameters_is_shown_whole() -> None:
    for command in (install(PACKAGE, b"", b"", b"", b"", p1=0x02), with_parameters(b"\xc9\x00")):
        assert shown(command) == command.encode().hex().upper()
