"""Keys on the card: put a set and prove it, put one alone, delete one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace as replace_part
from typing import Annotated

from jcopsh.card.card import Card
from jcopsh.card.tries import ledger_name
from jcopsh.commands.auth import KeyVersion
from jcopsh.commands.key_input import GivenKeys, NewKeys, check_name, key_sets, new_keys
from jcopsh.errors import UsageError
from jcopsh.globalplatform.channel import version_text
from jcopsh.operations.key_values import KeysPut
from jcopsh.secrets.key_sets import KeySetStore
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import IntegerType, KeySetName, KeySets, KeySpec, KeyVersionType

NewVersion = Annotated[int, IntegerType(1, 0x7F, "a key version, 1 to 127 or 0x7F")]
Replaced = Annotated[int, KeyVersionType(
    0, 0x7F, "the version to replace, 1 to 127; the first set, FF, goes by adding")]


@command("put-keys", group="secure channel")
def put_keys(
    session: Session, card: Card, new: KeySets | None = None, *, key_version: NewVersion, save: KeySetName,
    replace: Replaced = 0, key: KeySets | None = None, key_enc: KeySets | None = None, key_mac: KeySets | None = None,
    key_dek: KeySets | None = None, passphrase: bool = False,
) -> Iterator[str | KeysPut]:
    """Put a new key set on the card, prove it by an authentication, and say which old one can go.

    NEW (or --key NEW), or --key-enc, --key-mac and --key-dek are the new keys. Where none is given, they are those that
    the key store has under the name of --save, and where it has none, they are asked for without being shown.
    --key-version is their version on the card, --save their name in the key store: they are there, on disk, before
    anything is sent; the passphrase of a set that is stored under one is asked for. --replace VERSION (1 to 127) takes
    the place of a set; else the set is added, and the first set of a new card (version 0xFF) goes by that on many
    cards: it is not named.

    A secure channel has to be open under the old keys. When the power goes in the middle, authenticate with the keys
    that the card takes, old or new, and give the same line again.

    Options:
        --passphrase: ask for a passphrase, and keep the key set in the key store under it

    Examples:
        put-keys --key-version 1 --save bench-card
    """
    from jcopsh.operations import key_change

    key_change.check_channel(card)  # before a key or a passphrase is asked for
    made = _new_keys(session, GivenKeys(new, key_enc, key_mac, key_dek), key, save, with_passphrase=passphrase)
    steps = key_change.put_keys(
        card, _store_of(session, card), made.keys, name=save, key_version=key_version, replaces=replace,
        passphrase=made.passphrase)
    for step in steps:
        yield step
        if isinstance(step, KeysPut) and step.others:
            versions = ", ".join(f"delete-key {version_text(one)}" for one in step.others)
            yield f"the new keys are proved; older ones on the card can go now: {versions}"


@command("put-key", group="secure channel")
def put_key(
    session: Session, card: Card, new: KeySets | None = None, *, key_version: NewVersion, save: KeySetName,
    replace: Replaced = 0, key: KeySets | None = None, key_enc: KeySets | None = None, key_mac: KeySets | None = None,
    key_dek: KeySets | None = None, passphrase: bool = False,
) -> Iterator[str]:
    """PUT KEY alone: put a key set on the card without proving it. put-keys does both; its words mean the same.

    Options:
        --passphrase: as for put-keys

    Examples:
        put-key --key-version 1 --save bench-card
    """
    from jcopsh.operations import key_change

    key_change.check_channel(card)  # before a key or a passphrase is asked for
    made = _new_keys(session, GivenKeys(new, key_enc, key_mac, key_dek), key, save, with_passphrase=passphrase)
    yield from key_change.put_unproved(
        card, _store_of(session, card), made.keys, name=save, key_version=key_version, replaces=replace,
        passphrase=made.passphrase)


def _new_keys(
    session: Session, given: GivenKeys, key: KeySpec | None, name: str, *, with_passphrase: bool
) -> NewKeys:
    """The keys to put: those of the line, --key being another way to say the first of them. Raises UsageError."""
    check_name(name)
    if key is not None and given.all is not None:
        raise UsageError("NEW and --key are the same, and both are given; nothing was sent", hint="leave one away")
    whole = given if key is None else replace_part(given, all=key)
    return new_keys(session, whole, name, with_passphrase=with_passphrase)


def _store_of(session: Session, card: Card) -> KeySetStore | None:
    """Where new keys are kept; of a recording nothing is."""
    return key_sets(session) if card.key_store is not None else None


@command("delete-key", group="secure channel", aliases=("delete-keys",))
def delete_key(session: Session, card: Card, key_version: KeyVersion) -> Iterator[str]:
    """Delete all keys of a version from the card. A typed consent is asked for: without a key set nobody gets in again.

    What goes and what stays is shown before, as far as the card tells.

    A secure channel has to be open, under keys of another version.

    Examples:
        delete-key 0xFF
    """
    from jcopsh.operations import key_change
    from jcopsh.operations.key_information import key_versions

    key_change.check_deletion(card, key_version)
    versions = key_versions(card)
    stored = session.key_sets.entries() if session.key_sets is not None else ()
    names = {one.key_version: one.name for one in stored if one.card == ledger_name(card.state)}
    yield _what_goes(key_version, versions, names)
    key_change.delete_keys(card, key_version)
    yield f"keys of version {version_text(key_version)} are deleted"


def _what_goes(key_version: int, versions: Sequence[int] | None, names: Mapping[int, str]) -> str:
    """What a deletion takes away and what it leaves; `versions` are those on the card, None where it does not tell."""
    def shown(version: int) -> str:
        return version_text(version) + (f" ({names[version]})" if version in names else "")

    goes = f"version {shown(key_version)} goes"
    if versions is None:
        return f"{goes}; the card does not tell which other key sets it has"
    stay = ", ".join(shown(one) for one in versions if one != key_version)
    here = "" if key_version in versions else ", though the card does not list it"
    return f"{goes}{here}; {f'version {stay} stays' if stay else 'no other key set stays'}"


COMMANDS = (put_keys, put_key, delete_key)
