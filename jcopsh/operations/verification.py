"""PINs: how many tries are left, verify, change, unblock (ISO/IEC 7816-4:2005, 7.5.6, 7.5.7, 7.5.10).

Nothing here is ever tried twice. No error, value or note holds a PIN.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jcopsh.card.card import Card
from jcopsh.errors import CardError, JcopshError
from jcopsh.iso7816 import interindustry
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.status import meaning_of
from jcopsh.operations.file_errors import exchange, refused
from jcopsh.operations.file_values import PinDone, PinStatus
from jcopsh.secrets.secret import Secret

_WRONG_OR_MISSING = 0x6300
_WORDS = {0x9000: "verified already, or not needed", 0x6983: "blocked: no try is left",
          _WRONG_OR_MISSING: "not verified"}
# instruction or class not supported; nothing is selected, as on an unfused card
_NO_VERIFY_HERE = (0x6D00, 0x6E00, 0x6A82)
SELECT_FIRST = "select the application that has it first: select AID; verify --unasked sends a PIN all the same"
OTHER_REFERENCE = "another reference: 1 for a PIN of the whole card, 0x81 for one of this application are usual"


def pin_status(card: Card, reference: int) -> PinStatus:
    """Ask what the card says of a PIN, by VERIFY without data: this is no try (7.5.6).

    Raises CardError where it has no PIN of this reference, or knows no VERIFY.
    """
    command = interindustry.verify(reference)
    response = exchange(card, command)
    sw = response.sw
    if sw == 0x6A88:
        raise refused(f"there is no PIN {reference:02X}", card, command, response, hint=OTHER_REFERENCE)
    if sw in _NO_VERIFY_HERE:
        raise refused(f"nothing is selected that knows of PIN {reference:02X}; no PIN was asked for", card, command,
                      response, hint=SELECT_FIRST)
    left = response.tries_left
    not_verified = left is not None or sw == _WRONG_OR_MISSING
    verified = True if response.ok else False if not_verified else None
    counted = f"not verified; {_tries(left)} left" if left is not None else meaning_of(command, response)
    return PinStatus(reference, verified, left, left == 0, sw, _WORDS.get(sw, counted))


def _tries(count: int) -> str:
    return "no try is" if count == 0 else "1 try is" if count == 1 else f"{count} tries are"


def require_unchanged(card: Card, status: PinStatus) -> None:
    """Ask once more where another program may have used the card since, while a PIN was typed.

    Raises JcopshError where the card says something else of the PIN by now: it may be another PIN, of another DF.
    """
    if card.shared and pin_status(card, status.reference) != status:
        raise JcopshError(
            f"PIN {status.reference:02X} is no longer as it was when it was asked for; no PIN was sent",
            meaning="Another program has used the card meanwhile. It may have selected something else.",
            hint="pwd tells what was selected from here; select it again, then verify",
        )


@contextmanager
def as_it_was(card: Card, status: PinStatus | None) -> Iterator[None]:
    """A transaction in which the PIN is what `status` says: looked at before the block, and again where the
    transaction was left because a yes was asked for. None: nothing is known of it, and nothing asked.

    Raises JcopshError as `require_unchanged` does, within the block too; nothing that was asked about is sent then.
    """
    def look() -> None:
        if status is not None:
            require_unchanged(card, status)

    with card.transaction(on_resumed=look):
        look()
        yield


def verify(card: Card, reference: int, pin: Secret) -> PinDone:
    """Verify a PIN. Raises CardError where it is wrong, with the tries that are left, and Refused where one was left
    and no yes was given."""
    command = interindustry.verify(reference, pin.reveal())
    _carried_out(card, command, f"PIN {reference:02X} was not verified")
    return PinDone(reference, "verified")


def change_pin(card: Card, reference: int, old: Secret | None, new: Secret) -> PinDone:
    """Change a PIN; without the old one, which some cards allow after a verification. Raises as `verify` does."""
    command = interindustry.change_reference_data(reference, old.reveal() if old else b"", new.reveal())
    _carried_out(card, command, f"PIN {reference:02X} was not changed")
    return PinDone(reference, "changed")


def unblock_pin(card: Card, reference: int, code: Secret | None, new: Secret | None) -> PinDone:
    """Make a blocked PIN usable again with a resetting code (PUK), and give it a new value. The interlock asks for a
    yes. Raises CardError where the code is wrong."""
    command = interindustry.reset_retry_counter(
        reference, code.reveal() if code else b"", new.reveal() if new else b""
    )
    _carried_out(card, command, f"PIN {reference:02X} was not unblocked")
    return PinDone(reference, "unblocked" if new is None else "unblocked, and changed")


def _carried_out(card: Card, command: CommandAPDU, what: str) -> None:
    response = exchange(card, command)
    if not response.ok:
        raise _failed(card, command, response, what)


def _failed(card: Card, command: CommandAPDU, response: ResponseAPDU, what: str) -> CardError:
    hint = ""
    left = response.tries_left
    if left is not None:
        hint = "unblock-pin REFERENCE, with the resetting code (PUK)" if left == 0 else "be sure before you try again"
    elif response.sw in (0x6A80, 0x6700):
        hint = "another form: --pin-format bcd or iso9564-2, --pad 8"
    elif response.sw == 0x6A88:
        hint = OTHER_REFERENCE
    return refused(what, card, command, response, hint=hint)
