"""The cards that can be simulated, and how one is named: `j2a040-unfused`, `j2a040-unfused,boot=keep`."""

from __future__ import annotations

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


class ProfileError(ValueError):
    """An unknown profile or option. The message lists what exists; `offset` is where the wrong part starts."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of card.

    `map_name` is the name of the memory map that describes it; `identify` the 19 bytes of IDENTIFY while unfused;
    `card_manager_fci` what the card manager answers to SELECT.
    """

    name: str
    title: str
    map_name: str
    layout: MemoryLayout
    boot: BootVariant = BootVariant.WIPE
    transport_key: bytes = field(default=SIMULATED_TRANSPORT_KEY, repr=False)
    identify: bytes = IDENTIFY_ANSWER.value
    card_manager_fci: bytes = CARD_MANAGER_FCI.value


_PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "j2a040-unfused",
            "J2A040 (JCOP 2.4.1), not pre-personalised; memory as in the vendor's script",
            "simulated-j2a040",
            J2A040_LAYOUT,
        ),
        Profile(
            "j2a081-unfused",
            "J2A081 (JCOP 2.4.1), not pre-personalised; historical bytes one byte later, as in seed 000",
            "simulated-j2a081",
            J2A081_LAYOUT,
        ),
    )
}
_OPTIONS = ", ".join(f"boot={variant}" for variant in BootVariant)


def profile_names() -> tuple[str, ...]:
    """The names of all profiles, the default one first."""
    return tuple(_PROFILES)


def parse_profile(text: str) -> Profile:
    """A profile from its name and its options, separated by commas without spaces.

    Raises ProfileError for a name, an option or a value that does not exist, and for an option given twice.
    """
    name, *options = text.split(",")
    if name not in _PROFILES:
        raise ProfileError(f"there is no profile {name!r}; there are {', '.join(_PROFILES)}", 0)
    profile, offset, seen = _PROFILES[name], len(name) + 1, False
    for option in options:
        key, _, value = option.partition("=")
        if key != "boot" or value not in list(BootVariant):
            raise ProfileError(f"there is no option {option!r}; there are {_OPTIONS}", offset)
        if seen:
            raise ProfileError(f"the option boot is given twice; there are {_OPTIONS}", offset)
        profile, offset, seen = replace(profile, boot=BootVariant(value)), offset + len(option) + 1, True
    return profile
