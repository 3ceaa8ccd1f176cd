"""Which parts of an exchange are secret, told from its bytes and the state alone.

Source of the memory fields: the memory maps. Where no map is chosen, every map's key and PIN fields count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jcopsh.globalplatform.content import TAG_APPLICATION_PARAMETERS, Install, counted_fields
from jcopsh.iso7816.aid import MAX_AID, MIN_AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import ENVELOPE_INS, INS, PIN_INS
from jcopsh.iso7816.reader_commands import READER_CLASS, UNDERSTOOD, ReaderIns
from jcopsh.iso7816.tlv import TLV, parse_legible
from jcopsh.jcop.memory_map import Field, Kind, MemoryMaps
from jcopsh.jcop.root_applet import CLA_MEMORY, TRANSPORT_KEY_LENGTH
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.secrets.segments import Hidden, Mark, Segments, take_out
from jcopsh.state import CardState, Fuse, SelectedKind

# whose data are no secret: MANAGE CHANNEL, INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, SELECT, READ BINARY and RECORD,
# GET RESPONSE, GET DATA, GET STATUS, BOOT and SET STATUS, DELETE, LOAD
PUBLIC_INS = frozenset((0x50, 0x70, 0x82, 0xA4, 0xB0, 0xB1, 0xB2, 0xB3, 0xC0, 0xCA, 0xCB, 0xE4, 0xE8, 0xF0, 0xF2))
SHORTEST_PIN, SHORTEST_KEY = 4, 8  # bytes


def command_marks(command: CommandAPDU, state: CardState, maps: MemoryMaps) -> tuple[Mark, ...]:
    """The secret parts of the command's data, by offset in that data."""
    if not command.data:
        return ()
    if command.cla == READER_CLASS:
        return _reader_marks(command)
    # class C0 is also that of GlobalPlatform's logical channel 4: both readings hold
    memory = _memory_marks(_address(command), len(command.data), maps) if command.cla == CLA_MEMORY else ()
    return (*memory, *_marks_by_instruction(command, state))


def _reader_marks(command: CommandAPDU) -> tuple[Mark, ...]:
    """LOAD KEYS carries a key; a block of a storage card may be a sector's keys, and nobody knows a maker's command."""
    if command.ins in UNDERSTOOD:
        return ()
    if command.ins == ReaderIns.LOAD_KEYS:
        return (Mark(0, len(command.data), "reader_key"),)
    return (Mark(0, len(command.data), "reader_data", pin=True),)


def response_marks(
    command: CommandAPDU, response: ResponseAPDU, maps: MemoryMaps, offset: int = 0
) -> tuple[Mark, ...]:
    """The secret parts of the response's data, by offset in that data. `offset` bytes of the answer came before."""
    if command.cla == CLA_MEMORY and response.data:
        return _memory_marks(_address(command) + offset, len(response.data), maps)
    return ()


def field_part(field: Field, start: int, end: int) -> str:
    """The name of the part of a field between two addresses: `cm_key1`, or `cm_key1[4:8]`."""
    if start <= field.address and end >= field.end:
        return field.name
    return f"{field.name}[{max(start, field.address) - field.address}:{min(end, field.end) - field.address}]"


def _address(command: CommandAPDU) -> int:
    return command.cla << 16 | command.p1 << 8 | command.p2


def _memory_marks(address: int, length: int, maps: MemoryMaps) -> tuple[Mark, ...]:
    fields = maps.secrets_in(address, length)
    if not fields:
        return ()
    end = address + length
    return tuple(
        Mark(max(f.address, address) - address, min(f.end, end) - address, field_part(f, address, end),
             f.kind is Kind.PIN)
        for f in fields
    )


def _marks_by_instruction(command: CommandAPDU, state: CardState) -> tuple[Mark, ...]:
    everything = len(command.data)
    if command.ins == INS.SELECT:
        # the root applet's AID is the transport key; a longer one can only be a transport key with too many digits
        may_be_transport_key = everything >= TRANSPORT_KEY_LENGTH and state.fuse is not Fuse.FUSED
        return (Mark(0, everything, "transport_key"),) if may_be_transport_key else ()
    if command.ins in PIN_INS:
        return (Mark(0, everything, "pin", pin=True),)
    if command.ins == INS.PUT_KEY:
        return (Mark(0, everything, "put_key"),)
    # what these carry may be short and easily guessed, such as a PIN: no check value either
    if command.ins == INS.STORE_DATA and command.cla & 0x80:
        return (Mark(0, everything, "store_data", pin=True),)
    if command.ins in ENVELOPE_INS:
        return (Mark(0, everything, "envelope", pin=True),)
    if command.ins == INS.INSTALL:  # of any class: the other one's TERMINATE DF has no data
        return install_marks(command)
    # a WRITE with a mistake in its class or instruction may still carry a key; what is shorter is not even a PIN
    shortest = SHORTEST_PIN if state.selected is SelectedKind.ROOT else SHORTEST_KEY
    mistyped_write = command.cla != CLA_MEMORY and command.ins not in PUBLIC_INS and state.fuse is not Fuse.FUSED
    if mistyped_write and everything >= shortest:
        return (Mark(0, everything, "data", pin=True),)
    return ()


