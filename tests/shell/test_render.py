from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import pytest

from jcopsh.errors import CardError
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.atr import parse_atr
from jcopsh.jcop.identify import parse_identify, parse_identify_jcop4
from jcopsh.jcop.memory_map import load_map
from jcopsh.jcop.personalisation import ChecklistLine, CheckState
from jcopsh.operations.values import (
    Checklist,
    Difference,
    Dump,
    ExchangeResult,
    Identification,
    MemoryBlock,
    Selected,
    Span,
    Unreadable,
    Written,
)
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.segments import Hidden, Segments
from jcopsh.shell.export import exported
from jcopsh.shell.json_form import error_form, json_form, to_json
from jcopsh.shell.redirect import Form
from jcopsh.shell.render import Output, Shown, register
from jcopsh.shell.theme import THEMES, ThemeName, prompt_toolkit_styles, rich_styles
from jcopsh.shell.tokens import TokenKind
from jcopsh.state import Boot
from tests.shell.samples import ATR, CANARY

BOOT = Boot("TESTBOOT", 1)
J2A040 = load_map("j2a040")
IDENTITY = parse_identify(bytes.fromhex("04310033000000004E5830313143000339F873"))  # seed 001
JCOP4_DATA = bytes.fromhex(
    "010c0001b90c91154cb8c02a00aa0208000000000000000003184a3352363030303337333138313230306d20b6197d635e7c05"
    "010006040000d81f0701010808b3375fe9b5508bc40901030a0855606fd4beecf3cd"
)
JCOP4_OBJECT = b"\xdf\x28" + bytes((len(JCOP4_DATA),)) + JCOP4_DATA
JCOP4 = parse_identify_jcop4(b"\xfe" + bytes((len(JCOP4_OBJECT),)) + JCOP4_OBJECT)


def field_span(name: str, content: bytes | Secret) -> Span:
    field = J2A040.field(name)
    assert field is not None
    return Span(field.address, len(content), field, content)


def block(*spans: Span) -> MemoryBlock:
    return MemoryBlock(spans[0].address, sum(span.length for span in spans), spans, "j2a040", BOOT)


KEY_BLOCK = block(field_span("cm_key1", Secret(CANARY)))
HISTORICAL = bytes.fromhex("084A434F507632343100000000000000")
TEXT_BLOCK = block(field_span("cold_historical_bytes", HISTORICAL))
EXCHANGE = ExchangeResult(
    Segments((bytes.fromhex("00A4040010"), Hidden("transport_key", Secret(CANARY)))),
    Segments((bytes.fromhex("04310033000000004E5830313143000339F8736A82"),)), 0x6A82, "not found", ("a note",),
)
DUMP = Dump(
    0xC000F0, 0xC001EF,
    (Span(0xC000F0, 48, None, bytes(48)), Span(0xC00120, 2, None, bytes(2)), field_span("ifsc", b"\xfe"),
     Span(0xC00123, 200, None, bytes(200))),
    (Unreadable(0xC001EB, 0xC001EF, 0x6B00),), "j2a040", BOOT, "a card",
)
CHECKLIST = Checklist("Before FUSE", (
    ChecklistLine("keys known and stored on disk", CheckState.DONE, "all 3"),
    ChecklistLine("slot order proved", CheckState.UNKNOWN, "not proved"),
    ChecklistLine("life cycle 01", CheckState.MISSING, "it is 00"),
))


@dataclass(frozen=True)
class Inner:
    name: str
    place: str


@dataclass(frozen=True)
class Anything:
    first_name: str
    data: bytes
    flag: bool
    nothing: None
    inner: tuple[Inner, ...]


