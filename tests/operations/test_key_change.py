"""put-keys: whatever happens in the middle, the keys that a card may have are on disk, and the next run ends well."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.card import answering_yes
from jcopsh.errors import (
    CardError,
    CardWasReset,
    ChannelError,
    JcopshError,
    ReaderError,
    Refused,
    StoreError,
    UsageError,
)
from jcopsh.globalplatform.keys import KeySet, KeyType, check_value
from jcopsh.operations.authentication import KeyChoice
from jcopsh.operations.key_change import delete_keys, put_key, put_keys, put_unproved
from jcopsh.operations.key_information import key_versions
from jcopsh.operations.key_values import KeysPut
from jcopsh.secrets.key_sets import KeySetStore, Standing, key_set, unsealed
from jcopsh.secrets.passphrase import Passphrase
from jcopsh.secrets.secret import Secret
from tests.secure_channels import C_MAC, DEFAULT, FULL, Domain, connected

NEW = KeySet(*(Secret(bytes(range(start, start + 16))) for start in (0x60, 0x80, 0xA0)))
NAME = "bench-card"


@pytest.fixture(autouse=True)
def _a_person_says_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "ask_yes", lambda *_: None)
    monkeypatch.setattr(consent, "ask_typed", lambda *_: None)


def put(domain: Domain, new: KeySet = NEW, *, key_version: int = 1, replaces: int = 0) -> KeysPut:
    with answering_yes(domain.card):
        *_, last = put_keys(
            domain.card, domain.key_sets, new, name=NAME, key_version=key_version, replaces=replaces)
    assert isinstance(last, KeysPut)
    return last


def test_check_values_of_known_keys() -> None:
    """3DES: that of 40…4F is 8BAF47. AES: FIPS 197's cipher on 16 bytes of 01."""
    key = Secret(bytes(range(0x40, 0x50)))
    assert check_value(key, KeyType.DES3).hex().upper() == "8BAF47"
    assert check_value(key, KeyType.AES).hex().upper() == "504A77"


@pytest.mark.parametrize(("profile", "length"), [("j2a040", 16), ("j2e145", 16), ("j3r180", 16)])
def test_the_new_keys_are_put_and_proved(tmp_path: Path, profile: str, length: int) -> None:
    domain = connected(tmp_path, profile)
    domain.auth(level=C_MAC)
    done = put(domain)
    assert done.key_version == 1
    state = domain.card.state.secure_channel
    assert state is not None
    assert state.key_version == 1
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert (stored.standing, stored.key_version) == (Standing.ON_CARD, 1)
    assert stored.card.startswith("chip ")
    # from another connection, by what is in the store alone
    again = domain.again()
    assert stored.keys is not None
    assert again.auth(KeyChoice(NAME, KeySet(*stored.keys)), key_version=1).key_version == 1


@pytest.mark.parametrize("tells_chip", [True, False])
def test_keys_that_the_card_did_not_take_before_it_got_them(
    tmp_path: Path, tells_chip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "ask_yes", _nobody)
    domain = connected(tmp_path)
    if not tells_chip:
        domain.link.answer = lambda command, answer: b"\x6a\x88" if command[1:4] == b"\xca\x9f\x7f" else answer
    with pytest.raises(ChannelError):
        domain.auth(KeyChoice(NAME, NEW))
    domain.auth(level=C_MAC)
    assert put(domain).key_version == 1


