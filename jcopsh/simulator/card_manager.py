"""The issuer security domain, as far as it exists: it can be selected, and knows no command yet."""

from __future__ import annotations

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.application import INS_SELECT, class_refusal
from jcopsh.simulator.assumptions import CARD_MANAGER_COMMANDS, WRONG_SELECT_PARAMETERS

CARD_MANAGER_AID = bytes.fromhex("A000000003000000")
"""The issuer security domain of a JCOP 2.4.1 (seed 001)."""


class CardManager:
    """Answers every command that it does not know."""

    def process(self, command: Command) -> Answer:
        """Refuse the class, or else the instruction."""
        refusal = class_refusal(command.cla, {0x00, 0x80, 0xC0})
        if refusal is not None:
            return Answer(refusal)
        if (command.cla, command.ins) == (0x00, INS_SELECT):
            return Answer(WRONG_SELECT_PARAMETERS.value)
        return Answer(CARD_MANAGER_COMMANDS.value)
