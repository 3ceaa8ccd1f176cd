"""A command APDU while it is typed: its parts, what may come next, and what is said of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jcopsh.iso7816.apdu import CommandAPDU, MalformedAPDU
from jcopsh.iso7816.hexadecimal import NotationError, is_ykman, parse_apdu_text, parse_bytes
from jcopsh.shell import apdu_parts
from jcopsh.shell.apdu_parts import Part, Place, can_go_on, completions, instruction, meaning, read, summary
from jcopsh.shell.tokens import Span

PLACES = (Place(0xC00305, 16, "cm_key1"), Place(0xC00315, 0, "cm_key2"), Place(0xC01000, 300, "far"))
NOTATION = st.text("00A4 :,0xX#()|=/*Gab", max_size=24)


def parts_of(text: str) -> str:
    typed = read(text)
    assert typed is not None
    return " ".join(cell.part.value for cell in typed.cells)


def offered(text: str, places: tuple[Place, ...] = ()) -> list[str]:
    """The texts that completion would make, with a blank where the APDU has its end."""
    return [text[: one.start] + one.text + ("" if one.unfinished else " ") for one in completions(text, places)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ""),
        ("00 A4", "CLA INS"),
        ("00A40400", "CLA INS P1 P2"),
        ("00A4040002A000", "CLA INS P1 P2 Lc data data"),
        ("00A4040002A00000", "CLA INS P1 P2 Lc data data Le"),
        ("00A4040002A0000000", "CLA INS P1 P2 Lc data data Le too much"),
        ("00A40400 05 A0", "CLA INS P1 P2 Lc data"),
        ("00A40400 05", "CLA INS P1 P2 Lc"),
        ("00B0000010", "CLA INS P1 P2 Le"),
        ("00FE000010", "CLA INS P1 P2 Lc or Le"),
        ("00B00000000100", "CLA INS P1 P2 Le Le Le"),
        ("00D60000000002AABB", "CLA INS P1 P2 Lc Lc Lc data data"),
        ("00D60000000002AABB0000", "CLA INS P1 P2 Lc Lc Lc data data Le Le"),
        ("00A40400#(A0 00)", "CLA INS P1 P2 Lc data data"),
        ("00A40400 #(|JCOP|) 00", "CLA INS P1 P2 Lc data data data data Le"),
        ("0x00, 0xA4, 0x04", "CLA INS P1"),
    ],
)
def test_each_byte_has_its_part(text: str, parts: str) -> None:
    assert parts_of(text) == parts


@given(st.tuples(*[st.integers(0, 255)] * 4), st.binary(max_size=300), st.none() | st.integers(1, 65536))
def test_the_parts_of_a_whole_apdu_are_those_that_the_card_sees(
    header: tuple[int, int, int, int], data: bytes, le: int | None
) -> None:
    known = instruction(header[0], header[1])
    assume(data or known is None or not known.data)  # the fifth byte of such a command is Lc, with data to come
    command = CommandAPDU(*header, data=data, le=le)
    typed = read(command.encode().hex())
    assert typed is not None
    assert bytes(cell.value or 0 for cell in typed.cells if cell.part is Part.DATA) == data
    assert not any(cell.part is Part.EXCESS for cell in typed.cells)
    assert (typed.missing, typed.digit, typed.stuck) == (0, "", False)


@given(NOTATION)
def test_no_text_makes_it_fail_and_every_byte_stays_where_it_is(text: str) -> None:
    typed = read(text)
    completions(text, PLACES)
    can_go_on(text)
    if typed is None:
        return
    summary(typed)
    meaning(typed)
    assert all(0 <= cell.span.start < cell.span.end <= len(text) for cell in typed.cells)
    assert [cell.span for cell in typed.cells] == sorted(cell.span for cell in typed.cells)


@given(NOTATION)
def test_what_is_offered_goes_on_as_it_was_written(text: str) -> None:
    typed = read(text)
    for one in completions(text, PLACES):
        made = text[: one.start] + one.text
        if "*" in re.sub(r"\|[^|]*(?:\||$)", "", text):  # not one in a text between bars
            assert parse_apdu_text("00A40400 *" + made[made.rindex("*") + 1 :])
            continue
        if is_ykman(made):
            assert parse_apdu_text(made)
            continue
        assert typed is not None
        after = read(made)
        assert after is not None
        # the bytes before are what they were, and those that were added follow
        values = [cell.value for cell in typed.cells]
        added = list(bytes.fromhex(one.shown.replace(" ", "")))
        assert [cell.value for cell in after.cells] == values + added
        assert not any(cell.part is Part.EXCESS for cell in after.cells)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", ["00", "80", "84", "C0"]),
        ("8", ["80", "84"]),
        ("00A", ["00A4"]),
        ("00a", ["00A4"]),
        ("00 A4 ", ["00 A4 04", "00 A4 00", "00 A4 01", "00 A4 02", "00 A4 03", "00 A4 08", "00 A4 09"]),
        ("00:A4:04", ["00:A4:04:00", "00:A4:04:02", "00:A4:04:04", "00:A4:04:08", "00:A4:04:0C"]),
        ("0x80, 0xF2, 0x8", ["0x80, 0xF2, 0x80"]),
        ("80CA9F", ["80CA9F7F"]),
        ("80CA9F7F", ["80CA9F7F00 "]),
        # ykman's form
        ("A40400:A00000000300", ["A40400:A000000003000000"]),
        ("00A40400:a000000003000000", []),
        ("80F28002:", ["80F28002:4F00"]),
        ("80F28002:4F00/", ["80F28002:4F00/00"]),
        ("80CA9F7F/00=90", ["80CA9F7F/00=9000 "]),
        ("A4=6A8", ["A4=6A82 ", "A4=6A86 ", "A4=6A88 "]),
        ("FFFF:", []),
        ("80F28002:4F0=", []),
        ("80F28002", ["80F28002024F0000 "]),
        ("80F28002 02", ["80F28002 02 4F 00 00 "]),
        ("00A4040008A000000003", ["00A4040008A00000000300000000 "]),
        ("00A4040008A000000003000000", ["00A4040008A00000000300000000 "]),
        ("00A40400 #(A000000003000000)", ["00A40400 #(A000000003000000)00 "]),
        # what is complete, open, unknown, or written in ykman's form is not gone on with
        ("00A4040008A00000000300000000", []),
        ("00A40400#(A0", []),
        ("00A40400|A", []),
        ("00FE", []),
        ("A40400:A0/00", []),
        ("00 A4 04 00 zz", []),
        ("00A40400 *6A8", ["00A40400 *6A82 ", "00A40400 *6A86 ", "00A40400 *6A88 "]),
        ("00A40400 *6A82 ", []),
    ],
)
def test_what_may_come_next(text: str, made: list[str]) -> None:
    assert offered(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", ["FF"]),
        ("FF C", ["FF CA"]),
        ("FFCA", ["FFCA00", "FFCA01"]),
        ("FF CA 00 00", ["FF CA 00 00 00 "]),
        ("FF82", ["FF8200", "FF8220"]),
        ("FF86000005", ["FF8600000501"]),
        ("00", []),  # for the card
    ],
)
def test_what_may_come_next_for_the_reader(text: str, made: list[str]) -> None:
    assert [text[: one.start] + one.text + ("" if one.unfinished else " ")
            for one in completions(text, for_reader=True)] == made


def test_what_is_for_the_reader_is_not_offered_for_the_card() -> None:
    assert offered("FF") == offered("FFCA") == []
    assert summary(read("FFCA") or pytest.fail())[1].text == "INS CA GET DATA"


def test_select_by_name_is_completed_with_the_well_known_names() -> None:
    found = {one.shown: one.meaning for one in completions("00A40400")}
    assert found["08 A0 00 00 00 03 00 00 00 00"].startswith("isd: issuer security domain")
    assert found["09 A0 00 00 01 67 41 30 00 FF 00"].startswith("identify: JCOP's IDENTIFY")
    assert offered("00A40400 07")[0].startswith("00A40400 07 D2 76 00 00 85 01 01 00")


def test_fields_are_offered_where_the_header_is_an_address() -> None:
    assert offered("C0B0", PLACES) == ["C0B00305", "C0B00315", "C0B01000"]
    assert offered("C0B003", PLACES) == ["C0B00305", "C0B00315"]
    assert offered("C0B00305", PLACES) == ["C0B0030510 ", "C0B0030510 "]
    assert offered("C0D610", PLACES) == ["C0D61000"]
    assert [one.meaning for one in completions("C0B0", PLACES)] == ["cm_key1", "cm_key2", "far"]


def test_what_cannot_be_undone_is_named_and_never_offered() -> None:
    assert {one[2:] for one in offered("00")}.isdisjoint({"00", "10"})
    typed = read("00000000")
    assert typed is not None
    assert "INS 00 FUSE" in [said.text for said in summary(typed)]


def said_of(text: str, secrets: tuple[Span, ...] = ()) -> str:
    """The parts, the current one between asterisks."""
    typed = read(text)
    assert typed is not None
    return " · ".join(f"*{said.text}*" if said.current else said.text for said in summary(typed, secrets))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0", "*CLA 0*"),
        ("00 A4", "CLA 00 · INS A4 SELECT · *P1*"),
        ("00 A4 0", "CLA 00 · INS A4 SELECT · *P1 0*"),
        ("00FE04", "CLA 00 · INS FE · P1 04 · *P2*"),
        ("00A40400", "CLA 00 · INS A4 SELECT · P1 04 · P2 00 · *Lc*"),
        ("00B00000", "CLA 00 · INS B0 READ BINARY · P1 00 · P2 00 · *Le*"),
        ("00A4040007A00000", "CLA 00 · INS A4 SELECT · P1 04 · P2 00 · Lc 07 · *data: 3 of 7 bytes*"),
        ("00A4040002A000", "CLA 00 · INS A4 SELECT · P1 04 · P2 00 · Lc 02 · 2 data bytes · *Le*"),
        ("00A4040002A00000", "CLA 00 · INS A4 SELECT · P1 04 · P2 00 · Lc 02 · 2 data bytes · Le 00"),
        ("00A4040002A0000000", "CLA 00 · INS A4 SELECT · P1 04 · P2 00 · Lc 02 · 2 data bytes · Le 00 · "
                               "*1 byte too many*"),
        ("00F00000", "CLA 00 · INS F0 BOOT · P1 00 · P2 00"),
        ("00A40400 *6A82", "CLA 00 · INS A4 SELECT · P1 04 · P2 00"),
    ],
)
def test_the_parts_are_named(text: str, says: str) -> None:
    assert said_of(text) == says


def test_what_is_secret_is_counted_and_not_shown() -> None:
    said = said_of("4041424304454647", (Span(0, 16),))
    assert said == "CLA ·· · INS ·· · P1 ·· · P2 ·· · Lc ·· · *data: 3 of 4 bytes*"
    said = said_of("C0D6030510 4041", (Span(8, 15),))
    assert said == "CLA C0 · INS D6 WRITE · P1 03 · P2 05 · Lc ·· · *data: 2 of 16 bytes*"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0C", "CLA 0C: interindustry, secure messaging"),
        ("C0", "CLA C0: memory of an unfused JCOP: the first byte of the address"),
        ("00FE", "INS FE: not one that jcopsh knows with this CLA"),
        ("00A4", "SELECT: choose an application, a directory or a file (ISO/IEC 7816-4:2005, 7.1.1).  P1, how the file "
                 "is named: 04 by DF name (AID), 00 by file identifier"),
        ("00A404", "P1 04: by DF name (AID).  P2, which one, and what to answer: 00 first or only, answers FCI"),
        ("80CA9F", "P1 9F: tags 9F….  P2, tag, low byte: 7F CPLC"),
        ("00A4040008A000000003000000", "isd: issuer security domain"),
        ("00A4040008A0000000030000000000", "isd: issuer security domain (card manager) of cards up to GlobalPlatform "
                                           "2.1.1, Visa's RID.  more bytes than Lc and Le account for"),
        ("00F00000", "P2 00: always 00.  complete"),
        ("00200081", "P2 81: PIN number 1 of this application.  data: the PIN, which is a secret"),
    ],
)
def test_what_is_said_of_them(text: str, says: str) -> None:
    typed = read(text)
    assert typed is not None
    assert meaning(typed).startswith(says)


@given(st.binary(min_size=1, max_size=12))
def test_what_can_go_on_is_what_is_too_short(raw: bytes) -> None:
    try:
        CommandAPDU.parse(raw)
        malformed = False
    except MalformedAPDU:
        malformed = True
    typed = read(raw.hex())
    assert typed is not None
    if can_go_on(raw.hex()) and malformed and typed.missing < 300:
        longer = read((raw + b"\0" * (typed.missing or 4 - len(raw))).hex())
        # with as many bytes more it is whole, or a header that has been typed to its end
        assert longer is not None
        assert longer.missing == 0


def test_long_texts_take_time_in_proportion() -> None:
    import time

    def seconds(text: str) -> float:
        started = time.process_time()
        apdu_parts.read(text)
        completions(text)
        return time.process_time() - started

    for piece in ("#(", "|", "00", "|a", "#()", "0x00 ", "*"):
        assert seconds(piece * 20_000) < max(2.0, 24 * seconds(piece * 2_500)), piece


def test_what_parses_has_no_byte_too_many() -> None:
    for text in ("00A40400", "00A4040002A000", "80F28002024F0000", "00B0000000", "00B00000000100"):
        try:
            CommandAPDU.parse(parse_apdu_text(text)[0])
        except (NotationError, MalformedAPDU):  # the table is of APDUs: this would be the test's own mistake
            pytest.fail(text)
        assert Part.EXCESS.value not in parts_of(text)


@pytest.mark.parametrize(("text", "offers"), [
    ("00-A4-", "04"), ("00-", "A4"), (r"\x00", r"\xA4"), ("{0x00, ", "0xA4"),
    ("{(byte)0x00, (byte)0xA4, ", "(byte)0x04"),
])
def test_bytes_in_other_programs_notation_go_on_in_it(text: str, offers: str) -> None:
    found = completions(text)
    assert any(one.text.startswith(offers) for one in found), found
    for one in found:
        written = text[: one.start] + one.text
        assert parse_bytes(written + ("}" if "{" in written else ""))


@pytest.mark.parametrize("text", ["CLA=00 INS=", "{0x00, 0xA4, 0x04, 0x00}", "{0x00} "])
def test_where_bytes_cannot_go_on_none_are_offered(text: str) -> None:
    assert completions(text) == []


def test_the_parts_of_an_apdu_with_labels() -> None:
    typed = read("CLA=00 INS=A4 P1=04 P2=00 Lc=02 Data=A0")
    assert typed is not None
    assert [(cell.value, cell.part) for cell in typed.cells][:5] == [
        (0x00, Part.CLA), (0xA4, Part.INS), (0x04, Part.P1), (0x00, Part.P2), (0x02, Part.LC)]
    assert (typed.next, typed.missing) == (Part.DATA, 1)
