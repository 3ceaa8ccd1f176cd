"""Changing what is on a card: load, install, delete, personalize, move (GlobalPlatform 2.3.1, chapter 11).

What speaks against it is looked for before the first byte that changes anything (`preflight`). Where the card refuses
all the same, the error joins its status word, the command and what is known of the card.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jcopsh.card.card import Card
from jcopsh.card.sensitive import install_marks
from jcopsh.errors import CardError, UsageError
from jcopsh.globalplatform import content
from jcopsh.globalplatform.cap import CapFile
from jcopsh.globalplatform.content import Instance, LifeCycle, Structure, command_name
from jcopsh.globalplatform.known_packages import DOMAIN_MODULES
from jcopsh.globalplatform.preflight import (
    ANOTHER_INSTANCE,
    Finding,
    Inventory,
    Step,
    against_deleting,
    against_domain,
    against_instances,
    kind_of,
    preflight,
    same_package,
    unlisted_imports,
)
from jcopsh.globalplatform.registry import Privilege, Scope, privilege_names
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.operations.content_values import ContentChanged, Deletion, DryRun, InstallPlan, PlannedCommand
from jcopsh.operations.looking import AUTHENTICATE, WITHOUT_AUTHENTICATION, inventory_if_told, take_inventory
from jcopsh.operations.progress import Progress
from jcopsh.operations.status_errors import card_error
from jcopsh.operations.truth import telling
from jcopsh.secrets.segments import Segments, take_out

MOST_WITH_MAC = 247  # bytes of data in a short command with a MAC of 8 bytes, and without encryption
_NO_SUCH_INSTALL = 0x6A86  # P1 of INSTALL is not known
_IMPORT_MISSING = 0x6438  # of the Java Card installer
_LINKABLE = ("cap info FILE shows which Java Card each import takes: convert the file for the card's own, or upload "
             "first what is no part of it")
_LOADING = "The load was not finished. A card drops what is unfinished; where it does not, delete takes it away"


class NotPossible(UsageError):
    """The preflight found what stands in the way. Nothing on the card was changed; `findings` are all it found."""

    def __init__(self, what: str, findings: Sequence[Finding]) -> None:
        first, *others = findings
        refusal = "refuses {}" if first.status is None else f"answers {{}} with {first.status:04X}"
        said = (*(f"Also: {one.what}." for one in others), f"A card {refusal.format(first.step.value)} then.",
                "Nothing on it was changed.")
        super().__init__(
            f"{what}: {first.what}",
            meaning=" ".join(said),
            hint=_resolution(findings),
        )
        self.findings = tuple(findings)


def _resolution(findings: Sequence[Finding]) -> str:
    """The lines that resolve all findings, each once; what takes a package away comes behind its instances.

    Of a line that another one offers with alternatives the plain one stays. Empty where a finding cannot be resolved.
    """
    lines = tuple(dict.fromkeys(line for one in findings for line in one.resolved_by))
    if not all(one.resolved_by for one in findings):
        return ""
    return "; ".join(one for one in lines if not any(one.startswith(f"{other},") for other in lines))


# --- what is to be done ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with a CAP file. Without `applet` its only applet is installed; `instance` gives it another AID.

    `anyway` sends what the preflight speaks against. Where the package is on the card already, `reinstall` deletes it
    first, with all that was made of it, and `keep_package` installs from the code that is there. `block_size` is the
    number of bytes in a LOAD, None for all that fit. `parameters` and `field` are as in Instance.
    """

    cap: CapFile
    applet: AID | None = None
    instance: AID | None = None
    parameters: bytes = b""
    field: bytes = b""
    privileges: int = 0
    domain: AID | None = None
    block_size: int | None = None
    load_only: bool = False
    selectable: bool = True
    anyway: bool = False
    reinstall: bool = False
    keep_package: bool = False

    def check(self) -> None:
        """Raises UsageError where one thing that is asked for excludes another."""
        asked = {"--instance": self.instance is not None, "--applet": self.applet is not None,
                 "--keep-package": self.keep_package}
        excluded = next((option for option, given in asked.items() if given), "") if self.load_only else ""
        if excluded:
            raise UsageError(f"--load-only and {excluded} exclude one another", meaning="With --load-only there is no "
                             "instance.", hint="leave one of them away")
        if self.reinstall and self.keep_package:
            raise UsageError("--reinstall and --keep-package exclude one another",
                             meaning="The one replaces the code on the card, the other installs from it.")

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The instances to make. Raises UsageError where it is not clear of which applet."""
        if self.load_only:
            return ()
        module = self._module()
        if module is None:
            return ()
        # the card knows the package by the load file's AID
        return (Instance(self.cap.aid, module, self.instance or module, self.privileges, self.parameters, self.field),)

    def _module(self) -> AID | None:
        applets = self.cap.applets
        if self.applet is not None:
            if self.applet not in applets:
                raise UsageError(f"the file has no applet {self.applet}",
                             hint=f"--applet {_aids(applets)}" if applets else "it is a library: --load-only")
            return self.applet
        if len(applets) > 1:
            raise UsageError(
                f"the file has {len(applets)} applets, and which to install is not said",
                hint=f"--applet AID, one of {_aids(applets)}; or --load-only",
            )
        if not applets and self.instance is not None:
            raise UsageError("the file is a library without an applet, so there can be no instance", hint="--load-only")
        return applets[0] if applets else None


def _aids(aids: Sequence[AID]) -> str:
    return ", ".join(map(str, aids)) or "none"


@dataclass(frozen=True, slots=True)
class _Plan:
    """The commands of an installation, in order."""

    for_load: tuple[CommandAPDU, ...]
    loads: tuple[CommandAPDU, ...]
    installs: tuple[CommandAPDU, ...]
    shown: InstallPlan

    @property
    def commands(self) -> tuple[CommandAPDU, ...]:
        return (*self.for_load, *self.loads, *self.installs)


def _plan(request: Request, most: int) -> _Plan:
    request.check()
    cap, instances = request.cap, request.instances
    kept = request.keep_package
    size = _block_size(request.block_size, most)
    try:
        blocks = content.load_blocks(cap.load_block, size)
    except ValueError as error:
        raise UsageError(str(error), meaning="The number of a LOAD command has one byte (GlobalPlatform 2.3.1, "
                         "11.6.2.2). Nothing was sent.", hint=_larger_blocks(len(cap.load_block), most)) from None
    if kept:
        blocks = ()
    for_load = () if kept else (content.install_for_load(cap.aid, request.domain),)
    installs = tuple(content.install_for_install(one, selectable=request.selectable) for one in instances)
    for command in (*for_load, *installs):
        if len(command.data) > most:
            raise UsageError(f"{command_name(command)} would have {len(command.data)} bytes of data, and {most} fit",
                             hint="fewer bytes in --params")
    notes = (_not_loaded_again(cap.aid),) if kept else ()
    shown = InstallPlan(
        cap.aid, cap.version, not kept, content.whole(blocks), len(blocks), size,
        tuple((one.module, one.aid) for one in instances), request.domain, notes,
    )
    return _Plan(for_load, blocks, installs, shown)


def _block_size(asked: int | None, most: int) -> int:
    """How many bytes go into a command. Raises UsageError for more than fit."""
    try:
        return content.longest_block(asked, most)
    except ValueError as error:
        raise UsageError(str(error), hint=f"--block-size {most}, or leave it away") from None


def _larger_blocks(length: int, most: int) -> str:
    """What makes a file of this length fit into as many blocks as there may be."""
    if length <= most * content.MOST_BLOCKS:
        return f"--block-size {-(-length // content.MOST_BLOCKS)} or more, or leave it away"
    if most < MOST_WITH_MAC and length <= MOST_WITH_MAC * content.MOST_BLOCKS:
        return f"auth mac: without encryption {MOST_WITH_MAC} bytes fit into a block"
    return "make the file smaller: split it into packages"


def _not_loaded_again(package: AID) -> str:
    return (f"nothing is loaded: the instance is made of the code that is on the card as {package}. Whether that is "
            "the file's code cannot be told")


# --- install ---------------------------------------------------------------------------------------------------------


def install(card: Card, request: Request) -> Iterator[InstallPlan | Deletion | Progress | ContentChanged]:
    """Load a CAP file and make its instance: yields the plan, then how far it is, then what was done.

    A package that is there already is deleted first where `reinstall` says so, after the interlock's question, which
    the Deletion comes before. Raises NotPossible where the preflight speaks against it, CardError where the card
    refuses, Refused where the answer is no, ReaderError or ChannelError where the way to it is lost: all say what is on
    the card then.
    """
    inventory = take_inventory(card)
    before = inventory.package(request.cap.aid) if request.reinstall else None
    found, inventory = inventory, inventory.without(before) if before is not None else inventory
    plan = _plan(request, card.max_data)
    findings = _speaks_against(request, plan, inventory)
    certain = [one for one in findings if one.certain]
    if certain and not request.anyway:
        raise NotPossible(f"{request.cap.aid} cannot be {'loaded' if plan.shown.loads else 'installed'}", certain)
    yield _with_doubts(plan.shown, findings, inventory)
    if before is not None:
        yield from _delete(card, before.aid, found, (), related=True, then="")
    yield from _load(card, plan, findings, "The package of before was deleted. " if before is not None else "",
                     unlisted_imports(request.cap, inventory))
    for command, one in zip(plan.installs, request.instances, strict=True):
        truth = (f"Package {request.cap.aid} is on the card. Whether {one.aid} is too, list tells; install with "
                 "--keep-package makes it, without loading again")
        with telling(truth):
            response = card.send(command)
        if not response.ok:
            raise _refused(
                command, response, findings, truth=f"Package {request.cap.aid} is on the card, and {one.aid} is not.",
                hint=f"the same line with --keep-package tries it again; delete {request.cap.aid} takes the package "
                     "away",
            )
    yield _done(plan.shown, request.cap.applets, selectable=request.selectable)


def _speaks_against(request: Request, plan: _Plan, inventory: Inventory) -> tuple[Finding, ...]:
    if plan.shown.loads:
        return (*against_domain(request.domain, inventory), *preflight(request.cap, request.instances, inventory))
    return (*_against_keeping(request.cap, inventory), *against_instances(request.instances, inventory))


def _against_keeping(cap: CapFile, inventory: Inventory) -> Iterator[Finding]:
    """Why the package on the card cannot be the file's: another version, or other applets."""
    there = inventory.package(cap.aid)
    if there is not None and there.modules and same_package(cap, inventory) is None:
        yield Finding(f"package {cap.aid} on the card has another version or other applets than the file", Step.INSTALL,
                      ("--reinstall replaces it",))


