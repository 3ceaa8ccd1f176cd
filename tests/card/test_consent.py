"""How consent is asked: on a real pseudo-terminal, of whoever types there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.interlock import Judgement, Severity
from jcopsh.errors import EXIT_REFUSED, Refused
from jcopsh.state import CODE_ALPHABET
from tests.reader_stack import program_environment
from tests.terminal import Terminal

PROGRAM = [sys.executable, str(Path(__file__).with_name("consent_program.py"))]
FUSE, BOOT, WRITE = "00000000", "00F00000", "C0D605000100"
PHRASE = re.compile(rb"Type (?:\x1b\[1m)?(fuse [0-9A-Z]+)")
ESCAPES = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")
LONG = 20_000


@contextmanager
def at_a_terminal(*commands: str, ahead: str = "", **environment: str) -> Iterator[Terminal]:
    with Terminal([*PROGRAM, *commands], environment={**program_environment(), **environment}) as terminal:
        if ahead:
            terminal.type_in(ahead)
        yield terminal


def phrase(terminal: Terminal, *, start: int = 0) -> str:
    """The phrase to type, once the question stands there."""
    end = terminal.wait_for_output("sends nothing: ", start=start)
    found = PHRASE.findall(terminal.output[start:end])
    return str(found[-1].decode())


def outcome(terminal: Terminal) -> dict[str, str]:
    """What the program told, by its first words."""
    terminal.wait_for_output("\nEND")
    text = ESCAPES.sub("", terminal.output.decode("utf-8", "replace")).replace("\r", "")
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in text.splitlines()}


def nothing_sent(terminal: Terminal, reason: str) -> None:
    told = outcome(terminal)
    assert "SENT" not in told
    assert told["REFUSED"].startswith(f"{EXIT_REFUSED} ")
    assert reason in told["REFUSED"]
    assert (told["RECEIVED"], told["MODES"], told["LEFTOVER"]) == ("nothing", "same", "b''")


def test_the_phrase_that_is_shown_sends_the_command() -> None:
    with at_a_terminal(FUSE) as terminal:
        terminal.type_in(phrase(terminal) + "\r")
        told = outcome(terminal)
        assert "SENT" in told
        assert (told["RECEIVED"], told["MODES"], told["LEFTOVER"]) == (FUSE, "same", "b''")
        shown = terminal.output.decode()
        for words in ("Cannot be undone", "There is no way back", "simulated j2a040-unfused", "ATR 3BF8"):
            assert words in " ".join(shown.split())


@pytest.mark.parametrize("command", [FUSE, BOOT])
def test_questions_break_their_lines_at_blanks(command: str) -> None:
    with Terminal([*PROGRAM, command], environment=program_environment(), columns=40) as terminal:
        end = terminal.wait_for_output("sends nothing: " if command == FUSE else "or no: ")
        shown = ESCAPES.sub("", terminal.output[:end].decode()).replace("\r", "").splitlines()
        # a line of the terminal's whole width would be broken by it
        assert max(map(len, shown)) < 40
        assert re.search(r"Type fuse \w{4} |Send it\? yes or no", " ".join(shown))
        terminal.type_in("no\r")
        outcome(terminal)


def test_small_letters_and_blanks_do_not_matter() -> None:
    with at_a_terminal(FUSE) as terminal:
        terminal.type_in("  " + phrase(terminal).lower().replace(" ", "   ") + " \r")
        assert outcome(terminal)["RECEIVED"] == FUSE


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "fuse",
        "yes",
        "y",
        "fuse AAAA",
        "protect {code}",
        "{code}",
        "fuse {code}X",
        "fuse{code}",
        "--yes",
        "fuse {code} fuse {code}",
    ],
)
def test_anything_else_sends_nothing(answer: str) -> None:
    with at_a_terminal(FUSE) as terminal:
        code = phrase(terminal).split()[1]
        terminal.type_in(answer.format(code=code) + "\r")
        nothing_sent(terminal, "The phrase was not typed.")


def test_what_was_typed_ahead_is_thrown_away() -> None:
    """A whole phrase too, whatever its code; and yes, for what is destructive."""
    with at_a_terminal(FUSE, ahead="fuse 7K4Q\rfuse 7K4Q\r") as terminal:
        phrase(terminal)
        terminal.type_in("no\r")
        nothing_sent(terminal, "The phrase was not typed.")
    with at_a_terminal(BOOT, ahead="yes\ryes\r") as terminal:
        terminal.wait_for("yes or no: ")
        terminal.type_in("no\r")
        nothing_sent(terminal, "The answer was not yes.")


def test_a_bracketed_paste_is_refused_with_the_right_phrase_in_it() -> None:
    with at_a_terminal(FUSE) as terminal:
        right = phrase(terminal)
        assert b"\x1b[?2004h" in terminal.output
        terminal.type_in(f"\x1b[200~{right}\r\x1b[201~\r")
        nothing_sent(terminal, "It was pasted.")
        assert b"\x1b[?2004l" in terminal.output


def test_a_paste_in_the_middle_of_typing_is_refused() -> None:
    with at_a_terminal(FUSE) as terminal:
        action, code = phrase(terminal).split()
        terminal.type_in(f"{action} ")
        terminal.type_in(f"\x1b[200~{code}\x1b[201~\r")
        nothing_sent(terminal, "It was pasted.")


def test_a_paste_that_comes_in_pieces_is_refused() -> None:
    with at_a_terminal(FUSE) as terminal:
        right = phrase(terminal)
        for piece in ("\x1b", "[20", "0~" + right, "\x1b[201~", "\r"):
            terminal.type_in(piece)
        nothing_sent(terminal, "It was pasted.")


@pytest.mark.parametrize("begin", ["\x1b[200~", "wrong\r", "\x03"])
def test_the_rest_of_what_was_refused_does_not_become_the_next_command(begin: str) -> None:
    """It goes on coming after the refusal, for longer than the terminal's queue is."""
    with at_a_terminal(FUSE) as terminal:
        right = phrase(terminal)
        terminal.type_in(begin)
        for _ in range(LONG // 1000):
            terminal.type_in((right + "\r") * (1000 // len(right)))
        told = outcome(terminal)
        assert (told["RECEIVED"], told["LEFTOVER"]) == ("nothing", "b''")


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_and_ctrl_d_leave_the_question(key: str) -> None:
    with at_a_terminal(FUSE) as terminal:
        terminal.type_in(phrase(terminal)[:3] + key)
        nothing_sent(terminal, "The question was left.")


def test_a_terminal_that_goes_away_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    monkeypatch.setattr(consent, "TERMINAL", os.ttyname(slave))

    def hang_up() -> None:
        shown = b""
        while b"sends nothing: " not in shown:
            shown += os.read(master, 4096)
        os.close(slave)
        os.close(master)

    person = threading.Thread(target=hang_up)
    person.start()
    with pytest.raises(Refused, match="nothing was sent") as caught:
        consent.ask_typed(Judgement(Severity.IRREVERSIBLE, "fuse", "FUSE", "It goes."), "card")
    person.join()
    assert caught.value.meaning in ("The terminal went away.", "The question was left.")


def test_what_is_no_terminal_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "TERMINAL", os.devnull)
    with pytest.raises(Refused):
        consent.ask_yes(Judgement(Severity.DESTRUCTIVE, "boot", "BOOT", "It may wipe."), "card")


def test_keys_that_move_are_not_heeded_and_backspace_takes_back() -> None:
    with at_a_terminal(FUSE) as terminal:
        action, code = phrase(terminal).split()
        terminal.type_in("\x1b[A\x1b[1;5Cfux\x7fsX\x08e\x1bOP\x1b[3~ \x01" + code[:2] + "\x7f" + code[1:] + "\r")
        told = outcome(terminal)
        assert action == "fuse"
        assert told["RECEIVED"] == FUSE


def test_more_backspaces_than_letters() -> None:
    with at_a_terminal(FUSE) as terminal:
        terminal.type_in("\x7f\x7fab\x7f\x7f\x7f" + phrase(terminal) + "\r")
        assert outcome(terminal)["RECEIVED"] == FUSE


def test_two_questions_have_two_codes_and_the_first_answer_does_not_serve_twice() -> None:
    with at_a_terminal(FUSE, "00100000") as terminal:
        first = phrase(terminal)
        terminal.type_in(first + "\r")
        start = terminal.wait_for_output("SENT")
        terminal.wait_for_output("Type", start=start)
        end = terminal.wait_for_output("sends nothing: ", start=start)
        assert b"protect" in terminal.output[start:end]
        terminal.type_in("protect " + first.split()[1] + "\r")
        assert outcome(terminal)["RECEIVED"] == FUSE


@pytest.mark.parametrize(
    ("answer", "sent"), [("yes", True), ("y", True), ("YES", True), ("no", False), ("", False), ("ja", False)]
)
def test_destructive_is_answered_with_yes(answer: str, sent: bool) -> None:
    with at_a_terminal(WRITE) as terminal:
        terminal.wait_for("yes or no: ")
        terminal.type_in(answer + "\r")
        assert outcome(terminal)["RECEIVED"] == (WRITE.lower() if sent else "nothing")


def test_a_pasted_yes_is_refused() -> None:
    with at_a_terminal(WRITE) as terminal:
        terminal.wait_for("yes or no: ")
        terminal.type_in("\x1b[200~yes\x1b[201~\r")
        nothing_sent(terminal, "It was pasted.")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"JCOPSH_YES": "1", "YES": "1", "CI": "1"}])
