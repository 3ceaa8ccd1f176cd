"""The card with files, byte by byte as ISO/IEC 7816-4 has it."""

from __future__ import annotations

import pytest

from jcopsh.simulator.assumptions import FILES_PIN
from jcopsh.simulator.card import SimulatedCard
from tests.simulator.support import IDENTIFY, powered, send, send_all

PIN, PUK = (value.hex().upper() for value in FILES_PIN.value)
VERIFY = f"0020000104{PIN}"
WRONG = "002000010430303030"
INVENTORY = "00A4080C027E10"


@pytest.fixture
def card() -> SimulatedCard:
    return powered("iso7816-files")


@pytest.fixture
def inventory(card: SimulatedCard) -> SimulatedCard:
    assert send(card, INVENTORY) == "9000"
    return card


def sw(card: SimulatedCard, command: str) -> str:
    return send(card, command)[-4:]


def data(card: SimulatedCard, command: str) -> bytes:
    answer = send(card, command)
    assert answer.endswith("9000"), answer
    return bytes.fromhex(answer[:-4])


def test_the_atr_tells_of_the_card(card: SimulatedCard) -> None:
    # T=1 with 254 bytes a block; category 80, card service data, card capabilities
    assert card.atr.hex().upper() == "3B878131FE458031A073B6215B22"
    assert card.protocol == "T=1"
    assert card.warm_reset() == card.atr
    over_t0 = powered("iso7816-files,protocol=t0")
    # without TD1 there is no TCK; no extended lengths are promised
    assert (over_t0.atr.hex().upper(), over_t0.protocol) == ("3B078031A073B6211B", "T=0")


def test_it_does_not_say_that_it_is_a_jcop(card: SimulatedCard) -> None:
    assert send_all(card, IDENTIFY, "00000000", "00100000", "00F00000") == ["6A82", "6D00", "6D00", "6D00"]


# --- SELECT --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        # the control parameters of a transparent EF of 32 bytes, short identifier 1: read free, updated with the PIN
        ("00A40204026E0100", "621B 8202 0121 8002 0020 8302 6E01 8801 08 8A01 05 8C04 43 FF 10 00"),
        # records: length and number behind the data coding byte
        ("00A40204026E0400", "621E 8205 02210018 08 8002 00C0 8302 6E04 8801 20 8A01 05 8C05 47 FF 10 10 00"),
        ("00A40208026E0100", "6400"),
    ],
)
def test_what_select_tells_of_an_ef(inventory: SimulatedCard, command: str, answer: str) -> None:
    body = answer.replace(" ", "")
    # the outer length is counted here, so that a slip of the pen above cannot hide a wrong one of the card
    expected = body[:2] + f"{len(body) // 2 - 2:02X}" + body[4:]
    assert send(inventory, command) == expected + "9000"


def test_what_select_tells_of_a_df(card: SimulatedCard) -> None:
    name = b"\xf0WORKSHOP".hex().upper()
    inside = "820138" + "83027E10" + f"8409{name}" + "8A0105" + "8C0547FF101010" + "5009" + b"inventory".hex().upper()
    assert send(card, "00A40000027E1000") == f"6F{len(inside) // 2:02X}{inside}9000"
    assert send(card, "00A4040C09" + name) == "9000"
    assert sw(card, "00A4040C08" + name[:-2]) == "6A82"
    assert sw(card, "00A4040209" + name) == "6A82"  # there is no next one


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4000C023F00", "9000"), ("00A4000C", "9000"), ("00A4000C027E10", "9000"), ("00A4000C027E20", "9000"),
        ("00A4000C026E01", "9000"), ("00A4000C026E11", "6A82"), ("00A4000C022F00", "9000"),
        ("00A4010C027E10", "6A82"), ("00A4020C026E01", "9000"), ("00A4020C022F00", "6A82"), ("00A4030C", "9000"),
        ("00A4080C042F00", "6700"), ("00A4080C047E106E01", "9000"), ("00A4080C022F00", "9000"),
        ("00A4090C026E01", "9000"), ("00A4090C047E106E01", "6A82"), ("00A4080C037E106E", "6700"),
        ("00A4050C", "6A86"), ("00A4001C023F00", "6A86"), ("00A4000C037E106E", "6700"), ("00A4030C0100", "6700"),
        ("00A4000C026E08", "6283"),
    ],
)
def test_where_select_looks_from_a_df(inventory: SimulatedCard, command: str, status: str) -> None:
    assert sw(inventory, command) == status


