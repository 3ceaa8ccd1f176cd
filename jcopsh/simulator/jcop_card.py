"""A JCOP card: IDENTIFY, SELECT by name, logical channels, and the dispatch to its applications.

Logical channels are those of the JCRE Specification 2.2.2, chapter 4, and the Card Specification 2.2.1, 6.3 and 6.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, WRONG_LENGTH, Answer, Command
from jcopsh.simulator.application import INS_SELECT, Application, NoApplication
from jcopsh.simulator.assumptions import (
    CLASS_BITS,
    GP_LIFE_CYCLE,
    GP_LOGICAL_CHANNELS,
    GP_MULTISELECTABLE,
    TRANSPORT_KEY_AFTER_FUSE,
    UNSELECTED,
)
from jcopsh.simulator.atr import AnswerToReset, answer_to_reset
from jcopsh.simulator.card_content import CardState, Instance
from jcopsh.simulator.chip import Chip
from jcopsh.simulator.installed_applet import InstalledApplet
from jcopsh.simulator.memory import Eeprom
from jcopsh.simulator.profiles import JcopProfile
from jcopsh.simulator.randomness import Randomness
from jcopsh.simulator.root_applet import RootApplet
from jcopsh.simulator.security_domain import SecurityDomain

IDENTIFY_AID = bytes.fromhex("A000000167413000FF")
_FUSE_BYTE = 14
_FILE_NOT_FOUND = 0x6A82
_LOCKED = 0x6283
_BY_NAME, _FIRST, _NEXT = 0x04, 0x00, 0x02
_SHORTEST_NAME = 5
_BASIC = 0
_CHANNEL_BITS, _FURTHER_CLASSES = 0x03, 0x60
_INS_MANAGE_CHANNEL, _OPEN, _CLOSE = 0x70, 0x00, 0x80
_NO_SUCH_CHANNEL = CLASS_BITS.value[0]
_WRONG_PARAMETERS, _NOT_SUPPORTED, _ALREADY_CLOSED = 0x6A86, 0x6A81, 0x6200


class JcopCard:
    """The machine inside a JCOP card."""

    def __init__(
        self, profile: JcopProfile, memory: Eeprom, randomness: Randomness, save: Callable[[Eeprom], None]
    ) -> None:
        self._profile = profile
        self._chip = Chip(profile, memory, randomness, save)
        self._nothing = NoApplication(self._chip)
        self._root = RootApplet(self._chip)
        self._applications: dict[int, Application] = {_BASIC: self._nothing}

    @property
    def memory(self) -> Eeprom:
        """The EEPROM now in force."""
        return self._chip.eeprom

    @property
    def cold_atr(self) -> AnswerToReset:
        """What a cold reset would answer now."""
        return answer_to_reset(self._chip.eeprom, self._profile.layout.cold)

    def reset(self, memory: Eeprom, *, cold: bool) -> AnswerToReset:
        """Forget what a reset forgets, and take `memory` as found in the card; the ATR."""
        self._chip.restart(memory)
        self._leave_all()
        if self._chip.card_manager_ready:
            self._take_instance(_BASIC, self._chip.content.default)
        layout = self._profile.layout
        return answer_to_reset(memory, layout.cold if cold else layout.warm)

    def execute(self, command: Command) -> Answer:
        """SELECT by name and MANAGE CHANNEL are the card's; all else belongs to what is selected on the channel."""
        channel = command.cla & _CHANNEL_BITS if self._has_channels and not command.cla & _FURTHER_CLASSES else _BASIC
        command = replace(command, cla=command.cla - channel)
        header = (command.cla, command.ins, command.p1)
        if header == (0x00, INS_SELECT, _BY_NAME) and command.p2 in (_FIRST, _NEXT):
            return self._select(channel, command.data, following=command.p2 == _NEXT)
        if channel not in self._applications:
            return Answer(_NO_SUCH_CHANNEL)
        if header[:2] == (0x00, _INS_MANAGE_CHANNEL) and self._has_channels:
            return self._manage_channel(channel, command)
        answer = self._applications[channel].process(command)
        if self._has_root and self._chip.eeprom.fused:
            self._leave_all()
        return answer

    @property
    def _has_root(self) -> bool:
        return self._applications[_BASIC] is self._root

    @property
    def _has_channels(self) -> bool:
        """The root applet, and a card with nothing selected, know the basic channel alone."""
        return not self._has_root and self._applications[_BASIC] is not self._nothing

    def _leave_all(self) -> None:
        """Nothing is selected, and the basic channel alone is open."""
        self._applications = {_BASIC: self._nothing}
        self._chip.selected = {}

    def _take_instance(self, channel: int, instance: Instance) -> None:
        is_domain = instance.domain_data is not None
        self._applications[channel] = SecurityDomain(self._chip, instance.aid) if is_domain else InstalledApplet()
        self._chip.selected[channel] = instance.aid

    def _manage_channel(self, channel: int, command: Command) -> Answer:
        """MANAGE CHANNEL: P1 00 opens the channel in P2, or for 00 the first free one, which it tells; 80 closes it."""
        if command.data or command.p2 > max(GP_LOGICAL_CHANNELS.value):
            return Answer(WRONG_LENGTH if command.data else _WRONG_PARAMETERS)
        if command.p1 == _CLOSE:
            return self._close(command.p2 or channel)
        if command.p1 != _OPEN or (command.p2 and command.p2 in self._applications):
            return Answer(_WRONG_PARAMETERS)
        if self._chip.content.card_state in (CardState.CARD_LOCKED, CardState.TERMINATED):
            return Answer(_NO_SUCH_CHANNEL)
        free = (number for number in GP_LOGICAL_CHANNELS.value if number not in self._applications)
        number = command.p2 or next(free, None)
        return Answer(_NOT_SUPPORTED) if number is None else self._open(channel, number, named=bool(command.p2))

    def _open(self, origin: int, number: int, *, named: bool) -> Answer:
        """Open a channel: from the basic one with the default application, from another with what that one has."""
        content = self._chip.content
        beginning = content.application(self._chip.selected[origin]) if origin else content.default
        if beginning is None or self._is_taken(beginning, number):
            return Answer(GP_MULTISELECTABLE.value)
        self._take_instance(number, beginning)
        return Answer(SUCCESS, b"" if named else bytes((number,)))

    def _close(self, number: int) -> Answer:
        if number == _BASIC:
            return Answer(_NOT_SUPPORTED)
        if number not in self._applications:
            return Answer(_ALREADY_CLOSED)
        del self._applications[number], self._chip.selected[number]
        return Answer(SUCCESS)

    def _is_taken(self, wanted: Instance, channel: int) -> bool:
        """Whether the applet, or another one of its package, is selected on a channel other than this one."""
        if wanted.domain_data is not None:
            return False
        others = (self._chip.content.application(aid) for at, aid in self._chip.selected.items() if at != channel)
        return any(one is not None and one.load_file == wanted.load_file for one in others)

    def _select(self, channel: int, name: bytes, *, following: bool) -> Answer:
        """Select an application by its name; a name that selects nothing leaves the selection as it is.

        A channel that is not open is opened by it (JCRE Specification 2.2.2, 4.4.2).
        """
        if name == IDENTIFY_AID and self._chip.platform.identify:
            return Answer(_FILE_NOT_FOUND, self._identity(self._chip.platform.identify))
        if channel == _BASIC and name == self._profile.transport_key:
            return self._select_root()
        if not self._chip.card_manager_ready:
            return Answer(UNSELECTED.value)
        if self._chip.content.card_state is CardState.TERMINATED:
            return Answer(GP_LIFE_CYCLE.value)
        found = self._found(name, self._chip.selected.get(channel, b"") if following else None)
        if found is None:
            return Answer(UNSELECTED.value)
        if self._is_taken(found, channel):
            return Answer(GP_MULTISELECTABLE.value)
        self._take_instance(channel, found)
        return Answer(_LOCKED if self._locked else SUCCESS, self._file_control_information(found))

    def _select_root(self) -> Answer:
        if self._chip.eeprom.fused:
            return Answer(TRANSPORT_KEY_AFTER_FUSE.value)
        self._leave_all()
        self._applications[_BASIC] = self._root
        return Answer(SUCCESS)

    @property
    def _locked(self) -> bool:
        return self._chip.content.card_state is CardState.CARD_LOCKED

    def _found(self, name: bytes, after: bytes | None) -> Instance | None:
        """What the name means: the whole AID first, then AIDs that begin with it, in the order of the registry.

        With the AID `after`, the one behind it where the name means that one too.
        """
        content = self._chip.content
        if not name:
            return content.issuer
        there = [content.issuer] if self._locked else [content.issuer, *filter(_is_selectable, content.instances)]
        begun = [one for one in there if one.aid.startswith(name)] if len(name) >= _SHORTEST_NAME else []
        matches = sorted(begun, key=lambda one: one.aid != name)
        aids = [one.aid for one in matches]
        if after in aids:
            matches = matches[aids.index(after) + 1 :]
        return next(iter(matches), None)

    def _file_control_information(self, instance: Instance) -> bytes:
        """The issuer's as its generation has it, a short one for other security domains, none for applets."""
        if instance.aid == self._chip.content.issuer.aid:
            return self._chip.platform.issuer_fci
        if instance.domain_data is None:
            return b""
        proprietary = tlv.encode(b"\xa5", bytes.fromhex("9F6501FF"))
        return tlv.encode(b"\x6f", tlv.encode(b"\x84", instance.aid) + proprietary)

    def _identity(self, identify: bytes) -> bytes:
        """The data of IDENTIFY; its byte 14 says whether the card is fused."""
        data = bytearray(identify)
        data[_FUSE_BYTE] = self._chip.eeprom.fused
        return bytes(data)


def _is_selectable(instance: Instance) -> bool:
    return instance.selectable
