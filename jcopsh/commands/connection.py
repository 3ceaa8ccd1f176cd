"""The way to the card: connect, disconnect, reset, and what the card says before any command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jcopsh import places
from jcopsh.card.card import Card
from jcopsh.card.link import ResetKind
from jcopsh.errors import JcopshError, ReaderError, UsageError
from jcopsh.iso7816.atr import Atr, AtrError, parse_atr
from jcopsh.operations import identification
from jcopsh.operations.values import Identification
from jcopsh.shell.choices import OFF, ON, PROTOCOLS
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.state_words import file_path, pins_verified, selected_name
from jcopsh.shell.types import Reader, choice_among, choice_of
from jcopsh.state import CardState, Fuse, SelectedKind

ProtocolChoice = Annotated[str, choice_among(PROTOCOLS)]


@dataclass(frozen=True)
class Connected:
    """A card was connected or reset."""

    reader: str
    atr: bytes
    protocol: str
    sharing: str


@dataclass(frozen=True)
class CardStatus:
    """What is known of the card, and how."""

    reader: str
    protocol: str
    sharing: str
    atr: bytes
    model: str
    fuse: str
    selected: str
    file: str
    logical_channel: str
    verified: str
    secure_channel: str
    failed_authentications: str
    booted: str
    protected: str
    memory_map: str
    power_up: str
    journal: str
    key_store: str
    history: str
    config: str


@dataclass(frozen=True)
class NoCard:
    """That no card is connected, and why; and where jcopsh keeps its files."""

    card: str
    why: str
    journals: str
    key_store: str
    history: str
    config: str


@command("connect", group="connection")
def connect(
    session: Session, reader: Reader | None = None, *, protocol: ProtocolChoice | None = None,
    shared: bool = False, exclusive: bool = False,
) -> Connected:
    """Connect to the card in a reader: its index, its name or a part of the name. `readers` lists them.

    Without READER: the reader given at the start, or the only one with a card. With `--sim` or `--replay`: the
    simulated card, or the recording. A card that is connected already is left, and reset, once it is clear that there
    is a card in the reader that is meant. Nothing is sent.

    With --shared, what belongs together goes in one transaction, but between two lines another program may select
    something else, of which jcopsh hears nothing. All three options stay in force, as the settings protocol and shared.

    Raises ReaderError when there is no such reader, no card in it, or another program holds it.

    Options:
        --protocol: ask the reader for T=0 or T=1; auto takes what the card prefers
        --shared: let other programs use the card too
        --exclusive: take the card for jcopsh alone

    Examples:
        connect 0
        connect omnikey --protocol T=1
        connect --shared
    """
    if shared and exclusive:
        raise UsageError("--shared and --exclusive exclude one another")
    wanted = {"protocol": protocol, "shared": ON if shared else OFF if exclusive else None}
    with session.settings.kept_where_it_succeeds():
        for name, value in wanted.items():
            if value is not None:
                session.settings.set(name, value)
        return _connected(session.connect(reader))


@command("disconnect", group="connection")
def disconnect(session: Session) -> str:
    """Leave the card. It is reset, so that nothing stays selected; what was known of it is forgotten.

    The next command that needs a card connects again. A card that is put in is then no longer connected by itself.
    """
    session.left = True
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

    Sends JCOP's IDENTIFY, and where that brings nothing the form of JCOP 4 and later; before that, where nothing was
    selected yet, it selects what the card selects by default. It changes nothing on the card. Whether a card is fused
    is only known from here, from a transport key that it took, or from a FUSE; of JCOP 4 and later it is inferred, from
    a transport state that has ended, where a security domain says so.
    """
    return identification.identify(card)


@command("status", group="card", aliases=("card",))
def status(session: Session) -> CardStatus | NoCard:
    """Show what is known of the card, without asking it anything, and where jcopsh keeps its files. It connects none.

    What nobody has asked the card yet is unknown: `identify` asks who it is, and `select` selects. A reset, or a card
    that was pulled out, makes void what was known of selection and of what was booted. Every reading of the memory is
    named after the power-up and the number of BOOTs in it. The journal records every exchange, without its secrets;
    the key store has the keys that were read or written.
    """
    card = session.card_or_none
    if card is not None:
        return _card_status(session, card)
    why = "it was left by disconnect" if session.left else "nothing has wanted one yet, or it was lost: connect"
    return _no_card(session, why)


def _no_card(session: Session, why: str) -> NoCard:
    return NoCard(
        "none is connected", why, journals=str(places.journal_folder()),
        key_store=str(session.key_store.path) if session.key_store else "none",
        history=str(places.history_file()), config=str(places.config_file()),
    )


def _card_status(session: Session, card: Card) -> CardStatus:
    state = card.state
    memory_map = session.memory_map
    return CardStatus(
        reader=card.reader,
        protocol=state.protocol,
        sharing=_sharing(card),
        atr=state.atr,
        model=state.identity.combo if state.identity else "unknown until identify",
        fuse=_fuse(state),
        selected=_selected(state),
        file=file_path(state) or "none by us",
        logical_channel=_logical_channel(state),
        verified=pins_verified(state) or "no PIN by us",
        secure_channel=str(state.secure_channel or "none is open"),
        failed_authentications=_failed_authentications(card),
        booted=_since(state.booted),
        protected=_since(state.protected),
        memory_map=memory_map.name if memory_map else "none: set map NAME, or identify",
        power_up=f"{state.boot.power_up}, {state.boot.count} BOOT since",
        journal=str(card.journal_path),
        key_store=str(card.key_store.path) if card.key_store else "none: a recording",
        history=str(places.history_file()),
        config=str(places.config_file()),
    )


def _selected(state: CardState) -> str:
    """The application on the basic channel."""
    if state.selected is SelectedKind.UNKNOWN:
        return "no application by us since power-up"
    return selected_name(state.aid) if state.selected is SelectedKind.APPLICATION else state.selected.value


def _logical_channel(state: CardState) -> str:
    """The channel in use, and those that are open besides."""
    others = ", ".join(str(one) for one in state.open_channels if one != state.channel)
    return f"{state.channel}; open as well: {others}" if others else str(state.channel)


def _fuse(state: CardState) -> str:
    if state.fuse is Fuse.UNKNOWN and state.fuse_before is not Fuse.UNKNOWN:
        return f"{state.fuse_before.value} before the reset; not shown again since: identify"
    inferred = " (inferred: its transport state is not active)" if state.fuse_inferred else ""
    return state.fuse.value + inferred


def _failed_authentications(card: Card) -> str:
    """What the ledger counts. It knows a card by its CPLC, which is not asked for here, and else by its kind."""
    if card.tries.ledger is None:
        return "not counted: a recording"
    count = card.tries.count(card.state)
    if card.state.chip:
        return str(count)
    return f"unknown until its CPLC is read (cplc, auth); {count} of cards with this ATR"


def _connected(card: Card) -> Connected:
    return Connected(card.reader, card.state.atr, card.state.protocol, _sharing(card))


def _sharing(card: Card) -> str:
    return "shared with other programs" if card.shared else "for jcopsh alone"


def _since(known: bool) -> str:
    return "yes, in this power-up" if known else "not in this power-up"


COMMANDS = (connect, disconnect, reset, atr, identify, status)
