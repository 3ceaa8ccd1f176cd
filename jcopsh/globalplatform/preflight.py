"""What speaks against loading and installing, said before the first byte goes: AIDs that collide, imports, memory.

Java Card's installer refuses a package that is there already, and an applet whose AID is that of a package or of
another applet (Java Card 2.2.2: Runtime Environment Specification 11.1.5, Virtual Machine Specification 4.2). A card
says so with a bare 6985, as in seed 003. Here it is said what collides with what, and which commands would resolve it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from jcopsh.globalplatform.cap import CapFile, Package
from jcopsh.globalplatform.content import Instance
from jcopsh.globalplatform.known_packages import (
    DOMAIN_MODULES,
    NEWEST,
    is_newer,
    is_unknown,
    java_card_version,
    no_java_card_has,
    package_name,
)
from jcopsh.globalplatform.registry import RegistryEntry, Scope
from jcopsh.iso7816.aid import AID

# IBM, NXP, and NXP's JCOPX: their packages lie in ROM, and are not in the registry of every card
_MAKERS = (bytes.fromhex("A000000167"), bytes.fromhex("A000000396"), bytes.fromhex("D276000085"))
_REGISTERED = (0xA, 0xD)  # the first four bits of an RID that is registered, internationally or by a nation (7816-5)
CONDITIONS_NOT_SATISFIED = 0x6985


class Step(Enum):
    """What a finding stands in the way of."""

    LOAD = "INSTALL [for load]"
    LINK = "LOAD"
    INSTALL = "INSTALL [for install]"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that stands in the way: what collides with what, and the lines that would resolve it, in order.

    `certain` is False where the card does not tell enough to be sure that it will refuse. `status` is the status word
    that a card answers the step with, None where no evidence says which.
    """

    what: str
    step: Step
    resolved_by: tuple[str, ...] = ()
    certain: bool = True
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is on a card, as far as it told: its registry, and the free memory for code in bytes.

    `java_card` is the version of Java Card that this kind of card has, such as `3.0.1`; empty where that is not known.
    `java_card_told` is what the card recognition data say of it, such as `2`, empty where they say nothing.
    `known` is False where the card did not let its registry be read, or not all of it; `unseen` says what.
    """

    entries: tuple[RegistryEntry, ...] = ()
    free_memory: int | None = None
    java_card: str = ""
    java_card_told: str = ""
    known: bool = True
    unseen: tuple[str, ...] = ()

    @property
    def packages(self) -> tuple[RegistryEntry, ...]:
        """The load files."""
        return tuple(one for one in self.entries if one.scope in (Scope.LOAD_FILES, Scope.LOAD_FILES_AND_MODULES))

    @property
    def applications(self) -> tuple[RegistryEntry, ...]:
        """Applications and security domains, the issuer's included."""
        return tuple(one for one in self.entries if one not in self.packages)

    def package(self, aid: AID) -> RegistryEntry | None:
        """The load file of that AID."""
        return next((one for one in self.packages if one.aid == aid), None)

    def application(self, aid: AID) -> RegistryEntry | None:
        """The application or security domain of that AID."""
        return next((one for one in self.applications if one.aid == aid), None)

    def package_of_module(self, aid: AID) -> RegistryEntry | None:
        """The load file that has a module of that AID."""
        return next((one for one in self.packages if aid in one.modules), None)

    def instances_of(self, package: RegistryEntry) -> tuple[RegistryEntry, ...]:
        """The applications made of a package: as the card tells, or else those that have the AID of a module."""
        return tuple(
            one for one in self.applications
            if (one.load_file == package.aid if one.load_file else one.aid in package.modules)
        )

    def without(self, package: RegistryEntry) -> Inventory:
        """What is on the card once a package and all that was made of it are gone. How much is free then is not known.
        """
        gone = {package, *self.instances_of(package)}
        return replace(self, entries=tuple(one for one in self.entries if one not in gone), free_memory=None)

    def of_untold_package(self) -> tuple[RegistryEntry, ...]:
        """The applications of which the card does not tell from which package they were made, nor does their AID."""
        return tuple(
            one for one in self.applications
            if one.scope is Scope.APPLICATIONS and not one.load_file and self.package_of_module(one.aid) is None
        )


