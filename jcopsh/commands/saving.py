"""Results into files of the user's: looked at before the card is asked for anything, and readable by the user alone."""

from __future__ import annotations

import stat
from pathlib import Path

from jcopsh.errors import UsageError
from jcopsh.secrets.files import write_private
from jcopsh.shell.target_files import obstacle_to


def checked_target(file: Path | None, *, replace_it: bool, reveal: bool) -> Path | None:
    """The file that may be written, of a link the one it names; None for none. Raises UsageError for one that must not
    be, and where keys are to be revealed as well."""
    if file is None:
        return None
    if reveal:
        raise UsageError("--reveal shows keys and PINs on the screen alone, and --save writes none",
                         hint="leave one of the two away; keys that were read are in the key store")
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


LARGEST_FILE = 16 << 20  # bytes; no card takes a hundredth of it


def loaded(file: Path) -> bytes:
    """The bytes of an ordinary file of at most 16 MiB. Raises UsageError for another, and where it cannot be read.

    A device or a pipe may never end, or never begin.
    """
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device or a pipe"
            raise UsageError(f"the file cannot be read: it is {kind}", hint="an ordinary file")
        if found.st_size > LARGEST_FILE:
            raise UsageError(f"the file has {found.st_size} bytes, and no card takes so many",
                             hint=f"a file of at most {LARGEST_FILE} bytes")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"the file cannot be read: {error.strerror}") from error
