"""What is an AID where one is typed, and what in its place may be a transport key.

One rule for every place: an AID has 5 to 16 bytes, or the name of a well-known one. A transport key has 16 bytes, so
that what has as many, or one fewer as a byte was left out, may be one. Where something is to be selected a transport
key is at home, and a piece of one as likely as an AID: there a name has to have the form of an AID, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jcopsh.errors import UsageError
from jcopsh.iso7816.aid import AID, KNOWN_AIDS, MAX_AID, MIN_AID
from jcopsh.iso7816.hexadecimal import HEX_DIGITS, parse_bytes
from jcopsh.jcop.root_applet import TRANSPORT_KEY_LENGTH
from jcopsh.shell.types.base import UnfinishedError, did_you_mean
from jcopsh.shell.types.byte_strings import looks_like_bytes, these_bytes

_HALF_A_BYTE = re.compile(r"(?:0[xX])?[0-9A-Fa-f]|0[xX]")
# ISO/IEC 7816-5: A international, D national, F proprietary; and the two names of EMV
_CATEGORIES = (0xA, 0xD, 0xF)
_NAMES = (b"1PAY", b"2PAY")


def is_name_of_aid(text: str) -> bool:
    """Whether it is the name of a well-known application, in any case of letters."""
    return text.lower() in KNOWN_AIDS


def parse_aid(text: str, *others: str) -> AID:
    """The AID, in any notation or by the name of a well-known one; `others` are what else may be typed here.

    Raises NotationError; UsageError for what is neither; UnfinishedError where it is too short, as more bytes may
    follow a blank.
    """
    if is_name_of_aid(text):
        return KNOWN_AIDS[text.lower()].aid
    if text[:1] not in HEX_DIGITS | {"|", "#"}:
        raise UsageError("this is neither an AID nor the name of one",
                         hint=did_you_mean(text, [*KNOWN_AIDS, *others]) or "text is written between bars: |…|",
                         start=0, end=len(text))
    value = parse_bytes(text)
    if len(value) >= MIN_AID:
        return AID.parse(text)
    raise UnfinishedError(f"an AID has {MIN_AID} to {MAX_AID} bytes, {these_bytes(len(value))}",
                          hint="help bytes shows the notations", start=0, end=len(text))


def words_of_aid(words: Sequence[str]) -> int:
    """How many words the AID has that begins with the first of them: it may be written with blanks between its bytes,
    and the last byte may be half typed."""
    if is_name_of_aid(words[0]) or not looks_like_bytes(words[0]) or len(parse_bytes(words[0])) >= MIN_AID:
        return 1
    count = next((i for i, word in enumerate(words) if not looks_like_bytes(word)), len(words))
    half_typed = count == len(words) - 1 and _HALF_A_BYTE.fullmatch(words[-1])
    return len(words) if half_typed else count


def may_be_transport_key(length: int) -> bool:
    """Whether so many bytes are enough for a transport key of which at most one was left out. The longest AID that
    everybody knows, 1PAY.SYS.DDF01, has 14."""
    return length >= TRANSPORT_KEY_LENGTH - 1


def is_public_to_select(name: bytes, length: int | None = None) -> bool:
    """Whether what is selected by this name can be no transport key, nor a piece of one. With `length`, the name is the
    beginning of one that has so many bytes."""
    length = len(name) if length is None else length
    if may_be_transport_key(length):
        return False
    # a name too short for an AID is a file's, as in 00 A4 00 00 02 3F 00
    return length < MIN_AID or name[0] >> 4 in _CATEGORIES or any(
        name.startswith(known[: len(name)]) for known in _NAMES)
