"""All that can happen to a reader, with the real pcscd: what is said, what is forgotten, and that work goes on."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.card.support import TRANSPORT_KEY
from tests.e2e.support import Jcopsh
from tests.reader_stack import READERS, CardProcess, ReaderStack, program
from tests.terminal import Terminal, TerminalTimeout

ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
ATR_T0 = bytes.fromhex("3B6800FF4A434F5076323431")
SELECT_ISD = "00A4040000"
UID = "FFCA000000"
READ_SIZE = 256
DUMP, LAST_PAGE = "dump 0xC00000 0xC007FF", "07 07 07 07"
NO_CARD = "no card ❯"
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()=>][A-Z0-9]?|\][^\x07]*\x07)")


def memory_reads(**answers: str) -> dict[str, str]:
    """The eight READs of DUMP, each answered with bytes that name it, but for those in `answers`."""
    reads = {f"C0B00{page:01X}0000": f"{page:02X}" * READ_SIZE + "9000" for page in range(8)}
    return reads | answers


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    wanted = ("HOME", "XDG_")
    return {name: value for name, value in Jcopsh(tmp_path).environment.items() if name.startswith(wanted)}


@pytest.fixture(autouse=True)
def service(reader_stack: ReaderStack) -> Iterator[None]:
    """Each test begins with a pcscd that runs and has empty readers, whatever the one before did to it."""
    yield
    if reader_stack.pcscd.poll() is not None:
        reader_stack.restart_pcscd()
    reader_stack.remove_cards()


class Shell:
    """jcopsh at a terminal beside pcscd."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    @property
    def now(self) -> int:
        """How much it has written."""
        return len(self.terminal.output)

    def written(self, start: int) -> str:
        """What it has written since, without colours and line ends."""
        text = self.terminal.output[start:].decode("utf-8", "replace")
        return " ".join(ESCAPES.sub("", text).split())

    def told(self, *sentences: str, start: int, timeout_s: float = 20) -> None:
        """Wait until each of the sentences was written."""
        deadline = time.monotonic() + timeout_s
        while missing := [one for one in sentences if one not in self.written(start)]:
            if time.monotonic() > deadline:
                raise TerminalTimeout(f"it never said {missing}; the screen shows:\n{self.terminal.screen}")
            self.terminal.read_on(0.2)

    def line(self, text: str, *answers: str) -> None:
        """Type a line and wait until each of the answers was written after it."""
        start = self.now
        self.terminal.type_in(f"{text}\r")
        self.told(*answers, start=start)

    def prompt(self, expected: str, timeout_s: float = 20) -> None:
        """Wait until the last prompt on the screen is this one."""
        deadline = time.monotonic() + timeout_s
        while (shown := self._last_prompt()) != expected:
            if time.monotonic() > deadline:
                raise TerminalTimeout(f"the prompt is {shown!r}; the screen shows:\n{self.terminal.screen}")
            self.terminal.read_on(0.2)

    def _last_prompt(self) -> str:
        lines = [line for line in self.terminal.screen.splitlines() if "❯" in line]
        return lines[-1].strip() if lines else ""

    def works(self) -> None:
        """It connects, and the card answers."""
        self.line("connect", "T=1")
        self.line(f"send {SELECT_ISD}", "SW")

    def leaves(self) -> None:
        """It ends as it should, without ever having shown a traceback."""
        self.line("exit")
        assert self.terminal.wait_for_end() == 0
        assert b"Traceback" not in self.terminal.output


@contextmanager
def shell(stack: ReaderStack, home: dict[str, str], *arguments: str, until: str = "❯") -> Iterator[Shell]:
    """Start it, and wait until it waits."""
    command = [*program("jcopsh"), *arguments]
    with stack.spawn(command, environment=home, columns=100, rows=40) as terminal:
        terminal.wait_for(until)
        yield Shell(terminal)


