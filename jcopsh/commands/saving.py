"""Results into files of the user's: looked at before the card is asked for anything, and readable by the user alone."""

from __future__ import annotations

from pathlib import Path

from jcopsh.errors import UsageError
from jcopsh.secrets.files import write_private
from jcopsh.shell.target_files import obstacle_to


def checked_target(file: Path | None, *, replace_it: bool) -> Path | None:
    """The file that may be written, of a link the one it names; None for none. Raises UsageError for one that must not
    be."""
    if file is None:
        return None
    found = obstacle_to(file, replace=replace_it)
    if found:
        raise UsageError(f"--save: {found.what}", hint=found.hint)
    return file.resolve()


def save(file: Path, data: bytes) -> None:
    """Write the file, readable by the user alone. Raises UsageError where the disk refuses."""
    try:
        write_private(file, data)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def loaded(file: Path) -> bytes:
    """The bytes of a file. Raises UsageError where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}") from error
