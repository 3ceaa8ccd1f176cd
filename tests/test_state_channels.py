"""What exchanges tell of logical channels, files and PINs."""

from __future__ import annotations

import pytest

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.state import CardState, Fuse, SelectedKind, advance, powered_up

FRESH = CardState(atr=b"\x3b\x00", protocol="T=1")
SELECT_TK = "00A4040010" + "4A" * 16


def after(state: CardState, *exchanges: tuple[str, str]) -> CardState:
    for command, response in exchanges:
        state = advance(
            state, CommandAPDU.parse(bytes.fromhex(command)), ResponseAPDU.parse(bytes.fromhex(response))
        )
    return state


@pytest.mark.parametrize(
    ("exchanges", "channels"),
    [
        ([("0070000001", "019000")], (0, 1)),
        ([("00700002", "9000")], (0, 2)),
        ([("0170000001", "029000")], (0, 2)),
        ([("0070000001", "6A81")], (0,)),
        ([("0070000001", "019000"), ("00708001", "9000")], (0,)),
        ([("0070000001", "019000"), ("01708000", "9000")], (0,)),
        ([("0070000001", "019000"), ("00708001", "6A86")], (0, 1)),
        ([("0070000001", "019000"), ("00708001", "6200")], (0,)),
        # a SELECT opens a channel on some cards (Java Card)
        ([("02A4040005A000000003", "9000")], (0, 2)),
        # GlobalPlatform's class on another instruction
        ([("8070000001", "019000")], (0,)),
    ],
)
def test_which_channels_are_open(exchanges: list[tuple[str, str]], channels: tuple[int, ...]) -> None:
    assert after(FRESH, *exchanges).open_channels == channels


def test_each_channel_has_a_position_of_its_own() -> None:
    state = after(FRESH, ("0070000001", "019000"), ("00A4000C023F00", "9000"), ("01A4080C027F10", "9000"))
    assert [(number, str(position)) for number, position in state.positions] == [(0, "3F00"), (1, "3F00/7F10")]
    assert str(state.position) == "3F00"
    closed = after(state, ("00708001", "9000"))
    assert dict(closed.positions).keys() == {0}
    # opened again, it stands elsewhere
    assert dict(after(closed, ("00700001", "9000")).positions).keys() == {0}


def test_closing_the_channel_in_use_goes_back_to_the_basic_one() -> None:
    state = after(FRESH, ("0070000001", "019000"))
    assert after(CardState(channel=1, open_channels=(0, 1)), ("01708000", "9000")).channel == 0
    assert after(CardState(channel=1, open_channels=(0, 1)), ("00708002", "9000")).channel == 1
    assert powered_up(state, b"", "T=1").open_channels == (0,)


def test_a_transport_key_is_in_no_position() -> None:
    for command in (SELECT_TK, "01" + SELECT_TK[2:], "00A4040014" + "4A" * 20, "00A4040410" + "4A" * 16):
        state = after(FRESH, (command, "9000"))
        assert "4A4A" not in repr(state.positions)
        assert b"JJ" not in repr(state.positions).encode()


def test_what_another_channel_does_lifts_no_guard() -> None:
    root = after(FRESH, (SELECT_TK, "9000"))
    select, read = ("01A4040008A000000003000000", "9000"), ("01B0000010", "00" * 16 + "9000")
    other = after(root, ("0070000001", "019000"), select, read)
    assert (other.selected, other.fuse, other.memory_shown) == (SelectedKind.ROOT, Fuse.UNFUSED, False)
    assert after(other, ("01000000", "9000")).fuse is not Fuse.FUSED


@pytest.mark.parametrize(
    ("exchanges", "tries"),
    [
        ([("00200001", "63C3")], {1: 3}),
        ([("00200001", "63C3"), ("0020008104FFFFFFFF", "63C1")], {1: 3, 0x81: 1}),
        ([("00200001", "6983")], {1: 0}),
        ([("00200001", "63C1"), ("002000010431323334", "9000")], {}),
        ([("00200001", "63C1"), ("002400010831323334" + "31323334", "63C0")], {1: 0}),
        ([("00200001", "63C0"), ("002C00010C" + "00" * 12, "9000")], {}),
        # a count of the resetting code is none of the PIN
        ([("00200001", "63C0"), ("002C00010C" + "00" * 12, "63C9")], {1: 0}),
        ([("00200001", "63C1"), ("00200001", "6D00")], {1: 1}),
        ([("01200001", "63C1")], {1: 1}),
        ([("80200001", "63C1")], {}),
        ([("10200001", "63C1")], {}),
        ([("00D600010131", "63C1")], {}),
    ],
)
def test_how_many_tries_are_left(exchanges: list[tuple[str, str]], tries: dict[int, int]) -> None:
    assert {one.reference: one.left for one in after(FRESH, *exchanges).tries} == tries


@pytest.mark.parametrize(("then", "answer", "verified"), [
    ("0020000104FFFFFFFF", "63C2", (0x81,)), ("0020008104FFFFFFFF", "6983", (0x01,)), ("0020FF01", "9000", (0x81,)),
    ("00A4040005A000000003", "9000", (0x01,)), ("00A4040005A000000003", "6A82", (0x01, 0x81)),
    ("00A40000023F00", "9000", (0x01, 0x81)), ("00200002", "9000", (0x01, 0x81)), ("00B0000010", "6982", (0x01, 0x81)),
])
def test_which_pins_the_card_has_taken(then: str, answer: str, verified: tuple[int, ...]) -> None:
    state = after(FRESH, ("002000010431323334", "9000"), ("002000810431323334", "9000"), (then, answer))
    assert state.verified == verified
    assert powered_up(state, FRESH.atr, FRESH.protocol).verified == ()
