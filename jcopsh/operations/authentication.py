"""Open a secure channel: INITIALIZE UPDATE, the card's cryptogram, EXTERNAL AUTHENTICATE.

Source: GlobalPlatform Card Specification 2.3.1, 10.2, E.5 and Amendment D, 7.1.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from jcopsh.card import consent
from jcopsh.card.card import Card
from jcopsh.card.interlock import Judgement, Severity
from jcopsh.card.tries import is_this_card, ledger_card
from jcopsh.errors import ChannelError, JcopshError, Refused, UsageError
from jcopsh.globalplatform import card_data, ciphers, cplc, scp02, scp03
from jcopsh.globalplatform.channel import (
    HOST_CHALLENGE_LENGTH,
    LEVEL_NAMES,
    SPOKEN,
    ChannelProtocol,
    CryptogramMismatch,
    InitializeUpdate,
    LevelNotOffered,
    SecureChannel,
    SecureChannelState,
    SecurityLevel,
    parse_initialize_update,
    version_text,
)
from jcopsh.globalplatform.keys import Diversification, KeySet, diversified
from jcopsh.iso7816.aid import AID, ISSUER_DOMAINS
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.ins import INS
from jcopsh.operations.key_information import key_versions
from jcopsh.operations.key_values import Authenticated
from jcopsh.operations.selection import SELECT_DEFAULT, by_name
from jcopsh.operations.status_errors import card_error
from jcopsh.secrets.ledger import EXCUSED, RAW_BYTES, CardRecord, Doubt, KeysToTry, Ledger, Sign, Try
from jcopsh.state import CardState, SelectedKind

# other programs begin with a usual name of the issuer's; a card is asked the first one, a recording what it holds
_OPENINGS = (SELECT_DEFAULT, *map(by_name, ISSUER_DOMAINS))
GET_CARD_DATA = card_data.get_data(card_data.TAG_CARD_DATA)
GET_CPLC = card_data.get_data(cplc.TAG)
SCP02, SCP03 = SPOKEN
# i where nothing tells it: of JCOP 2.4.1, and of those after it (release notes of the cards; both differ in nothing
# that a client does)
OPTION_OF_2_4_1, OPTION_SINCE_2_4_2 = 0x15, 0x55
S16_CHALLENGE_LENGTH = 16  # bytes


@dataclass(frozen=True, slots=True, eq=False)
class KeyChoice:
    """The keys to authenticate with. `name` says which they are, `diversification` how the card's follow from them, and
    `diversification_data` by which data, empty for those that the card answers.

    `on_card` is the ledger's name of the card that has taken them, or may have, by what the key store says, and
    `on_card_version` the version that it has them under, 0 where that is not known: on that card and under that version
    a try that was never completed says nothing against them. An ATR names no one card, and counts for nothing here.
    Empty where there is none.
    """

    name: str
    keys: KeySet
    diversification: Diversification = Diversification.NONE
    on_card: str = ""
    on_card_version: int = 0
    diversification_data: bytes = b""

    @property
    def shown(self) -> str:
        """Which keys these are, for a sentence."""
        how = self.diversification
        return self.name if how is Diversification.NONE else f"{self.name}, diversified by {how.value}"

    def serialized(self, *, as_des: bool = False) -> bytes:
        """What the ledger makes its fingerprint of: what a card takes or refuses, so without the DEK.

        With `as_des` keys that differ in parity bits alone are the same, if they can be 3DES keys: KDF3 has AES keys.
        """
        enc, mac = self.keys.enc.reveal(), self.keys.mac.reveal()
        may_be_des = len(enc) == ciphers.DES_KEY_LENGTH and self.diversification is not Diversification.KDF3
        if as_des and may_be_des:
            enc, mac = ciphers.without_parity(enc), ciphers.without_parity(mac)
        parts = (enc, mac, self.diversification.value.encode(), self.diversification_data)
        return b"|".join(part.hex().encode() for part in (parts if self.diversification_data else parts[:-1]))

    def of_card(self, answer: InitializeUpdate) -> KeySet:
        """The keys of the card that gave this answer. Raises ValueError where they cannot be diversified so."""
        return diversified(self.keys, self.diversification, self.diversification_data or answer.diversification_data)


def authenticate(
    card: Card, choice: KeyChoice, *, level: SecurityLevel, key_version: int = 0, option: int | None = None,
    protocol: ChannelProtocol | None = None, host_challenge: bytes | None = None, here: bool = False,
) -> Authenticated:
    """Authenticate to the selected security domain; where none is, to the issuer's, as `go_to_domain` does.

    `key_version` 0 leaves the choice to the card. `option` overrides what the card says of i for SCP02; `protocol`
    insists on one. A `host_challenge` is for recordings, and without it theirs is taken; a card gets a random one, as
    it proves itself by it.
    Raises ChannelError when the keys are not the card's (nothing more is sent then), CardError when the card refuses,
    Refused when these keys were tried on this card before and no yes is typed.
    """
    with card.following():
        go_to_domain(card, here=here)
        _look(card)
    _check_before(card.state, level, option, protocol)
    keys = _keys_with_consent(card, choice, key_version)
    with card.transaction(), card.following(), card.tries.with_keys(keys):
        challenge, answer = _initialize_update(card, key_version, host_challenge, protocol)
        wire, channel, i = _answered(card, choice, challenge, answer, level=level, option=option)
        response = card.send(wire)
    if not response.ok:
        raise _not_taken(wire, response, answer.protocol, i, said=option is not None)
    state = SecureChannelState(answer.protocol, i, level, answer.key_version)
    card.open_secure_channel(channel, state, choice.of_card(answer))
    return Authenticated(
        str(answer.protocol), f"{i:02X}", f"{level:02X}: {level_words(level)}", answer.key_version, choice.name,
        card.state.aid.hex().upper() or "selected by default", card.max_data,
    )


def level_words(level: SecurityLevel) -> str:
    """A security level in words."""
    names = {SecurityLevel.C_MAC: "C-MAC", SecurityLevel.C_DECRYPTION: "C-DECRYPTION", SecurityLevel.R_MAC: "R-MAC",
             SecurityLevel.R_ENCRYPTION: "R-ENCRYPTION"}
    return ", ".join(name for bit, name in names.items() if level & bit) or "authenticated only"


# --- before ----------------------------------------------------------------------------------------------------------


def go_to_domain(card: Card, *, here: bool = False, domain: AID | None = None) -> bool:
    """Select the issuer security domain, or that of the AID `domain`, unless a security domain is selected, or `here`:
    whether it was selected.

    The card's own is the one that it selects without a name (GlobalPlatform 2.3.1, 11.9). Where that does not show
    itself as a security domain, it may be the applet that a reset selects, so the usual names come next; if the card
    knows neither, what it has selected stays. A recording in which none was selected goes on without.
    Raises JcopshError where the root applet is selected, CardError where the card refuses.
    """
    if card.state.selected is SelectedKind.ROOT:
        raise JcopshError(
            "the root applet is selected: it opens no secure channel, and nothing was sent",
            meaning="An unfused card has its card manager behind the root applet, once its keys are written.",
            hint="reset, then auth; help pre-personalisation shows the way there",
        )
    before = card.state.selected
    stays = card.state.security_domain or (here and before is SelectedKind.APPLICATION)
    opening = next((one for one in _OPENINGS if card.has_answer_to(one)), None)
    if stays or opening is None:
        return False
    if domain is not None:
        _select_named(card, domain)
        return True
    with card.following():
        response = card.send(opening)
        if response.sw != _TERMINATED_SW and not card.state.security_domain:
            _try_usual_names(card)
    if response.accepted or card.state.security_domain:
        return True
    if response.sw == _TERMINATED_SW:
        raise card_error("the card selects nothing, not even its own security domain", opening, response,
                         hint=_TERMINATED)
    if before is SelectedKind.UNKNOWN:
        raise card_error("nothing is selected, and the card selects nothing by default", opening, response,
                         hint="identify: an unfused card has no card manager; or select its AID")
    raise card_error("what is selected is no security domain, and the card selects none by default", opening,
                     response, hint="select isd, or isd-gp; --here authenticates to what is selected")


def _select_named(card: Card, domain: AID) -> None:
    """Select a security domain by its AID. Raises CardError where the card does not."""
    command = by_name(domain)
    with card.following():
        response = card.send(command)
    if not response.accepted:
        raise card_error(f"the security domain {domain} cannot be selected", command, response,
                         hint="GP_AID of the environment names it; select another one, then auth")


def _try_usual_names(card: Card) -> None:
    """Select the first issuer security domain that the card knows by a usual name."""
    for command in map(by_name, ISSUER_DOMAINS):
        if not card.has_answer_to(command) or card.send(command).accepted:
            return


_TERMINATED_SW = 0x6985
_TERMINATED = ("a card that is terminated answers so, and for ever: nothing opens it again, and at most get-data 9F7F "
               "--cla 80 answers. If it is not, reset and the same line again")


def _look(card: Card) -> None:
    """Ask what has to be known; none of it changes anything. A recording is asked only what the card was."""
    if not card.state.chip and card.has_answer_to(GET_CPLC):
        card.send(GET_CPLC)  # so that the ledger knows this very card; one that does not tell goes by its ATR
    if not card.state.scp_options and card.has_answer_to(GET_CARD_DATA):
        card.send(GET_CARD_DATA)  # refused by some cards that authenticate well (seed 001: 6985)


def _check_before(state: CardState, level: SecurityLevel, option: int | None, protocol: ChannelProtocol | None) -> None:
    """A level that the card's only protocol does not offer is refused before a try is made of it."""
    known = dict(state.scp_options)
    protocols = {protocol} if protocol else set(known)
    if protocols == {SCP03} and option is not None:
        raise UsageError("--option gives the i of SCP02, and this channel is to be one of SCP03",
                         meaning="No authentication was begun. A card says the i of SCP03 itself, when it begins one.",
                         hint="leave --option away")
    i = _scp02_option(state, option, level) if protocols == {SCP02} else known.get(SCP03)
    if len(protocols) != 1 or i is None:
        return
    only = protocols.pop()
    try:
        _check_level(only, level, i)
    except LevelNotOffered as error:
        raise _no_level(state, error, only, i, option, meaning="No authentication was begun.") from None


