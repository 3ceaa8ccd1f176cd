"""For use from Python: open a card, and call operations on it.

    import jcopsh.api as jcopsh
    with jcopsh.open(profile="j2a040-unfused") as card:
        print(jcopsh.identify(card).next_step)

The interlock asks at the terminal here as well. Without a terminal, what is destructive needs
`with jcopsh.answering_yes(card):`, and what is irreversible is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jcopsh import places
from jcopsh.card.card import Card, answering_yes
from jcopsh.card.journal import Journal
from jcopsh.card.link import Link, ResetKind
from jcopsh.card.recording import read_recording
from jcopsh.card.replay import ReplayLink
from jcopsh.errors import CardError, ChannelError, JcopshError, ReaderError, Refused, UsageError
from jcopsh.globalplatform.cap import parse_cap
from jcopsh.globalplatform.channel import ChannelProtocol, SecurityLevel
from jcopsh.globalplatform.keys import DEFAULT_KEY, Diversification, KeySet
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.jcop.memory_map import load_map
from jcopsh.operations.authentication import KeyChoice, authenticate
from jcopsh.operations.content import Request, delete, install
from jcopsh.operations.identification import identify
from jcopsh.operations.looking import card_info, list_content, read_cplc
from jcopsh.operations.memory import dump_memory, read_memory, write_memory
from jcopsh.operations.personalisation import (
    boot,
    fuse,
    personalisation_checklist,
    protect,
    select_root_applet,
)
from jcopsh.operations.selection import select
from jcopsh.secrets.key_sets import KeySetStore
from jcopsh.secrets.key_store import KeyStore, Origin, StoredSecret
from jcopsh.secrets.ledger import Ledger
from jcopsh.secrets.secret import Secret, SecretKind

if TYPE_CHECKING:
    from jcopsh.simulator.card import SimulatedCard
    from jcopsh.simulator.link import ResetName
    from jcopsh.simulator.profiles import Profile

__all__ = [
    "AID", "DEFAULT_KEY", "Card", "CardError", "ChannelError", "ChannelProtocol", "CommandAPDU", "Diversification",
    "JcopshError", "KeyChoice", "KeySet", "ReaderError", "Refused", "Request", "ResetKind", "ResponseAPDU", "Secret",
    "SecurityLevel", "Source", "UsageError", "answering_yes", "authenticate", "boot", "card_info", "delete",
    "dump_memory", "fuse", "identify", "install", "list_content", "open", "parse_cap", "personalisation_checklist",
    "protect", "read_cplc", "read_memory", "select", "select_root_applet", "write_memory",
]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a card comes from: a simulated one (`profile`), a recording (`replay`), or a reader (neither).

    `reader` is an index, a name or a part of a name; None takes the only reader with a card. `sim_state` is the file
    that keeps the simulated card; without `profile` it is the card that is in it, or a new one of the usual profile.
    """

    reader: str | None = None
    profile: str | None = None
    sim_state: Path | None = None
    replay: Path | None = None


