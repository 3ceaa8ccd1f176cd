"""What news of the readers mean for the session, and the sentence that tells of them. Runs while nothing else does."""

from __future__ import annotations

from jcopsh.card.monitor import ReaderEvent, ReaderEventKind
from jcopsh.card.readers import ReaderInfo, matching
from jcopsh.errors import JcopshError, NoCardThere
from jcopsh.shell.session import Session, told_of_connection
from jcopsh.shell.tokens import counted

_FORGOTTEN = "what was selected, open or known on it is forgotten"


def take_in(session: Session, event: ReaderEvent) -> str | None:
    """Take in what the monitor saw, on the main thread while nothing runs: the sentence to show, None for nothing.

    A connected card that is gone is left, and with no card and none left on purpose, one that comes is connected.
    """
    session.readers = event.readers
    if event.kind is ReaderEventKind.SERVICE_GONE:
        return _service_gone(session)
    session.service_seen = True
    match event.kind:
        case ReaderEventKind.SERVICE_CAME:
            return f"the PC/SC service is back, with {counted(len(event.readers), 'reader')}"
        case ReaderEventKind.READER_CAME:
            return f"reader {event.reader} was plugged in"
        case ReaderEventKind.READER_GONE:
            return _reader_gone(session, event.reader)
        case ReaderEventKind.CARD_GONE:
            return _card_gone(session, event)
        case ReaderEventKind.CARD_CAME:
            return _card_came(session, event)
    return None


def _service_gone(session: Session) -> str | None:
    told_already = not session.service_seen
    lost = _drop_dead_card(session)
    session.service_seen = False
    if lost:
        return f"the PC/SC service has stopped, and the card is lost: {_FORGOTTEN}"
    return None if told_already else "the PC/SC service has stopped; it is waited for"


def _reader_gone(session: Session, name: str) -> str:
    if _is_of(session, name) and _drop_dead_card(session):
        return f"reader {name} was unplugged, and the card is lost: {_FORGOTTEN}"
    return f"reader {name} was unplugged"


def _card_gone(session: Session, event: ReaderEvent) -> str | None:
    unplugged = all(reader.name != event.reader for reader in event.readers)
    if unplugged or not _is_of(session, event.reader) or not _drop_dead_card(session):
        return None  # of a reader that went with its card, the reader's own event tells
    return f"the card in {event.reader} was taken out: {_FORGOTTEN}"


def _card_came(session: Session, event: ReaderEvent) -> str | None:
    reader = next((one for one in event.readers if one.name == event.reader), None)
    if reader is None or _is_of(session, event.reader):
        return None  # it is gone again, or connected already
    if reader.mute:
        return f"the card in {reader.name} is mute: take it out, turn it round"
    if session.card_or_none is not None:
        return f"a card is in {reader.name}: `connect {reader.index}` leaves the present one for it"
    if session.left or not _is_wanted(session, reader):
        return f"a card is in {reader.name}: `connect {reader.index}`"
    return _connect(session, reader)


def _connect(session: Session, reader: ReaderInfo) -> str | None:
    """Connect to a card that came while there was none; to connect sends it nothing."""
    chosen = session.reader
    try:
        session.connect(reader.name)
    except NoCardThere:
        return None  # it was taken out again meanwhile, which its own event tells
    except JcopshError as error:
        return f"a card is in {reader.name}, but could not be connected ({error.what}): `connect` tries again"
    finally:
        session.reader = chosen  # nobody has chosen this reader: the next card may be in another
    return told_of_connection(reader.name)


def _is_wanted(session: Session, reader: ReaderInfo) -> bool:
    """Whether it is the reader that was chosen, if one was."""
    chosen = session.reader or session.settings.reader
    return chosen is None or reader in matching(session.readers, chosen)


def _is_of(session: Session, name: str) -> bool:
    card = session.card_or_none
    return card is not None and card.reader == name


def _drop_dead_card(session: Session) -> bool:
    """Leave the connected card if it is really gone; whether it was.

    An event may be older than the connection: the card that went may have been put in again and connected since.
    """
    card = session.card_or_none
    if card is None or card.is_alive():
        return False
    session.disconnect()
    return True
