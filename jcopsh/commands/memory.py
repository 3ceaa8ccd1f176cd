"""Configuration memory of an unfused card: read, write, dump."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jcopsh.card.card import Card
from jcopsh.commands import saving
from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import NotationError, parse_bytes
from jcopsh.jcop.memory_map import Field, Kind, ValueForm
from jcopsh.jcop.root_applet import LAST_ADDRESS
from jcopsh.operations import memory as operations
from jcopsh.operations.dump_file import dump_text
from jcopsh.operations.values import Difference, Dump, MemoryBlock, Written
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import Address, ByteString, Length, OutputFile

DEFAULT_LENGTH = 16


@command("read", group="memory")
def read(
    session: Session, card: Card, address: Address, length: Length | None = None, *, reveal: bool = False
) -> MemoryBlock:
    """Read LENGTH bytes at ADDRESS: a number such as 0xC00305, or a field such as cm_key1.

    Without LENGTH: the whole field, or 16 bytes. The command is `C0 B0 hh ll Le`: the address is CLA, P1 and P2.
    Keys and PINs show as their check value unless you say --reveal; whatever key is read is kept in the key store.

    Raises CardError where the root applet refuses, e.g. before `select tk` or before `boot`.
    """
    length = length or _length_of(session, address)
    return operations.read_memory(card, address, length, memory_map=session.memory_map, reveal=reveal)


@command("write", group="memory")
def write(
    session: Session, card: Card, address: Address, data: ByteString | None = None, *, reveal: bool = False
) -> Iterator[Difference | Written]:
    """Write DATA at ADDRESS, a number or a field: read what is there, show the difference, write, read back.

    For a key or PIN, DATA may be left out: it is then asked for and does not show. A field that begins with its length
    is written with that length byte, as it is read. A key that is overwritten is in the key store before, and the new
    one too. Keys, and places the map does not name, ask for a yes (`--yes` answers it); a life-cycle byte asks more.

    Raises CardError where the root applet refuses, e.g. after `protect`.
    """
    field = _field_at(session, address)
    if data is None:
        data = _asked(session, field)
    if address + len(data) - 1 > LAST_ADDRESS:
        raise UsageError(f"{len(data)} bytes at {address:06X} go beyond the end of the memory")
    if field and address == field.address:
        _check_fits(field, data)
    yield from operations.write_memory(card, address, data, memory_map=session.memory_map, reveal=reveal)


@command("dump", group="memory")
def dump(
    session: Session, card: Card, first: Address | None = None, last: Address | None = None, *,
    save: OutputFile | None = None, reveal: bool = False, yes: bool = False,
) -> Dump:
    """Read the memory from FIRST to LAST, both included; without them, all that the map says can be read.

    Keys and PINs are left out, in a file too. The dump names the boot it was read under. Ranges the card refuses are
    listed. Outside the fields, equal rows are drawn once with their number, by `dump > FILE` too; --save has every row,
    and shows where they are instead.

    Options:
        --save: write all of it as text to a file, readable by you alone
        --yes: replace the file of --save where it is there
    """
    memory_map = session.memory_map
    target = saving.checked_target(save, replace_it=yes, reveal=reveal)
    if first is None and memory_map is None:
        raise UsageError("no memory map is chosen, so the range is not known",
                         hint="dump 0xC000F0 0xC095FF, or set map j2a040, or identify")
    start = first if first is not None else memory_map.first if memory_map else 0
    end = last if last is not None else memory_map.last if memory_map else start + 255
    if end < start:
        raise UsageError(f"the range ends at {end:06X}, before it begins at {start:06X}")
    result = operations.dump_memory(card, start, end, memory_map=memory_map, reveal=reveal)
    if target is not None:
        saving.save(target, dump_text(result).encode())
    return replace(result, saved=target)


def _check_fits(field: Field, data: bytes) -> None:
    """Raise UsageError for bytes that are not of the field's length, or whose length byte is not theirs."""
    if field.kind is Kind.KEY and len(data) < field.length:
        raise UsageError(
            f"{field.name} has {field.length} bytes, these are {len(data)}",
            meaning="The rest of the key would keep its old bytes.",
            hint=f"read {field.name} --reveal shows those it has; write all {field.length}",
        )
    if len(data) > field.length:
        raise UsageError(
            f"{field.name} has {field.length} bytes, these are {len(data)}",
            meaning="What lies behind the field would be overwritten.",
            hint=f"where that is meant, write that by itself: write 0x{field.end:06X} …",
        )
    prefixed = field.value_form in (ValueForm.LENGTH_PREFIXED, ValueForm.LENGTH_PREFIXED_TEXT)
    if prefixed and len(data) > 1 and data[0] != len(data) - 1 and len(data) < field.length:
        raise UsageError(
            f"{field.name} begins with the number of its bytes: {len(data) - 1:02X} for these, not {data[0]:02X}",
            hint="#(…) writes the length byte: write cold_historical_bytes #(|JCOPv241|)",
        )


def _length_of(session: Session, address: int) -> int:
    field = _field_at(session, address)
    return field.length if field and field.address == address else DEFAULT_LENGTH


def _field_at(session: Session, address: int) -> Field | None:
    return session.memory_map.at(address) if session.memory_map else None


def _asked(session: Session, field: Field | None) -> bytes:
    if field is None or not field.secret:
        raise UsageError("the bytes to write are missing", hint="write ADDRESS BYTES, e.g. write ifsc FE")
    value = session.ask_secret(f"{field.name} ({field.length} bytes in hex or |text|; it does not show): ")
    return _typed_bytes(value, field)


def _typed_bytes(text: str, field: Field) -> bytes:
    """The bytes that were typed for a secret field. Raises UsageError without repeating them."""
    try:
        data = parse_bytes(text)
    except NotationError:  # its message would show a character of what was typed
        raise UsageError("these are no bytes; nothing was sent",
                         hint=f"{field.length} bytes in hex, or |text|") from None
    _check_fits(field, data)
    return data


COMMANDS = (read, write, dump)
