"""What it means when the way to the card fails in the middle of a call: whether the connection is gone, what to say."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.card.interrupt import GivenUp
from jcopsh.errors import ReaderError
from jcopsh.iso7816.apdu import MalformedAPDU

UNKNOWN_OUTCOME = "Whether the card carried out the command is not known."
AGAIN = "connect, then identify: nothing of what was selected or open can be relied on"


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """`what` is for the journal. `card_lost`: the connection is gone.

    `error` is to be raised: the failure itself, where that says all, else one in words, with the failure as its `cause`
    where it adds something.
    """

    what: str
    card_lost: bool
    error: BaseException
    cause: BaseException | None = None


def link_failure(error: BaseException) -> LinkFailure:
    """The meaning of whatever a call on the link has raised."""
    if isinstance(error, ReaderError):
        return LinkFailure(error.what, error.card_lost, error)
    if isinstance(error, GivenUp):
        return LinkFailure("given up by a second Ctrl-C", True, ReaderError(
            "the card was given up: no answer came before the second Ctrl-C",
            meaning=f"{UNKNOWN_OUTCOME} The connection was closed.", hint=AGAIN, card_lost=True,
        ))
    if isinstance(error, MalformedAPDU):
        return LinkFailure(str(error), True, ReaderError(
            f"the reader gave no answer of the card: {error}", meaning=UNKNOWN_OUTCOME, hint=AGAIN, card_lost=True
        ))
    if isinstance(error, OSError):
        return LinkFailure(type(error).__name__, True, ReaderError(
            f"the way to the card failed: {error.strerror or error}", meaning=UNKNOWN_OUTCOME, hint=AGAIN,
            card_lost=True,
        ), error)
    return LinkFailure(type(error).__name__, True, error)
