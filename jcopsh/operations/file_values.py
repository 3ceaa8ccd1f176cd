"""What the operations on files, records, data objects, PINs and logical channels return: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcopsh.iso7816.file_control import FileControl
from jcopsh.iso7816.tlv_tree import TlvNode
from jcopsh.secrets.segments import Segments


@dataclass(frozen=True, slots=True, eq=False)
class SelectedFile:
    """A file that was selected. `position` is where that leads, as far as it is known; `usual_name` what a file with
    this identifier usually is. `control` is the decoded answer, None where the card gave none that can be read;
    `answer` are its bytes then."""

    reference: str
    position: str
    usual_name: str
    control: FileControl | None
    answer: Segments
    sw: int
    meaning: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the session stands in the card's files, as far as its commands have told. Nothing was sent.

    `df` and `ef` are empty where they are not known; `unsure` is a file that may be either. `or_above`: the current DF
    is `df` or one above it, since the file was found by its identifier alone.
    """

    channel: int
    df: str
    ef: str
    unsure: str = ""
    or_above: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FileContent:
    """Bytes of a transparent file from `offset`. `complete`: they go to its end. `objects`: the same as a TLV tree,
    where that was asked for. `saved`: the file on disk that they were written to."""

    position: str
    offset: int
    length: int
    content: Segments
    complete: bool
    notes: tuple[str, ...] = ()
    objects: tuple[TlvNode, ...] = ()
    saved: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FileDifference:
    """What an UPDATE would change, from `offset`, or in record `record`. `before` is None where the card does not let
    it be read; `unchanged`: the card holds these very bytes already."""

    position: str
    before: Segments | None
    after: Segments
    unchanged: bool
    offset: int = 0
    record: int | None = None
    why_unread: str = ""


@dataclass(frozen=True, slots=True)
class FileWritten:
    """An UPDATE or APPEND that the card took. `length` counts bytes; `note` says whether it was read back."""

    position: str
    what: str
    length: int
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record."""

    number: int
    content: Segments
    note: str = ""
    objects: tuple[TlvNode, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RecordList:
    """Records of a file, in order. `complete`: there are no more."""

    position: str
    records: tuple[Record, ...]
    complete: bool
    notes: tuple[str, ...] = ()
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that answers to its identifier. `kind`, `size` and so on are empty where the card does not tell.

    `sw` is the status word that SELECT was answered with: a file may be there and not be selectable now. `place` says
    where it lies where that is not in the DF that was looked in.
    """

    identifier: str
    usual_name: str
    kind: str
    size: str
    life_cycle: str
    sw: int
    meaning: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """The end of a search: what was looked for (`file`), what by (`identifier`), how many were tried and found, and
    where; `outside` counts those that answered from there and lie elsewhere."""

    what: str
    asked_by: str
    tried: int
    found: int
    where: str
    notes: tuple[str, ...] = ()
    outside: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class DataObject:
    """A data object that was read. `objects` is its content as a TLV tree, where it is one."""

    tag: str
    name: str
    content: Segments
    objects: tuple[TlvNode, ...] = ()
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class PinStatus:
    """What the card says of a PIN. `reference` is P2 of VERIFY. `verified` and `tries_left` are None where it does not
    tell; `blocked` means that no try is left."""

    reference: int
    verified: bool | None
    tries_left: int | None
    blocked: bool
    sw: int
    meaning: str


@dataclass(frozen=True, slots=True)
class PinDone:
    """A PIN was verified, changed or unblocked."""

    reference: int
    what: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """Random bytes of the card."""

    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Signed:
    """What the card answered to a challenge."""

    answer: Segments
    sw: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A logical channel that is known to be open, and where it stands."""

    number: int
    in_use: bool
    position: str


@dataclass(frozen=True, slots=True)
class ChannelList:
    """The logical channels that are known to be open; `did` says what was just done."""

    did: str
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class DataObjects:
    """Bytes as a tree of data objects."""

    objects: tuple[TlvNode, ...]
