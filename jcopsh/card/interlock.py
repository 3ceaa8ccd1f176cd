"""What may not be sent without consent: a judgement of bytes and state, by a written list of rules.

What a command says of itself counts for nothing. Where bytes or state are unclear, the stricter reading holds.
Pure: consent.py asks, card.py sends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from jcopsh.globalplatform.channel import version_text
from jcopsh.globalplatform.registry import CARD_LIFE_CYCLE
from jcopsh.iso7816.aid import ISSUER_DOMAINS, MAX_AID, MIN_AID
from jcopsh.iso7816.apdu import CommandAPDU, MalformedAPDU
from jcopsh.iso7816.channel import CHANNEL_BITS, is_protected
from jcopsh.iso7816.ins import COMPARE_PIN, ENVELOPE_INS, INS, RESET_RETRY
from jcopsh.iso7816.tlv import TlvError
from jcopsh.iso7816.tlv import parse as parse_tlv
from jcopsh.jcop.memory_map import Kind, MemoryMap
from jcopsh.jcop.root_applet import CLA_MEMORY, INS_WRITE, LAST_ADDRESS, MAX_READ
from jcopsh.state import CardState, Fuse, SelectedKind


class Severity(IntEnum):
    """How far a command reaches."""

    FREE = 0  # sent as it is
    DESTRUCTIVE = 1  # shown, and a yes asked for, which may have been given on the line
    MAY_LOCK = 2  # the card may lock itself by it: a yes has to be typed
    IRREVERSIBLE = 3  # the action and a random code have to be typed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the interlock says of one command: the word to type, what it is, and what it does."""

    severity: Severity
    action: str = "send"
    what: str = ""
    consequence: str = ""
    settled_by: str = ""  # what would show that it need not be asked
    heading: str = ""  # of the question; where there is none, how far it reaches


FREE = Judgement(Severity.FREE)


@dataclass(frozen=True)
class Case:
    """What a rule looks at: the bytes, at least four, the state, the maps; whether other programs use the card too."""

    raw: bytes
    state: CardState
    maps: Sequence[MemoryMap]
    shared: bool = False

    @cached_property
    def command(self) -> CommandAPDU | None:
        """The command that the bytes encode; None when they encode none. Few rules ask for it."""
        try:
            return CommandAPDU.parse(self.raw)
        except MalformedAPDU:
            return None

    @property
    def cla(self) -> int:
        """The class byte."""
        return self.raw[0]

    @property
    def ins(self) -> int:
        """The instruction byte."""
        return self.raw[1]

    @property
    def fused(self) -> bool:
        """Whether the card is known to be fused."""
        return self.state.fuse is Fuse.FUSED

    @property
    def hidden(self) -> bool:
        """Whether secure messaging may hide the data from us (GlobalPlatform 2.3.1, 11.1.4)."""
        return is_protected(self.cla)

    @property
    def chained(self) -> bool:
        """Whether more of this command may follow or may have gone before."""
        return bool(self.cla & 0x10) or self.state.unfinished

    @property
    def data(self) -> bytes:
        """The command's data; of bytes that encode no command, all that follows the header."""
        return self.raw[4:] if self.command is None else self.command.data


def judge(raw: bytes, state: CardState, maps: Sequence[MemoryMap], *, shared: bool = False) -> Judgement:
    """Judge an encoded command APDU. `maps` are the memory maps that may apply to the card; none means unknown. Where
    the card is `shared` with other programs, what is selected may be something else by now.

    The strictest of all rules' judgements is the answer.
    """
    if len(raw) < 4:
        return Judgement(Severity.IRREVERSIBLE, "send", "bytes that are no APDU", UNCLEAR)
    rules = _RULES_OF[raw[1]]
    case = Case(raw, state, maps, shared)
    found = [judgement for rule in rules if (judgement := rule(case)) is not None]
    return max(found, key=lambda judgement: judgement.severity) if found else FREE


UNCLEAR = "What the card would make of them is not clear, so they count as the worst they could be."