def _check_level(protocol: ChannelProtocol, level: SecurityLevel, i: int) -> None:
    if protocol is SCP02:
        scp02.check_level(level, scp02.Option(i))
    else:
        scp03.check_level(level, scp03.Option(i))


def _no_level(
    state: CardState, error: LevelNotOffered, protocol: ChannelProtocol, i: int, option: int | None, *, meaning: str
) -> ChannelError:
    """The error that names the highest level there is. I is in doubt where the card does not tell it."""
    shown = f"{protocol} i={i:02X}"
    highest = _highest_level(protocol, i)
    hint = f"auth {highest} is the highest level of {shown}" if highest else f"jcopsh opens no channel of {shown}"
    if protocol is SCP02 and option is not None:
        hint += "; that i is the one of --option, without which the card's own counts"
    elif protocol is SCP02 and SCP02 not in dict(state.scp_options):
        hint += "; the card does not tell its i, --option gives another one"
    return ChannelError(f"this channel cannot be opened: {error}", meaning=meaning, hint=hint)


def _highest_level(protocol: ChannelProtocol, i: int) -> str:
    """The name of the highest level; empty where there is none."""
    for level, name in reversed(LEVEL_NAMES.items()):
        try:
            _check_level(protocol, level, i)
        except LevelNotOffered:
            continue
        return name
    return ""


