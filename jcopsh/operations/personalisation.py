"""Root applet selection, BOOT, and the checklist before PROTECT and FUSE."""

from __future__ import annotations

from jcopsh.card.card import Card
from jcopsh.errors import CardError, JcopshError
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.status import meaning_of
from jcopsh.jcop import root_applet
from jcopsh.jcop.memory_map import Kind, MemoryMap
from jcopsh.jcop.personalisation import KEY_NAMES, checklist
from jcopsh.operations.memory import read_bytes
from jcopsh.operations.status_errors import card_error, require_ok
from jcopsh.operations.values import Checklist, Selected
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Segments
from jcopsh.state import Fuse


def select_root_applet(card: Card, key: Secret) -> Selected:
    """Select the root applet by the card's transport key of 16 bytes (seeds 000 and 002).

    Raises CardError when the card does not take the key. It is never tried twice: whether cards count wrong transport
    keys is publicly unknown.
    """
    command = root_applet.select_transport_key(key.reveal())
    # on a fused card 16 bytes count as an AID, which is no secret: these are one, and all cards of a batch may share it
    card.hide("transport_key", key)
    response = card.send(command)
    if response.ok:
        name = f"root applet, by the transport key {key}"
        return Selected(name, Segments((response.data,)), response.sw, meaning_of(command, response))
    if card.state.fuse is Fuse.FUSED:
        what, hint = "the card is fused: there is no root applet any more", "select isd"
    else:
        what = "the card does not take this transport key"
        hint = (
            "identify shows whether it is unfused at all; the seller has the key, and it is not 40…4F. Whether wrong "
            "keys are counted is unknown: do not guess"
        )
    raise card_error(what, command, response, hint=hint)


def boot(card: Card) -> None:
    """BOOT the card (seeds 000 and 002). Destructive: the interlock asks. Raises CardError when refused."""
    _root_command(card, root_applet.BOOT, "the card refused BOOT")


def require_not_fused(card: Card) -> None:
    """Raises JcopshError when the card is known to be fused: nothing can be done to its configuration any more."""
    if card.state.fuse is Fuse.FUSED:
        raise JcopshError(
            "the card is fused already: its root applet is gone, and nothing was sent",
            hint="reset, then select isd looks at its card manager",
        )


def protect(card: Card) -> None:
    """PROTECT the configuration. Irreversible as far as is known: the interlock asks. Raises CardError."""
    _root_command(card, root_applet.PROTECT, "the card refused PROTECT")


def fuse(card: Card) -> None:
    """FUSE the card, for ever: the interlock asks. Raises CardError when the card refuses."""
    _root_command(card, root_applet.FUSE, "the card refused FUSE")


def _root_command(card: Card, command: CommandAPDU, refusal: str) -> None:
    require_ok(card, refusal, command, card.send(command))


CHECKED_KINDS = (Kind.KEY, Kind.INTERFACE_BYTES, Kind.HISTORICAL_BYTES, Kind.LIFE_CYCLE)


def personalisation_checklist(card: Card, title: str, memory_map: MemoryMap | None) -> Checklist:
    """Read what the checklist is about, as far as the card lets it, and say how each line stands.

    Reading the keys puts them into the key store. Nothing is written to the card.
    """
    memory = {name: _try_read(card, memory_map, name) for name in _names(memory_map)}
    life_cycle = next((f.name for f in memory_map.fields if f.kind is Kind.LIFE_CYCLE), None) if memory_map else None
    life_cycle_bytes = memory.get(life_cycle) if life_cycle else None
    fused = {Fuse.FUSED: True, Fuse.UNFUSED: False, Fuse.UNKNOWN: None}[card.state.fuse]
    lines = checklist(
        memory,
        _stored(card, memory),
        slot_order_proved=_slot_order_proved(card, memory),
        life_cycle=life_cycle_bytes[0] if life_cycle_bytes else None,
        fused=fused,
    )
    return Checklist(title, lines)


def _slot_order_proved(card: Card, memory: dict[str, bytes | None]) -> bool | None:
    """Whether the card took an authentication with the very keys that are in its memory, in the order of the slots."""
    taken, present = card.accepted_keys, [memory.get(name) for name in KEY_NAMES]
    enc, mac, dek = (Secret(value) if value else None for value in present)
    if taken is None or enc is None or mac is None or dek is None:
        return None
    if not taken.may_be(enc, mac, dek):
        return False
    return True if taken.complete else None


def _names(memory_map: MemoryMap | None) -> tuple[str, ...]:
    return tuple(f.name for f in memory_map.fields if f.kind in CHECKED_KINDS) if memory_map else ()


def _try_read(card: Card, memory_map: MemoryMap | None, name: str) -> bytes | None:
    field = memory_map.field(name) if memory_map else None
    if field is None:
        return None
    try:
        return read_bytes(card, field.address, field.length)
    except CardError:
        return None


def _stored(card: Card, memory: dict[str, bytes | None]) -> tuple[str, ...]:
    """Names of the fields whose present value is in the key store."""
    if card.key_store is None:
        return ()
    try:
        entries = card.key_store.entries()
    except JcopshError:
        return ()
    return tuple(
        name
        for name, value in memory.items()
        if value is not None and any(entry.secret == Secret(value) for entry in entries)
    )