def same_package(cap: CapFile, inventory: Inventory) -> RegistryEntry | None:
    """The package on the card that has the file's AID, version and applets, as far as the card tells all three.

    That is how an installation that was cut off after its last LOAD leaves a card. Whether it is the same code cannot
    be told.
    """
    there = inventory.package(cap.aid)
    if there is None or not there.modules or set(there.modules) != set(cap.applets):
        return None
    return there if not there.version or tuple(there.version) == (cap.major, cap.minor) else None


def preflight(cap: CapFile, instances: Sequence[Instance], inventory: Inventory) -> tuple[Finding, ...]:
    """Everything that speaks against loading a file and then making these instances of it."""
    loading = _unique(_against_loading(cap, tuple(one.aid for one in instances), inventory))
    return (*loading, *against_instances(instances, inventory, cap))


def _unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))


def _against_loading(cap: CapFile, instances: Sequence[AID], inventory: Inventory) -> Iterator[Finding]:
    for package in dict.fromkeys((cap.aid, *(one.aid for one in cap.packages))):
        yield from _package_collisions(cap, package, instances, inventory)
    for applet in cap.applets:
        yield from _applet_collisions(cap, applet, inventory)
    yield from _imports(cap, inventory)
    yield from _memory(cap, inventory)


def _package_collisions(
    cap: CapFile, package: AID, instances: Sequence[AID], inventory: Inventory
) -> Iterator[Finding]:
    """The AID of a package in the file, or of the file, against everything that has one.

    That a card answers 6985 to INSTALL [for load] where a package or a module has the file's AID shows in seed 003.
    """
    of_file = package == cap.aid
    status = CONDITIONS_NOT_SATISFIED if of_file else None
    there = inventory.package(package)
    if there is not None and of_file:
        yield _package_there(cap, there, instances, inventory)
    elif there is not None:
        yield Finding(f"package {package} on the card has the AID of a package in the file", Step.LOAD,
                      removal(there, inventory))
    owner = inventory.package_of_module(package)
    if owner is not None:
        yield Finding(
            f"module {package} of package {owner.aid} has the AID of {'the' if of_file else 'a'} package in the file",
            Step.LOAD, removal(owner, inventory), status=status,
        )
    instance = inventory.application(package)
    if instance is not None and owner is None:
        yield Finding(
            f"{kind_of(instance)} {package} has the AID of {'the' if of_file else 'a'} package in the file", Step.LOAD,
            _delete(instance),
        )


def _package_there(
    cap: CapFile, there: RegistryEntry, instances: Sequence[AID], inventory: Inventory
) -> Finding:
    """The package is there. Its code may be other code, so that it is taken as it is only where that is asked for."""
    what = f"package {cap.aid} is on the card already{_version(there)}"
    if cap.applets and same_package(cap, inventory) is not None:
        what += "" if inventory.instances_of(there) else ", and no instance of it is known"
        resolved = (*_replacing(there, inventory), *_keeping(instances, inventory))
        return Finding(what, Step.LOAD, resolved, status=CONDITIONS_NOT_SATISFIED)
    return Finding(what, Step.LOAD, _replacing(there, inventory), status=CONDITIONS_NOT_SATISFIED)


def _keeping(instances: Sequence[AID], inventory: Inventory) -> tuple[str, ...]:
    """How the instances are made of the code that is on the card."""
    if not instances:
        return ()
    taken = any(inventory.application(aid) is not None for aid in instances)
    makes = "with another --instance makes one more" if taken else f"makes {', '.join(map(str, instances))}"
    return (f"or --keep-package {makes} of the code that is on the card",)


def _replacing(package: RegistryEntry, inventory: Inventory) -> tuple[str, ...]:
    """How the file takes the place of a package with its AID."""
    (deletion,) = removal(package, inventory) or ("",)
    return (f"--reinstall replaces it, or {deletion} first",) if deletion else ()


