"""What the card's applications work on: the memory that stays, and what a reset forgets."""

from __future__ import annotations

from collections.abc import Callable

from jcopsh.simulator.machine import Randomness
from jcopsh.simulator.memory import Eeprom, factory_eeprom
from jcopsh.simulator.profiles import BootVariant, JcopProfile


class Chip:
    """The EEPROM behind a door, and the volatile state of one power-up.

    `save` is called with each new EEPROM before it counts; an OSError from it leaves the old one in force.
    """

    def __init__(
        self, profile: JcopProfile, eeprom: Eeprom, randomness: Randomness, save: Callable[[Eeprom], None]
    ) -> None:
        self.profile = profile
        self._eeprom = eeprom
        self._randomness = randomness
        self._save = save
        self._started = False
        self.card_manager_ready = False

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
        fresh = factory_eeprom(self.profile.layout, self._randomness)
        self.commit(Eeprom(fresh.memory, fresh.random_keys, booted=True))
        self.card_manager_ready = False
