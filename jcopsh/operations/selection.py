"""SELECT of an application by its AID."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.iso7816.aid import AID, lookup
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.status import describe
from jcopsh.jcop.root_applet import INS_SELECT, P1_BY_NAME, TRANSPORT_KEY_LENGTH
from jcopsh.operations.status_errors import card_error
from jcopsh.operations.values import Selected
from jcopsh.secrets.segments import Segments

# success, more data, warnings (ISO/IEC 7816-4:2020, 5.6)
ACCEPTED_SW1 = (0x90, 0x61, 0x62, 0x63)


def select(card: Card, aid: AID) -> Selected:
    """Select an application by its AID, first or only occurrence (ISO/IEC 7816-4:2020, 11.2.2).

    Raises CardError when the card has nothing of that name.
    """
    command = CommandAPDU(0x00, INS_SELECT, P1_BY_NAME, 0x00, aid.value, le=256)
    response = card.send(command)
    if response.sw1 not in ACCEPTED_SW1:
        raise card_error(
            f"{_name(aid)} was not selected", command, response,
            hint="identify: an unfused card answers 6A82 to nearly every name but its transport key",
        )
    return Selected(_name(aid), Segments((response.data,)), response.sw, describe(response.sw, INS_SELECT).text)


def _name(aid: AID) -> str:
    """How an AID may be called; one of 16 bytes may be a transport key, given without `tk`."""
    known = lookup(aid)
    if known is None and len(aid.value) == TRANSPORT_KEY_LENGTH:
        return f"an AID of {TRANSPORT_KEY_LENGTH} bytes"
    return f"{known.name} ({aid})" if known else str(aid)
