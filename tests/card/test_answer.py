"""Answers in parts: what belongs together, and when all of it is there."""

from __future__ import annotations

import pytest

from jcopsh.card.answer import Answer, Part, answer_after
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU

LISTING = CommandAPDU.parse(bytes.fromhex("80F24002024F0000"))
FETCH = CommandAPDU.parse(bytes.fromhex("00C0000000"))
READ = CommandAPDU.parse(bytes.fromhex("00B0000000"))


def after(*exchanges: tuple[CommandAPDU, str]) -> Answer:
    answer: Answer | None = None
    for command, response in exchanges:
        answer = answer_after(answer, command, ResponseAPDU.parse(bytes.fromhex(response)))
    assert answer is not None
    return answer


@pytest.mark.parametrize("response", ["AABB9000", "9000", "6A82", "AA6A82", "6C10"])
def test_an_answer_in_one_piece_is_whole(response: str) -> None:
    assert after((LISTING, response)) == Answer(LISTING, ResponseAPDU.parse(bytes.fromhex(response)), Part.LAST)


@pytest.mark.parametrize("end", ["9000", "6283", "6F00"])
def test_parts_are_joined_and_are_whole_with_the_last(end: str) -> None:
    parts = [(LISTING, "AA6102"), (FETCH, "6C02"), (FETCH, "BBCC6100"), (FETCH, f"DD{end}")]
    assert [after(*parts[:number]).whole for number in range(1, 5)] == [False, False, False, True]
    assert after(*parts) == Answer(LISTING, ResponseAPDU(bytes.fromhex("AABBCCDD"), int(end, 16)), Part.LAST)


def test_another_command_has_an_answer_of_its_own() -> None:
    assert after((LISTING, "6102"), (READ, "AA9000")) == Answer(READ, ResponseAPDU(b"\xaa", 0x9000), Part.LAST)
    fetched = after((LISTING, "6102"), (READ, "6102"), (FETCH, "AABB9000"))
    assert (fetched.command, fetched.whole) == (READ, True)


@pytest.mark.parametrize("more", ["AA9000", "6D00", "6101", "6C01"])
def test_what_was_not_announced_is_taken_for_the_same_command_and_never_for_whole(more: str) -> None:
    """Its secrets may come so, and nothing may be concluded from it."""
    answer = after((READ, "119000"), (FETCH, more), (FETCH, "229000"))
    assert (answer.command, answer.part) == (READ, Part.UNANNOUNCED)
    assert answer.response.data.startswith(b"\x11") and answer.response.data.endswith(b"\x22")


def test_get_response_before_anything_else_is_a_command_like_others() -> None:
    assert after((FETCH, "AA9000")) == Answer(FETCH, ResponseAPDU(b"\xaa", 0x9000), Part.LAST)
