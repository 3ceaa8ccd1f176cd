"""PINs: verify, change, unblock; challenges, and what the card computes from one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.errors import JcopshError, UsageError
from jcopsh.iso7816.pin_block import PinError, PinFormat, pin_bytes
from jcopsh.operations import challenges, verification
from jcopsh.operations.file_values import Challenge, PinDone, PinStatus, Signed
from jcopsh.secrets.secret import Secret, SecretKind
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import IntegerType, StoredBytes, choice_of
from jcopsh.shell.types.pins import PinReferenceType, PinType

GROUP = "PINs and challenges"

Reference = Annotated[int, PinReferenceType()]
Byte = Annotated[int, IntegerType(0, 0xFF)]
Pin = Annotated[Secret, PinType()]
PadTo = Annotated[int, IntegerType(0, 64, "fill up to so many bytes; 0 fills up nothing")]
ChallengeLength = Annotated[int, IntegerType(1, 256, "how many bytes")]
Form = Annotated[PinFormat, choice_of(PinFormat, {
    "ascii": "a byte for each character", "bcd": "two digits in a byte",
    "iso9564-2": "a block of 8 bytes: 2, how many digits, the digits, F", "hex": "the very bytes, in hex or |text|",
})]


@command("verify", group=GROUP)
def verify(
    session: Session, card: Card, reference: Reference, pin: Pin | None = None, *, pin_format: Form = PinFormat.ASCII,
    pad: PadTo = 0, filler: Byte = 0xFF, tries: bool = False, again: bool = False, unasked: bool = False,
) -> Iterator[PinStatus | PinDone]:
    """Verify a PIN. The card is asked first how many tries are left; then the PIN is asked for and does not show.

    A PIN that is verified already is left alone. With one try left a yes is asked for. Nothing is ever tried a second
    time. What you type, at the question or as PIN on the line, is in no history, journal or trace.

    Raises CardError where the PIN is wrong, with the tries that are left.

    Options:
        --pin-format: how the characters are coded: ascii, bcd, iso9564-2 or hex
        --pad: fill up to so many bytes; 0 fills up nothing
        --filler: the byte to fill up with
        --tries: only ask how many are left
        --again: verify it although it is verified already
        --unasked: do not ask for the tries, on cards that count a VERIFY without data

    Examples:
        verify 1
        verify 0x81 --pad 8
        verify 1 --tries
    """
    status = None
    if not unasked:
        status = verification.pin_status(card, reference)
        yield status
        if tries or (status.verified and not again):
            return
        if status.blocked:
            raise _blocked(reference)
    # no other program waits while a person types
    secret = _Coding(pin_format, pad, filler).of(session, pin, f"PIN {reference:02X}")
    with verification.as_it_was(card, status):
        yield verification.verify(card, reference, secret)


@command("change-pin", group=GROUP)
def change_pin(
    session: Session, card: Card, reference: Reference, old: Pin | None = None, new: Pin | None = None, *,
    pin_format: Form = PinFormat.ASCII, pad: PadTo = 0, filler: Byte = 0xFF, without_old: bool = False,
) -> Iterator[PinStatus | PinDone]:
    """Change a PIN: CHANGE REFERENCE DATA with the old and the new one, which are asked for and do not show.

    The new one is asked for twice. OLD and NEW may stand on the line too.

    Raises CardError where the old one is wrong, with the tries that are left.

    Options:
        --pin-format: how the characters are coded: ascii, bcd, iso9564-2 or hex
        --pad: fill up to so many bytes; 0 fills up nothing
        --filler: the byte to fill up with
        --without-old: send the new one alone, which some cards allow after verify
    """
    status = verification.pin_status(card, reference)
    yield status
    if status.blocked:
        raise _blocked(reference)
    coding = _Coding(pin_format, pad, filler)
    first = None if without_old else coding.of(session, old, f"old PIN {reference:02X}")
    second = coding.new(session, new, f"new PIN {reference:02X}")
    with verification.as_it_was(card, status):
        yield verification.change_pin(card, reference, first, second)


@command("unblock-pin", group=GROUP)
def unblock_pin(
    session: Session, card: Card, reference: Reference, code: Pin | None = None, new: Pin | None = None, *,
    pin_format: Form = PinFormat.ASCII, pad: PadTo = 0, filler: Byte = 0xFF, keep: bool = False,
) -> PinDone:
    """Make a blocked PIN usable again: RESET RETRY COUNTER with the resetting code (PUK) and a new PIN.

    Both are asked for and do not show. A wrong code counts as well, so a yes is asked for. CODE and NEW may stand on
    the line too.

    Raises CardError where the code is wrong.

    Options:
        --pin-format: how the characters are coded: ascii, bcd, iso9564-2 or hex
        --pad: fill up to so many bytes; 0 fills up nothing
        --filler: the byte to fill up with
        --keep: the PIN stays what it was, and the code goes alone
    """
    coding = _Coding(pin_format, pad, filler)
    puk = coding.of(session, code, f"resetting code (PUK) of PIN {reference:02X}")
    value = None if keep else coding.new(session, new, f"new PIN {reference:02X}")
    return verification.unblock_pin(card, reference, puk, value)


def _blocked(reference: int) -> JcopshError:
    return JcopshError(f"PIN {reference:02X} is blocked", meaning="No try is left; nothing was sent but the question.",
                       hint=f"unblock-pin {reference}, with the resetting code (PUK)")


class _Coding:
    """How PINs of one command become bytes."""

    def __init__(self, form: PinFormat, pad: int, filler: int) -> None:
        self._form, self._pad, self._filler = form, pad, filler

    def of(self, session: Session, given: Secret | None, what: str) -> Secret:
        """The bytes of a PIN that stands on the line, or is asked for. Raises UsageError, without the PIN."""
        if given is None:
            return self._secret(session.ask_secret(f"{what} (it does not show): "))
        typed = given.reveal().decode()
        barred = typed.startswith("|") and typed.endswith("|") and len(typed) > 1
        return self._secret(typed[1:-1] if barred and self._form is not PinFormat.HEX else typed)

    def new(self, session: Session, given: Secret | None, what: str) -> Secret:
        """The same for a new PIN, which is asked for twice."""
        value = self.of(session, given, what)
        if given is None and value != self.of(session, None, f"{what}, once more"):
            raise UsageError("the two are not the same; nothing was sent")
        return value

    def _secret(self, typed: str) -> Secret:
        try:
            return Secret(pin_bytes(typed, self._form, pad_to=self._pad, filler=self._filler), SecretKind.PIN)
        except PinError as error:
            raise UsageError(f"{error}; nothing was sent", hint="--pin-format, --pad") from None


@command("get-challenge", group=GROUP)
def get_challenge(card: Card, length: ChallengeLength = 8) -> Challenge:
    """Get random bytes from the card: GET CHALLENGE.

    Raises CardError where the card gives none, or not so many.
    """
    return challenges.get_challenge(card, length)


@command("internal-authenticate", group=GROUP)
def internal_authenticate(
    card: Card, challenge: StoredBytes, *, algorithm: Byte = 0, key: Byte = 0
) -> Signed:
    """Let the card compute something from CHALLENGE with a key of its own: INTERNAL AUTHENTICATE.

    Raises CardError where the card refuses, e.g. before `verify`.

    Options:
        --algorithm: P1; 0 says nothing of it
        --key: P2; 0 says nothing of it
    """
    return challenges.internal_authenticate(card, challenge, algorithm=algorithm, reference=key)


COMMANDS = (verify, change_pin, unblock_pin, get_challenge, internal_authenticate)
