"""Logical channels in the class byte (ISO/IEC 7816-4:2005, 5.1.1)."""

from __future__ import annotations

BASIC_CHANNEL = 0
LAST_CHANNEL = 19
# the bits of a class byte that name another than the basic channel (ISO/IEC 7816-4:2020, 5.4.1; GlobalPlatform 2.3.1,
# 11.1.4): 40 says that it is one from 4 on, the low two name one of the first
CHANNEL_BITS = 0x43
_FURTHER, _FIRST_PROTECTED, _FURTHER_PROTECTED = 0x40, 0x0C, 0x20
_FIRST_FURTHER = 4  # from here on the further interindustry class, or GlobalPlatform's C0 to CF, carries the number


def class_on_channel(cla: int, channel: int) -> int:
    """A class byte without secure messaging and chaining, 00 or 80, for a logical channel from 0 to 19.

    Raises ValueError for another channel or class.
    """
    if not BASIC_CHANNEL <= channel <= LAST_CHANNEL:
        raise ValueError(f"a logical channel is 0 to {LAST_CHANNEL}, not {channel}")
    if cla not in (0x00, 0x80):
        raise ValueError(f"{cla:02X} is no class byte of the basic channel")
    return cla | channel if channel < _FIRST_FURTHER else cla | 0x40 | channel - _FIRST_FURTHER


def channel_of(cla: int) -> int:
    """The logical channel that a class byte names.

    FF is invalid as a class byte and counts as the basic channel.
    """
    if cla == 0xFF:
        return BASIC_CHANNEL
    return _FIRST_FURTHER + (cla & 0x0F) if cla & 0x40 else cla & 0x03


def is_interindustry(cla: int) -> bool:
    """Whether a class byte is one of ISO/IEC 7816-4, whose instructions mean what the standard says."""
    return not cla & 0x80


def is_protected(cla: int) -> bool:
    """Whether a class byte, other than FF, says that the command comes under secure messaging.

    The first classes, and GlobalPlatform's 80 to BF, have two bits for it, the further ones with the channels 4 to 19
    one (ISO/IEC 7816-4:2020, 5.4.1; GlobalPlatform Card Specification 2.3.1, 11.1.4).
    """
    return bool(cla & (_FURTHER_PROTECTED if cla & _FURTHER else _FIRST_PROTECTED))