# bytes that the fields of INSTALL [for install] before its parameters may have: the AIDs of load file, module and
# instance, and privileges (GlobalPlatform 2.3.1, table 11-46)
_AID_LENGTHS = (0, *range(MIN_AID, MAX_AID + 1))
_LENGTHS_BEFORE_PARAMETERS = (_AID_LENGTHS, _AID_LENGTHS, _AID_LENGTHS, (0, 1, 3))
# of the install parameters field, besides C9: of the system, of UICC and SIM, a token's (11.5.2.3.7)
_SYSTEM_PARAMETERS = frozenset((0xEF, 0xEA, 0xCA, 0xB6))


def install_marks(command: CommandAPDU) -> tuple[Mark, ...]:
    """The applet's own parameters (C9) in INSTALL [for install]: applets get PINs and keys that way. From where on the
    fields or the parameters cannot be told apart, everything; the tag and the length of what can be stay."""
    if not command.p1 & Install.FOR_INSTALL:
        return ()
    data = command.data
    fields, end = counted_fields(data)
    before = len(_LENGTHS_BEFORE_PARAMETERS)
    # there is always a field of parameters, and at most a token behind it: else some length is wrong
    if len(fields) - before not in (1, 2):
        return (_parameters(0, len(data)),) if data else ()
    for (start, stop), lengths in zip(fields, _LENGTHS_BEFORE_PARAMETERS, strict=False):
        if stop - start not in lengths:
            return (_parameters(start, len(data)),)
    marks = _application_parameters(data, *fields[before])
    return tuple(marks) if end == len(data) else (*marks, _parameters(end, len(data)))


def _application_parameters(data: bytes, start: int, end: int) -> list[Mark]:
    """The values of C9 in the install parameters field between two offsets; all from what is no parameter on."""
    objects, error = parse_legible(data[start:end])
    marks: list[Mark] = []
    at = start
    for one in objects:
        value = start + one.value_offset
        if one.tag == TAG_APPLICATION_PARAMETERS and one.value:
            marks.append(_parameters(value, value + len(one.value)))
        elif one.tag not in (TAG_APPLICATION_PARAMETERS, *_SYSTEM_PARAMETERS):
            return [*marks, _parameters(start + one.offset, len(data))]
        at = value + len(one.value)
    return [*marks, _parameters(at, len(data))] if error or _lacks_parameters(objects, data[start:]) else marks


def _lacks_parameters(objects: Sequence[TLV], rest: bytes) -> bool:
    """Whether C9, which is always there, is none of these, though what follows would have room for it."""
    return not any(one.tag == TAG_APPLICATION_PARAMETERS for one in objects) and any(rest)


def _parameters(start: int, end: int) -> Mark:
    return Mark(start, end, "install_parameters", pin=True)


class Redactor:
    """Turns exchanges into Segments that may be kept, and remembers the keys it met to find them elsewhere too."""

    def __init__(self) -> None:
        self._known: list[Hidden] = []

    def learn(self, name: str, secret: Secret) -> None:
        """Hide this secret wherever it turns up from now on. Short ones and constant bytes are not looked for."""
        value = secret.reveal()
        worth_it = secret.kind is not SecretKind.PIN and len(value) >= SHORTEST_KEY and len(set(value)) > 1
        if worth_it and not any(known.secret == secret for known in self._known):
            self._known.append(Hidden(name, secret))

    def command(
        self, command: CommandAPDU, state: CardState, maps: MemoryMaps, also: Iterable[Mark] = ()
    ) -> Segments:
        """The encoded command with its secrets hidden, and what `also` marks, by offset in the encoded command."""
        offset = 7 if command.is_extended else 5
        marks = command_marks(command, state, maps)
        moved = [Mark(m.start + offset, m.end + offset, m.name, m.pin) for m in marks]
        return self._hide(command.encode(), [*moved, *also])

    def response(
        self, command: CommandAPDU, response: ResponseAPDU, maps: MemoryMaps, offset: int = 0
    ) -> Segments:
        """The encoded response with its secrets hidden; `offset` bytes of the answer to the command came before."""
        return self._hide(response.encode(), response_marks(command, response, maps, offset))

    def data(self, data: bytes) -> Segments:
        """Any bytes with the keys hidden that were met before."""
        return take_out(data, self._occurrences(data))

    def _hide(self, raw: bytes, marks: Sequence[Mark]) -> Segments:
        for mark in marks:
            if mark.end <= len(raw):
                self.learn(mark.name, Secret(raw[mark.start : mark.end], _kind(mark)))
        return take_out(raw, [*marks, *self._occurrences(raw)], self._met_before)

    def _met_before(self, part: Hidden) -> Hidden:
        """The same part as it was met first, whose check value is worked out already."""
        return next((one for one in self._known if one.name == part.name and one.secret == part.secret), part)

    def _occurrences(self, raw: bytes) -> list[Mark]:
        found: list[Mark] = []
        if len(raw) < SHORTEST_KEY:
            return found
        for known in self._known:
            value = known.secret.reveal()
            start = raw.find(value)
            while start >= 0:
                found.append(Mark(start, start + len(value), known.name))
                start = raw.find(value, start + 1)
        return found


def _kind(mark: Mark) -> SecretKind:
    return SecretKind.PIN if mark.pin else SecretKind.KEY
