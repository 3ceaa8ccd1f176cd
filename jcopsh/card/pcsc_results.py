"""Result codes of PC/SC in words for the person at the reader. Pure: it knows the numbers, not pyscard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from jcopsh.card.readers import SIMULATED_HINT
from jcopsh.errors import NoCardThere, ReaderError


class Result(IntEnum):
    """Result codes of PC/SC calls (pcsclite's pcsclite.h), as unsigned 32-bit numbers."""

    SUCCESS = 0
    INTERNAL_ERROR = 0x80100001
    CANCELLED = 0x80100002
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
class Fault:
    """What a result code means to the person at the reader. `card_lost` says that it ends a connection."""

    what: str
    meaning: str
    hint: str
    card_lost: bool = True


RECONNECT_HINT = "`connect` opens it again; what was selected or open on the card is gone"
SEAT_HINT = "take the card out, put it in again with its contacts to the reader's, then `connect`"
_SERVICE_HINT = f"`sudo systemctl start pcscd.socket`, or `sudo pcscd` where there is no systemd; {SIMULATED_HINT}"
_NO_SERVICE = Fault("the PC/SC service does not answer", "pcscd is not running, or has stopped", _SERVICE_HINT)
# pcsclite's word for a call that was under way when pcscd went; what goes wrong at the card is NOT_TRANSACTED
_BROKEN_OFF = Fault(
    "the PC/SC service does not answer", "pcscd stopped, or was restarted, in the middle of a call",
    f"`connect` tries again; where pcscd does not run: {_SERVICE_HINT}",
)
_MUTE = Fault("the card does not answer", "it took the command and stayed silent, or the contact is bad", SEAT_HINT)
_GONE = Fault("the reader is gone", "it was unplugged, or its driver stopped", "plug it in again, then `connect`")

FAULTS: Mapping[int, Fault] = MappingProxyType({
    Result.NO_SERVICE: _NO_SERVICE,
    Result.SERVICE_STOPPED: _NO_SERVICE,
    # what a context or a card handle is worth once pcscd has been restarted
    Result.INVALID_HANDLE: Fault("the connection is gone", "the PC/SC service was restarted", RECONNECT_HINT),
    Result.UNKNOWN_READER: _GONE,
    Result.READER_UNAVAILABLE: _GONE,
    Result.NO_READERS_AVAILABLE: _GONE,
    Result.NO_SMARTCARD: Fault(
        "there is no card in the reader", "its slot is empty", f"put a card in, then `connect`; {SIMULATED_HINT}"
    ),
    Result.REMOVED_CARD: Fault(
        "the card was removed", "the power is off: it has forgotten what was selected",
        "put it in again, then `connect`",
    ),
    Result.RESET_CARD: Fault(
        "another program reset the card",
        "selection and channel are lost, and what was known of the card with them; nothing was sent",
        RECONNECT_HINT,
    ),
    Result.UNPOWERED_CARD: Fault("the card has no power", "the reader switched it off", RECONNECT_HINT),
    Result.UNRESPONSIVE_CARD: Fault(
        "the card is mute", "it sent no answer to reset, or one that no reader understands", SEAT_HINT
    ),
    Result.UNSUPPORTED_CARD: Fault(
        "the reader does not support this card", "its voltage, speed or protocol does not suit", "try another reader"
    ),
    Result.PROTO_MISMATCH: Fault(
        "the card does not speak the protocol that was asked for",
        "it is not among those of its answer to reset",
        "`connect --protocol auto` takes what the card offers",
    ),
    Result.SHARING_VIOLATION: Fault(
        "another program has the card",
        "it is open there, and jcopsh wants the card for itself alone",
        "close the other program; GnuPG's daemon lets go with `gpgconf --kill scdaemon`",
        card_lost=False,
    ),
    Result.SECURITY_VIOLATION: Fault(
        "the PC/SC service refuses this user",
        "its polkit rules allow cards to users of the local seat only",
        "run from a local session, or allow org.debian.pcsc-lite.access_pcsc and access_card",
        card_lost=False,
    ),
    Result.CANCELLED: Fault("the wait for the reader was cancelled", "jcopsh is leaving", RECONNECT_HINT),
    Result.TIMEOUT: _MUTE,
    Result.NOT_READY: _MUTE,
    Result.COMM_ERROR: _BROKEN_OFF,
    Result.NOT_TRANSACTED: _MUTE,
    Result.INTERNAL_ERROR: Fault(
        "the PC/SC service failed", "an error inside pcscd or the reader's driver", RECONNECT_HINT
    ),
    Result.INSUFFICIENT_BUFFER: Fault(
        "the answer does not fit the reader", "the reader or its driver takes shorter messages", "ask for fewer bytes"
    ),
})


def code_of(result: int) -> int:
    """The result code as an unsigned number: pyscard gives a signed one on some platforms."""
    return result & 0xFFFFFFFF


def check(result: int, reader: str = "", *, connected: bool = False, more: str = "") -> None:
    """Raise ReaderError for every result but success, in words for the person at the reader.

    `connected` says that there was a connection to the card, which most results end. `more` is added to the meaning.
    """
    code = code_of(result)
    if code == Result.SUCCESS:
        return
    where = f"{reader}: " if reader else ""
    fault = FAULTS.get(code) or Fault(f"PC/SC reports {code:08X}", "a rare error of the reader", RECONNECT_HINT)
    meaning = f"{fault.meaning}; {more}" if more else fault.meaning
    error = NoCardThere if code == Result.NO_SMARTCARD else ReaderError
    raise error(
        f"{where}{fault.what}", meaning=meaning, hint=fault.hint, card_lost=connected and fault.card_lost
    )
