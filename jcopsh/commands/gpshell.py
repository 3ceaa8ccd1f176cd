"""Lines of GPShell's scripts that mean one thing here: it is done, or the line is passed over where nothing is to do.

What wants a key, such as open_sc, is not here: `help GPShell` says what it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.commands import connection, raw, trace
from jcopsh.commands.connection import Connected
from jcopsh.errors import UsageError
from jcopsh.operations.values import ExchangeResult
from jcopsh.shell.command import command
from jcopsh.shell.other_tools import GPSHELL_WORDS
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Setting
from jcopsh.shell.types import ApduText, Integer, IntegerType, Reader

ReaderNumber = Annotated[int, IntegerType(1, 255, "the number of a reader, counted from 1")]


@command("send_apdu", group=GPSHELL_WORDS)
def send_apdu(card: Card, *, apdu: ApduText, sc: Integer = 0) -> Iterator[ExchangeResult]:
    """`send`, as GPShell's scripts write it: `send_apdu -sc 0 -APDU 00A4…`.

    -sc 1 sends it through the secure channel, -sc 0 past it.
    """
    yield from raw.send(card, apdu, plain=sc == 0, wrapped=sc != 0)


@command("card_connect", group=GPSHELL_WORDS)
def card_connect(
    session: Session, *, readernumber: ReaderNumber | None = None, reader: Reader | None = None
) -> Connected:
    """`connect`, as GPShell's scripts write it: `card_connect -readerNumber 1`. There readers are counted from 1.

    With a simulated card or a recording the reader that the script names does not count.

    Options:
        --readernumber: the reader by its number, from 1 on
        --reader: the reader by its name
    """
    if readernumber is not None and reader is not None:
        raise UsageError("-readerNumber and -reader exclude one another")
    named = str(readernumber - 1) if readernumber is not None else reader
    connected: Connected = connection.connect(session, named if session.has_readers else None)
    return connected


@command("card_disconnect", group=GPSHELL_WORDS)
def card_disconnect(session: Session) -> str:
    """`disconnect`, as GPShell's scripts write it."""
    done: str = connection.disconnect(session)
    return done


@command("enable_trace", group=GPSHELL_WORDS)
def enable_trace(session: Session) -> Setting:
    """`trace full`, as GPShell's scripts write it."""
    setting: Setting = trace.trace(session, "full")
    return setting


@command("establish_context", group=GPSHELL_WORDS, aliases=("release_context", "mode_201", "mode_211"))
def establish_context() -> str:
    """Passed over: here a reader is taken by `connect`, and the card says which GlobalPlatform it has (`info`)."""
    return "passed over: GPShell's, and not needed here"


COMMANDS = (send_apdu, card_connect, card_disconnect, enable_trace, establish_context)
