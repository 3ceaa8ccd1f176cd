"""The loop: read a line, run it, again. prompt_toolkit runs only while a line is being read."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History as PromptHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output import Output as PromptOutput
from prompt_toolkit.styles import DynamicStyle, Style

from jcopsh.errors import EXIT_OK
from jcopsh.shell.completion import LineCompleter
from jcopsh.shell.execute import run_text
from jcopsh.shell.highlight import LineLexer
from jcopsh.shell.hint import hint, wrapped
from jcopsh.shell.history import History
from jcopsh.shell.prompt import prompt_fragments
from jcopsh.shell.session import Session
from jcopsh.shell.strike import PLACEHOLDER
from jcopsh.shell.theme import prompt_toolkit_styles
from jcopsh.shell.tokens import counted

SUGGESTED_FROM = 200  # lines of the history
NARROW = 60  # columns
MENU_ROWS = 8  # for the completions, where the terminal is high enough
_NOT_SUGGESTED = re.compile(rf"{PLACEHOLDER.pattern}|(?<!\S)--?reveal(?!\S)", re.IGNORECASE)
_TOOLBAR = {"bottom-toolbar": "noreverse", "bottom-toolbar.text": "noreverse"}


def _hint_rows(width: int) -> int:
    """How many rows the hint gets: always as many, so that nothing jumps while typing."""
    return 2 if width >= NARROW else 3


class StruckHistory(PromptHistory):
    """The history as prompt_toolkit wants it. What it is given is struck first: it never holds a secret."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def load_history_strings(self) -> Iterable[str]:
        """The lines, the latest first."""
        return reversed(self._history.lines)

    def store_string(self, string: str) -> None:
        """Nothing is left to do: `append_string` has kept the line."""

    def append_string(self, string: str) -> None:
        """Keep a line without its secrets."""
        struck = self._history.add(string)
        if struck is not None:
            super().append_string(struck)


class SuggestLatest(AutoSuggest):
    """Suggests the rest of a line typed lately; none with a struck secret, and none that brings keys to the screen.

    It looks at so many lines and no more, however long the history is.
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def get_suggestion(
        self, buffer: Buffer, document: Document  # noqa: ARG002 — prompt_toolkit passes both
    ) -> Suggestion | None:
        """What would make the text before the cursor a line of the history."""
        text = document.text
        if not text.strip():
            return None
        recent = reversed(self._history.lines[-SUGGESTED_FROM:])
        fitting = (line for line in recent if line.startswith(text) and not _NOT_SUGGESTED.search(line))
        return next((Suggestion(line[len(text):]) for line in fitting), None)


class Repl:
    """The interactive shell. `input` and `output` are the terminal unless a test gives its own."""

    def __init__(self, session: Session, *, input: Input | None = None, output: PromptOutput | None = None) -> None:  # noqa: A002 — prompt_toolkit's own name for it
        self.session = session
        self._pending: deque[str] = deque()  # lines of a paste that wait for their turn
        self._unfinished = ""  # what a paste had after its last line end: it is left to be edited
        self._exit_code = EXIT_OK
        self._prompt: PromptSession[str] = PromptSession(
            message=self._message,
            lexer=LineLexer(session.registry, session.context),
            completer=LineCompleter(session.registry, session.context),
            history=StruckHistory(session.history),
            auto_suggest=SuggestLatest(session.history),
            bottom_toolbar=self._toolbar,
            key_bindings=self._bindings(),
            style=DynamicStyle(self._style),
            color_depth=None if session.output.colored else ColorDepth.DEPTH_1_BIT,
            complete_while_typing=False,
            include_default_pygments_style=False,
            enable_open_in_editor=False,
            enable_suspend=True,
            input=input,
            output=output,
        )

    @property
    def buffer(self) -> Buffer:
        """The line being edited."""
        return self._prompt.default_buffer

    def run(self) -> int:
        """Read and run lines until `exit`, Ctrl-D or the end of the input; returns the exit code of the shell."""
        self.session.interactive = True
        while not self.session.exit_requested:
            text = self._next_line()
            if text is None:
                break
            self._run(text)
        return EXIT_OK

    def _next_line(self) -> str | None:
        if self._pending:
            text = self._pending.popleft()
            self._echo(text)
            self.session.history.add(text)
            return text
        default, self._unfinished = self._unfinished, ""
        while True:
            try:
                return self._prompt.prompt(default=default, reserve_space_for_menu=self._menu_rows())
            except KeyboardInterrupt:
                default = ""  # Ctrl-C clears the line
            except EOFError:
                return None

    def _run(self, text: str) -> None:
        code = run_text(self.session, text)
        if code != EXIT_OK and self._pending:
            left = len(self._pending) + bool(self._unfinished)
            self._pending.clear()
            self._unfinished = ""
            self.session.output.note(f"stopped: the other {counted(left, 'line')} of the paste did not run")

    def _echo(self, text: str) -> None:
        """Show a pasted line as if it had been typed, without its secrets."""
        prompt = "".join(part for _, part in prompt_fragments(self.session, self.session.output.glyphs))
        self.session.output.show(prompt + self.session.struck(text))

    # what is drawn around the line ------------------------------------------------------------------------------------

    def _message(self) -> StyleAndTextTuples:
        parts = prompt_fragments(self.session, self.session.output.glyphs)
        return [(f"class:{style}" if style else "", text) for style, text in parts]

    def _toolbar(self) -> StyleAndTextTuples | None:
        if not self.session.settings.hints:
            return None
        document = self._prompt.default_buffer.document
        shown = hint(document.text, document.cursor_position, self.session.registry, self.session.context())
        width = self._prompt.app.output.get_size().columns
        return [(f"class:{style}" if style else "", text) for style, text in wrapped(shown, width, _hint_rows(width))]

    def _menu_rows(self) -> int:
        """How many rows are kept free for the completions: on a low screen fewer, so that the hint is not cut."""
        size = self._prompt.app.output.get_size()
        return max(1, min(MENU_ROWS, size.rows - 1 - _hint_rows(size.columns)))

    def _style(self) -> Style:
        return Style.from_dict(prompt_toolkit_styles(self.session.settings.ground) | _TOOLBAR)

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        @bindings.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            self._paste(event)

        return bindings

    def _paste(self, event: KeyPressEvent) -> None:
        """Insert a paste of one line; of several, run one after the other until one fails."""
        buffer = event.current_buffer
        lines = event.data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if len(lines) == 1:
            buffer.insert_text(lines[0])
            return
        after = buffer.document.text_after_cursor
        first, *others, last = lines
        buffer.text = buffer.document.text_before_cursor + first
        buffer.cursor_position = len(buffer.text)
        self._pending.extend(line for line in others if line.strip())
        self._unfinished = last + after
        buffer.validate_and_handle()


def interact(session: Session, *, input: Input | None = None, output: PromptOutput | None = None) -> int:  # noqa: A002 — prompt_toolkit's own name for it
    """Run the interactive shell; returns its exit code."""
    return Repl(session, input=input, output=output).run()