def test_a_select_that_fails_changes_nothing(inventory: SimulatedCard) -> None:
    assert send_all(inventory, "00A4020C026E04", "00A4000C029999") == ["9000", "6A82"]
    assert data(inventory, "00B2010400").startswith(b"HAMMER")


def test_a_reset_forgets_the_selection(inventory: SimulatedCard) -> None:
    inventory.power_on()
    assert sw(inventory, "00B0810000") == "9000"  # short identifier 1 of the MF: EF.ATR/INFO
    assert sw(inventory, "00B0870000") == "6A82"


# --- transparent files ---------------------------------------------------------------------------------------------


def test_reading_by_offset_and_short_identifier(inventory: SimulatedCard) -> None:
    assert sw(inventory, "00B0000000") == "6986"
    whole = data(inventory, "00B0810000")
    assert len(whole) == 32 and whole.startswith(b"Workshop, ground floor")
    assert data(inventory, "00B0000A06") == b"ground"
    # asked for more than is left: 6282 where a number was given, 9000 where all was asked for
    assert send(inventory, "00B0001E10") == whole[30:].hex().upper() + "6282"
    assert send(inventory, "00B0001E00") == whole[30:].hex().upper() + "9000"
    assert [sw(inventory, command) for command in ("00B0002000", "00B0010000", "00B0", "00B00000", "00B0E10000")] == [
        "6B00", "6B00", "6700", "6700", "6A86"]


def test_a_long_file_and_beyond_the_even_offsets(inventory: SimulatedCard) -> None:
    assert sw(inventory, "00A4020C026E03") == "9000"
    first = data(inventory, "00B0000000")
    assert len(first) == 256
    assert len(data(inventory, "00B00000000200")) == 512  # extended Le
    last = data(inventory, "00B07FFF00")
    # 33,000 - 32,767 bytes are left
    assert len(last) == 233
    # DO 53 of an answer of at most 256 bytes holds 253; here 232 are left, with a length on two bytes
    odd = data(inventory, "00B1000004540280 0000")
    assert odd[:3] == bytes((0x53, 0x81, 232)) and odd[3:] == last[1:]
    assert data(inventory, "00B10000045402000000") == bytes((0x53, 0x81, 0xFD)) + first[:253]
    assert data(inventory, "00B1000304540200000C") == bytes((0x53, 10)) + first[:10]
    assert [sw(inventory, f"00B10000{body}00") for body in ("0454028100", "03540180", "025400", "0151", "04530280 00")
            ] == ["6B00", "9000", "6A80", "6A80", "6A80"]


def test_updating_needs_the_pin(inventory: SimulatedCard) -> None:
    change = "00D681000548656C6C6F"
    assert send_all(inventory, change, VERIFY, change) == ["6982", "9000", "9000"]
    assert data(inventory, "00B0810008") == b"Hellohop"
    assert send_all(inventory, "00D6001F024142", "00D600200141", "00D60000") == ["6A84", "6B00", "6700"]
    assert data(inventory, "00B0001F01") == b" "
    # INS D7: offset and data as data objects
    assert send_all(inventory, "00D7000107" + "54020001" + "530155", "00D700010454020001") == [
        "9000", "6A80"]
    assert data(inventory, "00B0810003") == b"HUl"


def test_what_only_the_pin_opens(inventory: SimulatedCard) -> None:
    assert send_all(inventory, "00B0870000", VERIFY) == ["6982", "9000"]
    assert b"4711" in data(inventory, "00B0870000")
    inventory.power_on()
    assert send_all(inventory, INVENTORY, "00B0870000") == ["9000", "6982"]


