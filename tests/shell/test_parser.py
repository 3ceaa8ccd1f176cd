from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.card.link import ResetKind
from jcopsh.iso7816.aid import KNOWN_AIDS
from jcopsh.secrets.secret import Secret
from jcopsh.shell.command import Registry
from jcopsh.shell.context import Completion
from jcopsh.shell.highlight import fragments
from jcopsh.shell.line import Line, strike_out
from jcopsh.shell.parser import parse_line
from jcopsh.shell.slot import Slot, SlotKind, slot_at_end
from jcopsh.shell.tokens import MendedBy, Problem, TokenKind
from jcopsh.shell.types import TRANSPORT_KEY
from tests.shell.samples import CANARY, CANARY_TEXT, REGISTRY, context, sample_registry

CONTEXT = context()


def parse(text: str) -> Line:
    return parse_line(text, REGISTRY, CONTEXT)


def arguments(text: str) -> dict[str, Any]:
    line = parse(text)
    assert not line.problems, line.problems
    (call,) = line.calls
    return dict(call.arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read cm_key1", {"address": 0xC00305}),
        ("READ 0xc00305 0x10", {"address": 0xC00305, "length": 16}),
        ("/read cm_key1", {"address": 0xC00305}),
        ("rd cm_key1 --reveal", {"address": 0xC00305, "reveal": True}),
        ("read --reveal cm_key1 4", {"address": 0xC00305, "length": 4, "reveal": True}),
        ("read cm_key1 -Reveal", {"address": 0xC00305, "reveal": True}),
        ("write ifsc FE", {"address": 0xC00122, "data": b"\xfe"}),
        ("write ifsc 4A 43, 0x4F:50", {"address": 0xC00122, "data": b"JCOP"}),
        ("write ifsc #(|JC OP|)", {"address": 0xC00122, "data": b"\x05JC OP"}),
        ("write ifsc C9 #( 01 02 )", {"address": 0xC00122, "data": b"\xc9\x02\x01\x02"}),
        ('write ifsc "4A 43" 4F', {"address": 0xC00122, "data": b"JCO"}),
        ("select isd", {"aid": KNOWN_AIDS["isd"].aid}),
        ("select A0 00 00 00 03 00 00 00", {"aid": KNOWN_AIDS["isd"].aid}),
        (f"select tk {CANARY.hex(' ')}", {"aid": TRANSPORT_KEY, "key": Secret(CANARY)}),
        (f"select tk |{CANARY_TEXT}|", {"aid": TRANSPORT_KEY, "key": Secret(CANARY_TEXT.encode())}),
        ("reset", {}),
        ("reset Warm", {"kind": ResetKind.WARM}),
        ("dump --save=x --step 0x20", {"save": Path("x"), "step": 32}),
        ("dump cm_key1 -SAVE 'a b'", {"first": 0xC00305, "save": Path("a b")}),
        ("dump -step -5", {"step": -5}),
        ("say a b  c", {"words": "a b  c"}),
        ("say a --tone high b", {"words": "a b", "tone": "high"}),
        ("say -- --tone high", {"words": "--tone high"}),
        ("say '--tone'", {"words": "--tone"}),
        ("say -", {"words": "-"}),
        ("say -- -- x", {"words": "-- x"}),
        ("help transport key", {"subject": "transport key"}),
        ("read ?", {"subject": "read"}),
        ("? read", {"subject": "read"}),
        ("?", {}),
        ("set map J2A081", {"name": "map", "value": "j2a081"}),
    ],
)
def test_a_call_and_its_values(text: str, expected: dict[str, Any]) -> None:
    assert arguments(text) == expected


@pytest.mark.parametrize(
    ("text", "encoded", "expected_sw"),
    [
        ("send 00A40400", "00A40400", 0),
        ("00A40400", "00A40400", 0),
        ("00 A4 04 00 02 3F 00", "00A40400023F00", 0),
        ("00:A4:04:00", "00A40400", 0),
        ("0x00, 0xA4, 0x04, 0x00", "00A40400", 0),
        ("00A40400 #(|JCOP|) *9000", "00A40400044A434F50", 0x9000),
        ("send A40400:3F00/00=6A82", "00A40400023F0000", 0x6A82),
        ("/send 00A40400 # a comment", "00A40400", 0),
    ],
)
def test_bytes_alone_are_sent(text: str, encoded: str, expected_sw: int) -> None:
    given_apdu = arguments(text)["apdu"]
    assert given_apdu.command.encode().hex().upper() == encoded
    assert (given_apdu.expected_sw or 0) == expected_sw


