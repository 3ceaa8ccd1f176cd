"""SCP02 and SCP03 against traces that neither half of ours produced: other clients with other people's cards."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jcopsh.globalplatform import ciphers, scp02, scp03
from jcopsh.globalplatform.channel import (
    ChannelProtocol,
    CryptogramMismatch,
    InitializeUpdate,
    SecureChannel,
    SecurityLevel,
    parse_initialize_update,
)
from jcopsh.globalplatform.keys import DEFAULT_KEY, KeySet
from jcopsh.secrets.secret import Secret
from tests.globalplatform import traces

KEYS = KeySet.of_one(DEFAULT_KEY)
WRONG = KeySet.of_one(Secret(bytes(range(0x41, 0x51))))
LEVEL_03 = SecurityLevel.C_MAC | SecurityLevel.C_DECRYPTION
LEVEL_33 = LEVEL_03 | SecurityLevel.R_MAC | SecurityLevel.R_ENCRYPTION
SEED_001 = json.loads((traces.FOLDER.parent / "scp02-trace.json").read_text())


def seed_001(name: str) -> bytes:
    return bytes.fromhex(SEED_001[name])


def seed_001_answer() -> InitializeUpdate:
    return parse_initialize_update(seed_001("initialize_update_response")[:-2])


def test_a_real_card_s_scp02_authentication() -> None:
    option = scp02.Option(0x15)
    wire, channel = scp02.authenticate(KEYS, seed_001("host_challenge"), seed_001_answer(), LEVEL_03, option)
    assert wire.encode() == seed_001("external_authenticate")
    assert channel.keys.enc.reveal() == seed_001("s_enc")
    assert channel.keys.mac.reveal() == seed_001("s_mac")
    assert channel.keys.dek is not None
    assert channel.keys.dek.reveal() == seed_001("dek")
    assert (channel.level, channel.max_data) == (LEVEL_03, 239)


def test_the_answer_to_initialize_update() -> None:
    answer = seed_001_answer()
    assert (answer.key_version, answer.protocol, answer.implementation) == (0xFF, ChannelProtocol.SCP02, None)
    assert answer.sequence_counter == seed_001("sequence_counter")
    assert answer.card_challenge == seed_001("card_challenge")
    assert answer.card_cryptogram == seed_001("card_cryptogram")


@pytest.mark.parametrize("length", [0, 11, 12, 27, 30, 31, 46, 200])
def test_an_answer_of_another_form(length: int) -> None:
    data = (bytes(10) + b"\xff\x03" + bytes(200))[:length]
    with pytest.raises(ValueError, match="INITIALIZE UPDATE"):
        parse_initialize_update(data)


@pytest.mark.parametrize("protocol", [2, 3])
def test_wrong_keys_are_told_before_anything_is_sent(protocol: int) -> None:
    with pytest.raises(CryptogramMismatch):
        if protocol == 2:
            scp02.authenticate(WRONG, seed_001("host_challenge"), seed_001_answer(), LEVEL_03, scp02.Option(0x15))
        else:
            answer = next(r for c, _, r in traces.exchanges("gpshell-scp03.log") if c.ins == 0x50)
            scp03.authenticate(WRONG, bytes(8), parse_initialize_update(answer.data), LEVEL_03)


@pytest.mark.parametrize("name", ["gpshell-scp02.log", "gpshell-scp03.log"])
def test_plain_beside_wrapped_of_gpshell(name: str) -> None:
    channel: SecureChannel | None = None
    answer, host_challenge, compared = None, b"", 0
    for plain, wrapped, response in traces.exchanges(name):
        if plain.ins == 0x50:
            answer, host_challenge = parse_initialize_update(response.data), plain.data
        elif plain.ins == 0x82:
            assert answer is not None
            if answer.protocol is ChannelProtocol.SCP02:
                wire, channel = scp02.authenticate(KEYS, host_challenge, answer, LEVEL_03, scp02.Option(0x15))
            else:
                wire, channel = scp03.authenticate(KEYS, host_challenge, answer, LEVEL_03)
            assert wire.encode() == plain.encode()
        elif channel is not None:
            wire, channel = channel.wrap(plain)
            assert wire == wrapped
            compared += 1
    assert compared == 2


@pytest.mark.parametrize("name", ["gp-list-scp03.log", "gp-install-scp03.log"])
def test_the_wire_of_globalplatformpro(name: str) -> None:
    """Deciphered here by the test, and wrapped again by us: the very bytes come back."""
    channel, answer, host_challenge, compared = None, None, b"", 0
    for wire, response in traces.wire(name):
        if wire.ins == 0x50:
            answer, host_challenge = parse_initialize_update(response.data), wire.data
        elif wire.ins == 0x82:
            assert answer is not None
            sent, channel = scp03.authenticate(KEYS, host_challenge, answer, LEVEL_03)
            assert sent.data == wire.data
        elif channel is not None:
            compared += 1
            icv = ciphers.aes_ecb(channel.keys.enc.reveal(), compared.to_bytes(16, "big"))
            data = ciphers.unpad(ciphers.aes_cbc_decrypt(channel.keys.enc.reveal(), wire.data[:-8], icv))
            sent, channel = channel.wrap(replace(wire, cla=0x80, data=data))
            assert sent == wire
    assert compared >= 4


def test_a_pseudo_random_card_challenge() -> None:
    """Of the card in GPShell's trace: i = 70, and the AID that was selected."""
    recorded = list(traces.exchanges("gpshell-scp03.log"))
    aid = next(plain.data for plain, _, _ in recorded if plain.ins == 0xA4)
    answer = parse_initialize_update(next(answer.data for plain, _, answer in recorded if plain.ins == 0x50))
    assert answer.implementation == 0x70
    assert scp03.card_challenge(KEYS, answer.sequence_counter, aid) == answer.card_challenge
