"""What of the exchanges counts as an authentication that was tried, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.card import answering_yes
from jcopsh.card.interlock import Judgement
from jcopsh.card.journal import Journal, JournalError
from jcopsh.card.link import ResetKind
from jcopsh.card.tries import Tries, ledger_name
from jcopsh.errors import CardError, ChannelError, ReaderError, Refused, StoreError
from jcopsh.globalplatform.channel import ChannelProtocol, SecurityLevel
from jcopsh.globalplatform.keys import KeySet
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.operations.authentication import KeyChoice, authenticate
from jcopsh.secrets.files import write_private
from jcopsh.secrets.ledger import LedgerCard
from jcopsh.secrets.secret import Secret
from tests.card.support import apdu
from tests.secure_channels import C_MAC, DEFAULT, FULL, WRONG, WRONG_KEY, Domain, connected

SCP02, SCP03 = ChannelProtocol.SCP02, ChannelProtocol.SCP03
RAW = "8050000008" + "33" * 8
CPLC = "80CA9F7F00"
EXTERNAL = "8482010010" + "00" * 16


@pytest.fixture(autouse=True)
def _nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def no(_judgement: Judgement, _card: str, *, question: str) -> None:
        raise Refused("there is no terminal")

    monkeypatch.setattr(consent, "ask_yes", no)


def count(domain: Domain) -> int:
    return domain.card.tries.count(domain.card.state)


def sent(domain: Domain, ins: int) -> int:
    return sum(1 for command in domain.link.sent if command[1] == ins)


def without_cplc(command: bytes, answer: bytes) -> bytes:
    return b"\x6a\x88" if command[1:4] == b"\xca\x9f\x7f" else answer


# --- answers in parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
def test_on_t0_a_try_counts_and_right_keys_end_it(tmp_path: Path, profile: str) -> None:
    domain = connected(tmp_path, profile, t0=True)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    assert count(domain) == 1
    assert domain.card.tries.last is not None
    assert len(domain.card.tries.last.answer) >= 28
    domain.auth()
    assert count(domain) == 0


@pytest.mark.parametrize("fetched", [False, True])
def test_raw_bytes_that_are_not_followed_count_too(tmp_path: Path, fetched: bool) -> None:
    domain = connected(tmp_path, t0=True)
    domain.card.follow = False
    response = domain.card.send(apdu(RAW))
    assert response.sw1 == 0x61
    if fetched:
        assert domain.card.send(CommandAPDU(0, 0xC0, 0, 0, le=response.sw2)).ok
        assert domain.card.tries.last is not None
    assert count(domain) == 1
    domain.card.send(apdu("00C0000000"))  # and an answer that comes later takes nothing back
    assert count(domain) == 1


def test_what_get_response_says_after_the_answer_takes_nothing_back(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.card.send(apdu(RAW))
    domain.link.answer = lambda _command, _answer: b"\x6d\x00"
    domain.card.send(apdu("00C0000000"))
    assert count(domain) == 1


def test_get_response_that_fails_leaves_the_try_counted(tmp_path: Path) -> None:
    domain = connected(tmp_path, t0=True)
    domain.link.answer = lambda command, answer: b"\x6f\x00" if command[1] == 0xC0 else answer
    domain.card.send(apdu(RAW))
    assert count(domain) == 1


def test_initialize_update_that_names_its_length_is_one_try(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, answer: (
        b"\x6c\x1c" if command[1] == 0x50 and command[-1] != 0x1C else answer)
    domain.card.send(apdu(RAW + "00"))
    assert sent(domain, 0x50) == 2
    assert count(domain) == 1


def test_auth_follows_where_nothing_else_is_followed(tmp_path: Path) -> None:
    domain = connected(tmp_path, t0=True)
    domain.card.follow = False
    assert domain.auth().protocol == "SCP02"
    assert domain.card.state.chip
    assert not domain.card.follow


# --- right keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ins", "tries"), [(0x50, 1), (0x82, 1)])
def test_right_keys_are_not_asked_about_after_the_power_went(tmp_path: Path, ins: int, tries: int) -> None:
    domain = connected(tmp_path)

    def lose(command: bytes, answer: bytes) -> bytes:
        if command[1] == ins:
            raise ReaderError("the power went", card_lost=True)
        return answer

    domain.link.answer = lose
    with pytest.raises(ReaderError):
        domain.auth()
    again = domain.again()
    again.card.send(apdu(CPLC))
    assert count(again) == tries
    again.auth()
    assert count(again) == 0


def test_power_that_goes_again_and_again_is_asked_about(tmp_path: Path) -> None:
    domain = connected(tmp_path)

    def lose(command: bytes, answer: bytes) -> bytes:
        if command[1] == 0x82:
            raise ReaderError("the power went", card_lost=True)
        return answer

    for _ in range(5):
        domain.link.answer = lose
        with pytest.raises(ReaderError):
            domain.auth()
        domain = domain.again()
    with pytest.raises(Refused):
        domain.auth()


def test_a_level_that_the_card_rules_out_by_its_answer_says_nothing_against_the_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.link.answer = lambda command, answer: (  # it announces nothing
        b"\x69\x85" if command[1:4] == b"\xca\x00\x66" else b"\x90\x00" if command[1] == 0xA4 else answer)
    with pytest.raises(ChannelError, match="level"):
        domain.auth(level=SecurityLevel.R_MAC)
    assert count(domain) == 1
    domain.auth()


def test_wrong_keys_and_a_wrong_level_are_wrong_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.link.answer = lambda command, answer: (
        b"\x69\x85" if command[1:4] == b"\xca\x00\x66" else b"\x90\x00" if command[1] == 0xA4 else answer)
    for expected in (ChannelError, Refused):
        with pytest.raises(expected):
            domain.auth(WRONG, level=SecurityLevel.R_MAC)


@pytest.mark.parametrize(("sw", "asked"), [(b"\x63\x00", True), (b"\x69\x82", True), (b"\x6a\x86", False)])
def test_external_authenticate_refused(tmp_path: Path, sw: bytes, asked: bool) -> None:
    """Of SCP02 the card's cryptogram proves the ENC key alone: a wrong MAC key shows here."""
    domain = connected(tmp_path)
    domain.link.answer = lambda command, answer: sw if command[1] == 0x82 else answer
    with pytest.raises(CardError):
        domain.auth()
    domain.link.answer = lambda _command, answer: answer
    assert count(domain) == 1
    if asked:
        with pytest.raises(Refused, match="refused EXTERNAL AUTHENTICATE") as refused:
            domain.auth()
        assert "did not take" not in refused.value.what
        with answering_yes(domain.card):
            domain.auth()
    domain.auth()


