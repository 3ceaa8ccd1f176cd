"""The command line of jcopsh: options, and the wiring of the rooms."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from jcopsh import __version__, places
from jcopsh.api import Opener, Source
from jcopsh.errors import JcopshError, UsageError
from jcopsh.secrets.process_list import strike_from_process_list

if TYPE_CHECKING:
    from jcopsh.shell.session import Session
    from jcopsh.shell.topics import TopicBook

DEFAULT_PROFILE = "j2a040-unfused"
STANDARD_INPUT = "-"
# the terminal was closed, or the program is asked to end
ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run jcopsh; returns the exit code: 0 all well, 1 a card or reader failed, 2 a line was wrong, 3 refused."""
    parser = _parser()
    options = parser.parse_args(arguments)
    for line in options.lines:
        strike_from_process_list(line)
    if options.script is not None and not _is_file(options.script):
        strike_from_process_list(options.script)
    if options.lines and options.script is not None:
        parser.error("-c and a script exclude one another")
    for number in ENDING_SIGNALS:
        signal.signal(number, _leave)
    if options.no_color:
        # whoever draws looks at one place, the question at the terminal included
        os.environ["NO_COLOR"] = "1"
    try:
        return _run(options)
    except JcopshError as error:
        return _failed(error)
    except BrokenPipeError:
        # the reader of our output went away: nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jcopsh",
        description="An interactive shell for JCOP and GlobalPlatform smart cards.",
        epilog="Without SCRIPT and -c: the interactive shell, or the lines of standard input when that is no terminal. "
        "Exit codes: 0 all well, 1 a card or reader failed, 2 a line was wrong, 3 the interlock refused.",
    )
    where = parser.add_argument_group("where the card is")
    where.add_argument("--reader", metavar="NAME|INDEX", help="the reader, by index, name or part of its name")
    where.add_argument("--sim", action="store_true", help="a simulated card, which nobody can ruin")
    where.add_argument("--profile", metavar="NAME", help=f"which simulated card (implies --sim; {DEFAULT_PROFILE})")
    where.add_argument("--sim-state", metavar="FILE", type=Path, help="keep the simulated card in FILE (implies --sim)")
    where.add_argument("--replay", metavar="FILE", type=Path, help="a recorded session in place of a card")
    what = parser.add_argument_group("what to do")
    what.add_argument("-c", metavar="'LINE; LINE'", dest="lines", action="append", default=[], help="run these lines")
    what.add_argument("script", metavar="SCRIPT|-", nargs="?", help="run the lines of a file, or of standard input")
    how = parser.add_argument_group("how to show it")
    how.add_argument("--json", action="store_true", help="print results as JSON, one object a line")
    how.add_argument("--no-color", action="store_true", help="no colours")
    parser.add_argument("--version", action="version", version=f"jcopsh {__version__}")
    return parser


def _is_file(text: str) -> bool:
    """Whether there is such a file; a line of commands given in its place may be too long for a name, or hold a NUL."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


class _Parser(argparse.ArgumentParser):
    """argparse, but for its errors: they repeat what was given, which may be a key."""

    def error(self, message: str) -> NoReturn:
        from jcopsh.shell.strike import strike, suspicious_spans

        super().error(strike(message, suspicious_spans(message)).text)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave as if the last line had been run: the terminal is put right again, the card is reset."""
    raise SystemExit(128 + number)


def _source(options: argparse.Namespace) -> Source:
    simulated = options.sim or options.profile is not None or options.sim_state is not None
    chosen = [name for name, given in (("--reader", options.reader is not None), ("--sim", simulated),
                                       ("--replay", options.replay is not None)) if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude one another: each says where the card is")
    return Source(
        options.reader, options.profile or (DEFAULT_PROFILE if simulated else None), options.sim_state, options.replay
    )


def _failed(error: JcopshError) -> int:
    from jcopsh.shell.render import Output

    Output().error(error)
    return error.exit_code


def _run(options: argparse.Namespace) -> int:
    from jcopsh.shell.script import run_lines

    session = _session(options)
    try:
        if options.lines:
            return run_lines(session, options.lines)
        if options.script is not None and options.script != STANDARD_INPUT:
            return _run_script(session, Path(options.script))
        if sys.stdin is None:
            raise UsageError("standard input is closed, so there are no lines to run")
        if options.script == STANDARD_INPUT or not sys.stdin.isatty():
            return run_lines(session, sys.stdin, "standard input")
        return _interact(session)
    finally:
        session.disconnect()


def _session(options: argparse.Namespace) -> Session:
    from jcopsh.commands import register_all
    from jcopsh.plugin.host import PluginHost
    from jcopsh.shell.command import Registry
    from jcopsh.shell.history import History
    from jcopsh.shell.render import Output
    from jcopsh.shell.session import Session

    registry, output = Registry(), Output()
    register_all(registry, PluginHost())
    opener = Opener(_source(options), output.note)
    session = Session(
        registry=registry, opener=opener.open, output=output, key_store=opener.key_store, topics=_topics(),
        reader=options.reader, json=options.json,
    )
    session.history = History(places.history_file(), session.struck)
    return session


def _topics() -> TopicBook:
    from jcopsh.shell.topics import Topic, TopicBook
    from jcopsh.simulator.assumptions import ASSUMPTIONS

    book = TopicBook()
    text = "\n".join(f"- {one.name}: {one.text}" for one in ASSUMPTIONS)
    book.add(Topic("simulated card", "What the simulated card had to assume", text))
    return book


def _run_script(session: Session, path: Path) -> int:
    from jcopsh.shell.script import run_file

    if not _is_file(str(path)):
        # it is not repeated: it may be a line with a key that was meant for -c
        raise UsageError("there is no script of that name", hint="a line of commands goes behind -c: jcopsh -c 'LINE'")
    try:
        return run_file(session, path)
    except JcopshError as error:
        session.output.error(error, json=session.json)
        return error.exit_code


def _interact(session: Session) -> int:
    """The shell at a terminal. Without a card it starts all the same: `connect` comes when one is there."""
    from jcopsh.shell.repl import interact

    session.output.note(f"jcopsh {__version__}. help shows what there is, Tab completes, Ctrl-D leaves.")
    try:
        card = session.connect(session.reader)
        session.output.note(f"Connected: {card.reader}. Nothing was sent yet: identify asks the card who it is.")
    except JcopshError as error:
        session.output.error(error)
    return interact(session)
