"""The simulated card: power, the state file, the log of what it received, and the machine inside."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jcopsh.simulator.apdu import Answer
from jcopsh.simulator.assumptions import MEMORY_FAILURE, NO_POWER
from jcopsh.simulator.atr import AnswerToReset
from jcopsh.simulator.file_card import FileCard
from jcopsh.simulator.file_codec import FileCodec
from jcopsh.simulator.files import factory_memory
from jcopsh.simulator.jcop_card import JcopCard
from jcopsh.simulator.jcop_codec import JcopCodec
from jcopsh.simulator.machine import Codec, Machine
from jcopsh.simulator.profiles import FilesProfile, JcopProfile, Profile, ProtocolVariant
from jcopsh.simulator.randomness import Randomness
from jcopsh.simulator.state_file import StateFile, StateFileError, WireLog
from jcopsh.simulator.transport import Transport, TransportT0, TransportT1

_PROTOCOLS = {ProtocolVariant.T1: "T=1", ProtocolVariant.T0: "T=0"}


class SimulatedCard:
    """A card. It starts without power.

    With `state_file` its memory lies in that file, written before each answer, and every byte string received is added
    to FILE.log before it is looked at; a missing file is created, from a card fresh from the factory. `log_file` is one
    more such log. `randomness(n)` gives the n bytes of a random key or GPIN.
    Raises StateFileError for a state file that cannot be used.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        state_file: Path | None = None,
        log_file: Path | None = None,
        randomness: Randomness = os.urandom,
    ) -> None:
        self.profile = profile
        self.received: list[bytes] = []
        self._state = None if state_file is None else StateFile(state_file, _codec(profile))
        paths = (self._state.log_path if self._state else None, log_file)
        self._logs = tuple(WireLog(path) for path in paths if path is not None)
        self._machine = _machine(profile, self._insert(randomness), randomness, self._save)
        self._atr: AnswerToReset | None = None
        self._transport: Transport | None = None

    @property
    def atr(self) -> bytes:
        """The answer to the last reset; empty without power."""
        return self._atr.raw if self._atr else b""

    @property
    def cold_atr(self) -> bytes:
        """What a cold reset would answer now."""
        return self._machine.cold_atr.raw

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`, as the last ATR says; `?` without power."""
        return f"T={self._atr.protocol}" if self._atr else "?"

    def power_on(self) -> bytes:
        """A cold reset, with or without power before; the ATR.

        The state file is read again: the card may have been in another program meanwhile. Raises StateFileError where
        it is damaged by now or in use elsewhere, or where a log cannot be written; the card is without power then.
        """
        self._forget()
        if self._state:
            self._state.take()
        try:
            self._event("cold reset")
            return self._reset(self._found(), cold=True)
        except BaseException:
            self._release()
            raise

    def warm_reset(self) -> bytes:
        """A reset by the RST contact alone; the ATR. Without power it is a cold reset."""
        if self._atr is None:
            return self.power_on()
        self._event("warm reset")
        return self._reset(self._machine.memory, cold=False)

    def power_off(self) -> None:
        """Take the power away: everything volatile is gone. May be called twice."""
        if self._atr is None:
            return
        self._forget()
        with suppress(StateFileError):  # a log that cannot be written has nothing to hold back here
            self._event("power off")
        self._release()

    def process(self, command: bytes) -> bytes:
        """Answer any bytes with data and a status word, at least two bytes. It raises for none."""
        command = bytes(command)
        self.received.append(command)
        try:
            for log in self._logs:
                log.command(command)
            answer = self._transport.process(command) if self._transport else Answer(NO_POWER.value)
        except OSError:
            answer = Answer(MEMORY_FAILURE.value)
        return answer.encode()

    def _insert(self, randomness: Randomness) -> Any:
        """The memory in the state file, or that of a new card, which is put there."""
        memory = self._state.load() if self._state else None
        if memory is None:
            memory = _factory_memory(self.profile, randomness)
            if self._state:
                self._state.create(memory)
        return memory

    def _found(self) -> Any:
        """The memory at power-up."""
        return (self._state.load() if self._state else None) or self._machine.memory

    def _save(self, memory: Any) -> None:
        if self._state:
            self._state.save(memory)

    def _event(self, text: str) -> None:
        for log in self._logs:
            log.event(text)

    def _forget(self) -> None:
        self._atr = self._transport = None

    def _release(self) -> None:
        if self._state:
            self._state.release()

    def _reset(self, memory: Any, *, cold: bool) -> bytes:
        self._atr = self._machine.reset(memory, cold=cold)
        self._transport = (TransportT1 if self._atr.protocol else TransportT0)(self._machine.execute)
        return self._atr.raw


def _codec(profile: Profile) -> Codec[Any]:
    return FileCodec(profile.kind) if isinstance(profile, FilesProfile) else JcopCodec(profile.kind)


def _factory_memory(profile: Profile, randomness: Randomness) -> Any:
    if isinstance(profile, JcopProfile):
        return profile.factory_memory(randomness)
    return factory_memory()


def _machine(profile: Profile, memory: Any, randomness: Randomness, save: Callable[[Any], None]) -> Machine[Any]:
    """The machine inside a card of this profile. The memory is of the profile's own kind, as is what it saves."""
    match profile:
        case JcopProfile():
            return JcopCard(profile, memory, randomness, save)
        case FilesProfile():
            return FileCard(_PROTOCOLS[profile.protocol], memory, randomness, save)
    raise ValueError(f"nothing simulates {profile.name}")
