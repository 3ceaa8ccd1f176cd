"""What goes through a Card's secure channel, what ends it, and what may never be read from what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jcopsh.card import consent
from jcopsh.card.card import answering_yes, keys_of_open_channel
from jcopsh.card.exchange import Exchange
from jcopsh.card.link import ResetKind
from jcopsh.card.secure_channel import is_wrapping_of
from jcopsh.errors import ChannelError, Refused, UsageError
from jcopsh.globalplatform import ciphers
from jcopsh.globalplatform.channel import ChannelProtocol, SecureChannelState, SecurityLevel
from jcopsh.globalplatform.keys import DEFAULT_KEY, KeySet
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.operations.key_change import put_key
from jcopsh.operations.selection import SELECT_DEFAULT
from jcopsh.operations.status_errors import card_error, hint_in_channel
from jcopsh.secrets.secret import Secret
from jcopsh.shell.json_form import to_json
from jcopsh.shell.render import Output
from jcopsh.shell.trace import Tracer
from tests.card.support import apdu
from tests.secure_channels import C_MAC, DEFAULT, ENC, FULL, WRONG, Domain, connected

GET_KEYS = "80CA00E000"
LIST_DOMAIN = "80F28000024F0000"
ALL_LEVELS = [(profile, level) for profile, levels in (
    ("j2a040", ("plain", "mac", "enc")), ("j2e145", ("plain", "mac", "enc")),
    ("j3r180", ("plain", "mac", "enc", "rmac", "enc-rmac", "full"))) for level in levels]
LEVELS = {"plain": SecurityLevel.NONE, "mac": C_MAC, "enc": ENC, "rmac": C_MAC | SecurityLevel.R_MAC,
          "enc-rmac": ENC | SecurityLevel.R_MAC, "full": FULL}


def send(domain: Domain, text: str, *, plain: bool = False) -> ResponseAPDU:
    return domain.card.send(apdu(text), plain=plain)


@pytest.mark.parametrize(("profile", "level"), ALL_LEVELS)
def test_many_commands_at_every_level(tmp_path: Path, profile: str, level: str) -> None:
    domain = connected(tmp_path, profile)
    plain = (send(domain, "00A4040000"), send(domain, GET_KEYS))
    domain.auth(level=LEVELS[level])
    for _ in range(3):
        assert send(domain, GET_KEYS) == plain[1]
        assert send(domain, LIST_DOMAIN).ok
        # no data field at all, of which nothing is enciphered
        assert send(domain, "80CA9F7F00").data.startswith(bytes.fromhex("9F7F2A"))
    assert domain.link.sent[-1][0] == (0x80 if level == "plain" else 0x84)
    assert domain.card.state.secure_channel is not None


def test_the_answer_is_plain_for_observers_and_the_wire_beside_it(tmp_path: Path) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    seen: list[Exchange] = []
    domain.card.observers.append(seen.append)
    response = send(domain, GET_KEYS)
    (exchange,) = seen
    assert exchange.command == apdu(GET_KEYS)
    assert exchange.response == response
    assert exchange.wire_command.reveal() == domain.link.sent[-1] != exchange.command.encode()
    assert len(exchange.wire_response) > len(response.encode())
    # what is wrapped may hold keys under others that somebody knows: neither text nor JSON has it
    wire = exchange.wire_command.reveal()
    assert str(exchange.wire_command) == f"{wire[:4].hex().upper()}<wire:{len(wire) - 4}:>"
    for hidden in (wire[4:], exchange.wire_response.reveal()[:-2]):
        assert hidden.hex() not in (repr(exchange) + to_json(exchange)).lower()


def test_a_question_changes_nothing_of_what_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Le of its own: the R-MAC comes all the same."""
    asked: list[str] = []
    monkeypatch.setattr(consent, "ask_yes", lambda judgement, _card: asked.append(judgement.action))
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    assert send(domain, "80E40000094F07A0000000009999").sw == 0x6A88
    assert asked == ["delete"]
    sent = apdu(domain.link.sent[-1])
    assert (sent.cla, sent.le) == (0x84, 256)
    assert send(domain, GET_KEYS).ok


