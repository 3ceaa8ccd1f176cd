"""A link that fails, at every exchange of every command, in every way: what is said, forgotten, written, what works.

The commands come from the registry. A new one has to be given a line here: without one the test fails.
"""

from __future__ import annotations

import io
import json
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pytest

from jcopsh import places
from jcopsh.api import Opener, Source
from jcopsh.card.link import Link, ResetKind
from jcopsh.commands import register_all
from jcopsh.errors import EXIT_CARD, EXIT_OK, CardWasReset, ReaderError
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.execute import run_text
from jcopsh.shell.render import BUG, Output
from jcopsh.shell.session import Session
from jcopsh.simulator.profiles import Profile
from jcopsh.state import CardState
from tests.cap_files import Cap
from tests.card.support import TRANSPORT_KEY, consenting

NEW_KEY = "404142434445464748494A4B4C4D4E4F"
PIN, PUK, NEW_PIN = "1234", "87654321", "73931846"
JCOP, FILES = "j2a040-unfused", "files"
ROOT = (f"select tk {TRANSPORT_KEY.hex()}",)
BOOTED = (*ROOT, "boot")
VERIFIED = (f"verify 1 |{PIN}|",)
PERSONALISED = "j2e145"
AUTHENTICATED = ("auth --key default",)
CAP = Cap(bytes.fromhex("D276000085"), (bytes.fromhex("D27600008501"),))
PACKAGE, MODULE, DOMAIN = "D276000085", "D27600008501", "A000000151000099"
NEW_KEYS, NEWER_KEYS = "505152535455565758595A5B5C5D5E5F", "606162636465666768696A6B6C6D6E6F"
FIRST_KEYS = f"put-keys {NEW_KEYS} --key-version 1 --save new"
SECOND_KEYS = f"put-keys {NEWER_KEYS} --key-version 2 --save newer"
# as bytes and as hexadecimal; a PIN of four digits might turn up anywhere
TEXTS = (TRANSPORT_KEY.decode(), NEW_PIN, PUK)
SECRETS = [NEW_KEY, NEW_KEYS, NEWER_KEYS, *TEXTS, *(text.encode().hex().upper() for text in TEXTS)]


@dataclass(frozen=True)
class Sample:
    """A line with a command, on a card that was prepared by the lines `before`, with what is typed at its questions.

    `talks` is False for what exchanges nothing with the card.
    """

    line: str
    before: tuple[str, ...] = ()
    profile: str = JCOP
    typed: tuple[str, ...] = ()
    talks: bool = True


def silent(line: str) -> Sample:
    return Sample(line, talks=False)


def in_channel(line: str, *before: str) -> Sample:
    return Sample(line, (*AUTHENTICATED, *before), PERSONALISED)


def on_files(line: str, *typed: str, before: tuple[str, ...] = ()) -> Sample:
    return Sample(line, before, FILES, typed)


