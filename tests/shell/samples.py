"""A few commands, a card that knows its answers by heart, and a session to try them in."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.card.journal import Journal
from jcopsh.card.link import ResetKind
from jcopsh.errors import JcopshError, ReaderError, UsageError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop.memory_map import MemoryMap, load_map
from jcopsh.secrets.key_store import KeyStore
from jcopsh.shell.command import Registry, command
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.execute import run_text
from jcopsh.shell.render import Output
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Settings
from jcopsh.shell.types import (
    Address,
    AidOrName,
    ApduText,
    ByteString,
    HelpSubject,
    Integer,
    Length,
    OutputFile,
    RestText,
    SettingName,
    SettingValue,
    Text,
    TransportKey,
    choice,
    choice_of,
)

ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
IDENTIFY = "00A4040009A000000167413000FF00"
UNFUSED = "04310033000000004E5830313143000339F8736A82"  # seed 001
CANARY = bytes.fromhex("C1A55EC0DE8BADF00D7E577E57C0FFEE")
CANARY_TEXT = "CanaryKey#16;by."


@dataclass(frozen=True)
class Result:
    """What the sample commands return."""

    name: str
    data: bytes = b""
    number: int = 0


@command("read", group="memory", aliases=("rd",))
def read(card: Card, address: Address, length: Length = 16, *, reveal: bool = False) -> Result:
    """Read LENGTH bytes at ADDRESS: a number, or a field. Keys show only with --reveal.

    The second paragraph says more.

    Raises CardError where the card refuses.

    Examples:
        read cm_key1
    """
    response = card.send(CommandAPDU(0xC0, 0xB0, address >> 8 & 0xFF, address & 0xFF, le=length))
    return Result("revealed" if reveal else "read", response.data, address)


@command("write", group="memory")
def write(address: Address, data: ByteString) -> Result:
    """Write DATA at ADDRESS."""
    return Result("written", data, address)


@command("select", group="card")
def select(aid: AidOrName, key: TransportKey | None = None) -> Result:
    """Select an application."""
    return Result(str(aid), key.reveal() if key else b"")


@command("send", group="raw")
def send(apdu: ApduText) -> Result:
    """Send a command APDU."""
    return Result("sent", apdu.command.encode(), apdu.expected_sw or 0)


@command("reset", group="card")
def reset(kind: Annotated[ResetKind, choice_of(ResetKind)] = ResetKind.COLD) -> str:
    """Reset the card."""
    return kind.value


@command("dump", group="memory")
def dump(first: Address | None = None, *, save: OutputFile | None = None, step: Integer = 16) -> str:
    """Read everything."""
    return f"{first} {save} {step}"


@command("say", group="shell")
def say(words: RestText, *, tone: Annotated[str, choice("low", "high", high="as a bird")] = "low") -> str:
    """Say WORDS."""
    return f"{tone}: {words}"


@command("name", group="shell")
def name(word: Text, *, yes: bool = False) -> str:
    """Name one WORD."""
    return f"{word} {yes}"


@command("count", group="shell")
def count(last: Integer) -> Iterator[str]:
    """Count to LAST, and fail there."""
    for number in range(last):
        yield str(number)
    raise UsageError("that was the last", meaning="there is no more", hint="count less")


@command("break", group="shell")
def break_(what: Text) -> str:
    """Fail in one way or another."""
    secret_local = "DO-NOT-SHOW-THIS-LOCAL"
    if what == "bug":
        raise RuntimeError(f"a bug with {CANARY.hex()} in it" + secret_local[:0])
    if what == "lost":
        raise ReaderError("the card is gone", card_lost=True)
    if what == "exit":
        raise SystemExit("bye \x1b[31m")
    if what == "controls":
        raise JcopshError("it \x1b]0;broke\x07", meaning="\x9b31m two\nlines", hint="\u202ebackwards")
    if what == "interrupt":
        raise KeyboardInterrupt
    raise JcopshError("it broke", meaning="as it was told to", hint="tell it something else")


@command("set", group="shell")
def set_(session: Session, name: SettingName, value: SettingValue) -> str:
    """Change a setting."""
    return session.settings.set(name, value).value


@command("help", group="shell")
def help_(subject: HelpSubject | None = None) -> str:
    """Help."""
    return f"help on {subject}"


@command("leave", group="shell")
def leave(session: Session) -> None:
    """Leave."""
    session.exit_requested = True


SAMPLES = (read, write, select, send, reset, dump, say, name, count, break_, set_, help_, leave)


def sample_registry() -> Registry:
    """The sample commands."""
    registry = Registry()
    for one in SAMPLES:
        registry.add(one)
    return registry


REGISTRY = sample_registry()
J2A040 = load_map("j2a040")
SUBJECTS = tuple(Completion(name, f"about {name}") for name in ("read", "write", "transport key", "APDU"))


def context(memory_map: MemoryMap | None = J2A040) -> ParseContext:
    """A picture of a session with a card whose map is known, or with none."""
    return ParseContext(
        map=memory_map, card_known=memory_map is not None, subjects=SUBJECTS, settings=Settings().choices(),
        aliases={"key1": "read cm_key1"},
    )


@dataclass
class KnownAnswers:
    """A Link that knows its answers by heart; anything else is 6D00. `sent` is what it got."""

    answers: Mapping[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    name: str = "known answers"
    atr: bytes = ATR
    protocol: str = "T=1"
    closed: bool = False

    def transmit(self, command: bytes) -> bytes:
        """The answer to a command."""
        self.sent.append(command.hex().upper())
        return bytes.fromhex(self.answers.get(self.sent[-1], "6D00"))

    def reset(self, kind: ResetKind) -> bytes:
        """Nothing changes but that it was done."""
        self.sent.append(kind.value)
        return self.atr

    def close(self) -> None:
        """Leave."""
        self.closed = True


@dataclass
class Stage:
    """A session with its output as text."""

    session: Session
    link: KnownAnswers
    stdout: io.StringIO
    stderr: io.StringIO

    def run(self, text: str) -> int:
        """Run a line."""
        return run_text(self.session, text)

    @property
    def shown(self) -> str:
        """What was shown since the last time."""
        return _drained(self.stdout)

    @property
    def errors(self) -> str:
        """What errors were shown since the last time."""
        return _drained(self.stderr)


def _drained(stream: io.StringIO) -> str:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def stage(
    folder: Path, answers: Mapping[str, str] | None = None, *, registry: Registry | None = None,
    memory_map: MemoryMap | None = None, width: int = 80,
) -> Stage:
    """A session on a card with known answers, its files in `folder`."""
    link = KnownAnswers(answers or {})
    key_store = KeyStore(folder / "keys.json")

    def opener(reader: str | None, *, default_reader: str | None, protocol: str | None, shared: bool) -> Card:
        if reader == "nowhere":
            raise ReaderError("there is no such reader", hint="connect lists them")
        card = Card(link, Journal(folder / "journal.jsonl"), key_store)
        card.memory_map = memory_map
        return card

    stdout, stderr = io.StringIO(), io.StringIO()
    output = Output(stdout=stdout, stderr=stderr, width=width)
    session = Session(registry=registry or sample_registry(), opener=opener, output=output, key_store=key_store)
    return Stage(session, link, stdout, stderr)
