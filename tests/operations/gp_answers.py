"""A card that answers GET STATUS from what a test says is on it, and everything else from a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jcopsh.card.card import Card
from tests.card.support import fake

ISD = bytes.fromhex("A000000151000000")
FREE_MEMORY = "80CAFF2100"


def tlv(tag: str, value: bytes) -> bytes:
    """A data object of less than 128 bytes."""
    return bytes.fromhex(tag) + bytes((len(value),)) + value


def entry(aid: bytes, state: int, *, privileges: str = "", modules: Sequence[bytes] = (), version: str = "",
          load_file: bytes = b"") -> bytes:
    """An entry of GET STATUS in the form with tags."""
    body = tlv("4F", aid) + tlv("9F70", bytes((state,)))
    body += tlv("C5", bytes.fromhex(privileges)) if privileges else b""
    body += tlv("C4", load_file) if load_file else b""
    body += tlv("CE", bytes.fromhex(version)) if version else b""
    return tlv("E3", body + b"".join(tlv("84", one) for one in modules))


@dataclass
class Content:
    """A card: what GET STATUS lists by its P1, what else it answers (hex, the longest beginning
    that fits), what it got.

    An answer may be a list: one for each time. Whatever is not in the table is answered 9000.
    """

    listed: Mapping[int, Sequence[bytes]] = field(default_factory=dict)
    answers: dict[str, str | list[str]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    before: Callable[[bytes], None] = lambda _command: None

    def __call__(self, command: bytes) -> bytes:
        """The answer to a command."""
        self.before(command)
        text = command.hex().upper()
        self.sent.append(text)
        known = max((key for key in self.answers if text.startswith(key)), key=len, default=None)
        if known is not None:
            answer = self.answers[known]
            return bytes.fromhex(answer.pop(0) if isinstance(answer, list) else answer)
        if command[1] == 0xF2:
            found = b"".join(self.listed.get(command[2], ()))
            return found + b"\x90\x00" if found else b"\x6a\x88"
        return b"\x6a\x88" if command[1] == 0xCA else b"\x90\x00"

    @property
    def changes(self) -> list[str]:
        """What was sent that can change the card."""
        return [one for one in self.sent if one[2:4] in ("E2", "E4", "E6", "E8", "F0")]

    def card(self, folder: Path) -> Card:
        """The card behind the door."""
        rig, _ = fake(folder, self)
        return rig.card


# what seed 003's card lists before anything is installed, and after file A was
PRELOADED = entry(bytes.fromhex("A0000001515350"), 1, modules=[bytes.fromhex("A000000151535041")])
EMPTY = {0x80: [entry(ISD, 1, privileges="9E0000")], 0x10: [PRELOADED]}
WITH_A = {
    0x80: EMPTY[0x80],
    0x40: [entry(bytes.fromhex("000000000011"), 7, privileges="000000")],
    0x10: [PRELOADED, entry(bytes.fromhex("0000000000"), 1, modules=[bytes.fromhex("000000000011")])],
}
# file A loaded, and the power lost before its instance was made
LOADED_A = {0x80: EMPTY[0x80], 0x10: WITH_A[0x10]}
