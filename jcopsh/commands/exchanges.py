"""One exchange as `send` and `reader-send` show it, and whether its status word makes the line fail."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS, PIN_INS
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
    or 61xx, and for 63xx where a PIN or a cryptogram was wrong: the next line would cost another try. `hint` is for the
    second case: what was shown has told the meaning."""
    if apdu.expected_sw is not None and response.sw != apdu.expected_sw:
        what = f"the status word is {response.sw:04X}, not {apdu.expected_sw:04X} as expected"
        raise CardError(what, apdu.command, response, meaning=meaning)
    if apdu.expected_sw is None and (not response.accepted or _was_wrong(apdu.command, response)):
        raise CardError(f"the status word is {response.sw:04X}", apdu.command, response, hint=hint)


def _was_wrong(command: CommandAPDU, response: ResponseAPDU) -> bool:
    """Whether what the command brought was compared, and differs."""
    compares = command.ins in PIN_INS or command.ins == INS.EXTERNAL_AUTHENTICATE
    return compares and bool(command.data) and response.sw >> 8 == 0x63
