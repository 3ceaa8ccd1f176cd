"""Status words in words."""

from __future__ import annotations

import pytest

from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.status import SW, describe, describe_answer


@pytest.mark.parametrize(("sw", "ins", "text", "source"), [
    (0x9000, None, "done", "ISO/IEC 7816-4, table 5"),
    (0x6110, None, "done; 16 bytes wait for GET RESPONSE", "ISO/IEC 7816-4, table 5"),
    (0x6100, None, "done; 256 bytes or more wait for GET RESPONSE", "ISO/IEC 7816-4, table 5"),
    (0x6C01, None, "wrong Le: the answer has 1 byte", "ISO/IEC 7816-4, table 5"),
    (0x63C2, 0x20, "wrong, and 2 tries are left", "ISO/IEC 7816-4, table 6"),
    (0x63C1, 0x20, "wrong, and 1 try is left", "ISO/IEC 7816-4, table 6"),
    (0x63C0, 0x20, "wrong, and no try is left", "ISO/IEC 7816-4, table 6"),
    (0x63C3, 0xD6, "a counter stands at 3", "ISO/IEC 7816-4, table 6"),
    (0x6210, None, "the card has a query of 16 bytes to be fetched", "ISO/IEC 7816-4, table 6"),
    (0x6A82, None, "file or application not found", "ISO/IEC 7816-4, table 6"),
    (0x6A82, INS.SELECT, "no application with this AID can be selected", "GlobalPlatform 2.3.1, 11.9.3"),
    (0x6283, None, "the selected file is deactivated", "ISO/IEC 7816-4, table 6"),
    (0x6283, INS.SELECT, "selected, but the card's life cycle state is CARD_LOCKED", "GlobalPlatform 2.3.1, 11.9.3"),
    (0x6300, INS.EXTERNAL_AUTHENTICATE, "the host cryptogram is wrong: these are not the card's keys",
     "GlobalPlatform 2.3.1, E.5.2"),
    (0x6310, INS.GET_STATUS, "more data is available: ask with 'get next occurrence'", "GlobalPlatform 2.3.1, 11.4.3"),
    (0x6A88, INS.INITIALIZE_UPDATE, "no key set with this key version or key identifier",
     "GlobalPlatform 2.3.1, E.5.1"),
    (0x6985, INS.DELETE, "cannot be deleted: something on the card still refers to it or uses it",
     "GlobalPlatform 2.3.1, 11.1.3, as cards use it with this command"),
    (0x9485, None, "the key check value is wrong", "GlobalPlatform 2.3.1, 11.8.3"),
    (0x6700, None, "wrong length", "ISO/IEC 7816-4, table 5"),
    (0x6701, None, "wrong length; the last byte is the card's own", "ISO/IEC 7816-4, table 5"),
    (0x6D00, INS.SELECT, "instruction not supported, or invalid", "ISO/IEC 7816-4, table 5"),
    (0x6438, INS.UPDATE_BINARY, "the card has a query of 56 bytes to be fetched", "ISO/IEC 7816-4, table 6"),
    (0x6438, None, "the card has a query of 56 bytes to be fetched", "ISO/IEC 7816-4, table 6"),
    (0x6438, INS.LOAD, "a package that the load file imports is not on the card, or not in that version",
     "Java Card Development Kit User Guide 3.0.5, table 9-14"),
    (0x6444, INS.INSTALL, "the applet could not be created: its install method failed",
     "Java Card Development Kit User Guide 3.0.5, table 9-14"),
    (0x9123, None, "a status word of the application's own", "ISO/IEC 7816-4, 5.6"),
    (0x0000, None, "not a status word of ISO/IEC 7816-4", "ISO/IEC 7816-4, 5.6"),
])
def test_meanings(sw: int, ins: int | None, text: str, source: str) -> None:
    meaning = describe(sw, ins)
    assert (meaning.text, meaning.source) == (text, source)


def test_every_number_has_a_meaning_and_a_source() -> None:
    for sw in range(0x10000):
        meaning = describe(sw)
        assert meaning.text, f"{sw:04X}"
        assert meaning.source, f"{sw:04X}"


@pytest.mark.parametrize("sw", list(SW), ids=lambda sw: f"{sw:04X}")
def test_every_named_status_word_is_one_of_a_specification(sw: SW) -> None:
    for ins in (None, *INS):
        meaning = describe(sw, ins)
        assert "not a status word" not in meaning.text
        assert "own" not in meaning.text.split("; ")[-1] or sw == SW.MORE_DATA_AVAILABLE


def test_an_instruction_without_meanings_of_its_own_changes_nothing() -> None:
    assert describe(0x6A82, 0xB0) == describe(0x6A82)


@pytest.mark.parametrize(("command", "sw", "text"), [
    ("00B00000", 0x6982, "this file may be read only after a PIN or an authentication"),
    ("01B00000", 0x6B00, "the offset lies beyond the end of the file"),
    ("00B20104", 0x6A83, "there is no record with this number"),
    ("00200001", 0x6983, "blocked: no try is left"),
    ("00200001", 0x63C2, "wrong, and 2 tries are left"),
    # SELECT by name is how applications are selected; the other ways select files
    ("00A40400", 0x6A82, "no application with this AID can be selected"),
    ("00A40000", 0x6A82, "there is no such file"),
    ("00A40000", 0x6283, "selected, but the file is deactivated"),
    ("00A40000", 0x6999, "command not allowed; the last byte is the card's own"),
    # the same instruction is another one with GlobalPlatform's class
    ("80E40000", 0x6A82, "there is no such application or package"),
    ("00E40000", 0x6A82, "there is no such file"),
    ("00E40000", 0x6A80, "incorrect parameters in the command data"),
    ("00E20000", 0x6A84, "there is no room for this record"),
    ("80E20000", 0x6A84, "not enough memory for the data"),
    ("80E60C00", 0x6985, "refused by the card or the applet: perhaps the AID exists already"),
    ("80E64000", 0x6985,
     "not possible in the present state of the application, or not with the issuer security domain"),
    ("80E60800", 0x6A88, "there is no such application or security domain"),
    ("80F04007", 0x6985, "this change of state is not allowed from the present state"),
    # BOOT of the root applet, and an application's own
    ("00F00000", 0x6985, "conditions of use not satisfied"),
    ("00F20000", 0x6A88, "referenced data or reference data not found"),
    ("80CA0066", 0x6A88, "the card has no such data object"),
    ("00D60000", 0x9000, "done"),
    ("80E80000", 0x6438, "a package that the load file imports is not on the card, or not in that version"),
    ("84E60C00", 0x6438, "a package that the load file imports is not on the card, or not in that version"),
    ("84E60C00", 0x6444, "the applet could not be created: its install method failed"),
    # the other numbers of 64xx and 62xx are nobody's query to fetch where the class byte is proprietary
    ("80E80000", 0x6430, "execution error: the card's memory is unchanged; the last byte is the card's own"),
    ("80F24000", 0x6210, "warning: the card's memory is unchanged; the last byte is the card's own"),
    ("80CA0066", 0x6438, "execution error: the card's memory is unchanged; the last byte is the card's own"),
    ("00B00000", 0x6438, "the card has a query of 56 bytes to be fetched"),
    ("C0B00000", 0x6982, "security status not satisfied: an authentication or a PIN is missing"),
])
def test_meanings_by_command(command: str, sw: int, text: str) -> None:
    header = bytes.fromhex(command)
    assert describe_answer(sw, header[0], header[1], header[2]).text == text
