"""What an exchange teaches: every row of the table, and what no exchange may teach."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.state import (
    CODE_ALPHABET,
    TRANSITIONS,
    Boot,
    CardState,
    Fuse,
    SelectedKind,
    advance,
    connected,
    new_power_up,
    powered_up,
)

UNFUSED_IDENTITY = "04310033000000004E5830313143000339F873"
FUSED_IDENTITY = "B3110129000000005048363530410103C13C82"
IDENTIFY = "00A4040009A000000167413000FF00"
SELECT_TK = "00A4040010" + "4A" * 16
SELECT_ISD = "00A4040008A000000003000000"
READ = "C0B0030510"
FRESH = connected(b"\x3b\x00", "T=1")


def after(state: CardState, *exchanges: tuple[str, str]) -> CardState:
    """The state after commands and answers, each in hexadecimal."""
    for command, response in exchanges:
        raw = bytes.fromhex(command)
        state = advance(state, CommandAPDU.parse(raw), ResponseAPDU.parse(bytes.fromhex(response)))
    return state


ROOT = after(FRESH, (SELECT_TK, "9000"))
PROVED = after(ROOT, ("00F00000", "9000"), (READ, "00" * 16 + "9000"))


def test_identify_tells_the_fuse_state() -> None:
    unfused = after(FRESH, (IDENTIFY, UNFUSED_IDENTITY + "6A82"))
    assert (unfused.fuse, unfused.identity and unfused.identity.mask_name) == (Fuse.UNFUSED, "NX011C")
    fused = after(FRESH, (IDENTIFY, FUSED_IDENTITY + "6A82"))
    assert (fused.fuse, fused.identity and fused.identity.mask_name) == (Fuse.FUSED, "PH650A")
    # it is asked for without an Le as well
    assert after(FRESH, (IDENTIFY[:-2], FUSED_IDENTITY + "6A82")).fuse is Fuse.FUSED


def jcop4(pre_perso_state: str) -> str:
    """An answer to JCOP 4's identification with this pre-personalisation state."""
    return f"FE1BDF28180310{b'J3R6000373181200'.hex().upper()}0801AA0701{pre_perso_state}9000"


IDENTIFY_JCOP4 = "80CA00FE02DF2800"
IN_DOMAIN = after(FRESH, ("00A4040000", "6F108408A000000151000000A5049F6501FF9000"))


@pytest.mark.parametrize(("command", "answer", "fuse"), [
    (IDENTIFY_JCOP4, jcop4("01"), Fuse.FUSED), (IDENTIFY_JCOP4, jcop4("00"), Fuse.FUSED),
    (IDENTIFY_JCOP4, jcop4("02"), Fuse.UNKNOWN), (IDENTIFY_JCOP4, jcop4("03"), Fuse.UNKNOWN),
    (IDENTIFY_JCOP4, jcop4("01")[:-4] + "6A88", Fuse.UNKNOWN), (IDENTIFY_JCOP4, "9000", Fuse.UNKNOWN),
    (IDENTIFY_JCOP4, "FE06DF28030801AA9000", Fuse.UNKNOWN), ("81CA00FE02DF2800", jcop4("01"), Fuse.UNKNOWN),
    ("80CA00FE02DF2900", jcop4("01"), Fuse.UNKNOWN),
])
def test_that_a_jcop4_is_fused_is_inferred_from_its_transport_state(command: str, answer: str, fuse: Fuse) -> None:
    state = after(IN_DOMAIN, (command, answer))
    assert (state.fuse, state.fuse_inferred) == (fuse, fuse is Fuse.FUSED)
    # what shows more counts for more
    assert after(state, (IDENTIFY, UNFUSED_IDENTITY + "6A82")).fuse is Fuse.UNFUSED
    assert after(IN_DOMAIN, (IDENTIFY, UNFUSED_IDENTITY + "6A82"), (command, answer)).fuse is Fuse.UNFUSED
    assert not powered_up(state, b"", "T=1").fuse_inferred


def test_a_transport_state_that_is_active_again_takes_the_inference_back() -> None:
    state = after(IN_DOMAIN, (IDENTIFY_JCOP4, jcop4("01")), (IDENTIFY_JCOP4, jcop4("02")))
    assert (state.fuse, state.fuse_inferred) == (Fuse.UNKNOWN, False)


