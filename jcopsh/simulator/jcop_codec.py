"""The EEPROM of a simulated JCOP as it stands in a state file: flags, random keys, rows that are not all zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jcopsh.simulator.content_codec import decode_content, encode_content
from jcopsh.simulator.memory import (
    FIRST_ADDRESS,
    KEY_ADDRESSES,
    KEY_LENGTH,
    LAST_ADDRESS,
    MEMORY_LENGTH,
    SERIAL_LENGTH,
    Eeprom,
)

_ROW = 16


@dataclass(frozen=True, slots=True)
class JcopCodec:
    """Writes and reads an EEPROM. `kind` are the fields that begin the file."""

    kind: Mapping[str, str]

    def encode(self, memory: Eeprom) -> dict[str, object]:
        """The EEPROM as JSON can hold it."""
        rows = {f"{FIRST_ADDRESS + at:06X}": memory.memory[at : at + _ROW] for at in range(0, MEMORY_LENGTH, _ROW)}
        return {
            "booted": memory.booted,
            "protected": memory.protected,
            "fused": memory.fused,
            "random_keys": [key.hex().upper() for key in memory.random_keys],
            "serial": memory.serial.hex().upper(),
            "content": None if memory.content is None else encode_content(memory.content),
            "memory": {address: row.hex().upper() for address, row in rows.items() if any(row)},
        }

    def decode(self, stored: Mapping[str, Any]) -> Eeprom:
        """The EEPROM of a stored card; raises KeyError, TypeError or ValueError where a field is wrong."""
        keys, rows = stored["random_keys"], stored["memory"]
        if not isinstance(keys, list) or not isinstance(rows, dict):
            raise TypeError
        random_keys = tuple(_exact(key, KEY_LENGTH) for key in keys)
        if len(random_keys) != len(KEY_ADDRESSES):
            raise ValueError
        memory = bytearray(MEMORY_LENGTH)
        for address_text, row in rows.items():
            start = int(address_text, 16) - FIRST_ADDRESS
            if start % _ROW or not 0 <= start <= LAST_ADDRESS - FIRST_ADDRESS:
                raise ValueError
            memory[start : start + _ROW] = _exact(row, _ROW)
        flags = {name: _flag(stored[name]) for name in ("booted", "protected", "fused")}
        content = None if stored["content"] is None else decode_content(stored["content"])
        # a file of an earlier version has none: that card has the serial number of its generation
        serial = _exact(stored["serial"], SERIAL_LENGTH) if stored.get("serial") else b""
        return Eeprom(bytes(memory), random_keys, **flags, content=content, serial=serial)


def _exact(text: str, length: int) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != length:
        raise ValueError
    return data


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value
