"""What is known of the card in the reader: a frozen value, and every transition of it in one table.

Nothing here is guessed. A fact counts from the exchange that showed it until the power-up ends; after a reset only
what cannot have changed is kept for display, and nothing for the interlock. That a card is fused lifts guards, so it
takes more than a status word: IDENTIFY's own answer, FUSE acknowledged by what has shown its memory before, or the
transport state that a JCOP 4 says has ended, of which it is inferred.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

from jcopsh.globalplatform import cplc
from jcopsh.globalplatform.card_data import java_card_told
from jcopsh.globalplatform.channel import CLA_SECURE, ChannelProtocol, SecureChannelState, announced_options
from jcopsh.globalplatform.selected_application import parse_selected
from jcopsh.iso7816.aid import ISSUER_DOMAINS
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.channel import BASIC_CHANNEL, CHANNEL_BITS, channel_of, is_interindustry
from jcopsh.iso7816.file_position import UNKNOWN, FilePosition, moved
from jcopsh.iso7816.ins import COMPARE_PIN, ENVELOPE_INS, INS, RESET_RETRY
from jcopsh.iso7816.interindustry import SelectBy
from jcopsh.iso7816.reader_commands import UNDERSTOOD, ReaderIns
from jcopsh.jcop import identify as identify_module
from jcopsh.jcop import root_applet
from jcopsh.jcop.identify import Identity

# IDENTIFY's answer without the FIPS byte; anything shorter is no identification
SHORT_IDENTIFY_LENGTH = 19

# letters and digits that are not taken for one another
CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Fuse(Enum):
    """Whether the card is fused, as shown in this power-up."""

    UNKNOWN = "unknown"
    UNFUSED = "unfused"
    FUSED = "fused"


class SelectedKind(Enum):
    """What the last SELECT of this power-up left selected."""

    UNKNOWN = "unknown"  # nothing was selected by us: the card's default
    ROOT = "root applet"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class Boot:
    """The boot that something was read under: a random name for the power-up and the number of BOOTs seen in it.

    Keys change at some boots, so nothing read under one boot is joined with what was read under another.
    """

    power_up: str
    count: int = 0

    def __str__(self) -> str:
        return f"{self.power_up}.{self.count}"


def new_power_up() -> str:
    """A name for a power-up, unlikely ever to come twice."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))


@dataclass(frozen=True, slots=True)
class PinTries:
    """How many tries a PIN has left: it is named by the P2 of a VERIFY, which means what the current DF makes of it."""

    df: tuple[str, ...]  # as in FilePosition
    reference: int
    left: int