def _with_doubts(plan: InstallPlan, findings: Sequence[Finding], inventory: Inventory) -> InstallPlan:
    doubts = tuple(one.what if not one.certain else f"sent all the same: {one.what}" for one in findings)
    return replace(plan, notes=(*plan.notes, *doubts, *(f"not seen: {one}" for one in inventory.unseen)))


def _load(card: Card, plan: _Plan, findings: Sequence[Finding], before: str, imports: str) -> Iterator[Progress]:
    """Load the file. For what is said when it goes wrong, `before` says what was done already, and `imports` which of
    them the card can mean where it misses one."""
    for command in plan.for_load:
        with telling(f"{before}{_LOADING}"):
            response = card.send(command)
        if not response.ok:
            raise _refused(command, response, findings, truth=f"{before}Nothing was loaded.")
    sent = 0
    for number, command in enumerate(plan.loads, 1):
        last = number == len(plan.loads)
        with telling("Whether the package is on the card, list tells; the same line again says how to go on" if last
                     else f"{before}{_LOADING}"):
            response = card.send(command)
        if not response.ok:
            missing = response.sw == _IMPORT_MISSING
            raise _refused(
                command, response, findings, block=_block(number, len(plan.loads)), hint=_LINKABLE if missing else "",
                truth=f"{imports}. {before}The package is not on the card." if missing else
                      f"{before}The package is not on the card.",
            )
        sent += len(command.data)
        yield Progress(f"loading {plan.shown.package}", sent, plan.shown.bytes_to_load, "bytes")


