"""What the interlock says of PINs and files: a yes for what can use up the last try, or removes something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jcopsh.card.interlock import Severity, judge
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.jcop.memory_map import all_maps
from jcopsh.state import CardState, Fuse, PinTries, SelectedKind, advance

FREE, DESTRUCTIVE, IRREVERSIBLE = Severity.FREE, Severity.DESTRUCTIVE, Severity.IRREVERSIBLE
FUSED = CardState(fuse=Fuse.FUSED, selected=SelectedKind.APPLICATION)
UNKNOWN = CardState()
PIN = "0431323334"


def tries(left: dict[int, int]) -> tuple[PinTries, ...]:
    return tuple(PinTries((), reference, count) for reference, count in left.items())


def severity(command: str, state: CardState) -> Severity:
    return judge(bytes.fromhex(command), state, all_maps()).severity


@pytest.mark.parametrize("state", [UNKNOWN, FUSED])
@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("00200001", FREE), ("00200001" + PIN, FREE), ("002400010831323334" + "31323334", FREE),
        ("00D60000" + PIN, FREE), ("00D7000005540100530041"[:18], FREE), ("00DC0104" + PIN, FREE),
        ("00E20000" + PIN, FREE), ("00DA0101" + PIN, FREE), ("00DB3FFF" + "03800131", FREE), ("0070000001", FREE),
        ("00E0000002" + "6200", FREE), ("0084000008", FREE), ("0088000002AABB00", FREE), ("00A40000023F00", FREE),
        ("00E40000026E20", DESTRUCTIVE), ("00E40000", DESTRUCTIVE), ("002C0001" + PIN, DESTRUCTIVE),
        ("002D0001" + PIN, DESTRUCTIVE), ("002C0301", DESTRUCTIVE), ("802C0001" + PIN, DESTRUCTIVE),
        ("00E60000", IRREVERSIBLE),
        # in one with tag D0 or D2 keys could be meant
        ("00E4000003D00101", IRREVERSIBLE),
    ],
)
def test_commands_of_iso_7816(command: str, wanted: Severity, state: CardState) -> None:
    assert severity(command, state) is wanted


@pytest.mark.parametrize("state", [UNKNOWN, FUSED])
def test_the_last_try_wants_a_yes(state: CardState) -> None:
    one_left = replace(state, tries=tries({0x01: 1, 0x81: 3}))
    wrong_channel_too = "01200001" + PIN
    commands = ("00200001" + PIN, "002400010831323334" + "31323334", wrong_channel_too, "0C200001" + PIN,
                "00210001" + "06530431323334", "00260001" + PIN, "00280001" + PIN)
    for command in commands:
        assert severity(command, one_left) is DESTRUCTIVE
        assert severity(command, replace(one_left, tries=tries({0x01: 2}))) is FREE
        assert severity(command, replace(one_left, tries=tries({0x81: 1}))) is FREE
    # asking, and setting a PIN without comparing, use up nothing
    for command in ("00200001", "0020000100", "00240101" + PIN, "00200081" + PIN):
        assert severity(command, one_left) is FREE


def test_a_pin_of_another_application_lifts_no_guard() -> None:
    first, second, local = "00A4040005A000000001", "00A4040005A000000002", "00200081"
    state = UNKNOWN
    for command, answer in ((first, "9000"), (local, "63C1"), (second, "9000"), (local, "63C3")):
        state = advance(state, CommandAPDU.parse(bytes.fromhex(command)), ResponseAPDU.parse(bytes.fromhex(answer)))
    assert severity(local + PIN, state) is FREE
    assert severity("0120008104" + "31323334", state) is DESTRUCTIVE  # nobody knows what is current on channel 1
    again = advance(state, CommandAPDU.parse(bytes.fromhex(first)), ResponseAPDU.parse(b"\x90\x00"))
    assert severity(local + PIN, again) is DESTRUCTIVE


def test_the_question_says_what_is_at_stake() -> None:
    found = judge(bytes.fromhex("00200001" + PIN), replace(FUSED, tries=tries({1: 1})), all_maps())
    assert found.what == "a PIN with one try left (reference 01)"
    assert "blocked" in found.consequence


def test_where_the_current_df_is_in_doubt_the_fewest_tries_count() -> None:
    def after(state: CardState, command: str, response: str) -> CardState:
        answer = ResponseAPDU.parse(bytes.fromhex(response))
        return advance(state, CommandAPDU.parse(bytes.fromhex(command)), answer)

    state = after(UNKNOWN, "00A40000023F00", "9000")
    state = after(state, "00200001", "63C1")
    state = after(state, "00A40000027E10", "62038201389000")
    state = after(state, "00200001", "63C3")
    assert severity("00200001" + PIN, state) is FREE
    # an EF beside 7E10 answers too: then the MF is the current DF, and its PIN has one try left
    state = after(state, "00A40000022F00", "62038201019000")
    assert severity("00200001" + PIN, state) is DESTRUCTIVE