def test_what_is_sent_during_a_question_leaves_the_channel_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    monkeypatch.setattr(consent, "ask_yes", lambda _judgement, _card: send(domain, GET_KEYS))
    assert send(domain, "80E40000094F07A0000000009999").sw == 0x6A88
    assert send(domain, GET_KEYS).ok


@pytest.mark.parametrize("end", ["select", "reset"])
def test_where_the_channel_is_closed_during_a_question_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)

    def close(_judgement: object, _card: str) -> None:
        if end == "select":
            domain.card.send(SELECT_DEFAULT)
        else:
            domain.card.reset(ResetKind.WARM)

    monkeypatch.setattr(consent, "ask_yes", close)
    with pytest.raises(ChannelError, match="closed by now; nothing was sent"):
        send(domain, "80E40000094F07A0000000009999")
    assert not any(sent[1] == 0xE4 for sent in domain.link.sent)


@pytest.mark.parametrize("text", ["00A4040000", "0070000001", "8050000008" + "11" * 8, "84F28002024F00", "01A4040000"])
def test_what_never_goes_through_the_channel(tmp_path: Path, text: str) -> None:
    domain = connected(tmp_path)
    domain.auth()
    assert not domain.card.goes_through_channel(apdu(text))
    send(domain, text)
    assert domain.link.sent[-1] == bytes.fromhex(text)


