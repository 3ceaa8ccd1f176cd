"""How far something is, on one line of a terminal that what is written next takes the place of."""

from __future__ import annotations

from jcopsh.operations.progress import Progress

ERASE_LINE = "\r\x1b[K"
BAR = 24  # columns


def progress_line(progress: Progress, width: int) -> str:
    """A progress in place of what stood on the line of a terminal that is `width` columns wide."""
    filled = BAR * progress.done // max(1, progress.total)
    bar = f"[{'#' * filled}{'.' * (BAR - filled)}]"
    line = f"{progress.what}  {bar}  {progress.done} of {progress.total} {progress.unit}"
    return ERASE_LINE + line[: width - 1]
