"""A card that other programs may use too: transactions around what belongs together, left while a person is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jcopsh.card.interrupt import GivenUp, held_back
from jcopsh.card.link import ReaderLink
from jcopsh.errors import ReaderError

KEPT_BY_ANOTHER = "Another program keeps the card for itself: waiting until it is done. Ctrl-C leaves the card."


class Sharing:
    """The transactions of one shared card. Used by one thread.

    `over_link` makes a call on the link and gives its failures their meaning. `on_wait` is told where a wait for
    another program takes long.
    """

    def __init__(
        self, link: ReaderLink, over_link: Callable[[Callable[[], None]], None], on_wait: Callable[[str], None]
    ) -> None:
        self._link = link
        self._over_link = over_link
        self._on_wait = on_wait
        self._blocks: list[Callable[[], None] | None] = []  # those that are open, with their `on_resumed`
        self._begun = False

    @contextmanager
    def transaction(self, on_resumed: Callable[[], None] | None) -> Iterator[None]:
        """Within the block no other program gets at the card, but while it is `left`. May be nested."""
        if not self._begun:
            self._begin()
        self._blocks.append(on_resumed)
        try:
            yield
        finally:
            self._blocks.pop()
            if not self._blocks:
                self._end()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Let other programs at the card within the block. What the open transactions stand on is checked again."""
        if not self._begun:
            yield
            return
        self._end()
        yield
        self._begin()
        for on_resumed in tuple(self._blocks):
            if on_resumed is not None:
                on_resumed()

    def _begin(self) -> None:
        try:
            self._over_link(self._wait_for_card)
        except KeyboardInterrupt:
            self._link.close()
            raise ReaderError(
                f"{self._link.name}: given up, while another program kept the card for itself",
                meaning="Nothing was sent. The connection was closed.", hint="connect", card_lost=True,
            ) from None
        self._begun = True

    def _wait_for_card(self) -> None:
        try:
            self._link.begin_transaction(lambda: self._on_wait(KEPT_BY_ANOTHER))
        except GivenUp:  # nothing was sent, so nothing is in doubt: it is one more Ctrl-C
            raise KeyboardInterrupt from None

    def _end(self) -> None:
        if self._begun:
            self._begun = False
            with held_back():  # a call that is left in the middle would cost the connection
                self._link.end_transaction()
