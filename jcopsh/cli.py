"""The command line of jcopsh: options, and the wiring of the rooms."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jcopsh import __version__
from jcopsh.ending import hear_signals
from jcopsh.errors import JcopshError, UsageError
from jcopsh.secrets.process_list import strike_from_process_list

if TYPE_CHECKING:
    from jcopsh.api import Source
    from jcopsh.card.monitor import Monitor, ReaderEvent
    from jcopsh.shell.repl import MakeWatcher
    from jcopsh.shell.session import Session
    from jcopsh.shell.topics import TopicBook
    from jcopsh.shell_completion.program import Program

DEFAULT_PROFILE = "j2a040-unfused"
STANDARD_INPUT = "-"
COMPLETION = "completion"  # jcopsh completion SHELL
# each says where the card is, so that options of two of them do not go together
PLACES = (("--reader", "--shared", "--protocol"), ("--sim", "--profile", "--sim-state"), ("--replay",))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run jcopsh; returns the exit code: 0 all well, 1 a card or reader failed, 2 a line was wrong, 3 refused."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if len(arguments) == 2 and arguments[0] == COMPLETION and not arguments[1].startswith("-"):
        return _print_completion(arguments[1])
    parser = argument_parser()
    options = parser.parse_args(arguments)
    for line in options.lines:
        strike_from_process_list(line)
    if options.script is not None and not _is_file(options.script):
        strike_from_process_list(options.script)
    if options.lines and options.script is not None:
        parser.error("-c and a script exclude one another")
    hear_signals()
    _leave_no_core_file()
    if options.no_color:
        # whoever draws looks at one place, the question at the terminal included
        os.environ["NO_COLOR"] = "1"
    try:
        return _run(options)
    except JcopshError as error:
        return _failed(error)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT  # before anything ran, or while leaving: there is nothing to say
    except BrokenPipeError:
        # the reader of our output went away: nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _leave_no_core_file() -> None:
    """A crash writes the memory of the process nowhere: keys are in it. Programs that jcopsh starts write none either.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    with suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def argument_parser() -> argparse.ArgumentParser:
    """The options of `jcopsh`."""
    from jcopsh.shell.choices import T0, T1

    parser = _Parser(
        prog="jcopsh",
        description="An interactive shell for JCOP and GlobalPlatform smart cards.",
        epilog="Without SCRIPT and -c: the interactive shell, or the lines of standard input when that is no terminal. "
        "`jcopsh completion bash`, zsh or fish prints what completes this line in that shell. "
        "Exit codes: 0 all well, 1 a card or reader failed, 2 a line was wrong, 3 the interlock refused.",
    )
    where = parser.add_argument_group("where the card is")
    where.add_argument("--reader", metavar="NAME|INDEX", help="the reader, by index, name or part of its name")
    where.add_argument("--shared", action="store_true", help="let other programs use the card at the same time")
    where.add_argument("--protocol", choices=(T0, T1), help="the protocol to ask the reader for")
    where.add_argument("--sim", action="store_true", help="a simulated card, which nobody can ruin")
    where.add_argument("--profile", metavar="NAME",
                       help=f"which simulated card (implies --sim; default {DEFAULT_PROFILE})")
    where.add_argument("--sim-state", metavar="FILE", type=Path, help="keep the simulated card in FILE (implies --sim)")
    where.add_argument("--replay", metavar="FILE", type=Path, help="a recorded session in place of a card")
    what = parser.add_argument_group("what to do")
    what.add_argument("-c", metavar="'LINE; LINE'", dest="lines", action="append", default=[], help="run these lines")
    what.add_argument("script", metavar="SCRIPT|-", nargs="?", help="run the lines of a file, or of standard input")
    what.add_argument("--no-config", action="store_true", help="without config.toml and the start-up file")
    how = parser.add_argument_group("how to show it")
    how.add_argument("--json", action="store_true", help="print results as JSON, one object a line")
    how.add_argument("--no-color", action="store_true", help="no colours")
    parser.add_argument("--version", action="version", version=f"jcopsh {__version__}")
    options = parser.format_usage().removeprefix("usage: ").rstrip()
    parser.usage = f"{options}\n       jcopsh {COMPLETION} bash|zsh|fish"
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


def _simulated(options: argparse.Namespace) -> bool:
    return bool(options.sim or options.profile is not None or options.sim_state is not None)