def _applet_collisions(cap: CapFile, applet: AID, inventory: Inventory) -> Iterator[Finding]:
    """An applet of the file against what the card has from other packages."""
    if applet.rid != cap.aid.rid:
        yield Finding(other_rid(cap, applet), Step.LOAD, certain=False)
    if applet in (cap.aid, *(one.aid for one in cap.packages)):
        yield Finding(f"applet {applet} of the file has the AID of its own package; the file has to be made anew",
                      Step.LOAD)
    package = inventory.package(applet)
    if package is not None and package.aid != cap.aid:
        yield Finding(f"package {applet} on the card has the AID of an applet in the file", Step.LOAD,
                      removal(package, inventory))
    owner = inventory.package_of_module(applet)
    if owner is not None and owner.aid != cap.aid:
        yield Finding(f"module {applet} of package {owner.aid} has the AID of an applet in the file", Step.LOAD,
                      removal(owner, inventory))
    instance = inventory.application(applet)
    if instance is not None and owner is None and inventory.package(cap.aid) is None:
        yield Finding(f"{kind_of(instance)} {applet} has the AID of an applet in the file", Step.LOAD,
                      _delete(instance))


def other_rid(cap: CapFile, applet: AID) -> str:
    """What to say of an applet that has not its package's RID (Java Card 2.2.2 Virtual Machine Specification, 4.2)."""
    return (f"applet {applet} has another RID than its package {cap.aid}; Java Card wants the first five bytes to be "
            "the same, and a card may refuse it")


def against_domain(domain: AID | None, inventory: Inventory) -> tuple[Finding, ...]:
    """Why nothing can be loaded into this security domain: it is none, or it is not there."""
    if domain is None:
        return ()
    there = inventory.application(domain)
    if there is None:
        if inventory.package(domain) is not None:
            return (Finding(f"{domain} is a package, not a security domain that could be loaded into", Step.LOAD,
                            _domains(inventory)),)
        missing = Finding(f"no security domain {domain} is listed on the card", Step.LOAD, _domains(inventory),
                          certain=False)
        return (missing,) if inventory.known else ()
    if there.scope is Scope.ISSUER_SECURITY_DOMAIN or there.security_domain:
        return ()
    return (Finding(f"{domain} is an application, not a security domain that could be loaded into", Step.LOAD,
                    _domains(inventory)),)


def _domains(inventory: Inventory) -> tuple[str, ...]:
    found = [str(one.aid) for one in inventory.applications
             if one.security_domain and one.scope is not Scope.ISSUER_SECURITY_DOMAIN]
    return (f"--domain with one of {', '.join(found)}" if found else "leave --domain away",)


ANOTHER_INSTANCE = "another --instance"


def against_instances(
    instances: Sequence[Instance], inventory: Inventory, cap: CapFile | None = None, *, another: str = ANOTHER_INSTANCE
) -> tuple[Finding, ...]:
    """What speaks against making these instances. `cap` is the file they come from, where it is still to be loaded;
    `another` how the line says another AID."""
    return _unique(
        finding for one in instances for finding in _instance_collisions(one, inventory, cap, another=another))


def _instance_collisions(
    instance: Instance, inventory: Inventory, cap: CapFile | None, *, another: str
) -> Iterator[Finding]:
    there = inventory.application(instance.aid)
    if there is not None:
        yield Finding(f"{kind_of(there)} {instance.aid} is on the card already", Step.INSTALL,
                      _for_instance(instance, there, inventory, loading=cap is not None, another=another))
    package = inventory.package(instance.aid)
    if package is not None or instance.aid == instance.package:
        yield Finding(f"package {instance.aid} has the AID that the instance is to get", Step.INSTALL, (another,))
    owner = inventory.package_of_module(instance.aid)
    if owner is not None and owner.aid != instance.package:
        yield Finding(f"module {instance.aid} of package {owner.aid} has the AID that the instance is to get",
                      Step.INSTALL, (another,))
    if cap is None:
        yield from _module_missing(instance, inventory)


def _for_instance(
    instance: Instance, there: RegistryEntry, inventory: Inventory, *, loading: bool, another: str
) -> tuple[str, ...]:
    """What resolves that an application has the AID: nothing is deleted for an AID that was made up for the occasion.

    Where its package gives way to the file, it goes with it.
    """
    package = inventory.package(instance.package)
    if loading and package is not None and there in inventory.instances_of(package):
        return _replacing(package, inventory)
    if instance.aid != instance.module or not _delete(there):
        return (another,)
    return (f"delete {there.aid}, or {another}",)