def _done(plan: InstallPlan, applets: Sequence[AID], *, selectable: bool) -> ContentChanged:
    loaded = f"package {plan.package} {plan.version} loaded ({plan.bytes_to_load} bytes)" if plan.loads else ""
    made = ", ".join(f"{instance} installed" for _, instance in plan.instances)
    instance = plan.instances[0][1] if plan.instances else None
    later = f"install-applet {plan.package} {applets[0]}" if applets else "list"
    then = f"{_next(selectable=selectable)} {instance}" if instance else later
    return ContentChanged("; ".join(filter(None, (loaded, made))), then)


def _next(*, selectable: bool) -> str:
    return "select" if selectable else "make-selectable"


def _block(number: int, total: int) -> str:
    """Which of several blocks; nothing where there is one."""
    return f"block {number} of {total}" if total > 1 else ""


def _refused(
    command: CommandAPDU, response: ResponseAPDU, findings: Sequence[Finding] = (), *, block: str = "",
    truth: str = "", hint: str = "",
) -> CardError:
    """The card's refusal: status word, command (of several the `block` that it is), what is known that explains it."""
    installs = command.ins == INS.INSTALL and command.p1 != content.Install.FOR_LOAD
    step = Step.INSTALL if installs else Step.LOAD
    of_two_steps = command.ins in (INS.INSTALL, INS.LOAD)
    linking = command.ins == INS.LOAD
    fitting = [one for one in findings if one.step is step or (linking and one.step is Step.LINK) or not of_two_steps]
    what = f"{response.sw:04X} on {', '.join(filter(None, (command_name(command), block)))}"
    if fitting and response.sw != WITHOUT_AUTHENTICATION:
        what = f"{what}: {fitting[0].what}"
    try_next = AUTHENTICATE if response.sw == WITHOUT_AUTHENTICATION else _resolution(fitting) or hint
    return card_error(what, command, response, besides=truth, hint=try_next)


