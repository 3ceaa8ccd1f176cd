"""What a person sees at the terminal, feature by feature, compared with the golden screens of tests/screens.py."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.screens import SCENES, Scene, Window, card_in, drawn, play, read_golden, start
from tests.terminal import Terminal

PATIENCE_S = 20
COLOR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")
STYLES = re.compile(r"\n    ~ .*")


def shows(scene: Scene, window: Window, terminal: Terminal, wanted: str) -> None:
    """Wait until the terminal shows the golden screen."""
    deadline = time.monotonic() + PATIENCE_S
    while (screen := drawn(scene, window, terminal)) != wanted:
        if not terminal.read_on(max(0.0, deadline - time.monotonic())):
            break
    assert screen == wanted


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_screen(scene: Scene, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    golden = read_golden(scene)
    with ExitStack() as stack:
        beside = request.getfixturevalue("reader_stack") if scene.readers else None
        if beside is not None:
            stack.enter_context(card_in(beside))

        def plays(number: int, window: Window) -> None:
            terminal = start(scene, window, tmp_path / str(number), stack, beside)
            play(scene, terminal)
            wanted = golden[window.title]
            shows(scene, window, terminal, wanted if window.colored else STYLES.sub("", wanted))
            assert window.colored or not COLOR.search(terminal.output)
            assert scene.kind != "dumb" or b"\x1b" not in terminal.output

        # all at once: a program that waits for its terminal's answer takes it for one that gives none
        with ThreadPoolExecutor(len(scene.windows)) as pool:
            for result in [pool.submit(plays, *each) for each in enumerate(scene.windows)]:
                result.result()
