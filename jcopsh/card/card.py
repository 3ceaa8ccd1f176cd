"""The card, and the one door to it: Card.send. Everybody's bytes go through it, whoever they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from jcopsh.card import consent, interlock
from jcopsh.card.exchange import Exchange
from jcopsh.card.interlock import Judgement, Severity
from jcopsh.card.interrupt import GivenUp, held_back, is_pending, may_be_given_up
from jcopsh.card.journal import Journal, JournalError
from jcopsh.card.keeper import Keeper, card_name
from jcopsh.card.link import Link, ResetKind
from jcopsh.card.sensitive import Redactor
from jcopsh.errors import ReaderError, Refused, UsageError
from jcopsh.iso7816.apdu import CommandAPDU, MalformedAPDU, ResponseAPDU
from jcopsh.jcop.memory_map import MemoryMap, all_maps
from jcopsh.secrets.key_store import KeyStore
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Segments
from jcopsh.state import CardState, advance, powered_up

GET_RESPONSE_INS = 0xC0
# a card that never stops saying 61xx or 6Cxx is broken
MAX_FOLLOWED = 512


class Card:
    """A connected card: what is known of it (`state`) and the only way to talk to it (`send`).

    `observers` are called with every Exchange, when all of one `send` is done: the state has advanced and the keys are
    kept by then, so that an observer may fail, or send something itself. `follow` says whether 61xx and 6Cxx are
    followed. `memory_map` is the map that is known to fit, for whoever names fields; what is guarded does not depend on
    it: that is the fields of every map. `key_store` is None for what is no card but a recording: nothing of it is worth
    keeping. A Card is used by one thread.
    """

    def __init__(self, link: Link, journal: Journal, key_store: KeyStore | None) -> None:
        self._link = link
        self._journal = journal
        self.key_store = key_store
        self.observers: list[Callable[[Exchange], None]] = []
        self.follow = True
        self.memory_map: MemoryMap | None = None
        self._state = CardState(atr=link.atr, protocol=link.protocol)
        self._keeper = Keeper(key_store, link.name, journal.sync) if key_store else None
        self._redactor = Redactor()
        self._answering_yes = False
        self._exchanges: list[Exchange] = []
        # the command whose answer GET RESPONSE would bring, and how many bytes of it have come
        self._answered: tuple[CommandAPDU, int] | None = None
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

    def send(self, command: CommandAPDU) -> ResponseAPDU:
        """Send a command and return the answer, following 61xx and 6Cxx when `follow` is set.

        Raises Refused when the interlock's consent is not given (nothing was sent), ReaderError when the link fails
        (all that was known of the card is then forgotten), StoreError when the disk refuses to keep
        what must be kept (they say whether the command was sent), KeyboardInterrupt after an exchange during which
        Ctrl-C came. A second Ctrl-C gives up a mute card: ReaderError.
        """
        exchanges: list[Exchange] = []
        self._exchanges = exchanges
        try:
            with held_back():
                response = self._send(command)
        except BaseException:
            with suppress(Exception):  # what went wrong with the card has to be told, not what an observer makes of it
                self._tell_observers(exchanges)
            raise
        self._tell_observers(exchanges)
        return response

    def _tell_observers(self, exchanges: Sequence[Exchange]) -> None:
        for exchange in exchanges:
            for observer in self.observers:
                observer(exchange)

    def _send(self, command: CommandAPDU) -> ResponseAPDU:
        before = self._state
        origin, offset = self._answered_by(command)
        response = self._send_once(command)
        if self.follow and response.sw1 in (0x61, 0x6C):
            response = self._follow(command, response)
            self._state = advance(before, command, response)
        if self._keeper:
            self._keeper.after(origin, response, before, self._state, self._maps, offset=offset)
        return response

    def reset(self, kind: ResetKind) -> bytes:
        """Reset the card and return its ATR. Selection, channel and what the interlock knew are forgotten."""
        with held_back():
            with self._on_the_link():
                atr = self._link.reset(kind)
            self._answered = None
            self._state = powered_up(self._state, atr, self._link.protocol)
            self._journal_card()
        return atr

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
    def _maps(self) -> Sequence[MemoryMap]:
        return all_maps()

    def _answered_by(self, command: CommandAPDU) -> tuple[CommandAPDU, int]:
        """The command whose answer this one brings: itself, or before GET RESPONSE the one that answered 61xx."""
        if command.ins == GET_RESPONSE_INS and self._answered:
            return self._answered
        return command, 0

    def _send_once(self, command: CommandAPDU) -> ResponseAPDU:
        self._wire_form(command)  # what this link cannot carry is refused before anything is asked
        judgement = interlock.judge(command.encode(), self._state, self._maps)
        shown = self.shown_command(command)
        self._obtain_consent(judgement, shown)
        keys = self._keeper is not None and self._keeper.before(command, self._state, self._maps)
        self._journal.command(str(self._state.boot), shown, durable=keys or judgement.severity > Severity.FREE)
        return self._transmit(command, shown, judgement)

    def _obtain_consent(self, judgement: Judgement, shown: Segments) -> None:
        try:
            if judgement.severity is Severity.IRREVERSIBLE:
                consent.ask_typed(judgement, self.description)
            elif judgement.severity is Severity.DESTRUCTIVE and not self._answering_yes:
                consent.ask_yes(judgement, self.description)
            else:
                return
            if is_pending():
                raise Refused(f"{judgement.what}: interrupted, nothing was sent", meaning="Ctrl-C came meanwhile.")
        except Refused as refusal:
            self._journal_refusal(shown, refusal)
            raise

    def _journal_refusal(self, shown: Segments, refusal: Refused) -> None:
        with suppress(JournalError):  # nothing was sent, and that is what has to be told
            self._journal.refused(shown, refusal.meaning)

    def _transmit(self, command: CommandAPDU, shown: Segments, judgement: Judgement) -> ResponseAPDU:
        wire_command = self._wire_form(command)
        # the very bytes are judged once more: what is sent may not reach further than what was consented to
        if interlock.judge(wire_command, self._state, self._maps).severity > judgement.severity:
            refusal = Refused("the bytes for the wire mean more than the command that was judged; nothing was sent")
            self._journal_refusal(shown, refusal)
            raise refusal
        before = self._state
        started = time.perf_counter()
        with self._on_the_link():
            wire_response = self._link.transmit(wire_command)
            response = ResponseAPDU.parse(wire_response)
        duration_s = time.perf_counter() - started
        # first of all, so that nothing that fails from here on leaves us with a state that is too old
        self._state = advance(before, command, response)
        origin, offset = self._answered_by(command)
        self._answered = origin, offset + len(response.data)
        shown_response = self._redactor.response(origin, response, self._maps, offset)
        self._exchanges.append(
            Exchange(command, response, wire_command, wire_response, duration_s, before, shown, shown_response)
        )
        self._journal.response(shown_response, duration_s)
        return response

    @contextmanager
    def _on_the_link(self) -> Iterator[None]:
        """Whatever goes wrong within, all that was known of the card is forgotten."""
        try:
            with may_be_given_up():
                yield
        except ReaderError as error:
            self._lost(error.what, card_lost=error.card_lost)
            raise
        except GivenUp:
            self._link.close()
            self._lost("given up by a second Ctrl-C", card_lost=True)
            raise ReaderError(
                "the card was given up: no answer came before the second Ctrl-C",
                meaning="Whether it carried out the command is not known. The connection was closed.",
                hint="connect",
                card_lost=True,
            ) from None
        except MalformedAPDU as error:
            self._lost(str(error), card_lost=True)
            raise ReaderError(f"the reader gave no answer of the card: {error}", card_lost=True) from None
        except OSError as error:
            self._lost(type(error).__name__, card_lost=True)
            raise ReaderError(f"the way to the card failed: {error.strerror or error}", card_lost=True) from error
        except BaseException as error:
            self._lost(type(error).__name__, card_lost=True)
            raise

    def _wire_form(self, command: CommandAPDU) -> bytes:
        """On T=0 a case 4 command goes without its Le (ISO/IEC 7816-3:2006, 12.2.5)."""
        if self._state.protocol != "T=0":
            return command.encode()
        command = replace(command, extended=False)  # the short form where it will do
        if command.is_extended:
            raise UsageError(
                "an extended APDU cannot be sent over T=0",
                meaning="T=0 carries at most 255 bytes of data and 256 of answer.",
                hint="split it, or let the card speak T=1",
            )
        return (command.with_le(None) if command.case == 4 else command).encode()

    def _follow(self, command: CommandAPDU, response: ResponseAPDU) -> ResponseAPDU:
        """Follow 6Cxx (again, with the length the card names) and 61xx (GET RESPONSE), each judged like any command.

        6Cxx is followed only for what needs no consent: one consent is for one command.
        """
        if response.sw1 == 0x6C and not response.data and self._is_free(command):
            response = self._send_once(command.with_le(response.sw2 or 256))
        data = response.data
        for _ in range(MAX_FOLLOWED):
            if response.sw1 != 0x61:
                return ResponseAPDU(data, response.sw)
            # a logical channel stays; secure messaging and chaining bits do not belong on GET RESPONSE, nor does a
            # class byte that is part of an address
            channel = 0 if command.cla & 0x40 else command.cla & 0x03
            fetch = CommandAPDU(channel, GET_RESPONSE_INS, 0, 0, le=response.sw2 or 256)
            response = self._send_once(fetch)
            if response.sw1 == 0x6C and not response.data:
                response = self._send_once(fetch.with_le(response.sw2 or 256))
            data += response.data
        raise ReaderError(f"the card answered 61xx {MAX_FOLLOWED} times in a row", card_lost=False)

    def _is_free(self, command: CommandAPDU) -> bool:
        return interlock.judge(command.encode(), self._state, self._maps).severity is Severity.FREE

    def _lost(self, what: str, *, card_lost: bool) -> None:
        """Forget everything: whether the card got the command, and which card comes next, is not known."""
        self._state = CardState(protocol=self._state.protocol)
        self._answered = None
        if card_lost:
            self.memory_map = None
        with suppress(JournalError):  # the failure itself is what has to be told
            self._journal.lost(what)

    def _journal_card(self) -> None:
        state = self._state
        self._journal.card(self._link.name, state.atr, state.protocol, str(state.boot))


@contextmanager
def answering_yes(card: Card) -> Iterator[None]:
    """Within the block, what is destructive is answered with yes. What is irreversible is asked all the same.

    For whoever runs a person's line or script; a plugin does not get to say yes for them.
    """
    previous, card._answering_yes = card._answering_yes, True
    try:
        yield
    finally:
        card._answering_yes = previous
