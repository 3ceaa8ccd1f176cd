"""What is seen to be wrong, while a line is typed, with the file or the program that its result is to go to.

`jcopsh.shell.delivery` looks once more, and at everything, before the line runs. Here as little is asked of the disk as
the message needs, because it is asked at each keystroke: whether a folder is there, and which programs there are, whose
names are kept until a folder of PATH changes.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from jcopsh.errors import UsageError
from jcopsh.shell.line import Call, Line
from jcopsh.shell.redirect import file_of
from jcopsh.shell.tokens import MendedBy, Problem
from jcopsh.shell.words import Redirect, RedirectKind


def with_target_problems(line: Line) -> Line:
    """The line, with what is wrong with where its results go among its problems."""
    found = [problem for call in line.calls if (problem := _problem_of(call)) is not None]
    if not found:
        return line
    return replace(line, problems=tuple(sorted((*line.problems, *found), key=lambda one: one.start)))


def no_such_program(redirect: Redirect, *, mended_by: MendedBy = MendedBy.WORD) -> Problem:
    """What is wrong with a program that is not there. Nothing mends a name that none begins with."""
    word = redirect.words[0]
    return Problem("there is no such program", "what stands behind | is a program, looked for in PATH",
                   word.start, word.end, mended_by)


def _problem_of(call: Call) -> Problem | None:
    redirect = call.redirect
    if redirect is None or not redirect.target or call.problems or call.may_be_text:
        return None
    return _of_program(redirect) if redirect.kind is RedirectKind.PROGRAM else _of_file(redirect)


def _of_program(redirect: Redirect) -> Problem | None:
    """That PATH has no such program. A path is left to `delivery`, and so are names that are sought with endings."""
    name = redirect.target
    if os.name != "posix" or os.sep in name:
        return None
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    names = _names_in(tuple((folder, _changed(folder)) for folder in folders if folder))
    at = bisect_left(names, name)
    nearest = names[at] if at < len(names) else ""
    if nearest == name:
        return None
    return no_such_program(redirect, mended_by=MendedBy.WORD if nearest.startswith(name) else MendedBy.NOTHING)


def _changed(folder: str) -> int:
    """When a folder was changed, in nanoseconds; 0 where it cannot be told."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=1)
def _names_in(folders: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """All names in folders, in order. The time of each says whether they are to be read again."""
    names: set[str] = set()
    for folder, changed in folders:
        try:
            names.update(os.listdir(folder) if changed else ())  # noqa: PTH208 — names alone, of thousands of files
        except OSError:
            continue  # one that may not be looked into has no program for us
    return tuple(sorted(names))


def _of_file(redirect: Redirect) -> Problem | None:
    """That the file's folder is not there, which no more letters mend; or that the file is a folder."""
    word = redirect.words[0]
    try:
        file = file_of(redirect)
        if not file.parent.is_dir():
            return Problem("there is no such folder", "", word.start, word.end, MendedBy.NOTHING)
        if file.is_dir():
            return Problem("this is a folder", "FOLDER/NAME names a file in it", word.start, word.end)
    except (UsageError, OSError, RuntimeError, ValueError):
        return None  # `delivery` says what it is
    return None
