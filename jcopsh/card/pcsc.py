"""Readers and cards through PC/SC. The only file that imports pyscard, and only once a reader is asked for.

It speaks to `smartcard.scard`, pyscard's thin layer over the C interface (PC/SC part 5, pcsclite's winscard.h): every
call returns a result code first, and nothing is retried, followed or cached behind the caller's back.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from jcopsh.card import holders
from jcopsh.card.interrupt import still_waiting
from jcopsh.card.link import ReaderAttributes, ResetKind
from jcopsh.card.pcsc_results import SEAT_HINT, Result, check, code_of
from jcopsh.card.readers import ReaderInfo, choose, no_card
from jcopsh.card.worker import Worker
from jcopsh.errors import CardWasReset, ConnectionGivenUp, ReaderError, UsageError
from jcopsh.iso7816.atr import AtrError, parse_atr

# into the environment that jcopsh runs in, wherever it came from
NOT_INSTALLED_HINT = (
    "on Debian: `apt install pcscd libpcsclite-dev gcc python3-dev`, then "
    f"`{shlex.quote(sys.executable)} -m pip install pyscard`; without a reader: `jcopsh --sim`"
)
# the reader that stands for the list of readers: its state changes when one comes or goes (PC/SC part 5, 3.2.5)
PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
SHORT_COMMAND_BYTES = 261  # header, Lc, 255 bytes, Le: what every reader takes
ABSENCE_TIMEOUT_S = 1.0
CONNECTION_TOLD_S = 1.0
# the names of readers that a call of this program was left in, until it comes back
_given_up: list[str] = []
# what a driver may report of a card that went in the middle of an exchange
_SILENT = (Result.NOT_TRANSACTED, Result.COMM_ERROR, Result.TIMEOUT)
# what a driver reports of a command that is too long for it
_TOO_LONG_PERHAPS = (Result.INSUFFICIENT_BUFFER, Result.NOT_TRANSACTED, Result.COMM_ERROR, Result.INTERNAL_ERROR)


def readers() -> tuple[ReaderInfo, ...]:
    """Every reader, in the order of PC/SC; empty when none is plugged in.

    Raises ReaderError where pyscard is not installed or pcscd is not running.
    """
    scard = _scard()
    with _context(scard) as context:
        return _list(scard, context)


def find(choice: str | None) -> str:
    """The full name of the reader that `connect` would take for this choice; nothing is connected.

    Raises ReaderError where no one reader is meant, or it holds no card.
    """
    found = readers()
    reader = choose(found, choice)
    if not reader.card_present:
        raise no_card(found, reader.name)
    return reader.name


def attributes(reader: str) -> ReaderAttributes:
    """What the driver tells of a reader that nobody has for himself alone; nothing of any other.

    The reader is opened without its card, which gets no power from that and no command.
    """
    scard = _scard()
    with _context(scard) as context:
        result, handle, _ = scard.SCardConnect(context, reader, scard.SCARD_SHARE_DIRECT, 0)
        if code_of(result) != Result.SUCCESS:
            return ReaderAttributes()
        try:
            return _attributes(scard, handle)
        finally:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)


def connect(
    choice: str | None, *, protocol: str | None = None, shared: bool = False,
    on_wait: Callable[[str], None] = lambda _sentence: None,
) -> PcscLink:
    """Connect to the card in the reader `choice`: its index, its name, or a part of its name in any case.

    None takes the only reader that holds a card. `protocol` is `T=0` or `T=1`; None takes what the card prefers.
    Unless `shared`, the card is taken for this program alone. `on_wait` gets a sentence where the connection takes
    longer than CONNECTION_TOLD_S. Raises ReaderError where no one reader is meant, it holds no card, the card is mute,
    or another program has it; UsageError for another protocol; ConnectionGivenUp for Ctrl-C while the card is mute.
    """
    scard = _scard()
    protocols = _protocol_mask(scard, protocol)
    worker = Worker("card")
    context = None
    try:
        context = worker.call(_establish, scard)
        reader = choose(worker.call(_list, scard, context), choice)
        return PcscLink(scard, worker, context, reader, protocols, shared=shared, on_wait=on_wait)
    except BaseException:
        established = context
        worker.finish(lambda: None if established is None else scard.SCardReleaseContext(established))
        raise


class PcscLink:
    """A card in a PC/SC reader: satisfies `jcopsh.card.link.ReaderLink`. Made by `connect`, closed by `close`.

    Every call that may block is made on the worker's thread, so that it can be left: the link is then closed, and the
    thread itself leaves the card when the driver lets go of it.
    """

    def __init__(
        self, scard: Any, worker: Worker, context: Any, reader: ReaderInfo, protocols: int, *, shared: bool,
        on_wait: Callable[[str], None],
    ) -> None:
        """Connect to the card in the reader, and own worker and context once that has succeeded."""
        self._scard = scard
        self._worker = worker
        self._context = context
        self._protocols = protocols
        self._name = name = reader.name
        self._shared = shared
        self._share = scard.SCARD_SHARE_SHARED if shared else scard.SCARD_SHARE_EXCLUSIVE
        self._open = False
        self._in_transaction = False
        self._vanished = False
        told = _once(lambda: on_wait(f"Connecting to {name}; Ctrl-C gives up"), after_s=CONNECTION_TOLD_S)
        try:
            result, self._handle, self._active = worker.call(
                scard.SCardConnect, context, name, self._share, protocols, meanwhile=told
            )
        except KeyboardInterrupt:
            _given_up.append(name)
            worker.finish(self._release)
            raise ConnectionGivenUp(_given_up_before(name)) from None
        if code_of(result) == Result.SHARING_VIOLATION:
            raise _held_by_another(name, worker.call(_list, scard, context))
        if code_of(result) == Result.NO_SMARTCARD:
            raise no_card(worker.call(_list, scard, context), name)
        check(result, name, more=_offered(reader.atr) if code_of(result) == Result.PROTO_MISMATCH else "")
        # should this fail: with its context pcscd closes the connection too, and resets the card
        self._atr = self._read_atr()
        self._insertions = self._count_insertions()
        self._open = True

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

    @property
    def shared(self) -> bool:
        """Whether other programs may use the card at the same time."""
        return self._shared

    def transmit(self, command: bytes) -> bytes:
        """Send an encoded command APDU and return the response with its two status bytes.

        On T=0 the caller leaves the Le of a case 4 command away: the bytes go to the reader as they are. Raises
        CardWasReset where another program reset the card: nothing was sent then, and the next command is.
        """
        self._require_open()
        # the protocol constants are the values that pyscard wants for the protocol's control information
        result, response = self._worker.call(self._scard.SCardTransmit, self._handle, self._active, list(command))
        if result:
            self._check(result, more=self._about_length(command, result))
        if len(response) < 2:
            self._vanished = True
            # a driver whose card vanishes in the middle of an exchange may report success and no bytes
            raise ReaderError(
                f"{self._name}: the card gave no answer",
                meaning=f"the reader returned {len(response)} bytes; a response ends with two status bytes",
                hint=SEAT_HINT,
                card_lost=True,
            )
        return bytes(response)

    def transmit_to_reader(self, command: bytes) -> bytes:
        """The same for a command of class FF, which the driver takes for the reader's own."""
        return self.transmit(command)

    def reset(self, kind: ResetKind) -> bytes:
        """Reset the card, cold or warm, and return its ATR. The protocol is negotiated anew."""
        self._require_open()
        self._reconnect(self._scard.SCARD_UNPOWER_CARD if kind is ResetKind.COLD else self._scard.SCARD_RESET_CARD)
        return self._atr

    def begin_transaction(self, on_wait: Callable[[], None]) -> None:
        """Keep other programs away until `end_transaction`. While another one does so, this waits: `on_wait` is called
        once, where it takes more than a moment.

        Raises CardWasReset like `transmit`.
        """
        self._require_open()
        begin = self._scard.SCardBeginTransaction
        self._check(self._worker.call(begin, self._handle, meanwhile=_once(on_wait)))
        self._in_transaction = True

    def end_transaction(self) -> None:
        """Let other programs in again. Never fails: whatever has happened, the next command tells."""
        if self._open and self._in_transaction and not self._worker.abandoned:
            self._worker.call(self._scard.SCardEndTransaction, self._handle, self._scard.SCARD_LEAVE_CARD)
        self._in_transaction = False

    def is_alive(self) -> bool:
        """Whether the card that was connected is still in the reader: no other was put in since."""
        with suppress(ReaderError):
            return self._open and not self._worker.abandoned and self._count_insertions() == self._insertions
        return False

    def attributes(self) -> ReaderAttributes:
        """What the driver tells of the reader; nothing once the connection is closed."""
        if not self._open or self._worker.abandoned:
            return ReaderAttributes()
        return self._worker.call(_attributes, self._scard, self._handle)

    def close(self) -> None:
        """Reset the card and leave it to others. Never fails: a card or a service that is gone is left all the same.

        Where a call was abandoned, the card is left when that one has ended; Ctrl-C leaves it to that as well.
        """
        if not self._open:
            return
        self._open = False
        if self._worker.abandoned:
            _given_up.append(self._name)
        with suppress(KeyboardInterrupt):
            self._worker.finish(self._leave)

    def _leave(self) -> None:
        if self._vanished:
            self._wait_for_absence()
        self._scard.SCardDisconnect(self._handle, self._scard.SCARD_RESET_CARD)
        self._release()

    def _release(self) -> None:
        """With the context ends all that was asked for in it."""
        self._scard.SCardReleaseContext(self._context)
        if self._name in _given_up:
            _given_up.remove(self._name)

    def _wait_for_absence(self) -> None:
        """Give pcscd the time to see that the card has gone, which it looks for every 0.4 s.

        A disconnection that finds no card makes pcscd take it for missing before it has looked, and overlook another
        one that is put in meanwhile.
        """
        present = self._scard.SCARD_STATE_PRESENT
        deadline = time.monotonic() + ABSENCE_TIMEOUT_S
        state = self._scard.SCARD_STATE_UNAWARE
        while (remaining_s := deadline - time.monotonic()) > 0:
            result, states = self._scard.SCardGetStatusChange(
                self._context, max(1, int(remaining_s * 1000)), [(self._name, state)]
            )
            if code_of(result) != Result.SUCCESS or not states[0][1] & present:
                return
            state = states[0][1]

    def _check(self, result: int, *, more: str = "") -> None:
        """Raise for every result but success. A card that another program reset is held again before."""
        if code_of(result) == Result.RESET_CARD:
            self._reconnect(self._scard.SCARD_LEAVE_CARD)
            raise CardWasReset(
                f"{self._name}: another program reset the card",
                meaning="Selection and channel are lost, and what was known of the card. The command was not sent.",
                hint="the connection holds: begin again with select or identify",
            )
        self._vanished = code_of(result) in _SILENT
        check(self._meant_by(result), self._name, connected=True, more=more)

    def _meant_by(self, result: int) -> int:
        """The result of a call on the connection; a refusal of this user, who was let in before, only where pcscd still
        answers on this very connection: when it ends, it may refuse what is under way."""
        if code_of(result) != Result.SECURITY_VIOLATION:
            return result
        asked, _ = self._worker.call(self._scard.SCardGetStatusChange, self._context, 0, [(self._name, 0)])
        return result if code_of(asked) in (Result.SUCCESS, Result.TIMEOUT) else Result.COMM_ERROR

    def _reconnect(self, how: int) -> None:
        """Connect anew without letting go of the card, resetting it or not, and take its ATR."""
        result, active = self._worker.call(
            self._scard.SCardReconnect, self._handle, self._share, self._protocols, how
        )
        check(self._meant_by(result), self._name, connected=True)
        self._active = active
        self._atr = self._read_atr()

    def _read_atr(self) -> bytes:
        result, _name, _state, _protocol, atr = self._worker.call(self._scard.SCardStatus, self._handle)
        check(self._meant_by(result), self._name, connected=True)
        return bytes(atr)

    def _count_insertions(self) -> int:
        """How often a card was put in or taken out since pcscd knows the reader; -1 where none is in."""
        # unlike SCardStatus, this does not wait for another program's transaction to end
        states = self._worker.call(_states, self._scard, self._context, [(self._name, 0)], 0)
        _, event, _ = states[0]
        return event >> 16 if event & self._scard.SCARD_STATE_PRESENT else -1

    def _about_length(self, command: bytes, result: int) -> str:
        """What may be wrong with a command that is longer than every reader takes."""
        if len(command) <= SHORT_COMMAND_BYTES or code_of(result) not in _TOO_LONG_PERHAPS:
            return ""
        most = self._worker.call(_attributes, self._scard, self._handle).largest_message_bytes
        limit = f"takes at most {most} in one message" if most else "may take less: it does not say how much"
        return f"the command has {len(command)} bytes, and the reader {limit}"

    def _require_open(self) -> None:
        if not self._open or self._worker.abandoned:
            raise ReaderError(f"{self._name}: the connection is closed", hint="`connect` opens it", card_lost=True)


