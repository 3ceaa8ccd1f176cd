"""The commands that change what is on a card: load, install, delete, move, and their like (GlobalPlatform 2.3.1, 11).

Every command is plain; a secure channel wraps it on its way. Lengths are in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from jcopsh.globalplatform.registry import Scope, privilege_bytes
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.tlv import TlvError, encode, encode_length, length_at

CLA = 0x80
ALL = 256  # Le: whatever the answer has
MOST_BLOCKS = 256  # the number of a block has one byte (11.6.2.2, 11.11.2.2)
SMALLEST_BLOCK = 16  # bytes

# a DELETE that carried out what it was asked for, at once or for the card to finish later (11.2.3)
DELETED = (0x9000, 0x6200)
TAG_AID = 0x4F
TAG_APPLICATION_PARAMETERS = 0xC9


class Install(IntEnum):
    """P1 of INSTALL (11.5.2.1)."""

    FOR_LOAD = 0x02
    FOR_INSTALL = 0x04
    FOR_MAKE_SELECTABLE = 0x08
    FOR_INSTALL_AND_MAKE_SELECTABLE = 0x0C
    FOR_EXTRADITION = 0x10
    FOR_PERSONALIZATION = 0x20
    FOR_REGISTRY_UPDATE = 0x40


class LifeCycle(Enum):
    """What SET STATUS can be asked for (11.1.1, 11.10.2.2): P2 for applications, security domains and the card."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    SELECTABLE = "selectable"
    PERSONALIZED = "personalized"
    CARD_INITIALIZED = "initialized"
    CARD_SECURED = "secured"
    CARD_LOCKED = "card-locked"
    CARD_TERMINATED = "terminated"


_STATES = {
    LifeCycle.LOCKED: 0x80, LifeCycle.UNLOCKED: 0x00, LifeCycle.SELECTABLE: 0x07, LifeCycle.PERSONALIZED: 0x0F,
    LifeCycle.CARD_INITIALIZED: 0x07, LifeCycle.CARD_SECURED: 0x0F, LifeCycle.CARD_LOCKED: 0x7F,
    LifeCycle.CARD_TERMINATED: 0xFF,
}
DOMAIN_WITH_APPLICATIONS = 0x60  # P1 of SET STATUS: a security domain and its applications (11.10.2.1)
CARD_STATES = (LifeCycle.CARD_INITIALIZED, LifeCycle.CARD_SECURED, LifeCycle.CARD_LOCKED, LifeCycle.CARD_TERMINATED)


class Structure(IntEnum):
    """What the data of STORE DATA are made of: bits 5 and 4 of its P1 (11.11.2.1)."""

    NONE = 0x00
    DGI = 0x08
    TLV = 0x10


@dataclass(frozen=True, slots=True)
class Instance:
    """An application to be made: the module it is made of, its AID, privileges (three bytes), install parameters.

    `parameters` are what the applet gets (tag C9); `field` is the whole install parameters field in their place, for
    whoever needs system parameters.
    """

    package: AID
    module: AID
    aid: AID
    privileges: int = 0
    parameters: bytes = b""
    field: bytes = b""

    @property
    def parameters_field(self) -> bytes:
        """The install parameters field. C9 is there even where it is empty (11.5.2.3.7)."""
        return self.field or encode(TAG_APPLICATION_PARAMETERS, self.parameters)


def _counted(value: bytes) -> bytes:
    """A value behind its length: one byte up to 7F, else as BER writes it (11.1.5)."""
    return encode_length(len(value)) + value


