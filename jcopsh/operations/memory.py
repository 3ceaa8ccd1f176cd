"""Configuration memory: read, write with a look before and after, dump."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from jcopsh.card.card import Card
from jcopsh.card.keeper import card_name
from jcopsh.errors import CardError, JcopshError
from jcopsh.jcop import root_applet
from jcopsh.jcop.memory_map import Field, Kind, MemoryMap, MemoryMaps, all_maps
from jcopsh.jcop.root_applet import MAX_WRITE
from jcopsh.operations.memory_reads import MemoryReads, check_range, count, reading, require_boot
from jcopsh.operations.status_errors import require_ok
from jcopsh.operations.values import Difference, Dump, MemoryBlock, Span, Unreadable, Written
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.state import Boot


def read_bytes(card: Card, address: int, length: int) -> bytes:
    """`length` bytes of memory from `address`, as they are; keys in them are in the key store when this returns.

    Raises CardError where the root applet refuses, e.g. before BOOT; AddressError and LengthError (ValueErrors) for a
    range that does not fit CLA‖P1‖P2 or has no byte, before anything is sent; and JcopshError when the card was booted
    or reset between two pieces.
    """
    check_range(address, length)
    with reading(card, length) as reads:
        return reads.all(address, length)


def read_memory(
    card: Card, address: int, length: int, *, memory_map: MemoryMap | None = None, reveal: bool = False
) -> MemoryBlock:
    """`length` bytes of memory from `address`, cut at the fields of the map; keys and PINs hidden unless `reveal`.

    Without a map, the key and PIN fields of every map are hidden all the same. Raises as read_bytes does.
    """
    boot = card.state.boot
    data = read_bytes(card, address, length)
    return _block(card, data, address, memory_map, boot, reveal=reveal)


def _block(
    card: Card, data: bytes, address: int, memory_map: MemoryMap | None, boot: Boot, *, reveal: bool
) -> MemoryBlock:
    spans = cut(data, address, memory_map, reveal)
    shown = spans if reveal else tuple(part for span in spans for part in _without_known(card, span))
    return MemoryBlock(address, len(data), shown, _name(memory_map), boot)


def _without_known(card: Card, span: Span) -> Iterator[Span]:
    """The span with the keys hidden that this card showed elsewhere: a wrong memory map must not give them away."""
    if isinstance(span.content, Secret):
        yield span
        return
    position = span.address
    for part in card.shown_data(span.content).parts:
        yield Span(position, len(part), span.field, part if isinstance(part, bytes) else part.secret)
        position += len(part)


def write_memory(
    card: Card, address: int, data: bytes, *, memory_map: MemoryMap | None = None, reveal: bool = False
) -> Iterator[Difference | Written]:
    """Read what is there, yield the difference, write, read back, yield the result.

    What is overwritten was read, and every key that a byte of it belongs to is whole on disk, before the WRITE is sent.
    When the card holds these very bytes already, nothing is written, and the difference says so. Raises CardError where
    the card refuses, JcopshError where the memory does not read back as it was written or the card was booted or reset
    meanwhile, and Refused where the interlock's consent is not given.
    """
    boot = card.state.boot
    with card.transaction():
        _read_keys_touched(card, address, len(data), memory_map)
        before = read_bytes(card, address, len(data))
        unchanged = hmac.compare_digest(before, data)
        yield Difference(
            _block(card, before, address, memory_map, boot, reveal=reveal),
            _block(card, data, address, memory_map, boot, reveal=reveal),
            unchanged,
        )
        if unchanged:
            return
        field = memory_map.at(address) if memory_map else None
        field_name = field.name if field else None
        for start, size in _pieces(address, len(data), MAX_WRITE):
            require_boot(card, boot)  # the caller had its turn at the yield; what was kept is that of this boot
            _write_piece(card, start, data[start - address : start - address + size])
        _verify(card, address, data)
        yield Written(address, len(data), field_name, note="read back and equal")


def _read_keys_touched(card: Card, address: int, length: int, memory_map: MemoryMap | None) -> None:
    """Read the whole of every key and PIN that is about to be changed in part, which puts it into the key store."""
    for field in _maps(memory_map).secrets_in(address, length):
        if field.address < address or field.end > address + length:
            read_bytes(card, field.address, field.length)


def _maps(memory_map: MemoryMap | None) -> MemoryMaps:
    """The map alone that is known to fit; else every one, any of which may."""
    return MemoryMaps((memory_map,)) if memory_map else all_maps()


def _write_piece(card: Card, address: int, piece: bytes) -> None:
    command = root_applet.write(address, piece)
    require_ok(card, f"the card refused to write {count(len(piece))} at {address:06X}", command, card.send(command))


def _verify(card: Card, address: int, data: bytes) -> None:
    after = read_bytes(card, address, len(data))
    if not hmac.compare_digest(after, data):
        wrong = [address + i for i, (a, b) in enumerate(zip(after, data, strict=True)) if a != b]
        raise JcopshError(
            f"the card answered 9000, but {len(wrong)} of {len(data)} bytes read back otherwise, "
            f"the first at {wrong[0]:06X}",
            meaning="The write did not take there; what the card holds now is what a read shows.",
            hint=f"read 0x{address:06X} {len(data)}",
        )


def _pieces(address: int, length: int, most: int) -> Iterator[tuple[int, int]]:
    for start in range(address, address + length, most):
        yield start, min(most, address + length - start)


def cut(data: bytes, address: int, memory_map: MemoryMap | None, reveal: bool) -> tuple[Span, ...]:
    """Cut memory at the borders of its fields; keys and PINs become Secrets unless `reveal`."""
    fields = _fields(address, len(data), memory_map)
    spans: list[Span] = []
    position = address
    end = address + len(data)
    for field in fields:
        start, stop = max(field.address, position), min(field.end, end)
        if start > position:
            spans.append(Span(position, start - position, None, data[position - address : start - address]))
        if stop > start:
            spans.append(_field_span(field, start, data[start - address : stop - address], reveal))
            position = stop
    if position < end:
        spans.append(Span(position, end - position, None, data[position - address :]))
    return tuple(spans)


def _field_span(field: Field, start: int, content: bytes, reveal: bool) -> Span:
    if field.secret and not reveal:
        kind = SecretKind.PIN if field.kind is Kind.PIN else SecretKind.KEY
        return Span(start, len(content), field, Secret(content, kind))
    return Span(start, len(content), field, content)


def _fields(address: int, length: int, memory_map: MemoryMap | None) -> tuple[Field, ...]:
    """The map's fields; without a map the secret ones of all maps, which must not show for want of one."""
    if memory_map:
        return memory_map.overlapping(address, length)
    return tuple(sorted(all_maps().secrets_in(address, length), key=lambda field: (field.address, -field.length)))


