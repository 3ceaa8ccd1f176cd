"""INSTALL, LOAD and DELETE: how content comes onto the card and goes from it.

Card Specification 2.2.1, 11.2, 11.5 and 11.6, and the Java Card installer's rules about AIDs (JCRE Specification 2.2.2,
11.1.5; Virtual Machine Specification 2.2.2, 4.2). Each command changes the registry as a whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jcopsh.simulator import tlv
from jcopsh.simulator.apdu import SUCCESS, Answer, Command
from jcopsh.simulator.assumptions import (
    GP_DELETE,
    GP_DOMAINS,
    GP_IMPORTS,
    GP_INSTALLER,
    GP_INSTANCE_SIZE,
    GP_LIFE_CYCLE,
    GP_LOADING,
)
from jcopsh.simulator.card_content import (
    ApplicationState,
    CardContent,
    CardState,
    DomainData,
    Instance,
    LoadFile,
    Privilege,
)
from jcopsh.simulator.domain_context import (
    CONDITIONS_NOT_SATISFIED,
    DONE,
    NO_ROOM,
    REFERENCED_DATA_NOT_FOUND,
    WRONG_DATA,
    WRONG_PARAMETERS,
    CommandRefused,
    DomainContext,
    LoadInProgress,
)
from jcopsh.simulator.key_commands import delete_keys
from jcopsh.simulator.load_file import (
    LoadFileError,
    LoadFileHead,
    data_block_ends,
    length_values,
    parameter,
    read_load_file,
)
from jcopsh.simulator.platforms import SECURITY_DOMAIN_MODULE

_FOR_LOAD, _FOR_INSTALL, _MAKE_SELECTABLE, _INSTALL_AND_SELECTABLE = 0x02, 0x04, 0x08, 0x0C
_EXTRADITION, _REGISTRY_UPDATE, _PERSONALIZATION = 0x10, 0x40, 0x20
_LAST_BLOCK = 0x80
_RELATED = 0x80
_AID_TAG, _KEY_ID_TAG, _KEY_VERSION_TAG = b"\x4f", b"\xd0", b"\xd2"
_SYSTEM, _CODE_SPACE, _DATA_SPACE, _APPLICATION_PARAMETERS = 0xEF, 0xC6, 0xC8, 0xC9


def _check_content_can_change(context: DomainContext) -> None:
    context.check_manages()
    if context.content.card_state is CardState.CARD_LOCKED:
        raise CommandRefused(GP_LIFE_CYCLE.value)


def install(context: DomainContext, command: Command) -> Answer:
    """INSTALL, by what P1 asks for (11.5)."""
    way = _WAYS.get(command.p1)
    if way is None or command.p2:
        raise CommandRefused(WRONG_PARAMETERS)
    _check_content_can_change(context)
    fields, carry_out = way
    try:
        carry_out(context, length_values(command.data, fields))
    except LoadFileError:
        raise CommandRefused(WRONG_DATA) from None
    return Answer(SUCCESS, DONE)


def _for_load(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    """11.5.2.3.1: load file AID, security domain AID, hash, parameters, token."""
    aid, domain, _, parameters, _ = fields
    _check_aid(aid)
    if context.content.knows(aid):
        raise CommandRefused(GP_INSTALLER.value)
    if domain and context.content.domain(domain) is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    space = parameter(parameters, _SYSTEM, _CODE_SPACE) or b""
    if int.from_bytes(space, "big") > context.free:
        raise CommandRefused(NO_ROOM)
    context.load = LoadInProgress(aid, domain or context.aid)


def _for_install(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    _make(context, fields, ApplicationState.INSTALLED)


def _for_install_and_make_selectable(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    _make(context, fields, ApplicationState.SELECTABLE)


def _make(context: DomainContext, fields: tuple[bytes, ...], state: ApplicationState) -> None:
    """11.5.2.3.2: load file AID, module AID, instance AID, privileges, parameters, token."""
    package, module, aid, privileges, parameters, _ = fields
    content = context.content
    load_file = _load_file_of(content, package, module)
    aid = aid or module
    _check_aid(aid)
    _check_instance_aid(content, aid, load_file)
    held = _privileges(privileges)
    is_domain = bool(held & Privilege.SECURITY_DOMAIN)
    if is_domain != (module == SECURITY_DOMAIN_MODULE):
        raise CommandRefused(WRONG_DATA)
    size = GP_INSTANCE_SIZE.value + len(parameter(parameters, _APPLICATION_PARAMETERS) or b"")
    asked = parameter(parameters, _SYSTEM, _DATA_SPACE) or b""
    if max(size, int.from_bytes(asked, "big")) > context.free:
        raise CommandRefused(NO_ROOM)
    data = DomainData() if is_domain else None
    made = Instance(aid, load_file.aid, module, load_file.domain, held, state, size, data)
    context.commit(_given_default(content.with_application(made), made))


def _load_file_of(content: CardContent, package: bytes, module: bytes) -> LoadFile:
    """The package that holds the module; any package where none is named. Raises CommandRefused."""
    for load_file in content.load_files:
        if package in (b"", load_file.aid) and module in load_file.modules:
            return load_file
    raise CommandRefused(REFERENCED_DATA_NOT_FOUND)


def _check_instance_aid(content: CardContent, aid: bytes, load_file: LoadFile) -> None:
    """An instance may have the AID of a module of its own package, and no other that is in use."""
    elsewhere = any(found is not load_file for found, _ in content.modules_named(aid))
    if elsewhere or content.load_file(aid) is not None or content.application(aid) is not None:
        raise CommandRefused(GP_INSTALLER.value)


def _privileges(field: bytes) -> int:
    """One byte or three (11.1.2). Raises CommandRefused."""
    if len(field) not in (1, 3):
        raise CommandRefused(WRONG_DATA)
    return int.from_bytes((field + bytes(2))[:3], "big")


def _given_default(content: CardContent, holder: Instance) -> CardContent:
    """Default selected is held by one application at a time."""
    if not holder.privileges & Privilege.DEFAULT_SELECTED:
        return content
    others = [one for one in content.instances if one.aid != holder.aid]
    for one in others:
        content = content.with_application(replace(one, privileges=one.privileges & ~Privilege.DEFAULT_SELECTED))
    return content


def _make_selectable(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    """11.5.2.3.3: two empty fields, application AID, privileges, parameters, token."""
    _, _, aid, privileges, _, _ = fields
    found = _instance(context.content, aid)
    if found.state != ApplicationState.INSTALLED:
        raise CommandRefused(CONDITIONS_NOT_SATISFIED)
    held = _privileges(privileges) if privileges else found.privileges
    if (held ^ found.privileges) & Privilege.SECURITY_DOMAIN:
        raise CommandRefused(WRONG_DATA)
    changed = replace(found, state=ApplicationState.SELECTABLE, privileges=held)
    context.commit(_given_default(context.content.with_application(changed), changed))


def _extradite(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    """11.5.2.3.4: security domain AID, empty, AID of an application or load file, empty, parameters, token."""
    domain, _, aid, _, _, _ = fields
    content = context.content
    if content.domain(domain) is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    load_file = content.load_file(aid)
    if load_file is not None:
        moved = (replace(one, domain=domain) if one is load_file else one for one in content.load_files)
        context.commit(replace(content, load_files=tuple(moved)))
        return
    found = _instance(content, aid)
    if found.aid == domain:
        raise CommandRefused(GP_DOMAINS.value)
    context.commit(content.with_application(replace(found, domain=domain)))


def _update_registry(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    """11.5.2.3.5: security domain AID or empty, empty, application AID, privileges or empty, parameters, token."""
    domain, _, aid, privileges, _, _ = fields
    found = _instance(context.content, aid)
    if domain and context.content.domain(domain) is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    held = _privileges(privileges) if privileges else found.privileges
    if (held ^ found.privileges) & Privilege.SECURITY_DOMAIN or domain == aid:
        raise CommandRefused(WRONG_DATA)
    changed = replace(found, domain=domain or found.domain, privileges=held)
    context.commit(_given_default(context.content.with_application(changed), changed))


def _personalise(context: DomainContext, fields: tuple[bytes, ...]) -> None:
    """11.5.2.3.6: the application whose data the next STORE DATA commands bring."""
    aid = fields[2]
    if context.content.application(aid) is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    context.personalised = aid


def _instance(content: CardContent, aid: bytes) -> Instance:
    """An application that is not the issuer security domain. Raises CommandRefused."""
    found = content.application(aid)
    if found is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    if found is content.issuer:
        raise CommandRefused(CONDITIONS_NOT_SATISFIED)
    return found


def _check_aid(aid: bytes) -> None:
    if not 5 <= len(aid) <= 16:
        raise CommandRefused(WRONG_DATA)


_WAYS: Mapping[int, tuple[int, Callable[[DomainContext, tuple[bytes, ...]], None]]] = {
    _FOR_LOAD: (5, _for_load), _FOR_INSTALL: (6, _for_install),
    _INSTALL_AND_SELECTABLE: (6, _for_install_and_make_selectable), _MAKE_SELECTABLE: (6, _make_selectable),
    _EXTRADITION: (6, _extradite), _REGISTRY_UPDATE: (6, _update_registry), _PERSONALIZATION: (6, _personalise),
}
"""The number of fields in the data, and what is done with them, by P1."""


# --- LOAD (11.6) ----------------------------------------------------------------------------------------------------


def load(context: DomainContext, command: Command) -> Answer:
    """One block of the load file; with P1 80 the last one, which puts the package on the card."""
    running, context.load = context.load, None
    if running is None or command.p2 != running.next_block or not command.data:
        raise CommandRefused(GP_LOADING.value)
    if command.p1 & ~_LAST_BLOCK:
        raise CommandRefused(WRONG_PARAMETERS)
    received = running.received + command.data
    whole = data_block_ends(received)
    if max(len(received), whole or 0) > context.free:
        raise CommandRefused(NO_ROOM)
    if not command.p1 & _LAST_BLOCK:
        context.load = replace(running, received=received, next_block=running.next_block + 1)
        return Answer(SUCCESS, DONE)
    _finish_load(context, running, received)
    return Answer(SUCCESS, DONE)


def _finish_load(context: DomainContext, running: LoadInProgress, received: bytes) -> None:
    try:
        head = read_load_file(received)
    except LoadFileError:
        raise CommandRefused(WRONG_DATA) from None
    if head.package.aid != running.aid:
        raise CommandRefused(WRONG_DATA)
    content = context.content
    if content.knows(running.aid):  # another logical channel was quicker
        raise CommandRefused(GP_INSTALLER.value)
    _check_applet_aids(content, head)
    _check_imports(context, head)
    made = LoadFile(head.package, head.applets, running.domain, head.imports, len(received))
    context.commit(replace(content, load_files=(*content.load_files, made)))


def _check_applet_aids(content: CardContent, head: LoadFileHead) -> None:
    """An applet's AID is that of no package, and of no other applet (VM Specification, 4.2)."""
    twice = len(set(head.applets)) != len(head.applets)
    if twice or head.package.aid in head.applets or any(map(content.knows, head.applets)):
        raise CommandRefused(GP_INSTALLER.value)


