"""Status words turned into errors that say what happened, what it means on this card now, and what to try."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.status import in_words
from jcopsh.jcop.root_applet import BOOT
from jcopsh.state import CardState, Fuse, SelectedKind


def card_error(
    what: str, command: CommandAPDU, response: ResponseAPDU, *, besides: str = "", hint: str = ""
) -> CardError:
    """An error for any command: the status word in words, for this command, and the sentences that stand behind it."""
    said = in_words(command, response)
    return CardError(what, command, response, meaning=f"{said}. {besides}" if besides else said, hint=hint)


def channel_hint(card: Card, error: CardError) -> str:
    """What to try besides where a command in a secure channel was answered 6982; empty where it was not.

    The status word tells a channel that the card has closed as well as what its keys may not do.
    """
    if error.response.sw != 0x6982 or not card.goes_through_channel(error.command):
        return ""
    return "the card may have closed the secure channel: auth opens it again"


def root_error(card: Card, what: str, command: CommandAPDU, response: ResponseAPDU) -> CardError:
    """An error for a root command: what the status word means in the state that the card is in."""
    besides, hint = _in_state(card.state, command, response.sw)
    return card_error(what, command, response, besides=besides, hint=hint)


def _in_state(state: CardState, command: CommandAPDU, sw: int) -> tuple[str, str]:
    if state.fuse is Fuse.FUSED:
        return "The card is fused: the root applet and its commands are gone for ever", "look with select isd"
    if state.fuse is Fuse.UNKNOWN and state.fuse_before is Fuse.FUSED:
        return ("The card was fused before the reset: the root applet and its commands are gone for ever",
                "identify shows that it is fused; look with select isd")
    if state.fuse is Fuse.UNKNOWN and state.selected is SelectedKind.APPLICATION:
        return ("An application is selected, not the root applet, which a fused card has no more",
                "identify tells whether the card is fused; if it is not, select tk")
    if state.selected is not SelectedKind.ROOT:
        return (
            "The root applet has not been selected since the card was powered up, so nothing took the command",
            "select tk",
        )
    if sw == 0x6985 and state.protected:
        return "The card is protected: its configuration can be read but not written", ""
    if sw == 0x6985 and not state.booted and command != BOOT:
        return (
            "The card was not booted since it was powered up (that this is the reason is inferred)",
            "boot  (careful: on some cards it wipes and makes new random keys; read what you can first)",
        )
    if sw in (0x6A86, 0x6B00):
        return "The address is outside what this card lets be read or written", "help memory map"
    return "", ""


def require_ok(card: Card, what: str, command: CommandAPDU, response: ResponseAPDU) -> None:
    """Raise the root command's error unless the status word is 9000."""
    if not response.ok:
        raise root_error(card, what, command, response)
