"""Lines of a trace that were pasted at the prompt: which one is a command to send, and which one is not.

The forms are those of GlobalPlatformPro and of jcopsh itself (`A>> T=1 (4+0001) C0B00407 01`), of GPShell (`Command ->
C0B0040701`), of JCShell (`=> C0 B0 04 07 01  .....`), of JCManager (`-> C0 B0 04 07 01`, seed 001), and arrows alone.
An answer is not sent, and a command that stands there a second time, as it was wrapped, is not sent twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from jcopsh.iso7816.hexadecimal import HEX_DIGITS
from jcopsh.iso7816.plain_bytes import OTHER_BLANKS
from jcopsh.shell.tokens import Span

_BLANK = rf"[\s{OTHER_BLANKS}]"
# no word is meant, nor the file in `>> cafe.txt`
_BYTES_FOLLOW = r"(?=(?:0x)?(?:[0-9A-F]{2})+(?![0-9A-Z_.]))"
_COUNTS = rf"\([^)]*\){_BLANK}*"
_COMMAND = re.compile(
    rf"{_BLANK}*(?:(?P<again>wrapped|chained)?{_BLANK}*command{_BLANK}*|(?P<wire>wire){_BLANK}+)?"
    rf"(?:[AR]>>{_BLANK}+\S+{_BLANK}+{_COUNTS}|-{{1,2}}>|=>|>>|[→⇒]){_BLANK}*{_BYTES_FOLLOW}", re.IGNORECASE,
)
_ANSWER = re.compile(
    rf"{_BLANK}*(?:(?:chained{_BLANK}*)?response{_BLANK}*|wire{_BLANK}+)?"
    rf"(?:[AR]<<{_BLANK}+(?:{_COUNTS})+|<-{{1,2}}|<=|<<|[←⇐]){_BLANK}*{_BYTES_FOLLOW}", re.IGNORECASE,
)
# JCShell's characters, set off by two blanks
_COLUMN = re.compile(
    rf"(?P<bytes>[0-9A-F]{{2}}(?:{_BLANK}[0-9A-F]{{2}})*){_BLANK}{{2,}}(?P<column>\S.*)", re.IGNORECASE
)


class TraceLineKind(Enum):
    """What a line of a trace is. The value is what is said of one that is not sent."""

    COMMAND = ""
    WRAPPED = "a command of a trace as it went over the wire, behind the plain one: it is passed over, not sent again"
    ANSWER = "what a card answered, from a trace: it is passed over, and not sent"


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line of a trace. `mark` is what stands before its bytes; `plain` is the line with blanks in place of all that
    is no byte, and as long."""

    kind: TraceLineKind
    mark: Span
    plain: str


def trace_line(text: str) -> TraceLine | None:
    """What a line is that begins as one of a trace does and goes on with bytes; None for any other."""
    answer, command = _ANSWER.match(text), _COMMAND.match(text)
    if answer is not None:
        return TraceLine(TraceLineKind.ANSWER, Span(0, answer.end()), " " * answer.end() + text[answer.end() :])
    if command is None:
        return None
    kind = TraceLineKind.WRAPPED if command["again"] or command["wire"] else TraceLineKind.COMMAND
    return TraceLine(kind, Span(0, command.end()), " " * command.end() + _without_column(text[command.end() :]))


def _without_column(text: str) -> str:
    """Bytes without the column that shows them as characters, which has as many; blanks stand in its place."""
    found = _COLUMN.fullmatch(text.rstrip())
    if found is None or set(found["column"]) <= HEX_DIGITS | {" "}:
        return text
    if len(found["column"]) > len(found["bytes"].split()):
        return text
    return text[: found.end("bytes")] + " " * (len(text) - found.end("bytes"))
