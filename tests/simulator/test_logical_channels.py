"""Logical channels of the JCOP cards: the JCRE Specification 2.2.2, chapter 4, and ISO/IEC 7816-4:2020, 5.4.1."""

from __future__ import annotations

import pytest

from jcopsh.simulator.card import SimulatedCard
from tests.cap_files import Cap
from tests.simulator.gp_host import Host, command, delete, for_install, for_load, load_commands
from tests.simulator.support import BOOT, KEY_WRITES, SELECT_TK, T0_WRITES, booted, powered, send, send_all

OPEN, ISD = "0070000001", "A000000151000000"
SELECT_ISD = f"00A4040008{ISD}"
STATUS = "80F28002024F00"
PACKAGE, ONE, TWO = (bytes.fromhex(aid) for aid in ("D276000124", "D27600012401", "D27600012402"))
TWO_APPLETS = Cap(PACKAGE, (ONE, TWO))


class ChannelHost(Host):
    """A host whose every command names a logical channel in its class byte; MACs are made over the class without it."""

    def __init__(self, card: SimulatedCard, channel: int, *, level: int = 0x03) -> None:
        self._channel = channel
        super().__init__(card, level=level)

    def _plain(self, command: str) -> str:
        raw = bytearray.fromhex(command)
        raw[0] |= self._channel
        return super()._plain(raw.hex())


def on(channel: int, plain: str) -> str:
    return f"{int(plain[:2], 16) | channel:02X}{plain[2:]}"


def with_two_applets() -> SimulatedCard:
    card = powered("j2e145")
    host = Host(card)
    commands = [for_load(PACKAGE), *load_commands(TWO_APPLETS.load_block)]
    commands += [for_install(PACKAGE, applet, applet) for applet in (ONE, TWO)]
    assert {host.send(one) for one in commands} == {"009000"}
    return card


@pytest.mark.parametrize("profile", ["j2a040", "j2e145", "j3r180"])
def test_three_more_channels_can_be_opened(profile: str) -> None:
    card = powered(profile)
    assert send_all(card, OPEN, OPEN, OPEN, OPEN) == ["019000", "029000", "039000", "6A81"]
    assert send_all(card, "00708002", "00708002", "0070000200", "0070000200") == ["9000", "6200", "9000", "6A86"]
    assert send_all(card, "00708000", "00708004", "00700004", "00704000") == ["6A81", "6A86", "6A86", "6A86"]
    card.warm_reset()
    assert send(card, OPEN) == "019000"


def test_a_channel_that_is_not_open_is_refused_and_one_beyond_the_third_does_not_exist() -> None:
    card = powered("j2e145")
    assert send_all(card, "81CA9F7F00", "01CA9F7F00", "0170000001", "85F2800200") == ["6881"] * 4
    assert send_all(card, "40CA9F7F00", "4170000001", "40A4040000") == ["6881"] * 3
    assert send_all(card, "91CA9F7F00", "80700000", "0C70000001") == ["6881", "6D00", "6882"]
    send(card, OPEN)
    assert send_all(card, "91CA9F7F00", "89CA9F7F00") == ["6884", "6882"]
    assert send(card, "81CA9F7F00") == send(card, "80CA9F7F00")
    assert send_all(card, "01708000", "81CA9F7F00") == ["9000", "6881"]  # closed by its own number


def test_select_opens_the_channel_it_names() -> None:
    card = with_two_applets()
    assert send_all(card, f"02A4040006{ONE.hex()}", "8250000008" + "11" * 8) == ["9000", "6D00"]
    assert send(card, "03A4040006D27600012499") == "6A82"
    assert send(card, "03CA9F7F00") == "6881"  # what selects nothing opens nothing
    assert send(card, OPEN) == "019000"


def test_every_channel_has_its_own_selection_and_its_own_secure_channel() -> None:
    card = with_two_applets()
    send(card, OPEN)
    basic, other = Host(card), ChannelHost(card, 1)
    assert basic.send(STATUS) == other.send(STATUS)
    assert send(card, f"01A4040006{ONE.hex()}") == "9000"
    assert other.send(STATUS) == "6882"  # the applet knows no secure messaging
    assert basic.send(STATUS).startswith("E3")
    assert send(card, on(1, SELECT_ISD)).endswith("9000")
    assert other.send(STATUS) == "6982"
    other = ChannelHost(card, 1)
    assert send_all(card, "00708001", OPEN) == ["9000", "019000"]
    assert other.send(STATUS) == "6982"
    assert basic.send(STATUS).startswith("E3")


def test_an_installed_applet_is_selected_on_one_channel_at_a_time() -> None:
    card = with_two_applets()
    select_one, select_two = (f"00A4040006{aid.hex()}" for aid in (ONE, TWO))
    assert send_all(card, select_one, on(1, select_one), on(1, select_two)) == ["9000", "6985", "6985"]
    assert send_all(card, select_two, OPEN, on(1, "0070000001")) == ["9000", "019000", "029000"]
    assert send_all(card, SELECT_ISD, on(1, select_one), on(1, "0070000001"))[1:] == ["9000", "6985"]


def test_what_is_selected_on_another_channel_cannot_be_deleted() -> None:
    card = with_two_applets()
    send(card, f"01A4040006{ONE.hex()}")
    host = Host(card)
    assert host.send(delete(ONE)) == "6985"
    assert host.send(delete(PACKAGE, "80")) == "6985"
    assert host.send(delete(TWO)) == "009000"
    send(card, "00708001")
    assert host.send(delete(PACKAGE, "80")) == "009000"


@pytest.mark.parametrize("cap", [TWO_APPLETS, Cap(PACKAGE, ())], ids=["applets", "library"])
def test_a_package_is_loaded_once_though_two_channels_load_it(cap: Cap) -> None:
    card = powered("j2e145")
    send(card, OPEN)
    hosts = Host(card), ChannelHost(card, 1)
    *blocks, last = load_commands(cap.load_block)
    for host in hosts:
        assert {host.send(one) for one in (for_load(PACKAGE), *blocks)} == {"009000"}
    assert [host.send(last) for host in hosts] == ["009000", "6985"]


def test_a_locked_card_opens_no_channel() -> None:
    card = powered("j2e145")
    host = Host(card)
    assert [host.send(f"80F080{state}") for state in ("07", "0F", "7F")] == ["9000"] * 3
    assert send(card, OPEN) == "6881"


def test_an_unfused_card_has_them_once_its_card_manager_answers() -> None:
    card = booted()
    assert send_all(card, OPEN, "01A4040000", "0100000000") == ["6D00", "6881", "6881"]  # the root applet
    send_all(card, *KEY_WRITES)
    card.power_on()
    assert send(card, OPEN) == "019000"
    assert send_all(card, SELECT_TK, "01CA9F7F00", "00A4040000")[:2] == ["9000", "6881"]
    assert send_all(card, "81CA9F7F00", OPEN) == ["6881", "019000"]  # the root applet closed it
    assert send_all(card, SELECT_TK, BOOT, "00A4040000", "01CA9F7F00") == ["9000", "9000", "6A82", "6881"]


def test_get_response_comes_on_the_channel_of_its_command_on_t0() -> None:
    card = booted()
    send_all(card, *T0_WRITES, *KEY_WRITES)
    card.power_on()
    assert send_all(card, OPEN, "8150000008" + "11" * 8) == ["019000", "611C"]
    assert send(card, "01C000001C").endswith("9000")
    assert ChannelHost(card, 1, level=0x01).send(command("80F28000", "4F00")).startswith("08A0")
