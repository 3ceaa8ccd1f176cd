"""An installed applet while it is selected: what it does beyond that is not simulated."""

from __future__ import annotations

from jcopsh.simulator.apdu import Answer, Command
from jcopsh.simulator.application import INS_SELECT, class_refusal
from jcopsh.simulator.assumptions import GP_SELECT, WRONG_SELECT_PARAMETERS


class InstalledApplet:
    """Knows no command."""

    def process(self, command: Command) -> Answer:
        """Refuse the class, or else the instruction."""
        refusal = class_refusal(command.cla, {0x00, 0x80, 0xC0})
        if refusal is not None:
            return Answer(refusal)
        if (command.cla, command.ins) == (0x00, INS_SELECT):
            return Answer(WRONG_SELECT_PARAMETERS.value)
        return Answer(GP_SELECT.value)