def _name(memory_map: MemoryMap | None) -> str | None:
    return memory_map.name if memory_map else None


def dump_memory(
    card: Card, first: int, last: int, *, memory_map: MemoryMap | None = None, reveal: bool = False
) -> Dump:
    """Memory from `first` to `last`, both inclusive, in the largest pieces the card gives.

    Where the card refuses a piece, the border is looked for, and the refused ranges are named in the result; a piece
    that is refused as a whole and at both its ends is not looked into any further. Raises CardError when nothing at all
    can be read, and otherwise as read_bytes does.
    """
    check_range(first, last - first + 1)
    boot = card.state.boot
    runs: list[tuple[int, bytearray]] = []
    refused: list[_Refused] = []
    position = first
    with reading(card, last - first + 1) as reads:
        while position <= last:
            size = min(last + 1 - position, reads.most)
            try:
                data = reads.some(position, size)
            except CardError as error:
                for at, piece in _around(reads, position, size, error, refused):
                    _add(runs, at, piece)
                require_boot(card, boot)
                position += size
            else:
                _add(runs, position, data)
                position += len(data)
            if not runs and _hopeless(refused[0].error):
                raise refused[0].error
    if not runs:
        raise refused[0].error
    blocks = (_block(card, bytes(data), at, memory_map, boot, reveal=reveal) for at, data in runs)
    spans = tuple(span for block in blocks for span in block.spans)
    return Dump(first, last, spans, _merged(refused), _name(memory_map), boot, card_name(card.state))


def _add(runs: list[tuple[int, bytearray]], address: int, data: bytes) -> None:
    """Add what was read to the runs of bytes without a gap, so that no field is cut where a READ ended."""
    if runs and runs[-1][0] + len(runs[-1][1]) == address:
        runs[-1][1].extend(data)
    else:
        runs.append((address, bytearray(data)))


@dataclass(frozen=True, slots=True)
class _Refused:
    """A range that the card refused to read, both ends included."""

    first: int
    last: int
    error: CardError


def _hopeless(error: CardError) -> bool:
    """Whether the refusal is about the card's state and not about the address: then every READ would fail."""
    return error.response.sw not in (0x6A86, 0x6B00, 0x6A82, 0x6A83)


def _readable(reads: MemoryReads, start: int, size: int, refused: list[_Refused]) -> Iterator[tuple[int, bytes]]:
    """What can be read of a piece; halves are tried where the whole is refused, down to single bytes."""
    try:
        yield start, reads.all(start, size)
    except CardError as error:
        yield from _around(reads, start, size, error, refused)


def _around(
    reads: MemoryReads, start: int, size: int, error: CardError, refused: list[_Refused]
) -> Iterator[tuple[int, bytes]]:
    """What can be read of a piece that was refused as a whole."""
    # both ends first: a piece of which neither end can be read is taken for refused as a whole
    if size == 1 or (size > 2 and not (reads.can(start) or reads.can(start + size - 1))):
        refused.append(_Refused(start, start + size - 1, error))
        return
    half = size // 2
    yield from _readable(reads, start, half, refused)
    yield from _readable(reads, start + half, size - half, refused)


def _merged(refusals: list[_Refused]) -> tuple[Unreadable, ...]:
    """Ranges that touch and were refused with the same status word, as one each."""
    merged: list[Unreadable] = []
    for refusal in refusals:
        sw = refusal.error.response.sw
        if merged and merged[-1].last + 1 == refusal.first and merged[-1].sw == sw:
            merged[-1] = merged[-1]._replace(last=refusal.last)
        else:
            merged.append(Unreadable(refusal.first, refusal.last, sw))
    return tuple(merged)
