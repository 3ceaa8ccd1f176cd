"""Status words turned into errors that say what happened, what it means on this card now, and what to try."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import CardError
from jcopsh.globalplatform.channel import ChannelProtocol, SecureChannelState
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.status import SW, in_words
from jcopsh.jcop.root_applet import BOOT
from jcopsh.state import CardState, Fuse, SelectedKind


def card_error(
    what: str, command: CommandAPDU, response: ResponseAPDU, *, besides: str = "", hint: str = ""
) -> CardError:
    """An error for any command: the status word in words, for this command, and the sentences that stand behind it."""
    said = in_words(command, response)
    return CardError(what, command, response, meaning=f"{said}. {besides}" if besides else said, hint=hint)


_OF_CHANNEL = (SW.SECURITY_STATUS_NOT_SATISFIED, SW.SECURE_MESSAGING_INCORRECT)
_OPENS_AGAIN = "auth opens it again"


def hint_in_channel(card: Card, error: CardError) -> str:
    """What to try after this error, where a secure channel has to do with it; else the error's own hint.

    6988 says that the card did not take how a command was protected, and the channel is gone: what was sent after it
    was sent without, and is answered 6982. In an open channel 6982 tells one that the card has closed as well as what
    its keys may not do.
    """
    sw, refused = error.response.sw, card.state.refused_channel
    if sw not in _OF_CHANNEL:
        return error.hint
    if refused is not None:
        return f"the card did not take the MAC of a command in the secure channel, which is gone now: {_OPENS_AGAIN}" \
               f"{_other_option(card.state, refused)}"
    channel = card.state.secure_channel
    if channel is None or not card.goes_through_channel(error.command) or _OPENS_AGAIN in error.hint:
        return error.hint
    said = f"the card may have closed the secure channel: {_OPENS_AGAIN}{_other_option(card.state, channel)}"
    return "; ".join(filter(None, (error.hint, said)))


def _other_option(state: CardState, channel: SecureChannelState) -> str:
    """Which other i the card may have; empty where it tells its own, and the channel was opened with that.

    An i that is wrong in how the ICV is made shows first in the command behind EXTERNAL AUTHENTICATE (E.3.4).
    """
    from jcopsh.globalplatform.scp02 import Option  # the start-up does not need it

    told = dict(state.scp_options).get(channel.protocol)
    if channel.protocol is not ChannelProtocol.SCP02 or told == channel.option:
        return ""
    if told is not None:
        return f", without --option: the card tells i={told:02X}"
    other = channel.option ^ Option.ICV_ENCRYPTION
    return (f"; if that happens again, its i, which it does not tell, may be another than {channel.option:02X}: auth "
            f"with --option {other:02X}")


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
