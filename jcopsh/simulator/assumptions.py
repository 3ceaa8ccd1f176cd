"""What the simulated card does where no public source says what a real card does.

Each assumption is one named constant, shown to people through its `text`; what the code needs of it (a status word, an
address, an answer) it takes from its `value`.
Everything that is not listed here follows a seed, the vendor's pre-personalisation script or ISO/IEC 7816.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Assumption(Generic[T_co]):
    """One choice: its short `name`, a sentence for people (`text`), and the `value` the card works with."""

    name: str
    text: str
    value: T_co


UNSELECTED = Assumption(
    "no application selected",
    "An unfused card with nothing selected answers 6A82 to every well-formed command but IDENTIFY and a right SELECT, "
    "whatever its class and instruction. INS 00 therefore fuses nothing there.",
    0x6A82,
)
TRANSPORT_KEY_TRIES = Assumption(
    "transport key tries",
    "A wrong transport key is answered 6A82 and is not counted: there is no limit of tries.",
    None,
)
TRANSPORT_KEY_AFTER_FUSE = Assumption(
    "transport key after FUSE",
    "After FUSE the transport key selects nothing any more: 6A82.",
    0x6A82,
)
ROOT_COMMANDS_AFTER_FUSE = Assumption(
    "root commands after FUSE",
    "After FUSE the root applet is gone at once; READ, WRITE, BOOT, PROTECT and FUSE are answered 6D00.",
    0x6D00,
)
BOOT_VARIANTS = Assumption(
    "two variants of BOOT",
    "boot=wipe: BOOT restores the defaults of the configuration, clears the protection and makes new random keys and "
    "a new GPIN. boot=keep: BOOT only starts the card; keys and configuration stay.",
    ("wipe", "keep"),
)
BOOTED_STAYS = Assumption(
    "how long a card stays booted",
    "With boot=wipe a card that was booted once stays booted across resets, so that READ and WRITE then need the "
    "transport key only. With boot=keep every reset asks for a BOOT again.",
    ("wipe",),
)
NOT_BOOTED = Assumption(
    "before BOOT",
    "READ, WRITE, PROTECT and FUSE are answered 6985 until the card is booted.",
    0x6985,
)
HEADER_TAIL_IGNORED = Assumption(
    "P1, P2 and body of BOOT, PROTECT and FUSE",
    "BOOT, PROTECT and FUSE look at CLA 00 and INS alone; P1, P2, data and Le are ignored. This is the most dangerous "
    "reading, chosen so that a careless command shows its effect here and not on a real card.",
    True,
)
READABLE_RANGE = Assumption(
    "readable memory",
    "C000F0 to C095FF can be read and written, on every profile; this range was seen on one J2A040 only.",
    (0xC000F0, 0xC095FF),
)
OUTSIDE_MEMORY = Assumption(
    "outside the memory",
    "A READ or WRITE that touches a byte outside the readable memory is refused whole with 6B00.",
    0x6B00,
)
READ_WITHOUT_LE = Assumption(
    "READ without Le",
    "On T=1 a READ without Le, or with data, and a WRITE without data are answered 6700.",
    0x6700,
)
PROTECTED = Assumption(
    "after PROTECT",
    "After PROTECT, WRITE is answered 6985 and READ still works, until a BOOT that wipes.",
    0x6985,
)
CARD_MANAGER_START = Assumption(
    "when the card manager answers",
    "The card manager answers after a reset, once all three CM keys differ from the random ones, or once the card is "
    "fused, whatever its keys. It is then the application selected after every reset. A BOOT that wipes stops it.",
    True,
)
CARD_MANAGER_FCI = Assumption(
    "the card manager's answer to SELECT",
    "Every profile answers SELECT of A000000003000000 with the file control information of seed 001's fused card.",
    bytes.fromhex(
        "6F658408A000000003000000A5599F6501FF9F6E06479100783300734A06072A864886FC6B01600C060A2A864886FC6B0202010163090607"
        "2A864886FC6B03640B06092A864886FC6B040215650B06092B8510864864020103660C060A2B060104012A026E0102"
    ),
)
CARD_MANAGER_COMMANDS = Assumption(
    "the card manager's commands",
    "The card manager has no secure channel yet: INITIALIZE UPDATE, GET DATA (CPLC too) and every other command are "
    "answered 6D00.",
    0x6D00,
)
WRONG_SELECT_PARAMETERS = Assumption(
    "other kinds of SELECT",
    "A SELECT other than by name, first occurrence (P1-P2 = 0400), is answered 6A86 where an application is selected. "
    "A name counts only if it is complete.",
    0x6A86,
)
SELECTION_STAYS = Assumption(
    "a SELECT that fails",
    "A SELECT answered 6A82, IDENTIFY too, leaves the application selected that was selected before (ISO/IEC 7816-4).",
    True,
)
IDENTIFY_ANSWER = Assumption(
    "IDENTIFY of both profiles",
    "Both profiles answer IDENTIFY with the data of seed 001's J2A040; only the fuse byte changes.",
    bytes.fromhex("04310033000000004E5830313143000339F873"),
)
SHORT_LE = Assumption(
    "Le shorter than the answer",
    "On T=1 an Le shorter than an answer of fixed length (IDENTIFY, SELECT) gets 6Cxx with the right length and no "
    "data; without Le the whole answer comes, as in seed 001.",
    0x6C13,
)
IDENTIFY_ON_T0 = Assumption(
    "IDENTIFY on T=0",
    "On T=0 IDENTIFY is answered 6113, and GET RESPONSE brings the 19 bytes together with 6A82.",
    0x6113,
)
GET_RESPONSE_EXACT = Assumption(
    "GET RESPONSE on T=0",
    "GET RESPONSE must ask for exactly the waiting length, else 6Cxx and the data keeps waiting; any other command, "
    "also a malformed one, drops it. With nothing waiting: 6985.",
    0x6985,
)
CLASS_BITS = Assumption(
    "class bytes",
    "Where an application is selected, or the card is fused: logical channels are answered 6881, secure messaging "
    "6882, chaining 6884, and classes it does not know 6E00. READ and WRITE exist with CLA C0 only.",
    (0x6881, 0x6882, 0x6884, 0x6E00),
)
FACTORY_MEMORY = Assumption(
    "memory from the factory and after a wiping BOOT",
    "The vendor script's values for IFSC, C0029A and both reset blocks, historical bytes JCOPv241, DA and 0F, random "
    "CM keys, key versions FF, a random GPIN of 5 bytes, and 00 everywhere else. A card has random keys before its "
    "first BOOT too.",
    0x00,
)
CM_LIFECYCLE_ADDRESS = Assumption(
    "CM_LIFECYCLE",
    "CM_LIFECYCLE stands at C00400 and is 00 from the factory. The address is the simulator's own: no public source "
    "gives that of a real card. The simulated card does not act on its value.",
    0xC00400,
)
INVALID_ATR_BLOCK = Assumption(
    "an ATR that cannot be",
    "When the interface or historical bytes of a reset block make no valid ATR, that reset answers the factory ATR. "
    "A real card might stay mute.",
    "factory",
)
PROTOCOL_FROM_ATR = Assumption(
    "the protocol after a reset",
    "The card speaks the first protocol its ATR offers, or the one TA2 demands. The bytes before the interface bytes "
    "(C00123 to C00125, C00146 to C00148) and IFSC are kept but change nothing.",
    "ATR",
)
NO_POWER = Assumption(
    "a command without power",
    "A command to a card without power is logged, does nothing and is answered 6F00; a warm reset of it is a cold one.",
    0x6F00,
)
MEMORY_FAILURE = Assumption(
    "the state file cannot be written",
    "When the state file or the log cannot be written, the command does nothing and is answered 6581 (memory failure).",
    0x6581,
)

FILES_PIN = Assumption(
    "files: PIN and PUK",
    "The PIN of the card with files is 1234 (reference 01, 3 tries), its PUK 87654321 (10 tries), both in ASCII and "
    "unpadded, and no secrets. Once verified, the PIN holds on every channel until the reset.",
    (b"1234", b"87654321"),
)
FILES_TRIES = Assumption(
    "files: asking for the tries left",
    "VERIFY without data changes nothing: 9000 where the PIN is verified, 63Cx with the tries left, 6983 when blocked. "
    "A wrong value of any length counts as a try, and takes a verification back.",
    0x63C0,
)
FILES_SELECT = Assumption(
    "files: SELECT",
    "An identifier is looked for among the files in the current DF, then it, its parent, and what stands beside it. "
    "Names count only if complete. There is no next occurrence: 6A82. A deactivated file is selected with 6283.",
    0x6283,
)
FILES_DEACTIVATED = Assumption(
    "files: a deactivated file",
    "Reading or changing a deactivated file is answered 6985.",
    0x6985,
)
FILES_OFFSET = Assumption(
    "files: beyond the end of a file",
    "An offset at or behind the end is answered 6B00. UPDATE BINARY past the end writes nothing: 6A84. A READ BINARY "
    "that asks for more than is left gets it with 6282, unless Le is 00, which asks for all there is.",
    0x6B00,
)
FILES_RECORDS = Assumption(
    "files: records",
    "Records are addressed by number, one or all from a number on; the other ways are answered 6A81. Record 1 of the "
    "cyclic file is the newest, and it is written by the mode previous or by APPEND RECORD.",
    0x6A81,
)
FILES_OBJECTS = Assumption(
    "files: data objects",
    "GET DATA with INS CA answers the value alone, with CB the data objects of the tag list (5C; empty: all that may "
    "be read), for P1-P2 = 3FFF. PUT DATA changes what is there and makes nothing new.",
    0x6A88,
)
FILES_CHANNELS = Assumption(
    "files: logical channels",
    "Channels 1 to 3 can be opened. One opened from the basic channel begins at the MF, from another one in its DF. "
    "Closing a channel that is not open is answered 6200, closing the basic one 6A86.",
    (1, 2, 3),
)
FILES_MADE = Assumption(
    "files: CREATE FILE and DELETE FILE",
    "With the PIN verified, transparent files, files of fixed records and DFs can be made; they are active at once, "
    "free to read, and changed and deleted with the PIN. A DF is deleted only when empty. The factory's files stay.",
    0x6982,
)
FILES_ROOM = Assumption(
    "files: memory",
    "There is room for 65,535 bytes of files that were made; beyond it 6A84.",
    65535,
)
FILES_IDENTIFY = Assumption(
    "files: who the card is",
    "The card with files is no JCOP: IDENTIFY is answered 6A82 without data, and INS 00 is unknown to it (6D00).",
    0x6A82,
)

ASSUMPTIONS: tuple[Assumption[object], ...] = (
    UNSELECTED,
    TRANSPORT_KEY_TRIES,
    TRANSPORT_KEY_AFTER_FUSE,
    ROOT_COMMANDS_AFTER_FUSE,
    BOOT_VARIANTS,
    BOOTED_STAYS,
    NOT_BOOTED,
    HEADER_TAIL_IGNORED,
    READABLE_RANGE,
    OUTSIDE_MEMORY,
    READ_WITHOUT_LE,
    PROTECTED,
    CARD_MANAGER_START,
    CARD_MANAGER_FCI,
    CARD_MANAGER_COMMANDS,
    WRONG_SELECT_PARAMETERS,
    SELECTION_STAYS,
    IDENTIFY_ANSWER,
    SHORT_LE,
    IDENTIFY_ON_T0,
    GET_RESPONSE_EXACT,
    CLASS_BITS,
    FACTORY_MEMORY,
    CM_LIFECYCLE_ADDRESS,
    INVALID_ATR_BLOCK,
    PROTOCOL_FROM_ATR,
    NO_POWER,
    MEMORY_FAILURE,
    FILES_PIN,
    FILES_TRIES,
    FILES_SELECT,
    FILES_DEACTIVATED,
    FILES_OFFSET,
    FILES_RECORDS,
    FILES_OBJECTS,
    FILES_CHANNELS,
    FILES_MADE,
    FILES_ROOM,
    FILES_IDENTIFY,
)
"""Every assumption, in the order in which they are shown."""