SAMPLES: Mapping[str, Sample] = {
    "connect": silent("connect"),
    "disconnect": silent("disconnect"),
    "reset": Sample("reset", BOOTED),
    "readers": silent("readers"),
    "reader-send": Sample("reader-send FFCA000000"),
    "atr": silent("atr"),
    "identify": Sample("identify"),
    "status": silent("status"),
    "select": Sample("select tk"),
    "applets": Sample("applets"),
    "boot": Sample("boot", ROOT),
    "protect": Sample("protect", BOOTED),
    "fuse": Sample("fuse", BOOTED),
    "auth": Sample("auth --key default", (), PERSONALISED),
    "keys": silent("keys list"),
    "put-keys": in_channel(FIRST_KEYS),
    "put-key": in_channel(FIRST_KEYS.replace("put-keys", "put-key")),
    "delete-key": in_channel("delete-key 1", FIRST_KEYS, SECOND_KEYS),
    "info": in_channel("info"),
    "list": in_channel("list"),
    "cplc": Sample("cplc", (), PERSONALISED),
    "cap": silent("cap info a.cap"),
    "install": in_channel("install a.cap"),
    "upload": in_channel("upload a.cap"),
    "install-applet": in_channel(f"install-applet {PACKAGE} {MODULE}", "upload a.cap"),
    "make-selectable": in_channel(f"make-selectable {MODULE}", "upload a.cap",
                                  f"install-applet {PACKAGE} {MODULE} --not-selectable"),
    "delete": in_channel(f"delete {PACKAGE} --related", "install a.cap"),
    "make-default": in_channel(f"make-default {MODULE} --yes", "install a.cap"),
    "set-privileges": in_channel(f"set-privileges {MODULE} cvm-management --yes", "install a.cap"),
    "set-status": in_channel(f"set-status {MODULE} locked", "install a.cap"),
    "store-data": in_channel("store-data 9F7B0101"),
    "personalize": in_channel(f"personalize {MODULE} 00", "install a.cap"),
    "create-domain": in_channel(f"create-domain {DOMAIN}"),
    "extradite": in_channel(f"extradite {MODULE} {DOMAIN} --yes", "install a.cap", f"create-domain {DOMAIN}"),
    "read": Sample("read cm_key1", BOOTED),
    "write": Sample("write cm_key1", BOOTED, typed=(NEW_KEY,)),
    "dump": Sample("dump 0xC00300 0xC006FF", BOOTED),
    "select-file": on_files("cd 7E10/6E01"),
    "pwd": silent("pwd"),
    "files": on_files("files 6E00-6E05 --under 7E10"),
    "cat": on_files("cat /7E10/6E01"),
    "read-binary": on_files("read-binary 0 16 --file /7E10/6E01"),
    "read-record": on_files("read-record --file /7E10/6E04"),
    "update-binary": on_files("update-binary 0 |Hello| --file /7E10/6E01", before=VERIFIED),
    "update-record": on_files("update-record 2 |Hello| --file /7E10/6E05", before=VERIFIED),
    "append-record": on_files("append-record |Hello| --file /7E10/6E05", before=VERIFIED),
    "create-file": on_files("create-file 6E20 100", before=("cd /7E10", *VERIFIED)),
    "delete-file": on_files("delete-file 6E20", before=("cd /7E10", *VERIFIED, "create-file 6E20 100")),
    "get-data": on_files("get-data 5F50"),
    "put-data": on_files("put-data 0101 |Hello|", before=VERIFIED),
    "data-objects": on_files("data-objects 0100-0103"),
    "tlv": silent("tlv 8401FF"),
    "verify": on_files("verify 1", PIN),
    "change-pin": on_files("change-pin 1", PIN, NEW_PIN, NEW_PIN),
    "unblock-pin": on_files("unblock-pin 1", PUK, NEW_PIN, NEW_PIN),
    "get-challenge": on_files("get-challenge"),
    "internal-authenticate": on_files("internal-authenticate 0102030405060708 --key 1"),
    "manage-channel": on_files("manage-channel open"),
    "get-response": silent("get-response off"),
    "send": Sample("send 00A4040009A000000167413000FF00 *6A82"),
    "send_apdu": Sample("send_apdu -sc 0 -APDU 00A4040009A000000167413000FF00"),
    "card_connect": silent("card_connect"),
    "card_disconnect": silent("card_disconnect"),
    "enable_trace": silent("enable_trace"),
    "establish_context": silent("establish_context"),
    "trace": silent("trace brief"),
    "set": silent("set map auto"),
    "run": Sample("run script.jcop", BOOTED),
    "exit": silent("exit"),
    "alias": silent("alias id = identify"),
    "unalias": silent("unalias id"),
    "history": silent("history"),
    "help": silent("help"),
    "plugins": silent("plugins"),
}
SCRIPT = "identify\nread cm_key1\n"


class Way(Enum):
    """How an exchange fails."""

    LOST = "the card is gone"
    FAILED = "the link failed, and holds"
    WAS_RESET = "another program reset the card"
    OS_ERROR = "the system failed"
    NO_BYTES = "an answer without a byte"
    ONE_BYTE = "an answer of one byte"
    INTERRUPTED = "an exception in the middle of it"
    CTRL_C = "Ctrl-C while the answer comes"
    GIVEN_UP = "Ctrl-C twice, and no answer"


LOSES_THE_CARD = (Way.LOST, Way.OS_ERROR, Way.NO_BYTES, Way.ONE_BYTE, Way.GIVEN_UP)


