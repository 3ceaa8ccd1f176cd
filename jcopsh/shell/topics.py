"""The topics of `help`: what a beginner needs to know, each on half a screen.

A text is paragraphs with an empty line between them. Indented lines stand as they are; `- ` begins an item. What is not
certain says so: (seen) stands in a public source, (inferred) follows from several, and unknown is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jcopsh.shell.other_tools import TOOLS, Tool


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: the name it is asked for by, a title, its text, and other names that lead to it."""

    name: str
    title: str
    text: str
    aliases: tuple[str, ...] = ()

    def entry(self, word: str) -> str:
        """The item that explains a word, which stands before its colon; empty where there is none."""
        for item in re.findall(r"^- (.+(?:\n  .+)*)", self.text, re.MULTILINE):
            if word.lower() in item.partition(":")[0].lower().split(", "):
                return f"- {item}"
        return ""


class TopicBook:
    """All topics by name. `generation` counts the changes."""

    def __init__(self) -> None:
        self._topics = {topic.name: topic for topic in TOPICS}
        self.generation = 0

    def add(self, topic: Topic) -> None:
        """Add a topic, or replace the one of that name."""
        self._topics[topic.name] = topic
        self.generation += 1

    def get(self, name: str) -> Topic | None:
        """The topic of that name or alias, in any case of letters."""
        wanted = name.lower()
        return next((topic for topic in self._topics.values()
                     if wanted in map(str.lower, (topic.name, *topic.aliases))), None)

    def all(self) -> tuple[Topic, ...]:
        """All topics in order."""
        return tuple(self._topics.values())


UNFUSED_CARDS = Topic("unfused cards", "Why a new card seems dead, and what to do", """
A JCOP card leaves the factory unfused. The buyer is expected to set it up first: its ATR, its protocol, the
keys of its card manager. Until then it answers 6A82, "not found", to nearly everything, so that it looks
broken. It is not.

Its ATR looks like any other and does not tell. IDENTIFY does: byte 15 of the answer is 00 on an unfused card
and 01 on a fused one (seed 001). The answer comes together with 6A82; that is right.

    identify              not fused? then you need its transport key
    select tk             the root applet; wrong key: 6A82 again
    read cm_key1          if this works, do not boot
    boot                  else: start the card. Destructive, see below
    read cm_key1          the three keys, and gpin: kept in the key store
    write cm_key1 …       keys of your own, if you want them
    protect, fuse         the last steps; the checklist says what is missing, help fuse what they do

BOOT resets everything to the factory state and makes new random keys, by seed 000; seed 002 only says "boot".
Which cards do which is unknown, so READ is tried first. Keys that were read before a boot may not be the
card's afterwards.

Before any of this you can practise: jcopsh --sim starts a simulated card that nobody can ruin.
""")

TRANSPORT_KEY = Topic("transport key", "The 16 bytes that open an unfused card", """
The root applet of an unfused card has a secret name: its AID is the transport key, TK, of 16 bytes (seen:
seeds 000 and 002). Selecting it is knowing it:

    00 A4 04 00 10 <16 bytes>        9000: right.  6A82: wrong

The seller of the card has it. It is not the key 40 41 … 4F that everybody knows: that one is for the card
manager, later. Without the transport key nothing can be done with an unfused card.

    select tk             takes the key that worked before, or asks for it
    select tk KEY         KEY in hex, or |text|

The question does not show what you type. A key that the card takes goes into the key store, so that you need
not type it again. It never stands in the history, the journal or an error.

Whether cards count wrong keys is unknown. jcopsh never tries one key after the other by itself, and you
should not either.
""")

