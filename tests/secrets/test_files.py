"""Private files: what is left of one when its program is killed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from jcopsh.secrets.files import exclusive, write_private


def killed_before_it_ends(path: Path, content: bytes) -> None:
    """Write a file in a process that is killed when all of it is written, and nothing renamed."""
    child = os.fork()
    if child == 0:
        sys.addaudithook(lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == "os.rename" else None)
        write_private(path, content)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def test_what_a_killed_program_left_is_gone_with_the_next_change(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_private(path, b"before")
    killed_before_it_ends(path, b"keys")
    (left,) = set(tmp_path.iterdir()) - {path}
    assert left.read_bytes() == b"keys"
    with exclusive(path):
        assert not left.exists()
        write_private(path, b"after")
    assert {one.name for one in tmp_path.iterdir()} == {"keys.json", "keys.json.lock"}
    assert path.read_bytes() == b"after"


def test_files_of_others_stay(tmp_path: Path) -> None:
    path, longer = tmp_path / "keys.json", tmp_path / "keys.json.old"
    own = tmp_path / ".keys.json.original"
    own.write_bytes(b"a copy of the user's own")
    killed_before_it_ends(longer, b"another program may be at it: this is not its lock")
    before = set(tmp_path.iterdir())
    with exclusive(path):
        assert before < set(tmp_path.iterdir())
