"""Bytes as card people write them: hexadecimal, with JCShell's `|text|` and `#(…)`, and ykman's form of an APDU; also
as programs and datasheets write them (`jcopsh.iso7816.plain_bytes`).

Errors carry offsets into the text and never repeat the text: it may be a key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from jcopsh.iso7816.apdu import MAX_EXTENDED_DATA, CommandAPDU
from jcopsh.iso7816.plain_bytes import (
    CLOSING,
    OPENING,
    OTHER_BLANKS,
    Label,
    brackets,
    labels,
    plain_bytes,
    without_labels,
)

HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
SEPARATORS = frozenset(" \t\r\n\f\v:,") | set(OTHER_BLANKS)
MAX_PREFIXED = 255  # `#(…)` writes one length byte


class NotationError(ValueError):
    """Text that is not written in a notation for bytes.

    `message` says what is wrong without repeating the text; `start` and `end` (exclusive) are offsets into the text.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end

    def shifted(self, by: int) -> NotationError:
        """The same error for a text in which the parsed part stands `by` characters further on."""
        return NotationError(self.message, self.start + by, self.end + by)


def parse_bytes(text: str) -> bytes:
    r"""Read bytes: hex digits in pairs, `|ASCII text|`, and `#(…)`, one length byte and then the bytes inside.

    Spaces, ':', ',' and a `0x` before a group are ignored, and so are '-' between bytes, `\x`, Java's `(byte)`, braces
    around it all, and the blanks of web pages; the forms mix and `#(…)` nests, e.g. `C9#(|text|)`.
    Empty text is no bytes. Raises NotationError at the first character that fits nowhere.
    """
    _check_brackets(text)
    reader = _Reader(plain_bytes(text), text)
    reader.read()
    return bytes(reader.out)


@dataclass
class _Reader:
    """Reads plain bytes; `written` is how they were written, in as many characters, for what errors name."""

    text: str
    written: str
    out: bytearray = field(default_factory=bytearray)
    position: int = 0
    # where each open `#(` stands in the text, and where its content begins in `out`
    opened: list[tuple[int, int]] = field(default_factory=list)

    def read(self) -> None:
        while self.position < len(self.text):
            self._read_one(self.text[self.position])
        if self.opened:
            at = self.opened[-1][0]
            raise NotationError("this '#(' is never closed by ')'", at, at + 2)

    def _read_one(self, character: str) -> None:
        if character in SEPARATORS:
            self.position += 1
        elif character in HEX_DIGITS:
            self._read_group()
        elif character == "|":
            self._read_text()
        elif character == "#":
            self._open()
        elif character == ")":
            self._close()
        else:
            raise self._wrong(f"{_name(character)} is not a hexadecimal digit")

    def _read_group(self) -> None:
        start = self.position
        prefixed = self.text[start : start + 2] in ("0x", "0X")
        first = end = start + 2 * prefixed
        while end < len(self.text) and self.text[end] in HEX_DIGITS:
            end += 1
        if end == first:
            raise NotationError("'0x' stands before no digits", start, first)
        if (end - first) % 2:
            self._refuse_stranger(end)
            what = "a single hexadecimal digit" if end - first == 1 else f"{end - first} hexadecimal digits"
            raise NotationError(f"{what}: a byte has two", start, end)
        self.out += bytes.fromhex(self.text[first:end])
        self.position = end

    def _refuse_stranger(self, at: int) -> None:
        """Where a lone digit stands before a character that is none, that character is what is wrong."""
        if at < len(self.text) and not self.written[at].isascii():
            self.position = at
            raise self._wrong(f"{_name(self.written[at])} parts the two digits of a byte")
        if at < len(self.text) and self.text[at] not in SEPARATORS and self.text[at] not in "|#)":
            self.position = at
            raise self._wrong(f"{_name(self.text[at])} is not a hexadecimal digit")

    def _read_text(self) -> None:
        start = self.position
        end = self.text.find("|", start + 1)
        if end < 0:
            raise NotationError("the text that begins here is never closed by '|'", start, start + 1)
        for at in range(start + 1, end):
            if not 0x20 <= ord(self.text[at]) < 0x7F:
                raise NotationError(f"{_name(self.text[at])} is not printable ASCII", at, at + 1)
        self.out += self.text[start + 1 : end].encode("ascii")
        self.position = end + 1

    def _open(self) -> None:
        if self.text[self.position : self.position + 2] != "#(":
            raise self._wrong("'#' is followed by '(' and the bytes to count")
        self.opened.append((self.position, len(self.out)))
        self.position += 2

    def _close(self) -> None:
        if not self.opened:
            raise self._wrong("this ')' closes nothing")
        start, content = self.opened.pop()
        length = len(self.out) - content
        if length > MAX_PREFIXED:
            message = f"'#(…)' has one length byte, so at most {MAX_PREFIXED} bytes; these are {length}"
            raise NotationError(message, start, self.position + 1)
        self.out.insert(content, length)
        self.position += 1

    def _wrong(self, message: str) -> NotationError:
        return NotationError(message, self.position, self.position + 1)