@dataclass
class Plan:
    """Which exchange fails, counted from 0 over all links, and how; none does while `way` is None."""

    way: Way | None = None
    at: int = 0
    count: int = 0

    def due(self) -> Way | None:
        """What happens to the exchange that begins now."""
        self.count += 1
        return self.way if self.way is not None and self.count == self.at + 1 else None


class FaultyLink:
    """A link that fails as planned. `reset` counts as an exchange."""

    def __init__(self, inner: Link, plan: Plan) -> None:
        self._inner = inner
        self._plan = plan

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def atr(self) -> bytes:
        return self._inner.atr

    @property
    def protocol(self) -> str:
        return self._inner.protocol

    def transmit(self, command: bytes) -> bytes:
        return self._carried(lambda: self._inner.transmit(command))

    def transmit_to_reader(self, command: bytes) -> bytes:
        return self._carried(lambda: bytes.fromhex("04A1B2C39000"))

    def reset(self, kind: ResetKind) -> bytes:
        answer = self._carried(lambda: self._inner.reset(kind))
        if len(answer) < 2:
            fail(Way.LOST, self._inner)  # the same from a card that is not asked anything
        return answer

    def close(self) -> None:
        self._inner.close()

    def _carried(self, carry: Callable[[], bytes]) -> bytes:
        way = self._plan.due()
        if way is None:
            return carry()
        if way is Way.CTRL_C:
            signal.raise_signal(signal.SIGINT)
            return carry()
        return fail(way, self._inner)


def fail(way: Way, inner: Link) -> bytes:
    """Do what happens, after which there is an answer at most."""
    meaning, hint = "what it means", "what to try"
    if way is Way.LOST:
        raise ReaderError("the card was removed", meaning=meaning, hint=hint, card_lost=True)
    if way is Way.FAILED:
        raise ReaderError("the reader failed", meaning=meaning, hint=hint)
    if way is Way.WAS_RESET:
        inner.reset(ResetKind.WARM)
        raise CardWasReset("another program reset the card", meaning=meaning, hint=hint)
    if way is Way.OS_ERROR:
        raise OSError(5, "Input/output error")
    if way is Way.INTERRUPTED:
        raise KeyboardInterrupt
    if way is Way.GIVEN_UP:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    return b"\x90"[: way is Way.ONE_BYTE]


class FaultyOpener(Opener):
    """Opens simulated cards on links that fail as planned."""

    def __init__(self, profile: str, plan: Plan) -> None:
        super().__init__(Source(profile=profile), report=lambda _text: None)
        self._plan = plan

    def _simulated_link(self, profile: Profile) -> Link:
        return FaultyLink(super()._simulated_link(profile), self._plan)


REGISTRY = Registry()
register_all(REGISTRY, PluginHost())


@dataclass
class Trial:
    """A session on a new card, prepared for a sample's line."""

    sample: Sample
    plan: Plan = field(default_factory=Plan)
    stdout: io.StringIO = field(default_factory=io.StringIO)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        shutil.rmtree(places.journal_folder(), ignore_errors=True)
        shutil.rmtree(places.key_store_file(simulated=True).parent, ignore_errors=True)
        opener = FaultyOpener(self.sample.profile, self.plan)
        self.session = Session(
            registry=REGISTRY, opener=opener.open, finder=opener.find,
            output=Output(stdout=self.stdout, stderr=self.stderr, width=200),
            key_store=opener.key_store, key_sets=opener.key_sets, interactive=True,
        )
        for line in self.sample.before:
            assert run_text(self.session, line) == EXIT_OK, self.said
        assert self.session.card
        self.session.settings.set("trace", "brief")
        assert "✘" not in self.said

    def run(self, way: Way | None = None, at: int = 0) -> int:
        """Run the line; the exit code. `at` counts its exchanges."""
        self.plan.way, self.plan.at, self.plan.count = way, at, 0
        code = run_text(self.session, self.sample.line)
        self.plan.way = None
        return code

    @property
    def said(self) -> str:
        """What was said of errors since the last time."""
        text = self.stderr.getvalue()
        self.stderr.seek(0)
        self.stderr.truncate()
        return text

    def journal(self) -> list[dict[str, object]]:
        """Every line of the newest journal."""
        newest = max(places.journal_folder().iterdir())
        return [json.loads(line) for line in newest.read_text("utf-8").splitlines()]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, python_hears_ctrl_c: None) -> Iterator[None]:
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "script.jcop").write_text(SCRIPT)
    (tmp_path / "a.cap").write_bytes(CAP.archive)
    monkeypatch.chdir(tmp_path)
    consenting(monkeypatch)
    yield


