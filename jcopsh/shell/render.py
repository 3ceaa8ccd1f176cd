"""What a person sees: values drawn on standard output, errors as three lines on standard error.

`render` gives what rich draws for a value; a type that is not known is drawn from its fields. Whoever has a type of
their own to draw registers a function with `register`. rich is imported when the first thing is drawn.
"""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar

from jcopsh.dumb_terminal import is_dumb
from jcopsh.errors import JcopshError, UsageError
from jcopsh.operations.progress import Progress
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.choices import ALWAYS, AUTO
from jcopsh.shell.json_form import error_form, one_line, to_json
from jcopsh.shell.line import Line
from jcopsh.shell.pager import page, without_colors
from jcopsh.shell.progress_line import ERASE_LINE, progress_line
from jcopsh.shell.strike import byte_runs, strike
from jcopsh.shell.theme import Glyphs, ThemeName, glyphs_for, rich_styles
from jcopsh.shell.tokens import Problem
from jcopsh.shell.visible import visible

if TYPE_CHECKING:
    from functools import _SingleDispatchCallable

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

T = TypeVar("T")
BUG = "this is a bug in jcopsh, or in a plugin"
WIDTH_OF_A_PIPE = 100  # columns, where no terminal says how wide it is
MIN_WIDTH = 40
# blanks at the end of a line, and the ends of colours among them
_TRAILING_BLANKS = re.compile(r"(?: |\x1b\[[0-9;]*m)+$", re.MULTILINE)


def render(value: Any, canvas: Canvas) -> RenderableType:
    """What rich draws for a value."""
    return _all_drawings()(value, canvas)


def register(kind: type[T], drawing: Callable[[T, Canvas], RenderableType]) -> None:
    """Draw values of this type by this function."""
    _all_drawings().register(kind, drawing)


def _all_drawings() -> _SingleDispatchCallable[RenderableType]:
    from jcopsh.shell import drawings

    # these register their drawings when they are imported
    for name in ("memory_drawings", "file_drawings", "help_drawings", "reader_drawings",
                 "registry_drawings", "cap_drawings", "content_drawings", "key_drawings"):
        import_module(f"jcopsh.shell.{name}")
    return drawings.draw


@dataclass(frozen=True, slots=True)
class Shown:
    """A value that was shown, and whether it was to be as JSON."""

    value: Any
    json: bool = False


@dataclass(slots=True)
class Held:
    """What was shown while it was held back; the first `told` of the values have been shown after all."""

    values: list[Shown] = field(default_factory=list)
    told: int = 0


