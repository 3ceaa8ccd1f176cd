"""Key sets of security domains: the stored ones, the search for the right one, and those on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jcopsh.card import consent
from jcopsh.card.card import keys_of_open_channel
from jcopsh.card.interlock import Judgement, Severity
from jcopsh.card.tries import ledger_card, ledger_name
from jcopsh.commands.auth import Kdf, KeyVersion
from jcopsh.commands.key_input import (
    GivenKeys,
    all_three,
    asked_keys,
    check_name,
    chosen_keys,
    key_sets,
    new_passphrase,
)
from jcopsh.errors import JcopshError, Refused, UsageError
from jcopsh.globalplatform.channel import version_text
from jcopsh.globalplatform.keys import DEFAULT_KEY, Diversification, KeySet, KeyType, check_value_labels, key_type
from jcopsh.iso7816.hexadecimal import format_bytes
from jcopsh.operations.key_values import KeySearch
from jcopsh.operations.memory_keys import ORDERS, MemoryKeys, memory_keys
from jcopsh.secrets.key_sets import Standing, StoredKeySet
from jcopsh.secrets.ledger import LastTry
from jcopsh.shell.command import command
from jcopsh.shell.session import Session
from jcopsh.shell.tokens import counted
from jcopsh.shell.types import ByteString, KeySets, Text, TextType, choice
from jcopsh.shell.types.key_specs import DEFAULT

Action = Annotated[str, choice(
    "list", "add", "save", "forget", "solve", list="the stored key sets", add="store a key set under a name",
    save="store the keys of the open channel under a name", forget="take a key set out of the store",
    solve="find the keys that made a card's cryptogram, without asking the card",
)]
Slots = Annotated[str, TextType("the slots for ENC, MAC and DEK, such as 123, or 123@BOOT")]
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
class MemoryLine:
    """What the key slots of an unfused card held under a boot, in the order of the slots, by check value."""

    boot: str
    keys: str
    card: str


@dataclass(frozen=True)
class KeySetList:
    """All stored key sets, their file, and the keys that were in cards' memory."""

    key_sets: tuple[KeySetLine, ...]
    file: str
    from_memory: tuple[MemoryLine, ...] = ()


@command("keys", group="secure channel")
def keys(
    session: Session, action: Action = "list", name: Text | None = None, *, key: KeySets | None = None,
    key_enc: KeySets | None = None, key_mac: KeySets | None = None, key_dek: KeySets | None = None,
    key_version: KeyVersion = 0, kdf: Kdf | None = None, passphrase: bool = False, reveal: bool = False,
    host_challenge: ByteString | None = None, answer: ByteString | None = None, from_memory: Slots | None = None,
) -> KeySetList | KeySearch | str:
    """Keep key sets by name, and find which one a card has.

    keys list shows them by their check values; --reveal shows the keys themselves. keys add NAME stores a set, given
    by --key or --key-enc, --key-mac and --key-dek; where none is given they are asked for without being shown.
    --from-memory takes what the three key slots of an unfused card held, which keys list shows too: 123 are ENC, MAC
    and DEK in the order of the slots, 321 the other way round, 111 the first one three times; @BOOT behind it names an
    earlier boot than the last. keys save NAME stores the keys that the open channel was opened with; given some, it
    does what add does. keys forget NAME takes a set out; of a set that a card has taken or may have taken it asks for a
    yes first, since that may be the only copy.

    keys solve takes the host challenge and the answer of the card's last INITIALIZE UPDATE, which are kept on disk, or
    those that are given with --host-challenge and --answer, and tries 40…4F, every stored set that is under no
    passphrase, and what was in the key slots of unfused cards, in each order; each as it is and diversified by visa2,
    emv and kdf3. The card is not asked. Where none fits, it fails.

    Options:
        --passphrase: ask for one that the set is then kept under
        --from-memory: the slots for ENC, MAC and DEK, such as 123, or 123@BOOT

    Examples:
        keys add bench --key-version 1
        keys add bench --from-memory 123
        keys save bench
        keys solve
        keys solve --host-challenge 266C8E3C10693905 --answer 00001202102560956619FF020002598DD3961BFDCC97F9DF4F2A6CE2
    """
    given = GivenKeys(key, key_enc, key_mac, key_dek)
    _refuse_what_is_for_others(action, {
        "NAME": name is not None, "--key": key is not None, "--key-enc": key_enc is not None,
        "--key-mac": key_mac is not None, "--key-dek": key_dek is not None, "--key-version": bool(key_version),
        "--kdf": kdf is not None, "--passphrase": passphrase, "--reveal": reveal,
        "--host-challenge": host_challenge is not None, "--answer": answer is not None,
        "--from-memory": from_memory is not None,
    })
    if action == "solve":
        return _solve(session, host_challenge, answer)
    if action == "list":
        lines = tuple(_line(one, reveal=reveal) for one in key_sets(session).entries())
        return KeySetList(lines, str(key_sets(session).path), _memory_lines(session, reveal=reveal))
    if name is None:
        raise UsageError(f"keys {action} takes a name", hint=f"keys {action} NAME")
    if action == "forget":
        return _forget(session, name)
    check_name(name)
    key_sets(session).check_free(name)  # before keys are typed for nothing
    stored = _to_store(session, action, name, given=given, key_version=key_version, kdf=kdf, from_memory=from_memory)
    key_sets(session).add(stored, new_passphrase(session, name) if passphrase else None)
    return f"{name} is stored: {', '.join(stored.labels)}"


