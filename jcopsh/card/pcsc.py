"""Readers and cards through PC/SC. The only file that imports pyscard, and only once a reader is asked for.

It speaks to `smartcard.scard`, pyscard's thin layer over the C interface (PC/SC part 5, pcsclite's winscard.h): every
call returns a result code first, and nothing is retried, followed or cached behind the caller's back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from jcopsh.card.link import ResetKind
from jcopsh.errors import ReaderError

NOT_INSTALLED_HINT = (
    "on Debian: `apt install pcscd libpcsclite-dev gcc python3-dev`, then `pip install 'jcopsh[pcsc]'`; "
    "without a reader: `jcopsh --sim`"
)
SIMULATED_HINT = "without a reader: `jcopsh --sim`"


class Result(IntEnum):
    """Result codes of PC/SC calls (pcsclite's pcsclite.h), as unsigned 32-bit numbers."""

    SUCCESS = 0
    INTERNAL_ERROR = 0x80100001
    INVALID_HANDLE = 0x80100003
    INSUFFICIENT_BUFFER = 0x80100008
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    NOT_READY = 0x80100010
    COMM_ERROR = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS_AVAILABLE = 0x8010002E
    UNSUPPORTED_CARD = 0x80100065
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A


@dataclass(frozen=True, slots=True)
class _Fault:
    """What a result code means to the person at the reader."""

    what: str
    meaning: str
    hint: str
    card_lost: bool = True


_RECONNECT = "`connect` opens it again; what was selected or open on the card is gone"
_SEAT = "take the card out, put it in again with its contacts to the reader's, then `connect`"
_SERVICE = f"`sudo systemctl start pcscd.socket`, or `sudo pcscd` where there is no systemd; {SIMULATED_HINT}"
_NO_SERVICE = _Fault("the PC/SC service does not answer", "pcscd is not running, or has stopped", _SERVICE)
_MUTE = _Fault("the card does not answer", "it took the command and stayed silent, or the contact is bad", _SEAT)
_GONE = _Fault("the reader is gone", "it was unplugged, or its driver stopped", "plug it in again, then `connect`")

_FAULTS: dict[int, _Fault] = {
    Result.NO_SERVICE: _NO_SERVICE,
    Result.SERVICE_STOPPED: _NO_SERVICE,
    # what a context or a card handle is worth once pcscd has been restarted
    Result.INVALID_HANDLE: _Fault("the connection is gone", "the PC/SC service was restarted", _RECONNECT),
    Result.UNKNOWN_READER: _GONE,
    Result.READER_UNAVAILABLE: _GONE,
    Result.NO_READERS_AVAILABLE: _GONE,
    Result.NO_SMARTCARD: _Fault(
        "there is no card in the reader", "its slot is empty", f"put a card in, then `connect`; {SIMULATED_HINT}"
    ),
    Result.REMOVED_CARD: _Fault("the card was removed", "the power is off: it has forgotten what was selected", _SEAT),
    Result.RESET_CARD: _Fault("the card was reset by another program", "nothing stays selected or open", _RECONNECT),
    Result.UNPOWERED_CARD: _Fault("the card has no power", "the reader switched it off", _RECONNECT),
    Result.UNRESPONSIVE_CARD: _Fault(
        "the card is mute", "it sent no answer to reset, or one that no reader understands", _SEAT
    ),
    Result.UNSUPPORTED_CARD: _Fault(
        "the reader does not support this card", "its voltage, speed or protocol does not suit", "try another reader"
    ),
    Result.PROTO_MISMATCH: _Fault(
        "the card does not speak the protocol that was asked for",
        "its answer to reset offers another one, or makes no sense",
        "`connect` without a protocol takes what the card offers",
    ),
    Result.SHARING_VIOLATION: _Fault(
        "another program has the card",
        "it is open there, and jcopsh wants the card for itself alone",
        "close the other program; GnuPG's daemon lets go with `gpgconf --kill scdaemon`",
        card_lost=False,
    ),
    Result.SECURITY_VIOLATION: _Fault(
        "the PC/SC service refuses this user",
        "its polkit rules allow cards to users of the local seat only",
        "run from a local session, or allow org.debian.pcsc-lite.access_pcsc and access_card",
        card_lost=False,
    ),
    Result.TIMEOUT: _MUTE,
    Result.NOT_READY: _MUTE,
    Result.COMM_ERROR: _MUTE,
    Result.NOT_TRANSACTED: _MUTE,
    Result.INTERNAL_ERROR: _Fault(
        "the PC/SC service failed", "an error inside pcscd or the reader's driver", _RECONNECT
    ),
    Result.INSUFFICIENT_BUFFER: _Fault(
        "the answer does not fit the reader", "the reader or its driver takes shorter messages", "ask for fewer bytes"
    ),
}


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """A reader as PC/SC lists it: `index` counts from 0; `atr` is empty where no card is, or it is mute."""

    name: str
    index: int
    card_present: bool
    atr: bytes


def readers() -> tuple[ReaderInfo, ...]:
    """Every reader, in the order of PC/SC; empty when none is plugged in.

    Raises ReaderError where pyscard is not installed or pcscd is not running.
    """
    scard = _scard()
    with _context(scard) as context:
        return _list(scard, context)


def connect(choice: str | None, *, protocol: str | None = None) -> PcscLink:
    """Connect to the card in the reader `choice`: its index, its name, or a part of its name in any case.

    None takes the only reader that holds a card. `protocol` is `T=0` or `T=1`; None takes what the card prefers.
    The card is taken for this program alone (an exclusive share). Raises ReaderError where no one reader is meant,
    it holds no card, the card is mute, or another program has it.
    """
    scard = _scard()
    context = _establish(scard)
    try:
        reader = _choose(_list(scard, context), choice)
        return PcscLink(scard, context, reader.name, _protocol_mask(scard, protocol))
    except BaseException:
        scard.SCardReleaseContext(context)
        raise


class PcscLink:
    """A card in a PC/SC reader: satisfies `jcopsh.card.link.Link`. Made by `connect`, closed by `close`."""

    def __init__(self, scard: Any, context: Any, name: str, protocols: int) -> None:
        """Connect to the card in the reader `name`, and own `context` once that has succeeded."""
        self._scard = scard
        self._context = context
        self._protocols = protocols
        self._name = name
        self._open = False
        result, self._handle, active = scard.SCardConnect(context, name, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        _check(result, name)
        self._open = True
        self._active = active
        self._atr = self._read_atr()

    @property
    def name(self) -> str:
        """The reader's name, as PC/SC gives it."""
        return self._name

    @property
    def atr(self) -> bytes:
        """The answer to the last reset."""
        return self._atr

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`, as negotiated; `?` for a raw connection."""
        names = {self._scard.SCARD_PROTOCOL_T0: "T=0", self._scard.SCARD_PROTOCOL_T1: "T=1"}
        return names.get(self._active, "?")

    def transmit(self, command: bytes) -> bytes:
        """Send an encoded command APDU and return the response with its two status bytes.

        On T=0 the caller leaves the Le of a case 4 command away: the bytes go to the reader as they are.
        """
        self._require_open()
        # the protocol constants are the values that pyscard wants for the protocol's control information
        result, response = self._scard.SCardTransmit(self._handle, self._active, list(command))
        _check(result, self._name, connected=True)
        if len(response) < 2:
            # a driver whose card vanishes in the middle of an exchange may report success and no bytes
            raise ReaderError(
                f"{self._name}: the card gave no answer",
                meaning=f"the reader returned {len(response)} bytes; a response ends with two status bytes",
                hint=_SEAT,
                card_lost=True,
            )
        return bytes(response)

    def reset(self, kind: ResetKind) -> bytes:
        """Reset the card, cold or warm, and return its ATR. The protocol is negotiated anew."""
        self._require_open()
        scard = self._scard
        how = scard.SCARD_UNPOWER_CARD if kind is ResetKind.COLD else scard.SCARD_RESET_CARD
        result, active = scard.SCardReconnect(self._handle, scard.SCARD_SHARE_EXCLUSIVE, self._protocols, how)
        _check(result, self._name, connected=True)
        self._active = active
        self._atr = self._read_atr()
        return self._atr

    def close(self) -> None:
        """Reset the card and leave it to others. Never fails: a card or a service that is gone is left all the same."""
        if self._open:
            self._open = False
            self._scard.SCardDisconnect(self._handle, self._scard.SCARD_RESET_CARD)
            self._scard.SCardReleaseContext(self._context)

    def _read_atr(self) -> bytes:
        result, _name, _state, _protocol, atr = self._scard.SCardStatus(self._handle)
        _check(result, self._name, connected=True)
        return bytes(atr)

    def _require_open(self) -> None:
        if not self._open:
            raise ReaderError(f"{self._name}: the connection is closed", hint="`connect` opens it", card_lost=True)


def _scard() -> Any:
    """The low-level module of pyscard, which ships no types."""
    try:
        from smartcard import scard
    except ImportError as error:
        raise ReaderError(
            "readers need pyscard, which is not installed",
            meaning="it has no ready-made package for Linux and is built on this machine",
            hint=NOT_INSTALLED_HINT,
        ) from error
    return scard


def _establish(scard: Any) -> Any:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(result)
    return context


@contextmanager
def _context(scard: Any) -> Iterator[Any]:
    context = _establish(scard)
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


def _list(scard: Any, context: Any) -> tuple[ReaderInfo, ...]:
    result, names = scard.SCardListReaders(context, [])
    if _code(result) == Result.NO_READERS_AVAILABLE or (_code(result) == Result.SUCCESS and not names):
        return ()
    _check(result)
    # a timeout of 0 and a state of "unaware" ask for the states as they are now
    result, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE) for name in names])
    _check(result)
    return tuple(
        ReaderInfo(name, index, bool(event & scard.SCARD_STATE_PRESENT), bytes(atr))
        for index, (name, event, atr) in enumerate(states)
    )


def _choose(found: Sequence[ReaderInfo], choice: str | None) -> ReaderInfo:
    """The one reader that `choice` means."""
    if not found:
        raise ReaderError("no reader was found", meaning="PC/SC lists none", hint=f"plug a reader in; {SIMULATED_HINT}")
    if choice is None:
        return _only_with_card(found)
    matches = _matching(found, choice)
    if len(matches) == 1:
        return matches[0]
    what = f"several readers match {choice!r}" if matches else f"no reader is called {choice!r}"
    raise ReaderError(what, meaning=_listing(matches or found), hint="name one by its number: `--reader 0`")


def _matching(found: Sequence[ReaderInfo], choice: str) -> list[ReaderInfo]:
    """Readers of that number, else of that very name, else with that part in their name."""
    numbered = [reader for reader in found if str(reader.index) == choice]
    exact = [reader for reader in found if reader.name == choice]
    return numbered or exact or [reader for reader in found if choice.casefold() in reader.name.casefold()]


def _only_with_card(found: Sequence[ReaderInfo]) -> ReaderInfo:
    with_card = [reader for reader in found if reader.card_present]
    if len(with_card) == 1:
        return with_card[0]
    if with_card:
        raise ReaderError(
            "several readers hold a card", meaning=_listing(with_card), hint="name one by its number: `--reader 0`"
        )
    raise ReaderError("no reader holds a card", meaning=_listing(found), hint=f"put a card in; {SIMULATED_HINT}")


def _listing(found: Sequence[ReaderInfo]) -> str:
    return "; ".join(
        f"{reader.index}: {reader.name} ({'card' if reader.card_present else 'no card'})" for reader in found
    )


def _protocol_mask(scard: Any, protocol: str | None) -> int:
    masks = {
        None: scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        "T=0": scard.SCARD_PROTOCOL_T0,
        "T=1": scard.SCARD_PROTOCOL_T1,
    }
    if protocol not in masks:
        raise ReaderError(f"there is no protocol {protocol!r}", hint="T=0 or T=1")
    return int(masks[protocol])


def _code(result: int) -> int:
    """The result code as an unsigned number: pyscard gives a signed one on some platforms."""
    return result & 0xFFFFFFFF


def _check(result: int, reader: str = "", *, connected: bool = False) -> None:
    """Raise ReaderError for every result but success, in words for the person at the reader.

    `connected` says that there was a connection to the card, which most results end.
    """
    code = _code(result)
    if code == Result.SUCCESS:
        return
    where = f"{reader}: " if reader else ""
    fault = _FAULTS.get(code) or _Fault(f"PC/SC reports {code:08X}", "a rare error of the reader", _RECONNECT)
    raise ReaderError(
        f"{where}{fault.what}", meaning=fault.meaning, hint=fault.hint, card_lost=connected and fault.card_lost
    )
