"""Files of the card: go to one, see what it is, read and change it, look which there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.commands import contents, saving
from jcopsh.errors import UsageError
from jcopsh.iso7816 import file_control
from jcopsh.iso7816.file_reference import MASTER_FILE, FileReference
from jcopsh.iso7816.interindustry import SelectAnswer
from jcopsh.iso7816.known_files import KNOWN_FILES, USUAL_RANGES
from jcopsh.iso7816.tlv import TlvError
from jcopsh.iso7816.tlv_tree import tlv_tree
from jcopsh.operations import binary, records
from jcopsh.operations import files as operations
from jcopsh.operations.file_values import (
    FileContent,
    FileDifference,
    FileWritten,
    FoundFile,
    Probed,
    Record,
    RecordList,
    SelectedFile,
    Whereabouts,
)
from jcopsh.operations.progress import Progress
from jcopsh.shell.command import command
from jcopsh.shell.types import ByteString, ChoiceType, InputFile, IntegerType, OutputFile, StoredBytes
from jcopsh.shell.types.files import FileReferenceType, IdentifierListType, IdentifierType, RecordNumberType

GROUP = "files"
LARGEST_OFFSET = 0xFFFFFF
USUAL_LIMIT_S = 30.0  # how long files that nobody named are looked for

CardFile = Annotated[FileReference, FileReferenceType()]
Identifiers = Annotated[tuple[range, ...], IdentifierListType()]
RecordNumber = Annotated[int, RecordNumberType()]
Offset = Annotated[int, IntegerType(0, LARGEST_OFFSET, "where to begin, counted in bytes from 0")]
Count = Annotated[int, IntegerType(1, LARGEST_OFFSET, "how many bytes")]
ExpectedLength = Annotated[int, IntegerType(1, 256, "Le: how many bytes to expect, 256 for all there are")]
OneRecord = Annotated[int, IntegerType(1, 254, "the number of a record; all of them without it")]
Size = Annotated[int, IntegerType(1, 0xFFFF, "how many bytes; with --records, in each record")]
Answer = Annotated[SelectAnswer, ChoiceType(
    {"fci": SelectAnswer.FCI, "fcp": SelectAnswer.FCP, "fmd": SelectAnswer.FMD, "none": SelectAnswer.NOTHING},
    {"fci": "file control information, P2 00", "fcp": "file control parameters, P2 04",
     "fmd": "file management data, P2 08", "none": "no answer, P2 0C"},
)]
Records = Annotated[int, IntegerType(1, 254, "how many records")]
Identifier = Annotated[bytes, IdentifierType()]


# --- where ---------------------------------------------------------------------------------------------------------


@command("select-file", group=GROUP, aliases=("cd",))
def select_file(card: Card, file: CardFile, *, answer: Answer | None = None) -> SelectedFile:
    """Select a file of the card, and show what the card says of it: kind, size, life cycle, who may do what.

    FILE is an identifier, a path, mf, .. for the parent, or aid: and a DF name. Without --answer FCI is asked for, and
    where the card refuses that, FCP, then nothing. Applications are selected by `select` as well.

    Raises CardError when there is no such file.

    Examples:
        select-file 3F00
        cd 7E10/6E01
        cd ..
        select-file aid:|1PAY.SYS.DDF01| --answer fcp
    """
    return operations.select_file(card, file, answer)


@command("pwd", group=GROUP)
def pwd(card: Card) -> Whereabouts:
    """Show where the session stands in the card's files, as far as the commands sent have told. Nothing is sent."""
    position = card.state.position
    df = "/".join(position.df if position.complete or not position.df else ("…", *position.df))
    return Whereabouts(card.state.channel, df, position.ef, position.unsure, position.or_above)


@command("files", group=GROUP)
def files(
    card: Card, identifiers: Identifiers | None = None, *, under: CardFile | None = None
) -> Iterator[FoundFile | Probed | Progress]:
    """Look which files there are, by asking for one identifier after the other: ISO/IEC 7816-4 has no list of files.

    Without IDENTIFIERS, those that mean the same on many cards, then 2F, 6E, 6F, 7E, 7F, 50, EF and DF with any second
    byte, for 30 seconds at most; a fast card answers them all. Each that answers is shown as it is found; Ctrl-C ends
    it. On many cards what lies beside the DF answers as well, as do its parent and the DF itself: that is said with
    each of them.

    Options:
        --under: the DF to look in, the current one without it

    Examples:
        files
        files 6E00-6EFF --under 7E10
        files 0000-FFFF
    """
    if identifiers is not None:
        return operations.probe_files(card, tuple(chain.from_iterable(identifiers)), under)
    known = (int.from_bytes(identifier, "big") for identifier in KNOWN_FILES if identifier != MASTER_FILE)
    usual = dict.fromkeys(chain(known, chain.from_iterable(USUAL_RANGES)))
    return operations.probe_files(card, tuple(usual), under, limit_s=USUAL_LIMIT_S)


