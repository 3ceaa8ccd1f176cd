"""What is built, what it needs, and what tests/run installs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import jcopsh

CHECKOUT = Path(__file__).parents[1]
CONSTRAINTS = ("constraints-build.txt", "constraints.txt")
PINNED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9a-z.]*)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    return zipfile.ZipFile(built)


def _metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


def _pins(name: str) -> dict[str, str]:
    """The version of each package that a file of constraints names."""
    lines = (CHECKOUT / "tests" / name).read_text("ascii").splitlines()
    return {match["name"]: match["version"] for line in lines if (match := PINNED.match(line))}


def test_the_package_under_test_is_the_one_meant() -> None:
    under_wheel_test = os.environ.get("JCOPSH_TEST_WHEEL") == "1"
    expected = Path(sysconfig.get_path("purelib")) if under_wheel_test else CHECKOUT
    assert Path(jcopsh.__file__).parents[1].resolve() == expected.resolve()


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = {
        str(file.relative_to(CHECKOUT))
        for file in (CHECKOUT / "jcopsh").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    plugins = {
        f"jcopsh/_plugins/{file.relative_to(CHECKOUT / 'plugins')}"
        for file in (CHECKOUT / "plugins").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == package | plugins
    assert "jcopsh/py.typed" in names
    assert any(name.startswith("jcopsh/jcop/maps/") and name.endswith(".toml") for name in names)
    assert plugins


def test_the_wheel_installs_two_commands(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    assert wheel.read(entry_points).decode().split() == [
        "[console_scripts]",
        *("jcopsh", "=", "jcopsh.cli:main"),
        *("jcopsh-sim", "=", "jcopsh.simulator.server:main"),
    ]


def test_the_licence_travels_with_the_wheel(wheel: zipfile.ZipFile) -> None:
    assert _metadata(wheel)["License-Expression"] == "MIT"
    (licence,) = (name for name in wheel.namelist() if name.endswith("/licenses/LICENSE"))
    assert wheel.read(licence).startswith(b"MIT License")


def test_pyscard_is_an_extra_on_linux(wheel: zipfile.ZipFile) -> None:
    needed = [Requirement(text) for text in _metadata(wheel).get_all("Requires-Dist", [])]
    pyscard = [requirement.marker for requirement in needed if requirement.name == "pyscard"]
    on_linux = [marker.evaluate({"sys_platform": "linux", "extra": ""}) for marker in pyscard if marker]
    with_extra = [marker.evaluate({"sys_platform": "linux", "extra": "pcsc"}) for marker in pyscard if marker]
    elsewhere = [marker.evaluate({"sys_platform": "win32", "extra": ""}) for marker in pyscard if marker]
    assert (any(on_linux), any(with_extra), any(elsewhere)) == (False, True, True)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints_are_versions_and_hashes_and_no_addresses(name: str) -> None:
    lines = (CHECKOUT / "tests" / name).read_text("ascii").splitlines()
    assert lines
    assert [line for line in lines if not PINNED.match(line) and not HASH.match(line)] == []
    unhashed = [line for line, after in pairwise([*lines, ""]) if PINNED.match(line) and not HASH.match(after)]
    assert unhashed == []


def test_constraints_satisfy_the_project(project: dict[str, Any]) -> None:
    groups, extras = project["dependency-groups"], project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["pcsc"], *groups["test"]]
    _check_pins(wanted, _pins("constraints.txt"))
    _check_pins([*groups["build"], *project["build-system"]["requires"]], _pins("constraints-build.txt"))


def _check_pins(wanted: list[str], pins: dict[str, str]) -> None:
    for requirement in map(Requirement, wanted):
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is pinned at {version}"


def test_both_files_of_constraints_agree() -> None:
    first, second = map(_pins, CONSTRAINTS)
    assert {name: first[name] for name in first.keys() & second.keys()} == {
        name: second[name] for name in first.keys() & second.keys()
    }


def test_every_ignored_rule_and_every_dependency_gives_its_reason() -> None:
    section, bare = "", []
    before = ""
    for line in (CHECKOUT / "pyproject.toml").read_text("utf-8").splitlines():
        if line and not line.startswith((" ", "]", "#")):
            section = line
        listed = section.startswith(("ignore = ", "dependencies = ", "pcsc = ", '"tests/**"'))
        if listed and line.startswith('    "') and "#" not in line and not before.lstrip().startswith("#"):
            bare.append(line)
        before = line
    assert bare == []


def test_ci_runs_the_command_of_the_readme() -> None:
    assert (CHECKOUT / ".ci" / "run").read_text("utf-8").splitlines()[-1] == "exec tests/run"
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    assert "tests/run" in re.findall(r"`([^`\n]+)`", readme) + readme.splitlines()
