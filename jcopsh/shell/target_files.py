"""Whether a file may be written that the user named: by `--save` or behind `>` and `>>`. Nothing is written here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a file from being written, and what to try; empty where there is nothing."""

    what: str
    hint: str = ""


def obstacle_to(
    file: Path, *, replace: bool, append: bool = False, another_way: str = ""
) -> Obstacle | None:
    """What would keep the file from being written; None where nothing does.

    `replace`: a file that is there may be replaced. `append`: it is written behind what it holds.
    `another_way` is offered where a file is there already.
    """
    try:
        return _obstacle(file, replace=replace, append=append, another_way=another_way)
    except (OSError, RuntimeError, ValueError):
        # a name too long or with a NUL, a folder that may not be looked into, links in a circle
        return Obstacle("this file cannot be reached")


def _obstacle(file: Path, *, replace: bool, append: bool, another_way: str) -> Obstacle | None:
    file = file.resolve()  # of a link, the file it names
    if file.is_dir():
        return Obstacle("this is a folder", "FOLDER/NAME names a file in it")
    if file.exists() and not file.is_file():
        return Obstacle("this is no regular file")
    if not file.parent.is_dir():
        return Obstacle("there is no such folder")
    if file.exists() and not append and not replace:
        ways = ", ".join(filter(None, ("another name", another_way)))
        return Obstacle("this file is there already", f"{ways}, or --yes to replace it")
    needed = file if append and file.exists() else file.parent
    return None if os.access(needed, os.W_OK) else Obstacle("this cannot be written: permission denied")
