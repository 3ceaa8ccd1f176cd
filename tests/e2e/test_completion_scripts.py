"""Completion of the command line, in the shells themselves: each on a pseudo-terminal, with Tab as it is typed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jcopsh.shell_completion import FILE_NAMES, SHELLS
from tests.reader_stack import program, program_environment
from tests.terminal import Terminal

CHECKOUT = Path(__file__).parents[2]
PROMPT = "ready> "

# how each shell is started without anybody's start-up files, and how it loads a script and gets its prompt, which is
# written in two parts: the line that sets it is no prompt
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
SET_UP = {
    "bash": "bind 'set bell-style none'; source {script}; PS1='rea''dy> '",
    "zsh": "autoload -Uz compinit; compinit -u -D; unsetopt beep prompt_sp; source {script}; PS1='rea''dy> '",
    "fish": "set -g fish_autosuggestion_enabled 0; source {script};"
            " function fish_prompt; echo -n 'rea''dy> '; end",
}
ERASE_LINE = "\x15"  # Ctrl-U


def generated(shell: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program("jcopsh"), "completion", shell], capture_output=True, text=True, timeout=60, check=False,
        env=environment or program_environment(),
    )


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three scripts as the program prints them."""
    folder = tmp_path_factory.mktemp("scripts")
    for shell in SHELLS:
        (folder / FILE_NAMES[shell]).write_text(generated(shell).stdout)
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a script, a card and a folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in ("prepare.jcop", "card one.json"):
        (folder / name).touch()
    (folder / "traces").mkdir()
    return folder