def test_a_refusal_after_an_option_of_the_line_says_nothing_against_the_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    with pytest.raises(CardError, match=r"SCP02 i=37") as raised:
        authenticate(domain.card, DEFAULT, level=C_MAC, option=0x37)  # a C-MAC over another command than the card's
    assert "--option" in raised.value.hint
    assert count(domain) == 1
    domain.auth()
    assert count(domain) == 0


def test_the_cryptogram_of_an_scp03_card_proves_both_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.link.answer = lambda command, answer: b"\x69\x82" if command[1] == 0x82 else answer
    with pytest.raises(CardError, match="SCP03"):
        authenticate(domain.card, DEFAULT, level=C_MAC, protocol=SCP03)
    domain.link.answer = lambda _command, answer: answer
    assert authenticate(domain.card, DEFAULT, level=C_MAC, protocol=SCP03).protocol == "SCP03"


def test_what_was_found_before_the_cryptogram_was_compared_says_nothing_against_the_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    for protocol, version in ((SCP02, 0), (SCP03, 0x20)):
        with pytest.raises(ChannelError, match="the card answers with"):
            authenticate(domain.card, DEFAULT, level=C_MAC, protocol=protocol, key_version=version)
    long = KeyChoice("long", KeySet.of_one(Secret(bytes(range(0x40, 0x60)))))
    with pytest.raises(ChannelError):
        authenticate(domain.card, long, level=C_MAC, protocol=SCP02, key_version=0x20)
    assert count(domain) == 3
    for protocol, version in ((SCP02, 0x20), (SCP03, 0xFF)):
        authenticate(domain.card, DEFAULT, level=C_MAC, protocol=protocol, key_version=version)


class Killed(BaseException):
    """The process ends, and nothing of it is done any more."""