FUSE_CONSEQUENCE = (
    "The root applet goes for ever: no memory can be read or written again, no field mended, and keys that are not "
    "known are lost. There is no way back."
)
PROTECT_CONSEQUENCE = (
    "The configuration can no longer be written. Whether anything lifts this again is publicly unknown (a BOOT, "
    "which wipes the card, perhaps)."
)


def _fuse(case: Case) -> Judgement | None:
    if case.fused:
        return None
    return Judgement(
        Severity.IRREVERSIBLE, "fuse", "FUSE: INS 00, whatever the CLA", FUSE_CONSEQUENCE, _settled_by(case.state))


def _protect(case: Case) -> Judgement | None:
    if case.fused:
        return None
    return Judgement(
        Severity.IRREVERSIBLE, "protect", "PROTECT: INS 10", PROTECT_CONSEQUENCE, _settled_by(case.state))


def _settled_by(state: CardState) -> str:
    """What would show that an instruction of the root applet can only be an applet's own."""
    if state.fuse is not Fuse.UNKNOWN or state.selected is SelectedKind.ROOT:
        return ""
    return ("Whether this card is fused was not shown since it was powered up. Where the card tells, reset and "
            "identify show it; on a fused card the instruction is an applet's own, and goes through.")


# deeper or wider than this nobody packs a command
MAX_ENVELOPED = 32


def _envelope(case: Case) -> Judgement | None:
    """ENVELOPE (ISO/IEC 7816-4:2020, 11.8.2). How a card unpacks it is the card's business, so while the card may be
    unfused nothing in it is clear. On a fused card it is judged by what it holds, as far as that can be read."""
    inside = _commands_inside(case.data)
    judged = (judge(raw, case.state, case.maps, shared=case.shared) for raw in inside if raw[1] not in ENVELOPE_INS)
    worst = max(judged, key=lambda judgement: judgement.severity, default=FREE)
    readable = any(_is_apdu(raw) for raw in inside) and not any(raw[1] in ENVELOPE_INS for raw in inside)
    unclear = not case.fused or case.chained or not readable or len(inside) > MAX_ENVELOPED
    if unclear and worst.severity < Severity.IRREVERSIBLE:
        return Judgement(Severity.IRREVERSIBLE, "send", "ENVELOPE, with what cannot be told from here", UNCLEAR)
    if worst.severity is Severity.FREE:
        return None
    return replace(worst, what=f"{worst.what}, inside ENVELOPE")


def _commands_inside(payload: bytes) -> list[bytes]:
    """Everything that the payload could be read as: itself, and the value of every data object in it at any depth.

    Each is filled up to a header, since a card may be less strict about lengths than we are. At most one more than
    MAX_ENVELOPED are returned.
    """
    found: list[bytes] = []
    waiting = [payload]
    while waiting and len(found) <= MAX_ENVELOPED:
        part = waiting.pop()
        if len(part) < 2:
            continue
        found.append(part.ljust(4, b"\x00"))
        try:
            waiting.extend(item.value for item in parse_tlv(part))
        except TlvError:
            continue
    return found


def _is_apdu(raw: bytes) -> bool:
    try:
        CommandAPDU.parse(raw)
    except MalformedAPDU:
        return False
    return True


def _boot(case: Case) -> Judgement | None:
    # whether the root applet looks at CLA, P1 and P2 is unknown
    if case.fused or (_is_for_security_domain(case) and _has_form_of_set_status(case)):
        return None
    return Judgement(
        Severity.DESTRUCTIVE,
        "boot",
        "BOOT: INS F0",
        "It may wipe the card to factory defaults, with applets and configuration, and make new random keys "
        "(seed 000); whether it does is publicly unknown for most cards.",
    )


def _is_for_security_domain(case: Case) -> bool:
    """Whether it is for a security domain that is known to be selected, where INS F0 is SET STATUS. Another logical
    channel may have the root applet behind it, and so may a class that is not GlobalPlatform's; on a shared card
    another program may have selected the root applet since."""
    state = case.state
    to_domain = (state.secure_channel is not None or state.security_domain) and state.selected is not SelectedKind.ROOT
    return to_domain and not case.shared and bool(case.cla & 0x80) and not case.cla & CHANNEL_BITS


OF_CARD = 0x80  # P1 of SET STATUS
OF_NAMED = (0x20, 0x40, 0x60)  # P1 of what its data name


