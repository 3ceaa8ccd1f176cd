"""Keys of security domains as commands get them: from the line, the key store, or typed unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jcopsh.errors import UsageError
from jcopsh.globalplatform.keys import DEFAULT_KEY, Diversification, KeySet
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.secrets.key_sets import KeySetStore, Standing, StoredKeySet, unsealed
from jcopsh.secrets.passphrase import Passphrase
from jcopsh.secrets.secret import Secret
from jcopsh.shell.context import ParseContext
from jcopsh.shell.session import Session
from jcopsh.shell.types import KeySpec, KeySpecType
from jcopsh.shell.types.key_specs import DEFAULT, is_key_set_name

if TYPE_CHECKING:
    from jcopsh.operations.authentication import KeyChoice


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """What was given: one spec for all three keys, and specs for single ones, which come before it."""

    all: KeySpec | None = None
    enc: KeySpec | None = None
    mac: KeySpec | None = None
    dek: KeySpec | None = None

    @property
    def specs(self) -> tuple[KeySpec, ...]:
        """Those that were given."""
        return tuple(one for one in (self.all, self.enc, self.mac, self.dek) if one is not None)


@dataclass(frozen=True, slots=True, eq=False)
class ChosenKeys:
    """The keys to use, and the version that a stored set is known to have on the card, 0 where none is.

    `stored` is the set of the key store that they are, None where they are not of it alone, and `passphrase` the one
    that it is stored under, if any.
    """

    choice: KeyChoice
    key_version: int
    stored: StoredKeySet | None = None
    passphrase: Passphrase | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NewKeys:
    """Keys that are to be put on a card, and the passphrase that they are stored under, if any."""

    keys: KeySet
    passphrase: Passphrase | None


def key_sets(session: Session) -> KeySetStore:
    """The store of key sets. Raises UsageError where there is none."""
    if session.key_sets is None:
        raise UsageError("there is no key store here")
    return session.key_sets


def check_name(name: str) -> None:
    """Raises UsageError where a stored set cannot have that name."""
    if name.lower() == DEFAULT:
        raise UsageError("default means the keys 40…4F and cannot be the name of a stored set; nothing was stored",
                         hint="another name, e.g. bench-card")
    if not is_key_set_name(name):
        raise UsageError("a key set's name has up to 24 letters, digits, '-', '_' and '.', and cannot be read as hex",
                         hint="e.g. bench-card")


def chosen_keys(session: Session, given: GivenKeys, kdf: Diversification | None = None) -> ChosenKeys:
    """The key set that was given. Raises UsageError where it is none, or not in the key store."""
    from jcopsh.operations.authentication import KeyChoice

    base, passphrase = _stored_or_given(session, given.all) if given.all is not None else (None, None)
    singles = [_single(session, one) for one in (given.enc, given.mac, given.dek)]
    shared = base.keys if base is not None and base.keys is not None else (None, None, None)
    enc, mac, dek = (own or other for own, other in zip(singles, shared, strict=True))
    if enc is None or mac is None:
        raise UsageError("a key for encryption and one for MACs are needed", hint="--key, or --key-enc and --key-mac")
    try:
        made = KeySet(enc, mac, dek)  # the data encryption key enters no authentication, and may be absent
    except ValueError as error:
        raise UsageError(f"these keys make no set: {error}") from None
    how = _diversification(given, base, kdf)
    name, key_version = (base.name, base.key_version) if base else ("the keys given", 0)
    stored = base if given.all is not None and given.all.key is None and given.all.name != DEFAULT else None
    if any(singles):
        stored = None
    on_card = _card_that_has(stored) if stored is not None else ""
    choice = KeyChoice(name, made, how, on_card, key_version if on_card else 0)
    return ChosenKeys(choice, key_version, stored, passphrase)


def _card_that_has(stored: StoredKeySet) -> str:
    """The ledger's name of the card that has a set, or may have it; empty where there is none, or where only a later
    jcopsh knows what became of the set."""
    return "" if stored.standing is Standing.GIVEN or stored.standing_of_later else stored.card


def all_three(keys: KeySet) -> KeySet:
    """The set, for what needs all of it. Raises UsageError where the DEK was not given."""
    if keys.dek is None:
        raise UsageError("a set to be put or stored is three keys, and the one for data encryption (DEK) is missing",
                         hint="--key-dek, or one --key for all three; nothing was sent")
    return keys


def _opened(session: Session, name: str) -> tuple[StoredKeySet, Passphrase | None]:
    """A stored set with its keys, and its passphrase, which is asked for where it has one."""
    stored = key_sets(session).get(name)
    if stored is None:
        raise UsageError("there is no key set of that name", hint="keys list, or --key default for 40…4F")
    if stored.sealed is None:
        return stored, None
    passphrase = _asked_passphrase(session, stored)
    return unsealed(stored, passphrase), passphrase


def _asked_passphrase(session: Session, stored: StoredKeySet) -> Passphrase:
    return Passphrase(session.ask_secret(f"passphrase of {stored.name} (it does not show): "))


def new_passphrase(session: Session, name: str) -> Passphrase:
    """A passphrase for a set that is to be stored, typed twice. Raises UsageError where the two differ."""
    first = session.ask_secret(f"passphrase for {name} (it does not show): ")
    if not first or session.ask_secret("once more: ") != first:
        raise UsageError("the two are not the same, or empty; nothing was stored")
    return Passphrase(first)


def new_keys(session: Session, given: GivenKeys, name: str, *, with_passphrase: bool) -> NewKeys:
    """Keys to be put on a card and stored as `name`: those given, else those stored there already, else typed unseen.

    A passphrase is asked for where the set is stored under one, or is to be. Raises UsageError.
    """
    stored = key_sets(session).get(name)
    if stored is not None and stored.sealed is not None:
        passphrase = _asked_passphrase(session, stored)
        return NewKeys(_keys_to_put(session, given, unsealed(stored, passphrase)), passphrase)
    if stored is not None and with_passphrase:
        raise UsageError(f"{stored.name} is in the key store already, under no passphrase; nothing was sent",
                         hint="leave --passphrase away, or --save ANOTHER-NAME")
    keys = _keys_to_put(session, given, stored)
    return NewKeys(keys, new_passphrase(session, name) if with_passphrase else None)


def _keys_to_put(session: Session, given: GivenKeys, stored: StoredKeySet | None) -> KeySet:
    """`stored` is the set with its keys that has the name already, None where there is none."""
    names = [one.name.lower() for one in given.specs]
    if stored is not None and stored.keys is not None and (not names or names == [stored.name.lower()]):
        _check_as_on_card(stored.diversification)
        return KeySet(*stored.keys)
    if not given.specs:
        return asked_keys(session)
    choice = chosen_keys(session, given).choice
    _check_as_on_card(choice.diversification.value)
    return all_three(choice.keys)


def _check_as_on_card(diversification: str) -> None:
    if diversification != Diversification.NONE.value:
        raise UsageError("new keys are given as they are to be on the card, not as master keys")


def asked_keys(session: Session) -> KeySet:
    """Three keys, typed at the terminal without being shown."""
    typed = [_asked_key(session, name) for name in ("ENC", "MAC", "DEK")]
    try:
        return KeySet(*typed)
    except ValueError as error:
        raise UsageError(f"these keys make no set: {error}") from None


def _asked_key(session: Session, name: str) -> Secret:
    text = session.ask_secret(f"{name} key in hex (it does not show): ")
    try:
        spec = KeySpecType().parse(text, ParseContext())
    except (UsageError, NotationError):
        spec = KeySpec(None)
    if spec.key is None:
        raise UsageError("this is no key", hint="32, 48 or 64 hex digits")
    return spec.key


def _stored_or_given(session: Session, spec: KeySpec) -> tuple[StoredKeySet, Passphrase | None]:
    key = DEFAULT_KEY if spec.name == DEFAULT else spec.key
    if key is not None:
        return StoredKeySet(spec.name or "the key given", (key, key, key), ()), None
    return _opened(session, spec.name)


def _single(session: Session, spec: KeySpec | None) -> Secret | None:
    if spec is None:
        return None
    if spec.key is not None:
        return spec.key
    if spec.name == DEFAULT:
        return DEFAULT_KEY
    raise UsageError("a stored set is three keys", hint=f"--key {spec.name}")


def _diversification(given: GivenKeys, base: StoredKeySet | None, kdf: Diversification | None) -> Diversification:
    said = {spec.diversification for spec in given.specs} | ({kdf} if kdf is not None else set())
    said.discard(Diversification.NONE)
    if len(said) > 1:
        raise UsageError("keys that are diversified in different ways make no set")
    if said or base is None:
        return said.pop() if said else Diversification.NONE
    try:
        return Diversification(base.diversification)
    except ValueError:  # the file was edited, or is of a later version
        raise UsageError(f"nobody here knows how the keys of {base.name} are diversified; nothing was sent",
                         hint="--kdf says it: visa2, emv or kdf3") from None
