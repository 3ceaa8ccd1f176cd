"""A JCOP card: IDENTIFY, SELECT by name, and the dispatch to its applications."""

from __future__ import annotations

from collections.abc import Callable

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.application import INS_SELECT, Application, NoApplication
from jcopsh.simulator.assumptions import GP_LIFE_CYCLE, TRANSPORT_KEY_AFTER_FUSE, UNSELECTED
from jcopsh.simulator.atr import AnswerToReset, answer_to_reset
from jcopsh.simulator.card_content import CardState, Instance
from jcopsh.simulator.chip import Chip
from jcopsh.simulator.installed_applet import InstalledApplet
from jcopsh.simulator.machine import Randomness
from jcopsh.simulator.memory import Eeprom
from jcopsh.simulator.profiles import JcopProfile
from jcopsh.simulator.root_applet import RootApplet
from jcopsh.simulator.security_domain import SecurityDomain

IDENTIFY_AID = bytes.fromhex("A000000167413000FF")
_FUSE_BYTE = 14
_FILE_NOT_FOUND = 0x6A82
_LOCKED = 0x6283
_BY_NAME, _FIRST, _NEXT = 0x04, 0x00, 0x02
_SHORTEST_NAME = 5


class JcopCard:
    """The machine inside a JCOP card."""

    def __init__(
        self, profile: JcopProfile, memory: Eeprom, randomness: Randomness, save: Callable[[Eeprom], None]
    ) -> None:
        self._profile = profile
        self._chip = Chip(profile, memory, randomness, save)
        self._nothing = NoApplication(self._chip)
        self._root = RootApplet(self._chip)
        self._selected: Application = self._nothing
        self._selected_aid = b""

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
        self._take(self._nothing, b"")
        if self._chip.card_manager_ready:
            self._take_instance(self._chip.content.default)
        layout = self._profile.layout
        return answer_to_reset(memory, layout.cold if cold else layout.warm)

    def execute(self, command: Command) -> Answer:
        """SELECT by name is the card's; every other command belongs to the selected application."""
        if (command.cla, command.ins, command.p1) == (0x00, INS_SELECT, _BY_NAME) and command.p2 in (_FIRST, _NEXT):
            return self._select(command.data, following=command.p2 == _NEXT)
        answer = self._selected.process(command)
        if self._selected is self._root and self._chip.eeprom.fused:
            self._take(self._nothing, b"")
        return answer

    def _take(self, application: Application, aid: bytes) -> None:
        self._selected, self._selected_aid = application, aid

    def _take_instance(self, instance: Instance) -> None:
        is_domain = instance.domain_data is not None
        self._take(SecurityDomain(self._chip, instance.aid) if is_domain else InstalledApplet(), instance.aid)

    def _select(self, name: bytes, *, following: bool) -> Answer:
        """Select an application by its name; a name that selects nothing leaves the selection as it is."""
        if name == IDENTIFY_AID and self._chip.platform.identify:
            return Answer(_FILE_NOT_FOUND, self._identity(self._chip.platform.identify))
        if name == self._profile.transport_key:
            if self._chip.eeprom.fused:
                return Answer(TRANSPORT_KEY_AFTER_FUSE.value)
            self._take(self._root, b"")
            return Answer(SUCCESS)
        if not self._chip.card_manager_ready:
            return Answer(UNSELECTED.value)
        if self._chip.content.card_state is CardState.TERMINATED:
            return Answer(GP_LIFE_CYCLE.value)
        found = self._found(name, following=following)
        if found is None:
            return Answer(UNSELECTED.value)
        self._take_instance(found)
        return Answer(_LOCKED if self._locked else SUCCESS, self._file_control_information(found))

    @property
    def _locked(self) -> bool:
        return self._chip.content.card_state is CardState.CARD_LOCKED

    def _found(self, name: bytes, *, following: bool) -> Instance | None:
        """What the name means: the whole AID first, then AIDs that begin with it, in the order of the registry."""
        content = self._chip.content
        if not name:
            return content.issuer
        there = [content.issuer] if self._locked else [content.issuer, *filter(_is_selectable, content.instances)]
        begun = [one for one in there if one.aid.startswith(name)] if len(name) >= _SHORTEST_NAME else []
        matches = sorted(begun, key=lambda one: one.aid != name)
        aids = [one.aid for one in matches]
        if following and self._selected_aid in aids:
            matches = matches[aids.index(self._selected_aid) + 1 :]
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