@pytest.mark.parametrize(
    ("text", "encoded", "flags"),
    [
        ("00F00000 --yes", "00F00000", (False, True)),
        ("00 A4 04 00 00 --json", "00A4040000", (True, False)),
        ("00A40400 *6A82 --json -yes", "00A40400", (True, True)),
        ("00A40400 --json *6A82", "00A40400", (True, False)),
    ],
)
def test_bytes_alone_take_the_flags_of_every_command(text: str, encoded: str, flags: tuple[bool, bool]) -> None:
    line = parse(text)
    (call,) = line.calls
    assert not line.problems
    assert call.arguments["apdu"].command.encode().hex().upper() == encoded
    assert call.arguments["apdu"].expected_sw == (0x6A82 if "*" in text else None)
    assert (call.json, call.yes) == flags
    assert strike_out(line) == text


def test_an_option_that_send_has_not_is_one_too_many_behind_bytes() -> None:
    assert parse("00A40400 --fast").problems[0].message == "send has no such option"


@pytest.mark.parametrize("text", ["cafe", "decade x", "|abc|", "--yes"])
def test_fewer_than_four_bytes_are_no_apdu(text: str) -> None:
    assert parse(text).problems[0].message == "there is no such command"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("00", "this is one byte", "help APDU"),
        ("C2 00", "these are 2 bytes", "help APDU"),
        ("00A4", "these are 2 bytes", "INS A4 is SELECT"),
        ("00 A4 04", "these are 3 bytes", "INS A4 is SELECT"),
        ("0x00, 0xA4 *9000", "there is no such command", ""),
        ("1234 --json", "these are 2 bytes", "help APDU"),
    ],
)
def test_the_first_bytes_of_an_apdu_are_told_what_is_missing(text: str, message: str, hint: str) -> None:
    (problem,) = parse(text).problems
    assert message in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "kept"),
    [("1234", "‹secret›"), ("reset; 123456 --json", "reset; ‹secret› --json"), ("00A4", "00A4"), ("12 34", "12 34")],
)
def test_what_may_be_a_pin_alone_on_a_line_is_not_kept(text: str, kept: str) -> None:
    assert strike_out(parse(text)) == kept


@pytest.mark.parametrize("text", ["8", "00 A", "send 00A4", "send ||", "send #()"])
def test_an_apdu_that_is_begun_is_a_send(text: str) -> None:
    (call,) = parse(text).calls
    assert (call.command.name if call.command else "", len(call.problems)) == ("send", 1)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("reset|foo", "|foo"),
        ("reset warm |foo -l", "|foo -l"),
        ("reset warm | |foo", "| |foo"),
        ("read | foo | bar", "| foo |"),
        ("read |foo", "|foo"),
        ("read cm_key1 16 | foo | bar", "| foo | bar"),
    ],
)
def test_a_pipe_that_is_none_is_pointed_at(text: str, marked: str) -> None:
    problem = parse(text).problems[0]
    assert "one | to a program is all there is" in problem.message
    assert marked.startswith(text[problem.start : problem.end])
    assert text[problem.start] == "|"


SUBJECTS = tuple(Completion(name, "") for name in ("select", "read", "write", "transport key"))


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("select tk ?", "select"),
        ("read cm_key1 ?", "read"),
        ("read --help", "read"),
        ("read cm_key1 -h", "read"),
        ("transport key ?", "transport key"),
    ],
)
def test_help_behind_a_command_and_its_arguments(text: str, subject: str) -> None:
    (call,) = parse_line(text, REGISTRY, replace(context(), subjects=SUBJECTS)).calls
    assert call.command is not None
    assert (call.command.name, call.arguments, call.problems) == ("help", {"subject": subject}, ())


