"""The secure channel of a Card: which commands go through it, and what of an answer is still owed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jcopsh.errors import ChannelError, UsageError
from jcopsh.globalplatform.channel import (
    CLA_SECURE,
    ChannelBroken,
    SecureChannel,
    SecurityLevel,
)
from jcopsh.globalplatform.keys import KeySet
from jcopsh.iso7816.apdu import MAX_SHORT_LE, CommandAPDU, ResponseAPDU
from jcopsh.iso7816.channel import CHANNEL_BITS
from jcopsh.iso7816.ins import INS
from jcopsh.secrets.secret import Secret

# what the card's operating system answers before any security domain sees it, and what opens a channel
_NEVER_WRAPPED = frozenset(
    (INS.SELECT, INS.GET_RESPONSE, INS.MANAGE_CHANNEL, INS.INITIALIZE_UPDATE, INS.EXTERNAL_AUTHENTICATE)
)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A command that was wrapped, and what of its answer has come."""

    command: CommandAPDU
    wire: CommandAPDU
    before: SecureChannel
    following: SecureChannel
    sent: bool = False
    data: bytes = b""


class SecureMessaging:
    """An open channel in use. `wrap` and `taken` change it; a command that is not sent has to be `forgotten`."""

    def __init__(self, channel: SecureChannel, keys: KeySet) -> None:
        self._channel = channel
        self.keys = keys  # the static ones that it was opened with
        self._pending: _Pending | None = None

    @property
    def channel(self) -> SecureChannel:
        """The channel as it stands: before the next command."""
        return self._channel

    def encipher_key(self, key: Secret) -> bytes:
        """A key as PUT KEY carries it: under the data encryption key. Raises ChannelError where that was not given."""
        try:
            return self._channel.encipher_key(key.reveal())
        except ValueError as error:
            raise ChannelError(
                f"new keys cannot be enciphered: {error}; nothing was sent",
                meaning="Keys go to the card under its data encryption key (DEK), which authentication does not need.",
                hint="auth with --key-dek, too",
            ) from None

    def takes(self, command: CommandAPDU) -> bool:
        """Whether a command goes through the channel: what is for the security domain, on the basic logical channel.

        One whose class says that it is protected already goes as it is.
        """
        basic = not command.cla & CHANNEL_BITS
        return basic and not command.cla & CLA_SECURE and command.ins not in _NEVER_WRAPPED

    def wrap(self, command: CommandAPDU) -> CommandAPDU:
        """The command for the wire. Sent again with another Le before it is answered or `forgotten`, it is the same
        message: no MAC covers the Le.

        Raises UsageError where it does not fit.
        """
        # a protected command is a short one, which asks for 256 bytes at most
        le = None if command.le is None else min(command.le, MAX_SHORT_LE)
        if self._pending is not None and self._pending.command.with_le(None) == command.with_le(None):
            return self._pending.wire.with_le(le)
        try:
            wire, following = self._channel.wrap(replace(command, le=le, extended=False))
        except ValueError as error:
            raise UsageError(
                f"the command does not fit the secure channel: {error}", meaning="Nothing was sent.",
                hint="split it, or auth with a lower level",
            ) from None
        if self._channel.level & SecurityLevel.R_MAC and le != MAX_SHORT_LE:
            wire = wire.with_le(MAX_SHORT_LE)  # the answer is longer by its R-MAC, and never without one
        self._pending = _Pending(command, wire, self._channel, following)
        return wire

    @property
    def owed(self) -> bool:
        """Whether the answer to a wrapped command that was sent has not come, or not all of it."""
        return self._pending is not None and self._pending.sent

    @property
    def wrapping(self) -> SecureChannel:
        """The channel as it stood before the command that was wrapped last."""
        return self._pending.before if self._pending else self._channel

    def forget(self) -> None:
        """The command that was wrapped last was not sent, or nobody waits for its answer."""
        self._pending = None

    def sent(self) -> None:
        """The command that was wrapped is on its way: the channel has gone on."""
        if self._pending is not None:
            self._channel = self._pending.following
            self._pending = replace(self._pending, sent=True)

    def not_sent(self) -> None:
        """What `sent` was told did not go out after all: the channel is where it was."""
        if self._pending is not None:
            self._channel, self._pending = self._pending.before, None

    def taken(self, received: ResponseAPDU, *, plain: bool) -> tuple[ResponseAPDU, ChannelBroken | None]:
        """The plain answer, where one is owed; or the answer as it came, and why the channel cannot accept it.

        `plain`: it is that of a recording that holds it unprotected.
        """
        if not self.owed:
            return received, None
        try:
            return self._take_plain(received) if plain else self._unwrap(received), None
        except ChannelBroken as error:
            return received, error

    def _unwrap(self, response: ResponseAPDU) -> ResponseAPDU:
        """The plain answer; of one that comes in parts (61xx) nothing before the last. Raises ChannelBroken."""
        if self._pending is None or response.wrong_le:
            return response
        data = self._pending.data + response.data
        if response.more_waits:
            self._pending = replace(self._pending, data=data)
            return ResponseAPDU(b"", response.sw)
        self._pending = None
        plain, self._channel = self._channel.unwrap(ResponseAPDU(data, response.sw))
        return plain

    def _take_plain(self, response: ResponseAPDU) -> ResponseAPDU:
        """The answer of a recording that holds it unprotected: nothing is unwrapped, and no MAC is there to check."""
        if not response.to_be_followed:
            self._pending = None
        return response


def channel_error(broken: ChannelBroken) -> ChannelError:
    """What to say of an answer that the channel cannot accept."""
    return ChannelError(
        f"the secure channel is broken: {broken}",
        meaning="The answer may not be the card's own. Nothing more is sent on this channel.",
        hint="reset, then auth opens a new one",
    )


def require_own(channel: SecureChannel) -> None:
    """Raises TypeError for what is not one of the channels that globalplatform/ makes."""
    from jcopsh.globalplatform.scp02 import Scp02Channel
    from jcopsh.globalplatform.scp03 import Scp03Channel

    if not isinstance(channel, Scp02Channel | Scp03Channel):
        raise TypeError(f"a secure channel is one of SCP02 or SCP03, not {type(channel).__name__}")


def is_wrapping_of(wire: CommandAPDU, plain: CommandAPDU, channel: SecureChannel) -> bool:
    """Whether the bytes for the wire are nothing but this command behind the wrapping of this channel, as it stood
    before the command.

    The class differs in its secure messaging bit alone; instruction, P1 and P2 are the same; the data are the plain
    ones, enciphered or not, with a MAC behind them.
    """
    level = channel.level
    if not level & SecurityLevel.C_MAC:
        return wire.with_le(None) == plain.with_le(None)
    same_header = wire.header == bytes((plain.cla | CLA_SECURE, plain.ins, plain.p1, plain.p2))
    body = wire.data[: -channel.mac_length]
    if not same_header or len(wire.data) < channel.mac_length:
        return False
    if not plain.data or not level & SecurityLevel.C_DECRYPTION:
        return body == plain.data
    try:
        return channel.decipher(body) == plain.data
    except ValueError:
        return False