MEMORY_MAP = Topic("memory map", "Addresses, fields, and how sure they are", """
The configuration memory of an unfused card is read and written by address. The 24 bits of an address are the
CLA, P1 and P2 of the command, and only CLA C0 is publicly known, so that addresses are 0xC0hhll:

    C0 B0 03 05 10            read 16 bytes at 0xC00305
    C0 D6 03 05 10 <data>     write them (C0 B6 in one public answer is a misprint)

A memory map names what lies where: cm_key1 is 0xC00305. Fields differ from model to model. A J2A040 has the
historical bytes of its ATR at 0xC00136 by the vendor's script; seed 000 writes them at 0xC00137. Both are
maps here:

    set map j2a040        or j2a081; auto goes by the card
    read cm_key1          a field; cm_key1+4 is a place in it
    read 0xC00305 16      the same by address

Auto takes the map of a simulated card from its profile. For a real card it can only go by IDENTIFY and the
ATR, which do not tell for certain: the prompt then shows the model with a question mark.

Each field has two marks, for its place and for its meaning: seen, inferred, assumed or unknown. Where
CM_LIFECYCLE lies is not public (seed 002 says only that it must become 01); no map of a real card lists it.
""")

FUSE = Topic("fuse", "PROTECT and FUSE: the two last steps", """
    00 10 00 00    PROTECT    the configuration can no longer be written
    00 00 00 00    FUSE       the root applet is gone, for ever

Seed 000 guesses that PROTECT lasts until the next BOOT; nobody has shown it. FUSE is final: no command, no
key and no seller brings the root applet back.

A card does not need to be fused to be used: seed 000 says that the card manager answers once its keys are
written, seed 002 says "probably"; whether it takes a reset is unknown. But an unfused card is open to anyone
who has its transport key. Fuse a card that leaves your hands, not one that you learn with.

Both show a checklist first. Its most important line: which of the three keys is ENC, MAC and DEK is not
certain, so three different keys in the wrong order lock you out of a fused card. Authenticate once with the
keys as written before you fuse. Or write the same key three times: no order is wrong then. The checklist marks
that as missing, for one key should not do the work of three; replace it once the card manager answers.

Then you are asked to type the word and a random code, at the terminal. Nothing else stands in for that: no
option, no script, no text made before the question, which cannot hold the code. A paste that the terminal
announces (a bracketed paste) is refused too; one that it does not announce looks like typing.

FUSE is four zero bytes, which is why every command with INS 00 is asked about.
""")

APDU = Topic("APDU", "How a command and its answer are built", """
A card does nothing by itself: it gets a command APDU and gives a response APDU (ISO/IEC 7816-4, 5.1 to 5.3).

    CLA INS P1 P2   [Lc data]   [Le]          data           SW1 SW2
    00  A4  04 00    08 A000…    00     →     6F 65 84 …      90  00

- CLA, the class: 00 for what ISO defines, 80 for GlobalPlatform, C0 for the memory of an unfused JCOP.
- INS, the instruction: A4 is SELECT, B0 reads, D6 writes, CA is GET DATA.
- P1 and P2 say more: 04 00 after A4 is "by name".
- Lc counts the data that follow. Absent: there are none.
- Le is how many bytes you want back, 00 for up to 256. Absent: none.

SW1 and SW2, the status word, end every answer: 9000 is well done. Data may come with another one too:
IDENTIFY brings its data with 6A82.

    send 00A4040009A000000167413000FF00 *6A82

sends those bytes and expects that status word. A line that is nothing but bytes is sent as well, in any notation:
CLA=00 INS=A4 P1=04 P2=00 and C0-B0-03-05-10 too (help bytes). While you type,
Tab offers the bytes that may come next, and below the line stands which part they are. help A4 explains an
instruction, help 6A82 a status word.

Over T=0 a card answers 61xx where data wait, and 6Cxx where Le was wrong; jcopsh follows both unless you say
get-response off.
""")

