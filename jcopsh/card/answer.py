"""Answers that come in parts: 61xx announces a part, GET RESPONSE fetches it (ISO/IEC 7816-4:2020, 5.6 and 11.8.1).

They are joined here, once, for all who look at exchanges.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS


class Part(Enum):
    """What of an answer an exchange has brought."""

    FURTHER_WAITS = "the card has announced more of it"
    LAST = "the answer is whole"
    UNANNOUNCED = "GET RESPONSE brought it, though nothing of it was announced"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has been answered so far: the data of all parts that have come, and the last status word.

    `command` is the one that was asked, never the GET RESPONSE that fetched a part, unless nothing was asked before.
    """

    command: CommandAPDU
    response: ResponseAPDU
    part: Part

    @property
    def whole(self) -> bool:
        """Whether nothing of it is missing, and nothing in it may belong to something else."""
        return self.part is Part.LAST


def answer_after(previous: Answer | None, command: CommandAPDU, response: ResponseAPDU) -> Answer:
    """The answer after an exchange with the card, plain. `previous` is the one after the exchange before; None where
    nothing was sent since the card was powered up.

    What GET RESPONSE brings is taken for the command before even where nothing was announced, since it may hold its
    secrets; such an answer never counts as whole.
    """
    if command.ins != INS.GET_RESPONSE or previous is None:
        return Answer(command, response, Part.FURTHER_WAITS if response.more_waits else Part.LAST)
    joined = ResponseAPDU(previous.response.data + response.data, response.sw)
    if previous.part is not Part.FURTHER_WAITS:
        return Answer(previous.command, joined, Part.UNANNOUNCED)
    return Answer(previous.command, joined, Part.FURTHER_WAITS if response.to_be_followed else Part.LAST)
