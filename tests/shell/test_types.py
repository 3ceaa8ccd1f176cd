from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.card.link import ResetKind
from jcopsh.card.sensitive import PUBLIC_INS
from jcopsh.errors import UsageError
from jcopsh.globalplatform.channel import SecurityLevel
from jcopsh.iso7816.aid import AID, KNOWN_AIDS
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.shell import types
from jcopsh.shell.context import Completion
from jcopsh.shell.types import (
    TRANSPORT_KEY,
    AddressType,
    AidOrNameType,
    AliasDefinition,
    AliasDefinitionType,
    AliasNameType,
    ApduInput,
    ApduTextType,
    ByteStringType,
    ChoiceType,
    FileKind,
    FilePathType,
    HelpSubjectType,
    IntegerType,
    KeySetNameType,
    KeySpec,
    KeySpecType,
    KeyVersionType,
    LengthType,
    ParameterType,
    PendingError,
    ReaderType,
    ScpOptionType,
    SecretBytesType,
    SecurityLevelType,
    SettingNameType,
    SettingValueType,
    StoredBytesType,
    TextType,
    choice,
    choice_of,
)
from jcopsh.shell.types.base import UnfinishedError
from jcopsh.shell.types.folders import SCRIPTS, entries
from jcopsh.shell.words import cut, quote
from tests.shell.parameter_types import is_read_or_refused
from tests.shell.samples import CANARY, J2A040, SUBJECTS, context

CONTEXT = context()
READ_BACK = 0x10000


def apdus() -> st.SearchStrategy[ApduInput]:
    byte = st.integers(0, 255)
    # CLA C0 with INS B6 is refused as a misprint
    headers = st.tuples(byte, byte, byte, byte).filter(lambda h: h[:2] != (0xC0, 0xB6))
    lengths = st.none() | st.integers(1, 65536)
    commands = st.builds(apdu, headers, st.binary(max_size=300), lengths)
    return st.builds(ApduInput, commands, st.none() | st.integers(0, 0xFFFF))


def apdu(header: tuple[int, int, int, int], data: bytes, le: int | None) -> CommandAPDU:
    cla, ins, p1, p2 = header
    return CommandAPDU.parse(CommandAPDU(cla, ins, p1, p2, data=data, le=le).encode())


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PATHS = TEXTS.filter(lambda text: text.strip("/.") and "\0" not in text).map(Path)
# what an alias stands for begins with a command, and never has both kinds of quotes
ALIASED = st.none() | st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"], exclude_characters="\""), min_size=1)
VALUES: list[tuple[ParameterType[Any], st.SearchStrategy[Any]]] = [
    (AddressType(), st.integers(0xC00000, 0xC0FFFF)),
    (LengthType(), st.integers(1, READ_BACK)),
    (IntegerType(), st.integers()), (KeyVersionType(), st.integers(0, 255)),
    (ScpOptionType(), st.integers(0, 255)),
    (ByteStringType(), st.binary(min_size=1, max_size=300)),
    (StoredBytesType(), st.binary(min_size=1, max_size=300)),
    (SecretBytesType(), st.binary(min_size=1, max_size=40).map(Secret)),
    (ApduTextType(), apdus()),
    (AidOrNameType(), st.binary(min_size=5, max_size=16).map(AID) | st.just(TRANSPORT_KEY)),
    (FilePathType(), PATHS),
    (TextType(), TEXTS),
    (choice("cold", "warm"), st.sampled_from(["cold", "warm"])),
    (choice_of(ResetKind), st.sampled_from(ResetKind)),
    (SettingNameType(), st.sampled_from(sorted(CONTEXT.settings))),
    (SettingValueType(), st.sampled_from(["auto", "j2a040"])),
    (AliasNameType(), st.sampled_from(["key1", "other"])),
    (AliasDefinitionType(), st.builds(AliasDefinition, st.from_regex("[a-z][a-z0-9_-]{0,9}", fullmatch=True), ALIASED)),
    (HelpSubjectType(), st.sampled_from([one.text for one in SUBJECTS])),
    (ReaderType(), TEXTS),
    (KeySetNameType(), TEXTS),
    (KeySpecType(), st.builds(KeySpec, st.binary(min_size=16, max_size=16).map(Secret))),
    (SecurityLevelType(), st.sampled_from([SecurityLevel(one) for one in (0x00, 0x01, 0x03, 0x11, 0x13, 0x33)])),
]


