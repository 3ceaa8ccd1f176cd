"""The JSON form of results: what `--json` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from jcopsh.errors import CardError, JcopshError
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.hexadecimal import format_bytes
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Segments
from jcopsh.state import Boot

# DEL, the C1 controls, and what turns the direction of a text, which JSON lets stand as they are; and halves of
# characters, which cannot be encoded
_STEERING = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def json_form(value: Any) -> Any:
    """A result as JSON can hold it.

    Bytes are upper-case hex, an enum its value, a Secret its label and never its bytes, and a dataclass or named tuple
    an object with `type`, the name of its class. A status word, a field called `sw`, is text as in an error: "6A82";
    addresses and lengths are numbers. APDUs are given by header, length and status word alone, as they may hold keys.
    """
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _object(value, value._fields)
    for kind, form in _FORMS:
        if isinstance(value, kind):
            return form(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value, [one.name for one in fields(value)])
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _object(value: Any, names: Iterable[str]) -> dict[str, Any]:
    return {"type": type(value).__name__} | {name: _field(name, getattr(value, name)) for name in names}


def _field(name: str, value: Any) -> Any:
    return f"{value:04X}" if name == "sw" and isinstance(value, int) else json_form(value)


def _command_form(command: CommandAPDU) -> dict[str, Any]:
    return {"type": "CommandAPDU", "header": format_bytes(command.header), "length": len(command.data),
            "le": command.le}


def _response_form(response: ResponseAPDU) -> dict[str, Any]:
    return {"type": "ResponseAPDU", "length": len(response.data), "sw": f"{response.sw:04X}"}


def _itself(value: Any) -> Any:
    return value


# the first kind that fits counts: an enum may be a number or a text as well
_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: json_form(value.value)),
    ((type(None), bool, str, int, float), _itself),
    (bytes, format_bytes),
    (Secret, lambda value: value.label),
    ((Segments, AID, Boot, Path), str),
    (CommandAPDU, _command_form),
    (ResponseAPDU, _response_form),
    (Mapping, lambda value: {str(json_form(key)): json_form(item) for key, item in value.items()}),
    ((tuple, list, set, frozenset), lambda value: [json_form(item) for item in value]),
)


def error_form(error: JcopshError) -> dict[str, Any]:
    """An error as JSON: its kind, the three lines, and the status word where there is one."""
    form: dict[str, Any] = {"type": "error", "kind": type(error).__name__, "what": error.what,
                            "meaning": error.meaning, "hint": error.hint, "exit_code": error.exit_code}
    if isinstance(error, CardError):
        form["sw"] = f"{error.response.sw:04X}"
    return form


def to_json(value: Any) -> str:
    """A result as one line of JSON: always an object, so that each line can be asked for its `type`."""
    form = json_form(value)
    if isinstance(form, str):
        form = {"type": "Message", "text": form}
    elif isinstance(form, list):
        form = {"type": "List", "items": form}
    elif not isinstance(form, dict):
        form = {"type": "Value", "value": form}
    return one_line(form)


def one_line(form: Any) -> str:
    """A form on one line, with escapes for what would steer a terminal."""
    text = json.dumps(form, ensure_ascii=False)
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