def _has_form_of_set_status(case: Case) -> bool:
    """Whether it is a SET STATUS to look at (GlobalPlatform 2.3.1, 11.10.2): of what an AID in its data names, or of
    the card, where the data are ignored."""
    if case.command is None:
        return False
    has_aid = not case.hidden and MIN_AID <= len(case.data) <= MAX_AID
    p1 = case.raw[2]
    return (p1 in OF_NAMED and has_aid) or (p1 == OF_CARD and (has_aid or not case.data))


def _set_status(case: Case) -> Judgement | None:
    """SET STATUS (GlobalPlatform 2.3.1, 11.10): P1 80 is the card, P2 its new state."""
    p1, p2 = case.raw[2], case.raw[3]
    if not (case.cla & 0x80 or p1 & 0x80):
        return None
    if not p1 & 0x80 and p2 not in (0x7F, 0xFF) and not _may_name_issuer(case):
        return None
    name = CARD_LIFE_CYCLE.get(p2, f"{p2:02X}")
    return Judgement(
        Severity.IRREVERSIBLE,
        "set-status",
        f"SET STATUS to {name}",
        "No state is left for an earlier one, but for CARD_LOCKED, by who can still authenticate with the right "
        "privilege. A terminated card does nothing any more.",
    )


def _may_name_issuer(case: Case) -> bool:
    """Whether SET STATUS of an application or a security domain may be of the issuer's, whose state is the card's: by
    its AID or the beginning of it, or that of the security domain that is selected, which may be any where the card has
    not told it. It is also where data cannot be read."""
    name = case.data
    if case.command is None or (case.hidden and name):
        return True
    own = case.state.security_domain and case.state.aid in (b"", name)
    return bool(name) and (own or any(one.value.startswith(name) for one in ISSUER_DOMAINS))


# P1 of INSTALL (GlobalPlatform 2.3.1, table 11-42) that changes what is there already, and what follows from it
CHANGING_INSTALLS = (
    (0x10, "INSTALL [for extradition]", "What it names belongs to another security domain then, whose keys decide over "
                                        "it from now on."),
    (0x40, "INSTALL [for registry update]", "Privileges are replaced, those of others with them: which application is "
                                            "selected by default, who may lock or terminate the card."),
)


def _install(case: Case) -> Judgement | None:
    """INSTALL (GlobalPlatform 2.3.1, 11.5) of what changes an application that is on the card."""
    if not case.cla & 0x80:
        return None
    for bit, name, consequence in CHANGING_INSTALLS:
        if case.raw[2] & bit:
            return Judgement(Severity.DESTRUCTIVE, "install", name, consequence)
    return None


def _delete(case: Case) -> Judgement | None:
    """DELETE (GlobalPlatform 2.3.1, 11.2): an object, or with tags D0 and D2 keys."""
    # P1 with bit 8 says that more of it follows; class 00 is ISO's DELETE FILE, whose data need not be TLV
    unclear = case.command is None or case.hidden or case.chained or bool(case.raw[2] & 0x80)
    keys = _names_keys(case.data)
    if keys or (case.cla & 0x80 and (unclear or keys is None)):
        return Judgement(
            Severity.IRREVERSIBLE,
            "delete-keys",
            "DELETE of keys, or of what cannot be read here",
            "If it is the last key set, nobody can authenticate to the card again.",
        )
    return Judgement(Severity.DESTRUCTIVE, "delete", "DELETE", "What it names is removed from the card.")


def _names_keys(data: bytes) -> bool | None:
    """Whether the data name keys; None where they cannot be read."""
    try:
        return any(item.tag in (0xD0, 0xD2) for item in parse_tlv(data))
    except TlvError:
        return None


FIRST_VERSION = 0xFF  # of the keys that a new card has (GlobalPlatform 2.3.1, 11.8.2.3.1: it goes with the first set)