@given(st.data())
def test_what_a_type_writes_it_reads(data: st.DataObject) -> None:
    where = context().with_arguments({"name": "map"})
    for kind, values in VALUES:
        value = data.draw(values)
        if isinstance(kind, IntegerType) and len(str(value)) > 20:
            continue
        assert kind.parse(kind.format(value), where) == value


@given(st.data())
def test_it_reads_it_out_of_a_whole_line_as_well(data: st.DataObject) -> None:
    pairs: list[tuple[ParameterType[Any], st.SearchStrategy[Any]]] = [(FilePathType(), PATHS), (TextType(), TEXTS)]
    for kind, values in pairs:
        value = data.draw(values)
        word = cut(f"x {quote(kind.format(value))}").segments[0].words[1]
        assert kind.parse(word.text, CONTEXT) == value


def test_every_type_is_among_those_that_are_tried() -> None:
    declared = {kind for kind in vars(types).values() if isinstance(kind, type) and issubclass(kind, ParameterType)}
    assert declared - {ParameterType} == {type(kind) for kind, _ in VALUES}


@pytest.mark.parametrize(("kind", "values"), VALUES, ids=lambda v: type(v).__name__ if hasattr(v, "parse") else "")
def test_every_type_says_what_it_wants(kind: ParameterType[Any], values: object) -> None:
    assert kind.meaning and kind.metavar == kind.metavar.upper() and not kind.meaning.endswith(".")


@given(st.text(max_size=60))
def test_no_text_makes_a_type_fail_in_another_way(text: str) -> None:
    for kind, _ in VALUES:
        is_read_or_refused(kind, text, CONTEXT)


@given(st.binary(min_size=15, max_size=17), st.sampled_from(["", "G", " 1", "zz"]))
def test_an_error_never_repeats_a_key(key: bytes, spoiling: str) -> None:
    text = key.hex() + spoiling
    for kind, _ in VALUES:
        if isinstance(kind, (TextType, FilePathType)):
            continue
        try:
            kind.parse(text, CONTEXT)
        except (NotationError, UsageError) as error:
            said = f"{error} {getattr(error, 'hint', '')} {error!r} {kind.explain(text, CONTEXT)}".lower()
            assert not any(key.hex()[i : i + 8] in said for i in range(len(key.hex()) - 8))


@pytest.mark.parametrize(
    ("kind", "text", "arguments", "says"),
    [
        (AddressType(), "cm_key1+4", {}, "0xC00309 is cm_key1+4: "),
        (AddressType(), "0xC00999", {}, "0xC00999: the map j2a040 names nothing there"),
        (AddressType(), "0xC0099", {}, ""),
        (LengthType(), "0x20", {"address": 0xC00305}, "32 bytes: 0xC00305 to 0xC00324, cm_key1 to "),
        (LengthType(), "16", {}, "16 bytes, 0x10"),
        (ByteStringType(), "40 41", {"address": 0xC00305}, "2 of 16 bytes of cm_key1"),
        (ByteStringType(), "40 41", {"address": 0xC00999}, "2 bytes"),
        (SecretBytesType(SecretKind.TRANSPORT_KEY, (16,)), "40 41 4", {}, "3 of 16 bytes; kept out of the history"),
        (AidOrNameType(), "isd", {}, "A000000003000000, isd: issuer security domain"),
        (AidOrNameType(), "tk", {}, "the root applet of an unfused card"),
        (AidOrNameType(), CANARY.hex(), {}, "perhaps a transport key"),
        (IntegerType(), "0x10", {}, "a number, in decimal or as 0x…: 16 is 0x10"),
        (choice("cold", "warm", cold="power off"), "COLD", {}, "cold: power off"),
        (HelpSubjectType(), "apdu", {}, "APDU: about APDU"),
        (HelpSubjectType(), "6a82", {}, "status word 6A82"),
        (HelpSubjectType(), "a4", {}, "instruction A4"),
        (FilePathType(FileKind.WRITE), "card.CAP", {}, "a file to write: CAP file"),
    ],
)
def test_what_was_typed_is_explained(
    kind: ParameterType[Any], text: str, arguments: dict[str, Any], says: str
) -> None:
    said = kind.explain(text, CONTEXT.with_arguments(arguments))
    assert said.startswith(says)
    assert said or not says