def test_what_help_is_asked_behind_keeps_its_secrets() -> None:
    for text in ("select tk CanaryKey ?", f"write cm_key1 {CANARY.hex()} --help", "select tk JCOPSIMULATEDTK0 ?"):
        line = parse_line(text, REGISTRY, replace(context(), subjects=SUBJECTS))
        assert not line.problems
        assert "‹" in strike_out(line), text
        assert text.split()[2] not in strike_out(line)


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("read 0xc0030 16", "0xc0030", "does not fit CLA‖P1‖P2"),
        ("read 12583685 16", "12583685", "addresses are hexadecimal: 12583685 in decimal is 0xC00305"),
        ("read cm_key1 0", "0", "at least 1 byte"),
        ("read cm_key1 99999", "99999", "beyond the end"),
        ("reed cm_key1", "reed", "did you mean read?"),
        ("read cm_kye1", "cm_kye1", "did you mean cm_key1?"),
        ("read cm_key1 4 5", "5", "read takes 2 arguments at most"),
        ("read cm_key1 4 boot read x", "boot read x", "a ; stands between two commands"),
        ("read cm_key1 --revael", "--revael", "did you mean reveal?"),
        ("read cm_key1 --reveal=1", "=1", "takes no value"),
        ("read cm_key1 --=1", "--=1", "no such option"),
        ("dump --save a --save b", "--save", "given twice"),
        ("reset wram", "wram", "did you mean warm?"),
        ("write ifsc 4A4", "4A4", "3 hexadecimal digits"),
        ("write ifsc 4A 4G", "G", "not a hexadecimal digit"),
        ("write ifsc |abc", "|", "never closed"),
        ('say "abc', '"', "never closed"),
        ("00A40400023F", "02", "Lc says 2 bytes"),
        ("00A4040", "00A4040", "7 hexadecimal digits"),
        ("00 A4 zz", "z", "'z' is not a hexadecimal digit"),
        ("00 A4 04 0", "0", "a single hexadecimal digit"),
        ("de ad beeg --yes", "g", "'g' is not a hexadecimal digit"),
        ("|abc", "|", "what '|' opens here is never closed"),
        ('"read cm_key1', '"', "never closed"),
        ("#(4041", "#(", "never closed"),
        ("C0B6012201FE", "B6", "known misprint"),
        ("read ‹16 bytes›", "‹16 bytes›", "a secret stood here"),
        ("‹secret›", "‹secret›", "a secret stood here"),
        ("set mpa", "mpa", "did you mean map?"),
        ("set map j3", "j3", "possible here"),
        ("reset cold; read x", "x", "no such field"),
    ],
)
def test_a_problem_stands_under_the_word_that_is_wrong(text: str, marked: str, says: str) -> None:
    problem = parse(text).problems[0]
    assert says in f"{problem.message} {problem.hint}"
    # the second of two equal options is the one too many; of other words there is one
    start = text.rindex(marked) if marked == "--save" else text.index(marked, problem.start)
    assert problem.start == start
    assert text[problem.start : problem.end] in (marked, marked[:1])


@pytest.mark.parametrize(
    ("text", "says"),
    [("read", "ADDRESS is missing"), ("write ifsc", "DATA is missing"), ("dump --save", "--save needs a value: FILE"),
     ("read --reveal", "ADDRESS is missing"), ("reset;read", "ADDRESS is missing")],
)
def test_what_is_missing_is_missed_behind_the_last_word(text: str, says: str) -> None:
    (problem,) = parse(text).problems
    assert problem.message == says
    assert (problem.start, problem.end) == (len(text), len(text) + 1)


def test_what_the_map_decides_is_pending_while_there_is_no_card() -> None:
    text = "read cold_historical_bytes"
    (problem,) = parse_line(text, REGISTRY, context(None)).problems
    assert problem.mended_by is MendedBy.CARD
    assert not parse(text).problems


def test_flags_that_every_command_takes() -> None:
    (call,) = parse("read cm_key1 --json --yes").calls
    assert (call.json, call.yes) == (True, True)
    assert dict(call.arguments) == {"address": 0xC00305}


def test_a_command_may_have_a_flag_of_that_name_too() -> None:
    (call,) = parse("name x --yes").calls
    assert call.arguments["yes"] is True


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("read cm_key1 16 --reveal", "COMMAND FIELD NUMBER OPTION"),
        ("read 0xC00305;reset warm # why", "COMMAND ADDRESS SEPARATOR COMMAND CHOICE COMMENT"),
        ("write cm_key1 4041", "COMMAND FIELD SECRET"),
        ("write ifsc FE", "COMMAND FIELD BYTES"),
        ("select tk 4041", "COMMAND NAME SECRET"),
        ("00A4040000", "APDU"),
        (f"00A4040010{CANARY.hex()}", "APDU SECRET"),
        ("reed x", "UNKNOWN TEXT"),
        ("write cm_key1 ‹16 bytes›", "COMMAND FIELD PLACEHOLDER"),
        ("dump --save=x", "COMMAND OPTION PATH"),
        ("read ?", "NAME COMMAND"),
    ],
)
def test_tokens(text: str, kinds: str) -> None:
    assert [token.kind.name for token in parse(text).tokens] == kinds.split()


