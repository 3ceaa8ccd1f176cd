"""Bytes as a tree of named data objects: what views of TLV show."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.iso7816.known_tags import tag_name
from jcopsh.iso7816.tlv import TLV, TlvError, parse

MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class TlvNode:
    """A data object: its tag, what it means where that is known, where its tag stands, and its value or its children.

    `value` is None for a constructed one.
    """

    tag: str
    name: str
    offset: int
    length: int
    value: bytes | None = None
    children: tuple[TlvNode, ...] = ()


def tlv_tree(data: bytes) -> tuple[TlvNode, ...]:
    """Every data object of `data`; padding of 00 and, at the end, FF is left out. Raises TlvError, also for no object.

    A constructed data object whose inside is no BER-TLV is shown as a primitive one.
    """
    stripped = data.rstrip(b"\xff")
    try:
        objects = parse(stripped)
    except TlvError:
        objects = parse(data)  # the FF at the end may have been a value's
    if not objects:
        raise TlvError("there is no data object in it", 0)
    return tuple(_node(one, None, 0) for one in objects)


def _node(one: TLV, template: int | None, depth: int) -> TlvNode:
    tag, name = f"{one.tag:02X}", tag_name(one.tag, template)
    if one.constructed and depth < MAX_DEPTH:
        try:
            children = tuple(_node(child, one.tag, depth + 1) for child in one.children)
        except TlvError:
            children = ()
        if children or not one.value:
            return TlvNode(tag, name, one.offset, len(one.value), None, children)
    return TlvNode(tag, name, one.offset, len(one.value), one.value)
