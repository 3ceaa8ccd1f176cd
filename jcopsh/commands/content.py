"""What changes the content of a card: load, install, delete, personalize, security domains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.commands.cap import CapPath, read_cap
from jcopsh.commands.saving import loaded
from jcopsh.errors import ChannelError, UsageError
from jcopsh.globalplatform.content import SMALLEST_BLOCK, TAG_APPLICATION_PARAMETERS, Instance, LifeCycle, Structure
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.tlv import TlvError, encode_length
from jcopsh.iso7816.tlv import parse as parse_tlv
from jcopsh.operations import content as operations
from jcopsh.operations.content import Request
from jcopsh.operations.content_values import ContentChanged, Deletion, DryRun, InstallPlan
from jcopsh.operations.progress import Progress
from jcopsh.shell.command import command
from jcopsh.shell.context import ContentKind
from jcopsh.shell.session import Session
from jcopsh.shell.types import ChoiceType, InputFile, IntegerType, StoredBytes
from jcopsh.shell.types.content import (
    AidOrCardType,
    AidType,
    AppletInFileType,
    ModuleType,
    PrivilegesType,
    StateType,
    WholeCard,
)

GROUP = "content"

Applet = Annotated[AID, AppletInFileType()]
NewAid = Annotated[AID, AidType("the AID that the instance gets; without it, the applet's")]
_DOMAINS = (ContentKind.DOMAIN, ContentKind.ISSUER)
_APPLICATIONS = (ContentKind.APPLICATION, ContentKind.DOMAIN)
Package = Annotated[AID, AidType("the AID of a package on the card", (ContentKind.PACKAGE,), named=False)]
Module = Annotated[AID, ModuleType()]
Domain = Annotated[AID, AidType("the AID of a security domain on the card", _DOMAINS)]
Application = Annotated[AID, AidType("the AID of an application or security domain on the card", _APPLICATIONS)]
OnCard = Annotated[AID, AidType("the AID of an application, a security domain or a package on the card",
                                (*_APPLICATIONS, ContentKind.PACKAGE))]
OnCardOrCard = Annotated[AID | WholeCard, AidOrCardType()]
Privileges = Annotated[int, PrivilegesType()]
BlockSize = Annotated[int, IntegerType(SMALLEST_BLOCK, 255, "how many bytes a command carries at most")]
State = Annotated[LifeCycle, StateType({
    "locked": "an application, until it is unlocked", "unlocked": "an application, in the state it was locked in",
    "selectable": "an application", "personalized": "a security domain",
    "initialized": "the card: irreversible", "secured": "the card: irreversible",
    "card-locked": "the card: irreversible", "terminated": "the card: irreversible, for ever",
})]
DataForm = Annotated[Structure, ChoiceType(
    {"none": Structure.NONE, "dgi": Structure.DGI, "tlv": Structure.TLV},
    {"none": "nothing is said of it", "dgi": "data grouping identifiers", "tlv": "BER-TLV"},
)]

# bytes that fit into a command on a channel with C-MAC and encryption; for plans that are made without a card
USUAL_BLOCK = 239


@command("install", group=GROUP)
def install(
    session: Session, file: CapPath, *, applet: Applet | None = None, instance: NewAid | None = None,
    params: StoredBytes | None = None, params_field: StoredBytes | None = None, privileges: Privileges | None = None,
    domain: Domain | None = None, block_size: BlockSize | None = None, load_only: bool = False,
    not_selectable: bool = False, reinstall: bool = False, force: bool = False, keep_package: bool = False,
    anyway: bool = False, dry_run: bool = False, reveal: bool = False,
) -> Iterator[InstallPlan | Deletion | Progress | ContentChanged | DryRun]:
    """Load a CAP file and make an instance of its applet, so that it can be selected. It takes a secure
    channel: `auth` first.

    Before anything is changed, what speaks against it is looked for: the package or the instance is there already, an
    AID is taken by something else, an import is missing or too new, the memory is too small. It says what collides with
    what, and which lines resolve it. An installation that was cut off behind its last LOAD goes on with --keep-package.

    Raises CardError where the card refuses, with what is on the card then.

    Options:
        --applet: which applet, where the file has several
        --instance: the AID of the instance; the applet's own by default
        --params: the bytes that the applet gets (in tag C9)
        --params-field: the whole install parameters field, in place of --params
        --domain: load into another security domain
        --load-only: make no instance
        --not-selectable: make an instance that make-selectable makes selectable later
        --reinstall: delete the package that is on the card with all that was made of it, after a yes, and load the file
        --force: another name of --reinstall
        --keep-package: load nothing, and make the instance of the code that is on the card
        --anyway: send it whatever speaks against it
        --dry-run: show each command and send none

    Examples:
        install applet.cap
        install applet.cap --instance A00000006203010C0101 --params 01FF --privileges card-reset
        install applet.cap --reinstall
        install applet.cap --dry-run
    """
    request = Request(
        read_cap(file), applet, instance, params or b"", _field(params, params_field), privileges or 0, domain,
        block_size, load_only, not not_selectable, anyway, reinstall or force, keep_package,
    )
    if reveal and not dry_run:
        raise UsageError("--reveal is for --dry-run: what is sent shows in a trace, and there without --params",
                         hint="install FILE --dry-run --reveal")
    return _run(session, request, dry_run=dry_run, reveal=reveal)


def _field(params: bytes | None, field: bytes | None) -> bytes:
    """The whole install parameters field, empty where only `params` were given, or nothing. Raises UsageError."""
    if params is not None and field is not None:
        raise UsageError("--params and --params-field exclude one another",
                         meaning="--params are put into tag C9; --params-field is taken as it is.")
    if params is not None and _is_tlv(params) and params[0] == TAG_APPLICATION_PARAMETERS:
        # other programs take such bytes for the whole field
        raise UsageError("these parameters are a data object C9 already, and --params would put them into another one",
                         hint=f"--params-field takes them as they are; --params-field with "
                              f"C9{encode_length(len(params)).hex().upper()} before them puts them into another one")
    if field is not None and not _is_tlv(field):
        raise UsageError("--params-field is no row of data objects (BER-TLV), and a card would not take it",
                         hint="--params puts bytes into tag C9, with their length")
    return field or b""


def _is_tlv(data: bytes) -> bool:
    try:
        return bool(parse_tlv(data))
    except TlvError:
        return False


def _run(
    session: Session, request: Request, *, dry_run: bool, reveal: bool = False
) -> Iterator[InstallPlan | Deletion | Progress | ContentChanged | DryRun]:
    if dry_run:
        card = session.card_or_none
        open_channel = card is not None and card.state.secure_channel is not None
        yield operations.dry_run(request, card.max_data if card and open_channel else USUAL_BLOCK, reveal=reveal)
    else:
        yield from operations.install(_on_channel(session.card), request)


def _on_channel(card: Card) -> Card:
    """The card, where a secure channel is open: nothing else is to be asked or sent where none is. Raises ChannelError.
    """
    if card.state.secure_channel is None:
        raise ChannelError("what is on a card is changed over a secure channel, and none is open; nothing was sent",
                           hint="auth, with the keys of the card")
    return card


@command("upload", group=GROUP)
def upload(
    session: Session, file: CapPath, *, domain: Domain | None = None, block_size: BlockSize | None = None,
    reinstall: bool = False, anyway: bool = False, dry_run: bool = False,
) -> Iterator[InstallPlan | Deletion | Progress | ContentChanged | DryRun]:
    """Load a CAP file and make no instance of it: `install --load-only`. `install-applet` makes one later.

    What speaks against it is looked for as `install` does.

    Raises CardError where the card refuses.

    Options:
        --domain: load into another security domain
        --reinstall: delete the package that is on the card with all that was made of it, after a yes, and load the file
        --anyway: send it whatever speaks against it
        --dry-run: show each command and send none
    """
    request = Request(read_cap(file), domain=domain, block_size=block_size, load_only=True, anyway=anyway,
                      reinstall=reinstall)
    return _run(session, request, dry_run=dry_run)


@command("install-applet", group=GROUP)
def install_applet(
    card: Card, package: Package, module: Module, *, instance: NewAid | None = None, params: StoredBytes | None = None,
    params_field: StoredBytes | None = None, privileges: Privileges | None = None, not_selectable: bool = False,
    anyway: bool = False,
) -> ContentChanged:
    """Make an instance of a module that is on the card already. The options are those of `install`.

    What speaks against it is looked for first.

    Raises CardError where the card refuses.

    Options:
        --instance: the AID of the instance; the module's own by default
        --params: the bytes that the applet gets (in tag C9)
        --params-field: the whole install parameters field, in place of --params
        --not-selectable: make an instance that make-selectable makes selectable later
        --anyway: send it whatever speaks against it
    """
    made = Instance(package, module, instance or module, privileges or 0, params or b"", _field(params, params_field))
    return operations.install_instance(_on_channel(card), made, selectable=not not_selectable, anyway=anyway)


@command("make-selectable", group=GROUP)
def make_selectable(card: Card, aid: Application, *, privileges: Privileges | None = None) -> ContentChanged:
    """Make an application selectable that is only installed: INSTALL [for make selectable].

    Raises CardError where the card refuses.
    """
    return operations.make_selectable(_on_channel(card), aid, privileges or 0)


@command("make-default", group=GROUP)
def make_default(card: Card, aid: Application) -> ContentChanged:
    """Let an application be selected by default, after every reset: INSTALL [for registry update] with the privilege
    Card Reset, which the one that had it until now loses. A yes is asked for.

    Its other privileges stay. The issuer security domain is then selected by its name: `select isd` or `select isd-gp`.
    A card of a GlobalPlatform version before 2.2 gets INSTALL [for make selectable] instead.

    Raises CardError where the card refuses.

    Examples:
        make-default D2760000850101
    """
    return operations.make_default(_on_channel(card), aid)


@command("set-privileges", group=GROUP)
def set_privileges(card: Card, aid: Application, privileges: Privileges) -> ContentChanged:
    """Change the privileges of an application or security domain: INSTALL [for registry update]. A yes is asked for.

    PRIVILEGES take the place of those that it has; 00 leaves none. A security domain stays one without its being named.

    Raises CardError where the card refuses.

    Examples:
        set-privileges D2760000850101 card-reset,cvm-management
        set-privileges D2760000850101 00
    """
    return operations.set_privileges(_on_channel(card), aid, privileges)


@command("delete", group=GROUP)
def delete(card: Card, aid: OnCard, *, related: bool = False) -> Iterator[Deletion | ContentChanged]:
    """Delete an application, a security domain or a package. Destructive; a yes is asked for.

    A package goes only when nothing is made of it any more. A module goes only with its package.

    Raises CardError where the card refuses, with what is known of the reason.

    Options:
        --related: delete the package and all that was made of it, shown before it asks

    Examples:
        delete A00000006203010C0101
        delete A00000006203010C01 --related
    """
    return operations.delete(_on_channel(card), aid, related=related)


@command("set-status", group=GROUP)
def set_status(
    card: Card, aid: OnCardOrCard, state: State, *, with_applications: bool = False
) -> ContentChanged:
    """Change the life cycle state of an application, of a security domain, or with `card` of the card: SET STATUS.

    A state of the card is irreversible, and a typed consent with a random code is asked for.

    Raises CardError where the card refuses.

    Options:
        --with-applications: lock or unlock a security domain with every application that belongs to it

    Examples:
        set-status A00000006203010C0101 locked
        set-status card secured
    """
    return operations.set_status(
        _on_channel(card), state, None if isinstance(aid, WholeCard) else aid, with_applications=with_applications)


@command("store-data", group=GROUP)
def store_data(
    card: Card, data: StoredBytes | None = None, *, load: InputFile | None = None, form: DataForm = Structure.NONE,
    block_size: BlockSize | None = None,
) -> Iterator[Progress | ContentChanged]:
    """Give DATA to the selected security domain: STORE DATA, in as many blocks as it takes.

    `--load FILE` takes the bytes from a file of yours. `--form` says what they are made of.

    Raises CardError where the card refuses.
    """
    return operations.store_data(_on_channel(card), _given(data, load), structure=form, block_size=block_size)


@command("personalize", group=GROUP)
def personalize(
    card: Card, aid: Application, data: StoredBytes | None = None, *, load: InputFile | None = None,
    form: DataForm = Structure.DGI, block_size: BlockSize | None = None,
) -> Iterator[Progress | ContentChanged]:
    """Give DATA to an application through its security domain: INSTALL [for personalization], then STORE DATA.

    `--load` and `--form` are as in store-data.

    Raises CardError where the card refuses.
    """
    return operations.personalize(_on_channel(card), aid, _given(data, load), structure=form, block_size=block_size)


def _given(data: bytes | None, load: Path | None) -> bytes:
    if (data is None) == (load is None):
        raise UsageError("the bytes to store are missing" if data is None else "DATA and --load exclude one another",
                         hint="DATA in hex or |text|, or --load FILE")
    found = data if data is not None else loaded(load) if load else b""
    if not found:
        raise UsageError("there is nothing to store: the file is empty")
    return found


@command("create-domain", group=GROUP)
def create_domain(
    card: Card, aid: Annotated[AID, AidType("the AID that the security domain gets")], *,
    package: Package | None = None, module: Module | None = None, params: StoredBytes | None = None,
    params_field: StoredBytes | None = None, privileges: Privileges | None = None,
) -> ContentChanged:
    """Make a security domain. It has no keys of its own yet.

    It is made of the package that the card has for this (A0000001515350 on most); `--package` and `--module` name
    another. The privilege of a security domain is there without being named.

    Raises CardError where the card refuses.
    """
    return operations.create_domain(
        _on_channel(card), aid, package=package, module=module, privileges=privileges or 0, parameters=params or b"",
        field=_field(params, params_field),
    )


@command("extradite", group=GROUP)
def extradite(card: Card, aid: OnCard, domain: Domain) -> ContentChanged:
    """Give an application or a package to another security domain: INSTALL [for extradition]. A yes is asked for.

    Raises CardError where the card refuses.
    """
    return operations.extradite(_on_channel(card), aid, domain)


COMMANDS = (install, upload, install_applet, make_selectable, make_default, set_privileges, delete, set_status,
            store_data, personalize, create_domain, extradite)
