"""The card's EEPROM on disk, and the log of what the card received.

Both hold keys in clear, since they are the card itself: they are made with mode 0600.
"""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import IO

from jcopsh.simulator.memory import FIRST_ADDRESS, KEY_ADDRESSES, KEY_LENGTH, LAST_ADDRESS, MEMORY_LENGTH, Eeprom
from jcopsh.simulator.profiles import Profile

_FORMAT = "jcopsh simulated card, 1"
_ROW = 16
_PRIVATE = 0o600


class StateFileError(ValueError):
    """A state file, or a log, that cannot be used. The message names it and says why, never what it holds."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


class StateFile:
    """One card on disk, as JSON: flags, random keys, and the rows of 16 bytes that are not all zero."""

    def __init__(self, path: Path, profile: Profile) -> None:
        self._path = path
        self._profile = profile
        self._lock: IO[bytes] | None = None

    @property
    def log_path(self) -> Path:
        """Where the log of received byte strings stands: FILE.log."""
        return self._path.with_name(self._path.name + ".log")

    def take(self) -> None:
        """Put the card into this reader: no other process can power it until `release`.

        Raises StateFileError where another one has it, or where the lock cannot be made.
        """
        if self._lock is not None:
            return
        import fcntl

        try:
            # The log is never replaced, the state file is: only the log can carry the lock.
            lock = os.fdopen(os.open(self.log_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _PRIVATE), "ab")
        except OSError as error:
            raise StateFileError(self._path, f"its log cannot be opened ({error.strerror})") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise StateFileError(self._path, "another program has this card powered; a card is in one reader") from None
        self._lock = lock

    def release(self) -> None:
        """Take the card out of this reader."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def load(self) -> Eeprom | None:
        """The card in the file, or None where there is no file.

        Raises StateFileError for a damaged or foreign file, and for a card of another profile.
        """
        if self._path.exists() and not self._path.is_file():
            raise StateFileError(self._path, "it is no regular file")
        try:
            text = self._path.read_bytes().decode("ascii")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateFileError(self._path, f"it cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise StateFileError(self._path, "it is not the file of a simulated card") from None
        return self._decode(text)

    def create(self, eeprom: Eeprom) -> None:
        """Make the file of a new card. Raises StateFileError."""
        try:
            self.save(eeprom)
        except OSError as error:
            raise StateFileError(self._path, f"it cannot be written ({error.strerror})") from None

    def save(self, eeprom: Eeprom) -> None:
        """Replace the file as a whole: a crash leaves the old card or the new one. Raises OSError."""
        import tempfile

        target = Path(os.path.realpath(self._path))
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(self._encode(eeprom), file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def _encode(self, eeprom: Eeprom) -> dict[str, object]:
        rows = {f"{FIRST_ADDRESS + at:06X}": eeprom.memory[at : at + _ROW] for at in range(0, MEMORY_LENGTH, _ROW)}
        return {
            "format": _FORMAT,
            "profile": self._profile.name,
            "boot": self._profile.boot.value,
            "booted": eeprom.booted,
            "protected": eeprom.protected,
            "fused": eeprom.fused,
            "random_keys": [key.hex().upper() for key in eeprom.random_keys],
            "memory": {address: row.hex().upper() for address, row in rows.items() if any(row)},
        }

    def _decode(self, text: str) -> Eeprom:
        try:
            stored = json.loads(text)
        except (ValueError, RecursionError):
            raise StateFileError(self._path, "it is damaged: it is not JSON") from None
        if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
            raise StateFileError(self._path, "it is not the file of a simulated card")
        kind = f"{stored.get('profile')},boot={stored.get('boot')}"
        if kind != f"{self._profile.name},boot={self._profile.boot}":
            wanted = f"{self._profile.name},boot={self._profile.boot}"
            raise StateFileError(self._path, f"it holds the card {kind}, and {wanted} was asked for")
        try:
            return _decode_eeprom(stored)
        except (KeyError, TypeError, ValueError):
            raise StateFileError(self._path, "it is damaged: a field is missing or has no valid value") from None


def _decode_eeprom(stored: dict[str, object]) -> Eeprom:
    """The EEPROM of a stored card; KeyError, TypeError or ValueError where a field is wrong."""
    keys, rows = stored["random_keys"], stored["memory"]
    if not isinstance(keys, list) or not isinstance(rows, dict):
        raise TypeError
    random_keys = tuple(_exact(key, KEY_LENGTH) for key in keys)
    if len(random_keys) != len(KEY_ADDRESSES):
        raise ValueError
    memory = bytearray(MEMORY_LENGTH)
    for address_text, row in rows.items():
        start = int(address_text, 16) - FIRST_ADDRESS
        if start % _ROW or not 0 <= start <= LAST_ADDRESS - FIRST_ADDRESS:
            raise ValueError
        memory[start : start + _ROW] = _exact(row, _ROW)
    flags = {name: _flag(stored[name]) for name in ("booted", "protected", "fused")}
    return Eeprom(bytes(memory), random_keys, **flags)


def _exact(text: str, length: int) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != length:
        raise ValueError
    return data


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class WireLog:
    """A text file with one line for each byte string the card received, in hexadecimal, and `# …` for power events.

    Each line is handed to the operating system before the card looks at the bytes, so that it outlives this process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def command(self, raw: bytes) -> None:
        """Add a received byte string; one without bytes stands as `# no bytes`. Raises OSError."""
        self._line(raw.hex().upper() or "# no bytes")

    def event(self, text: str) -> None:
        """Add a power event. Raises StateFileError where the log cannot be written."""
        try:
            self._line(f"# {text}")
        except OSError as error:
            raise StateFileError(self._path, f"the log cannot be written ({error.strerror})") from None

    def _line(self, text: str) -> None:
        line = text.encode("ascii") + b"\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
        try:
            if os.write(handle, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)
