"""A security domain while it is selected: authentication, protected commands, and the dispatch of every command.

Card Specification 2.2.1, chapters 10 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jcopsh.simulator.apdu import SUCCESS, WRONG_LENGTH, Answer, Command
from jcopsh.simulator.application import INS_NOT_SUPPORTED, INS_SELECT, class_refusal
from jcopsh.simulator.assumptions import (
    GP_AUTHENTICATION,
    GP_CHANNEL,
    GP_COUNTER,
    GP_LIFE_CYCLE,
    GP_TRIES,
    WRONG_SELECT_PARAMETERS,
)
from jcopsh.simulator.card_content import CardState
from jcopsh.simulator.card_data import get_data, store_data
from jcopsh.simulator.card_keys import CardKeySet, KeyType
from jcopsh.simulator.card_scp02 import Scp02Session
from jcopsh.simulator.card_scp03 import S8, S16, Scp03Option, Scp03Session
from jcopsh.simulator.channel_session import SECURE_BIT, Level, Session, SessionStart, WrongMacError
from jcopsh.simulator.chip import Chip
from jcopsh.simulator.domain_context import (
    CONDITIONS_NOT_SATISFIED,
    REFERENCED_DATA_NOT_FOUND,
    WRONG_PARAMETERS,
    CommandRefused,
    DomainContext,
)
from jcopsh.simulator.installer import delete, install, load
from jcopsh.simulator.key_commands import put_key
from jcopsh.simulator.life_cycle import set_status
from jcopsh.simulator.status_list import get_status

Handler = Callable[[DomainContext, Command], Answer]
"""Carries out one plain command. Raises CommandRefused, and OSError where the memory cannot be saved."""

_CLA = 0x80
_INS_INITIALIZE_UPDATE, _INS_EXTERNAL_AUTHENTICATE = 0x50, 0x82
_INS_GET_DATA, _INS_LOAD, _INS_STORE_DATA, _INS_GET_STATUS = 0xCA, 0xE8, 0xE2, 0xF2
_BLOCKED = 0x6983
_LAST_COUNTER = {KeyType.TDES: 0xFFFF, KeyType.AES: 0xFFFFFF}

_HANDLERS: Mapping[int, Handler] = {
    _INS_GET_DATA: get_data, 0xD8: put_key, _INS_STORE_DATA: store_data, 0xE4: delete, 0xE6: install,
    _INS_LOAD: load, 0xF0: set_status, _INS_GET_STATUS: get_status,
}


def _unknown(_context: DomainContext, _command: Command) -> Answer:
    """What came protected is checked first, so that the host's MACs and the card's go on together."""
    raise CommandRefused(INS_NOT_SUPPORTED)


class SecurityDomain:
    """One security domain, from one SELECT to the next."""

    def __init__(self, chip: Chip, aid: bytes) -> None:
        self._context = DomainContext(chip, aid)

    def process(self, command: Command) -> Answer:
        """Answer a command. Raises OSError where the card's memory cannot be saved."""
        self._forget_what_others_interrupt(command.ins)
        secure = command.cla == _CLA | SECURE_BIT or _is_interindustry_get_data(command)
        refusal = class_refusal(command.cla & ~SECURE_BIT if secure else command.cla, {0x00, _CLA, 0xC0})
        if refusal is not None:
            return Answer(refusal)
        if (command.cla, command.ins) == (0x00, INS_SELECT):
            return Answer(WRONG_SELECT_PARAMETERS.value)
        terminated = self._context.content.card_state is CardState.TERMINATED
        if terminated and command.ins != _INS_GET_DATA:
            return Answer(GP_LIFE_CYCLE.value)
        try:
            return self._dispatch(command)
        except CommandRefused as refused:
            return Answer(refused.sw)

    def _dispatch(self, command: Command) -> Answer:
        if command.cla == _CLA and command.ins == _INS_INITIALIZE_UPDATE:
            return self._initialize_update(command)
        if command.cla & _CLA and command.cla < 0xC0 and command.ins == _INS_EXTERNAL_AUTHENTICATE:
            return self._external_authenticate(command)
        handler = _HANDLERS.get(command.ins, _unknown)
        known = command.cla in (_CLA, _CLA | SECURE_BIT) or _is_interindustry_get_data(command)
        if not known or (handler is _unknown and not command.cla & SECURE_BIT):
            return Answer(INS_NOT_SUPPORTED)
        return self._through_the_channel(handler, command)

    def _through_the_channel(self, handler: Handler, command: Command) -> Answer:
        context = self._context
        session = context.session
        secured = bool(command.cla & SECURE_BIT)
        level = session.level if session is not None else None
        wanted = level is not None and bool(level & Level.C_MAC)
        if command.ins == _INS_GET_DATA and not secured and (wanted or level is None):
            return handler(context, command)
        if session is None or level is None or secured != wanted:
            return Answer(GP_CHANNEL.value)
        try:
            plain = session.unwrap(command)
        except WrongMacError:
            self._end_session()
            return Answer(GP_CHANNEL.value)
        try:
            answer = handler(context, plain)
        except CommandRefused as refused:
            answer = Answer(refused.sw)
        return session.wrap(answer)

    def _forget_what_others_interrupt(self, ins: int) -> None:
        """A load, a STORE DATA and a GET STATUS in parts go on only where nothing comes between their parts."""
        context = self._context
        if ins != _INS_LOAD:
            context.load = None
        if ins != _INS_STORE_DATA:
            context.personalised, context.stored, context.next_stored = None, b"", 0
        if ins != _INS_GET_STATUS:
            context.status_left = ()
        if ins != _INS_EXTERNAL_AUTHENTICATE and context.session is not None and context.session.level is None:
            context.session = None

    def _end_session(self) -> None:
        self._context.session = None
        self._context.load = None

    def _initialize_update(self, command: Command) -> Answer:
        """INITIALIZE UPDATE (E.5.1; Amendment D, 7.1.1). It ends a channel that is open."""
        context = self._context
        self._end_session()
        if command.p2:
            raise CommandRefused(WRONG_PARAMETERS)
        owner = context.content.key_owner(context.aid).aid
        keys = self._key_set(owner, command.p1)
        if len(command.data) != self._challenge_length(keys):
            raise CommandRefused(WRONG_LENGTH)
        data = context.data_of(owner)
        counter = data.sequence_counter + (keys.type is KeyType.AES)
        if not data.tries:
            raise CommandRefused(_BLOCKED)
        if counter > _LAST_COUNTER[keys.type or KeyType.TDES]:
            raise CommandRefused(GP_COUNTER.value)
        spent = replace(data, tries=data.tries - 1, sequence_counter=counter)
        context.commit(context.content.with_domain_data(owner, spent))
        context.session = self._session(keys, counter, command.data)
        return Answer(SUCCESS, context.platform.diversification_data + context.session.initial_data)

    def _key_set(self, owner: bytes, version: int) -> CardKeySet:
        """The key set of that version, or the first one for 00. Raises CommandRefused."""
        for key_set in self._context.key_sets(owner):
            if version in (0, key_set.version) and key_set.type is not None:
                return key_set
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)

    def _challenge_length(self, keys: CardKeySet) -> int:
        option = self._context.scp03 if keys.type is KeyType.AES else 0
        return S16 if option & Scp03Option.S16 else S8

    def _session(self, keys: CardKeySet, counter: int, host_challenge: bytes) -> Session:
        context = self._context
        is_aes = keys.type is KeyType.AES
        option = context.scp03 if is_aes else context.scp02
        start = SessionStart(option, counter, context.aid, host_challenge, context.randomness)
        return Scp03Session(keys, start) if is_aes else Scp02Session(keys, start)

    def _external_authenticate(self, command: Command) -> Answer:
        """EXTERNAL AUTHENTICATE (E.5.2; Amendment D, 7.1.2)."""
        context, session = self._context, self._context.session
        context.session = None
        if session is None or session.level is not None:
            raise CommandRefused(CONDITIONS_NOT_SATISFIED)
        if command.p2 or command.p1 not in session.levels:
            raise CommandRefused(WRONG_PARAMETERS)
        if not command.cla & SECURE_BIT:
            raise CommandRefused(GP_CHANNEL.value)
        if len(command.data) != session.authentication_length:
            raise CommandRefused(WRONG_LENGTH)
        try:
            right = session.authenticate(command)
        except WrongMacError:
            raise CommandRefused(GP_CHANNEL.value) from None
        if not right:
            raise CommandRefused(GP_AUTHENTICATION.value)
        self._count_success(session)
        context.session = session
        return Answer(SUCCESS)

    def _count_success(self, session: Session) -> None:
        context = self._context
        owner = context.content.key_owner(context.aid).aid
        data = context.data_of(owner)
        counter = data.sequence_counter + isinstance(session, Scp02Session)
        context.commit(
            context.content.with_domain_data(owner, replace(data, tries=GP_TRIES.value, sequence_counter=counter))
        )


def _is_interindustry_get_data(command: Command) -> bool:
    """GET DATA alone exists with the class 00 too, and then with 04 inside a channel."""
    return command.ins == _INS_GET_DATA and command.cla & ~SECURE_BIT == 0x00
