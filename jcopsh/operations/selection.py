"""SELECT of an application by its AID, and of the one that a card selects without a name."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.iso7816.aid import AID, ISSUER_DOMAINS, MAX_AID, MIN_AID, lookup
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.status import meaning_of
from jcopsh.jcop.root_applet import P1_BY_NAME, TRANSPORT_KEY_LENGTH
from jcopsh.operations.status_errors import card_error
from jcopsh.operations.values import Selected
from jcopsh.secrets.segments import Segments
from jcopsh.state import CardState, Fuse

_NOT_FOUND_SW = 0x6A82


def by_name(aid: AID | None) -> CommandAPDU:
    """SELECT of an AID, first or only occurrence (ISO/IEC 7816-4:2020, 11.2.2); None: of what the card selects without
    a name, its issuer security domain (GlobalPlatform 2.3.1, 11.9)."""
    return CommandAPDU(0x00, INS.SELECT, P1_BY_NAME, 0x00, aid.value if aid else b"", le=256)


SELECT_DEFAULT = by_name(None)


def select(card: Card, aid: AID) -> Selected:
    """Select an application by its AID. Raises CardError when the card has nothing of that name."""
    command = by_name(aid)
    before, response = card.state, card.send(command)
    if not response.accepted:
        raise card_error(f"{_name(aid)} was not selected", command, response, hint=_instead(before, aid, response.sw))
    return _selected(_name(aid), command, response)


def select_default(card: Card) -> Selected:
    """Select what the card selects without a name. Raises CardError where that is nothing."""
    response = card.send(SELECT_DEFAULT)
    if not response.accepted:
        raise card_error("the card selects nothing without a name", SELECT_DEFAULT, response, hint=_UNFUSED)
    name = card.state.aid
    called = _name(AID(name)) if MIN_AID <= len(name) <= MAX_AID else "the card's default"
    return _selected(called, SELECT_DEFAULT, response)


def _selected(name: str, command: CommandAPDU, response: ResponseAPDU) -> Selected:
    return Selected(name, Segments((response.data,)), response.sw, meaning_of(command, response))


def _instead(before: CardState, aid: AID, sw: int) -> str:
    """What to try where that AID was not selected on a card of which so much was known."""
    others = [known.name for known in map(lookup, ISSUER_DOMAINS) if known and known.aid != aid]
    if aid in ISSUER_DOMAINS and sw == _NOT_FOUND_SW and before.fuse is not Fuse.UNFUSED:
        unfused = "" if _has_domain(before) else "; an unfused card has none yet: identify"
        return f"select {others[0]}, its other usual name, or select alone for any name{unfused}"
    return _NOT_THERE if _has_domain(before) else _UNFUSED


_UNFUSED = "identify: an unfused card answers 6A82 to nearly every name but its transport key"
_NOT_THERE = "list (after auth) shows what is there: it may be missing, or locked"


def _has_domain(state: CardState) -> bool:
    """Whether the card is known to have its security domain, and so is no unfused one: by what it told of itself, or
    because a security domain is selected or has opened a channel."""
    return Fuse.FUSED in (state.fuse, state.fuse_before) or state.security_domain or state.secure_channel is not None


def _name(aid: AID) -> str:
    """How an AID may be called; one of 16 bytes may be a transport key, given without `tk`."""
    known = lookup(aid)
    if known is None and len(aid.value) == TRANSPORT_KEY_LENGTH:
        return f"an AID of {TRANSPORT_KEY_LENGTH} bytes"
    return f"{known.name} ({aid})" if known else str(aid)
