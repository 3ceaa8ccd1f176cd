"""Recorded sessions: our own journal, and the traces of other clients, read into steps that can be replayed.

Forms: the journal's JSON lines; JCManager `-> …` `<- …` (seeds 001 and 003); GPShell `Command -> …`, `Wrapped command
-> …`, `Chained command -> …`, `Response <- …`, `Chained response <- …`; JCShell `=> …` `<= …`; GlobalPlatformPro `A>>
T=1 (4+0008) …` `A<< (0028+2) (61ms) …`; plain beside wire, `wire >> …` `wire << …`.
Of a command that stands there plain and wrapped, the wrapped one counts: it is what went over the wire. Likewise of
the answer. Journals and traces of our own hold the plain form alone (`Recording.plain`): the wrapped one would give new
keys away to whoever knows the old ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from jcopsh.errors import UsageError
from jcopsh.secrets.segments import HIDDEN_TEXT


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes that a journal does not hold because they are secret."""

    name: str
    length: int
    kcv: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Recorded:
    """Recorded bytes, parts of which may be unknown. Its repr shows a length only: another client's trace may hold
    keys in clear."""

    parts: tuple[bytes | Unknown, ...]

    def __repr__(self) -> str:
        return f"Recorded({self.length} bytes)"

    @property
    def length(self) -> int:
        """How many bytes."""
        return sum(len(part) if isinstance(part, bytes) else part.length for part in self.parts)

    @property
    def known(self) -> bytes | None:
        """The bytes, if all of them are known."""
        if any(isinstance(part, Unknown) for part in self.parts):
            return None
        return b"".join(part for part in self.parts if isinstance(part, bytes))

    @property
    def unknown(self) -> tuple[tuple[int, Unknown], ...]:
        """The unknown parts, each with its offset."""
        found: list[tuple[int, Unknown]] = []
        position = 0
        for part in self.parts:
            if isinstance(part, Unknown):
                found.append((position, part))
            position += part.length if isinstance(part, Unknown) else len(part)
        return tuple(found)

    def matches(self, data: bytes) -> bool:
        """Whether `data` equals the recording wherever that is known."""
        if len(data) != self.length:
            return False
        position = 0
        for part in self.parts:
            length = len(part) if isinstance(part, bytes) else part.length
            if isinstance(part, bytes) and data[position : position + length] != part:
                return False
            position += length
        return True


@dataclass(frozen=True, slots=True)
class Step:
    """A command and its answer; None where the recording says that the link failed."""

    command: Recorded
    response: Recorded | None
    line: int


@dataclass(frozen=True, slots=True)
class PowerUp:
    """A connection or reset, with the ATR if the recording holds one."""

    atr: bytes
    protocol: str
    line: int
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a file holds, in order."""

    source: str
    events: tuple[Step | PowerUp, ...]
    plain: bool = False  # what went through a secure channel stands in it unprotected, answers too: our own form

    @property
    def simulated(self) -> bool:
        """Whether it was recorded with a simulated card in this program."""
        return any(isinstance(event, PowerUp) and event.reader.startswith("simulated ") for event in self.events)


class _Mark(Enum):
    COMMAND = "command"
    RESPONSE = "response"
    ATR = "atr"


# jcopsh's own trace has GlobalPlatformPro's form, and `<name:length:KCV>` for what is hidden
HEX_OR_HIDDEN = r"(?P<hex>(?:[0-9A-Fa-f ]|<[^<>]*:\d+:[0-9A-F]*>)+)"
HEX_RUN = r"(?P<hex>(?:[0-9A-Fa-f]{2}\s?)+)"
REST = rf"{HEX_RUN}(?:\s{{2,}}.*)?"
# each form of line: what it is, and where its bytes stand; JCShell's ASCII column is set off by two blanks or more
LINE_FORMS: tuple[tuple[_Mark, re.Pattern[str]], ...] = (
    (_Mark.COMMAND, re.compile(r"^\s*A>>\s+T=[01CL]+\s+\([^)]*\)\s+" + HEX_OR_HIDDEN + "$")),
    (_Mark.RESPONSE, re.compile(r"^\s*A<<\s+\([^)]*\)(?:\s+\([^)]*\))?\s+" + HEX_OR_HIDDEN + "$")),
    (_Mark.COMMAND, re.compile(rf"^\s*(?:(?:Wrapped |Chained )?[Cc]ommand\s*)?(?:-->|->|=>)\s*{REST}$")),
    (_Mark.RESPONSE, re.compile(rf"^\s*(?:(?:Chained )?[Rr]esponse\s*)?(?:<--|<-|<=)\s*{REST}$")),
    (_Mark.COMMAND, re.compile(rf"^\s*wire\s+>>\s*{REST}$")),
    (_Mark.RESPONSE, re.compile(rf"^\s*wire\s+<<\s*{REST}$")),
    (_Mark.ATR, re.compile(rf"^\s*ATR\s*[:=]\s*{REST}$")),
    (_Mark.ATR, re.compile(rf"^#? ?SCardConnect\(\"(?P<reader>[^\"]*)\".*\) -> (?P<protocol>T=[01]), {HEX_RUN}$")),
)
# jcopsh's own trace names the reader alone; GlobalPlatformPro's the protocol that was asked for as well
OWN_TRACE = re.compile(r"^# SCardConnect\(\"[^\"]*\"\) -> ", re.MULTILINE)
_BLANKS_OUTSIDE_NAMES = re.compile(r"\s+(?![^<]*>)")
# JCShell breaks long bytes into lines that begin with blanks
CONTINUATION = re.compile(rf"^\s{{2,}}{REST}$")
# no answer is longer (ISO/IEC 7816-4:2020, 5.2), and no recording may ask for more memory than that
MAX_HIDDEN_BYTES = 65536


def read_recording(path: Path) -> Recording:
    """Read a recording. Raises UsageError naming the file, and the line where it is wrong."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file")
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    journal = text.lstrip().startswith("{")
    events = tuple(_journal_events(text, path) if journal else _trace_events(text))
    if not any(isinstance(event, Step) for event in events):
        raise UsageError(
            f"{path} holds no recorded exchange",
            meaning="A recording is a jcopsh journal, or a trace with lines such as `-> 00A4…` and `<- 9000`.",
        )
    return Recording(str(path), events, plain=journal or OWN_TRACE.search(text) is not None)