@dataclass(frozen=True, slots=True)
class CardState:
    """Everything known of one connected card. `fuse`, `selected`, `booted` and `protected` hold for this power-up."""

    atr: bytes = b""
    protocol: str = "?"
    boot: Boot = field(default_factory=lambda: Boot(new_power_up()))
    fuse: Fuse = Fuse.UNKNOWN
    fuse_inferred: bool = False  # that it is fused follows from its transport state (JCOP 4)
    selected: SelectedKind = SelectedKind.UNKNOWN
    aid: bytes = b""  # of the selected application; never a transport key
    booted: bool = False
    protected: bool = False
    identity: Identity | None = None  # kept over resets, for display and for choosing a memory map
    fuse_before: Fuse = Fuse.UNKNOWN  # what earlier power-ups showed last; for display alone, it lifts no guard
    memory_shown: bool = False  # what is selected as root applet has answered a READ with memory
    unfinished: bool = False  # the last command was, or may have been, one piece of a longer one
    channel: int = BASIC_CHANNEL  # the logical channel that commands for files and PINs go on
    open_channels: tuple[int, ...] = (BASIC_CHANNEL,)  # as far as is known
    positions: tuple[tuple[int, FilePosition], ...] = ()  # of each channel where something was selected
    tries: tuple[PinTries, ...] = ()  # of each PIN that the card told of
    verified: tuple[int, ...] = ()  # P2 of each VERIFY that the card took; for display alone, it lifts no guard
    security_domain: bool = False  # the selected application is one, as far as its answer to SELECT or its name tells
    secure_channel: SecureChannelState | None = None  # that is open to the selected security domain
    # the one that the card ended, as it did not take how a command was protected; for what is said of it alone
    refused_channel: SecureChannelState | None = None
    scp_options: tuple[tuple[ChannelProtocol, int], ...] = ()  # with i, as the selected security domain announced them
    java_card: str = ""  # the version that the card recognition data of a security domain told, such as `2`
    chip: str = ""  # what CPLC says of this very chip, in hexadecimal; kept over resets
    first_atr: bytes = b""  # the one when the card was connected: that of a warm reset may be another; kept over resets

    @property
    def position(self) -> FilePosition:
        """The current DF and EF of the logical channel in use, as far as is known."""
        return dict(self.positions).get(self.channel, UNKNOWN)

    def tries_left(self, cla: int, reference: int) -> int | None:
        """The tries left of the PIN that a VERIFY with this class byte and P2 means, as far as the card has told.

        What it told in the DF that is current on that channel holds; where it told nothing there, the fewest that it
        told of this reference anywhere: a PIN may be the whole card's.
        """
        known = [one for one in self.tries if one.reference == reference]
        df = _df(self, cla)
        here = [one for one in known if df and one.df == df]
        return min((one.left for one in here or known), default=None)


def _next(boot: Boot) -> Boot:
    return replace(boot, count=boot.count + 1)


def connected(atr: bytes, protocol: str) -> CardState:
    """The state of a card that was just connected."""
    return CardState(atr=atr, protocol=protocol, first_atr=atr)


def forgotten(state: CardState, atr: bytes, protocol: str) -> CardState:
    """The state where nothing that was known of a card is sure any more, but that it is the same."""
    return CardState(atr=atr, protocol=protocol, first_atr=state.first_atr or atr)


def powered_up(state: CardState, atr: bytes, protocol: str) -> CardState:
    """The state after a reset: a new power-up, of which nothing is known but who the card said it was."""
    before = state.fuse_before if state.fuse is Fuse.UNKNOWN else state.fuse
    return replace(forgotten(state, atr, protocol), identity=state.identity, fuse_before=before, chip=state.chip)


def after_reader_command(state: CardState, command: CommandAPDU) -> CardState:
    """The state after a command that was for the reader. What may have reached the card leaves nothing known of it: it
    counts as a boot, under which keys may be others. No reset was seen, so that it is no new power-up."""
    untouched = command.ins in UNDERSTOOD or command.ins in (ReaderIns.LOAD_KEYS, ReaderIns.UPDATE_BINARY)
    if untouched:
        return state
    return replace(powered_up(state, state.atr, state.protocol), boot=_next(state.boot))


