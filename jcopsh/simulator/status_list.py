"""GET STATUS (Card Specification 2.2.1, 11.4; 2.1.1, 9.4, for the form without tags)."""

from __future__ import annotations

from collections.abc import Iterator

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.assumptions import GP_STATUS
from jcopsh.simulator.card_content import LOADED, Instance, LoadFile, Privilege
from jcopsh.simulator.domain_context import (
    CONDITIONS_NOT_SATISFIED,
    REFERENCED_DATA_NOT_FOUND,
    WRONG_DATA,
    WRONG_PARAMETERS,
    CommandRefused,
    DomainContext,
)

_ISSUER, _APPLICATIONS, _LOAD_FILES, _WITH_MODULES = 0x80, 0x40, 0x20, 0x10
_NEXT, _TAGGED = 0x01, 0x02
_MORE = 0x6310
_AID, _STATE, _PRIVILEGES, _MODULE = b"\x4f", b"\x9f\x70", b"\xc5", b"\x84"
_LOAD_FILE, _DOMAIN, _VERSION = b"\xc4", b"\xcc", b"\xce"
_TAG_LIST = b"\x5c"
_PLAIN_TAGS = (_AID, _STATE, _PRIVILEGES, _MODULE)


def get_status(context: DomainContext, command: Command) -> Answer:
    """The entries that P1 asks for and whose AID begins with the one in the data, as many as fit; 6310 for more."""
    if command.p2 & ~(_NEXT | _TAGGED) or command.p1 not in (_ISSUER, _APPLICATIONS, _LOAD_FILES, _WITH_MODULES):
        raise CommandRefused(WRONG_PARAMETERS)
    tagged = bool(command.p2 & _TAGGED)
    if tagged and not context.platform.tagged_status:
        raise CommandRefused(WRONG_PARAMETERS)
    if command.p2 & _NEXT:
        entries = context.status_left
        if not entries:
            raise CommandRefused(CONDITIONS_NOT_SATISFIED)
    else:
        entries = tuple(_entries(context, command.p1, command.data, tagged=tagged))
        if not entries:
            raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    return _as_many_as_fit(context, entries)


def _as_many_as_fit(context: DomainContext, entries: tuple[bytes, ...]) -> Answer:
    data, taken = b"", 0
    for entry in entries:
        if data and len(data) + len(entry) > GP_STATUS.value:
            break
        data, taken = data + entry, taken + 1
    context.status_left = entries[taken:]
    return Answer(_MORE if context.status_left else SUCCESS, data)


def _entries(context: DomainContext, scope: int, criteria: bytes, *, tagged: bool) -> Iterator[bytes]:
    begins, tags = _criteria(context, criteria)
    content = context.content
    if scope in (_ISSUER, _APPLICATIONS):
        for one in (content.issuer,) if scope == _ISSUER else content.instances:
            if one.aid.startswith(begins):
                fields = _application_fields(context, one)
                yield _tagged(fields, tags) if tagged else _untagged(fields, modules=False)
        return
    for load_file in content.load_files:
        if load_file.aid.startswith(begins):
            fields = _load_file_fields(context, load_file, modules=scope == _WITH_MODULES)
            yield _tagged(fields, tags) if tagged else _untagged(fields, modules=scope == _WITH_MODULES)


def _criteria(context: DomainContext, data: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The beginning of the AIDs asked for (4F, may be empty), and the tags wanted (5C, or all that are usual).

    Other criteria are refused: an entry that does not meet them must not be answered.
    """
    try:
        found = dict(tlv.parse(data))
        wanted = tuple(tlv.parse_tags(found[_TAG_LIST])) if _TAG_LIST in found else _usual_tags(context)
    except tlv.TlvError:
        raise CommandRefused(WRONG_DATA) from None
    if _AID not in found or set(found) - {_AID, _TAG_LIST}:
        raise CommandRefused(WRONG_DATA)
    return found[_AID], (_AID, *(tag for tag in wanted if tag != _AID))


def _usual_tags(context: DomainContext) -> tuple[bytes, ...]:
    linked = (_LOAD_FILE, _DOMAIN, _VERSION) if context.platform.linked_status else ()
    return (*_PLAIN_TAGS, *linked)


def _application_fields(context: DomainContext, one: Instance) -> list[tuple[bytes, bytes]]:
    content = context.content
    privileges, state = one.privileges, one.state
    if one is content.issuer:
        state = content.card_state
        if any(other.privileges & Privilege.DEFAULT_SELECTED for other in content.instances):
            privileges &= ~Privilege.DEFAULT_SELECTED
    shown = privileges.to_bytes(3, "big")
    fields = [(_AID, one.aid), (_STATE, bytes((state,)))]
    fields.append((_PRIVILEGES, shown[:1] if context.platform.short_privileges else shown))
    if one.load_file:
        fields.append((_LOAD_FILE, one.load_file))
    return [*fields, (_DOMAIN, one.domain)]


def _load_file_fields(context: DomainContext, one: LoadFile, *, modules: bool) -> list[tuple[bytes, bytes]]:
    fields = [(_AID, one.aid), (_STATE, bytes((LOADED,)))]
    if not context.platform.linked_status:
        fields.append((_PRIVILEGES, b"\x00"))
    if modules:
        fields += [(_MODULE, aid) for aid in one.modules]
    return [*fields, (_VERSION, bytes((one.package.major, one.package.minor))), (_DOMAIN, one.domain)]


def _tagged(fields: list[tuple[bytes, bytes]], tags: tuple[bytes, ...]) -> bytes:
    return tlv.encode(b"\xe3", b"".join(tlv.encode(tag, value) for tag, value in fields if tag in tags))


def _untagged(fields: list[tuple[bytes, bytes]], *, modules: bool) -> bytes:
    """AID behind its length, life cycle, one byte of privileges; then the number of modules, and each AID."""
    values = dict(fields)
    entry = bytes((len(values[_AID]),)) + values[_AID] + values[_STATE] + values.get(_PRIVILEGES, b"\x00")[:1]
    if not modules:
        return entry
    names = [value for tag, value in fields if tag == _MODULE]
    return entry + bytes((len(names),)) + b"".join(bytes((len(name),)) + name for name in names)