_FOR_SAVE = frozenset((
    "NAME", "--key", "--key-enc", "--key-mac", "--key-dek", "--key-version", "--kdf", "--passphrase"))
_WORDS_OF: Mapping[str, frozenset[str]] = {
    "list": frozenset(("--reveal",)), "add": _FOR_SAVE | {"--from-memory"}, "save": _FOR_SAVE,
    "forget": frozenset(("NAME",)),
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
    if stored is not None and not session.yes.answers(Severity.DESTRUCTIVE):
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


def _to_store(
    session: Session, action: str, name: str, *, given: GivenKeys, key_version: int, kdf: Diversification | None,
    from_memory: str | None,
) -> StoredKeySet:
    """The set that `keys add` and `keys save` store, from wherever its keys come. Raises UsageError."""
    if from_memory is not None:
        if given.specs:
            raise UsageError("--from-memory and other keys exclude one another; nothing was stored",
                             hint=f"keys add {name} --from-memory 123")
        return _from_memory(session, name, from_memory, key_version, kdf)
    if action == "save" and not given.specs:
        return _of_channel(session, name, key_version, kdf)
    return _given(session, name, given, key_version, kdf)


def _given(
    session: Session, name: str, given: GivenKeys, key_version: int, kdf: Diversification | None
) -> StoredKeySet:
    """The set of the line, or typed unseen."""
    how = kdf or Diversification.NONE
    if given.specs:
        choice_made = chosen_keys(session, given, kdf).choice
        made, how = all_three(choice_made.keys), choice_made.diversification
    else:
        made = asked_keys(session)
    labels = check_value_labels(made, KeyType.DES3 if how in (Diversification.VISA2, Diversification.EMV) else None)
    return StoredKeySet(name, made.all, labels, key_version=key_version, diversification=how.value)


def _of_channel(session: Session, name: str, key_version: int, kdf: Diversification | None) -> StoredKeySet:
    """The set that the open channel was opened with, as it is on this card. Raises UsageError where none is open."""
    card = session.card_or_none
    keys, state = (keys_of_open_channel(card), card.state) if card is not None else (None, None)
    if keys is None or state is None or state.secure_channel is None:
        raise UsageError(f"keys save {name} stores the keys of the open channel, and none is open; nothing was stored",
                         hint=f"auth, then keys save {name}; or keys add {name}, which asks for the keys")
    if kdf is not None or key_version not in (0, state.secure_channel.key_version):
        raise UsageError("the keys of the channel have their version, and are those of this card; nothing was stored",
                         hint=f"keys save {name}")
    made = all_three(keys)
    labels = check_value_labels(made, key_type(state.secure_channel.protocol))
    return StoredKeySet(name, made.all, labels, standing=Standing.ON_CARD,
                        key_version=state.secure_channel.key_version, card=ledger_name(state))


def _memories(session: Session) -> tuple[MemoryKeys, ...]:
    return memory_keys(session.key_store.entries()) if session.key_store is not None else ()


def _from_memory(
    session: Session, name: str, slots: str, key_version: int, kdf: Diversification | None
) -> StoredKeySet:
    """The set that was in the key slots of a card. Raises UsageError."""
    order, _, boot = slots.partition("@")
    if order not in ORDERS:
        raise UsageError(f"--from-memory is one of {', '.join(ORDERS)}: the slots for ENC, MAC and DEK",
                         hint=f"keys add {name} --from-memory 123")
    fits = [one for one in _memories(session) if not boot or one.boot.upper() == boot.upper()]
    if not fits:
        raise UsageError("no keys of three slots are known" + (" of that boot" if boot else ""),
                         hint="keys list shows those there are; on an unfused card, read cm_key1 and the other two")
    made, how = fits[0].ordered(order), kdf or Diversification.NONE
    return StoredKeySet(name, made.all, check_value_labels(made, KeyType.DES3), key_version=key_version,
                        diversification=how.value)


def _memory_lines(session: Session, *, reveal: bool) -> tuple[MemoryLine, ...]:
    return tuple(
        MemoryLine(one.boot, " ".join(format_bytes(key.reveal()) for key in one.slots) if reveal
                   else ", ".join(key.label for key in one.slots), one.card)
        for one in _memories(session))


def _line(stored: StoredKeySet, *, reveal: bool) -> KeySetLine:
    shown = ", ".join(stored.labels)
    if stored.sealed is not None:
        shown += " (under a passphrase)"
    elif reveal and stored.keys is not None:
        shown = " ".join(format_bytes(key.reveal()) for key in stored.keys)
    version = version_text(stored.key_version) if stored.key_version else "any"
    diversification = "" if stored.diversification == Diversification.NONE.value else stored.diversification
    return KeySetLine(stored.name, version, shown, diversification, stored.standing_text, stored.card, stored.time)


def _solve(session: Session, host_challenge: bytes | None, answer: bytes | None) -> KeySearch:
    from jcopsh.operations.key_search import Candidate, memory_candidates, search

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
    candidates += memory_candidates(_memories(session))
    sealed = sum(1 for one in stored if one.sealed is not None)
    found = search(host_challenge, _without_status_word(answer), candidates, skipped=sealed, answer_of=answer_of)
    if not found.fits:
        raise _nothing_fits(found)
    return found


def _nothing_fits(found: KeySearch) -> JcopshError:
    """None of the candidates is the right one: what was tried, what was not, and what is left to try."""
    skipped = (f" {counted(found.skipped, 'stored set')} under a passphrase could not be tried: auth --key NAME asks "
               "for it, and is a try.") if found.skipped else ""
    return JcopshError(
        f"none of {counted(found.tried, 'candidate')} made the card's cryptogram ({found.protocol}, key version "
        f"{version_text(found.key_version)}, answer of {found.answer_of})",
        meaning="Tried were 40…4F, every stored set, and what was in cards' memory, each as it is and diversified by "
                f"visa2, emv and kdf3.{skipped}",
        hint="keys add NAME with the keys from whoever made the card, then keys solve again; another --key-version of "
             "the card may have keys that you know (info)",
    )


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


COMMANDS = (keys,)