ANYTHING = Anything("x", b"\x01\xff", True, None, (Inner("a", "somewhere"), Inner("b", "elsewhere")))
EVERY_VALUE: dict[str, Any] = {
    "identity": Identification(IDENTITY, 0x6A82, "find its transport key"),
    "jcop 4": Identification(JCOP4, 0x9000, "x"),
    "atr": parse_atr(ATR), "atr of T=0": parse_atr(bytes.fromhex("3B6300FF010203")), "key": KEY_BLOCK,
    "memory": TEXT_BLOCK, "difference": Difference(KEY_BLOCK, block(field_span("cm_key1", Secret(bytes(16)))), False),
    "no difference": Difference(TEXT_BLOCK, TEXT_BLOCK, True), "dump": DUMP, "exchange": EXCHANGE,
    "checklist": CHECKLIST, "written": Written(0xC00122, 1, "ifsc", "read back"),
    "selected": Selected("root applet", Segments(()), 0x9000, "9000: done"), "anything": ANYTHING,
    "several": (Inner("a", "b"), Inner("c", "d")), "nothing": (),
}


def shown(value: Any, width: int = 80, *, encoding: str = "utf-8", color: str = "auto") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    Output(stdout=stream, width=width, color=color).show(value)
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [40, 60, 80, 132, 200])
@pytest.mark.parametrize("name", EVERY_VALUE)
def test_everything_fits_its_terminal(name: str, width: int) -> None:
    for line in shown(EVERY_VALUE[name], width).splitlines():
        assert len(line) <= width
        assert line == line.rstrip()
        assert "\x1b" not in line
    colored = shown(EVERY_VALUE[name], width, color="always")
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == shown(EVERY_VALUE[name], width)


@pytest.mark.parametrize("name", EVERY_VALUE)
def test_no_value_shows_a_key(name: str) -> None:
    for text in (shown(EVERY_VALUE[name]), to_json(EVERY_VALUE[name])):
        squeezed = re.sub(r"\s", "", text.lower())
        assert CANARY.hex() not in squeezed
        assert CANARY[:4].hex() not in squeezed


@pytest.mark.parametrize("name", EVERY_VALUE)
def test_everything_can_be_written_in_ascii(name: str) -> None:
    text = shown(EVERY_VALUE[name], encoding="ascii") if name != "dump" else ""
    assert "\\u" not in text


@pytest.mark.parametrize("name", EVERY_VALUE)
def test_everything_has_a_json_form(name: str) -> None:
    json.loads(to_json(EVERY_VALUE[name]))


def test_an_unfused_card_is_said_to_be_one() -> None:
    text = shown(EVERY_VALUE["identity"])
    assert re.search(r"fuse state +00  not fused", text)
    assert re.search(r"version +JCOP 2\.4\.1  \(inferred", text)
    assert "NX011C" in text and "→ find its transport key" in text


def test_memory_is_drawn_with_addresses_bytes_characters_and_fields() -> None:
    assert shown(TEXT_BLOCK).splitlines() == [
        "0xC00136 · 16 bytes · map j2a040 · boot TESTBOOT.1",
        "C00136  08 4A 43 4F 50 76 32 34  .JCOPv24  cold_historical_bytes  cold reset: a",
        "C0013E  31 00 00 00 00 00 00 00  1.......  length, then the historical bytes of",
        "                                           the ATR; the rest is not used",
    ]
    assert shown(TEXT_BLOCK, 40).splitlines()[2:5] == [
        "        cold_historical_bytes", "C00136  08 4A 43 4F  .JCO", "C0013A  50 76 32 34  Pv24"]


def test_a_key_is_drawn_by_its_check_value() -> None:
    assert f"C00305  {Secret(CANARY).label}" in shown(KEY_BLOCK)


def test_a_difference_shows_both() -> None:
    changed = block(field_span("cold_historical_bytes", b"\x05hello".ljust(16, b"\0")))
    lines = shown(Difference(TEXT_BLOCK, changed, False)).splitlines()
    assert lines[1].startswith("-  C00136  08 4A 43 4F 50 76 32 34  .JCOPv24  cold_historical_bytes")
    assert lines[3].startswith("+  C00136  05 68 65 6C 6C 6F 00 00  .hello..")
    assert "holds these very bytes already" in shown(Difference(TEXT_BLOCK, TEXT_BLOCK, True))


