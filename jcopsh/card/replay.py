"""A recorded session as a Link: it answers as the card did, as long as it is asked as the card was."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from jcopsh.card.link import ReplayDiffers, ResetKind
from jcopsh.card.recording import PowerUp, Recorded, Recording, Step, Unknown
from jcopsh.card.replay_hints import line_to_type
from jcopsh.card.sensitive import Redactor
from jcopsh.errors import ReaderError
from jcopsh.iso7816.apdu import CommandAPDU, MalformedAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.jcop.memory_map import all_maps
from jcopsh.secrets.secret import Secret
from jcopsh.secrets.segments import Mark
from jcopsh.state import CardState


class ReplayLink:
    """Plays a recording. A command equals the recorded one, or differs only in an absent Le, which is reported.

    `report` gets a sentence for each such difference, and for each secret part of an answer that is not known.
    `key_of` finds a key by its check value, for the parts that a journal hides; a part that is not found matches
    anything in a command and reads as zero bytes in an answer. A recording of our own is `plain`: it is asked with what
    a secure channel would protect, and answers in plain as well. The MACs of such answers are not in it.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        report: Callable[[str], None],
        key_of: Callable[[str], Secret | None],
    ) -> None:
        self._events = list(recording.events)
        self._source = recording.source
        self._plain = recording.plain
        self._report = report
        self._key_of = key_of
        self._atr, self._protocol = b"", "?"
        self._take_power_up()

    @property
    def name(self) -> str:
        """Says that this is a recording."""
        return f"replay of {self._source}"

    @property
    def atr(self) -> bytes:
        """The recorded ATR, or nothing."""
        return self._atr

    @property
    def protocol(self) -> str:
        """The recorded protocol, or `?`."""
        return self._protocol

    @property
    def plain(self) -> bool:
        """Whether what went through a secure channel was recorded unprotected."""
        return self._plain

    def goes_on_with(self, command: bytes) -> bool:
        """Whether this command comes next in the recording, but perhaps for an absent Le."""
        step = self._events[0] if self._events else None
        if not isinstance(step, Step):
            return False
        recorded = self._filled_where_known(step.command)
        return recorded.matches(command) or _absent_le(recorded, command) is not None

    @property
    def host_challenge(self) -> bytes | None:
        """The challenge of the next recorded INITIALIZE UPDATE in this power-up: a recording has to be asked as the
        card was."""
        for event in self._events:
            if isinstance(event, PowerUp):
                return None
            challenge = _host_challenge(event.command.known)
            if challenge is not None:
                return challenge
        return None

    def transmit(self, command: bytes) -> bytes:
        """Answer as recorded. Raises ReplayDiffers when the recording goes on otherwise."""
        step = self._next_step()
        self._compare(step, command)
        self._events.pop(0)
        if step.response is None:
            raise ReaderError(
                f"as recorded at line {step.line}: the link failed here",
                meaning="No answer to this command was recorded.", hint="connect begins the recording anew",
                card_lost=True,
            )
        return self._fill(step.response)

    def transmit_to_reader(self, command: bytes) -> bytes:
        """The same for what was for the reader."""
        return self.transmit(command)

    def reset(self, kind: ResetKind) -> bytes:
        """The next recorded reset. Raises ReplayDiffers when a command was recorded instead."""
        if not (self._events and isinstance(self._events[0], PowerUp)):
            raise ReplayDiffers(
                f"the recording has no reset here ({self._where()})", meaning=f"A {kind.value} reset was asked for."
            )
        self._take_power_up()
        return self._atr

    def close(self) -> None:
        """Nothing is held open."""

    def _take_power_up(self) -> None:
        if self._events and isinstance(self._events[0], PowerUp):
            event = self._events.pop(0)
            assert isinstance(event, PowerUp)  # noqa: S101 — tells the type checker what the line above tested
            self._atr, self._protocol = event.atr, event.protocol

    def _next_step(self) -> Step:
        if not self._events:
            raise ReplayDiffers(
                f"the recording {self._source} has ended", hint="there is no card behind it; `exit` leaves"
            )
        event = self._events[0]
        if isinstance(event, PowerUp):
            raise ReplayDiffers(f"the recording has a reset here ({self._where()})", hint="try: reset")
        return event

    def _compare(self, step: Step, command: bytes) -> None:
        recorded = self._filled_where_known(step.command)
        if recorded.matches(command):
            return
        difference = _absent_le(recorded, command)
        if difference is None:
            raise ReplayDiffers(
                f"this is not the recorded command ({self._where()})",
                meaning=f"recorded  {_shown_recorded(step.command)}\nsent      {_shown(command, step.command)}",
                hint=line_to_type(_shown_recorded(step.command), command),
            )
        # on T=0 the Le of a case 4 command never goes over the wire, and a journal holds the command as it was meant
        if not (self._protocol == "T=0" and difference is _AbsentLe.SENT):
            self._report(f"{self._where()}: differs from the recording only in an absent Le ({difference.value})")

    def _where(self) -> str:
        line = self._events[0].line if self._events else 0
        return f"{self._source}, line {line}"

    def _filled_where_known(self, recorded: Recorded) -> Recorded:
        return Recorded(tuple(self._value(part) or part for part in recorded.parts))

    def _fill(self, recorded: Recorded) -> bytes:
        filled = b""
        for part in recorded.parts:
            value = self._value(part)
            if value is None and isinstance(part, Unknown):
                self._report(f"{part.name} is not in the key store: its {part.length} bytes are zeros here")
                value = bytes(part.length)
            filled += value or b""
        return filled

    def _value(self, part: bytes | Unknown) -> bytes | None:
        if isinstance(part, bytes):
            return part
        secret = self._key_of(part.kcv) if part.kcv else None
        return secret.reveal() if secret and len(secret) == part.length else None


