"""Keys in the environment: which variables hold them, and the environment that other programs are given."""

from __future__ import annotations

import os

# the names that GlobalPlatformPro uses as well
KEY, KEY_ENC, KEY_MAC, KEY_DEK = KEY_VARIABLES = "GP_KEY", "GP_KEY_ENC", "GP_KEY_MAC", "GP_KEY_DEK"


def without_keys() -> dict[str, str]:
    """Our environment for a program that we start: all of it but the keys."""
    return {name: value for name, value in os.environ.items() if name.upper() not in KEY_VARIABLES}
