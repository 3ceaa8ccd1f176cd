"""CAP files: what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from jcopsh.commands.saving import loaded
from jcopsh.errors import UsageError
from jcopsh.globalplatform.cap import CapFile, parse_cap
from jcopsh.globalplatform.cap_components import CapError
from jcopsh.operations import cap_files
from jcopsh.operations.content_values import CapInfo
from jcopsh.shell.command import command
from jcopsh.shell.types import FileKind, FilePathType, choice
from jcopsh.shell.visible import visible

CapPath = Annotated[Path, FilePathType(FileKind.READ, (".cap",))]
Action = Annotated[str, choice("info", info="packages, applets, imports, sizes")]


def read_cap(file: Path) -> CapFile:
    """The CAP file. Raises UsageError where it cannot be read, or is none."""
    raw = loaded(file)
    try:
        return parse_cap(raw)
    except CapError as error:
        name = visible(file.name, one_line=True)
        raise UsageError(f"{name} is no CAP file that can be loaded", meaning=str(error),
                         hint="make it anew with the converter of the Java Card development kit") from None


@command("cap", group="content")
def cap(action: Action, file: CapPath) -> CapInfo:
    """Show what is in a CAP file: packages and applets with their AIDs, imports by name, the size of every component,
    how many bytes are loaded. No card is needed.

    Formats 2.1 to 2.3, compact and extended; a ZIP archive as the converter makes it, or the components in a row.

    Examples:
        cap info applet.cap
    """
    return cap_files.cap_info(read_cap(file), file.name)


COMMANDS = (cap,)