WORDS = st.sampled_from([
    "read", "write", "select", "send", "tk", "cm_key1", "0xC00305", "16", "--reveal", "--save", "-x", ";", "#", "?",
    "|a b|", "|", '"', "'", "#(", ")", "‹16 bytes›", "00A4040010", CANARY.hex(), "help", "--", "=", "//", "set", "map",
])


LINES = st.lists(WORDS, max_size=8)


@given(st.one_of(st.text(max_size=60), LINES.map(" ".join), LINES.map("".join)))
def test_every_text_parses_to_tokens_in_order_and_problems_within(text: str) -> None:
    line = parse(text)
    position = 0
    for token in line.tokens:
        assert position <= token.start < token.end <= len(text)
        position = token.end
    for problem in line.problems:
        assert 0 <= problem.start < problem.end <= len(text) + 1
        assert problem.message
    struck = line.struck()
    for at in range(len(text) + 1):
        assert 0 <= struck.at(at) <= struck.at(at, end=True) <= len(struck.text) or not line.secrets
    for end in range(len(text) + 1):
        slot_at_end(parse(text[:end]), CONTEXT)


@given(LINES.map(" ".join))
def test_a_struck_line_struck_again_says_no_more(text: str) -> None:
    once = strike_out(parse(text))
    assert CANARY.hex() not in once
    assert CANARY.hex() not in strike_out(parse(once))


# --- plugins ---------------------------------------------------------------------------------------------------------


def test_typing_the_name_of_a_plugins_command_does_not_import_it() -> None:
    registry: Registry = sample_registry()

    def load() -> Any:
        raise AssertionError("imported while it was typed")

    registry.add_lazy("serial", "Show the serial number.", "card", "plugin serial", load)
    line = parse_line(f"serial --deep 4 {CANARY.hex()}", registry, CONTEXT)
    (call,) = line.calls
    assert call.entry is not None
    assert call.entry.owner == "plugin serial"
    assert call.command is None
    assert not call.understood
    assert not line.problems
    assert [token.kind for token in line.tokens] == [TokenKind.COMMAND, *[TokenKind.TEXT] * 3]
    assert strike_out(line) == "serial --deep ‹17 bytes›" or CANARY.hex() not in strike_out(line)


# --- where the cursor is ---------------------------------------------------------------------------------------------


def slot(text: str) -> Slot:
    return slot_at_end(parse(text), CONTEXT)


@pytest.mark.parametrize(
    ("text", "kind", "parameter", "typed"),
    [
        ("", SlotKind.COMMAND, None, ""),
        ("re", SlotKind.COMMAND, None, "re"),
        ("read", SlotKind.COMMAND, None, "read"),
        ("reset; ", SlotKind.COMMAND, None, ""),
        ("reset;re", SlotKind.COMMAND, None, "re"),
        ("read ", SlotKind.VALUE, "address", ""),
        ("read cm", SlotKind.VALUE, "address", "cm"),
        ("read cm_key1 ", SlotKind.VALUE, "length", ""),
        ("read cm_key1 4 ", SlotKind.NOTHING, None, ""),
        ("read --r", SlotKind.OPTION, None, "--r"),
        ("read -", SlotKind.OPTION, None, "-"),
        ("read ifsc -", SlotKind.OPTION, None, "-"),
        ("write ifsc FE -", SlotKind.OPTION, None, "-"),
        ("read ifsc --", SlotKind.OPTION, None, "--"),
        ("say 'a -", SlotKind.VALUE, "words", "a -"),
        ("say -- -", SlotKind.VALUE, "words", "-"),
        ("dump --save ", SlotKind.VALUE, "save", ""),
        ("dump --save a/", SlotKind.VALUE, "save", "a/"),
        ("dump --save=a", SlotKind.VALUE, "save", "a"),
        ("dump --save 'a b", SlotKind.VALUE, "save", "a b"),
        ("write ifsc 01 ", SlotKind.VALUE, "data", "01 "),
        ("help transport k", SlotKind.VALUE, "subject", "transport k"),
        ("help transport ", SlotKind.VALUE, "subject", "transport "),
        ("say --tone ", SlotKind.VALUE, "tone", ""),
        ("reset # ", SlotKind.NOTHING, None, ""),
        ("nonsense ", SlotKind.NOTHING, None, ""),
    ],
)
def test_what_can_be_typed_where_the_cursor_stands(
    text: str, kind: SlotKind, parameter: str | None, typed: str
) -> None:
    found = slot(text)
    assert found.kind is kind
    assert (found.parameter.name if found.parameter else None) == parameter
    assert found.text == typed