# --- addresses and lengths -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [("0xC00305", 0xC00305), ("C00305", 0xC00305), ("0Xc00305", 0xC00305), ("cm_key1", 0xC00305),
     ("CM_KEY1", 0xC00305), ("cm_key1+4", 0xC00309), ("gpin+0xF", 0xC00421), ("0xC00000", 0xC00000)],
)
def test_addresses(text: str, address: int) -> None:
    assert AddressType().parse(text, CONTEXT) == address


@pytest.mark.parametrize(
    ("text", "start", "end", "says"),
    [
        ("0xC0030", 0, 7, "0xC0030 does not fit CLA‖P1‖P2: an address has the form 0xC0hhll"),
        ("0xC10305", 0, 8, "does not fit CLA‖P1‖P2"),
        ("0305", 0, 4, "0xC00305?"),
        ("0xC00G05", 5, 6, "six hexadecimal digits"),
        ("cm_key9", 0, 7, "did you mean cm_key"),
        ("cm_key1+16", 8, 10, "+0 to +15"),
        ("cm-key1", 0, 7, "neither an address nor the name of a field"),
        (CANARY.hex(), 0, 32, "this does not fit"),
    ],
)
def test_a_wrong_address_is_pointed_at(text: str, start: int, end: int, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        AddressType().parse(text, CONTEXT)
    assert (caught.value.start, caught.value.end) == (start, end)
    assert says in f"{caught.value.what} {caught.value.hint}"


def test_without_a_map_a_field_counts_when_all_maps_agree() -> None:
    assert AddressType().parse("cm_key1", context(None)) == 0xC00305
    with pytest.raises(PendingError) as caught:
        AddressType().parse("cold_historical_bytes", context(None))
    assert "set map" in caught.value.hint


@pytest.mark.parametrize("text", ["0", "-1", "0x0", "x", "", "1 1", "38111", "99999999999999999999999"])
def test_a_length_that_no_read_can_have(text: str) -> None:
    with pytest.raises(UsageError):
        LengthType().parse(text, CONTEXT.with_arguments({"address": 0xC00122}))


def test_a_length_ends_where_the_memory_ends() -> None:
    at_the_end = CONTEXT.with_arguments({"address": J2A040.last - 3})
    assert LengthType().parse("4", at_the_end) == 4
    with pytest.raises(UsageError, match="there are 4"):
        LengthType().parse("5", at_the_end)
    beyond_the_map = CONTEXT.with_arguments({"address": 0xC0FFF0})
    assert LengthType().parse("0x10", beyond_the_map) == 16


def test_a_length_is_completed_with_that_of_the_field() -> None:
    found = list(LengthType().complete("", CONTEXT.with_arguments({"address": 0xC00305})))
    assert [(one.text, "cm_key1" in one.meaning) for one in found] == [("16", True)]


# --- what of a text is secret ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "text", "secret"),
    [
        (0xC00305, "01", True),          # cm_key1
        (0xC00304, "0102", True),        # reaches into it
        (0xC00412, "1234567890", True),  # the PIN
        (0xC00122, "FE", False),         # ifsc
        (0xC00122, "FEDA0F", False),     # three fields in a row, all public
        (0xC05000, "01", True),          # no field: not known to be harmless
        (0xC00301, "0102", True),        # a public field and a byte behind it that no field covers
    ],
)
def test_bytes_for_memory_are_secret_unless_their_field_is_not(address: int, text: str, secret: bool) -> None:
    spans = ByteStringType().secret_spans(text, CONTEXT.with_arguments({"address": address}))
    assert list(spans) == ([(0, len(text))] if secret else [])


