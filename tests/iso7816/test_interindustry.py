"""Command APDUs of ISO/IEC 7816-4, as they stand in traces; channels in the class byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816 import interindustry as iso
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.channel import channel_of, class_on_channel, is_interindustry
from jcopsh.iso7816.interindustry import SelectAnswer, SelectBy


@pytest.mark.parametrize(
    ("command", "encoded"),
    [
        # SELECT of the MF of a UICC, of the PSE (EMV 4.3, book 1, annex B), of an EF by path, of the parent
        (iso.select(SelectBy.IDENTIFIER, b"\x3f\x00", SelectAnswer.FCP), "00A40004023F0000"),
        (iso.select(SelectBy.NAME, b"1PAY.SYS.DDF01"), "00A404000E315041592E5359532E444446303100"),
        (iso.select(SelectBy.PATH_FROM_MF, b"\x7f\x10\x6f\x3a", SelectAnswer.NOTHING), "00A4080C047F106F3A"),
        (iso.select(SelectBy.PARENT), "00A4030000"),
        (iso.read_binary(0, 256), "00B0000000"),
        (iso.read_binary(0x7FFF, 16), "00B07FFF10"),
        (iso.read_binary(16, 8, short_identifier=30), "00B09E1008"),  # EF.CardAccess is read like this (9303-11)
        (iso.read_binary(0x8000, 256), "00B100000454028000" "00"),
        (iso.read_binary(0x12345, 256), "00B1000005540301234500"),
        (iso.read_binary(0x100, 256, short_identifier=3), "00B100030454020100" "00"),
        (iso.update_binary(0x0102, b"\xaa"), "00D6010201AA"),
        (iso.update_binary(2, b"\xaa", short_identifier=1), "00D6810201AA"),
        (iso.update_binary(0x8000, b"\xaa\xbb"), "00D7000008540280005302AABB"),
        (iso.read_record(1), "00B2010400"),
        (iso.read_record(1, short_identifier=1), "00B2010C00"),  # the first record of an EMV application
        (iso.read_record(254, 5, 30), "00B2FEF405"),
        (iso.update_record(2, b"\x01"), "00DC02040101"),
        (iso.update_record(0, b"\x01", 6), "00DC00330101"),
        (iso.append_record(b"\x01", 5), "00E200280101"),
        (iso.get_data(b"\x9f\x7f"), "00CA9F7F00"),
        (iso.get_data(b"\x66", 0x80), "80CA006600"),
        (iso.get_data(b"\x5f\xc1\x02"), "00CB3FFF055C035FC10200"),  # the CHUID of a PIV card (SP 800-73-4, 3.1.2)
        (iso.get_data_odd(b""), "00CB3FFF025C0000"),
        (iso.put_data(b"\x5f\x50", b"x"), "00DA5F500178"),  # as GnuPG writes the URL of an OpenPGP card
        (iso.put_data(b"\x5f\x81\x01", b"x"), "00DB3FFF055F81010178"),
        (iso.verify(0x80), "00200080"),  # how many tries of a PIV card are left
        (iso.verify(1, b"1234"), "002000010431323334"),
        (iso.change_reference_data(1, b"12", b"34"), "002400010431323334"),
        (iso.change_reference_data(1, b"", b"34"), "00240101023334"),
        (iso.reset_retry_counter(1, b"12", b"34"), "002C00010431323334"),
        (iso.reset_retry_counter(1, b"12", b""), "002C0101023132"),
        (iso.reset_retry_counter(1, b"", b"34"), "002C0201023334"),
        (iso.reset_retry_counter(1, b"", b""), "002C0301"),
        (iso.get_challenge(8), "0084000008"),
        (iso.internal_authenticate(b"\x01" * 8, reference=3), "00880003080101010101010101" "00"),
        (iso.open_channel(), "0070000001"),
        (iso.open_channel(2), "00700002"),
        (iso.close_channel(1), "00708001"),
        (iso.create_file(b"\x62\x00"), "00E00000026200"),
        (iso.delete_file(b"\x6e\x20"), "00E40000026E20"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_commands(command: CommandAPDU, encoded: str) -> None:
    assert command.encode().hex().upper() == encoded


@given(st.integers(0, 0x20000))
def test_the_longest_update_fits_a_short_command(offset: int) -> None:
    most = iso.most_data_of_update(offset)
    command = iso.update_binary(offset, bytes(most))
    assert not command.is_extended
    assert iso.update_binary(offset, bytes(most + 1)).is_extended


# ISO/IEC 7816-4:2005, 5.1.1, tables 2 and 3
@pytest.mark.parametrize(
    ("channel", "interindustry", "globalplatform"),
    [(0, 0x00, 0x80), (1, 0x01, 0x81), (3, 0x03, 0x83), (4, 0x40, 0xC0), (5, 0x41, 0xC1), (19, 0x4F, 0xCF)],
)
def test_channels_in_the_class_byte(channel: int, interindustry: int, globalplatform: int) -> None:
    assert class_on_channel(0x00, channel) == interindustry
    assert class_on_channel(0x80, channel) == globalplatform
    assert channel_of(interindustry) == channel_of(globalplatform) == channel
    assert is_interindustry(interindustry) and not is_interindustry(globalplatform)
    moved = iso.on_channel(iso.verify(1, b"1"), channel)
    assert moved.encode()[0] == interindustry


def test_bits_of_secure_messaging_and_chaining_name_no_channel() -> None:
    assert [channel_of(cla) for cla in (0x0C, 0x10, 0x1D, 0x60, 0x6F, 0xFF)] == [0, 0, 1, 4, 19, 0]


@pytest.mark.parametrize(("cla", "channel"), [(0x00, 20), (0x00, -1), (0x04, 1), (0xC0, 0)])
def test_what_is_no_channel_or_no_plain_class(cla: int, channel: int) -> None:
    with pytest.raises(ValueError, match="channel"):
        class_on_channel(cla, channel)