def counted_fields(data: bytes) -> tuple[tuple[tuple[int, int], ...], int]:
    """Where the value of each field of INSTALL begins and ends, and where the fields end: the length of the data,
    unless a length stands there that cannot be one (11.5.2.3; a length as BER writes it, 11.1.5)."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(data):
        try:
            length, start = length_at(data, at)
        except TlvError:
            break
        if start + length > len(data):
            break
        at = start + length
        spans.append((start, at))
    return tuple(spans), at


def _install(purpose: Install, *fields: bytes) -> CommandAPDU:
    return CommandAPDU(CLA, INS.INSTALL, purpose, 0x00, b"".join(map(_counted, fields)), le=ALL)


def install_for_load(package: AID, domain: AID | None = None) -> CommandAPDU:
    """INSTALL [for load] (11.5.2.3.1): a load file comes next, for the domain; without one, for whoever gets this.

    There are no load parameters, no hash and no token: what wants the latter is delegated management.
    """
    return _install(Install.FOR_LOAD, package.value, domain.value if domain else b"", b"", b"", b"")


def load_blocks(block: bytes, size: int) -> tuple[CommandAPDU, ...]:
    """The LOAD commands for a load file data block (11.6), of at most `size` bytes each; the last one says so in P1.

    Raises ValueError where there would be more than 256.
    """
    parts = [block[at : at + size] for at in range(0, len(block), size)]
    if len(parts) > MOST_BLOCKS:
        raise ValueError(f"{len(block)} bytes make {len(parts)} blocks of {size}, and there are at most {MOST_BLOCKS}")
    last = len(parts) - 1
    return tuple(
        CommandAPDU(CLA, INS.LOAD, 0x80 if number == last else 0x00, number, part, le=ALL)
        for number, part in enumerate(parts)
    )


def install_for_install(instance: Instance, *, selectable: bool = True) -> CommandAPDU:
    """INSTALL [for install], and make selectable at once unless that is not wanted (11.5.2.3.2)."""
    purpose = Install.FOR_INSTALL_AND_MAKE_SELECTABLE if selectable else Install.FOR_INSTALL
    return _install(
        purpose, instance.package.value, instance.module.value, instance.aid.value,
        privilege_bytes(instance.privileges), instance.parameters_field, b"",
    )


def make_selectable(aid: AID, privileges: int = 0) -> CommandAPDU:
    """INSTALL [for make selectable] (11.5.2.3.3) of an application that is only installed."""
    return _install(Install.FOR_MAKE_SELECTABLE, b"", b"", aid.value, privilege_bytes(privileges), b"", b"")


def update_registry(aid: AID, privileges: int) -> CommandAPDU:
    """INSTALL [for registry update] (11.5.2.3.5): the application has these privileges from now on, and no others."""
    return _install(Install.FOR_REGISTRY_UPDATE, b"", b"", aid.value, privilege_bytes(privileges), b"", b"")


def extradite(aid: AID, domain: AID) -> CommandAPDU:
    """INSTALL [for extradition] (11.5.2.3.4): the application belongs to that security domain from now on."""
    return _install(Install.FOR_EXTRADITION, domain.value, b"", aid.value, b"", b"", b"")


def install_for_personalization(aid: AID) -> CommandAPDU:
    """INSTALL [for personalization] (11.5.2.3.6): the STORE DATA that follow are for this application."""
    return _install(Install.FOR_PERSONALIZATION, b"", b"", aid.value, b"", b"", b"")


def delete(aid: AID, *, related: bool = False) -> CommandAPDU:
    """DELETE of an application or a package (11.2.2); with `related`, of a package and all that was made of it."""
    return CommandAPDU(CLA, INS.DELETE, 0x00, 0x80 if related else 0x00, encode(TAG_AID, aid.value), le=ALL)


def set_status(state: LifeCycle, aid: AID | None = None, *, with_applications: bool = False) -> CommandAPDU:
    """SET STATUS (11.10.2) of an application or security domain; of the card itself without an AID.

    `with_applications` locks or unlocks a security domain with every application that belongs to it.
    """
    of_application = DOMAIN_WITH_APPLICATIONS if with_applications else Scope.APPLICATIONS.value
    p1 = Scope.ISSUER_SECURITY_DOMAIN.value if aid is None else of_application
    return CommandAPDU(CLA, INS.SET_STATUS, p1, _STATES[state], aid.value if aid else b"")


def store_data(data: bytes, size: int, structure: Structure = Structure.NONE) -> tuple[CommandAPDU, ...]:
    """STORE DATA (11.11.2) in blocks of at most `size` bytes. Raises ValueError for no data, or too many blocks.

    There is no Le: bit 1 of P1 says that no data are to come back, which makes it a case 3 command.
    """
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    if not parts or len(parts) > MOST_BLOCKS:
        raise ValueError(f"{len(data)} bytes make {len(parts)} blocks; 1 to {MOST_BLOCKS} are possible")
    return tuple(
        CommandAPDU(CLA, INS.STORE_DATA, structure | (0x80 if number == len(parts) - 1 else 0x00), number, part)
        for number, part in enumerate(parts)
    )


_INSTALL_NAMES = {
    Install.FOR_LOAD: "for load", Install.FOR_INSTALL: "for install",
    Install.FOR_MAKE_SELECTABLE: "for make selectable",
    Install.FOR_INSTALL_AND_MAKE_SELECTABLE: "for install and make selectable",
    Install.FOR_EXTRADITION: "for extradition", Install.FOR_PERSONALIZATION: "for personalization",
    Install.FOR_REGISTRY_UPDATE: "for registry update",
}
_COMMAND_NAMES = {
    INS.LOAD: "LOAD", INS.DELETE: "DELETE", INS.SET_STATUS: "SET STATUS", INS.STORE_DATA: "STORE DATA",
    INS.GET_STATUS: "GET STATUS", INS.INSTALL: "INSTALL",
}


def command_name(command: CommandAPDU) -> str:
    """A command as the specification calls it, e.g. `INSTALL [for load]`, `LOAD`."""
    if command.ins == INS.INSTALL:
        purpose = next((name for p1, name in _INSTALL_NAMES.items() if p1 == command.p1), "")
        return f"INSTALL [{purpose}]" if purpose else "INSTALL"
    return next((name for ins, name in _COMMAND_NAMES.items() if ins == command.ins), f"INS {command.ins:02X}")


def longest_block(block_size: int | None, most: int) -> int:
    """How many bytes go into a command: what is asked for, as far as `most` fit. Raises ValueError for too many."""
    if block_size is not None and block_size > most:
        raise ValueError(f"a block of {block_size} bytes does not fit: {most} do on this channel")
    return most if block_size is None else block_size


def whole(commands: Sequence[CommandAPDU]) -> int:
    """How many bytes of data the commands carry."""
    return sum(len(command.data) for command in commands)