STATUS_WORDS = Topic("status words", "What 6A82, 6985 and the others say", """
Every answer of a card ends with two bytes. jcopsh says them in words, and help 6985 more of one. These are the
ones you will meet:

    9000   well done
    61xx   well done, xx bytes of answer wait (GET RESPONSE)
    63Cx   wrong PIN, x tries are left
    6700   the length fields do not fit the command
    6982   not authenticated
    6983   blocked: too many wrong tries
    6985   not now: e.g. READ before BOOT, WRITE after PROTECT (assumed)
    6A80   something in the data is wrong
    6A82   not found: no such application or file, or a wrong transport key
    6A86   P1 or P2 is wrong;  6B00 likewise, e.g. beyond the memory
    6A88   not found, for keys: e.g. a wrong key version
    6Cxx   Le was wrong, xx is right
    6D00   the card does not know this INS;  6E00  nor this CLA

A status word is about the command it answers. 6A82 to SELECT on an unfused card means only that it is
unfused; the same 6A82 with data after it is how IDENTIFY answers. Which of these words an unfused card gives
for READ before BOOT or WRITE after PROTECT is not public: the simulated card chooses, and says so.
""", aliases=("61xx", "62xx", "63xx", "63Cx", "6Cxx", "SW"))

BYTES = Topic("bytes", "The ways to write bytes", """
Wherever bytes are wanted, any of these will do, and they mix:

    4A434F50              hex, small letters or capitals
    4A 43 4F 50           with blanks
    4A:43:4F:50           with colons or commas
    0x4A, 0x43            with 0x, as in a program
    |JCOP|                text, as JCShell writes it
    #(|JCOP|)             a length byte, then the bytes: 04 4A 43 4F 50
    C9#(|JCOP|)           mixed: C9 04 4A 43 4F 50
    4A-43-4F-50           with hyphens, between bytes
    {0x4A, (byte)0x43}    as C and Java write them; "\\x4A\\x43" likewise

The blanks and dashes of web pages count as blanks and hyphens.

For a command APDU there are also

    00A4040000 *6A82                  expect this status word (JCShell)
    A40400:A000000003000000/00        [CLA]INS[P1P2][:DATA][/LE][=SW] (ykman)
    CLA=C0 INS=B0 P1=03 P2=05 Lc=10   with labels, in hex and in this order, as in seed 002
    -> C0 B0 03 05 10                 a line of a trace, alone on its line

Of a trace the commands are sent: ->, =>, >>, Command -> and A>> T=1 (4+0001) begin them. Passed over, with a word,
are answers, and what opens a secure channel or was wrapped by one: no challenge of a trace comes again.

Numbers are something else: a length is decimal, 16, or 0x10. An address is always hexadecimal, 0xC00305 or
C00305.

A digit too few or too many is pointed at, and nothing is sent. Inside |…| a ; and a # are text. Quotes hold
words together: "00 A4 04 00". Outside, ; stands between two commands, and # at the start of a word begins a
comment.
""")

INTERLOCK = Topic("interlock", "What asks before it is sent", """
Every byte string that goes to the card passes one gate, whoever sends it: a command, a raw send, a script, a
plugin. The gate looks at the bytes and at what is known of the card, and at nothing else.

Irreversible:

- FUSE and PROTECT, and any other command with INS 00 or 10, unless the card is known to be fused (identify shows
  it; of JCOP 4 it is inferred from its transport state)
- WRITE of a life-cycle byte in the memory, or beyond the last address
- SET STATUS of the card or of its issuer's security domain: INITIALIZED, SECURED, CARD_LOCKED, TERMINATED; and
  CARD_LOCKED or TERMINATED as the state of anything
- DELETE of keys; STORE DATA and PUT DATA of what a card takes once; each where the data cannot be read as well
- TERMINATE DF, TERMINATE EF and TERMINATE CARD USAGE
- ENVELOPE, unless the card is known to be fused and what is inside can be read; that is then judged by itself

You are shown what will happen and asked to type the word and a random code, such as fuse 7K4Q. The question is
asked at the terminal itself, and what was typed or pasted before does not count. No option, setting or script
answers it. Without a terminal it is refused, and jcopsh ends with exit code 3.

Destructive:

- BOOT; WRITE of keys and PINs, or of places that no map names; an instruction to the root applet that nobody has
  published
- PUT KEY; DELETE of applications, packages and files
- INSTALL that gives an application to another security domain, or changes privileges
- RESET RETRY COUNTER; a PIN of which one try is left
- for the reader (reader-send): LOAD KEYS into its lasting memory, writing to a storage card, a PIN of a memory
  card, a command of the reader's maker

A yes is asked for; --yes on the line, or on the run of a script, answers it. auth asks for a yes of its own before
keys are tried on a card that may lock itself; --yes answers it only where nothing speaks against the keys.

Everything else goes through. When the bytes or the state leave room for doubt, the stricter reading holds:
four zero bytes sent to a card that was just put in are treated as FUSE, because they might be.

A simulated card asks in the same way, so that the habit is the same. This guards against accidents and
ordinary plugins. It does not guard against a program that you run and that means harm.
""")

