"""What an application tells of itself when it is selected (GlobalPlatform 2.3.1, 11.9.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.globalplatform.card_data import java_card_told
from jcopsh.globalplatform.channel import ChannelProtocol, announced_options
from jcopsh.iso7816.tlv import TLV, TlvError
from jcopsh.iso7816.tlv import parse as parse_tlv

_FCI, _DF_NAME, _PROPRIETARY, _LONGEST_COMMAND_DATA = 0x6F, 0x84, 0xA5, 0x9F65


@dataclass(frozen=True, slots=True)
class SelectedApplication:
    """The answer to SELECT by name, as far as it can be read.

    `name` is the DF name, which is the AID, empty where it is not told. `security_domain`: it is one, since it tells
    the largest length of a command's data, or which secure channels it opens. `scp_options` are these, protocol and i;
    `java_card` is the version of Java Card that it tells, such as `2`, empty where it tells none.
    """

    name: bytes
    security_domain: bool
    scp_options: tuple[tuple[ChannelProtocol, int], ...]
    java_card: str = ""


def parse_selected(data: bytes) -> SelectedApplication:
    """Read the answer's data. What cannot be read tells nothing; nothing raises."""
    template = _template(data)
    name = _inside(template, _DF_NAME)
    longest = _inside(_inside(template, _PROPRIETARY), _LONGEST_COMMAND_DATA)
    options = tuple(announced_options(data).items())
    return SelectedApplication(name.value if name else b"", longest is not None or bool(options), options,
                               java_card_told(data))


def _template(data: bytes) -> TLV | None:
    try:
        return next((item for item in parse_tlv(data) if item.tag == _FCI), None)
    except TlvError:
        return None


def _inside(item: TLV | None, tag: int) -> TLV | None:
    try:
        return item.find(tag) if item else None
    except TlvError:
        return None
