"""The cards that can be simulated, and how one is named: `j2a040-unfused`, `j2a040-unfused,boot=keep`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jcopsh.simulator.assumptions import GP_KEYS
from jcopsh.simulator.memory import (
    J2A040_LAYOUT,
    J2A081_LAYOUT,
    KEY_ADDRESSES,
    KEY_VERSION_ADDRESSES,
    Eeprom,
    MemoryLayout,
    factory_eeprom,
)
from jcopsh.simulator.platforms import DEFAULT_KEY, JCOP_45, JCOP_241, JCOP_242R3, Platform
from jcopsh.simulator.randomness import Randomness

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


class OptionVariant(StrEnum):
    """An implementation option in two hexadecimal digits, or `usual` for that of the generation."""

    def option(self, usual: int) -> int:
        """The option as a number."""
        return usual if self.value == "usual" else int(self.value, 16)


class Scp02Variant(OptionVariant):
    """The implementation option i of SCP02 (Card Specification 2.2.1, table E-1); `usual` is the generation's own."""

    USUAL = "usual"
    I05 = "05"
    I15 = "15"
    I35 = "35"
    I45 = "45"
    I55 = "55"
    I75 = "75"
    I07 = "07"
    I17 = "17"
    I57 = "57"
    I77 = "77"


class Scp03Variant(OptionVariant):
    """The implementation option i of SCP03 (Amendment D, table 5-1); `usual` is the generation's own."""

    USUAL = "usual"
    I00 = "00"
    I10 = "10"
    I20 = "20"
    I60 = "60"
    I70 = "70"
    I01 = "01"
    I61 = "61"
    I71 = "71"


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
    """An unfused JCOP. `platform` is its generation: what its card manager is like once it answers."""

    layout: MemoryLayout
    platform: Platform
    boot: BootVariant = BootVariant.WIPE
    transport_key: bytes | None = field(default=SIMULATED_TRANSPORT_KEY, repr=False)

    @classmethod
    def options(cls) -> Mapping[str, tuple[str, ...]]:
        """What BOOT does."""
        return {"boot": tuple(BootVariant)}

    @property
    def card_platform(self) -> Platform:
        """The generation, with the options that this profile chose."""
        return self.platform

    def factory_memory(self, randomness: Randomness) -> Eeprom:
        """The memory of a new card."""
        return factory_eeprom(self.layout, randomness)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalisedProfile(JcopProfile):
    """A fused JCOP with 40 to 4F in its key slots. `scp02` is the implementation option of its SCP02."""

    layout: MemoryLayout = J2A040_LAYOUT
    transport_key: bytes | None = None
    scp02: Scp02Variant = Scp02Variant.USUAL

    @classmethod
    def options(cls) -> Mapping[str, tuple[str, ...]]:
        """The implementation option of SCP02."""
        return {"scp02": tuple(Scp02Variant)}

    @property
    def card_platform(self) -> Platform:
        """The generation, with the chosen option of SCP02."""
        return replace(self.platform, scp02=self.scp02.option(self.platform.scp02))

    def factory_memory(self, randomness: Randomness) -> Eeprom:
        """The memory of a card as the personaliser delivers it."""
        eeprom = factory_eeprom(self.layout, randomness)
        contents = dict.fromkeys(KEY_VERSION_ADDRESSES, bytes((GP_KEYS.value,))) | dict.fromkeys(
            KEY_ADDRESSES, DEFAULT_KEY
        )
        for address, data in contents.items():
            eeprom = eeprom.write(address, data) or eeprom
        return replace(eeprom, booted=True, protected=True, fused=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jcop4Profile(PersonalisedProfile):
    """A personalised JCOP 4, which speaks SCP03 too."""

    scp03: Scp03Variant = Scp03Variant.USUAL

    @classmethod
    def options(cls) -> Mapping[str, tuple[str, ...]]:
        """The implementation options of SCP02 and SCP03."""
        return {"scp02": tuple(Scp02Variant), "scp03": tuple(Scp03Variant)}

    @property
    def card_platform(self) -> Platform:
        """The generation, with the chosen options of both protocols."""
        scp02, scp03 = self.scp02.option(self.platform.scp02), self.scp03.option(self.platform.scp03 or 0)
        return replace(self.platform, scp02=scp02, scp03=scp03)


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
            platform=JCOP_241,
        ),
        JcopProfile(
            name="j2a081-unfused",
            title="J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000",
            map_name="simulated-j2a081",
            layout=J2A081_LAYOUT,
            platform=JCOP_241,
        ),
        PersonalisedProfile(
            name="j2a040",
            title="J2A040 (JCOP 2.4.1), personalised: SCP02, keys 40 to 4F of version FF",
            platform=JCOP_241,
        ),
        PersonalisedProfile(
            name="j2e145",
            title="J2E145 (JCOP 2.4.2R3), personalised: SCP02, keys 40 to 4F of version FF",
            platform=JCOP_242R3,
        ),
        Jcop4Profile(
            name="j3r180",
            title="J3R180 (JCOP 4.5), personalised: SCP03 with keys of version FF, SCP02 with those of version 20",
            platform=JCOP_45,
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
