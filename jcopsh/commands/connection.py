"""The way to the card: connect, disconnect, reset, and what the card says before any command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.card.link import ResetKind
from jcopsh.errors import JcopshError, ReaderError
from jcopsh.iso7816.atr import Atr, AtrError, parse_atr
from jcopsh.operations import identification
from jcopsh.operations.values import Identification
from jcopsh.shell.command import command
from jcopsh.shell.prompt import selected_name
from jcopsh.shell.session import Session
from jcopsh.shell.types import RestText, choice_of
from jcopsh.state import SelectedKind


@dataclass(frozen=True)
class Connected:
    """A card was connected or reset."""

    reader: str
    atr: bytes
    protocol: str


@dataclass(frozen=True)
class CardStatus:
    """What is known of the card, and how."""

    reader: str
    protocol: str
    atr: bytes
    model: str
    fuse: str
    selected: str
    booted: str
    protected: str
    memory_map: str
    power_up: str
    journal: str
    key_store: str


@command("connect", group="connection")
def connect(session: Session, reader: RestText | None = None) -> Connected:
    """Connect to the card in a reader: its index, its name or a part of the name.

    Without READER: the reader given at the start, or the only one with a card. With `--sim` or `--replay`: the
    simulated card, or the recording. A card that is connected already is left first, and reset.

    Raises ReaderError when there is no such reader, no card in it, or another program holds it.
    """
    session.disconnect()
    return _connected(session.connect(reader))


@command("disconnect", group="connection")
def disconnect(session: Session) -> str:
    """Leave the card. It is reset, so that nothing stays selected; what was known of it is forgotten."""
    if session.card_or_none is None:
        return "no card is connected"
    session.disconnect()
    return "disconnected; the card was reset"


@command("reset", group="connection")
def reset(card: Card, kind: Annotated[ResetKind, choice_of(ResetKind)] = ResetKind.COLD) -> Connected:
    """Reset the card: cold takes its power away, warm leaves it. Only after a reset does a changed ATR show.

    Selection and boot are lost. Raises ReaderError when the card does not answer the reset.
    """
    card.reset(kind)
    return _connected(card)


@command("atr", group="card")
def atr(card: Card) -> Atr:
    """Show the answer to the last reset, byte by byte: protocols, speeds, IFSC, historical bytes.

    Nothing is sent. Source: ISO/IEC 7816-3, 8.2.
    """
    if not card.state.atr:
        raise ReaderError("no ATR is known", meaning="The card was lost, or the recording holds none.", hint="reset")
    try:
        return parse_atr(card.state.atr)
    except AtrError as error:
        raise JcopshError(
            f"the ATR {card.state.atr.hex(' ').upper()} does not follow ISO/IEC 7816-3",
            meaning=f"Byte {error.offset}: {error}.",
            hint="if you changed its bytes in the memory, look at them with read",
        ) from error


@command("identify", group="card")
def identify(card: Card) -> Identification:
    """Ask the card who it is: JCOP version, mask, fuse state, and what to do next.

    Sends JCOP's IDENTIFY, and where that brings nothing the form of JCOP 4 and later. Neither changes anything. Whether
    a card is fused is only known from here, from a transport key that it took, or from a FUSE.
    """
    return identification.identify(card)


@command("status", group="card", aliases=("card",))
def status(session: Session, card: Card) -> CardStatus:
    """Show what is known of the card, without asking it anything."""
    state = card.state
    memory_map = session.memory_map
    selected = selected_name(state.aid) if state.selected is SelectedKind.APPLICATION else state.selected.value
    return CardStatus(
        reader=card.reader,
        protocol=state.protocol,
        atr=state.atr,
        model=state.identity.combo if state.identity else "unknown until identify",
        fuse=state.fuse.value,
        selected="nothing by us since power-up" if state.selected is SelectedKind.UNKNOWN else selected,
        booted=_since(state.booted),
        protected=_since(state.protected),
        memory_map=memory_map.name if memory_map else "none: set map NAME, or identify",
        power_up=f"{state.boot.power_up}, {state.boot.count} BOOT since",
        journal=str(card.journal_path),
        key_store=str(card.key_store.path) if card.key_store else "none: a recording",
    )


def _connected(card: Card) -> Connected:
    return Connected(card.reader, card.state.atr, card.state.protocol)


def _since(known: bool) -> str:
    return "yes, in this power-up" if known else "not in this power-up"


COMMANDS = (connect, disconnect, reset, atr, identify, status)