def killed_at(
    domain: Domain, ins: int, monkeypatch: pytest.MonkeyPatch, choice: KeyChoice = DEFAULT
) -> Domain:
    """Authenticate, and let the process be killed when the card has carried out this instruction."""
    otherwise = domain.link.answer

    def kill(command: bytes, answer: bytes) -> bytes:
        if command[1] == ins:
            raise Killed
        return otherwise(command, answer)

    with monkeypatch.context() as patched:
        patched.setattr(Tries, "interrupted", lambda _self, **_: None)
        domain.link.answer = kill
        with pytest.raises(Killed):
            domain.auth(choice)
        return domain.again()


def test_what_a_kill_cut_off_is_asked_about_and_a_yes_on_the_line_answers_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = killed_at(connected(tmp_path), 0x50, monkeypatch)
    with pytest.raises(Refused, match="never completed") as refused:
        domain.auth()
    assert "did not take" not in refused.value.what
    assert "--yes" in refused.value.hint
    assert "1 authentication of this card ended badly or was never completed" in refused.value.meaning
    assert sent(domain, 0x50) == 0
    with answering_yes(domain.card):
        domain.auth()
    assert count(domain) == 0


def test_a_yes_on_the_line_does_not_answer_for_wrong_keys(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    for expected in (ChannelError, Refused):
        with pytest.raises(expected), answering_yes(domain.card):
            domain.auth(WRONG)


@pytest.mark.parametrize("ins", [0x50, 0x82])
def test_keys_that_the_card_has_taken_before_are_not_asked_about_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ins: int
) -> None:
    domain = connected(tmp_path)
    domain.auth()
    domain = killed_at(domain, ins, monkeypatch)
    domain.auth()


def test_keys_that_the_key_store_knows_as_the_cards_are_not_asked_about_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = killed_at(connected(tmp_path), 0x50, monkeypatch)
    domain.card.send(apdu(CPLC))
    with pytest.raises(Refused):
        domain.auth(replace(DEFAULT, on_card="chip of another"))
    domain.auth(replace(DEFAULT, on_card=ledger_name(domain.card.state)))


def test_of_another_version_the_key_store_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = killed_at(connected(tmp_path), 0x50, monkeypatch)
    domain.card.send(apdu(CPLC))
    stored = replace(DEFAULT, on_card=ledger_name(domain.card.state), on_card_version=1)
    with pytest.raises(Refused, match="never completed"):
        domain.auth(stored, key_version=0xFF)
    domain.auth(replace(stored, on_card_version=0xFF), key_version=0xFF)


