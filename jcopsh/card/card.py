"""The card, and the one door to it: Card.send. Everybody's bytes go through it, whoever they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from jcopsh.card import consent, interlock
from jcopsh.card.accepted_keys import AcceptedKeys
from jcopsh.card.answer import Answer, answer_after
from jcopsh.card.exchange import Exchange, FailedExchange
from jcopsh.card.for_reader import require_for_card, require_for_reader
from jcopsh.card.given_yes import GivenYes
from jcopsh.card.interlock import Judgement, Severity
from jcopsh.card.interrupt import GivenUp, held_back, is_pending, may_be_given_up
from jcopsh.card.journal import Journal, JournalError
from jcopsh.card.keeper import Keeper, card_name
from jcopsh.card.link import InReader, Link, ReaderAttributes, ReaderLink, RecordedLink, ReplayDiffers, ResetKind
from jcopsh.card.link_failure import link_failure
from jcopsh.card.reader_interlock import judge_for_reader
from jcopsh.card.secure_channel import SecureMessaging, channel_error, is_wrapping_of, require_own
from jcopsh.card.sensitive import Redactor
from jcopsh.card.sharing import Sharing
from jcopsh.card.tries import Tries
from jcopsh.card.wire_form import struck_command, struck_response, wire_form
from jcopsh.errors import CardWasReset, ChannelError, JcopshError, ReaderError, Refused
from jcopsh.globalplatform.channel import SecureChannel, SecureChannelState
from jcopsh.globalplatform.keys import KeySet
from jcopsh.iso7816.apdu import MAX_SHORT_DATA, CommandAPDU, ResponseAPDU
from jcopsh.iso7816.channel import channel_of, class_on_channel
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.jcop.memory_map import MemoryMap, MemoryMaps, all_maps
from jcopsh.secrets.key_store import KeyStore
from jcopsh.secrets.ledger import Ledger
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Segments
from jcopsh.state import CardState, advance, after_reader_command, connected, forgotten, powered_up

# a card that never stops saying 61xx or 6Cxx is broken
MAX_FOLLOWED = 512
SILENT = "No answer yet. Ctrl-C again gives the card up."
AnswerT = TypeVar("AnswerT")


class Card:
    """A connected card: what is known of it (`state`) and the only way to talk to it (`send`).

    `observers` are called with every Exchange, when all of one `send` is done: the state has advanced and the keys are
    kept by then, so that an observer may fail, or send something itself. `failure_observers` are called with a
    FailedExchange where the link failed. `follow` says whether 61xx and 6Cxx are followed. `memory_map` is the map that
    is known to fit, for whoever names fields; what is guarded does not depend on it: that is the fields of every map.
    `key_store` is None for what is no card but a recording: nothing of it is worth keeping. `before_question` is called
    before a consent is asked, so that what the question is about stands on the screen. `on_wait` gets a sentence where
    a wait takes long, which says how to leave it. `accepted_keys` stands for the keys of the last authentication that
    the card took since it was connected, to compare others with. A Card is used by one thread.
    """

    def __init__(
        self, link: Link, journal: Journal, key_store: KeyStore | None, ledger: Ledger | None = None
    ) -> None:
        self._link = link
        self._journal = journal
        self.key_store = key_store
        self.observers: list[Callable[[Exchange], None]] = []
        self.failure_observers: list[Callable[[FailedExchange], None]] = []
        self.before_question: Callable[[], None] = _nothing
        self._yes = GivenYes()
        self.on_wait: Callable[[str], None] = _told_to_nobody
        self.follow = True
        self.memory_map: MemoryMap | None = None
        self._state = connected(link.atr, link.protocol)
        self.accepted_keys: AcceptedKeys | None = None
        self._keeper = Keeper(key_store, link.name, journal.sync) if key_store else None
        self._redactor = Redactor()
        self.tries = Tries(ledger)
        self._secure: SecureMessaging | None = None  # counts while the state knows of it
        self._recorded = link if isinstance(link, RecordedLink) else None
        self._sharing: Sharing | None = None
        if isinstance(link, ReaderLink) and link.shared:
            self._sharing = Sharing(link, self._over_link, self._tell_wait)
        self._exchanges: list[Exchange | FailedExchange] = []
        self._answer: Answer | None = None  # the last one, of which GET RESPONSE would bring more
        try:
            self._journal_card()
        except BaseException:
            link.close()
            raise

    @property
    def state(self) -> CardState:
        """What is known of the card: a frozen value, replaced at each exchange."""
        return self._state

    @property
    def reader(self) -> str:
        """The name of the reader, or of what stands for it."""
        return self._link.name

    @property
    def journal_path(self) -> Path:
        """The file that the exchanges are written to; it is there once the first one is."""
        return self._journal.path

    @property
    def description(self) -> str:
        """The card in words, for a question about it."""
        return f"{self._link.name}: {card_name(self._state)}"

    def send(self, command: CommandAPDU, *, plain: bool = False) -> ResponseAPDU:
        """Send a command and return the answer, following 61xx and 6Cxx when `follow` is set.

        Through an open secure channel goes what is for the security domain on the basic logical channel: the command
        is plain here, and so is the answer, whose 61xx is always followed, and 6Cxx where no consent was needed.
        `plain` sends past the channel.

        Raises Refused when the interlock's consent is not given (nothing was sent), ReaderError when the link fails
        (all that was known of the card is then forgotten), StoreError when the disk refuses to keep
        what must be kept (they say whether the command was sent), KeyboardInterrupt after an exchange during which
        Ctrl-C came. A second Ctrl-C gives up a mute card: ReaderError. Class FF is refused with UsageError: it is the
        reader's. ChannelError: the answer lacks what the secure channel owes it, and the channel is closed.
        """
        require_for_card(command)
        if plain:
            return self._undivided(self._send_plain, command)
        return self._undivided(self._send, command)

    # the secure channel -----------------------------------------------------------------------------------------------

    def open_secure_channel(self, channel: SecureChannel, state: SecureChannelState, keys: KeySet) -> None:
        """Send through this channel from now on: until a reset, another selection, or an answer that breaks it.

        For the operation that has authenticated with these static keys; `state` is what may be shown of the channel.
        Raises TypeError for a channel that is none of ours: what is sent through it could not be judged.
        """
        require_own(channel)
        self.accepted_keys = AcceptedKeys.of(keys)
        self._secure = SecureMessaging(channel, keys)
        self._become(replace(self._state, secure_channel=state, security_domain=True))

    def goes_through_channel(self, command: CommandAPDU) -> bool:
        """Whether `send` would protect this command."""
        secure = self._open_channel
        return secure is not None and secure.takes(command)

    @property
    def max_data(self) -> int:
        """How many bytes of data fit in one short command now: 255, or what the secure channel leaves of them."""
        return self._open_channel.channel.max_data if self._open_channel else MAX_SHORT_DATA

    def encipher_key(self, key: Secret) -> bytes:
        """A key as PUT KEY carries it: under the data encryption key of the open channel. Raises ChannelError."""
        if self._open_channel is None:
            raise ChannelError("no secure channel is open, so there is no key to encipher others with", hint="auth")
        return self._open_channel.encipher_key(key)

    def _become(self, state: CardState) -> None:
        """What is known from now on. A channel that is closed leaves no keys behind."""
        self._state = state
        if state.secure_channel is None:
            self._secure = None

    @property
    def _open_channel(self) -> SecureMessaging | None:
        return self._secure if self._state.secure_channel is not None else None

    # recordings -------------------------------------------------------------------------------------------------------

    def has_answer_to(self, command: CommandAPDU) -> bool:
        """Whether to ask a question that may be left out: a card may always be asked, a recording what comes next."""
        if self._recorded is None:
            return True
        secure, asked = self._open_channel, command
        if secure is not None and secure.takes(command) and not self._recorded.plain:
            asked = secure.wrap(command)
            secure.forget()  # it is not sent by this
        return self._recorded.goes_on_with(asked.encode())

    @property
    def recorded_host_challenge(self) -> bytes | None:
        """The host challenge that a recording has to be asked with next; None for a card, which gets a random one."""
        return self._recorded.host_challenge if self._recorded is not None else None

    def send_to_reader(self, command: CommandAPDU) -> ResponseAPDU:
        """Send a command of class FF, meant for the reader (PC/SC part 3, 3.2.2), and return the answer as it is.

        It passes the same interlock and journal, which take it for what it may do to the card as well. Raises as `send`
        does, UsageError for another class, ReaderError where there is no reader.
        """
        require_for_reader(command, self._link)
        return self._undivided(self._send_to_reader, command)

    def _undivided(self, send: Callable[[CommandAPDU], ResponseAPDU], command: CommandAPDU) -> ResponseAPDU:
        """Send without another program or Ctrl-C in between, and tell the observers in the end."""
        exchanges: list[Exchange | FailedExchange] = []
        # one that is not through yet, where this is sent to see whether it may go on
        outer, self._exchanges = self._exchanges, exchanges
        before = self._state
        try:
            with self.transaction(), held_back(self._tell_silence):
                response = send(command)
        except BaseException as error:
            if isinstance(error, ReaderError) and not exchanges:  # the link failed before there was anything to send
                shown = self._redactor.command(command, before, self._maps)
                exchanges.append(_failed(command, before, shown, error, shown_wire=shown, duration_s=0.0, sent=False))
            with suppress(Exception):  # what went wrong with the card has to be told, not what an observer makes of it
                self._tell_observers(exchanges)
            raise
        finally:
            self._exchanges = outer
        self._tell_observers(exchanges)
        return response

    def _tell_silence(self) -> None:
        self._tell_wait(SILENT)

    def _tell_wait(self, sentence: str) -> None:
        self.on_wait(sentence)

    # other programs ---------------------------------------------------------------------------------------------------

    def transaction(self, *, on_resumed: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        """Within the block no other program gets at the card. Nothing to do where the card is this program's alone.

        It waits while another program keeps the card; Ctrl-C leaves the card then (ReaderError). It is left while a
        consent is asked for; then, before anything else is sent, `on_resumed` is called: it may send something to see
        whether what the block stands on still holds, and raises where it does not. Raises CardWasReset where another
        program reset the card meanwhile. May be nested.
        """
        return self._sharing.transaction(on_resumed) if self._sharing else nullcontext()

    @property
    def shared(self) -> bool:
        """Whether other programs may use the card at the same time."""
        return self._sharing is not None

    def is_alive(self) -> bool:
        """Whether the card that was connected is still there. Nothing is sent to find out."""
        return self._link.is_alive() if isinstance(self._link, ReaderLink) else True

    def reader_attributes(self) -> ReaderAttributes:
        """What the reader's driver tells of the reader; nothing where there is none."""
        return self._link.attributes() if isinstance(self._link, ReaderLink) else ReaderAttributes()

    def _tell_observers(self, exchanges: Sequence[Exchange | FailedExchange]) -> None:
        for exchange in exchanges:
            if isinstance(exchange, FailedExchange):
                for failure_observer in self.failure_observers:
                    failure_observer(exchange)
                continue
            for observer in self.observers:
                observer(exchange)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Within the block 61xx and 6Cxx are followed, whatever `follow` is."""
        previous, self.follow = self.follow, True
        try:
            yield
        finally:
            self.follow = previous

    def _send_to_reader(self, command: CommandAPDU) -> ResponseAPDU:
        return self._send_once(command).response

    def _send_plain(self, command: CommandAPDU) -> ResponseAPDU:
        return self._send(command, past_channel=True)

    def _send(self, command: CommandAPDU, *, past_channel: bool = False) -> ResponseAPDU:
        secure = self._open_channel
        if secure is not None:
            secure.forget()
        wrapped = not past_channel and secure is not None and secure.takes(command)
        last = self._send_once(command, wrapped=wrapped)
        before, response = last.before, last.response
        if (self.follow or wrapped) and response.to_be_followed:
            last, response = self._follow(last, wrapped=wrapped)
            self._advance(before, command, response)
        self.tries.learned(self._state)
        if self._keeper:
            came_before = len(last.answer.response.data) - len(response.data)
            self._keeper.after(last.answer.command, response, before, self._state, self._maps, offset=came_before)
        return response

    def reset(self, kind: ResetKind) -> bytes:
        """Reset the card and return its ATR. Selection, channel and what the interlock knew are forgotten."""
        with held_back(self._tell_silence):
            atr = self._over_link(lambda: self._link.reset(kind))
            self._power_up()
        return atr

    def _power_up(self) -> None:
        """The card was reset, by us or by another program."""
        self._answer = None
        self.tries.interrupted()
        self._become(powered_up(self._state, self._link.atr, self._link.protocol))
        self._journal_card()

    def use_channel(self, channel: int) -> None:
        """Send commands for files and PINs on another logical channel from now on. Nothing is sent."""
        self._become(replace(self._state, channel=channel))

    def close(self) -> None:
        """Leave the card; the link resets it."""
        try:
            self._link.close()
        finally:
            self._journal.close()

    def hide(self, name: str, secret: Secret) -> None:
        """Never show this secret, wherever in an exchange it turns up; `name` stands in its place."""
        self._redactor.learn(name, secret)

    def shown_command(self, command: CommandAPDU) -> Segments:
        """The encoded command as it may be shown."""
        return self._redactor.command(command, self._state, self._maps)

    def shown_data(self, data: bytes) -> Segments:
        """Any bytes with the keys hidden that were met on this card."""
        return self._redactor.data(data)

    def shown_response(self, command: CommandAPDU, response: ResponseAPDU) -> Segments:
        """The encoded response to the command as it may be shown."""
        return self._redactor.response(command, response, self._maps)

    @cached_property
    def _maps(self) -> MemoryMaps:
        return all_maps()

    def answered(self, severity: Severity) -> bool:
        """Whether nobody has to be asked for what reaches so far: a yes was given, or none is needed."""
        return self._yes.answers(severity)

    def _send_once(self, command: CommandAPDU, *, wrapped: bool = False) -> Exchange:
        wire_command = self._wire_command(command, wrapped=wrapped)  # what cannot be carried is refused before all else
        raw, state = command.encode(), self._state
        judgement = self._judge(raw)
        shown = self.shown_command(command)
        if not self.answered(judgement.severity):
            self._obtain_consent(judgement, shown)
            if wrapped:  # something may have gone through the channel meanwhile, or have closed it
                if self._secure is not None:
                    self._secure.forget()
                wire_command = self._wire_command(command, wrapped=wrapped)
        keys = self._keeper is not None and self._keeper.before(command, self._state, self._maps)
        self.tries.before(command, self._state)
        try:
            self._journal.command(
                str(self._state.boot), shown, durable=keys or judgement.severity > Severity.FREE,
                for_reader=command.cla == READER_CLASS,
            )
        except JournalError:
            self.tries.not_sent(command)
            raise
        # the very bytes are judged once more: what is sent may not reach further than what was consented to. The same
        # bytes in the same state mean the same
        as_judged = wire_command == raw and self._state is state
        if not as_judged and self._judge_wire(wire_command, command, wrapped=wrapped).severity > judgement.severity:
            self.tries.not_sent(command)
            refusal = Refused("the bytes for the wire mean more than the command that was judged; nothing was sent")
            self._journal_refusal(shown, refusal)
            raise refusal
        shown_wire = shown if wire_command == raw else struck_command(wire_command)
        exchange = self._transmit(command, wire_command, shown, shown_wire, wrapped=wrapped)
        self.tries.after(exchange)
        return exchange

    def _wire_command(self, command: CommandAPDU, *, wrapped: bool) -> bytes:
        if not wrapped:
            return wire_form(command, self._state.protocol)
        if self._secure is None:
            raise ChannelError(
                "the secure channel that the command was to go through is closed by now; nothing was sent",
                meaning="A reset, a selection or an answer without its protection has closed it meanwhile.",
                hint="auth opens a new one",
            )
        return wire_form(self._secure.wrap(command), self._state.protocol)

    def _judge(self, raw: bytes) -> Judgement:
        judge = judge_for_reader if raw[0] == READER_CLASS else interlock.judge
        return judge(raw, self._state, self._maps, shared=self.shared)

    def _obtain_consent(self, judgement: Judgement, shown: Segments) -> None:
        try:
            self.before_question()
            with self._sharing.left() if self._sharing else nullcontext():
                ask = consent.ask_typed if judgement.severity is Severity.IRREVERSIBLE else consent.ask_yes
                ask(judgement, self.description)
            if is_pending():
                raise Refused(f"{judgement.what}: interrupted, nothing was sent", meaning="Ctrl-C came meanwhile.")
        except Refused as refusal:
            self._journal_refusal(shown, refusal)
            raise

    def _journal_refusal(self, shown: Segments, refusal: Refused) -> None:
        with suppress(JournalError):  # nothing was sent, and that is what has to be told
            self._journal.refused(shown, refusal.meaning)

    def _judge_wire(self, wire_command: bytes, command: CommandAPDU, *, wrapped: bool) -> Judgement:
        """Judge the very bytes for the link. What is nothing but our own wrapping means what it wraps."""
        secure = self._secure
        own = wrapped and secure and is_wrapping_of(CommandAPDU.parse(wire_command), command, secure.wrapping)
        return self._judge(command.encode() if own else wire_command)

    def _transmit(
        self, command: CommandAPDU, wire_command: bytes, shown: Segments, shown_wire: Segments, *, wrapped: bool
    ) -> Exchange:
        before, secure = self._state, self._open_channel
        for_reader = command.cla == READER_CLASS
        plain = self._recorded is not None and self._recorded.plain
        if wrapped and secure is not None:
            secure.sent()
        started = time.perf_counter()
        try:
            carried = command.encode() if wrapped and plain else wire_command
            wire_response, received = self._over_link(lambda: self._carry(carried))
        except BaseException as error:
            took_s, sent = time.perf_counter() - started, not isinstance(error, CardWasReset | ReplayDiffers)
            if wrapped and secure is not None and isinstance(error, ReplayDiffers):
                secure.not_sent()
            self._exchanges.append(
                _failed(command, before, shown, error, shown_wire=shown_wire, duration_s=took_s, sent=sent)
            )
            raise
        duration_s = time.perf_counter() - started
        response, broken = received, None
        if secure is not None and not for_reader:
            response, broken = secure.taken(received, plain=plain)
        # first of all, so that nothing that fails from here on leaves us with a state that is too old
        self._advance(before, command, response)
        if broken is not None:
            self._become(replace(self._state, secure_channel=None))
        answer = answer_after(None if for_reader else self._answer, command, response)
        if not for_reader:  # the card still has what it had to give
            self._answer = answer
        came_before = len(answer.response.data) - len(response.data)
        shown_response = self._redactor.response(answer.command, response, self._maps, came_before)
        exchange = Exchange(
            command, response, shown_wire, shown_response if response is received else struck_response(wire_response),
            duration_s, before, shown, shown_response, answer,
        )
        self._exchanges.append(exchange)
        self._journal.response(shown_response, duration_s)
        if broken is not None:
            raise channel_error(broken)
        return exchange

    def _advance(self, before: CardState, command: CommandAPDU, response: ResponseAPDU) -> None:
        """The state after an exchange. Should it fail, all that was known is forgotten: the card has gone on."""
        try:
            for_reader = command.cla == READER_CLASS
            self._become(after_reader_command(before, command) if for_reader else advance(before, command, response))
        except BaseException:
            self._lost("the answer came, and what it says of the card could not be worked out", card_lost=False)
            raise

    def _carry(self, wire_command: bytes) -> tuple[bytes, ResponseAPDU]:
        link = self._link
        if wire_command[0] == READER_CLASS and isinstance(link, InReader):
            wire_response = link.transmit_to_reader(wire_command)
        else:
            wire_response = link.transmit(wire_command)
        return wire_response, ResponseAPDU.parse(wire_response)

    def _over_link(self, call: Callable[[], AnswerT]) -> AnswerT:
        """What a call on the link gives. Whatever goes wrong, all that was known of the card is forgotten."""
        try:
            with may_be_given_up():
                return call()
        except CardWasReset as error:
            self._note_lost(error.what)
            self._power_up()
            raise
        except ReplayDiffers as error:  # there is no card that may have taken it
            self._note_lost(error.what)
            raise
        except BaseException as error:
            failure = link_failure(error)
            if isinstance(error, GivenUp):
                self._link.close()
            self._lost(failure.what, card_lost=failure.card_lost)
            if failure.error is error:
                raise
            raise failure.error from failure.cause

    def _follow(self, last: Exchange, *, wrapped: bool) -> tuple[Exchange, ResponseAPDU]:
        """Follow 6Cxx (again, with the length the card names) and 61xx (GET RESPONSE), each judged like any command:
        the last exchange, and the answer with the data of all.

        6Cxx is followed only for what needs no consent: one consent is for one command.
        """
        command, response = last.command, last.response
        if response.wrong_le and not response.data and self._is_free(command):
            if wrapped and self._secure is not None and self._state.protocol != "T=0":
                # only T=0's transport asks for the same bytes again; here the security domain has taken the message
                self._secure.forget()
            last = self._send_once(command.with_le(response.named_length), wrapped=wrapped)
        data = last.response.data
        for _ in range(MAX_FOLLOWED):
            response = last.response
            if not response.more_waits:
                return last, ResponseAPDU(data, response.sw)
            fetch = CommandAPDU(_class_to_fetch(command.cla), INS.GET_RESPONSE, 0, 0, le=response.named_length)
            last = self._send_once(fetch)
            if last.response.wrong_le and not last.response.data:
                last = self._send_once(fetch.with_le(last.response.named_length))
            data += last.response.data
        raise ReaderError(
            f"the card answered 61xx {MAX_FOLLOWED} times in a row",
            meaning="It says each time that there is more. No answer is so long.",
            hint="get-response off shows each answer as the card gives it",
        )

    def _is_free(self, command: CommandAPDU) -> bool:
        return self._judge(command.encode()).severity is Severity.FREE

    def _lost(self, what: str, *, card_lost: bool) -> None:
        """Forget everything: whether the card got the command, and which card comes next, is not known."""
        self.tries.interrupted(card_lost=card_lost)
        if card_lost:
            self._become(CardState(protocol=self._state.protocol))
            self.memory_map = None
            self.accepted_keys = None
        else:
            self._become(forgotten(self._state, self._link.atr, self._link.protocol))
        self._answer = None
        self._note_lost(what)

    def _note_lost(self, what: str) -> None:
        with suppress(JournalError):  # the failure itself is what has to be told
            self._journal.lost(what)

    def _journal_card(self) -> None:
        state = self._state
        self._journal.card(self._link.name, state.atr, state.protocol, str(state.boot))


def keys_of_open_channel(card: Card) -> KeySet | None:
    """The static keys that the open secure channel was opened with; None where none is open.

    For the operation that has to open it again after another try; a plugin has no use for them.
    """
    return card._open_channel.keys if card._open_channel is not None else None


def _class_to_fetch(cla: int) -> int:
    """The class byte of GET RESPONSE after a command of this class: the logical channel stays; secure messaging and
    chaining bits do not belong there, nor does a class byte that is part of an address."""
    may_be_address = cla & 0xC0 == 0xC0
    return 0x00 if may_be_address else class_on_channel(0x00, channel_of(cla))


def _failed(
    command: CommandAPDU, before: CardState, shown: Segments, error: BaseException,
    *, shown_wire: Segments, duration_s: float, sent: bool,
) -> FailedExchange:
    what = error.what if isinstance(error, JcopshError) else type(error).__name__
    return FailedExchange(command, shown_wire, duration_s, before, shown, sent, what)


def _nothing() -> None:
    """What is done before a question where nothing is."""


def _told_to_nobody(_sentence: str) -> None:
    """What is said where nobody listens."""


def answering_yes(card: Card) -> AbstractContextManager[None]:
    """Within the block, what is destructive is answered with yes. What reaches further is asked all the same.

    For whoever runs a person's line or script; a plugin does not get to say yes for them.
    """
    return card._yes.given()


def share_yes(card: Card, yes: GivenYes) -> None:
    """Let a yes that is given somewhere else, on a line, answer for this card too."""
    card._yes = yes
