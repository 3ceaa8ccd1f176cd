"""BER-TLV as the card reads and writes it (ISO/IEC 7816-4:2005, 5.2.2). Tags are given as their own bytes."""

from __future__ import annotations


class TlvError(ValueError):
    """Bytes that are no BER-TLV."""


def encode(tag: bytes, value: bytes) -> bytes:
    """One data object: tag, length (at most FFFF) in its shortest form, value."""
    length = len(value)
    if length < 0x80:
        return tag + bytes((length,)) + value
    if length < 0x100:
        return tag + bytes((0x81, length)) + value
    return tag + b"\x82" + length.to_bytes(2, "big") + value


def largest_value(room: int) -> int:
    """How many bytes of value a data object with a one-byte tag can have that fits into `room` bytes; at least 0."""
    header = 2 if room < 0x82 else 3 if room < 0x103 else 4
    return max(0, room - header)


def parse(data: bytes) -> list[tuple[bytes, bytes]]:
    """The data objects one after the other, as tag and value. Raises TlvError."""
    found = []
    position = 0
    while position < len(data):
        tag, position = _tag(data, position)
        length, position = _length(data, position)
        if position + length > len(data):
            raise TlvError("a value ends too early")
        found.append((tag, data[position : position + length]))
        position += length
    return found


def parse_tags(data: bytes) -> list[bytes]:
    """A tag list (the value of DO 5C). Raises TlvError."""
    tags = []
    position = 0
    while position < len(data):
        tag, position = _tag(data, position)
        tags.append(tag)
    return tags


def _tag(data: bytes, start: int) -> tuple[bytes, int]:
    end = start + 1
    if data[start] & 0x1F == 0x1F:
        while end < len(data) and data[end] & 0x80:
            end += 1
        end += 1
    if end > len(data):
        raise TlvError("a tag ends too early")
    return data[start:end], end


def _length(data: bytes, start: int) -> tuple[int, int]:
    if start >= len(data):
        raise TlvError("a length is missing")
    first = data[start]
    if first < 0x80:
        return first, start + 1
    count = first & 0x7F
    if not 1 <= count <= 2 or start + 1 + count > len(data):
        raise TlvError("a length that this card does not know")
    return int.from_bytes(data[start + 1 : start + 1 + count], "big"), start + 1 + count