# --- read ----------------------------------------------------------------------------------------------------------


@command("cat", group=GROUP)
def cat(
    card: Card, file: CardFile | None = None, *, tlv: bool = False, save: OutputFile | None = None,
    reveal: bool = False, yes: bool = False,
) -> FileContent | RecordList:
    """Read a whole file, whatever it is: its bytes, or all its records. Without FILE the current one.

    Options:
        --tlv: show it as a tree of data objects
        --save: write its bytes to a file of yours; not with --reveal
        --yes: replace the file of --save where it is there

    Examples:
        cat 2F00 --tlv
        cat sfi:5
        cat 7E10/6E03 --save archive.bin
    """
    target = saving.checked_target(save, replace_it=yes, reveal=reveal)
    with card.transaction():
        found = operations.read_whole(card, file)
    if isinstance(found, RecordList):
        return _records_shown(found, target, tlv=tlv, reveal=reveal)
    return _shown(found, target, tlv=tlv, reveal=reveal)


@command("read-binary", group=GROUP)
def read_binary(
    card: Card, offset: Offset = 0, length: Count | None = None, *, file: CardFile | None = None, tlv: bool = False,
    save: OutputFile | None = None, reveal: bool = False, yes: bool = False,
) -> FileContent:
    """Read bytes of a transparent file: READ BINARY from OFFSET on, LENGTH bytes or all there are.

    Offsets above 32767 go with INS B1.

    Raises CardError where the card refuses, e.g. before `verify`.

    Options:
        --file: select this file first; sfi:5 reads by short identifier; the current file without it
        --tlv: show a tree of data objects
        --save: write the bytes to a file of yours; not with --reveal
        --yes: replace the file of --save where it is there

    Examples:
        read-binary
        read-binary 0 16 --file 3F00/2F02
        read-binary --file sfi:1 --tlv
    """
    target = saving.checked_target(save, replace_it=yes, reveal=reveal)
    with card.transaction():
        short, control = operations.go_to(card, file)
        known = control.size if control and length is None else None
        content = binary.read_binary(card, offset, length, short_identifier=short, size=known)
    return _shown(content, target, tlv=tlv, reveal=reveal)


@command("read-record", group=GROUP)
def read_record(
    card: Card, record: OneRecord | None = None, *, file: CardFile | None = None, length: ExpectedLength = 256,
    tlv: bool = False, save: OutputFile | None = None, reveal: bool = False, yes: bool = False,
) -> RecordList:
    """Read a record by its number, or all of them: READ RECORD.

    Options:
        --file: select this file first; sfi:5 reads by short identifier; the current file without it
        --length: Le, for cards that want it exact; 256 is for all there are
        --tlv: show each record as a tree of data objects
        --save: write their bytes to a file of yours, one record behind the other; not with --reveal
        --yes: replace the file of --save where it is there

    Examples:
        read-record
        read-record 1 --file 7E10/6E04
        read-record --file sfi:5 --tlv
    """
    target = saving.checked_target(save, replace_it=yes, reveal=reveal)
    with card.transaction():
        short, _ = operations.go_to(card, file)
        if record is None:
            found = records.read_records(card, short_identifier=short, length=length)
        else:
            one = records.read_record(card, record, short_identifier=short, length=length)
            found = RecordList(str(card.state.position), (one,), complete=False)
    return _records_shown(found, target, tlv=tlv, reveal=reveal)


def _shown(content: FileContent, target: Path | None, *, tlv: bool, reveal: bool) -> FileContent:
    """The content as it was asked for: revealed, as a tree, saved."""
    shown = contents.shown(content.content, reveal=reveal)
    if target is not None:
        saving.save(target, contents.plain(shown))
    return replace(content, content=shown, objects=contents.tree(shown) if tlv else (), saved=target)


def _records_shown(found: RecordList, target: Path | None, *, tlv: bool, reveal: bool) -> RecordList:
    shown = tuple(_record_shown(one, tlv=tlv, reveal=reveal) for one in found.records)
    if target is not None:
        saving.save(target, b"".join(contents.plain(one.content) for one in shown))
    return replace(found, records=shown, saved=target)


def _record_shown(record: Record, *, tlv: bool, reveal: bool) -> Record:
    shown = contents.shown(record.content, reveal=reveal)
    try:
        objects = tlv_tree(contents.plain(shown)) if tlv and len(shown) else ()
    except TlvError:
        return replace(record, content=shown, note="no data objects")
    return replace(record, content=shown, objects=objects)


# --- change --------------------------------------------------------------------------------------------------------


