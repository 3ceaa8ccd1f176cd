"""Lines of a trace that were pasted at the prompt: which one is a command to send, and which one is not.

The forms are those of GlobalPlatformPro and of jcopsh itself (`A>> T=1 (4+0001) C0B00407 01`), of GPShell (`Command ->
C0B0040701`), of JCShell (`=> C0 B0 04 07 01  .....`), of JCManager (`-> C0 B0 04 07 01`, seed 001), and arrows alone.
An answer is not sent, nor what it goes on with in the next lines; and a command that stands there a second time, as it
was wrapped or drawn, is not sent twice. Before a line that was copied from the screen jcopsh's own prompt may stand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from jcopsh.iso7816.channel import is_interindustry, is_protected
from jcopsh.iso7816.hexadecimal import HEX_DIGITS
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.plain_bytes import OTHER_BLANKS, plain_bytes
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.secrets.segments import HIDDEN_TEXT
from jcopsh.shell.tokens import Span

_HEADER = 4  # bytes
_BLANK = rf"[\s{OTHER_BLANKS}]"
# no word is meant, nor the file in `>> cafe.txt`
_BYTES_FOLLOW = r"(?=(?:0x)?(?:[0-9A-F]{2})+(?![0-9A-Z_.]))"
# or what our own trace hides: `<cm_key1:16:F4E6BB>`
_ANSWER_FOLLOWS = rf"(?:{_BYTES_FOLLOW}|(?={HIDDEN_TEXT.pattern}))"
_ARROW = r"[-\u2013\u2014]{1,2}>|=>|>>|[\u2192\u21d2]"
_COUNTS = rf"\([^)]*\){_BLANK}*"
_COMMAND = re.compile(
    rf"{_BLANK}*(?:(?P<again>wrapped|chained)?{_BLANK}*command{_BLANK}*|(?P<wire>wire){_BLANK}+)?"
    rf"(?:(?P<counted>[AR]>>{_BLANK}+\S+{_BLANK}+{_COUNTS})|{_ARROW}){_BLANK}*{_BYTES_FOLLOW}", re.IGNORECASE,
)
_ANSWER = re.compile(
    rf"{_BLANK}*(?:(?:chained{_BLANK}*)?response{_BLANK}*|wire{_BLANK}+)?"
    rf"(?:[AR]<<{_BLANK}+(?:{_COUNTS})+|<[-\u2013\u2014]{{1,2}}|<=|<<|[←⇐]){_BLANK}*{_ANSWER_FOLLOWS}",
    re.IGNORECASE,
)
# what an answer goes on with: bytes that are indented, and perhaps the column of their characters
_GOES_ON = re.compile(
    rf"{_BLANK}{{2,}}[0-9A-F]{{2}}(?:{_BLANK}?[0-9A-F]{{2}})*(?:{_BLANK}{{2,}}.*|{_BLANK}*)", re.IGNORECASE
)
_PROMPT = re.compile(r"[^❯;|>\"']{0,120}❯ (?=\S)")
# JCShell's characters, set off by two blanks
_COLUMN = re.compile(
    rf"(?P<bytes>[0-9A-F]{{2}}(?:{_BLANK}[0-9A-F]{{2}})*){_BLANK}{{2,}}(?P<column>\S.*)", re.IGNORECASE
)



class TraceLineKind(Enum):
    """What a line of a trace is. The value is what is said of one that is not sent."""

    COMMAND = ""
    WRAPPED = "a command of a trace as it went over the wire, behind the plain one: it is passed over, not sent again"
    OF_A_CHANNEL = ("a command of a secure channel that is gone, from a trace: it is passed over, and not sent; auth "
                    "opens one")
    ANSWER = "what a card answered, from a trace: it is passed over, and not sent"


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A line of a trace. `mark` is what stands before its bytes; `plain` is the line with blanks in place of all that
    is no byte, and as long. `counted`: the mark is one of GlobalPlatformPro's form, with the protocol and lengths."""

    kind: TraceLineKind
    mark: Span
    plain: str
    counted: bool = False


def trace_line(text: str) -> TraceLine | None:
    """What a line is that begins as one of a trace does and goes on with bytes; None for any other."""
    answer, command = _ANSWER.match(text), _COMMAND.match(text)
    if answer is not None:
        return TraceLine(TraceLineKind.ANSWER, Span(0, answer.end()), " " * answer.end() + text[answer.end() :])
    if command is None:
        return None
    plain = " " * command.end() + _without_column(text[command.end() :])
    kind = TraceLineKind.COMMAND
    if command["again"] or command["wire"]:
        kind = TraceLineKind.WRAPPED
    elif _is_of_a_channel(plain):
        kind = TraceLineKind.OF_A_CHANNEL
    return TraceLine(kind, Span(0, command.end()), plain, counted=command["counted"] is not None)


def _is_of_a_channel(plain: str) -> bool:
    """Whether a command opens a secure channel, or is protected by one: no challenge or session of a trace comes again,
    and INITIALIZE UPDATE counts as a try if nothing follows."""
    digits = re.sub("0x|[^0-9A-F]", "", plain_bytes(plain), flags=re.IGNORECASE)
    if len(digits) < 2 * _HEADER:
        return False
    cla, ins = bytes.fromhex(digits[:4])
    if cla == READER_CLASS:
        return False
    return is_protected(cla) or (ins == INS.INITIALIZE_UPDATE and not is_interindustry(cla))


def own_prompt(text: str) -> int:
    """Up to where the prompt of a line reaches that was copied from the screen with it; 0 where there is none."""
    found = _PROMPT.match(text)
    return found.end() if found else 0


class PastedTrace:
    """What the lines that ran before have shown of a trace that comes line by line."""

    def __init__(self) -> None:
        self._goes_on = False  # the last line was passed over, and may have more lines
        self._counted = ""  # the bytes of the last command, where our own trace or GlobalPlatformPro's has shown them

    def passed_over(self, text: str) -> str | None:
        """What is said of a line that is not to be run, since it belongs to one before it; None for any other. Called
        once for each line, in order."""
        line = trace_line(text)
        if line is None:
            if self._goes_on and _GOES_ON.fullmatch(text):
                return ""  # it was said of the line that it goes on with
            self._goes_on, self._counted = False, ""
            return None
        self._goes_on = line.kind is not TraceLineKind.COMMAND
        if self._goes_on:
            return None
        sent = "".join(line.plain.split()).lower()
        again = bool(self._counted) and not line.counted and sent == self._counted
        self._counted = sent if line.counted else ""
        return _AGAIN if again else None


_AGAIN = "the command of the line before, as its result shows it: it is passed over, not sent again"


def _without_column(text: str) -> str:
    """Bytes without the column that shows them as characters, which has as many; blanks stand in its place."""
    found = _COLUMN.fullmatch(text.rstrip())
    if found is None or set(found["column"]) <= HEX_DIGITS | {" "}:
        return text
    if len(found["column"]) > len(found["bytes"].split()):
        return text
    return text[: found.end("bytes")] + " " * (len(text) - found.end("bytes"))
