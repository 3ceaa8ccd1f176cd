"""The simulator is the other side of the wire: nothing of the client is in it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import jcopsh.simulator
from tests.reader_stack import program_environment

IMPORT_AND_TELL = """
import sys
import jcopsh.simulator.server
print(*sorted(name for name in sys.modules if name.split(".")[0] == "jcopsh"))
"""


def test_the_server_imports_no_other_room() -> None:
    told = subprocess.run(
        [sys.executable, "-P", "-c", IMPORT_AND_TELL],
        env=program_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "jcopsh.simulator.server" in told
    assert [name for name in told if name != "jcopsh" and not name.startswith("jcopsh.simulator")] == []


def test_no_file_of_it_imports_anything_but_itself_the_standard_library_and_in_one_place_ciphers() -> None:
    files = sorted(Path(jcopsh.simulator.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file.name}: a relative import"
                modules = [node.module or ""]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            for module in modules:
                own = module.startswith("jcopsh.simulator")
                top = module.split(".")[0]
                cipher = top == "cryptography" and file.name == "gp_ciphers.py"
                assert own or cipher or top in sys.stdlib_module_names, f"{file.name} imports {module}"
