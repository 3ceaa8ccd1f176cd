"""Key sets of security domains: the stored ones, the search for the right one, and those on the card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from jcopsh.card import consent
from jcopsh.card.card import Card
from jcopsh.card.interlock import Judgement, Severity
from jcopsh.card.tries import ledger_card, ledger_name
from jcopsh.commands.auth import Kdf, KeyVersion
from jcopsh.commands.key_input import (
    GivenKeys,
    all_three,
    asked_keys,
    chosen_keys,
    key_sets,
    new_keys,
    new_passphrase,
)
from jcopsh.errors import Refused, UsageError
from jcopsh.globalplatform.keys import DEFAULT_KEY, Diversification, KeySet, KeyType, check_value_labels
from jcopsh.iso7816.hexadecimal import format_bytes
from jcopsh.operations.key_values import KeySearch, KeysPut
from jcopsh.secrets.key_sets import Standing, StoredKeySet
from jcopsh.secrets.ledger import LastTry
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.types import ByteString, IntegerType, KeySets, KeyVersionType, Text, choice
from jcopsh.shell.types.key_specs import DEFAULT, is_key_set_name

Action = Annotated[str, choice(
    "list", "add", "save", "forget", "solve", list="the stored key sets", add="store a key set under a name",
    save="the same as add", forget="take a key set out of the store",
    solve="find the keys that made a card's cryptogram, without asking the card",
)]
NewVersion = Annotated[int, IntegerType(1, 0x7F, "a key version, 1 to 127 or 0x7F")]
Replaced = Annotated[int, KeyVersionType(
    0, 0x7F, "the version to replace, 1 to 127; the first set, FF, goes by adding")]
# seed 001's, so that it can be tried as it stands
_PASTED = ("keys solve --host-challenge 266C8E3C10693905 "
           "--answer 00001202102560956619FF020002598DD3961BFDCC97F9DF4F2A6CE2")
STATUS_WORD_LENGTH = 2  # bytes


@dataclass(frozen=True)
class KeySetLine:
    """A stored key set: its keys by check value, or in clear where that was asked for."""

    name: str
    key_version: str
    keys: str
    diversification: str
    standing: str
    card: str
    stored: str


@dataclass(frozen=True)
class KeySetList:
    """All stored key sets, and their file."""

    key_sets: tuple[KeySetLine, ...]
    file: str


@command("keys", group="secure channel")
def keys(
    session: Session, action: Action = "list", name: Text | None = None, *, key: KeySets | None = None,
    key_enc: KeySets | None = None, key_mac: KeySets | None = None, key_dek: KeySets | None = None,
    key_version: KeyVersion = 0, kdf: Kdf | None = None, passphrase: bool = False, reveal: bool = False,
    host_challenge: ByteString | None = None, answer: ByteString | None = None,
) -> KeySetList | KeySearch | str:
    """Keep key sets by name, and find which one a card has.

    keys list shows them by their check values; --reveal shows the keys themselves. keys add NAME stores a set, given
    by --key or --key-enc, --key-mac and --key-dek; where none is given they are asked for without being shown.
    keys forget NAME takes it out; of a set that a card has
    taken or may have taken it asks for a yes first, since that may be the only copy.

    keys solve takes the host challenge and the answer of the card's last INITIALIZE UPDATE, which are kept on disk, or
    those that are given with --host-challenge and --answer, and tries 40…4F and every stored set that is under no
    passphrase, each as it is and diversified by visa2, emv and kdf3. The card is not asked.

    Options:
        --passphrase: ask for one that the set is then kept under

    Examples:
        keys add bench --key-version 1
        keys solve
        keys solve --host-challenge 266C8E3C10693905 --answer 00001202102560956619FF020002598DD3961BFDCC97F9DF4F2A6CE2
    """
    given = GivenKeys(key, key_enc, key_mac, key_dek)
    _refuse_what_is_for_others(action, {
        "NAME": name is not None, "--key": key is not None, "--key-enc": key_enc is not None,
        "--key-mac": key_mac is not None, "--key-dek": key_dek is not None, "--key-version": bool(key_version),
        "--kdf": kdf is not None, "--passphrase": passphrase, "--reveal": reveal,
        "--host-challenge": host_challenge is not None, "--answer": answer is not None,
    })
    if action == "solve":
        return _solve(session, host_challenge, answer)
    if action == "list":
        lines = tuple(_line(one, reveal=reveal) for one in key_sets(session).entries())
        return KeySetList(lines, str(key_sets(session).path))
    if name is None:
        raise UsageError(f"keys {action} takes a name", hint=f"keys {action} NAME")
    if action == "forget":
        return _forget(session, name)
    return _add(session, name, given, key_version, kdf, with_passphrase=passphrase)


_FOR_ADD = frozenset(("NAME", "--key", "--key-enc", "--key-mac", "--key-dek", "--key-version", "--kdf", "--passphrase"))
_WORDS_OF: Mapping[str, frozenset[str]] = {
    "list": frozenset(("--reveal",)), "add": _FOR_ADD, "save": _FOR_ADD, "forget": frozenset(("NAME",)),
    "solve": frozenset(("--host-challenge", "--answer")),
}


def _refuse_what_is_for_others(action: str, given: Mapping[str, bool]) -> None:
    """A word that the action does not take may mean that another one was meant. Raises UsageError."""
    taken = _WORDS_OF[action]
    extra = [word for word, is_given in given.items() if is_given and word not in taken]
    if extra:
        takes = " ".join(f"[{word}]" for word in given if word in taken and word != "NAME")
        name = " NAME" if "NAME" in taken else ""
        raise UsageError(f"keys {action} takes no {' and no '.join(extra)}; nothing was done",
                         hint=f"keys {action}{name} {takes}".rstrip())


def _forget(session: Session, name: str) -> str:
    stored = key_sets(session).get(name)
    if stored is not None and not session.answering_yes:
        _ask_before_forgetting(session, stored)
    key_sets(session).forget(name)
    return f"{name} is forgotten; a card that has these keys still has them"


def _ask_before_forgetting(session: Session, stored: StoredKeySet) -> None:
    """A yes, where a card may have the set. Raises Refused."""
    card = session.card_or_none
    taken = card.accepted_keys if card is not None else None
    in_use = taken is not None and stored.keys is not None and taken.may_be(*stored.keys)
    if stored.standing is Standing.GIVEN and not in_use:
        return
    which = stored.card or (card.description if card is not None else "")
    session.output.show_held()
    try:
        consent.ask_yes(Judgement(
            Severity.DESTRUCTIVE, "forget", f"forget the key set {stored.name}",
            "The card has taken these keys, or may have taken them. If this is their only copy, nobody can "
            "authenticate to it again.",
        ), which, question="Forget it?")
    except Refused as refused:
        raise Refused(f"the key set {stored.name} was kept", meaning=refused.meaning, hint=refused.hint) from None


def _add(
    session: Session, name: str, given: GivenKeys, key_version: int, kdf: Diversification | None, *,
    with_passphrase: bool,
) -> str:
    _check_name(name)
    how = kdf or Diversification.NONE
    if given.specs:
        choice_made = chosen_keys(session, given, kdf).choice
        made, how = all_three(choice_made.keys), choice_made.diversification
    else:
        made = asked_keys(session)
    labels = check_value_labels(made, KeyType.DES3 if how in (Diversification.VISA2, Diversification.EMV) else None)
    stored = StoredKeySet(name, made.all, labels, key_version=key_version, diversification=how.value)
    key_sets(session).add(stored, new_passphrase(session, name) if with_passphrase else "")
    return f"{name} is stored: {', '.join(stored.labels)}"


def _check_name(name: str) -> None:
    if name.lower() == DEFAULT:
        raise UsageError("default means the keys 40…4F and cannot be the name of a stored set; nothing was stored",
                         hint="another name, e.g. bench-card")
    if not is_key_set_name(name):
        raise UsageError("a key set's name has up to 24 letters, digits, '-', '_' and '.', and cannot be read as hex",
                         hint="e.g. bench-card")


def _line(stored: StoredKeySet, *, reveal: bool) -> KeySetLine:
    shown = ", ".join(stored.labels)
    if stored.sealed is not None:
        shown += " (under a passphrase)"
    elif reveal and stored.keys is not None:
        shown = " ".join(format_bytes(key.reveal()) for key in stored.keys)
    version = f"{stored.key_version:02X}" if stored.key_version else "any"
    diversification = "" if stored.diversification == Diversification.NONE.value else stored.diversification
    return KeySetLine(stored.name, version, shown, diversification, stored.standing.value, stored.card, stored.time)


def _solve(session: Session, host_challenge: bytes | None, answer: bytes | None) -> KeySearch:
    from jcopsh.operations.key_search import Candidate, search

    if (host_challenge is None) != (answer is None):
        raise UsageError("the host challenge and the card's answer belong together",
                         hint="keys solve --host-challenge HEX --answer HEX")
    answer_of = "what was given"
    if host_challenge is None or answer is None:
        last = _last_try(session)
        host_challenge, answer = last.host_challenge, last.answer
        answer_of = f"the last try{f', {last.time}' if last.time else ''}"
    candidates = [Candidate(DEFAULT, KeySet.of_one(DEFAULT_KEY))]
    stored = session.key_sets.entries() if session.key_sets is not None else ()
    candidates += [Candidate(one.name, KeySet(*one.keys)) for one in stored if one.keys]
    sealed = sum(1 for one in stored if one.sealed is not None)
    return search(host_challenge, _without_status_word(answer), candidates, skipped=sealed, answer_of=answer_of)


def _last_try(session: Session) -> LastTry:
    """The last INITIALIZE UPDATE that was answered: since the card was connected, else of that card by the ledger, and
    where none is connected of any. A recording has its own alone. Raises UsageError where there is none."""
    card = session.card_or_none
    if card is not None:
        kept = card.tries.ledger.last(ledger_card(card.state)) if card.tries.ledger is not None else None
        last = card.tries.last or kept
    else:
        last = session.ledger.last() if session.ledger is not None else None
    if last is None:
        of_it = "" if card is None else " of this card"
        raise UsageError(
            f"no answer{of_it} to INITIALIZE UPDATE is known",
            meaning="The search needs one: auth keeps the card's, and the trace of any program shows one.",
            hint=f"auth --key default, or as a trace shows them: {_PASTED}")
    return last


def _without_status_word(answer: bytes) -> bytes:
    """The data of an answer that was pasted with its 9000: no form of the data is two bytes longer than another."""
    with_status_word = answer.endswith(b"\x90\x00") and len(answer) in (30, 31, 34, 47, 50)
    return answer[:-STATUS_WORD_LENGTH] if with_status_word else answer


# --- on the card -----------------------------------------------------------------------------------------------------


@command("put-keys", group="secure channel")
def put_keys(
    session: Session, card: Card, key: KeySets | None = None, *, key_version: NewVersion, save: Text,
    replace: Replaced = 0, key_enc: KeySets | None = None, key_mac: KeySets | None = None,
    key_dek: KeySets | None = None, passphrase: bool = False,
) -> Iterator[str | KeysPut]:
    """Put a new key set on the card, prove it by an authentication, and say which old one can go.

    KEY or --key-enc, --key-mac and --key-dek are the new keys. Where none is given, they are those that the key store
    has under the name of --save, and where it has none, they are asked for without being shown. --key-version is their
    version on the card, --save their name in the key store: they are there, on disk, before anything is sent; the
    passphrase of a set that is stored under one is asked for. --replace VERSION (1 to 127) takes the place of a set;
    else the set is added, and the first set of a new card (version FF) goes by that on many cards: it is not named.

    A secure channel has to be open under the old keys. When the power goes in the middle, authenticate with the keys
    that the card takes, old or new, and give the same line again.

    Examples:
        put-keys --key-version 1 --save bench-card
    """
    from jcopsh.operations import key_change

    _check_name(save)
    made = new_keys(session, GivenKeys(key, key_enc, key_mac, key_dek), save, with_passphrase=passphrase)
    steps = key_change.put_keys(
        card, key_sets(session), made.keys, name=save, key_version=key_version, replaces=replace,
        passphrase=made.passphrase)
    for step in steps:
        yield step
        if isinstance(step, KeysPut) and step.others:
            versions = ", ".join(f"delete-key 0x{one:02X}" for one in step.others)
            yield f"the new keys are proved; older ones on the card can go now: {versions}"


@command("put-key", group="secure channel")
def put_key(
    session: Session, card: Card, key: KeySets | None = None, *, key_version: NewVersion, save: Text,
    replace: Replaced = 0, key_enc: KeySets | None = None, key_mac: KeySets | None = None,
    key_dek: KeySets | None = None, passphrase: bool = False,
) -> str:
    """PUT KEY alone: put a key set on the card without proving it. put-keys does both; its words mean the same.

    Options:
        --passphrase: as for put-keys

    Examples:
        put-key --key-version 1 --save bench-card
    """
    from jcopsh.operations import key_change

    _check_name(save)
    made = new_keys(session, GivenKeys(key, key_enc, key_mac, key_dek), save, with_passphrase=passphrase)
    key_change.check(card, made.keys, key_version, replace)
    store = key_sets(session)
    stored = key_change.keep(card, store, made.keys, save, key_version, passphrase=made.passphrase)
    values = ", ".join(key_change.put_stored_key(
        card, store, stored, made.keys, key_version=key_version, replaces=replace, passphrase=made.passphrase))
    return f"the card took keys of version {key_version:02X}, check values {values}; auth --key {save} proves them"


@command("delete-key", group="secure channel", aliases=("delete-keys",))
def delete_key(session: Session, card: Card, key_version: KeyVersion) -> Iterator[str]:
    """Delete all keys of a version from the card. A typed consent is asked for: without a key set nobody gets in again.

    What goes and what stays is shown before, as far as the card tells.

    A secure channel has to be open, under keys of another version.

    Examples:
        delete-key 0xFF
    """
    from jcopsh.operations import key_change

    key_change.check_deletion(card, key_version)
    versions = key_change.key_versions(card)
    stored = session.key_sets.entries() if session.key_sets is not None else ()
    names = {one.key_version: one.name for one in stored if one.card == ledger_name(card.state)}
    yield _what_goes(key_version, versions, names)
    key_change.delete_keys(card, key_version)
    yield f"keys of version {key_version:02X} are deleted"


def _what_goes(key_version: int, versions: Sequence[int] | None, names: Mapping[int, str]) -> str:
    """What a deletion takes away and what it leaves; `versions` are those on the card, None where it does not tell."""
    def shown(version: int) -> str:
        return f"{version:02X} ({names[version]})" if version in names else f"{version:02X}"

    goes = f"version {shown(key_version)} goes"
    if versions is None:
        return f"{goes}; the card does not tell which other key sets it has"
    stay = ", ".join(shown(one) for one in versions if one != key_version)
    here = "" if key_version in versions else ", though the card does not list it"
    return f"{goes}{here}; {f'version {stay} stays' if stay else 'no other key set stays'}"


COMMANDS = (keys, put_keys, put_key, delete_key)
