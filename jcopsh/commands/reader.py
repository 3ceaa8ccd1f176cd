"""The readers themselves: which there are, and what is for the reader and not for the card."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.card.card import Card
from jcopsh.commands.exchanges import check, shown_exchange
from jcopsh.operations.readers import ReaderList, list_readers
from jcopsh.operations.values import ExchangeResult
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import ReaderApdu


@command("readers", group="connection", aliases=("terminal",))
def readers(session: Session) -> ReaderList:
    """List the readers: index, name, what is in them, and what their drivers tell of them.

    A reader whose card another program has is shown with the programs that may have it, as far as the system tells.
    Nothing is sent to any card, and none is connected. `connect INDEX` takes the card in one of them.

    Raises ReaderError when there is none, or PC/SC does not run.
    """
    from jcopsh.card import pcsc

    session.readers = pcsc.readers()
    return list_readers(session.readers, session.card_or_none)


@command("reader-send", group="raw")
def reader_send(card: Card, apdu: ReaderApdu, *, reveal: bool = False) -> Iterator[ExchangeResult]:
    """Send a command of class FF to the reader itself, in the same notations as `send`, and show the answer.

    PC/SC part 3 gives such commands to readers of contactless cards: FF CA 00 00 00 asks for the card's UID,
    FF CA 01 00 00 for its historical bytes. A reader that does not know one may hand it on to the card. They pass the
    interlock, which takes what a reader's maker has made up for destructive; 61xx and 6Cxx are not followed.

    An answer other than 9000, 61xx, 62xx or 63xx counts as a failure; a trailing `*6A81` expects it.

    Examples:
        reader-send FF CA 00 00 00
        reader-send FF CA 01 00 00 *6A81
    """
    response = card.send_to_reader(apdu.command)
    meaning = _MEANINGS.get(response.sw, "not in PC/SC part 3")
    yield shown_exchange(card, apdu, response, meaning, reveal=reveal)
    check(apdu, response, meaning, "a reader with contacts knows few commands of its own, most know none")


# PC/SC part 3, 3.2.2.1
_MEANINGS = {
    0x9000: "done",
    0x6200: "part of the data may be corrupted, or the end came first",
    0x6300: "no information, or it failed",
    0x6581: "memory failure",
    0x6700: "wrong length",
    0x6800: "the class byte is not right",
    0x6981: "incompatible with this card",
    0x6982: "the security status does not allow it",
    0x6983: "the card cannot authenticate, or refuses to",
    0x6986: "not allowed: no such key or no card",
    0x6A81: "the reader or the card does not know this function",
    0x6A82: "there is no such block or file",
    0x6B00: "wrong parameters: outside the card",
    0x6D00: "the reader does not know the instruction; a card it was handed on to may have answered",
    0x6E00: "the reader does not know the class; a card it was handed on to may have answered",
    0x6F00: "no precise diagnosis",
}

COMMANDS = (readers, reader_send)
