"""What the card manager answers to commands that are wrong: Card Specification 2.2.1, chapter 11, and annex E.

Where the specification leaves the status word open, or no card is known to have answered so, an assumption says it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.card_keys import KeyType
from tests.cap_files import A
from tests.simulator.gp_host import CHALLENGE, Host, command, counted, delete, for_install, for_load, load_commands
from tests.simulator.support import KEY_WRITES, T0_WRITES, booted, powered, send, send_all
from tests.simulator.test_security_domain import NEW_KEY, UPDATE, put_key_data

CARDS = ("j2a040", "j2e145", "j3r180")
LATEST = ("j2e145", "j3r180")
ISD = {"j2a040": "A000000003000000", "j2e145": "A000000151000000", "j3r180": "A000000151000000"}
OLD_STATUS = "80F28000024F00"
ABSENT = "D2760001249999"


def opened(name: str, level: int = 0x03) -> tuple[SimulatedCard, Host]:
    card = powered(name)
    return card, Host(card, level=level)


def fields(*values: str) -> str:
    return counted(*values)


# --- before a channel is open ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("8050000000", "6700"),  # INITIALIZE UPDATE without a challenge
        ("8050000007" + "11" * 7, "6700"),
        ("8050000009" + "11" * 9, "6700"),
        ("8050000108" + CHALLENGE.hex(), "6A86"),  # P2: always key identifier 00
        ("8050050008" + CHALLENGE.hex(), "6A88"),  # no such key version
        ("0050000008" + CHALLENGE.hex(), "6D00"),
        ("8482010010" + "00" * 16, "6985"),  # EXTERNAL AUTHENTICATE first
        ("80CA000100", "6A88"),
        ("80CA", "6700"),
        ("80E6020000", "6982"),
        ("80D8008100", "6982"),
        ("80F0800F00", "6982"),
        ("80E8000000", "6982"),
        ("80FE000000", "6D00"),
        ("E0F2800002", "6E00"),
    ],
)
def test_without_a_channel(name: str, sent: str, answer: str) -> None:
    assert send(powered(name), sent) == answer


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(
    ("authenticate", "answer"),
    [
        ("848201000F" + "00" * 15, "6700"),
        ("8482010018" + "00" * 24, "6700"),
        ("8482010020" + "00" * 32, "6700"),  # as long as S16 has it
        ("8482010110" + "00" * 16, "6A86"),
        ("8482020010" + "00" * 16, "6A86"),  # encipherment without MAC
        ("8482FF0010" + "00" * 16, "6A86"),
        ("8082010010" + "00" * 16, "6982"),  # not secured
        ("8482010010" + "00" * 16, "6300"),
    ],
)
def test_a_failed_authentication_ends_it(name: str, authenticate: str, answer: str) -> None:
    card = powered(name)
    assert send(card, UPDATE).endswith("9000")
    assert send_all(card, authenticate, authenticate) == [answer, "6985"]
    assert Host(card).authentication == "9000"


@pytest.mark.parametrize("name", CARDS)
def test_a_right_cryptogram_with_a_wrong_mac_opens_nothing(name: str) -> None:
    card = powered(name)
    other = SpoiledHost(card)
    assert other.authentication == "6982"
    assert send(card, "84F2800002" + "4F00") == "6982"


class SpoiledHost(Host):
    """A host whose EXTERNAL AUTHENTICATE has the last bit of its C-MAC wrong."""

    def _plain(self, command: str) -> str:
        raw = bytearray.fromhex(command)
        if raw[1] == 0x82:
            raw[-1] ^= 1
        return super()._plain(raw.hex())


# --- inside a channel -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        # GET STATUS
        (command("80F28100", "4F00"), "6A86"),
        (command("80F28004", "4F00"), "6A86"),
        ("80F28000", "6A80"),  # no criterion
        (command("80F28000", "9F7001074F00"), "6A80"),  # a criterion that it does not search by
        (command("80F28000", "4F05A000"), "6A80"),  # ends early
        (command("80F28001", "4F00"), "6985"),  # the next ones of nothing
        (command("80F24000", "4F00"), "6A88"),
        # INSTALL
        (command("80E60000", "00"), "6A86"),
        (command("80E60201", "00"), "6A86"),
        ("80E60200", "6A80"),
        (command("80E60200", fields(ABSENT, "", "", "")), "6A80"),  # a field too few
        (command("80E60200", fields(ABSENT, "", "", "", "") + "00"), "6A80"),  # one too many
        (command("80E60200", "08" + ABSENT), "6A80"),  # ends early
        (command("80E60200", fields("D2760001", "", "", "", "")), "6A80"),  # an AID of four bytes
        (command("80E60200", fields(ABSENT, ABSENT, "", "", "")), "6A88"),  # no such security domain
        (command("80E60200", fields(ABSENT, "", "", "EF04C6027FFF", "")), "9000"),
        (command("80E60200", fields(ABSENT, "", "", "EF05C603FFFFFF", "")), "6A84"),
        (command("80E60200", fields(ABSENT, "", "", "EF05C6", "")), "6A80"),
        (command("80E60C00", fields(ABSENT, ABSENT, ABSENT, "00", "C900", "")), "6A88"),
        (command("80E60800", fields("", "", ABSENT, "00", "", "")), "6A88"),
        (command("80E61000", fields(ABSENT, "", ABSENT, "", "", "")), "6A88"),
        (command("80E62000", fields("", "", ABSENT, "", "", "")), "6A88"),
        # LOAD
        (command("80E80000", "C400"), "6985"),
        # DELETE
        (command("80E40000", "4F07" + ABSENT), "6A88"),
        (command("80E40001", "4F07" + ABSENT), "6A86"),
        (command("80E40100", "4F07" + ABSENT), "6A86"),
        (command("80E40000", "4F08" + ABSENT), "6A80"),
        (command("80E40000", "5F07" + ABSENT), "6A80"),
        ("80E40000", "6A80"),
        # SET STATUS
        ("80F0200F", "6A86"),
        (command("80F04080", ABSENT), "6A88"),
        ("80F08000", "6A80"),
        ("80F08001", "6985"),  # where it is already
        # PUT KEY
        ("80D80081", "6A80"),
        (command("80D80000", "01"), "6A80"),  # no key identifier
        (command("80D80081", "01"), "6A80"),  # no key
        (command("80D88081", "01"), "6A86"),  # more PUT KEY commands to follow
        # GET DATA and STORE DATA
        ("80CA0001", "6A88"),
        (command("80E29000", "5F200141"), "6A88"),
        (command("80E29000", "42"), "6A80"),
        # what it does not know
        ("80200081", "6D00"),
    ],
)
def test_inside_a_channel(name: str, sent: str, answer: str) -> None:
    _, host = opened(name)
    assert host.send(sent)[-4:] == answer
    assert host.send(OLD_STATUS).endswith("9000")  # an error of the command leaves the channel open


@pytest.mark.parametrize("name", CARDS)
def test_the_issuer_security_domain_can_be_neither_deleted_nor_locked(name: str) -> None:
    _, host = opened(name)
    aid = ISD[name]
    assert host.send(delete(bytes.fromhex(aid))) == "6985"
    assert host.send(command("80F04080", aid)) == "6985"
    assert host.send(command("80E60800", fields("", "", aid, "00", "", ""))) == "6985"


def test_a_package_in_use_or_in_rom_stays() -> None:
    _, host = opened("j2e145")
    for one in (for_load(A.package), *load_commands(A.load_block), for_install(A.package, A.applets[0], A.applets[0])):
        assert host.send(one) == "009000"
    assert host.send(delete(A.package)) == "6985"
    assert host.send(delete(bytes.fromhex("A0000001515350"))) == "6985"
    assert host.send(command("80E60800", fields("", "", A.applets[0].hex(), "00", "", ""))) == "6985"  # selectable
    assert host.send(for_install(A.package, A.applets[0], A.applets[0])) == "6985"
    assert host.send(delete(A.package, "80")) == "009000"


@pytest.mark.parametrize("name", LATEST)
def test_tags_that_get_status_does_not_know_are_left_out(name: str) -> None:
    _, host = opened(name)
    answer = host.send(command("80F28002", "4F00" + "5C06" + "4F" + "DF7F" + "9F70" + "C9"))
    assert answer == "E30E4F08" + ISD[name] + "9F7001019000"


@pytest.mark.parametrize("name", CARDS)
def test_a_wrong_key_check_value_changes_no_key(name: str) -> None:
    card, host = opened(name)
    kind = host_key_type(host)
    data = put_key_data(host, 1, kind, *(NEW_KEY,) * 3)
    spoiled = data[:-1] + bytes((data[-1] ^ 1,))
    assert host.send(command("80D80081", spoiled)) == "9485"
    assert send(card, "8050010008" + CHALLENGE.hex()) == "6A88"
    assert Host(card).version == 0xFF


def host_key_type(host: Host) -> KeyType:
    return KeyType.AES if host.protocol == 3 else KeyType.TDES


# --- what ends a channel --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda wire: wire[:-1] + bytes((wire[-1] ^ 1,)),  # the MAC
        lambda wire: wire[:2] + bytes((wire[2] ^ 0x40,)) + wire[3:],  # the header
        lambda wire: wire[:4] + bytes((wire[4] - 8,)) + wire[5:-8],  # stripped of its MAC
        lambda wire: wire[:4] + bytes((wire[4] - 1,)) + wire[5:6] + wire[7:],  # half a block
        lambda wire: wire[:4] + b"\x00",  # nothing at all
    ],
    ids=["mac", "header", "stripped", "half a block", "empty"],
)
def test_an_error_in_secure_messaging(name: str, spoil: Callable[[bytes], bytes]) -> None:
    card, host = opened(name)
    wire = bytes.fromhex(host.wire(OLD_STATUS))
    assert send(card, spoil(wire).hex()) == "6982"
    assert host.send(OLD_STATUS) == "6982"  # it has ended
    assert send(card, wire.hex()) == "6982"
    assert Host(card).authentication == "9000"


@pytest.mark.parametrize("name", CARDS)
def test_a_command_cannot_be_sent_twice(name: str) -> None:
    card, host = opened(name)
    wire = host.wire(OLD_STATUS)
    assert send(card, wire).endswith("9000")
    assert send(card, wire) == "6982"


@pytest.mark.parametrize("name", CARDS)
def test_what_selects_nothing_ends_no_channel_and_initialize_update_does(name: str) -> None:
    card, host = opened(name)
    assert send_all(card, "00A4040007" + ABSENT, "00A4000000") == ["6A82", "6A86"]
    assert host.send(OLD_STATUS).endswith("9000")
    assert send(card, "8050050008" + CHALLENGE.hex()) == "6A88"
    assert host.send(OLD_STATUS) == "6982"


# --- life cycle and counters ----------------------------------------------------------------------------------------


def locked(name: str) -> Host:
    card, host = opened(name)
    assert [host.send(f"80F080{state}") for state in ("0F", "7F")] == ["9000"] * 2
    assert send(card, "00A4040000").endswith("6283")
    return Host(card)


@pytest.mark.parametrize("name", CARDS)
def test_a_locked_card_is_looked_at_and_unlocked_and_nothing_else(name: str) -> None:
    host = locked(name)
    assert host.send(OLD_STATUS) == f"08{ISD[name]}7F9E9000"
    changes = (for_load(A.package), for_install(A.package, A.applets[0], A.applets[0]), delete(A.package))
    assert [host.send(one) for one in changes] == ["6985"] * 3
    assert [host.send(f"80F080{state}") for state in ("01", "07", "7F", "0F")] == ["6985", "6985", "6985", "9000"]
    assert host.send(for_load(A.package)) == "009000"


@pytest.mark.parametrize("name", CARDS)
def test_a_terminated_card_tells_its_data_and_nothing_else_even_after_a_reset(name: str) -> None:
    card, host = opened(name)
    assert host.send("80F080FF") == "9000"
    for _ in range(2):
        assert send_all(card, "00A4040000", UPDATE, OLD_STATUS, "84F280000A" + "00" * 10) == ["6985"] * 4
        assert send(card, "80CA9F7F00").endswith("9000")
        card.power_on()


@pytest.mark.parametrize(("name", "last"), [("j2e145", 0xFFFF), ("j3r180", 0xFFFFFF)])
def test_a_sequence_counter_at_its_end_opens_no_more_channels(name: str, last: int, tmp_path: Path) -> None:
    file = tmp_path / "card"
    opened_once = powered(name, state_file=file)
    Host(opened_once)
    opened_once.power_off()
    counter = '"sequence_counter": 1'
    assert file.read_text("ascii").count(counter) == 1
    # one before the last: SCP02 answers with the counter as it is, SCP03 with the next one
    file.write_text(file.read_text("ascii").replace(counter, f'"sequence_counter": {last - 1}'), "ascii")
    card = powered(name, state_file=file)
    Host(card)
    if name == "j2e145":
        Host(card)
    assert send(card, UPDATE) == "6985"


@pytest.mark.parametrize("name", CARDS)
def test_tries_are_given_back_by_the_tenth_and_no_more_by_the_eleventh(name: str) -> None:
    card = powered(name)
    wrong = "8482010010" + "00" * 16
    for _ in range(9):
        assert send_all(card, UPDATE, wrong)[1] == "6300"
        card.power_on()  # a reset gives none back
    assert Host(card).authentication == "9000"
    for _ in range(10):
        assert send_all(card, UPDATE, wrong)[1] == "6300"
    assert send_all(card, UPDATE, wrong) == ["6983", "6985"]
    assert send(card, "80CA9F7F00").endswith("9000")


# --- T=0 ------------------------------------------------------------------------------------------------------------


def test_get_response_comes_in_the_class_of_its_command_too() -> None:
    card = booted()
    send_all(card, *T0_WRITES, *KEY_WRITES)
    card.power_on()
    for first in ("00", "80"):
        assert send(card, UPDATE) == "611C"
        assert send(card, first + "C000001C").endswith("9000")
    assert send_all(card, UPDATE, "90C000001C", "00C000001C") == ["611C", "6884", "6985"]
    # an error has no data to fetch, an Le of its own length no second round
    assert send_all(card, "8050050008" + CHALLENGE.hex(), "80CA000100", "80CA9F7F2D")[:2] == ["6A88", "6A88"]
    assert send(card, "80CA9F7F2D").endswith("9000")


def test_more_entries_than_one_answer_holds_on_t0() -> None:
    card = booted()
    send_all(card, *T0_WRITES, *KEY_WRITES)
    card.power_on()
    host = Host(card, level=0x01)
    instances = [b"\xd2\x76\x00\x01\x24" + bytes((number,)) * 11 for number in range(20)]
    for one in (for_load(A.package), *load_commands(A.load_block)):
        assert host.send(one) == "009000"
    for instance in instances:
        assert host.send(for_install(A.package, A.applets[0], instance)) == "009000"
    wire = bytes.fromhex(host.wire(command("80F24000", "4F00")))
    assert send(card, wire.hex()) == "61E4"  # twelve entries of 19 bytes
    first = send(card, "00C00000E4")
    assert first[-4:] == "6310"
    rest = host.send(command("80F24001", "4F00"))
    assert rest[-4:] == "9000"
    assert [instance.hex().upper() in first + rest for instance in instances] == [True] * 20