SECRETS = Topic("secrets", "Where keys go, and where they do not", """
Keys, PINs and transport keys are shown by their check value, never by their bytes:

    cm_key1    3DES KCV 8BAF47

The check value is what 3DES makes of eight zero bytes, its first three (GlobalPlatform 2.3.1, B.6). Two keys
with the same one are in practice the same key; 3DES does not look at the lowest bit of each byte.

- --reveal, behind read, write, dump and send, and it alone, brings the bytes to the screen. It goes with no >, | or
  --save. Where jcopsh -c writes elsewhere because your shell says so (jcopsh -c 'read cm_key1 --reveal' | …), they go
  there: who types both has asked for it.
- The key store is a file for you alone (mode 0600). A key that is read from a card is in it, and one that is
  written is in it before it is sent; so is the transport key that a card took. write reads what it is about to
  overwrite; a raw WRITE by send does not. status says where the file is. Keys of simulated cards have a file
  of their own.
- The history keeps a line with ‹16 bytes› where a key stood. Such a line cannot be run again as it is: type
  the key anew.
- The journal records every exchange, with <name:16:8BAF47> where a key stood.
- A key is known by its place in a memory map, by the command that carries it, or because it was met before.
  Memory that no map names is shown as it is: on a card of an unknown model, its keys may lie there.

select tk and write cm_key1 without a key ask for it without showing it. A key on the command line of jcopsh
itself, after -c, is in your shell's history, which jcopsh cannot help.
""")

THE_LINE = Topic("the line", "Keys, pastes, files and programs: what a line can do", """
Tab offers what can stand at the cursor, each with its meaning: commands, fields, AIDs, files, readers, and the
next byte of an APDU. Below the line stands what the part at the cursor is; what is wrong is marked while you type.

    Tab                  offer, or complete; Escape closes the menu
    Right, Ctrl-E        take the grey rest of a line typed before (none without colours); Ctrl-Right a word of it
    Up, Down             lines typed before, without their keys
    Ctrl-R, Ctrl-S       search them backwards, forwards
    Ctrl-X Ctrl-E        write the line in your editor ($VISUAL or $EDITOR)
    Ctrl-C, Ctrl-D       clear the line; leave
    Ctrl-L, Ctrl-Z       clear the screen; go to the background

These are the keys of emacs and of most shells; set keys vi has those of vi.

    read cm_key1; dump           ; stands between two commands
    identify --json              the result as JSON
    dump > card.txt              to a file: .txt, .json, .html or .svg
    dump >> card.txt             behind what the file holds
    dump | less                  to a program
    00 A4 04 00 00               bytes alone are sent
    read ?, read --help          help on a command, whatever stands between

What is longer than the screen goes through a pager ($PAGER, else less); set pager off prints it all.

A paste of several lines runs line by line, as a script does: each line passes the interlock, and the first that
fails ends it. A last line without a line end waits for Enter. Terminals that do not announce a paste (Linux console,
TERM=dumb) do not stop it. A command that fails leaves no file behind >.
""", aliases=("keys", "line", "history search", "paste", "redirection", "pager"))