def _module_missing(instance: Instance, inventory: Inventory) -> Iterator[Finding]:
    """An instance of what is on the card already wants its module to be there."""
    package = inventory.package(instance.package)
    if package is None:
        yield Finding(f"there is no package {instance.package} on the card", Step.INSTALL, ("list",), certain=False)
    elif package.modules and instance.module not in package.modules:
        names = ", ".join(map(str, package.modules))
        yield Finding(f"package {package.aid} has no module {instance.module}, but {names}", Step.INSTALL)


def _imports(cap: CapFile, inventory: Inventory) -> Iterator[Finding]:
    """Imports that the card has not, or not in that version: an exporting package must have the same major version,
    and a minor one as high as the import's (Java Card 2.2.2 Virtual Machine Specification, 4.5.2)."""
    own = {package.aid for package in cap.packages}
    for wanted in cap.imports:
        there = inventory.package(wanted.aid)
        if wanted.aid in own:
            continue
        if there is not None:
            yield from _too_old(wanted, there)
        elif package_name(wanted.aid) and wanted.aid.rid not in _MAKERS:
            yield from _newer_than_card(wanted, inventory)
        elif inventory.known and _may_be_in_rom(wanted.aid, cap):
            yield Finding(f"the file imports {_named(wanted)}, which the card does not list; it may be in its ROM",
                          Step.LOAD, (f"upload the file of {wanted.aid}, if it is not in ROM",),
                          certain=False)
        elif inventory.known:
            yield Finding(f"the file imports package {wanted.aid} {wanted.version}, which is not on the card",
                          Step.LINK, (f"upload the file of {wanted.aid} first",))


def _may_be_in_rom(package: AID, cap: CapFile) -> bool:
    """Whether a package that the card does not list may be there all the same.

    Cards do not list what their makers put into ROM: packages of makers, issuers and standards bodies, which have an
    RID that is registered. A library of the file's own maker is loaded, and listed then; so is one under an RID that
    nobody registered.
    """
    registered = package.value[0] >> 4 in _REGISTERED
    return package.rid in _MAKERS or (registered and package.rid != cap.aid.rid)


def _too_old(wanted: Package, there: RegistryEntry) -> Iterator[Finding]:
    if len(there.version) != 2:
        return
    major, minor = there.version
    if major != wanted.major or minor < wanted.minor:
        yield Finding(f"the file imports {_named(wanted)}, and the card has version {major}.{minor} of it", Step.LINK)


def _newer_than_card(wanted: Package, inventory: Inventory) -> Iterator[Finding]:
    """Imports of the platform's own packages, which cards need not list: by the Java Card version that they came with.
    """
    imports, card_s = f"the file imports {_named(wanted)}", inventory.java_card
    convert = (f"convert the file for Java Card {card_s}" if card_s else "convert the file for the card's Java Card",)
    needed = java_card_version(wanted.aid, wanted.major, wanted.minor)
    if no_java_card_has(wanted.aid, wanted.major):
        yield Finding(f"{imports}, and no Java Card up to {NEWEST} has version {wanted.major}.x of that package",
                      Step.LINK, convert)
    elif needed and card_s and is_newer(needed, card_s):
        yield Finding(f"{imports}, which takes Java Card {needed}; this kind of card has {card_s}", Step.LINK, convert)
    elif needed and not card_s and is_unknown(needed):
        yield Finding(f"{imports}, which no Java Card up to {NEWEST} has", Step.LINK, convert, certain=False)
    elif needed and not card_s and is_newer(needed, _MOST_OF.get(inventory.java_card_told, needed)):
        yield Finding(f"{imports}, which takes Java Card {needed}, and the card says that it has Java Card "
                      f"{inventory.java_card_told}", Step.LINK, convert, certain=False)


# up to which version a card may be that says so: a JCOP 2.4.2, which has 3.0.1, is not known to say 3
_MOST_OF = {"2": "3.0.1"}


def unlisted_imports(cap: CapFile, inventory: Inventory) -> str:
    """Sentences for a card that has refused to link a file: which imports it can mean, and what is known of its Java
    Card version. An import that the card lists in a version that fits is none of them."""
    own = {package.aid for package in cap.packages}
    asked = [_with_java_card(one) for one in cap.imports if one.aid not in own
             and ((there := inventory.package(one.aid)) is None or any(_too_old(one, there)))]
    which = f"It can mean {', '.join(asked)}: what the file imports and the card does not list. " if asked else ""
    if inventory.java_card:
        return f"{which}This kind of card has Java Card {inventory.java_card}"
    if inventory.java_card_told:
        return f"{which}The card says that it has Java Card {inventory.java_card_told}"
    return f"{which}Which Java Card version the card has is not known"


