"""PUT KEY, and DELETE of keys (Card Specification 2.2.1, 11.8 and 11.2; Amendment D, 7.2, for AES)."""

from __future__ import annotations

from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.assumptions import GP_INITIAL_KEYS, GP_PUT_KEY
from jcopsh.simulator.card_keys import INITIAL_VERSION, CardKey, CardKeySet, KeyType
from jcopsh.simulator.domain_context import (
    DONE,
    REFERENCED_DATA_NOT_FOUND,
    WRONG_DATA,
    WRONG_PARAMETERS,
    CommandRefused,
    DomainContext,
)
from jcopsh.simulator.gp_ciphers import AES_BLOCK

_MULTIPLE = 0x80
_LAST_VERSION = 0x7F
_UNKNOWN_TYPE = 0x9484
_CHECK_VALUE_LENGTH = 3


def put_key(context: DomainContext, command: Command) -> Answer:
    """P1 is the version to replace, or 00 for a new one; P2 the first identifier. Answers the version and the KCVs."""
    replaced, first = command.p1, command.p2 & ~_MULTIPLE
    if replaced > _LAST_VERSION:  # bit 8: more PUT KEY commands follow for the same keys
        raise CommandRefused(WRONG_PARAMETERS)
    if not command.data or not first:
        raise CommandRefused(WRONG_DATA)
    version = command.data[0]
    keys = _keys(context, command.data[1:], first)
    if not 1 <= version <= _LAST_VERSION or (len(keys) > 1) != bool(command.p2 & _MULTIPLE):
        raise CommandRefused(WRONG_DATA)
    context.put_key_sets(_changed(context.key_sets(context.aid), replaced, version, keys))
    return Answer(SUCCESS, bytes((version,)) + b"".join(key.check_value for key in keys))


def _changed(
    sets: tuple[CardKeySet, ...], replaced: int, version: int, keys: tuple[CardKey, ...]
) -> tuple[CardKeySet, ...]:
    """The key sets with the new keys. Raises CommandRefused for a version that is there already, or is not."""
    others = tuple(one for one in sets if one.version != replaced)
    if any(one.version == version for one in others):
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    if not replaced:
        kept = tuple(one for one in sets if one.version != INITIAL_VERSION)
        return (*kept, CardKeySet(version, keys))
    found = next((one for one in sets if one.version == replaced), None)
    if found is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    return tuple(one.with_keys(version, keys) if one is found else one for one in sets)


def _keys(context: DomainContext, data: bytes, first: int) -> tuple[CardKey, ...]:
    """The keys of the data field, deciphered, each held against its check value (11.8.2.3). Raises CommandRefused."""
    found: list[CardKey] = []
    position = 0
    while position < len(data):
        kind = _type(context, data[position])
        enciphered, position = _counted(data, position + 1)
        check, position = _counted(data, position)
        key = CardKey(first + len(found), kind, _deciphered(context, kind, enciphered))
        if len(check) != _CHECK_VALUE_LENGTH or check != key.check_value:
            raise CommandRefused(GP_PUT_KEY.value)
        found.append(key)
    if not found:
        raise CommandRefused(WRONG_DATA)
    return tuple(found)


def _type(context: DomainContext, value: int) -> KeyType:
    known = {KeyType.TDES} | ({KeyType.AES} if context.platform.scp03 is not None else set())
    if value not in known:
        raise CommandRefused(_UNKNOWN_TYPE)
    return KeyType(value)


def _counted(data: bytes, position: int) -> tuple[bytes, int]:
    """A value behind its length byte, and where the next one begins."""
    if position >= len(data) or position + 1 + data[position] > len(data):
        raise CommandRefused(WRONG_DATA)
    end = position + 1 + data[position]
    return data[position + 1 : end], end


def _deciphered(context: DomainContext, kind: KeyType, field: bytes) -> bytes:
    """The key: an AES key has its length in front of the enciphered bytes, unless these are whole blocks.

    Raises CommandRefused.
    """
    if kind is KeyType.AES and len(field) % AES_BLOCK:
        length, enciphered = (field[0], field[1:]) if field else (0, b"")
    else:
        length, enciphered = len(field), field
    if length not in kind.lengths or context.session is None:
        raise CommandRefused(WRONG_DATA)
    try:
        value = context.session.decrypt_key(enciphered)[:length]
    except ValueError:
        raise CommandRefused(WRONG_DATA) from None
    if len(value) != length:
        raise CommandRefused(WRONG_DATA)
    return value


def delete_keys(context: DomainContext, identifier: bytes | None, version: bytes | None) -> Answer:
    """Delete the keys of a version, of an identifier, or one key of a set. The last set that opens a channel stays."""
    before = context.key_sets(context.aid)
    after = []
    for one in before:
        if version is not None and version != bytes((one.version,)):
            after.append(one)
        elif identifier is not None:
            kept = one.without(int.from_bytes(identifier, "big"))
            after += [kept] if kept.keys else []
    if tuple(after) == before:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    if not any(one.type is not None for one in after):
        raise CommandRefused(GP_INITIAL_KEYS.value)
    context.put_key_sets(tuple(after))
    return Answer(SUCCESS, DONE)
