"""The user's files as the program meets them: at its start, in scripts, and at the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.card.support import FUSE, IDENTIFY
from tests.e2e.support import Jcopsh, ask

PROMPT = "❯ "


@pytest.fixture
def jcopsh(tmp_path: Path) -> Jcopsh:
    """The program, with a folder for its files."""
    made = Jcopsh(tmp_path)
    folder(made).mkdir(parents=True)
    return made


def folder(jcopsh: Jcopsh) -> Path:
    return Path(jcopsh.environment["XDG_CONFIG_HOME"]) / "jcopsh"


def write(jcopsh: Jcopsh, text: str, name: str = "config.toml") -> Path:
    file = folder(jcopsh) / name
    file.write_text(text)
    return file


def test_settings_hold_in_a_script_and_aliases_do_not(jcopsh: Jcopsh) -> None:
    write(jcopsh, '[settings]\nmap = "j2a081"\n[aliases]\nid = "identify"\nbad = "nonsense"\n')
    write(jcopsh, "set map j2a040\n", "startup.jcop")
    done = jcopsh.run("-c", "set map")
    assert (done.returncode, done.stderr) == (0, "")
    assert "map = j2a081" in done.stdout
    done = jcopsh.run("-c", "id")
    assert done.returncode == 2
    assert "there is no such command" in done.stderr
    assert jcopsh.received() == []


def test_mistakes_are_told_and_the_lines_run(jcopsh: Jcopsh) -> None:
    file = write(jcopsh, '[settings]\ntrce = "brief"\nkeys = "vi"\n')
    for arguments, text in (((), "set keys"), (("-",), "set keys"), (("-c", "set keys"), "")):
        done = jcopsh.run(*arguments, text=text)
        assert (done.returncode, "keys = vi" in done.stdout) == (0, True)
        assert done.stderr.strip() == f"{file}:2: there is no such setting: trce; did you mean trace?"


def test_without_config_nothing_of_it_holds(jcopsh: Jcopsh) -> None:
    write(jcopsh, '[settings]\ntrce = "brief"\nkeys = "vi"\n[aliases]\nid = "identify"\n')
    write(jcopsh, "set trace full\n", "startup.jcop")
    done = jcopsh.run("--no-config", "-c", "set keys")
    assert (done.returncode, "keys = emacs" in done.stdout, done.stderr) == (0, True, "")
    with jcopsh.terminal("--no-config") as terminal:
        terminal.wait_for("Nothing was sent yet")
        terminal.type_in("set trace; alias\r")
        terminal.wait_for("no aliases")
        assert "trace = off" in terminal.screen


def test_an_option_overrules_the_environment_and_that_the_file(jcopsh: Jcopsh) -> None:
    file = write(jcopsh, '[settings]\nreader = "file"\ntrace = "full"\nprotocol = "T=0"\ncolor = "always"\n')
    jcopsh.environment |= {"GP_READER": "environment", "GP_TRACE": "true"}
    done = jcopsh.run_plain("-c", "set reader; set trace; set protocol; set color")
    for shown in ("GP_READER", "GP_TRACE", f"{file}:4", f"{file}:5"):
        assert shown in done.stdout
    done = jcopsh.run_plain("--reader", "option", "--protocol", "T=1", "--shared", "--no-color", "-c",
                            "set reader; set protocol; set shared; set color")
    lines = [line for line in done.stdout.splitlines() if " = " in line]
    assert lines == ["reader = option", "protocol = T=1", "shared = on", "color = never"]
    for option in ("--reader", "--protocol", "--shared", "--no-color"):
        assert f"; {option}" in done.stdout


def test_a_reader_of_the_environment_is_no_hindrance_to_a_simulated_card(jcopsh: Jcopsh) -> None:
    write(jcopsh, '[settings]\nreader = "omnikey"\n')
    jcopsh.environment["GP_READER"] = "acs"
    done = jcopsh.run("-c", "connect; identify")
    assert done.returncode == 0, done.stderr


def test_at_the_terminal_aliases_hold_and_the_start_up_file_runs(jcopsh: Jcopsh) -> None:
    write(jcopsh, '[aliases]\nid = "identify"\n')
    write(jcopsh, "# every time\nset hints off\nalias twice = id --json\n", "startup.jcop")
    with jcopsh.terminal() as terminal:
        terminal.wait_for("hints = off")
        terminal.type_in("twice\r")
        terminal.wait_for('"Identification"')
        terminal.type_in("exit\r")
        assert terminal.wait_for_end() == 0
    assert jcopsh.received() == [IDENTIFY]
    history = (Path(jcopsh.environment["XDG_STATE_HOME"]) / "jcopsh" / "history").read_text()
    assert history.splitlines() == ["twice", "exit"]


def test_mistakes_are_told_at_the_terminal_and_the_shell_starts(jcopsh: Jcopsh) -> None:
    write(jcopsh, '[settings]\ntoolbar = "of\nkeys = "vi"\n[aliases]\nk = "raed cm_key1"\nid = "identify"\n')
    write(jcopsh, "set hints off\nnonsense\nset trace full\n", "startup.jcop")
    with jcopsh.terminal(columns=200) as terminal:
        terminal.wait_for("startup.jcop, line 2: stopped here")
        screen = terminal.screen
        assert "config.toml:2:14: this text is never closed" in screen
        assert "config.toml:5: the alias k: there is no such command; did you mean read?" in screen
        terminal.type_in("set trace; id\r")
        terminal.wait_for("fuse state")
        assert "trace = off" in terminal.screen


def test_a_start_up_file_that_cannot_be_read_is_told(jcopsh: Jcopsh) -> None:
    (folder(jcopsh) / "startup.jcop").write_bytes(b"\xff\xfe")
    with jcopsh.terminal() as terminal:
        terminal.wait_for("it is not text in UTF-8")
        terminal.type_in("identify\r")
        terminal.wait_for("fuse state")


def test_an_alias_and_the_start_up_file_are_judged_like_any_line(jcopsh: Jcopsh) -> None:
    write(jcopsh, '[aliases]\nharmless = "send 00000000"\nb = "00F00000"\n')
    write(jcopsh, "harmless\n", "startup.jcop")
    with jcopsh.terminal() as terminal:
        terminal.wait_for("anything else sends nothing: ")
        terminal.type_in("yes\r")
        terminal.wait_for("stopped here")
        ask(terminal, "b", "or no: ")
        terminal.type_in("no\r")
        terminal.wait_for("✘")
    assert FUSE not in jcopsh.received()
    assert bytes.fromhex("00F00000") not in jcopsh.received()


def test_the_start_up_file_answers_no_question_before_it_is_asked(jcopsh: Jcopsh) -> None:
    write(jcopsh, "boot --yes\n", "startup.jcop")
    with jcopsh.terminal() as terminal:
        assert "not kept in the start-up file" in terminal.wait_for("stopped here")
    assert bytes.fromhex("00F00000") not in jcopsh.received()


def test_an_alias_is_saved_for_the_next_time_and_forgotten(jcopsh: Jcopsh) -> None:
    file = write(jcopsh, "# mine\n")
    with jcopsh.terminal() as terminal:
        terminal.wait_for("Nothing was sent yet")
        terminal.type_in("alias --save id = identify --json\r")
        terminal.type_in("exit\r")
        assert terminal.wait_for_end() == 0
    assert file.read_text() == '# mine\n\n[aliases]\nid = "identify --json"\n'
    with jcopsh.terminal() as terminal:
        terminal.wait_for("Nothing was sent yet")
        terminal.type_in("id\r")
        terminal.wait_for('"Identification"')
        terminal.type_in("unalias id\r")
        terminal.wait_for("id is forgotten; config.toml has it")
        terminal.type_in("unalias id --save\r")
        terminal.wait_for("in config.toml too")
        terminal.type_in("unalias id --save\r")
        terminal.wait_for("there is no such alias")
    assert file.read_text() == "# mine\n\n[aliases]\n"


def test_a_key_in_an_alias_is_refused_and_kept_nowhere(jcopsh: Jcopsh) -> None:
    key = bytes(range(0x40, 0x50)).hex().upper()
    with jcopsh.terminal() as terminal:
        terminal.wait_for("Nothing was sent yet")
        terminal.type_in(f"alias --save k = write cm_key1 {key}\r")
        terminal.wait_for("must not hold what may be a key")
        terminal.type_in("exit\r")
        assert terminal.wait_for_end() == 0
    assert [path for path, content in jcopsh.files().items() if key.encode() in content] == []
