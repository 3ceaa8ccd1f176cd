"""Golden screens: what a person sees at the terminal, feature by feature, in windows of three sizes.

    python -m tests.screens              draws tests/golden/screens anew; look at the difference before you keep it
    python -m tests.screens NAME         draws one

Each file shows one scene in several windows. Under a row stand its colours and attributes where the scene is about
them: `column-column style`. What changes from one run to the next (journal names, versions) is masked.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.e2e.support import Jcopsh
from tests.reader_stack import READERS, ReaderStack, program, use_socket_in
from tests.terminal import Terminal

FOLDER = Path(__file__).parent / "golden" / "screens"
QUIET_S = 0.8  # a screen that was still for so long is drawn to its end; only for drawing anew, never for a test

ENTER, TAB, SHIFT_TAB, ESCAPE, UP = "\r", "\t", "\x1b[Z", "\x1b", "\x1b[A"
RIGHT, CTRL_RIGHT, ALT_F = "\x1b[C", "\x1b[1;5C", "\x1bf"
CTRL_C, CTRL_D, CTRL_E, CTRL_G, CTRL_L = "\x03", "\x04", "\x05", "\x07", "\x0c"
CTRL_R, CTRL_S = "\x12", "\x13"
CTRL_X_CTRL_E = "\x18\x05"
READY = "J2A040 ❯"

_MASKS = (
    (re.compile(r"\d{8}-\d{6}-\d{6}-\d+\.jsonl"), "JOURNAL.jsonl"),
    (re.compile(r"journal (…|\.)[-\d]{11}"), r"journal \1###########"),
    (re.compile(r"jcopsh \d+\.\d+\.\d+"), "jcopsh VERSION"),
)


@dataclass(frozen=True)
class Wait:
    """Wait until the screen shows a text."""

    text: str


@dataclass(frozen=True)
class Resize:
    """Make the window another size."""

    columns: int
    rows: int


Step = str | Wait | Resize  # a string is typed


@dataclass(frozen=True)
class Window:
    """A window to play a scene in."""

    columns: int
    rows: int
    colored: bool = True

    @property
    def title(self) -> str:
        """What the golden file calls it, with its colours or without."""
        return f"{self.columns}x{self.rows}"


WINDOWS = (Window(80, 24), Window(120, 40), Window(40, 10), Window(80, 24, colored=False))
USUAL = (Window(80, 24),)  # for more of a feature that another scene shows in every window
WIDE_AND_TINY = (Window(200, 50), Window(20, 5))


@dataclass(frozen=True)
class Scene:
    """What is typed, and what a feature then looks like. `styled` draws the colours too.

    `prepare` puts files into the home folder first; `environment` is added to the program's. `kind` is that of the
    terminal. `readers`: in place of the simulated card there are two readers, with a card in the first.
    """

    name: str
    steps: tuple[Step, ...]
    styled: bool = False
    prepare: Callable[[Path], None] = lambda _folder: None
    environment: dict[str, str] = field(default_factory=dict)
    windows: tuple[Window, ...] = WINDOWS
    kind: str = "xterm-256color"
    readers: bool = False


def history_of(*lines: str) -> Callable[[Path], None]:
    """The history file with these lines in it."""
    def prepare(folder: Path) -> None:
        file = folder / "state" / "jcopsh" / "history"
        file.parent.mkdir(parents=True)
        file.write_text("".join(f"{line}\n" for line in lines))

    return prepare


def files_of_all_kinds(folder: Path) -> None:
    """A folder with files that go by their endings."""
    there = folder / "there"
    (there / "folder").mkdir(parents=True)
    for name in ("applet.cap", "dump.bin", "first.jcop", "jcshell.jcsh", "log.jsonl", "notes.txt", "two words.jcop"):
        (there / name).touch()


def editor_that_writes(text: str) -> Callable[[Path], None]:
    """An editor, `edit` in the home folder, that shows what it got and puts TEXT in its place."""
    def prepare(folder: Path) -> None:
        script = folder / "edit"
        script.write_text(f"#!/bin/sh\nprintf 'editing: '; cat \"$1\"\nprintf '{text}' > \"$1\"\n")
        script.chmod(0o755)

    return prepare


def pasted(text: str) -> str:
    """A paste, as a terminal marks it."""
    return f"\x1b[200~{text}\x1b[201~"


SCENES = (
    Scene("menu", (Wait(READY), "read cm_k", Wait("cm_key2 "), TAB, Wait("cm_key1_version "), TAB), styled=True),
    Scene("menu_of_commands", (Wait(READY), "re", Wait("reset "))),
    # the line goes on in a second row: the menu lies under it, not over it
    Scene("menu_under_two_rows", (Wait(READY), "read 0xC00305 16; read cm_key1_", Wait("cm_key1_version "), TAB),
          windows=(Window(40, 14),)),
    Scene("menu_closed", (Wait(READY), "read cm_k", Wait("cm_key2 "), ESCAPE), windows=USUAL),
    Scene("menu_of_aids", (Wait(READY), "select ", Wait("identify")), styled=True),
    Scene("menu_of_values", (Wait(READY), "set theme ", Wait("colorblind")), windows=USUAL),
    Scene("menu_of_options", (Wait(READY), "dump --", Wait("--json")), windows=USUAL),
    Scene("menu_of_scripts", (Wait(READY), "run there/", Wait("script of JCShell")), prepare=files_of_all_kinds),
    Scene("menu_of_files", (Wait(READY), "identify > there/", Wait("applet.cap")), prepare=files_of_all_kinds,
          windows=USUAL),
    Scene("menu_of_readers", (Wait("no card ❯"), "connect ", Wait("reader 1")), readers=True),
    Scene("menu_of_topics", (Wait(READY), "? t", Wait("transport key")), windows=USUAL),
    Scene("tab_completes", (Wait(READY), "set complete_while_typing off\r", Wait("typed"), "ident", TAB),
          windows=USUAL),
    Scene("apdu_parts", (Wait(READY), "send 00A4", Wait("04 ")), styled=True),
    Scene("apdu_bodies", (Wait(READY), "send 00A40400", Wait("09 A0")), windows=USUAL),
    Scene("apdu_for_the_reader", (Wait(READY), "reader-send FF CA ", Wait("UID")), windows=USUAL),
    # none without colours: it would look as if it had been typed
    Scene("suggestion", (Wait(READY), "rea", Wait("cm_key2 16")), styled=True,
          prepare=history_of("read cm_key2 16", "help"), windows=WINDOWS[:3]),
    Scene("suggestion_taken_by_word", (Wait(READY), "rea", Wait("cm_key2 16"), CTRL_RIGHT, Wait("[LENGTH]")),
          prepare=history_of("read cm_key2 16", "help"), windows=USUAL),
    Scene("history_search", (Wait(READY), CTRL_L, CTRL_R, Wait("reverse"), "key1"), styled=True,
          prepare=history_of("read cm_key1 16", "read cm_key2 8", "help")),
    Scene("suggestion_taken_by_word_in_emacs", (Wait(READY), "rea", Wait("cm_key2 16"), ALT_F, Wait("[LENGTH]")),
          prepare=history_of("read cm_key2 16", "help"), windows=USUAL),
    Scene("suggestion_taken", (Wait(READY), "rea", Wait("cm_key2 16"), RIGHT, Wait("[LENGTH]")),
          prepare=history_of("read cm_key2 16", "help"), windows=USUAL),
    Scene("history_search_forward", (Wait(READY), CTRL_R, "read", Wait("key2 8"), CTRL_R, Wait("key1 1"), CTRL_S,
                                     Wait("i-search)`read': read cm_key2")),
          prepare=history_of("read cm_key1 16", "read cm_key2 8", "help"), windows=USUAL),
    Scene("history_search_fails", (Wait(READY), CTRL_L, CTRL_R, Wait("reverse"), "key", Wait("read cm_key1 16"), "3",
                                   Wait("no line")),
          prepare=history_of("read cm_key1 16", "help")),
    Scene("history_search_given_up", (
        Wait(READY), "help", CTRL_R, "read", Wait("key2 8"), CTRL_R, Wait("key1 1"), CTRL_G, Wait("❯ help")),
          prepare=history_of("read cm_key1 16", "read cm_key2 8"), windows=USUAL),
    Scene("colors", (Wait(READY), "read 0xC00305 16; send 00A4040000; write cm_key1 |JCOPSIMULATEDTK0| # x"),
          styled=True),
    Scene("error_mark", (Wait(READY), "read 0xZZ 16", Wait("^")), styled=True),
    Scene("error_mended", (Wait(READY), "read 0xZZ", Wait("0xZZ"), " ", Wait("^"), "\x7f\x7f\x7fC00305 "),
          windows=USUAL),
    Scene("hint", (Wait(READY), "read cm_key1 ", Wait("LENGTH")), styled=True),
    Scene("toolbar", (Wait(READY), "select isd\r", Wait("selected"), "select tk\r", Wait("root")), styled=True),
    Scene("toolbar_and_hints_off", (Wait(READY), "set toolbar off; set hints off\r", Wait("typed"), "read cm_key1 "),
          windows=USUAL),
    Scene("question_mark", (Wait(READY), "? read\r", Wait(READY), "")),
    *(Scene(f"help_{topic.replace(' ', '_')}", (Wait(READY), f"help {topic}\r"),
            windows=WINDOWS if topic == "APDU" else USUAL)
      for topic in ("unfused cards", "transport key", "memory map", "fuse", "APDU", "status words")),
    Scene("pager", (Wait(READY), "help status words\r", Wait(":")), environment={"PAGER": "less"}),
    Scene("piped", (Wait(READY), "set pager off\r", Wait("typed"), "help APDU | head -n 3\r", Wait("❯"))),
    Scene("not_saved", (Wait(READY), "atr > there/notes.txt\r", Wait("✘")), prepare=files_of_all_kinds, windows=USUAL),
    Scene("paste", (Wait(READY), pasted("00A4040009A000000167413000FF\nreset\nreed\nhelp\n"), Wait("stopped"))),
    Scene("paste_of_one_line", (Wait(READY), pasted("read cm_key1"), Wait("read cm_key1")), windows=USUAL),
    Scene("editor_one_line", (Wait(READY), "read cm_key1", CTRL_X_CTRL_E, Wait("read cm_key2 8")),
          prepare=editor_that_writes("read cm_key2 8\\n"), environment={"VISUAL": "./edit"}, windows=USUAL),
    Scene("editor_several_lines", (Wait(READY), "re", CTRL_X_CTRL_E, Wait("stopped")),
          prepare=editor_that_writes("reset\\nreed\\nreset\\n"), environment={"EDITOR": "./edit"}),
    Scene("editor_not_for_secrets", (Wait(READY), "write cm_key1 |JCOPSIMULATEDTK0|", CTRL_X_CTRL_E, Wait("secret")),
          prepare=editor_that_writes("help"), environment={"EDITOR": "./edit"}, windows=USUAL),
    Scene("vi_insert", (Wait(READY), "set keys vi\r", Wait("vi insert"), "read cm_key1"), styled=True),
    Scene("vi_normal", (Wait(READY), "set keys vi\r", Wait("vi insert"), "read cm_key1", ESCAPE, Wait("vi normal"),
                        "0dw", Wait("❯ cm_key1"))),
    Scene("vi_editor", (Wait(READY), "set keys vi\r", Wait("vi insert"), "reset", ESCAPE, Wait("vi normal"), "v",
                        Wait("read cm_key2 8")),
          prepare=editor_that_writes("read cm_key2 8\\n"), environment={"EDITOR": "./edit"}, windows=USUAL),
    Scene("dumb", (Wait(READY), "reed\r", Wait("✘"), "atr\r", Wait("historical")), kind="dumb"),
    Scene("ascii", (Wait("J2A040 >"), "read cm_k", Wait("cm_key2 ")), environment={"PYTHONIOENCODING": "ascii"}),
    Scene("wide_and_tiny", (Wait(" ❯"), "read cm_k", Wait("cm_key1 ")), windows=WIDE_AND_TINY),
    Scene("wide_and_tiny_help", (Wait(" ❯"), "help read\r", Wait(" ❯")), windows=WIDE_AND_TINY),
    Scene("light", (Wait(READY), "set theme light\r", Wait("typed"), "read cm_k", Wait("cm_key2 ")), styled=True),
    Scene("colorblind", (Wait(READY), "set theme colorblind\r", Wait("typed"), "read 0xZZ 16", Wait("^")), styled=True),
    Scene("resized", (Wait(READY), "read cm_k", Wait("cm_key2 "), Resize(200, 50), Wait("key version"),
                      Resize(60, 12))),
)


# --- playing -------------------------------------------------------------------------------------------------------


def start(scene: Scene, window: Window, folder: Path, stack: ExitStack, beside: ReaderStack | None = None) -> Terminal:
    """Start the program for a scene, in a home of its own, and beside a pcscd where the scene has readers."""
    folder.mkdir()
    scene.prepare(folder)
    jcopsh = Jcopsh(folder)
    jcopsh.environment |= {"PAGER": "cat", **scene.environment} | ({} if window.colored else {"NO_COLOR": "1"})
    size = {"columns": window.columns, "rows": window.rows}
    if beside is not None and scene.readers:
        # none of the windows takes the card from the others
        command = [*program("jcopsh"), "--reader", READERS[1]]
        return stack.enter_context(beside.spawn(command, environment=jcopsh.environment, **size))
    return stack.enter_context(jcopsh.terminal(kind=scene.kind, **size))


@contextmanager
def stack_with_a_card(folder: Path) -> Iterator[ReaderStack]:
    """A pcscd with two readers, and a card in the first."""
    (folder / "pcscd").mkdir()
    use_socket_in(folder / "pcscd")
    with ReaderStack(folder / "pcscd") as beside, card_in(beside):
        yield beside


@contextmanager
def card_in(beside: ReaderStack) -> Iterator[None]:
    """A card in the first reader for a while."""
    card = beside.insert()
    try:
        yield
    finally:
        card.remove()


def play(scene: Scene, terminal: Terminal) -> None:
    """Do the steps of a scene."""
    for step in scene.steps:
        if isinstance(step, Wait):
            terminal.wait_for(step.text)
        elif isinstance(step, Resize):
            terminal.resize(step.columns, step.rows)
        else:
            terminal.type_in(step)


def drawn(scene: Scene, window: Window, terminal: Terminal) -> str:
    """The screen as the golden file has it."""
    if not (scene.styled and window.colored):
        return masked(terminal.screen)
    rows = []
    for text, cells in terminal.styled_lines():
        styles = ", ".join(_style_runs(cells))
        rows += [masked(text)] + ([f"    ~ {styles}"] if styles else [])
    return "\n".join(rows)


def masked(text: str) -> str:
    """A text without what changes from run to run."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def _style_runs(cells: Iterable[Any]) -> Iterator[str]:
    for style, run in groupby(enumerate(cells), key=lambda cell: _style(cell[1])):
        columns = [column for column, _ in run]
        if style:
            yield f"{columns[0]}-{columns[-1]} {style}"


