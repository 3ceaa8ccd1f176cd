"""Who may have the card: found without privileges, and said with as much certainty as there is."""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

import pytest

from jcopsh.card import holders
from jcopsh.card.holders import OTHERS_ADVICE, Holder, advise, describe, find_holders
from tests.reader_stack import ReaderStack

SCDAEMON, FIREFOX = Holder(7, "scdaemon", connected=True), Holder(8, "firefox", connected=False)


def test_in_words() -> None:
    assert describe(()) == ""
    assert describe((SCDAEMON,)) == "probably scdaemon (process 7), which is connected to the PC/SC service"
    assert describe((FIREFOX,)) == "probably firefox (process 8), which has PC/SC's library loaded"
    assert "one of these" in describe((SCDAEMON, FIREFOX))


def test_what_makes_them_let_go() -> None:
    assert "gpgconf --kill scdaemon" in advise((SCDAEMON,))
    assert advise((SCDAEMON, FIREFOX)).count(";") == 1
    assert advise((Holder(9, "unheard-of", connected=True),)) == OTHERS_ADVICE


def test_the_program_that_is_connected_is_found(reader_stack: ReaderStack) -> None:
    """By the kernel's list of sockets, beside pcscd in its network namespace."""
    card = reader_stack.insert_scripted(bytes.fromhex("3BF81300008131FE454A434F5076323431B7"), {})
    program = "from jcopsh.card.holders import find_holders as f; print([(h.pid, h.connected) for h in f()])"
    with reader_stack.other_program() as other:
        done = reader_stack.run([sys.executable, "-c", program])
        assert done.returncode == 0, done.stderr
        assert f"({other.pid}, True)" in done.stdout
    assert f"({other.pid}, True)" not in reader_stack.run([sys.executable, "-c", program]).stdout
    card.remove()


def test_without_the_kernels_list_the_library_tells(reader_stack: ReaderStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_NETLINK")
    with reader_stack.other_program() as other:
        found = find_holders()
    assert (other.pid, False) in [(holder.pid, holder.connected) for holder in found]


@pytest.mark.parametrize("answer", [b"", b"\x10\x00\x00\x00", b"\x02\x00\x00\x00\x02\x00" + bytes(10), bytes(40)])
def test_a_kernel_that_answers_otherwise(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    class Netlink:
        def recv(self, _size: int) -> bytes:
            return answer or b"\xff"

    with pytest.raises((OSError, struct.error)):
        list(holders._answers(Netlink()))  # type: ignore[arg-type]  # the part of a socket in use


def test_where_nothing_can_be_read_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(holders, "_PROC", tmp_path / "none")
    assert find_holders() == ()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert find_holders() == ()