def _put_key(case: Case) -> Judgement | None:
    channel, replaced = case.state.secure_channel, case.raw[2] & 0x7F
    if replaced:
        consequence = f"The keys of version {version_text(replaced)} are replaced, and gone for good."
    elif channel is not None and channel.key_version == FIRST_VERSION:
        first = version_text(FIRST_VERSION)
        consequence = (f"Keys are added. The channel is open under version {first}, the first keys of a new card: on "
                       "many cards the new ones take their place, and they are gone.")
    else:
        consequence = "Keys on the card are added or replaced; replaced ones are gone."
    new = case.data[0] if case.data and not case.hidden else None
    what = f"PUT KEY of version {version_text(new)}" if new is not None else "PUT KEY"
    return Judgement(Severity.DESTRUCTIVE, "put-key", what, consequence)


# data that a card takes once: CPLC's fields of the pre-personaliser and the personaliser (tags 9F66, 9F67)
ONE_TIME_TAGS = (b"\x9f\x66", b"\x9f\x67")
# bits 7 and 6 of P1 of STORE DATA: the data are enciphered, or the application says whether (GlobalPlatform 2.3.1,
# 11.11.2.1)
MAY_BE_ENCIPHERED = 0x60
ONE_TIME = "A card takes such data once and keeps it for ever."


def _put_data(case: Case) -> Judgement | None:
    """PUT DATA (ISO/IEC 7816-4:2020, 11.7.3), by P1-P2 or by what is in its data, of what a card takes only once."""
    # a chain may cut a tag in two
    data = (ONE_TIME_TAGS[0][:1] if case.state.unfinished else b"") + case.data
    cut = bool(case.cla & 0x10) and data.endswith(ONE_TIME_TAGS[0][:1])
    named = bytes(case.raw[2:4]) in ONE_TIME_TAGS or any(tag in data for tag in ONE_TIME_TAGS)
    unclear = case.ins == INS.PUT_DATA_ODD and case.hidden
    if not named and not cut and not unclear:
        return None
    return Judgement(
        Severity.IRREVERSIBLE, "put-data", "PUT DATA of one-time data, or of what cannot be read here", ONE_TIME)


def _store_data(case: Case) -> Judgement | None:
    """STORE DATA (GlobalPlatform 2.3.1, 11.11) of data that a card takes only once."""
    if not case.cla & 0x80:
        return None
    # P2 counts the blocks: a tag may have begun at the end of the one before
    data = case.data if case.raw[3] == 0 and not case.chained else ONE_TIME_TAGS[0][:1] + case.data
    unreadable = case.hidden or bool(case.raw[2] & MAY_BE_ENCIPHERED)
    if not unreadable and not any(tag in data for tag in ONE_TIME_TAGS):
        return None
    return Judgement(
        Severity.IRREVERSIBLE,
        "store-data",
        "STORE DATA of one-time data, or of what cannot be read here",
        ONE_TIME,
    )


TERMINATE_INS = {0xE6: "TERMINATE DF", 0xE8: "TERMINATE EF", 0xFE: "TERMINATE CARD USAGE"}


def _terminate(case: Case) -> Judgement | None:
    """TERMINATE DF, EF and CARD USAGE (ISO/IEC 7816-9:2017, 7.6 to 7.8) have the interindustry class."""
    # with the other class E6 and E8 are GlobalPlatform's INSTALL and LOAD
    if case.cla & 0x80 and case.ins != 0xFE:
        return None
    name = TERMINATE_INS[case.ins]
    return Judgement(Severity.IRREVERSIBLE, "terminate", name, "What is terminated cannot be used again.")


def _reset_retry_counter(case: Case) -> Judgement | None:
    """RESET RETRY COUNTER (ISO/IEC 7816-4:2005, 7.5.10), PIN CHANGE/UNBLOCK where the class is not interindustry."""
    return Judgement(
        Severity.DESTRUCTIVE,
        "unblock",
        "RESET RETRY COUNTER",
        "A wrong resetting code (PUK) counts as a try. When none is left, the PIN can never be unblocked again.",
    )


def _last_try(case: Case) -> Judgement | None:
    """VERIFY, or another command that compares a PIN, of which the card has said that one try is left."""
    sets_only = case.ins == INS.CHANGE_REFERENCE_DATA and case.raw[2] == 1
    if sets_only or not case.data:
        return None
    if case.state.tries_left(case.raw[0], case.raw[3]) != 1:
        return None
    return Judgement(
        Severity.DESTRUCTIVE,
        "verify",
        f"a PIN with one try left (reference {case.raw[3]:02X})",
        "If it is wrong, the PIN is blocked; only a resetting code (PUK), where there is one, makes it usable again.",
    )


