"""Bytes with the secret parts taken out: what journals, results and errors hold instead of an APDU."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jcopsh.secrets.secret import Secret, SecretKind


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """A secret part: what it is called, and the secret, which shows its check value at most."""

    name: str
    secret: Secret

    def __len__(self) -> int:
        return len(self.secret)

    def __str__(self) -> str:
        return f"<{self.name}:{len(self.secret)}:{self.secret.kcv or ''}>"


class Mark(NamedTuple):
    """A part of some bytes that is secret: offsets from `start` to before `end`, what it is, and how it may show."""

    start: int
    end: int
    name: str
    pin: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Bytes in order, each part plain or hidden."""

    parts: tuple[bytes | Hidden, ...] = ()

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def __str__(self) -> str:
        """Hexadecimal, with `<name:length:KCV>` where a part is hidden."""
        return "".join([part.hex().upper() if isinstance(part, bytes) else str(part) for part in self.parts])

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        """The parts that do not show."""
        return tuple(part for part in self.parts if isinstance(part, Hidden))

    def spaced(self) -> str:
        """As str, with a space between bytes."""
        return " ".join(part.hex(" ").upper() if isinstance(part, bytes) else str(part) for part in self.parts if part)

    def reveal(self) -> bytes:
        """All bytes, hidden ones too. Whoever calls this is answerable for where they go."""
        return b"".join(part if isinstance(part, bytes) else part.secret.reveal() for part in self.parts)


# what str(Hidden) writes, as a journal holds it; a name may have a colon in it: cm_key1[0:4]
HIDDEN_TEXT = re.compile(r"<(?P<name>[^<>]*):(?P<length>\d+):(?P<kcv>[0-9A-F]{6})?>")


def take_out(data: bytes, marks: Sequence[Mark], instead: Callable[[Hidden], Hidden] = lambda part: part) -> Segments:
    """`data` with the marked parts hidden. Marks may touch or overlap; an overlap hides its whole extent once.

    `instead` gives what stands for a hidden part, which is the same secret.
    """
    if not marks:
        return Segments((data,) if data else ())
    found = sorted(marks, key=lambda m: (m.start, -m.end))
    parts: list[bytes | Hidden] = []
    position = 0
    for mark in found:
        start, end = max(mark.start, position), min(mark.end, len(data))
        if start >= end:
            continue
        if start > position:
            parts.append(data[position:start])
        kind = SecretKind.PIN if mark.pin else SecretKind.KEY
        parts.append(instead(Hidden(mark.name, Secret(data[start:end], kind))))
        position = end
    if position < len(data):
        parts.append(data[position:])
    return Segments(tuple(parts))
