"""The session: what commands share. It connects on first use, and gives parsing a picture of what is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from jcopsh.card.given_yes import GivenYes
from jcopsh.errors import JcopshError, ReaderError, UsageError
from jcopsh.shell.card_content import ContentObserver
from jcopsh.shell.choices import AUTO, OFF, T0, T1
from jcopsh.shell.command import Registry
from jcopsh.shell.context import Completion, OnCard, ParseContext
from jcopsh.shell.history import History
from jcopsh.shell.line import strike_out
from jcopsh.shell.parser import parse_line
from jcopsh.shell.seen_files import SeenFiles
from jcopsh.shell.settings import Settings
from jcopsh.shell.topics import TopicBook
from jcopsh.shell.trace_lines import PastedTrace

if TYPE_CHECKING:
    from jcopsh.card.card import Card
    from jcopsh.card.readers import ReaderInfo
    from jcopsh.jcop.memory_map import MemoryMap
    from jcopsh.secrets.key_sets import KeySetStore
    from jcopsh.secrets.key_store import KeyStore
    from jcopsh.secrets.ledger import Ledger
    from jcopsh.shell.render import Output
    from jcopsh.shell.trace import Tracer
    from jcopsh.state import CardState

SIMULATED = "simulated "  # how the name of a simulated card's reader begins
_MASK_OF_2_4_1 = 0x33  # of every J2A and J3A whose IDENTIFY answer is public (seed 001)


@dataclass(frozen=True, slots=True)
class MapChoice:
    """The memory map in use, None where nothing tells which; `assumed` where the card only makes it likely."""

    map: MemoryMap | None
    assumed: bool = False


class _Known(NamedTuple):
    """What a ParseContext is made of; the first three are generations. While all is the same, so is the context."""

    registry: int
    settings: int
    topics: int
    map: MapChoice
    connected: bool
    readers: tuple[ReaderInfo, ...]
    content: tuple[OnCard, ...]
    key_versions: tuple[int, ...]
    files: tuple[Completion, ...]
    current_df: str
    key_sets: tuple[str, ...]


class Opens(Protocol):
    """Connects to a card; see api.Opener.open. `default_reader` counts where no reader is named, and there are any."""

    def __call__(
        self, reader: str | None, *, default_reader: str | None, protocol: str | None, shared: bool
    ) -> Card:
        """The card, connected. Raises ReaderError where it cannot."""


class Finds(Protocol):
    """Says which reader a connection would be to; see api.Opener.find."""

    def __call__(self, reader: str | None, *, default_reader: str | None) -> str | None:
        """Its full name, None where there are no readers. Raises ReaderError and UsageError where none is meant."""


def no_readers(reader: str | None, *, default_reader: str | None) -> str | None:
    """A Finds for where there are none."""
    return None


class Session:
    """What commands share.

    `opener` connects to the card in a reader (None: the default one) and raises ReaderError where it cannot; `finder`
    says which reader that is, without connecting.
    `readers` is the last list of readers that was told of, `service_seen` whether PC/SC ran then, `left` whether the
    card was left on purpose.
    `interactive` says that a person types the lines, `json` that results are printed as JSON. `exit_requested` ends the
    loop after the command. `history` holds the lines typed, without their secrets.
    """

    def __init__(
        self, *, registry: Registry, opener: Opens, output: Output, finder: Finds = no_readers,
        key_store: KeyStore | None = None, key_sets: KeySetStore | None = None, ledger: Ledger | None = None,
        settings: Settings | None = None, topics: TopicBook | None = None, history: History | None = None,
        interactive: bool = False, json: bool = False,
    ) -> None:
        self.registry = registry
        self.output = output
        self.key_store = key_store
        self.key_sets = key_sets
        self.ledger = ledger
        self.settings = settings or Settings()
        self.topics = topics or TopicBook()
        self.reader: str | None = None  # the one that was chosen by name with `connect`
        self.interactive = interactive
        self.json = json
        self.exit_requested = False
        self.script_depth = 0
        self.stopped_at: list[str] = []  # the places in scripts that the last failure was told of
        self.pasted_trace = PastedTrace()
        self.starting = False  # whether the start-up file is being run
        self.yes = GivenYes()
        self.history = history or History(None, self.struck)
        self.readers: tuple[ReaderInfo, ...] = ()
        self.service_seen = False
        self.left = False
        self._opener = opener
        self._finder = finder
        self._card: Card | None = None
        self._tracer: Tracer | None = None
        self._own_map: MemoryMap | None = None  # the map that came with the card: that of a simulated one
        self._known: _Known | None = None  # what the context was made of
        self._context = ParseContext()
        self._content: ContentObserver | None = None  # of the connected card
        self._files: SeenFiles | None = None  # of the connected card
        self.settings.observers.append(self._setting_changed)

    # the card -------------------------------------------------------------------------------------------------------

    @property
    def card(self) -> Card:
        """The card, connected now if it was not. Raises ReaderError when there is none."""
        if self._card is None:
            self.connect(self.reader)
        assert self._card is not None  # noqa: S101 — connect sets it or raises; this tells the type checker
        return self._card

    @property
    def card_or_none(self) -> Card | None:
        """The card if one is connected."""
        return self._card

    @property
    def simulated(self) -> bool:
        """Whether the connected card is a simulated one, as the name of its reader says."""
        return self._card is not None and self._card.reader.startswith(SIMULATED)

    def connect(self, reader: str | None = None) -> Card:
        """Connect to the card in `reader`, and return it. The card there may be is left, but not before it is clear
        which reader is meant. Where it has to be left first, as it is the same, and cannot be had as is wanted now, it
        is connected again as it was.

        Raises ReaderError and UsageError.
        """
        present = self._card
        found = None if present is None else self._find(present, reader)
        if present is not None and (found is None or found == present.reader):
            card = self._opened_anew(present, found or reader)
        else:
            card = self._opened(found or reader)
            self.disconnect()
        # by its full name from now on: an index means another reader as soon as one is unplugged
        self.reader = card.reader if reader is not None else self.reader
        self._take(card)
        return card

    @property
    def has_readers(self) -> bool:
        """Whether the card is one in a reader, and neither simulated nor recorded."""
        try:
            return self._finder(None, default_reader=None) is not None
        except (ReaderError, UsageError):  # which one, is not clear
            return True

    def _find(self, present: Card, reader: str | None) -> str | None:
        """The reader that is meant. Where none is, the card stays as it is, if it is still there."""
        try:
            with self._naming_who_named(reader):
                return self._finder(reader, default_reader=self.settings.reader)
        except ReaderError:
            if not present.is_alive():
                self.disconnect()
            raise

    def _opened(self, reader: str | None) -> Card:
        settings = self.settings
        with self._naming_who_named(reader):
            return self._opener(
                reader, default_reader=settings.reader, protocol=settings.protocol, shared=settings.shared
            )

    @contextmanager
    def _naming_who_named(self, reader: str | None) -> Iterator[None]:
        """An error about a reader that nobody has typed here says where its name comes from."""
        try:
            yield
        except ReaderError as error:
            chosen = self.settings.get("reader")
            if reader is None and chosen.value:
                where = f"The reader {chosen.value!r} is named by {chosen.source}."
                error.meaning = f"{error.meaning}. {where}" if error.meaning else where
            raise

    def _opened_anew(self, present: Card, reader: str | None) -> Card:
        """The same card, connected as the settings say now; where that fails, as it was, and the failure is raised."""
        protocol, shared = present.state.protocol, present.shared
        self.disconnect()
        try:
            return self._opened(reader)
        except ReaderError as error:
            with suppress(JcopshError):
                again = present.reader if reader is not None else None
                self._take(self._opener(
                    again, default_reader=self.settings.reader,
                    protocol=protocol if protocol in (T0, T1) else None, shared=shared,
                ))
                error.meaning = (
                    f"{error.meaning}. The card was connected again as it was before; its reset has ended selection, "
                    "boot and secure channel"
                )
            raise

    def _take(self, card: Card) -> None:
        """Let this be the card of the session."""
        from jcopsh.card.card import share_yes

        self.left = False
        self._card, self._own_map = card, card.memory_map
        share_yes(card, self.yes)
        self._content, self._files = ContentObserver(), SeenFiles(card)
        card.observers += [self._content, self._files]
        self._apply_settings()

    def disconnect(self) -> None:
        """Leave the card; the link resets it."""
        card, self._card, self._own_map = self._card, None, None
        self._content = self._files = None
        if card is not None:
            card.close()

    @property
    def journal_path(self) -> Path | None:
        """The journal of the connected card, if there is one."""
        return self._card.journal_path if self._card else None

    # the memory map -------------------------------------------------------------------------------------------------

    @property
    def map_choice(self) -> MapChoice:
        """The memory map in use: the one that was set, the simulated card's own, or what the card makes likely."""
        if self.settings.map != AUTO:
            return MapChoice(_load_map(self.settings.map))
        if self._own_map is not None:
            return MapChoice(self._own_map)
        name = likely_map(self._card.state) if self._card else None
        return MapChoice(_load_map(name), assumed=True) if name else MapChoice(None)

    @property
    def memory_map(self) -> MemoryMap | None:
        """The memory map in use."""
        return self.map_choice.map

    def _setting_changed(self, name: str, _value: str) -> None:
        self._apply_settings()
        if name == "reader":
            self.reader = None  # it is another one now, whatever was chosen before
        if name in ("color", "theme"):
            self.output.restyle(self.settings.color, self.settings.theme)

    def _apply_settings(self) -> None:
        if self._card is None:
            return
        self._card.follow = self.settings.get_response
        self._card.before_question = self.output.show_held
        self._card.on_wait = self.output.note
        self._trace(self._card)
        # an assumed map is not told to the card, so that the key fields of all maps stay guarded
        self._card.memory_map = None if self.map_choice.assumed else self.map_choice.map

    def _trace(self, card: Card) -> None:
        """Trace the card's exchanges as the settings say."""
        level, tracer = self.settings.trace, self._tracer
        if tracer is not None and tracer in card.observers:
            card.observers.remove(tracer)
            card.failure_observers.remove(tracer.failed)
        if level == OFF:
            return
        if tracer is None or tracer.card is not card:
            from jcopsh.shell.trace import Tracer

            tracer = self._tracer = Tracer(self.output, card)
        tracer.level = level
        card.observers.append(tracer)
        card.failure_observers.append(tracer.failed)

    # parsing --------------------------------------------------------------------------------------------------------

    def context(self) -> ParseContext:
        """What parsing and completion may know now. The same object as long as nothing has changed."""
        known = self._what_is_known()
        if known != self._known:
            self._known, self._context = known, self._picture(known)
        return self._context

    def _what_is_known(self) -> _Known:
        files, current_df = self._seen_files
        return _Known(
            self.registry.generation, self.settings.generation, self.topics.generation, self.map_choice,
            connected=self._card is not None, readers=self.readers,
            content=self._content.on_card if self._content else (),
            key_versions=self._content.seen.key_versions if self._content else (),
            files=files, current_df=current_df, key_sets=self.key_sets.names() if self.key_sets else (),
        )

    def _picture(self, known: _Known) -> ParseContext:
        subjects, subject_aliases = self._help_subjects()
        return ParseContext(
            map=known.map.map, map_assumed=known.map.assumed, card_known=known.connected,
            subjects=subjects, subject_aliases=subject_aliases, settings=self.settings.choices(),
            setting_meanings=self.settings.meanings(),
            aliases={alias.name: alias.words for alias in self.registry.aliases},
            readers=tuple(Completion(one.name, f"reader {one.index}, {_content(one)}") for one in known.readers),
            content=known.content, key_versions=known.key_versions, files=known.files, current_df=known.current_df,
            key_sets=known.key_sets,
        )

    @property
    def _seen_files(self) -> tuple[tuple[Completion, ...], str]:
        """The files that were met on the card, and the path of the current DF; empty where it is not known."""
        if self._card is None or self._files is None or not self._files.all:
            return (), ""
        position = self._card.state.position
        return self._files.all, "/".join(position.df) if position.below_mf else ""

    def struck(self, text: str) -> str:
        """A line without its secrets."""
        return strike_out(parse_line(text, self.registry, self.context()))

    def _help_subjects(self) -> tuple[tuple[Completion, ...], tuple[Completion, ...]]:
        """The names that `help` takes, and their other names."""
        commands = [Completion(entry.name, entry.summary) for entry in self.registry]
        taken = {completion.text for completion in commands}
        topics = [Completion(topic.name, topic.title) for topic in self.topics.all() if topic.name not in taken]
        named = (*self.registry, *self.topics.all())
        aliases = [Completion(alias, f"the same as {one.name}") for one in named for alias in one.aliases]
        aliases += [Completion(alias.name, f"stands for {alias.words}") for alias in self.registry.aliases]
        return tuple(commands + topics), tuple(aliases)

    # the person at the terminal -------------------------------------------------------------------------------------

    def ask_secret(self, prompt: str) -> str:
        """A line typed at the terminal itself, without echo. Raises UsageError as `hidden_question.ask_hidden` does.

        The text is returned as typed, for `parse_bytes` to read.
        """
        from jcopsh.shell.hidden_question import ask_hidden

        self.output.show_held()
        return ask_hidden(prompt)


def told_of_connection(reader: str) -> str:
    """The sentence that the card in this reader was connected, at the start or when it came."""
    return f"Connected: {reader}. Nothing was sent yet: identify asks the card who it is."


def likely_map(state: CardState) -> str | None:
    """The name of the map that a card's answers make likely, None where they say nothing."""
    if b"J2A081" in state.atr:
        return "j2a081"
    if state.identity is not None and state.identity.mask_id == _MASK_OF_2_4_1:
        return "j2a040"
    return None


def _content(reader: ReaderInfo) -> str:
    """What is in a reader: a card with what its ATR says of it in letters, or none."""
    if not reader.card_present:
        return "no card"
    if not reader.atr:
        return "a card that does not answer"
    from jcopsh.iso7816.atr import AtrError, parse_atr

    try:
        said = parse_atr(reader.atr).historical_text
    except AtrError:
        said = None
    return f"card {said}" if said else f"card, ATR {reader.atr[:4].hex().upper()}…"


def _load_map(name: str) -> MemoryMap:
    from jcopsh.jcop.memory_map import load_map

    return load_map(name)