@pytest.mark.parametrize("before", [
    (), (("00A4040005F0A1B2C3D4", "9000"),), (("00A4040000", "9000"),), (("00A4040000", "6F078405F0A1B2C3D49000"),)])
def test_what_is_no_security_domain_for_sure_tells_nothing_of_the_fuse(before: tuple[tuple[str, str], ...]) -> None:
    assert after(FRESH, *before, (IDENTIFY_JCOP4, jcop4("01"))).fuse is Fuse.UNKNOWN


@pytest.mark.parametrize("answer", ["FE06DF28030701019000", "FE0BDF280803034A33520701019000",
                                    jcop4("01").replace("4A", "00")])
def test_an_identification_without_a_platform_says_nothing_of_the_fuse(answer: str) -> None:
    assert after(IN_DOMAIN, (IDENTIFY_JCOP4, answer)).fuse is Fuse.UNKNOWN


def test_the_root_applet_is_no_card_manager() -> None:
    assert after(ROOT, (IDENTIFY_JCOP4, jcop4("01"))).fuse is Fuse.UNFUSED


def test_identify_keeps_the_selection() -> None:
    assert after(ROOT, (IDENTIFY, UNFUSED_IDENTITY + "6A82")).selected is SelectedKind.ROOT


@pytest.mark.parametrize(
    "answer",
    [
        FUSED_IDENTITY + "9000",  # an application with that AID
        FUSED_IDENTITY + "6113",
        FUSED_IDENTITY[:28] + "02" + FUSED_IDENTITY[30:] + "6A82",  # a fuse byte that is neither
        FUSED_IDENTITY[:-2] + "6A82",
        FUSED_IDENTITY + "0000" + "6A82",
        "6A82",
        "",
    ],
)
def test_a_strange_answer_to_identify_never_says_fused(answer: str) -> None:
    assert after(FRESH, (IDENTIFY, answer or "9000")).fuse is not Fuse.FUSED


@pytest.mark.parametrize(
    "command",
    [
        "01A4040009A000000167413000FF00",
        "80A4040009A000000167413000FF00",
        "00A4040008A000000167413000",
        "00A4040209A000000167413000FF00",
        "00C0000013",
        "00CA000013",
    ],
)
def test_the_answer_to_anything_else_is_no_identification(command: str) -> None:
    assert after(FRESH, (command, FUSED_IDENTITY + "6A82")).fuse is Fuse.UNKNOWN


def test_an_unfused_answer_overrules_everything() -> None:
    assert after(replace(FRESH, fuse=Fuse.FUSED), (IDENTIFY, UNFUSED_IDENTITY + "6A82")).fuse is Fuse.UNFUSED


def test_the_transport_key_selects_the_root_applet() -> None:
    assert (ROOT.selected, ROOT.fuse, ROOT.aid) == (SelectedKind.ROOT, Fuse.UNFUSED, b"")
    assert after(FRESH, (SELECT_TK, "6A82")) == replace(FRESH)


def test_an_application_with_a_16_byte_aid_gives_its_fci() -> None:
    state = after(FRESH, (SELECT_TK, "6F009000"))
    # which may be a transport key after all, so that it is not kept
    assert (state.selected, state.aid, state.fuse) == (SelectedKind.APPLICATION, b"", Fuse.UNKNOWN)


def test_on_a_fused_card_16_bytes_are_an_application() -> None:
    state = after(replace(FRESH, fuse=Fuse.FUSED), (SELECT_TK, "9000"))
    assert (state.selected, len(state.aid), state.fuse) == (SelectedKind.APPLICATION, 16, Fuse.FUSED)


@pytest.mark.parametrize("sw", ["9000", "610A", "6283", "6310"])
def test_an_application_is_selected(sw: str) -> None:
    state = after(PROVED, (SELECT_ISD, sw))
    assert (state.selected, state.aid.hex().upper()) == (SelectedKind.APPLICATION, "A000000003000000")
    assert not state.memory_shown


