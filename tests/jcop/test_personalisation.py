"""ATR composition, the protocol byte and the checklist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.atr import parse_atr
from jcopsh.jcop.personalisation import (
    DEFAULT_KEY,
    BlockPart,
    ChecklistLine,
    CheckState,
    PersonalisationError,
    ProtocolByte,
    check_block,
    checklist,
    compose_atr,
)

VENDOR_INTERFACE = bytes.fromhex("08F01300008131FE45")
VENDOR_HISTORICAL = b"\x08JCOPv241"
T0_INTERFACE = bytes.fromhex("036000FF")
PUBLISHED_ATR = "3BF81300008131FE454A434F5076323431B7"


def test_the_vendors_fields_give_the_published_atr() -> None:
    assert compose_atr(VENDOR_INTERFACE, VENDOR_HISTORICAL).hex().upper() == PUBLISHED_ATR
    assert check_block(VENDOR_INTERFACE, VENDOR_HISTORICAL) == ()


def test_room_that_is_not_used_does_not_count() -> None:
    atr = compose_atr(VENDOR_INTERFACE.ljust(16, b"\xff"), VENDOR_HISTORICAL.ljust(16, b"\xff"))
    assert atr.hex().upper() == PUBLISHED_ATR


def test_seed_000s_t0_alternative_has_no_check_byte() -> None:
    atr = compose_atr(T0_INTERFACE, b"\x0aJ2A081,T=1")
    assert atr == bytes.fromhex("3B6A00FF") + b"J2A081,T=1"
    assert parse_atr(atr).protocols == (0,)
    assert check_block(T0_INTERFACE, b"\x0aJ2A081,T=1") == ()


def test_seed_000s_t1_fields() -> None:
    atr = parse_atr(compose_atr(VENDOR_INTERFACE, b"\x0aJ2A081,T=1"))
    assert (atr.protocols, atr.historical_text, atr.tck_right) == ((1,), "J2A081,T=1", True)


def test_no_historical_bytes() -> None:
    assert compose_atr(b"\x01\x00", b"\x00") == bytes.fromhex("3B00")


@pytest.mark.parametrize(("interface", "historical", "part", "offset", "message"), [
    ("", "00", BlockPart.INTERFACE, 0, "length byte is missing"),
    ("0100", "", BlockPart.HISTORICAL, 0, "length byte is missing"),
    ("00", "00", BlockPart.INTERFACE, 0, "begin with T0"),
    ("09F01300008131FE45", "00", BlockPart.INTERFACE, 0, "says 9, but there is room for 8"),
    ("0100", "024A", BlockPart.HISTORICAL, 0, "says 2, but there is room for 1"),
    ("08F81300008131FE45", "00", BlockPart.INTERFACE, 1, "T0 is F8"),
    ("07F01300008131FE", "00", BlockPart.INTERFACE, 7, "TA3 to TD3 that are announced 1 are missing"),
    ("04F0130000", "00", BlockPart.INTERFACE, 4, "TA1 to TD1 that are announced 1 are missing"),
    ("0110", "00", BlockPart.INTERFACE, 1, "1 are missing"),
    ("09F01300008131FE4500", "00", BlockPart.INTERFACE, 9, "1 bytes are left over"),
    ("020011", "00", BlockPart.INTERFACE, 2, "1 bytes are left over"),
    ("0100", "10" + "41" * 16, BlockPart.HISTORICAL, 0, "at most 15"),
])
def test_fields_that_compose_no_atr(
    interface: str, historical: str, part: BlockPart, offset: int, message: str
) -> None:
    fields = bytes.fromhex(interface), bytes.fromhex(historical)
    with pytest.raises(PersonalisationError, match=message) as caught:
        compose_atr(*fields)
    assert (caught.value.part, caught.value.offset) == (part, offset)
    assert check_block(*fields) == (str(caught.value),)
    assert str(caught.value).startswith(part.value)


def test_an_atr_that_would_be_too_long() -> None:
    # five times TA to TD, and the last TD announces nothing
    interface = bytes((0xF0,)) + bytes.fromhex("000000F1") * 5 + bytes.fromhex("00000001")
    with pytest.raises(PersonalisationError, match="33 is the most"):
        compose_atr(bytes((len(interface),)) + interface, b"\x0f" + b"A" * 15)


@pytest.mark.parametrize(("interface", "doubt"), [
    ("0210F0", "reserved Fi or Di"),
    ("0480811100", "IFSC is 00"),
    ("04808111FF", "IFSC is FF"),
    ("028002", "T=2 is offered"),
    ("03801001", "TA2 demands T=1, which is not offered"),
])
def test_what_the_specification_reserves_is_told(interface: str, doubt: str) -> None:
    problems = check_block(bytes.fromhex(interface), b"\x00")
    assert len(problems) == 1
    assert doubt in problems[0]


def test_a_reserved_ta1_is_named() -> None:
    assert check_block(bytes.fromhex("0210F0"), b"\x00") == (
        "TA1 is F0, a reserved Fi or Di: readers may refuse the card",)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_any_fields_compose_an_atr_that_parses_or_are_refused(interface: bytes, historical: bytes) -> None:
    try:
        atr = parse_atr(compose_atr(interface, historical))
    except PersonalisationError as error:
        field = interface if error.part is BlockPart.INTERFACE else historical
        assert 0 <= error.offset <= len(field)
        assert check_block(interface, historical)
        return
    assert atr.tck_right
    assert atr.historical == historical[1 : 1 + historical[0]]
    assert atr.t0 >> 4 == interface[1] >> 4
    assert bytes((atr.t0 & 0xF0,)) + bytes(one.value for one in atr.interface) == interface[1 : 1 + interface[0]]


# --- the protocol byte


@pytest.mark.parametrize(("raw", "sleep", "negotiable", "protocol", "text"), [
    (0x0F, True, True, "T=1", "sleep mode, negotiable, T=1"),
    (0x0B, True, False, "T=1", "sleep mode, T=1"),
    (0x08, True, False, "T=0", "sleep mode, T=0"),
    (0x01, False, False, None, "protocol unknown"),
])
def test_protocol_bytes(raw: int, sleep: bool, negotiable: bool, protocol: str | None, text: str) -> None:
    value = ProtocolByte(raw)
    assert (value.sleep, value.negotiable, value.protocol, str(value)) == (sleep, negotiable, protocol, text)


@pytest.mark.parametrize("raw", [-1, 256])
def test_a_protocol_byte_is_a_byte(raw: int) -> None:
    with pytest.raises(ValueError, match="00 to FF"):
        ProtocolByte(raw)


# --- the checklist

KEY_1 = bytes.fromhex("102132435465768798A9BACBDCEDFE0F")
KEY_2 = bytes.fromhex("2031425364758697A8B9CADBECFD0E1F")
KEY_3 = bytes.fromhex("304152637485960718293A4B5C6D7E8F")
KEYS = ("cm_key1", "cm_key2", "cm_key3")
GOOD: dict[str, bytes | None] = {
    "cm_key1": KEY_1, "cm_key2": KEY_2, "cm_key3": KEY_3,
    "cold_interface_bytes": VENDOR_INTERFACE, "cold_historical_bytes": VENDOR_HISTORICAL,
    "warm_interface_bytes": T0_INTERFACE, "warm_historical_bytes": VENDOR_HISTORICAL,
}


def _lines(
    changed: dict[str, bytes | None] | None = None,
    *,
    stored: tuple[str, ...] = KEYS,
    slot_order_proved: bool | None = True,
    life_cycle: int | None = 1,
    fused: bool | None = False,
) -> dict[str, ChecklistLine]:
    lines = checklist(GOOD | (changed or {}), stored, slot_order_proved=slot_order_proved, life_cycle=life_cycle,
                      fused=fused)
    return {line.item: line for line in lines}


NOT_FUSED = "the card is not fused yet"
STORED = "keys known and stored on disk"
ORDER = "slot order proved by an authentication"
WELL_KNOWN = "keys of your own"
SAME = "three different keys"
COLD = "cold ATR valid"
WARM = "warm ATR valid"
LIFE_CYCLE = "life cycle 01"


def test_all_done() -> None:
    lines = _lines()
    assert list(lines) == [NOT_FUSED, STORED, ORDER, WELL_KNOWN, SAME, COLD, WARM, LIFE_CYCLE]
    assert {line.state for line in lines.values()} == {CheckState.DONE}
    assert lines[COLD].detail == bytes.fromhex(PUBLISHED_ATR).hex(" ").upper()
    assert lines[WARM].detail == "3B 68 00 FF 4A 43 4F 50 76 32 34 31"


def test_nothing_known() -> None:
    lines = checklist({}, (), slot_order_proved=None, life_cycle=None, fused=None)
    assert {line.item: line.state for line in lines} == {
        NOT_FUSED: CheckState.UNKNOWN, STORED: CheckState.MISSING, ORDER: CheckState.UNKNOWN,
        WELL_KNOWN: CheckState.UNKNOWN, SAME: CheckState.UNKNOWN, COLD: CheckState.UNKNOWN, WARM: CheckState.UNKNOWN,
        LIFE_CYCLE: CheckState.UNKNOWN,
    }


@pytest.mark.parametrize("proved", [None, False])
def test_slot_order_is_not_proved(proved: bool | None) -> None:
    line = _lines(slot_order_proved=proved)[ORDER]
    assert (line.state, line.detail) == (CheckState.UNKNOWN, "not proved; help fuse says why it matters")


def test_keys_that_are_not_stored_are_named() -> None:
    line = _lines({"cm_key3": None}, stored=("cm_key1",))[STORED]
    assert (line.state, line.detail) == (CheckState.MISSING, "cm_key3 not read; cm_key2 not in the key store")


def _flip_parity(key: bytes) -> bytes:
    return bytes(byte ^ 1 for byte in key)


@pytest.mark.parametrize("key", [DEFAULT_KEY, _flip_parity(DEFAULT_KEY), bytes(16), b"\xff" * 16, b"\x00\x01" * 8])
def test_a_well_known_key_is_named(key: bytes) -> None:
    line = _lines({"cm_key2": key})[WELL_KNOWN]
    assert line.state is CheckState.MISSING
    assert line.detail == "cm_key2 is 40..4F, or one byte repeated"


def test_the_well_known_key_in_every_slot() -> None:
    lines = _lines(dict.fromkeys(KEYS, DEFAULT_KEY))
    assert lines[WELL_KNOWN].detail == "cm_key1, cm_key2, cm_key3 are 40..4F, or one byte repeated"
    assert lines[SAME].detail == "cm_key1 = cm_key2, cm_key1 = cm_key3, cm_key2 = cm_key3"
    assert lines[SAME].state is CheckState.MISSING


def test_keys_that_differ_in_parity_only_are_the_same() -> None:
    line = _lines({"cm_key3": _flip_parity(KEY_1)})[SAME]
    assert (line.state, line.detail) == (CheckState.MISSING, "cm_key1 = cm_key3")


def test_a_key_that_was_not_read_leaves_the_others_in_doubt() -> None:
    lines = _lines({"cm_key2": None})
    for item in (WELL_KNOWN, SAME):
        assert (lines[item].state, lines[item].detail) == (CheckState.UNKNOWN, "cm_key2 not read")


def test_what_is_wrong_with_the_keys_that_were_read_is_told_though_one_was_not() -> None:
    lines = _lines({"cm_key1": None, "cm_key2": DEFAULT_KEY, "cm_key3": DEFAULT_KEY})
    assert lines[WELL_KNOWN].state is lines[SAME].state is CheckState.MISSING


def test_an_atr_that_is_not_valid() -> None:
    lines = _lines({"cold_interface_bytes": bytes.fromhex("0110"), "warm_historical_bytes": None})
    assert lines[COLD].state is CheckState.MISSING
    assert "end too early" in lines[COLD].detail
    assert lines[WARM].state is CheckState.UNKNOWN


@pytest.mark.parametrize(("value", "state", "detail"), [
    (1, CheckState.DONE, "it is 01"),
    (0, CheckState.MISSING, "it is 00: write cm_lifecycle 01"),
    (None, CheckState.UNKNOWN, "the map does not say where it lies, or it was not read"),
])
def test_life_cycles(value: int | None, state: CheckState, detail: str) -> None:
    line = _lines(life_cycle=value)[LIFE_CYCLE]
    assert (line.state, line.detail) == (state, detail)


@pytest.mark.parametrize(("fused", "state"), [
    (True, CheckState.MISSING), (False, CheckState.DONE), (None, CheckState.UNKNOWN),
])
def test_fuse_states(fused: bool | None, state: CheckState) -> None:
    assert _lines(fused=fused)[NOT_FUSED].state is state


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=3, max_size=3))
def test_no_key_in_any_line(keys: list[bytes]) -> None:
    lines = checklist(dict(zip(KEYS, keys, strict=True)), KEYS, slot_order_proved=None, life_cycle=None, fused=False)
    text = repr(lines).lower()
    for key in keys:
        assert key.hex() not in text.replace(" ", "")
