"""The ledger by itself: what is kept of a try, and what is not."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from jcopsh.errors import StoreError
from jcopsh.secrets.ledger import (
    MOST_ANSWERS,
    MOST_SETTLED,
    MOST_UNASKED,
    Doubt,
    KeysToTry,
    LastTry,
    Ledger,
    LedgerCard,
    Sign,
)

CARD, OTHER = LedgerCard("01", "3B01", "3B01"), LedgerCard("02", "3B01", "3B01")
KIND = LedgerCard("", "3B01", "3B01")  # of both
KEYS = bytes(range(48))


def keys(mark: str, *, right: bool = False) -> KeysToTry:
    """Keys that cannot be 3DES keys, for which nobody has looked at the ledger."""
    return KeysToTry(mark, mark, right)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "data" / "ledger.json")


def test_a_try_is_kept_until_one_succeeds(ledger: Ledger) -> None:
    mark = ledger.fingerprint(KEYS)
    assert ledger.of(CARD).doubt(mark) is Doubt.NONE
    first = ledger.answered(ledger.begin(CARD, 0, keys(mark)), 0xFF)
    again = Ledger(ledger.path)
    assert again.of(CARD).doubt(mark) is Doubt.UNFINISHED
    assert again.of(OTHER).doubt(mark) is Doubt.NONE
    again.signed(first, Sign.WRONG)
    assert again.of(CARD).doubt(mark) is Doubt.WRONG
    assert [one.key_version for one in again.of(CARD).tries] == [0xFF]
    right = again.answered(again.begin(CARD, 0, keys(again.fingerprint(b"right"))), 0xFF)
    again.succeeded(right)
    assert again.of(CARD).counted == ()
    assert first.number != right.number


def test_success_counts_anew_and_does_not_forget_which_keys_were_wrong(ledger: Ledger) -> None:
    signs = {"wrong": Sign.WRONG, "refused": Sign.REFUSED, "cut off": Sign.BEGUN, "other kind": Sign.NOT_COMPARED,
             "": Sign.BEGUN}
    for mark, sign in signs.items():
        ledger.signed(ledger.begin(CARD, 1, keys(mark)), sign)
    right = ledger.begin(CARD, 1, keys("right"))
    ledger.succeeded(right)
    again = Ledger(ledger.path)
    record = again.of(CARD)
    assert record.counted == ()
    assert [record.doubt(mark) for mark in signs if mark] == [
        Doubt.WRONG, Doubt.REFUSED, Doubt.UNFINISHED, Doubt.NONE]
    # until the card takes them, as somebody else has put them on it
    again.succeeded(again.begin(CARD, 1, keys("wrong")))
    assert again.of(CARD).doubt("wrong") is Doubt.NONE
    assert again.of(CARD).doubt("refused") is Doubt.REFUSED


def test_no_more_wrong_keys_are_kept_than_somebody_tries(ledger: Ledger) -> None:
    for number in range(MOST_SETTLED + 2):
        ledger.signed(ledger.begin(CARD, 1, keys(f"wrong {number}")), Sign.WRONG)
    ledger.succeeded(ledger.begin(CARD, 1, keys("right")))
    record = ledger.of(CARD)
    assert [record.doubt(f"wrong {number}") for number in (0, 1, 2, MOST_SETTLED + 1)] == [
        Doubt.NONE, Doubt.NONE, Doubt.WRONG, Doubt.WRONG]


@pytest.mark.parametrize("card", [CARD, KIND])
def test_keys_that_a_card_is_given_are_not_wrong_any_more(ledger: Ledger, card: LedgerCard) -> None:
    ledger.signed(ledger.begin(card, 1, keys("a")), Sign.WRONG)
    ledger.succeeded(ledger.begin(card, 1, keys("old")))  # a chip's try is settled, that of an ATR is not
    ledger.signed(ledger.begin(card, 1, keys("a")), Sign.WRONG)
    ledger.signed(ledger.begin(card, 1, keys("b")), Sign.WRONG)
    count = len(ledger.of(card).counted)
    ledger.given(card, ("a", "a as 3DES keys"))
    assert ledger.of(card).doubt("a") is Doubt.NONE
    assert ledger.of(card).doubt("b") is Doubt.WRONG
    assert len(ledger.of(card).counted) == count, "what the card counts, it still counts"


def test_success_clears_its_own_version_and_card_alone(ledger: Ledger) -> None:
    ledger.begin(CARD, 1, keys("a"))
    ledger.begin(OTHER, 2, keys("b"))
    ledger.succeeded(ledger.begin(CARD, 2, keys("c")))
    assert [one.keys for one in ledger.of(CARD).tries] == ["a"]
    assert [one.keys for one in ledger.of(OTHER).tries] == ["b"]


def test_a_card_of_which_the_chip_is_not_known_may_be_any_of_its_kind(ledger: Ledger) -> None:
    ledger.begin(CARD, 0, keys("a"))
    ledger.begin(KIND, 0, keys("b"))
    asked = [(KIND, "a"), (CARD, "b"), (OTHER, "b")]
    assert {ledger.of(card).doubt(mark) for card, mark in asked} == {Doubt.UNFINISHED}
    assert ledger.of(OTHER).doubt("a") is Doubt.NONE
    assert ledger.of(LedgerCard("", "3B02", "3B02")).tries == ()


def test_success_of_one_of_a_kind_clears_the_same_keys_alone(ledger: Ledger) -> None:
    for mark in ("wrong", "right", ""):
        ledger.begin(KIND, 0, keys(mark))
    ledger.succeeded(ledger.begin(KIND, 0, keys("right")))
    assert [one.keys for one in ledger.of(KIND).tries] == ["wrong", ""]
    own = ledger.begin(KIND, 0, keys("own"))
    ledger.succeeded(ledger.begin(KIND, 0, keys("right")), {own.number})
    assert [one.keys for one in ledger.of(KIND).counted] == ["wrong", ""]


def test_tries_get_the_chip_that_becomes_known(ledger: Ledger) -> None:
    own, other = ledger.begin(KIND, 0, keys("a")), ledger.begin(KIND, 0, keys("b"))
    ledger.identified({own.number}, CARD)
    assert [one.card for one in ledger.of(KIND).tries] == [CARD, other.card]


@pytest.mark.parametrize("sign", [Sign.NOT_COMPARED, Sign.RIGHT])
def test_keys_that_nothing_speaks_against_are_asked_about_after_a_while(ledger: Ledger, sign: Sign) -> None:
    for count in range(1, MOST_UNASKED + 1):
        ledger.signed(ledger.begin(CARD, 0, keys("a")), sign)
        assert ledger.of(CARD).doubt("a") is (Doubt.OFTEN if count == MOST_UNASKED else Doubt.NONE)
        assert len(ledger.of(CARD).tries) == count


def test_other_keys_each_time_are_asked_about_as_well(ledger: Ledger) -> None:
    ledger.succeeded(ledger.answered(ledger.begin(CARD, 0, keys("taken")), 3))
    for number in range(MOST_UNASKED):
        assert ledger.of(CARD).doubt("a", key_version=3) is Doubt.NONE
        tried = ledger.answered(ledger.begin(CARD, 0, keys(f"wrong {number}")), 3)
        ledger.signed(tried, Sign.WRONG)
    assert {ledger.of(CARD).doubt("a", key_version=version) for version in (0, 3)} == {Doubt.MANY}
    assert ledger.of(CARD).doubt("a", key_version=2) is Doubt.NONE  # the card counts for each version
    assert ledger.of(OTHER).doubt("a") is Doubt.NONE
    # what ends the count: keys that this chip has taken under that version
    assert ledger.of(CARD).doubt("taken", key_version=3) is Doubt.NONE
    ledger.succeeded(ledger.answered(ledger.begin(CARD, 3, keys("taken")), 3))
    assert ledger.of(CARD).doubt("a") is Doubt.NONE


def test_a_try_of_no_known_version_may_be_of_any(ledger: Ledger) -> None:
    ledger.begin(CARD, 0, keys("lost"))
    for number in range(MOST_UNASKED - 1):
        ledger.begin(CARD, 3, keys(f"wrong {number}"))
    assert ledger.of(CARD).doubt("a", key_version=3) is Doubt.MANY
    assert ledger.of(CARD).doubt("a", key_version=2) is Doubt.NONE


def test_a_try_that_was_none_is_taken_back_and_no_other(ledger: Ledger) -> None:
    kept, refused = ledger.begin(CARD, 0, keys("a")), ledger.begin(CARD, 0, keys("a"))
    ledger.take_back(refused)
    assert ledger.of(CARD).tries == (kept,)


def test_the_last_answer_of_each_card_is_kept(ledger: Ledger) -> None:
    assert ledger.last() is None
    for number, card in enumerate((CARD, OTHER, CARD)):
        ledger.answered(ledger.begin(card, 0, keys("a")), 0xFF, "b", LastTry(bytes((number,)), b"answer"))
    again = Ledger(ledger.path)
    kept_of = [again.last(card) for card in (CARD, OTHER, KIND, None)]
    assert [one.host_challenge for one in kept_of if one] == [b"\x02", b"\x01", b"\x02", b"\x02"]
    assert again.last(LedgerCard("", "3B02", "3B02")) is None
    assert [one.keys for one in again.of(CARD).tries] == ["b", "b"]
    own = again.begin(KIND, 0, keys("a"))
    again.answered(own, 0xFF, "", LastTry(b"own", b"answer"))
    again.identified({own.number}, OTHER)
    kept = again.last(OTHER)
    assert kept is not None
    assert kept.host_challenge == b"own"


def test_no_more_answers_are_kept_than_cards_that_one_has_on_the_table(ledger: Ledger) -> None:
    for number in range(MOST_ANSWERS + 2):
        card = LedgerCard(f"{number:02X}", "3B01", "3B01")
        ledger.answered(ledger.begin(card, 0, keys("")), 0, "", LastTry(b"", b""))
    assert ledger.last(LedgerCard("01", "3B01", "3B01")) is None
    assert ledger.last(LedgerCard("02", "3B01", "3B01")) is not None


def test_what_a_card_has_taken_is_known_of_that_chip_and_version_until_it_refuses_it(ledger: Ledger) -> None:
    ledger.succeeded(ledger.answered(ledger.begin(CARD, 0, keys("a")), 1))
    again = Ledger(ledger.path)
    assert [again.of(CARD).has_taken("b", "a", key_version=version) for version in (0, 1, 2)] == [True, True, False]
    assert not again.of(OTHER).has_taken("a", key_version=1)
    assert not again.of(KIND).has_taken("a", key_version=1)
    tried = again.begin(CARD, 1, keys("a", right=True))
    assert again.of(CARD).doubt("a") is Doubt.NONE
    again.signed(tried, Sign.WRONG)
    assert not again.of(CARD).has_taken("a", key_version=1)
    # which one of its kind took them is not known
    again.succeeded(again.begin(KIND, 1, keys("b")))
    assert not again.of(KIND).has_taken("b", key_version=1)


@pytest.mark.parametrize(("sign", "doubt"), [
    ("", Doubt.WRONG), ("lost", Doubt.NONE), ("matched", Doubt.NONE), ("begun", Doubt.UNFINISHED)])
def test_a_ledger_of_before_has_no_answers_and_other_signs(ledger: Ledger, sign: str, doubt: Doubt) -> None:
    ledger.begin(CARD, 0, keys("a"))
    document = json.loads(ledger.path.read_text("utf-8"))
    del document["answers"], document["taken"]
    document["tries"][0]["sign"] = sign
    ledger.path.write_text(json.dumps(document), "utf-8")
    assert ledger.last() is None
    assert [one.keys for one in ledger.of(CARD).tries] == ["a"]
    assert ledger.of(CARD).doubt("a") is doubt


def test_a_sign_of_a_later_version_counts_as_the_worst_and_stays_as_it_is(ledger: Ledger) -> None:
    kept, changed = ledger.begin(CARD, 0, keys("a")), ledger.begin(OTHER, 0, keys("b"))
    document = json.loads(ledger.path.read_text("utf-8"))
    for one in document["tries"]:
        one["sign"] = "half compared"
    ledger.path.write_text(json.dumps(document), "utf-8")
    assert ledger.of(CARD).doubt("a") is ledger.of(OTHER).doubt("b") is Doubt.WRONG
    ledger.signed(changed, Sign.NOT_COMPARED)  # which writes the whole file anew
    ledger.identified({kept.number}, CARD)
    written = json.loads(ledger.path.read_text("utf-8"))["tries"]
    assert [one["sign"] for one in written] == ["half compared", "not compared"]
    assert [set(one) for one in written] == [set(document["tries"][0])] * 2
    assert [ledger.of(card).doubt(mark) for card, mark in ((CARD, "a"), (OTHER, "b"))] == [Doubt.WRONG, Doubt.NONE]


@pytest.mark.parametrize("sign", [None, 0, ["wrong"]])
def test_what_is_no_sign_at_all_is_damage(ledger: Ledger, sign: object) -> None:
    ledger.begin(CARD, 0, keys("a"))
    document = json.loads(ledger.path.read_text("utf-8"))
    document["tries"][0]["sign"] = sign
    ledger.path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(StoreError, match="damaged"):
        ledger.of(CARD)


def test_a_ledger_of_before_has_one_atr_of_each_card(ledger: Ledger) -> None:
    ledger.begin(KIND, 0, keys("a"))
    document = json.loads(ledger.path.read_text())
    del document["tries"][0]["card"]["first_atr"]
    ledger.path.write_text(json.dumps(document))
    assert [one.card for one in ledger.of(KIND).tries] == [KIND]
    assert ledger.of(LedgerCard("", "3B99", "3B01")).tries, "the ATR of a warm reset"


def test_the_file_is_private_and_holds_no_key(ledger: Ledger) -> None:
    ledger.begin(CARD, 0, keys(ledger.fingerprint(KEYS)))
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    text = ledger.path.read_text("utf-8").upper()
    assert KEYS.hex().upper()[:16] not in text
    # another file has another hash of the same keys: it tells nothing to who has both
    other = Ledger(ledger.path.with_name("other.json"))
    assert other.fingerprint(KEYS) != ledger.fingerprint(KEYS)
    assert ledger.fingerprint(KEYS) == Ledger(ledger.path).fingerprint(KEYS)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "jcopsh ledger 2"}', "\xff",
                                     '{"format": "jcopsh ledger 1", "hash_key": "0", "tries": []}',
                                     '{"format": "jcopsh ledger 1", "hash_key": 5, "tries": []}',
                                     '{"format": "jcopsh ledger 1", "hash_key": "00", "tries": [], "taken": [{"card": '
                                     '{"chip": "", "atr": ""}, "key_version": 1e999, "keys": ""}]}'])
def test_a_damaged_file_is_no_empty_one(ledger: Ledger, content: str) -> None:
    ledger.path.parent.mkdir()
    ledger.path.write_text(content, "latin-1")
    for call in (lambda: ledger.of(CARD), lambda: ledger.begin(CARD, 0, keys(""))):
        with pytest.raises(StoreError, match="damaged"):
            call()
    assert ledger.path.read_text("latin-1") == content
