"""Keeps keys from being lost: every key read from a card is on disk when the answer is handed on, and every key that
is about to be written to one is on disk before it is sent. Raw bytes, scripts and plugins pass here as well."""

from __future__ import annotations

from collections.abc import Callable

from jcopsh.card.sensitive import field_part
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.jcop.memory_map import Kind, MemoryMaps
from jcopsh.jcop.root_applet import Access, is_transport_key_select, memory_access
from jcopsh.secrets.key_store import KeyStore, Origin, StoredSecret
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.state import CardState, SelectedKind


def card_name(state: CardState) -> str:
    """What tells this card from others, as far as anything does: nothing on an unfused JCOP is unique."""
    known = state.identity.combo if state.identity else "unidentified"
    return f"{known}, ATR {state.atr.hex().upper() or 'unknown'}"


class Keeper:
    """Looks at exchanges on their way and adds to the key store.

    `reader` is the name of the link. `sync_journal` brings the journal to the disk, which comes before any change of
    the key store.
    """

    def __init__(self, store: KeyStore, reader: str, sync_journal: Callable[[], None]) -> None:
        self.store = store
        self._reader = reader
        self._sync_journal = sync_journal
        self._kept: list[StoredSecret] = []  # what is in the store for certain while its file is `_stamp`
        self._stamp: object = None

    def before(self, command: CommandAPDU, state: CardState, maps: MemoryMaps) -> bool:
        """Store the keys that a WRITE carries; whether there were any. Raises UsageError when the disk refuses."""
        access = memory_access(command) if command.data else None
        if access is None or access.kind is not Access.WRITE:
            return False
        return self._keep(access.address, command.data, Origin.WRITTEN, state, maps)

    def after(
        self, command: CommandAPDU, response: ResponseAPDU, before: CardState, after: CardState,
        maps: MemoryMaps, *, offset: int = 0,
    ) -> None:
        """Store the keys that a READ brought, and a transport key that the card took.

        `offset` bytes of the answer to the command came before this response.
        """
        access = memory_access(command)
        if access is not None and access.kind is Access.READ:
            self._keep(access.address + offset, response.data, Origin.READ, before, maps)
        # a wrong key leaves the root applet selected that was selected before: the status word tells
        if is_transport_key_select(command) and response.ok and after.selected is SelectedKind.ROOT:
            key = Secret(command.data, SecretKind.TRANSPORT_KEY)
            self._add(StoredSecret("transport_key", key, self._came_by(key), self._card(before), before.boot.power_up))

    def _came_by(self, transport_key: Secret) -> Origin:
        came_with_it = any(known.origin is Origin.SIMULATED and known.secret == transport_key
                           for known in self.store.entries())
        return Origin.SIMULATED if came_with_it else Origin.ENTERED

    def _card(self, state: CardState) -> str:
        return f"{card_name(state)}, in {self._reader}"

    def _keep(
        self, address: int, data: bytes, origin: Origin, state: CardState, maps: MemoryMaps
    ) -> bool:
        fields = maps.secrets_in(address, len(data))
        if not fields:
            return False
        end, card, boot = address + len(data), self._card(state), str(state.boot)
        found: list[StoredSecret] = []
        for field in fields:
            start, stop = max(field.address, address), min(field.end, end)
            kind = SecretKind.PIN if field.kind is Kind.PIN else SecretKind.KEY
            value = Secret(data[start - address : stop - address], kind)
            name = field_part(field, address, end)
            found.append(StoredSecret(name, value, origin, card, boot, start))
        self._add(*found)
        return True

    def _add(self, *found: StoredSecret) -> None:
        if self._stamp is not None and self._stamp != self.store.stamp:
            self._kept.clear()
        new = [entry for entry in found if not any(entry.same_as(kept) for kept in self._kept)]
        if not new:
            return
        self._sync_journal()
        self.store.add(*new)
        self._kept += new
        self._stamp = self.store.stamp
