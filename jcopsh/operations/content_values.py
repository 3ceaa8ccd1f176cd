"""What looking at a card and changing its content return: frozen values that the shell draws and `--json` prints."""

from __future__ import annotations

from dataclasses import dataclass

from jcopsh.globalplatform.card_data import KeyInformation, Recognition, Resources
from jcopsh.globalplatform.cplc import Cplc
from jcopsh.iso7816.aid import AID
from jcopsh.jcop.identify import Jcop4Identity
from jcopsh.secrets.segments import Segments


@dataclass(frozen=True, slots=True)
class Absent:
    """A data object that the card did not give: what it is, the status word, and what that means here."""

    name: str
    sw: int
    meaning: str


@dataclass(frozen=True, slots=True)
class CardInfo:
    """What the selected security domain tells of the card; None or empty for what it does not. `absent` says why."""

    cplc: Cplc | None
    issuer_identification: bytes
    card_image: bytes
    recognition: Recognition | None
    keys: tuple[KeyInformation, ...]
    sequence_counter: bytes
    resources: Resources | None
    jcop4: Jcop4Identity | None
    absent: tuple[Absent, ...]


@dataclass(frozen=True, slots=True)
class ContentEntry:
    """One entry of the card's registry. `kind` is `issuer security domain`, `security domain`, `application` or
    `package`; `text` the AID in ASCII, with dots for what is none; `name` what is known by this AID.

    `domain` is the security domain it belongs to and `package` what it was made of, where the card tells; `life_cycle`
    is None where it does not.
    """

    aid: AID
    text: str
    name: str
    kind: str
    life_cycle: int | None
    life_cycle_name: str
    privileges: tuple[str, ...]
    version: str = ""
    modules: tuple[AID, ...] = ()
    domain: AID | None = None
    package: AID | None = None


@dataclass(frozen=True, slots=True)
class CardListing:
    """All that is on the card. `notes` say what of it the card did not let be seen."""

    entries: tuple[ContentEntry, ...]
    free_memory: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedCommand:
    """A command of a plan: as the specification calls it, its bytes before a channel wraps them, what it is for."""

    name: str
    command: Segments
    purpose: str


@dataclass(frozen=True, slots=True)
class InstallPlan:
    """What an installation will do, before it does it. `loads` is False where the package is on the card already.

    `bytes_to_load` are carried by `blocks` LOAD commands. `instances` are (module, instance).
    """

    package: AID
    version: str
    loads: bool
    bytes_to_load: int
    blocks: int
    block_size: int
    instances: tuple[tuple[AID, AID], ...]
    domain: AID | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """The commands that would be sent, in order. None was."""

    commands: tuple[PlannedCommand, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentChanged:
    """What was done to the card, in a sentence, and what to try next."""

    did: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a DELETE will take away, before it does. `known` is False where the card did not tell what it is.

    `goes_with` are the instances that go too, and `modules` those of the package. `perhaps` are applications of which
    the card does not tell of which package they are made: they go too where it is this one.
    """

    aid: AID
    kind: str
    goes_with: tuple[AID, ...]
    known: bool = True
    modules: tuple[AID, ...] = ()
    perhaps: tuple[AID, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """A component of a CAP file: its name, its size in bytes with its header, whether it is loaded."""

    name: str
    size: int
    loaded: bool


@dataclass(frozen=True, slots=True)
class Import:
    """An imported package: AID, version, its name and the oldest Java Card version that has it, where these are known.
    """

    aid: AID
    version: str
    name: str
    java_card: str


@dataclass(frozen=True, slots=True)
class CapInfo:
    """What is in a CAP file. `load_size` is what LOAD carries, in bytes. `packages` are (AID, version, name).

    `doubts` are what cards may refuse in it.
    """

    file: str
    format: str
    flags: tuple[str, ...]
    aid: AID
    version: str
    packages: tuple[tuple[AID, str, str], ...]
    applets: tuple[AID, ...]
    imports: tuple[Import, ...]
    components: tuple[Component, ...]
    load_size: int
    java_card: str
    doubts: tuple[str, ...] = ()
