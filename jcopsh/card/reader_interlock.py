"""What may not be sent to a reader without consent. Pure, like interlock.py, and never milder than it.

A reader may hand a command of class FF on to the card, and some are made to carry one inside (a direct transmission, a
transparent exchange). So such bytes are judged three times: as what they mean to a reader, as if the card itself got
them, and by what could be a command in their data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jcopsh.card.interlock import FREE, Judgement, Severity, judge
from jcopsh.iso7816.reader_commands import NON_VOLATILE, UNDERSTOOD, ReaderIns
from jcopsh.jcop.memory_map import MemoryMap
from jcopsh.state import CardState

SHORTEST_COMMAND = 4


def judge_for_reader(
    raw: bytes, state: CardState, maps: Sequence[MemoryMap], *, shared: bool = False
) -> Judgement:
    """Judge an encoded command of class FF. The strictest of all readings is the answer; `shared` as in `judge`."""
    own = _for_reader(raw)
    starts = [0] if own is FREE else [0, *range(5, len(raw) - SHORTEST_COMMAND + 1)]
    readings = [own, *(judge(raw[start:], state, maps, shared=shared) for start in starts)]
    return max(readings, key=lambda judgement: judgement.severity)


def _for_reader(raw: bytes) -> Judgement:
    """What the command means to a reader that knows it (PC/SC part 3, 3.2.2)."""
    ins, p1 = raw[1:2], raw[2:3]
    if not ins or ins[0] in UNDERSTOOD:
        return FREE
    if ins[0] == ReaderIns.LOAD_KEYS and p1:
        return _LOAD_FOR_EVER if p1[0] & NON_VOLATILE else FREE
    return _BY_INSTRUCTION.get(ins[0], _UNCLEAR)


_LOAD_FOR_EVER = Judgement(
    Severity.DESTRUCTIVE, "load-keys", "LOAD KEYS into the reader's lasting memory",
    "The key that was in this place of the reader is gone.",
)
_UNCLEAR = Judgement(
    Severity.DESTRUCTIVE, "reader-send", "a command of the reader's maker",
    "What it does depends on the reader; it may carry a command for the card inside.",
)
_BY_INSTRUCTION: Mapping[int, Judgement] = {
    ReaderIns.UPDATE_BINARY: Judgement(
        Severity.DESTRUCTIVE, "update", "UPDATE BINARY of a storage card",
        "What was in the block is overwritten. Lock bits and access conditions may be set for ever by it.",
    ),
    ReaderIns.VERIFY: Judgement(
        Severity.DESTRUCTIVE, "verify", "VERIFY to a memory card",
        "A wrong code counts as a try; such a card is dead after a few.",
    ),
}
