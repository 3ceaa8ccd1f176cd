"""The history as prompt_toolkit uses it: lines to go up through, to search, and to suggest the rest of a line from.

prompt_toolkit copies the whole history into its buffer for every prompt, and searches it through a `deque` and a
`Document` for each line. With 100,000 lines that takes longer than a keystroke may. HistoryBuffer reads the lines where
they are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import History as PromptHistory
from prompt_toolkit.search import SearchDirection, SearchState

from jcopsh.shell.history import History
from jcopsh.shell.parse_cache import forget_lines

_LOOK_AGAIN_S = 0.02
_STRETCH = 500  # lines that are searched at once


class StruckHistory(PromptHistory):
    """The history as prompt_toolkit wants it. What it is given is struck first: it never holds a secret."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self.history = history

    def load_history_strings(self) -> Iterable[str]:
        """The lines, the latest first."""
        return reversed(self.history.lines)

    def get_strings(self) -> list[str]:
        """The lines, the oldest first: Alt-. takes the last word from them."""
        return self.history.lines if self.history.ready else []

    def append_string(self, string: str) -> None:
        """Keep a line without its secrets. It was entered: nothing else has to remember it as it was typed."""
        self.history.add(string)
        forget_lines()

    def store_string(self, string: str) -> None:
        """Nothing is left to do: `append_string` has kept the line."""


# --- going through the lines, and searching them -------------------------------------------------------------------


class WorkingLines:
    """The lines of the history and, behind them, the one being typed. What is edited is changed here alone.

    It does what a Buffer asks of its list of lines. `history` may grow meanwhile: what is added to it is not seen.
    """

    def __init__(self, history: list[str], typed: str) -> None:
        self._history = history
        self._count = len(history)
        self._edited: dict[int, str] = {self._count: typed}
        self._searched: tuple[object, int | None] | None = None  # the last search and what it found

    def __len__(self) -> int:
        return self._count + 1

    def __getitem__(self, index: int) -> str:
        index = index + len(self) if index < 0 else index
        edited = self._edited.get(index)
        return self._history[index] if edited is None else edited

    def __setitem__(self, index: int, line: str) -> None:
        self._edited[index + len(self) if index < 0 else index] = line
        self._searched = None

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def find(self, wanted: str, start: int, step: int, *, ignore_case: bool, unlike: str) -> int | None:
        """The line with a text in it that comes first from `start`, in steps of 1 or -1, round about the end.

        A line equal to `unlike` is passed over: it is the one that is shown already. prompt_toolkit searches several
        times for each key, and to find nothing takes longest: the last answer is kept.
        """
        asked = (wanted, start, step, ignore_case, unlike)
        if self._searched is None or self._searched[0] != asked:
            found = self._find(wanted, start, step, ignore_case=ignore_case, unlike=unlike)
            self._searched = asked, found
        return self._searched[1]

    def _find(self, wanted: str, start: int, step: int, *, ignore_case: bool, unlike: str) -> int | None:
        last = len(self) - 1
        onwards, around = (
            (range(start, last + 1), range(min(start, last + 1))) if step > 0 else
            (range(start, -1, -1), range(last, max(start, -1), -1))
        )
        wanted = wanted.lower() if ignore_case else wanted
        for index in chain(self._with(wanted, onwards, ignore_case), self._with(wanted, around, ignore_case)):
            line = self[index]
            if wanted in (line.lower() if ignore_case else line) and line != unlike:
                return index
        return None

    def _with(self, wanted: str, indexes: range, ignore_case: bool) -> Iterator[int]:
        """Those of the lines that may hold a text: long stretches without it are passed over at once."""
        for start in range(0, len(indexes), _STRETCH):
            stretch = indexes[start : start + _STRETCH]
            first, last = sorted((stretch[0], stretch[-1]))
            together = "\n".join(self._history[first : last + 1])
            edited = any(first <= index <= last for index in self._edited)
            if edited or wanted in (together.lower() if ignore_case else together):
                yield from stretch


class HistoryBuffer(Buffer):
    """A Buffer that goes through the lines of a StruckHistory without copying them."""

    _working_lines: Any  # a deque until the history was read, WorkingLines from then on

    @classmethod
    def adopt(cls, buffer: Buffer) -> None:
        """Make a HistoryBuffer of a plain Buffer with a StruckHistory: PromptSession takes none, it makes its own."""
        buffer.__class__ = cls

    def load_history_if_not_yet_loaded(self) -> None:
        """Take over the history as soon as it was read. Called whenever the line is drawn."""
        if self._kept.ready:
            self._take_over()
        else:
            self._kept.load_in_background()

    def history_backward(self, count: int = 1) -> None:
        """Go back by some lines."""
        self._take_over()
        super().history_backward(count)

    @property
    def _kept(self) -> History:
        """Where its lines come from."""
        assert isinstance(self.history, StruckHistory)  # noqa: S101 — see `adopt`; for the type checker
        return self.history.history

    def _take_over(self) -> None:
        """Put the lines of the history before the one being typed, once for each prompt; waits until they were read."""
        if isinstance(self._working_lines, deque):
            self._working_lines = WorkingLines(self._kept.lines, self._working_lines[-1])
            # the property would tell that the text has changed, which it has not
            self._Buffer__working_index = len(self._working_lines) - 1

    def _search(
        self, search_state: SearchState, include_current_position: bool = False, count: int = 1
    ) -> tuple[int, int] | None:
        """The line and the place in it where a search ends; None where nothing is found."""
        self._take_over()
        index, document = self.working_index, self.document
        for _ in range(count):
            found = self._search_once(search_state, index, document, include_current_position)
            if found is None:
                return None
            index, document = found
        return index, document.cursor_position

    def _search_once(
        self, search_state: SearchState, index: int, document: Document, include_current_position: bool
    ) -> tuple[int, Document] | None:
        text, ignore_case = search_state.text, search_state.ignore_case()
        forward = search_state.direction is SearchDirection.FORWARD
        if forward:
            here = document.find(text, include_current_position=include_current_position, ignore_case=ignore_case)
        else:
            here = document.find_backwards(text, ignore_case=ignore_case)
        if here is not None:
            return index, Document(document.text, document.cursor_position + here)
        step = 1 if forward else -1
        found = self._working_lines.find(text, index + step, step, ignore_case=ignore_case, unlike=document.text)
        if found is None:
            return None
        line = self._working_lines[found]
        searched, wanted = (line.lower(), text.lower()) if ignore_case else (line, text)
        return found, Document(line, searched.find(wanted) if forward else searched.rfind(wanted))


# --- suggesting the rest of a line ---------------------------------------------------------------------------------


class SuggestLatest(AutoSuggest):
    """Suggests the rest of the latest line that begins as the typed one does.

    None with a struck secret, and none that brings keys to the screen.
    """

    def __init__(self, history: History) -> None:
        self._history = history

    async def get_suggestion_async(self, buff: Buffer, document: Document) -> Suggestion | None:
        """The same as soon as the history was read."""
        while document.text.strip() and not self._history.ready:
            self._history.load_in_background()
            await asyncio.sleep(_LOOK_AGAIN_S)
        return self.get_suggestion(buff, document)

    def get_suggestion(
        self, buffer: Buffer, document: Document  # noqa: ARG002 — prompt_toolkit passes both
    ) -> Suggestion | None:
        """What would make the text before the cursor a line of the history."""
        text = document.text
        if not text.strip():
            return None
        if not self._history.ready:
            return None
        line = self._history.beginning_with(text)
        return None if line is None else Suggestion(line[len(text):])
