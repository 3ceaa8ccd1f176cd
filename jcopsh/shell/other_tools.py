"""Commands of other tools, and what they are called here: for who types one out of habit.

Only words that are no command here, and whose meaning is the same wherever they occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NOT_NEEDED = "GPShell's; here it is not needed"
_READERS = "readers lists the readers, connect takes one"

CALLED_HERE: Mapping[str, str] = MappingProxyType({
    # of shells
    "ls": "files looks which files a card has, readers lists the readers",
    "dir": "files looks which files a card has, readers lists the readers",
    "find": "files looks which files a card has",
    "list": "help lists the commands, readers the readers, files the files of a card",
    "clear": "Ctrl-L clears the screen",
    "cls": "Ctrl-L clears the screen",
    "man": "help NAME",
    "version": "jcopsh --version; identify and status tell of the card",
    "about": "jcopsh --version; help begins at the beginning",
    "ps": "status shows what is known of the card",
    # of opensc-explorer and opensc-tool
    "get": "cat FILE --save NAME; help opensc-explorer has the others",
    "put": "update-binary 0 --file FILE --load NAME; help opensc-explorer has the others",
    "asn1": "cat FILE --tlv; tlv takes bytes",
    "mkdir": "create-file --df; help opensc-explorer has the others",
    "debug": "trace full",
    # of scriptor, gscriptor, pyApduTool, JCShell and the like
    "apdu": "send; bytes alone are sent too",
    "transmit": "send; bytes alone are sent too",
    "open": _READERS,
    "card_connect": "connect",
    "card_disconnect": "disconnect",
    # of GPShell
    "establish_context": f"{_NOT_NEEDED}: connect takes a reader",
    "release_context": f"{_NOT_NEEDED}: disconnect leaves a card",
    "enable_trace": "trace full",
    "enable_timer": "trace brief shows how long an exchange took",
    "mode_201": _NOT_NEEDED,
    "mode_211": _NOT_NEEDED,
})
