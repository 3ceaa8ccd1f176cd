"""The line in the user's editor: $VISUAL, else $EDITOR, else one that is there.

A line with a secret is never written to a file. Any other stands in a private file in a private folder, and both are
gone afterwards, with whatever copies the editor has put beside it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from jcopsh.errors import UsageError
from jcopsh.secrets.environment import without_keys
from jcopsh.secrets.files import write_private
from jcopsh.shell.line import Line

USUAL_EDITORS = ("editor", "nano", "vi")
FILE_NAME = "line.jcopsh"


def edit(line: Line) -> str:
    """Let the user edit a line, and return the text it became, which may be several lines.

    Raises UsageError for a line with a secret in it, and when there is no editor or it fails: the line is then as it
    was.
    """
    if line.secrets:
        raise UsageError(
            "the line was not given to the editor", meaning="it holds a secret, which must not lie in a file.",
            hint="edit it here, or take the secret out first",
        )
    command = editor_command()
    with tempfile.TemporaryDirectory(prefix="jcopsh-") as folder:  # 0700
        file = Path(folder) / FILE_NAME
        write_private(file, f"{line.text}\n".encode())
        _run([*command, str(file)])
        try:
            return file.read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError):
            raise UsageError("what the editor left cannot be read", meaning="the line is as it was.") from None


def editor_command() -> list[str]:
    """The editor and its options. Raises UsageError when there is none."""
    for variable in ("VISUAL", "EDITOR"):
        words = os.environ.get(variable, "").strip()
        if words:
            try:
                return shlex.split(words)
            except ValueError as error:
                raise UsageError(f"${variable} cannot be read: {error}") from None
    found = next((name for name in USUAL_EDITORS if shutil.which(name)), None)
    if found is None:
        raise UsageError("there is no editor", hint="set EDITOR or VISUAL to the name of one")
    return [found]


def _run(command: list[str]) -> None:
    try:
        # what the user has chosen as editor
        code = subprocess.run(command, check=False, env=without_keys()).returncode  # noqa: S603 — see above
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be started: {error.strerror}", hint="set EDITOR to another") from None
    if code < 0:  # Ctrl-C, which clears the line too
        raise UsageError(f"{command[0]} ended by signal {-code}")
    if code != 0:
        raise UsageError(f"{command[0]} ended with exit code {code}", meaning="the line is as it was.")
