"""Any APDU at all, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.commands.exchanges import check, shown_exchange
from jcopsh.errors import UsageError
from jcopsh.iso7816.status import meaning_of
from jcopsh.operations.values import ExchangeResult
from jcopsh.shell.choices import GET_RESPONSE
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Setting
from jcopsh.shell.types import ApduText, choice_among


@command("send", group="raw")
def send(
    card: Card, apdu: ApduText, *, reveal: bool = False, plain: bool = False, wrapped: bool = False
) -> Iterator[ExchangeResult]:
    """Send a command APDU, in any notation, and show the answer with its status word in words.

    Hex with or without spaces, `:`, `,` and `0x`; `|text|`; `#(…)` for a length byte and what follows; ykman's
    `[CLA]INS[P1P2][:DATA][/LE][=SW]`. A line that is hex alone is sent as well. The bytes pass the interlock like any
    others: `00000000` is FUSE here too. 61xx and 6Cxx are followed unless `get-response off`.

    Through an open secure channel goes what is for the security domain: not SELECT, GET RESPONSE or MANAGE CHANNEL,
    nor what is for another logical channel. `--plain` sends the bytes as they are, past the channel; `--wrapped`
    insists on going through it. The answer is shown plain.

    An answer other than 9000, 61xx, 62xx or 63xx is shown, and counts as a failure: a script stops there. So does 63xx
    to a PIN or a cryptogram, which was wrong then. A trailing `*6A82` (or `=6A82`) expects that status word, and makes
    every other one a failure.

    Options:
        --plain: send the bytes as they are, past an open secure channel
        --wrapped: insist on going through the secure channel
    """
    if wrapped and plain:
        raise UsageError("--plain and --wrapped exclude one another")
    if wrapped and not card.goes_through_channel(apdu.command):
        raise UsageError(
            "no secure channel is open to send this through; nothing was sent"
            if card.state.secure_channel is None else "this never goes through a secure channel; nothing was sent",
            meaning="SELECT, GET RESPONSE and MANAGE CHANNEL, other logical channels and protected classes never do.",
            hint="auth opens one; --plain sends it as it is",
        )
    command = apdu.command
    response = card.send(command, plain=plain)
    meaning = meaning_of(command, response)
    yield shown_exchange(card, apdu, response, meaning, reveal=reveal)
    check(apdu, response, meaning, f"where this answer is wanted, add *{response.sw:04X}")


@command("get-response", group="raw")
def get_response(session: Session, follow: Annotated[str, choice_among(GET_RESPONSE)] | None = None) -> Setting:
    """Choose whether 61xx and 6Cxx are followed by themselves, or shown as the card gives them: on or off.

    It is the setting get_response. Without a word: how it is now.
    """
    if follow is None:
        return session.settings.get("get_response")
    return session.settings.set("get_response", follow)


COMMANDS = (get_response, send)