READERS = Topic("readers", "Readers, and what to do when there is none", """
    readers              list them: index, name, what is in them
    connect              the card in the only reader that has one
    connect 0            by index; connect omni by a part of the name
    disconnect           leave the card; it is reset
    reset                power off and on; reset warm leaves the power on

jcopsh reaches readers through PC/SC, a service of the system: pcscd on Linux. A card that is put in or taken
out, and a reader that is plugged in or unplugged, is told above the line. When a card is gone, what was known of
it is forgotten: what is selected, what was booted, how far it was authenticated.

- No reader: is it plugged in, and does pcscd run? On Debian: apt install pcscd libccid. A card can be practised
  with all the same: jcopsh --sim.
- Another program has the card: leave that program, or connect --shared. Then both can use it, and between two
  lines the other one may select something else.
- A card without an answer: is it the right way round? reset tries again.
- A card that does not answer in the middle of a command: Ctrl-C twice gives it up.

Which reader is taken without being named: --reader at the start, the setting reader, the environment GP_READER.
T=0 and T=1 are two ways to carry bytes to a card. It says which it has (atr); connect --protocol T=1 asks for
one of them.

A contactless reader answers commands of class FF itself: reader-send FF CA 00 00 00 asks for the card's UID.
They are no commands for the card, and an address FFxxxx is something else again.
""", aliases=("reader", "PC/SC", "pcscd", "contactless", "T=0", "T=1"))

FILES = Topic("files", "Files, records and data objects of ISO/IEC 7816-4", """
Many cards keep their data in files, as a disk does (ISO/IEC 7816-4, 5.3 of the edition of 2005):

- MF, 3F00: the root. DF: a folder, which may have a name, its AID. EF: a file with content.
- A transparent EF is a row of bytes: READ BINARY with an offset. One with records is read record by record,
  which are counted from 1.
- A file is named by its identifier, 6F01; a path, 7F10/6F01; mf, ..; aid:A000000003; its short identifier, sfi:5.
- FCP is what the card says of a file when it is selected: kind, size, life cycle, who may read and write it.

    cd 3F00, cd .., pwd     go to a file, go up, where you are; cd is select-file
    files 6F00-6FFF         which there are: a card has no list, each is asked for
    cat 2F00                all of a file, whatever its kind; --tlv as a tree
    cat 2F02 --save id.bin  its bytes in a file of yours
    read-record 1           a record; read-binary 0 16: some bytes
    update-record 1 |Hi|    write; update-binary 0 --load id.bin: from a file
    get-data 5F52           a data object by its tag; put-data 0101 |Hi| writes
    verify 1                a PIN: the tries that are left, then the question
    tlv 8408A0000000030000  any bytes as a tree of tag, length and value

A card to practise on: jcopsh --profile files. Its PIN is 1234; look into the DF 7E10.

6982 says that a PIN is missing, 6986 that no EF is selected, 6A82 that there is no such file, 6A83 no such
record, 6B00 that an offset lies beyond the end. A wrong PIN costs a try; without tries the PIN is blocked.

Java Cards such as JCOP have no files of their own: they have applets, and some of those behave as if they had.
""", aliases=("file", "records", "data objects", "MF", "DF", "EF", "FCP", "ISO 7816-4", "PIN", "PINs"))


def _of_tool(tool: Tool) -> Topic:
    """What a tool's commands are called here, from the table that the hints come from."""
    return Topic(tool.name, "What its commands are called here", f"\nThere, and here:\n\n{tool.table()}\n{tool.remark}",
                 aliases=tool.aliases)


OTHER_TOOLS = tuple(_of_tool(tool) for tool in TOOLS if tool.listed)

TRACE = Topic("trace", "Watching every byte that goes to the card and back", """
    trace brief          each exchange as it happens, in the form of GlobalPlatformPro
    trace full           which byte is what, the status word in words, the characters of the data
    trace off

    A>> T=1 (4+0009) 00A40400 09 A000000167413000FF 00
    A<< (0019+2) (3ms) 04310033000000004E5830313143000339F873 6A82

A>> goes to the card: the protocol, how many bytes header and data have, then CLA INS P1 P2, Lc, data, Le. A<<
comes back: how many bytes of data and status word, the time it took, the data, SW1 SW2. R>> and R<< are for the
reader itself. 61xx and 6Cxx, which jcopsh follows, show as exchanges of their own.

Keys and PINs are not in a trace, not even with --reveal: <cm_key1:16:8BAF47> stands for 16 bytes with that check
value. It goes to standard error, so that a result behind > stays clean.

Without a trace nothing is lost: the journal has every exchange, and status says where it is. jcopsh --replay
FILE plays a journal or a trace again without a card; it reads those of GlobalPlatformPro, GPShell, JCShell and
JCManager too. Type the lines of then: a command that was not recorded at that place is refused, and both are
shown. auth takes the recorded host challenge and wants the keys of then. What went through a secure channel is
recorded as it was before it was protected, so that a journal gives no new keys away; MACs are not in it.
""", aliases=("traces", "replay", "GP_TRACE"))

