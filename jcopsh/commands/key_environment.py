"""Keys and what belongs to them out of the environment, under the names that GlobalPlatformPro reads as well."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from jcopsh.commands.key_input import GivenKeys, key_sets
from jcopsh.errors import UsageError
from jcopsh.globalplatform.keys import DIVERSIFICATION_DATA_LENGTH, Diversification
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.secrets.environment import (
    KEY,
    KEY_DATA,
    KEY_DERIVATION,
    KEY_PREFIX,
    KEY_VARIABLES,
    KEY_VERSION,
    SECURITY_DOMAIN,
)
from jcopsh.shell.context import ParseContext
from jcopsh.shell.session import Session
from jcopsh.shell.types import KeySpec, KeySpecType, parse_number
from jcopsh.shell.types.key_specs import DEFAULT

_KEY_FORMS = "default, or hex; visa2:, emv: or kdf3: before it. GP_KEY may name a stored set: keys list"
_KNOWN = (*KEY_VARIABLES, KEY_DERIVATION, KEY_DATA, KEY_VERSION)


@dataclass(frozen=True, slots=True)
class EnvironmentKeys:
    """The keys that the environment gives. `kdf` is None where it says nothing of a diversification; `data` is the key
    diversification data to use in place of the card's own, empty where there is none."""

    given: GivenKeys = field(default_factory=GivenKeys)
    kdf: Diversification | None = None
    data: bytes = b""


def keys_from_environment(session: Session) -> EnvironmentKeys:
    """What GP_KEY, GP_KEY_ENC, GP_KEY_MAC, GP_KEY_DEK, GP_KEY_KDF and GP_KEY_KDD hold; nothing where there is no key.

    Raises UsageError, which names the variable, for a value or a name of this kind that is not understood.
    """
    _refuse_unknown_names()
    specs = {name: _key_spec(name) for name in KEY_VARIABLES}
    for name, spec in specs.items():
        if spec is not None and spec.key is None and spec.name != DEFAULT:
            # a single key is no set; what may be a mistyped key is not repeated
            if name != KEY:
                raise UsageError(f"{name} in the environment is no key", hint=_KEY_FORMS)
            if key_sets(session).get(spec.name) is None:
                raise UsageError(f"{name} in the environment is no key, and no stored set has that name",
                                 hint=_KEY_FORMS)
    given = GivenKeys(*specs.values())
    if given.specs and given.all is None and (given.enc is None or given.mac is None):
        missing = KEY_VARIABLES[1 if given.enc is None else 2]
        raise UsageError(f"the environment gives single keys, and {missing} is not among them; nothing was sent",
                         hint=f"set {missing} too, or {KEY} for all three")
    return EnvironmentKeys(given, _derivation(), _data()) if given.specs else EnvironmentKeys()


def overruled_by_line() -> tuple[str, ...]:
    """The names that do not count as the line itself gives the keys, although they would change how keys are used."""
    return tuple(name for name in (KEY_DERIVATION, KEY_DATA) if os.environ.get(name))


def version_from_environment() -> int | None:
    """What GP_KEY_VER holds."""
    text = os.environ.get(KEY_VERSION)
    if not text:
        return None
    version = parse_number(text)
    if version is None or not 0 <= version <= 0xFF:
        raise UsageError(f"{KEY_VERSION} in the environment is no key version", hint="0 to 255, or as 0xFF")
    return version


def domain_from_environment() -> AID | None:
    """What GP_AID holds: the security domain to select where none is selected."""
    text = os.environ.get(SECURITY_DOMAIN)
    if not text:
        return None
    try:
        return AID.parse(text)
    except ValueError:
        raise UsageError(f"{SECURITY_DOMAIN} in the environment is no AID; nothing was sent",
                         hint="5 to 16 bytes in hex, as A000000151000000") from None


def _refuse_unknown_names() -> None:
    """A name that nobody reads may be meant for one that changes which keys are tried. Raises UsageError."""
    for name, value in os.environ.items():
        if value and name.startswith(KEY_PREFIX) and name not in _KNOWN:
            raise UsageError(f"{name} in the environment has no meaning here; nothing was sent",
                             hint=f"the names are {', '.join(_KNOWN)}")


def _key_spec(name: str) -> KeySpec | None:
    text = os.environ.get(name)
    if not text:
        return None
    try:
        return KeySpecType().parse(text, ParseContext())
    except (UsageError, NotationError):
        # the cause would quote the value
        raise UsageError(f"{name} in the environment is no key", hint=_KEY_FORMS) from None


def _derivation() -> Diversification | None:
    text = os.environ.get(KEY_DERIVATION)
    if not text:
        return None
    try:
        return Diversification(text.lower())
    except ValueError:
        names = ", ".join(one.value for one in Diversification)
        raise UsageError(f"{KEY_DERIVATION} in the environment names no diversification that is known here; nothing "
                         "was sent", hint=f"one of {names}") from None


def _data() -> bytes:
    text = os.environ.get(KEY_DATA, "")
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b"?"
    if len(data) not in (0, DIVERSIFICATION_DATA_LENGTH):
        raise UsageError(f"{KEY_DATA} in the environment is no key diversification data; nothing was sent",
                         hint=f"{DIVERSIFICATION_DATA_LENGTH} bytes in hex, in place of those that the card answers")
    return data