class Output:
    """Standard output and standard error as the shell uses them: width, colours, signs.

    `color` is `auto`, `always` or `never`; `auto` means colours at a terminal, unless NO_COLOR is set. `width` fixes
    the columns; None asks the terminal each time.

    Standard output that cannot be written is a JcopshError, and BrokenPipeError where its reader has gone. What cannot
    be written on standard error is lost, and the exit code has to tell.
    """

    def __init__(
        self, *, stdout: IO[str] | None = None, stderr: IO[str] | None = None, color: str = AUTO,
        theme: ThemeName = ThemeName.DARK, width: int | None = None,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._width = width
        self._color = color
        self._theme = theme
        self._consoles: dict[bool, Console] = {}
        self._held: list[Held] = []
        self._passing = False  # whether a progress stands on the line that the cursor is on

    def restyle(self, color: str, theme: ThemeName) -> None:
        """Change colours from now on."""
        self._color, self._theme = color, theme
        self._consoles.clear()

    @property
    def theme(self) -> ThemeName:
        """What the colours are chosen for."""
        return self._theme

    @property
    def colored(self) -> bool:
        """Whether standard output gets colours."""
        return self._wants_color(self._file(errors=False))

    @property
    def columns(self) -> int | None:
        """How wide standard output is; None where it is no terminal."""
        return self._console(errors=False).width if self._file(errors=False).isatty() else None

    @property
    def glyphs(self) -> Glyphs:
        """The signs that standard output can show."""
        return glyphs_for(getattr(self._file(errors=False), "encoding", None))

    # values ---------------------------------------------------------------------------------------------------------

    def show(self, value: Any, *, json: bool = False, paged: bool = False) -> None:
        """Draw a value, or print it as one line of JSON. None shows nothing.

        `paged`: what is longer than the screen of a terminal goes through the pager.
        """
        if value is None:
            return
        if isinstance(value, Progress):
            self._show_progress(value, json=json)
            return
        if self._held:
            self._held[-1].values.append(Shown(value, json))
            return
        text = self._drawn(value, json=json)
        if not (paged and not json and self._is_longer_than_screen(text) and page(text)):
            self._write(text, errors=False)

    def _show_progress(self, progress: Progress, *, json: bool) -> None:
        """One line of a terminal's standard error, which whatever is written next takes the place of."""
        file = self._file(errors=True)
        if json or not file.isatty() or is_dumb(os.environ.get("TERM")):
            return
        self._write(progress_line(progress, self._canvas(self._console(errors=True)).width), errors=True)
        self._passing = True

    @contextmanager
    def holding(self) -> Iterator[Held]:
        """Hold back what is shown within the block."""
        held = Held()
        self._held.append(held)
        try:
            yield held
        finally:
            self._held.remove(held)

    @property
    def is_holding(self) -> bool:
        """Whether what is shown now goes to a file or program in the end."""
        return bool(self._held)

    def show_held(self) -> None:
        """Show what is held back and was not shown yet: a question about it comes, or it goes nowhere else."""
        for held in self._held:
            waiting, held.told = held.values[held.told :], len(held.values)
            for one in waiting:
                self._write(self._drawn(one.value, json=one.json), errors=False)

    def _drawn(self, value: Any, *, json: bool) -> str:
        if json:
            return f"{to_json(value)}\n"
        if isinstance(value, str) and not self._file(errors=False).isatty():
            return f"{visible(value)}\n"
        console = self._console(errors=False)
        return self._on_paper(console, render(value, self._canvas(console)))

    def _is_longer_than_screen(self, text: str) -> bool:
        """Whether a text and the prompt after it have no room on the terminal."""
        file = self._file(errors=False)
        if not file.isatty() or is_dumb(os.environ.get("TERM")):
            return False
        try:
            size = os.get_terminal_size(file.fileno())
        except OSError:
            return False
        rows = (max(1, -(-_cells(line) // max(1, size.columns))) for line in without_colors(text).splitlines())
        return sum(rows) >= size.lines

    # errors ---------------------------------------------------------------------------------------------------------

    def error(self, error: JcopshError, line: Line | None = None, *, json: bool = False) -> None:
        """Show an error: what happened, what it means, what to try. The line it is about comes first, struck."""
        self.show_held()
        if json:
            return self.show_json_error(error)
        if line is not None:
            self._show_line(line)
        self._three_lines(error.what, error.meaning, f"try: {error.hint}" if error.hint else "")
        return None

    def problem(self, problem: Problem, line: Line, *, begun: bool = False, json: bool = False) -> None:
        """Show what is wrong with a line: the line without its secrets, carets under the word, and what to try.

        `begun` says that commands before it on the line have run.
        """
        self.show_held()
        outcome = "what stands before it was run, this was not" if begun else "nothing of this line was run"
        if json:
            error = UsageError(problem.message, meaning=outcome, hint=problem.hint)
            return self.show_json_error(error)
        from rich.text import Text

        console = self._console(errors=True)
        struck = line.struck()
        text, start, end = _window(
            struck.text, struck.at(problem.start), struck.at(problem.end, end=True), self._canvas(console).width
        )
        self._print(console, Text(visible(text)))
        carets = Text(" " * _cells(text[:start])).append("^" * max(1, _cells(text[start:end])), "bad")
        if _cells(carets.plain) + 1 + _cells(problem.message) <= console.width:
            self._print(console, carets.append(f" {problem.message}", "bad"))
            self._three_lines(outcome, problem.hint)
        else:
            self._print(console, carets)
            self._three_lines(problem.message, outcome, problem.hint)
        return None

    def bug(self, error: BaseException, *, json: bool = False) -> None:
        """Show an exception that should not be: where it came from, without values, which may be secret."""
        self.show_held()
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
        message = strike(str(error), byte_runs(str(error))).text
        what = f"{type(error).__name__}: {message}" if message else type(error).__name__
        if json:
            self.show_json_error(JcopshError(what, meaning=BUG))
            return
        self._write(visible(frames), errors=True)
        self._three_lines(what, BUG, "try: report it, with the lines above")

    def note(self, text: str) -> None:
        """A sentence beside the results, on standard error."""
        from rich.text import Text

        console = self._console(errors=True)
        self._print(console, Text(visible(text), "dim"), wrap=self._file(errors=True).isatty())

    def trace(self, text: str) -> None:
        """Lines of a trace (`jcopsh.shell.trace`), on standard error, each on one line however long it is."""
        if self._wants_color(self._file(errors=True)):
            from jcopsh.shell.apdu_lexer import colored_trace

            text = colored_trace(text, self._theme)
        self._write(f"{text}\n", errors=True)

    @property
    def trace_columns(self) -> int:
        """How wide standard error is."""
        return self._console(errors=True).width

    def show_json_error(self, error: JcopshError) -> None:
        """An error as one line of JSON, on standard error."""
        self._write(f"{one_line(error_form(error))}\n", errors=True)

    def _show_line(self, line: Line) -> None:
        from rich.text import Text

        text = visible(line.struck().text.strip())
        self._print(self._console(errors=True), Text(text, "dim", overflow="fold"))

    def _three_lines(self, what: str, *others: str) -> None:
        from rich.padding import Padding
        from rich.text import Text

        console = self._console(errors=True)
        failed = glyphs_for(console.encoding).failed
        self._print(console, _beside(f"{failed} ", "bad", Text(visible(what))))
        for other in others:
            if other:
                self._print(console, Padding(Text(visible(other)), (0, 0, 0, 2)))

    def _print(self, console: Console, drawing: RenderableType, *, wrap: bool = True) -> None:
        self._write(self._on_paper(console, drawing, wrap=wrap), errors=console is self._consoles.get(True))

    def _on_paper(self, console: Console, drawing: RenderableType, *, wrap: bool = True) -> str:
        """What the console would write, without the blanks that rich fills lines up with.

        All that is drawn comes by here, so here goes what would steer the terminal, from whichever card or file it is.
        """
        paper = console.file
        assert isinstance(paper, _Paper)  # noqa: S101 — _new_console has seen to it; for the type checker
        console.print(_Harmless(drawing), soft_wrap=not wrap)
        return _TRAILING_BLANKS.sub(lambda blanks: blanks[0].replace(" ", ""), paper.taken())

    def _write(self, text: str, *, errors: bool) -> None:
        file = self._file(errors=errors)
        if self._passing:
            self._passing = False
            self._write(ERASE_LINE, errors=True)
        try:
            file.write(_encodable(text, getattr(file, "encoding", None)))
            file.flush()
        except OSError as error:
            gone = isinstance(error, BrokenPipeError)
            if gone and not errors:
                raise
            _give_up(file)
            if not errors:
                raise JcopshError(f"standard output cannot be written: {error.strerror}") from None

    # consoles -------------------------------------------------------------------------------------------------------

    def _file(self, *, errors: bool) -> IO[str]:
        if errors:
            file = self._stderr if self._stderr is not None else sys.stderr
        else:
            file = self._stdout if self._stdout is not None else sys.stdout
        return _CLOSED if file is None or file.closed else file

    def _wants_color(self, file: IO[str]) -> bool:
        if self._color != AUTO:
            return self._color == ALWAYS
        return file.isatty() and not os.environ.get("NO_COLOR") and not is_dumb(os.environ.get("TERM"))

    def _console(self, *, errors: bool) -> Console:
        file = self._file(errors=errors)
        known = self._consoles.get(errors)
        if known is None or known.file.stream is not file:  # type: ignore[attr-defined]  # a _Paper
            known = self._consoles[errors] = self._new_console(file)
        return known

    def _new_console(self, file: IO[str]) -> Console:
        from rich.console import Console
        from rich.theme import Theme

        color = self._wants_color(file)
        width = self._width
        if width is None and not file.isatty() and not os.environ.get("COLUMNS"):
            width = WIDTH_OF_A_PIPE
        elif width is None and is_dumb(os.environ.get("TERM")):
            width = shutil.get_terminal_size().columns  # rich takes it for 80 columns wide
        return Console(
            file=_Paper(file), width=width, theme=Theme(rich_styles(self._theme)), highlight=False, markup=False,
            emoji=False, color_system=_color_system() if color else None, force_terminal=True if color else None,
            no_color=not color, legacy_windows=False,
        )

    def _canvas(self, console: Console) -> Canvas:
        return Canvas(max(MIN_WIDTH, console.width), glyphs_for(console.encoding))


def _color_system() -> Literal["standard", "256"]:
    """What the terminal says it can show; of the sixteen colours the codes are the same in both."""
    many = "256color" in os.environ.get("TERM", "") or os.environ.get("COLORTERM") in ("truecolor", "24bit")
    return "256" if many else "standard"


@dataclass(frozen=True, slots=True)
class _Harmless:
    """A drawing in whose texts nothing steers the terminal; the colours that rich adds come later."""

    drawing: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self.drawing, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


class _Paper(io.StringIO):
    """What rich writes on in place of a stream, so that every failure to write is met in one place."""

    encoding = "utf-8"  # where the stream has none

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        self.stream = stream
        self.encoding = getattr(stream, "encoding", None) or self.encoding

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self.stream.isatty()

    def taken(self) -> str:
        """What was written since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


class _Closed(io.TextIOBase):
    """What stands for a standard stream that the program was started without."""

    def write(self, _text: str, /) -> int:
        raise OSError(errno.EBADF, "it is closed")


_CLOSED: IO[str] = _Closed()  # type: ignore[assignment]  # a text stream, though typing.IO wants a name and a mode too


def _give_up(file: IO[str]) -> None:
    """Let what waits in a stream that cannot be written go nowhere, so that Python does not try again at its end."""
    try:
        descriptor = file.fileno()
    except OSError:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _encodable(text: str, encoding: str | None) -> str:
    """The text with escapes for what an encoding does not have."""
    if encoding is None or encoding.lower().startswith("utf"):
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _beside(sign: str, style: str, text: RenderableType) -> RenderableType:
    """A sign, and a text that stays right of it where it is wrapped."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=0)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(sign, style), text)
    return grid


def _window(text: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """The part of a long line around a span, cut with … so that it fits, and the span in it."""
    if _cells(text) < width:
        return text, start, min(end, max(len(text), start + 1))
    first = max(0, min(start - width // 3, len(text) - width + 2))
    head = "…" if first else ""
    shown = head + text[first : first + width - 3]
    shown += "…" if first + width - 3 < len(text) else ""
    shift = first - len(head)
    return shown, start - shift, min(end - shift, len(shown))


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
