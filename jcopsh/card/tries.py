"""Authentications as they happen at the door: every INITIALIZE UPDATE is in the ledger before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jcopsh.card.exchange import Exchange
from jcopsh.errors import StoreError
from jcopsh.globalplatform.channel import ChannelProtocol
from jcopsh.globalplatform.keys import KeyType, key_type
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.channel import CHANNEL_BITS
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.secrets.ledger import RAW_BYTES, KeysToTry, LastTry, Ledger, LedgerCard, Sign, Try
from jcopsh.state import CardState

# where the answer to INITIALIZE UPDATE has them (GlobalPlatform 2.3.1, E.5.1.6; Amendment D 1.2, 7.1.1.6)
_KEY_VERSION, _PROTOCOL = 10, 11
_AUTHENTICATING = frozenset((INS.INITIALIZE_UPDATE, INS.EXTERNAL_AUTHENTICATE))


def ledger_card(state: CardState) -> LedgerCard:
    """What the ledger knows a card by."""
    atr, first_atr = (one.hex().upper() or "unknown" for one in (state.atr, state.first_atr))
    return LedgerCard(state.chip, atr, first_atr)


def ledger_name(state: CardState) -> str:
    """A card in words: its chip where CPLC was read, else its first ATR, as all cards of its kind."""
    card = ledger_card(state)
    return f"chip {card.chip}" if card.chip else f"ATR {card.first_atr}"


def is_this_card(name: str, state: CardState) -> bool:
    """Whether `ledger_name` named this very card so: a chip is one card, an ATR is that of all cards of a kind."""
    return bool(state.chip) and name == ledger_name(state)


@dataclass(frozen=True, slots=True)
class _OpenTry:
    """The try that EXTERNAL AUTHENTICATE may end. `answered`: the answer to INITIALIZE UPDATE is complete."""

    entry: Try
    channel: int  # the bits of the class that name the logical channel
    answered: bool = False


class Tries:
    """Looks at exchanges on their way, whoever sends them: operations, raw bytes, scripts and plugins.

    `ledger` is None where nothing is worth counting: a recording. `last` is the last try, for the search for its keys.
    `unwritten` is why the ledger could not be told what came of the last try; it counts that one still.
    """

    def __init__(self, ledger: Ledger | None) -> None:
        self.ledger = ledger
        self.last: LastTry | None = None
        self.unwritten: StoreError | None = None
        self._keys = RAW_BYTES
        self._when_refused = Sign.WRONG  # what a refusal of EXTERNAL AUTHENTICATE says of the keys
        self._open: _OpenTry | None = None
        self._counted: tuple[LedgerCard, int | StoreError] | None = None
        self._of_this_card: set[str] = set()  # the numbers of the tries since it was connected
        self._without_chip = False  # some of them are in the ledger without the chip

    def count(self, state: CardState) -> int:
        """How many tries of this card ended badly or were never completed, as far as this program knows: the file is
        read again where something was tried here or another card is asked about, not for each key that is typed. Raises
        StoreError where it cannot be read."""
        card = ledger_card(state)
        if self.ledger is not None and (self._counted is None or self._counted[0] != card):
            try:
                self._counted = card, len(self.ledger.of(card).counted)
            except StoreError as error:  # a file that cannot be read is tried once, too
                self._counted = card, error
        counted = self._counted[1] if self._counted else 0
        if isinstance(counted, StoreError):
            raise counted
        return counted

    @contextmanager
    def with_keys(self, keys: KeysToTry) -> Iterator[None]:
        """Within the block the keys that are tried are these. They are not tried where the ledger has changed to their
        disadvantage since it was looked at for them."""
        self._keys = keys
        try:
            yield
        finally:
            self._keys, self._when_refused = RAW_BYTES, Sign.WRONG

    def before(self, command: CommandAPDU, state: CardState) -> None:
        """Count INITIALIZE UPDATE, on disk, before it is sent. Raises StoreError when the disk refuses, Refused where
        another program has just tried the keys."""
        if self.ledger is None or not _is(INS.INITIALIZE_UPDATE, command):
            return
        self._counted = self.unwritten = None
        entry = self.ledger.begin(ledger_card(state), command.p1, self._keys)
        self._open = _OpenTry(entry, command.cla & CHANNEL_BITS)
        self._of_this_card.add(entry.number)
        self._without_chip = self._without_chip or not state.chip

    def not_sent(self, command: CommandAPDU) -> None:
        """What was counted was not sent after all."""
        if _is(INS.INITIALIZE_UPDATE, command):
            self._take_back()

    def after(self, exchange: Exchange) -> None:
        """What the answer makes of the try, once it is whole."""
        command, answer = exchange.command, exchange.answer
        if command.ins == INS.SELECT:
            self._open = None
        if answer.command.ins in _AUTHENTICATING and answer.whole:
            self._ended(answer.command, answer.response, taken=command is not answer.command)

    def matched(self, *, when_refused: Sign = Sign.REFUSED) -> None:
        """The card has made its cryptogram with the keys that are tried. `when_refused` is what it says of them if the
        card refuses EXTERNAL AUTHENTICATE all the same: RIGHT where something else explains that, or nothing is left
        to prove."""
        self._when_refused = when_refused
        self._sign(Sign.RIGHT)

    def mismatched(self) -> None:
        """The card has made its cryptogram with other keys than those that are tried."""
        self._sign(Sign.WRONG)

    def not_compared(self) -> None:
        """The answer was not for such keys as are tried, or could not be read: it says nothing of them."""
        self._sign(Sign.NOT_COMPARED)

    def learned(self, state: CardState) -> None:
        """Once the chip is known, the tries since it was connected are known to be its own."""
        if self.ledger is None or not self._without_chip or not state.chip:
            return
        card, self._without_chip, self._counted = ledger_card(state), False, None
        if self._open is not None:
            self._open = replace(self._open, entry=replace(self._open.entry, card=card))
        with self._told_afterwards():
            self.ledger.identified(self._of_this_card, card)

    def interrupted(self, *, card_lost: bool = False) -> None:
        """The card was reset or lost: no authentication is under way. After a loss another card may come."""
        if self._open is not None and not self._open.answered:
            self.not_compared()
        self._open = None
        if card_lost:
            self._of_this_card.clear()
            self._without_chip = False

    def _ended(self, command: CommandAPDU, response: ResponseAPDU, *, taken: bool) -> None:
        """An answer is whole. `taken`: the card had announced data, so it has carried the command out."""
        if _is(INS.INITIALIZE_UPDATE, command):
            self._counted = None
            if response.ok:
                self.last = LastTry(command.data, response.data)
                self._challenged(response)
            elif not taken and not response.data:  # no challenge was made, so no key was tried
                self._take_back()
        elif _is(INS.EXTERNAL_AUTHENTICATE, command):
            self._authenticated(command, response)

    def _challenged(self, response: ResponseAPDU) -> None:
        if self.ledger is None or self._open is None:
            return
        self._open = replace(self._open, answered=True)
        if len(response.data) > _PROTOCOL:
            cipher = key_type(ChannelProtocol(response.data[_PROTOCOL]))
            keys = self._keys.of_cipher(des=cipher is KeyType.DES3)
            with self._told_afterwards():
                entry = self.ledger.answered(self._open.entry, response.data[_KEY_VERSION], keys, self.last)
                self._open = replace(self._open, entry=entry)

    def _authenticated(self, command: CommandAPDU, response: ResponseAPDU) -> None:
        tried = self._open
        if self.ledger is None or tried is None or command.cla & CHANNEL_BITS != tried.channel:
            return
        self._counted = None
        if response.ok:
            with self._told_afterwards():
                self.ledger.succeeded(tried.entry, self._of_this_card, self._keys.marks)
        elif response.sw != 0x6A86:  # 6A86: not the keys, but the level in P1
            self._sign(self._when_refused)
        self._open = None

    def _sign(self, sign: Sign) -> None:
        if self.ledger is not None and self._open is not None:
            with self._told_afterwards():
                self._open = replace(self._open, entry=self.ledger.signed(self._open.entry, sign))

    def _take_back(self) -> None:
        if self.ledger is not None and self._open is not None:
            with self._told_afterwards():
                self.ledger.take_back(self._open.entry)
            self._open = self._counted = None

    @contextmanager
    def _told_afterwards(self) -> Iterator[None]:
        """What failed to be written once all was sent aborts nothing: the ledger then counts too much, not too little.
        """
        try:
            yield
        except StoreError as error:
            self.unwritten = error


def _is(ins: INS, command: CommandAPDU) -> bool:
    """Whether it is GlobalPlatform's command of that number. Class FF is the reader's, others are ISO's."""
    return command.ins == ins and bool(command.cla & 0x80) and command.cla != READER_CLASS
