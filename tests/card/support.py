"""A card, real or invented, behind the door, with a journal and a key store of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.card import Card, answering_yes
from jcopsh.card.interlock import Judgement
from jcopsh.card.journal import Journal
from jcopsh.card.link import Link, ReaderAttributes, ResetKind
from jcopsh.errors import Refused, UsageError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.jcop.memory_map import load_map
from jcopsh.secrets.key_store import KeyStore
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import SimulatedLink
from jcopsh.simulator.profiles import parse_profile

TRANSPORT_KEY = b"JCOPSIMULATEDTK0"
SELECT_TK = bytes.fromhex("00A4040010") + TRANSPORT_KEY
BOOT = bytes.fromhex("00F00000")
PROTECT = bytes.fromhex("00100000")
FUSE = bytes.fromhex("00000000")
IDENTIFY = bytes.fromhex("00A4040009A000000167413000FF00")
READ_KEY1 = bytes.fromhex("C0B0030510")
ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
UNFUSED_IDENTITY = bytes.fromhex("04310033000000004E5830313143000339F873")
FUSED_IDENTITY = bytes.fromhex("B3110129000000005048363530410103C13C82")
JOURNAL_NAME, KEYS_NAME = "journal.jsonl", "keys.json"


@dataclass(frozen=True, slots=True)
class Rig:
    """A card and what is kept of it."""

    card: Card
    store: KeyStore
    journal_file: Path

    def send(self, command: str | bytes) -> ResponseAPDU:
        """Send a command given in hexadecimal."""
        return self.card.send(apdu(command))

    def kept(self) -> str:
        """All that is in the journal."""
        return self.journal_file.read_text("utf-8")


def apdu(command: str | bytes) -> CommandAPDU:
    """A command from its encoding, in hexadecimal or as bytes."""
    return CommandAPDU.parse(bytes.fromhex(command) if isinstance(command, str) else command)


def behind_the_door(link: Link, folder: Path) -> Rig:
    """A card on any link."""
    store, journal_file = KeyStore(folder / "data" / KEYS_NAME), folder / "state" / JOURNAL_NAME
    return Rig(Card(link, Journal(journal_file), store), store, journal_file)


def simulated(folder: Path, profile: str = "j2a040-unfused", *, known_map: bool = True) -> tuple[Rig, SimulatedCard]:
    """A simulated card behind the door; its `received` tells what was sent."""
    sim = SimulatedCard(parse_profile(profile))
    rig = behind_the_door(SimulatedLink(sim), folder)
    if known_map:
        rig.card.memory_map = load_map(sim.profile.map_name)
    return rig, sim


def booted(folder: Path, profile: str = "j2a040-unfused", *, known_map: bool = True) -> tuple[Rig, SimulatedCard]:
    """A simulated card whose root applet is selected and that was booted."""
    rig, sim = simulated(folder, profile, known_map=known_map)
    rig.send(SELECT_TK)
    with answering_yes(rig.card):
        assert rig.send(BOOT).ok
    return rig, sim


class FakeLink:
    """A card that answers from a table of hexadecimal, or as a function of the command says; else 6D00.

    `sent` are the commands that reached it. `before` is called with each command before it is answered.
    """

    def __init__(
        self, answers: Mapping[str, str] | Callable[[bytes], bytes], *, protocol: str = "T=1", name: str = "fake reader"
    ) -> None:
        self._answers = answers
        self.protocol_now = protocol
        self._name = name
        self.sent: list[bytes] = []
        self.closed = False
        self.before: Callable[[bytes], None] = lambda _command: None

    @property
    def name(self) -> str:
        return self._name

    @property
    def atr(self) -> bytes:
        return ATR

    @property
    def protocol(self) -> str:
        return self.protocol_now

    def transmit(self, command: bytes) -> bytes:
        self.before(command)
        self.sent.append(command)
        if callable(self._answers):
            return self._answers(command)
        return bytes.fromhex(self._answers.get(command.hex().upper(), "6D00"))

    def reset(self, kind: ResetKind) -> bytes:
        return ATR

    def close(self) -> None:
        self.closed = True


class FakeReaderLink(FakeLink):
    """The same in a reader, which other programs may use: `calls` are the transactions and the commands in order.

    `begin_fails` is raised by the next transaction; while the card is `kept` by another program, it waits first.
    """

    def __init__(
        self, answers: Mapping[str, str] | Callable[[bytes], bytes], *, shared: bool = True, protocol: str = "T=1"
    ) -> None:
        super().__init__(answers, protocol=protocol)
        self._shared = shared
        self.calls: list[str] = []
        self.begin_fails: BaseException | None = None
        self.kept = False
        self.alive = True

    @property
    def shared(self) -> bool:
        return self._shared

    def transmit(self, command: bytes) -> bytes:
        self.calls.append(command.hex().upper())
        return super().transmit(command)

    def transmit_to_reader(self, command: bytes) -> bytes:
        self.calls.append("to the reader")
        return super().transmit(command)

    def begin_transaction(self, on_wait: Callable[[], None]) -> None:
        self.calls.append("begin")
        if self.kept:
            on_wait()
        error, self.begin_fails = self.begin_fails, None
        if error is not None:
            raise error

    def end_transaction(self) -> None:
        self.calls.append("end")

    def is_alive(self) -> bool:
        return self.alive

    def attributes(self) -> ReaderAttributes:
        return ReaderAttributes(vendor="Fake")


def fake(
    folder: Path, answers: Mapping[str, str] | Callable[[bytes], bytes], *, protocol: str = "T=1"
) -> tuple[Rig, FakeLink]:
    """A card that knows its answers by heart, behind the door."""
    link = FakeLink(answers, protocol=protocol)
    return behind_the_door(link, folder), link


def consenting(monkeypatch: pytest.MonkeyPatch) -> list[Judgement]:
    """Say yes to everything in this process; what was asked is in the list."""
    asked: list[Judgement] = []

    def agree(judgement: Judgement, _card: str) -> None:
        asked.append(judgement)

    monkeypatch.setattr(consent, "ask_typed", agree)
    monkeypatch.setattr(consent, "ask_yes", agree)
    return asked


def refused(rig: Rig, command: str | bytes) -> None:
    """The command is refused: by the interlock, or because its class FF is for the reader."""
    for_reader = apdu(command).cla == READER_CLASS
    with pytest.raises(UsageError if for_reader else Refused):
        rig.send(command)


def try_to_send(rig: Rig, command: str | bytes) -> None:
    """Send it, refused or not."""
    with suppress(Refused, UsageError):
        rig.send(command)
