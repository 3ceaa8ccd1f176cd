"""Everything that can go wrong and is not our bug.

    JcopshError
    ├── UsageError      a line, a file or a value was wrong; nothing was sent          exit 2
    ├── ReaderError     the way to the card: no reader, no card, card gone, mute       exit 1
    │   ├── CardWasReset    another program reset the card, which is held still
    │   └── NoCardThere     the reader is there, and its slot is empty
    ├── CardError       the card answered with a status word that ends the operation   exit 1
    ├── ChannelError    a secure channel could not be opened or was broken             exit 1
    ├── StoreError      a file of ours cannot be read or written: key store, journal   exit 1
    └── Refused         the interlock: a consent was asked for and not given           exit 3

Each is shown as three lines: what happened, what the status word means here, what to try next.
No message, argument or note of an exception holds a key or a PIN.
"""

from __future__ import annotations

from typing import ClassVar

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU

EXIT_OK = 0
EXIT_CARD = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3


class Ended(SystemExit):
    """A signal asked the program to end. It is no error, and nothing on its way may take it for one."""


class JcopshError(Exception):
    """What happened (`what`), what it means (`meaning`), and what to try next (`hint`)."""

    exit_code: ClassVar[int] = EXIT_CARD

    def __init__(self, what: str, *, meaning: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.meaning = meaning
        self.hint = hint


class UsageError(JcopshError):
    """A line, a file or a value was wrong; nothing was sent.

    `start` and `end` are offsets of the wrong part in the text that was given, when they are known.
    """

    exit_code: ClassVar[int] = EXIT_USAGE

    def __init__(
        self, what: str, *, meaning: str = "", hint: str = "", start: int | None = None, end: int | None = None
    ) -> None:
        super().__init__(what, meaning=meaning, hint=hint)
        self.start = start
        self.end = end


class ReaderError(JcopshError):
    """The way to the card is not there, or was lost. `card_lost` says that the connection is gone."""

    def __init__(self, what: str, *, meaning: str = "", hint: str = "", card_lost: bool = False) -> None:
        super().__init__(what, meaning=meaning, hint=hint)
        self.card_lost = card_lost


class CardWasReset(ReaderError):
    """Another program reset the card. It is the same card, still connected; nothing of its power-up is left."""


class NoCardThere(ReaderError):
    """There is no card in the reader."""


class ConnectionGivenUp(KeyboardInterrupt):
    """Ctrl-C came while a connection was waited for. `error` says so in words."""

    def __init__(self, error: ReaderError) -> None:
        super().__init__(error.what)
        self.error = error


class CardError(JcopshError):
    """The card answered `response` to `command`, which ends the operation."""

    def __init__(
        self, what: str, command: CommandAPDU, response: ResponseAPDU, *, meaning: str = "", hint: str = ""
    ) -> None:
        super().__init__(what, meaning=meaning, hint=hint)
        self.command = command
        self.response = response


class ChannelError(JcopshError):
    """A secure channel could not be opened, or broke."""


class StoreError(JcopshError):
    """The key store or the journal cannot be read or written. What must be kept and cannot be is not sent."""


class Refused(JcopshError):
    """The interlock refused to send: the consent it wants was not given. Nothing was sent."""

    exit_code: ClassVar[int] = EXIT_REFUSED
