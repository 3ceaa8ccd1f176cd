"""Commands of other tools, and what they are called here: for who types one out of habit.

One table: the topics of `help` that are named after a tool are written from it, and so is the hint for a word of it
that is no command here. What such a word does here, where it is one, only the topics say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

# the group of the commands that are there for another tool's scripts
GPSHELL_WORDS = "GPShell's words"
_AUTH = "auth opens the secure channel, in one step"
_DELETE = "delete AID, or delete PACKAGE --related"
_INSTALL_APPLET = "install-applet PACKAGE MODULE"
_SEND = "send APDU; bytes alone are sent too"
_PUT_KEYS = "put-keys puts new keys on the card"
_UNLOCK = "put-keys default … puts 40…4F on the card"


@dataclass(frozen=True, slots=True)
class Tool:
    """Another tool. `commands` says for what is typed there what is typed here; several that are the same stand in one
    key, with commas. Where these are options, `programs` are the commands whose options they are; without dashes they
    are understood too. `listed` says whether there is a topic on it, which ends in `remark`."""

    name: str
    commands: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    listed: bool = True
    remark: str = ""

    def words(self) -> Iterator[tuple[str, str]]:
        """Each word that is typed there, as it is looked up, and what is typed here."""
        for typed, here in self.commands.items():
            for one in typed.split(", "):
                yield _plain(one.split()[0]), here

    def table(self) -> str:
        """The rows of its topic."""
        width = max(map(len, self.commands)) + 2
        return "\n".join(f"    {typed:{width}}{here}" for typed, here in self.commands.items())


OPENSC_EXPLORER = Tool("opensc-explorer", MappingProxyType({
    "cd, info": "cd, which is select-file; pwd says where you are",
    "ls, find": "files; a card has no list, so identifiers are tried",
    "cat": "cat",
    "asn1": "cat FILE --tlv; tlv takes any bytes",
    "get 2F00 name": "cat 2F00 --save name",
    "put 2F00 name": "update-binary 0 --file 2F00 --load name",
    "update_binary": "update-binary; shows the difference first",
    "update_record": "update-record RECORD DATA",
    "append, append_record": "append-record DATA",
    "create 2F00 20": "create-file 2F00 20",
    "mkdir": "create-file IDENTIFIER --df",
    "delete, rm": "delete-file IDENTIFIER",
    "erase": "delete-file, or delete; nothing erases all of a card",
    "verify": "verify: the tries that are left are shown first",
    "pin_info": "verify 1 --tries",
    "change, unblock": "change-pin, unblock-pin",
    "find_tags": "data-objects",
    "do_get, do_put": "get-data TAG, put-data TAG DATA",
    "random 8": "get-challenge 8",
    "sm": "auth opens a secure channel",
    "apdu": _SEND,
    "echo": "history has what was typed; # begins a comment",
    "debug": "trace full",
}), aliases=("opensc",), remark="""
A file is named as there, 2F00 or aid:A000000003, and also by a path, 7F10/6F3A, or by its short identifier,
sfi:5. help files says more.
""")

OPENSC_TOOL = Tool("opensc-tool", MappingProxyType({
    "-s, --send-apdu": _SEND,
    "-a, --atr": "atr",
    "-n, --name": "identify",
    "-l, --list-readers": "readers",
    "-f, --list-files": "files",
    "--serial": "cplc",
    "-r, --reader": "connect READER",
    "--reset": "reset",
}), programs=("opensc-tool",), listed=False)

GP = Tool("GlobalPlatformPro", MappingProxyType({
    "-l, --list": "list",
    "-i, --info": "info",
    "--install FILE": "install FILE",
    "--load FILE": "upload FILE; install FILE",
    "--cap FILE": "cap info FILE",
    "--create AID": _INSTALL_APPLET,
    "--uninstall, --delete": _DELETE,
    "--make-default AID": "make-default AID",
    "-a, --apdu": _SEND,
    "-s, --secure-apdu": "send --wrapped APDU",
    "--connect AID": "select AID",
    "--key, --key-enc": "auth --key KEY; help secure channel",
    "--lock": _PUT_KEYS,
    "--unlock": _UNLOCK,
    "--lock-applet, --unlock-applet": "set-status AID locked, or unlocked",
    "--lock-card, --unlock-card": "set-status card card-locked, or secured",
    "--initialize-card, --secure-card": "set-status card initialized, or secured",
    "--domain": "create-domain AID",
    "--move": "extradite AID DOMAIN",
    "--store-data": "store-data DATA",
    "--delete-key": "delete-key VERSION",
    "-r, --reader": "connect READER",
    "-d, --debug": "trace full",
}), aliases=("gp",), programs=("gp", "gp.exe", "gp.jar"), remark="""
Keys are written as there: default, HEX, visa2:HEX, emv:HEX, kdf3:HEX; GP_KEY, GP_READER and GP_TRACE are honoured. The
channel stays open from line to line, so that auth is given once. help globalplatform says what is on a card.
""")

GPSHELL = Tool("GPShell", MappingProxyType({
    "mode_201, mode_211": "passed over: the card says it (info)",
    "establish_context": "passed over: connect takes a reader",
    "release_context": "passed over: disconnect leaves a card",
    "enable_trace": "trace full",
    "enable_timer": "trace brief shows how long an exchange took",
    "card_connect": "connect",
    "card_disconnect": "disconnect",
    "select -AID": "select AID",
    "open_sc": _AUTH,
    "get_status": "list",
    "get_card_status": "list, or info",
    "get_data": "get-data TAG",
    "install -file": "install FILE",
    "load, install_for_load": "upload FILE; install FILE",
    "install_for_install": _INSTALL_APPLET,
    "install_for_make_selectable": "make-selectable AID",
    "delete -AID": "delete AID",
    "delete_applet": _DELETE,
    "put_sc_key": _PUT_KEYS,
    "get_key_information_templates": "info",
    "gemxpressopro": "auth --key visa2:KEY derives a card's keys",
    "send_apdu": "as there; or send APDU",
    "send_apdu_nostop": "send_apdu; send APDU *6A82 expects an answer",
}), remark="""
Its scripts run with `run FILE`, as far as their lines stand here with the same words: each line passes the interlock,
and the first that fails ends the run. Open the secure channel with auth, so that no key stands in a file.
""")

JCSHELL = Tool("JCShell", MappingProxyType({
    "/list-readers": "readers",
    "/terminal": "readers lists the readers, connect takes one",
    "/card": "status, or connect",
    "/atr, /identify": "atr, identify",
    "/select AID": "select AID",
    "/send": "send --plain APDU; send alone is wrapped",
    "/mode trace=on": "trace full",
    "init-update, ext-auth": _AUTH,
    "initialize-update": _AUTH,
    "external-authenticate": _AUTH,
    "set-key": f"auth --key KEY, or {_PUT_KEYS}",
    "ls, card-info": "list",
    "get-status": "list",
    "upload FILE": "upload FILE",
    "install -i INSTANCE": _INSTALL_APPLET,
    "delete -r": "delete PACKAGE --related",
    "get-cplc": "cplc",
}), aliases=("jcop shell", "jcsh"), remark="""
A leading / may stay. Bytes are written as there, |text| and #(…) too, and *9000 expects a status word.
""")

_OTHERS = Tool("others", MappingProxyType({
    # shells
    "dir": "files looks which files a card has, readers lists the readers",
    "clear, cls": "Ctrl-L clears the screen",
    "man": "help NAME",
    "version": "jcopsh --version; identify and status tell of the card",
    "about": "jcopsh --version; help begins at the beginning",
    "ps": "status shows what is known of the card",
    # scriptor, gscriptor, pyApduTool, pcsc-tools
    "scriptor, gscriptor": "run FILE; bytes alone are sent too",
    "pcsc_scan": "readers",
    "transmit": _SEND,
    "open": "readers lists the readers, connect takes one",
    "list-privs": "list shows the privileges too",
}), listed=False)

TOOLS = (OPENSC_EXPLORER, OPENSC_TOOL, GP, GPSHELL, JCSHELL, _OTHERS)

# commands of jcopsh that elsewhere take arguments which they do not take here
_OTHERWISE_HERE: Mapping[str, str] = MappingProxyType({
    "ls": "ls is list here, the content of a security domain; files looks which files a card has, cd goes to one",
})
_GOES_ON = "_nostop"


def _plain(word: str) -> str:
    return word.lower().lstrip("/-").replace("-", "_").removesuffix("_")


def _by_word() -> Mapping[str, str]:
    """What to type here for each word; where tools mean different things by one, all of it."""
    found: dict[str, dict[str, Tool]] = {}
    for tool in TOOLS:
        for word, here in tool.words():
            if len(word) > 1:
                found.setdefault(word, {}).setdefault(here, tool)
        for program in tool.programs:
            topic = tool if tool.listed else OPENSC_EXPLORER
            found[_plain(program)] = {f"help {topic.name} has what this is called here": tool}
    return MappingProxyType({word: _all_of(hints) for word, hints in found.items()})


def _all_of(hints: Mapping[str, Tool]) -> str:
    if len(hints) == 1:
        return next(iter(hints))
    return "; ".join(f"{here} (for {tool.name}'s)" for here, tool in hints.items())


_HINTS = _by_word()
_OPTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    _plain(program): MappingProxyType(dict(tool.words())) for tool in TOOLS for program in tool.programs
})


def otherwise_here(name: str) -> str:
    """What a command of jcopsh does that goes by another tool's name; empty for one that does the same."""
    return _OTHERWISE_HERE.get(name.lower().lstrip("/"), "")


def said_here(name: str, *arguments: str) -> str:
    """What to type here for another tool's command, however it parts its words; empty where it is none.

    Of a program that is called with options, the first one that is known among `arguments` says what is meant.
    """
    word = _plain(name)
    options = _OPTIONS.get(word, {})
    hint = next((options[_plain(one)] for one in arguments if one.startswith("-") and _plain(one) in options), "")
    return hint or _HINTS.get(word, "") or _HINTS.get(word.removesuffix(_GOES_ON), "")
