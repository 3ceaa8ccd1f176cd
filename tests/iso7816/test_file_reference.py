"""How files are named, and where SELECTs lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.file_position import UNKNOWN, FilePosition, moved
from jcopsh.iso7816.file_reference import FileReference
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.iso7816.interindustry import SelectBy

DF, EF = "6203820138", "6203820101"


@pytest.mark.parametrize(
    ("text", "by", "data"),
    [
        ("3F00", SelectBy.IDENTIFIER, "3F00"), ("mf", SelectBy.IDENTIFIER, "3F00"), ("/", SelectBy.IDENTIFIER, "3F00"),
        ("2f00", SelectBy.IDENTIFIER, "2F00"), ("..", SelectBy.PARENT, ""),
        ("7F10/6F3A", SelectBy.PATH_FROM_DF, "7F106F3A"),
        ("3F00/7F10/6F3A", SelectBy.PATH_FROM_MF, "7F106F3A"), ("/7F10", SelectBy.PATH_FROM_MF, "7F10"),
        ("aid:D2760000850101", SelectBy.NAME, "D2760000850101"), ("AID:|1PAY|", SelectBy.NAME, "31504159"),
        ("name:F0", SelectBy.NAME, "F0"),
    ],
)
def test_names_of_files(text: str, by: SelectBy, data: str) -> None:
    found = FileReference.parse(text)
    assert (found.by, found.data.hex().upper(), found.short_identifier) == (by, data, 0)
    assert FileReference.parse(str(found)) == found


@pytest.mark.parametrize("number", [1, 5, 30])
def test_short_identifiers(number: int) -> None:
    found = FileReference.parse(f"SFI:{number}")
    assert found.short_identifier == number
    assert FileReference.parse(str(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", "3F0", "sfi:0", "sfi:31", "sfi:x", "sfi:", "aid:", "aid:0", "aid:" + "00" * 17, "7F10//6F01", "cat",
     "3F007F10", "sfi:9" * 500, "./6F01"],
)
def test_what_is_no_file(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        FileReference.parse(text)
    assert 0 <= caught.value.start <= caught.value.end <= len(text)


@given(st.text(max_size=12))
def test_no_text_fails_in_another_way(text: str) -> None:
    try:
        found = FileReference.parse(text)
    except NotationError:
        return
    assert FileReference.parse(str(found)) == found


# --- positions -----------------------------------------------------------------------------------------------------


def after(*exchanges: tuple[str, str], start: FilePosition = UNKNOWN) -> FilePosition:
    for command, response in exchanges:
        start = moved(start, CommandAPDU.parse(bytes.fromhex(command)), ResponseAPDU.parse(bytes.fromhex(response)))
    return start


EF_BY_IDENTIFIER = ("00A40000022F00", EF + "9000")
MF, CHILD, CHILD_EF = ("00A40000023F00", "9000"), ("00A40000027F10", DF + "9000"), ("00A40000026F01", EF + "9000")


@pytest.mark.parametrize(
    ("exchanges", "position"),
    [
        ([], ""),
        ([MF], "3F00"),
        ([("00A4000C", "9000")], "3F00"),
        # below the MF nothing but a child can be meant; elsewhere it could stand beside
        ([MF, CHILD], "3F00/7F10"),
        ([CHILD], "…/7F10"),
        ([MF, CHILD, ("00A40000027F20", DF + "9000")], "…/7F20"),
        ([MF, CHILD, CHILD], "3F00/7F10"),
        ([MF, CHILD, ("00A40100027F20", "9000")], "3F00/7F10/7F20"),
        ([MF, CHILD, ("00A4030000", "9000")], "3F00"),
        ([MF, CHILD_EF], "3F00/6F01"),
        ([MF, CHILD_EF, CHILD], "3F00/7F10"),
        ([MF, ("00A4020C026F01", "9000")], "3F00/6F01"),
        # not told whether it is a DF or an EF
        ([MF, ("00A4000C026F01", "9000")], "3F00/6F01"),
        ([("00A4080C047F106F01", "9000")], "3F00/7F10/6F01"),
        ([("00A40804047F107F20", DF + "9000")], "3F00/7F10/7F20"),
        ([MF, ("00A40904047F106F01", EF + "9000")], "3F00/7F10/6F01"),
        ([("00A4040007D2760000850101", "9000"), ("00A4000C02E103", "9000")], "…/E103"),
        # an EF beside the current DF answers to its identifier as well, and its DF is then the current one
        ([MF, CHILD, EF_BY_IDENTIFIER], "3F00[/7F10]/2F00"),
        ([MF, CHILD, EF_BY_IDENTIFIER, CHILD_EF], "3F00[/7F10]/6F01"),
        ([MF, CHILD, EF_BY_IDENTIFIER, ("00B0850000", "AA9000")], "3F00[/7F10]/SFI 5"),
        ([MF, CHILD, EF_BY_IDENTIFIER, ("00A4020C026F01", "9000")], "3F00[/7F10]/6F01"),
        ([MF, CHILD, ("00A40100027F20", "9000"), EF_BY_IDENTIFIER], "3F00[/7F10[/7F20]]/2F00"),
        ([MF, CHILD, EF_BY_IDENTIFIER, CHILD], "3F00/7F10"),
        ([MF, CHILD, EF_BY_IDENTIFIER, ("00A4030000", "9000")], "3F00"),
        ([MF, CHILD, EF_BY_IDENTIFIER, ("00A40100027F20", DF + "9000")], "…/7F20"),
        ([MF, CHILD, EF_BY_IDENTIFIER, ("00A40904047F206F01", EF + "9000")], "…/7F20/6F01"),
        ([("00A40804047F107F20", DF + "9000"), EF_BY_IDENTIFIER, ("00A4030000", "9000")], ""),
        ([("00A40804047F107F20", DF + "9000"), EF_BY_IDENTIFIER, ("00A40000027F20", DF + "9000")], "…/7F20"),
        ([CHILD, EF_BY_IDENTIFIER], "…/2F00"),
        # what may have been a DF may be what the next file lies in
        ([MF, ("00A4000C027F20", "9000"), ("00A4000C026F07", "9000")], "3F00[/7F20]/6F07"),
        ([("00A4040010" + "4A" * 16, "9000")], "a name of 16 bytes"),
        ([("00A40400", "9000")], ""),
        ([MF, ("00A40000029999", "6A82")], "3F00"),
        ([MF, ("00A40000022F00", EF + "6283")], "3F00/2F00"),
        ([MF, ("00B0850000", "AA9000")], "3F00/SFI 5"),
        ([MF, ("00B0850000", "6982")], "3F00"),
        ([MF, ("00B2013400", "AA9000")], "3F00/SFI 6"),
        ([MF, ("00B1000504540201000" "0", "5301AA9000")], "3F00/SFI 5"),
        ([MF, CHILD_EF, ("00B0000000", "AA9000"), ("00B2010400", "9000")], "3F00/6F01"),
        ([("00A40500", "9000")], ""),
    ],
)
def test_where_commands_lead(exchanges: list[tuple[str, str]], position: str) -> None:
    assert str(after(*exchanges)) == position


def test_a_file_that_may_be_either_is_marked() -> None:
    found = after(MF, ("00A4000C026F01", "9000"))
    assert (found.df, found.ef, found.unsure) == (("3F00",), "", "6F01")
    assert after(("00B0850000", "9000"), start=found).unsure == ""
