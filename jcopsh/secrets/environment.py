"""Keys in the environment: which variables hold them, and the environment that other programs are given."""

from __future__ import annotations

import os

# the names that GlobalPlatformPro uses as well
KEY_PREFIX = "GP_KEY"
KEY, KEY_ENC, KEY_MAC, KEY_DEK = KEY_VARIABLES = "GP_KEY", "GP_KEY_ENC", "GP_KEY_MAC", "GP_KEY_DEK"
KEY_DERIVATION, KEY_DATA, KEY_VERSION = "GP_KEY_KDF", "GP_KEY_KDD", "GP_KEY_VER"
SECURITY_DOMAIN = "GP_AID"


def without_keys() -> dict[str, str]:
    """Our environment for a program that we start: all of it but keys, and what has a name like theirs."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(KEY_PREFIX)}
