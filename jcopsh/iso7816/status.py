"""What status words mean: ISO/IEC 7816-4:2020, tables 5 and 6, GlobalPlatform Card Specification 2.3.1, and the
installer of the Java Card development kit, whose status words cards have taken over.

`describe` answers for every number; where a specification gives a command its own meaning, the INS selects it.
Whoever has the command and its answer uses `meaning_of` or `in_words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS

ISO = "ISO/IEC 7816-4"
GP = "GlobalPlatform 2.3.1"


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    """What a status word means (one phrase, no full stop), and the specification and section that say so."""

    text: str
    source: str


class SW(IntEnum):
    """Status words by name (ISO/IEC 7816-4:2020, 5.6; GlobalPlatform 2.3.1, 11.1.3)."""

    OK = 0x9000
    WARNING_MEMORY_UNCHANGED = 0x6200
    SELECTED_FILE_DEACTIVATED = 0x6283
    WARNING_MEMORY_CHANGED = 0x6300
    MORE_DATA_AVAILABLE = 0x6310
    EXECUTION_ERROR = 0x6400
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    LOGICAL_CHANNEL_NOT_SUPPORTED = 0x6881
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    LAST_COMMAND_OF_CHAIN_EXPECTED = 0x6883
    COMMAND_CHAINING_NOT_SUPPORTED = 0x6884
    COMMAND_NOT_ALLOWED = 0x6900
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_METHOD_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    SECURE_MESSAGING_INCORRECT = 0x6988
    INCORRECT_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NOT_ENOUGH_MEMORY = 0x6A84
    INCORRECT_P1_P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_P1_P2 = 0x6B00
    WRONG_LE = 0x6C00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00
    ALGORITHM_NOT_SUPPORTED = 0x9484
    INVALID_KEY_CHECK_VALUE = 0x9485


_TABLE_6 = f"{ISO}, table 6"
_EXACT: Mapping[int, str] = MappingProxyType({
    0x6281: "part of the returned data may be corrupted",
    0x6282: "the end of the file or record came before Le bytes were read, or the search found nothing",
    0x6283: "the selected file is deactivated",
    0x6284: "the file or data control information is not formatted as it should be",
    0x6285: "the selected file is in termination state",
    0x6286: "no input data from a sensor",
    0x6287: "at least one of the referenced records is deactivated",
    0x6381: "the file is filled up by this write",
    0x6401: "the card asks for an immediate response",
    0x6581: "memory failure: the card could not write",
    0x6881: "this logical channel is not supported, or not open",
    0x6882: "secure messaging is not supported",
    0x6883: "the last command of a chain was expected",
    0x6884: "command chaining is not supported",
    0x6981: "the command does not fit the structure of the file",
    0x6982: "security status not satisfied: an authentication or a PIN is missing",
    0x6983: "authentication method blocked: too many wrong tries",
    0x6984: "the reference data cannot be used",
    0x6985: "conditions of use not satisfied",
    0x6986: "command not allowed: no file is selected",
    0x6987: "secure messaging objects expected, but missing",
    0x6988: "secure messaging objects incorrect",
    0x6A80: "incorrect parameters in the command data",
    0x6A81: "function not supported",
    0x6A82: "file or application not found",
    0x6A83: "record not found",
    0x6A84: "not enough memory space",
    0x6A85: "Lc does not fit the TLV structure",
    0x6A86: "incorrect parameters P1-P2",
    0x6A87: "Lc does not fit P1-P2",
    0x6A88: "referenced data or reference data not found",
    0x6A89: "the file exists already",
    0x6A8A: "the DF name exists already",
})

_TABLE_5 = f"{ISO}, table 5"
_BY_SW1: Mapping[int, str] = MappingProxyType({
    0x62: "warning: the card's memory is unchanged",
    0x63: "warning: the card's memory may have changed",
    0x64: "execution error: the card's memory is unchanged",
    0x65: "execution error: the card's memory may have changed",
    0x66: "execution error with a security meaning of its own",
    0x67: "wrong length",
    0x68: "a function in CLA is not supported",
    0x69: "command not allowed",
    0x6A: "wrong parameters P1-P2",
    0x6B: "wrong parameters P1-P2",
    0x6D: "instruction not supported, or invalid",
    0x6E: "class not supported",
    0x6F: "no precise diagnosis",
})


def _gp(section: str, meanings: dict[int, str]) -> dict[int, StatusMeaning]:
    return {sw: StatusMeaning(text, f"{GP}, {section}") for sw, text in meanings.items()}


def _seen(meanings: dict[int, str]) -> dict[int, StatusMeaning]:
    """General error conditions, in the sense that cards give them with one command."""
    source = f"{GP}, 11.1.3, as cards use it with this command"
    return {sw: StatusMeaning(text, source) for sw, text in meanings.items()}


# what the on-card installer answers; cards give the same to LOAD and INSTALL
_INSTALLER = {sw: StatusMeaning(text, "Java Card Development Kit User Guide 3.0.5, table 9-14") for sw, text in {
    0x6402: "the load file has a wrong magic number",
    0x6403: "the card does not know the format of the load file, by its minor version",
    0x6404: "the card does not know the format of the load file, by its major version",
    0x640B: "the applet uses int, which this card does not have",
    0x640C: "a package with this AID is on the card already",
    0x640D: "an applet with this AID is on the card already",
    0x640F: "the installation was aborted",
    0x6421: "the installer is in an error state since a command before",
    0x6422: "a component of the load file does not come in its order",
    0x6424: "an exception was thrown",
    0x6425: "this command does not come in its order",
    0x6428: "the load file has a component with a tag that the card does not know",
    0x6436: "the installer does not know this instruction",
    0x6437: "the card has no room for one more package",
    0x6438: "a package that the load file imports is not on the card, or not in that version",
    0x643A: "the card has no room for one more package with applets",
    0x6442: "the package has more methods than the card allows",
    0x6443: "the applet to make an instance of was not found",
    0x6444: "the applet could not be created: its install method failed",
    0x6445: "the card has no room for one more instance",
    0x6446: "the card could not allocate memory",
    0x6447: "a class that the load file imports was not found",
    0x644F: "the name of the package is too long",
}.items()}
_LOCKED = "the card's life cycle state is CARD_LOCKED"
_BY_INS: Mapping[int, Mapping[int, StatusMeaning]] = MappingProxyType({
    INS.INITIALIZE_UPDATE: _seen({
        0x6982: "the card refuses to open a secure channel now, perhaps after too many failed authentications",
        0x6983: "the card refuses to open a secure channel: too many failed authentications",
        0x6985: "no secure channel can be opened in this state",
    }) | _gp("E.5.1", {
        0x6A88: "no key set with this key version or key identifier",
    }),
    INS.EXTERNAL_AUTHENTICATE: _seen({
        0x6982: "the MAC is wrong, or no INITIALIZE UPDATE came before",
        0x6985: "no INITIALIZE UPDATE came before",
    }) | _gp("E.5.2", {
        0x6300: "the host cryptogram is wrong: these are not the card's keys",
    }),
    INS.SELECT: _gp("11.9.3", {
        0x6283: f"selected, but {_LOCKED}",
        0x6A81: f"function not supported, for example because {_LOCKED}",
        0x6A82: "no application with this AID can be selected",
    }) | {
        0x6999: StatusMeaning("the applet refused to be selected", "Java Card API, ISO7816.SW_APPLET_SELECT_FAILED"),
    },
    INS.MANAGE_CHANNEL: _gp("11.7.3", {
        0x6200: "the logical channel was closed already",
        0x6A81: f"no further logical channel is available, or {_LOCKED}",
    }),
    INS.GET_DATA: _seen({
        0x6985: "the card does not give out this data object in its present state",
    }) | _gp("11.3.3", {
        0x6A88: "the card has no such data object",
    }),
    INS.PUT_KEY: _seen({
        0x6A80: "the key data are wrong: perhaps a check value, a length or the key that encrypts them",
    }) | _gp("11.8.3", {
        0x6A84: "not enough memory for the keys",
        0x6A88: "no key set with this key version or key identifier to replace",
        0x9484: "the algorithm of the key is not supported",
        0x9485: "the key check value is wrong",
    }),
    INS.STORE_DATA: _gp("11.11.3", {
        0x6A80: "incorrect values in the data to be stored",
        0x6A84: "not enough memory for the data",
        0x6A88: "referenced data not found",
    }),
    INS.DELETE: _seen({
        0x6985: "cannot be deleted: something on the card still refers to it or uses it",
    }) | _gp("11.2.3", {
        0x6200: "the application has been logically deleted",
        0x6A80: "incorrect values in the command data",
        0x6A82: "there is no such application or package",
        0x6A88: "there is no such application, package or key",
    }),
    INS.INSTALL: _INSTALLER | _seen({
        0x6985: "refused by the card or the applet: perhaps the AID exists already",
    }) | _gp("11.5.3", {
        0x6A80: "incorrect values in the command data: parameters, privileges or an AID",
        0x6A84: "not enough memory for what is to be installed",
        0x6A88: "the package, the module or the security domain was not found",
    }),
    INS.LOAD: _INSTALLER | _seen({
        0x6A80: "the card does not accept the load file",
        0x6985: "not accepted: no INSTALL [for load] came before, or the package cannot be linked",
    }) | _gp("11.6.3", {
        0x6A84: "not enough memory for the load file",
    }),
    INS.SET_STATUS: _seen({
        0x6985: "this change of state is not allowed from the present state",
    }) | _gp("11.10.3", {
        0x6A80: "incorrect values in the command data",
        0x6A88: "there is no such application or security domain",
    }),
    INS.GET_STATUS: _gp("11.4.3", {
        0x6310: "more data is available: ask with 'get next occurrence'",
        0x6A80: "incorrect values in the search criteria",
        0x6A88: "nothing on the card matches the search",
    }),
})


def _iso(section: str, meanings: dict[int, str]) -> dict[int, StatusMeaning]:
    return {sw: StatusMeaning(text, f"{ISO}:2005, {section}") for sw, text in meanings.items()}


_READ_BINARY = _iso("7.2.3", {
    0x6282: "the end of the file came before Le bytes were read",
    0x6981: "the selected file is not transparent",
    0x6982: "this file may be read only after a PIN or an authentication",
    0x6986: "no file is selected",
    0x6A82: "there is no file with this short identifier",
    0x6B00: "the offset lies beyond the end of the file",
})
_UPDATE_BINARY = _iso("7.2.5", {
    0x6981: "the selected file is not transparent",
    0x6982: "this file may be changed only after a PIN or an authentication",
    0x6986: "no file is selected",
    0x6A82: "there is no file with this short identifier",
    0x6A84: "the bytes do not fit into the file",
    0x6B00: "the offset lies beyond the end of the file",
})
_UPDATE_RECORD = _iso("7.3.5", {
    0x6700: "the record has another length",
    0x6981: "the selected file has no records, or not of this kind",
    0x6982: "this file may be changed only after a PIN or an authentication",
    0x6986: "no file is selected",
    0x6A82: "there is no file with this short identifier",
    0x6A83: "there is no record with this number",
    0x6A84: "there is no room for this record",
})
_VERIFICATION = {
    0x6300: "wrong; how many tries are left is not told",
    0x6982: "the card wants something else to be verified first",
    0x6983: "blocked: no try is left",
    0x6984: "what it would be compared with cannot be used now",
    0x6A80: "the card takes no PIN of this form",
    0x6A88: "the card has no PIN of this reference",
}
_GET_DATA = _iso("7.4.2", {
    0x6982: "this data object may be read only after a PIN or an authentication",
    0x6A81: "the card does not give data objects in this way",
    0x6A88: "the card has no such data object",
})
_PUT_DATA = _iso("7.4.3", {
    0x6982: "this data object may be changed only after a PIN or an authentication",
    0x6A84: "there is no room for the data object",
    0x6A88: "the card has no such data object",
})
# what an instruction means with an interindustry class byte
_INTERINDUSTRY: Mapping[int, Mapping[int, StatusMeaning]] = MappingProxyType({
    INS.VERIFY: _iso("7.5.6", _VERIFICATION),
    INS.CHANGE_REFERENCE_DATA: _iso("7.5.7", _VERIFICATION),
    INS.RESET_RETRY_COUNTER: _iso("7.5.10", _VERIFICATION),
    INS.MANAGE_CHANNEL: _iso("7.1.2", {
        0x6200: "the logical channel was closed already",
        0x6881: "this card has no logical channels, or not this one",
        0x6A81: "no further logical channel is available",
    }),
    INS.SELECT: _iso("7.1.1", {
        0x6283: "selected, but the file is deactivated",
        0x6A80: "the card does not understand this name or path",
        0x6A82: "there is no such file",
        0x6A86: "the card does not select in this way, or does not give this answer",
    }),
    INS.READ_BINARY: _READ_BINARY,
    INS.READ_BINARY_ODD: _READ_BINARY,
    INS.READ_RECORD: _iso("7.3.3", {
        0x6282: "the end of the record came before Le bytes were read",
        0x6981: "the selected file has no records",
        0x6982: "this file may be read only after a PIN or an authentication",
        0x6986: "no file is selected",
        0x6A82: "there is no file with this short identifier",
        0x6A83: "there is no record with this number",
    }),
    INS.UPDATE_BINARY: _UPDATE_BINARY,
    INS.UPDATE_BINARY_ODD: _UPDATE_BINARY,
    INS.UPDATE_RECORD: _UPDATE_RECORD,
    INS.APPEND_RECORD: _UPDATE_RECORD,
    INS.GET_DATA: _GET_DATA,
    INS.GET_DATA_ODD: _GET_DATA,
    INS.PUT_DATA: _PUT_DATA,
    INS.PUT_DATA_ODD: _PUT_DATA,
    INS.CREATE_FILE: _iso("5.6 and 7816-9:2004, 6.1", {
        0x6982: "files may be made here only after a PIN or an authentication",
        0x6A80: "the card does not make a file of this description",
        0x6A84: "there is no room for the file",
        0x6A89: "there is a file with this identifier already",
        0x6A8A: "there is a DF with this name already",
    }),
    INS.DELETE_FILE: _iso("5.6 and 7816-9:2004, 6.2", {
        0x6982: "this file may be deleted only after a PIN or an authentication, or never",
        0x6985: "cannot be deleted: there is something in it",
        0x6A82: "there is no such file",
    }),
})
_SELECT_BY_NAME = 0x04
# whose meanings here hold with a proprietary class byte alone: with an interindustry one these numbers are commands of
# ISO/IEC 7816, of an applet, or of a root applet (BOOT is 00 F0)
_PROPRIETARY_ALONE = frozenset({
    INS.INITIALIZE_UPDATE, INS.PUT_KEY, INS.STORE_DATA, INS.DELETE, INS.INSTALL, INS.LOAD, INS.SET_STATUS,
    INS.GET_STATUS,
})

_COUNTS_TRIES = frozenset({
    INS.VERIFY, INS.CHANGE_REFERENCE_DATA, INS.RESET_RETRY_COUNTER, INS.EXTERNAL_AUTHENTICATE,
})


def describe(sw: int, ins: int | None = None) -> StatusMeaning:
    """What the status word `sw` (0 to FFFF) means, as an answer to an instruction `ins` where it is known.

    A value that no specification names is said to be the card's own; nothing raises.
    """
    specific = None if ins is None else _BY_INS.get(ins, {}).get(sw)
    if specific is not None:
        return specific
    if sw == SW.OK:
        return StatusMeaning("done", _TABLE_5)
    counted = _describe_counted(sw, ins)
    if counted is not None:
        return counted
    if sw in _EXACT:
        return StatusMeaning(_EXACT[sw], _TABLE_6)
    return _describe_class(sw)


_MAKES_SOMETHING = 0x06  # bits of INSTALL's P1: for load, for install
# what INSTALL answers where it changes what is on the card already
_OF_WHAT_IS_THERE = _seen({
    0x6985: "not possible in the present state of the application, or not with the issuer security domain",
}) | _gp("11.5.3", {0x6A88: "there is no such application or security domain"})


def describe_answer(sw: int, cla: int, ins: int, p1: int) -> StatusMeaning:
    """What the status word `sw` means as the answer to a command with this class, instruction and P1.

    With an interindustry class byte an instruction is that of ISO/IEC 7816-4, but for SELECT by name, which is how
    applications are selected.
    """
    if ins == INS.INSTALL and cla & 0x80 and not p1 & _MAKES_SOMETHING and sw in _OF_WHAT_IS_THERE:
        return _OF_WHAT_IS_THERE[sw]
    by_name = ins == INS.SELECT and p1 == _SELECT_BY_NAME
    if not cla & 0x80 and not by_name:
        specific = _INTERINDUSTRY.get(ins, {}).get(sw)
        if specific is not None:
            return specific
        if ins in _PROPRIETARY_ALONE or ins == INS.SELECT:
            return describe(sw)  # the other meanings are GlobalPlatform's
    if cla & 0x80 and _is_query(sw) and sw not in _BY_INS.get(ins, {}):
        return _describe_class(sw)  # a card queries with interindustry commands; here these are the application's own
    return describe(sw, ins)


def meaning_of(command: CommandAPDU, response: ResponseAPDU) -> str:
    """What the status word means as the answer to this command: a phrase, without the number."""
    return describe_answer(response.sw, command.cla, command.ins, command.p1).text


def in_words(command: CommandAPDU, response: ResponseAPDU) -> str:
    """The status word and what it means as the answer to this command: `6985: conditions of use not satisfied`."""
    return f"{response.sw:04X}: {meaning_of(command, response)}"


def _describe_counted(sw: int, ins: int | None) -> StatusMeaning | None:
    """Status words whose last digits are a number."""
    sw1, sw2 = sw >> 8, sw & 0xFF
    if sw1 == 0x61:
        return StatusMeaning(f"done; {_bytes(sw2)} wait for GET RESPONSE", _TABLE_5)
    if sw1 == 0x6C:
        return StatusMeaning(f"wrong Le: the answer has {_bytes(sw2)}", _TABLE_5)
    if sw & 0xFFF0 == 0x63C0:
        return StatusMeaning(_describe_tries(sw & 0x0F, ins), _TABLE_6)
    if _is_query(sw):
        return StatusMeaning(f"the card has a query of {sw2} bytes to be fetched", _TABLE_6)
    return None


def _is_query(sw: int) -> bool:
    """Whether a status word triggers a query by the card, where the command is an interindustry one (table 6)."""
    return sw >> 8 in (0x62, 0x64) and 0x02 <= sw & 0xFF <= 0x80


def _bytes(sw2: int) -> str:
    if sw2 == 0:
        return "256 bytes or more"
    return "1 byte" if sw2 == 1 else f"{sw2} bytes"


def _describe_tries(count: int, ins: int | None) -> str:
    if ins not in _COUNTS_TRIES:
        return f"a counter stands at {count}"
    if count == 0:
        return "wrong, and no try is left"
    return f"wrong, and {count} {'try is' if count == 1 else 'tries are'} left"


def _describe_class(sw: int) -> StatusMeaning:
    text = _BY_SW1.get(sw >> 8)
    if text is not None:
        # these have one value only, so another second byte is the card's own
        exact = sw & 0xFF == 0
        return StatusMeaning(text if exact else f"{text}; the last byte is the card's own", _TABLE_5)
    if sw in (SW.ALGORITHM_NOT_SUPPORTED, SW.INVALID_KEY_CHECK_VALUE):
        return _BY_INS[INS.PUT_KEY][sw]
    if sw >> 12 == 9:
        return StatusMeaning("a status word of the application's own", f"{ISO}, 5.6")
    return StatusMeaning("not a status word of ISO/IEC 7816-4", f"{ISO}, 5.6")
