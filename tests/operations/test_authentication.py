"""auth: what is sent, what is not, and what the ledger makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jcopsh.card import consent
from jcopsh.card.card import Card
from jcopsh.card.interlock import Judgement
from jcopsh.card.journal import Journal
from jcopsh.card.recording import read_recording
from jcopsh.card.replay import ReplayLink
from jcopsh.card.tries import ledger_card
from jcopsh.errors import CardError, ChannelError, JcopshError, ReaderError, Refused, StoreError, UsageError
from jcopsh.globalplatform.channel import ChannelProtocol, SecurityLevel
from jcopsh.globalplatform.keys import DEFAULT_KEY, Diversification, KeySet
from jcopsh.iso7816.aid import AID, ISSUER_DOMAINS
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.operations.authentication import GET_CPLC, KeyChoice, authenticate
from jcopsh.operations.key_search import Candidate, search
from jcopsh.operations.selection import SELECT_DEFAULT, by_name, select
from jcopsh.secrets.ledger import KeysToTry, Ledger, Try
from jcopsh.secrets.secret import Secret
from tests.secure_channels import C_MAC, DEFAULT, ENC, FULL, WRONG, Domain, connected

TRACES = Path(__file__).parents[1] / "vectors"
SEED_001 = json.loads((TRACES / "scp02-trace.json").read_text("utf-8"))
INITIALIZE_UPDATE, EXTERNAL_AUTHENTICATE = 0x50, 0x82
SCP02, SCP03 = ChannelProtocol.SCP02, ChannelProtocol.SCP03
ISD, ISD_GP = ISSUER_DOMAINS
GET_KEYS = CommandAPDU(0x80, 0xCA, 0x00, 0xE0, le=256)
GET_DOMAINS = CommandAPDU(0x80, 0xF2, 0x80, 0x02, b"\x4f\x00", le=256)


def sent(domain: Domain, ins: int) -> int:
    return sum(1 for command in domain.link.sent if command[1] == ins)


def no_terminal(_judgement: Judgement, _card: str, *, question: str) -> None:
    raise Refused("there is no terminal", meaning="Nobody is there.")


@pytest.fixture(autouse=True)
def _nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "ask_yes", no_terminal)


# --- a recording -----------------------------------------------------------------------------------------------------


def replayed(folder: Path, reported: list[str]) -> Card:
    """The third part of seed 001: what another client and a real card said to one another."""
    text = (TRACES / "traces" / "seed-001.txt").read_text("utf-8")
    file = folder / "seed.txt"
    file.write_text(text[text.index("Selecting Card Manager") :], "utf-8")
    link = ReplayLink(read_recording(file), report=reported.append, key_of=lambda _kcv: None)
    return Card(link, Journal(folder / "journal.jsonl"), None)


def test_the_authentication_of_a_real_card(tmp_path: Path) -> None:
    reported: list[str] = []
    card = replayed(tmp_path, reported)
    select(card, AID(bytes.fromhex("A000000003000000")))
    # the host challenge is the recording's; CPLC and card recognition data are not asked for, as they were not then
    opened = authenticate(card, DEFAULT, level=ENC)
    assert card.tries.last is not None
    assert card.tries.last.host_challenge == bytes.fromhex(SEED_001["host_challenge"])
    assert (opened.protocol, opened.option, opened.key_version) == ("SCP02", "15", 0xFF)
    # the first two differ in an absent Le, EXTERNAL AUTHENTICATE in nothing
    assert len(reported) == 2
    assert all("only in an absent Le" in one for one in reported)
    found = search(card.tries.last.host_challenge, card.tries.last.answer, [Candidate("default", DEFAULT.keys)])
    assert [(fit.keys, fit.diversification) for fit in found.fits] == [("default", "none")]


def test_the_search_finds_nothing_where_nothing_fits() -> None:
    answer = bytes.fromhex(SEED_001["initialize_update_response"])[:-2]
    found = search(bytes.fromhex(SEED_001["host_challenge"]), answer, [Candidate("wrong", WRONG.keys)])
    assert (found.fits, found.tried, found.protocol, found.key_version) == ((), 4, "SCP02", 0xFF)


# --- right keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "level", "protocol", "option"), [
    ("j2a040", ENC, "SCP02", "15"), ("j2e145", C_MAC, "SCP02", "55"), ("j3r180", FULL, "SCP03", None),
])
def test_every_card(tmp_path: Path, profile: str, level: SecurityLevel, protocol: str, option: str | None) -> None:
    domain = connected(tmp_path, profile)
    opened = domain.auth(level=level)
    assert opened.protocol == protocol
    assert option in (None, opened.option)
    assert domain.card.tries.count(domain.card.state) == 0
    assert domain.link.sent[0] == bytes.fromhex("00A4040000")
    state = domain.card.state.secure_channel
    assert state is not None
    assert state.level == level


MACS = C_MAC | SecurityLevel.R_MAC


@pytest.mark.parametrize("option", ["05", "15", "35", "45", "55", "75", "07", "17", "57", "77"])
def test_every_option_of_scp02_at_every_level(tmp_path: Path, option: str) -> None:
    domain = connected(tmp_path, f"j2e145,scp02={option}")
    levels = [SecurityLevel.NONE, C_MAC, ENC]
    if int(option, 16) & 0x20:
        levels += [MACS, ENC | SecurityLevel.R_MAC]
    for level in levels:
        # said by hand: this card announces the option of its kind, whatever it does
        opened = authenticate(domain.card, DEFAULT, level=level, option=int(option, 16))
        assert opened.option == option
        for _ in range(2):
            assert domain.card.send(GET_KEYS).ok
            assert domain.card.send(GET_DOMAINS).ok


def test_over_t0_every_answer_is_fetched_and_unwrapped(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180", t0=True)
    assert domain.auth(level=FULL).protocol == "SCP03"
    domain.card.follow = False  # what goes through the channel is followed all the same
    before = len(domain.link.sent)
    assert domain.card.send(GET_DOMAINS).data.startswith(b"\xe3")
    assert [command[1] for command in domain.link.sent[before:]] == [0xF2, 0xC0]
    assert domain.card.send(GET_KEYS).ok


def test_a_session_over_t0_replays(tmp_path: Path) -> None:
    """The journal holds each GET RESPONSE, and what it brought in plain."""
    domain = connected(tmp_path, "j3r180", t0=True)

    def session(card: Card) -> list[bytes]:
        authenticate(card, DEFAULT, level=FULL)
        return [card.send(command).encode() for command in (GET_DOMAINS, GET_KEYS, GET_DOMAINS)]

    answers = session(domain.card)
    assert 0xC0 in {command[1] for command in domain.link.sent}
    reported: list[str] = []
    link = ReplayLink(read_recording(domain.card.journal_path), report=reported.append, key_of=lambda _kcv: None)
    assert session(Card(link, Journal(tmp_path / "second.jsonl"), None)) == answers
    assert reported == []


def test_the_host_challenge_is_random(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    domain.auth()
    challenges = [command[5:13] for command in domain.link.sent if command[1] == INITIALIZE_UPDATE]
    assert len(set(challenges)) == 2


def test_a_card_that_refuses_its_recognition_data(tmp_path: Path) -> None:
    """Seed 001: 6985 made another client give up."""
    domain = connected(tmp_path)
    domain.link.answer = lambda command, answer: (
        b"\x69\x85" if command[1:4] == b"\xca\x00\x66" else b"\x90\x00" if command[1] == 0xA4 else answer)
    assert domain.auth().option == "15"
    assert sent(domain, 0xCA) == 2  # CPLC, and 0066


def test_the_option_can_be_overridden(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    opened = authenticate(domain.card, DEFAULT, level=C_MAC, option=0x55)
    assert opened.option == "55"


def test_a_level_that_is_not_offered_costs_no_try(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    for level in (FULL, C_MAC | SecurityLevel.R_MAC):
        with pytest.raises(ChannelError, match="cannot be opened") as raised:
            domain.auth(level=level)
        assert raised.value.hint == "auth enc is the highest level of SCP02 i=15"
    with pytest.raises(ChannelError) as raised:
        authenticate(domain.card, DEFAULT, level=FULL, option=0x75)
    assert raised.value.hint.startswith("auth enc-rmac is the highest level of SCP02 i=75; that i is the one of --opt")
    assert sent(domain, INITIALIZE_UPDATE) == 0


def test_a_level_that_an_i_rules_out_which_nothing_tells(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, answer: (  # it announces nothing
        b"\x69\x85" if command[1:4] == b"\xca\x00\x66" else b"\x90\x00" if command[1] == 0xA4 else answer)
    with pytest.raises(ChannelError) as raised:
        domain.auth(level=FULL)
    assert "auth enc-rmac" in raised.value.hint
    assert "does not tell its i" in raised.value.hint


def test_an_option_is_refused_before_scp03_is_begun(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    with pytest.raises(UsageError, match="--option"):
        authenticate(domain.card, DEFAULT, level=C_MAC, protocol=SCP03, option=0x15)
    assert sent(domain, INITIALIZE_UPDATE) == 0


def test_tries_in_which_no_key_was_compared_are_told_apart(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    with pytest.raises(ChannelError, match="not SCP03"):
        authenticate(domain.card, WRONG, level=C_MAC, protocol=SCP03)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    with pytest.raises(Refused) as refused:
        domain.auth(WRONG)
    assert "1 with these keys, 1 in which these keys were not compared, the last at" in refused.value.meaning


# --- wrong keys ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
def test_with_wrong_keys_nothing_more_is_sent(tmp_path: Path, profile: str) -> None:
    domain = connected(tmp_path, profile)
    with pytest.raises(ChannelError, match="not the card's") as raised:
        domain.auth(WRONG)
    assert "keys solve" in raised.value.hint
    assert (sent(domain, INITIALIZE_UPDATE), sent(domain, EXTERNAL_AUTHENTICATE)) == (1, 0)
    assert domain.card.state.secure_channel is None
    assert domain.card.tries.count(domain.card.state) == 1


@pytest.mark.parametrize("t0", [False, True])
def test_twelve_lines_with_a_wrong_key_are_one_try_and_a_restart_does_not_forget_it(tmp_path: Path, t0: bool) -> None:
    domain = connected(tmp_path, t0=t0)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    for _ in range(11):
        with pytest.raises(Refused):
            domain.auth(WRONG)
    assert sent(domain, INITIALIZE_UPDATE) == 1
    domain = domain.again()
    with pytest.raises(Refused):
        domain.auth(WRONG, key_version=0xFF)
    assert sent(domain, INITIALIZE_UPDATE) == 0
    # other keys may be tried, and the right ones clear the count; the wrong ones stay wrong
    domain.auth()
    assert domain.card.tries.count(domain.card.state) == 0
    with pytest.raises(Refused) as refused:
        domain.again().auth(WRONG)
    assert "the card has taken others since" in refused.value.meaning


def test_a_yes_that_is_typed_lets_them_be_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = connected(tmp_path)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    asked: list[Judgement] = []
    monkeypatch.setattr(consent, "ask_yes", lambda judgement, _card, **_question: asked.append(judgement))
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    assert sent(domain, INITIALIZE_UPDATE) == 2
    assert "1 authentication of this card" in asked[0].consequence
    assert "1 with these keys" in asked[0].consequence
    assert "keys solve" in asked[0].consequence


def test_a_refusal_says_how_many_tries_there_were_and_how_to_go_on(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    other = KeyChoice("other", KeySet.of_one(Secret(bytes(range(0x60, 0x70)))))
    for choice in (WRONG, other):
        with pytest.raises(ChannelError) as wrong:
            domain.auth(choice)
    assert "2 authentications of this card" in wrong.value.meaning
    with pytest.raises(Refused) as refused:
        domain.auth(WRONG)
    assert "2 authentications of this card ended badly or were never completed, 1 with these" in refused.value.meaning
    assert refused.value.meaning.startswith("Nobody is there.")
    assert "keys solve" in refused.value.hint


# a parity bit in the first and in the last byte
SAME_FOR_DES = KeyChoice("the same for DES", KeySet.of_one(Secret(bytes((0x01, *range(1, 0x0F), 0x0E)))))


@pytest.mark.parametrize(("profile", "same"), [("j2a040", True), ("j3r180", False)])
def test_keys_that_differ_in_parity_bits_alone_are_the_same_3des_keys(
    tmp_path: Path, profile: str, same: bool
) -> None:
    domain = connected(tmp_path, profile)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    with pytest.raises(Refused if same else ChannelError):
        domain.auth(SAME_FOR_DES)
    with pytest.raises(Refused):
        domain.auth(WRONG)
    assert sent(domain, INITIALIZE_UPDATE) == (1 if same else 2)


def test_other_wrong_keys_each_time_do_not_lock_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = connected(tmp_path)
    asked: list[Judgement] = []
    for number in range(12):
        with pytest.raises((ChannelError, Refused)):
            domain.auth(KeyChoice("guessed", KeySet.of_one(Secret(bytes((number,)) * 16))))
    assert sent(domain, INITIALIZE_UPDATE) == 5
    with pytest.raises(Refused, match="near its lock") as refused:
        domain.auth()
    assert "none of them with these keys" in refused.value.meaning
    monkeypatch.setattr(consent, "ask_yes", lambda judgement, _card, **_question: asked.append(judgement))
    domain.auth()
    assert [one.heading for one in asked] == ["Keys to be tried"]
    assert domain.card.tries.count(domain.card.state) == 0


@pytest.mark.parametrize("asked", [False, True])
def test_of_two_programs_at_once_one_sends_a_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    domain = connected(tmp_path)
    if asked:
        with pytest.raises(ChannelError):
            domain.auth(WRONG)
    before = sent(domain, INITIALIZE_UPDATE)
    other = Ledger(tmp_path / "ledger.json")
    mark = other.fingerprint(WRONG.serialized(as_des=True))

    def meanwhile(*_: object, **__: object) -> None:
        other.begin(ledger_card(domain.card.state), 0, KeysToTry(mark, mark))

    if asked:  # while the person thinks about it
        monkeypatch.setattr(consent, "ask_yes", meanwhile)
    else:
        real = Ledger.begin

        def begin(ledger: Ledger, *given: Any, **more: Any) -> Try:
            monkeypatch.setattr(Ledger, "begin", real)
            meanwhile()
            return real(ledger, *given, **more)

        monkeypatch.setattr(Ledger, "begin", begin)
    with pytest.raises(Refused, match="another program"):
        domain.auth(WRONG)
    assert sent(domain, INITIALIZE_UPDATE) == before
    assert domain.auth(DEFAULT).key_version == 0xFF  # keys that nothing speaks against


def test_of_a_try_that_was_lost_nobody_knows_the_cipher(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.json")
    exact, as_des = (ledger.fingerprint(WRONG.serialized(as_des=one)) for one in (False, True))
    assert exact != as_des
    assert ledger.fingerprint(SAME_FOR_DES.serialized(as_des=True)) == as_des
    assert ledger.fingerprint(SAME_FOR_DES.serialized()) != exact
    for choice in (replace(WRONG, diversification=Diversification.KDF3),
                   replace(WRONG, keys=KeySet.of_one(Secret(bytes(range(24)))))):
        assert choice.serialized() == choice.serialized(as_des=True)  # AES keys
    domain = connected(tmp_path, "j3r180")
    domain.card.send(GET_CPLC)
    domain.link.power, domain.link.lost_after = 2, True
    with pytest.raises(ReaderError):
        domain.auth()
    (lost,) = ledger._file.read().tries
    assert lost.keys == ledger.fingerprint(DEFAULT.serialized(as_des=True))
    domain = domain.again()
    domain.auth()
    assert ledger._file.read().tries == ()


def test_the_last_answer_outlives_the_program(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    last = domain.card.tries.last
    assert last is not None
    domain = domain.again()
    ledger = domain.card.tries.ledger
    assert ledger is not None
    kept = ledger.last(ledger_card(domain.card.state))
    assert kept is not None
    assert (kept.host_challenge, kept.answer) == (last.host_challenge, last.answer)
    assert kept.time
    found = search(kept.host_challenge, kept.answer, [Candidate("default", DEFAULT.keys)])
    assert [fit.keys for fit in found.fits] == ["default"]


def test_s16_where_the_card_did_not_announce_it(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180,scp03=61")
    domain.link.answer = lambda command, answer: (
        b"\x69\x85" if command[1:4] == b"\xca\x00\x66" else b"\x90\x00" if command[1] == 0xA4 else answer)
    assert domain.auth().option == "61"
    assert [len(command) for command in domain.link.sent if command[1] == INITIALIZE_UPDATE] == [5 + 8 + 1, 5 + 16 + 1]
    assert domain.card.tries.count(domain.card.state) == 0


@pytest.mark.parametrize(("protocol", "lengths"), [(SCP02, [8]), (None, [16, 8])])
def test_scp02_beside_s16_has_a_challenge_of_8_bytes(
    tmp_path: Path, protocol: ChannelProtocol | None, lengths: list[int]
) -> None:
    domain = connected(tmp_path, "j3r180,scp03=71")
    opened = authenticate(domain.card, DEFAULT, level=C_MAC, key_version=0x20, protocol=protocol)
    assert opened.protocol == "SCP02"
    assert [command[4] for command in domain.link.sent if command[1] == INITIALIZE_UPDATE] == lengths
    assert domain.auth().protocol == "SCP03"
    assert domain.card.tries.count(domain.card.state) == 0


def test_an_option_of_0_is_an_option(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    with pytest.raises(ChannelError, match="i = 00"):
        authenticate(domain.card, DEFAULT, level=C_MAC, option=0)
    assert sent(domain, INITIALIZE_UPDATE) == 0


@pytest.mark.parametrize(("profile", "protocol", "external"), [
    ("j2e145,scp02=75", None, 1), ("j2e145,scp02=75", SCP02, 1), ("j2a040", SCP02, 1)])
def test_r_mac_where_nothing_tells_the_option_is_left_to_the_card(
    tmp_path: Path, profile: str, protocol: ChannelProtocol | None, external: int
) -> None:
    domain = connected(tmp_path, profile)
    domain.link.answer = lambda command, answer: (  # it announces nothing
        b"\x69\x85" if command[1:4] == b"\xca\x00\x66" else b"\x90\x00" if command[1] == 0xA4 else answer)
    try:
        opened = authenticate(domain.card, DEFAULT, level=MACS, protocol=protocol)
        assert opened.option == "35"
        assert domain.card.send(GET_KEYS).ok
    except CardError as refused:
        assert profile == "j2a040"
        assert refused.response.sw == 0x6A86
        assert "auth mac" in refused.hint
    assert sent(domain, EXTERNAL_AUTHENTICATE) == external
    # it was the level that was refused, and not the keys
    domain.auth()


@pytest.mark.parametrize(("sw", "key_version", "hint"), [
    (0x6983, 0, "do not go on trying: keys of this version are blocked"), (0x6982, 0, "may be blocked"),
    (0x6A88, 0, "--key-version 0xFF"), (0x6A88, 0x42, "no keys of version 0x42"), (0x6700, 0, "neither 8 nor 16 bytes"),
    (0x6D00, 0, "opens no channel now"), (0x6F00, 0, "opens no channel now"),
])
def test_what_to_try_when_the_card_begins_no_authentication(
    tmp_path: Path, sw: int, key_version: int, hint: str
) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, answer: (
        sw.to_bytes(2, "big") if command[1] == INITIALIZE_UPDATE else answer)
    with pytest.raises(CardError) as raised:
        domain.auth(key_version=key_version)
    assert hint in raised.value.hint
    assert domain.card.tries.count(domain.card.state) == 0


def test_the_try_is_on_disk_before_it_is_sent(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    counted: list[int] = []

    def look(command: bytes, answer: bytes) -> bytes:
        if command[1] == INITIALIZE_UPDATE:
            counted.append(len(Ledger(tmp_path / "ledger.json").of(ledger_card(domain.card.state)).tries))
        return answer

    domain.link.answer = look
    domain.auth()
    assert counted == [1]


def test_a_ledger_that_cannot_be_written_lets_nothing_be_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = connected(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jcopsh.secrets.store_file.write_private", full)
    with pytest.raises(StoreError, match="ledger"):
        domain.auth()
    assert sent(domain, INITIALIZE_UPDATE) == 0


def test_raw_bytes_count_as_well(tmp_path: Path) -> None:
    from tests.card.support import apdu

    domain = connected(tmp_path)
    domain.card.send(apdu("8050000008" + "33" * 8))
    assert domain.card.tries.count(domain.card.state) == 1


def test_a_version_that_is_not_there_is_no_try(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    with pytest.raises(CardError) as raised:
        domain.auth(key_version=0x42)
    assert raised.value.response.sw == 0x6A88
    assert domain.card.tries.count(domain.card.state) == 0


@pytest.mark.parametrize("lost_after", [False, True])
def test_power_lost_at_any_exchange(tmp_path: Path, lost_after: bool) -> None:
    power = 0
    while True:
        folder = tmp_path / str(power)
        folder.mkdir()
        domain = connected(folder)
        domain.link.power, domain.link.lost_after = power, lost_after
        try:
            domain.auth()
            break
        except ReaderError:
            assert domain.card.state.secure_channel is None
        domain = domain.again()
        # the same right keys may have been tried to no known end: asked about, never locked out
        if sent_once := domain.card.tries.ledger and domain.card.tries.ledger._file.read().tries:
            assert len(sent_once) == 1
        power += 1
    assert power == 4  # SELECT, CPLC, INITIALIZE UPDATE, EXTERNAL AUTHENTICATE


def test_a_host_cryptogram_that_the_card_refuses(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, answer: b"\x63\x00" if command[1] == EXTERNAL_AUTHENTICATE else answer
    with pytest.raises(CardError, match="EXTERNAL AUTHENTICATE") as raised:
        domain.auth()
    assert raised.value.meaning.startswith("6300")
    assert domain.card.tries.count(domain.card.state) == 1
    assert domain.card.state.secure_channel is None


@pytest.mark.parametrize("answer", ["9000", "AABB9000", "00" * 11 + "01" + "00" * 16 + "9000"])
def test_an_answer_that_is_none(tmp_path: Path, answer: str) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, real: bytes.fromhex(answer) if command[1] == INITIALIZE_UPDATE else real
    with pytest.raises(ChannelError):
        domain.auth()
    assert sent(domain, EXTERNAL_AUTHENTICATE) == 0


def test_the_root_applet_opens_no_channel(tmp_path: Path) -> None:
    from tests.card.support import SELECT_TK, apdu

    domain = connected(tmp_path, "j2a040-unfused")
    domain.card.send(apdu(SELECT_TK))
    with pytest.raises(JcopshError, match="root applet"):
        domain.auth()
    assert sent(domain, INITIALIZE_UPDATE) == 0


@pytest.mark.parametrize("answer", ["9000", "6F058403D27600A5009000", "6999", "6A82"])
@pytest.mark.parametrize(("profile", "names"), [
    ("j2a040", [ISD]), ("j2e145", [ISD, ISD_GP]), ("j3r180", [ISD, ISD_GP]),
])
def test_where_an_applet_is_selected_by_default_the_security_domain_is_called_by_its_name(
    tmp_path: Path, profile: str, names: list[AID], answer: str
) -> None:
    domain = connected(tmp_path, profile)
    domain.link.answer = lambda command, given: (
        bytes.fromhex(answer) if command == SELECT_DEFAULT.encode() else given)
    opened = domain.auth(level=C_MAC)
    assert opened.security_domain == str(names[-1])
    assert [one for one in domain.link.sent if one[1] == 0xA4] == [
        SELECT_DEFAULT.encode(), *(by_name(one).encode() for one in names)]


def test_a_security_domain_of_another_name_that_shows_nothing_stays_selected(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.link.answer = lambda command, given: (
        given if command[1] != 0xA4 else b"\x90\x00" if command == SELECT_DEFAULT.encode() else b"\x6a\x82")
    assert domain.auth(level=C_MAC).security_domain == "selected by default"


def test_diversified_keys_that_do_not_fit_the_protocol(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    long = replace(DEFAULT, keys=KeySet.of_one(type(DEFAULT_KEY)(bytes(range(32)))))
    with pytest.raises(ChannelError):
        domain.auth(replace(long, diversification=Diversification.EMV))
    assert sent(domain, EXTERNAL_AUTHENTICATE) == 0


def test_keys_are_in_no_file(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    with pytest.raises(ChannelError):
        domain.auth(WRONG)
    kept = "".join(path.read_text("utf-8") for path in tmp_path.iterdir() if path.is_file()).upper()
    for choice in (DEFAULT, WRONG):
        assert choice.keys.enc.reveal().hex().upper() not in kept
