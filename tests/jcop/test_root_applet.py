"""The root applet's commands, against the bytes of seeds 000 and 002 and the vendor script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop import root_applet
from jcopsh.jcop.root_applet import Access, AddressError, LengthError, MemoryAccess

TRANSPORT_KEY = b"JCOPSIMULATEDTK0"


def _hex(command: CommandAPDU) -> str:
    return command.encode().hex().upper()


def test_the_fixed_commands() -> None:
    assert _hex(root_applet.BOOT) == "00F00000"
    assert _hex(root_applet.PROTECT) == "00100000"
    assert _hex(root_applet.FUSE) == "00000000"


def test_the_reads_of_seed_002() -> None:
    assert _hex(root_applet.read(0xC00305, 16)) == "C0B0030510"
    assert _hex(root_applet.read(0xC00321, 16)) == "C0B0032110"
    assert _hex(root_applet.read(0xC0033D, 16)) == "C0B0033D10"
    assert _hex(root_applet.read(0xC00407, 1)) == "C0B0040701"
    assert _hex(root_applet.read(0xC00412, 5)) == "C0B0041205"


@pytest.mark.parametrize(("address", "data", "encoded"), [
    (0xC00123, "DA", "C0D6012301DA"),
    (0xC00126, "036000FF", "C0D6012604036000FF"),
    (0xC00137, "0A4A32413038312C543D31", "C0D601370B0A4A32413038312C543D31"),
    (0xC0029A, "F807", "C0D6029A02F807"),
    (0xC00305, "404142434445464748494A4B4C4D4E4F", "C0D6030510404142434445464748494A4B4C4D4E4F"),
])
def test_the_writes_of_seed_000_and_the_vendor_script(address: int, data: str, encoded: str) -> None:
    assert _hex(root_applet.write(address, bytes.fromhex(data))) == encoded


def test_the_longest_of_each() -> None:
    assert _hex(root_applet.read(0xC00200, 256)) == "C0B0020000"
    longest = root_applet.write(0xC00200, bytes(255))
    assert not longest.is_extended
    assert len(longest.encode()) == 5 + 255


@given(st.integers(0xC00000, 0xC0FFFF), st.integers(1, 256))
def test_a_read_is_recognised_by_its_bytes(address: int, length: int) -> None:
    if address + length > 0xC10000:
        with pytest.raises(AddressError):
            root_applet.read(address, length)
        return
    parsed = CommandAPDU.parse(root_applet.read(address, length).encode())
    assert root_applet.memory_access(parsed) == MemoryAccess(Access.READ, address, length)


@given(st.integers(0xC00000, 0xC0FF00), st.binary(min_size=1, max_size=255))
def test_a_write_is_recognised_by_its_bytes(address: int, data: bytes) -> None:
    parsed = CommandAPDU.parse(root_applet.write(address, data).encode())
    access = root_applet.memory_access(parsed)
    assert access == MemoryAccess(Access.WRITE, address, len(data))
    assert access.end == address + len(data)


@pytest.mark.parametrize("address", [-1, 0, 0x305, 0xBFFFFF, 0xC10000, 0xFFFFFF, 0x1C00305])
def test_addresses_that_do_not_fit(address: int) -> None:
    for call in (lambda: root_applet.read(address, 1), lambda: root_applet.write(address, b"\x00"),
                 lambda: root_applet.split_address(address)):
        with pytest.raises(AddressError):
            call()


def test_a_range_does_not_run_over_the_end() -> None:
    assert root_applet.read(0xC0FFFF, 1).encode() == bytes.fromhex("C0B0FFFF01")
    with pytest.raises(AddressError, match="C0FFFF"):
        root_applet.read(0xC0FFFF, 2)
    with pytest.raises(AddressError, match="C0FFFF"):
        root_applet.write(0xC0FFFF, bytes(2))


@pytest.mark.parametrize("length", [-1, 0, 257])
def test_lengths_that_a_read_cannot_have(length: int) -> None:
    with pytest.raises(LengthError, match="1 to 256"):
        root_applet.read(0xC00305, length)


@pytest.mark.parametrize("length", [0, 256])
def test_lengths_that_a_write_cannot_have(length: int) -> None:
    with pytest.raises(LengthError, match="1 to 255"):
        root_applet.write(0xC00305, bytes(length))


@pytest.mark.parametrize(("encoded", "access"), [
    ("C0B00305000010", MemoryAccess(Access.READ, 0xC00305, 16)),              # extended
    ("C0B00305", MemoryAccess(Access.READ, 0xC00305, 256)),                   # as much as may come
    ("C0B0030500", MemoryAccess(Access.READ, 0xC00305, 256)),
    ("C0D60305000002AABB", MemoryAccess(Access.WRITE, 0xC00305, 2)),          # extended
    ("C0D6030502AABB00", MemoryAccess(Access.WRITE, 0xC00305, 2)),
    ("00B0030510", None),
    ("80D6030501AA", None),
    ("C0B6030501AA", None),
    ("C0CA030500", None),
    ("00000000", None),
])
def test_what_touches_the_memory(encoded: str, access: MemoryAccess | None) -> None:
    assert root_applet.memory_access(CommandAPDU.parse(bytes.fromhex(encoded))) == access


def test_the_misprint() -> None:
    printed = CommandAPDU.parse(bytes.fromhex("C0B6012301DA"))
    assert root_applet.is_misprint(printed)
    assert _hex(root_applet.corrected_misprint(printed)) == "C0D6012301DA"
    assert not root_applet.is_misprint(CommandAPDU.parse(bytes.fromhex("C0D6012301DA")))
    assert not root_applet.is_misprint(CommandAPDU.parse(bytes.fromhex("00B6012301DA")))


def test_select_by_transport_key() -> None:
    command = root_applet.select_transport_key(TRANSPORT_KEY)
    assert command.encode() == bytes.fromhex("00A4040010") + TRANSPORT_KEY
    assert root_applet.is_transport_key_select(command)
    assert root_applet.is_transport_key_select(command.with_le(256))
    assert TRANSPORT_KEY.hex() not in repr(command).lower()


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_transport_key_of_another_length(length: int) -> None:
    key = TRANSPORT_KEY * 2
    with pytest.raises(LengthError) as caught:
        root_applet.select_transport_key(key[:length])
    assert "JCOP" not in str(caught.value)


@pytest.mark.parametrize(("encoded", "expected"), [
    ("00A4040010" + "11" * 16, True),
    ("00A4040010" + "11" * 16 + "00", True),
    ("00A40400000010" + "11" * 16, True),   # extended
    ("01A4040C10" + "11" * 16, True),      # another channel, another P2
    ("00A404000F" + "11" * 15, False),
    ("00A4040011" + "11" * 17, False),
    ("00A4000010" + "11" * 16, False),
    ("00B0040010" + "11" * 16, False),
])
def test_which_selects_may_carry_a_transport_key(encoded: str, expected: bool) -> None:
    assert root_applet.is_transport_key_select(CommandAPDU.parse(bytes.fromhex(encoded))) is expected
