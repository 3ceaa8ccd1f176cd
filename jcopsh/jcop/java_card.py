"""Which version of Java Card a JCOP version has."""

from __future__ import annotations

from jcopsh.jcop.identify import Identity, Jcop4Identity

# by the beginning of the version's name; seen in what makers and users publish of these cards
_VERSIONS = (("JCOP 2.4.1", "2.2.2"), ("JCOP 2.4.2", "3.0.1"), ("JCOP 4", "3.0.5"))


def java_card_of(identity: Identity | Jcop4Identity | None) -> str:
    """The Java Card version of a card that identified itself so, e.g. `3.0.1`; empty where it is not known."""
    version = identity.version if identity else None
    if version is None:
        return ""
    return next((found for beginning, found in _VERSIONS if version.name.startswith(beginning)), "")