def _with_java_card(package: Package) -> str:
    needed = java_card_version(package.aid, package.major, package.minor)
    return f"{_named(package)} (Java Card {needed})" if needed else _named(package)


def _memory(cap: CapFile, inventory: Inventory) -> Iterator[Finding]:
    free, needed = inventory.free_memory, len(cap.load_data)
    if free is not None and needed > free:
        yield Finding(f"the file has {needed} bytes to load, and {free} bytes of memory are free", Step.LINK,
                      ("list", "delete what is not needed"))


def removal(package: RegistryEntry, inventory: Inventory) -> tuple[str, ...]:
    """The line that takes a package off the card, with what was made of it; none for the card's own."""
    if package.aid in DOMAIN_MODULES:  # without it the card makes no more security domains
        return ()
    related = inventory.instances_of(package) or inventory.of_untold_package()
    return (f"delete {package.aid} --related" if related else f"delete {package.aid}",)


def against_deleting(aid: AID, inventory: Inventory, *, related: bool) -> tuple[Finding, ...]:
    """Why a card may refuse to delete this: it is the card's own, it has instances, it is only a module, it is not
    there."""
    own = _own_of_card(aid, inventory)
    if own:
        return (Finding(own, Step.DELETE),)
    package, owner = inventory.package(aid), inventory.package_of_module(aid)
    instances = inventory.instances_of(package) if package else ()
    if package is not None and instances and not related:
        names = ", ".join(str(one.aid) for one in instances)
        made = "is" if len(instances) == 1 else "are"
        return (Finding(f"{names} {made} made of package {aid}", Step.DELETE, (f"delete {aid} --related",),
                        status=CONDITIONS_NOT_SATISFIED),)  # seed 003
    untold = ", ".join(str(one.aid) for one in inventory.of_untold_package())
    if package is not None and untold and not related:
        return (Finding(f"perhaps {untold} is made of package {aid}: the card does not tell of which package it is",
                        Step.DELETE, (f"delete {aid} --related",), certain=False),)
    if package is None and inventory.application(aid) is None and owner is not None:
        return (Finding(f"{aid} is a module of package {owner.aid}, and goes only with it", Step.DELETE,
                        removal(owner, inventory)),)
    if package is None and inventory.application(aid) is None and inventory.known:
        return (Finding(f"nothing on the card has the AID {aid}", Step.DELETE, ("list",), certain=False),)
    return ()


def _own_of_card(aid: AID, inventory: Inventory) -> str:
    """What to say of something that a card never loses, as its security domains depend on it; empty for all else."""
    instance = inventory.application(aid)
    if instance is not None and instance.scope is Scope.ISSUER_SECURITY_DOMAIN:
        return f"{aid} is the issuer security domain, which manages the card and stays with it"
    package = aid if aid in DOMAIN_MODULES else next(
        (one for one, module in DOMAIN_MODULES.items() if module == aid), None)
    if package is None or inventory.package(package) is None:
        return ""
    holds = "the code of the security domains: it came with the card and stays with it"
    if package == aid:
        return f"package {aid} holds {holds}"
    return f"{aid} is a module of package {package}, which holds {holds}"


def _delete(entry: RegistryEntry) -> tuple[str, ...]:
    return () if entry.scope is Scope.ISSUER_SECURITY_DOMAIN else (f"delete {entry.aid}",)


def kind_of(entry: RegistryEntry) -> str:
    """What an application is, in words."""
    if entry.scope is Scope.ISSUER_SECURITY_DOMAIN:
        return "issuer security domain"
    return "security domain" if entry.security_domain else "application"


def _version(entry: RegistryEntry) -> str:
    return f", version {entry.version[0]}.{entry.version[1]}" if len(entry.version) == 2 else ""


def _named(package: Package) -> str:
    name = package_name(package.aid)
    return f"{name or package.aid} {package.version}"