def test_keys_that_were_not_put_stay_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "ask_yes", _nobody)
    domain = connected(tmp_path)
    with pytest.raises(ChannelError):
        domain.auth(KeyChoice(NAME, NEW))
    domain.auth(level=C_MAC)
    domain.link.answer = lambda command, answer: b"\x6a\x80" if command[1] == 0xD8 else answer
    with pytest.raises(CardError):
        put(domain)
    with pytest.raises(Refused):
        domain.again().auth(KeyChoice(NAME, NEW))


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
@pytest.mark.parametrize("lost_after", [False, True])
def test_power_lost_at_every_exchange(
    tmp_path: Path, profile: str, lost_after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to answer for the new keys: nothing was ever against them."""
    monkeypatch.setattr(consent, "ask_yes", _nobody)
    power, finished = 0, False
    while not finished:
        folder = tmp_path / f"{power}"
        folder.mkdir()
        domain = connected(folder, profile)
        domain.auth(level=C_MAC)
        domain.link.power, domain.link.lost_after = power, lost_after
        try:
            put(domain)
            finished = True
        except JcopshError as error:
            assert "power" in error.what
            _ends_well(domain)
        power += 1
    assert power > 4


def _nobody(*_: object, **_question: object) -> None:
    raise Refused("there is no terminal")


def _ends_well(domain: Domain) -> None:
    """With whatever keys the card has now, all of them known from disk, the same call comes to its end."""
    put_was_sent = any(command[1] == 0xD8 for command in domain.link.sent)
    stored = domain.key_sets.get(NAME)
    assert stored is not None or not put_was_sent
    domain = domain.again()
    try:
        domain.auth(level=C_MAC)
    except JcopshError:
        assert stored is not None
        assert stored.keys is not None
        domain.auth(KeyChoice(NAME, KeySet(*stored.keys)), level=C_MAC, key_version=1)
    assert put(domain).key_version == 1
    final = domain.key_sets.get(NAME)
    assert final is not None
    assert final.standing is Standing.ON_CARD


def test_nothing_is_sent_before_the_keys_are_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = connected(tmp_path)
    domain.auth()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jcopsh.secrets.store_file.write_private", full)
    with pytest.raises(StoreError, match="file of key sets"):
        put(domain)
    assert not any(command[1] == 0xD8 for command in domain.link.sent)


def test_other_keys_under_the_same_name_are_refused(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    put(domain)
    with pytest.raises(UsageError, match="another set"):
        put(domain, replace(NEW, enc=NEW.mac), key_version=2)
    assert sum(1 for command in domain.link.sent if command[1] == 0xD8) == 1


def test_a_set_that_was_stored_before_survives_a_power_cut_as_well(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.key_sets.add(key_set(NAME, NEW.all))
    domain.auth()
    domain.link.answer = _power_goes_after_put_key
    with pytest.raises(JcopshError, match="power"):
        put(domain)
    domain = domain.again()
    with suppress(JcopshError):
        domain.auth()
    if domain.card.state.secure_channel is None:
        domain.auth(KeyChoice(NAME, NEW), key_version=1)
    assert put(domain).key_version == 1


def _power_goes_after_put_key(command: bytes, answer: bytes) -> bytes:
    if command[1] == 0xD8:
        raise ReaderError("the power went", card_lost=True)
    return answer


def test_the_same_version_on_another_card_is_not_taken_for_ours(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.key_sets.add(key_set(NAME, NEW.all, standing=Standing.ON_CARD, card="chip 00"))
    domain.auth()
    with answering_yes(domain.card):
        put_key(domain.card, DEFAULT.keys, key_version=1)
    with pytest.raises(UsageError, match="already"):
        put(domain)


def test_what_the_card_took_is_known_to_be_taken_and_not_proved(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    with answering_yes(domain.card):
        list(put_unproved(domain.card, domain.key_sets, NEW, name=NAME, key_version=1))
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert (stored.standing, stored.key_version) == (Standing.TAKEN, 1)
    domain = domain.again()
    domain.auth(KeyChoice(NAME, NEW), key_version=1)
    assert put(domain).key_version == 1
    final = domain.key_sets.get(NAME)
    assert final is not None
    assert final.standing is Standing.ON_CARD
    assert not [one for one in domain.link.sent if one[1] == 0xD8]


def test_a_proof_that_does_not_come_leaves_them_taken(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    domain.link.answer = lambda command, answer: b"\x69\x85" if command[1] == 0x50 else answer
    with pytest.raises(CardError):
        put(domain)
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert stored.standing is Standing.TAKEN


def test_a_card_that_made_other_check_values(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    domain.link.answer = lambda command, answer: (
        answer[:1] + bytes(9) + b"\x90\x00" if command[1] == 0xD8 else answer)
    with pytest.raises(ChannelError, match="check values"):
        put(domain)
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert stored.standing is Standing.BEING_PUT


def test_no_channel_no_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    for call in (lambda: put_key(domain.card, NEW, key_version=1), lambda: delete_keys(domain.card, 1)):
        with pytest.raises(ChannelError, match="none is open"):
            call()
    assert domain.link.sent == []


@pytest.mark.parametrize("key_version", [0, 0x80, 0xFF])
def test_a_version_that_cannot_be_put(tmp_path: Path, key_version: int) -> None:
    domain = connected(tmp_path)
    domain.auth()
    with pytest.raises(UsageError, match="0x01 to 0x7F"):
        put_key(domain.card, NEW, key_version=key_version)


def test_the_old_set_can_go_and_the_one_in_use_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = connected(tmp_path)
    domain.auth()
    put(domain)
    with answering_yes(domain.card):
        put_key(domain.card, DEFAULT.keys, key_version=2)
    versions = key_versions(domain.card)
    assert versions is not None
    assert {1, 2} <= set(versions)
    with pytest.raises(UsageError, match="channel itself"):
        delete_keys(domain.card, 1)
    delete_keys(domain.card, 2)
    assert 2 not in (key_versions(domain.card) or ())

    def no(*_: object) -> None:
        raise Refused("no")

    monkeypatch.setattr(consent, "ask_typed", no)
    with answering_yes(domain.card), pytest.raises(Refused):
        delete_keys(domain.card, 3)


def test_the_store_after_a_crash_has_its_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = connected(tmp_path)
    domain.auth()
    put(domain)
    before = (tmp_path / "key-sets.json").read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(5, "crash")))
    with suppress(StoreError):
        KeySetStore(tmp_path / "key-sets.json").note(key_set(NAME, NEW.all))
    assert (tmp_path / "key-sets.json").read_bytes() == before


def test_what_the_card_did_not_take_is_not_about_to_be_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys stay, as given by the user, and fit another version then."""
    domain = connected(tmp_path)
    domain.auth()
    monkeypatch.setattr(consent, "ask_yes", _nobody)
    with pytest.raises(Refused, match="no terminal") as refused:
        list(put_keys(domain.card, domain.key_sets, NEW, name=NAME, key_version=1))
    assert "keeps the set as bench-card" in refused.value.meaning
    domain.link.answer = lambda command, answer: b"\x6a\x84" if command[1] == 0xD8 else answer
    with pytest.raises(CardError, match="does not take"):
        put(domain)
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert (stored.standing, stored.card, stored.key_version) == (Standing.GIVEN, "", 0)
    domain.link.answer = lambda _command, answer: answer
    assert put(domain, key_version=2).key_version == 2


def test_an_answer_that_says_nothing_of_the_keys_leaves_them_about_to_be_put(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    domain.link.answer = lambda command, answer: b"\x65\x81" if command[1] == 0xD8 else answer
    with pytest.raises(CardError, match="does not take"):
        put(domain)
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert stored.standing is Standing.BEING_PUT


@pytest.mark.parametrize("lost_after", [False, True])
def test_a_set_under_a_passphrase_survives_a_power_cut(tmp_path: Path, lost_after: bool) -> None:
    def attempt(domain: Domain, passphrase: str) -> None:
        with answering_yes(domain.card):
            list(put_keys(domain.card, domain.key_sets, NEW, name=NAME, key_version=1,
                          passphrase=Passphrase(passphrase)))

    domain = connected(tmp_path)
    domain.auth(level=C_MAC)
    domain.link.power, domain.link.lost_after = 1, lost_after  # for GET DATA
    with pytest.raises(JcopshError, match="power"):
        attempt(domain, "a passphrase")
    assert NEW.enc.reveal().hex() not in domain.key_sets.path.read_text().lower()
    domain = domain.again()
    if lost_after:
        domain.auth(KeyChoice(NAME, NEW), level=C_MAC, key_version=1)
    else:
        domain.auth(level=C_MAC)
    with pytest.raises(UsageError, match="passphrase"):
        attempt(domain, "another")
    attempt(domain, "a passphrase")
    stored = domain.key_sets.get(NAME)
    assert stored is not None
    assert (stored.standing, stored.key_version, stored.keys) == (Standing.ON_CARD, 1, None)
    assert unsealed(stored, Passphrase("a passphrase")).keys == NEW.all


# --- a card that does not say which keys it has -----------------------------------------------------------------------


def _tells_no_versions(command: bytes, answer: bytes) -> bytes:
    return b"\x6a\x88" if command[1] == 0xCA and command[3] == 0xE0 else answer


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
@pytest.mark.parametrize("reached_the_card", [False, True])
@pytest.mark.parametrize("old_keys_first", [False, True])
def test_after_a_power_cut_on_a_card_that_does_not_tell_its_versions(
    tmp_path: Path, profile: str, *, reached_the_card: bool, old_keys_first: bool
) -> None:
    domain = connected(tmp_path, profile)
    domain.auth(level=C_MAC)
    with answering_yes(domain.card):  # so that both the old and the new set can open a channel
        put_key(domain.card, DEFAULT.keys, key_version=5)
    domain.auth(level=C_MAC, key_version=5)

    def power(command: bytes, answer: bytes) -> bytes:
        if command[1] == 0xD8:
            raise ReaderError("the power went", card_lost=True)
        return _tells_no_versions(command, answer)

    if reached_the_card:
        domain.link.answer = power
    else:
        domain.link.answer = _tells_no_versions
        domain.link.power = 1
    with pytest.raises(ReaderError, match="power"):
        put(domain)
    domain = domain.again()
    domain.link.answer = _tells_no_versions
    if old_keys_first or not reached_the_card:
        domain.auth(level=C_MAC, key_version=5)
    else:
        domain.auth(KeyChoice(NAME, NEW), level=C_MAC, key_version=1)
    assert put(domain).key_version == 1
    assert sum(1 for command in domain.link.sent if command[1] == 0xD8) == (0 if reached_the_card else 1)
    final = domain.key_sets.get(NAME)
    assert final is not None
    assert final.standing is Standing.ON_CARD


def test_a_version_that_is_there_is_named_where_the_card_refuses_it(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    with answering_yes(domain.card):
        put_key(domain.card, DEFAULT.keys, key_version=1)
        with pytest.raises(CardError) as refused:
            put_key(domain.card, NEW, key_version=1)
        with pytest.raises(CardError) as replaced:
            put_key(domain.card, NEW, key_version=2, replaces=3)
    assert refused.value.response.sw == replaced.value.response.sw == 0x6A88
    assert "version 0x01 already" in refused.value.hint
    assert "--replace 0x01" in refused.value.hint
    assert "leave" not in refused.value.hint
    assert "no set of version 0x03" in replaced.value.hint


# --- what is told when it breaks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [
    ReaderError("the way was lost", card_lost=True), CardWasReset("another program reset the card"),
    KeyboardInterrupt(), StoreError("the disk is full"),
])
def test_put_key_that_breaks_tells_where_the_keys_are(tmp_path: Path, error: BaseException) -> None:
    domain = connected(tmp_path)
    domain.auth()

    def breaks(command: bytes, answer: bytes) -> bytes:
        if command[1] == 0xD8:
            raise error
        return answer

    domain.link.answer = breaks
    with pytest.raises(JcopshError) as told:
        put(domain)
    assert f"may have the keys {NAME} now, as version 0x01" in told.value.meaning
    assert "in the key store" in told.value.meaning
    assert ("connect" in told.value.hint) == (type(error) is ReaderError)


def test_an_answer_to_put_key_without_its_mac_tells_where_the_keys_are(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    domain.link.answer = lambda command, answer: b"\x90\x00" if command[1] == 0xD8 else answer
    with pytest.raises(ChannelError, match="broken") as told:
        put(domain)
    assert f"may have the keys {NAME} now" in told.value.meaning


# --- the data encryption key ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
def test_without_the_dek_a_channel_opens_and_no_key_is_put(tmp_path: Path, profile: str) -> None:
    domain = connected(tmp_path, profile)
    domain.auth(KeyChoice("no DEK", KeySet(DEFAULT.keys.enc, DEFAULT.keys.mac)))
    assert key_versions(domain.card)
    before = len(domain.link.sent)
    with pytest.raises(ChannelError, match="without a data encryption key") as refused:
        put(domain)
    assert "--key-dek" in refused.value.hint
    assert domain.key_sets.entries() == ()
    assert len(domain.link.sent) == before


def test_ff_is_not_replaced_by_name(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    with pytest.raises(UsageError, match="0x01 to 0x7F, not 0xFF") as refused:
        put(domain, replaces=0xFF)
    assert "goes when keys are added" in refused.value.hint
    assert not any(command[1] == 0xD8 for command in domain.link.sent)
