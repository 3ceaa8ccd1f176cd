"""Where a redirected result goes: to a file, written whole when all went well, or to a program.

What could keep it from getting there is told before anything is sent. Files are for the user alone (mode 0600); one
that is there is replaced only by --yes, and keeps its mode where it is appended to. A command that fails leaves no
file: what it had to say until then is shown at the terminal instead, as is what cannot be delivered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jcopsh.errors import JcopshError
from jcopsh.secrets.files import append_all, open_private_append, write_private
from jcopsh.shell.export import as_text, exported
from jcopsh.shell.pager import passes_colors, run_program
from jcopsh.shell.redirect import Form, file_of, form_of, names_its_form
from jcopsh.shell.render import WIDTH_OF_A_PIPE, Output, Shown
from jcopsh.shell.target_files import obstacle_to
from jcopsh.shell.tokens import Problem
from jcopsh.shell.typed_targets import no_such_program
from jcopsh.shell.words import Redirect, RedirectKind


def obstacle(redirect: Redirect, *, replace: bool) -> Problem | None:
    """What would keep a result from its file or program, without writing or starting anything.

    `replace`: a file that is there may be replaced.
    """
    word = redirect.words[0]
    if redirect.kind is RedirectKind.PROGRAM:
        from shutil import which

        if which(redirect.target):
            return None
        return no_such_program(redirect)
    append = ">> to append to it" if form_of(redirect.target) in (Form.TEXT, Form.JSON) else ""
    found = obstacle_to(file_of(redirect), replace=replace, append=redirect.kind is RedirectKind.APPEND,
                        another_way=append)
    return Problem(found.what, found.hint, word.start, word.end) if found else None


@contextmanager
def delivered(
    output: Output, redirect: Redirect, *, json: bool, title: str, tell: bool
) -> Iterator[None]:
    """Bring what is shown within to where the line says.

    `tell`: a person types the lines, and wants to know what was written.
    """
    with output.holding() as held:
        try:
            yield
            _deliver(redirect, held.values, output, json=json, title=title)
        except BaseException:
            output.show_held()
            raise
    if tell and redirect.kind is not RedirectKind.PROGRAM:
        output.note(_told(redirect, json=json))


def _told(redirect: Redirect, *, json: bool) -> str:
    form = "" if names_its_form(redirect.target) else f" as {form_of(redirect.target, json=json).value}"
    verb = "appended" if redirect.kind is RedirectKind.APPEND else "written"
    return f"{verb}{form} to {file_of(redirect).resolve()}"


def _deliver(redirect: Redirect, values: Sequence[Shown], output: Output, *, json: bool, title: str) -> None:
    if redirect.kind is RedirectKind.PROGRAM:
        if values:
            _run(redirect, values, output)
        return
    # of a link the file it names, so that this is replaced and not the link
    file, form = file_of(redirect).resolve(), form_of(redirect.target, json=json)
    content = exported(values, form, title=title, theme=output.theme).encode("utf-8", "backslashreplace")
    try:
        if redirect.kind is RedirectKind.APPEND:
            _append(file, content)
        else:
            write_private(file, content)
    except OSError as error:
        raise JcopshError(f"{file} cannot be written: {error.strerror}", meaning="The result stands above.") from None


def _run(redirect: Redirect, values: Sequence[Shown], output: Output) -> None:
    words = [redirect.target, *redirect.arguments]
    color = output.colored and passes_colors(words)
    text = as_text(values, color=color, theme=output.theme, width=output.columns or WIDTH_OF_A_PIPE)
    try:
        code = run_program(words, text)
    except OSError as error:
        raise JcopshError(f"{redirect.target} cannot be started: {error.strerror}",
                          meaning="The result stands above.") from None
    if code:
        how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
        output.note(f"{redirect.target} ended {how}")


def _append(file: Path, content: bytes) -> None:
    """Append all of it or none of it. Raises OSError."""
    descriptor = open_private_append(file)
    try:
        append_all(descriptor, content, durable=True)
    finally:
        os.close(descriptor)
