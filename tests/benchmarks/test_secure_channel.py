"""What wrapping and unwrapping cost beside the bare cipher calls that they are made of.

`pytest tests/benchmarks/test_secure_channel.py -s` prints the ratio for each level.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from jcopsh.globalplatform import ciphers, scp02, scp03
from jcopsh.globalplatform.channel import SecureChannel, SecurityLevel, SessionKeys
from jcopsh.globalplatform.keys import DEFAULT_KEY
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU

COMMANDS, ROUNDS = 1000, 3
KEY = DEFAULT_KEY.reveal()
# twice the largest that was measured (2.2, SCP03 at level 01): a step that makes it much slower is seen, a busy
# machine is not
LARGEST_RATIO = 4.5


def scp02_channel(level: int) -> SecureChannel:
    keys = SessionKeys(DEFAULT_KEY, DEFAULT_KEY, DEFAULT_KEY, DEFAULT_KEY)
    return scp02.Scp02Channel(keys, SecurityLevel(level), scp02.Option(0x75))


def scp03_channel(level: int) -> SecureChannel:
    keys = SessionKeys(DEFAULT_KEY, DEFAULT_KEY, DEFAULT_KEY, DEFAULT_KEY)
    return scp03.Scp03Channel(keys, SecurityLevel(level))


def wrapped(channel: SecureChannel, commands: int, answer: bytes) -> Callable[[], None]:
    """Wrap so many full-size commands, and unwrap as many answers, as this card would give them."""
    command = CommandAPDU(0x80, 0xE8, 0, 0, bytes(channel.max_data))
    level = channel.level

    def run() -> None:
        at = channel
        for _ in range(commands):
            _, at = at.wrap(command)
            if level & SecurityLevel.R_MAC:
                _, at = at.unwrap(_answer(at, answer))
            else:
                _, at = at.unwrap(ResponseAPDU(answer, 0x9000))

    return run


def _answer(channel: SecureChannel, plain: bytes) -> ResponseAPDU:
    """The card's side of an answer with R-MAC."""
    if isinstance(channel, scp02.Scp02Channel):
        message = channel.pending + bytes((len(plain),)) + plain + b"\x90\x00"
        return ResponseAPDU(plain + ciphers.retail_mac(KEY, message, channel.r_icv), 0x9000)
    assert isinstance(channel, scp03.Scp03Channel)
    data = plain
    if channel.level & SecurityLevel.R_ENCRYPTION:
        icv = ciphers.aes_ecb(KEY, (channel.counter | 0x80 << 120).to_bytes(16, "big"))
        data = ciphers.aes_cbc(KEY, ciphers.pad(plain, 16), icv)
    return ResponseAPDU(data + ciphers.aes_cmac(KEY, channel.chaining + data + b"\x90\x00")[:8], 0x9000)


def bare(channel: SecureChannel, commands: int, answer: bytes) -> Callable[[], None]:
    """The cipher calls alone: of the command, and, where there is an R-MAC, of both sides of the answer."""
    level, data = channel.level, bytes(channel.max_data)
    both_sides = range(2 if level & SecurityLevel.R_MAC else 0)
    aes = isinstance(channel, scp03.Scp03Channel)
    block = 16 if aes else 8

    def mac(message: bytes) -> None:
        ciphers.aes_cmac(KEY, message) if aes else ciphers.retail_mac(KEY, message)

    def encipher(message: bytes) -> None:
        ciphers.aes_cbc(KEY, ciphers.pad(message, block)) if aes else ciphers.des3_cbc(KEY, ciphers.pad(message, block))
        if aes:
            ciphers.aes_ecb(KEY, bytes(16))  # the ICV

    def run() -> None:
        for _ in range(commands):
            mac(bytes(5) + data)
            if not aes:
                ciphers.des_ecb(KEY, bytes(8))  # the ICV
            if level & SecurityLevel.C_DECRYPTION:
                encipher(data)
            for _ in both_sides:
                mac(answer + bytes(2 + (16 if aes else 5 + len(data))))
                if level & SecurityLevel.R_ENCRYPTION:
                    encipher(answer)

    return run


def best_s(run: Callable[[], None]) -> float:
    """The quickest of a few rounds, in seconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.mark.parametrize(("make", "level"), [
    *((scp02_channel, level) for level in (0x01, 0x03, 0x11, 0x13)),
    *((scp03_channel, level) for level in (0x01, 0x03, 0x11, 0x13, 0x33)),
])
def test_a_thousand_commands(make: Callable[[int], SecureChannel], level: int) -> None:
    channel, answer = make(level), bytes(64)
    took_s, bare_s = best_s(wrapped(channel, COMMANDS, answer)), best_s(bare(channel, COMMANDS, answer))
    name = make.__name__.partition("_")[0].upper()
    print(f"\n{name} level {level:02X}: {took_s * 1e6 / COMMANDS:.0f} µs a command, "
          f"{took_s / bare_s:.2f} times the bare cipher calls")
    assert took_s / bare_s < LARGEST_RATIO
