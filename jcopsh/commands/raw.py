"""Any APDU at all, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.card.card import Card
from jcopsh.errors import CardError, UsageError
from jcopsh.iso7816.apdu import ResponseAPDU
from jcopsh.iso7816.status import describe
from jcopsh.operations.selection import ACCEPTED_SW1
from jcopsh.operations.values import ExchangeResult, plain
from jcopsh.shell.command import command
from jcopsh.shell.types import ApduInput, ApduText, Integer


@command("send", group="raw")
def send(card: Card, apdu: ApduText, *, reveal: bool = False) -> Iterator[ExchangeResult]:
    """Send a command APDU, in any notation, and show the answer with its status word in words.

    Hex with or without spaces, `:`, `,` and `0x`; `|text|`; `#(…)` for a length byte and what follows; ykman's
    `[CLA]INS[P1P2][:DATA][/LE][=SW]`. A line that is hex alone is sent as well. The bytes pass the interlock like any
    others: `00000000` is FUSE here too. 61xx and 6Cxx are followed unless `set get_response off`.

    An answer other than 9000, 61xx, 62xx or 63xx is shown, and counts as a failure: a script stops there. A trailing
    `*6A82` (or `=6A82`) expects that status word, and makes every other one a failure.
    """
    response = card.send(apdu.command)
    meaning = describe(response.sw, apdu.command.ins).text
    if reveal:
        yield plain(apdu.command, response, meaning)
    else:
        shown = card.shown_command(apdu.command), card.shown_response(apdu.command, response)
        yield ExchangeResult(*shown, response.sw, meaning)
    _check(apdu, response, meaning)


def _check(apdu: ApduInput, response: ResponseAPDU, meaning: str) -> None:
    if apdu.expected_sw is not None and response.sw != apdu.expected_sw:
        what = f"the status word is {response.sw:04X}, not {apdu.expected_sw:04X} as expected"
        raise CardError(what, apdu.command, response, meaning=meaning)
    if apdu.expected_sw is None and response.sw1 not in ACCEPTED_SW1:
        raise CardError(
            f"the status word is {response.sw:04X}", apdu.command, response,
            hint=f"where this answer is wanted, add *{response.sw:04X}",
        )


@command("send_apdu", group="raw")
def send_apdu(card: Card, *, apdu: ApduText, sc: Integer = 0) -> Iterator[ExchangeResult]:
    """`send`, as GPShell's scripts write it: `send_apdu -sc 0 -APDU 00A4…`.

    There is no secure channel yet, so -sc can only be 0.
    """
    if sc != 0:
        raise UsageError("there is no secure channel to send this through", hint="-sc 0 sends it plain")
    yield from send(card, apdu)


COMMANDS = (send, send_apdu)