def trial(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Trial:
    typed = list(sample.typed)
    monkeypatch.setattr(Session, "ask_secret", lambda _session, _prompt: typed.pop(0))
    return Trial(sample)


def test_every_command_has_a_line_here() -> None:
    assert {entry.name for entry in REGISTRY} == set(SAMPLES)
    for name, sample in SAMPLES.items():
        entry = REGISTRY.get(sample.line.split()[0])
        assert entry is not None
        assert entry.name == name


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if not sample.talks])
def test_what_does_not_talk_to_the_card(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = trial(SAMPLES[name], monkeypatch)
    tried.run()
    tried.session.disconnect()
    assert tried.plan.count == 0
    assert "Traceback" not in tried.said


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.talks])
def test_every_exchange_fails_in_every_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = SAMPLES[name]
    without_faults = trial(sample, monkeypatch)
    without_faults.run()
    without_faults.session.disconnect()
    exchanges = without_faults.plan.count
    assert exchanges > 0
    for way in Way:
        for at in range(exchanges):
            tried = trial(sample, monkeypatch)
            code = tried.run(way, at)
            try:
                check(tried, way, code)
            except AssertionError as error:
                raise AssertionError(f"{sample.line}, exchange {at} of {exchanges}, {way.value}: {error}") from None
            tried.session.disconnect()


def check(tried: Trial, way: Way, code: int) -> None:
    """What has to be so after a failure."""
    session = tried.session
    said = tried.said
    assert code == EXIT_CARD, said
    check_message(said)
    if way is Way.CTRL_C:
        assert "interrupted" in said
    else:
        resets = tried.sample.line == "reset"
        assert resets or "# no answer" in said or "# not sent" in said, "the trace does not tell"
        lost = [line for line in tried.journal() if line["kind"] == "lost"]
        assert len(lost) == 1, "the journal was not told"
        check_state(session, way)
    assert run_text(session, "connect") == EXIT_OK, tried.said
    # the card answers, whatever it answers
    before = tried.plan.count
    run_text(session, "send 00A4040000")
    assert tried.plan.count > before
    assert "Traceback" not in tried.said


def check_message(said: str) -> None:
    """Three lines: what happened, what it means, what to try; and no secret in them."""
    assert "Traceback" not in said
    assert BUG not in said
    lines = [line for line in said.strip().splitlines() if "stopped here" not in line]
    first = max(at for at, line in enumerate(lines) if line.startswith("✘ "))
    assert 2 <= len(lines) - 1 - first <= 3, said  # what it means may take a second line
    assert all(line.startswith("  ") for line in lines[first + 1 :]), said
    assert lines[-1].startswith("  try: "), said
    for secret in SECRETS:
        assert secret not in said.replace(" ", "").upper()
        assert secret not in said


def check_state(session: Session, way: Way) -> None:
    """Nothing that was known of the card may be believed any more."""
    if way in LOSES_THE_CARD:
        assert session.card_or_none is None
        return
    assert session.card_or_none is not None
    state = session.card_or_none.state
    if way is Way.WAS_RESET:
        # who the card is outlives a reset, and what it was, and nothing else does
        assert state == CardState(atr=state.atr, first_atr=state.first_atr, protocol=state.protocol, boot=state.boot,
                                  identity=state.identity,
                                  fuse_before=state.fuse_before, chip=state.chip)
        assert state.boot.count == 0
    else:
        # the first ATR stays only with the same card
        first_atr = state.first_atr if state.atr else b""
        assert state == CardState(atr=state.atr, first_atr=first_atr, protocol=state.protocol, boot=state.boot)
        if way is not Way.INTERRUPTED:
            assert state.atr  # the connection holds, and with it who answered the last reset
