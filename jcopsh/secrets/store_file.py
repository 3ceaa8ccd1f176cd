"""A private file of one JSON document that is read and written as a whole, and what is told where that fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from jcopsh.errors import StoreError
from jcopsh.secrets.files import exclusive, write_private

ContentT = TypeVar("ContentT")

KEYS_NOT_KEPT = "A key that is not on disk could be lost, so nothing more is sent."  # where they cannot be written


@dataclass(frozen=True, slots=True)
class StoreFile(Generic[ContentT]):
    """The file. `name` says what it is, as in `the ledger`; `parse` gives None for bytes that are no such document;
    `empty` is what a file holds that is not there. `damage` and `mending` are told of one that cannot be parsed: what
    follows from it, behind what it is, and what to do.
    """

    path: Path
    name: str
    parse: Callable[[bytes], ContentT | None]
    empty: ContentT
    damage: str = "; nothing in it was changed."
    mending: str = "move it aside, or mend it by hand; jcopsh then makes a new one"

    def read(self) -> ContentT:
        """What it holds. Raises StoreError."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return self.empty
        except OSError as error:
            raise StoreError(f"{self.name} {self.path} cannot be read: {error.strerror}") from error
        parsed = self.parse(content)
        if parsed is None:
            raise StoreError(f"{self.name} {self.path} is damaged",
                             meaning=f"It is not the JSON that jcopsh writes{self.damage}", hint=self.mending)
        return parsed

    def write(self, document: object) -> None:
        """Replace it, on the disk when this returns. Raises OSError, which `change` makes a StoreError."""
        write_private(self.path, json.dumps(document, indent=1).encode())

    @contextmanager
    def change(self, consequence: str) -> Iterator[None]:
        """Within the block no other program changes the file. Raises StoreError, with what follows, where the disk
        refuses."""
        try:
            with exclusive(self.path):
                yield
        except OSError as error:
            raise StoreError(f"{self.name} {self.path} cannot be written: {error.strerror}", meaning=consequence,
                             hint="make room or mend the folder's permissions, then try again") from error