def dry_run(request: Request, most: int, *, reveal: bool = False) -> DryRun:
    """The commands of an installation on an empty card, where `most` bytes fit into one. Nothing is sent.

    What the applet gets as its own parameters shows with `reveal` alone.
    """
    plan = _plan(request, most)
    total = len(plan.loads)
    deletes = (content.delete(request.cap.aid, related=True),) if request.reinstall else ()
    assumed = "as if its package alone were on the card" if request.keep_package else (
        "as if nothing of it were on the card, but for the DELETE" if deletes else
        "as if nothing of it were on the card")
    return DryRun(
        tuple(PlannedCommand(command_name(one), _shown(one, reveal=reveal), _purpose(one, total))
              for one in (*deletes, *plan.commands)),
        (f"{assumed}; before a secure channel wraps it",),
    )


def _shown(command: CommandAPDU, *, reveal: bool) -> Segments:
    marks = install_marks(command) if command.ins == INS.INSTALL and not reveal else ()
    before = 7 if command.is_extended else 5
    return take_out(command.encode(), [one._replace(start=one.start + before, end=one.end + before) for one in marks])


def _purpose(command: CommandAPDU, blocks: int) -> str:
    return f"block {command.p2 + 1} of {blocks}, {len(command.data)} bytes" if command.ins == INS.LOAD else ""


# --- instances and security domains ----------------------------------------------------------------------------------

def install_instance(
    card: Card, instance: Instance, *, selectable: bool = True, anyway: bool = False, another: str = ANOTHER_INSTANCE
) -> ContentChanged:
    """Make an instance of a module that is on the card. `another` is how the line says another AID.

    Raises as `install` does.
    """
    findings = against_instances((instance,), inventory_if_told(card), another=another)
    certain = [one for one in findings if one.certain]
    if certain and not anyway:
        raise NotPossible(f"{instance.aid} cannot be installed", certain)
    _carry_out(card, content.install_for_install(instance, selectable=selectable), findings)
    return ContentChanged(f"{instance.aid} installed", f"{_next(selectable=selectable)} {instance.aid}")


def create_domain(
    card: Card, aid: AID, *, package: AID | None = None, module: AID | None = None, privileges: int = 0,
    parameters: bytes = b"", field: bytes = b"",
) -> ContentChanged:
    """Make a security domain. Without a package and a module, those that the card has for it are taken.

    Raises UsageError where none are known, else as `install_instance` does.
    """
    package, module = _domain_module(card, package, module)
    instance = Instance(package, module, aid, privileges | Privilege.SECURITY_DOMAIN, parameters, field)
    install_instance(card, instance, another="create-domain with another AID")
    return ContentChanged(f"security domain {aid} created, without keys of its own", f"install FILE --domain {aid}")