def test_of_a_card_without_cplc_the_key_store_knows_the_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ATR is that of other cards, which have other keys: a set that one of them took may be wrong for this one."""
    domain = connected(tmp_path)
    domain.link.answer = without_cplc
    stored = replace(DEFAULT, on_card=ledger_name(domain.card.state))
    domain = killed_at(domain, 0x50, monkeypatch, stored)
    domain.link.answer = without_cplc
    with pytest.raises(Refused, match="never completed"):
        domain.auth(stored)
    assert sent(domain, 0x50) == 0


def test_another_dek_is_no_other_key_to_the_ledger(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    for number, expected in enumerate((ChannelError, Refused, Refused)):
        keys = type(WRONG.keys)(WRONG_KEY, WRONG_KEY, Secret(bytes([number]) * 16))
        with pytest.raises(expected):
            domain.auth(KeyChoice("wrong", keys))
    assert sent(domain, 0x50) == 1


# --- one card, two names ---------------------------------------------------------------------------------------------


def test_tries_before_the_chip_was_known_are_its_own(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    for _ in range(3):
        domain.card.send(apdu(RAW))
    assert domain.card.send(apdu(CPLC)).ok
    assert count(domain) == 3
    ledger, chip = domain.card.tries.ledger, domain.card.state.chip
    assert ledger is not None
    assert [one.card.chip for one in ledger.of(LedgerCard(chip, "", "")).tries] == [chip] * 3
    domain.auth()
    assert count(domain) == 0


@pytest.mark.parametrize("hidden_first", [True, False])
def test_keys_are_known_as_wrong_with_the_chip_and_without(tmp_path: Path, hidden_first: bool) -> None:
    domain = connected(tmp_path)
    for hidden, expected in ((hidden_first, ChannelError), (not hidden_first, Refused)):
        domain.link.answer = without_cplc if hidden else lambda _command, answer: answer
        with pytest.raises(expected):
            domain.auth(WRONG)
        domain = domain.again()


def test_a_warm_reset_makes_a_card_that_tells_no_chip_no_other_card(tmp_path: Path) -> None:
    """An ATR after a warm reset may be another one."""
    domain = connected(tmp_path)
    domain.link.answer = without_cplc
    domain.link.warm_atr = bytes.fromhex("3B021450")
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    for kind in (ResetKind.WARM, ResetKind.WARM, ResetKind.COLD):
        domain.card.reset(kind)
        assert (domain.card.state.atr == domain.link.warm_atr) is (kind is ResetKind.WARM)
        with pytest.raises(Refused):
            domain.auth(WRONG)
    domain.card.reset(ResetKind.WARM)
    name = ledger_name(domain.card.state)
    other = KeyChoice("other", KeySet.of_one(Secret(b"\x5a" * 16)))
    with pytest.raises(ChannelError):
        domain.auth(other)
    again = domain.again()  # a new connection, which has seen no warm reset
    again.link.answer = without_cplc
    assert ledger_name(again.card.state) == name
    with pytest.raises(Refused):
        again.auth(other)
    assert sent(again, 0x50) == 0


def test_a_card_of_the_same_kind_clears_no_other_cards_tries(tmp_path: Path) -> None:
    one, other = connected(tmp_path), connected(tmp_path)
    one.link.answer = other.link.answer = without_cplc
    with pytest.raises(ChannelError):
        one.auth(WRONG)
    other.auth()
    with pytest.raises(Refused):
        one.auth(WRONG)


# --- what ends a try -------------------------------------------------------------------------------------------------


def say_yes(command: bytes, answer: bytes) -> bytes:
    return b"\x90\x00" if command[1] in (0x82, 0xA4) else answer


@pytest.mark.parametrize("between", ["00A4040007A0000000041010", "reset", ""])
@pytest.mark.parametrize("command", ["0082000008" + "00" * 8, EXTERNAL, "8582010010" + "00" * 16])
def test_only_external_authenticate_of_the_same_selection_ends_a_try(
    tmp_path: Path, between: str, command: str
) -> None:
    domain = connected(tmp_path)
    domain.card.send(apdu(CPLC))
    domain.card.send(apdu(RAW))
    domain.link.answer = say_yes
    if between == "reset":
        domain.card.reset(ResetKind.COLD)
    elif between:
        domain.card.send(apdu(between))
    domain.card.send(apdu(command))
    assert count(domain) == (0 if command == EXTERNAL and not between else 1)


# --- a disk that refuses ---------------------------------------------------------------------------------------------


def test_a_ledger_that_fails_after_the_exchange_aborts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = connected(tmp_path)

    def full(path: Path, content: bytes) -> None:
        if sent(domain, 0x82):
            raise OSError(28, "No space left on device")
        write_private(path, content)

    monkeypatch.setattr("jcopsh.secrets.store_file.write_private", full)
    domain.auth(level=C_MAC)
    assert domain.card.state.secure_channel is not None
    unwritten = domain.card.tries.unwritten
    assert isinstance(unwritten, StoreError)
    assert "The command was sent" in unwritten.meaning
    assert "nothing was sent" not in unwritten.meaning
    assert count(domain) == 1


def test_what_the_journal_keeps_from_being_sent_is_no_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = connected(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise JournalError("the journal cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "command", full)
        with pytest.raises(StoreError):
            domain.card.send(apdu(RAW))
    assert sent(domain, 0x50) == 0
    assert count(domain) == 0


def test_the_journal_does_not_tell_of_what_the_ledger_kept_from_being_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = connected(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jcopsh.secrets.store_file.write_private", full)
    with pytest.raises(StoreError, match="ledger"):
        domain.card.send(apdu(RAW))
    assert "8050000008" not in domain.journal


def test_right_keys_of_full_level_leave_nothing_behind(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180", t0=True)
    domain.auth(DEFAULT, level=FULL)
    assert count(domain) == 0