SETTINGS = Topic("settings", "set, config.toml, aliases and the start-up file", """
    set                      all settings: value, what it does, where it comes from
    set theme light          change one, until jcopsh ends
    set theme light --save   and keep it in config.toml
    alias id = identify      a name of your own; --save before the name keeps it
    unalias id

config.toml is a file that you may write yourself; set says where it lies:

    [settings]
    theme = "light"

    [aliases]
    key1 = "read cm_key1 16"

A mistake in it is told with its line, and the rest holds all the same; jcopsh --no-config starts without it.
What counts where several say something: what was typed, then the options of jcopsh, then the environment
(GP_READER, GP_TRACE, NO_COLOR), then config.toml. For auth, GP_KEY and its like count: help auth names them.

The start-up file, startup.jcop beside it, has lines that run when the interactive shell starts. Aliases and the
start-up file belong to the interactive shell, so that a script does the same for everybody. None of them answers
the interlock's questions.
""", aliases=("aliases", "config.toml", "config", "start-up file", "NO_COLOR", "GP_READER", "GP_KEY", "environment"))

GLOBALPLATFORM = Topic("globalplatform", "What is on a personalised card, and who may change it", """
A personalised card has a security domain, the issuer's (ISD, card manager). It lists, loads and deletes, for who
authenticates to it:

    auth --key default           open a secure channel; 40…4F are the keys of a new card
    info                         maker, numbers, versions, keys, free memory: no channel needed
    list                         what is on the card, as a tree
    install applet.cap           load a package and make an instance of its applet
    select D2760001240101        the instance answers; the channel ends here
    delete D27600012401 --related

- Package (load file): the code, as it was loaded. Module: an applet in it, a class of which instances are made.
- Instance (application): what is selected. It may have the AID of its module, or one of its own.
- Security domain: has keys, and owns packages and applications. create-domain makes one, extradite moves things
  from one to another.

Life cycle states: a package is LOADED. An application is INSTALLED, then SELECTABLE, perhaps LOCKED
(set-status AID locked, and unlocked). A security domain with keys of its own is PERSONALIZED. The card itself is
OP_READY, INITIALIZED, SECURED: irreversible, and asked about.

What an application may do beyond its own matters are its privileges: card-reset makes it the one that is selected
by default, cvm-management lets it set the card's PIN, card-lock and card-terminate say themselves. They are given by
install --privileges, and changed later by make-default and set-privileges.
""", aliases=("security domain", "security domains", "ISD", "card manager", "life cycle", "privileges"))

KEYS = Topic("secure channel", "Secure channels, whose keys they need, and how a card is not locked by trying", """
A secure channel proves both sides to one another and protects what is sent. It takes a security domain's keys
ENC, MAC and DEK: 3DES in SCP02, AES in SCP03, as the card says.

    auth --key default           40…4F, the keys of most new cards; they have to be said
    auth enc --key bench-card    a stored set, commands enciphered as well
    auth --key emv:default       the card's own keys are derived from these (visa2, emv, kdf3)
    keys add bench-card          store a set, typed unseen; save: that of the channel
    keys solve                   which known keys made the card's last answer? the card is not asked

Levels: plain 00, mac 01, enc 03, rmac 11 (MACs on answers too), enc-rmac 13, full 33 (SCP03). What is sent to the
security domain then goes through the channel, until a reset or a select. An answer that lacks the MAC it owes
closes it. send --plain goes past it.

Many cards lock themselves after about ten bad authentications in a row. With wrong keys EXTERNAL AUTHENTICATE is
never sent; each try is counted on disk before it is sent, until one succeeds, and the toolbar shows the count.
Keys that a card (known by its CPLC, else its ATR) did not take are not tried on it again without a typed yes.

    put-keys --key-version 1 --save bench-card      new keys: stored (--passphrase: under one), put, proved
    delete-key 0xFF                                 the old ones, once the new are proved

When the power goes in between, authenticate with the keys that the card takes, and give the same line again.
""", aliases=("authentication", "SCP02", "SCP03", "key set", "ledger"))

