"""Put, prove and delete key sets of a security domain (GlobalPlatform 2.3.1, 11.8 and 11.2; Amendment D, 7.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jcopsh.card.card import Card, keys_of_open_channel
from jcopsh.card.tries import ledger_name
from jcopsh.errors import CardError, ChannelError, JcopshError, Refused, UsageError
from jcopsh.globalplatform import ciphers
from jcopsh.globalplatform.channel import ChannelProtocol, SecureChannelState, SecurityLevel, version_text
from jcopsh.globalplatform.keys import Diversification, KeySet, KeyType, check_value, check_value_labels, key_type
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.iso7816.tlv import encode as encode_tlv
from jcopsh.operations.authentication import KeyChoice, authenticate, note_given
from jcopsh.operations.key_information import key_versions
from jcopsh.operations.key_values import Authenticated, KeysPut
from jcopsh.operations.status_errors import card_error
from jcopsh.operations.truth import telling
from jcopsh.secrets.key_sets import KeySetStore, Standing, StoredKeySet, key_set, unsealed
from jcopsh.secrets.passphrase import Passphrase
from jcopsh.secrets.secret import Secret

FIRST_KEY, SEVERAL_KEYS = 0x01, 0x80  # P2 of PUT KEY: the identifier of the first key, and that more follow
ADDS = 0x00  # P1 of PUT KEY: no key set is replaced
CHECK_VALUE_LENGTH = 3  # bytes
LOWEST_VERSION, HIGHEST_VERSION = 0x01, 0x7F  # of key sets that can be put; FF is a card's first one
TAG_KEY_VERSION = 0xD2


def put_keys(
    card: Card, store: KeySetStore | None, new: KeySet, *, name: str, key_version: int, replaces: int = ADDS,
    passphrase: Passphrase | None = None,
) -> Iterator[str | KeysPut]:
    """Put a key set of three, prove it by an authentication, and say so step by step; the last value is the result.

    The set is in the store under `name`, on the disk, before anything is sent, and under the passphrase where there is
    one; `store` is None for a recording, of which nothing is kept. When the power goes in between, the same call ends
    it: what is on the card already is not put again. Raises ChannelError, CardError, Refused, StoreError, and
    UsageError where the set is there under another passphrase.
    """
    level = check(card, new, key_version, replaces)
    before = key_versions(card)
    stored = keep(card, store, new, name, key_version, passphrase=passphrase)
    if store is not None:
        yield _kept(stored, passphrase)
    # the ledger is told that the card may have them: what is cut off in the proof says nothing against them
    choice = KeyChoice(stored.name, new, on_card=ledger_name(card.state), on_card_version=key_version)
    opened: Authenticated | None = None
    if _may_be_there(card, stored, before, key_version, replaces):
        yield _may_have(stored, key_version)
        opened = _proved(card, choice, level, key_version, certain=before is not None)
        yield "the card has these keys: nothing was put" if opened else "the card does not have them: they are put now"
    if opened is None:
        yield from _same_as_old(card, new)
        check_values = _put_kept(
            card, store, stored, new, key_version=key_version, replaces=replaces, passphrase=passphrase)
        yield (f"the card took version {version_text(key_version)} and made the check values "
               f"{', '.join(check_values)}")
        with telling(_not_proved(stored.name), *_way_on(stored.name, key_version)):
            opened = authenticate(card, choice, level=level, key_version=key_version)
    _note(store, _standing(card, stored, Standing.ON_CARD, key_version), passphrase)
    if card.tries.unwritten is not None:
        yield f"{card.tries.unwritten.what}. {card.tries.unwritten.meaning}"
    yield KeysPut(stored.name, key_version, _check_values(new, key_type(check_channel(card).protocol)), _shown(opened),
                  _others(key_versions(card), key_version))


def put_unproved(
    card: Card, store: KeySetStore | None, new: KeySet, *, name: str, key_version: int, replaces: int = ADDS,
    passphrase: Passphrase | None = None,
) -> Iterator[str]:
    """As `put_keys`, without the authentication that proves the set, and without a look at what is there."""
    check(card, new, key_version, replaces)
    stored = keep(card, store, new, name, key_version, passphrase=passphrase)
    if store is not None:
        yield _kept(stored, passphrase)
    yield from _same_as_old(card, new)
    values = _put_kept(card, store, stored, new, key_version=key_version, replaces=replaces, passphrase=passphrase)
    yield (f"the card took keys of version {version_text(key_version)}, check values {', '.join(values)}; "
           f"auth --key {stored.name} proves them")


def _kept(stored: StoredKeySet, passphrase: Passphrase | None) -> str:
    return (f"the new keys are in the key store as {stored.name}: {', '.join(stored.labels)}"
            + (", under the passphrase" if passphrase else ""))


def _same_as_old(card: Card, new: KeySet) -> Iterator[str]:
    """A word on new keys that are no other ones than those of the open channel; it stands above the question."""
    state, taken = card.state.secure_channel, card.accepted_keys
    if state is not None and taken is not None and taken.may_be(*new.all):
        yield (f"the new keys are the same as those of the open channel, version {version_text(state.key_version)}: "
               "the card gets no other keys by this")


def _may_have(stored: StoredKeySet, key_version: int) -> str:
    """Why these keys are proved before they are put."""
    version = version_text(key_version)
    if stored.standing in (Standing.ON_CARD, Standing.TAKEN):
        return f"the key store says that this card has taken these keys as version {version}: they are proved first"
    if stored.standing is Standing.BEING_PUT:
        return (f"these keys were to be put on this card before, and whether it took them as version {version} is not "
                "known: they are proved first")
    return f"the open channel has keys of version {version}: whether they are these is proved first"


def _put_kept(
    card: Card, store: KeySetStore | None, stored: StoredKeySet, new: KeySet, *, key_version: int, replaces: int,
    passphrase: Passphrase | None,
) -> tuple[str, ...]:
    """`put_key` of a set that is in the store, where it is noted before that the card may have it from now on, and
    afterwards that the card took it.

    Where nothing was sent, or the card says that it took nothing, the store knows of the set what it knew before.
    """
    _note(store, _standing(card, stored, Standing.BEING_PUT, key_version), passphrase)
    try:
        check_values = put_key(card, new, key_version=key_version, replaces=replaces, name=stored.name)
    except (Refused, CardError) as error:
        if store is not None and (isinstance(error, Refused) or _took_nothing(error)):
            _note(store, stored, passphrase)
            kept = f"The key store keeps the set as {stored.name}, {stored.standing_text}"
            error.meaning = f"{error.meaning.rstrip('.')}. {kept}." if error.meaning else f"{kept}."
        raise
    with telling(_not_proved(stored.name), *_way_on(stored.name, key_version)):
        _note(store, _standing(card, stored, Standing.TAKEN, key_version), passphrase)
    return check_values


def note_proved(
    card: Card, store: KeySetStore, stored: StoredKeySet, key_version: int, passphrase: Passphrase | None
) -> None:
    """Note that the card has taken a stored set, where it had this set under this version without a proof until now.

    An authentication with it has just gone well. Raises StoreError where the disk refuses.
    """
    unproved = stored.standing in (Standing.BEING_PUT, Standing.TAKEN) and not stored.standing_of_later
    if unproved and (stored.card, stored.key_version) == (ledger_name(card.state), key_version):
        store.note(replace(stored, standing=Standing.ON_CARD), passphrase)


def _not_proved(name: str) -> str:
    return f"The card took the keys {name}, and this was not proved yet"


def _note(store: KeySetStore | None, known: StoredKeySet, passphrase: Passphrase | None) -> None:
    if store is not None:
        store.note(known, passphrase)


def _took_nothing(error: CardError) -> bool:
    """Whether the card checked the command and did not carry it out (ISO/IEC 7816-4:2020, table 5: 67 to 6E)."""
    return 0x67 <= error.response.sw >> 8 <= 0x6E


def _standing(card: Card, stored: StoredKeySet, standing: Standing, key_version: int) -> StoredKeySet:
    return replace(stored, standing=standing, standing_of_later="", card=ledger_name(card.state),
                   key_version=key_version)


def put_key(
    card: Card, new: KeySet, *, key_version: int, replaces: int = ADDS, name: str = ""
) -> tuple[str, ...]:
    """PUT KEY of three keys, and nothing else; the check values that the card made of them.

    `name` is the set's in the key store, where it is kept. `replaces` is the version of the set that gives way, 0 where
    the keys are added. Raises ChannelError where the card made other check values than we did: the keys it has then are
    not the ones that were sent.
    """
    check(card, new, key_version, replaces)
    cipher = key_type(check_channel(card).protocol)
    data = bytes((key_version,)) + b"".join(_key_field(card, new, cipher))
    command = CommandAPDU(0x80, INS.PUT_KEY, replaces, SEVERAL_KEYS | FIRST_KEY, data, le=256)
    with telling(_may_have_them(name, key_version), *_way_on(name, key_version)):
        response = _sent(card, command, new)
    if not response.ok:
        raise card_error(f"the card does not take keys of version {version_text(key_version)}", command, response,
                         hint=_put_hint(response, key_version, replaces))
    expected = _check_values(new, cipher)
    _compare(response.data, key_version, expected)
    return expected


def _sent(card: Card, command: CommandAPDU, new: KeySet) -> ResponseAPDU:
    """The answer to PUT KEY. Where the card has the keys now, or may have them, the ledger hears of it: what was tried
    with them before says nothing against them any more."""
    try:
        response = card.send(command)
    except Refused:
        raise
    except (JcopshError, KeyboardInterrupt):
        note_given(card, new)
        raise
    if response.ok:
        note_given(card, new)
    return response


def check_deletion(card: Card, key_version: int) -> None:
    """Raises ChannelError or UsageError where keys of this version cannot be deleted over the channel that is open."""
    state = card.state.secure_channel
    if state is None:
        raise ChannelError("keys are deleted over a secure channel, and none is open; nothing was sent", hint="auth")
    if state.key_version == key_version:
        raise UsageError(
            f"the channel itself is open under keys of version {version_text(key_version)}; nothing was sent",
            hint="auth with the set that stays")


def delete_keys(card: Card, key_version: int) -> None:
    """DELETE all keys of a version. The interlock asks: nobody can authenticate to a card whose last set is gone."""
    check_deletion(card, key_version)
    command = CommandAPDU(0x80, INS.DELETE, 0x00, 0x00, encode_tlv(TAG_KEY_VERSION, bytes((key_version,))), le=256)
    response = card.send(command)
    if not response.ok:
        raise card_error(f"the card does not delete keys of version {version_text(key_version)}", command, response,
                         hint="some cards never delete the set that they came with; PUT KEY replaces it")


# --- parts -----------------------------------------------------------------------------------------------------------


def check_channel(card: Card) -> SecureChannelState:
    """The open channel. Raises ChannelError where none is open that keys can be put over."""
    state = card.state.secure_channel
    if state is None or not state.level & SecurityLevel.C_MAC:
        raise ChannelError("keys are put over a secure channel with C-MAC, and none is open; nothing was sent",
                           hint="auth mac, with the keys that the card has now")
    return state


def check(card: Card, new: KeySet, key_version: int, replaces: int = ADDS) -> SecurityLevel:
    """The level of the open channel. Raises ChannelError or UsageError where these keys cannot be put over it."""
    state = check_channel(card)
    if not LOWEST_VERSION <= key_version <= HIGHEST_VERSION:
        raise UsageError(f"a key version is 0x01 to 0x7F, not {version_text(key_version)}; nothing was sent")
    if not ADDS <= replaces <= HIGHEST_VERSION:
        raise UsageError(f"PUT KEY replaces versions 0x01 to 0x7F, not {version_text(replaces)}; nothing was sent",
                         hint="leave --replace away: the first set of a new card (0xFF) goes when keys are added")
    if key_type(state.protocol) is KeyType.DES3 and new.key_length != ciphers.DES_KEY_LENGTH:
        raise UsageError(f"{state.protocol} has keys of {ciphers.DES_KEY_LENGTH} bytes, these have {new.key_length}; "
                         "nothing was sent")
    card.encipher_key(new.enc)  # which a channel cannot that was opened without a DEK
    return state.level


def _may_be_there(
    card: Card, stored: StoredKeySet, before: tuple[int, ...] | None, key_version: int, replaces: int
) -> bool:
    """Whether the card may have these very keys already. Raises UsageError where it has others of that version.

    `before` are the versions that the card says it has, None where it does not say: then the store and the channel do.
    """
    if replaces == key_version or (before is not None and key_version not in before):
        return False
    state = card.state.secure_channel
    was_put = stored.standing is not Standing.GIVEN and stored.card == ledger_name(card.state)
    if before is None:
        return was_put or (state is not None and state.key_version == key_version)
    if not was_put:
        raise UsageError(f"the card has keys of version {version_text(key_version)} already; nothing was put",
                         hint=f"another --key-version, or --replace {version_text(key_version)}")
    return True


def _proved(
    card: Card, choice: KeyChoice, level: SecurityLevel, key_version: int, *, certain: bool
) -> Authenticated | None:
    """The channel under the new keys; None where the card has no such keys: the channel of before is open then.

    With `certain` the card itself said that it has keys of that version, and a failure is raised.
    """
    state, old = card.state.secure_channel, keys_of_open_channel(card)
    try:
        return authenticate(card, choice, level=level, key_version=key_version)
    except (CardError, ChannelError):
        if certain or state is None or old is None:
            raise
    option = state.option if state.protocol is ChannelProtocol.SCP02 else None
    before = KeyChoice("the keys of before", old, on_card=ledger_name(card.state), on_card_version=state.key_version)
    authenticate(card, before, level=level, key_version=state.key_version, option=option)
    return None


def _may_have_them(name: str, key_version: int) -> str:
    return (f"The card may have the keys {name} now, as version {version_text(key_version)}, or the old ones alone"
            + ("; the keys are in the key store" if name else ""))


def _way_on(name: str, key_version: int) -> tuple[str, str]:
    """How to open a channel again, and what to do then."""
    again = f"auth --key {name or 'NEW'} --key-version {version_text(key_version)}, or with the old keys"
    return again, "the same line again"


def _key_field(card: Card, new: KeySet, cipher: KeyType) -> Iterator[bytes]:
    """Each key with its type, length and check value (table 11-68; of AES with the plain key's length, Amendment D)."""
    for key in new.all:
        enciphered = card.encipher_key(key)
        if cipher is KeyType.AES:
            enciphered = bytes((len(key),)) + enciphered
        yield bytes((cipher.value, len(enciphered))) + enciphered
        yield bytes((CHECK_VALUE_LENGTH,)) + check_value(key, cipher)


def _check_values(new: KeySet, cipher: KeyType) -> tuple[str, ...]:
    return tuple(check_value(key, cipher).hex().upper() for key in new.all)


def _compare(answer: bytes, key_version: int, expected: tuple[str, ...]) -> None:
    """The card answers the version and its own check values; a card that answers nothing says nothing against it."""
    if not answer:
        return
    wanted = bytes((key_version,)) + b"".join(map(bytes.fromhex, expected))
    if answer not in (wanted, wanted[:1]):
        raise ChannelError(
            "the check values that the card made are not those of the keys that were sent",
            meaning="The keys on the card are unknown. The old set may still be there: nothing was deleted.",
            hint="keep this channel open, and put the keys again with --replace",
        )


def keep(
    card: Card, store: KeySetStore | None, new: KeySet, name: str, key_version: int, *,
    passphrase: Passphrase | None = None,
) -> StoredKeySet:
    """The set in the store with its keys: a new entry, or the one of that name where it holds these very keys.

    A new entry fits any version: which one it has is noted when it is put.
    """
    keys = new.all
    fresh = replace(key_set(name, keys), labels=_labels(card, new))
    known = store.get(name) if store is not None else None
    if known is None:
        if store is not None:
            store.add(fresh, passphrase)
        return fresh
    known = unsealed(known, passphrase)
    differs = _differs(known, keys, key_version)
    if differs:
        raise UsageError(
            f"the key store has another set under the name {name}; nothing was sent", meaning=differs,
            hint="--save ANOTHER-NAME",
        )
    return known


def _differs(known: StoredKeySet, keys: tuple[Secret, Secret, Secret], key_version: int) -> str:
    """In what a stored set is not the one that is put; empty where it is."""
    if known.keys != keys:
        return "Its keys differ."
    if known.diversification != Diversification.NONE.value:
        return f"It holds master keys (diversified by {known.diversification}), which would not open the card."
    if known.key_version not in (0, key_version):
        return f"It is for version {version_text(known.key_version)}."
    return ""


def _labels(card: Card, new: KeySet) -> tuple[str, ...]:
    """The check values by the cipher that the keys are for."""
    return check_value_labels(new, key_type(check_channel(card).protocol))


def _put_hint(response: ResponseAPDU, key_version: int, replaces: int) -> str:
    new, old = version_text(key_version), version_text(replaces)
    return {
        0x6A80: "the check values or the form of the keys did not please it" if replaces == ADDS else
                "there may be no set of that version to replace",
        0x6A88: f"it may have keys of version {new} already: another --key-version, or --replace {new}"
                if replaces == ADDS else f"it has no set of version {old} to replace, or keys of version {new} already",
        0x6982: "it may want a higher level: auth enc",
        0x6A84: "it has no room for another set: --replace the old one",
    }.get(response.sw, "nothing was changed; the old keys still hold")


def _shown(opened: Authenticated) -> str:
    return f"{opened.protocol} i={opened.option}, level {opened.level}"


def _others(versions: tuple[int, ...] | None, key_version: int) -> tuple[int, ...] | None:
    return None if versions is None else tuple(one for one in versions if one != key_version)
