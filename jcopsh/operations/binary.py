"""Transparent files: read and update their bytes (ISO/IEC 7816-4:2005, 7.2)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from jcopsh.card.card import Card
from jcopsh.errors import CardError, JcopshError
from jcopsh.iso7816 import interindustry
from jcopsh.iso7816.apdu import MAX_SHORT_LE, ResponseAPDU
from jcopsh.iso7816.interindustry import DISCRETIONARY_DATA, LAST_EVEN_OFFSET
from jcopsh.iso7816.status import meaning_of
from jcopsh.iso7816.tlv import TlvError
from jcopsh.iso7816.tlv import find as find_tlv
from jcopsh.iso7816.tlv import parse as parse_tlv
from jcopsh.operations.file_errors import carried_out, exchange, refused
from jcopsh.operations.file_values import FileContent, FileDifference, FileWritten

# Le of READ BINARY to fall back on where a card refuses the largest with 6700
READ_LENGTHS = (MAX_SHORT_LE, 0xFF, 0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1)
_END = (0x6B00, 0x6A82, 0x6A83)
_NO_ODD_INS = (0x6D00, 0x6E00, 0x6A81, 0x6A86, 0x6A80, 0x6700)
_NOT_READABLE = (0x6982, 0x6985, 0x6D00, 0x6A81)
MAX_FILE = 1 << 20  # a card that answers more than this gives the same again and again


# --- read ----------------------------------------------------------------------------------------------------------


@dataclass
class _Reading:
    """What has been read of a transparent file. `step` is the Le that the card takes; `cut` says that the last answer
    had fewer bytes than Le."""

    data: bytearray = field(default_factory=bytearray)
    step: int = MAX_SHORT_LE
    cut: bool = False
    complete: bool = False
    notes: list[str] = field(default_factory=list)


def read_bytes(
    card: Card, offset: int = 0, length: int | None = None, *, short_identifier: int = 0, size: int | None = None
) -> tuple[bytes, bool, tuple[str, ...]]:
    """Bytes of a transparent file, whether they go to its end, and what is worth knowing.

    Of the current EF, or of the one with the short identifier. Without `length` all from `offset` on; `size` is the
    length of the file, where it is known. Raises CardError where the card refuses the first piece.
    """
    if length is None and size is not None:
        length = max(0, size - offset) or None
    reading = _Reading()
    while not reading.complete and (length is None or len(reading.data) < length):
        left = None if length is None else length - len(reading.data)
        # once it has given bytes, the file is the current one
        _read_piece(card, reading, offset + len(reading.data), left, 0 if reading.data else short_identifier)
        if len(reading.data) > MAX_FILE:
            raise JcopshError(f"the card gave more than {MAX_FILE} bytes, and the file does not end",
                              hint="read-binary OFFSET LENGTH reads a part")
    end = offset + len(reading.data)
    if size is not None and reading.complete and end < size:
        reading.notes.append(f"the card said that the file has {size} bytes, and gave none behind the first {end}")
    return bytes(reading.data), reading.complete or end == size, tuple(reading.notes)


def _read_piece(card: Card, reading: _Reading, at: int, left: int | None, short_identifier: int) -> None:
    """One READ BINARY; what comes is added, and an end of the file is noted."""
    odd = at > (interindustry.LAST_SHORT_IDENTIFIER_OFFSET if short_identifier else LAST_EVEN_OFFSET)
    wanted = reading.step if left is None else min(reading.step, left + (4 if odd else 0))
    command = interindustry.read_binary(at, wanted, short_identifier)
    response = exchange(card, command)
    smaller = next((one for one in READ_LENGTHS if one < wanted), None)
    if response.done:
        _take(reading, response, wanted, left, odd=odd)
        if response.sw == 0x6281:
            reading.notes.append(f"at {at:04X} the card says 6281: {meaning_of(command, response)}")
    elif response.sw == 0x6700 and smaller:
        reading.step = smaller
    elif reading.data and (reading.cut or response.sw in _END):
        reading.complete = True
    elif reading.data and odd and response.sw in _NO_ODD_INS:
        reading.complete = True
        reading.notes.append(
            f"offsets above {LAST_EVEN_OFFSET} were refused ({response.sw:04X}): if the file is longer, the card does "
            "not give its rest by READ BINARY with INS B1"
        )
    else:
        raise refused(f"nothing was read at offset {at}", card, command, response)


def _take(reading: _Reading, response: ResponseAPDU, wanted: int, left: int | None, *, odd: bool) -> None:
    """Add the bytes of an answer. Fewer than Le are no end yet: some cards cut long answers and say 9000."""
    data = _data_of(response.data) if odd else response.data
    reading.data += data if left is None else data[:left]
    reading.cut = len(response.data) < wanted
    reading.complete = (response.sw == 0x6282 or not data) and (left is None or len(data) <= left)


def _data_of(answer: bytes) -> bytes:
    """The data in the answer to READ BINARY with INS B1: DO 53, or what some cards give, the data themselves."""
    try:
        found = find_tlv(parse_tlv(answer), DISCRETIONARY_DATA)
    except TlvError:
        return answer
    return found.value if found else answer


def read_binary(
    card: Card, offset: int = 0, length: int | None = None, *, short_identifier: int = 0, size: int | None = None
) -> FileContent:
    """As `read_bytes`, with where it was read."""
    data, complete, notes = read_bytes(card, offset, length, short_identifier=short_identifier, size=size)
    return FileContent(str(card.state.position), offset, len(data), card.shown_data(data), complete, notes)


# --- update --------------------------------------------------------------------------------------------------------


def update_binary(
    card: Card, offset: int, data: bytes, *, short_identifier: int = 0
) -> Iterator[FileDifference | FileWritten]:
    """Read what is there, yield the difference, write, read back, yield the result.

    Where the card holds these very bytes already, nothing is written. Where it does not let them be read, they are
    written all the same. Raises CardError where the card refuses, JcopshError where they do not read back.
    """
    before, why = _present(card, offset, len(data), short_identifier)
    change = difference(card, before, data, offset=offset, why_unread=why)
    yield change
    if change.unchanged:
        return
    # reading by the short identifier has made the file the current one; without that the write has to do it
    short = short_identifier if before is None else 0
    for start, piece in _pieces(offset, data):
        written = f"; the {start - offset} before were" if start > offset else ""
        carried_out(card, interindustry.update_binary(start, piece, short),
                    f"{len(piece)} bytes were not written at offset {start}{written}")
        short = 0
    yield FileWritten(str(card.state.position), f"at offset {offset}", len(data),
                      _read_back(card, offset, data) if before is not None else "not read back")


def difference(
    card: Card, before: bytes | None, after: bytes, *, offset: int = 0, record: int | None = None, why_unread: str = ""
) -> FileDifference:
    """What writing `after` would change; `before` is None where it was not read, for `why_unread`."""
    unchanged = before is not None and hmac.compare_digest(before, after)
    shown = None if before is None else card.shown_data(before)
    return FileDifference(str(card.state.position), shown, card.shown_data(after), unchanged, offset=offset,
                          record=record, why_unread=why_unread)


def _present(card: Card, offset: int, length: int, short_identifier: int) -> tuple[bytes | None, str]:
    """What is in the file, as far as it goes, or None and why not."""
    try:
        return read_bytes(card, offset, length, short_identifier=short_identifier)[0], ""
    except CardError as error:
        if error.response.sw in _NOT_READABLE:
            return None, error.meaning
        raise


def _pieces(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        size = interindustry.most_data_of_update(offset + position)
        yield offset + position, data[position : position + size]
        position += size


def _read_back(card: Card, offset: int, data: bytes) -> str:
    after = read_bytes(card, offset, len(data))[0]
    if not hmac.compare_digest(after, data):
        wrong = next((at for at, (a, b) in enumerate(zip(after, data, strict=False)) if a != b), len(after))
        raise JcopshError(f"the card took the bytes, but from offset {offset + wrong} on they read back otherwise",
                          meaning="What the file holds now is what a read shows.", hint=f"read-binary {offset}")
    return "read back and equal"