CAP_FILES = Topic("CAP files", "Loading an applet, and why a card says 6985", """
A CAP file is a converted Java Card package. cap info FILE shows its AIDs, what it imports, how large it is.

    install FILE --dry-run       every command, none of it sent
    install FILE                 load, and make the only applet selectable
    install FILE --instance AID --params 01FF
    upload FILE                  load and no more

Every package, every module and every instance has an AID, and Java Card wants them apart: a package must not have
the AID of an applet, nor an applet that of another. The card answers 6985, and says no more. So install looks at
the card first and says what is in the way, and which lines move it away:

- The package is there already: --reinstall replaces it with all that was made of it, as delete PACKAGE --related
  and install do. --keep-package makes an instance of the code that is there.
- A module has the AID: it goes only with its package (seed 003 is this story).
- An import is missing, or newer than the card's Java Card: load what it needs, or convert for an older version.
- Too little memory, where the card tells how much is free.

--anyway sends it all the same; a refusal is then told together with what is known.

A load that was cut off leaves nothing behind. Where only the instance is missing, --keep-package makes it, and does
not load again. An applet that refuses to be installed mostly wants other parameters: --params are its own bytes,
which go in tag C9; --params-field is all of the field.
""", aliases=("CAP file", "applet", "applets", "package", "packages", "module", "modules", "AID", "AIDs", "load file"))

WORDS = Topic("words", "Words that jcopsh uses", """
This project began from five public documents. What rests on one of them names it:

- seed 000: a blog post on unfused JCOP cards from auction sites, with a GPShell script.
- seed 001: a user's notes on J2A040 cards, with GPShell and JCManager.
- seed 002: a blog post on pre-personalisation, step by step.
- seed 003: a question and its answer on package and applet AIDs.
- seed 004: a vendor's page on encoding JCOP 4.5 cards.

The other words:

- unfused: as it left the factory, not yet pre-personalised.
- fused: after FUSE, for ever.
- root applet: what reads and writes the memory of an unfused card, until FUSE.
- transport key: the 16 bytes that select the root applet.
- CLA‖P1‖P2: these three bytes of a command in a row, read as one address: C0, 03, 05 is 0xC00305.
- COMBO, COMBO name: who a card is in one word, made of its answer to IDENTIFY, such as smartmx-m29.B3.11-PH650A.
- boot label: what a reading was read under, such as XXQEMLQ6.1: a random name for the power-up, and the number
  of BOOTs in it. Readings under two labels are never joined, as the keys may have changed.
- interlock: the gate that every command to the card passes, and where it asks first.
- consent: the answer that lets through what cannot be undone: the word and a random code, typed.
- KCV, key check value: three bytes that tell keys apart and do not give them away.
- journal: the file that records what was sent and answered, without keys.

help on fuse, interlock, secrets, transport key and memory map says more.
""", aliases=(
    "seed", "seeds", *(f"seed {number:03}" for number in range(5)), "glossary", "boot label", "COMBO", "COMBO name",
    "consent", "fused", "unfused", "journal", "KCV", "key check value",
    "root applet",
))

TOPICS = (
    THE_LINE, READERS, UNFUSED_CARDS, TRANSPORT_KEY, MEMORY_MAP, FUSE, INTERLOCK, SECRETS, APDU, STATUS_WORDS, BYTES,
    GLOBALPLATFORM, KEYS, CAP_FILES, FILES, *OTHER_TOOLS, TRACE, SETTINGS, WORDS,
)
