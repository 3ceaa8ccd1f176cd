"""The line being edited: prompt_toolkit, and all that stands around a line.

It is made in two steps, so that the prompt is there before the rest of jcopsh is. A LineEditor takes keys from the
beginning; `furnish` gives it colours, completion, suggestions, history, hints, carets and the toolbar. Until then
nothing is imported here but prompt_toolkit.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, in_terminal
from prompt_toolkit.auto_suggest import AutoSuggest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import (
    Condition,
    emacs_insert_mode,
    emacs_mode,
    has_completions,
    has_focus,
    has_selection,
    is_done,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    Float,
    FloatContainer,
    FormattedTextControl,
    Window,
)
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output import Output as PromptOutput
from prompt_toolkit.renderer import CPR_Support
from prompt_toolkit.search import stop_search
from prompt_toolkit.styles import BaseStyle, DynamicStyle, Style
from prompt_toolkit.utils import get_cwidth

from jcopsh.ending import handed_to
from jcopsh.shell.line_search import LineSearch, Search, fails

if TYPE_CHECKING:
    from jcopsh.errors import Ended
    from jcopsh.shell.session import Session
    from jcopsh.shell.theme import ThemeName
    from jcopsh.shell.toolbar import Rows

# how long Escape waits for the rest of a key that begins with it, in seconds: a terminal sends that at once, a person
# who types Escape and then a letter, in place of Alt, takes longer
REST_OF_A_SEQUENCE_S = 0.05
REST_OF_A_KEY_S = 0.5


@dataclass(frozen=True, slots=True)
class Draft:
    """A line as far as it was typed, with its cursor, and what is searched for in the history (None: no search).

    `for_editor`: an editor was asked for, which opens as soon as the line is read again.
    """

    document: Document = field(default_factory=Document)
    search: Search | None = None
    for_editor: bool = False


NOTHING = Draft()


class SetAside(Exception):
    """Reading was stopped for something else, and goes on with `draft`."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft


