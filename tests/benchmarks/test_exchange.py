"""What an exchange costs beyond the reader's own time: through pcscd and vpcd, beside a bare loop of SCardTransmit.

    python -m pytest tests/benchmarks/test_exchange.py -s     tells what was measured

The difference holds the interlock, the journal, the key store, what is known of the card, and the hand-over to the
thread that waits for the reader. Both are measured in turns, on the same card. What other programs do meanwhile can
only add to a time, so the shortest of a round counts, and the best of the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import jcopsh.api as jcopsh
from jcopsh.card.card import Card
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.operations.memory import dump_memory, read_memory
from tests.reader_stack import READERS, CardProcess, ReaderStack

MOST_S = 0.0002
ROUNDS = 10
EXCHANGES = 240  # in a round
LEAST_RUNS = 60  # of work that takes several
ATR = bytes.fromhex("3BF81300008131FE454A434F5076323431B7")
FIRST, READ_SIZE, PAGES = 0xC00000, 256, 8
READ = CommandAPDU(0xC0, 0xB0, 0x01, 0x00, le=READ_SIZE)
LAST = FIRST + PAGES * READ_SIZE - 1


@pytest.fixture
def card(reader_stack: ReaderStack) -> Iterator[CardProcess]:
    """A card that knows its memory by heart, and no two bytes of it that stand together twice."""
    memory = b"".join(bytes((page, at)) for page in range(PAGES) for at in range(0, READ_SIZE, 2))
    pages = {
        f"C0B00{page:X}0000": memory[page * READ_SIZE : (page + 1) * READ_SIZE].hex() + "9000" for page in range(PAGES)
    }
    inserted = reader_stack.insert_scripted(ATR, pages)
    yield inserted
    inserted.remove()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def bare_s() -> float:
    """Seconds for one exchange of a bare loop, the shortest of a round."""
    from smartcard import scard

    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    assert result == scard.SCARD_S_SUCCESS
    result, handle, protocol = scard.SCardConnect(
        context, READERS[0], scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    )
    assert result == scard.SCARD_S_SUCCESS
    command = list(READ.encode())
    times: list[float] = []
    for _ in range(EXCHANGES):
        started = time.perf_counter()
        result, response = scard.SCardTransmit(handle, protocol, command)
        times.append(time.perf_counter() - started)
        assert len(response) == READ_SIZE + 2
    scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)
    return min(times)


def ours_s(work: Callable[[Card], object], exchanges: int) -> float:
    """Seconds for one exchange of work that takes so many, the shortest of a round."""
    with jcopsh.open() as card:
        work(card)  # what is done once: the journal's file, the keys that are new
        times: list[float] = []
        for _ in range(max(LEAST_RUNS, EXCHANGES // exchanges)):
            started = time.perf_counter()
            work(card)
            times.append((time.perf_counter() - started) / exchanges)
    return min(times)


@pytest.mark.parametrize(
    ("name", "work", "exchanges"),
    [
        ("send", lambda card: card.send(READ), 1),
        ("read", lambda card: read_memory(card, FIRST + READ_SIZE, READ_SIZE), 1),
        ("dump", lambda card: dump_memory(card, FIRST, LAST), PAGES),
    ],
)
def test_what_an_exchange_costs(
    card: CardProcess, name: str, work: Callable[[Card], object], exchanges: int
) -> None:
    best_s = 1.0
    for number in range(1, ROUNDS + 1):
        bare, ours = bare_s(), ours_s(work, exchanges)
        best_s = min(best_s, ours - bare)
        print(f"\n{name}, round {number}: {ours * 1e6:.0f} µs, a bare loop {bare * 1e6:.0f} µs", end="")
        if best_s <= MOST_S:
            return
    raise AssertionError(f"{name}: {best_s * 1e6:.0f} µs more than a bare loop for an exchange")


def test_a_dump_takes_no_exchange_too_many(card: CardProcess) -> None:
    with jcopsh.open() as opened:
        dump_memory(opened, FIRST, LAST)
    assert len(card.received()) == PAGES