def _keys_with_consent(card: Card, choice: KeyChoice, key_version: int) -> KeysToTry:
    """What the ledger has to know of the keys. Those that something speaks against are not tried without a yes."""
    ledger = card.tries.ledger
    if ledger is None:
        return RAW_BYTES
    record = ledger.of(ledger_card(card.state))
    marks = _marks(ledger, choice)
    right = _stored_as_taken(choice, card.state, key_version) or record.has_taken(*marks, key_version=key_version)
    doubt = record.doubt(*marks, key_version=key_version)
    answered = (doubt in EXCUSED and right) or card.answered(_severity(doubt))
    if not answered:
        _ask_to_try_again(card, choice, doubt, record, marks)
    return KeysToTry(*marks, right, frozenset(one.number for one in record.tries))


def _stored_as_taken(choice: KeyChoice, state: CardState, key_version: int) -> bool:
    """Whether the key store says that this card has these keys under that version (0: the card's choice)."""
    same_version = 0 in (key_version, choice.on_card_version) or key_version == choice.on_card_version
    return same_version and is_this_card(choice.on_card, state)


def note_given(card: Card, keys: KeySet) -> None:
    """Tell the ledger that the card has these keys now, or may: what was tried with them before says nothing of that.

    Raises StoreError where the disk refuses.
    """
    ledger = card.tries.ledger
    if ledger is not None:
        ledger.given(ledger_card(card.state), _marks(ledger, KeyChoice("", keys)))


