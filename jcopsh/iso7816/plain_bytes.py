"""Bytes as programs, datasheets and web pages write them, made plain: what is no byte and no text becomes a blank.

The result is as long as the text, so that every byte keeps its place. `|text|` stays as it is. Nothing here says that
the bytes are right: `jcopsh.iso7816.hexadecimal` reads them, and everything else that looks for bytes in a text looks
at the same plain form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# blanks of web pages and word processors (Unicode's Zs), and characters without width
_WIDE = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_WITHOUT_WIDTH = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
OTHER_BLANKS = _WIDE + _WITHOUT_WIDTH
_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb"
_DASHES = "\u002d\u2010\u2011\u2012\u2013\u2014\u2015\u2212"  # hyphens, dashes, and the sign for minus
OPENING, CLOSING = "{[", "}]"

_IN_BARS = r"(?P<kept>\|[^|]*(?:\||\Z))"
_HEX = "[0-9A-Fa-f]"
# between two pairs of digits, or behind one that is typed so far; not in 2026-11-21
_PARTING_DASH = (
    rf"(?:(?<=[^0-9A-Fa-f]{_HEX}{{2}})|(?<=^{_HEX}{{2}}))[{_DASHES}](?=(?:0[xX])?{_HEX}{{1,2}}(?!{_HEX})|\s*\Z)"
)
# \xC0, (byte)0xC0, C0-B0, {0xC0, 0xB0}
_NO_BYTE = re.compile(
    rf"{_IN_BARS}|\\[xX](?={_HEX}|\Z)|\(byte\)(?=\s*0[xX])|{_PARTING_DASH}"
    rf"|(?<={_HEX}{{2}})[hH](?![0-9A-Za-z])|[{re.escape(OPENING + CLOSING)}{OTHER_BLANKS}{_QUOTES}]"
)
_MAY_BE_NO_BYTE = re.compile(rf"[^\x00-\x7f]|[-\\(hH{re.escape(OPENING + CLOSING)}]")
_BRACKET = re.compile(rf"{_IN_BARS}|[{re.escape(OPENING + CLOSING)}]")
# with a sign behind it, or a blank: then the bytes follow
_SIGN = rf"(?:\s*[=:]|\s+(?=(?:0x)?{_HEX}))"
_LABEL = re.compile(rf"{_IN_BARS}|(?<![0-9A-Za-z_])(?P<name>CLA|INS|P1P2|P[123]|Lc|Data|Le){_SIGN}", re.IGNORECASE)
_BEGINS_WITH_LABEL = re.compile(rf"\s*CLA(?:\s*[=:]|\s+(?=(?:0x)?{_HEX}{{2}}\s+INS\b))", re.IGNORECASE)
_BEGINS_OTHERWISE = re.compile(
    rf"{_BEGINS_WITH_LABEL.pattern}|\s*(?:[{{\[]\s*(?:\(byte\)|0x)|\(byte\)|\\x)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a part of an APDU before its bytes, as in `CLA=C0`; `name` is in capitals."""

    name: str
    start: int
    end: int


def plain_bytes(text: str) -> str:
    r"""The text with a blank for every sign that is no byte: in `\xC0`, `(byte)0xC0`, `C0-B0`, `C0h`, `{0xC0}`; and for
    every blank, dash and quote that is not ASCII's."""
    # it is asked several times for each key that is typed, and most texts have nothing of the kind
    return _NO_BYTE.sub(_blanked, text) if _MAY_BE_NO_BYTE.search(text) else text


def plain_apdu(text: str) -> str:
    """`plain_bytes` of a command APDU, which may have labels."""
    return plain_bytes(without_labels(text))


def without_labels(text: str) -> str:
    """A command APDU with blanks in place of the labels of `CLA=C0 INS=B0 P1=03 P2=05 Lc=10` (seed 002)."""
    return _LABEL.sub(_blanked, text) if _BEGINS_WITH_LABEL.match(text) else text


def begins_otherwise(text: str) -> bool:
    r"""Whether a text begins as only an APDU in another program's notation does: `CLA=`, `{0x`, `(byte)`, `\x`."""
    return _BEGINS_OTHERWISE.match(text) is not None


def labels(text: str) -> list[Label]:
    """The labels of an APDU in order, where it is written with any."""
    if not _BEGINS_WITH_LABEL.match(text):
        return []
    return [Label(one["name"].upper(), *one.span()) for one in _LABEL.finditer(text) if one["kept"] is None]


def brackets(text: str) -> list[int]:
    """Where braces and square brackets stand outside `|text|`."""
    return [one.start() for one in _BRACKET.finditer(text) if one["kept"] is None]


def _blanked(found: re.Match[str]) -> str:
    return found[0] if found["kept"] is not None else " " * len(found[0])