def _style(cell: Any) -> str:
    words = [cell.fg] if cell.fg != "default" else []
    words += [f"on {cell.bg}"] if cell.bg != "default" else []
    words += [name for name, on in (("bold", cell.bold), ("italic", cell.italics), ("underline", cell.underscore),
                                    ("reverse", cell.reverse)) if on]
    return " ".join(words)


# --- the files -----------------------------------------------------------------------------------------------------


def golden_file(scene: Scene) -> Path:
    """Where a scene's screens are kept."""
    return FOLDER / f"{scene.name}.txt"


def read_golden(scene: Scene) -> dict[str, str]:
    """The screens of a scene, by the titles of the windows."""
    parts = re.split(r"^=== (\d+x\d+) =*\n", golden_file(scene).read_text("utf-8"), flags=re.MULTILINE)
    return {title: screen.removesuffix("\n") for title, screen in zip(parts[1::2], parts[2::2], strict=True)}


def write_golden(scene: Scene, screens: dict[str, str]) -> None:
    """Keep the screens of a scene."""
    text = "".join(f"{f'=== {title} '.ljust(80, '=')}\n{screen}\n" for title, screen in screens.items())
    golden_file(scene).write_text(text, "utf-8")


def main(names: list[str]) -> None:
    """Draw the scenes anew, or those named."""
    FOLDER.mkdir(exist_ok=True)
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        screens = {}
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            beside = stack.enter_context(stack_with_a_card(Path(folder))) if scene.readers else None
            for window in scene.windows:
                if window.colored:
                    terminal = start(scene, window, Path(folder) / window.title, stack, beside)
                    play(scene, terminal)
                    while terminal.read_on(QUIET_S):
                        pass
                    screens[window.title] = drawn(scene, window, terminal)
        write_golden(scene, screens)
        print(golden_file(scene))


if __name__ == "__main__":
    main(sys.argv[1:])
