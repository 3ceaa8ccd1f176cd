"""How consent is asked: at the terminal itself, of the person who sits there, and of nothing else.

The code to type is made at that moment, so nothing that was written before can hold it. Everything typed or pasted
before the question is thrown away, a paste is refused, and no flag, setting, variable or parameter stands in.
In-process Python could replace this module; it stops accidents and ordinary plugins, not malware run by the user.
"""

from __future__ import annotations

import os
import secrets
import select
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jcopsh.card.interlock import Judgement, Severity
from jcopsh.dumb_terminal import is_dumb
from jcopsh.errors import Refused
from jcopsh.state import CODE_ALPHABET

CODE_LENGTH = 4
TERMINAL = "/dev/tty"
BRACKETED_PASTE_ON = "\x1b[?2004h"
BRACKETED_PASTE_OFF = "\x1b[?2004l"
ESCAPE = "\x1b"
PASTE_BEGINS = "\x1b[200~"
# the rest of what was refused is over when nothing came for so long; nobody is waited for longer than the limit
QUIET_S, DRAIN_LIMIT_S = 0.1, 5.0
_NO_BREAK = "\xa0"  # a blank at which no line is broken
BOLD, RED_BOLD, YELLOW_BOLD, PLAIN = "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[0m"


class _Paste(Exception):
    """Something was pasted where a person has to type."""


class _GivenUp(Exception):
    """Ctrl-C, Ctrl-D, or the terminal went away."""


def ask_typed(judgement: Judgement, card: str) -> None:
    """Ask for the action and a random code. Returns when they were typed; raises Refused in every other case.

    `card` says which card it is about.
    """
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    phrase = f"{judgement.action} {code}"
    with _terminal(judgement) as terminal:
        terminal.show(_question(judgement, card, RED_BOLD, "Cannot be undone", terminal.width))
        question = f"Type {_kept_whole(phrase)} to send it; anything else sends nothing:"
        answer = terminal.ask(_asked(question, phrase, terminal.width), judgement)
        # compared as typed: one blank between the words, capitals as shown or small
        if " ".join(answer.split()).upper() != phrase.upper():
            terminal.drain()
            raise _refused(judgement, "The phrase was not typed.")


def ask_yes(judgement: Judgement, card: str, *, question: str = "Send it?") -> None:
    """Ask for a yes. Returns when it was typed; raises Refused in every other case."""
    with _terminal(judgement) as terminal:
        terminal.show(_question(judgement, card, YELLOW_BOLD, judgement.heading or "Destructive", terminal.width))
        answer = terminal.ask(_asked(f"{question} yes or no:", "yes", terminal.width), judgement)
        if answer.strip().lower() not in ("y", "yes"):
            terminal.drain()
            raise _refused(judgement, "The answer was not yes.")


def _after_escape(sequence: str) -> str:
    """An escape sequence as far as it has come; empty when it is complete: an arrow or function key, not heeded."""
    if sequence == PASTE_BEGINS:
        raise _Paste
    complete = len(sequence) > 1 and sequence[-1] not in "[O0123456789;?"
    return "" if complete else sequence


WHY_ASKED = "help interlock says what asks for a consent and why"


_NOBODY = "There is no terminal to ask at, and nothing else can stand in for a person."
# why it is refused where there is no terminal, and what to do
_WITHOUT_TERMINAL = {
    Severity.DESTRUCTIVE: ("It needs a yes, and there is no terminal to ask at.",
                           "--yes at the end of the line answers it"),
    Severity.MAY_LOCK: (_NOBODY, "run jcopsh in a terminal; no option answers for what may lock the card"),
    Severity.IRREVERSIBLE: (_NOBODY, "run jcopsh in a terminal; no option answers for what cannot be undone"),
}


def _refused(judgement: Judgement, why: str, hint: str = WHY_ASKED) -> Refused:
    meaning = f"{why} {judgement.settled_by}".rstrip()
    return Refused(f"{judgement.what}: refused, nothing was sent", meaning=meaning, hint=hint)