def _marks(ledger: Ledger, choice: KeyChoice) -> tuple[str, str]:
    """What stands for keys in the ledger, exactly and as 3DES keys."""
    return ledger.fingerprint(choice.serialized()), ledger.fingerprint(choice.serialized(as_des=True))


def _severity(doubt: Doubt) -> Severity:
    """How far a try of such keys reaches."""
    if doubt is Doubt.NONE:
        return Severity.FREE
    return Severity.DESTRUCTIVE if doubt in EXCUSED else Severity.MAY_LOCK


_LOCKS = "Many cards lock themselves for ever after about ten such tries in a row."
_SOLVE = "keys solve looks for the right keys without asking the card"
# what the question is, in words, what follows from a yes, and how to go on without one
_DOUBTS = {
    Doubt.WRONG: ("auth with keys ({keys}) that this card did not take before",
                  f"{_LOCKS} With no, {_SOLVE}; with yes, these are tried once more, and that counts.",
                  f"{_SOLVE}; at a terminal, a yes tries these again"),
    Doubt.OFTEN: ("auth with keys ({keys}) that were tried on this card often, each time to no end",
                  f"{_LOCKS} With yes, these are tried once more, and that counts.",
                  "find out what ends each try before the next one; at a terminal, a yes tries these again"),
    Doubt.REFUSED: ("auth with keys ({keys}) of which this card refused EXTERNAL AUTHENTICATE before",
                    f"Its own cryptogram was right, so ENC is; the MAC key may be wrong. {_LOCKS} With yes, they are "
                    "tried once more.",
                    "if the MAC key is the right one, --yes at the end of the line tries them again"),
    Doubt.MANY: ("auth with keys ({keys}) on a card that may be near its lock",
                 f"{_LOCKS} With no, {_SOLVE}; with yes, these are tried, and that counts, unless they are right.",
                 f"{_SOLVE}; at a terminal, a yes tries these"),
    Doubt.UNFINISHED: ("auth with keys ({keys}) of which the last try on this card was never completed",
                       f"Whether they are its keys is not known. {_LOCKS} With yes, they are tried once more.",
                       f"if they are the right ones, --yes at the end of the line tries them again; {_SOLVE}"),
}


def _ask_to_try_again(
    card: Card, choice: KeyChoice, doubt: Doubt, record: CardRecord, same: Collection[str]
) -> None:
    """A yes to keys that something speaks against. Raises Refused, which says how to go on without."""
    with_these = [one for one in record.tries if one.keys in same]
    told = _told(card.state, record, with_these)
    words, consequence, hint = _DOUBTS[doubt]
    what = words.format(keys=choice.shown)
    card.before_question()
    try:
        consent.ask_yes(
            Judgement(_severity(doubt), "auth", what, f"{told} {consequence}",
                      heading="Keys to be tried again" if with_these else "Keys to be tried"),
            card.description, question="Try them?")
    except Refused as refused:
        raise Refused(f"{what}: no key was tried", meaning=f"{refused.meaning} {told} {_LOCKS}", hint=hint) from None


def _told(state: CardState, record: CardRecord, with_these: Sequence[Try]) -> str:
    """What the ledger has of the card, and of these keys."""
    counted = [one for one in with_these if not one.settled]
    if with_these and not counted:
        return f"These keys were tried at {with_these[-1].time}; the card has taken others since."
    with_keys = _with_keys(counted) if counted else "none of them with these keys"
    return f"{_counted(state, record.counted)}, {with_keys}, the last at {(counted or record.counted)[-1].time}."


def _with_keys(tries: Collection[Try]) -> str:
    """How many tries were made with certain keys, and in how many of these no key was compared."""
    uncompared = sum(1 for one in tries if one.sign is Sign.NOT_COMPARED)
    compared = len(tries) - uncompared
    if not uncompared:
        return f"{compared} with these keys"
    without = f"{uncompared} in which these keys were not compared"
    return f"{compared} with these keys, {without}" if compared else without


def _counted(state: CardState, tries: Collection[Try]) -> str:
    """How many tries the ledger counts, and of which card."""
    count = len(tries)
    which = "this card" if state.chip else "cards with this ATR, as this one does not tell its chip,"
    if count == 1:
        return f"1 authentication of {which} ended badly or was never completed"
    return f"{count} authentications of {which} ended badly or were never completed"


