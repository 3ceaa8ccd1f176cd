"""File identifiers that mean the same on many cards, with the documents that assign them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ISO = "ISO/IEC 7816-4"
_UICC = "ETSI TS 102 221"
_SIM = "3GPP TS 51.011"
_PKCS15 = "ISO/IEC 7816-15"
_ICAO = "ICAO Doc 9303-10"
_NFC = "NFC Forum type 4 tag"

_TABLE: tuple[tuple[str, str, str], ...] = (
    ("3F00", "MF", _ISO),
    ("2F00", "EF.DIR, the applications", _ISO),
    ("2F01", "EF.ATR/INFO, what the card can do", _ISO),
    ("2F02", "EF.GDO, global data", "ISO/IEC 7816-4, and health and signature cards"),
    ("2F05", "EF.PL, preferred languages", _UICC),
    ("2F06", "EF.ARR, access rules", _UICC),
    ("2F08", "EF.UMPC, power consumption", _UICC),
    ("2FE2", "EF.ICCID, the number of the card", _UICC),
    ("5015", "DF.CIA, PKCS #15", _PKCS15),
    ("5031", "EF.OD, object directory", _PKCS15),
    ("5032", "EF.CIAInfo, token information", _PKCS15),
    ("5033", "EF.UnusedSpace", _PKCS15),
    ("4401", "EF.AOD, authentication objects", "PKCS #15 1.1, where cards put it"),
    ("4402", "EF.PrKD, private keys", "PKCS #15 1.1, where cards put it"),
    ("4403", "EF.PuKD, public keys", "PKCS #15 1.1, where cards put it"),
    ("4404", "EF.CD, certificates", "PKCS #15 1.1, where cards put it"),
    ("7F10", "DF.TELECOM", _SIM),
    ("7F20", "DF.GSM", _SIM),
    ("7F21", "DF.DCS1800", _SIM),
    ("7FFF", "the current application", _UICC),
    ("6F05", "EF.LP, languages", _SIM),
    ("6F07", "EF.IMSI, the subscriber's number", _SIM),
    ("6F38", "EF.SST, services", _SIM),
    ("6F3A", "EF.ADN, telephone numbers", _SIM),
    ("6F3C", "EF.SMS, messages", _SIM),
    ("6F40", "EF.MSISDN, own numbers", _SIM),
    ("6F42", "EF.SMSP, message parameters", _SIM),
    ("6F46", "EF.SPN, the provider's name", _SIM),
    ("6F78", "EF.ACC, access class", _SIM),
    ("6FAD", "EF.AD, administrative data", _SIM),
    ("011C", "EF.CardAccess", _ICAO),
    ("011D", "EF.SOD or EF.CardSecurity", _ICAO),
    ("011E", "EF.COM", _ICAO),
    *((f"01{number:02X}", f"EF.DG{number}", _ICAO) for number in range(1, 17)),
    ("E103", "capability container", _NFC),
    ("E104", "NDEF file", _NFC),
)

KNOWN_FILES: Mapping[bytes, str] = MappingProxyType({bytes.fromhex(text): name for text, name, _ in _TABLE})
"""What a file identifier usually names."""

SOURCES: Mapping[bytes, str] = MappingProxyType({bytes.fromhex(text): source for text, _, source in _TABLE})
"""The document that assigns it."""

USUAL_RANGES = tuple(range(high << 8, (high + 1) << 8) for high in (0x2F, 0x6E, 0x6F, 0x7E, 0x7F, 0x50, 0xEF, 0xDF))
"""The file identifiers that people give their files, those of EFs below the MF first."""


def file_name(identifier: bytes) -> str:
    """What a file with this identifier usually is; empty where nobody says."""
    return KNOWN_FILES.get(identifier, "")
