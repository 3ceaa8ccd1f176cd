"""What tests of operations share."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.iso7816.file_reference import FileReference
from jcopsh.operations.file_values import FileDifference, FileWritten

VERIFY = "002000010431323334"  # the PIN of the card with files
T0 = "iso7816-files,protocol=t0"


def named(text: str) -> FileReference:
    """A file as it is typed."""
    return FileReference.parse(text)


def run(steps: Iterator[FileDifference | FileWritten]) -> tuple[FileDifference, FileWritten | None]:
    """Carry a change out: the difference it showed, and what was written, if anything was."""
    first, *rest = steps
    assert isinstance(first, FileDifference)
    written = rest[0] if rest else None
    assert written is None or isinstance(written, FileWritten)
    return first, written