def _question(judgement: Judgement, card: str, style: str, heading: str, width: int) -> str:
    first = "\n".join(textwrap.wrap(f"{heading}: {judgement.what}", width - 2))
    body = [f"{style}{first}{PLAIN}", *textwrap.wrap(f"{judgement.consequence} {judgement.settled_by}", width - 2)]
    # the reader's name comes from outside, and may not paint over the question
    plain = "".join(character if character.isprintable() else "?" for character in card)
    body += textwrap.wrap(f"Card: {plain}", width - 2)
    return "\n" + "\n".join(body) + "\n"


def _asked(question: str, phrase: str, width: int) -> str:
    """The question in lines that fit, with a blank behind it and the phrase to type in bold."""
    lines = "\n".join(textwrap.wrap(question, width - 2)).replace(_NO_BREAK, " ")
    return lines.replace(phrase, f"{BOLD}{phrase}{PLAIN}", 1) + " "


def _kept_whole(phrase: str) -> str:
    return phrase.replace(" ", _NO_BREAK)


@contextmanager
def _terminal(judgement: Judgement) -> Iterator[_Terminal]:
    if os.name != "posix":
        raise _refused(judgement, "Consent can only be asked at a POSIX terminal; there is none on this platform.")
    import termios

    try:
        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise _refused(
            judgement,
            *_WITHOUT_TERMINAL[judgement.severity],
        ) from None
    try:
        with _Terminal(descriptor) as terminal:
            yield terminal
    except (OSError, termios.error):
        raise _refused(judgement, "The terminal went away.") from None
    finally:
        os.close(descriptor)


class _Terminal:
    """The controlling terminal in a mode where every key arrives by itself and nothing is echoed but by us."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._plain = is_dumb(os.environ.get("TERM")) or bool(os.environ.get("NO_COLOR"))

    def __enter__(self) -> _Terminal:
        import termios
        import tty

        self._saved = termios.tcgetattr(self._descriptor)
        # TCSAFLUSH throws away what was typed before
        tty.setraw(self._descriptor, termios.TCSAFLUSH)
        mode = termios.tcgetattr(self._descriptor)
        mode[1] |= termios.OPOST  # keep newlines as they are shown elsewhere
        termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        self._write(BRACKETED_PASTE_ON)
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        with suppress(OSError):
            self._write(BRACKETED_PASTE_OFF)
        # TCSAFLUSH: what is left of an answer must not become the next command
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._saved)

    @property
    def width(self) -> int:
        """Columns, at most 100, at least 40."""
        try:
            return max(40, min(100, os.get_terminal_size(self._descriptor).columns))
        except OSError:
            return 80

    def show(self, text: str) -> None:
        """Write to the terminal."""
        if self._plain:
            for style in (RED_BOLD, YELLOW_BOLD, BOLD, PLAIN):
                text = text.replace(style, "")
        self._write(text)

    def ask(self, question: str, judgement: Judgement) -> str:
        """One line, typed by hand after the question stood there; raises Refused for a paste or Ctrl-C."""
        import termios

        # what came until now was no answer to it
        termios.tcflush(self._descriptor, termios.TCIFLUSH)
        self.show(question)
        try:
            return self._read_line()
        except _Paste:
            self.drain()
            raise _refused(judgement, "It was pasted. A consent is typed by hand.") from None
        except _GivenUp:
            self.drain()
            raise _refused(judgement, "The question was left.") from None
        finally:
            self._write("\n")

    def drain(self) -> None:
        """Throw away what still comes: the rest of a long paste must not become the next command."""
        deadline = time.monotonic() + DRAIN_LIMIT_S
        while time.monotonic() < deadline and select.select([self._descriptor], [], [], QUIET_S)[0]:
            if not os.read(self._descriptor, 65536):
                return

    def _read_line(self) -> str:
        typed, escape = "", ""
        while True:
            keys = os.read(self._descriptor, 4096)
            if not keys:
                raise _GivenUp
            for character in keys.decode("utf-8", "replace"):
                if character in "\x03\x04":
                    raise _GivenUp
                if character in "\r\n":
                    return typed
                if escape or character == ESCAPE:
                    escape = _after_escape(escape + character)
                else:
                    typed = self._typed(typed, character)

    def _typed(self, typed: str, character: str) -> str:
        if character in "\x7f\x08":
            self._write("\b \b" if typed else "")
            return typed[:-1]
        if not character.isprintable():
            return typed
        self._write(character)
        return typed + character

    def _write(self, text: str) -> None:
        rest = text.encode()
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
