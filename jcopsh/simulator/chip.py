"""What the card's applications work on: the memory that stays, and what a reset forgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jcopsh.simulator.card_content import CardContent
from jcopsh.simulator.card_keys import CardKeySet, KeyType
from jcopsh.simulator.memory import (
    KEY_ADDRESSES,
    KEY_LENGTH,
    KEY_VERSION_ADDRESSES,
    SERIAL_LENGTH,
    Eeprom,
    factory_eeprom,
)
from jcopsh.simulator.profiles import BootVariant, JcopProfile
from jcopsh.simulator.randomness import Randomness

_SERIAL_AT = 12  # bytes of CPLC before the serial number: fabricator, type, operating system, date


class Chip:
    """The EEPROM behind a door, and the volatile state of one power-up.

    `save` is called with each new EEPROM before it counts; an OSError from it leaves the old one in force.
    """

    def __init__(
        self, profile: JcopProfile, eeprom: Eeprom, randomness: Randomness, save: Callable[[Eeprom], None]
    ) -> None:
        self.profile = profile
        self._eeprom = eeprom
        self.randomness = randomness
        self._save = save
        self._started = False
        self.card_manager_ready = False
        self.selected: dict[int, bytes] = {}
        """The AID that is selected on each logical channel; empty bytes where it is no instance."""
        self.platform = profile.card_platform

    @property
    def eeprom(self) -> Eeprom:
        """The memory now in force."""
        return self._eeprom

    @property
    def booted(self) -> bool:
        """Whether READ, WRITE, PROTECT and FUSE are allowed."""
        return self._eeprom.booted or self._started

    def commit(self, eeprom: Eeprom) -> None:
        """Put `eeprom` in force, once it is saved. Raises OSError where it cannot be saved."""
        if eeprom != self._eeprom:
            self._save(eeprom)
            self._eeprom = eeprom

    @property
    def content(self) -> CardContent:
        """The card manager's registry now in force."""
        return self._eeprom.content or self.platform.factory_content()

    def commit_content(self, content: CardContent) -> None:
        """Put another registry in force, once it is saved. Raises OSError where it cannot be saved."""
        self.commit(replace(self._eeprom, content=content))

    @property
    def slot_keys(self) -> tuple[CardKeySet, ...]:
        """The key set in the CM_KEY slots, under the version of the first slot; none where that version is 00."""
        version = self._eeprom.read(KEY_VERSION_ADDRESSES[0], 1)
        values = tuple(self._eeprom.read(address, KEY_LENGTH) or b"" for address in KEY_ADDRESSES)
        if not version or not version[0]:
            return ()
        return (CardKeySet.of_three(version[0], KeyType.TDES, values),)

    @property
    def production_data(self) -> bytes:
        """The value of GET DATA 9F7F: that of the generation, with this chip's own serial number."""
        usual, serial = self.platform.production_data, self._eeprom.serial
        return usual[:_SERIAL_AT] + serial + usual[_SERIAL_AT + SERIAL_LENGTH :] if serial else usual

    def restart(self, eeprom: Eeprom) -> None:
        """Forget what a reset forgets, and take `eeprom` as found in the card."""
        self._eeprom = eeprom
        self._started = False
        self.card_manager_ready = eeprom.fused or eeprom.keys_written

    def boot(self) -> None:
        """What BOOT does, in the profile's variant. Raises OSError where the memory cannot be saved."""
        if self.profile.boot is BootVariant.KEEP:
            self._started = True
            return
        fresh = factory_eeprom(self.profile.layout, self.randomness)
        self.commit(Eeprom(fresh.memory, fresh.random_keys, booted=True, serial=self._eeprom.serial))
        self.card_manager_ready = False
