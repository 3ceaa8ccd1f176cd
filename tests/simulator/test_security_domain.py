"""Authentication, its limits, the security levels, GET DATA, GET STATUS, keys and life cycle of the simulated cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.card_keys import CardKey, KeyType
from jcopsh.simulator.gp_ciphers import aes_cmac
from jcopsh.simulator.profiles import parse_profile
from tests.simulator.gp_host import CHALLENGE, KEY, Host, command, counted
from tests.simulator.support import FUSE, KEY_WRITES, T0_WRITES, booted, powered, send, send_all

ISSUERS = {"j2a040": "A000000003000000", "j2e145": "A000000151000000", "j3r180": "A000000151000000"}
UPDATE = "8050000008" + CHALLENGE.hex()
WRONG = "8482030010" + bytes(16).hex()
NEW_KEY = bytes(range(0x10, 0x20))


def selected(name: str, *, state_file: Path | None = None) -> SimulatedCard:
    card = powered(name, state_file=state_file)
    assert send(card, "00A40400" + counted(ISSUERS[name.split(",", maxsplit=1)[0]])).endswith("9000")
    return card


def put_key_data(host: Host, version: int, kind: KeyType, *keys: bytes, check: bytes | None = None) -> bytes:
    data = bytes((version,))
    for at, key in enumerate(keys, 1):
        enciphered = host.encrypted_key(key)
        body = bytes((len(key),)) + enciphered if kind is KeyType.AES else enciphered
        value = CardKey(at, kind, key).check_value if check is None else check
        data += bytes((kind, len(body))) + body + bytes((len(value),)) + value
    return data


# --- authentication -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0x00, 0x01, 0x03])
@pytest.mark.parametrize("name", ISSUERS)
def test_the_default_keys_open_a_channel(name: str, level: int) -> None:
    host = Host(selected(name), level=level)
    assert host.authentication == "9000"
    assert host.send("80F28000024F00").endswith("9000")


@pytest.mark.parametrize("level", [0x11, 0x13, 0x33])
def test_jcop_4_protects_answers(level: int) -> None:
    host = Host(selected("j3r180"), level=level)
    assert (host.protocol, host.authentication) == (3, "9000")
    assert host.send("80F28002024F00").startswith("E3")
    assert host.send("80CA9F7F").startswith("9F7F2A4790")
    assert host.send("80F24002024F00") == "6A88"  # an error carries no MAC
    assert host.send("80F28002024F00").startswith("E3")


def test_jcop_4_speaks_scp02_with_its_other_keys() -> None:
    host = Host(selected("j3r180"), version=0x20)
    assert (host.protocol, host.version, host.authentication) == (2, 0x20, "9000")


def test_a_wrong_host_cryptogram_is_6300_and_there_is_no_second_guess() -> None:
    card = selected("j2e145")
    assert send(card, UPDATE).endswith("9000")
    assert send_all(card, WRONG, WRONG) == ["6300", "6985"]
    assert Host(card, key=KEY).authentication == "9000"


def test_authentication_is_refused_out_of_order_and_out_of_range() -> None:
    card = selected("j2a040")
    assert send(card, WRONG) == "6985"
    send(card, UPDATE)
    assert send_all(card, "80CA9F7F00", WRONG)[1] == "6985"  # something came between
    send(card, UPDATE)
    assert send(card, "8482130010" + bytes(16).hex()) == "6A86"  # i=15 has no R-MAC
    send(card, UPDATE)
    assert send(card, "8082030010" + bytes(16).hex()) == "6982"
    assert send_all(card, "8050010008" + CHALLENGE.hex(), "8050000004" + "00" * 4) == ["6A88", "6700"]


def test_ten_bad_tries_lock_the_card_for_ever(tmp_path: Path) -> None:
    card = selected("j2e145", state_file=tmp_path / "card")
    for _ in range(9):
        assert send_all(card, UPDATE, WRONG)[1] == "6300"
    assert Host(card).authentication == "9000"  # the tenth is right, and gives all back
    for _ in range(10):
        assert send(card, UPDATE).endswith("9000")  # never answered: counts as well
    assert send(card, UPDATE) == "6983"
    card.power_off()
    assert send(selected("j2e145", state_file=tmp_path / "card"), UPDATE) == "6983"


@pytest.mark.parametrize(("name", "at", "length"), [("j2a040", 12, 2), ("j3r180", 29, 3)])
def test_the_sequence_counter_survives_resets(name: str, at: int, length: int, tmp_path: Path) -> None:
    seen = []
    for _ in range(3):
        card = selected(name, state_file=tmp_path / "card")
        seen.append(int.from_bytes(bytes.fromhex(send(card, UPDATE))[at : at + length], "big"))
        assert Host(card).authentication == "9000"
        card.power_off()
    # SCP02 counts what succeeds; SCP03 counts every INITIALIZE UPDATE, and there are two in each turn
    assert seen == ([0, 1, 2] if length == 2 else [1, 3, 5])


@pytest.mark.parametrize("name", ["j2a040", "j3r180"])
def test_a_channel_ends_with_reset_and_select(name: str) -> None:
    card = selected(name)
    for again in ("reset", "select"):
        host = Host(card)
        assert host.send("80F28000024F00").endswith("9000")
        if again == "reset":
            card.warm_reset()
        else:
            send(card, "00A4040000")
        assert host.send("80F28000024F00") == "6982"


# --- security levels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", ["80F28000024F00", "80E400000A4F08A000000003000000", "80D8008102AABB", "80E20000"])
def test_nothing_works_outside_a_channel(plain: str) -> None:
    card = selected("j2e145")
    assert send(card, plain) == "6982"
    host = Host(card, level=0x01)
    assert send(card, plain) == "6982"  # and not unprotected inside of one
    assert host.send("80F28000024F00").endswith("9000")  # which stays open


def test_a_wrong_mac_ends_the_channel() -> None:
    card = selected("j2e145")
    host = Host(card)
    wire = bytearray.fromhex(host.wire("80F28000024F00"))
    wire[-1] ^= 1
    assert send(card, wire.hex()) == "6982"
    assert host.send("80F28000024F00") == "6982"


@pytest.mark.parametrize("option", ["05", "15", "35", "45", "55", "75"])
def test_every_option_of_scp02_has_a_card(option: str) -> None:
    card = selected(f"j2e145,scp02={option}")
    assert f"06092A864886FC6B0402{option}" in send(card, "80CA006600")
    assert f"06092A864886FC6B0402{option}" in send(card, "00A4040000")
    answer = bytes.fromhex(send(card, UPDATE))
    again = bytes.fromhex(send(card, UPDATE))
    assert (answer[14:20] == again[14:20]) is bool(int(option, 16) & 0x40)  # pseudo-random, and the counter stands
    assert send(card, "8482130010" + bytes(16).hex()) == ("6300" if int(option, 16) & 0x20 else "6A86")


# --- looking --------------------------------------------------------------------------------------------------------


def test_get_data_without_a_channel() -> None:
    card = selected("j2a040")
    assert send(card, "80CA9F7F00").startswith("9F7F2A479050404791")
    assert send_all(card, "80CA006600", "80CA004200", "80CA004500", "80CAFF2100", "80CA123400") == [
        "6985", "6A88", "6A88", "6A88", "6A88"]
    assert send(card, "80CA00E000") == "E012C00401FF8010C00402FF8010C00403FF80109000"
    assert send_all(card, "80CA00C100", "00CA00CF00") == ["C10200009000", "CF0A000012021025609566199000"]


def test_get_data_of_jcop_4() -> None:
    card = selected("j3r180")
    assert send(card, "80CA00FE02DF2800").startswith("FE58DF2855010C0001B90C91154CB8C02A00AA")
    assert send(card, "80CAFF2100") == "FF2110" + "81020000" + "820400010000" + "830400001000" + "9000"
    assert send(card, "00A4040009A000000167413000FF00") == "6A82"
    assert send(card, "80CA006600").startswith("66")
    production_data = send(card, "80CA9F7F00")
    assert production_data[:30] + production_data[38:] == (
        "9F7F2A4790D321470000000000" "8345" "524300000000000000005758594E4E4E4E4E00000000000000009000")


def test_each_new_card_has_a_serial_number_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    def serial(state: Path | None) -> str:
        card = SimulatedCard(parse_profile("j2e145"), state_file=state)
        card.power_on()
        found = send(card, "80CA9F7F00")[30:38]
        card.power_off()
        return found

    one, other = tmp_path / "one.json", tmp_path / "other.json"
    assert len({serial(None), serial(None), serial(one), serial(other)}) == 4
    assert serial(one) == serial(one)
    # a file of an earlier version has none
    stored = json.loads(one.read_text("ascii"))
    del stored["serial"]
    one.write_text(json.dumps(stored), "ascii")
    assert serial(one) == "1A1B2C3D"


def test_seed_001_s_card_tells_its_card_data_inside_a_channel() -> None:
    host = Host(selected("j2a040"))
    assert host.send("80CA0066").startswith("664C734A06072A864886FC6B01")


def test_get_status_in_both_forms_or_one() -> None:
    old = Host(selected("j2a040"))
    assert old.send("80F28000024F00") == "08A000000003000000019E9000"
    assert old.send("80F28002024F00") == "6A86"
    new = Host(selected("j2e145"))
    assert new.send("80F28002024F00") == "E3114F08A0000001510000009F700101C5019E9000"
    assert new.send("80F21002024F00") == "E31A4F07A00000015153509F700101C501008408A0000001515350419000"
    latest = Host(selected("j3r180"))
    assert latest.send("80F28002024F00") == "E31D4F08A0000001510000009F700101C5039E0000CC08A0000001510000009000"
    assert latest.send(command("80F21002", "4F075C034F9F70")) == "6A80"  # half a criterion
    assert latest.send(command("80F21002", "4F005C034F9F70")) == "E30D4F07A00000015153509F7001019000"
    assert new.send("80F24000024F00") == "6A88"
    assert new.send(command("80F28000", "4F03A00000")).endswith("9000")
    assert new.send(command("80F28000", "4F02A001")) == "6A88"


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("j2a040", KeyType.TDES, NEW_KEY),
        ("j3r180", KeyType.AES, NEW_KEY),
        ("j3r180", KeyType.AES, bytes(range(0x10, 0x28))),
        ("j3r180", KeyType.AES, bytes(range(0x10, 0x30))),
        ("j3r180", KeyType.TDES, NEW_KEY),
    ],
)
def test_new_keys_replace_the_initial_ones(name: str, kind: KeyType, key: bytes, tmp_path: Path) -> None:
    card = selected(name, state_file=tmp_path / "card")
    host = Host(card)
    data = put_key_data(host, 1, kind, key, key, key)
    check = CardKey(1, kind, key).check_value.hex().upper()
    assert host.send(command("80D80081", data)) == "01" + 3 * check + "9000"
    assert send(card, "8050FF0008" + CHALLENGE.hex()) == "6A88"
    card.power_off()
    card = selected(name, state_file=tmp_path / "card")
    assert Host(card, version=1, key=key).authentication == "9000"


def test_key_sets_stand_side_by_side_and_the_last_one_stays() -> None:
    card = selected("j2e145")
    host = Host(card)
    assert host.send(command("80D80081", put_key_data(host, 1, KeyType.TDES, *(NEW_KEY,) * 3))).endswith("9000")
    host = Host(card, key=NEW_KEY)
    assert host.send(command("80D80081", put_key_data(host, 2, KeyType.TDES, *(KEY,) * 3))).endswith("9000")
    assert send(card, "80CA00E000")[4:].count("C004") == 6
    host = Host(card, version=2)
    assert host.send(command("80D80281", put_key_data(host, 3, KeyType.TDES, *(KEY,) * 3))).endswith("9000")
    assert host.send(command("80E40000", "D20109")) == "6A88"
    assert host.send(command("80E40000", "D20101")) == "009000"
    assert host.send(command("80E40000", "D20103")) == "6985"
    assert Host(card, version=3).authentication == "9000"


def test_an_aes_key_may_come_without_its_length() -> None:
    """As yubikit 5.9.2 sends it; Amendment D, 7.2, has the length before the enciphered key."""
    card = selected("j3r180")
    host = Host(card, level=0x33)
    body = bytes((KeyType.AES, 16)) + host.encrypted_key(NEW_KEY)
    check = CardKey(1, KeyType.AES, NEW_KEY).check_value
    data = b"\x01" + 3 * (body + b"\x03" + check)
    assert host.send(command("80D80081", data)) == "01" + 3 * check.hex().upper() + "9000"
    assert Host(card, version=1, key=NEW_KEY).authentication == "9000"


def test_extended_lengths_are_under_the_mac_as_they_came() -> None:
    """As yubikit sends every command, where a reader takes it."""
    card = selected("j3r180")
    host = Host(card, level=0x01)
    head, data = bytes.fromhex("84F28002"), bytes.fromhex("4F00")
    mac = aes_cmac(host.mac, host.mac_value + head + b"\x00\x00\x0a" + data)[:8]
    extended = head + b"\x00\x00\x0a" + data + mac
    assert send(card, extended.hex()).endswith("9000")


def test_put_key_refuses() -> None:
    card = selected("j2e145")
    host = Host(card)
    three = (NEW_KEY,) * 3
    assert host.send(command("80D80081", put_key_data(host, 1, KeyType.TDES, *three, check=b"abc"))) == "9485"
    assert host.send(command("80D80081", put_key_data(host, 1, KeyType.TDES, *three, check=b""))) == "9485"
    assert host.send(command("80D80081", put_key_data(host, 1, KeyType.AES, *three))) == "9484"
    assert host.send(command("80D80581", put_key_data(host, 1, KeyType.TDES, *three))) == "6A88"
    assert host.send(command("80D80081", put_key_data(host, 0x80, KeyType.TDES, *three))) == "6A80"
    assert host.send(command("80D80081", put_key_data(host, 1, KeyType.TDES, *three)[:-3])) == "6A80"
    assert Host(card).version == 0xFF


# --- data and life cycle --------------------------------------------------------------------------------------------


def test_store_data_in_one_block_or_several() -> None:
    host = Host(selected("j2e145"))
    assert host.send(command("80E29000", "42021234")) == "9000"
    assert host.send(command("80E20800", "00700545")) == "9000"
    assert host.send(command("80E28801", "03ABCDEF")) == "9000"
    assert [host.send("80CA0042"), host.send("80CA0045")] == ["420212349000", "4503ABCDEF9000"]
    assert host.send(command("80E29000", "5F200141")) == "6A88"
    assert host.send(command("80E29001", "420199")) == "6985"
    assert host.send("80CA0042") == "420212349000"


def test_the_card_s_life_cycle_goes_forwards() -> None:
    card = selected("j2e145")
    host = Host(card)
    for state, answer in (("0F", "9000"), ("01", "6985"), ("07", "6985"), ("55", "6A80"), ("7F", "9000")):
        assert host.send(f"80F080{state}") == answer
    assert send(card, "00A4040008A000000151000000")[-4:] == "6283"
    host = Host(card)
    assert host.send("80F0800F") == "9000"
    assert send(card, "00A4040008A000000151000000")[-4:] == "9000"
    assert Host(card).send("80F080FF") == "9000"
    assert send_all(card, UPDATE, "00A4040000") == ["6985", "6985"]
    assert send(card, "80CA9F7F00").endswith("9000")


def test_partial_names_and_the_next_one() -> None:
    card = selected("j2e145")
    whole = send(card, "00A4040008A000000151000000")
    assert send(card, "00A4040005A000000151") == whole
    assert send_all(card, "00A4040205A000000151", "00A4040004A0000001", "00A4000000") == ["6A82", "6A82", "6A86"]


# --- the unfused card, and T=0 --------------------------------------------------------------------------------------


def test_an_unfused_card_whose_keys_are_set_is_the_same_card_and_stays_it_when_fused() -> None:
    card = booted()
    assert set(send_all(card, *KEY_WRITES, "C0D603010101")) == {"9000"}
    card.power_on()
    send(card, "00A4040008A000000003000000")
    assert Host(card, version=1).authentication == "9000"
    assert send_all(card, "00A40400" + counted(b"JCOPSIMULATEDTK0".hex()), FUSE) == ["9000", "9000"]
    card.power_on()
    host = Host(card)
    assert (host.version, host.authentication) == (1, "9000")
    assert host.send("80F28000024F00") == "08A000000003000000019E9000"


def test_a_boot_that_wipes_takes_keys_and_content_back() -> None:
    card = booted()
    send_all(card, *KEY_WRITES)
    card.power_on()
    host = Host(card)
    assert host.send(command("80D80081", put_key_data(host, 1, KeyType.TDES, *(NEW_KEY,) * 3))).endswith("9000")
    send_all(card, "00A40400" + counted(b"JCOPSIMULATEDTK0".hex()), "00F00000", *KEY_WRITES)
    card.power_on()
    assert Host(card).version == 0xFF


def test_a_channel_over_t0() -> None:
    card = booted()
    assert set(send_all(card, *T0_WRITES, *KEY_WRITES)) == {"9000"}
    card.power_on()
    assert card.protocol == "T=0"
    assert send(card, UPDATE) == "611C"
    host = Host(card)
    assert host.send("80F28000024F00") == "08A000000003000000019E9000"
    assert send_all(card, "80CA9F7F00", "80CA9F7F2D")[0] == "6C2D"


@pytest.mark.parametrize("level", [0x01, 0x33])
def test_get_data_comes_in_either_class_inside_a_channel_too(level: int) -> None:
    """The Card Specification (2.2.1, 11.3) gives GET DATA both; yubikit uses the interindustry one."""
    card = selected("j3r180")
    host = Host(card, level=level)
    assert host.send("00CA9F7F") == host.send("80CA9F7F")
    assert host.send("00F280024F00") == "6882"
