"""Data objects of the card: read one, look which there are, write; and any bytes as a tree of BER-TLV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.commands import contents, saving
from jcopsh.errors import UsageError
from jcopsh.iso7816.known_tags import PROBED_TAGS
from jcopsh.iso7816.tlv import TlvError
from jcopsh.iso7816.tlv_tree import TlvNode, tlv_tree
from jcopsh.operations import data_objects as operations
from jcopsh.operations.file_values import DataObject, DataObjects, FileWritten, Probed
from jcopsh.secrets.segments import Segments
from jcopsh.shell.command import command
from jcopsh.shell.types import ByteString, ChoiceType, InputFile, OutputFile, StoredBytes
from jcopsh.shell.types.files import IdentifierListType, TagType

GROUP = "data objects"

Tag = Annotated[bytes, TagType()]
Tags = Annotated[tuple[range, ...], IdentifierListType("numbers for P1-P2", "0100-01FF or 0066,5F52")]
DataClass = Annotated[int, ChoiceType({"00": 0x00, "80": 0x80}, {"00": "ISO/IEC 7816-4", "80": "GlobalPlatform"})]


@command("get-data", group=GROUP)
def get_data(
    card: Card, tag: Tag, *, cla: DataClass = 0x00, odd: bool = False, tlv: bool = False,
    save: OutputFile | None = None, reveal: bool = False, yes: bool = False,
) -> DataObject:
    """Read a data object: GET DATA with its tag in P1-P2, or for a tag of three bytes with INS CB and a tag list.

    An answer that looks like data objects is shown as a tree too.

    Raises CardError where the card has no such data object.

    Options:
        --cla: the class byte, 00 of ISO/IEC 7816-4 or 80 of GlobalPlatform
        --odd: take INS CB for every tag
        --tlv: show it as a tree, and fail where it is none
        --save: write the bytes to a file of yours; not with --reveal
        --yes: replace the file of --save where it is there

    Examples:
        get-data 5F52
        get-data 9F7F --cla 80
        get-data 5FC102
    """
    target = saving.checked_target(save, replace_it=yes, reveal=reveal)
    found = operations.get_data(card, tag, cla=cla, odd=odd)
    shown = contents.shown(found.content, reveal=reveal)
    objects = contents.tree(shown) if tlv else _likely_tree(shown)
    if target is not None:
        saving.save(target, contents.plain(shown))
    return replace(found, content=shown, objects=objects, saved=target)


def _likely_tree(content: Segments) -> tuple[TlvNode, ...]:
    """The data objects in the content; none where it does not look like any."""
    try:
        objects = () if content.hidden else tlv_tree(content.reveal())
    except TlvError:
        return ()
    return objects if any(one.children or one.name for one in objects) else ()


@command("put-data", group=GROUP)
def put_data(card: Card, tag: Tag, data: StoredBytes, *, cla: DataClass = 0x00) -> FileWritten:
    """Give a data object another value: PUT DATA with its tag in P1-P2, or for a tag of three bytes with INS DB.

    What was there is not read before: `get-data` does.

    Raises CardError where the card refuses, e.g. before `verify`.

    Examples:
        put-data 5F50 |https://example.org|
        put-data 0101 48656C6C6F
    """
    return operations.put_data(card, tag, data, cla=cla)


@command("data-objects", group=GROUP)
def data_objects(
    card: Card, tags: Tags | None = None, *, cla: DataClass = 0x00
) -> Iterator[DataObject | Probed]:
    """Look which data objects there are, by asking for one tag after the other. Ctrl-C ends it.

    Without TAGS, those that mean the same on many cards.

    Examples:
        data-objects
        data-objects 0100-01FF
    """
    wanted = [bytes.fromhex(tag) for tag in PROBED_TAGS]
    if tags is not None:
        wanted = [number.to_bytes(2, "big").lstrip(b"\x00") or b"\x00" for one in tags for number in one]
    for found in operations.probe_data(card, wanted, cla=cla):
        yield replace(found, objects=_likely_tree(found.content)) if isinstance(found, DataObject) else found


@command("tlv", group=GROUP)
def tlv(data: ByteString | None = None, *, load: InputFile | None = None) -> DataObjects:
    """Show bytes as a tree of BER-TLV data objects: tags with their names, lengths, values. Nothing is sent.

    Options:
        --load: take the bytes from a file of yours

    Examples:
        tlv 6F1A840E315041592E5359532E4444463031A5088801025F2D02656E
        tlv --load certificate.bin
    """
    if (data is None) == (load is None):
        raise UsageError("BYTES or --load FILE, one of them", hint="tlv 8401FF")
    try:
        return DataObjects(tlv_tree(data if data is not None else saving.loaded(load) if load else b""))
    except TlvError as error:
        raise UsageError("this is no BER-TLV", meaning=f"Byte {error.offset}: {error}.") from error


COMMANDS = (get_data, put_data, data_objects, tlv)
