"""A whole reader stack of the tests' own: pcscd and the vpcd driver in a network namespace, and cards to put in.

    with ReaderStack(directory) as stack:
        card = stack.insert("j2a040-unfused")               # jcopsh-sim behind the reader "Virtual PCD 00 00"
        stack.run([*program("jcopsh"), "-c", "identify"])    # any PC/SC program, next to pcscd
        card.received()                                      # every byte string that the card got
        card.remove()

The namespace has a loopback of its own and a /run of its own: vpcd, which listens on every address, is reachable from
nowhere else, a pcscd of the machine is neither met nor disturbed, and its readers are never seen. The socket of this
pcscd lies in `directory`, so that the tests' own process is a client as well (`use_socket_in`).

Namespaces want root, or a system that lets users make them. Where neither holds, or a program is missing, StackError
says so: a test that cannot run has failed.
"""

from __future__ import annotations

import itertools
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

import jcopsh
from tests.closing import Closing
from tests.terminal import Terminal

SOCKET_NAME = "pcscd.comm"
SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
FIRST_PORT = 35963  # 8C7B, the channel of Debian's reader.conf.d/vpcd; the second slot has the port after it
READERS = ("Virtual PCD 00 00", "Virtual PCD 00 01")
SCRIPTED_CARD = Path(__file__).with_name("scripted_card.py")
OTHER_PROGRAM = Path(__file__).with_name("other_program.py")
START_TIMEOUT_S = 20.0
LOOKS_EVERY_S = 0.45  # pcscd looks for cards every 0.4 s; nobody changes one for another faster

_numbers = itertools.count()  # of the files in the directory, which stacks share

# Ready when it says so; it ends when the tests' end of its standard input closes, however the tests end.
HOLD_NAMESPACE = """
set -e
mount -t tmpfs none /run
mkdir /run/pcscd
mount --bind "$1" /run/pcscd
ip link set lo up
echo ready
exec cat
"""


class StackError(AssertionError):
    """The stack could not be started, or did not do what was waited for."""


def use_socket_in(directory: Path) -> None:
    """Make this process a client of the stacks in DIRECTORY, and of no pcscd of the machine.

    libpcsclite reads the variable once, at its first call: every stack of one process lives in one directory.
    """
    os.environ[SOCKET_VARIABLE] = str(directory / SOCKET_NAME)


def program(name: str) -> list[str]:
    """The command line that starts `jcopsh` or `jcopsh-sim`: the installed script where the wheel is under test."""
    if os.environ.get("JCOPSH_TEST_WHEEL") == "1":
        return [str(Path(sys.executable).with_name(name))]
    module = {"jcopsh": "jcopsh.cli", "jcopsh-sim": "jcopsh.simulator.server"}[name]
    return [sys.executable, "-c", f"import sys; sys.argv[0] = {name!r}; from {module} import main; sys.exit(main())"]


def program_environment() -> dict[str, str]:
    """The environment for programs that the tests start; in a checkout they import the package the tests import."""
    environment = dict(os.environ)
    if environment.get("JCOPSH_TEST_WHEEL") != "1":
        environment["PYTHONPATH"] = str(Path(jcopsh.__file__).parents[1])
    return environment


class CardProcess:
    """A card in a reader: a process that plays one behind vpcd."""

    def __init__(self, stack: ReaderStack, process: subprocess.Popen[bytes], slot: int, log_file: Path) -> None:
        self._stack = stack
        self._process = process
        self._slot = slot
        self.log_file = log_file

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    @property
    def inserted(self) -> bool:
        """Whether its process runs, mute or not."""
        return self._process.poll() is None

    @property
    def reader(self) -> str:
        """The name of the reader that it is in."""
        return READERS[self._slot]

    def received(self) -> list[bytes]:
        """Every byte string the card got from the reader, in order, since its log was begun."""
        lines = self.log_file.read_text("ascii").splitlines()
        return [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]

    def remove(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Take the card out: end its process with a signal, and wait until pcscd sees it gone."""
        _end(self._process, number)
        gone = time.monotonic()
        self._stack.wait_for_card(self._slot, present=False)
        # pcscd calls a card gone when a program fails to speak to it, and overlooks one that is put in before it looks
        time.sleep(max(0.0, gone + LOOKS_EVERY_S - time.monotonic()))  # nothing tells when it has looked

    def fall_mute(self) -> None:
        """Stop its process, and wait until pcscd has looked for it and waits for the answer that does not come.

        Until then a connection is made without the card being asked, since pcscd has its ATR.
        """
        self._process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _has_unread_bytes(self.pid):
            if time.monotonic() > deadline:
                raise StackError("pcscd did not look for the card that fell mute")
            time.sleep(0.005)  # between two looks at its socket

    def wait_for_end(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """Wait until the process has ended by itself, and return its status."""
        return self._process.wait(timeout_s)


class OtherProgram(Closing):
    """Another PC/SC program beside the one under test, which does as it is told (other_program.py)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.result = self._answer()

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def tell(self, line: str) -> str:
        """Tell it what to do, and return its answer: a result code, and after `send` a blank and the response."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Let it leave the card and end. May be called twice."""
        if self._process.poll() is None:
            self._process.communicate(timeout=START_TIMEOUT_S)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_TIMEOUT_S)
        line = self._process.stdout.readline().strip() if ready else ""
        if not line:
            raise StackError("the other program gave no answer")
        return line


