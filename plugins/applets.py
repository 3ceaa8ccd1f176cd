"""Find out which well-known applications answer on a card."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.plugin.api import KNOWN_AIDS, Card, CommandAPDU, KnownAID, Plugin, command, describe


@dataclass(frozen=True)
class Answer:
    """What one SELECT was answered."""

    name: str
    aid: str
    status: str
    meaning: str


@dataclass(frozen=True)
class Applets:
    """The applications that answered, and how many were asked."""

    asked: int
    found: tuple[Answer, ...]


@command("applets", group="card")
def applets(card: Card) -> Applets | str:
    """Try SELECT with every AID that jcopsh knows by name, and show which are there.

    It changes the selection: what was selected before no longer is. An unfused card answers none of them.
    """
    answers = [_ask(card, known) for known in KNOWN_AIDS.values() if known.name != "identify"]
    found = tuple(answer for answer in answers if answer.status != "6A82")
    return Applets(len(answers), found) if found else f"none of {len(answers)} well-known applications answered"


def _ask(card: Card, known: KnownAID) -> Answer:
    select = CommandAPDU(0x00, 0xA4, 0x04, 0x00, known.aid.value, le=256)
    response = card.send(select)
    meaning = describe(response.sw, select.ins).text
    return Answer(known.name, str(known.aid), f"{response.sw:04X}", f"{known.meaning}: {meaning}")


PLUGIN = Plugin(name="applets", commands=[applets], summary="which well-known applications answer")
