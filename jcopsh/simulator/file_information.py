"""What SELECT answers of a file: FCP, FMD or FCI (ISO/IEC 7816-4:2005, 5.3.3)."""

from __future__ import annotations

from jcopsh.simulator import tlv
from jcopsh.simulator.files import Condition, File, Structure

FCI, FCP, FMD, NOTHING = 0x00, 0x04, 0x08, 0x0C
"""P2 of SELECT, bits 4 and 3."""
_TEMPLATES = {FCI: b"\x6f", FCP: b"\x62", FMD: b"\x64"}
_DATA_CODING = 0x21  # data units of one byte
_ACTIVATED, _DEACTIVATED = 0x05, 0x04


def information(file: File, wanted: int) -> bytes:
    """The template that P2 asks for; nothing for NOTHING."""
    if wanted == NOTHING:
        return b""
    parameters = b"" if wanted == FMD else _control_parameters(file)
    management = b"" if wanted == FCP else _management_data(file)
    return tlv.encode(_TEMPLATES[wanted], parameters + management)


def _control_parameters(file: File) -> bytes:
    size = b"" if file.is_df else tlv.encode(b"\x80", file.size.to_bytes(2, "big"))
    name = tlv.encode(b"\x84", file.name) if file.name else b""
    short = tlv.encode(b"\x88", bytes((file.short_identifier << 3,))) if file.short_identifier else b""
    life_cycle = tlv.encode(b"\x8a", bytes((_ACTIVATED if file.active else _DEACTIVATED,)))
    return (tlv.encode(b"\x82", _descriptor(file)) + size + tlv.encode(b"\x83", file.identifier.to_bytes(2, "big"))
            + name + short + life_cycle + tlv.encode(b"\x8c", _compact_attribute(file)))


def _descriptor(file: File) -> bytes:
    """File descriptor byte; of an EF the data coding byte, of one with records their length and number too."""
    if file.is_df:
        return bytes((file.structure.value,))
    kind = bytes((file.structure.value, _DATA_CODING))
    if file.structure is Structure.TRANSPARENT:
        return kind
    return kind + file.record_length.to_bytes(2, "big") + bytes((len(file.records),))


def _compact_attribute(file: File) -> bytes:
    """The access mode byte and a security condition byte for each of its bits, the highest first (5.4.3.1)."""
    modes: tuple[tuple[int, Condition], ...] = ((0x40, file.delete), (0x02, file.update), (0x01, file.read))
    if file.is_df:  # making a DF, making an EF, deleting what is in it
        modes = ((0x40, file.delete), (0x04, file.update), (0x02, file.update), (0x01, file.update))
    elif file.structure is not Structure.TRANSPARENT:  # bit 3 is about APPEND RECORD
        modes = ((0x40, file.delete), (0x04, file.update), (0x02, file.update), (0x01, file.read))
    return bytes((sum(bit for bit, _ in modes), *(condition.value for _, condition in modes)))


def _management_data(file: File) -> bytes:
    """The application label (ISO/IEC 7816-4:2005, 8.2.1)."""
    return tlv.encode(b"\x50", file.label.encode("ascii")) if file.label else b""