def _check_imports(context: DomainContext, head: LoadFileHead) -> None:
    there = (*context.platform.api, *(one.package for one in context.content.load_files))
    for wanted in head.imports:
        if not any(package.satisfies(wanted) for package in there):
            raise CommandRefused(GP_IMPORTS.value)


# --- DELETE (11.2) --------------------------------------------------------------------------------------------------


def delete(context: DomainContext, command: Command) -> Answer:
    """DELETE of an application or a load file (tag 4F; P2 80: with what is made of it), or of keys (D0, D2)."""
    if command.p1 or command.p2 & ~_RELATED:
        raise CommandRefused(WRONG_PARAMETERS)
    try:
        fields = dict(tlv.parse(command.data))
    except tlv.TlvError:
        raise CommandRefused(WRONG_DATA) from None
    if _KEY_ID_TAG in fields or _KEY_VERSION_TAG in fields:
        return delete_keys(context, fields.get(_KEY_ID_TAG), fields.get(_KEY_VERSION_TAG))
    if _AID_TAG not in fields:
        raise CommandRefused(WRONG_DATA)
    _check_content_can_change(context)
    context.commit(_without(context, fields[_AID_TAG], related=bool(command.p2)))
    return Answer(SUCCESS, DONE)


def _without(context: DomainContext, aid: bytes, *, related: bool) -> CardContent:
    content = context.content
    if content.application(aid) is not None:
        return _without_instances(context, (aid,))
    load_file = content.load_file(aid)
    if load_file is None:
        raise CommandRefused(REFERENCED_DATA_NOT_FOUND)
    made = tuple(one.aid for one in content.instances if one.load_file == aid)
    imported = any(aid == wanted.aid for one in content.load_files for wanted in one.imports)
    if load_file.permanent or imported or (made and not related):
        raise CommandRefused(GP_DELETE.value)
    content = _without_instances(context, made)
    return replace(content, load_files=tuple(one for one in content.load_files if one.aid != aid))


def _without_instances(context: DomainContext, gone: tuple[bytes, ...]) -> CardContent:
    content = context.content
    if content.issuer.aid in gone or any(map(context.is_selected, gone)):
        raise CommandRefused(GP_DELETE.value)
    owners = [one.domain for one in content.load_files]
    owners += [one.domain for one in content.instances if one.aid not in gone]
    if any(owner in gone for owner in owners):
        raise CommandRefused(GP_DELETE.value)
    return content.without_instances(lambda one: one.aid in gone)
