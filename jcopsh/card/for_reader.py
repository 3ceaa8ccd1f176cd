"""Class FF is the reader's: which command goes to the card, which to its reader, and what is said of a mistake."""

from __future__ import annotations

from jcopsh.card.link import InReader, Link
from jcopsh.errors import ReaderError, UsageError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.reader_commands import READER_CLASS


def require_for_card(command: CommandAPDU) -> None:
    """Raise UsageError where the command is for the reader."""
    if command.cla == READER_CLASS:
        raise UsageError(
            "class FF is the reader's: such a command never reaches the card",
            meaning="PC/SC part 3 gives it to readers, ISO/IEC 7816-4 keeps it from cards, and no memory lies at "
                    "FFxxxx.",
            hint="reader-send FF CA 00 00 00 asks a contactless reader for the card's UID",
        )


def require_for_reader(command: CommandAPDU, link: Link) -> None:
    """Raise UsageError where the command is for the card, ReaderError where the link has no reader."""
    if command.cla != READER_CLASS:
        raise UsageError(
            "only commands of class FF are for the reader", meaning="Every other class goes to the card.", hint="send"
        )
    if not isinstance(link, InReader):
        raise ReaderError(
            "there is no reader here to take the command",
            meaning=f"This is {link.name}; what begins with FF is for a reader, and the card never sees it.",
            hint="connect a card in a reader: jcopsh without --sim",
        )