@pytest.mark.parametrize("width", [80, 40])
def test_a_difference_of_a_part_of_a_key_says_whether_it_changes(width: int) -> None:
    old, new = (block(field_span("cm_key1", Secret(bytes([one]) * 8))) for one in (1, 2))
    lines = shown(Difference(old, new, False), width).splitlines()
    assert [line.split()[0] for line in lines if "key, 8 bytes" in line] == ["-", "+"]
    assert "key, 8 bytes, changed" in shown(Difference(old, new, False), width)
    both = block(field_span("cm_key1", Secret(bytes(8))), Span(0xC0030D, 1, None, b"\x01"))
    other = block(field_span("cm_key1", Secret(bytes(8))), Span(0xC0030D, 1, None, b"\x02"))
    kept = next(line for line in shown(Difference(both, other, False), width).splitlines() if "key, 8 bytes" in line)
    assert kept.startswith(" ")
    assert "changed" not in kept


def test_a_difference_where_one_side_alone_hides_a_known_key() -> None:
    before = block(Span(0xC00600, 18, None, bytes(18)))
    after = block(Span(0xC00600, 1, None, b"\0"), Span(0xC00601, 16, None, Secret(CANARY)),
                  Span(0xC00611, 1, None, b"\x07"))
    lines = shown(Difference(before, after, False)).splitlines()[1:]
    assert [line.split()[:2] for line in lines] == [
        ["-", "C00600"], ["-", "C00608"], ["-", "C00610"], ["+", "C00600"], ["+", "C00601"], ["+", "C00611"]]


def test_a_dump_says_once_what_repeats_and_what_cannot_be_read() -> None:
    lines = shown(DUMP).splitlines()
    assert lines[:2] == ["C000F0  00 00 00 00 00 00 00 00  ........", "…       5 more rows like it"]
    assert any(re.match(r"C00122  FE +\. +ifsc$", line) for line in lines)
    assert "C001EB to C001EF not readable: 6B00" in shown(DUMP)
    assert lines[-1].startswith("a card, boot ")


def test_a_dump_that_was_saved_says_where_and_no_more() -> None:
    saved = replace(DUMP, spans=(*DUMP.spans, field_span("cm_key1", Secret(CANARY))), saved=Path("dump.txt"))
    refused, where, done = shown(saved).splitlines()
    assert refused.startswith("C001EB to C001EF not readable: 6B00")
    assert where.startswith("a card, boot ")
    assert done == "✔ 267 bytes saved in dump.txt, without 1 secret"


def test_an_exchange_shows_bytes_text_and_the_status_word_in_words() -> None:
    assert shown(EXCHANGE).splitlines() == [
        f">>  00 A4 04 00 10 <transport_key:16:{Secret(CANARY).kcv}>",
        "<<  0000  04 31 00 33 00 00 00 00 4E 58 30 31 31 43 00 03  .1.3....NX011C..",
        "    0010  39 F8 73                                         9.s",
        "SW  6A82  not found",
        "    a note",
    ]


ISD = Selected("isd (A000000003000000)", Segments((bytes(range(0x20, 0x3C)),)), 0x9000, "9000: done")


