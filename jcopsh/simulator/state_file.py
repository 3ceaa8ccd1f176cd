"""The card's memory on disk, and the log of what the card received.

Both hold keys in clear, since they are the card itself: they are made with mode 0600.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Generic

from jcopsh.simulator.machine import Codec, MemoryT

_FORMAT = "jcopsh simulated card, 1"
_PRIVATE = 0o600


class StateFileError(ValueError):
    """A state file, or a log, that cannot be used. The message names it and says why, never what it holds."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path


class StateFile(Generic[MemoryT]):
    """One card on disk, as JSON: its kind, and what `codec` makes of its memory."""

    def __init__(self, path: Path, codec: Codec[MemoryT]) -> None:
        self._path = path
        self._codec = codec
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

    def load(self) -> MemoryT | None:
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

    def create(self, memory: MemoryT) -> None:
        """Make the file of a new card. Raises StateFileError."""
        try:
            self.save(memory)
        except OSError as error:
            raise StateFileError(self._path, f"it cannot be written ({error.strerror})") from None

    def save(self, memory: MemoryT) -> None:
        """Replace the file as a whole: a crash leaves the old card or the new one. Raises OSError."""
        import tempfile

        target = Path(os.path.realpath(self._path))
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump({"format": _FORMAT, **self._codec.kind, **self._codec.encode(memory)}, file, indent=1)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def _decode(self, text: str) -> MemoryT:
        try:
            stored = json.loads(text)
        except (ValueError, RecursionError):
            raise StateFileError(self._path, "it is damaged: it is not JSON") from None
        if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
            raise StateFileError(self._path, "it is not the file of a simulated card")
        wanted = self._codec.kind
        found = {name: str(stored.get(name)) for name in wanted}
        if found != wanted:
            raise StateFileError(self._path, f"it holds the card {_named(found)}, and {_named(wanted)} was asked for")
        try:
            return self._codec.decode(stored)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise StateFileError(self._path, "it is damaged: a field is missing or has no valid value") from None


def profile_in(path: Path) -> str | None:
    """The profile of the card in a file, with its options, as it is given; None where there is no file.

    Raises StateFileError where it is not the file of a simulated card.
    """
    from jcopsh.simulator.profiles import parse_profile

    try:
        stored = json.loads(path.read_bytes())
        if stored["format"] != _FORMAT:
            raise ValueError
        options = parse_profile(stored["profile"]).options()
        return _named({"profile": stored["profile"], **{one: stored[one] for one in options if one in stored}})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateFileError(path, f"it cannot be read ({error.strerror})") from None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise StateFileError(path, "it is not the file of a simulated card") from None


def _named(kind: Mapping[str, str]) -> str:
    """The name of a profile and its options, as they are given."""
    name, *options = kind.items()
    return ",".join([name[1], *(f"{option}={value}" for option, value in options if value != "None")])


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
