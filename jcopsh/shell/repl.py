"""The loop: read a line, run it, again. prompt_toolkit runs only while a line is being read.

The prompt is drawn first, and the rest of jcopsh is loaded behind it, piece by piece, while keys are already taken. A
line that is entered before all is there waits for it. Then the line is set aside for a moment: the card is connected,
what there is to say is said, and the line comes back as it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output as PromptOutput

from jcopsh.dumb_terminal import nothing_is_drawn
from jcopsh.errors import EXIT_OK, JcopshError
from jcopsh.shell.line_editor import NOTHING, Draft, LineEditor, SetAside

if TYPE_CHECKING:
    from jcopsh.card.monitor import ReaderEvent
    from jcopsh.shell.session import Session

# does a piece of the work at each step, and returns the session
Loading = Generator[None, None, "Session"]


class Watcher(Protocol):
    """What watches the readers while the shell runs: see card.monitor."""

    def start(self) -> None:
        """Begin to watch."""

    def stop(self) -> None:
        """Stop watching; returns at once."""


MakeWatcher = Callable[[Callable[["ReaderEvent"], None]], Watcher]


@dataclass(slots=True)
class _Waiting:
    """Lines that came together and wait for their turn; `rest` is left to be edited when all have run."""

    source: str = ""
    lines: deque[str] = field(default_factory=deque)
    rest: str = ""

    def take(self, source: str, lines: list[str], rest: str) -> None:
        self.source, self.rest = source, rest
        self.lines.extend(lines)

    def take_rest(self) -> str:
        rest, self.rest = self.rest, ""
        return rest

    def drop(self) -> int:
        """Forget them all; returns how many there were."""
        count = len(self.lines) + bool(self.rest)
        self.lines.clear()
        self.rest = ""
        return count


class Repl:
    """The interactive shell. `input` and `output` are the terminal unless a test gives its own.

    `start` is the session, or what loads it while the first line can already be typed. `opening` is then called once,
    before the first line runs and while none is read; its errors are its own to show. `watch` makes what watches the
    readers, given the function that takes its events on any thread; None where there are none.
    """

    def __init__(
        self, start: Session | Loading, *, opening: Callable[[Session], None] | None = None,
        watch: MakeWatcher | None = None,
        input: Input | None = None, output: PromptOutput | None = None,  # noqa: A002 — prompt_toolkit's own name for it
    ) -> None:
        # nothing can be drawn around a line there, nor while it is typed
        self._dumb = output is None and nothing_is_drawn()
        self._waiting = _Waiting()
        self._terminal = input, output
        self._session: Session | None = None
        self._loading: Loading | None = None
        self._opening = opening
        self._watch = watch
        self._watcher: Watcher | None = None
        self._events: deque[ReaderEvent] = deque()
        if isinstance(start, Generator):
            self._loading = start
        else:
            self._furnish(start)

    @property
    def session(self) -> Session:
        """The session; loads what is not loaded yet."""
        if self._session is None:
            self._load()
        assert self._session is not None  # noqa: S101 — _load sets it or raises; for the type checker
        return self._session

    @cached_property
    def _editor(self) -> LineEditor:
        """What reads lines where they can be drawn; on a dumb terminal it may not be made, as it draws at once."""
        keys, screen = self._terminal
        return LineEditor(self._waiting.take, input=keys, output=screen)

    @property
    def buffer(self) -> Buffer:
        """The line being edited."""
        return self._editor.buffer

    def run(self) -> int:
        """Read and run lines until `exit`, Ctrl-D or the end of the input; returns the exit code of the shell.

        Raises what loading raises.
        """
        try:
            while self._session is None or not self._session.exit_requested:
                with suppress(KeyboardInterrupt):  # one more, while the first is told of
                    if not self._run_next():
                        break
        finally:
            if self._watcher is not None:
                self._watcher.stop()
            if self._loading is not None:
                self._loading.close()
        return EXIT_OK

    # the beginning --------------------------------------------------------------------------------------------------

    def _furnish(self, session: Session) -> None:
        self._session = session
        session.interactive = True
        if not self._dumb:
            self._editor.furnish(session)

    def _load_a_piece(self) -> None:
        """Load on while a line is read, giving way to the keyboard between the pieces."""
        if self._session is None and self._loading is not None:
            try:
                next(self._loading)
            except StopIteration as loaded:
                self._furnish(loaded.value)
            except BaseException as error:
                self._editor.fail(error)
                return
            else:
                self._editor.soon(self._load_a_piece)
                return
        self._editor.set_aside()

    def _load(self) -> None:
        """Load all that is still missing."""
        assert self._loading is not None  # noqa: S101 — there is either a session or this; for the type checker
        while True:
            try:
                next(self._loading)
            except StopIteration as loaded:
                self._furnish(loaded.value)
                return

    def _open(self) -> None:
        """What is done once, when all is loaded and no line is read."""
        session = self.session
        opening, self._opening = self._opening, None
        watch, self._watch = self._watch, None
        if opening is not None:
            try:
                opening(session)
            except KeyboardInterrupt:
                session.output.note("interrupted; connect tries again")
        if watch is not None:
            self._watcher = watch(self._post)
            self._watcher.start()

    # lines ----------------------------------------------------------------------------------------------------------

    def _run_next(self) -> bool:
        """Run the next line; False where there is none."""
        try:
            text = self._next_line()
            if text is None:
                return False
            self._run(text)
        except KeyboardInterrupt:  # between two lines: those that wait were meant by it
            self._drop_waiting("interrupted")
        return True

    def _next_line(self) -> str | None:
        if self._waiting.lines:
            text = self._waiting.lines.popleft()
            self._echo(text)
            self.session.history.add(text)
            return text
        draft = Draft(Document(self._waiting.take_rest()))
        if self._dumb:
            self._open()  # what is said later would stand in the middle of the line
        while True:
            loaded = self._session is not None
            try:
                text = self._read(draft)
            except SetAside as aside:
                draft = aside.draft
                self._open()
                if self.session.exit_requested:  # by a line of the start-up file
                    return None
            except KeyboardInterrupt:
                draft = NOTHING  # Ctrl-C clears the line
            except EOFError:
                return None
            else:
                self._open()
                if not loaded:
                    self.session.history.add(text)
                return text

    def _read(self, draft: Draft) -> str:
        for sentence in self._news():
            self.session.output.note(sentence)
        return self._plain_line() if self._dumb else self._editor.read(draft, started=self._started)

    def _plain_line(self) -> str:
        """A line without keys that edit it in another way than the terminal does. Raises what LineEditor.read does."""
        import unicodedata

        from jcopsh.shell.plain_line import read_plain_line
        from jcopsh.shell.prompt import prompt_text

        session = self.session
        while True:
            text = read_plain_line(prompt_text(session, session.output.glyphs)).replace("\t", " ")
            if not any(unicodedata.category(sign) == "Cc" for sign in text):
                session.history.add(text)
                return text
            session.output.note("a key that writes no character was typed, such as an arrow; nothing was run")

    def _started(self) -> None:
        """What waits for the line to be drawn."""
        if self._session is None or self._opening is not None or self._watch is not None:
            self._load_a_piece()
        elif self._events:
            self._tell_news()

    def _run(self, text: str) -> None:
        from jcopsh.shell.execute import run_text

        if run_text(self.session, text) != EXIT_OK:
            self._drop_waiting("stopped")

    def _drop_waiting(self, why: str) -> None:
        """Forget the lines that wait, and say so where there are any."""
        if self._waiting.lines:
            from jcopsh.shell.tokens import counted

            source, left = self._waiting.source, self._waiting.drop()
            lines = "last line" if left == 1 else f"other {counted(left, 'line')}"
            self.session.output.note(f"{why}: the {lines} of the {source} did not run")

    def _echo(self, text: str) -> None:
        """Show a pasted line as if it had been typed, without its secrets."""
        from jcopsh.shell.prompt import prompt_text

        self.session.output.show(prompt_text(self.session, self.session.output.glyphs) + self.session.struck(text))

    # news of the readers --------------------------------------------------------------------------------------------

    def _post(self, event: ReaderEvent) -> None:
        """Take an event, on whatever thread it comes: it is told above the line, or before the next one."""
        self._events.append(event)
        if not self._dumb:
            self._editor.call(self._tell_news)

    def _news(self) -> list[str]:
        """The sentences that the events of this while make; the session has then taken them in."""
        sentences = []
        while self._events:
            sentence = self._made_of(self._events.popleft())
            if sentence:
                sentences.append(sentence)
        return sentences

    def _made_of(self, event: ReaderEvent) -> str | None:
        """The sentence that an event makes, with what went wrong over it; None where it is worth none."""
        from jcopsh.shell.reader_news import take_in

        try:
            return take_in(self.session, event)
        except JcopshError as error:
            return error.what

    def _tell_news(self) -> None:
        """Show above the line what has happened, and draw the line as it is now."""
        from jcopsh.card.monitor import ReaderEventKind

        if self.session.card_or_none is None and any(one.kind is ReaderEventKind.CARD_CAME for one in self._events):
            # it may be connected to, which may block: Ctrl-C is a signal only while no line is read
            self._editor.set_aside()
            return
        sentences = self._news()

        def show() -> None:
            for sentence in sentences:
                self.session.output.note(sentence)

        if sentences:
            self._editor.show_above(show)
        else:
            self._editor.draw()
