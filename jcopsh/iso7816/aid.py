"""Application identifiers (ISO/IEC 7816-4:2020, 12.3.4; ISO/IEC 7816-5), and the ones that everybody meets.

A JCOP transport key is sent where an AID stands and has 16 bytes too, but it is a secret and never made an AID here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jcopsh.iso7816.hexadecimal import NotationError, format_bytes, parse_bytes

MIN_AID = 5
MAX_AID = 16


@dataclass(frozen=True, slots=True, order=True, repr=False)
class AID:
    """An application identifier: 5 to 16 bytes, the first five being the RID. Raises ValueError for another length.

    `str` gives upper-case hex without spaces. The repr of one with 16 bytes hides it, in case it is a transport key
    that was taken for an AID.
    """

    value: bytes

    def __post_init__(self) -> None:
        if not MIN_AID <= len(self.value) <= MAX_AID:
            raise ValueError(f"an AID has {MIN_AID} to {MAX_AID} bytes, this one has {len(self.value)}")

    @classmethod
    def parse(cls, text: str) -> AID:
        """Read an AID in any notation of `parse_bytes`, e.g. `A000000151000000` or `|2PAY.SYS.DDF01|`.

        Raises NotationError, also for a wrong length.
        """
        try:
            return cls(parse_bytes(text))
        except NotationError:
            raise
        except ValueError as error:
            raise NotationError(str(error), 0, len(text)) from None

    @property
    def rid(self) -> bytes:
        """The registered application provider identifier: the first 5 bytes."""
        return self.value[:MIN_AID]

    @property
    def pix(self) -> bytes:
        """The proprietary application identifier extension: what follows the RID, 0 to 11 bytes."""
        return self.value[MIN_AID:]

    def __bytes__(self) -> bytes:
        return self.value

    def __str__(self) -> str:
        return format_bytes(self.value)

    def __repr__(self) -> str:
        return f"AID({self})" if len(self.value) < MAX_AID else f"AID({MAX_AID} bytes)"


@dataclass(frozen=True, slots=True)
class KnownAID:
    """An AID with a short name, what it selects, and the document that assigns it."""

    name: str
    aid: AID
    meaning: str
    source: str


def _known(name: str, text: str, meaning: str, source: str) -> tuple[str, KnownAID]:
    return name, KnownAID(name, AID.parse(text), meaning, source)


KNOWN_AIDS: Mapping[str, KnownAID] = MappingProxyType(dict((
    _known("isd", "A000000003000000", "issuer security domain (card manager) of cards up to GlobalPlatform 2.1.1, "
           "Visa's RID", "GlobalPlatform 2.1.1; seed 001"),
    _known("isd-gp", "A000000151000000", "issuer security domain of newer cards (JCOP: seen from 2.4.2R3 "
           "on), GlobalPlatform's RID", "GlobalPlatform 2.3.1, H.1"),
    _known("identify", "A000000167413000FF", "JCOP's IDENTIFY: answers its data with status 6A82, selects nothing",
           "seed 001"),
    _known("pse", "|1PAY.SYS.DDF01|", "payment system environment, contact", "EMV 4.3, book 1"),
    _known("ppse", "|2PAY.SYS.DDF01|", "proximity payment system environment, contactless",
           "EMV contactless, book B"),
    _known("openpgp", "D27600012401", "OpenPGP card", "OpenPGP smart card application 3.4, 4.2.1"),
    _known("piv", "A000000308000010000100", "PIV card application", "NIST SP 800-73-4, part 1"),
    _known("fido", "A0000006472F0001", "FIDO U2F and FIDO2 authenticator", "CTAP 2.1, NFC"),
    _known("ndef", "D2760000850101", "NFC Forum type 4 tag, NDEF application", "NFC Forum type 4 tag 2.0"),
    _known("passport", "A0000002471001", "electronic passport, LDS1", "ICAO Doc 9303, part 10"),
    _known("gids", "A000000397425446590201", "Generic Identity Device Specification", "GIDS 2.0"),
)))
"""Well-known applications by the name that selects them."""

ISSUER_DOMAINS = (KNOWN_AIDS["isd"].aid, KNOWN_AIDS["isd-gp"].aid)
"""The names that issuer security domains usually have."""

_BY_AID = {known.aid: known for known in KNOWN_AIDS.values()}


def lookup(aid: AID) -> KnownAID | None:
    """The well-known application with exactly this AID, if it is one."""
    return _BY_AID.get(aid)
