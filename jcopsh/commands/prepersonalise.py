"""From unfused to fused: select the root applet, boot, protect, fuse; and SELECT of any application."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.card.card import Card
from jcopsh.errors import UsageError
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.iso7816.hexadecimal import NotationError, parse_bytes
from jcopsh.jcop.root_applet import TRANSPORT_KEY_LENGTH
from jcopsh.operations import files, personalisation, selection
from jcopsh.operations.file_values import SelectedFile
from jcopsh.operations.values import Checklist, Selected
from jcopsh.secrets.key_store import Origin, StoredSecret
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import AidOrName, Target, TransportKey


@command("select", group="card")
def select(
    session: Session, card: Card, aid: AidOrName | None = None, key: TransportKey | None = None
) -> Selected | SelectedFile:
    """Select an application: by its AID, by a name such as isd, or the root applet of an unfused card by `tk`.

    The root applet's AID is the card's transport key. `select tk` takes the one that is in the key store, or asks for
    it without showing it; `select tk KEY` takes KEY. A key that the card takes is stored. A wrong one is never followed
    by another: whether cards count them is unknown.

    A file is selected as `select-file` does, by its identifier or path: `select 3F00`. `select` alone takes what the
    card selects without a name, as a rule its issuer security domain.

    Raises CardError when nothing of that name is on the card.
    """
    if isinstance(aid, FileReference):
        return files.select_file(card, aid)
    if isinstance(aid, Target):
        personalisation.require_not_fused(card)
        return personalisation.select_root_applet(card, key or _transport_key(session, card))
    if key is not None:
        raise UsageError("a key goes with tk only", hint="select tk KEY")
    return selection.select(card, aid) if aid is not None else selection.select_default(card)


@command("boot", group="pre-personalisation")
def boot(card: Card) -> str:
    """BOOT the card, so that its memory can be read and written. Destructive; a yes is asked for.

    On some cards it wipes everything and makes new random keys (seed 000). Try `read` first: it may work without.

    Raises CardError where the root applet refuses, e.g. before `select tk`.
    """
    personalisation.boot(card)
    return f"booted (boot {card.state.boot}); keys read before may no longer be the card's"


@command("protect", group="pre-personalisation")
def protect(session: Session, card: Card) -> Iterator[Checklist | str]:
    """PROTECT the configuration against being written. A checklist is shown, then a typed consent is asked for.

    Whether anything takes this back is publicly unknown (seed 000 guesses: the next BOOT). It comes before `fuse`.
    """
    personalisation.require_not_fused(card)
    with card.transaction():
        yield personalisation.personalisation_checklist(card, "Before PROTECT", session.memory_map)
        personalisation.protect(card)
    yield "protected: the configuration can no longer be written"


@command("fuse", group="pre-personalisation")
def fuse(session: Session, card: Card) -> Iterator[Checklist | str]:
    """FUSE the card, for ever. A checklist is shown, then a typed consent with a random code is asked for.

    The root applet goes; nothing can be read or mended any more. Cards work without it, but stay open to anyone who has
    the transport key.
    """
    personalisation.require_not_fused(card)
    with card.transaction():
        yield personalisation.personalisation_checklist(card, "Before FUSE", session.memory_map)
        personalisation.fuse(card)
    yield "fused: the root applet is gone for ever. After a reset the card manager answers: reset, then select isd"


def _transport_key(session: Session, card: Card) -> Secret:
    """The stored key, if exactly one may be this card's; else the person is asked. None is ever tried after another."""
    stored = _stored_transport_keys(session, card)
    return stored[0].secret if len(stored) == 1 else _asked_transport_key(session)


def _stored_transport_keys(session: Session, card: Card) -> tuple[StoredSecret, ...]:
    """The stored transport keys that were taken by a card like this one: of the same kind where both were identified,
    else with the same ATR."""
    identity, atr = card.state.identity, card.state.atr.hex().upper()

    def fits(entry: StoredSecret) -> bool:
        same_kind = identity is not None and entry.card.startswith(identity.combo)
        return entry.origin is Origin.SIMULATED or same_kind or (bool(atr) and f"ATR {atr}," in entry.card)

    return session.key_store.transport_keys(fits) if session.key_store else ()


def _asked_transport_key(session: Session) -> Secret:
    text = session.ask_secret("transport key (32 hex digits, or 16 characters; it does not show): ")
    stripped = text.strip()
    if len(stripped) == TRANSPORT_KEY_LENGTH and stripped.isascii():
        return Secret(stripped.encode("ascii"), SecretKind.TRANSPORT_KEY)
    try:
        value = parse_bytes(stripped)
    except NotationError:  # its message would show a character of what was typed
        value = b""
    if len(value) != TRANSPORT_KEY_LENGTH:
        raise UsageError("this is no transport key; nothing was sent", hint="32 hex digits, or 16 characters")
    return Secret(value, SecretKind.TRANSPORT_KEY)


COMMANDS = (select, boot, protect, fuse)