class StatusWatch:
    """Waits for readers and cards to come and go. `wait` is for one thread; `cancel` may be called from any.

    Made where pcscd is running; raises ReaderError where it is not.
    """

    def __init__(self) -> None:
        self._scard = _scard()
        self._context = _establish(self._scard)
        self._states: dict[str, int] = {}
        self._notified = self._plug_and_play()

    def readers(self) -> tuple[ReaderInfo, ...]:
        """Every reader as it is now, from where the next `wait` goes on. Raises ReaderError."""
        self._states, found = _list_with_states(self._scard, self._context)
        return found

    def wait(self, timeout_s: float) -> None:
        """Wait until something has changed since `readers`, for `timeout_s` at most, or until `cancel`.

        Raises ReaderError where pcscd has stopped.
        """
        watched = list(self._states.items())
        if self._notified:
            # the upper half of its state is the number of readers, where pcscd counts them
            watched.append((PLUG_AND_PLAY, len(self._states) << 16))
        result, _ = self._scard.SCardGetStatusChange(self._context, max(1, int(timeout_s * 1000)), watched)
        if code_of(result) not in (Result.TIMEOUT, Result.CANCELLED, Result.UNKNOWN_READER):
            check(result)

    @property
    def sees_readers_come(self) -> bool:
        """Whether `wait` ends when a reader comes; otherwise `readers` has to be asked now and then."""
        return self._notified

    @property
    def watches_anything(self) -> bool:
        """Whether there is something to `wait` for: a reader, or word of one that comes."""
        return self._notified or bool(self._states)

    def cancel(self) -> None:
        """End the `wait` of another thread, if there is one just now."""
        self._scard.SCardCancel(self._context)

    def close(self) -> None:
        """Let go of pcscd. For the thread that waits."""
        self._scard.SCardReleaseContext(self._context)

    def _plug_and_play(self) -> bool:
        """Whether this PC/SC tells of readers that come (pcsclite 1.6 and later, Windows; not macOS)."""
        result, states = self._scard.SCardGetStatusChange(self._context, 0, [(PLUG_AND_PLAY, 0)])
        known = code_of(result) in (Result.SUCCESS, Result.TIMEOUT)
        return known and not states[0][1] & self._scard.SCARD_STATE_UNKNOWN