def _journal_events(text: str, path: Path) -> Iterator[Step | PowerUp]:
    pending: tuple[Recorded, int] | None = None
    lines = text.split("\n")
    del lines[-1]  # what a crash cut off is half a line, without its newline; else it is empty
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            kind = record["kind"]
            if kind == "card":
                yield PowerUp(bytes.fromhex(record["atr"]), record["protocol"], number, record["reader"])
            elif kind == "command":
                pending = (recorded_bytes(record["bytes"]), number)
            elif kind in ("response", "lost") and pending:
                answer = recorded_bytes(record["bytes"]) if kind == "response" else None
                yield Step(pending[0], answer, pending[1])
                pending = None
        except (ValueError, KeyError, TypeError, RecursionError):
            # the cause would quote the line
            raise UsageError(f"{path}, line {number}: not a line of a journal") from None


def recorded_bytes(text: str) -> Recorded:
    """Read hexadecimal with `<name:length:KCV>` for what is hidden, as a journal holds it. Raises ValueError."""
    parts: list[bytes | Unknown] = []
    position = 0
    for found in HIDDEN_TEXT.finditer(text):
        parts.append(bytes.fromhex(text[position : found.start()]))
        length = int(found["length"])
        if length > MAX_HIDDEN_BYTES:
            raise ValueError("no APDU is so long")
        parts.append(Unknown(found["name"], length, found["kcv"]))
        position = found.end()
    parts.append(bytes.fromhex(text[position:]))
    return Recorded(tuple(part for part in parts if part != b""))


def _trace_events(text: str) -> Iterator[Step | PowerUp]:
    command: tuple[Recorded, int] | None = None
    for line in _joined(text):
        if line.mark is _Mark.ATR:
            yield PowerUp(line.data.known or b"", line.protocol, line.number, line.reader)
        elif line.mark is _Mark.COMMAND:
            command = (line.data, line.number)
        elif command is not None:
            yield Step(command[0], line.data, command[1])
            command = None


def _joined(text: str) -> Iterator[_TraceLine]:
    """The lines that hold bytes, each with the lines that continue it."""
    current: _TraceLine | None = None
    for number, line in enumerate(text.splitlines(), 1):
        found = _classify(line, number)
        continued = CONTINUATION.match(line) if current and not found else None
        if current and continued:
            current = replace(current, data=_longer(current.data, bytes.fromhex(continued["hex"])))
            continue
        if current:
            yield current
        current = found
    if current:
        yield current


def _longer(recorded: Recorded, more: bytes) -> Recorded:
    *before, last = recorded.parts
    return Recorded((*before, last + more) if isinstance(last, bytes) else (*before, last, more))


@dataclass(frozen=True, slots=True)
class _TraceLine:
    mark: _Mark
    data: Recorded
    number: int
    protocol: str = "?"
    reader: str = ""


def _classify(line: str, number: int) -> _TraceLine | None:
    for mark, form in LINE_FORMS:
        found = form.match(line)
        if found:
            more = found.groupdict()
            with suppress(ValueError):  # half a byte
                data = recorded_bytes(_BLANKS_OUTSIDE_NAMES.sub("", found["hex"]))
                return _TraceLine(mark, data, number, more.get("protocol", "?"), more.get("reader", ""))
    return None
