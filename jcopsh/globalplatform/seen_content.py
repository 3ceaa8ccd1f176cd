"""What the exchanges with a card have shown of its content so far, for completion. Pure; nothing is asked for it.

It may be less than what is on the card, and never more than what the card has answered or carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jcopsh.globalplatform import card_data
from jcopsh.globalplatform.card_data import CardDataError
from jcopsh.globalplatform.content import DELETED, DOMAIN_WITH_APPLICATIONS, TAG_AID, Install, counted_fields
from jcopsh.globalplatform.registry import (
    ALL_AIDS,
    MORE_DATA,
    NEXT,
    RegistryEntry,
    Scope,
    parse_status,
)
from jcopsh.globalplatform.selected_application import parse_selected
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.tlv import TlvError, find
from jcopsh.iso7816.tlv import parse as parse_tlv

_PACKAGES = (Scope.LOAD_FILES, Scope.LOAD_FILES_AND_MODULES)
_TELLING = frozenset((INS.GET_STATUS, INS.INSTALL, INS.LOAD, INS.DELETE, INS.SET_STATUS, INS.GET_DATA, INS.SELECT))
_RELATED, _LAST_BLOCK, _BY_NAME = 0x80, 0x80, 0x04
_LOCKED = 0x80
_INSTALLED, _SELECTABLE, _LOADED = 0x03, 0x07, 0x01


@dataclass(frozen=True, slots=True)
class SeenContent:
    """Registry entries by AID as far as they were seen, and the versions of the keys that the card told of.

    `loading` is the package of an INSTALL [for load] whose last LOAD has not come yet.
    """

    entries: tuple[RegistryEntry, ...] = ()
    key_versions: tuple[int, ...] = ()
    loading: AID | None = None

    def after(self, command: CommandAPDU, response: ResponseAPDU) -> SeenContent:
        """What is known after a command, plain, and its whole answer; the same object where they tell nothing."""
        if command.ins not in _TELLING or (command.ins != INS.SELECT and not command.cla & 0x80):
            return self
        try:
            return self._after(command, response)
        except (CardDataError, TlvError, ValueError, IndexError):
            return self  # an answer, or a command typed byte by byte, that says nothing

    def _after(self, command: CommandAPDU, response: ResponseAPDU) -> SeenContent:
        ins = command.ins
        if ins == INS.GET_STATUS:
            return self._listed(command, response)
        if ins == INS.DELETE:
            return self._deleted(command) if response.sw in DELETED else self
        if not response.ok:
            return self
        if ins == INS.INSTALL:
            return self._installed(command)
        if ins == INS.LOAD:
            return self._loaded() if command.p1 & _LAST_BLOCK else self
        if ins == INS.SET_STATUS:
            return self._changed(command)
        if ins == INS.GET_DATA:
            return self._keys(command, response)
        return self._selected(command, response)

    def _with(self, *entries: RegistryEntry) -> SeenContent:
        known = {one.aid: one for one in self.entries}
        known.update((one.aid, one) for one in entries)
        return replace(self, entries=tuple(known.values()))

    def _listed(self, command: CommandAPDU, response: ResponseAPDU) -> SeenContent:
        """An answer to GET STATUS; the first one to a question for all takes the place of what was known."""
        scope = Scope(command.p1)
        alike = _PACKAGES if scope in _PACKAGES else (scope,)
        kept = self
        told = response.ok or response.sw in (MORE_DATA, 0x6A88)
        if told and not command.p2 & NEXT and command.data == ALL_AIDS:
            kept = replace(self, entries=tuple(one for one in self.entries if one.scope not in alike))
        return kept._with(*parse_status(response.data, scope).entries) if response.data and told else kept

    def _installed(self, command: CommandAPDU) -> SeenContent:
        spans, end = counted_fields(command.data)
        if end < len(command.data):
            return self
        fields = tuple(command.data[start:stop] for start, stop in spans)
        if command.p1 == Install.FOR_LOAD:
            return replace(self, loading=AID(fields[0]))
        made = {Install.FOR_INSTALL: _INSTALLED, Install.FOR_INSTALL_AND_MAKE_SELECTABLE: _SELECTABLE}
        if command.p1 not in made:
            return self
        package, module, aid, privileges = (*fields[:3], fields[3])
        instance = RegistryEntry(
            AID(aid or module), Scope.APPLICATIONS, made[Install(command.p1)],
            int.from_bytes((privileges + bytes(3))[:3], "big"), load_file=AID(package) if package else None,
        )
        return self._with(*(
            replace(one, modules=(*one.modules, AID(module))) for one in self.entries
            if one.aid == instance.load_file and one.scope in _PACKAGES and AID(module) not in one.modules
        ), instance)

    def _loaded(self) -> SeenContent:
        if self.loading is None:
            return self
        return replace(self._with(RegistryEntry(self.loading, Scope.LOAD_FILES, _LOADED)), loading=None)

    def _deleted(self, command: CommandAPDU) -> SeenContent:
        found = find(parse_tlv(command.data), TAG_AID)
        if found is None:
            return self
        aid = AID(found.value)
        package = next((one for one in self.entries if one.aid == aid and one.scope in _PACKAGES), None)

        def goes(one: RegistryEntry) -> bool:
            related = package is not None and bool(command.p2 & _RELATED)
            return one.aid == aid or (related and one.scope is Scope.APPLICATIONS and (
                one.load_file == aid or (package is not None and one.aid in package.modules)))

        return replace(self, entries=tuple(one for one in self.entries if not goes(one)))

    def _changed(self, command: CommandAPDU) -> SeenContent:
        if command.p1 not in (Scope.APPLICATIONS.value, DOMAIN_WITH_APPLICATIONS):
            return self
        aid = AID(command.data)
        changed = (one for one in self.entries if one.aid == aid or (
            command.p1 == DOMAIN_WITH_APPLICATIONS and one.scope is Scope.APPLICATIONS and one.domain == aid))
        return self._with(*(replace(one, life_cycle=_next_state(one.life_cycle, command.p2)) for one in changed))

    def _keys(self, command: CommandAPDU, response: ResponseAPDU) -> SeenContent:
        if command.p1 << 8 | command.p2 != card_data.TAG_KEYS:
            return self
        keys = card_data.parse_keys(response.data)
        return replace(self, key_versions=tuple(sorted({one.version for one in keys})))

    def _selected(self, command: CommandAPDU, response: ResponseAPDU) -> SeenContent:
        """What SELECT by name selected, by the DF name in its answer: a transport key is in no answer."""
        if command.p1 != _BY_NAME:
            return self
        told = parse_selected(response.data)
        if not told.name or any(one.aid.value == told.name for one in self.entries):
            return self
        # only the issuer's is selected without being known from a listing or an INSTALL before
        scope = Scope.ISSUER_SECURITY_DOMAIN if told.security_domain else Scope.APPLICATIONS
        return self._with(RegistryEntry(AID(told.name), scope, 0))


def _next_state(state: int | None, wanted: int) -> int | None:
    """The life cycle byte after SET STATUS: bit 8 locks, what is below it stays (GlobalPlatform 2.3.1, 11.10.2.2)."""
    if state is None:
        return None
    if wanted & _LOCKED:
        return state | _LOCKED
    return wanted if wanted else state & ~_LOCKED