class ReaderStack(Closing):
    """A running pcscd with two empty readers, `Virtual PCD 00 00` and `Virtual PCD 00 01`."""

    def __init__(self, directory: Path) -> None:
        """Start it; its socket and its log are written to DIRECTORY."""
        self.directory = directory
        self.pcscd_log = directory / "pcscd.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._cards: list[CardProcess] = []
        self._namespace = _start_namespace(directory)
        try:
            self.pcscd = self._start_pcscd()
        except BaseException:
            self.close()
            raise

    def inside(self, command: Iterable[str]) -> list[str]:
        """COMMAND, to be run beside pcscd: in its namespaces and in the present working directory."""
        return [
            *("nsenter", "--target", str(self._namespace.pid), "--net", "--mount"),
            *(() if os.geteuid() == 0 else ("--user", "--preserve-credentials")),
            *("env", "--chdir", str(Path.cwd()), *command),
        ]

    def environment(self, **more: str) -> dict[str, str]:
        """The environment inside: there pcscd's socket lies where every PC/SC program looks for it."""
        environment = program_environment() | more
        environment.pop(SOCKET_VARIABLE, None)
        return environment

    def run(
        self,
        command: Sequence[str],
        *,
        text: str = "",
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run COMMAND inside to its end, in a session without a terminal, with TEXT on its standard input."""
        return subprocess.run(
            self.inside(command),
            input=text, capture_output=True, text=True, timeout=timeout_s, check=False, start_new_session=True,
            env=self.environment(**(environment or {})),
        )

    def spawn(
        self,
        command: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        environment: Mapping[str, str] | None = None,
    ) -> Terminal:
        """Start COMMAND inside, on a terminal of its own."""
        return Terminal(
            self.inside(command), environment=self.environment(**(environment or {})), columns=columns, rows=rows
        )

    def insert(
        self, profile: str = "j2a040-unfused", *, slot: int = 0, state_file: Path | None = None
    ) -> CardProcess:
        """Put a simulated card in, new or as STATE_FILE has it, and wait until pcscd sees it."""
        state_file = state_file or self.directory / f"card{next(_numbers)}.json"
        serve = ["--vpcd", f"127.0.0.1:{FIRST_PORT + slot}", "--state", str(state_file)]
        return self._insert([*program("jcopsh-sim"), profile, *serve], slot, Path(f"{state_file}.log"))

    def insert_scripted(self, atr: bytes, answers: Mapping[str, str], *, slot: int = 0) -> CardProcess:
        """Put a card in that sends ATR and knows ANSWERS by heart (see scripted_card.py)."""
        log_file = self.directory / f"card{next(_numbers)}.log"
        known = [f"{command}={answer}" for command, answer in answers.items()]
        command = [sys.executable, str(SCRIPTED_CARD), str(FIRST_PORT + slot), str(log_file), atr.hex(), *known]
        return self._insert(command, slot, log_file)

    def other_program(self, share: str = "shared", *, slot: int = 0) -> OtherProgram:
        """Start another program that connects to the card, `shared` or `exclusive`."""
        process = subprocess.Popen(
            self.inside(["setpriv", "--pdeathsig", "KILL", sys.executable, str(OTHER_PROGRAM), READERS[slot], share]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment(),
        )
        return OtherProgram(process)

    def wait_for_card(self, slot: int = 0, *, present: bool = True, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until pcscd sees a card in the reader, or sees none.

        pcscd looks every 0.4 s. Wait for a card that vanished before its link is closed: a close that finds no card
        lets pcscd report one missing before it has looked, and then it overlooks a card put in meanwhile.
        """
        from smartcard import scard

        name, deadline = READERS[slot], time.monotonic() + timeout_s
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        state = scard.SCARD_STATE_UNAWARE
        try:
            while result == scard.SCARD_S_SUCCESS and time.monotonic() < deadline:
                remaining_ms = max(1, int((deadline - time.monotonic()) * 1000))
                result, states = scard.SCardGetStatusChange(context, remaining_ms, [(name, state)])
                state = states[0][1]
                if bool(state & scard.SCARD_STATE_PRESENT) == present:
                    return
        finally:
            scard.SCardReleaseContext(context)
        wanted = "see" if present else "lose"
        raise StackError(f"pcscd did not {wanted} a card in {name!r} (result {result:08X}); log:\n{self._log_tail()}")

    @staticmethod
    def wait_until_received(card: CardProcess, count: int, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until the card has got so many byte strings from the reader."""
        deadline = time.monotonic() + timeout_s
        while len(card.received()) < count:
            if time.monotonic() > deadline:
                raise StackError(f"the card got {len(card.received())} of {count} byte strings")
            time.sleep(0.005)  # between two looks at its log

    def stop_pcscd(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End pcscd alone: cards and namespaces stay."""
        _end(self.pcscd, number)

    def restart_pcscd(self, *, readers: bool = True) -> None:
        """Start pcscd again after `stop_pcscd`, with its two readers or with none at all."""
        # what a killed pcscd leaves behind would keep the next one from starting
        for name in (SOCKET_NAME, "pcscd.pid"):
            (self.directory / name).unlink(missing_ok=True)
        self.pcscd = self._start_pcscd(readers=readers)

    def close(self) -> None:
        """End everything that was started, in the reverse order."""
        for process in reversed(self._processes):
            _end(process, signal.SIGTERM)
        self._namespace.communicate(timeout=START_TIMEOUT_S)  # closes its standard input, which ends it
        for name in (SOCKET_NAME, "pcscd.pid"):
            (self.directory / name).unlink(missing_ok=True)

    def _start(self, command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a server inside that ends with the tests, should they be killed."""
        process = subprocess.Popen(
            self.inside(["setpriv", "--pdeathsig", "KILL", *command]),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=self.environment(),
        )
        self._processes.append(process)
        return process

    def _start_pcscd(self, *, readers: bool = True) -> subprocess.Popen[bytes]:
        pcscd = _find("pcscd")
        no_readers = self.directory / "no readers"
        no_readers.mkdir(exist_ok=True)
        config = [] if readers else ["--config", str(no_readers)]
        with self.pcscd_log.open("ab") as log:
            process = self._start([pcscd, "--foreground", *_without_polkit(pcscd), *config], log)
        _wait_until(lambda: _accepts(self.directory / SOCKET_NAME), process, "pcscd", self._log_tail)
        return process

    def _insert(self, command: Sequence[str], slot: int, log_file: Path) -> CardProcess:
        output = self.directory / f"card{next(_numbers)}.out"
        with output.open("wb") as stream:
            process = self._start(command, stream)
        try:
            self.wait_for_card(slot)
        except StackError as error:
            _end(process, signal.SIGTERM)
            said = output.read_text("utf-8", "replace")
            raise StackError(f"{error}\nthe card's process (status {process.poll()}) said:\n{said}") from None
        card = CardProcess(self, process, slot, log_file)
        self._cards.append(card)
        return card

    def remove_cards(self) -> None:
        """Take out every card that is still in a reader, mute ones as well: what a test that failed left behind."""
        while self._cards:
            card = self._cards.pop()
            if card.inserted:
                card.remove(signal.SIGKILL)

    def _log_tail(self) -> str:
        return self.pcscd_log.read_text("utf-8", "replace")[-2000:]


def _start_namespace(directory: Path) -> subprocess.Popen[bytes]:
    """A process that holds the namespaces open until its standard input is closed."""
    as_root = () if os.geteuid() == 0 else ("--map-root-user",)
    process = subprocess.Popen(
        [_find("unshare"), "--net", "--mount", *as_root, "sh", "-c", HOLD_NAMESPACE, "sh", str(directory)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PATH": _search_path()},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    if ready and process.stdout.readline() == b"ready\n":
        return process
    process.kill()
    reason = process.stderr.read().decode("utf-8", "replace").strip()
    raise StackError(
        f"no namespace for the reader stack: {reason}. Run the tests as root, "
        "or let users make namespaces (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_*)"
    )


def _find(name: str) -> str:
    found = shutil.which(name, path=_search_path())
    if found is None:
        raise StackError(f"{name} is not installed; tests/run installs what the tests need")
    return found


def _search_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _without_polkit(pcscd: str) -> list[str]:
    """Inside there is no D-Bus to ask polkit; versions of pcscd that can leave it out are told to."""
    usage = subprocess.run([pcscd, "--help"], capture_output=True, text=True, check=False)
    return ["--disable-polkit"] if "--disable-polkit" in usage.stdout + usage.stderr else []


def _has_unread_bytes(pid: int) -> bool:
    """Whether a TCP connection in the network of a process received bytes that nobody has read (proc(5), net/tcp)."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text("ascii").splitlines()[1:]
    queues = [fields[4] for fields in map(str.split, lines) if fields[3] == "01"]  # of established connections
    return any(int(queue.partition(":")[2], 16) for queue in queues)  # sent:received


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _wait_until(
    condition: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Callable[[], str]
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"{name} did not start (status {process.poll()}); its log:\n{log()}")
        time.sleep(0.005)  # between two looks: nothing tells when a socket appears


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