def _challenge_length(state: CardState, protocol: ChannelProtocol | None) -> int:
    """How many bytes of host challenge, as far as the card has told: SCP02 knows 8 alone."""
    s16 = protocol is not SCP02 and scp03.Option(dict(state.scp_options).get(SCP03, 0)) & scp03.Option.S16
    return S16_CHALLENGE_LENGTH if s16 else HOST_CHALLENGE_LENGTH


def _challenge(card: Card, length: int) -> bytes:
    """A random one; a recording's own."""
    return card.recorded_host_challenge or secrets.token_bytes(length)


# --- the two commands ------------------------------------------------------------------------------------------------


def _initialize_update(
    card: Card, key_version: int, given: bytes | None, protocol: ChannelProtocol | None
) -> tuple[bytes, InitializeUpdate]:
    """The host challenge, and the card's answer to it."""
    length = _challenge_length(card.state, protocol)
    challenge = given or _challenge(card, length)
    command = CommandAPDU(0x80, INS.INITIALIZE_UPDATE, key_version, 0x00, challenge, le=256)
    response = card.send(command)
    if response.sw == 0x6700 and given is None:
        # S16 mode that the card did not announce, or SCP02 keys beside it; what it refuses tries no key
        other = replace(command, data=_challenge(card, HOST_CHALLENGE_LENGTH + S16_CHALLENGE_LENGTH - length))
        if card.has_answer_to(other):
            challenge, command, response = other.data, other, card.send(other)
    if not response.ok:
        raise card_error("the card does not begin an authentication", command, response,
                         hint=_after_refusal(card, key_version, response.sw))
    try:
        answer = parse_initialize_update(response.data)
    except ValueError as error:
        card.tries.not_compared()
        raise ChannelError(f"the answer to INITIALIZE UPDATE cannot be read: {error}",
                           meaning="Nothing more was sent, and no key was compared.") from None
    if answer.protocol not in SPOKEN or protocol not in (None, answer.protocol):
        card.tries.not_compared()
        raise ChannelError(
            f"the card answers with {answer.protocol}" + (f", not {protocol}" if protocol else ""),
            meaning="The keys of this version belong to that protocol. Nothing more was sent, and no key was compared.",
            hint="--key-version chooses other keys; jcopsh speaks SCP02 and SCP03",
        )
    return challenge, answer


def _after_refusal(card: Card, key_version: int, sw: int) -> str:
    """What to try after INITIALIZE UPDATE was refused."""
    if sw == 0x6A88:
        return _other_version(card, key_version)
    if sw in _REFUSED:
        return _REFUSED[sw]
    return _CLOSED_DOMAIN if card.state.security_domain else _NO_DOMAIN


def _other_version(card: Card, key_version: int) -> str:
    """Which versions the card has; it is asked where it may be, as that tries no key."""
    missing = f"no keys of version {version_text(key_version)} are there" if key_version else (
        "it does not choose keys by itself")
    listed = key_versions(card) if card.has_answer_to(card_data.get_data(card_data.TAG_KEYS)) else None
    if listed:
        return f"{missing}: --key-version {' or '.join(map(version_text, listed))}, which the card lists"
    return f"{missing}: --key-version 0xFF (new cards), then 1; info lists what it has"


_NO_DOMAIN = ("what is selected is no security domain, as far as it tells: auth without --here selects the card's own; "
              "or select isd, isd-gp or the AID of another one")
_CLOSED_CARD = ("either the card is locked or terminated, and a terminated one stays so for ever; or the security "
                "domain is in no state for it: reset, then the same line again, and info shows what it still tells")
_CLOSED_DOMAIN = ("a security domain is selected, and opens no channel now: identify tells whether the card is fused, "
                  "info which protocols and keys it has; or reset, and auth again")
_LOCKED = ("do not go on trying: keys of this version {are} blocked, on many cards for ever. Those of another version "
           "may be open: info lists them, --key-version chooses")
_REFUSED = {
    0x6700: "it takes neither 8 nor 16 bytes of host challenge; info tells which protocols it has",
    0x6982: _LOCKED.format(are="may be"),
    0x6983: _LOCKED.format(are="are"),
    0x6985: _CLOSED_CARD,
}


