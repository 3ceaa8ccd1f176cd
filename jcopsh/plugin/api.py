"""All that a plugin may import.

A plugin is a Python file or folder with a PLUGIN in it:

    \"\"\"Show the first bytes of the configuration memory.\"\"\"
    from jcopsh.plugin.api import Card, MemoryBlock, Plugin, command, read_memory

    @command("peek", group="memory")
    def peek(card: Card) -> MemoryBlock:
        \"\"\"Read the first 16 bytes that a J2A040 lets be read.\"\"\"
        return read_memory(card, 0xC000F0, 16)

    PLUGIN = Plugin(name="peek", commands=[peek])

What a command's parameters may be, and how they are completed and checked, follows from their types: Address, Length,
ByteString and so on. A command returns a value; it never prints. Whatever it sends passes the interlock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jcopsh.card.card import Card
from jcopsh.card.exchange import Exchange
from jcopsh.card.link import ResetKind
from jcopsh.errors import CardError, ChannelError, JcopshError, ReaderError, Refused, UsageError
from jcopsh.globalplatform.cplc import Cplc
from jcopsh.iso7816.aid import AID, KNOWN_AIDS, KnownAID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.atr import Atr, parse_atr
from jcopsh.iso7816.hexadecimal import format_bytes, parse_bytes
from jcopsh.iso7816.status import describe
from jcopsh.iso7816.tlv import TLV
from jcopsh.iso7816.tlv import parse as parse_tlv
from jcopsh.jcop.memory_map import Field, MemoryMap
from jcopsh.operations.content_values import CardInfo, CardListing, ContentEntry
from jcopsh.operations.identification import identify
from jcopsh.operations.looking import card_info, list_content, read_cplc
from jcopsh.operations.memory import dump_memory, read_memory, write_memory
from jcopsh.operations.selection import select
from jcopsh.operations.values import Difference, Dump, ExchangeResult, Identification, MemoryBlock, Span, Written
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.segments import Segments
from jcopsh.shell.command import Command, command
from jcopsh.shell.session import Session
from jcopsh.shell.types import Address, AidOrName, ByteString, InputFile, Integer, Length, OutputFile, Text
from jcopsh.state import CardState

__all__ = [
    "AID",
    "KNOWN_AIDS",
    "TLV",
    "Address",
    "AidOrName",
    "Atr",
    "ByteString",
    "Card",
    "CardError",
    "CardInfo",
    "CardListing",
    "CardState",
    "ChannelError",
    "Command",
    "CommandAPDU",
    "ContentEntry",
    "Cplc",
    "Difference",
    "Dump",
    "Exchange",
    "ExchangeResult",
    "Field",
    "Identification",
    "InputFile",
    "Integer",
    "JcopshError",
    "KnownAID",
    "Length",
    "MemoryBlock",
    "MemoryMap",
    "OutputFile",
    "Plugin",
    "ReaderError",
    "Refused",
    "ResetKind",
    "ResponseAPDU",
    "Secret",
    "SecretKind",
    "Segments",
    "Session",
    "Span",
    "Text",
    "UsageError",
    "Written",
    "card_info",
    "command",
    "describe",
    "dump_memory",
    "format_bytes",
    "identify",
    "list_content",
    "parse_atr",
    "parse_bytes",
    "parse_tlv",
    "read_cplc",
    "read_memory",
    "select",
    "write_memory",
]


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a plugin adds: its name, its commands, and a sentence about it."""

    name: str
    commands: Sequence[Command] = field(default_factory=tuple)
    summary: str = ""
