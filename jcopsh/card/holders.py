"""Which programs may hold a reader: those with a connection to pcscd, as far as Linux tells a user without privileges.

PC/SC does not say who has a card. The kernel says which sockets are connected to pcscd's (sock_diag(7), unix_diag.h),
and /proc whose they are, for one's own processes; root sees all. A connection is no proof: a program may be
connected and use another reader, so everything here is said with "probably" or "one of". Where the kernel does not
tell, the programs that have PC/SC's library loaded come into question. Nothing is sent to any of them.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PCSCD_SOCKET_NAME = b"pcscd.comm"
PCSC_LIBRARY = "libpcsclite"
_PROC = Path("/proc")
# linux/netlink.h, linux/sock_diag.h, linux/unix_diag.h
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST, _NLM_F_DUMP = 0x01, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_UDIAG_SHOW_NAME, _UDIAG_SHOW_PEER = 0x01, 0x04
_UNIX_DIAG_NAME, _UNIX_DIAG_PEER = 0, 2
_ALL_STATES = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBHIIIII")  # unix_diag_req: family, protocol, pad, states, inode, show, cookie (2)
_ANSWER = struct.Struct("=BBBBIII")  # unix_diag_msg: family, type, state, pad, inode, cookie (2)
_ATTRIBUTE = struct.Struct("=HH")  # nlattr: length, type
_TIMEOUT_S = 0.5

# what makes a program let go, by the name of its process
_ADVICE = {
    "scdaemon": "GnuPG's daemon lets go with `gpgconf --kill scdaemon`",
    "gpg-agent": "GnuPG's daemon lets go with `gpgconf --kill scdaemon`",
    "firefox": "close the browser, or unload its PKCS#11 module",
    "chrome": "close the browser",
    "chromium": "close the browser",
    "ssh-agent": "`ssh-add -e` takes the card's module out of it",
    "jcopsh": "type `disconnect` in the other jcopsh",
}
OTHERS_ADVICE = "close the program that has it; GnuPG's daemon lets go with `gpgconf --kill scdaemon`"


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that may hold the reader: `connected` to pcscd now, or only with PC/SC's library loaded."""

    pid: int
    name: str
    connected: bool

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"


def find_holders() -> tuple[Holder, ...]:
    """Every other process of this user that has to do with PC/SC; empty where the system does not tell.

    Those that are connected to pcscd where the kernel says which they are, else those that have the library loaded.
    """
    if not sys.platform.startswith("linux"):
        return ()
    with suppress(OSError, struct.error):
        return _connected()
    return _with_library()


def describe(holders: tuple[Holder, ...]) -> str:
    """Who may have the card, in words; empty where nobody is known."""
    if not holders:
        return ""
    names = ", ".join(map(str, holders))
    if len(holders) > 1:
        return f"it may be one of these, which use PC/SC now: {names}"
    how = "is connected to the PC/SC service" if holders[0].connected else "has PC/SC's library loaded"
    return f"probably {names}, which {how}"


def advise(holders: tuple[Holder, ...]) -> str:
    """What makes the programs let go of the card."""
    known = dict.fromkeys(_ADVICE[holder.name] for holder in holders if holder.name in _ADVICE)
    return "; ".join(known) or OTHERS_ADVICE


def _connected() -> tuple[Holder, ...]:
    """The processes at the other ends of pcscd's connections. Raises OSError where the kernel does not tell."""
    peers = _peers_of_pcscd()
    return tuple(
        Holder(pid, name, connected=True) for pid, name in _processes() if not peers.isdisjoint(_sockets_of(pid))
    )


def _with_library() -> tuple[Holder, ...]:
    return tuple(Holder(pid, name, connected=False) for pid, name in _processes() if _has_library(pid, name))


def _processes() -> Iterator[tuple[int, str]]:
    """Every process but this one, with its name of at most 15 characters."""
    try:
        numbers = sorted(int(name) for name in os.listdir(_PROC) if name.isdecimal())  # noqa: PTH208 — names alone
    except OSError:
        return
    for pid in numbers:
        with suppress(OSError):  # it has ended meanwhile
            if pid != os.getpid():
                yield pid, (_PROC / str(pid) / "comm").read_text("utf-8", "replace").strip()


def _sockets_of(pid: int) -> set[int]:
    """The inodes of the process's sockets; empty where it belongs to somebody else."""
    folder = _PROC / str(pid) / "fd"
    found = set()
    with suppress(OSError):
        for descriptor in os.listdir(folder):  # noqa: PTH208 — names alone
            with suppress(OSError, ValueError):
                kind, _, inode = str((folder / descriptor).readlink()).partition(":[")
                if kind == "socket":
                    found.add(int(inode.rstrip("]")))
    return found


def _has_library(pid: int, name: str) -> bool:
    with suppress(OSError):
        return name != "pcscd" and PCSC_LIBRARY in (_PROC / str(pid) / "maps").read_text("utf-8", "replace")
    return False


# --- sock_diag(7) ----------------------------------------------------------------------------------------------------


def _peers_of_pcscd() -> set[int]:
    """The inodes of the sockets that are connected to pcscd's. Raises OSError and struct.error."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError("no netlink here")
    request = _REQUEST.pack(socket.AF_UNIX, 0, 0, _ALL_STATES, 0, _UDIAG_SHOW_NAME | _UDIAG_SHOW_PEER, 0, 0)
    header = _HEADER.pack(
        _HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0
    )
    with socket.socket(family, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(_TIMEOUT_S)
        netlink.send(header + request)
        peers = {
            int.from_bytes(attributes[_UNIX_DIAG_PEER], sys.byteorder)
            for attributes in _answers(netlink)
            if _is_pcscd(attributes.get(_UNIX_DIAG_NAME, b"")) and _UNIX_DIAG_PEER in attributes
        }
    if not peers:
        raise OSError("pcscd is not in this network namespace")
    return peers


def _is_pcscd(name: bytes) -> bool:
    return name.rstrip(b"\0").rpartition(b"/")[2] == PCSCD_SOCKET_NAME


def _answers(netlink: socket.socket) -> Iterator[dict[int, bytes]]:
    """The attributes of each socket that the kernel lists."""
    while True:
        data = netlink.recv(1 << 16)
        offset = 0
        while offset < len(data):
            length, kind, *_ = _HEADER.unpack_from(data, offset)
            if kind == _NLMSG_DONE:
                return
            if kind == _NLMSG_ERROR or length < _HEADER.size:
                raise OSError("the kernel does not list sockets")
            yield _attributes(data[offset + _HEADER.size + _ANSWER.size : offset + length])
            offset += _aligned(length)


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)
    return found


def _aligned(length: int) -> int:
    """Netlink's parts begin at multiples of four bytes."""
    return (length + 3) & ~3
