"""How sure a fact about JCOP is. The maker publishes next to nothing, so every fact carries its mark."""

from __future__ import annotations

from enum import StrEnum


class Confidence(StrEnum):
    """SEEN in a public source; INFERRED from several; ASSUMED, a simulated card's own choice; UNKNOWN."""

    SEEN = "seen"
    INFERRED = "inferred"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"