class LineEditor:
    """Reads lines at the terminal; `input` and `output` stand in for it in tests.

    `take_lines` is called with several lines that came at once, by a paste or from an editor: the first is entered as
    if it had been typed. Its arguments are where they came from, the other lines, and what is left to be edited.
    """

    def __init__(
        self, take_lines: Callable[[str, list[str], str], None], *,
        input: Input | None = None, output: PromptOutput | None = None,  # noqa: A002 — prompt_toolkit's own name for it
    ) -> None:
        self._take_lines = take_lines
        self._session: Session | None = None
        self._suggests: AutoSuggest | None = None
        self._wants_editor = False  # it was asked for before there was a session
        self._search = LineSearch()
        self._styles: tuple[ThemeName | None, BaseStyle] = (None, Style([]))
        self._prompt: PromptSession[str] = PromptSession(
            message=self._message,
            history=DummyHistory(),
            key_bindings=self._bindings(),
            style=DynamicStyle(self._style),
            complete_while_typing=Condition(self._completes_while_typing),
            include_default_pygments_style=False,
            enable_suspend=True,
            input=input,
            output=output,
        )
        app = self._prompt.app
        app.ttimeoutlen, app.timeoutlen = REST_OF_A_SEQUENCE_S, REST_OF_A_KEY_S
        # until it is furnished there is nothing at the bottom of the screen, so nobody asks how far away that is
        app.renderer.cpr_support = CPR_Support.NOT_SUPPORTED
        self._lay_out()
        self._search.attach(self._prompt)

    @property
    def buffer(self) -> Buffer:
        """The line being edited."""
        return self._prompt.default_buffer

    def read(self, draft: Draft = NOTHING, *, started: Callable[[], None] | None = None) -> str:
        """A line, as it was entered; it begins as `draft`. `started` is called in the loop as soon as it was drawn.

        Raises KeyboardInterrupt for Ctrl-C, EOFError for Ctrl-D and for the end of the input, SetAside, and Ended.
        """
        heard: list[Ended] = []

        def end(ended: Ended) -> None:
            heard.append(ended)
            self.call(lambda: self.fail(ended))

        def run() -> None:
            if heard:
                self.fail(heard[0])
            if draft.search is not None:
                self._search.go_on(self._prompt, draft.search)
            elif draft.for_editor:
                self._open_editor(self.buffer)
            elif self.buffer.text and self._completes_while_typing():
                self.buffer.start_completion()  # the menu was open when the line was set aside
            if started is not None:
                self.soon(started)

        self._prompt.app.erase_when_done = self._wants_editor = False
        self._search.begin_anew()
        with handed_to(end):
            try:
                return self._prompt.prompt(default=draft.document, pre_run=run)
            finally:
                if heard:  # it may have come while the line was being entered, or set aside
                    raise heard[0]

    def set_aside(self) -> None:
        """Stop reading, and take the line off the screen: `read` raises SetAside. Nothing if it was just entered."""
        self.fail(SetAside(Draft(*self._search.set_aside(self._prompt), self._wants_editor)))

    def fail(self, error: BaseException) -> None:
        """Stop reading with an exception, and take the line off the screen. Nothing if it was just entered."""
        app = get_app()
        if app.is_running and not app.is_done:
            stop_search()  # else the keys of the next line would go to a search that nobody sees
            app.erase_when_done = True
            app.exit(exception=error)

    def soon(self, function: Callable[[], object]) -> None:
        """Call a function in the loop that reads, after what waits there. To be called in the loop."""
        context = self._prompt.app.context
        asyncio.get_running_loop().call_soon(function, context=context)

    def draw(self) -> None:
        """Draw the line again: what stands around it, or could stand in it, has changed. To be called in the loop."""
        if self.buffer.text and self.buffer.complete_state is None and self._completes_while_typing():
            self.buffer.start_completion()
        self._prompt.app.invalidate()

    def call(self, function: Callable[[], object]) -> None:
        """Call a function in the loop that reads, from another thread; nothing happens while no line is read."""
        loop = self._prompt.app.loop
        if loop is not None:
            with suppress(RuntimeError):  # it was closed just now
                loop.call_soon_threadsafe(function)

    def show_above(self, show: Callable[[], None]) -> None:
        """Let a function print above the line, which stays as it is. To be called in the loop."""
        async def shown() -> None:
            async with in_terminal():
                show()

        get_app().create_background_task(shown())

    # what comes with the session -----------------------------------------------------------------------------------

    def furnish(self, session: Session) -> None:
        """Give the line all that it can have, from now on."""
        from jcopsh.shell.completion import LineCompleter
        from jcopsh.shell.highlight import LineLexer
        from jcopsh.shell.history_adapter import HistoryBuffer, StruckHistory, SuggestLatest

        self._session = session
        prompt, buffer = self._prompt, self._prompt.default_buffer
        prompt.history = buffer.history = StruckHistory(session.history)
        HistoryBuffer.adopt(buffer)
        prompt.lexer = LineLexer(session.registry, session.context)
        prompt.completer = LineCompleter(session.registry, session.context)
        self._suggests = SuggestLatest(session.history)
        renderer = prompt.app.renderer
        renderer.cpr_support = CPR_Support.UNKNOWN if prompt.output.responds_to_cpr else CPR_Support.NOT_SUPPORTED
        session.settings.observers.append(lambda _name, _value: self._apply_settings(session))
        self._apply_settings(session)

    def _apply_settings(self, session: Session) -> None:
        from jcopsh.shell.choices import VI

        settings = session.settings
        vi = settings.keys == VI
        if vi != (self._prompt.editing_mode is EditingMode.VI):
            self._prompt.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
        self._prompt.color_depth = None if session.output.colored else ColorDepth.DEPTH_1_BIT
        # without its grey the rest of another line looks as if it had been typed
        self._prompt.auto_suggest = self._suggests if session.output.colored else None
        self._prompt.bottom_toolbar = self._below if settings.hints or settings.toolbar else None

    def _completes_while_typing(self) -> bool:
        return self._session is not None and self._session.settings.complete_while_typing

    def _style(self) -> BaseStyle:
        from_theme, style = self._styles
        theme = self._session.settings.theme if self._session else None
        if theme is not None and theme is not from_theme:
            from jcopsh.shell.theme import prompt_toolkit_styles

            style = Style.from_dict(prompt_toolkit_styles(theme))
            self._styles = (theme, style)
        return style

    # what is drawn around the line ---------------------------------------------------------------------------------

    def _message(self) -> StyleAndTextTuples:
        if self._session is None:
            return [("", f"{_sign(self._prompt.output.encoding())} ")]
        from jcopsh.shell.prompt import prompt_fragments

        return _classes(prompt_fragments(self._session, self._session.output.glyphs))

    def _rows(self) -> Rows:
        from jcopsh.shell.toolbar import rows_for

        assert self._session is not None  # noqa: S101 — asked for by what is drawn when furnished; for the type checker
        size, settings = self._prompt.output.get_size(), self._session.settings
        return rows_for(size.columns, size.rows, hints=settings.hints, toolbar=settings.toolbar)

    def _below(self) -> StyleAndTextTuples:
        """The hint in its rows, then the toolbar."""
        from jcopsh.shell.hint import hint, wrapped
        from jcopsh.shell.toolbar import toolbar

        session, rows = self._session, self._rows()
        assert session is not None  # noqa: S101 — see _rows
        document, width = self.buffer.document, self._prompt.output.get_size().columns
        parts: list[tuple[str, str]] = []
        if rows.hint:
            shown = self._failed_search() or hint(
                document.text, document.cursor_position, session.registry, session.context()
            )
            parts += wrapped(shown, width, rows.hint)
        if rows.toolbar:
            parts += [("", "\n")] if rows.hint else []
            parts += toolbar(session, width, vi_mode=self._vi_mode())
        return self._writable(parts, session)

    def _failed_search(self) -> list[tuple[str, str]]:
        """That a search through the history finds nothing; empty while it does, or none is going on."""
        if not fails(self._prompt.layout):
            return []
        return [("hint-problem", "no line of the history has this in it"), ("hint", "\nCtrl-G leaves the search")]

    def _writable(self, parts: list[tuple[str, str]], session: Session) -> StyleAndTextTuples:
        """What is drawn, in signs that the terminal can show."""
        from jcopsh.shell.hint import in_ascii
        from jcopsh.shell.theme import UNICODE_GLYPHS

        return _classes(parts if session.output.glyphs == UNICODE_GLYPHS else in_ascii(parts))

    def _vi_mode(self) -> str:
        """How vi's keys are understood just now; empty for emacs' keys."""
        if self._prompt.editing_mode is not EditingMode.VI:
            return ""
        mode = self._prompt.app.vi_state.input_mode
        return {InputMode.NAVIGATION: "normal", InputMode.REPLACE: "replace"}.get(mode, "insert")

    def _carets(self) -> StyleAndTextTuples:
        """Carets under what is wrong; none while all is well, or where they would lie over the line's next row."""
        session, document = self._session, self.buffer.document
        if session is None or not session.settings.hints or not document.text:
            return []
        from jcopsh.shell.hint import caret_line
        from jcopsh.shell.parse_cache import is_long, parsed

        if is_long(document.text):
            return []
        if self._row_of(document.cursor_position) != self._row_of(len(document.text)):
            return []
        columns = self._prompt.output.get_size().columns
        line = parsed(document.text, session.registry, session.context())
        return self._writable(caret_line(line, document.cursor_position, columns, self._indent()) or [], session)

    def _indent(self) -> int:
        """How many columns the prompt takes before the line."""
        return sum(get_cwidth(part[1]) for part in self._message())

    def _row_of(self, position: int) -> int:
        """In which row of the screen a place of the line lies, 0 being the first of the line."""
        before = self.buffer.text[:position]
        return (self._indent() + get_cwidth(before)) // self._prompt.output.get_size().columns

    def _place_of_menu(self) -> int | None:
        """The place of the line under which the menu opens, where it is not the cursor's as it was: else the menu would
        lie over what the line has in its next row."""
        state, end = self.buffer.complete_state, len(self.buffer.text)
        if state is None:
            return None
        last = self._row_of(end)
        if self._row_of(min(state.original_document.cursor_position, self.buffer.cursor_position)) == last:
            return None
        return bisect_left(range(end), last, key=self._row_of)

    def _lay_out(self) -> None:
        """Add to prompt_toolkit's layout: a row of carets under the line, and room for it and for the menu."""
        carets = ConditionalContainer(
            Window(FormattedTextControl(self._carets), height=1, dont_extend_width=True),
            filter=has_focus(DEFAULT_BUFFER) & ~is_done,
        )
        layout = self._prompt.layout
        containers: Iterator[Any] = dropwhile(lambda one: not isinstance(one, FloatContainer), layout.walk())
        # the first is drawn first: the menu lies over it
        next(containers).floats.insert(0, Float(carets, left=0, ycursor=True))
        layout.current_window.height = self._height
        for control in layout.find_all_controls():
            if isinstance(control, BufferControl) and control.buffer is self.buffer:
                control.menu_position = self._place_of_menu

    def _height(self) -> Dimension:
        """The line, and room for what opens under it: never less than before, so that nothing jumps while typing."""
        if self._session is None or get_app().is_done:
            return Dimension()
        rows = self._rows()
        if self.buffer.complete_state is not None:
            room = self._prompt.output.get_size().rows - rows.hint - rows.toolbar
            return Dimension(min=min(room, 1 + self._row_of(len(self.buffer.text)) + rows.menu))
        if self._completes_while_typing():
            return Dimension(min=1 + rows.rest)
        return Dimension(min=2 if rows.hint else 1)

    # keys ----------------------------------------------------------------------------------------------------------

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()
        typing = has_focus(DEFAULT_BUFFER)
        bindings.add(Keys.BracketedPaste, filter=typing)(self._paste)
        # at once: with text selected it begins other keys, and what is typed next would come after the end
        bindings.add("c-c", filter=typing, eager=True)(_interrupt)
        bindings.add("c-x", "c-e", filter=typing & emacs_mode & ~has_selection)(self._edit)
        bindings.add("v", filter=typing & vi_navigation_mode)(self._edit)
        completes = ~has_completions | Condition(_is_only_one_offered)
        bindings.add("tab", filter=typing & completes & (emacs_insert_mode | vi_insert_mode))(_complete)
        bindings.add("escape", filter=typing & emacs_mode & has_completions)(_close_menu)
        bindings.add("c-right", filter=typing & Condition(_is_suggestion_shown))(_take_a_word)
        self._search.add_to(bindings)
        return bindings

    def _paste(self, event: KeyPressEvent) -> None:
        """Insert a paste of one line; of several, run one after the other until one fails."""
        buffer = event.current_buffer
        first, *others = _lines(event.data)
        if not others:
            buffer.insert_text(first)
            return
        before, after = buffer.document.text_before_cursor, buffer.document.text_after_cursor
        self._enter(buffer, "paste", [before + first, *others[:-1]], others[-1] + after)

    def _edit(self, event: KeyPressEvent) -> None:
        """Give the line to the editor. One line that comes back can still be edited, several run."""
        self._open_editor(event.current_buffer)

    def _open_editor(self, buffer: Buffer) -> None:
        if self._session is None:
            self._wants_editor = True
        else:
            get_app().create_background_task(self._edited(buffer, self._session))

    async def _edited(self, buffer: Buffer, session: Session) -> None:
        from jcopsh.errors import JcopshError
        from jcopsh.shell.external_editor import edit
        from jcopsh.shell.parse_cache import parsed

        async with in_terminal():
            try:
                text = edit(parsed(buffer.text, session.registry, session.context()))
            except JcopshError as error:
                session.output.error(error)
                return
        lines = [line for line in _lines(text) if line.strip()]
        if len(lines) > 1:
            self._enter(buffer, "edited text", lines, "")
        else:
            buffer.document = Document("".join(lines))

    def _enter(self, buffer: Buffer, source: str, lines: list[str], rest: str) -> None:
        """Enter the first of several lines, and hand on the others."""
        buffer.document = Document(lines[0])
        self._take_lines(source, [line for line in lines[1:] if line.strip()], rest)
        buffer.validate_and_handle()


