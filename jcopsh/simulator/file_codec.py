"""The memory of the card with files as it stands in a state file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jcopsh.simulator.files import (
    MASTER_FILE,
    PIN_TRIES,
    PUK_TRIES,
    Condition,
    DataObject,
    File,
    Memory,
    Path,
    Structure,
)

_LONGEST_REFERENCE = 255


@dataclass(frozen=True, slots=True)
class FileCodec:
    """Writes and reads a memory. `kind` are the fields that begin the file."""

    kind: Mapping[str, str]

    def encode(self, memory: Memory) -> dict[str, object]:
        """The memory as JSON can hold it."""
        return {
            "pin": memory.pin.hex().upper(), "pin_tries": memory.pin_tries,
            "puk": memory.puk.hex().upper(), "puk_tries": memory.puk_tries,
            "files": [_encode_file(file) for file in memory.files],
            "objects": [_encode_object(one) for one in memory.objects],
        }

    def decode(self, stored: Mapping[str, Any]) -> Memory:
        """The memory of a stored card; raises KeyError, TypeError or ValueError where a field is wrong."""
        memory = Memory(
            files=tuple(_decode_file(one) for one in stored["files"]),
            objects=tuple(_decode_object(one) for one in stored["objects"]),
            pin=bytes.fromhex(stored["pin"]), puk=bytes.fromhex(stored["puk"]),
            pin_tries=_number(stored["pin_tries"], PIN_TRIES), puk_tries=_number(stored["puk_tries"], PUK_TRIES),
        )
        _check(memory)
        return memory


def _encode_file(file: File) -> dict[str, object]:
    return {
        "path": "/".join(f"{identifier:04X}" for identifier in file.path),
        "structure": file.structure.name, "name": file.name.hex().upper(), "label": file.label,
        "short_identifier": file.short_identifier, "record_length": file.record_length,
        "most_records": file.most_records, "read": file.read.name, "update": file.update.name,
        "delete": file.delete.name, "active": file.active, "records": [record.hex().upper() for record in file.records],
    }


def _decode_file(stored: Mapping[str, Any]) -> File:
    return File(
        path=_path(stored["path"]), structure=Structure[stored["structure"]],
        records=tuple(bytes.fromhex(record) for record in stored["records"]),
        record_length=_number(stored["record_length"], 0xFFFF), most_records=_number(stored["most_records"], 254),
        name=bytes.fromhex(stored["name"]), label=_text(stored["label"]),
        short_identifier=_number(stored["short_identifier"], 30), read=Condition[stored["read"]],
        update=Condition[stored["update"]], delete=Condition[stored["delete"]], active=_flag(stored["active"]),
    )


def _encode_object(one: DataObject) -> dict[str, object]:
    return {"tag": one.tag.hex().upper(), "value": one.value.hex().upper(), "read": one.read.name,
            "update": one.update.name}


def _decode_object(stored: Mapping[str, Any]) -> DataObject:
    return DataObject(bytes.fromhex(stored["tag"]), bytes.fromhex(stored["value"]), Condition[stored["read"]],
                      Condition[stored["update"]])


def _check(memory: Memory) -> None:
    """Raise ValueError for files without a DF around them, one path twice, or contents of a wrong length."""
    paths = [file.path for file in memory.files]
    folders = {file.path for file in memory.files if file.is_df}
    if not paths or paths[0] != (MASTER_FILE,) or len(set(paths)) != len(paths):
        raise ValueError
    if any(path[:-1] not in folders for path in paths[1:]) or (MASTER_FILE,) not in folders:
        raise ValueError
    if any(not 1 <= len(value) <= _LONGEST_REFERENCE for value in (memory.pin, memory.puk)):
        raise ValueError
    if not all(_lengths_fit(file) for file in memory.files) or not all(one.tag for one in memory.objects):
        raise ValueError


def _lengths_fit(file: File) -> bool:
    lengths: Sequence[int] = [len(record) for record in file.records]
    if file.structure is Structure.DF:
        return not lengths
    if file.structure is Structure.TRANSPARENT:
        return len(lengths) == 1 and lengths[0] <= 0xFFFF
    if len(lengths) > file.most_records or any(length > file.record_length for length in lengths):
        return False
    return file.structure is Structure.LINEAR_VARIABLE or all(length == file.record_length for length in lengths)


def _path(text: str) -> Path:
    return tuple(int.from_bytes(_exact(part), "big") for part in text.split("/"))


def _exact(text: str) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != 2:
        raise ValueError
    return data


def _number(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if not 0 <= value <= most:
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value
