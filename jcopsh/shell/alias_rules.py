"""What an alias of the user's may stand for."""

from __future__ import annotations

from dataclasses import replace

from jcopsh.shell.line import Line
from jcopsh.shell.tokens import MendedBy, Problem
from jcopsh.shell.words import BLANKS, QUOTES

SECRET_IN_ALIAS = "an alias must not hold what may be a key or a PIN"  # noqa: S105 — a sentence, no password


def problem_in_alias(line: Line) -> Problem | None:
    """What keeps a line from being what an alias stands for; arguments may be missing, as they can follow later."""
    typed = len(line.text.rstrip())
    first = len(line.text) - len(line.text.lstrip())
    if line.empty:
        end = len(line.text)
        return Problem("a command is missing", "e.g. alias id = identify", end, end + 1)
    if line.secrets:
        return Problem(SECRET_IN_ALIAS, "leave it out: what is typed behind an alias is added to it", *line.secrets[0])
    if len(line.calls) > 1 or line.comment:
        return Problem("an alias stands for one command, without a comment", "run FILE runs several", first, typed)
    redirect = line.calls[0].redirect
    if redirect is not None and not redirect.words:
        return Problem("the file or program is missing", "e.g. > result.txt", *redirect.operator,
                       MendedBy.END)
    if line.calls[0].says_yes:
        return Problem("--yes is typed on the line that it answers for, and not kept in an alias",
                       "leave it out", first, typed)
    found = next((one for one in line.problems
                  if one.mended_by is not MendedBy.CARD and not _may_go_on(line, one)), None)
    if found is not None and line.text[found.start : found.end] == "--save":
        return replace(found, hint="to keep the alias: alias --save NAME = COMMAND")
    return found


def outside_alias(text: str, inner: Line, start: int, end: int) -> Problem | None:
    """What is wrong with what follows `inner`, the line that an alias in `text` is to stand for, unless that stands in
    quotes: it may be meant for the alias, and would be done now."""
    first = len(inner.text) - len(inner.text.lstrip(BLANKS))
    if inner.empty or text[first - 1] in QUOTES:
        return None
    return Problem("from here on it is no part of the alias", 'quotes hold it: alias x = "atr > q.txt"; another '
                   "command stands on a line of its own", start, end)


def _may_go_on(line: Line, problem: Problem) -> bool:
    """Whether what is typed behind the alias may cure it: an argument is missing, or bytes are not at their end."""
    last = line.calls[0].bindings[-1] if line.calls[0].bindings else None
    if problem.start >= len(line.text.rstrip()) or last is None:
        return last is not None
    within = last.word.start <= problem.start and problem.end <= last.word.end
    return within and last.parameter is not None and last.parameter.rest and problem != last.word.problem