def _sign(encoding: str) -> str:
    """The sign that ends the prompt, as far as the terminal can show it (see theme.Glyphs)."""
    try:
        "❯".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ">"
    return "❯"


def _classes(parts: list[tuple[str, str]]) -> StyleAndTextTuples:
    return [(f"class:{style}" if style else "", text) for style, text in parts]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _complete(event: KeyPressEvent) -> None:
    """Insert what all completions begin with, the only one as a whole, or open the menu.

    prompt_toolkit's own Tab is lost when it follows a letter so closely that completing that one is still under way.
    """
    buffer = event.current_buffer
    found = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
    common = get_common_complete_suffix(buffer.document, found) if len(found) > 1 else ""
    if len(found) == 1:
        buffer.apply_completion(found[0])
    elif common:
        buffer.insert_text(common)
    else:
        buffer.start_completion()


def _is_only_one_offered() -> bool:
    """Whether the menu has one entry, which Tab takes; of several it selects the next."""
    state = get_app().current_buffer.complete_state
    return state is not None and len(state.completions) == 1 and state.complete_index is None


def _interrupt(event: KeyPressEvent) -> None:
    """Give the line up."""
    event.app.exit(exception=KeyboardInterrupt, style="class:aborting")


def _close_menu(event: KeyPressEvent) -> None:
    event.current_buffer.cancel_completion()


def _is_suggestion_shown() -> bool:
    buffer = get_app().current_buffer
    return bool(buffer.suggestion and buffer.suggestion.text) and buffer.document.is_cursor_at_the_end


def _take_a_word(event: KeyPressEvent) -> None:
    """Take over the suggestion up to the end of its next word."""
    suggestion = event.current_buffer.suggestion
    if suggestion is not None:
        word = suggestion.text.lstrip(" ")
        blanks = len(suggestion.text) - len(word)
        end = word.find(" ")
        event.current_buffer.insert_text(suggestion.text[: blanks + end + 1 if end >= 0 else None])