def _write(case: Case) -> Judgement | None:
    """WRITE to configuration memory: life cycle for ever, keys and unknown places with a yes, the rest freely."""
    to_root = case.cla == CLA_MEMORY or case.state.selected is SelectedKind.ROOT
    if case.fused or not to_root:
        return None
    address = int.from_bytes(bytes((case.cla, *case.raw[2:4])), "big")
    # of a WRITE that says no length, or none that can be read, nobody knows how far it goes
    length = len(case.command.data) if case.command and case.command.data else max(MAX_READ, len(case.raw))
    if case.cla == CLA_MEMORY and address + length - 1 > LAST_ADDRESS:
        return Judgement(
            Severity.IRREVERSIBLE, "send", f"WRITE of {length} bytes at {address:06X}, beyond the last address", UNCLEAR
        )
    fields = [f for m in case.maps for f in m.overlapping(address, length)]
    names = ", ".join(dict.fromkeys(f.name for f in fields))
    if any(f.kind is Kind.LIFE_CYCLE for f in fields):
        return Judgement(
            Severity.IRREVERSIBLE,
            "write-life-cycle",
            f"WRITE of {names} at {address:06X}",
            "A life-cycle byte may only go forward, and a wrong one may end the card.",
        )
    if any(f.secret for f in fields):
        return Judgement(
            Severity.DESTRUCTIVE,
            "write",
            f"WRITE of {names} at {address:06X}",
            "A key or PIN is replaced. What was there is in the key store if it was read before, as the command write "
            "does; otherwise it is lost.",
        )
    if not _covered(address, length, case.maps):
        return Judgement(
            Severity.DESTRUCTIVE,
            "write",
            f"WRITE at {address:06X} ({length} long), where the memory map names no field",
            "What these bytes do is publicly unknown.",
        )
    return None


def _covered(address: int, length: int, maps: Sequence[MemoryMap]) -> bool:
    """Whether every map that may apply names every byte."""
    return bool(maps) and all(m.at(address + offset) is not None for m in maps for offset in range(length))


# what is publicly known to the root applet, or harmless to any: SELECT, READ, WRITE, GET DATA, GET RESPONSE, BOOT,
# and what has a rule of its own
ROOT_APPLET_KNOWS = frozenset((0x00, 0x10, 0xA4, 0xB0, 0xC0, 0xC2, 0xC3, 0xCA, 0xD6, 0xF0))


def _unknown_to_root_applet(case: Case) -> Judgement | None:
    if case.state.selected is not SelectedKind.ROOT or case.ins in ROOT_APPLET_KNOWS:
        return None
    return Judgement(
        Severity.DESTRUCTIVE,
        "send",
        f"INS {case.ins:02X} to the root applet",
        "Nobody has published what the root applet does with this instruction.",
    )


Rule = Callable[[Case], Judgement | None]
EVERY_INS = range(0x100)

# each rule with the instructions that it is about; of two that judge alike, the upper one gives the words
RULES: tuple[tuple[Collection[int], Rule], ...] = (
    ((0x00,), _fuse),
    ((0x10,), _protect),
    (ENVELOPE_INS, _envelope),
    ((0xF0,), _boot),
    ((0xF0,), _set_status),
    ((0xE4,), _delete),
    ((0xD8,), _put_key),
    ((INS.INSTALL,), _install),
    ((0xE2,), _store_data),
    ((INS.PUT_DATA, INS.PUT_DATA_ODD), _put_data),
    (TERMINATE_INS, _terminate),
    (RESET_RETRY, _reset_retry_counter),
    (COMPARE_PIN, _last_try),
    ((INS_WRITE,), _write),
    (EVERY_INS, _unknown_to_root_applet),
)
_RULES_OF: tuple[tuple[Rule, ...], ...] = tuple(
    tuple(rule for instructions, rule in RULES if ins in instructions) for ins in EVERY_INS
)