def advance(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    """The state after an exchange: of TRANSITIONS, the first row of this instruction that fits says how it changes."""
    state = _of_security_domain(_on_channels(state, command, response), command, response)
    unfinished = _may_be_a_piece(command)
    if unfinished != state.unfinished:
        state = replace(state, unfinished=unfinished)
    for fits, change in _TRANSITIONS_OF.get(command.ins, ()):
        if fits(state, command, response):
            return change(state, command, response)
    return state


Fits = Callable[[CardState, CommandAPDU, ResponseAPDU], bool]
Change = Callable[[CardState, CommandAPDU, ResponseAPDU], CardState]


def _root_took(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> bool:
    """A command that the root applet carried out; P1, P2 and data may be ignored by it. The same INS to an application
    means something else."""
    return state.selected is SelectedKind.ROOT and not command.cla & 0x80 and response.ok


def _identified(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> bool:
    """IDENTIFY as the card itself answers it: data with 6A82 (seed 001). An application of that AID says 9000."""
    asked = (command.header, command.data) == (identify_module.IDENTIFY.header, identify_module.IDENTIFY.data)
    return asked and response.sw == 0x6A82 and len(response.data) >= SHORT_IDENTIFY_LENGTH


def _learn_identity(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    try:
        identity = identify_module.parse_identify(response.data)
    except identify_module.IdentifyError:
        return state
    fuse = {True: Fuse.FUSED, False: Fuse.UNFUSED, None: Fuse.UNKNOWN}[identity.fused]
    return replace(state, identity=identity, fuse=fuse, fuse_inferred=False)


def _identified_as_jcop4(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> bool:
    """JCOP 4's identification, as a card manager gives it: what an applet says counts for nothing, and where nothing
    was selected, an applet may be what the card has selected by default."""
    form = identify_module.IDENTIFY_JCOP4
    manager = state.selected is SelectedKind.APPLICATION and state.security_domain
    return (command.header, command.data) == (form.header, form.data) and response.ok and manager


def _learn_transport_state(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    try:
        identity = identify_module.parse_identify_jcop4(response.data)
    except identify_module.IdentifyError:
        return state
    if identity.fused and identity.names_platform and state.fuse is Fuse.UNKNOWN:
        return replace(state, fuse=Fuse.FUSED, fuse_inferred=True)
    if not identity.fused and state.fuse_inferred:
        return replace(state, fuse=Fuse.UNKNOWN, fuse_inferred=False)
    return state


def _select_root(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    # a root applet that answers shows that the card is not fused
    return replace(_without_files(state), selected=SelectedKind.ROOT, aid=b"", fuse=Fuse.UNFUSED, memory_shown=False)


def _select_application(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    # what may be a transport key is not kept: 16 bytes, unless the card is known to be fused
    may_be_secret = len(command.data) >= root_applet.TRANSPORT_KEY_LENGTH and state.fuse is not Fuse.FUSED
    told = parse_selected(response.data).name
    # a name may be selected by its beginning, or the card's default by none
    aid = told if told.startswith(command.data) else command.data
    aid = b"" if may_be_secret else aid
    return replace(state, selected=SelectedKind.APPLICATION, aid=aid, memory_shown=False)


def _boot(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    return replace(state, boot=_next(state.boot), booted=True, protected=False)


def _protect(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    return replace(state, protected=True)


def _fuse(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    # an application with a 16-byte AID may have been taken for the root applet, and may answer 9000 to anything
    exact = command.header == root_applet.FUSE.header and not command.data
    fuse = Fuse.FUSED if exact and state.memory_shown else Fuse.UNKNOWN
    return replace(_without_files(state), fuse=fuse, fuse_before=Fuse.UNKNOWN, selected=SelectedKind.UNKNOWN, aid=b"",
                   booted=False, protected=False, memory_shown=False)


def _read_memory(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> bool:
    if state.selected is not SelectedKind.ROOT or not response.ok:
        return False
    access = root_applet.memory_access(command)
    return access is not None and access.kind is root_applet.Access.READ and access.length == len(response.data)


def _note_memory(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    return state if state.memory_shown else replace(state, memory_shown=True)


def _selected(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> bool:
    """SELECT by name on the basic channel; what another channel selects changes nothing there."""
    basic = not command.cla & CHANNEL_BITS
    return basic and command.ins == INS.SELECT and command.p1 == 0x04 and response.accepted


def _selected_by_transport_key(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> bool:
    known_fused = state.fuse is Fuse.FUSED
    return not known_fused and root_applet.is_transport_key_select(command) and response.ok and not response.data


# the instruction, when the row fits, and what changes
TRANSITIONS: tuple[tuple[int, Fits, Change], ...] = (
    (INS.SELECT, _identified, _learn_identity),
    (INS.GET_DATA, _identified_as_jcop4, _learn_transport_state),
    # the root applet answers SELECT with a bare 9000; an application with a 16-byte AID gives its FCI
    (INS.SELECT, _selected_by_transport_key, _select_root),
    (INS.SELECT, _selected, _select_application),
    (root_applet.INS_BOOT, _root_took, _boot),
    (root_applet.INS_PROTECT, _root_took, _protect),
    (root_applet.INS_FUSE, _root_took, _fuse),
    (root_applet.INS_READ, _read_memory, _note_memory),
)
_TRANSITIONS_OF: dict[int, list[tuple[Fits, Change]]] = {
    ins: [(fits, change) for row_ins, fits, change in TRANSITIONS if row_ins == ins] for ins, _, _ in TRANSITIONS
}


def _may_be_a_piece(command: CommandAPDU) -> bool:
    """ENVELOPE with data, or a class byte with the chaining bit (ISO/IEC 7816-4:2020, 5.3.3 and 11.8.2)."""
    return (command.ins in ENVELOPE_INS and bool(command.data)) or bool(command.cla & 0x10)


# --- the security domain -------------------------------------------------------------------------------------------

_ISSUER_NAMES = frozenset(map(bytes, ISSUER_DOMAINS))


def _of_security_domain(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    """A secure channel ends with another selection and with INITIALIZE UPDATE (GlobalPlatform 2.3.1, 10.2.3), whatever
    came of that; what answers say of secure channels and of the chip is kept."""
    if command.cla & CHANNEL_BITS:
        return state
    if _selected(state, command, response):
        # with another P2 than 00 the next occurrence may be an applet, or the applet of before answers
        told = parse_selected(response.data)
        named = command.data in _ISSUER_NAMES or told.name in _ISSUER_NAMES
        domain = command.p2 == 0x00 and (named or told.security_domain)
        return replace(state, secure_channel=None, refused_channel=None, security_domain=domain,
                       scp_options=told.scp_options, java_card=told.java_card or state.java_card)
    if command.ins == INS.INITIALIZE_UPDATE and command.cla & 0x80:
        return replace(state, secure_channel=None, refused_channel=None)
    if _channel_refused(command, response):
        return replace(state, secure_channel=None, refused_channel=state.secure_channel or state.refused_channel)
    if command.ins == INS.GET_DATA and command.cla & 0x80 and response.ok:
        return _told_by_get_data(state, command, response)
    return state


def _channel_refused(command: CommandAPDU, response: ResponseAPDU) -> bool:
    """Secure messaging that the card did not take ends the channel (GlobalPlatform 2.3.1, 10.2.3). Of a command whose
    own class says so, and which no channel of ours has wrapped, 6982 tells it as well as 6988."""
    return response.sw == 0x6988 or (response.sw == 0x6982 and bool(command.cla & CLA_SECURE))


def _told_by_get_data(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    tag, data = command.p1 << 8 | command.p2, response.data
    if tag == 0x0066:
        return replace(state, scp_options=tuple(announced_options(data).items()) or state.scp_options,
                       java_card=java_card_told(data) or state.java_card)
    if tag == cplc.TAG:
        try:
            return replace(state, chip=cplc.parse_cplc(data).chip.hex().upper())
        except ValueError:
            return state
    return state


# --- logical channels, files and PINs ------------------------------------------------------------------------------


def _on_channels(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    """What an interindustry command changes on its logical channel. None of it lifts a guard."""
    change = _CHANNEL_CHANGES.get(command.ins)
    if change is None or not is_interindustry(command.cla) or command.cla & 0x10:
        return state
    return change(state, command, response)


def _move(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    channel = channel_of(command.cla)
    before = dict(state.positions).get(channel, UNKNOWN)
    after = moved(before, command, response)
    if command.ins == INS.SELECT and command.p1 == SelectBy.NAME and response.accepted:
        state = replace(state, verified=tuple(one for one in state.verified if not one & _OF_APPLICATION))
    if after == before:
        return state
    opened = sorted({*state.open_channels, channel})
    return replace(state, positions=_with(state.positions, channel, after), open_channels=tuple(opened))


def _without_files(state: CardState) -> CardState:
    """No current file on the basic channel: the root applet has none, and its name, a key, is not to be shown."""
    return replace(state, positions=tuple(pair for pair in state.positions if pair[0] != BASIC_CHANNEL), verified=())


def _manage_channel(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    """MANAGE CHANNEL (ISO/IEC 7816-4:2005, 7.1.2): P1 00 opens, 80 closes."""
    if command.p1 == 0x00 and response.ok:
        number = command.p2 or int.from_bytes(response.data[:1], "big")
        return replace(_without_channel(state, number), open_channels=tuple(sorted({*state.open_channels, number})))
    if command.p1 == 0x80 and response.done:
        return _without_channel(state, command.p2 or channel_of(command.cla))
    return state


def _without_channel(state: CardState, number: int) -> CardState:
    return replace(
        state, channel=BASIC_CHANNEL if state.channel == number else state.channel,
        open_channels=tuple(one for one in state.open_channels if one != number),
        positions=tuple(pair for pair in state.positions if pair[0] != number),
    )


_OF_APPLICATION = 0x80  # in P2: the PIN is of the current application or DF, and no other knows it (7.5.1)
_UNVERIFIES = 0xFF  # P1 of a VERIFY that takes the verification back (ISO/IEC 7816-4:2013, 11.5.6)


def _compare(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    """What a command that compares a PIN tells of it: the tries that are left, and whether it is verified now."""
    taken_back = command.ins == INS.VERIFY and command.p1 == _UNVERIFIES and response.ok
    failed = response.tries_left is not None
    verified = set(state.verified) - ({command.p2} if failed or taken_back else set())
    if command.ins == INS.VERIFY and command.p1 != _UNVERIFIES and command.data and response.ok:
        verified.add(command.p2)
    return replace(_count_tries(state, command, response), verified=tuple(sorted(verified)))


def _count_tries(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    """What the commands that compare a PIN tell of the tries that are left (7.5.6 to 7.5.9)."""
    left = response.tries_left
    if left is not None:
        return _with_tries(state, command, left)
    return _forget_tries(state, command, response)


def _forget_tries(state: CardState, command: CommandAPDU, response: ResponseAPDU) -> CardState:
    return _with_tries(state, command, None) if response.ok else state


def _with_tries(state: CardState, command: CommandAPDU, left: int | None) -> CardState:
    df = _df(state, command.cla)
    others = tuple(one for one in state.tries if (one.df, one.reference) != (df, command.p2))
    return replace(state, tries=others if left is None else (*others, PinTries(df, command.p2, left)))


def _df(state: CardState, cla: int) -> tuple[str, ...]:
    """The DF that is current on the channel of a class byte; empty where it is not known."""
    position = dict(state.positions).get(channel_of(cla), UNKNOWN)
    return () if position.or_above or position.unsure else position.df


ValueT = TypeVar("ValueT")


def _with(pairs: tuple[tuple[int, ValueT], ...], number: int, value: ValueT) -> tuple[tuple[int, ValueT], ...]:
    """The pairs with another value for a number."""
    return tuple(sorted({**dict(pairs), number: value}.items(), key=lambda pair: pair[0]))


_WORK_ON_FILES = (INS.SELECT, INS.READ_BINARY, INS.READ_BINARY_ODD, INS.READ_RECORD, INS.UPDATE_BINARY,
                  INS.UPDATE_BINARY_ODD, INS.UPDATE_RECORD, INS.APPEND_RECORD)
_CHANNEL_CHANGES: dict[int, Change] = {
    **{int(ins): _move for ins in _WORK_ON_FILES},
    **dict.fromkeys(COMPARE_PIN, _compare),
    INS.MANAGE_CHANNEL: _manage_channel, **dict.fromkeys(RESET_RETRY, _forget_tries),
}
