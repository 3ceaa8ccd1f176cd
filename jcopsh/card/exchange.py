"""One command and its answer, or what came instead of one, as observers see them."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.card.answer import Answer
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.secrets.segments import Segments
from jcopsh.state import Boot, CardState


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went over the link, once.

    `command` and `response` are plain; `wire_command` and `wire_response` are what went over the link, with a secure
    channel's wrapping: hidden but for header and status word where they are not the plain bytes, since they may hold
    keys under others that somebody knows. `reveal` gives the very bytes. `duration_s` is the time on the link in
    seconds. `before` is the state it was sent in. `shown_command` and `shown_response` are the plain bytes with secrets
    hidden: what may be printed or kept. The repr has no other bytes. `answer` is what the card has answered so far, of
    which this exchange may have brought a part.
    """

    command: CommandAPDU
    response: ResponseAPDU
    wire_command: Segments
    wire_response: Segments
    duration_s: float
    before: CardState
    shown_command: Segments
    shown_response: Segments
    answer: Answer

    @property
    def for_reader(self) -> bool:
        """Whether it was for the reader itself, so that no card has seen it."""
        return self.command.cla == READER_CLASS

    @property
    def boot(self) -> Boot:
        """The boot it happened under."""
        return self.before.boot


@dataclass(frozen=True, slots=True)
class FailedExchange:
    """A command that no answer came to: `what` says what went wrong on the link. The rest is as in Exchange.

    `sent` tells whether the card may have got it.
    """

    command: CommandAPDU
    wire_command: Segments
    duration_s: float
    before: CardState
    shown_command: Segments
    sent: bool
    what: str

    @property
    def for_reader(self) -> bool:
        """As in Exchange."""
        return self.command.cla == READER_CLASS