def _once(tell: Callable[[], None], *, after_s: float = 0) -> Callable[[], None]:
    """For each look-up of a wait: tells the first time, not before `after_s`, and listens for Ctrl-C as every wait
    does."""
    told, begun_at = False, time.monotonic()

    def meanwhile() -> None:
        nonlocal told
        if not told and time.monotonic() - begun_at >= after_s:
            told = True
            tell()
        still_waiting()

    return meanwhile


# --- calls -----------------------------------------------------------------------------------------------------------


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
    check(result)
    return context


@contextmanager
def _context(scard: Any) -> Iterator[Any]:
    context = _establish(scard)
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


def _list(scard: Any, context: Any) -> tuple[ReaderInfo, ...]:
    return _list_with_states(scard, context)[1]


def _list_with_states(scard: Any, context: Any) -> tuple[dict[str, int], tuple[ReaderInfo, ...]]:
    """Every reader, and the state of each by its name."""
    result, names = scard.SCardListReaders(context, [])
    if code_of(result) == Result.NO_READERS_AVAILABLE or (code_of(result) == Result.SUCCESS and not names):
        return {}, ()
    check(result)
    # a timeout of 0 and a state of "unaware" ask for the states as they are now
    states = _states(scard, context, [(name, scard.SCARD_STATE_UNAWARE) for name in names], 0)
    found = tuple(_reader(scard, index, *state) for index, state in enumerate(states))
    return {name: event for name, event, _ in states}, found


