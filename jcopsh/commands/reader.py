"""The readers themselves: which there are, and what is for the reader and not for the card."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.card.card import Card
from jcopsh.commands.exchanges import check, shown_exchange
from jcopsh.iso7816.reader_commands import describe_reader_answer
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
    meaning = describe_reader_answer(response.sw)
    yield shown_exchange(card, apdu, response, meaning, reveal=reveal)
    check(apdu, response, meaning, "a reader with contacts knows few commands of its own, most know none")


COMMANDS = (readers, reader_send)