def test_a_deactivated_file(inventory: SimulatedCard) -> None:
    assert sw(inventory, "00A4020C026E08") == "6283"
    assert send_all(inventory, "00B0000000", VERIFY, "00D600000141") == ["6985", "9000", "6985"]


def test_a_file_of_another_structure(inventory: SimulatedCard) -> None:
    assert send_all(inventory, "00B0840000", "00B2010C00") == ["6981", "6981"]


# --- records -------------------------------------------------------------------------------------------------------


def test_records_of_fixed_length(inventory: SimulatedCard) -> None:
    assert data(inventory, "00B2012400") == b"HAMMER 1 KG          x01"
    assert data(inventory, "00B2080400") == b"BENCH GRINDER        x08"
    assert [sw(inventory, command) for command in
            ("00B2090400", "00B2000400", "00B2010000", "00B2012C00", "00B20104")] == [
        "6A83", "6A83", "6A81", "9000", "6700"]
    assert send(inventory, "00B2012410") == "6C18"
    assert send(inventory, "00B2012418").endswith("9000")
    assert send(inventory, "00B2012420").endswith("6282")
    assert len(data(inventory, "00B2072500")) == 48  # all from number 7 on


def test_changing_records(inventory: SimulatedCard) -> None:
    fixed, new = "00DC032418", b"FILE 200 MM".ljust(24).hex().upper()
    assert send_all(inventory, fixed + new, VERIFY, fixed + new) == ["6982", "9000", "9000"]
    assert data(inventory, "00B2032400").startswith(b"FILE 200 MM")
    assert send_all(inventory, "00DC03240141", "00DC0924180" + new[1:], "00E2002018" + new) == ["6700", "6A83", "6A84"]
    variable = b"Call the smith.".hex().upper()
    assert send_all(inventory, "00DC032C0F" + variable, "00E200280F" + variable) == ["9000", "9000"]
    assert data(inventory, "00B2032C00") == data(inventory, "00B2052C00") == b"Call the smith."
    assert sw(inventory, "00DC032C41" + "41" * 65) == "6A84"


def test_a_cyclic_file_turns(inventory: SimulatedCard) -> None:
    newest = [f"2024-06-0{day} C2 x1".encode() for day in range(1, 7)]
    assert send_all(inventory, VERIFY, "00DC003310" + newest[0].hex(), "00DC013410" + newest[0].hex()) == [
        "9000", "9000", "6A81"]
    assert data(inventory, "00B2013400") == newest[0]
    assert [sw(inventory, "00E2003010" + record.hex()) for record in newest[1:]] == ["9000"] * 5
    assert [data(inventory, f"00B20{number}3400") for number in range(1, 6)] == newest[:0:-1]
    assert sw(inventory, "00B2063400") == "6A83"


# --- PIN and PUK ---------------------------------------------------------------------------------------------------


def test_the_pin_counts_blocks_and_is_unblocked(card: SimulatedCard) -> None:
    ask = "00200001"
    assert send_all(card, ask, WRONG, ask, WRONG, VERIFY, ask) == ["63C3", "63C2", "63C2", "63C1", "9000", "9000"]
    assert send_all(card, WRONG, ask, WRONG, WRONG, WRONG, VERIFY, ask) == [
        "63C2", "63C2", "63C1", "63C0", "6983", "6983", "6983"]
    reset, new = "002C00010C", "35363738"
    assert send_all(card, reset + "30" * 8 + new, reset + PUK + new) == ["63C9", "9000"]
    assert send_all(card, ask, VERIFY, "0020000104" + new) == ["63C3", "63C2", "9000"]


def test_a_puk_that_is_used_up(card: SimulatedCard) -> None:
    wrong = "002C000108" + "30" * 8
    assert [sw(card, wrong) for _ in range(10)] == [f"63C{left:X}" for left in range(9, -1, -1)]
    assert sw(card, f"002C00010C{PUK}{PIN}") == "6983"


