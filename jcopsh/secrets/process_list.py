"""Keys in the process list: what was given with `-c` is overwritten there as soon as the program runs."""

from __future__ import annotations

import sys
from pathlib import Path

# fields of /proc/self/stat, counted from 1 (proc(5)): where the arguments begin and end in memory
ARG_START, ARG_END = 48, 49


def strike_from_process_list(argument: str) -> bool:
    """Overwrite one argument of this process with `*`, where the system lets other users see it.

    Linux only. Until this runs, some hundredths of a second after the start, the argument could be seen. Returns
    whether it was overwritten.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        # the part behind the program's name begins with field 3
        start, end = (int(fields[number - 3]) for number in (ARG_START, ARG_END))
        with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
            memory.seek(start)
            arguments = memory.read(end - start)
            # at the end of an argument: `-c LINE`, and `-cLINE` as well
            wanted = argument.encode("utf-8", "surrogateescape") + b"\0"
            offset = arguments.find(wanted)
            if offset < 0 or not argument:
                return False
            memory.seek(start + offset)
            memory.write(b"*" * (len(wanted) - 1))
    except (OSError, ValueError, IndexError):
        return False
    return True
