"""A simulated card with a card manager behind the door, and a link in between that can fail or lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jcopsh.card.card import Card
from jcopsh.card.journal import Journal
from jcopsh.card.link import ResetKind
from jcopsh.errors import ReaderError
from jcopsh.globalplatform.channel import SecurityLevel
from jcopsh.globalplatform.keys import DEFAULT_KEY, KeySet
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.operations.authentication import KeyChoice, authenticate
from jcopsh.operations.key_values import Authenticated
from jcopsh.secrets.key_sets import KeySetStore
from jcopsh.secrets.key_store import KeyStore
from jcopsh.secrets.ledger import Ledger
from jcopsh.secrets.secret import Secret
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import SimulatedLink
from jcopsh.simulator.profiles import parse_profile

DEFAULT = KeyChoice("default", KeySet.of_one(DEFAULT_KEY))
WRONG_KEY = Secret(bytes(range(0x10)))
WRONG = KeyChoice("wrong", KeySet.of_one(WRONG_KEY))
C_MAC = SecurityLevel.C_MAC
ENC = C_MAC | SecurityLevel.C_DECRYPTION
FULL = ENC | SecurityLevel.R_MAC | SecurityLevel.R_ENCRYPTION


class TappedLink:
    """A simulated card's link. `sent` is what went over it; `answer` may change what comes back; with `power` left,
    each exchange takes one, and then the card is gone: the command has reached it when `lost_after` is set."""

    def __init__(self, sim: SimulatedCard, *, t0: bool = False) -> None:
        self._link = SimulatedLink(sim)
        self.t0 = t0
        self._waiting = b""
        self.sent: list[bytes] = []
        self.answer: Callable[[bytes, bytes], bytes] = lambda _command, answer: answer
        self.power: int | None = None
        self.lost_after = False
        self.warm_atr = b""  # the ATR after a warm reset, where it is another one
        self._warm = False

    @property
    def name(self) -> str:
        return self._link.name

    @property
    def atr(self) -> bytes:
        return self.warm_atr if self._warm and self.warm_atr else self._link.atr

    @property
    def protocol(self) -> str:
        return "T=0" if self.t0 else self._link.protocol

    def _process(self, command: bytes) -> bytes:
        """On T=0 an answer to a command with data waits for GET RESPONSE (ISO/IEC 7816-3:2006, 12.2.5)."""
        parsed = CommandAPDU.parse(command)
        if not self.t0 or (not parsed.data and parsed.ins != 0xC0):
            return self._link.transmit(command)
        if parsed.ins == 0xC0:
            return self._waiting
        answer = self._link.transmit(parsed.with_le(256).encode())
        if len(answer) == 2:
            return answer
        self._waiting = answer
        return bytes((0x61, (len(answer) - 2) & 0xFF))

    def transmit(self, command: bytes) -> bytes:
        if self.power == 0:
            if self.lost_after:
                self._link.transmit(command)
            raise ReaderError("the power went", card_lost=True)
        self.power = None if self.power is None else self.power - 1
        self.sent.append(command)
        return self.answer(command, self._process(command))

    def reset(self, kind: ResetKind) -> bytes:
        self._warm = kind is ResetKind.WARM
        self._link.reset(kind)
        return self.atr

    def close(self) -> None:
        self._link.close()


@dataclass(frozen=True, slots=True)
class Domain:
    """A card, its link, and what is kept of it."""

    card: Card
    link: TappedLink
    sim: SimulatedCard
    folder: Path

    @property
    def key_sets(self) -> KeySetStore:
        return KeySetStore(self.folder / "key-sets.json")

    @property
    def journal(self) -> str:
        return "".join(path.read_text("utf-8") for path in self.folder.glob("journal*"))

    def auth(self, choice: KeyChoice = DEFAULT, level: SecurityLevel = ENC, key_version: int = 0) -> Authenticated:
        return authenticate(self.card, choice, level=level, key_version=key_version)

    def again(self) -> Domain:
        """The same card and the same files, connected anew."""
        self.card.close()
        return connected(self.folder, self.sim, t0=self.link.t0)


def connected(folder: Path, card: str | SimulatedCard = "j2a040", *, t0: bool = False) -> Domain:
    """A card connected, with a journal, a key store and a ledger in the folder."""
    sim = SimulatedCard(parse_profile(card)) if isinstance(card, str) else card
    link = TappedLink(sim, t0=t0)
    number = len(list(folder.glob("journal*")))
    door = Card(link, Journal(folder / f"journal{number}.jsonl"), KeyStore(folder / "keys.json"),
                Ledger(folder / "ledger.json"))
    return Domain(door, link, sim, folder)