def test_the_arguments_before_the_cursor_are_known_to_it() -> None:
    assert slot("read cm_key1 1").context.arguments == {"address": 0xC00305}


def test_parsing_takes_well_under_a_millisecond() -> None:
    key = CANARY.hex(" ")
    text = f"select tk |{CANARY_TEXT}|; read cm_key1; write cm_key1 {key}; dump --save out.txt # {key}"
    rounds = []
    for _ in range(50):
        started = time.perf_counter()
        parse(text)
        rounds.append(time.perf_counter() - started)
    # the quickest round is what parsing takes; the others are what else the machine did
    assert min(rounds) < 0.001


@pytest.mark.parametrize(
    "text",
    [
        "reset;" * 20_000, "nonsense;" * 20_000, "read cm_key1 0;" * 10_000, ";" * 100_000, "say " + "‹" * 100_000,
        "say " + "‹ ›" * 30_000, "say a " + "--tone high " * 8_000, "write ifsc " + "FE --json " * 10_000,
        "reset " + "4041424344454647 x " * 5_000, "write ifs " + "FE " * 33_000, "0x" * 50_000, "|" * 100_001,
        "#(" * 50_000, "key " * 25_000, "‹2 bytes›;" * 10_000,
        "reset | less;" * 10_000, "reset > a.txt;" * 10_000, "| ' " * 20_000, "reset | ' ;" * 10_000,
        "reset > " + "a " * 50_000, "reset > x " + "--yes " * 15_000, "write ifsc 01 | " + "4041 " * 20_000,
    ],
    ids=lambda text: text[:16],
)
def test_long_lines_take_time_in_proportion(text: str) -> None:
    def seconds(part: str) -> float:
        started = time.process_time()
        line = parse(part)
        fragments(line)
        line.struck()
        return time.process_time() - started

    # what grows with the square would take 64 times as long, and here far more than the seconds allowed
    assert seconds(text) < max(5.0, 24 * seconds(text[: len(text) // 8]))


def test_problems_are_values() -> None:
    assert parse("read 0xc0030").problems == (
        Problem("0xC0030 does not fit CLA‖P1‖P2: an address has the form 0xC0hhll",
                "e.g. 0xC00305, or the name of a field such as cm_key1", 5, 12),
    )


# --- what is too long ------------------------------------------------------------------------------------------------


def test_a_line_longer_than_any_command_is_not_looked_into() -> None:
    started = time.process_time()
    line = parse("send " + "41" * 2_500_000)
    assert strike_out(line) == "‹secret›"
    assert time.process_time() - started < 1  # parsing it takes half a minute
    (problem,) = line.problems
    assert problem.message == "this line has 5000005 characters, more than any command needs"


def test_the_longest_apdu_is_no_line_too_long() -> None:
    data = "0x41, " * 65535
    (call,) = parse(f"send 0x00, 0xD6, 0x00, 0x00, 0x00, 0xFF, 0xFF, {data} 0x00 0x00").calls
    assert call.problems == ()
    assert len(call.arguments["apdu"].command.data) == 65535


def test_bytes_longer_than_any_apdu_are_refused_as_such() -> None:
    (problem,) = parse("send " + "41" * 65545).problems
    assert problem.message == "an APDU has at most 65544 bytes, these are 65545"


def test_a_redirection_without_blanks_says_what_it_needs() -> None:
    line = parse("reset>result")
    (problem,) = line.problems
    assert line.text[problem.start : problem.end] == ">result"
    assert "> stands between blanks" in problem.message
    assert parse("reset>result.svg").problems == ()
    # while it is typed nothing is marked
    for text in ("reset>", "reset>result.sv", "read cm_key1>x.t"):
        assert parse(text).problems[0].mended_by is not MendedBy.NOTHING
