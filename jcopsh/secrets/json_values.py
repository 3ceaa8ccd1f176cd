"""Values out of the JSON files of this room, each of the type that it must have: a person may have edited the file."""

from __future__ import annotations

from typing import Any

# what reading a document raises where it is not what jcopsh writes
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


def text(item: dict[str, Any], name: str) -> str:
    """A text. Raises TypeError where it is something else, KeyError where it is missing."""
    value = item[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def integer(item: dict[str, Any], name: str) -> int:
    """A whole number. Raises TypeError where it is something else, KeyError where it is missing."""
    value = item[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is no whole number")
    return value


def byte_string(item: dict[str, Any], name: str) -> bytes:
    """Bytes, written in hexadecimal. Raises TypeError or ValueError where it is something else."""
    return bytes.fromhex(text(item, name))