@pytest.mark.parametrize("sw", ["6A82", "6999", "6E00", "6700"])
def test_a_refused_select_changes_nothing(sw: str) -> None:
    assert after(PROVED, (SELECT_ISD, sw)) == PROVED


def test_what_another_channel_selects_changes_nothing_on_this_one() -> None:
    assert after(ROOT, ("01" + SELECT_ISD[2:], "9000")).selected is SelectedKind.ROOT
    assert after(ROOT, ("40" + SELECT_ISD[2:], "9000")).selected is SelectedKind.ROOT


def test_boot_counts() -> None:
    state = after(ROOT, ("00F00000", "9000"))
    assert (state.booted, state.boot.count, state.boot.power_up) == (True, 1, FRESH.boot.power_up)
    again = after(replace(state, protected=True), ("00F01234", "9000"))  # parameters may be ignored
    assert (again.boot.count, again.protected) == (2, False)
    assert after(ROOT, ("00F00000", "6985")) == ROOT
    assert after(FRESH, ("00F00000", "9000")).boot.count == 0
    assert after(ROOT, ("80F08007", "9000")).boot.count == 0


def test_protect() -> None:
    assert after(ROOT, ("00100000", "9000")).protected
    assert not after(ROOT, ("00100000", "6985")).protected
    assert not after(after(FRESH, (SELECT_ISD, "9000")), ("00100000", "9000")).protected


def test_fuse_acknowledged_by_the_root_applet() -> None:
    state = after(PROVED, ("00000000", "9000"))
    assert (state.fuse, state.selected, state.booted) == (Fuse.FUSED, SelectedKind.UNKNOWN, False)


@pytest.mark.parametrize("command", ["00000001", "0000000001AA", "01000000"])
def test_something_like_fuse_leaves_it_open(command: str) -> None:
    assert after(PROVED, (command, "9000")).fuse is Fuse.UNKNOWN


def test_fuse_refused_changes_nothing() -> None:
    assert after(PROVED, ("00000000", "6985")) == PROVED


def test_an_application_that_says_9000_to_everything_is_not_believed() -> None:
    """The applet of seed 003 does nothing, and answers 9000 to every command. Its AID may have 16 bytes."""
    taken_for_root = after(FRESH, (SELECT_TK, "9000"), ("00F00000", "9000"), (READ, "9000"))
    assert after(taken_for_root, ("00000000", "9000")).fuse is Fuse.UNKNOWN


@pytest.mark.parametrize("answer", ["00" * 15 + "9000", "00" * 16 + "6282", "00" * 16 + "6A82", "9000"])
def test_what_is_no_answer_to_read_shows_no_memory(answer: str) -> None:
    assert not after(ROOT, (READ, answer)).memory_shown


def test_memory_read_before_another_select_proves_nothing_after_it() -> None:
    again = after(PROVED, (SELECT_TK, "9000"))
    assert after(again, ("00000000", "9000")).fuse is Fuse.UNKNOWN


def test_pieces_are_noticed() -> None:
    assert after(FRESH, ("00C2000001AA", "9000")).unfinished
    assert after(FRESH, ("00C30000000001AA", "9000")).unfinished
    assert after(FRESH, ("90E2000001AA", "9000")).unfinished
    assert not after(FRESH, ("00C20000", "9000")).unfinished
    assert not after(FRESH, ("00C2000001AA", "9000"), ("00CA006600", "6A88")).unfinished


def test_a_reset_forgets_all_but_who_the_card_said_it_was() -> None:
    fused = after(PROVED, ("00000000", "9000"), (IDENTIFY, FUSED_IDENTITY + "6A82"))
    state = powered_up(replace(fused, protected=True, unfinished=True), b"\x3b\x01", "T=0")
    assert state == CardState(atr=b"\x3b\x01", protocol="T=0", boot=state.boot, identity=fused.identity,
                              fuse_before=Fuse.FUSED, first_atr=fused.atr)
    assert state.boot.power_up != fused.boot.power_up


