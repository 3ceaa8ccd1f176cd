"""What operations return: frozen values that the shell draws, `--json` prints and Python users read.

A secret stands in them as a Secret, and as plain bytes only where it was asked to be revealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.jcop.identify import Identity, Jcop4Identity
from jcopsh.jcop.memory_map import Field
from jcopsh.jcop.personalisation import ChecklistLine, CheckState
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Segments
from jcopsh.state import Boot

__all__ = ["CheckState", "Checklist", "ChecklistLine", "Difference", "Dump", "ExchangeResult", "Identification",
           "MemoryBlock", "Selected", "Span", "Unreadable", "Written"]


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """`length` bytes of memory from `address` that belong to one field, or to none that is known.

    `field` is None where the memory map names nothing. `content` is a Secret for a key or PIN that is not revealed.
    """

    address: int
    length: int
    field: Field | None
    content: bytes | Secret


@dataclass(frozen=True, slots=True, eq=False)
class MemoryBlock:
    """What was read in one go, under one boot. `map_name` is the memory map that named the fields, if any."""

    address: int
    length: int
    spans: tuple[Span, ...]
    map_name: str | None
    boot: Boot


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What a WRITE would change. `unchanged`: the card holds these very bytes already."""

    before: MemoryBlock
    after: MemoryBlock
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A WRITE that the card took and that reads back as it was written."""

    address: int
    length: int
    field: str | None
    note: str = ""


class Unreadable(NamedTuple):
    """A range (both ends included) that the card refused to read, and the status word it refused with."""

    first: int
    last: int
    sw: int


@dataclass(frozen=True, slots=True, eq=False)
class Dump:
    """Memory from `first` to `last` (both inclusive), read under one boot.

    `unreadable`: the ranges that the card refused. `saved`: the file it was written to.
    """

    first: int
    last: int
    spans: tuple[Span, ...]
    unreadable: tuple[Unreadable, ...]
    map_name: str | None
    boot: Boot
    card: str
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """What to be sure of before a step that cannot be taken back."""

    title: str
    lines: tuple[ChecklistLine, ...]


@dataclass(frozen=True, slots=True)
class Identification:
    """Who the card says it is, and what to do next. `sw` is the status word that came with it."""

    identity: Identity | Jcop4Identity
    sw: int
    next_step: str


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """A SELECT that succeeded. `name` is `root applet`, or the AID; `response` is the answer's data."""

    name: str
    response: Segments
    sw: int
    meaning: str


@dataclass(frozen=True, slots=True, eq=False)
class ExchangeResult:
    """One command as it was sent and its answer, both as they may be shown.

    `command_header` and `response_length` serve those who want to know without the bytes; `meaning` is that of the
    status word for this instruction; `notes` say what else is worth knowing.
    """

    command: Segments
    response: Segments
    sw: int
    meaning: str
    notes: tuple[str, ...] = ()


def plain(command: CommandAPDU, response: ResponseAPDU, meaning: str) -> ExchangeResult:
    """An ExchangeResult that shows everything: for what was explicitly asked to be revealed."""
    return ExchangeResult(Segments((command.encode(),)), Segments((response.encode(),)), response.sw, meaning)
