"""Fixtures for every test, and the one rule: no test meets the user's files, nor a reader or a card of the machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader_stack import ReaderStack, use_socket_in

HOME_VARIABLES = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")

_directory = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home directory and a PC/SC socket of its own, for its own process and all that it starts."""
    directory = Path(tempfile.mkdtemp(prefix="jcopsh-test-"))
    config.stash[_directory] = directory
    for name in HOME_VARIABLES:
        os.environ[name] = str(directory / name.lower())
        (directory / name.lower()).mkdir(mode=0o700)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        # the programs that the tests start would compile everything again, hundreds of times
        os.environ["PYTHONPYCACHEPREFIX"] = str(directory / "bytecode")
    (directory / "pcscd").mkdir()
    use_socket_in(directory / "pcscd")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(config.stash[_directory])


@pytest.fixture(scope="module")
def reader_stack(request: pytest.FixtureRequest) -> Iterator[ReaderStack]:
    """A pcscd of the module's own, with two empty readers (tests/reader_stack.py)."""
    with ReaderStack(request.config.stash[_directory] / "pcscd") as stack:
        yield stack
