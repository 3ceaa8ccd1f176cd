"""Rules of the house that import-linter cannot see: what plugins import, and that a suppression gives its reason.

The rooms themselves are in pyproject.toml, under [tool.importlinter]; tests/run checks them.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
PLUGIN_FILES = sorted((CHECKOUT / "plugins").rglob("*.py"))
PYTHON_FILES = sorted(file for folder in ("jcopsh", "plugins", "tests") for file in (CHECKOUT / folder).rglob("*.py"))
ALLOWED_TO_PLUGINS = "jcopsh.plugin.api"
SUPPRESSION = re.compile(r"#.*?(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])(?P<reason>.*)")


def _jcopsh_imports(source: str) -> Iterator[str]:
    """Every module of jcopsh that the source imports, wherever in it. Relative imports stay within a plugin."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if node.level == 0 else []
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "jcopsh")


def _bare_suppressions(source: str) -> list[int]:
    """The lines with a suppression that has no reason beside it, or that names no rule."""
    bare = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or not re.search(r"\bnoqa\b|type: ignore", token.string):
            continue
        match = SUPPRESSION.search(token.string)
        if match is None or len(re.findall(r"\w+", match["reason"])) < 2:
            bare.append(token.start[0])
    return bare


def test_plugins_import_the_plugin_api_alone() -> None:
    foreign = {
        (file.name, module)
        for file in PLUGIN_FILES
        for module in _jcopsh_imports(file.read_text("utf-8"))
        if module != ALLOWED_TO_PLUGINS
    }
    assert foreign == set()


def test_there_is_a_bundled_plugin() -> None:
    assert PLUGIN_FILES


def test_the_check_of_plugins_sees_every_form_of_import() -> None:
    source = """
import jcopsh.card.pcsc as reader
from jcopsh.plugin.api import command
from jcopsh.secrets import key_store
from .helper import jcopsh
import os
def later():
    from jcopsh import errors
"""
    assert set(_jcopsh_imports(source)) == {"jcopsh.card.pcsc", ALLOWED_TO_PLUGINS, "jcopsh.secrets", "jcopsh"}


def test_every_suppression_gives_its_reason() -> None:
    bare = [
        f"{file.relative_to(CHECKOUT)}:{line}"
        for file in PYTHON_FILES
        for line in _bare_suppressions(file.read_text("utf-8"))
    ]
    assert bare == []


def test_the_check_of_suppressions_sees_bare_ones() -> None:
    bare = ["x = 1  # noqa", "x = 1  # noqa: S101", "x = 1  # type: ignore", "x = 1  # type: ignore[misc]"]
    reasoned = ["x = 1  # noqa: S101, E501 — says what for", "x = 1  # type: ignore[misc]  # says what for"]
    assert [len(_bare_suppressions(line)) for line in bare] == [1] * len(bare)
    assert [len(_bare_suppressions(line)) for line in reasoned] == [0] * len(reasoned)