@pytest.mark.parametrize(("width", "per_row"), [(40, 8), (60, 8), (80, 8), (81, 16), (120, 16)])
def test_bytes_take_the_room_that_their_label_leaves(width: int, per_row: int) -> None:
    lines = shown(ISD, width).splitlines()[1:-1]
    assert [len(re.findall(r"\b[23][0-9A-F]\b", re.sub(r"^.*?00[01][08]  ", "", line)[: 3 * per_row]))
            if width >= 60 else len(line.removeprefix("<<").split()) for line in lines] == (
        [per_row] * (28 // per_row) + [28 % per_row])


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_hidden_part_is_not_wrapped_where_there_is_room(width: int) -> None:
    kcv = Secret(CANARY).label
    for parts in ((Hidden("cm_key1", Secret(CANARY)),), (bytes(9), Hidden("cm_key1", Secret(CANARY)), b"\1")):
        response = Segments((*parts, b"\x90\0"))
        assert f"cm_key1: {kcv}\n" in shown(ExchangeResult(EXCHANGE.command, response, 0x9000, "done"), width)
    pin = ExchangeResult(EXCHANGE.command, Segments((Hidden("data", Secret(b"12345678")), b"\x90\0")), 0x9000, "done")
    assert "<<  data: key, 8 bytes\n" in shown(pin, width)


def test_one_byte_is_one_byte() -> None:
    one = Secret(b"1", SecretKind.PIN)
    assert "PIN, 1 byte\n" in shown(Anything("x", b"", flag=False, nothing=None, inner=()), 80) + shown((one,), 80)
    response = Segments((Hidden("pin", one), b"\x90\0"))
    assert "pin: PIN, 1 byte\n" in shown(ExchangeResult(EXCHANGE.command, response, 0x9000, "done"))
    field = J2A040.field("gpin")
    assert field is not None
    assert "PIN, 1 byte  " in shown(block(Span(field.address, 1, field, one)))


def test_a_checklist_can_be_read_without_colours_and_without_unicode() -> None:
    assert shown(CHECKLIST).splitlines() == [
        "Before FUSE",
        "✔ done     keys known and stored on disk  all 3",
        "? unknown  slot order proved              not proved",
        "✘ missing  life cycle 01                  it is 00",
    ]
    assert "x missing  life cycle 01" in shown(CHECKLIST, encoding="ascii")


def test_an_atr_is_shown_byte_by_byte() -> None:
    text = shown(EVERY_VALUE["atr"])
    assert len(re.findall(r"^ *\d+  [A-Z]", text, re.MULTILINE)) == len(ATR)
    assert re.search(r"historical +JCOPv241", text) and re.search(r"TCK +right", text)
    assert "none: only T=0 is offered" in shown(EVERY_VALUE["atr of T=0"])


def test_what_has_no_drawing_is_drawn_from_its_fields() -> None:
    assert shown(ANYTHING).splitlines() == [
        "name  place", "a     somewhere", "b     elsewhere", "first name  x", "data        01 FF", "flag        yes"]
    assert shown(()).strip() == "none"


def test_text_is_shown_as_it_is_however_long() -> None:
    assert shown("x " * 100, 40) == "x " * 100 + "\n"
    assert shown(None) == ""


def test_a_type_may_bring_its_drawing() -> None:
    @dataclass(frozen=True)
    class Own:
        pass

    register(Own, lambda _value, canvas: f"mine, {canvas.width} wide")
    assert shown(Own(), 50) == "mine, 50 wide\n"


def test_colours_come_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in shown(CHECKLIST, color="always")
    assert "\x1b[" not in shown(CHECKLIST, color="never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in shown(CHECKLIST)
    # trailing blanks go even where a colour ends behind them
    assert not re.search(r" (\x1b\[[0-9;]*m)*$", shown(CHECKLIST, color="always"), re.MULTILINE)


def test_values_become_a_picture() -> None:
    values = [Shown("sim J2A040 ❯ read cm_key1"), Shown(KEY_BLOCK), Shown("done")]
    picture = exported(values, Form.SVG, title="jcopsh", theme=ThemeName.DARK)
    assert "cm_key1" in picture and "jcopsh" in picture and CANARY.hex().upper() not in picture


# --- streams that cannot be written ----------------------------------------------------------------------------------

RUN = """
import pathlib, sys, tempfile
from jcopsh.shell.execute import run_text
from jcopsh.shell.render import Output
from tests.shell.samples import stage
session = stage(pathlib.Path(tempfile.mkdtemp())).session
session.output = Output()
sys.exit(run_text(session, sys.argv[1]))
"""
SHELL = 'exec "$0" -c "$1" "$2"'


def run_with(redirections: str, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"{SHELL} {redirections}", sys.executable, RUN, line], capture_output=True, text=True,
        check=False, timeout=60,
    )


@pytest.mark.parametrize(("where", "why"), [(">&-", "it is closed"), (">/dev/full", "No space left on device")])
@pytest.mark.parametrize("line", ["say x", "write ifsc FE", "write ifsc FE --json"])
def test_standard_output_that_cannot_be_written_is_an_error(line: str, where: str, why: str) -> None:
    done = run_with(where, line)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"standard output cannot be written: {why}" in done.stderr
    assert "Traceback" not in done.stderr and "File " not in done.stderr


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize(("line", "code"), [("say x", 0), ("reed", 2), ("break badly", 1), ("break bug", 1),
                                            ("reed x --json", 2), ("break badly --json", 1)])
def test_where_errors_cannot_be_written_the_exit_code_still_tells(where: str, line: str, code: int) -> None:
    done = run_with(where, line)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout == ("low: x\n" if line == "say x" else "")


def test_what_writes_nothing_does_not_mind_closed_streams() -> None:
    assert run_with(">&- 2>&-", "leave").returncode == 0
    assert run_with(">&- 2>&-", "say x").returncode == 1


def test_what_an_encoding_has_not_is_escaped() -> None:
    assert shown("‹16 bytes›", encoding="ascii") == "\\u203a".join(("\\u203916 bytes", "\n"))


# --- JSON ------------------------------------------------------------------------------------------------------------


class Colour(Enum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (b"\x01\xab", "01AB"), (Colour.RED, "red"), (Number.ONE, 1), (True, True), (None, None), ("x", "x"),
        (Secret(CANARY), Secret(CANARY).label), (Secret(b"1234", SecretKind.PIN), "PIN, 4 bytes"),
        (AID(bytes.fromhex("A000000003")), "A000000003"), (BOOT, "TESTBOOT.1"), (Path("a/b"), "a/b"),
        (EXCHANGE.command, f"00A4040010<transport_key:16:{Secret(CANARY).kcv}>"),
        ({Colour.RED: (1, b"\x02")}, {"red": [1, "02"]}),
        (CommandAPDU(0, 0xA4, 4, 0, CANARY), {"type": "CommandAPDU", "header": "00A40400", "length": 16, "le": None}),
        (ResponseAPDU(CANARY, 0x9000), {"type": "ResponseAPDU", "length": 16, "sw": "9000"}),
        (Inner("a", "b"), {"type": "Inner", "name": "a", "place": "b"}),
    ],
)
def test_json_forms(value: Any, form: Any) -> None:
    assert json_form(value) == form


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("done", '{"type": "Message", "text": "done"}'),
        (b"\x01", '{"type": "Message", "text": "01"}'),
        ((1, 2), '{"type": "List", "items": [1, 2]}'),
        (True, '{"type": "Value", "value": true}'),
        ({"a": 1}, '{"a": 1}'),
        ("\x9b31m\n", '{"type": "Message", "text": "\\u009b31m\\n"}'),
    ],
)
def test_every_result_is_an_object_on_a_line_of_its_own(value: Any, line: str) -> None:
    stream = io.StringIO()
    Output(stdout=stream).show(value, json=True)
    assert stream.getvalue() == f"{line}\n"


