"""The cards that can be simulated, and how one is named: `j2a040-unfused`, `j2a040-unfused,boot=keep`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jcopsh.simulator.assumptions import CARD_MANAGER_FCI, IDENTIFY_ANSWER
from jcopsh.simulator.memory import J2A040_LAYOUT, J2A081_LAYOUT, MemoryLayout

DEFAULT_PROFILE = "j2a040-unfused"
SIMULATED_TRANSPORT_KEY = b"JCOPSIMULATEDTK0"
"""The transport key of every simulated card: no secret, 16 ASCII bytes."""


class BootVariant(StrEnum):
    """What BOOT does: `wipe` restores the defaults and makes new keys, `keep` only starts the card."""

    WIPE = "wipe"
    KEEP = "keep"


class ProtocolVariant(StrEnum):
    """The protocol that the card with files speaks."""

    T1 = "t1"
    T0 = "t0"


class ProfileError(ValueError):
    """An unknown profile or option. The message lists what exists; `offset` is where the wrong part starts."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of card.

    `map_name` is the name of the memory map that describes it, `transport_key` the key that selects its root applet;
    None where it has none.
    """

    name: str
    title: str
    map_name: str | None = None
    transport_key: bytes | None = field(default=None, repr=False)

    @property
    def kind(self) -> Mapping[str, str]:
        """The name, and each option with its value."""
        return {"profile": self.name} | {option: str(getattr(self, option)) for option in self.options()}

    @classmethod
    def options(cls) -> Mapping[str, tuple[str, ...]]:
        """The options that can stand behind the name, each with its values."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class JcopProfile(Profile):
    """An unfused JCOP.

    `identify` are the 19 bytes of IDENTIFY while unfused, `card_manager_fci` what the card manager answers to SELECT.
    """

    map_name: str
    layout: MemoryLayout
    boot: BootVariant = BootVariant.WIPE
    transport_key: bytes = field(default=SIMULATED_TRANSPORT_KEY, repr=False)
    identify: bytes = IDENTIFY_ANSWER.value
    card_manager_fci: bytes = CARD_MANAGER_FCI.value

    @classmethod
    def options(cls) -> Mapping[str, tuple[str, ...]]:
        """What BOOT does."""
        return {"boot": tuple(BootVariant)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesProfile(Profile):
    """A card with files (ISO/IEC 7816-4), and no JCOP."""

    protocol: ProtocolVariant = ProtocolVariant.T1

    @classmethod
    def options(cls) -> Mapping[str, tuple[str, ...]]:
        """The protocol it speaks."""
        return {"protocol": tuple(ProtocolVariant)}


_PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        JcopProfile(
            name="j2a040-unfused",
            title="J2A040 (JCOP 2.4.1), not pre-personalised; memory as in the vendor's script",
            map_name="simulated-j2a040",
            layout=J2A040_LAYOUT,
        ),
        JcopProfile(
            name="j2a081-unfused",
            title="J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000",
            map_name="simulated-j2a081",
            layout=J2A081_LAYOUT,
        ),
        FilesProfile(
            name="iso7816-files",
            title="an ordinary card with files, records, data objects and a PIN: the inventory of a workshop",
        ),
    )
}
_ALIASES = {"files": "iso7816-files"}


def profile_names() -> tuple[str, ...]:
    """The names of all profiles, the default one first."""
    return tuple(_PROFILES)


def parse_profile(text: str) -> Profile:
    """A profile from its name and its options, separated by commas without spaces; `files` is short for iso7816-files.

    Raises ProfileError for a name, an option or a value that does not exist, and for an option given twice.
    """
    name, *options = text.split(",")
    profile = _PROFILES.get(_ALIASES.get(name, name))
    if profile is None:
        raise ProfileError(f"there is no profile {name!r}; there are {', '.join(_PROFILES)}", 0)
    possible = ", ".join(f"{key}={value}" for key, values in profile.options().items() for value in values)
    offset, seen = len(name) + 1, set[str]()
    for option in options:
        key, _, value = option.partition("=")
        if value not in profile.options().get(key, ()):
            raise ProfileError(f"there is no option {option!r}; there are {possible}", offset)
        if key in seen:
            raise ProfileError(f"the option {key} is given twice; there are {possible}", offset)
        seen.add(key)
        kind = type(getattr(profile, key))
        profile, offset = replace(profile, **{key: kind(value)}), offset + len(option) + 1
    return profile