def _answered(
    card: Card, choice: KeyChoice, challenge: bytes, answer: InitializeUpdate, *, level: SecurityLevel,
    option: int | None,
) -> tuple[CommandAPDU, SecureChannel, int]:
    """EXTERNAL AUTHENTICATE, the channel, and its i. Raises ChannelError: nothing is sent then.

    From the card's cryptogram on the ledger knows that the keys are right, whatever becomes of the rest.
    """
    try:
        made = _made(card.state, choice, challenge, answer, level=level, option=option)
    except LevelNotOffered as error:
        card.tries.matched()
        i = _option_used(card.state, answer, option, level)
        raise _no_level(card.state, error, answer.protocol, i, option,
                        meaning="Nothing more was sent after INITIALIZE UPDATE.") from None
    except CryptogramMismatch:
        card.tries.mismatched()
        version = version_text(answer.key_version)
        raise ChannelError(
            f"these keys ({choice.shown}) are not the card's: it made its cryptogram with others",
            meaning=f"The card has {answer.protocol} keys of version {version}. Nothing more was sent{_so_far(card)}.",
            hint="keys solve tries every known key and diversification on this answer, without asking the card",
        ) from None
    except ValueError as error:
        card.tries.not_compared()
        raise ChannelError(f"this channel cannot be opened: {error}",
                           meaning="Nothing more was sent after INITIALIZE UPDATE, and no key was compared.",
                           hint="--key with keys of that kind, or --key-version for other keys of the card") from None
    # SCP03 proves the MAC key by the card's cryptogram; of SCP02 an i that was typed is as good a cause of a refusal
    explained = answer.protocol is SCP03 or option not in (None, dict(card.state.scp_options).get(SCP02))
    card.tries.matched(when_refused=Sign.RIGHT if explained else Sign.REFUSED)
    return made


def _so_far(card: Card) -> str:
    """What the ledger counts; nothing is said of it where the card is a recording."""
    ledger = card.tries.ledger
    if ledger is None:
        return ""
    so_far = _counted(card.state, ledger.of(ledger_card(card.state)).counted)
    return f"; the ledger counts the try, as the card may: {so_far}"


def _made(
    state: CardState, choice: KeyChoice, challenge: bytes, answer: InitializeUpdate, *, level: SecurityLevel,
    option: int | None,
) -> tuple[CommandAPDU, SecureChannel, int]:
    keys = choice.of_card(answer)
    i = _option_used(state, answer, option, level)
    if answer.protocol is SCP02:
        return *scp02.authenticate(keys, challenge, answer, level, scp02.Option(i)), i
    return *scp03.authenticate(keys, challenge, answer, level), i


def _option_used(state: CardState, answer: InitializeUpdate, option: int | None, level: SecurityLevel) -> int:
    """The i of the channel; that of SCP03 is in the answer itself."""
    return _scp02_option(state, option, level) if answer.protocol is SCP02 else answer.implementation or 0


def _scp02_option(state: CardState, option: int | None, level: SecurityLevel) -> int:
    """I of SCP02: the one that was said, else the card's own, else that of its version; where nothing tells, who asks
    for R-MAC knows that the card makes it, and the card has the last word."""
    if option is not None:
        return option
    announced = dict(state.scp_options).get(SCP02)
    if announced is not None:
        return announced
    return _usual_option(state) | (scp02.Option.R_MAC if level & SecurityLevel.R_MAC else 0)


def _usual_option(state: CardState) -> int:
    version = state.identity.version.name if state.identity and state.identity.version else ""
    return OPTION_SINCE_2_4_2 if "2.4.2" in version else OPTION_OF_2_4_1


def _not_taken(
    command: CommandAPDU, response: ResponseAPDU, protocol: ChannelProtocol, i: int, *, said: bool
) -> JcopshError:
    """EXTERNAL AUTHENTICATE was refused. `said`: i is the one of the line, and not the card's own or the usual one."""
    hint = {
        0x6300: "the card took the host's cryptogram for wrong, although its own was right: is the MAC key right? The "
                "try counts, so do not repeat it blindly",
        0x6982: "it may not offer this level (auth mac), or its keys may be blocked after too many tries",
        0x6983: _LOCKED.format(are="are"),
        0x6A86: "it does not offer this level: auth mac",
    }.get(response.sw, "auth mac is the level that every card offers")
    if said and protocol is SCP02 and response.sw in (0x6300, 0x6982):
        hint = f"leave --option away: the keys made the card's cryptogram, so i={i:02X} may be what is wrong"
    return card_error(f"the card refuses EXTERNAL AUTHENTICATE ({protocol} i={i:02X})", command, response,
                      hint=hint)
