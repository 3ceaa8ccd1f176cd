"""Looking at a card through its security domain: info, list, cplc."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.globalplatform.cplc import Cplc
from jcopsh.operations import looking
from jcopsh.operations.content_values import CardInfo, CardListing
from jcopsh.shell.command import command

GROUP = "content"


@command("info", group=GROUP)
def info(card: Card) -> CardInfo:
    """Show what the selected security domain tells of the card, without a secure channel: who made it and when (CPLC),
    issuer and card numbers, GlobalPlatform and Java Card versions, keys, sequence counter, free memory.

    What the card does not tell is listed at the end with its status word. Nothing of it is needed.
    """
    return looking.card_info(card)


@command("cplc", group=GROUP, aliases=("get-cplc",))
def cplc(card: Card) -> Cplc:
    """Show the card production life cycle data (GET DATA 9F7F): who made which part of the card, and when.

    Raises CardError where the card gives none, e.g. while an applet is selected.
    """
    return looking.read_cplc(card)


@command("list", group=GROUP, aliases=("ls", "card-info"))
def list_(card: Card) -> CardListing:
    """List what is on the card as a tree: security domains, applications, packages with their modules, each with its
    life cycle state and privileges. It takes a secure channel: `auth` first.

    An AID is shown as hex and as text, with dots for what is no text.

    Raises CardError where the card does not tell, e.g. before `auth`.
    """
    return looking.list_content(card)


COMMANDS = (info, list_, cplc)