class Typing:
    """A shell on a terminal, with the script loaded."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def one_tab(self, typed: str, line: str) -> None:
        """Type a text and one Tab, and see it become a line."""
        self._terminal.type_in(f"{ERASE_LINE}{typed}\t")
        self._terminal.wait_for(f"{PROMPT}{line}")

    def listed(self, typed: str, shown: str) -> str:
        """Type a text and Tab twice; the screen when it shows something."""
        self._terminal.type_in(f"{ERASE_LINE}{typed}\t\t")
        return self._terminal.wait_for(shown)

    def nothing(self, typed: str) -> None:
        """Type a text and Tab twice, and see nothing but what is typed behind it."""
        self._terminal.type_in(f"{ERASE_LINE}{typed}\t\tEND")
        self._terminal.wait_for(f"{PROMPT}{typed}END")


@contextmanager
def typing(shell: str, scripts: Path, here: Path) -> Iterator[Typing]:
    environment = {**program_environment(), "HOME": str(here.parent), "LC_ALL": "C.UTF-8", "HISTFILE": "/dev/null"}
    command = ["env", "--chdir", str(here), *START[shell]]
    with Terminal(command, environment=environment, columns=110, rows=90) as terminal:
        terminal.type_in(SET_UP[shell].format(script=scripts / FILE_NAMES[shell]) + "\r")
        terminal.wait_for(PROMPT)
        yield Typing(terminal)


@pytest.mark.parametrize("shell", SHELLS)
def test_options_and_their_values(shell: str, scripts: Path, here: Path) -> None:
    with typing(shell, scripts, here) as line:
        line.one_tab("jcopsh --rea", "jcopsh --reader")
        line.one_tab("jcopsh --no-con", "jcopsh --no-config")
        for typed in ("jcopsh --profile ", "jcopsh --profile=", "jcopsh-sim "):
            shown = line.listed(typed, "j3r180")
            assert "j2a081-unfused" in shown and "protocol=t0" not in shown and "boot=" not in shown
        line.one_tab("jcopsh --profile iso7816-files,", "jcopsh --profile iso7816-files,protocol=t0")
        line.one_tab("jcopsh --profile=j2a08", "jcopsh --profile=j2a081-unfused")
        line.one_tab("jcopsh --profile=j2a081-unfused,bo", "jcopsh --profile=j2a081-unfused,boot=keep")
        line.one_tab("jcopsh --protocol T=", "jcopsh --protocol T=")
        line.nothing("jcopsh --reader ")
        line.one_tab("jcopsh-sim --li", "jcopsh-sim --list")
        line.one_tab("jcopsh-sim iso7816-files,", "jcopsh-sim iso7816-files,protocol=t0")


@pytest.mark.parametrize("shell", SHELLS)
def test_options_are_listed_with_what_they_mean(shell: str, scripts: Path, here: Path) -> None:
    with typing(shell, scripts, here) as line:
        screen = line.listed("jcopsh --", "a recorded session in place of a card")
    rows = [row for row in screen.splitlines() if row.strip().startswith("--")]
    assert len(rows) >= 10
    assert any(re.match(r"--sim\s.*a simulated card, which nobody can ruin", row) for row in rows)


@pytest.mark.parametrize("shell", SHELLS)
def test_what_does_not_go_together_is_not_offered(shell: str, scripts: Path, here: Path) -> None:
    with typing(shell, scripts, here) as line:
        for others in ("--sim --rea", "--sim --sim-state x --repl", "--replay x --sim", "--reader x --prof",
                       "--replay x --repl", "--json --js"):
            line.nothing(f"jcopsh {others}")
        line.one_tab("jcopsh --sim --sim-s", "jcopsh --sim --sim-state")
        line.nothing("jcopsh -c identify prep")
        line.nothing("jcopsh-sim --list --vp")
        screen = line.listed("jcopsh prepare.jcop -", "--json")
    # neither -c nor another script, once there is one
    assert not re.search(r"^-c\b|\s-c\s", screen, re.MULTILINE)


@pytest.mark.parametrize("shell", SHELLS)
def test_files(shell: str, scripts: Path, here: Path) -> None:
    with typing(shell, scripts, here) as line:
        line.one_tab("jcopsh prep", "jcopsh prepare.jcop")
        line.one_tab("jcopsh --sim --json prep", "jcopsh --sim --json prepare.jcop")
        line.one_tab("jcopsh --sim-state ca", "jcopsh --sim-state card\\ one.json")
        line.one_tab("jcopsh --replay tra", "jcopsh --replay traces/")
        line.nothing("jcopsh prepare.jcop car")


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_behind_c(shell: str, scripts: Path, here: Path) -> None:
    with typing(shell, scripts, here) as line:
        line.one_tab("jcopsh -c iden", "jcopsh -c identify")
        line.one_tab("jcopsh -c 'iden", "jcopsh -c 'identify")
        line.one_tab("jcopsh -c 'identify; disco", "jcopsh -c 'identify; disconnect")
        line.one_tab('jcopsh -c "identify;disco', 'jcopsh -c "identify;disconnect')
        line.nothing("jcopsh -c 'read prep")
        line.nothing("jcopsh -c 'identify; read prep")
        assert "unalias" in line.listed("jcopsh -c '", "unalias")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_scripts_themselves(shell: str, scripts: Path, here: Path) -> None:
    with typing(shell, scripts, here) as line:
        line.one_tab("jcopsh compl", "jcopsh completion")
        line.one_tab("jcopsh completion z", "jcopsh completion zsh")
        line.nothing("jcopsh prepare.jcop z")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_kept_scripts_are_what_the_program_prints(shell: str, scripts: Path) -> None:
    printed = (scripts / FILE_NAMES[shell]).read_text()
    kept = (CHECKOUT / "completions" / FILE_NAMES[shell]).read_text()
    assert kept == printed, f"make it anew: jcopsh completion {shell} > completions/{FILE_NAMES[shell]}"


def test_no_other_scripts_are_kept() -> None:
    assert {file.name for file in (CHECKOUT / "completions").iterdir()} == set(FILE_NAMES.values())


def test_zsh_finds_the_script_by_itself_in_a_folder_of_fpath(scripts: Path, here: Path) -> None:
    environment = {**program_environment(), "HOME": str(here.parent), "LC_ALL": "C.UTF-8"}
    with Terminal(["zsh", "-f", "-i"], environment=environment, columns=110, rows=40) as terminal:
        terminal.type_in(f"fpath=({scripts} $fpath); autoload -Uz compinit; compinit -u -D; PS1='rea''dy> '\r")
        terminal.wait_for(PROMPT)
        terminal.type_in("jcopsh --rea\t")
        terminal.wait_for(f"{PROMPT}jcopsh --reader")


def test_an_unknown_shell_is_told() -> None:
    for arguments in (["completion", "tcsh"], ["completion"]):
        done = subprocess.run([*program("jcopsh"), *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env=program_environment())
        assert (done.returncode, done.stdout) == (2, "")
        assert "jcopsh completion zsh" in done.stderr


def test_a_script_named_completion_is_still_run(tmp_path: Path) -> None:
    (tmp_path / "completion").write_text("set hints\n")
    for name in ("completion", "./completion"):
        done = subprocess.run([*program("jcopsh"), "--sim", name], capture_output=True, text=True, timeout=60,
                              check=False, env=program_environment(), cwd=tmp_path)
        assert (done.returncode, "hints = on" in done.stdout) == (0, True), done.stderr
