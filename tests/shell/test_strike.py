"""A key never stays in a line that is kept: canary keys in every notation, in right lines and in broken ones."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jcopsh.shell.line import strike_out
from jcopsh.shell.parser import parse_line
from jcopsh.shell.strike import PLACEHOLDER, byte_runs, byte_spans, strike
from jcopsh.shell.tokens import Span
from tests.shell.samples import CANARY, CANARY_TEXT, REGISTRY, context

HEX = CANARY.hex()

NOTATIONS = {
    "hex": HEX,
    "capitals": HEX.upper(),
    "blanks": CANARY.hex(" "),
    "groups of four": " ".join(re.findall("....", HEX)),
    "groups of eight": " ".join(re.findall("." * 16, HEX)),
    "colons": CANARY.hex(":"),
    "commas": CANARY.hex(","),
    "program": ", ".join(f"0x{byte:02x}" for byte in CANARY),
    "0x in front": f"0x{HEX}",
    "hyphens": CANARY.hex("-"),
    "dashes": CANARY.hex("-").replace("-", "\u2013"),
    "a string of C": "".join(f"\\x{byte:02x}" for byte in CANARY),
    "an array of C": "{" + ", ".join(f"0x{byte:02x}" for byte in CANARY) + "}",
    "an array of Java": "{" + ", ".join(f"(byte)0x{byte:02x}" for byte in CANARY) + "}",
    "an array never closed": "{" + ", ".join(f"0x{byte:02x}" for byte in CANARY),
    "blanks of a web page": CANARY.hex("-").replace("-", "\u00a0"),
    "nothing to be seen between": CANARY.hex("-").replace("-", "\u200b"),
    "text": f"|{CANARY_TEXT}|",
    "counted": f"#({HEX})",
    "counted text": f"#(|{CANARY_TEXT}|)",
    "counted with blanks": f"#( {CANARY.hex(' ')} )",
    "quoted": f'"{CANARY.hex(" ")}"',
    "a digit short": HEX[:-1],
    "a digit too many": HEX + "0",
    "a typing error": HEX[:14] + "G" + HEX[15:],
    "a letter o for a zero": HEX.replace("0", "o"),
    "never closed": f"|{CANARY_TEXT}",
    "counted and never closed": f"#({HEX}",
    "a quote never closed": f"'{HEX}",
}
LINES = {
    "write": "write cm_key1 {}",
    "write by address": "write 0xC00305 {}",
    "write to a wrong address": "write 0xC0030 {}",
    "write to no field": "write cm_kee1 {}",
    "write to a public field": "write 0xC00301 {}",
    "select tk": "select tk {}",
    "select TK": "/select TK {}",
    "select the key itself": "select {}",
    "bare": "{}",
    "after a command": "reset; {}",
    "mistyped": "wirte cm_key1 {}",
    "mistyped select": "selct tk {}",
    "no command": "foo bar {}",
    "as an option": "read cm_key1 --key {}",
    "as an option's value": "read cm_key1 --key={}",
    "option with a single dash": "select -key {}",
    "too many arguments": "read cm_key1 16 {}",
    "as an address": "read {}",
    "as a length": "read cm_key1 {}",
    "comment": "reset # {}",
    "in text": "say {}",
    "send SELECT": "send 00A4040010{}",
    "send SELECT with blanks": "send 00 A4 04 00 10 {}",
    "SELECT alone": "00A4040010 {}",
    "SELECT with a wrong length": "00A4040011 {}",
    "SELECT and Le": "00A4040010 {} 00",
    "WRITE": "C0D6030510{}",
    "the misprint": "C0B6030510 {}",
    "PUT KEY": "80D8008110 {}",
    "expecting": "00A4040010 {} *9000",
    "labels": "CLA=C0 INS=D6 P1=03 P2=05 Lc=10 Data={}",
    "labels without Lc": "CLA=C0 INS=D6 P1=03 P2=05 Data={}",
    "labels in another order": "INS=D6 CLA=C0 P1=03 P2=05 Lc=10 {}",
    "a line of a trace": "-> C0 D6 03 05 10 {}",
    "an answer in a trace": "<- {} 90 00",
    "ykman": "send A40400:{}",
    "ykman with Le": "send 00A40400:{}/00=9000",
    "two commands": "write cm_key1 {}; read cm_key1",
    "before a mistake": "write cm_key1 {}; reed",
    "after a mistake": "reed; write cm_key1 {}",
    "help": "help {}",
}
# what is written as one may be broken off by the line around it, but never shows more than this of the key in a row
LONGEST_REST = 3


def rest_of(line: str) -> int:
    """How many bytes of the canary can be read in a row in a line, in hex of any spacing or as text."""
    squeezed = re.sub(r"\(byte\)|0x|\\x|[\s:,\-\u2013\u200b]", "", line.lower())
    in_hex = max((n for n in range(17) for i in range(17 - n) if CANARY[i : i + n].hex() in squeezed), default=0)
    in_text = max((n for n in range(17) for i in range(17 - n) if CANARY_TEXT[i : i + n] in line), default=0)
    return max(in_hex, in_text)


@pytest.mark.parametrize(("form", "line"), list(itertools.product(NOTATIONS, LINES)))
@pytest.mark.parametrize("map_known", [True, False])
def test_no_kept_line_shows_a_key(form: str, line: str, map_known: bool) -> None:
    text = LINES[line].format(NOTATIONS[form])
    where = context() if map_known else context(None)
    kept = strike_out(parse_line(text, REGISTRY, where))
    assert rest_of(text) > LONGEST_REST
    assert rest_of(kept) <= LONGEST_REST, kept


@pytest.mark.parametrize("slip", [";,", "x,", ",x", ",#", ""])
def test_a_slip_in_the_middle_of_a_key(slip: str) -> None:
    text = f"reset # 0xc1, 0xa5, 0x5e, 0xc0, 0xde, 0x8b, 0xad, 0xf0{slip} 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77"
    assert "c1" not in strike_out(parse_line(text, REGISTRY, context()))


def test_words_are_no_key() -> None:
    text = "reset # read card 4 times and add a face, then feed the 2 dead cards"
    assert strike_out(parse_line(text, REGISTRY, context())) == text


@given(st.sampled_from(sorted(LINES)), st.sampled_from(sorted(NOTATIONS)), st.data())
def test_nor_does_a_line_with_a_slip_somewhere(line: str, form: str, data: st.DataObject) -> None:
    text = LINES[line].format(NOTATIONS[form])
    at = data.draw(st.integers(0, len(text) - 1))
    slip = data.draw(st.sampled_from(["", " ", "x", ";", "#", "|", '"', "‹"]))
    broken = text[:at] + slip + text[at + (0 if slip else 1) :]
    # without its opening bar a text is a word like any other
    assume(("text" not in form and "closed" not in form) or f"|{CANARY_TEXT[0]}" in broken)
    kept = strike_out(parse_line(broken, REGISTRY, context()))
    # a slip may cut a key in two, and a separator make of its end a command of its own: less than half may be seen
    assert rest_of(kept) <= 7, kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"write cm_key1 {HEX}", "write cm_key1 ‹16 bytes›"),
        (f"select tk {HEX}", "select tk ‹16 bytes›"),
        (f"00A4040010{HEX.upper()}", "00A40400‹17 bytes›"),
        ("write gpin |12345|", "write gpin ‹secret›"),
        ("wirte gpin 1234567890", "wirte gpin ‹secret›"),
        ("puk 12345678", "puk ‹secret›"),
        # other tools' words for what takes PINs
        ('change CHV1 "1234" "4321"', "change CHV1 ‹secret›"),
        ('unblock CHV1 "12345678" "1234"', 'unblock ‹secret›'),
        ('change-reference-data 1 "5678" "8765"', 'change-reference-data ‹secret›'),
        ("CLA 00 INS 20 P1 00 P2 01 Lc 04 Data 35 36 37 38", "CLA 00 INS 20 P1 00 P2 01 ‹secret›"),
        ("Data: 51.52.53.54.55.56.57.58.59.5A.5B.5C.5D.5E.5F.60", "Data: ‹secret›"),
        ("select tk secret", "select tk ‹secret›"),
        ("read cm_key1 16", "read cm_key1 16"),
        ("write cold_historical_bytes #(|J2A081,T=1|)", "write cold_historical_bytes #(|J2A081,T=1|)"),
        ("read 0xc00305 99999", "read 0xc00305 99999"),
        ("reed 0xc00305", "reed 0xc00305"),
        ("dump 0xC000F0 0xC095FF --save cards.txt", "dump 0xC000F0 0xC095FF --save cards.txt"),
        ("select A000000003000000", "select A000000003000000"),
        ("identfy", "identfy"),
        # names of several words, and the first bytes of an APDU, are no secrets; what may be a key or a PIN is one
        ("mode_211 x", "mode_211 x"),
        ("establish_context", "establish_context"),
        ("my-secret-key-16", "‹secret›"),
        ("card_4711", "‹secret›"),
        ("unknown1234", "‹secret›"),
        ("establishcontext", "‹secret›"),
        ("00A4", "00A4"),
        ("80ca9f", "80ca9f"),
        ("1234", "‹secret›"),
        ("0020", "‹secret›"),
        ("12ab", "‹secret›"),
        ("reset|JCOPSIMULATEDTK0", "reset‹16 bytes›"),
        ("reset | grep -c C0 | cat", "reset | grep -c C0 | cat"),
        ("read cold_historical_bites", "read cold_historical_bites"),
        ("read JCOPSIMULATEDTK0", "read ‹secret›"),
        ("read cm_key1 JCOPSIMULATEDTK0", "read cm_key1 ‹secret›"),
        ("write cm_key1 ‹16 bytes›", "write cm_key1 ‹16 bytes›"),
        # what is understood and no secret stays, and what is wrong has a placeholder of its own
        ("read 0xC00305 999999999999999999999999", "read 0xC00305 ‹12 bytes›"),
        ("write 0xC0030 404142434445464748", "write ‹secret› ‹9 bytes›"),
        ("send nonsense *9000 --yes", "send nonsense *9000 --yes"),
        ("send nonsensical-X *9000", "send ‹secret› *9000"),
        ("nonsense 4041424344454647 *9000 --yes", "nonsense ‹8 bytes› *9000 --yes"),
        (f"00A4040010{HEX} *9000 --yes", "00A40400‹17 bytes› *9000 --yes"),
        (f"read {HEX} --reveal", "read ‹16 bytes› --reveal"),
        (f"select tk |{CANARY_TEXT[:11]} *9000", "select tk ‹17 bytes›"),
        # status words and patterns of them, AIDs of known providers, and what is too short for a secret behind them
        ("send 00B0000010 *6[A9]82", "send 00B0000010 *6[A9]82"),
        ("nonsense 4041424344454647 *6xxx", "nonsense ‹8 bytes› *6xxx"),
        ("nonsense 4041424344454647 *612345678", "nonsense ‹secret›"),
        ("select A000000003000000 *6A82", "select A000000003000000 *6A82"),
        (f"select {HEX} *6A82", "select ‹16 bytes› *6A82"),
        ("delte A00000000300 A00000015100", "delte A00000000300 A00000015100"),
        (f"delte A000000003{HEX[10:]}", "delte ‹16 bytes›"),
        (f"delte A000000003 {HEX}", "delte A000000003 ‹16 bytes›"),
        ("foo A000000003000000 7F", "foo A000000003000000 7F"),
        ("foo A000000003000000 1234", "foo A000000003000000 ‹secret›"),
        # words that announce a secret are none
        ("# Our TK Key", "# Our TK Key"),
        ("# the pin", "# the pin"),
        ("# tk password", "# tk ‹secret›"),
        ("# pin 1", "# pin ‹secret›"),
        ("# key: pin: hello", "# key: ‹secret›"),
        # what is not typed to its end, or has a slip, in another notation
        ("CLA=C0 INS=B0", "CLA=C0 INS=B0"),
        ("{0xC0, 0xB0, 0x04", "{0xC0, 0xB0, 0x04"),
    ],
)
def test_what_is_kept(text: str, kept: str) -> None:
    assert strike_out(parse_line(text, REGISTRY, context())) == kept


@pytest.mark.parametrize(
    ("text", "count"),
    [("4041", 2), ("40 41,0x42:43", 4), ("|abc|", 3), ("#(|ab|)", 3), ("C9#(01)", 3), ("404", 2), ("40 xyz", 1),
     ("", 0)],
)
def test_where_each_byte_is_written(text: str, count: int) -> None:
    spans = byte_spans(text)
    assert len(spans) == count
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


@given(st.text(max_size=60))
def test_runs_lie_in_the_text_and_in_order(text: str) -> None:
    spans = byte_runs(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(a.end < b.start for a, b in itertools.pairwise(spans))


def test_offsets_move_with_the_text() -> None:
    struck = strike("ab SECRET cd", [Span(3, 9)])
    assert struck.text == "ab ‹secret› cd"
    assert struck.text[struck.at(10) :] == "cd"
    assert (struck.at(3), struck.at(5), struck.at(9, end=True)) == (3, 3, 11)
    assert PLACEHOLDER.fullmatch(struck.text[struck.at(3) : struck.at(9, end=True)])
