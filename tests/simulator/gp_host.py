"""A client for the simulated cards, written for their tests: it opens a secure channel and sends through it.

It uses the card's own ciphers; that the channels are right is pinned by other clients' traces, not by it.
"""

from __future__ import annotations

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.card_scp03 import derive
from jcopsh.simulator.gp_ciphers import (
    aes_cmac,
    aes_decrypt,
    aes_encrypt,
    des_encrypt,
    padded,
    single_des_mac,
    tdes_encrypt,
    tdes_mac,
    unpadded,
)

KEY = bytes(range(0x40, 0x50))
CHALLENGE = bytes.fromhex("1122334455667788")
SUCCESSES = ("90", "62", "63")


class Host:
    """One open channel. Keys are three alike, 3DES for SCP02 and AES for SCP03 as the card's answer says."""

    def __init__(self, card: SimulatedCard, *, level: int = 0x03, version: int = 0, key: bytes = KEY) -> None:
        self.card = card
        self.level = 0x01
        answer = self._plain("8050" + f"{version:02X}00" + "08" + CHALLENGE.hex())
        assert answer[-4:] == "9000", answer
        data = bytes.fromhex(answer[:-4])
        self.version, self.protocol = data[10], data[11]
        self.mac_value = bytes(8 if self.protocol == 2 else 16)
        self.counter = 0
        cryptogram = self._start02(data, key) if self.protocol == 2 else self._start03(data, key)
        self.authentication = self._plain(self._wrapped("8082" + f"{level:02X}00" + "08" + cryptogram.hex()))
        self.level, self.counter = level, 0

    def send(self, command: str) -> str:
        """A command with data (or Le alone, which is dropped) through the channel: its answer, checked and plain."""
        self.counter += 1
        return self._unwrapped(self._plain(self._wrapped(command)))

    def wire(self, command: str) -> str:
        """What `send` would send; the channel goes on."""
        self.counter += 1
        return self._wrapped(command)

    def encrypted_key(self, key: bytes) -> bytes:
        """A key as PUT KEY carries it; for AES filled to whole blocks."""
        if self.protocol == 2:
            return tdes_encrypt(self.dek, key, None)
        return aes_encrypt(self.dek, key + bytes(-len(key) % 16))

    def _plain(self, command: str) -> str:
        answer = self.card.process(bytes.fromhex(command)).hex().upper()
        if answer[:2] == "61" and len(answer) == 4:
            answer = self.card.process(bytes.fromhex("00C00000" + answer[2:])).hex().upper()
        return answer

    def _start02(self, data: bytes, key: bytes) -> bytes:
        counter, challenge, card_cryptogram = data[12:14], data[14:20], data[20:28]

        def session(constant: str) -> bytes:
            return tdes_encrypt(key, bytes.fromhex(constant) + counter + bytes(12))

        self.enc, self.mac, self.rmac, self.dek = map(session, ("0182", "0101", "0102", "0181"))
        assert tdes_mac(self.enc, CHALLENGE + counter + challenge) == card_cryptogram
        return tdes_mac(self.enc, counter + challenge + CHALLENGE)

    def _start03(self, data: bytes, key: bytes) -> bytes:
        challenge, card_cryptogram = data[13:21], data[21:29]
        context = CHALLENGE + challenge
        self.enc, self.mac, self.rmac = (derive(key, constant, context, len(key)) for constant in (4, 6, 7))
        self.dek = key
        assert derive(self.mac, 0, context, 8) == card_cryptogram
        return derive(self.mac, 1, context, 8)

    def _wrapped(self, command: str) -> str:
        raw = bytes.fromhex(command)
        header, data = raw[:4], raw[5:] if len(raw) > 5 else b""
        if not self.level & 0x01:
            return command
        head = bytes((header[0] | 0x04,)) + header[1:]
        return (self._wrap02 if self.protocol == 2 else self._wrap03)(head, data).hex()

    def _wrap02(self, head: bytes, data: bytes) -> bytes:
        icv = des_encrypt(self.mac, self.mac_value) if any(self.mac_value) else self.mac_value
        self.mac_value = single_des_mac(self.mac, head + bytes((len(data) + 8,)) + data, icv)
        if data and self.level & 0x02:
            data = tdes_encrypt(self.enc, padded(data, 8))
        return head + bytes((len(data) + 8,)) + data + self.mac_value

    def _wrap03(self, head: bytes, data: bytes) -> bytes:
        if data and self.level & 0x02:
            icv = aes_encrypt(self.enc, self.counter.to_bytes(16, "big"), None)
            data = aes_encrypt(self.enc, padded(data, 16), icv)
        length = bytes((len(data) + 8,))
        self.mac_value = aes_cmac(self.mac, self.mac_value + head + length + data)
        return head + length + data + self.mac_value[:8]

    def _unwrapped(self, answer: str) -> str:
        if not self.level & 0x10 or answer[-4:-2] not in SUCCESSES:
            return answer
        data, sw = bytes.fromhex(answer[:-4]), bytes.fromhex(answer[-4:])
        body, mac = data[:-8], data[-8:]
        assert self.protocol == 3, "SCP02's R-MAC has tests of its own"
        assert aes_cmac(self.rmac, self.mac_value + body + sw)[:8] == mac
        if body and self.level & 0x20:
            icv = aes_encrypt(self.enc, b"\x80" + self.counter.to_bytes(15, "big"), None)
            body = unpadded(aes_decrypt(self.enc, body, icv))
        return (body + sw).hex().upper()


def command(header: str, data: str | bytes) -> str:
    """A command with data."""
    raw = data if isinstance(data, bytes) else bytes.fromhex(data)
    return header + f"{len(raw):02X}" + raw.hex()


def counted(*values: str) -> str:
    """Values, each behind its length."""
    return "".join(f"{len(value) // 2:02X}{value}" for value in values)


def for_load(package: bytes, domain: str = "", parameters: str = "") -> str:
    """INSTALL [for load]."""
    return command("80E60200", counted(package.hex(), domain, "", parameters, ""))


def for_install(
    package: bytes, module: bytes, instance: bytes, *, p1: str = "0C", privileges: str = "00", parameters: str = "C900"
) -> str:
    """INSTALL [for install and make selectable], or as P1 says."""
    return command(f"80E6{p1}00", counted(package.hex(), module.hex(), instance.hex(), privileges, parameters, ""))


def delete(aid: bytes, p2: str = "00") -> str:
    """DELETE of an application or a package."""
    return command("80E400" + p2, "4F" + counted(aid.hex()))


def load_commands(load_block: bytes, block: int = 200) -> list[str]:
    """LOAD commands of `block` bytes each."""
    parts = [load_block[at : at + block] for at in range(0, len(load_block), block)]
    last = len(parts) - 1
    return [command(f"80E8{0x80 if at == last else 0:02X}{at:02X}", part) for at, part in enumerate(parts)]
