"""Key sets that were in a card's memory, out of the key store: after FUSE they are its GlobalPlatform keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations

from jcopsh.globalplatform.keys import KeySet
from jcopsh.jcop.personalisation import KEY_NAMES
from jcopsh.secrets.key_store import StoredSecret
from jcopsh.secrets.secret import Secret

MOST_MEMORIES = 16  # the newest; a search tries all of them
# which slots are ENC, MAC and DEK is publicly unknown: every order, and one slot for all three
ORDERS = ("123", *("".join(one) for one in permutations("123") if "".join(one) != "123"), "111", "222", "333")


@dataclass(frozen=True, slots=True, eq=False)
class MemoryKeys:
    """What the three key slots held under a boot, as far as it was read or written: in the order of the slots."""

    slots: tuple[Secret, Secret, Secret]
    boot: str
    card: str

    def ordered(self, order: str) -> KeySet:
        """ENC, MAC and DEK by the numbers of their slots, such as `123`. Raises ValueError for keys of other lengths
        than a key set has."""
        enc, mac, dek = (self.slots[int(number) - 1] for number in order)
        return KeySet(enc, mac, dek)


def memory_keys(entries: Iterable[StoredSecret]) -> tuple[MemoryKeys, ...]:
    """The key sets that the slots held, newest first, one for each boot under which one of them was read or written.

    A slot that was not touched under that boot has what it had before.
    """
    slots: dict[str, Secret] = {}
    found: dict[str, MemoryKeys] = {}
    for entry in entries:
        if entry.name not in KEY_NAMES:
            continue
        slots[entry.name] = entry.secret
        if len(slots) == len(KEY_NAMES):
            first, second, third = (slots[name] for name in KEY_NAMES)
            found.pop(entry.boot, None)
            found[entry.boot] = MemoryKeys((first, second, third), entry.boot, entry.card)
    return tuple(reversed(found.values()))[:MOST_MEMORIES]
