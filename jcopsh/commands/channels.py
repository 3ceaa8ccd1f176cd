"""Logical channels of the card (ISO/IEC 7816-4)."""

from __future__ import annotations

from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.errors import UsageError
from jcopsh.operations import channels
from jcopsh.operations.file_values import ChannelList
from jcopsh.shell.command import command
from jcopsh.shell.types import IntegerType, choice

GROUP = "logical channels"

Action = Annotated[str, choice("open", "close", "use", "list", open="MANAGE CHANNEL with P1 00; the card chooses one",
                               close="MANAGE CHANNEL with P1 80", use="send commands for files and PINs there",
                               list="those that are known to be open; nothing is sent")]
ChannelNumber = Annotated[int, IntegerType(0, 19, "the number of a logical channel")]


@command("manage-channel", group=GROUP)
def manage_channel(card: Card, action: Action = "list", number: ChannelNumber | None = None) -> ChannelList:
    """Open, close and use logical channels: MANAGE CHANNEL. Each has a selection of its own.

    `use` sends nothing: commands for files, data objects and PINs go there from then on, with the channel in their
    class byte. `send` goes as it is written. A reset closes all channels but the basic one, 0.

    Raises CardError where the card has no further channel.

    Examples:
        manage-channel open
        manage-channel use 1
        manage-channel close 1
    """
    if action == "list":
        return channels.list_channels(card)
    if action == "open":
        return channels.open_channel(card, number or 0)
    if number is None:
        raise UsageError(f"which channel to {action} is missing", hint=f"manage-channel {action} 1")
    return channels.close_channel(card, number) if action == "close" else channels.use_channel(card, number)


COMMANDS = (manage_channel,)
