"""Open a secure channel to a security domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.commands.key_input import GivenKeys, chosen_keys, from_environment, version_from_environment
from jcopsh.errors import UsageError
from jcopsh.globalplatform.channel import SPOKEN, ChannelProtocol, SecurityLevel
from jcopsh.globalplatform.keys import Diversification, key_type
from jcopsh.operations.key_values import Authenticated
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import ByteString, ChoiceType, KeySets, KeyVersionType, ScpOptionType, Security, choice_of
from jcopsh.state import CardState, SelectedKind

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
    GP_KEY, GP_KEY_ENC, GP_KEY_MAC, GP_KEY_DEK and GP_KEY_VER of the environment count.

    Where no security domain is selected, the issuer's is selected first, and it says so. The protocol is the one that
    the card answers with; its option i comes from SELECT or GET DATA 0066 and may be overridden. The card's cryptogram
    is checked before EXTERNAL AUTHENTICATE is sent: with wrong keys nothing more is sent. Each try is counted on disk,
    and keys that a card did not take are not tried on it again without a yes that you type.

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
    given = GivenKeys(key, key_enc, key_mac, key_dek)
    if not given.specs:
        given = from_environment(session)
    if not given.specs:
        raise UsageError("which keys? None is tried without being named; nothing was sent",
                         hint="auth --key default for a new card (40…4F), --key NAME for a stored set")
    chosen = chosen_keys(session, given, kdf)
    if key_version is None:
        key_version = version_from_environment()
    before = card.state
    if authentication.go_to_domain(card, here=here):
        yield _gone_to_domain(before, card.state)
    opened = authentication.authenticate(
        card, chosen.choice, level=level, option=option,
        key_version=chosen.key_version if key_version is None else key_version,
        host_challenge=host_challenge, protocol=scp, here=here,
    )
    if option is not None and opened.protocol != str(ChannelProtocol.SCP02):
        yield f"--option {option:02X} had no effect: it is for SCP02, and the card answered with {opened.protocol}"
    if card.tries.unwritten is not None:
        yield f"{card.tries.unwritten.what}. {card.tries.unwritten.meaning}"
    yield opened


def _gone_to_domain(before: CardState, now: CardState) -> str:
    """What was selected by itself, and why."""
    why = ("nothing was selected" if before.selected is SelectedKind.UNKNOWN
           else f"{_shown(before.aid)} is no security domain; --here stays with it")
    return f"selected the issuer security domain {_shown(now.aid)}: {why}"


def _shown(aid: bytes) -> str:
    """An AID as it may be shown: the state has none that may be a transport key."""
    return aid.hex().upper() or "whose AID is not told"


COMMANDS = (auth,)
