"""Who is this card: IDENTIFY in its classic form, then in the form of JCOP 4 and later."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.jcop.identify import (
    IDENTIFY,
    IDENTIFY_JCOP4,
    IdentifyError,
    next_step,
    parse_identify,
    parse_identify_jcop4,
)
from jcopsh.operations.selection import SELECT_DEFAULT
from jcopsh.operations.status_errors import card_error
from jcopsh.operations.values import Identification
from jcopsh.state import Fuse, SelectedKind


def identify(card: Card) -> Identification:
    """Ask the card who it is. The second form is sent only when the first brought nothing; where nothing was selected
    yet, what the card selects by default is selected before it: only a security domain's answer tells of the fuse.

    Raises CardError when neither form is answered with something that can be read: no JCOP, or one that is silent.
    """
    with card.transaction():
        return _identify(card)


def _identify(card: Card) -> Identification:
    response = card.send(IDENTIFY)
    try:
        classic = parse_identify(response.data)
        return Identification(classic, response.sw, next_step(classic))
    except IdentifyError:
        pass
    applet = card.state.selected is SelectedKind.APPLICATION and not card.state.security_domain
    if card.state.selected is SelectedKind.UNKNOWN and card.has_answer_to(SELECT_DEFAULT):
        card.send(SELECT_DEFAULT)
    second = card.send(IDENTIFY_JCOP4)
    try:
        late = parse_identify_jcop4(second.data)
    except IdentifyError as error:
        raise card_error(
            "the card does not identify itself as a JCOP", IDENTIFY_JCOP4, second,
            hint="reset, then identify: the selected applet was asked, and of JCOP 4 the card manager answers"
            if applet else f"atr shows what else it says of itself ({error})",
        ) from None
    unproved = f"{_UNPROVED} " if late.fused and card.state.fuse is Fuse.UNKNOWN else ""
    return Identification(late, second.sw, unproved + next_step(late))


_UNPROVED = ("Its transport state has ended, but no security domain was selected that said so, so it counts as not "
             "fused: select isd-gp, then identify.")