def _require_one_source(options: argparse.Namespace) -> None:
    chosen = [name for name, given in (("--reader", options.reader is not None), ("--sim", _simulated(options)),
                                       ("--replay", options.replay is not None)) if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude one another: each says where the card is")


def _source(options: argparse.Namespace) -> Source:
    from jcopsh.api import Source

    # a file says by itself which card it keeps
    profile = options.profile or (DEFAULT_PROFILE if options.sim and options.sim_state is None else None)
    return Source(profile=profile, sim_state=options.sim_state, replay=options.replay)


def _configure(session: Session, options: argparse.Namespace, *, interactive: bool) -> tuple[str, ...]:
    """Let settings hold from the environment, the user's file and the options; returns what is wrong with the
    file, and what of the environment does not hold.

    Aliases too, but only for a person who types: a script does the same for everybody.
    """
    from jcopsh import places
    from jcopsh.shell import config
    from jcopsh.shell.choices import NEVER, ON
    from jcopsh.shell.settings import Origin, Source

    found = config.Config(places.config_file())
    config.before_files(session.settings, os.environ)
    if not options.no_config:
        found = config.read_config(found.file)
    problems = [*found.problems, *config.apply_settings(found, session.settings)]
    if interactive:
        problems += config.apply_aliases(found, session.registry, session.context())
    config.after_files(session.settings, os.environ)
    given = {"reader": options.reader, "protocol": options.protocol, "shared": ON if options.shared else None}
    for name, value in given.items():
        if value is not None:
            session.settings.set(name, value, Source(Origin.OPTION, f"--{name}"))
    if options.no_color:
        session.settings.set("color", NEVER, Source(Origin.OPTION, "--no-color"))
    return (*config.told(problems), *config.unheard(os.environ))


def _failed(error: JcopshError) -> int:
    from jcopsh.shell.render import Output

    Output().error(error)
    return error.exit_code


def _run(options: argparse.Namespace) -> int:
    _require_one_source(options)
    if options.lines or options.script is not None or sys.stdin is None or not sys.stdin.isatty():
        return _run_lines(options)
    return _interact(options)


def _run_lines(options: argparse.Namespace) -> int:
    from jcopsh.shell.script import run_lines

    session = _session(options)
    for problem in _configure(session, options, interactive=False):
        session.output.note(problem)
    try:
        if options.lines:
            return run_lines(session, options.lines)
        if options.script is not None and options.script != STANDARD_INPUT:
            return _run_script(session, Path(options.script))
        if sys.stdin is None:
            raise UsageError("standard input is closed, so there are no lines to run")
        return run_lines(session, sys.stdin, "standard input")
    finally:
        session.disconnect()


def _session(options: argparse.Namespace) -> Session:
    from jcopsh import places
    from jcopsh.api import Opener
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
        registry=registry, opener=opener.open, finder=opener.find, output=output, key_store=opener.key_store,
        key_sets=opener.key_sets, ledger=opener.ledger, topics=_topics(), json=options.json,
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
        if str(path) == COMPLETION:
            raise UsageError("completion is for a shell", hint=_completion_usage())
        # it is not repeated: it may be a line with a key that was meant for -c
        raise UsageError("there is no script of that name", hint="a line of commands goes behind -c: jcopsh -c 'LINE'")
    try:
        return run_file(session, path)
    except JcopshError as error:
        session.output.error(error, json=session.json)
        return error.exit_code


def _interact(options: argparse.Namespace) -> int:
    """The shell at a terminal: its prompt comes first, and all the rest is loaded behind it."""
    from jcopsh.dumb_terminal import nothing_is_drawn
    from jcopsh.shell.type_ahead import unseen_type_ahead

    start = _Start(options)
    dumb = nothing_is_drawn()  # the terminal edits the line itself, at any time
    with nullcontext() if dumb else unseen_type_ahead():
        from jcopsh.shell.repl import Repl

        menu = "" if dumb else " Tab completes,"
        greeting = f"jcopsh {__version__}. help shows what there is,{menu} Ctrl-D leaves."
        # as Output.note does it, but for what that has to import first
        sys.stderr.write(f"{textwrap.fill(greeting, max(1, shutil.get_terminal_size().columns))}\n")
        sys.stderr.flush()
        try:
            return Repl(start.load(), opening=start.open, watch=start.watch).run()
        finally:
            if start.session is not None:
                start.session.disconnect()


# what takes longest to load, in pieces of a few hundredths of a second: a key that is typed meanwhile is shown at once
_PIECES = (
    "jcopsh.iso7816.status", "jcopsh.state", "jcopsh.card.card", "jcopsh.api", "jcopsh.shell.parser",
    "jcopsh.shell.session", "jcopsh.commands.memory", "jcopsh.commands.prepersonalise", "jcopsh.commands.raw",
    "jcopsh.shell.hint", "jcopsh.shell.completion", "jcopsh.shell.history_adapter", "jcopsh.shell.toolbar",
    "jcopsh.shell.execute", "rich.console", "rich.table",
)


class _Start:
    """The start of the shell at a terminal; `session` is there when it is loaded."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._problems: tuple[str, ...] = ()
        self.session: Session | None = None

    def load(self) -> Generator[None, None, Session]:
        """Load the rest, a piece at each step, and return the session. Raises UsageError for an unknown profile."""
        for name in _PIECES:
            import_module(name)
            yield
        self.session = _session(self._options)
        self._problems = _configure(self.session, self._options, interactive=True)
        return self.session

    def open(self, session: Session) -> None:
        """Connect, and run the start-up file. Without a card the shell starts all the same: `connect` comes when one is
        there. The same holds for mistakes in the user's files.
        """
        # what is loaded now stays: to look through it for what can go takes longer than a keystroke may
        gc.freeze()
        for problem in self._problems:
            session.output.note(problem)
        self._connect(session)
        if not self._options.no_config:
            from jcopsh import places
            from jcopsh.shell.config import run_startup

            run_startup(session, places.startup_file())

    def _connect(self, session: Session) -> None:
        from jcopsh.shell.session import told_of_connection

        try:
            session.output.note(told_of_connection(session.connect().reader))
        except JcopshError as error:
            session.output.error(error)

    @property
    def watch(self) -> MakeWatcher | None:
        """What watches the readers, where there are any: not beside a simulated card or a recording."""
        if _simulated(self._options) or self._options.replay is not None:
            return None
        return _monitor


def _monitor(post: Callable[[ReaderEvent], None]) -> Monitor:
    from jcopsh.card.monitor import Monitor

    return Monitor(post)


# --- completion of the command line --------------------------------------------------------------------------------


def _print_completion(shell: str) -> int:
    """Print the script that completes the command line in a shell."""
    from jcopsh import shell_completion

    if shell not in shell_completion.SHELLS:
        return _failed(UsageError("there is no completion for this shell", hint=_completion_usage()))
    sys.stdout.write(shell_completion.script(shell, _programs()))
    return 0


def _completion_usage() -> str:
    from jcopsh.shell_completion import SHELLS

    return " or ".join(f"jcopsh {COMPLETION} {shell}" for shell in SHELLS)


def _programs() -> tuple[Program, ...]:
    """Both programs as their declarations have them."""
    from jcopsh.commands import register_all
    from jcopsh.plugin.host import PluginHost
    from jcopsh.shell.command import Registry
    from jcopsh.shell.manual import first_sentence
    from jcopsh.shell_completion import SHELLS
    from jcopsh.shell_completion.program import ARGUMENT, program_of
    from jcopsh.simulator import server

    registry = Registry()
    register_all(registry, PluginHost())
    profiles = _profiles()
    return (
        program_of(
            argument_parser(), choices={"profile": profiles}, apart=(PLACES, (("-c",), (ARGUMENT,))), lines="lines",
            commands={entry.name: first_sentence(entry.summary) for entry in registry},
            first_words={COMPLETION: {name: f"the script for {name}" for name in SHELLS}},
        ),
        program_of(
            server.argument_parser(), choices={"profile": profiles, "vpcd": {"127.0.0.1:35963": "where vpcd listens"}},
            apart=((("--vpcd",), ("--list",)),),
        ),
    )


def _profiles() -> dict[str, str]:
    """Every profile with its title, and with each option that is not its default."""
    from jcopsh.simulator.profiles import parse_profile, profile_names

    found: dict[str, str] = {}
    for profile in map(parse_profile, profile_names()):
        found[profile.name] = profile.title
        found |= {
            f"{profile.name},{option}={value}": f"{profile.name} with {option}={value}"
            for option, values in profile.options().items() for value in values if value != getattr(profile, option)
        }
    return found
