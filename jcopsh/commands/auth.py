"""Open a secure channel to a security domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from jcopsh.card.card import Card
from jcopsh.commands.key_environment import (
    domain_from_environment,
    keys_from_environment,
    overruled_by_line,
    version_from_environment,
)
from jcopsh.commands.key_input import ChosenKeys, GivenKeys, chosen_keys, key_sets
from jcopsh.errors import StoreError, UsageError
from jcopsh.globalplatform.channel import SPOKEN, ChannelProtocol, SecurityLevel
from jcopsh.globalplatform.keys import Diversification, key_type
from jcopsh.iso7816.aid import AID
from jcopsh.operations.key_values import Authenticated
from jcopsh.secrets.environment import KEY_DATA, KEY_DERIVATION, SECURITY_DOMAIN
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import ByteString, ChoiceType, KeySets, KeyVersionType, ScpOptionType, Security, choice_of
from jcopsh.state import CardState, SelectedKind

if TYPE_CHECKING:
    from jcopsh.operations.authentication import KeyChoice

KeyVersion = Annotated[int, KeyVersionType(0, 255)]
Option = Annotated[int, ScpOptionType()]
Kdf = Annotated[Diversification, choice_of(Diversification)]
Protocol = Annotated[ChannelProtocol, ChoiceType(
    {str(one): one for one in SPOKEN}, {str(one): f"{key_type(one)} keys" for one in SPOKEN})]


@command("auth", group="secure channel", aliases=("authenticate",))
def auth(
    session: Session, card: Card, level: Security = SecurityLevel.C_MAC, *, key: KeySets | None = None,
    key_enc: KeySets | None = None, key_mac: KeySets | None = None, key_dek: KeySets | None = None,
    key_version: KeyVersion | None = None, kdf: Kdf | None = None, scp: Protocol | None = None,
    option: Option | None = None, here: bool = False, host_challenge: ByteString | None = None,
) -> Iterator[str | Authenticated]:
    """Authenticate to the selected security domain and open a secure channel. LEVEL is mac unless you say another.

    The keys have to be said: --key default is 40…4F, --key HEX one key three times, --key NAME a stored set (keys
    list), visa2:, emv: or kdf3: before it diversifies it by what the card answers; --kdf says the same. --key-enc,
    --key-mac and --key-dek give single keys; that for data encryption (DEK) only put-keys needs. Where none is given,
    GP_KEY, GP_KEY_ENC, GP_KEY_MAC and GP_KEY_DEK of the environment count, with GP_KEY_KDF (how they are diversified)
    and GP_KEY_KDD (by which data, in place of the card's). Where neither --key-version nor the stored set says which
    version of keys it is, GP_KEY_VER does.

    Where no security domain is selected, the issuer's (or that of GP_AID) is selected first, and it says so. The
    protocol is the one that the card answers with; its option i comes from SELECT or GET DATA 0066 and may be
    overridden. The card's cryptogram is checked before EXTERNAL AUTHENTICATE is sent: with wrong keys nothing more is
    sent. Each try is counted on disk, and keys that a card did not take are not tried on it again without a yes that
    you type.

    From then on what is sent to the security domain goes through the channel; a reset or select ends it. A recording is
    asked with the host challenge that it holds.

    Raises JcopshError when the keys are not the card's, the level is not offered, or the card refuses.

    Options:
        --here: authenticate to what is selected, even if it does not look like a security domain
        --host-challenge: another one than the recording holds; for recordings alone

    Examples:
        auth --key default
        auth enc --key emv:default --key-version 1
    """
    from jcopsh.operations import authentication

    if host_challenge is not None and card.key_store is not None:
        raise UsageError("a host challenge that is known before proves nothing; nothing was sent",
                         meaning="--host-challenge is for recordings: a card gets a random one.", hint="leave it away")
    given, data = GivenKeys(key, key_enc, key_mac, key_dek), b""
    if given.specs:
        yield from (f"{name} of the environment does not count: it goes with the keys of the environment, and the line "
                    "gives others" for name in overruled_by_line())
    else:
        found = keys_from_environment(session)
        given, data, kdf = found.given, found.data, found.kdf if kdf is None else kdf
    if not given.specs:
        raise UsageError("which keys? None is tried without being named; nothing was sent",
                         hint="auth --key default for a new card (40…4F), --key NAME for a stored set")
    from_environment = version_from_environment()  # an error in it is one also where it does not count
    domain = domain_from_environment()
    chosen = chosen_keys(session, given, kdf)
    if key_version is None:
        key_version = chosen.key_version or from_environment or 0
    choice = _by_data(chosen.choice, data)
    before = card.state
    if authentication.go_to_domain(card, here=here, domain=domain):
        yield _gone_to_domain(before, card.state, domain)
    opened = authentication.authenticate(
        card, choice, level=level, option=option, key_version=key_version, host_challenge=host_challenge, protocol=scp,
        here=here,
    )
    if option is not None and opened.protocol != str(ChannelProtocol.SCP02):
        yield f"--option {option:02X} had no effect: it is for SCP02, and the card answered with {opened.protocol}"
    if card.tries.unwritten is not None:
        yield f"{card.tries.unwritten.what}. {card.tries.unwritten.meaning}"
    yield from _note_proved(session, card, chosen, opened.key_version)
    yield opened


def _note_proved(session: Session, card: Card, chosen: ChosenKeys, key_version: int) -> Iterator[str]:
    """A set of the key store that was put on the card without a proof has it now; of a recording nothing is kept."""
    from jcopsh.operations import key_change

    if chosen.stored is None or card.key_store is None:
        return
    try:
        key_change.note_proved(card, key_sets(session), chosen.stored, key_version, chosen.passphrase)
    except StoreError as error:
        yield f"that {chosen.stored.name} is proved could not be noted: {error.what}"


def _by_data(choice: KeyChoice, data: bytes) -> KeyChoice:
    """The same keys, diversified by these data where there are any. Raises UsageError where nothing diversifies."""
    if data and choice.diversification is Diversification.NONE:
        raise UsageError(f"{KEY_DATA} in the environment is for keys that are diversified, and these are not; nothing "
                         f"was sent", hint=f"{KEY_DERIVATION}, or --kdf, says how: visa2, emv or kdf3")
    return replace(choice, diversification_data=data)


def _gone_to_domain(before: CardState, now: CardState, domain: AID | None) -> str:
    """What was selected by itself, and why."""
    if domain is not None:
        return f"selected {domain}, which {SECURITY_DOMAIN} of the environment names: no security domain was selected"
    why = ("nothing was selected" if before.selected is SelectedKind.UNKNOWN
           else f"{_shown(before.aid)} is no security domain; --here stays with it")
    return f"selected the issuer security domain {_shown(now.aid)}: {why}"


def _shown(aid: bytes) -> str:
    """An AID as it may be shown: the state has none that may be a transport key."""
    return aid.hex().upper() or "whose AID is not told"


COMMANDS = (auth,)
