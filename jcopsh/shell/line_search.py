"""The search through the history, as Ctrl-R begins it: what shows that it fails, and the way back to where it began.

prompt_toolkit does the searching. Here is what it leaves out, with nothing imported but prompt_toolkit, as in
line_editor.
"""

from __future__ import annotations

from dataclasses import dataclass

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import Layout
from prompt_toolkit.layout.controls import SearchBufferControl
from prompt_toolkit.layout.processors import ReverseSearchProcessor, Transformation, TransformationInput
from prompt_toolkit.search import SearchDirection, SearchState, start_search, stop_search

_FAILED = ("class:prompt.search", "failed ")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the history: how many lines lie behind the line, and the cursor in it."""

    lines_behind: int
    cursor: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was set aside: what for, which way, and how far it had come."""

    wanted: str
    direction: SearchDirection
    reached: Place


class LineSearch:
    """The searches of one prompt. `add_to` gives it its keys, `attach` its place on the screen."""

    def __init__(self) -> None:
        self._began: Place | None = None  # where the search that goes on began

    def add_to(self, bindings: KeyBindings) -> None:
        """The keys that leave a search."""
        for key in ("c-g", "c-c"):
            bindings.add(key, filter=is_searching)(self._leave)

    def attach(self, prompt: PromptSession[str]) -> None:
        """Show in the prompt what fails, and look where searches begin."""
        for control in prompt.layout.find_all_controls():
            if isinstance(control, SearchBufferControl) and control.buffer is prompt.search_buffer:
                control.input_processors = [
                    _FailingSearch() if isinstance(one, ReverseSearchProcessor) else one
                    for one in control.input_processors or ()]
        prompt.app.key_processor.after_key_press += lambda _: self._look(prompt)

    def begin_anew(self) -> None:
        """No search goes on: a line is read from its beginning."""
        self._began = None

    def set_aside(self, prompt: PromptSession[str]) -> tuple[Document, Search | None]:
        """The line, as it is without the search, and the search if one goes on."""
        buffer, searched = prompt.default_buffer, prompt.layout.search_target_buffer_control
        if searched is None:
            return buffer.document, None
        reached = _place(buffer)
        began = self._began or reached
        search = Search(prompt.search_buffer.text, searched.search_state.direction, reached)
        _go_to(buffer, began)
        if reached.lines_behind == began.lines_behind:  # the line itself, which is the last one from now on
            search = Search(search.wanted, search.direction, Place(0, reached.cursor))
        return buffer.document, search

    def go_on(self, prompt: PromptSession[str], search: Search) -> None:
        """Search as before. To be called when the line is read again."""
        self._began = _place(prompt.default_buffer)
        start_search(direction=search.direction)
        _go_to(prompt.default_buffer, search.reached)
        prompt.search_buffer.document = Document(search.wanted)

    def _look(self, prompt: PromptSession[str]) -> None:
        """After each key: the one that began a search has moved nothing yet."""
        if prompt.layout.search_target_buffer_control is None:
            self._began = None
        elif self._began is None:
            self._began = _place(prompt.default_buffer)

    def _leave(self, event: KeyPressEvent) -> None:
        """Give the search up: the line is as it was before."""
        stop_search()
        if self._began is not None:
            _go_to(event.app.current_buffer, self._began)


def fails(layout: Layout) -> bool:
    """Whether a search goes on that finds nothing."""
    searched = layout.search_target_buffer_control
    wanted = layout.current_buffer.text if layout.current_buffer else ""
    if searched is None or not wanted:
        return False
    ignore_case = searched.search_state.ignore_case
    state = SearchState(wanted, searched.search_state.direction, ignore_case)
    found = searched.buffer.document_for_search(state).text
    return wanted.lower() not in found.lower() if ignore_case() else wanted not in found


class _FailingSearch(ReverseSearchProcessor):
    """Draws `(failed reverse-i-search)` where the text is not found, as bash does: the line beside it is not found."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """The search as prompt_toolkit draws it, with one word more."""
        drawn = super().apply_transformation(transformation_input)
        if not fails(get_app().layout):
            return drawn
        shift = len(_FAILED[1])
        return Transformation(
            [*drawn.fragments[:1], _FAILED, *drawn.fragments[1:]],
            source_to_display=lambda i: drawn.source_to_display(i) + shift,
            display_to_source=lambda i: drawn.display_to_source(i - shift),
        )


def _place(buffer: Buffer) -> Place:
    return Place(len(buffer._working_lines) - 1 - buffer.working_index, buffer.cursor_position)


def _go_to(buffer: Buffer, place: Place) -> None:
    if place.lines_behind:
        buffer.load_history_if_not_yet_loaded()
    buffer.working_index = max(0, len(buffer._working_lines) - 1 - place.lines_behind)
    buffer.cursor_position = place.cursor
