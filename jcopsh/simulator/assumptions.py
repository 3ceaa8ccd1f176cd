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
    "A JCOP 2.4.1 answers SELECT of A000000003000000 with the file control information of seed 001's fused card; a "
    "JCOP 2.4.2R3 with one of the same build, a JCOP 4 with a short one.",
    "479100783300",
)
WRONG_SELECT_PARAMETERS = Assumption(
    "other kinds of SELECT",
    "A SELECT other than by name, first or next occurrence (P1-P2 = 0400 or 0402), is answered 6A86 where an "
    "application is selected. A name of 5 bytes or more may begin an AID; the transport key must be whole.",
    0x6A86,
)
SELECTION_STAYS = Assumption(
    "a SELECT that fails",
    "A SELECT answered 6A82, IDENTIFY too, leaves the application selected that was selected before (ISO/IEC 7816-4).",
    True,
)
IDENTIFY_ANSWER = Assumption(
    "IDENTIFY",
    "A JCOP 2.4.1 answers IDENTIFY with the data of seed 001's J2A040, j2e145 with that of a published J2E145; only "
    "the fuse byte changes.",
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
    "also a malformed one, drops it. Its class is 00, or that of the command it follows. With nothing waiting: 6985.",
    0x6985,
)
CLASS_BITS = Assumption(
    "class bytes",
    "Where an application is selected, or the card is fused: logical channels that are not open are answered 6881, "
    "secure messaging 6882, chaining 6884, and classes it does not know 6E00. READ and WRITE exist with CLA C0 only, "
    "and the root applet does not know MANAGE CHANNEL: 6D00.",
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

GP_KEYS = Assumption(
    "GlobalPlatform: keys of the card manager",
    "CM_KEY 1 to 3 are ENC, MAC and DEK of the issuer security domain, under the version at C00301, until the first "
    "PUT KEY. The personalised cards have 40 to 4F in all three, under FF. A BOOT that wipes takes everything back.",
    0xFF,
)
GP_J3R180_KEYS = Assumption(
    "GlobalPlatform: key sets of j3r180",
    "j3r180 has 40 to 4F as AES keys of version FF, which open SCP03 with i=70, and as 3DES keys of version 20, which "
    "open SCP02 with i=55. A version of 00 asks for FF.",
    0x20,
)
GP_INITIAL_KEYS = Assumption(
    "GlobalPlatform: the first PUT KEY",
    "The first key set that PUT KEY adds takes the place of the initial one, version FF; later ones stand side by "
    "side. The last set that can open a channel cannot be deleted: 6985.",
    0x6985,
)
GP_TRIES = Assumption(
    "GlobalPlatform: tries of authentication",
    "Each INITIALIZE UPDATE takes one of 10 tries of its security domain, and a successful EXTERNAL AUTHENTICATE gives "
    "all back. Without tries left INITIALIZE UPDATE is answered 6983, for ever. This is the most dangerous reading.",
    10,
)
GP_COUNTER = Assumption(
    "GlobalPlatform: sequence counter",
    "The counter starts at 0000. SCP02 counts a successful EXTERNAL AUTHENTICATE, SCP03 every INITIALIZE UPDATE, "
    "before it answers. All key sets of a security domain share it; at its end INITIALIZE UPDATE is answered 6985.",
    0x6985,
)
GP_AUTHENTICATION = Assumption(
    "GlobalPlatform: a failed authentication",
    "A wrong host cryptogram is answered 6300; a wrong C-MAC of EXTERNAL AUTHENTICATE 6982; one without INITIALIZE "
    "UPDATE right before it 6985; a key version that is not there 6A88; a security level that i does not offer 6A86.",
    0x6300,
)
GP_CHANNEL = Assumption(
    "GlobalPlatform: commands outside a secure channel",
    "Without a secure channel, or unprotected where the level asks for C-MAC, everything but SELECT, GET DATA and "
    "INITIALIZE UPDATE is answered 6982. A wrong MAC is answered 6982 and ends the channel. Of a protected command "
    "that it does not know the MAC is checked before it is answered 6D00.",
    0x6982,
)
GP_CARD_DATA = Assumption(
    "GlobalPlatform: card data of JCOP 2.4.1",
    "A JCOP 2.4.1 answers GET DATA 0066 with 6985 outside a secure channel, as in seed 001; the others answer it.",
    True,
)
GP_PRODUCTION_DATA = Assumption(
    "GlobalPlatform: CPLC",
    "The production data are invented where they say more than seed 001 and the published CPLC of one JCOP 4; each "
    "new card has a random serial number of its own in them. IIN and CIN are there only once STORE DATA put them.",
    {
        "j2a040": bytes.fromhex(
            "479050404791007833002102120210256095481021040000000000000000000000000000000000000000"
        ),
        "j2e145": bytes.fromhex(
            "4790504047912341000032211A1B2C3D4123448103220000000000000000000000000000000000000000"
        ),
        "j3r180": bytes.fromhex(
            "4790D32147000000000083456E6E6E50524300000000000000005758594E4E4E4E4E0000000000000000"
        ),
    },
)
JCOP4_IDENTIFICATION = Assumption(
    "GlobalPlatform: identification of JCOP 4",
    "j3r180 answers GET DATA 00FE with the published identification of one JCOP 4, and knows no IDENTIFY.",
    bytes.fromhex(
        "010C0001B90C91154CB8C02A00AA0208000000000000000003184A3352363030303337333138313230306D20B6197D635E7C050100060400"
        "00D81F0701010808B3375FE9B5508BC40901030A0855606FD4BEECF3CD"
    ),
)
GP_ROOM = Assumption(
    "GlobalPlatform: memory",
    "Packages and instances have 65,536 bytes: a package takes the size of its load file, an instance 128 bytes and "
    "its parameters. Where they do not fit: 6A84. Free RAM (FF21) is always told as 4,096 bytes.",
    65536,
)
GP_INSTANCE_SIZE = Assumption(
    "GlobalPlatform: size of an instance",
    "An instance takes 128 bytes, and those of its install parameters.",
    128,
)
GP_INSTALLER = Assumption(
    "GlobalPlatform: what the installer refuses",
    "INSTALL [for load] of an AID that a package, a module or an instance has: 6985 (seed 003). The same for a "
    "module's AID, at the last LOAD, and for an instance's, unless it is that of its own module. A load file or "
    "module that is not there: 6A88. One that cannot be read, or is of another package: 6A80.",
    0x6985,
)
GP_IMPORTS = Assumption(
    "GlobalPlatform: imports",
    "A load file that imports a package that is not there, or a newer version of it, gets 6438 at the last LOAD. "
    "In ROM are java.lang, javacard.framework, javacard.security, javacardx.crypto and org.globalplatform, as in Java "
    "Card 2.2.2 (j2a040), 3.0.1 (j2e145) and 3.0.5 (j3r180).",
    0x6438,
)
GP_LOADING = Assumption(
    "GlobalPlatform: a load in progress",
    "Blocks of LOAD come in order from 00 to FF. Another number, a block after the last or any other command ends the "
    "load and leaves nothing behind; LOAD is then answered 6985.",
    0x6985,
)
GP_DELETE = Assumption(
    "GlobalPlatform: DELETE",
    "A package with instances, one that another package imports, one in ROM, the issuer security domain, a domain "
    "that something belongs to, and what is selected on any channel are refused with 6985. A module alone cannot be "
    "deleted: 6A88.",
    0x6985,
)
GP_STATUS = Assumption(
    "GlobalPlatform: GET STATUS",
    "Entries are answered whole, up to 232 bytes at once, then 6310. A JCOP 2.4.1 knows the form without tags only "
    "(6A86 for the other). Nothing found is 6A88, criteria other than the AID 6A80.",
    232,
)
GP_PUT_KEY = Assumption(
    "GlobalPlatform: PUT KEY",
    "Every key must come with its check value; a wrong one is answered 9485, a type that the card does not know 9484, "
    "a version that is there already, or is not, 6A88. New versions are 01 to 7F. An AES key may come "
    "with its length before it (Amendment D) or without (as yubikit sends it). DGIs with keys are refused: 6A88, and "
    "keys that come in more than one PUT KEY (P1 80 and above) 6A86.",
    0x9485,
)
GP_STORED = Assumption(
    "GlobalPlatform: STORE DATA",
    "STORE DATA keeps IIN (42), CIN (45) and card data (66) in the security domain, as TLV or in the DGI 0070. Any "
    "other object is answered 6A88. An installed applet takes no data: 6985.",
    0x6A88,
)
GP_LIFE_CYCLE = Assumption(
    "GlobalPlatform: life cycle",
    "The card goes forwards only, but for CARD_LOCKED back to SECURED; other ways are answered 6985. A locked card "
    "selects its issuer security domain only, with 6283; a terminated one answers GET DATA, and else 6985. To unlock a "
    "security domain with its applications (P1 60) unlocks those too that were locked by themselves before.",
    0x6985,
)
GP_SELECT = Assumption(
    "GlobalPlatform: installed applets",
    "An installed applet answers SELECT with 9000 and no data, and any other command with 6D00. One that is locked or "
    "not selectable is not found: 6A82.",
    0x6D00,
)
GP_LOGICAL_CHANNELS = Assumption(
    "GlobalPlatform: logical channels",
    "Once the card manager answers, channels 1 to 3 can be opened, each with its own selection and its own secure "
    "channel, as Java Card 2.2.2 has them; 4 to 19 are answered 6881. No free channel, or closing the basic one: 6A81; "
    "opening an open one 6A86, closing one that is not 6200. A locked card opens none: 6881. The root applet knows "
    "the basic channel alone, and selecting it closes the others.",
    (1, 2, 3),
)
GP_MULTISELECTABLE = Assumption(
    "GlobalPlatform: one applet on two channels",
    "Security domains can be selected on several channels at once. An installed applet cannot, nor can two of one "
    "package: 6985. A real card decides by the applet's code, which the simulated card does not read.",
    0x6985,
)
GP_DOMAINS = Assumption(
    "GlobalPlatform: security domains",
    "Security domains are made from A000000151535041 only; other modules with that privilege are refused: 6A80. One "
    "without keys uses those of the domain it belongs to. Only the issuer's, and those with Authorized Management, "
    "change content: 6985.",
    0x6985,
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
    GP_KEYS,
    GP_J3R180_KEYS,
    GP_INITIAL_KEYS,
    GP_TRIES,
    GP_COUNTER,
    GP_AUTHENTICATION,
    GP_CHANNEL,
    GP_CARD_DATA,
    GP_PRODUCTION_DATA,
    JCOP4_IDENTIFICATION,
    GP_ROOM,
    GP_INSTANCE_SIZE,
    GP_INSTALLER,
    GP_IMPORTS,
    GP_LOADING,
    GP_DELETE,
    GP_STATUS,
    GP_PUT_KEY,
    GP_STORED,
    GP_LIFE_CYCLE,
    GP_SELECT,
    GP_LOGICAL_CHANNELS,
    GP_MULTISELECTABLE,
    GP_DOMAINS,
)
"""Every assumption, in the order in which they are shown."""