def _domain_module(card: Card, package: AID | None, module: AID | None) -> tuple[AID, AID]:
    if package is not None and module is not None:
        return package, module
    inventory = inventory_if_told(card)
    for known_package, known_module in DOMAIN_MODULES.items():
        there = inventory.package(known_package)
        if there is not None and (known_module in there.modules or not there.modules):
            return package or known_package, module or known_module
    raise UsageError("no package that security domains are made of is known on this card",
                     hint="list shows the packages; --package AID --module AID names them")


def make_selectable(card: Card, aid: AID, privileges: int = 0) -> ContentChanged:
    """Make an installed application selectable. Raises CardError."""
    _carry_out(card, content.make_selectable(aid, privileges))
    return ContentChanged(f"{aid} can be selected", f"select {aid}")


def extradite(card: Card, aid: AID, domain: AID) -> ContentChanged:
    """Give an application or a package to another security domain. Raises CardError."""
    _carry_out(card, content.extradite(aid, domain))
    return ContentChanged(f"{aid} belongs to {domain}", "list")


def set_privileges(card: Card, aid: AID, privileges: int) -> ContentChanged:
    """Give an application these privileges in place of those it has. A security domain stays one. Raises CardError."""
    there = inventory_if_told(card).application(aid)
    if there is not None and there.security_domain:
        privileges |= Privilege.SECURITY_DOMAIN
    _carry_out(card, content.update_registry(aid, privileges))
    return ContentChanged(f"{aid} has {', '.join(privilege_names(privileges)) or 'no privileges'}", "list")


def make_default(card: Card, aid: AID) -> ContentChanged:
    """Let an application be selected after a reset; it keeps the privileges that it has.

    Raises UsageError where it is none that the card lists, or the issuer security domain; CardError.
    """
    privileges = _privileges_of(aid, take_inventory(card)) | Privilege.CARD_RESET
    command = content.update_registry(aid, privileges)
    with telling(f"Whether {aid} is selected by default, list tells"):
        response = card.send(command)
    if response.sw == _NO_SUCH_INSTALL:
        # before version 2.2 there is no registry update, and make selectable sets this one privilege (2.1.1, 9.5.2.3.3)
        _carry_out(card, content.make_selectable(aid, privileges))
    elif not response.ok:
        raise _refused(command, response)
    return ContentChanged(f"{aid} is selected by default from the next reset on", f"reset; select {aid}")


def _privileges_of(aid: AID, inventory: Inventory) -> int:
    there = inventory.application(aid)
    if there is None:
        raise UsageError(f"the card lists no application {aid}; nothing on it was changed", hint="list")
    if there.scope is Scope.ISSUER_SECURITY_DOMAIN:
        raise UsageError("the issuer security domain is selected by default where no application is",
                         hint="; ".join(_without_default(inventory)))
    if there.privileges is None:
        raise UsageError(f"the card does not tell which privileges {aid} has, and they would be lost",
                         hint=f"set-privileges {aid} card-reset, with all others that it is to have")
    return there.privileges


def _without_default(inventory: Inventory) -> Iterator[str]:
    """The lines that take the privilege from the application that has it."""
    for one in inventory.applications:
        held = Privilege(one.privileges or 0)
        if one.scope is Scope.APPLICATIONS and held & Privilege.CARD_RESET:
            yield f"set-privileges {one.aid} {held & ~Privilege.CARD_RESET:06X}"


