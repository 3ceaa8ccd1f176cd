"""Commands of other tools, and what they are called here: for who types one out of habit.

Only words that are no command here, and whose meaning is the same wherever they occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NOT_NEEDED = "GPShell's; here it is not needed"
_AUTH = "auth opens the secure channel, in one step"
_DELETE = "delete AID, or delete PACKAGE --related, takes it off the card"
_INSTALL = "install FILE loads it and makes its instance"
_INSTALL_APPLET = "install-applet PACKAGE MODULE"
_PUT_KEYS = "put-keys puts new keys on the card"
_READERS = "readers lists the readers, connect takes one"

CALLED_HERE: Mapping[str, str] = MappingProxyType({
    # of shells
    "dir": "files looks which files a card has, readers lists the readers",
    "find": "files looks which files a card has",
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
    # of GlobalPlatformPro
    "uninstall": _DELETE,
    "load": f"{_INSTALL}; upload FILE loads it alone",
    "lock": f"{_PUT_KEYS}; set-status AID locked locks an application",
    "unlock": "put-keys default … puts 40…4F on the card; set-status AID unlocked unlocks an application",
    "create": _INSTALL_APPLET,
    "domain": "create-domain AID",
    "list-privs": "list shows the privileges too",
    "secure-card": "set-status card secured",
    "set-key": f"auth --key KEY uses keys, keys add keeps them; {_PUT_KEYS}",
    # of GPShell, for the secure channel and content
    "open_sc": _AUTH,
    "get_status": "list",
    "put_sc_key": _PUT_KEYS,
    "install_for_load": "upload FILE",
    "install_for_install": _INSTALL_APPLET,
    "install_for_make_selectable": "make-selectable AID",
    "delete_applet": _DELETE,
    # of JCShell
    "get-status": "list",
    "init-update": _AUTH,
    "ext-auth": _AUTH,
    "external-authenticate": _AUTH,
    "initialize-update": _AUTH,
})

# commands of jcopsh that elsewhere take arguments which they do not take here
_OTHERWISE_HERE: Mapping[str, str] = MappingProxyType({
    "ls": "ls is list here, the content of a security domain; files looks which files a card has, cd goes to one",
})


def otherwise_here(name: str) -> str:
    """What a command of jcopsh does that goes by another tool's name; empty for one that does the same."""
    return _OTHERWISE_HERE.get(name.lower().lstrip("/"), "")


def said_here(name: str) -> str:
    """What to type here for another tool's command, however it parts its words; empty where it is none."""
    plain = name.lower().lstrip("/-")
    return next((CALLED_HERE[one] for one in (plain, plain.replace("_", "-"), plain.replace("-", "_"))
                 if one in CALLED_HERE), "")
