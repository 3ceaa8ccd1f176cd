"""New keys from the command line to the card: who knows the old keys finds none of them in what is kept or shown.

Everything is gathered: journal, trace, results as text and as JSON, result files, the line as the history keeps it.
Each byte string in it, at every offset, is deciphered with the old keys and the session's, once and twice over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jcopsh.card.exchange import Exchange
from jcopsh.globalplatform.scp02 import Scp02Channel
from jcopsh.globalplatform.scp03 import Scp03Channel
from jcopsh.secrets.secret import Secret
from jcopsh.shell.execute import run_text
from tests.commands.support import Shell, shell

OLD = bytes(range(0x40, 0x50))
NEW = tuple(bytes.fromhex(one) for one in (
    "A0B1A2B3A4B5A6B7A8B9AABBACBDAEBF", "C1D1C2D2C3D3C4D4C5D5C6D6C7D7C8D8", "E9F1EAF2EBF3ECF4EDF5EEF6EFF7E0F8"))
# on one line, and over the ends of lines
HEX = tuple(re.compile(rf"(?:[0-9A-F]{{2}}{between}){{8,}}", re.IGNORECASE) for between in ("[ :]?", r"\s{0,8}"))
PUT = "put-keys --key-enc {} --key-mac {} --key-dek {} --key-version 1 --save bench --yes".format(
    *(one.hex().upper() for one in NEW))


@dataclass(frozen=True)
class WhoKnowsTheOldKeys:
    """Static and session keys of the old set, and the cipher they are for."""

    keys: tuple[bytes, ...]
    aes: bool

    @property
    def block(self) -> int:
        return 16 if self.aes else 8

    def deciphered(self, text: bytes) -> Iterator[bytes]:
        """At every offset, with every key, in ECB and in CBC mode."""
        for start in range(self.block):
            whole = text[start : len(text) - (len(text) - start) % self.block]
            for key in self.keys if whole else ():
                cipher = algorithms.AES(key) if self.aes else TripleDES(key + key[:8])
                plain = Cipher(cipher, modes.ECB()).decryptor().update(whole)
                before = bytes(self.block) + whole
                yield plain
                yield bytes(one ^ other for one, other in zip(plain, before, strict=False))

    def finds_a_new_key(self, text: bytes) -> bool:
        once = [text, *self.deciphered(text)]
        return any(map(holds_a_new_key, once)) or any(
            holds_a_new_key(twice) for one in once[1:] for twice in self.deciphered(one))


def holds_a_new_key(text: bytes) -> bool:
    return any(part in text for key in NEW for part in (key[:8], key[8:]))


def kept(folder: Path, card: Shell) -> str:
    """All that was written and shown, but for the key store, which is where the keys belong."""
    files = [one for one in folder.rglob("*") if one.is_file() and "key-sets" not in one.name]
    assert any("journal" in str(one) for one in files)
    return "\n".join([card.stdout.getvalue(), card.stderr.getvalue(), *(one.read_text("utf-8") for one in files)])


def strings(text: str) -> set[bytes]:
    return {bytes.fromhex(re.sub(r"[\s:]", "", one[0])) for form in HEX for one in form.finditer(text)}


@pytest.mark.parametrize("profile", ["j2a040", "j3r180"])
@pytest.mark.parametrize("way", ["shown", "--json", "> file", "raw"])
def test_no_new_key_is_found_by_who_knows_the_old_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str, way: str
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    card = shell(monkeypatch, profile=profile, width=100)
    card.run("trace full; auth enc --key default")
    connected = card.session.card
    assert connected._secure is not None
    channel = connected._secure.channel
    assert isinstance(channel, Scp02Channel | Scp03Channel)
    session = channel.keys
    assert session.dek is not None
    thief = WhoKnowsTheOldKeys((OLD, session.enc.reveal(), session.dek.reveal()), aes=profile == "j3r180")
    sent: list[bytes] = []

    def note(exchange: Exchange) -> None:
        sent.append(exchange.wire_command.reveal())

    connected.observers.append(note)
    result = tmp_path / "result.json"
    if way == "raw":
        fields = b"".join(field(connected.encipher_key, key, aes=thief.aes) for key in NEW)
        line = f"send 80D80081{len(fields) + 1:02X}01{fields.hex()}00 --yes"
    else:
        line = PUT + {"shown": "", "--json": " --json", "> file": f" > {result}"}[way]
    assert run_text(card.session, line) == 0, card.stderr.getvalue()
    # what goes over the wire gives the keys to such a thief, so that the search below could find them
    put = next(one for one in sent if one[1] == 0xD8)
    assert thief.finds_a_new_key(put)
    text = kept(tmp_path, card) + "\n" + card.session.struck(line)
    assert "80D80081" in text.replace(" ", "").upper()
    assert result.exists() == (way == "> file")
    found = strings(text)
    assert any(one.startswith(bytes.fromhex("8050")) for one in found)
    assert [one.hex() for one in found if thief.finds_a_new_key(one)] == []


def field(encipher: Callable[[Secret], bytes], key: bytes, *, aes: bool) -> bytes:
    """A key as PUT KEY carries it (GlobalPlatform 2.3.1, table 11-68; Amendment D, 7.2)."""
    enciphered = encipher(Secret(key))
    cipher = algorithms.AES(key) if aes else TripleDES(key + key[:8])
    block = b"\x01" * 16 if aes else bytes(8)
    check = Cipher(cipher, modes.ECB()).encryptor().update(block)[:3]
    body = bytes((16,)) + enciphered if aes else enciphered
    return bytes((0x88 if aes else 0x80, len(body))) + body + bytes((3,)) + check