def test_nothing_prints_nothing_as_json_too() -> None:
    stream = io.StringIO()
    Output(stdout=stream).show(None, json=True)
    assert stream.getvalue() == ""


def test_what_has_no_json_form_is_said_to_have_none() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        json_form(object())


def test_an_error_of_the_card_tells_its_status_word() -> None:
    error = CardError("refused", CommandAPDU(0, 0xA4, 4, 0, CANARY), ResponseAPDU(CANARY, 0x6985), meaning="no")
    form = error_form(error)
    assert (form["sw"], form["kind"], form["exit_code"]) == ("6985", "CardError", 1)
    assert CANARY.hex().upper() not in json.dumps(form)


def test_a_status_word_is_text_in_a_result_as_in_an_error() -> None:
    assert json_form(EXCHANGE)["sw"] == "6A82"
    assert json_form(DUMP)["unreadable"] == [
        {"type": "Unreadable", "first": 0xC001EB, "last": 0xC001EF, "sw": "6B00"}]


# --- the theme -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(ThemeName))
def test_one_table_serves_rich_and_prompt_toolkit(name: ThemeName) -> None:
    from prompt_toolkit.styles import Style
    from rich.theme import Theme

    assert set(THEMES[name]) == set(THEMES[ThemeName.DARK]) >= {kind.value for kind in TokenKind}
    theme = Theme(rich_styles(name), inherit=False)
    style = Style.from_dict(prompt_toolkit_styles(name))
    for style_name, declared in THEMES[name].items():
        drawn = style.get_attrs_for_style_str(f"class:{style_name}")
        assert theme.styles[style_name].bold is (True if declared.bold else None)
        assert drawn.bold is declared.bold and drawn.underline is declared.underline
        assert bool(drawn.color) is bool(declared.color)