def _check_brackets(text: str) -> None:
    """Raise NotationError unless there are none, or one pair around everything but an expected status word."""
    found = brackets(text)
    if not found:
        return
    first = found[0]
    if text[first] not in OPENING or text[:first].strip():
        raise NotationError(f"{_name(text[first])} is not a hexadecimal digit", first, first + 1)
    partner = CLOSING[OPENING.index(text[first])]
    if len(found) == 1:
        raise NotationError(f"what {_name(text[first])} opens is never closed by '{partner}'", first, len(text))
    last = found[1]
    if text[last] != partner or len(found) > 2 or text[last + 1 :].strip().partition("*")[0]:
        wrong = found[2] if len(found) > 2 else last
        raise NotationError("braces stand around all of the bytes, once", wrong, wrong + 1)


def _name(character: str) -> str:
    """A character for an error message: one is shown, as it alone cannot give a key away. What has no ASCII code is
    named, for it may look like something else or like nothing."""
    if character.isascii():
        return f"'{character}'" if character.isprintable() else f"the character U+{ord(character):04X}"
    import unicodedata  # rarely needed, and large

    code, name = f"U+{ord(character):04X}", unicodedata.name(character, "without a name").lower()
    return f"'{character}' ({code}, {name})" if character.isprintable() else f"the character {code} ({name})"


def format_bytes(data: bytes, *, spaced: bool = False) -> str:
    """Upper-case hex digits, with a space between bytes where `spaced`."""
    return (data.hex(" ") if spaced else data.hex()).upper()


