"""SET STATUS (Card Specification 2.2.1, 11.10, and 5.1 and 5.3 for the ways between the states)."""

from __future__ import annotations

from dataclasses import replace

from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.assumptions import GP_LIFE_CYCLE
from jcopsh.simulator.card_content import ApplicationState, CardState
from jcopsh.simulator.domain_context import (
    REFERENCED_DATA_NOT_FOUND,
    WRONG_DATA,
    WRONG_PARAMETERS,
    CommandRefused,
    DomainContext,
)

_CARD, _APPLICATION, _DOMAIN_WITH_APPLICATIONS = 0x80, 0x40, 0x60
_KNOWS_DOMAIN_WITH_APPLICATIONS = "0202"  # the Card Specification from which on P1 60 is there
_WAYS = {
    CardState.OP_READY: {CardState.INITIALIZED, CardState.SECURED},
    CardState.INITIALIZED: {CardState.SECURED},
    CardState.SECURED: {CardState.CARD_LOCKED},
    CardState.CARD_LOCKED: {CardState.SECURED},
}


def set_status(context: DomainContext, command: Command) -> Answer:
    """P1 80: the card's state becomes P2; P1 40: the application named in the data is locked or unlocked; P1 60: the
    security domain named there is, and every application that belongs to it."""
    context.check_manages()
    if command.p1 == _CARD:
        return _set_card(context, command.p2)
    if command.p1 == _APPLICATION:
        return _set_application(context, command.data, command.p2)
    if command.p1 == _DOMAIN_WITH_APPLICATIONS and context.platform.version >= _KNOWS_DOMAIN_WITH_APPLICATIONS:
        return _set_domain_with_applications(context, command.data, command.p2)
    raise CommandRefused(WRONG_PARAMETERS)


def _set_card(context: DomainContext, wanted: int) -> Answer:
    content = context.content
    try:
        state = CardState(wanted)
    except ValueError:
        raise CommandRefused(WRONG_DATA) from None
    if state is not CardState.TERMINATED and state not in _WAYS.get(content.card_state, set()):
        raise CommandRefused(GP_LIFE_CYCLE.value)
    context.commit(replace(content, card_state=state))
    return Answer(SUCCESS)


def _set_application(context: DomainContext, aid: bytes, wanted: int) -> Answer:
    content = context.content
    found = content.application(aid)
    if found is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    if found is content.issuer or bool(wanted & ApplicationState.LOCKED) == found.locked:
        raise CommandRefused(GP_LIFE_CYCLE.value)
    context.commit(content.with_application(replace(found, state=found.state ^ ApplicationState.LOCKED)))
    return Answer(SUCCESS)


def _set_domain_with_applications(context: DomainContext, aid: bytes, wanted: int) -> Answer:
    content = context.content
    domain = content.domain(aid)
    if domain is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    locks = bool(wanted & ApplicationState.LOCKED)
    if domain is content.issuer or locks == domain.locked:
        raise CommandRefused(GP_LIFE_CYCLE.value)
    for one in (domain, *(each for each in content.instances if each.domain == aid)):
        if one.locked != locks:
            content = content.with_application(replace(one, state=one.state ^ ApplicationState.LOCKED))
    context.commit(content)
    return Answer(SUCCESS)