def _states(
    scard: Any, context: Any, watched: Sequence[tuple[str, int]], timeout_ms: int
) -> Sequence[tuple[str, int, Sequence[int]]]:
    result, states = scard.SCardGetStatusChange(context, timeout_ms, list(watched))
    check(result)
    return states  # type: ignore[no-any-return]  # pyscard ships no types


def _reader(scard: Any, index: int, name: str, event: int, atr: Sequence[int]) -> ReaderInfo:
    return ReaderInfo(
        name, index, bool(event & scard.SCARD_STATE_PRESENT), bytes(atr),
        in_use=bool(event & scard.SCARD_STATE_INUSE), exclusive=bool(event & scard.SCARD_STATE_EXCLUSIVE),
        mute=bool(event & scard.SCARD_STATE_MUTE), insertions=event >> 16,
    )


def _attributes(scard: Any, handle: Any) -> ReaderAttributes:
    text: Callable[[int], str] = lambda name: _attribute(scard, handle, name).rstrip(b"\0").decode("utf-8", "replace")  # noqa: E731 — four of the same below
    return ReaderAttributes(
        vendor=text(scard.SCARD_ATTR_VENDOR_NAME),
        model=text(scard.SCARD_ATTR_VENDOR_IFD_TYPE),
        firmware=_version(_attribute(scard, handle, scard.SCARD_ATTR_VENDOR_IFD_VERSION)),
        serial=text(scard.SCARD_ATTR_VENDOR_IFD_SERIAL_NO),
        largest_message_bytes=int.from_bytes(_attribute(scard, handle, scard.SCARD_ATTR_MAXINPUT), "little"),
    )


