"""Striking secrets out of a line: what the history keeps, and what an error repeats.

Where a line was understood, its parameters know which of their text is secret. Where it was not, the stricter reading
holds: every run of eight bytes or more in any notation goes, everything after a word that announces a key, and a word
that may be a key or a PIN in the wrong place: one with a digit, or a long one. What stays, as neither a key nor a PIN
is written like it:

- names of several words, such as `mode_211`, and the first bytes of an APDU, such as `00A4`;
- an expected status word, `*6A82` or a pattern of one, `*6[A9]82`;
- an AID of at most 14 bytes that begins with the provider (RID, five bytes) of a well-known one: where a key could
  stand in its place, chance makes one of 2^40 keys begin so;
- what is left of a stretch of bytes when such words are taken out of it, if that is shorter than a PIN: no more than a
  byte of a key;
- `key`, `tk`, `pin` and the like themselves, with nothing behind them but each other.

In doubt it goes: a line in the history is worth less than a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jcopsh.iso7816.aid import KNOWN_AIDS, MIN_AID
from jcopsh.iso7816.hexadecimal import HEX_DIGITS, SEPARATORS
from jcopsh.iso7816.plain_bytes import plain_apdu
from jcopsh.jcop.root_applet import TRANSPORT_KEY_LENGTH
from jcopsh.shell.tokens import PLACEHOLDER_CLOSE, PLACEHOLDER_OPEN, Problem, Span, counted, touching

SHORTEST_RUN = 8  # bytes: the shortest thing that is taken for a key when nothing else is known of it
MOST_BROKEN = 2  # stretches that a slip has made of one byte: `( byte)0x0d`
SHORTEST_PIN = 4  # characters
LONGEST_REPEATED = 12  # characters: a longer word that is no command may be a key, and is not repeated
MOST_DIGITS_OF_A_NAME = 3
# characters: the longest APDU, of 65,544 bytes, at six characters a byte (`0x41, `), with room for the rest
LONGEST_LINE = 400_000
SHORTEST_WITH_BAR = 10  # characters: a stretch with a `|` in it, whichever side of it is meant

PLACEHOLDER = re.compile(f"{PLACEHOLDER_OPEN}(?:[0-9]+ bytes?|secret){PLACEHOLDER_CLOSE}")

# a stretch without blanks, or one that `|` or `#(` holds together even if they are never closed
_CHUNK = re.compile(r"(?:\|[^|]*(?:\||$)|#\([^)]*(?:\)|$)|\S)+")
# what may stand between the digits of bytes
_NOISE = re.compile(r"\(byte\)|\\[xX]|0[xX]|#\((?!byte\))|[ #):,*/=;._-]")
_OPTION = re.compile(r"--?[a-z][a-z_-]*=", re.IGNORECASE)  # before its value
# what stands between bytes, a byte or the sign for one, the text between two `|` or behind one, what is no notation
_PIECE = re.compile(
    rf"[{re.escape(''.join(sorted(SEPARATORS)))})]+|0[xX]|(?P<byte>#\(|[0-9A-Fa-f]{{1,2}})"
    r"|\|(?P<text>[^|]*)\|?|(?P<stop>.)", re.DOTALL
)
_ASCII_RUN = re.compile(r"\|([^|]*)(?:\||$)")
# not from the last letters of a name on, such as the 1 of cm_key1
_DIGIT_OF_A_RUN = r"[\s:,]*(?:0[xX])?[0-9A-Fa-f]"
_LONG_HEX = re.compile(rf"(?<![g-zG-Z_])[0-9A-Fa-f](?:{_DIGIT_OF_A_RUN}){{{2 * SHORTEST_RUN - 1},}}")
# words after which a key or PIN may come: `tk`, a field or option that says so, an address, an APDU's header
_ANNOUNCES = re.compile(
    r"(?<!\S)(?:tk|[^\s=]*(?:key|pin|puk|chv|code|secret|pass|unblock|reference|verify)[^\s=]*|(?:0x)?c0[0-9a-f]{4}|[0-9a-f]{8,})(?:[\s=:]+|$)",
    re.IGNORECASE,
)

_PROVIDERS = frozenset(one.aid.rid for one in KNOWN_AIDS.values())
# too short for a transport key, of which a byte may have been left out
_HEX_AID = re.compile(rf"(?:[0-9A-Fa-f]{{2}}){{{MIN_AID},{TRANSPORT_KEY_LENGTH - 2}}}")
# words that announce a secret and, being shorter than one, are none themselves
_ONLY_ANNOUNCE = frozenset(("key", "keys", "tk", "pin", "pins", "puk"))
# behind a `*` a status word, or with a sign that no key or PIN has a pattern of some
STATUS_PATTERN = re.compile(r"\*(?:[0-9A-Fa-f]{4}|(?=[0-9A-Fa-f]*[xX?.\[])[69][0-9A-Fa-fxX?.\[\]-]{1,9})")

# letters, and behind them words of letters or digits: two at least
_NAME_OF_SEVERAL_WORDS = re.compile(r"[a-z]+(?:[_-][a-z0-9]+)+", re.IGNORECASE)
# two or three bytes, the first one a usual class byte; a PIN of digits has no letter
_FIRST_BYTES = re.compile(r"(?=.*[A-F])(?:00|80|84|90|A0|C0)(?:[0-9A-F]{2}){1,2}", re.IGNORECASE)


def may_be_secret(word: str) -> bool:
    """Whether a word that nobody understands may be a PIN, or a transport key of 16 letters, in the wrong place."""
    if _FIRST_BYTES.fullmatch(word):
        return False
    digits = sum(map(str.isdigit, word))
    if len(word) != TRANSPORT_KEY_LENGTH and digits <= MOST_DIGITS_OF_A_NAME and _NAME_OF_SEVERAL_WORDS.fullmatch(word):
        return False
    return len(word) > LONGEST_REPEATED or (len(word) >= SHORTEST_PIN and digits > 0)


def is_public_aid(word: str) -> bool:
    """Whether a word is an AID in hex of a well-known provider, and too short for a transport key."""
    return _HEX_AID.fullmatch(word) is not None and bytes.fromhex(word[: 2 * MIN_AID]) in _PROVIDERS


def secret_is_gone(at: Span) -> Problem:
    """What is wrong with a placeholder that was taken from the history."""
    return Problem("a secret stood here, and the history does not keep secrets", "type it again", *at)


def byte_spans(text: str) -> list[Span]:
    """Where each byte of `text` is written, in order, as far as the notation can be followed.

    A lone digit counts as one byte; the `#(` of `#(…)` stands for its length byte. Stops at what is no notation.
    """
    spans: list[Span] = []
    for piece in _PIECE.finditer(plain_apdu(text)):
        if piece.lastgroup == "byte":
            spans.append(Span(*piece.span()))
        elif piece.lastgroup == "text":
            spans += [Span(at, at + 1) for at in range(*piece.span("text"))]
        elif piece.lastgroup == "stop":
            break
    return spans


def byte_runs(text: str) -> list[Span]:
    """Every stretch of at least eight bytes in any notation, broken or with typing errors in it."""
    text = plain_apdu(text)
    spans = [Span(m.start(), m.end()) for m in _LONG_HEX.finditer(text)]
    spans += [Span(m.start(), m.end()) for m in _ASCII_RUN.finditer(text) if len(m[1]) >= SHORTEST_RUN]
    return merge([*spans, *_runs_of_chunks(text)])


def _runs_of_chunks(text: str) -> Iterator[Span]:
    """Each row of stretches without blanks that may hold eight bytes together, with two broken ones in it at most."""
    start = end = count = broken = 0
    for chunk in _CHUNK.finditer(text):
        if "|" in chunk[0] and len(chunk[0]) >= SHORTEST_WITH_BAR:
            yield Span(chunk.start(), chunk.end())
        in_chunk = _bytes_in(chunk[0])
        if in_chunk:
            start = chunk.start() if count == 0 else start
            count, end = count + in_chunk, chunk.end()
        elif count and broken < MOST_BROKEN and not chunk[0].isalpha():  # a word ends it
            broken += 1
        else:
            if count >= SHORTEST_RUN:
                yield Span(start, end)
            count = broken = 0
    if count >= SHORTEST_RUN:
        yield Span(start, end)


def _bytes_in(chunk: str) -> int:
    """How many bytes a stretch without blanks may hold; 0 where it does not look like bytes."""
    ascii_characters = sum(len(m[1]) for m in _ASCII_RUN.finditer(chunk))
    rest = _NOISE.sub("", _ASCII_RUN.sub("", _OPTION.sub("", chunk)))
    digits = sum(character in HEX_DIGITS for character in rest)
    # a typing error or two do not make a key unrecognisable; one in a single byte, which no word has a figure in
    slipped = len(rest) - digits == 1 and any(character.isdigit() for character in chunk)
    if digits + ascii_characters == 0 or (rest and digits * 4 <= len(rest) * 3 and not slipped):
        return 0
    return (digits + 1) // 2 + ascii_characters


def suspicious_spans(text: str) -> list[Span]:
    """What may be a secret in a command that was not understood."""
    spans = byte_runs(text)
    announced = next((one for one in _ANNOUNCES.finditer(text) if not is_public_aid(one[0].strip())), None)
    if announced and set(text[announced.end() :].lower().split()) - _ONLY_ANNOUNCE:
        spans.append(Span(announced.end(), len(text.rstrip())))
    return merge(spans)


def shifted(spans: Iterable[Span], by: int) -> list[Span]:
    """The spans of a part of a text, as those of the whole text in which it begins at `by`."""
    return [Span(span.start + by, span.end + by) for span in spans]


def merge(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, overlapping and touching ones as one, empty ones left out."""
    merged: list[Span] = []
    for span in sorted(spans):
        if span.start >= span.end:
            continue
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def without(text: str, spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans outside the holes, without blanks at its ends."""
    apart = merge(holes)
    left: list[Span] = []
    for span in merge(spans):
        start = span.start
        for hole in touching(apart, span.start, span.end):
            left.append(Span(start, hole.start))
            start = hole.end
        left.append(Span(start, span.end))
    return [_trimmed(text, span) for span in left if text[span.start : span.end].strip()]


def hidden(text: str, spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of each span outside the holes, unless that is shorter than a PIN and a hole was in it."""
    left: list[Span] = []
    for span in merge(spans):
        pieces = without(text, [span], holes)
        length = sum(piece.end - piece.start for piece in pieces)
        left += pieces if length >= SHORTEST_PIN or pieces == without(text, [span], ()) else []
    return left


def _trimmed(text: str, span: Span) -> Span:
    part = text[span.start : span.end]
    return Span(span.end - len(part.lstrip()), span.start + len(part.rstrip()))


@dataclass(frozen=True, slots=True)
class StruckText:
    """A text with spans replaced by placeholders; `at` says where an offset of the original has gone."""

    text: str
    moved: tuple[tuple[Span, Span], ...]  # a span of the original, and its placeholder's in the new text

    def at(self, offset: int, *, end: bool = False) -> int:
        """The offset in the new text: inside a placeholder it is its beginning, or its end where `end` is set."""
        shift = 0
        for before, after in self.moved:
            if offset < before.start or (offset == before.start and not end):
                break
            if offset < before.end or (offset == before.end and end):
                return after.end if end else after.start
            shift = after.end - before.end
        return offset + shift


def strike(text: str, spans: Iterable[Span]) -> StruckText:
    """Replace each span by `‹16 bytes›`, or by `‹secret›` where its bytes cannot be counted, or their number would tell
    something of a PIN.
    """
    parts: list[str] = []
    moved: list[tuple[Span, Span]] = []
    position = length = 0
    for span in merge(spans):
        plain = text[position : span.start]
        placeholder = _placeholder(text[span.start : span.end])
        parts += [plain, placeholder]
        length += len(plain)
        moved.append((span, Span(length, length + len(placeholder))))
        length += len(placeholder)
        position = span.end
    parts.append(text[position:])
    return StruckText("".join(parts), tuple(moved))


def _placeholder(secret: str) -> str:
    if PLACEHOLDER.fullmatch(secret):
        return secret
    spans = byte_spans(secret) if len(secret) <= LONGEST_LINE else []
    if len(spans) < SHORTEST_RUN or secret[spans[-1].end :].strip("|) \t"):
        return f"{PLACEHOLDER_OPEN}secret{PLACEHOLDER_CLOSE}"
    return f"{PLACEHOLDER_OPEN}{counted(len(spans), 'byte')}{PLACEHOLDER_CLOSE}"