def set_status(
    card: Card, state: LifeCycle, aid: AID | None, *, with_applications: bool = False
) -> ContentChanged:
    """Change the life cycle state of an application, a security domain, or the card; `with_applications`, of a security
    domain with all that belongs to it. Raises CardError, Refused."""
    if with_applications and (aid is None or state not in (LifeCycle.LOCKED, LifeCycle.UNLOCKED)):
        raise UsageError("--with-applications locks or unlocks a security domain with its applications",
                         hint="set-status AID locked --with-applications")
    if (aid is None) != (state in content.CARD_STATES):
        of_card = ", ".join(one.value for one in content.CARD_STATES)
        raise UsageError(f"{state.value} is not a state of {'the card' if aid is None else 'an application'}",
                         hint=f"of the card: set-status card {of_card}; of an application: its AID and another state")
    _carry_out(card, content.set_status(state, aid, with_applications=with_applications))
    what = f"{aid} with its applications" if with_applications else str(aid or "the card")
    return ContentChanged(f"{what} is {state.value}", "list")


# --- delete ----------------------------------------------------------------------------------------------------------


def delete(card: Card, aid: AID, *, related: bool = False) -> Iterator[Deletion | ContentChanged]:
    """Delete an application or a package: yields what goes, and after the interlock's question what went.

    Raises NotPossible where instances are in the way, or it is only a module; CardError where the card refuses, with
    what is known of the reason; Refused where the answer is no.
    """
    inventory = inventory_if_told(card)
    findings = against_deleting(aid, inventory, related=related)
    certain = [one for one in findings if one.certain]
    if certain:
        raise NotPossible(f"{aid} cannot be deleted", certain)
    yield from _delete(card, aid, inventory, findings, related=related)


def _delete(
    card: Card, aid: AID, inventory: Inventory, findings: Sequence[Finding], *, related: bool, then: str = "list"
) -> Iterator[Deletion | ContentChanged]:
    yield _deletion(aid, inventory, related=related)
    command = content.delete(aid, related=related)
    with telling(f"Whether {aid} is still there, list tells; a DELETE is done as a whole or not at all"):
        response = card.send(command)
    if response.sw not in content.DELETED:
        raise _refused(command, response, findings)
    yield ContentChanged(f"{aid} deleted", then)


def _deletion(aid: AID, inventory: Inventory, *, related: bool) -> Deletion:
    package, application = inventory.package(aid), inventory.application(aid)
    if package is not None:
        instances = tuple(one.aid for one in inventory.instances_of(package)) if related else ()
        perhaps = tuple(one.aid for one in inventory.of_untold_package()) if related else ()
        return Deletion(aid, "package", instances, modules=package.modules, perhaps=perhaps)
    if application is not None:
        return Deletion(aid, kind_of(application), ())
    return Deletion(aid, "", (), known=False)


# --- data ------------------------------------------------------------------------------------------------------------


def store_data(
    card: Card, data: bytes, *, structure: Structure = Structure.NONE, block_size: int | None = None
) -> Iterator[Progress | ContentChanged]:
    """Give data to the selected security domain, in as many blocks as it takes. Raises CardError."""
    yield from _store(card, data, structure, block_size, "the security domain")


def personalize(
    card: Card, aid: AID, data: bytes, *, structure: Structure = Structure.NONE, block_size: int | None = None
) -> Iterator[Progress | ContentChanged]:
    """Give data to an application through its security domain: INSTALL [for personalization], then STORE DATA."""
    _carry_out(card, content.install_for_personalization(aid))
    yield from _store(card, data, structure, block_size, str(aid))


def _store(
    card: Card, data: bytes, structure: Structure, block_size: int | None, whose: str
) -> Iterator[Progress | ContentChanged]:
    try:
        commands = content.store_data(data, _block_size(block_size, card.max_data), structure)
    except ValueError as error:
        raise UsageError(str(error)) from None
    stored = 0
    for number, command in enumerate(commands, 1):
        with telling(f"{stored} of {len(data)} bytes are known to be stored"):
            response = card.send(command)
        if not response.ok:
            raise _refused(command, response, block=_block(number, len(commands)),
                           truth=f"{stored} of {len(data)} bytes were taken before." if stored else "")
        stored += len(command.data)
        yield Progress(f"storing in {whose}", stored, len(data), "bytes")
    yield ContentChanged(f"{len(data)} bytes stored in {whose}")


def _carry_out(card: Card, command: CommandAPDU, findings: Sequence[Finding] = ()) -> None:
    with telling(f"Whether {command_name(command)} was carried out is not known; list tells"):
        response = card.send(command)
    if not response.ok:
        raise _refused(command, response, findings)
