"""Running a parsed line: each call in turn, its values shown as they come, its error as three lines.

A line with a problem in any of its calls runs nothing. When its turn has come each call is parsed once more by itself:
what only the card can tell, such as where a field lies while no memory map is chosen, may be known by then.

What cannot be written to, or started, is a mistake of the line like any other, and is told before anything runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any

from jcopsh.errors import EXIT_CARD, EXIT_OK, EXIT_USAGE, CardError, ConnectionGivenUp, Ended, JcopshError, ReaderError
from jcopsh.operations.status_errors import hint_in_channel
from jcopsh.shell.command import Injected
from jcopsh.shell.line import Call, Line
from jcopsh.shell.parser import parse_line
from jcopsh.shell.session import Session
from jcopsh.shell.tokens import MendedBy, Problem
from jcopsh.shell.words import BLANKS

INTERRUPTED = JcopshError(
    "interrupted", meaning="Ctrl-C was pressed; what was sent before is done.",
    hint="`status` shows what is known of the card now",
)


class AlreadyShownError(Exception):
    """A command failed and has shown why; `exit_code` is what comes of it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


def run_text(session: Session, text: str) -> int:
    """Parse a line and run it; returns the exit code."""
    passed_over = session.pasted_trace.passed_over(text)
    if passed_over is not None:
        if passed_over:
            session.output.note(passed_over)
        return EXIT_OK
    return execute(session, parse_line(text, session.registry, session.context()))


def execute(session: Session, line: Line) -> int:
    """Run a line; returns 0, or the exit code of the first call that failed. Never raises for what a command does."""
    try:
        line = _loaded(session, line)
    except Ended:
        raise
    except (Exception, SystemExit) as error:
        return _failed_to_load(session, error, line)
    blocking = next((problem for problem in line.problems if problem.mended_by is not MendedBy.CARD), None)
    blocking = blocking or (_yes_of_nobody(line) if session.starting else None)
    blocking = blocking or next(filter(None, (_obstacle(session, call) for call in line.calls)), None)
    if blocking is not None:
        return _wrong(session, line, blocking)
    if line.note:
        session.output.note(line.note)
    for number, call in enumerate(line.calls):
        code = _run_call(session, line.text[call.start : call.end].strip(BLANKS), begun=number > 0)
        if code != EXIT_OK or session.exit_requested:
            return code
    return EXIT_OK


def _loaded(session: Session, line: Line) -> Line:
    """The line with the plugins of its commands imported, and parsed by their grammar."""
    waiting = [call.entry for call in line.calls if call.entry is not None and call.command is None]
    if not waiting:
        return line
    for entry in waiting:
        entry.load()
    return parse_line(line.text, session.registry, session.context())


def _failed_to_load(session: Session, error: Exception | SystemExit, line: Line) -> int:
    if isinstance(error, JcopshError):
        session.output.error(error, json=_json(session, line))
        return error.exit_code
    return _bug(session, error, json=_json(session, line))


def _bug(session: Session, error: BaseException, *, json: bool) -> int:
    session.output.bug(error, json=json)
    return EXIT_CARD


def _obstacle(session: Session, call: Call) -> Problem | None:
    """What would keep the result from where the line says, or the `run` of the script that it stands in."""
    if session.output.is_holding and call.arguments.get("reveal") is True:
        from jcopsh.shell.redirect import only_on_screen

        return only_on_screen(call.start, call.end)
    if call.redirect is None:
        return None
    from jcopsh.shell.delivery import obstacle

    return obstacle(call.redirect, replace=call.says_yes)


def _yes_of_nobody(line: Line) -> Problem | None:
    """A `--yes` in the start-up file: it would answer for whatever card is there when the shell starts."""
    found = next((call for call in line.calls if call.says_yes), None)
    if found is None:
        return None
    return Problem("--yes is typed on the line that it answers for, and not kept in the start-up file",
                   "type this line at the prompt", found.start, found.end)


def _json(session: Session, line: Line) -> bool:
    return session.json or any(call.json for call in line.calls)


def _wrong(session: Session, line: Line, problem: Problem, *, begun: bool = False) -> int:
    session.output.problem(problem, line, begun=begun, json=_json(session, line))
    return EXIT_USAGE


def _run_call(session: Session, text: str, *, begun: bool) -> int:
    """Run one call, parsed by what is known now; `begun` says that calls before it on the line have run."""
    line = parse_line(text, session.registry, session.context())
    (call,) = line.calls
    json = session.json or call.json
    try:
        if session.card_or_none is None and _needs_card(call):
            _ = session.card  # connected now: its map may settle what is pending, and bound what is too long
            line = parse_line(text, session.registry, session.context())
            (call,) = line.calls
        problem = next(iter(call.problems), None) or _obstacle(session, call)
        if problem is not None:
            return _wrong(session, line, problem, begun=begun)
        _call(session, call, line, json=json)
    except AlreadyShownError as failed:
        return failed.exit_code
    except JcopshError as error:
        if isinstance(error, ReaderError) and error.card_lost:
            session.disconnect()
        if isinstance(error, CardError) and (card := session.card_or_none) is not None:
            error.hint = hint_in_channel(card, error)
        session.output.error(error, None if session.interactive else line, json=json)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        told = interrupt.error if isinstance(interrupt, ConnectionGivenUp) else INTERRUPTED
        session.output.error(told, json=json)
        return EXIT_CARD
    except (BrokenPipeError, Ended):
        raise
    except (Exception, SystemExit) as error:
        return _bug(session, error, json=json)
    return EXIT_OK


def _needs_card(call: Call) -> bool:
    injected = call.command.injected.values() if call.command else ()
    return Injected.CARD in injected or any(problem.mended_by is MendedBy.CARD for problem in call.problems)


def _call(session: Session, call: Call, line: Line, *, json: bool) -> None:
    """Call the command's function and show what it returns, or each value it yields as it comes."""
    assert call.command is not None  # noqa: S101 — a call without problems has its command; for the type checker
    arguments = dict(call.arguments)
    for name, injected in call.command.injected.items():
        arguments[name] = session if injected is Injected.SESSION else session.card
    # `--yes` is heard by all that the call runs
    answered = session.yes.given() if call.yes else nullcontext()
    with answered, _delivered(session, call, line, json=json):
        _show(session, call.command.function(**arguments), json=json)


def _show(session: Session, result: Any, *, json: bool) -> None:
    if not inspect.isgenerator(result):
        session.output.show(result, json=json, paged=_may_be_paged(session))
        return
    with closing(result):  # now, and not when it is found to be unused: it may keep other programs away
        for value in result:
            session.output.show(value, json=json)  # not paged: a question may follow


def _may_be_paged(session: Session) -> bool:
    """Whether a person has typed the line and may leaf through what it brings."""
    return session.interactive and session.script_depth == 0 and session.settings.pager


@contextmanager
def _delivered(session: Session, call: Call, line: Line, *, json: bool) -> Iterator[None]:
    if call.redirect is None:
        yield
        return
    from jcopsh.shell.delivery import delivered

    struck = line.struck()
    title = struck.text[: struck.at(call.redirect.operator.start)].strip() or struck.text  # of an alias the name
    with delivered(session.output, call.redirect, json=json, title=title, tell=session.interactive):
        yield