def test_no_variable_stands_in(environment: dict[str, str]) -> None:
    with at_a_terminal(FUSE, **environment) as terminal:
        phrase(terminal)
        if "NO_COLOR" in environment:
            assert b"\x1b[1" not in terminal.output
        terminal.type_in("\r")
        nothing_sent(terminal, "The phrase was not typed.")


def without_a_terminal(*commands: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *commands],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        start_new_session=True,
        env=program_environment(),
    )


@pytest.mark.parametrize("command", [FUSE, BOOT, WRITE])
def test_without_a_controlling_terminal_it_is_refused(command: str) -> None:
    done = without_a_terminal(command, text="yes\nfuse 7K4Q\n")
    assert f"REFUSED {EXIT_REFUSED} " in done.stdout
    assert "there is no terminal to ask at" in done.stdout.lower()
    assert "RECEIVED nothing" in done.stdout


def test_with_standard_input_and_output_elsewhere_it_is_asked_at_the_terminal(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = f"yes 'fuse 7K4Q' | {' '.join(PROGRAM)} {FUSE} > {told} 2>&1; echo DONE"
    with Terminal(["sh", "-c", command], environment=program_environment()) as terminal:
        assert phrase(terminal) != "fuse 7K4Q"
        terminal.type_in("fuse 7K4Q\r")
        terminal.wait_for_output("DONE")
    assert "The phrase was not typed" in told.read_text()
    assert "RECEIVED nothing" in told.read_text()


# --- in this process ------------------------------------------------------------------------------------------------


def test_the_alphabet_has_no_look_alikes() -> None:
    for alike in ("0OQ", "1IL", "1IJ"):
        assert len(set(alike) & set(CODE_ALPHABET)) <= 1, alike
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET) == 32
    assert CODE_ALPHABET.isupper()
    assert not set("0O1I") & set(CODE_ALPHABET)


def test_a_readers_name_cannot_paint_over_the_question() -> None:
    judgement = Judgement(Severity.IRREVERSIBLE, "fuse", "FUSE", "It goes.")
    text = consent._question(judgement, "reader\x1b[2J\r\x9b1A\x07", "", "Cannot be undone", 80)
    assert not [character for character in text if not character.isprintable() and character not in "\n\x1b"]
    assert text.count("\x1b") == 1  # our own, after the heading
