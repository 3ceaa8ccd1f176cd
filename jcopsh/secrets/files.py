"""Files that hold secrets or what happened to a card: private to the user, written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_UNFINISHED = ".unfinished"  # the end of the name of a file that is not yet whole


def private_folder(path: Path) -> Path:
    """Make the folder, and those above it that are missing, for the user alone; return it."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        with suppress(OSError):  # a folder above that may not be opened: the new entry reaches the disk in its time
            sync_folder(folder.parent)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Replace the file by `content`, mode 0600, so that a crash leaves the old file or the new one, on disk.

    Raises OSError when the folder cannot be written; the old file is then as it was.
    """
    private_folder(path.parent)
    # mkstemp makes the file with mode 0600
    descriptor, temporary = tempfile.mkstemp(_UNFINISHED, f".{path.name}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk. A platform that cannot open folders does it by itself."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_private_append(path: Path) -> int:
    """A descriptor that appends to the file: made with mode 0600 when missing, its mode is kept otherwise."""
    private_folder(path.parent)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)


def append_all(descriptor: int, content: bytes, *, durable: bool = False) -> None:
    """Append all of it or none of it; `durable` waits for the disk. Raises OSError; a disk that is nearly full takes a
    part first."""
    rest = content
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if durable:
            os.fsync(descriptor)
    except OSError:
        with suppress(OSError):  # what is no regular file cannot be cut
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - (len(content) - len(rest)))
        raise


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the file's lock (`NAME.lock` beside it), so that two programs do not overwrite each other's change.

    What a program that was killed had written of this file and not brought to an end is removed: it may hold keys.
    """
    descriptor = open_private_append(path.with_name(path.name + ".lock"))
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _remove_unfinished(path)  # whoever holds the lock is the only one to write: the others are dead
        yield
    finally:
        os.close(descriptor)


def _remove_unfinished(path: Path) -> None:
    """Remove what `write_private` left beside the file when its program was killed."""
    left = re.compile(rf"\.{re.escape(path.name)}\.[^.]+{re.escape(_UNFINISHED)}")
    with suppress(OSError):  # a folder that cannot be read keeps it; the change itself is what matters
        for file in path.parent.iterdir():
            if left.fullmatch(file.name):
                file.unlink(missing_ok=True)
