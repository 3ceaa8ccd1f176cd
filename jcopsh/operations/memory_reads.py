"""READs of configuration memory in a row, each as long as the card takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from jcopsh.card.card import Card
from jcopsh.card.exchange import Exchange
from jcopsh.card.interrupt import listening
from jcopsh.errors import CardError, JcopshError
from jcopsh.iso7816.apdu import ResponseAPDU
from jcopsh.iso7816.status import SW
from jcopsh.jcop import root_applet
from jcopsh.jcop.root_applet import AddressError, LengthError
from jcopsh.operations.read_limit import limit_of
from jcopsh.operations.status_errors import root_error
from jcopsh.state import Boot


def count(length: int) -> str:
    """A number of bytes in words."""
    return "1 byte" if length == 1 else f"{length} bytes"


def check_range(address: int, length: int) -> None:
    """Raise LengthError or AddressError for a range that has no byte or does not fit CLA‖P1‖P2."""
    if length < 1:
        raise LengthError(f"a range of memory has at least one byte, not {length}")
    root_applet.split_address(address)
    if address + length - 1 > root_applet.LAST_ADDRESS:
        raise AddressError(f"{length} bytes at {address:06X} go beyond {root_applet.LAST_ADDRESS:06X}")


def require_boot(card: Card, boot: Boot) -> None:
    """Raise JcopshError after another boot. Keys change at some: what was read under two of them is never joined."""
    if card.state.boot != boot:
        raise JcopshError(
            "the card was booted or reset while its memory was being read",
            meaning=f"What was read under boot {boot} is not joined with what comes after.",
            hint="read it again",
        )


class MemoryReads:
    """READs of one card. `note` is an observer of it meanwhile."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._boot = card.state.boot
        self._limit = limit_of(card)
        self._told = 0

    @property
    def most(self) -> int:
        """How many bytes to ask for next."""
        return self._limit.size

    def all(self, address: int, length: int) -> bytes:
        """`length` bytes, in as many pieces as it takes. Raises as `some` does."""
        data = b""
        while len(data) < length:
            data += self.some(address + len(data), length - len(data))
        return data

    def some(self, address: int, length: int) -> bytes:
        """From 1 to `length` bytes, as many as the card gives at once.

        Raises CardError where it gives none, JcopshError where it was booted or reset since the first.
        """
        data = self._some(address, length)
        require_boot(self._card, self._boot)
        return data

    def can(self, address: int) -> bool:
        """Whether the card gives the byte at an address."""
        return self._read(address, 1).ok

    def note(self, exchange: Exchange) -> None:
        """The length that the card names instead (6Cxx)."""
        if exchange.response.wrong_le:
            self._told = exchange.response.named_length

    def _some(self, address: int, length: int) -> bytes:
        limit = self._limit
        while True:
            size = min(length, limit.size)
            response, told = self._read(address, size), self._told
            if response.ok and len(response.data) == size:
                limit.given(size)
                return response.data
            if 0 < told < size:
                limit.told(told)
                if response.ok and len(response.data) == told:
                    return response.data
                length = told  # 6Cxx is not followed where the person has switched that off
            elif response.sw == SW.WRONG_LENGTH and size > 1:
                limit.refused(size)
            else:
                raise self._refusal(address, size, response)

    def _read(self, address: int, length: int) -> ResponseAPDU:
        self._told = 0
        return self._card.send(root_applet.read(address, length))

    def _refusal(self, address: int, size: int, response: ResponseAPDU) -> CardError:
        if response.sw == SW.WRONG_LENGTH:
            self._limit.forget()  # of one byte: it is not the length
        what = (
            f"the card gave {len(response.data)} bytes at {address:06X}, not {size}" if response.ok
            else f"the card refused to read {count(size)} at {address:06X}"
        )
        return root_error(self._card, what, root_applet.read(address, size), response)


@contextmanager
def reading(card: Card, length: int) -> Iterator[MemoryReads]:
    """Around the READs of `length` bytes: one transaction, and one handler for Ctrl-C where it takes several."""
    reads = MemoryReads(card)
    with card.transaction(), listening() if length > reads.most else nullcontext():
        card.observers.append(reads.note)
        try:
            yield reads
        finally:
            with suppress(ValueError):  # another observer may have sent it away
                card.observers.remove(reads.note)
