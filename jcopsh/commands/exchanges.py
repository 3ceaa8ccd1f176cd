"""One exchange as `send` and `reader-send` show it, and whether its status word makes the line fail."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.iso7816.apdu import ResponseAPDU
from jcopsh.operations.values import ExchangeResult, plain
from jcopsh.shell.types import ApduInput


def shown_exchange(
    card: Card, apdu: ApduInput, response: ResponseAPDU, meaning: str, *, reveal: bool
) -> ExchangeResult:
    """The command and its answer; keys and PINs in them only with `reveal`. `meaning` is the status word's."""
    if reveal:
        return plain(apdu.command, response, meaning)
    shown = card.shown_command(apdu.command), card.shown_response(apdu.command, response)
    return ExchangeResult(*shown, response.sw, meaning)


def check(apdu: ApduInput, response: ResponseAPDU, meaning: str, hint: str) -> None:
    """Raise CardError for another status word than the expected one; where none is, for any that is no success, warning
    or 61xx. `hint` is for the second case: what was shown has told the meaning."""
    if apdu.expected_sw is not None and response.sw != apdu.expected_sw:
        what = f"the status word is {response.sw:04X}, not {apdu.expected_sw:04X} as expected"
        raise CardError(what, apdu.command, response, meaning=meaning)
    if apdu.expected_sw is None and not response.accepted:
        raise CardError(f"the status word is {response.sw:04X}", apdu.command, response, hint=hint)