@pytest.mark.parametrize(
    ("address", "text", "secret"),
    [(0xC00122, "FE", False), (0xC00412, "12 34", True), (0xC00310, "01", True), (0xC05000, "01020304", True)],
)
def test_without_a_map_bytes_are_secret_where_any_map_says_so_or_they_may_be_a_pin(
    address: int, text: str, secret: bool
) -> None:
    spans = ByteStringType().secret_spans(text, context(None).with_arguments({"address": address}))
    assert list(spans) == ([(0, len(text))] if secret else [])


KEY = CANARY.hex().upper()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"00A4040010{KEY}", "00A40400"),
        (f"00 A4 04 00 10 {KEY}", "00 A4 04 00"),
        (f"00:A4:04:00:10:{KEY}", "00:A4:04:00"),
        (f"0x00, 0xA4, 0x04, 0x00, 0x10 {KEY}", "0x00, 0xA4, 0x04, 0x00"),
        (f"00A40400#({KEY})", "00A40400"),
        (f"A40400:{KEY}", "A40400"),
        (f"A40400:{KEY}/00=9000", "A40400"),
        (f"00A4040010{KEY} *6A82", "00A40400"),
        (f"C0D6030510{KEY}", "C0D60305"),
        (f"C0B6030510{KEY}", "C0B60305"),
        (f"80D8008111{KEY}00", "80D80081"),
        ("0020008104313233 34", "00200081"),
        (f"00A4040010{KEY[:-1]}", "00A40400"),     # a digit short
        (f"00A4040011{KEY}", "00A40400"),          # a wrong Lc
        (f"A40400:{KEY}G", ""),                    # ykman's form, broken
        (KEY, ""),                                 # a key alone is no APDU
        (f"0000000010{KEY}", ""),                  # no header that anybody knows
    ],
)
def test_of_an_apdu_that_may_carry_a_secret_the_header_is_kept(text: str, kept: str) -> None:
    (span,) = ApduTextType().secret_spans(text, CONTEXT)
    assert text[: span.start] == kept
    assert text[span.end :] == (" *6A82" if "*" in text else "")


@pytest.mark.parametrize(
    "text",
    ["00A4040009A000000167413000FF00", "C0B0030510", "00F00000", "8050000008266C8E3C1069390500", "C0D60124010B",
     "00A404000E|1PAY.SYS.DDF01|", "80CA9F7F00", "00A4040", "00A404000"],
)
def test_an_apdu_that_carries_none_is_kept_whole(text: str) -> None:
    assert list(ApduTextType().secret_spans(text, CONTEXT)) == []


def test_the_known_misprint_is_recognised() -> None:
    with pytest.raises(UsageError, match="known misprint of WRITE") as caught:
        ApduTextType().parse(f"C0 B6 03 05 10 {KEY}", CONTEXT)
    assert (caught.value.start, caught.value.end) == (3, 5)
    assert "C0 D6 03 05" in caught.value.hint


def test_a_malformed_apdu_is_pointed_at() -> None:
    with pytest.raises(UsageError, match="Lc says 5 bytes") as caught:
        ApduTextType().parse("00 A4 04 00 05 01 02", CONTEXT)
    assert (caught.value.start, caught.value.end) == (12, 14)


# --- the others ------------------------------------------------------------------------------------------------------


def test_an_aid_may_be_written_with_blanks() -> None:
    taken = AidOrNameType().words_taken
    assert taken(["A0", "00", "00", "00", "03", "key"]) == 5
    assert taken(["A000000003000000", "4041"]) == 1
    assert taken(["tk", "4041"]) == 1
    assert taken(["isd", "40"]) == 1


def test_names_of_applications() -> None:
    kind = AidOrNameType()
    assert kind.parse("ISD", CONTEXT) == KNOWN_AIDS["isd"].aid
    assert kind.parse("TK", CONTEXT) is TRANSPORT_KEY
    assert "isd" in [one.text for one in kind.complete("i", CONTEXT)]
    with pytest.raises(UsageError, match="neither an AID nor the name") as caught:
        kind.parse("idx", CONTEXT)
    assert caught.value.hint == "did you mean isd?"


def test_what_may_be_a_transport_key_in_the_place_of_an_aid_is_secret() -> None:
    kind = AidOrNameType()
    for text in (KEY, "JCOPSIMULATEDTK0", KEY[:-1], f"|{CANARY.hex()[:16]}|"):
        assert list(kind.secret_spans(text, CONTEXT)) == [(0, len(text))]
    for text in ("isd", "A000000003000000", "tk", "|1PAY.SYS.DDF01|"):
        assert list(kind.secret_spans(text, CONTEXT)) == []