def test_changing_the_pin(card: SimulatedCard) -> None:
    assert send_all(card, f"0024000108{PIN}39393939", "00200001", "0020000104" + "39" * 4) == ["9000", "9000", "9000"]
    assert send_all(card, f"0024000107{PIN}393939", f"0024000108{'30' * 4}{PIN}") == ["63C2", "63C1"]
    assert send_all(card, "0024010104" + PIN, "0020000104" + "39" * 4, "0024010104" + PIN, VERIFY) == [
        "6982", "9000", "9000", "9000"]
    assert send_all(card, "00200002", "00200101", "002C01010441414141") == ["6A88", "6A86", "63C9"]


def test_a_try_is_counted_over_resets(card: SimulatedCard) -> None:
    assert sw(card, WRONG) == "63C2"
    card.power_on()
    assert sw(card, "00200001") == "63C2"


# --- data objects, challenges --------------------------------------------------------------------------------------


def test_data_objects(card: SimulatedCard) -> None:
    assert data(card, "00CA5F5200").hex().upper() == "8031A073B6215B"
    assert data(card, "00CB3FFF055C035F810100").hex().upper() == "5F810103240521"
    assert data(card, "00CB3FFF045C025F5200").hex().upper() == "5F5207" + "8031A073B6215B"
    assert [sw(card, command) for command in
            ("00CA005000", "00CA010200", "00CB3FFF025C0000", "00CB00FF025C0000", "00CB3FFF015C00", "00CA5F520141")] == [
        "6A88", "6982", "9000", "6A86", "6A80", "6700"]
    assert send_all(card, "00DA0101024F4B", VERIFY, "00DA0101024F4B", "00DA5F5201 41",
                    "00DA00990141", "00DB3FFF075F810103250101", "00DB3FFF00") == [
        "6982", "9000", "9000", "6982", "6A88", "9000", "6A80"]
    assert data(card, "00CA010100") == b"OK"
    assert data(card, "00CA010200") == b"alarm code 9001"
    assert data(card, "00CB3FFF055C035F810100").hex().upper() == "5F810103250101"


def test_challenges(card: SimulatedCard) -> None:
    first, second = data(card, "0084000008"), data(card, "0084000008")
    assert len(first) == 8 and first != second
    assert len(data(card, "0084000000")) == 256
    assert send_all(card, "00840000", "0084010008") == ["6700", "6A86"]


# --- channels and classes ------------------------------------------------------------------------------------------


def test_logical_channels_have_selections_of_their_own(inventory: SimulatedCard) -> None:
    assert send_all(inventory, "01A4000C023F00", "0070000001", "0070000200", "0070000001") == [
        "6881", "019000", "9000", "039000"]
    assert send_all(inventory, "0070000001", "0070000100", "0070000400") == ["6A81", "6A81", "6A86"]
    # opened from the basic channel it begins at the MF, from another one in its DF
    assert send_all(inventory, "01A4080C027E20", "0070800300", "0170000300") == ["9000", "9000", "9000"]
    assert send(inventory, "03B0810004").endswith("9000")
    assert data(inventory, "00B0810008") == b"Workshop"
    assert data(inventory, "01B0810002") == data(inventory, "03B0810002") == b"\x73\x20"
    assert send_all(inventory, "0170800000", "01B0810002", "0070800100", "0070808000", "0070010000") == [
        "9000", "6881", "6200", "6A86", "6A86"]


def test_the_pin_holds_on_every_channel(inventory: SimulatedCard) -> None:
    assert send_all(inventory, "0070000001", VERIFY, "01A4080C047E106E07") == ["019000", "9000", "9000"]
    assert sw(inventory, "01B0000000") == "9000"


@pytest.mark.parametrize(
    ("cla", "status"),
    [("04", "6882"), ("0C", "6882"), ("10", "6884"), ("40", "6881"), ("60", "6882"), ("50", "6884"), ("80", "6E00"),
     ("C0", "6E00"), ("FF", "6E00"), ("20", "6E00"), ("02", "6881")],
)
def test_class_bytes(card: SimulatedCard, cla: str, status: str) -> None:
    assert sw(card, cla + "A4000C023F00") == status


# --- CREATE FILE and DELETE FILE -----------------------------------------------------------------------------------


