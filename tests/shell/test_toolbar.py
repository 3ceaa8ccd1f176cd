"""The toolbar never takes a second row, however wide its signs are."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.utils import get_cwidth

from jcopsh.card.card import Card
from jcopsh.shell.toolbar import toolbar
from tests.shell.samples import stage


@pytest.mark.parametrize("width", [3, 9, 20, 39, 40, 80])
@pytest.mark.parametrize("name", ["OMNIKEY", "読み取り装置" * 4])
def test_it_fits_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, width: int) -> None:
    scene = stage(tmp_path, {})
    monkeypatch.setattr(Card, "reader", name)
    assert scene.session.card.reader == name
    shown = "".join(text for _, text in toolbar(scene.session, width))
    assert get_cwidth(shown) <= width
    # what is there is cut, not lost
    assert shown[0] == name[0] and name.startswith(shown[: min(len(shown) - 1, len(name))])
