"""Results at a real terminal: paged, redirected, piped, traced; and in scripts, where nothing is paged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.card.support import TRANSPORT_KEY
from tests.e2e.support import Jcopsh, say_yes
from tests.terminal import Terminal

NEW_KEY = "A10102030405060708090A0B0C0D0E0F"
PROMPT = "❯"
LAST_OF_HELP = "# before a comment"


@pytest.fixture
def jcopsh(tmp_path: Path) -> Jcopsh:
    """The program, with the pager that comes by itself."""
    program = Jcopsh(tmp_path)
    for name in ("PAGER", "LESS"):
        program.environment.pop(name, None)
    return program


def type_line(terminal: Terminal, line: str, seen: str) -> None:
    """Type a line, and wait until something was written after it."""
    start = len(terminal.output)
    terminal.type_in(f"{line}\r")
    terminal.wait_for_output(seen, start=start)


def test_long_output_is_paged_at_the_prompt_and_short_is_not(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal(columns=80, rows=24) as terminal:
        terminal.wait_for(PROMPT)
        type_line(terminal, "help", "connection")
        terminal.wait_for("\n:")  # less waits for a key
        assert LAST_OF_HELP not in terminal.output.decode()
        terminal.type_in("q")
        type_line(terminal, "set pager off", "pages what is longer")
        type_line(terminal, "help", LAST_OF_HELP)
        type_line(terminal, "set pager auto", "pages what is longer")
        type_line(terminal, "help | cat", LAST_OF_HELP)


def test_scripts_and_lines_of_the_command_line_are_never_paged(jcopsh: Jcopsh) -> None:
    (jcopsh.folder / "script").write_text("help\n")
    for arguments in (("-c", "help"), ("script",)):
        with jcopsh.terminal(*arguments, columns=80, rows=12) as terminal:
            assert terminal.wait_for_end() == 0
            assert LAST_OF_HELP in terminal.output.decode()
    with jcopsh.terminal(columns=80, rows=12) as terminal:
        terminal.wait_for(PROMPT)
        type_line(terminal, "run script", LAST_OF_HELP)


def test_what_is_to_be_written_is_on_the_screen_before_the_question(jcopsh: Jcopsh) -> None:
    key = TRANSPORT_KEY.hex()
    with jcopsh.terminal(columns=100, rows=40) as terminal:
        terminal.wait_for(PROMPT)
        terminal.type_in(f"select tk {key}\r")
        terminal.wait_for("unfused root")
        say_yes(terminal, "boot")
        terminal.wait_for("unfused booted")
        start = len(terminal.output)
        terminal.type_in(f"write cm_key1 {NEW_KEY} > log.txt\r")
        end = terminal.wait_for_output("or no: ", start=start)
        asked = terminal.output[start:end].decode()
        # the difference, old and new check value, before the question
        assert len(set(re.findall(r"KCV ([0-9A-F]{6})", asked.split("Destructive")[0]))) == 2
        terminal.type_in("yes\r")
        terminal.wait_for("written to")
    log = (jcopsh.folder / "log.txt").read_text()
    assert "cm_key1" in log and "read back" in log
    assert NEW_KEY not in log.replace(" ", "")
    assert "log.txt" in (jcopsh.folder / "state" / "jcopsh" / "history").read_text()


def test_a_trace_on_the_screen_has_colours_and_in_a_pipe_none(jcopsh: Jcopsh) -> None:
    with jcopsh.terminal("-c", "trace brief; identify", columns=80, rows=24) as terminal:
        assert terminal.wait_for_end() == 0
        (line,) = (cells for text, cells in terminal.styled_lines() if text.startswith("A>>"))
        assert len({cell.fg for cell in line}) >= 4
    done = jcopsh.run("-c", "trace full; identify", "--json")
    assert len(done.stdout.splitlines()) == 2
    assert all(one.startswith('{"type"') for one in done.stdout.splitlines())
    assert "\x1b" not in done.stderr
    assert re.search(r"^A<< \(0019\+2\) \(\d+ms\) .* 6A82$", done.stderr, re.MULTILINE)


def test_a_trace_of_the_whole_job_is_played_again_without_a_card(jcopsh: Jcopsh) -> None:
    line = f"trace brief; identify; select tk {TRANSPORT_KEY.hex()}; boot --yes; read cm_key1; reset; identify"
    done = jcopsh.run("-c", line)
    assert done.returncode == 0, done.stderr
    assert TRANSPORT_KEY.hex().upper() not in done.stderr.upper()
    (jcopsh.folder / "trace.txt").write_text(done.stderr)
    again = jcopsh.run_plain("--replay", "trace.txt", "-c", line.replace("trace brief; ", ""))
    assert again.returncode == 0, again.stderr
    kcv = re.findall(r"<cm_key1:16:([0-9A-F]{6})>", done.stderr)
    assert kcv and f"3DES KCV {kcv[0]}" in again.stdout


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {}], ids=["NO_COLOR", "--no-color"])
def test_without_colours_nothing_has_any(jcopsh: Jcopsh, variables: dict[str, str]) -> None:
    jcopsh.environment |= variables
    options = () if variables else ("--no-color",)
    with jcopsh.terminal(*options, "-c", "trace full; identify; reed", columns=80, rows=60) as terminal:
        assert terminal.wait_for_end() == 2
        assert "\x1b[" not in terminal.output.decode()


def test_the_usage_names_the_completion_and_the_default_profile(jcopsh: Jcopsh) -> None:
    shown = " ".join(jcopsh.run_plain("--help").stdout.split())
    assert "[SCRIPT|-] jcopsh completion bash|zsh|fish" in shown
    assert "default j2a040-unfused" in shown


def test_without_colours_nothing_is_suggested(jcopsh: Jcopsh) -> None:
    history = jcopsh.folder / "state" / "jcopsh" / "history"
    history.parent.mkdir(parents=True)
    history.write_text("readers --json\n")
    with jcopsh.terminal() as terminal:
        terminal.wait_for("J2A040 ❯")
        terminal.type_in("reade")
        terminal.wait_for("❯ readers --json")
    with jcopsh.terminal("--no-color") as terminal:
        terminal.wait_for("J2A040 ❯")
        terminal.type_in("reade")
        terminal.wait_for("reader-send")  # the menu: a suggestion comes before it
        assert "--json" not in terminal.screen


def test_files_and_programs_in_a_script(jcopsh: Jcopsh) -> None:
    (jcopsh.folder / "script").write_text(
        "identify > who.txt\nidentify >> who.txt\nidentify > who.json\natr > atr.svg\natr > atr.html\natr | sort -r\n")
    done = jcopsh.run("script")
    assert done.returncode == 0, done.stderr
    assert (jcopsh.folder / "who.txt").read_text().count("not fused") == 2
    assert done.stdout.splitlines() == sorted(done.stdout.splitlines(), reverse=True) != []
    assert jcopsh.run("script").returncode == 2  # the files are there now


JOB = [
    "identify", "atr", "status", "applets", f"select tk {TRANSPORT_KEY.hex()}", "boot --yes", "read cm_key1",
    "read 0xC00120 48", "write ifsc FD", "dump", "plugins", "set", "history", "help", "help read", "help words",
    "help the line", "help APDU", "help status words", "help memory map", "trace full", "send 00A4040000*6A82",
]
FILES = [
    "status", "files", "select-file 3F00", "pwd", "data-objects", "manage-channel", "get-challenge 8",
    "tlv 6F108408A000000151000000A5049F6501FF",
]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize(("profile", "lines"), [("j2a040-unfused", JOB), ("iso7816-files", FILES)])
def test_every_screen_fits_its_terminal(tmp_path: Path, profile: str, lines: list[str], columns: int) -> None:
    program = Jcopsh(tmp_path, profile=profile)
    with program.terminal("-c", "; ".join(lines), columns=columns, rows=50) as terminal:
        assert terminal.wait_for_end() == 0, terminal.screen
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.output.decode()).replace("\r", "")
    # a trace is to be read again by programs, and breaks no line
    rows = [row for row in shown.splitlines() if not re.match(r"A>>|A<<|# SCard", row)]
    assert len(rows) > len(lines)
    for row in rows:
        assert cell_len(row) <= columns, row
        assert row == row.rstrip(), row
