"""The session: what commands share. It connects on first use, and gives parsing a picture of what is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jcopsh.errors import UsageError
from jcopsh.shell.command import Registry
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.history import History
from jcopsh.shell.parser import parse_line, strike_out
from jcopsh.shell.settings import AUTO, Settings
from jcopsh.shell.topics import TopicBook

if TYPE_CHECKING:
    from jcopsh.card.card import Card
    from jcopsh.jcop.memory_map import MemoryMap
    from jcopsh.secrets.key_store import KeyStore
    from jcopsh.shell.render import Output
    from jcopsh.state import CardState

_MASK_OF_2_4_1 = 0x33  # of every J2A and J3A whose IDENTIFY answer is public (seed 001)
_TERMINAL = "/dev/tty"


@dataclass(frozen=True, slots=True)
class MapChoice:
    """The memory map in use, None where nothing tells which; `assumed` where the card only makes it likely."""

    map: MemoryMap | None
    assumed: bool = False


class Session:
    """What commands share.

    `opener` connects to the card in a reader (None: the default one) and raises ReaderError where it cannot.
    `interactive` says that a person types the lines, `json` that results are printed as JSON. `exit_requested` ends the
    loop after the command. `history` holds the lines typed, without their secrets.
    """

    def __init__(
        self, *, registry: Registry, opener: Callable[[str | None], Card], output: Output,
        key_store: KeyStore | None = None, settings: Settings | None = None, topics: TopicBook | None = None,
        history: History | None = None, reader: str | None = None, interactive: bool = False, json: bool = False,
    ) -> None:
        self.registry = registry
        self.output = output
        self.key_store = key_store
        self.settings = settings or Settings()
        self.topics = topics or TopicBook()
        self.reader = reader
        self.interactive = interactive
        self.json = json
        self.exit_requested = False
        self.script_depth = 0
        self.answering_yes = False  # whether a `run --yes` is under way
        self.history = history or History(None, self.struck)
        self._opener = opener
        self._card: Card | None = None
        self._own_map: MemoryMap | None = None  # the map that came with the card: that of a simulated one
        self._context_key: object = None
        self._context = ParseContext()
        self._subjects: tuple[object, tuple[Completion, ...], tuple[Completion, ...]] = (None, (), ())
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
        """Whether the connected card is a simulated one."""
        return self._own_map is not None

    def connect(self, reader: str | None = None) -> Card:
        """Leave the card there may be, connect to the one in `reader`, and return it. Raises ReaderError."""
        self.disconnect()
        card = self._opener(reader)
        self.reader = reader if reader is not None else self.reader
        self._card, self._own_map = card, card.memory_map
        self._apply_settings()
        return card

    def disconnect(self) -> None:
        """Leave the card; the link resets it."""
        card, self._card, self._own_map = self._card, None, None
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
        if name in ("color", "theme"):
            self.output.restyle(self.settings.color, self.settings.ground)

    def _apply_settings(self) -> None:
        if self._card is None:
            return
        self._card.follow = self.settings.get_response
        # an assumed map is not told to the card, so that the key fields of all maps stay guarded
        self._card.memory_map = None if self.map_choice.assumed else self.map_choice.map

    # parsing --------------------------------------------------------------------------------------------------------

    def context(self) -> ParseContext:
        """What parsing and completion may know now. The same object as long as nothing has changed."""
        choice = self.map_choice
        key = (self.registry.generation, self.settings.generation, self.topics.generation,
               choice.map.name if choice.map else None, choice.assumed, self._card is not None)
        if key != self._context_key:
            self._context_key = key
            _, subjects, aliases = self._help_subjects()
            self._context = ParseContext(
                map=choice.map, map_assumed=choice.assumed, card_known=self._card is not None,
                subjects=subjects, subject_aliases=aliases, settings=self.settings.choices(),
            )
        return self._context

    def struck(self, text: str) -> str:
        """A line without its secrets."""
        return strike_out(parse_line(text, self.registry, self.context()))

    def _help_subjects(self) -> tuple[object, tuple[Completion, ...], tuple[Completion, ...]]:
        """What they follow from, the names that `help` takes, and their other names."""
        key = (self.registry.generation, self.topics.generation)
        if self._subjects[0] != key:
            commands = [Completion(entry.name, entry.summary) for entry in self.registry]
            taken = {completion.text for completion in commands}
            topics = [Completion(topic.name, topic.title) for topic in self.topics.all() if topic.name not in taken]
            named = (*self.registry, *self.topics.all())
            aliases = [Completion(alias, f"the same as {one.name}") for one in named for alias in one.aliases]
            self._subjects = (key, tuple(commands + topics), tuple(aliases))
        return self._subjects

    # the person at the terminal -------------------------------------------------------------------------------------

    def ask_secret(self, prompt: str) -> str:
        """A line typed at the terminal itself, without echo. Raises UsageError where there is no terminal.

        The text is returned as typed, for `parse_bytes` to read.
        """
        no_terminal = UsageError(
            "a secret has to be typed, and there is no terminal to type it at",
            hint="run jcopsh at a terminal, or give the secret on the line",
        )
        if os.name != "posix":
            raise no_terminal
        import termios

        try:
            descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            raise no_terminal from None
        try:
            return _read_without_echo(descriptor, prompt)
        except (OSError, termios.error):  # it was closed meanwhile
            raise no_terminal from None
        finally:
            os.close(descriptor)


def likely_map(state: CardState) -> str | None:
    """The name of the map that a card's answers make likely, None where they say nothing."""
    if b"J2A081" in state.atr:
        return "j2a081"
    if state.identity is not None and state.identity.mask_id == _MASK_OF_2_4_1:
        return "j2a040"
    return None


def _load_map(name: str) -> MemoryMap:
    from jcopsh.jcop.memory_map import load_map

    return load_map(name)


def _read_without_echo(descriptor: int, prompt: str) -> str:
    import termios

    saved = termios.tcgetattr(descriptor)
    quiet = termios.tcgetattr(descriptor)
    quiet[3] &= ~termios.ECHO
    try:
        # what was typed ahead is no answer to this question
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)
        os.write(descriptor, prompt.encode())
        return _read_line(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, saved)
        os.write(descriptor, b"\n")


def _read_line(descriptor: int) -> str:
    typed = b""
    while not typed.endswith(b"\n"):
        part = os.read(descriptor, 1024)
        if not part:
            raise UsageError("no secret was typed")
        typed += part
    return typed.decode("utf-8", "replace").strip()