def test_what_was_shown_of_the_fuse_outlives_resets_until_it_may_have_changed() -> None:
    again = powered_up(powered_up(after(FRESH, (SELECT_TK, "9000")), b"", "T=1"), b"", "T=1")
    assert (again.fuse, again.fuse_before) == (Fuse.UNKNOWN, Fuse.UNFUSED)
    unproved = after(again, (SELECT_TK, "9000"), ("00000000", "9000"))
    assert (unproved.fuse, unproved.fuse_before) == (Fuse.UNKNOWN, Fuse.UNKNOWN)


def test_every_row_of_the_table_is_reached() -> None:
    exchanges = [
        (FRESH, IDENTIFY, UNFUSED_IDENTITY + "6A82"),
        (IN_DOMAIN, IDENTIFY_JCOP4, jcop4("01")),
        (FRESH, SELECT_TK, "9000"),
        (FRESH, SELECT_ISD, "9000"),
        (ROOT, "00F00000", "9000"),
        (ROOT, "00100000", "9000"),
        (ROOT, "00000000", "9000"),
        (ROOT, READ, "00" * 16 + "9000"),
    ]
    firsts = []
    for state, command, response in exchanges:
        parsed = CommandAPDU.parse(bytes.fromhex(command)), ResponseAPDU.parse(bytes.fromhex(response))
        fitting = (
            row for row, (ins, fits, _) in enumerate(TRANSITIONS) if ins == parsed[0].ins and fits(state, *parsed)
        )
        firsts.append(next(fitting))
    assert firsts == list(range(len(TRANSITIONS)))


def test_boots_have_names_of_their_own() -> None:
    assert str(Boot("ABC", 2)) == "ABC.2"
    names = {new_power_up() for _ in range(200)}
    assert len(names) == 200
    assert set("".join(names)) <= set(CODE_ALPHABET)


# --- no sequence of exchanges --------------------------------------------------------------------------------------

KNOWN_COMMANDS = [
    IDENTIFY,
    SELECT_TK,
    SELECT_ISD,
    READ,
    "00F00000",
    "00100000",
    "00000000",
    "0000000000",
    "C0B0030500",
    "00C0000010",
    "80F080FF",
    "00C200000400000000",
]


def encoded(header: bytes, data: bytes, le: int | None) -> bytes:
    return CommandAPDU(header[0], header[1], header[2], header[3], data, le).encode()


COMMANDS = st.one_of(
    st.sampled_from(KNOWN_COMMANDS).map(bytes.fromhex),
    st.builds(
        encoded, st.binary(min_size=4, max_size=4), st.binary(max_size=20), st.one_of(st.none(), st.integers(1, 256))
    ),
)
STATUS = st.one_of(st.sampled_from([0x9000, 0x6A82, 0x6110, 0x6C10, 0x6985]), st.integers(0, 0xFFFF))
ANSWERS = st.one_of(
    st.binary(max_size=24), st.sampled_from([bytes.fromhex(UNFUSED_IDENTITY), bytes.fromhex(FUSED_IDENTITY), bytes(16)])
)


@given(st.lists(st.tuples(COMMANDS, ANSWERS, STATUS), max_size=12))
@settings(max_examples=600, deadline=None)
def test_only_two_things_make_a_card_known_as_fused(exchanges: list[tuple[bytes, bytes, int]]) -> None:
    state = FRESH
    for raw, data, sw in exchanges:
        command, before = CommandAPDU.parse(raw), state
        state = advance(state, command, ResponseAPDU(data, sw))
        if state.fuse is not Fuse.FUSED or before.fuse is Fuse.FUSED:
            continue
        by_identify = raw.hex().upper().startswith(IDENTIFY[:-2]) and sw == 0x6A82 and data[14] == 0x01
        by_fuse = command.header == bytes(4) and not command.data and sw == 0x9000
        assert by_identify or (by_fuse and before.selected is SelectedKind.ROOT and before.memory_shown)


@given(st.lists(st.tuples(COMMANDS, st.just(b""), STATUS), max_size=15))
@settings(max_examples=300, deadline=None)
def test_status_words_alone_never_do(exchanges: list[tuple[bytes, bytes, int]]) -> None:
    state = FRESH
    for raw, data, sw in exchanges:
        state = advance(state, CommandAPDU.parse(raw), ResponseAPDU(data, sw))
        assert state.fuse is not Fuse.FUSED
