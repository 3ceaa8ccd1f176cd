"""Running lines from a file, from standard input or from `-c`: one after the other, until the first that fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from jcopsh.errors import EXIT_OK, UsageError
from jcopsh.shell.execute import INTERRUPTED, run_text
from jcopsh.shell.session import Session

CONTINUED = "\\"
MAX_DEPTH = 8  # scripts that run scripts


def run_lines(session: Session, lines: Iterable[str], name: str = "") -> int:
    """Run lines until one fails or asks to leave; returns the exit code.

    A line that ends with a backslash goes on in the next one. `name` is what the lines come from: it is shown with the
    number of the line that failed, and once only where a script ran itself.
    """
    session.stopped_at.clear()
    number = 0
    try:
        for number, text in joined(lines):
            code = run_text(session, text)
            if code != EXIT_OK:
                _tell_where(session, f"{name}, line {number}" if name else "")
                return code
            if session.exit_requested:
                break
    except KeyboardInterrupt:  # between two lines, or while the next one is waited for
        session.output.error(INTERRUPTED, json=session.json)
        _tell_where(session, f"{name}, after line {number}" if name else "")
        return INTERRUPTED.exit_code
    return EXIT_OK


def _tell_where(session: Session, place: str) -> None:
    """Say where a script stopped: first the innermost, then those that ran it."""
    if place and place not in session.stopped_at:
        session.output.note(f"{place}: " + ("which ran it" if session.stopped_at else "stopped here"))
        session.stopped_at.append(place)


def joined(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each line with the number of its last part, a trailing backslash joining it to the next."""
    parts: list[str] = []
    number = 0
    for number, raw in enumerate(lines, start=1):
        text = raw.rstrip("\r\n")
        # a mark that some editors put at the beginning of a file
        text = text.removeprefix("\ufeff") if number == 1 else text
        if text.endswith(CONTINUED):
            parts.append(text[: -len(CONTINUED)])
            continue
        yield number, " ".join([*parts, text]) if parts else text
        parts.clear()
    if parts:
        yield number, " ".join(parts)


def run_file(session: Session, path: Path) -> int:
    """Run the lines of a file; returns the exit code. Raises UsageError where it cannot be read."""
    if session.script_depth >= MAX_DEPTH:
        raise UsageError(f"{path}: scripts are nested more than {MAX_DEPTH} deep", hint="does it run itself?")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise UsageError(f"{path} cannot be read: {reason}") from None
    session.script_depth += 1
    try:
        return run_lines(session, lines, str(path))
    finally:
        session.script_depth -= 1
