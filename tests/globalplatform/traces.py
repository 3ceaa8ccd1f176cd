"""The traces of other clients' secure channels, read into what the tests need. All static keys are 40…4F."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jcopsh.globalplatform import ciphers, scp03
from jcopsh.globalplatform.channel import SecurityLevel, parse_initialize_update
from jcopsh.globalplatform.keys import DEFAULT_KEY, KeySet
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU

FOLDER = Path(__file__).parents[1] / "vectors" / "traces"


def exchanges(name: str) -> Iterator[tuple[CommandAPDU, CommandAPDU, ResponseAPDU]]:
    """Each command of a GPShell trace, plain and wrapped, with its answer."""
    plain: bytes = b""
    wrapped: bytes = b""
    for line in (FOLDER / name).read_text().splitlines():
        found = re.match(r"(Command|Wrapped command|Response|Unwrapped response) (?:-->|<--) ([0-9A-F]+)$", line)
        if found is None:
            continue
        what, data = found[1], bytes.fromhex(found[2])
        if what == "Command":
            plain = data
        elif what == "Wrapped command":
            wrapped = data
        elif what == "Unwrapped response":
            yield CommandAPDU.parse(plain), CommandAPDU.parse(wrapped), ResponseAPDU.parse(data[-2:] and data)


def wire(name: str) -> Iterator[tuple[CommandAPDU, ResponseAPDU]]:
    """Each command of a GlobalPlatformPro trace as it went over the wire, with its answer."""
    command = None
    for line in (FOLDER / name).read_text().splitlines():
        sent = re.match(r"A>> T=1 \([^)]*\) ([0-9A-F ]+)$", line)
        answer = re.match(r"A<< \([^)]*\) \([^)]*\) ([0-9A-F ]+)$", line)
        if sent:
            command = CommandAPDU.parse(bytes.fromhex(sent[1]))
        elif answer and command:
            yield command, ResponseAPDU.parse(bytes.fromhex(answer[1]))


def deciphered(name: str) -> Iterator[tuple[bytes, bytes]]:
    """Header and plain data of each command within the SCP03 channel of a GlobalPlatformPro trace."""
    channel, answer, host_challenge, count = None, None, b"", 0
    for sent, response in wire(name):
        if sent.ins == 0x50:
            answer, host_challenge = parse_initialize_update(response.data), sent.data
        elif sent.ins == 0x82:
            assert answer is not None
            _, channel = scp03.authenticate(KeySet.of_one(DEFAULT_KEY), host_challenge, answer, SecurityLevel(0x03))
        elif channel is not None:
            count += 1
            key = channel.keys.enc.reveal()
            icv = ciphers.aes_ecb(key, count.to_bytes(16, "big"))
            yield sent.header, ciphers.unpad(ciphers.aes_cbc_decrypt(key, sent.data[:-8], icv))
