"""Logical channels: open, close, use (ISO/IEC 7816-4:2005, 7.1.2)."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import JcopshError, UsageError
from jcopsh.iso7816 import interindustry
from jcopsh.iso7816.channel import BASIC_CHANNEL, LAST_CHANNEL
from jcopsh.operations.file_errors import carried_out, exchange, refused
from jcopsh.operations.file_values import Channel, ChannelList


def list_channels(card: Card, did: str = "") -> ChannelList:
    """The logical channels that are known to be open. Nothing is sent."""
    state = card.state
    positions = dict(state.positions)
    return ChannelList(did, tuple(
        Channel(number, number == state.channel, str(positions.get(number, ""))) for number in state.open_channels
    ))


def open_channel(card: Card, number: int = 0) -> ChannelList:
    """Open a logical channel; for 0 the card chooses one. It is not yet used. Raises CardError."""
    command = interindustry.open_channel(number)
    response = exchange(card, command)
    if not response.ok:
        raise refused("no logical channel was opened", card, command, response)
    opened = number or int.from_bytes(response.data, "big")
    if not BASIC_CHANNEL < opened <= LAST_CHANNEL:
        raise JcopshError("the card opened a logical channel, and did not say which",
                          meaning="Its answer has to be one byte, the number of the channel.",
                          hint="manage-channel open 1 asks for one by its number")
    return list_channels(card, f"channel {opened} is open; manage-channel use {opened} goes there")


def close_channel(card: Card, number: int) -> ChannelList:
    """Close a logical channel. The one in use gives way to the basic channel. Raises CardError and UsageError."""
    if number == BASIC_CHANNEL:
        raise UsageError("the basic channel cannot be closed", hint="reset ends everything")
    carried_out(card, interindustry.close_channel(number), f"channel {number} was not closed")
    return list_channels(card, f"channel {number} is closed")


def use_channel(card: Card, number: int) -> ChannelList:
    """Send commands for files and PINs on another open channel. Raises UsageError for one that is not known to be."""
    if number not in card.state.open_channels:
        raise UsageError(f"channel {number} is not open, as far as is known", hint=f"manage-channel open {number}")
    card.use_channel(number)
    return list_channels(card, f"commands for files and PINs go on channel {number} now; send goes as it is written")