@contextmanager
def scripted(stack: ReaderStack, answers: dict[str, str], *, slot: int = 0, atr: bytes = ATR) -> Iterator[CardProcess]:
    card = stack.insert_scripted(atr, answers, slot=slot)
    try:
        yield card
    finally:
        card.remove(signal.SIGKILL)


# --- before the shell: exit codes ------------------------------------------------------------------------------------


def run(stack: ReaderStack, home: dict[str, str], *arguments: str, code: int) -> str:
    """Run it without a terminal; what it wrote, on one line. It has to end with this exit code."""
    done = stack.run([*program("jcopsh"), *arguments], environment=home)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


def test_no_service(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    reader_stack.stop_pcscd()
    said = run(reader_stack, home, "-c", "identify", code=1)
    assert "the PC/SC service does not answer" in said
    assert "systemctl start pcscd.socket" in said
    assert "jcopsh --sim" in said
    assert "the PC/SC service does not answer" in run(reader_stack, home, "-c", "readers", code=1)


def test_no_reader(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    reader_stack.stop_pcscd()
    reader_stack.restart_pcscd(readers=False)
    for line in ("identify", "readers"):
        said = run(reader_stack, home, "-c", line, code=1)
        assert "no reader was found" in said
        assert "libccid" in said
        assert "jcopsh --sim" in said
    reader_stack.stop_pcscd()


def test_no_card(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    said = run(reader_stack, home, "-c", "identify", code=1)
    assert f"no reader holds a card 0: {READERS[0]} (no card); 1: {READERS[1]} (no card)" in said


def test_two_cards_and_the_choice(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with (
        scripted(reader_stack, {SELECT_ISD: "9000"}) as first,
        scripted(reader_stack, {SELECT_ISD: "6A82"}, slot=1) as second,
    ):
        said = run(reader_stack, home, "-c", f"send {SELECT_ISD}", code=1)
        assert f"several readers hold a card 0: {READERS[0]} (card); 1: {READERS[1]} (card)" in said
        for choice in ("1", READERS[1], "00 01"):
            assert "6A82" in run(reader_stack, home, "--reader", choice, "-c", f"send {SELECT_ISD} *6A82", code=0)
        assert "9000" in run(reader_stack, home, "-c", f"set reader 0; send {SELECT_ISD}", code=0)
        from_environment = home | {"GP_READER": "00 01"}
        assert "6A82" in run(reader_stack, from_environment, "-c", f"send {SELECT_ISD} *6A82", code=0)
        assert len(first.received()) == 1
        assert len(second.received()) == 4


def test_readers_are_listed(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with scripted(reader_stack, {}, atr=ATR_T0) as card:
        said = run(reader_stack, home, "-c", "readers; connect; readers", code=0)
        before, connected = said.split("sharing for jcopsh alone")
        assert f"0 {READERS[0]} card in, not connected" in before
        assert "protocols T=0" in before
        assert f"1 {READERS[1]} card none" in before
        assert "card connected here" in connected
        assert card.received() == []


def test_a_card_that_another_program_has(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with scripted(reader_stack, {SELECT_ISD: "9000"}) as card:
        with reader_stack.other_program("exclusive") as other:
            said = run(reader_stack, home, "-c", f"send {SELECT_ISD}", code=1)
            assert "another program has the card" in said
            assert f"process {other.pid}" in said
            assert f"process {other.pid}" in run(reader_stack, home, "-c", "readers", code=0)
        with reader_stack.other_program("shared"):
            said = run(reader_stack, home, "-c", f"send {SELECT_ISD}", code=1)
            assert "`connect --shared` uses the card beside it" in said
            assert card.received() == []
            assert "9000" in run(reader_stack, home, "--shared", "-c", f"send {SELECT_ISD}", code=0)
        assert len(card.received()) == 1


def test_a_protocol_that_the_card_does_not_speak(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with scripted(reader_stack, {}, atr=ATR_T0):
        said = run(reader_stack, home, "--protocol", "T=1", "-c", "connect", code=1)
        assert "does not speak the protocol" in said
        assert "the card offers T=0" in said
        said = run(reader_stack, home, "-c", "connect; connect --protocol T=1", code=1)
        assert "The card was connected again as it was before" in said
        assert "protocol T=0" in run(reader_stack, home, "--protocol", "T=1", "-c", "connect --protocol auto", code=0)


def test_what_is_for_the_reader_and_what_for_the_card(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with scripted(reader_stack, {UID: "04A1B2C39000"}) as card:
        for line in (f"send {UID}", "read 0xFF0000"):
            said = run(reader_stack, home, "-c", line, code=2)
            assert "class FF is the reader's" in said
            assert "reader-send" in said
        assert "only commands of class FF are for the reader" in run(
            reader_stack, home, "-c", f"reader-send {SELECT_ISD}", code=2
        )
        assert card.received() == []
        # vpcd knows no command of its own, and hands everything on
        assert "04 A1 B2 C3" in run(reader_stack, home, "-c", f"reader-send {UID}", code=0)
        assert "the status word is 6D00" in run(reader_stack, home, "-c", "reader-send FFCA010000", code=1)
        assert "reader-send" in run(reader_stack, home, "-c", "reader-send FF00000000", code=3)
        assert "UPDATE BINARY" in run(reader_stack, home, "-c", "reader-send FFD6000001AA", code=3)
        assert [sent.hex().upper() for sent in card.received()] == [UID, "FFCA010000"]
    journals = "".join(path.read_text("utf-8") for path in Path(home["XDG_STATE_HOME"]).rglob("*.jsonl"))
    assert '"to": "reader"' in journals


def test_a_simulated_card_has_no_reader(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    said = run(reader_stack, home, "--sim", "-c", f"reader-send {UID}", code=1)
    assert "there is no reader here to take the command" in said


# --- while the prompt waits ------------------------------------------------------------------------------------------


def test_a_card_comes_goes_and_comes_again(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with shell(reader_stack, home, until="no reader holds a card") as jcopsh:
        card = reader_stack.insert()
        jcopsh.prompt("card ❯")
        jcopsh.told(f"Connected: {READERS[0]}", start=0)
        jcopsh.line("identify")
        jcopsh.prompt("J2A040? unfused ❯")
        start = jcopsh.now
        card.remove()
        jcopsh.told(f"the card in {READERS[0]} was taken out", start=start)
        jcopsh.prompt(NO_CARD)
        start = jcopsh.now
        card = reader_stack.insert()
        jcopsh.told(f"Connected: {READERS[0]}", start=start)
        jcopsh.prompt("card ❯")
        jcopsh.line("disconnect", "disconnected")
        jcopsh.prompt(NO_CARD)
        card.remove()
        start = jcopsh.now
        card = reader_stack.insert(slot=1)
        jcopsh.told(f"a card is in {READERS[1]}: `connect 1`", start=start)
        assert card.received() == []
        jcopsh.line("connect 1", "T=1")
        card.remove()
        jcopsh.leaves()


def test_a_second_card_does_not_take_the_place_of_the_first(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with scripted(reader_stack, {SELECT_ISD: "9000"}) as first, shell(reader_stack, home, until="Connected") as jcopsh:
        start = jcopsh.now
        with scripted(reader_stack, {}, slot=1) as second:
            jcopsh.told(f"a card is in {READERS[1]}", start=start)
            jcopsh.line(f"send {SELECT_ISD}", "9000")
            assert second.received() == []
        assert len(first.received()) == 1
        jcopsh.leaves()


def test_the_service_stops_and_starts_at_the_prompt(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    card = reader_stack.insert_scripted(ATR, {SELECT_ISD: "9000"})
    with shell(reader_stack, home, until="Connected") as jcopsh:
        start = jcopsh.now
        reader_stack.stop_pcscd(signal.SIGKILL)
        jcopsh.told("the PC/SC service has stopped, and the card is lost", start=start)
        jcopsh.prompt(NO_CARD)
        jcopsh.line("connect", "the PC/SC service does not answer")
        assert card.wait_for_end() == 0  # the reader went with the service
        start = jcopsh.now
        reader_stack.restart_pcscd()
        jcopsh.told("the PC/SC service is back, with 2 readers", start=start)
        with scripted(reader_stack, {SELECT_ISD: "9000"}):
            jcopsh.told(f"Connected: {READERS[0]}", start=start)
            jcopsh.line(f"send {SELECT_ISD}", "9000")
            jcopsh.leaves()


def test_the_service_starts_after_the_shell(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    reader_stack.stop_pcscd()
    with shell(reader_stack, home, until="the PC/SC service does not answer") as jcopsh:
        assert "has stopped" not in jcopsh.written(0).replace("is not running, or has stopped", "")
        reader_stack.restart_pcscd()
        jcopsh.told("the PC/SC service is back, with 2 readers", start=0)
        jcopsh.leaves()


# --- in the middle of a dump -----------------------------------------------------------------------------------------


def test_a_card_pulled_out_in_mid_dump(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    card = reader_stack.insert_scripted(ATR, memory_reads(C0B0040000="leave"))
    with shell(reader_stack, home, until="Connected") as jcopsh:
        jcopsh.line(DUMP, "the card gave no answer")
        jcopsh.prompt(NO_CARD)
        assert card.wait_for_end() == 0
        assert len(card.received()) == 5
        start = jcopsh.now
        with scripted(reader_stack, memory_reads()) as again:
            jcopsh.told(f"Connected: {READERS[0]}", start=start)
            jcopsh.line(DUMP, LAST_PAGE)
            assert len(again.received()) == 8
            jcopsh.leaves()


def test_the_service_stops_in_mid_dump(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    card = reader_stack.insert_scripted(ATR, memory_reads(C0B0040000="silence"))
    with shell(reader_stack, home, until="Connected") as jcopsh:
        start = jcopsh.now
        jcopsh.line(DUMP)
        reader_stack.wait_until_received(card, 5)
        reader_stack.stop_pcscd(signal.SIGKILL)
        jcopsh.told("the PC/SC service does not answer", start=start)
        jcopsh.prompt(NO_CARD)
        card.wait_for_end()
        reader_stack.restart_pcscd()
        jcopsh.told("the PC/SC service is back", start=start)
        start = jcopsh.now
        with scripted(reader_stack, memory_reads()):
            jcopsh.told(f"Connected: {READERS[0]}", start=start)
            jcopsh.line(DUMP, LAST_PAGE)
            jcopsh.leaves()


def test_a_mute_card_is_given_up_by_a_second_ctrl_c(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    card = reader_stack.insert_scripted(ATR, memory_reads(C0B0040000="silence"))
    with shell(reader_stack, home, until="Connected") as jcopsh:
        start = jcopsh.now
        jcopsh.line(DUMP)
        reader_stack.wait_until_received(card, 5)
        jcopsh.terminal.type_in("\x03")
        jcopsh.told("Ctrl-C again gives the card up", start=start)
        jcopsh.terminal.type_in("\x03")
        jcopsh.told("the card was given up", start=start)
        jcopsh.prompt(NO_CARD)
        # the reader waits for the answer still, and keeps the card from everybody
        jcopsh.line("connect", "the reader still waits for the card that was given up")
        card.remove(signal.SIGKILL)
        with scripted(reader_stack, memory_reads()):
            jcopsh.prompt("card ❯")
            jcopsh.works()
            jcopsh.leaves()


def test_a_card_that_is_mute_at_the_start_is_given_up(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    card = reader_stack.insert()
    card.fall_mute()
    with shell(reader_stack, home, until=f"Connecting to {READERS[0]}; Ctrl-C gives up") as jcopsh:
        jcopsh.terminal.type_in("\x03")
        jcopsh.prompt(NO_CARD)
        start = jcopsh.now
        jcopsh.line("identify", "Ctrl-C gives up")
        jcopsh.terminal.type_in("\x03")
        jcopsh.told("the connection was given up", "no command was sent to it", start=start)
        card.remove(signal.SIGKILL)
        with scripted(reader_stack, {SELECT_ISD: "9000"}):
            jcopsh.works()
            jcopsh.leaves()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_beside_a_mute_card(
    reader_stack: ReaderStack, home: dict[str, str], number: signal.Signals
) -> None:
    with (
        scripted(reader_stack, {SELECT_ISD: "silence"}) as card,
        shell(reader_stack, home, until="Connected") as jcopsh,
    ):
        jcopsh.line(f"send {SELECT_ISD}")
        reader_stack.wait_until_received(card, 1)
        jcopsh.terminal.send_signal(number)
        assert jcopsh.terminal.wait_for_end() == 128 + number


# --- other programs at the same card ---------------------------------------------------------------------------------


def test_another_program_resets_the_card(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    card = reader_stack.insert()
    with shell(reader_stack, home, "--shared", until="Connected") as jcopsh:
        jcopsh.line("identify")
        jcopsh.prompt("J2A040? unfused ❯")
        sent = len(card.received())
        with reader_stack.other_program("shared") as other:
            assert other.tell("reset") == "00000000"
            jcopsh.line("identify", "another program reset the card", "The command was not sent")
            jcopsh.prompt("J2A040? ❯")
            assert len(card.received()) == sent
            jcopsh.line("identify")
            jcopsh.prompt("J2A040? unfused ❯")
            assert len(card.received()) == sent + 1
        jcopsh.leaves()
    card.remove()


def test_what_belongs_together_is_not_torn_apart(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with (
        scripted(reader_stack, memory_reads() | {SELECT_ISD: "9000"}) as card,
        shell(reader_stack, home, "--shared", until="Connected") as jcopsh,
        reader_stack.other_program("shared") as other,
    ):
        assert other.tell("begin") == "00000000"
        start = jcopsh.now
        jcopsh.line(DUMP)
        for _ in range(2):
            assert other.tell(f"send {SELECT_ISD}") == "00000000 9000"
        assert other.tell("end") == "00000000"
        assert other.tell(f"send {SELECT_ISD}") == "00000000 9000"
        jcopsh.told(LAST_PAGE, start=start)
        reads = [bytes.fromhex(command) for command in memory_reads()]
        first = card.received().index(reads[0])
        assert card.received()[first : first + len(reads)] == reads
        assert first >= 2
        jcopsh.leaves()


def test_waiting_for_another_program_is_left_by_ctrl_c(reader_stack: ReaderStack, home: dict[str, str]) -> None:
    with (
        scripted(reader_stack, {SELECT_ISD: "9000"}) as card,
        shell(reader_stack, home, "--shared", until="Connected") as jcopsh,
        reader_stack.other_program("shared") as other,
    ):
        other.tell("begin")
        start = jcopsh.now
        jcopsh.line(f"send {SELECT_ISD}", "Another program keeps the card for itself")
        jcopsh.terminal.type_in("\x03")
        jcopsh.told("another program kept the card for itself", start=start)
        jcopsh.prompt(NO_CARD)
        other.tell("end")
        assert card.received() == []
        jcopsh.works()
        jcopsh.leaves()


# --- on leaving ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_card_is_reset_when_a_signal_ends_it(
    reader_stack: ReaderStack, home: dict[str, str], number: signal.Signals
) -> None:
    card = reader_stack.insert()
    with shell(reader_stack, home, until="Connected") as jcopsh:
        jcopsh.line(f"select tk {TRANSPORT_KEY.hex()}")
        jcopsh.prompt("card unfused root ❯")
        jcopsh.terminal.send_signal(number)
        assert jcopsh.terminal.wait_for_end() == 128 + number
    # without its selection the card takes no READ
    assert "6A82" in run(reader_stack, home, "-c", "send C0B0030510 *6A82", code=0)
    card.remove()
