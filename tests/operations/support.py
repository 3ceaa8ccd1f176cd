"""What tests of operations share."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.operations.file_values import FileDifference, FileWritten


def run(steps: Iterator[FileDifference | FileWritten]) -> tuple[FileDifference, FileWritten | None]:
    """Carry a change out: the difference it showed, and what was written, if anything was."""
    first, *rest = steps
    assert isinstance(first, FileDifference)
    written = rest[0] if rest else None
    assert written is None or isinstance(written, FileWritten)
    return first, written
