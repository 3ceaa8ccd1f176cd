"""The readers there are, with what PC/SC and their drivers tell of them. Nothing is sent to any card."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.card.card import Card
from jcopsh.card.link import ReaderAttributes
from jcopsh.card.readers import NO_READER_HINT, ReaderInfo
from jcopsh.errors import ReaderError
from jcopsh.iso7816.atr import AtrError, parse_atr

# T0 and the bytes after it of a contactless card's ATR: 8n 80 01 (PC/SC part 3, 3.1.3.2.3)
_CONTACTLESS = (0x80, b"\x80\x01")


@dataclass(frozen=True)
class ReaderReport:
    """A reader: `card` is `none`, `in`, `mute` or `connected` (to jcopsh), `protocols` what its ATR offers.

    `held_by` names the programs that may have the card, where another one has it. The rest is what the driver tells,
    empty where it tells nothing.
    """

    index: int
    name: str
    card: str
    atr: bytes
    protocols: str
    held_by: str
    vendor: str
    model: str
    firmware: str
    serial: str
    largest_message_bytes: int


@dataclass(frozen=True)
class ReaderList:
    """Every reader, in the order of their index."""

    readers: tuple[ReaderReport, ...]


def list_readers(found: tuple[ReaderInfo, ...], connected: Card | None) -> ReaderList:
    """A report on each reader. `connected` is the card of this program, whose reader is asked through it.

    Raises ReaderError when there is no reader.
    """
    if not found:
        raise ReaderError("no reader was found", meaning="PC/SC lists none", hint=NO_READER_HINT)
    return ReaderList(tuple(_report(reader, connected) for reader in found))


def _report(reader: ReaderInfo, card: Card | None) -> ReaderReport:
    ours = card is not None and card.reader == reader.name
    told = card.reader_attributes() if card is not None and ours else _attributes(reader)
    return ReaderReport(
        reader.index, reader.name, "connected" if ours and reader.card_present else _content(reader), reader.atr,
        protocols(reader.atr), "" if ours else _held_by(reader), told.vendor, told.model, told.firmware, told.serial,
        told.largest_message_bytes,
    )


def _attributes(reader: ReaderInfo) -> ReaderAttributes:
    from jcopsh.card import pcsc

    # a reader that another program has for itself alone cannot be asked
    return ReaderAttributes() if reader.exclusive else pcsc.attributes(reader.name)


def _held_by(reader: ReaderInfo) -> str:
    from jcopsh.card.holders import describe, find_holders

    if not reader.in_use and not reader.exclusive:
        return ""
    how = "another program has it for itself alone" if reader.exclusive else "another program shares it"
    who = describe(find_holders())
    return f"{how}; {who}" if who else how


def _content(reader: ReaderInfo) -> str:
    if reader.mute:
        return "mute"
    return "in" if reader.card_present else "none"


def protocols(atr: bytes) -> str:
    """What an ATR offers, in words: `T=0, T=1`, and whether it stands for a contactless card; empty without one."""
    try:
        answer = parse_atr(atr)
    except AtrError:
        return ""
    offered = ", ".join(f"T={number}" for number in answer.protocols)
    high, after = _CONTACTLESS
    contactless = answer.t0 & 0xF0 == high and atr[2:4] == after
    return f"{offered}, contactless" if contactless else offered
