"""The ledger of authentications: which cards were tried with which keys to no good end, so that none is locked by it.

A card may lock itself for ever after some ten tries, and an INITIALIZE UPDATE that is never completed may count as one.
One private JSON file. Keys are in it by a hash under a random key of the file's own, never as themselves. Of each card
it holds the last answer to INITIALIZE UPDATE too, to search for its keys: what goes over the wire in clear.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from jcopsh.errors import Refused
from jcopsh.secrets.json_values import DAMAGED, integer, text
from jcopsh.secrets.store_file import StoreFile

FORMAT = "jcopsh ledger 1"
HASH_KEY_LENGTH = 32  # bytes
# from so many tries on, half of what may lock a card, it is asked even if nothing speaks against the keys: tries with
# the same keys, or tries of one card and key version with whatever keys
MOST_UNASKED = 5
MOST_ANSWERS = 32  # of so many cards the last answer is kept
MOST_TAKEN = 128  # of so many key sets it is kept that a card has taken them
MOST_SETTLED = 128  # of so many tries it is kept that a card did not take the keys, although it has taken others since

_NOT_SENT = "A try that is not counted could be the one that locks the card, so nothing was sent."
_SENT = ("The command was sent, and what came of it stands. The ledger still counts the try, so the card may be "
         "further from its lock than it says.")


@dataclass(frozen=True, slots=True)
class LedgerCard:
    """What the ledger knows a card by: its chip, of CPLC, empty where that was not read, and the ATRs of its kind.

    `first_atr` is the one of the connection's beginning: that of a warm reset may be another.
    """

    chip: str
    atr: str
    first_atr: str

    def may_be(self, other: LedgerCard) -> bool:
        """Whether both may be one card: by the chip where both have one, else by any ATR, which its kind shares."""
        return self.chip == other.chip if self.chip and other.chip else not self._atrs.isdisjoint(other._atrs)

    @property
    def _atrs(self) -> frozenset[str]:
        return frozenset((self.atr, self.first_atr))


class Sign(StrEnum):
    """What is known of the keys of a try that has come to no good end."""

    WRONG = "wrong"  # the card made its cryptogram with others, or refused EXTERNAL AUTHENTICATE of raw bytes
    REFUSED = "refused"  # the card made its cryptogram with the ENC key, and refused what was made with the MAC key
    BEGUN = "begun"  # nothing was noted any more: the program ended, or raw bytes were sent
    NOT_COMPARED = "not compared"  # the card was lost before it had answered, or its answer was not for such keys
    RIGHT = "right"  # the card has made its cryptogram with them now, has taken them before, or was given them since


# what these say of the keys holds also when the card has taken others
_AGAINST = (Sign.WRONG, Sign.REFUSED, Sign.BEGUN)


class Doubt(Enum):
    """What speaks against trying keys on a card."""

    NONE = "nothing"
    UNFINISHED = "a try with them was never completed, and of it nothing is known"
    REFUSED = "the card refused EXTERNAL AUTHENTICATE, although its cryptogram was made with their ENC key"
    OFTEN = "tries with them came to no end so often that the card may be near its lock"
    MANY = "tries of this card and version came to no good end so often that the card may be near its lock"
    WRONG = "the card did not take them"


# what does not speak against keys that the card has, as far as is known
EXCUSED = (Doubt.UNFINISHED, Doubt.REFUSED)


@dataclass(frozen=True, slots=True)
class Try:
    """One INITIALIZE UPDATE that ended badly, or of which no good end is known.

    `key_version` is the one that was asked for (0 is the card's choice) or, once it has answered, its own; `keys` the
    fingerprint of the keys, empty for raw bytes; `time` ISO 8601, UTC.
    """

    card: LedgerCard
    key_version: int
    keys: str
    time: str
    number: str  # random: tells this try from others of the same second
    sign: Sign = Sign.BEGUN
    sign_of_later: str = ""  # one that only a later jcopsh knows, as it stands in the file; `sign` is WRONG then
    settled: bool = False  # the card has taken other keys of that version since, and so begun to count anew


@dataclass(frozen=True, slots=True)
class Taken:
    """Keys that a card has taken, by their fingerprint, and the version that it has them under."""

    card: LedgerCard
    key_version: int
    keys: str


@dataclass(frozen=True, slots=True)
class KeysToTry:
    """Keys that are about to be tried on a card, and what the ledger held of that card when it was looked at for them.

    `exact` and `as_des` stand for them in the ledger, empty for raw bytes. In `as_des` the parity bits count for
    nothing: a card that has 3DES keys does not look at them. Both are the same where the keys cannot be 3DES keys.
    `right`: the card has these keys, as far as is known before it answers, so that a try which is never completed says
    nothing against them. `seen` are the numbers of the card's tries; None where nobody looked.
    """

    exact: str
    as_des: str
    right: bool = False
    seen: frozenset[str] | None = None

    @property
    def marks(self) -> tuple[str, str]:
        """All that may stand for them."""
        return self.exact, self.as_des

    def of_cipher(self, *, des: bool) -> str:
        """Which of the two counts, once it is known whether the card compares them with 3DES keys or with AES keys."""
        return self.as_des if des else self.exact


RAW_BYTES = KeysToTry("", "")  # nobody knows which keys are tried


@dataclass(frozen=True, slots=True)
class LastTry:
    """An INITIALIZE UPDATE that was answered: the host's challenge, the data of the answer; `time` ISO 8601, UTC."""

    host_challenge: bytes
    answer: bytes
    time: str = ""


@dataclass(frozen=True, slots=True)
class _KeptTry:
    """The last try of a card; `number` is that of its entry among the tries."""

    card: LedgerCard
    number: str
    last: LastTry


@dataclass(frozen=True, slots=True)
class _Content:
    """What the file holds."""

    hash_key: bytes | None = None
    tries: tuple[Try, ...] = ()
    answers: tuple[_KeptTry, ...] = ()  # the newest last
    taken: tuple[Taken, ...] = ()  # the newest last


@dataclass(frozen=True, slots=True)
class CardRecord:
    """What the ledger holds of a card: `tries` of what may be that card that ended badly or were never completed,
    oldest first, and `taken`, the keys that any card has taken."""

    card: LedgerCard
    tries: tuple[Try, ...]
    taken: tuple[Taken, ...]

    @property
    def counted(self) -> tuple[Try, ...]:
        """Those of the tries that the card may count, too."""
        return tuple(one for one in self.tries if not one.settled)

    def doubt(self, *keys: str, key_version: int = 0) -> Doubt:
        """What speaks against trying keys, by any of their fingerprints, under that version (0: the card's choice)."""
        signs = {one.sign for one in self.tries if one.keys in keys}
        if Sign.WRONG in signs:
            return Doubt.WRONG
        if sum(1 for one in self.counted if one.keys in keys) >= MOST_UNASKED:
            return Doubt.OFTEN
        many = _most_of_a_version(self.counted, key_version) >= MOST_UNASKED
        if many and not self.has_taken(*keys, key_version=key_version):
            return Doubt.MANY
        if Sign.REFUSED in signs:
            return Doubt.REFUSED
        return Doubt.UNFINISHED if Sign.BEGUN in signs else Doubt.NONE

    def has_taken(self, *keys: str, key_version: int = 0) -> bool:
        """Whether this very chip has taken keys of that version (0 for any) before, by any of their fingerprints, and
        has not refused them since."""
        return bool(self.card.chip) and any(
            one.card.chip == self.card.chip and one.keys in keys and key_version in (0, one.key_version)
            for one in self.taken)


class Ledger:
    """The file. Each change is on the disk when a method returns. Methods raise StoreError when the disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = StoreFile(
            path, "the ledger", _parse, _Content(), ", and how often a card was tried cannot be told.",
            "move it aside; jcopsh then begins a new one, and counts from none")

    def of(self, card: LedgerCard) -> CardRecord:
        """What is noted now of a card."""
        content = self._file.read()
        return CardRecord(card, tuple(one for one in content.tries if one.card.may_be(card)), content.taken)

    def last(self, card: LedgerCard | None = None) -> LastTry | None:
        """The last try that was answered, of what may be that card, or of any."""
        kept = (one for one in reversed(self._file.read().answers) if card is None or one.card.may_be(card))
        return next((one.last for one in kept), None)

    def fingerprint(self, keys: bytes) -> str:
        """What stands for keys in this file."""
        return hmac.digest(self._hash_key(), keys, "sha256").hex()

    def begin(self, card: LedgerCard, key_version: int, keys: KeysToTry) -> Try:
        """A try is about to be made. Raises Refused where another program has tried this card since the ledger was
        looked at for these keys, and something speaks against them now.
        """
        sign = Sign.RIGHT if keys.right else Sign.BEGUN
        # what the answer will tell of their cipher is not known yet: of keys alike the stricter reading counts
        new = Try(card, key_version, keys.as_des, _now(), secrets.token_hex(8), sign)

        def begun(tries: tuple[Try, ...]) -> list[Try]:
            self._look_again(new, keys)  # here, under the file's lock, where no other program begins a try
            return [*tries, new]

        self._change_tries(begun, _NOT_SENT)
        return new

    def _look_again(self, new: Try, keys: KeysToTry) -> None:
        now = self.of(new.card)
        if keys.seen is None or {one.number for one in now.tries} <= keys.seen:
            return
        doubt = now.doubt(*keys.marks, key_version=new.key_version)
        if doubt is Doubt.NONE or (doubt in EXCUSED and keys.right):
            return
        raise Refused(
            "another program has tried keys on this card at the same time: no key was tried",
            meaning=f"By the ledger, {doubt.value}.", hint="the same line again asks, or says what to do instead")

    def answered(self, tried: Try, key_version: int, keys: str = "", last: LastTry | None = None) -> Try:
        """The card took INITIALIZE UPDATE, with keys of this version: what stands for the keys that were tried, now
        that their cipher is known, and what the search needs."""
        changed = replace(tried, key_version=key_version, keys=keys or tried.keys)

        def change(content: _Content) -> _Content:
            tries = tuple(changed if one.number == changed.number else one for one in content.tries)
            if last is None:
                return replace(content, tries=tries)
            others = [one for one in content.answers if one.card != tried.card]
            kept = _KeptTry(tried.card, tried.number, replace(last, time=_now()))
            return replace(content, tries=tries, answers=(*others, kept)[-MOST_ANSWERS:])

        self._change(change, _SENT)
        return changed

    def signed(self, tried: Try, sign: Sign) -> Try:
        """Something came to be known of the keys. What is wrong counts no more as taken before."""
        if tried.sign is sign:
            return tried
        changed = replace(tried, sign=sign, sign_of_later="")

        def change(content: _Content) -> _Content:
            tries = tuple(changed if one.number == changed.number else one for one in content.tries)
            taken = tuple(one for one in content.taken
                          if sign is not Sign.WRONG or (one.card.chip, one.keys) != (tried.card.chip, tried.keys))
            return replace(content, tries=tries, taken=taken)

        self._change(change, _SENT)
        return changed

    def identified(self, numbers: Collection[str], card: LedgerCard) -> None:
        """The tries of these numbers were made on a card whose chip is known now."""

        def change(content: _Content) -> _Content:
            tries = (replace(one, card=card) if one.number in numbers else one for one in content.tries)
            answers = (replace(one, card=card) if one.number in numbers else one for one in content.answers)
            return replace(content, tries=tuple(tries), answers=tuple(answers))

        self._change(change, _SENT)

    def take_back(self, tried: Try) -> None:
        """No key was tried: INITIALIZE UPDATE was refused, or never sent."""
        self._change_tries(lambda tries: [one for one in tries if one.number != tried.number], _SENT)

    def succeeded(self, tried: Try, same_card: Collection[str] = (), keys: Collection[str] = ()) -> None:
        """The card took the keys: what was tried of this version of its keys counts no more.

        That is what was counted for its chip, and the tries of the numbers `same_card`; what they say against other
        keys stays. Of those that only may be its own, by the ATR, only the ones with the same keys count no more,
        `keys` being what else may stand for these.
        """

        def ended(one: Try) -> Try | None:
            if one.number == tried.number:
                return None
            same_keys = bool(one.keys) and one.keys in (tried.keys, *keys)
            own = one.number in same_card or bool(one.card.chip and one.card.chip == tried.card.chip)
            its_own = own or (same_keys and one.card.may_be(tried.card))
            if one.key_version not in (tried.key_version, 0) or not its_own:
                return one
            return replace(one, settled=True) if one.keys and not same_keys and one.sign in _AGAINST else None

        new = Taken(tried.card, tried.key_version, tried.keys)

        def change(content: _Content) -> _Content:
            kept = _without_oldest_settled([one for one in map(ended, content.tries) if one is not None])
            taken = content.taken
            if new.keys and new.card.chip:
                taken = (*(one for one in taken if one != new), new)[-MOST_TAKEN:]
            return replace(content, tries=kept, taken=taken)

        self._change(change, _SENT)

    def given(self, card: LedgerCard, keys: Collection[str]) -> None:
        """The card was given these keys: that it did not take them before says nothing against them any more."""

        def change(tries: tuple[Try, ...]) -> list[Try]:
            same = {one.number for one in tries if one.keys in keys and one.card.may_be(card)}
            kept = (one for one in tries if not (one.settled and one.number in same))
            return [replace(one, sign=Sign.RIGHT, sign_of_later="") if one.number in same else one for one in kept]

        self._change_tries(change, "What was tried with these keys before speaks against them still.")

    def _hash_key(self) -> bytes:
        hash_key = self._file.read().hash_key
        if hash_key is None:
            self._change(lambda content: content, _NOT_SENT)
            hash_key = self._file.read().hash_key
        assert hash_key is not None  # noqa: S101 — the change above has written one; for the type checker
        return hash_key

    def _change_tries(self, change: Callable[[tuple[Try, ...]], list[Try]], meaning: str) -> None:
        self._change(lambda content: replace(content, tries=tuple(change(content.tries))), meaning)

    def _change(self, change: Callable[[_Content], _Content], meaning: str) -> None:
        with self._file.change(meaning):
            self._file.write(_document(change(self._file.read())))


def _without_oldest_settled(tries: list[Try]) -> tuple[Try, ...]:
    settled = [one.number for one in tries if one.settled]
    too_many = frozenset(settled[:-MOST_SETTLED])
    return tuple(one for one in tries if one.number not in too_many)


def _most_of_a_version(tries: Collection[Try], key_version: int) -> int:
    """How many of the tries are of that version; where it is 0, of the one that has most. Those of which the version
    is not known may be of any."""
    versions = {one.key_version for one in tries} if key_version == 0 else {key_version}
    return max((sum(1 for one in tries if one.key_version in (version, 0)) for version in versions), default=0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _document(content: _Content) -> dict[str, object]:
    """The file as JSON has it."""
    answers = [
        {"card": asdict(one.card), "number": one.number, "host_challenge": one.last.host_challenge.hex(),
         "answer": one.last.answer.hex(), "time": one.last.time}
        for one in content.answers
    ]
    return {"format": FORMAT, "hash_key": (content.hash_key or secrets.token_bytes(HASH_KEY_LENGTH)).hex(),
            "tries": [_form(one) for one in content.tries], "answers": answers,
            "taken": [asdict(one) for one in content.taken]}


def _form(tried: Try) -> dict[str, object]:
    form = asdict(tried)
    later = form.pop("sign_of_later")
    return form | {"sign": later or tried.sign}


def _parse(content: bytes) -> _Content | None:
    try:
        document: Any = json.loads(content.decode())
        if document["format"] != FORMAT:
            return None
        # a ledger of an earlier version has no answers, and nothing of keys that were taken
        return _Content(bytes.fromhex(document["hash_key"]), tuple(map(_try, document["tries"])),
                        tuple(map(_kept_try, document.get("answers", ()))),
                        tuple(map(_taken, document.get("taken", ()))))
    except DAMAGED:
        return None


def _card(item: dict[str, Any]) -> LedgerCard:
    card = item["card"]
    # a ledger of an earlier version has one ATR
    return LedgerCard(str(card["chip"]), str(card["atr"]), str(card.get("first_atr") or card["atr"]))


def _kept_try(item: dict[str, Any]) -> _KeptTry:
    last = LastTry(bytes.fromhex(item["host_challenge"]), bytes.fromhex(item["answer"]), str(item["time"]))
    return _KeptTry(_card(item), str(item["number"]), last)


def _taken(item: dict[str, Any]) -> Taken:
    return Taken(_card(item), integer(item, "key_version"), str(item["keys"]))


def _try(item: dict[str, Any]) -> Try:
    sign, later = _sign(text(item, "sign"))
    settled = item.get("settled", False) is True  # a ledger of an earlier version forgets such tries
    return Try(_card(item), integer(item, "key_version"), str(item["keys"]), str(item["time"]), str(item["number"]),
               sign, later, settled)


def _sign(written: str) -> tuple[Sign, str]:
    """The sign, and what a later jcopsh has written in its place: nobody here knows what that says of the keys, so it
    counts as the worst, and stays in the file as it is."""
    if written in _SIGNS_OF_BEFORE:
        return _SIGNS_OF_BEFORE[written], ""
    return (Sign(written), "") if written in _SIGNS else (Sign.WRONG, written)


_SIGNS = frozenset(one.value for one in Sign)
# how a ledger of an earlier version names them; of what it did not name the stricter reading holds
_SIGNS_OF_BEFORE = {"": Sign.WRONG, "lost": Sign.NOT_COMPARED, "matched": Sign.RIGHT}
