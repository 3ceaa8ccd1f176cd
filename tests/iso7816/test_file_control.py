"""File control information, as cards of other people have answered it in public.

Sources of the bytes: the tests of ofono (EF.PL and EF.MSISDN of a USIM) and of pySim (the MF of a UICC); OpenSC's issue
tracker (an EF.DIR, issue 236; an IAS/ECC card, issue 2262); the GIDS applet's issue 10.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.file_control import (
    AccessRule,
    FileControlError,
    FileKind,
    LifeCycle,
    Structure,
    condition_words,
    df_parameters,
    parse_file_control,
    record_parameters,
    transparent_parameters,
    with_identifier,
)

EF_PL = "62178202412183022F058A01058B032F060F8002000A880128"
EF_MSISDN = "62198205422100200483026F408A01058B036F0607800200808800"
UICC_MF = "622c8202782183023f00a50c80017183040003a7388701018a01058b032f0601c60c90016083010183010a83010b"
OUTSIDE_TEMPLATE = "6F1083022F008201018A01058C04230000008002001A"
IAS_ECC_MF = "621E82013883023F0084088025000001FF0100A1088C067AFFFFFFFF458A0105"
GIDS = "8201388C03033030"


def test_a_transparent_file_of_a_usim() -> None:
    found = parse_file_control(bytes.fromhex(EF_PL))
    assert (found.template, found.kind, found.structure) == ("FCP", FileKind.WORKING_EF, Structure.TRANSPARENT)
    assert (found.size, found.identifier.hex(), found.short_identifier) == (10, "2f05", 5)
    assert (found.shareable, found.life_cycle) == (True, LifeCycle.ACTIVATED)
    assert (found.rules, found.rules_in) == ((), "record 15 of file 2F06")
    assert found.is_ef and not found.is_df and not found.has_records
    assert found.others == ()


def test_a_file_of_records_without_a_short_identifier() -> None:
    found = parse_file_control(bytes.fromhex(EF_MSISDN))
    assert (found.structure, found.record_length, found.record_count) == (Structure.LINEAR_FIXED, 32, 4)
    assert found.has_records
    # an empty DO 88 says that there is none (ETSI TS 102 221, 11.1.1.4.6)
    assert (found.short_identifier, found.short_identifier_told, found.size) == (None, True, 128)


def test_an_mf_with_what_only_a_uicc_has() -> None:
    found = parse_file_control(bytes.fromhex(UICC_MF))
    assert (found.kind, found.identifier.hex(), found.structure) == (FileKind.DF, "3f00", None)
    assert (found.record_length, found.record_count) == (None, None)
    assert [f"{one.tag:02X}" for one in found.others] == ["A5", "C6"]
    assert found.others[1].meaning == "PIN status (ETSI TS 102 221)"


def test_data_objects_outside_the_template_count() -> None:
    found = parse_file_control(bytes.fromhex(OUTSIDE_TEMPLATE))
    assert (found.template, found.size, found.shareable) == ("FCI", 26, False)
    assert found.rules == tuple(AccessRule(mode, "always") for mode in ("terminate", "update, erase", "read, search"))


def test_a_df_with_a_name_and_rules_in_a_template() -> None:
    found = parse_file_control(bytes.fromhex(IAS_ECC_MF))
    assert (found.is_df, found.name.hex(), found.rules) == (True, "8025000001ff0100", ())
    assert [(f"{one.tag:02X}", one.meaning) for one in found.others] == [("A1", "security attribute template")]


def test_no_template_at_all() -> None:
    found = parse_file_control(bytes.fromhex(GIDS))
    assert (found.template, found.kind) == (None, FileKind.DF)
    # 30 is user or external authentication, one of them
    either = "external authentication or user authentication, e.g. a PIN"
    assert found.rules == (AccessRule("create an EF", either), AccessRule("delete a child", either))


def test_an_fci_around_fcp_and_fmd() -> None:
    found = parse_file_control(bytes.fromhex("6F11 620B 82012183026F01800200 10 6402 5000".replace(" ", "")))
    assert (found.template, found.size, found.identifier.hex()) == ("FCI", 16, "6f01")
    assert [one.meaning for one in found.others] == ["application label"]


@pytest.mark.parametrize(
    ("descriptor", "kind", "structure"),
    [
        ("01", FileKind.WORKING_EF, Structure.TRANSPARENT), ("02", FileKind.WORKING_EF, Structure.LINEAR_FIXED),
        ("03", FileKind.WORKING_EF, Structure.LINEAR_FIXED_TLV),
        ("04", FileKind.WORKING_EF, Structure.LINEAR_VARIABLE),
        ("05", FileKind.WORKING_EF, Structure.LINEAR_VARIABLE_TLV), ("06", FileKind.WORKING_EF, Structure.CYCLIC),
        ("07", FileKind.WORKING_EF, Structure.CYCLIC_TLV), ("00", FileKind.WORKING_EF, None),
        ("09", FileKind.INTERNAL_EF, Structure.TRANSPARENT), ("11", FileKind.PROPRIETARY_EF, Structure.TRANSPARENT),
        ("38", FileKind.DF, None), ("78", FileKind.DF, None), ("39", FileKind.WORKING_EF, Structure.BER_TLV),
        ("3A", FileKind.WORKING_EF, Structure.SIMPLE_TLV), ("81", None, None),
    ],
)
def test_the_file_descriptor_byte(descriptor: str, kind: FileKind | None, structure: Structure | None) -> None:
    found = parse_file_control(bytes.fromhex("62038201" + descriptor))
    assert (found.kind, found.structure) == (kind, structure)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(0x00, LifeCycle.NOT_TOLD), (0x01, LifeCycle.CREATION), (0x03, LifeCycle.INITIALISATION),
     (0x04, LifeCycle.DEACTIVATED), (0x05, LifeCycle.ACTIVATED), (0x06, LifeCycle.DEACTIVATED),
     (0x07, LifeCycle.ACTIVATED), (0x0C, LifeCycle.TERMINATED), (0x0F, LifeCycle.TERMINATED),
     (0x10, LifeCycle.PROPRIETARY), (0x02, LifeCycle.PROPRIETARY)],
)
def test_the_life_cycle(status: int, meaning: LifeCycle) -> None:
    assert parse_file_control(bytes((0x62, 3, 0x8A, 1, status))).life_cycle is meaning


@pytest.mark.parametrize(
    ("byte", "words"),
    [
        (0x00, "always"), (0xFF, "never"), (0x10, "user authentication, e.g. a PIN"),
        (0x90, "user authentication, e.g. a PIN"), (0xC0, "secure messaging"),
        (0xF0, "secure messaging and external authentication and user authentication, e.g. a PIN"),
        (0x60, "secure messaging or external authentication"),
        (0x11, "user authentication, e.g. a PIN (security environment 1)"),
        (0x03, "no condition named (security environment 3)"),
    ],
)
def test_condition_bytes(byte: int, words: str) -> None:
    assert condition_words(byte) == words


@pytest.mark.parametrize("attribute", ["7F00", "83000000", "030000 02".replace(" ", "")])
def test_rules_that_do_not_fit_the_format_are_shown_as_bytes(attribute: str) -> None:
    data = f"820101 8C{len(attribute) // 2:02X}{attribute}".replace(" ", "")
    found = parse_file_control(bytes.fromhex(f"62{len(data) // 2:02X}{data}"))
    assert found.rules == ()
    assert [(f"{one.tag:02X}", one.value.hex().upper()) for one in found.others] == [("8C", attribute)]


def test_rules_of_a_file_whose_kind_is_not_told_are_not_guessed() -> None:
    assert parse_file_control(bytes.fromhex("62048C020100")).rules == ()


@pytest.mark.parametrize(
    "answer",
    ["", "0000008000", "6F", "620582", "5000", "9F7F00", "0000000A3F000100000000000A13",  # the last from GSM 11.11
     "6200"],
)
def test_what_is_no_file_control_information(answer: str) -> None:
    with pytest.raises(FileControlError):
        parse_file_control(bytes.fromhex(answer))


@given(st.binary(max_size=60))
def test_no_answer_fails_in_another_way(data: bytes) -> None:
    for prefix in (b"", bytes((0x62, len(data))), bytes((0x6F, len(data)))):
        try:
            found = parse_file_control(prefix + data)
        except FileControlError:
            continue
        assert found.raw == prefix + data


def test_what_a_new_file_is_to_be() -> None:
    identifier = bytes.fromhex("6E20")
    made = {
        transparent_parameters(identifier, 100): "620C 80020064 82020121 83026E20",
        record_parameters(identifier, 16, 4): "620F 80020040 8205022100 1004 83026E20",
        df_parameters(identifier): "6207 820138 83026E20",
        with_identifier(bytes.fromhex("80020001"), identifier): "6208 80020001 83026E20",
    }
    assert list(made) == [bytes.fromhex(expected) for expected in made.values()]
    records = parse_file_control(record_parameters(identifier, 16, 4))
    assert (records.structure, records.record_count, records.record_length) == (Structure.LINEAR_FIXED, 4, 16)
