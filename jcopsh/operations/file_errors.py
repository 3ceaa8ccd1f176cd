"""How commands for files are sent and what their refusals lead to: the error, and what to try next."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.interindustry import on_channel
from jcopsh.operations.status_errors import card_error
from jcopsh.state import CardState


def exchange(card: Card, command: CommandAPDU) -> ResponseAPDU:
    """Send a command on the logical channel in use.

    6Cxx is followed here where the card does not follow it. Raises CardError for 61xx that is not followed: the data
    would be missing.
    """
    command = on_channel(command, card.state.channel)
    response = card.send(command)
    if response.wrong_le and not response.data and not card.follow:
        response = card.send(command.with_le(response.named_length))
    if response.more_waits:
        raise card_error("the answer waits in the card and is not fetched", command, response, hint="get-response on")
    return response


def carried_out(card: Card, command: CommandAPDU, otherwise: str) -> ResponseAPDU:
    """Send a command, and return its answer where it was carried out; else raises CardError that says `otherwise`."""
    response = exchange(card, command)
    if not response.done:
        raise refused(otherwise, card, command, response)
    return response


def refused(what: str, card: Card, command: CommandAPDU, response: ResponseAPDU, *, hint: str = "") -> CardError:
    """The error for a command that was not carried out, with what to try next."""
    command = on_channel(command, card.state.channel)
    return card_error(what, command, response, hint=hint or _next_step(card, command, response.sw))


_READERS_AND_WRITERS = (INS.READ_BINARY, INS.READ_BINARY_ODD, INS.UPDATE_BINARY, INS.UPDATE_BINARY_ODD)
_RECORDS = (INS.READ_RECORD, INS.UPDATE_RECORD, INS.APPEND_RECORD)
_DATA_OBJECTS = (INS.GET_DATA, INS.GET_DATA_ODD, INS.PUT_DATA, INS.PUT_DATA_ODD)
_ABOUT_PINS = (INS.CHANGE_REFERENCE_DATA, INS.RESET_RETRY_COUNTER)

_HINTS = {
    0x6881: "manage-channel list shows the channels; manage-channel use 0 goes back to the basic one",
    0x6882: "the card wants secure messaging, or knows none here; auth opens a secure channel to a security domain",
    0x6983: "unblock-pin REFERENCE, with the resetting code (PUK)",
    0x6985: "select-file FILE shows the file's life cycle: a deactivated file is neither read nor written",
    0x6986: "cd FILE first, or name the file: cat 7F10/6F01, read-binary --file sfi:5",
    0x6A82: "files shows which identifiers are there; pwd where you are",
    0x6A83: "read-record, without a number, shows those there are",
    0x6A86: "another way to name it: an identifier, a path, a short identifier (sfi:5)",
    0x6A88: "data-objects asks for many tags in turn",
    0x6B00: "read-binary, without an offset, shows how long the file is",
    0x6D00: "the card, or the application selected now, does not know this instruction; select another one",
    0x6E00: "the card, or the application selected now, does not know this class; select another one",
}

_LENGTH_HINTS: dict[int, str] = {
    INS.READ_RECORD: "--length N, where the card wants an exact length",
    INS.UPDATE_RECORD: "select-file FILE shows how long the records of the file are",
    INS.APPEND_RECORD: "select-file FILE shows how long the records of the file are",
}


_IN_CHANNEL = {
    0x6882: "it went through the secure channel: send --plain sends past it, and reset or select closes it",
    0x6982: "the card may have closed the secure channel, or its keys may not do this: auth opens it again",
    0x6985: "not in the state that the card or the application is in; list and info show it",
}
_PERHAPS_ABOVE = "the last file, as of a cat, may lie above the DF, which is then left: cd DF goes back"
_TO_DOMAIN = "auth: a security domain does most things only on a secure channel"


def _next_step(card: Card, command: CommandAPDU, sw: int) -> str:
    if card.goes_through_channel(command) and sw in _IN_CHANNEL:
        return _IN_CHANNEL[sw]
    if card.state.security_domain and sw in (0x6982, 0x6985):
        return _TO_DOMAIN
    if sw == 0x6981:
        if command.ins in _READERS_AND_WRITERS:
            return "read-record reads a file of records; select-file shows what it is"
        return "read-binary reads a transparent file; select-file shows what it is"
    if sw == 0x6700:
        return _LENGTH_HINTS.get(command.ins, "")
    if sw == 0x6A84 and command.ins in _RECORDS:
        return "a file of fixed records has no room for more; update-record changes one"
    if command.ins == INS.MANAGE_CHANNEL:
        return "manage-channel shows those that are open; manage-channel close N frees one" if sw == 0x6A81 else ""
    if sw == 0x6982:
        return "" if command.ins in _ABOUT_PINS else _for_the_right(card.state, command)
    return _PERHAPS_ABOVE if sw == 0x6A82 and card.state.position.or_above else _HINTS.get(sw, "")


def _for_the_right(state: CardState, command: CommandAPDU) -> str:
    """What to try where a right is missing: a PIN, but none that the card has taken already."""
    shows = "" if command.ins in _DATA_OBJECTS else "; select-file shows what the file wants"
    if not state.verified:
        return f"verify REFERENCE, e.g. verify 1{shows}"
    taken = ", ".join(f"{one:02X}" for one in state.verified)
    several = len(state.verified) > 1
    return (f"PIN {taken} {'are' if several else 'is'} verified already, so another right is missing: verify with "
            f"another REFERENCE, or nobody may do this{shows}")
