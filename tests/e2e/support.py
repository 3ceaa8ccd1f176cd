"""jcopsh as a user starts it: a program with a home of its own, with or without a terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.reader_stack import program, program_environment
from tests.terminal import Terminal

HOME_FOLDERS = {"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state",
                "XDG_CACHE_HOME": "cache"}


class Jcopsh:
    """The program with a home in `folder`, and a simulated card that is kept there."""

    def __init__(self, folder: Path, *, profile: str = "j2a040-unfused") -> None:
        self.folder = folder
        self.card_file = folder / "card.json"
        self.profile = profile
        self.environment = program_environment()
        for variable, name in HOME_FOLDERS.items():
            self.environment[variable] = str(folder / name)
        self.environment.pop("NO_COLOR", None)

    @property
    def on_card(self) -> list[str]:
        """The options that choose the simulated card."""
        return ["--profile", self.profile, "--sim-state", str(self.card_file)]

    def run(self, *arguments: str, text: str = "", timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run it on the card, to its end, with TEXT on standard input and in a session without any terminal."""
        return self.run_plain(*self.on_card, *arguments, text=text, timeout_s=timeout_s)

    def run_plain(self, *arguments: str, text: str = "", timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """The same without choosing a card."""
        return subprocess.run(
            [*program("jcopsh"), *arguments], input=text, capture_output=True, text=True, timeout=timeout_s,
            check=False, start_new_session=True, env=self.environment, cwd=self.folder,
        )

    @contextmanager
    def terminal(
        self, *arguments: str, columns: int = 100, rows: int = 40, kind: str = "xterm-256color"
    ) -> Iterator[Terminal]:
        """Start it on the card, at a terminal."""
        with self.plain_terminal(*self.on_card, *arguments, columns=columns, rows=rows, kind=kind) as terminal:
            yield terminal

    @contextmanager
    def plain_terminal(
        self, *arguments: str, columns: int = 100, rows: int = 40, kind: str = "xterm-256color"
    ) -> Iterator[Terminal]:
        """The same without choosing a card."""
        command = ["env", "--chdir", str(self.folder), *program("jcopsh"), *arguments]
        with Terminal(command, environment=self.environment, columns=columns, rows=rows, kind=kind) as terminal:
            yield terminal

    def received(self) -> list[bytes]:
        """Every byte string the card got, in order, over all runs."""
        log = Path(f"{self.card_file}.log")
        lines = log.read_text("ascii").splitlines() if log.exists() else []
        return [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]

    def files(self) -> dict[Path, bytes]:
        """Every file the program keeps, but for the card itself."""
        found = [path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("card.json")]
        return {path: path.read_bytes() for path in found}


def phrase_on(screen: str, action: str) -> str:
    """The phrase that the screen asks to type: the action and its random code."""
    for line in reversed(screen.splitlines()):
        _, found, rest = line.partition(f"Type {action} ")
        if found:
            return f"{action} {rest.split()[0]}"
    raise AssertionError(f"the screen asks for no {action}:\n{screen}")


def ask(terminal: Terminal, line: str, question: str) -> None:
    """Type a line, and wait until the question it leads to stands there: not one of an earlier line."""
    start = len(terminal.output)
    terminal.type_in(f"{line}\r")
    terminal.wait_for_output(question, start=start)


def consent(terminal: Terminal, line: str, action: str) -> None:
    """Type a line and the phrase that it is answered with."""
    ask(terminal, line, "anything else sends nothing: ")
    terminal.type_in(phrase_on(terminal.screen, action) + "\r")


def say_yes(terminal: Terminal, line: str) -> None:
    """Type a line and answer its question with yes."""
    ask(terminal, line, "or no: ")
    terminal.type_in("yes\r")


def write_and_fuse(terminal: Terminal, key: str) -> None:
    """The end of the job, from a booted card on: a key is written, the card protected and fused, and jcopsh left."""
    say_yes(terminal, f"write cm_key1 {key}")
    terminal.wait_for("read back")
    consent(terminal, "protect", "protect")
    terminal.wait_for("booted protected ❯")
    consent(terminal, "fuse", "fuse")
    terminal.wait_for(" fused ❯")
    terminal.type_in("exit\r")
    assert terminal.wait_for_end() == 0
