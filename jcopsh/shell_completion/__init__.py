"""Completion of the command line in bash, zsh and fish: `jcopsh completion SHELL` prints a script for one of them.

The scripts are made from the declarations of the options (argparse) and from the registry of commands, and are static:
no Tab starts Python. `completions/` in the source holds them as they are without plugins of the user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from jcopsh.shell_completion.program import Program

# each shell's script, as it is called in `completions/` and where the shell looks for it
FILE_NAMES: Mapping[str, str] = {"bash": "jcopsh.bash", "zsh": "_jcopsh", "fish": "jcopsh.fish"}
SHELLS = tuple(FILE_NAMES)


def script(shell: str, programs: Sequence[Program]) -> str:
    """The script for one of SHELLS. It completes all the programs."""
    write: Callable[[Sequence[Program]], str] = import_module(f"{__name__}.{shell}").script
    return write(programs)
