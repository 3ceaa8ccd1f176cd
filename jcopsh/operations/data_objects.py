"""Data objects: read one, look which there are, write (ISO/IEC 7816-4:2005, 7.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jcopsh.card.card import Card
from jcopsh.iso7816 import interindustry
from jcopsh.iso7816.known_tags import tag_name
from jcopsh.operations.file_errors import carried_out, exchange
from jcopsh.operations.file_values import DataObject, FileWritten, Probed


def get_data(card: Card, tag: bytes, *, cla: int = 0x00, odd: bool = False) -> DataObject:
    """The data object with a BER tag of 1 to 4 bytes, or with a number of the application's own (two bytes).

    Tags of one and two bytes go with INS CA, longer ones, and with `odd` all of them, with INS CB and a tag list.
    Raises CardError where the card has none.
    """
    command = interindustry.get_data_odd(tag, cla) if odd else interindustry.get_data(tag, cla)
    response = carried_out(card, command, f"data object {tag.hex().upper()} was not read")
    return DataObject(tag.hex().upper(), _name(tag), card.shown_data(response.data))


def probe_data(card: Card, tags: Iterable[bytes], *, cla: int = 0x00) -> Iterator[DataObject | Probed]:
    """Ask for data objects one after the other, and yield those there are; at the end how many."""
    tried = found = 0
    closed: list[str] = []
    for tag in tags:
        response = exchange(card, interindustry.get_data(tag, cla))
        tried += 1
        if response.done and response.data:
            found += 1
            yield DataObject(tag.hex().upper(), _name(tag), card.shown_data(response.data))
        elif response.sw == 0x6982:
            closed.append(tag.hex().upper())
    notes = (f"there, but read only after a PIN or an authentication: {', '.join(closed)}",) if closed else ()
    yield Probed("data object", "tag", tried, found, str(card.state.position), notes)


def put_data(card: Card, tag: bytes, value: bytes, *, cla: int = 0x00) -> FileWritten:
    """Give a data object another value: INS DA, or for a tag of more than two bytes INS DB. Raises CardError."""
    carried_out(card, interindustry.put_data(tag, value, cla), f"data object {tag.hex().upper()} was not written")
    return FileWritten(str(card.state.position), f"as data object {tag.hex().upper()}", len(value))


def _name(tag: bytes) -> str:
    return tag_name(int.from_bytes(tag, "big"))
