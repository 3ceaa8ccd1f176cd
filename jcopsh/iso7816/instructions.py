"""Class and instruction bytes, and what P1, P2 and the data of each command mean: a table to complete and explain from.

Sources: ISO/IEC 7816-4:2005, clause 5.1.1 (class bytes) and 7 (commands), ISO/IEC 7816-8 and -9 where named, the
GlobalPlatform Card Specification 2.3.1, clause 11 and annex E, and for readers PC/SC part 3 (2.01.09), 3.2.2. What only
JCOP has is in `jcop.root_instructions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from jcopsh.iso7816.channel import channel_of, is_protected

ISO = "ISO/IEC 7816-4:2005"
GP = "GlobalPlatform 2.3.1"
PCSC = "PC/SC part 3, 3.2.2"


class Family(Enum):
    """Whose commands a class byte announces."""

    INTERINDUSTRY = "interindustry"
    GLOBAL_PLATFORM = "GlobalPlatform"
    PROPRIETARY = "proprietary"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class Choice:
    """Bytes that may stand at a place of a command, and what they say (a phrase, no full stop)."""

    value: bytes
    meaning: str


Choices = tuple[Choice, ...]
_NONE: Mapping[int, Choices] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Instruction:
    """A command: its instruction byte, name, what it does, and the document and section that define it.

    `p1` and `p2` are the usual values; `p2_after` those that follow a certain P1 and stand in place of `p2`. `p1_says`
    and `p2_says` tell what these bytes are for. `bodies` are whole bodies (Lc, data, Le) that are often sent, or their
    beginning, `bodies_after` those for a certain P1. `data` names what the command data are (empty: there are none),
    `answers` says whether an answer is expected, so that Le stands at the end.
    """

    ins: int
    name: str
    meaning: str
    source: str
    p1: Choices = ()
    p2: Choices = ()
    p1_says: str = ""
    p2_says: str = ""
    p2_after: Mapping[int, Choices] = field(default_factory=lambda: _NONE)
    bodies: Choices = ()
    bodies_after: Mapping[int, Choices] = field(default_factory=lambda: _NONE)
    data: str = ""
    answers: bool = False

    def second(self, p1: int) -> Choices:
        """The usual values of P2 behind a P1."""
        return self.p2_after.get(p1, self.p2)

    def bodies_behind(self, p1: int) -> Choices:
        """The bodies that are often sent behind a P1."""
        return self.bodies_after.get(p1, self.bodies)


def choices(**meanings: str) -> Choices:
    """Bytes by their hexadecimal digits behind an `x`: `choices(x04="by DF name")`."""
    return tuple(Choice(bytes.fromhex(digits[1:]), meaning) for digits, meaning in meanings.items())


_ZERO = choices(x00="always 00")
_ALL = choices(x00="Le: as much as there is, up to 256 bytes")
_OFFSET = "offset in the file, high byte below 80; or 80 + short file identifier"
_EIGHT_BYTES = choices(x08="Lc: 8 bytes follow")


# --- class bytes ---------------------------------------------------------------------------------------------------

CLASSES = choices(
    x00="interindustry: what ISO/IEC 7816-4 defines",
    x80="GlobalPlatform, or the application's own",
    x84="GlobalPlatform with secure messaging",
)
"""The class bytes that are offered first."""

READER_CLASSES = choices(xFF="for the reader itself")
"""The class byte of commands that no card gets."""


def class_meaning(cla: int) -> str:
    """What a class byte says, in a phrase (ISO/IEC 7816-4:2005, 5.1.1; GlobalPlatform 2.3.1, 11.1.4)."""
    if cla == 0xFF:
        return "no class of a card: for the reader itself (PC/SC part 3)"
    if cla >= 0x80:
        return _proprietary(cla)
    if 0x20 <= cla < 0x40:
        return "reserved by ISO/IEC 7816-4"
    channel = channel_of(cla)
    parts = ["interindustry", f"channel {channel}" if channel else "", "secure messaging" if is_protected(cla) else "",
             "more of a chain follows" if cla & 0x10 else ""]
    return ", ".join(filter(None, parts))


def _proprietary(cla: int) -> str:
    if family(cla) is Family.PROPRIETARY:
        return "proprietary"
    channel = channel_of(cla)
    parts = ["GlobalPlatform or proprietary", f"channel {channel}" if channel else "",
             "secure messaging" if is_protected(cla) else ""]
    return ", ".join(filter(None, parts))


def family(cla: int) -> Family:
    """Whose commands go with a class byte."""
    if cla < 0x80:
        return Family.INTERINDUSTRY
    if cla == 0xFF:
        return Family.READER
    return Family.GLOBAL_PLATFORM if cla < 0x90 or 0xE0 <= cla < 0xF0 else Family.PROPRIETARY


# --- ISO/IEC 7816-4 ------------------------------------------------------------------------------------------------

_RECORD_P2 = choices(
    x04="record number P1 of the current file", x05="all records from number P1 on", x00="first with identifier P1",
    x02="next with identifier P1", x0C="record number P1 of the file with short identifier 1",
)
_CURRENT_RECORD = choices(x01="record 1", x00="the current record")
_REFERENCE = choices(
    x00="the only one, or none is named", x01="global PIN number 1", x81="PIN number 1 of this application")

SELECT = Instruction(
    0xA4, "SELECT", "choose an application, a directory or a file", f"{ISO}, 7.1.1",
    p1=choices(x04="by DF name (AID)", x00="by file identifier", x01="child DF by identifier",
               x02="EF of the current DF by identifier", x03="parent DF", x08="by path from the MF",
               x09="by path from the current DF"),
    p1_says="how the file is named",
    p2=choices(x00="first or only, answers FCI", x02="next with this name, answers FCI",
               x04="first or only, answers FCP", x08="first or only, answers FMD", x0C="first or only, no answer"),
    p2_says="which one, and what to answer",
    bodies_after={
        0x00: choices(x023F0000="MF, the root of all files", x022F0000="EF.DIR, the list of applications",
                      x022F0100="EF.ATR"),
        0x02: choices(x02="Lc: a file identifier of 2 bytes follows"),
        0x01: choices(x02="Lc: a file identifier of 2 bytes follows"),
        0x03: _ALL,
    },
    data="the DF name, file identifier or path", answers=True,
)

INTERINDUSTRY: tuple[Instruction, ...] = (
    SELECT,
    Instruction(
        0xB0, "READ BINARY", "read from a transparent file", f"{ISO}, 7.2.3",
        p1=choices(x00="from the current file, offset below 256", x81="from the file with short identifier 1"),
        p1_says=_OFFSET, p2=choices(x00="from the beginning"), p2_says="offset, low byte", bodies=_ALL, answers=True),
    Instruction(
        0xB1, "READ BINARY", "read from a transparent file, the offset in a data object", f"{ISO}, 7.2.3",
        p1=choices(x00="of the file that P2 names"), p1_says="file identifier, high byte",
        p2=choices(x00="the current file"), p2_says="file identifier, low byte, or short identifier",
        bodies=choices(x045402000000="from offset 0", x05540300000000="from offset 0, written in 3 bytes"),
        data="54 length offset", answers=True),
    Instruction(
        0xB2, "READ RECORD", "read records of a file", f"{ISO}, 7.3.3", p1=_CURRENT_RECORD,
        p1_says="record number or identifier", p2=_RECORD_P2, p2_says="what P1 is, and of which file", bodies=_ALL,
        answers=True),
    Instruction(
        0xCA, "GET DATA", "read a data object", f"{ISO}, 7.4.2", p1=choices(x00="a tag of one byte", x9F="tags 9F…",
        x5F="tags 5F…", x7F="tags 7F…"), p1_says="tag, high byte",
        p2_after={0x00: choices(x66="card data", x6E="application related data", xC1="sequence counter"),
                  0x9F: choices(x7F="CPLC, the chip's production data")},
        p2_says="tag, low byte", bodies=_ALL, answers=True),
    Instruction(
        0xCB, "GET DATA", "read data objects, named in the data", f"{ISO}, 7.4.2", p1=choices(x3F="of the current DF"),
        p1_says="file identifier, high byte", p2=choices(xFF="of the current DF"), p2_says="file identifier, low byte",
        bodies=choices(x045C023F0000="5C and a list of tags: 3F00", x025C0000="5C and an empty list: everything"),
        data="5C and a list of tags", answers=True),
    Instruction(
        0xD6, "UPDATE BINARY", "overwrite a part of a transparent file", f"{ISO}, 7.2.5",
        p1=choices(x00="of the current file, offset below 256", x81="of the file with short identifier 1"),
        p1_says=_OFFSET, p2=choices(x00="from the beginning"), p2_says="offset, low byte", data="what to write"),
    Instruction(
        0xD7, "UPDATE BINARY", "overwrite a part of a transparent file, the offset in a data object", f"{ISO}, 7.2.5",
        p1=choices(x00="of the file that P2 names"), p1_says="file identifier, high byte",
        p2=choices(x00="the current file"), p2_says="file identifier, low byte, or short identifier",
        data="54 length offset 53 length data"),
    Instruction(
        0xD0, "WRITE BINARY", "write into a transparent file, as its coding says", f"{ISO}, 7.2.4", p1_says=_OFFSET,
        p1=choices(x00="of the current file, offset below 256"), p2=choices(x00="from the beginning"),
        p2_says="offset, low byte", data="what to write"),
    Instruction(
        0x0E, "ERASE BINARY", "erase from a transparent file", f"{ISO}, 7.2.7", p1_says=_OFFSET,
        p2_says="offset, low byte", data="the first offset that stays, or nothing"),
    Instruction(
        0xDC, "UPDATE RECORD", "overwrite a record", f"{ISO}, 7.3.5", p1=_CURRENT_RECORD, p1_says="record number",
        p2=choices(x04="record number P1 of the current file", x0C="of the file with short identifier 1"),
        p2_says="what P1 is, and of which file", data="the record"),
    Instruction(
        0xD2, "WRITE RECORD", "write a record, as the file's coding says", f"{ISO}, 7.3.4", p1=_CURRENT_RECORD,
        p1_says="record number", p2=choices(x04="record number P1 of the current file"),
        p2_says="what P1 is, and of which file", data="the record"),
    Instruction(
        0xE2, "APPEND RECORD", "add a record at the end", f"{ISO}, 7.3.6", p1=_ZERO, p2=choices(x00="the current file"),
        p2_says="short identifier × 8", data="the record"),
    Instruction(
        0xDA, "PUT DATA", "write a data object", f"{ISO}, 7.4.3", p1_says="tag, high byte", p2_says="tag, low byte",
        p1=choices(x00="a tag of one byte"), data="the value of the data object"),
    Instruction(
        0xDB, "PUT DATA", "write data objects, named in the data", f"{ISO}, 7.4.3", p1=choices(x3F="of the current DF"),
        p1_says="file identifier, high byte", p2=choices(xFF="of the current DF"), p2_says="file identifier, low byte",
        data="the data objects"),
    Instruction(
        0x20, "VERIFY", "present a PIN; without data, ask how many tries are left", f"{ISO}, 7.5.6", p1=_ZERO,
        p2=_REFERENCE, p2_says="which PIN", data="the PIN, which is a secret; a wrong one costs a try"),
    Instruction(
        0x24, "CHANGE REFERENCE DATA", "replace a PIN", f"{ISO}, 7.5.7",
        p1=choices(x00="old and new PIN follow", x01="the new PIN follows"), p1_says="what follows", p2=_REFERENCE,
        p2_says="which PIN", data="the PINs, which are secrets"),
    Instruction(
        0x2C, "RESET RETRY COUNTER", "unblock a PIN", f"{ISO}, 7.5.10",
        p1=choices(x00="unblocking code and new PIN follow", x01="unblocking code follows", x02="new PIN follows",
                   x03="nothing follows"),
        p1_says="what follows", p2=_REFERENCE, p2_says="which PIN", data="the codes, which are secrets"),
    Instruction(
        0x84, "GET CHALLENGE", "ask for random bytes", f"{ISO}, 7.5.3", p1=choices(x00="no algorithm is named"),
        p2=_ZERO, bodies=choices(x08="Le: 8 random bytes", x10="Le: 16 random bytes"), answers=True),
    Instruction(
        0x88, "INTERNAL AUTHENTICATE", "let the card prove that it knows a key", f"{ISO}, 7.5.2",
        p1=choices(x00="no algorithm is named"), p1_says="algorithm", p2=choices(x00="no key is named"), p2_says="key",
        data="the challenge for the card", answers=True),
    Instruction(
        0x82, "EXTERNAL AUTHENTICATE", "prove to the card that you know a key", f"{ISO}, 7.5.4",
        p1=choices(x00="no algorithm is named"), p1_says="algorithm", p2=choices(x00="no key is named"), p2_says="key",
        data="what the key made of the card's challenge"),
    Instruction(
        0x86, "GENERAL AUTHENTICATE", "a step of a longer authentication", f"{ISO}, 7.5.5",
        p1=choices(x00="no algorithm is named"), p1_says="algorithm", p2=choices(x00="no key is named"), p2_says="key",
        data="7C and what the step needs", answers=True),
    Instruction(
        0x22, "MANAGE SECURITY ENVIRONMENT", "say which keys and algorithms hold", f"{ISO}, 7.5.11",
        p1=choices(x41="set, for computing", x81="set, for verifying", xF3="restore"), p1_says="what to do",
        p2=choices(xA4="authentication", xB6="signature", xB8="confidentiality"), p2_says="for what",
        data="control references"),
    Instruction(
        0x2A, "PERFORM SECURITY OPERATION", "sign, verify, encipher, decipher", "ISO/IEC 7816-8",
        p1=choices(x9E="answers a signature", x80="answers plain data", x86="answers a cryptogram"),
        p1_says="tag of the answer",
        p2_after={0x9E: choices(x9A="of data to be signed"), 0x80: choices(x86="from a cryptogram"),
                  0x86: choices(x80="of plain data")},
        p2_says="tag of the data", data="what to work on", answers=True),
    Instruction(
        0x70, "MANAGE CHANNEL", "open or close a logical channel", f"{ISO}, 7.1.2",
        p1=choices(x00="open", x80="close"), p1_says="open or close",
        p2_after={0x00: choices(x00="the card chooses the number", x01="number 1", x02="number 2", x03="number 3"),
                  0x80: choices(x01="number 1", x02="number 2", x03="number 3")},
        p2_says="number of the channel", bodies_after={0x00: choices(x01="Le: the number of the channel")},
        answers=True),
    Instruction(
        0xC0, "GET RESPONSE", "fetch the answer that 61xx announced", f"{ISO}, 7.6.1", p1=_ZERO, p2=_ZERO, bodies=_ALL,
        answers=True),
    Instruction(
        0xC2, "ENVELOPE", "send a command that cannot be sent otherwise", f"{ISO}, 7.6.2", p1=_ZERO, p2=_ZERO,
        data="the command", answers=True),
    Instruction(
        0x44, "ACTIVATE FILE", "make a file usable", "ISO/IEC 7816-9", p1=choices(x00="the current file"), p2=_ZERO,
        p1_says="how the file is named", data="the file, or nothing"),
    Instruction(
        0x04, "DEACTIVATE FILE", "make a file unusable until it is activated", "ISO/IEC 7816-9",
        p1=choices(x00="the current file"), p2=_ZERO, p1_says="how the file is named", data="the file, or nothing"),
    Instruction(
        0xE0, "CREATE FILE", "make a file", "ISO/IEC 7816-9", p1=_ZERO, p2=_ZERO, data="62 and the file's parameters"),
    Instruction(
        0xE4, "DELETE FILE", "take a file away for ever", "ISO/IEC 7816-9", p1=choices(x00="the current file"),
        p2=_ZERO, p1_says="how the file is named", data="the file, or nothing"),
)


# --- GlobalPlatform ------------------------------------------------------------------------------------------------

_TAGGED = choices(x02="first answer, with tags", x03="next answer, with tags", x00="first answer, the older form",
                  x01="next answer, the older form")
_DATA_OBJECTS = {
    0x00: choices(x66="card recognition data", xE0="key information", xC1="sequence counter of the default keys",
                  x42="issuer identification number", x45="card image number", xCF="key diversification data"),
    0x9F: choices(x7F="CPLC, the chip's production data"),
    0x2F: choices(x00="list of applications"),
    0xFF: choices(x21="free memory and number of applications"),
}

GLOBAL_PLATFORM: tuple[Instruction, ...] = (
    Instruction(
        0x50, "INITIALIZE UPDATE", "begin a secure channel", f"{GP}, E.5.1",
        p1=choices(x00="the first keys there are", x01="key version 1", xFF="key version 255, of a new card"),
        p1_says="key version", p2=choices(x00="key identifier 0"), p2_says="key identifier", bodies=_EIGHT_BYTES,
        data="the host challenge, 8 random bytes", answers=True),
    Instruction(
        0x82, "EXTERNAL AUTHENTICATE", "finish the secure channel; a wrong one counts", f"{GP}, E.5.2",
        p1=choices(x00="no protection", x01="C-MAC", x03="C-MAC and encryption", x11="C-MAC and R-MAC",
                   x13="C-MAC, encryption and R-MAC", x33="C-MAC, encryption, R-MAC and R-encryption"),
        p1_says="security level", p2=_ZERO, bodies=choices(x10="Lc: 16 bytes follow"), data="host cryptogram and MAC"),
    Instruction(
        0xF2, "GET STATUS", "list what is on the card", f"{GP}, 11.4",
        p1=choices(x80="the issuer security domain", x40="applications and security domains",
                   x20="executable load files (packages)", x10="packages and their modules"),
        p1_says="what to list", p2=_TAGGED, p2_says="form of the answer",
        bodies=choices(x024F0000="4F 00: all of them"), data="4F and the beginning of an AID", answers=True),
    Instruction(
        0xCA, "GET DATA", "read a data object", f"{GP}, 11.3",
        p1=choices(x00="a tag of one byte", x9F="tags 9F…", x2F="tags 2F…", xFF="tags FF…"), p1_says="tag, high byte",
        p2_after=_DATA_OBJECTS, p2_says="tag, low byte", bodies=_ALL, answers=True),
    Instruction(
        0xE6, "INSTALL", "announce a package, install an applet, make it selectable", f"{GP}, 11.5",
        p1=choices(x02="for load", x0C="for install and make selectable", x04="for install", x08="for make selectable",
                   x20="for personalization", x10="for extradition", x40="for registry update"),
        p1_says="for what", p2=_ZERO, data="AIDs, privileges and parameters", answers=True),
    Instruction(
        0xE8, "LOAD", "send a block of a package", f"{GP}, 11.6",
        p1=choices(x00="more blocks follow", x80="last block"), p1_says="whether it is the last",
        p2=choices(x00="block 0"), p2_says="number of the block", data="the block", answers=True),
    Instruction(
        0xE4, "DELETE", "delete an application, a package or a key", f"{GP}, 11.2", p1=_ZERO,
        p2=choices(x00="this alone", x80="and what belongs to it"), p2_says="how much", data="4F and an AID, or a key",
        answers=True),
    Instruction(
        0xD8, "PUT KEY", "add or replace keys", f"{GP}, 11.8", p1=choices(x00="as a new key version"),
        p1_says="key version to replace, or 00", p2=choices(x81="several keys from identifier 1", x01="one key"),
        p2_says="key identifier, + 80 for several", data="the keys, encrypted", answers=True),
    Instruction(
        0xE2, "STORE DATA", "personalise an application", f"{GP}, 11.11",
        p1=choices(x80="last block", x00="more blocks follow", x88="last block, in DGI form",
                   x90="last block, in BER-TLV"),
        p1_says="last block, and form", p2=choices(x00="block 0"), p2_says="number of the block",
        data="what to store, perhaps a secret"),
    Instruction(
        0xF0, "SET STATUS", "change a life cycle state; some changes are for ever", f"{GP}, 11.10",
        p1=choices(x40="of an application", x60="of a security domain and its applications",
                   x80="of the card: jcopsh asks first"),
        p1_says="of what",
        p2_after={0x40: choices(x07="selectable", x83="locked"),
                  0x80: choices(x0F="SECURED, irreversible", x7F="CARD_LOCKED")},
        p2_says="the new state", data="the AID"),
    Instruction(
        0x70, "MANAGE CHANNEL", "open or close a logical channel", f"{GP}, 11.7", p1=choices(x00="open", x80="close"),
        p1_says="open or close", p2=choices(x00="the card chooses the number", x01="number 1"),
        p2_says="number of the channel", answers=True),
)

# --- PC/SC: for the reader -----------------------------------------------------------------------------------------

_BLOCK = "block, high byte"
_BLOCK_LOW = "block, low byte"
_KEY_TYPE = "what the key is for, and who keeps it"

READER: tuple[Instruction, ...] = (
    Instruction(
        0xCA, "GET DATA", "what a reader knows of a contactless card", PCSC,
        p1=choices(x00="the card's UID (its serial number; PUPI for type B)", x01="the card's historical bytes"),
        p1_says="what", p2=_ZERO, bodies=_ALL, answers=True),
    Instruction(
        0x82, "LOAD KEYS", "give the reader a key for storage cards", PCSC,
        p1=choices(x00="a card key, kept until the reader loses power", x20="a card key, kept for ever"),
        p1_says=_KEY_TYPE, p2=choices(x00="key number 0"), p2_says="number of the key in the reader",
        bodies=choices(x06="Lc: 6 bytes follow, a key of MIFARE Classic"), data="the key, which is a secret"),
    Instruction(
        0x86, "GENERAL AUTHENTICATE", "open a block of a storage card with a key that was loaded", PCSC, p1=_ZERO,
        p2=_ZERO, bodies=choices(x0501="version 01; block (2 bytes), key type (60: A, 61: B), key number follow"),
        data="01, block (2 bytes), key type (60: A, 61: B), key number"),
    Instruction(
        0xB0, "READ BINARY", "read a block of a storage card", PCSC, p1=choices(x00="blocks 0 to 255"), p1_says=_BLOCK,
        p2=choices(x00="block 0", x04="block 4"), p2_says=_BLOCK_LOW,
        bodies=choices(x10="Le: 16 bytes, a block of MIFARE Classic", x00="Le: as much as there is"), answers=True),
    Instruction(
        0xD6, "UPDATE BINARY", "overwrite a block of a storage card: jcopsh asks first", PCSC,
        p1=choices(x00="blocks 0 to 255"), p1_says=_BLOCK, p2=choices(x04="block 4"), p2_says=_BLOCK_LOW,
        bodies=choices(x10="Lc: 16 bytes, a block of MIFARE Classic", x04="Lc: 4 bytes, a page of MIFARE Ultralight"),
        data="what to write"),
    Instruction(
        0x20, "VERIFY", "present a code to a memory card: jcopsh asks first", PCSC, p1=_ZERO, p2=_ZERO,
        p2_says="which code", data="the code, which is a secret; a wrong one costs a try"),
)

_BY_FAMILY: Mapping[Family, tuple[Instruction, ...]] = MappingProxyType({
    Family.INTERINDUSTRY: INTERINDUSTRY, Family.GLOBAL_PLATFORM: GLOBAL_PLATFORM, Family.READER: READER,
})


def instructions(cla: int) -> tuple[Instruction, ...]:
    """The instructions that go with a class byte, the usual ones first; none for a proprietary class."""
    return _BY_FAMILY.get(family(cla), ())


def by_ins(instructions: Iterable[Instruction], ins: int) -> Instruction | None:
    """The instruction with that byte."""
    return next((one for one in instructions if one.ins == ins), None)


def named(ins: int) -> tuple[tuple[Family, Instruction], ...]:
    """Every instruction with that byte, and whose it is."""
    return tuple((whose, one) for whose, those in _BY_FAMILY.items() for one in those if one.ins == ins)