def test_files_are_made_and_deleted(inventory: SimulatedCard) -> None:
    create = "00E000000E" + "620C" + "80020010" + "82020121" + "83026E30"[:8]
    assert send_all(inventory, create, VERIFY, create, create) == ["6982", "9000", "9000", "6A89"]
    assert data(inventory, "00B0000000") == bytes(16)
    assert send_all(inventory, "00D600000141", "00E4000002 6E01", "00E40000026E30", "00B0000000") == [
        "9000", "6982", "9000", "6986"]
    assert sw(inventory, "00A4020C026E30") == "6A82"


def test_a_df_is_deleted_when_it_is_empty(card: SimulatedCard) -> None:
    df, ef = "00E0000009620782013883027E30", "00E000000E620C800200108202012183026E31"
    assert send_all(card, VERIFY, df, ef, "00A4000C023F00") == ["9000"] * 4
    assert send(card, "00E40000027E30") == "6985"
    assert send_all(card, "00A4000C027E30", "00E40000026E31", "00E40000", "00A4000C027E30") == [
        "9000", "9000", "9000", "6A82"]


@pytest.mark.parametrize(
    ("fcp", "status"),
    [
        ("62098202022183026E30", "6A80"), ("620C8205022100100283026E30", "6A80"),
        ("620B8205022100100483026E30", "9000"), ("620782010683026E30", "6A80"), ("620782013883023F00", "6A80"),
        ("620C8002FFFF8202012183026E30", "9000"), ("620C800200008202012183026E30", "6A80"), ("", "6A80"),
        ("6F0B8205022100100483026E30", "6A80"), ("6205", "6A80"),
    ],
)
def test_what_can_be_made(card: SimulatedCard, fcp: str, status: str) -> None:
    body = fcp.replace(" ", "")
    send(card, VERIFY)
    assert sw(card, f"00E00000{len(body) // 2:02X}{body}" if body else "00E00000") == status


def test_room_is_limited(card: SimulatedCard) -> None:
    create = "00E000000E620C8002{size}8202012183026E{number}"
    assert send_all(card, VERIFY, create.format(size="8000", number="30"), create.format(size="8000", number="31")) == [
        "9000", "9000", "6A84"]


# --- T=0 -----------------------------------------------------------------------------------------------------------


def test_over_t0_answers_wait_and_lengths_are_exact() -> None:
    card = powered("iso7816-files,protocol=t0")
    assert send(card, "00A40000023F00")[:2] == "61"
    length = int(send(card, "00A40000023F00")[2:], 16)
    assert send(card, "00C0000000") == f"6C{length:02X}"
    assert send(card, f"00C00000{length:02X}").startswith("6F")
    assert send_all(card, INVENTORY, "00B0810000") == ["9000", "6C20"]
    assert len(send(card, "00B0810020")) == 68
    assert send_all(card, "00B2012400", "00B2012418")[0] == "6C18"
    assert send_all(card, "0020000100", "00A4020C026E03") == ["63C3", "9000"]
    # 232 bytes are left at 32,768; they come in a data object with a length on two bytes
    assert send(card, "00B100000454028000") == "61EB"
    assert send(card, "00C00000EB").startswith("5381E8")


def test_get_response_comes_on_the_channel_of_its_command() -> None:
    card = powered("iso7816-files,protocol=t0")
    assert send(card, "0070000001") == "019000"
    waiting = send(card, "01A40000027E20")
    assert waiting.startswith("61")
    assert send(card, f"01C00000{waiting[2:]}").startswith("6F")
    assert send(card, "02C0000010") == "6881"


@pytest.mark.parametrize("profile", ["iso7816-files", "iso7816-files,protocol=t0"])
def test_a_wrong_length_changes_no_selection(profile: str) -> None:
    card = powered(profile)
    assert send(card, INVENTORY) == "9000"
    refused = send(card, "00A4030001")
    assert refused.startswith("6C")
    assert send(card, f"00A40300{refused[2:]}").endswith("9000")
    assert send(card, f"00A40300{refused[2:]}") == "6A82"  # the MF has no parent