def ascii_column(data: bytes) -> str:
    """The printable ASCII characters of `data`, and '.' for every other byte: as long as `data`."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


# --- APDUs ---------------------------------------------------------------------------------------------------------

_YKMAN_BY_COLON = re.compile(r"\s*(?:[0-9A-Fa-f]{2}){1,4}:(?!\s*[0-9A-Fa-f]{2}(?:[\s:,]|$))[^:]*")
_LE = re.compile(r"\s*(?P<le>[0-9A-Fa-f]{1,4})\s*")
_SW = re.compile(r"\s*(?P<sw>[0-9A-Fa-f]{4})?\s*")


def parse_apdu_text(text: str) -> tuple[bytes, int | None]:
    """Read a command APDU and the status word that is expected of it: (encoded bytes, status word or None).

    Taken are: everything `parse_bytes` takes, with JCShell's `*9000` after it or without; and ykman's
    `[CLA]INS[P1P2][:DATA][/LE][=SW]`, in which 2 digits are INS, 4 CLA INS, 6 INS P1 P2 and 8 all four, CLA, P1 and P2
    are otherwise 00, LE is hexadecimal (00 for 256) and `=` alone expects 9000. It is ykman's where '/' or '=' occurs,
    or where one ':' stands after 2, 4, 6 or 8 digits and what follows does not begin with a lone pair of digits:
    `00:A4:04:00` stays plain hex.

    The parts may have labels, `CLA=C0 INS=B0 P1=03 P2=05 Le=10`, all in hexadecimal and in the order in which they are
    sent; `Lc` is what stands fifth, also where no data follow (seed 002 writes the Le of a READ so).

    Plain hex is returned as it stands, whether or not it is a well-formed APDU. Raises NotationError.
    """
    if not text.strip():
        raise NotationError("the bytes of an APDU are missing", 0, len(text))
    _check_brackets(text)
    _check_labels(text)
    written = without_labels(text)
    text = plain_bytes(written)
    marks = _outside_text(text)
    star = next((at for at in marks if text[at] == "*"), None)
    if star is not None:
        return _parse_command(text[:star], written[:star], [at for at in marks if at < star]), _parse_star(text, star)
    if _is_ykman(text, marks):
        return _parse_ykman(text, marks)
    return parse_bytes(written), None


_ORDER = ("CLA", "INS", "P1", "P1P2", "P2", "P3", "LC", "DATA", "LE")
_HEADER_LABELS = (["CLA", "INS", "P1", "P2"], ["CLA", "INS", "P1P2"])
_ONE_BYTE = ("CLA", "INS", "P1", "P2")


def _check_labels(text: str) -> None:
    """Raise NotationError where the bytes in their order are not what the labels before them say."""
    found = labels(text)
    if not found:
        return
    for one, following in pairwise(found):
        if _ORDER.index(one.name) >= _ORDER.index(following.name):
            raise NotationError("the parts stand in the order CLA INS P1 P2 Lc Data Le, each once",
                                following.start, following.end)
    star = next((at for at in _outside_text(text) if text[at] == "*"), len(text))
    ends = [one.start for one in found[1:]] + [star]
    sizes = {one.name: _size_of(text, one, end) for one, end in zip(found, ends, strict=True)}
    names = [one.name for one in found]
    if [name for name in names if name in _ONE_BYTE or name == "P1P2"] not in _HEADER_LABELS:
        raise NotationError("CLA=, INS=, P1= and P2= are needed, all four", found[-1].start, len(text))
    data = next((one for one in found if one.name == "DATA"), None)
    if data is not None and sizes["DATA"] and not {"LC", "P3"} & set(names):
        raise NotationError(f"Lc= is missing before Data=; here it is {sizes['DATA']:02X}", data.start, data.end)


def _size_of(text: str, label: Label, end: int) -> int:
    """How many bytes stand behind a label; raises NotationError where it wants one, and has others."""
    size = len(_part(text, label.end, end))
    if label.name in _ONE_BYTE and size != 1:
        raise NotationError(f"{label.name} is one byte", label.start, max(label.end, end))
    if label.name == "P1P2" and size != 2:
        raise NotationError("P1P2 are two bytes", label.start, max(label.end, end))
    return size


def _parse_command(command: str, written: str, marks: list[int]) -> bytes:
    """What stands before a `*`; `written` is the same with the signs that are no bytes."""
    star = len(command)
    if not command.strip():
        raise NotationError("the bytes of an APDU are missing", 0, star)
    if not _is_ykman(command, marks):
        return parse_bytes(written)
    data, sw = _parse_ykman(command, marks)
    if sw is not None:
        raise NotationError("the expected status word is given twice, by '=' and by '*'", star, star + 1)
    return data


def _outside_text(text: str) -> list[int]:
    """Offsets of the characters that stand outside every `|text|`."""
    inside = False
    outside = []
    for at, character in enumerate(text):
        if character == "|":
            inside = not inside
        elif not inside:
            outside.append(at)
    return outside


def _parse_star(text: str, star: int) -> int:
    match = _SW.fullmatch(text, star + 1)
    if match is None or match["sw"] is None:
        raise NotationError("'*' is followed by a status word of four hexadecimal digits", star, len(text))
    return int(match["sw"], 16)


def is_ykman(text: str) -> bool:
    """Whether a command APDU is written in ykman's form, `[CLA]INS[P1P2][:DATA][/LE][=SW]`."""
    return _is_ykman(text, _outside_text(text))


def _is_ykman(text: str, marks: list[int]) -> bool:
    if any(text[at] in "/=" for at in marks):
        return True
    # a colon inside |text| separates nothing, so the pattern may not see it
    visible = set(marks)
    plain = "".join(character if at in visible else "|" for at, character in enumerate(text))
    return _YKMAN_BY_COLON.fullmatch(plain) is not None


