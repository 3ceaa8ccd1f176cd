"""`jcopsh-sim` against a vpcd of the test's own."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jcopsh.simulator import server
from jcopsh.simulator.assumptions import ASSUMPTIONS
from tests.reader_stack import program, program_environment
from tests.simulator.support import BOOT, FUSE, IDENTIFY, SELECT_TK

VENDOR_ATR = "3BF81300008131FE454A434F5076323431B7"
TIMEOUT_S = 30


@dataclass
class FakeVpcd:
    """The reader's end of the connection."""

    connection: socket.socket
    process: subprocess.Popen[str]
    ready_line: str

    def tell(self, message: str) -> None:
        """Send a message in two parts, as vpcd does."""
        raw = bytes.fromhex(message)
        self.connection.sendall(len(raw).to_bytes(2, "big"))
        self.connection.sendall(raw)

    def ask(self, message: str) -> str:
        self.tell(message)
        return self.heard()

    def heard(self) -> str:
        return self._exactly(int.from_bytes(self._exactly(2), "big")).hex().upper()

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            chunk = self.connection.recv(length - len(data))
            assert chunk, "the card hung up"
            data += chunk
        return data

    def leave(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT_S)


@contextmanager
def vpcd(*arguments: str) -> Iterator[FakeVpcd]:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(TIMEOUT_S)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        process = stack.enter_context(
            subprocess.Popen(
                [*program("jcopsh-sim"), *arguments, "--vpcd", address],
                env=program_environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.kill)
        connection = stack.enter_context(listener.accept()[0])
        connection.settimeout(TIMEOUT_S)
        assert process.stdout is not None
        yield FakeVpcd(connection, process, process.stdout.readline())


def test_a_card_is_served() -> None:
    with vpcd("j2a081-unfused") as reader:
        assert reader.ready_line.startswith("jcopsh-sim: j2a081-unfused serves 127.0.0.1:")
        assert VENDOR_ATR in reader.ready_line
        assert reader.ask("04") == VENDOR_ATR  # before any power, as vpcd looks for a card
        reader.tell("01")
        assert reader.ask("04") == VENDOR_ATR
        assert reader.ask(SELECT_TK) == "9000"
        assert reader.ask(BOOT) == "9000"
        assert reader.ask("C0D6015A020157") == "9000"
        assert reader.ask("C0B0040701") == "059000"
        reader.tell("02")
        assert reader.ask("04")[-4:-2] == "57"
        assert reader.ask("C0B0040701") == "6A82"
        reader.tell("00")
        assert reader.ask(IDENTIFY) == "6F00"
        assert reader.ask("04") == VENDOR_ATR
        reader.tell("01")
        assert reader.ask(IDENTIFY).endswith("39F8736A82")
        assert reader.leave(signal.SIGTERM) == 0


def test_what_makes_no_command_is_survived() -> None:
    with vpcd() as reader:
        reader.tell("01")
        reader.tell("7F")  # a control that does not exist has no answer
        assert reader.ask("00A4040001FF") == "6A82"
        assert reader.ask("00A404000203") == "6700"
        assert reader.ask("") == "6700"
        assert reader.ask("C0" * 65535) == "6700"
        assert reader.leave(signal.SIGINT) == 0


def test_messages_may_come_in_any_pieces() -> None:
    with vpcd() as reader:
        stream = bytes.fromhex(f"0001010001040015{SELECT_TK}0004{BOOT}")
        for at in range(0, len(stream), 5):
            reader.connection.sendall(stream[at : at + 5])
            time.sleep(0.005)  # so that the pieces are received as pieces
        assert [reader.heard() for _ in range(3)] == [VENDOR_ATR, "9000", "9000"]
        reader.connection.sendall(stream[:14])
        assert reader.heard() == VENDOR_ATR


def test_the_state_outlives_the_server_and_the_log_can_be_read_meanwhile(tmp_path: Path) -> None:
    state, log = tmp_path / "card", tmp_path / "wire"
    with vpcd("--state", str(state), "--log", str(log)) as reader:
        reader.tell("01")
        assert [reader.ask(command) for command in (SELECT_TK, BOOT, FUSE)] == ["9000"] * 3
        lines = ["# cold reset", SELECT_TK.upper(), BOOT, FUSE]
        assert (tmp_path / "card.log").read_text().splitlines() == lines
        assert log.read_text().splitlines() == lines
        reader.process.kill()
    with vpcd("--state", str(state)) as reader:
        reader.tell("01")
        assert reader.ask(IDENTIFY)[28:30] == "01"
        assert reader.leave(signal.SIGTERM) == 0
    assert (tmp_path / "card.log").read_text().splitlines()[-1] == "# power off"


def test_an_answer_does_not_wait_for_a_delayed_acknowledgement() -> None:
    """The sends of vpcd, with Nagle's algorithm on, cost 40 ms each time the card acknowledges late."""
    with vpcd() as reader:
        reader.tell("01")
        took_s = []
        for _ in range(30):
            start = time.perf_counter()
            assert reader.ask(IDENTIFY).endswith("6A82")
            took_s.append(time.perf_counter() - start)
        assert sorted(took_s)[len(took_s) // 2] < 0.02


def test_vpcd_hanging_up_ends_the_server() -> None:
    with vpcd() as reader:
        reader.connection.close()
        assert reader.process.wait(TIMEOUT_S) == 0
        assert reader.process.stdout is not None
        assert "hung up" in reader.process.stdout.read()


def test_nobody_listening_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert server.main(["--vpcd", f"127.0.0.1:{port}"]) == 1
    assert "is pcscd running" in capsys.readouterr().err


def test_a_damaged_state_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "card"
    state.write_text("nothing")
    assert server.main(["--vpcd", "127.0.0.1:1", "--state", str(state)]) == 1
    assert str(state) in capsys.readouterr().err


def test_signals_are_as_before_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    test_nobody_listening_is_said(capsys)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_the_list_names_profiles_and_every_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    assert server.main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert "j2a040-unfused" in listed
    assert "j2a081-unfused" in listed
    assert "JCOPSIMULATEDTK0" in listed
    in_one_line = " ".join(listed.split())
    assert all(" ".join(assumption.text.split()) in in_one_line for assumption in ASSUMPTIONS)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_list_breaks_its_lines_at_blanks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    server.main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    words = {word for assumption in ASSUMPTIONS for word in assumption.text.split()}
    assert words <= {word for line in lines for word in line.split()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required"),
        (["--vpcd", "35963"], "HOST:PORT"),
        (["--vpcd", "localhost:0"], "HOST:PORT"),
        (["--vpcd", "localhost:65536"], "HOST:PORT"),
        (["--vpcd", ":35963"], "HOST:PORT"),
        (["j3a040", "--vpcd", "localhost:35963"], "j2a081-unfused"),
        (["--list", "--vpcd", "localhost:35963"], "not allowed"),
    ],
)
def test_a_wrong_line_ends_with_2_and_says_why(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        server.main(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err
