"""Which keys made a card's cryptogram: a search among known keys, offline. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jcopsh.errors import UsageError
from jcopsh.globalplatform import scp02, scp03
from jcopsh.globalplatform.channel import (
    SPOKEN,
    ChannelProtocol,
    CryptogramMismatch,
    InitializeUpdate,
    SecurityLevel,
    parse_initialize_update,
    version_text,
)
from jcopsh.globalplatform.keys import Diversification, KeySet, KeyType, diversified, key_type
from jcopsh.operations.key_values import Fit, KeySearch
from jcopsh.operations.memory_keys import ORDERS, MemoryKeys
from jcopsh.secrets.secret import Secret


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A key set that may be the card's, or its master keys. `stored_by` is the line that stores it under a name, empty
    where it has one."""

    name: str
    keys: KeySet
    stored_by: str = ""


def memory_candidates(memories: Iterable[MemoryKeys]) -> Iterator[Candidate]:
    """What was in the key slots of cards, in each order; keys that make no set, and what came before, are left out."""
    seen: list[tuple[Secret, ...]] = []
    for memory in memories:
        for order in ORDERS:
            try:
                keys = memory.ordered(order)
            except ValueError:
                continue
            if keys.all not in seen:
                seen.append(keys.all)
                which = f"{order}@{memory.boot}"
                yield Candidate(f"slots {which}", keys, f"keys add NAME --from-memory {which}; auth --key NAME")


def search(host_challenge: bytes, answer: bytes, candidates: Iterable[Candidate], *, skipped: int = 0,
           answer_of: str = "what was given") -> KeySearch:
    """Try every candidate, as it is and diversified, on the answer to one INITIALIZE UPDATE (without status word).

    `skipped` is how many key sets are not among the candidates as they are under a passphrase; `answer_of` says in
    words where the answer is from.
    Raises UsageError where the answer cannot be read, or speaks of a protocol without keys of ours.
    """
    try:
        parsed = parse_initialize_update(answer)
    except ValueError as error:
        raise UsageError(f"this is no answer to INITIALIZE UPDATE: {error}",
                         hint="its data, with the status word or without, as a trace shows them") from None
    if parsed.protocol not in SPOKEN:
        raise UsageError(f"the card speaks {parsed.protocol}; jcopsh knows SCP02 and SCP03")
    if len(host_challenge) not in (8, 16):
        raise UsageError(f"a host challenge has 8 bytes, or 16 in S16 mode; these are {len(host_challenge)}")
    tried, fits = 0, []
    for candidate in candidates:
        for how in Diversification:
            made = _makes_cryptogram(candidate.keys, how, host_challenge, parsed)
            if made is None:
                continue
            tried += 1
            if made:
                fits.append(_fit(candidate, how, parsed))
    return KeySearch(tuple(fits), answer_of, _protocol(parsed), parsed.key_version, tried, skipped)


def _makes_cryptogram(
    keys: KeySet, how: Diversification, host_challenge: bytes, answer: InitializeUpdate
) -> bool | None:
    """Whether these keys make the cryptogram; None where they cannot be keys of that protocol."""
    try:
        own = diversified(keys, how, answer.diversification_data)
        if answer.protocol is ChannelProtocol.SCP02:
            # what the level and i are does not enter the cryptogram
            scp02.authenticate(own, host_challenge, answer, SecurityLevel.C_MAC, scp02.Option(0x15))
        else:
            scp03.authenticate(own, host_challenge, answer, SecurityLevel.C_MAC)
    except CryptogramMismatch:
        return False
    except ValueError:
        return None
    return True


def _fit(candidate: Candidate, how: Diversification, answer: InitializeUpdate) -> Fit:
    prefix = "" if how is Diversification.NONE else f"{how.value}:"
    cipher = "3DES" if key_type(answer.protocol) is KeyType.DES3 else f"AES-{8 * candidate.keys.key_length}"
    proved = "ENC" if answer.protocol is ChannelProtocol.SCP02 else "MAC"
    version = version_text(answer.key_version)
    auth = candidate.stored_by or f"auth --key {prefix}{candidate.name}"
    kdf = f" --kdf {how.value}" if candidate.stored_by and prefix else ""
    return Fit(candidate.name, how.value, cipher, f"the {proved} key; the others are not in the cryptogram",
               f"{auth}{kdf} --key-version {version}")


def _protocol(answer: InitializeUpdate) -> str:
    mode = "" if answer.protocol is ChannelProtocol.SCP02 else f" S{len(answer.card_cryptogram)}"
    option = "" if answer.implementation is None else f" i={answer.implementation:02X}"
    return f"{answer.protocol}{option}{mode}"