def test_plain_goes_past_the_channel(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    send(domain, GET_KEYS, plain=True)
    assert domain.link.sent[-1] == bytes.fromhex(GET_KEYS)


@pytest.mark.parametrize("end", ["reset", "select", "initialize", "lost"])
def test_what_ends_the_channel(tmp_path: Path, end: str) -> None:
    domain = connected(tmp_path)
    domain.auth()
    assert domain.card.max_data == 239
    if end == "reset":
        domain.card.reset(ResetKind.WARM)
    elif end == "select":
        domain.card.send(SELECT_DEFAULT)
    elif end == "initialize":
        send(domain, "8050000008" + "22" * 8)
    else:
        domain.link.power = 0
        with pytest.raises(Exception, match="power"):
            send(domain, GET_KEYS)
        domain.link.power = None
    assert domain.card.state.secure_channel is None
    assert domain.card.max_data == 255
    send(domain, GET_KEYS)
    assert domain.link.sent[-1] == bytes.fromhex(GET_KEYS)


def test_a_select_that_fails_leaves_the_channel_open(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    assert send(domain, "00A4040007F0010203040506").sw == 0x6A82
    assert domain.card.state.secure_channel is not None
    assert send(domain, GET_KEYS).ok


def stripped(_command: bytes, answer: bytes) -> bytes:
    return b"\x90\x00"


def flipped(_command: bytes, answer: bytes) -> bytes:
    return bytes((answer[0] ^ 1,)) + answer[1:]


def warned(_command: bytes, answer: bytes) -> bytes:
    return b"\x62\x83"


@pytest.mark.parametrize("lie", [stripped, flipped, warned])
def test_an_answer_without_the_mac_it_owes_closes_the_channel(tmp_path: Path, lie: object) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    domain.link.answer = lie  # type: ignore[assignment]  # one of the three above
    with pytest.raises(ChannelError, match="broken") as raised:
        send(domain, GET_KEYS)
    assert "Nothing more is sent" in raised.value.meaning
    domain.link.answer = lambda _command, answer: answer
    assert domain.card.state.secure_channel is None
    assert not domain.card.goes_through_channel(apdu(GET_KEYS))


def test_data_that_do_not_fit_are_refused_before_anything_is_asked(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    count = len(domain.link.sent)
    with pytest.raises(UsageError, match="does not fit"):
        domain.card.send(CommandAPDU(0x80, 0xE2, 0, 0, bytes(240)))
    assert len(domain.link.sent) == count
    assert domain.card.send(CommandAPDU(0x80, 0xCA, 0x00, 0xE0, le=256)).ok


def test_a_refused_command_leaves_the_channel_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> None:
        raise Refused("no")

    monkeypatch.setattr(consent, "ask_yes", no)
    domain = connected(tmp_path)
    domain.auth()
    count = len(domain.link.sent)
    with pytest.raises(Refused):
        send(domain, "80E40000074F05F001020304")
    assert len(domain.link.sent) == count
    assert send(domain, GET_KEYS).ok


def test_a_delete_in_the_channel_is_judged_as_what_it_is(tmp_path: Path) -> None:
    """Its wrapped form hides the data; were it judged alone, nothing could be deleted with a yes."""
    domain = connected(tmp_path)
    domain.auth()
    with answering_yes(domain.card):
        assert send(domain, "80E40000074F05F00102030400").sw == 0x6A88
    with answering_yes(domain.card), pytest.raises(Refused):
        send(domain, "84E40000074F05F00102030400")


def test_another_message_is_no_wrapping(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    channel = domain.card._secure.channel if domain.card._secure else None
    assert channel is not None
    plain = apdu("80E40000074F05F001020304")
    wire, _ = channel.wrap(plain)
    assert is_wrapping_of(wire, plain, channel)
    for other in ("80E40000074F05F001020304", "84F00000074F05F001020304", "84E40080074F05F001020304"):
        assert not is_wrapping_of(apdu(other), plain, channel)
    mac_only, _ = connected_channel(tmp_path / "other", C_MAC).wrap(plain)
    assert not is_wrapping_of(mac_only, apdu("80E40000074F05F001020305"), connected_channel(tmp_path / "third", C_MAC))


def connected_channel(folder: Path, level: SecurityLevel):  # type: ignore[no-untyped-def]  # a SecureChannel
    folder.mkdir()
    domain = connected(folder)
    domain.auth(level=level)
    assert domain.card._secure is not None
    return domain.card._secure.channel


@pytest.mark.parametrize("end", [b"\x69\x88"])
def test_the_card_ends_the_channel(tmp_path: Path, end: bytes) -> None:
    domain = connected(tmp_path)
    domain.auth()
    domain.link.answer = lambda _command, _answer: end
    assert send(domain, GET_KEYS).sw == 0x6988
    assert domain.card.state.secure_channel is None
    domain.link.answer = lambda _command, answer: answer
    send(domain, GET_KEYS)
    assert domain.link.sent[-1] == bytes.fromhex(GET_KEYS)


def test_bytes_past_the_channel_that_the_card_takes_for_forged_end_it(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    domain.auth()
    assert send(domain, "84CA00E008" + "00" * 8 + "00", plain=True).sw in (0x6982, 0x6988)
    assert domain.card.state.secure_channel is None


def test_6982_in_a_channel_hints_at_auth_and_elsewhere_does_not(tmp_path: Path) -> None:
    domain = connected(tmp_path)
    refused = card_error("refused", apdu(GET_KEYS), ResponseAPDU(b"", 0x6982), hint="look")
    assert hint_in_channel(domain.card, refused) == "look"
    domain.auth()
    assert hint_in_channel(domain.card, refused) == (
        "look; the card may have closed the secure channel: auth opens it again")
    other = card_error("refused", apdu(GET_KEYS), ResponseAPDU(b"", 0x6A88), hint="look")
    assert hint_in_channel(domain.card, other) == "look"


def test_a_refused_command_leaves_the_reader_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> None:
        raise Refused("no")

    monkeypatch.setattr(consent, "ask_yes", no)
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    with pytest.raises(Refused):
        send(domain, "80E40000074F05F001020304")
    monkeypatch.setattr(type(domain.link), "transmit_to_reader", lambda _link, _command: b"\x01\x90\x00", raising=False)
    assert domain.card.send_to_reader(apdu("FFCA000000")).data == b"\x01"
    assert domain.card.state.secure_channel is not None
    assert send(domain, GET_KEYS).ok


@pytest.mark.parametrize("level", [C_MAC, ENC, FULL])
@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
def test_6c_on_t1_is_answered_with_a_new_message(tmp_path: Path, profile: str, level: SecurityLevel) -> None:
    """The security domain has taken the first one, and its MAC chain has gone on."""
    if profile == "j2a040" and level is FULL:
        level = SecurityLevel.NONE
    domain = connected(tmp_path, profile)
    domain.auth(level=level)
    lengths = iter((b"\x6c\x00",))
    domain.link.answer = lambda _command, answer: next(lengths, answer)
    assert send(domain, GET_KEYS).ok
    first, second = domain.link.sent[-2:]
    assert (first != second) == (level is not SecurityLevel.NONE)
    assert send(domain, LIST_DOMAIN).ok


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
def test_enciphered_data_that_are_not_those_judged_are_no_wrapping(tmp_path: Path, profile: str) -> None:
    domain = connected(tmp_path, profile)
    domain.auth(level=ENC)
    assert domain.card._secure is not None
    channel = domain.card._secure.channel
    plain, other = apdu("80E40000074F05F001020304"), apdu("80E40000074F05F001020305")
    assert is_wrapping_of(channel.wrap(plain)[0], plain, channel)
    assert not is_wrapping_of(channel.wrap(other)[0], plain, channel)
    assert not is_wrapping_of(apdu("84E400000B" + "00" * 11), plain, channel)


# --- new keys --------------------------------------------------------------------------------------------------------

NEW = KeySet(*(Secret(bytes.fromhex(one * 16)) for one in ("A1", "B2", "C4")))


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
def test_who_knows_the_old_keys_learns_no_new_one(
    tmp_path: Path, profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither plain nor wrapped, neither in the journal nor in a trace, and not by its first eight bytes either."""
    domain = connected(tmp_path, profile)
    domain.auth()
    tracer = Tracer(Output(), domain.card)
    tracer.level = "full"
    domain.card.observers.append(tracer)
    with answering_yes(domain.card):
        put_key(domain.card, NEW, key_version=1)
    kept = (domain.journal + capsys.readouterr().err).upper()
    wire = domain.link.sent[-1]
    assert "80D8" in kept
    for key in NEW.all:
        channel = domain.card._secure.channel if domain.card._secure else None
        assert channel is not None
        under_dek = channel.encipher_key(key.reveal())
        for shape in (key.reveal(), under_dek, ciphers.des3_ecb(DEFAULT_KEY.reveal(), key.reveal())):
            assert shape[:8].hex().upper() not in kept.replace(" ", "")
            assert shape[:8].hex(" ").upper() not in kept
    for start in range(5, len(wire) - 8):
        assert wire[start : start + 8].hex().upper() not in kept.replace(" ", "")


@pytest.mark.parametrize("level", [SecurityLevel.NONE, C_MAC, ENC])
def test_an_extended_le_goes_out_as_256(tmp_path: Path, level: SecurityLevel) -> None:
    domain = connected(tmp_path)
    domain.auth(level=level)
    assert domain.card.send(apdu("80CA0066000000")).ok
    assert (len(domain.link.sent[-1]), domain.link.sent[-1][-1]) == ((5 if not level else 14), 0)


@pytest.mark.parametrize("ends", ["reset", "select", "broken"])
def test_a_channel_that_is_closed_leaves_no_keys_behind(tmp_path: Path, ends: str) -> None:
    domain = connected(tmp_path, "j3r180")
    domain.auth(level=FULL)
    assert keys_of_open_channel(domain.card) is not None
    if ends == "reset":
        domain.card.reset(ResetKind.COLD)
    elif ends == "select":
        domain.card.send(apdu("00A4040008A000000151000000"))
    else:
        domain.link.answer = lambda _command, answer: b"\x90\x00"
        with pytest.raises(ChannelError):
            domain.card.send(apdu("80CA006600"))
    assert keys_of_open_channel(domain.card) is None
    assert domain.card._secure is None
    taken = domain.card.accepted_keys
    assert taken is not None
    assert taken.may_be(*DEFAULT.keys.all)
    assert not taken.may_be(*WRONG.keys.all)
    assert "40414243" not in repr(taken)


def test_a_channel_of_somebody_else_is_not_taken(tmp_path: Path) -> None:
    class Foreign:
        level, max_data, mac_length = SecurityLevel.NONE, 255, 0

    domain = connected(tmp_path)
    state = SecureChannelState(ChannelProtocol.SCP02, 0x15, SecurityLevel.NONE, 0xFF)
    foreign: Any = Foreign()
    with pytest.raises(TypeError, match="Foreign"):
        domain.card.open_secure_channel(foreign, state, DEFAULT.keys)
    assert domain.card.state.secure_channel is None
