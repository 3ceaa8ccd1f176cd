"""GET DATA and STORE DATA (Card Specification 2.2.1, 11.3 and 11.11)."""

from __future__ import annotations

from dataclasses import replace

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.assumptions import GP_LOADING, GP_STORED
from jcopsh.simulator.card_keys import KeyType
from jcopsh.simulator.domain_context import (
    CONDITIONS_NOT_SATISFIED,
    REFERENCED_DATA_NOT_FOUND,
    WRONG_DATA,
    WRONG_PARAMETERS,
    CommandRefused,
    DomainContext,
)

_IIN, _CIN, _CARD_DATA, _PRODUCTION_DATA = 0x42, 0x45, 0x66, 0x9F7F
_KEY_INFORMATION, _COUNTER, _DIVERSIFICATION, _RESOURCES, _IDENTIFICATION = 0xE0, 0xC1, 0xCF, 0xFF21, 0xFE
_FREE_RAM = 4096
_STORABLE = (_IIN, _CIN, _CARD_DATA)
_LAST, _ENCIPHERED, _STRUCTURE, _DGI, _BER_TLV = 0x80, 0x60, 0x18, 0x08, 0x10
_DGI_OBJECTS = 0x0070


def get_data(context: DomainContext, command: Command) -> Answer:
    """The data object whose tag is P1-P2, with its tag; 6A88 for one that is not there."""
    tag = command.p1 << 8 | command.p2
    value = _value(context, tag, command.data)
    if value is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    return Answer(SUCCESS, tlv.encode(_tag_bytes(tag), value))


def _value(context: DomainContext, tag: int, data: bytes) -> bytes | None:
    platform = context.platform
    stored = dict(context.data_of(context.aid).objects)
    if tag in (_IIN, _CIN):
        return stored.get(tag)
    if tag == _CARD_DATA:
        if platform.card_data_needs_channel and not context.authenticated:
            raise CommandRefused(CONDITIONS_NOT_SATISFIED)
        return stored.get(tag, platform.card_data)
    if tag == _KEY_INFORMATION:
        return _key_information(context)
    if tag == _COUNTER:
        owner = context.content.key_owner(context.aid).aid
        first = next((one.type for one in context.key_sets(owner)), None)
        return context.data_of(owner).sequence_counter.to_bytes(3 if first is KeyType.AES else 2, "big")
    if tag == _IDENTIFICATION and platform.identification and data[:2] == b"\xdf\x28":
        return tlv.encode(b"\xdf\x28", platform.identification)
    if tag == _RESOURCES and platform.identification:
        return _resources(context)
    return {_PRODUCTION_DATA: context.production_data, _DIVERSIFICATION: platform.diversification_data}.get(tag)


def _tag_bytes(tag: int) -> bytes:
    return tag.to_bytes(2, "big") if tag > 0xFF else bytes((tag,))


def _key_information(context: DomainContext) -> bytes:
    """Identifier, version, type and length of every key, each in C0 (11.3.3.1)."""
    return b"".join(
        tlv.encode(b"\xc0", bytes((key.identifier, key_set.version, key.type, len(key.value))))
        for key_set in context.key_sets(context.aid) for key in key_set.keys
    )


def _resources(context: DomainContext) -> bytes:
    """How many applications there are, and how much memory is free (ETSI TS 102 226, 8.2.1.7.2)."""
    count = len(context.content.instances)
    return (
        tlv.encode(b"\x81", count.to_bytes(2, "big")) + tlv.encode(b"\x82", context.free.to_bytes(4, "big"))
        + tlv.encode(b"\x83", _FREE_RAM.to_bytes(4, "big"))
    )


def store_data(context: DomainContext, command: Command) -> Answer:
    """STORE DATA: blocks numbered in P2, kept together until the last one (P1 bit 8), then stored as a whole."""
    if command.p2 != context.next_stored:
        context.stored, context.next_stored = b"", 0
        raise CommandRefused(GP_LOADING.value)
    if command.p1 & _ENCIPHERED:
        raise CommandRefused(WRONG_PARAMETERS)
    context.stored += command.data
    context.next_stored = command.p2 + 1
    if not command.p1 & _LAST:
        return Answer(SUCCESS)
    data, target = context.stored, context.personalised or context.aid
    context.stored, context.next_stored, context.personalised = b"", 0, None
    if context.content.domain(target) is None:
        raise CommandRefused(CONDITIONS_NOT_SATISFIED)
    found = _objects_in(data, command.p1 & _STRUCTURE)
    kept = context.data_of(target)
    objects = dict(kept.objects) | found
    context.commit(
        context.content.with_domain_data(target, replace(kept, objects=tuple(sorted(objects.items()))))
    )
    return Answer(SUCCESS)


def _objects_in(data: bytes, structure: int) -> dict[int, bytes]:
    """The data objects by tag, from TLVs or from DGIs. Raises CommandRefused."""
    if structure == _DGI:
        data = b"".join(_dgi_contents(data))
    elif structure not in (0, _BER_TLV):
        raise CommandRefused(WRONG_PARAMETERS)
    try:
        found = {int.from_bytes(tag, "big"): value for tag, value in tlv.parse(data)}
    except tlv.TlvError:
        raise CommandRefused(WRONG_DATA) from None
    if not found or any(tag not in _STORABLE for tag in found):
        raise CommandRefused(GP_STORED.value)
    return found


def _dgi_contents(data: bytes) -> list[bytes]:
    """What the DGIs hold: identifier of 2 bytes, length of 1 byte, or FF and 2 bytes."""
    found, position = [], 0
    while position < len(data):
        head = data[position : position + 3]
        start = position + 3
        if len(head) == 3 and head[2] == 0xFF:
            length, start = int.from_bytes(data[start : start + 2], "big"), start + 2
        else:
            length = head[2] if len(head) == 3 else len(data)
        if start + length > len(data):
            raise CommandRefused(WRONG_DATA)
        if int.from_bytes(head[:2], "big") != _DGI_OBJECTS:
            raise CommandRefused(GP_STORED.value)
        found.append(data[start : start + length])
        position = start + length
    return found