def _attribute(scard: Any, handle: Any, name: int) -> bytes:
    """An attribute, empty where the driver does not know it."""
    try:
        result, value = scard.SCardGetAttrib(handle, name)
    except SystemError:  # what pyscard 2.3 makes of a handle that is no longer good
        return b""
    return bytes(value) if code_of(result) == Result.SUCCESS else b""


def _version(value: bytes) -> str:
    """Major and minor version from 0xMMmmbbbb, in the machine's order of bytes (PC/SC part 3, 3.1.2)."""
    if len(value) != 4:
        return ""
    number = int.from_bytes(value, "little")
    return f"{number >> 24}.{number >> 16 & 0xFF:02d}"


def _given_up_before(name: str) -> ReaderError:
    """The error of a connection that was not waited for."""
    return ReaderError(
        f"{name}: the connection was given up",
        meaning="Ctrl-C was pressed before the card had answered its reset; no command was sent to it", hint=SEAT_HINT,
    )


def _held_by_another(name: str, found: Sequence[ReaderInfo]) -> ReaderError:
    """The error of a connection that another program is in the way of: who it may be, and what makes it let go.

    Unless it is this program: a card that was given up keeps its reader until it answers or is taken out.
    """
    if name in _given_up:
        return ReaderError(
            f"{name}: the reader still waits for the card that was given up",
            meaning="Until the card answers or is gone, the reader lets nobody else at it.",
            hint="take the card out, then put it in again and `connect`",
        )
    known = holders.find_holders()
    reader = next((reader for reader in found if reader.name == name), None)
    shared = reader is not None and reader.in_use and not reader.exclusive
    how = "it shares the card, and jcopsh wants it for itself alone" if shared else "it has the card for itself alone"
    who = holders.describe(known)
    advice = holders.advise(known)
    return ReaderError(
        f"{name}: another program has the card",
        meaning=f"{how}; {who}" if who else how,
        hint=f"{advice}; `connect --shared` uses the card beside it" if shared else advice,
    )


def _offered(atr: bytes) -> str:
    """Which protocols an answer to reset offers, in words."""
    try:
        return "the card offers " + " and ".join(f"T={number}" for number in parse_atr(atr).protocols)
    except AtrError:
        return f"{atr.hex().upper() or 'no byte'}, as the card answers, makes no sense"


def _protocol_mask(scard: Any, protocol: str | None) -> int:
    masks = {
        None: scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        "T=0": scard.SCARD_PROTOCOL_T0,
        "T=1": scard.SCARD_PROTOCOL_T1,
    }
    if protocol not in masks:
        raise UsageError(f"there is no protocol {protocol!r}", hint="T=0 or T=1")
    return int(masks[protocol])
