"""Bytes from a card as a command shows them: with or without its keys, and as a tree of data objects."""

from __future__ import annotations

from jcopsh.errors import JcopshError, UsageError
from jcopsh.iso7816.tlv import TlvError
from jcopsh.iso7816.tlv_tree import TlvNode, tlv_tree
from jcopsh.secrets.segments import Segments


def shown(content: Segments, *, reveal: bool) -> Segments:
    """The content; with `reveal` the keys in it too."""
    return Segments((content.reveal(),)) if reveal else content


def plain(content: Segments) -> bytes:
    """All bytes, for a file or a tree. Raises UsageError where a key is among them that is not to be shown."""
    if content.hidden:
        raise UsageError("a key that is known from this card is in these bytes",
                         hint="--reveal shows it, on the screen")
    return content.reveal()


def tree(content: Segments) -> tuple[TlvNode, ...]:
    """The data objects in the content. Raises JcopshError where it is no BER-TLV, UsageError as `plain` does."""
    try:
        return tlv_tree(plain(content))
    except TlvError as error:
        raise JcopshError("what the card holds here is no BER-TLV", meaning=f"Byte {error.offset}: {error}.",
                          hint="without --tlv the bytes are shown as they are") from error
