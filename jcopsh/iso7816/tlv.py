"""BER-TLV data objects (ISO/IEC 7816-4:2020, 5.2.2; ITU-T X.690, 8.1).

Tags are numbers made of the tag's own bytes, e.g. 0x84 or 0x9F7F. Lengths have at most four bytes after the first;
the indefinite form does not occur on cards and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_TAG_BYTES = 4
MAX_LENGTH_BYTES = 4


class TlvError(ValueError):
    """Bytes that are no BER-TLV. `offset` is counted in the data that were first parsed."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True, repr=False)
class TLV:
    """One data object: tag, value, and where tag and value begin in the data that were parsed.

    Its repr shows no value: that may be secret.
    """

    tag: int
    value: bytes
    offset: int = 0
    value_offset: int = 0

    @property
    def constructed(self) -> bool:
        """Whether the value is itself made of data objects (bit 6 of the first tag byte)."""
        return bool(_tag_bytes(self.tag)[0] & 0x20)

    @property
    def children(self) -> tuple[TLV, ...]:
        """The data objects in the value of a constructed one, none of a primitive one; raises TlvError."""
        return parse(self.value, base=self.value_offset) if self.constructed else ()

    def find(self, tag: int) -> TLV | None:
        """The first data object with this tag below this one, in reading order; raises TlvError."""
        return find(self.children, tag)

    def encode(self) -> bytes:
        """Tag, length in its shortest form, value."""
        return encode(self.tag, self.value)

    def __repr__(self) -> str:
        return f"TLV({self.tag:02X}, {len(self.value)} bytes at {self.offset})"


def parse(data: bytes, *, base: int = 0) -> tuple[TLV, ...]:
    """Every data object of `data`, in order; 00 bytes between objects are padding.

    `base` is added to all offsets. Raises TlvError at the byte where the data stop making sense.
    """
    return tuple(_objects(data, base))


def parse_legible(data: bytes) -> tuple[tuple[TLV, ...], TlvError | None]:
    """The data objects that come before the data stop making sense, and why they do; None where they never do."""
    found: list[TLV] = []
    try:
        for one in _objects(data, 0):
            found.append(one)  # noqa: PERF402 — what came before the error is kept
    except TlvError as error:
        return tuple(found), error
    return tuple(found), None


def walk_legible(data: bytes) -> Iterator[TLV]:
    """Every data object that can be read, each before those in it. What cannot be read hides nothing beside it."""
    # a stack, not recursion: data from a card may nest deeper than Python calls
    waiting = list(parse_legible(data)[0])[::-1]
    while waiting:
        item = waiting.pop()
        yield item
        if item.constructed:
            waiting.extend(parse_legible(item.value)[0][::-1])


def _objects(data: bytes, base: int) -> Iterator[TLV]:
    position = 0
    while position < len(data):
        if data[position] == 0x00:
            position += 1
            continue
        tag, after_tag = _parse_tag(data, position, base)
        length, start = length_at(data, after_tag, base=base)
        end = start + length
        if end > len(data):
            raise TlvError(f"the length says {length} bytes, but {len(data) - start} follow", base + after_tag)
        yield TLV(tag, data[start:end], base + position, base + start)
        position = end


def _parse_tag(data: bytes, start: int, base: int) -> tuple[int, int]:
    """The tag at `start`, and the offset after it."""
    end = start + 1
    if data[start] & 0x1F == 0x1F:
        while True:
            if end == len(data):
                raise TlvError("the data end within a tag", base + end)
            end += 1
            if not data[end - 1] & 0x80:
                break
    if end - start > MAX_TAG_BYTES:
        raise TlvError(f"a tag of more than {MAX_TAG_BYTES} bytes", base + start)
    return int.from_bytes(data[start:end], "big"), end


def length_at(data: bytes, start: int, *, base: int = 0) -> tuple[int, int]:
    """The length that stands at `start`, and the offset after it; whether so much follows is not looked at.

    `base` is added to the offset in a TlvError, which is raised for what is no length.
    """
    if start == len(data):
        raise TlvError("the length is missing", base + start)
    first = data[start]
    if first < 0x80:
        return first, start + 1
    count = first & 0x7F
    if count == 0:
        raise TlvError("the indefinite length does not occur on cards", base + start)
    if count > MAX_LENGTH_BYTES:
        raise TlvError(f"{first:02X} does not begin a length", base + start)
    end = start + 1 + count
    if end > len(data):
        raise TlvError("the data end within a length", base + len(data))
    return int.from_bytes(data[start + 1 : end], "big"), end


def encode(tag: int, value: bytes) -> bytes:
    """One data object: `tag` (a number of its own 1 to 4 bytes), length in its shortest form, `value`.

    Raises ValueError for a number that is no tag.
    """
    tag_bytes = _tag_bytes(tag)
    try:
        valid = tag > 0 and _parse_tag(tag_bytes, 0, 0) == (tag, len(tag_bytes))
    except TlvError:
        valid = False
    if not valid:
        raise ValueError(f"{tag:X} is not a BER tag")
    return tag_bytes + encode_length(len(value)) + value


def encode_length(length: int) -> bytes:
    """A BER length in its shortest form: one byte up to 7F, else 81 to 84 and as many bytes."""
    if length < 0x80:
        return bytes((length,))
    number = length.to_bytes((length.bit_length() + 7) // 8, "big")
    if len(number) > MAX_LENGTH_BYTES:
        raise ValueError(f"a BER length of {length} has more than {MAX_LENGTH_BYTES} bytes")
    return bytes((0x80 | len(number),)) + number


def find(objects: Iterable[TLV], tag: int) -> TLV | None:
    """The first data object with this tag among `objects` and all below them, in reading order; raises TlvError."""
    # a stack, not recursion: data from a card may nest deeper than Python calls
    waiting = list(objects)[::-1]
    while waiting:
        item = waiting.pop()
        if item.tag == tag:
            return item
        waiting.extend(item.children[::-1])
    return None


def _tag_bytes(tag: int) -> bytes:
    if tag < 0:
        raise ValueError("a BER tag is not negative")
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")
