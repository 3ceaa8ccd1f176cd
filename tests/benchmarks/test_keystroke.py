"""How long a keystroke takes, from the key that arrives to the screen that is drawn, in the whole shell.

    python -m pytest tests/benchmarks -s     tells what was measured

The shell is the real one, with every command, on a simulated card, but for its terminal: keys come through a pipe, and
what would be shown goes into a buffer. While a line is typed and erased, the menu of completions, the suggestion, the
colours, the carets, the hint and the toolbar are all drawn for each key.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from prompt_toolkit.application import get_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from jcopsh import api
from jcopsh.card.readers import ReaderInfo
from jcopsh.card.tries import ledger_card
from jcopsh.commands import register_all
from jcopsh.globalplatform.keys import DEFAULT_KEY
from jcopsh.globalplatform.registry import RegistryEntry, Scope
from jcopsh.globalplatform.seen_content import SeenContent
from jcopsh.iso7816.aid import AID
from jcopsh.plugin.host import PluginHost
from jcopsh.secrets.key_sets import key_set
from jcopsh.secrets.ledger import KeysToTry
from jcopsh.shell.command import Registry, command
from jcopsh.shell.completion import MOST
from jcopsh.shell.history import History
from jcopsh.shell.line_editor import LineEditor
from jcopsh.shell.render import Output
from jcopsh.shell.session import Session
from tests.screens import pasted

SLOWEST_S = 0.016  # a keystroke at p99: one frame of a screen that is drawn 60 times a second
COLUMNS, ROWS = 80, 24
MANY = 10_000  # completions
# select offers both: ten thousand together
APPLICATIONS, CARD_FILES = 4_000, 6_000
KEY_SETS = 20
LINES = 100_000  # of history
GLANCE_S = 0.0005
ROUNDS = 10  # another program may have been at work during one of them
KEYS = 150  # at least, in a round
ERASE, CTRL_C, CTRL_G, CTRL_R = "\x7f", "\x03", "\x07", "\x12"


@command("do-it", group="test")
def do_it() -> str:
    """Do nothing: ten thousand commands are this one."""
    return ""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Everything there is, and ten thousand readers, commands and files to choose from; on the card as well."""
    folder = tmp_path_factory.mktemp("keystroke")
    for number in range(MANY):
        (folder / f"file{number:05}.jcsh").touch()
    os.utime(folder, (1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            patch.setenv(variable, str(tmp_path_factory.mktemp("home")))
        registry, output = Registry(), Output(stdout=io.StringIO(), stderr=io.StringIO(), width=COLUMNS, color="always")
        register_all(registry, PluginHost())
        for number in range(MANY):
            registry.add_lazy(f"zz-{number:04}", "Do nothing: ten thousand are this.", "test", "plugin", lambda: do_it)
        opener = api.Opener(api.Source(None, "j2a040-unfused", None, None), lambda _line: None)
        session = Session(registry=registry, opener=opener.open, output=output, key_store=opener.key_store,
                          key_sets=opener.key_sets, ledger=opener.ledger)
        session.connect()
        _know_much(session)
        session.readers = tuple(ReaderInfo(f"Reader {number:05}", number, False, b"") for number in range(MANY))
        session.history = History(_long_history(folder / "history"), session.struck)
        assert len(session.history.lines) == LINES
        gc.freeze()  # as the program does when all is loaded
        yield session
        gc.unfreeze()
        session.disconnect()


def _know_much(session: Session) -> None:
    """What a long day with a full card leaves behind: key sets, tries, its content and its files."""
    assert session.key_sets and session.ledger and session._content and session._files
    for number in range(KEY_SETS):
        session.key_sets.add(key_set(f"set-{number:02}", (DEFAULT_KEY, DEFAULT_KEY, DEFAULT_KEY)))
        keys = KeysToTry(f"keys {number}", f"keys {number}")
        session.ledger.begin(ledger_card(session.card.state), 0, keys)
    entries = (AID(bytes.fromhex("F0A1B2C3") + number.to_bytes(4, "big")) for number in range(APPLICATIONS))
    session._content.seen = SeenContent(tuple(RegistryEntry(aid, Scope.APPLICATIONS, 0x07) for aid in entries))
    session._files._meanings = {f"7F10/{number:04X}": "transparent" for number in range(CARD_FILES)}
    session._files._sorted = None


def _long_history(path: Path) -> Path:
    chosen = random.Random(1)
    words = ("read cm_key1", "connect Reader", "send 00A40400", "zz-0001", "run file", "set map auto")
    path.write_text("".join(f"{chosen.choice(words)} {number}\n" for number in range(LINES)))
    return path


# --- measuring -----------------------------------------------------------------------------------------------------


class Typist:
    """Types keys one after the other, each as soon as the screen shows all that the one before it brings about."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.screen = io.StringIO()
        self.texts: list[str] = []  # the line after each key
        self.menus: list[int] = []  # how many completions stand in the menu then
        self.suggestions: list[str] = []

    def seconds(self, keys: Sequence[str]) -> list[float]:
        """How long each of the keys took, until everything was drawn."""
        taken: list[float] = []
        with create_pipe_input() as pipe:
            size = Size(rows=ROWS, columns=COLUMNS)
            editor = LineEditor(lambda _source, _lines, _rest: None, input=pipe,
                                output=Vt100_Output(self.screen, lambda: size, term="xterm-256color"))
            editor.furnish(self.session)

            def begin() -> None:
                app, loop = get_app(), asyncio.get_running_loop()
                waiting: Iterator[str] = iter(keys)
                begun, drawn = 0.0, 0.0

                def after_render(_app: object) -> None:
                    nonlocal drawn
                    drawn = time.perf_counter()

                def type_next() -> None:
                    nonlocal begun
                    key = next(waiting, None)
                    begun = time.perf_counter()
                    pipe.send_text(key or CTRL_C)
                    if key is not None:
                        loop.call_later(GLANCE_S, look)

                def look() -> None:
                    """Go on when what the key has set going has come to an end, and was drawn."""
                    if app._invalidated or drawn < begun or any(map(_of_the_line, app._background_tasks)):
                        loop.call_later(GLANCE_S, look)
                        return
                    taken.append(drawn - begun)
                    state = editor.buffer.complete_state
                    self.menus.append(len(state.completions) if state else 0)
                    self.suggestions.append(editor.buffer.suggestion.text if editor.buffer.suggestion else "")
                    self.texts.append(editor.buffer.text)
                    type_next()

                app.after_render += after_render
                type_next()

            with suppress(KeyboardInterrupt):
                editor.read(started=begin)
        return taken


def _of_the_line(task: asyncio.Task[None]) -> bool:
    """Whether a task of prompt_toolkit's completes or suggests; others wait for the rest of a key."""
    return "Buffer." in getattr(task.get_coro(), "__qualname__", "")


def p99(session: Session, keys: Sequence[str]) -> tuple[float, Typist]:
    """The time that one key in a hundred takes longer than, in seconds, and the last typist.

    It is that of one round, or where other programs keep the machine busy, of each key in the round that was quickest
    for it.
    """
    rounds: list[list[float]] = []
    for _ in range(ROUNDS):
        typist = Typist(session)
        rounds.append(typist.seconds(keys))
        slowest = min(_p99(rounds[-1]), _p99(map(min, zip(*rounds, strict=True))))
        if slowest < SLOWEST_S:
            break
    return slowest, typist


def _p99(seconds: Iterable[float]) -> float:
    taken = sorted(seconds)
    return taken[int(len(taken) * 0.99)]


def typed_and_erased(text: str) -> list[str]:
    """The keys that type a text, and erase it again."""
    return [*text, *[ERASE] * len(text)]


# --- what is measured ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "most"),
    [("connect Reader 0001", MOST), ("zz-0012", MOST), ("run file0001", MOST), ("identify > file0001", MOST),
     ("select F0A1B2C300", MOST), ("select-file 7F10/00", MOST), ("auth --key set-1", 10),
     ("read cm_key1_version", 22), ("zz-00x12 read", MOST), ("read cm_keyy 16", 22)],
)
def test_a_keystroke_with_the_menu_open(session: Session, text: str, most: int) -> None:
    keys = typed_and_erased(text) * (KEYS // (2 * len(text)) + 1)
    slowest, typist = p99(session, keys)
    print(f"\n{text!r}: {slowest * 1000:.1f} ms at p99 of {len(keys)} keys")
    assert text in typist.texts and max(typist.menus) >= most  # it was open, and full
    assert slowest < SLOWEST_S


def test_a_keystroke_at_the_end_of_the_longest_short_apdu(session: Session) -> None:
    apdu = "80E80000FF" + "A5" * 250
    slowest, typist = p99(session, [pasted(f"send {apdu}"), *(["A", "0", "B", "1", *[ERASE] * 4] * (KEYS // 8))])
    print(f"\nan APDU of 255 bytes: {slowest * 1000:.1f} ms at p99")
    assert f"send {apdu}A0B1" in typist.texts
    assert slowest < SLOWEST_S


def test_a_keystroke_while_the_history_suggests(session: Session) -> None:
    keys = [key for text in ("send 00A40400 nowhere", "read cm_key1 99", "set map a") for key in typed_and_erased(text)]
    slowest, typist = p99(session, keys * (KEYS // len(keys) + 1))
    print(f"\na suggestion from {LINES} lines: {slowest * 1000:.1f} ms at p99")
    assert any(typist.suggestions) and slowest < SLOWEST_S


def test_a_keystroke_of_a_search_in_the_history(session: Session) -> None:
    keys = [CTRL_R, *"cm_key1 99", *[CTRL_R] * 5, *"no such line", CTRL_R, CTRL_G]
    slowest, typist = p99(session, keys * (KEYS // len(keys) + 1))
    print(f"\na search in {LINES} lines: {slowest * 1000:.1f} ms at p99")
    assert any(text.startswith("read cm_key1 99") for text in typist.texts) and slowest < SLOWEST_S