@command("update-binary", group=GROUP)
def update_binary(
    card: Card, offset: Offset, data: StoredBytes | None = None, *, file: CardFile | None = None,
    load: InputFile | None = None,
) -> Iterator[FileDifference | FileWritten]:
    """Write DATA into a transparent file: read what is there, show the difference, UPDATE BINARY, read back.

    Raises CardError where the card refuses, e.g. before `verify`.

    Options:
        --file: select this file first; sfi:5 writes by short identifier; the current file without it
        --load: take the bytes from a file of yours in place of DATA

    Examples:
        update-binary 0 |Workshop| --file 7E10/6E01
        update-binary 0x20 --load photo.bin
    """
    content = _given(data, load)
    with card.transaction():
        short, _ = operations.go_to(card, file)
        yield from binary.update_binary(card, offset, content, short_identifier=short)


@command("update-record", group=GROUP)
def update_record(
    card: Card, record: RecordNumber, data: StoredBytes | None = None, *, file: CardFile | None = None,
    load: InputFile | None = None,
) -> Iterator[FileDifference | FileWritten]:
    """Write DATA as a record: read the old one, show the difference, UPDATE RECORD, read back.

    In a cyclic file, `previous` replaces the oldest record, which becomes the newest.

    Raises CardError where the card refuses, e.g. for another length in a file of fixed records.

    Options:
        --file: select this file first; sfi:5 writes by short identifier; the current file without it
        --load: take the bytes from a file of yours in place of DATA

    Examples:
        update-record 2 |Hello| --file 7E10/6E05
        update-record previous |2024-06-01 D5 x1|
    """
    content = _given(data, load)
    with card.transaction():
        short, control = operations.go_to(card, file)
        yield from records.update_record(card, record, content, short_identifier=short, control=control)


@command("append-record", group=GROUP)
def append_record(
    card: Card, data: StoredBytes | None = None, *, file: CardFile | None = None, load: InputFile | None = None
) -> FileWritten:
    """Add DATA as a new record at the end of a file: APPEND RECORD. In a cyclic file it becomes record 1.

    Raises CardError where the card refuses, e.g. for want of room.

    Options:
        --file: select this file first; sfi:5 writes by short identifier; the current file without it
        --load: take the bytes from a file of yours in place of DATA
    """
    content = _given(data, load)
    with card.transaction():
        short, control = operations.go_to(card, file)
        return records.append_record(card, content, short_identifier=short, control=control)


def _given(data: bytes | None, load: Path | None) -> bytes:
    if (data is None) == (load is None):
        raise UsageError("the bytes to write are missing" if data is None else "DATA and --load exclude one another",
                         hint="DATA in hex or |text|, or --load FILE")
    content = data if data is not None else saving.loaded(load) if load else b""
    if not content:
        raise UsageError("there is nothing to write: the file is empty")
    return content


@command("create-file", group=GROUP)
def create_file(
    card: Card, identifier: Identifier, size: Size | None = None, *, records: Records | None = None, df: bool = False,
    fcp: ByteString | None = None,
) -> str:
    """Make a file in the current DF: CREATE FILE of ISO/IEC 7816-9. It is then the current file.

    Without options it is a transparent file of SIZE bytes. Cards want more in the FCP than what follows from these,
    each something else.

    Raises CardError where the card refuses, e.g. before `verify`.

    Options:
        --records: make a file of so many records, of SIZE bytes each
        --df: make a DF
        --fcp: the data objects of the FCP template in place of SIZE and the other options, all but the identifier

    Examples:
        create-file 6E20 100
        create-file 6E21 16 --records 4
        create-file 7E30 --df
    """
    if fcp is not None:
        parameters = file_control.with_identifier(fcp, identifier)
    else:
        parameters = _parameters_said(identifier, size, records, df=df)
    operations.create_file(card, parameters)
    return f"{identifier.hex().upper()} was made"


def _parameters_said(identifier: bytes, size: int | None, records: int | None, *, df: bool) -> bytes:
    """What the options say of the new file, as an FCP template."""
    if df:
        return file_control.df_parameters(identifier)
    if size is None:
        raise UsageError("SIZE is missing", hint="create-file 6E20 100, or --df for a DF, or --fcp")
    if records is None:
        return file_control.transparent_parameters(identifier, size)
    if size > file_control.LONGEST_RECORD:
        raise UsageError(f"a record has at most {file_control.LONGEST_RECORD} bytes")
    return file_control.record_parameters(identifier, size, records)


@command("delete-file", group=GROUP)
def delete_file(card: Card, identifier: Identifier) -> str:
    """Delete a file of the current DF: DELETE FILE of ISO/IEC 7816-9. Destructive; a yes is asked for.

    Raises CardError where the card refuses, e.g. before `verify`.
    """
    operations.delete_file(card, identifier)
    return f"{identifier.hex().upper()} was deleted"


COMMANDS = (select_file, pwd, files, cat, read_binary, read_record, update_binary, update_record, append_record,
            create_file, delete_file)
