"""What has been seen of the card's content, as completion offers it."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.card.exchange import Exchange
from jcopsh.globalplatform.registry import RegistryEntry, Scope
from jcopsh.globalplatform.seen_content import SeenContent
from jcopsh.iso7816.aid import lookup
from jcopsh.iso7816.hexadecimal import ascii_column
from jcopsh.shell.context import ContentKind, OnCard


class ContentObserver:
    """Looks on at every exchange with one card, and remembers what is on it."""

    def __init__(self) -> None:
        self.seen = SeenContent()
        self._offered: tuple[SeenContent, tuple[OnCard, ...]] = self.seen, ()

    def __call__(self, exchange: Exchange) -> None:
        """Take in an exchange."""
        if exchange.answer.whole and not exchange.for_reader:
            self.seen = self.seen.after(exchange.answer.command, exchange.answer.response)

    @property
    def on_card(self) -> tuple[OnCard, ...]:
        """What is on the card. The same object as long as nothing has changed."""
        if self._offered[0] is not self.seen:
            self._offered = self.seen, tuple(_offered(self.seen))
        return self._offered[1]


def _offered(seen: SeenContent) -> Iterator[OnCard]:
    for one in seen.entries:
        kind = _kind(one)
        yield OnCard(str(one.aid), kind, _meaning(one, kind))
        for module in one.modules:
            meaning = f"module of {one.aid}  (|{ascii_column(module.value)}|)"
            yield OnCard(str(module), ContentKind.MODULE, meaning, str(one.aid))


def _kind(entry: RegistryEntry) -> ContentKind:
    if entry.scope is Scope.ISSUER_SECURITY_DOMAIN:
        return ContentKind.ISSUER
    if entry.scope is Scope.APPLICATIONS:
        return ContentKind.DOMAIN if entry.security_domain else ContentKind.APPLICATION
    return ContentKind.PACKAGE


def _meaning(entry: RegistryEntry, kind: ContentKind) -> str:
    known = lookup(entry.aid)
    state = entry.life_cycle_name if entry.life_cycle else ""  # 00: it was selected, and nothing more is known
    return "  ".join(filter(None, (
        kind.value, known.name if known else "", f"(|{ascii_column(entry.aid.value)}|)", state)))