def test_a_secret_has_the_lengths_that_are_asked_for() -> None:
    kind = SecretBytesType(SecretKind.TRANSPORT_KEY, (16,))
    assert kind.parse(KEY, CONTEXT) == Secret(CANARY)
    with pytest.raises(UsageError, match="a transport key has 16 bytes, these are 15"):
        kind.parse(KEY[:-2], CONTEXT)
    assert SecretBytesType(SecretKind.PIN).metavar == "PIN"


def test_choices() -> None:
    kind: ChoiceType[ResetKind] = choice_of(ResetKind, {"cold": "power off"})
    assert kind.parse("WARM", CONTEXT) is ResetKind.WARM
    assert [(one.text, one.meaning) for one in kind.complete("c", CONTEXT)] == [("cold", "power off")]
    with pytest.raises(UsageError, match="possible here: cold, warm") as caught:
        kind.parse("wram", CONTEXT)
    assert caught.value.hint == "did you mean warm?"


def test_paths_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.txt").touch()
    (tmp_path / "some.txt").touch()
    (tmp_path / ".hidden").touch()
    monkeypatch.chdir(tmp_path)
    kind = FilePathType()
    assert [(one.text, one.start, one.unfinished) for one in kind.complete("s", CONTEXT)] == [
        ("some.txt", 0, False), ("sub/", 0, True)]
    assert [(one.text, one.start) for one in kind.complete("sub/a", CONTEXT)] == [("a b.txt", 4)]
    assert [one.text for one in kind.complete(".h", CONTEXT)] == [".hidden"]
    assert [one.text for one in FilePathType(FileKind.FOLDER).complete("", CONTEXT)] == ["sub/"]
    assert list(kind.complete("nowhere/", CONTEXT)) == []


def test_the_usual_files_are_offered_first_and_what_is_typed_exactly_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.bin", "a.jcop", "a.txt", "b.py"):
        (tmp_path / name).touch()
    (tmp_path / "a dir").mkdir()
    monkeypatch.chdir(tmp_path)
    kind = FilePathType(FileKind.READ, SCRIPTS)
    assert [(one.text, one.meaning) for one in kind.complete("", CONTEXT)] == [
        ("a.jcop", "script of jcopsh"), ("a.txt", "text"), ("a dir/", "folder"), ("a.bin", "bytes"), ("b.py", "Python")]
    (tmp_path / "a.bin.txt").touch()
    assert [one.text for one in kind.complete("a.bin", CONTEXT)] == ["a.bin", "a.bin.txt"]