@dataclass(frozen=True)
class _YkmanParts:
    """Spans of the parts, without the character that begins each; None where a part is absent."""

    header: tuple[int, int]
    data: tuple[int, int] | None
    le: tuple[int, int] | None
    sw: tuple[int, int] | None


def _split_ykman(text: str, marks: list[int]) -> _YkmanParts:
    colon = next((at for at in marks if text[at] == ":"), None)
    slash = next((at for at in marks if text[at] == "/"), None)
    equals = next((at for at in marks if text[at] == "="), None)
    if slash is not None and colon is not None and slash < colon:
        raise NotationError("in [CLA]INS[P1P2][:DATA][/LE][=SW] the data stand before '/LE'", colon, colon + 1)
    if equals is not None and any(at is not None and equals < at for at in (colon, slash)):
        raise NotationError("in [CLA]INS[P1P2][:DATA][/LE][=SW] the status word stands last", equals, equals + 1)
    ends = [at for at in (colon, slash, equals) if at is not None] + [len(text)]
    after = dict(pairwise(ends))

    def span(at: int | None) -> tuple[int, int] | None:
        return None if at is None else (at + 1, after[at])

    return _YkmanParts((0, ends[0]), span(colon), span(slash), span(equals))


def _parse_ykman(text: str, marks: list[int]) -> tuple[bytes, int | None]:
    parts = _split_ykman(text, marks)
    header = _ykman_header(text, *parts.header)
    if parts.data is not None and len(text[parts.header[0] : parts.header[1]].strip()) == 2:
        _refuse_colon_separated(text, *parts.data)
    data = b"" if parts.data is None else _ykman_data(text, *parts.data)
    le = None if parts.le is None else _ykman_le(text, *parts.le)
    sw = None if parts.sw is None else _ykman_sw(text, *parts.sw)
    return CommandAPDU(*header, data=data, le=le).encode(), sw


def _part(text: str, start: int, end: int) -> bytes:
    try:
        return parse_bytes(text[start:end])
    except NotationError as error:
        raise error.shifted(start) from None


def _ykman_header(text: str, start: int, end: int) -> tuple[int, int, int, int]:
    header = _part(text, start, end)
    if len(header) == 1:
        return 0, header[0], 0, 0
    if len(header) == 2:
        return header[0], header[1], 0, 0
    if len(header) == 3:
        return 0, header[0], header[1], header[2]
    if len(header) == 4:
        return header[0], header[1], header[2], header[3]
    raise NotationError("in [CLA]INS[P1P2][:DATA][/LE][=SW] the header is 2, 4, 6 or 8 digits", start, max(end, 1))


def _refuse_colon_separated(text: str, start: int, end: int) -> None:
    """`00:A4:04:00=9000` would be INS 00 with data: nobody means that, and INS 00 is no command to send by mistake."""
    second = text.find(":", start, end)
    if second >= 0:
        message = "bytes with ':' between them do not mix with '/LE' and '=SW'; write them without ':'"
        raise NotationError(message, second, second + 1)


def _ykman_data(text: str, start: int, end: int) -> bytes:
    data = _part(text, start, end)
    if not data:
        raise NotationError("':' is followed by the data of the command", start - 1, start)
    if len(data) > MAX_EXTENDED_DATA:
        raise NotationError(f"a command carries at most {MAX_EXTENDED_DATA} bytes of data", start, end)
    return data


def _ykman_le(text: str, start: int, end: int) -> int:
    match = _LE.fullmatch(text, start, end)
    if match is None:
        raise NotationError("'/' is followed by Le, in one to four hexadecimal digits", start - 1, end)
    return int(match["le"], 16) or (256 if len(match["le"]) <= 2 else 65536)


def _ykman_sw(text: str, start: int, end: int) -> int:
    match = _SW.fullmatch(text, start, end)
    if match is None:
        raise NotationError("'=' is followed by a status word of four hexadecimal digits", start - 1, end)
    return int(match["sw"] or "9000", 16)
