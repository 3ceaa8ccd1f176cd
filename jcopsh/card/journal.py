"""The journal: every exchange is written before it is sent, without its secrets.

A file of JSON lines for each connection, mode 0600. Kinds of lines:
    card      reader, ATR, protocol, boot: at connection and after each reset
    command   number, boot, the bytes with `<name:length:KCV>` in place of secrets; `to`: `reader` if it was for that
    response  number of its command, the bytes likewise, seconds
    refused   what the interlock did not let through: the bytes likewise, and why
    lost      the link failed in mid-command: what was said
The same file can be replayed (card/recording.py reads it).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from pathlib import Path
from types import TracebackType
from weakref import finalize

from jcopsh.errors import StoreError
from jcopsh.secrets.files import append_all, open_private_append, sync_folder
from jcopsh.secrets.segments import Segments

FORMAT = "jcopsh journal 1"
Line = Mapping[str, str | int | float]

NOT_SENT = "What cannot be recorded is not sent."
SENT = "The command was sent; its answer could not be recorded."
UNSURE = "What was written last may not be on the disk, so nothing more is sent."


class JournalError(StoreError):
    """The journal cannot be written; what cannot be recorded is not sent."""


class Journal:
    """Writes one file, made when the first line is written. Methods raise JournalError when the disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._closing: finalize[..., Journal] | None = None  # whoever forgets to close leaves no descriptor behind
        self._number = 0
        self._waiting: list[Line] = []

    @classmethod
    def in_folder(cls, folder: Path) -> Journal:
        """A journal of a new name in the folder: date, time (UTC) and process id."""
        now = datetime.now(UTC)
        return cls(folder / f"{now:%Y%m%d-%H%M%S-%f}-{os.getpid()}.jsonl")

    def card(self, reader: str, atr: bytes, protocol: str, boot: str) -> None:
        """A card was connected or reset. It is written with the first line that follows: a connection in which
        nothing was sent leaves no file behind."""
        line = {"kind": "card", "format": FORMAT, "reader": reader, "atr": atr.hex().upper(), "protocol": protocol,
                "boot": boot}
        self._waiting.append({"time": _now(), **line})

    def command(self, boot: str, command: Segments, *, durable: bool, for_reader: bool = False) -> None:
        """About to be sent, to the card or to its reader. `durable` waits for the disk: before what destroys, cannot be
        undone, or writes keys."""
        self._number += 1
        line: Line = {"kind": "command", "number": self._number, "boot": boot, "bytes": str(command)}
        self._write({**line, "to": "reader"} if for_reader else line, durable=durable)

    def response(self, response: Segments, duration_s: float) -> None:
        """The answer to the last command."""
        self._write(
            {"kind": "response", "number": self._number, "bytes": str(response), "seconds": round(duration_s, 6)},
            meaning=SENT,
        )

    def refused(self, command: Segments, why: str) -> None:
        """The interlock's consent was not given; nothing was sent."""
        self._write({"kind": "refused", "bytes": str(command), "why": why})

    def lost(self, what: str) -> None:
        """The link failed; whether the card got the last command is not known."""
        self._write({"kind": "lost", "number": self._number, "what": what})

    def sync(self) -> None:
        """Wait until all that was written is on the disk."""
        if self._descriptor is not None:
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                raise self._refused(error, UNSURE) from error

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._closing is not None:
            self._closing()
        self._descriptor = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, line: Line, *, durable: bool = False, meaning: str = NOT_SENT) -> None:
        # every exchange waits for this twice: no more is done than has to be
        text = "".join(map(_json, [*self._waiting, {"time": _now(), **line}]))
        try:
            descriptor = self._open() if self._descriptor is None else self._descriptor
            append_all(descriptor, text.encode("ascii"))
            self._waiting.clear()
            if durable:
                os.fsync(descriptor)
        except OSError as error:
            raise self._refused(error, meaning) from error

    def _refused(self, error: OSError, meaning: str) -> JournalError:
        return JournalError(
            f"the journal {self.path} cannot be written: {error.strerror}",
            meaning=meaning,
            hint="make room on the disk, or mend the folder's permissions; XDG_STATE_HOME names another place",
        )

    def _open(self) -> int:
        self._descriptor = open_private_append(self.path)
        self._closing = finalize(self, os.close, self._descriptor)
        sync_folder(self.path.parent)
        return self._descriptor


def _json(line: Line) -> str:
    """A line as JSON. It is flat, and json.JSONEncoder sets itself up anew for each object: that takes longer than the
    writing."""
    members = [
        f'"{name}": {encode_basestring_ascii(value) if isinstance(value, str) else repr(value)}'
        for name, value in line.items()
    ]
    return f"{{{', '.join(members)}}}\n"


def _now() -> str:
    """The time to the millisecond (ISO 8601, UTC)."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_written(seconds)}.{nanoseconds // 1_000_000:03}+00:00"


@lru_cache(maxsize=1)  # many exchanges fall into the same second
def _written(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