def test_a_folder_is_read_again_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    scandir = os.scandir

    def counted(folder: Path) -> Any:
        read.append(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", counted)
    (tmp_path / "one").touch()
    os.utime(tmp_path, (1, 1))
    for _ in range(3):
        assert [one.name for one in entries(tmp_path, "")] == ["one"]
    assert len(read) == 1
    (tmp_path / "two").touch()
    # changed just now: it may change again without a new time, and is not remembered
    for _ in range(2):
        assert [one.name for one in entries(tmp_path, "t")] == ["two"]
    assert len(read) == 3


READERS = (Completion("ACS ACR122U 00 00", "card"), Completion("OMNIKEY 3121 01 00", "no card"),
           Completion("OMNIKEY 3121 02 00", "card"))


@pytest.mark.parametrize(
    ("text", "offered", "says"),
    [
        ("", [0, 1, 2], "3 readers have this in their name"),
        ("1", [1], "OMNIKEY 3121 01 00: no card"),
        ("omni", [1, 2], "2 readers have this in their name"),
        ("acr122", [0], "ACS ACR122U 00 00: card"),
        ("OMNIKEY 3121 02 00 ", [2], "OMNIKEY 3121 02 00: card"),
        ("9", [], "no reader of that name was seen"),
    ],
)
def test_readers_are_found_by_index_and_by_a_part_of_their_name(text: str, offered: list[int], says: str) -> None:
    known = replace(CONTEXT, readers=READERS)
    assert ReaderType().complete(text, known) == [READERS[index] for index in offered]
    assert ReaderType().explain(text, known) == says
    assert ReaderType().explain(text, CONTEXT) == ""


@pytest.mark.parametrize(
    ("kind", "text", "unfinished"),
    [
        (ApduTextType(), "00A4", True),
        (ApduTextType(), "00 A4 04 00 05 A0", True),
        (ApduTextType(), "00A4040001A00000", False),
        (SecretBytesType(SecretKind.TRANSPORT_KEY, (16,)), "4041", True),
        (SecretBytesType(SecretKind.TRANSPORT_KEY, (16,)), "40" * 17, False),
        (ByteStringType(shortest=4), "4041", True),
    ],
)
def test_what_more_may_mend_is_told_from_what_is_wrong(kind: ParameterType[Any], text: str, unfinished: bool) -> None:
    with pytest.raises(UsageError) as caught:
        kind.parse(text, CONTEXT)
    assert isinstance(caught.value, UnfinishedError) is unfinished


def test_a_tilde_is_the_home_directory() -> None:
    assert FilePathType().parse("~/x", CONTEXT) == Path(os.environ["HOME"]) / "x"
    assert FilePathType().parse("./~x", CONTEXT) == Path("~x")


def test_settings() -> None:
    assert SettingNameType().parse("Get-Response", CONTEXT) == "get_response"
    values = SettingValueType().complete("j2", CONTEXT.with_arguments({"name": "map"}))
    assert [one.text for one in values] == ["j2a040", "j2a081"]
    with pytest.raises(UsageError, match="possible here: on, off"):
        SettingValueType().parse("maybe", CONTEXT.with_arguments({"name": "hints"}))


def test_subjects_of_help() -> None:
    assert HelpSubjectType().parse("Transport   KEY", CONTEXT) == "transport key"
    assert HelpSubjectType().parse("/read", CONTEXT) == "read"
    assert [one.text for one in HelpSubjectType().complete("tr", CONTEXT)] == ["transport key"]
    with pytest.raises(UsageError, match="no help"):
        HelpSubjectType().parse("nothing", CONTEXT)


INSTALL_WITH_PARAMETERS = "80E60C00 23 05F0A1B2C3D4 06F0A1B2C3D401 07F0A1B2C3D40102 0100 0A C908 {} 00"


@pytest.mark.parametrize("secret", ["A773656372657421", "a7:73 65,63 72 65 74 21", "A7 |secret!|"])
def test_of_an_installation_the_parameters_of_the_applet_are_struck(secret: str) -> None:
    text = INSTALL_WITH_PARAMETERS.format(secret)
    (span,) = ApduTextType().secret_spans(text, CONTEXT)
    assert (text[:span.start], text[span.end:].strip("|")) == (text[:text.index(secret)], " 00")


@pytest.mark.parametrize("text", [
    INSTALL_WITH_PARAMETERS.format("A7736563726574"),
    INSTALL_WITH_PARAMETERS.format("A773656372657421").replace("C908", "C930"),
    "80E60C00:05F0A1B2C3D406F0A1B2C3D40107F0A1B2C3D4010201000AC908A77365637265742100",
    INSTALL_WITH_PARAMETERS.format("A773656372657421").replace("80E6", "00E6"),
])
def test_nothing_of_the_parameters_stays_of_an_installation_in_another_form(text: str) -> None:
    spans = ApduTextType().secret_spans(text, CONTEXT)
    kept = "".join(letter for at, letter in enumerate(text) if not any(one.start <= at < one.end for one in spans))
    assert "7365637265" not in kept
    assert not kept.endswith("2100")


def test_an_installation_without_parameters_is_kept() -> None:
    assert not ApduTextType().secret_spans(INSTALL_WITH_PARAMETERS.format("").replace("23 ", "1B ").replace(
        "0A C908", "02 C900"), CONTEXT)


@pytest.mark.parametrize("ins", sorted(PUBLIC_INS - {0xA4}))
def test_what_the_journal_shows_the_history_keeps(ins: int) -> None:
    assert not ApduTextType().secret_spans(f"80{ins:02X}000008{CANARY.hex()[:16]}", CONTEXT)