def _host_challenge(recorded: bytes | None) -> bytes | None:
    """The challenge in a command, if it is INITIALIZE UPDATE (GlobalPlatform 2.3.1, E.5.1)."""
    try:
        command = CommandAPDU.parse(recorded or b"")
    except MalformedAPDU:
        return None
    return command.data if command.ins == INS.INITIALIZE_UPDATE and command.cla & 0x80 else None


class _AbsentLe(Enum):
    """Which side lacks the Le."""

    RECORDED = "the recorded one has none"
    SENT = "the sent one has none"


def _absent_le(recorded: Recorded, command: bytes) -> _AbsentLe | None:
    """Which side lacks the Le, if that is all that differs."""
    try:
        sent = CommandAPDU.parse(command)
        was = None if recorded.known is None else CommandAPDU.parse(recorded.known)
    except MalformedAPDU:
        return None
    if sent.le is not None and recorded.matches(sent.with_le(None).encode()):
        return _AbsentLe.RECORDED
    if sent.le is None and was is not None and was.with_le(None) == sent:
        return _AbsentLe.SENT
    # which Le it was cannot be read where parts before it are unknown; a journal's secrets are in short commands
    if sent.le is None and was is None and any(recorded.matches(sent.with_le(le).encode()) for le in range(1, 257)):
        return _AbsentLe.SENT
    return None


def _shown(command: bytes, recorded: Recorded) -> str:
    """A command that was sent, without what is secret in it and without what the recording keeps secret there."""
    hidden = [Mark(start, start + part.length, part.name, pin=True) for start, part in recorded.unknown]
    return _redacted(command, hidden)


def _shown_recorded(recorded: Recorded) -> str:
    """A recorded command. A journal has taken its secrets out; another client's trace may hold them in clear."""
    if recorded.known is not None:
        return _redacted(recorded.known, [])
    return " ".join(
        part.hex(" ").upper() if isinstance(part, bytes) else f"<{part.name}:{part.length}:{part.kcv or ''}>"
        for part in recorded.parts
    )


def _redacted(command: bytes, hidden: list[Mark]) -> str:
    try:
        parsed = CommandAPDU.parse(command)
    except MalformedAPDU:
        return f"{command[:4].hex(' ').upper()} and {max(0, len(command) - 4)} bytes that make no APDU"
    return Redactor().command(parsed, CardState(), all_maps(), hidden).spaced()