class Opener:
    """Opens cards from one source, again and again: a simulated card stays the same card from one time to the next.

    `report` gets sentences: what a recording differs in, that a card lets wait. Raises UsageError when the
    source makes no sense.
    """

    def __init__(self, source: Source, report: Callable[[str], None]) -> None:
        self._source = source
        self._report = report
        self._simulated: SimulatedCard | None = None
        profile = source.profile if source.sim_state is None else source.profile or _profile_in(source.sim_state)
        self.profile = _profile(profile) if profile is not None else None
        self._recording = read_recording(source.replay) if source.replay is not None else None
        simulated = self.profile is not None or (self._recording is not None and self._recording.simulated)
        self.key_store = KeyStore(places.key_store_file(simulated=simulated))
        self.key_sets = KeySetStore(places.key_sets_file(simulated=simulated))
        self.ledger = Ledger(places.ledger_file(simulated=simulated))

    def open(
        self, reader: str | None = None, *, default_reader: str | None = None, protocol: str | None = None,
        shared: bool = False,
    ) -> Card:
        """Connect and return the card. `reader` overrides `default_reader`, and both the source's.

        `protocol` is `T=0` or `T=1`, None for what the card prefers; `shared` lets other programs use the card too.
        Both are for readers: a simulated card and a recording have their own way. Raises ReaderError and UsageError.
        """
        chosen = reader or default_reader or self._source.reader
        link = self._other_link(reader) or self._reader_link(chosen, protocol, shared=shared)
        # a recording is no card: nothing of it is kept as if it had been read from one
        key_store = None if self._recording else self.key_store
        ledger = None if self._recording else self.ledger
        card = Card(link, Journal.in_folder(places.journal_folder()), key_store, ledger)
        if self.profile is not None:
            card.memory_map = load_map(self.profile.map_name) if self.profile.map_name else None
            self._store_transport_key(self.profile)
        return card

    def find(self, reader: str | None = None, *, default_reader: str | None = None) -> str | None:
        """The full name of the reader that `open` would take; None where there are no readers here.

        Nothing is connected or left. Raises ReaderError where no one reader is meant or it holds no card, and
        UsageError for a reader's name beside a simulated card or a recording.
        """
        self._require_no_other(reader)
        if self._recording is not None or self.profile is not None:
            return None
        from jcopsh.card import pcsc

        return pcsc.find(reader or default_reader or self._source.reader)

    def _store_transport_key(self, profile: Profile) -> None:
        """A simulated card comes with its transport key, if it has one, as a card bought from an honest seller does."""
        if profile.transport_key is None:
            return
        key = Secret(profile.transport_key, SecretKind.TRANSPORT_KEY)
        if not self.key_store.holds(key):
            self.key_store.add(StoredSecret("transport_key", key, Origin.SIMULATED, "unidentified, simulated", ""))

    def _reader_link(self, reader: str | None, protocol: str | None, *, shared: bool) -> Link:
        from jcopsh.card import pcsc

        return pcsc.connect(reader, protocol=protocol, shared=shared, on_wait=self._report)

    def _other_link(self, reader: str | None) -> Link | None:
        """The recording or the simulated card; None where the card is in a reader."""
        self._require_no_other(reader)
        if self._recording is not None:
            return ReplayLink(self._recording, report=self._report, key_of=self.key_store.with_kcv)
        if self.profile is not None:
            return self._simulated_link(self.profile)
        return None

    def _require_no_other(self, reader: str | None) -> None:
        """Raise UsageError where a reader is named beside a recording or a simulated card."""
        if reader is not None and (self._recording is not None or self.profile is not None):
            what = "a recording" if self._recording is not None else "a simulated card"
            raise UsageError(f"there are no readers here: this is {what}", hint="connect, without a name")

    def _simulated_link(self, profile: Profile) -> Link:
        from jcopsh.simulator.card import SimulatedCard
        from jcopsh.simulator.link import SimulatedLink
        from jcopsh.simulator.state_file import StateFileError

        class Simulated(SimulatedLink):
            """Tells of a state file that cannot be used in this program's own words."""

            def reset(self, kind: ResetName) -> bytes:
                try:
                    return super().reset(kind)
                except StateFileError as error:
                    raise ReaderError(
                        f"the simulated card cannot be powered: {error}", meaning="It is in that file, as it was left.",
                        hint="mend or move the file, then connect", card_lost=True,
                    ) from error

        try:
            if self._simulated is None:
                self._simulated = SimulatedCard(profile, state_file=self._source.sim_state)
            return Simulated(self._simulated)
        except StateFileError as error:
            raise UsageError(f"the simulated card cannot be used: {error}") from error


def _profile_in(sim_state: Path) -> str:
    """The profile of the card in a file, with its options; the usual one where there is no file."""
    from jcopsh.simulator.profiles import DEFAULT_PROFILE
    from jcopsh.simulator.state_file import StateFileError, profile_in

    try:
        return profile_in(sim_state) or DEFAULT_PROFILE
    except StateFileError as error:
        raise UsageError(f"the simulated card cannot be used: {error}") from error


def _profile(text: str) -> Profile:
    from jcopsh.simulator.profiles import ProfileError, parse_profile

    try:
        return parse_profile(text)
    except ProfileError as error:
        raise UsageError(str(error), start=error.offset, end=len(text)) from error


@contextmanager
def open(  # noqa: A001 — the name a Python user expects, always written with its module
    reader: str | None = None,
    *,
    profile: str | None = None,
    sim_state: Path | None = None,
    replay: Path | None = None,
    protocol: str | None = None,
    shared: bool = False,
    report: Callable[[str], None] = print,
) -> Iterator[Card]:
    """A connected card for the length of a `with` block; it is reset and left at the end.

    `protocol` and `shared` as in Opener.open; `with card.transaction():` keeps other programs away from a shared card.
    Raises ReaderError when there is no reader or card, UsageError for an unknown profile or a bad file.
    """
    card = Opener(Source(reader, profile, sim_state, replay), report).open(protocol=protocol, shared=shared)
    try:
        yield card
    finally:
        card.close()
