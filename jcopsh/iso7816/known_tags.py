"""Names of BER tags that mean the same everywhere, or everywhere within one template.

Sources: ISO/IEC 7816-4:2005 (table 8 and 8.2), ISO/IEC 7816-6:2004, GlobalPlatform 2.3.1, EMV 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TAGS: Mapping[int, str] = MappingProxyType({
    0x06: "object identifier", 0x42: "issuer identification number", 0x43: "card service data",
    0x44: "initial access data", 0x45: "card issuer's data", 0x46: "pre-issuing data", 0x47: "card capabilities",
    0x48: "status information", 0x4D: "extended header list", 0x4E: "application effective date",
    0x4F: "application identifier", 0x50: "application label", 0x51: "file reference", 0x52: "command to perform",
    0x53: "discretionary data", 0x54: "offset", 0x56: "track 1", 0x57: "track 2", 0x59: "card expiration date",
    0x5A: "primary account number", 0x5B: "name", 0x5C: "tag list", 0x5D: "header list",
    0x5F20: "cardholder name", 0x5F24: "expiration date", 0x5F25: "effective date", 0x5F26: "card effective date",
    0x5F28: "country code", 0x5F2A: "currency code", 0x5F2B: "date of birth", 0x5F2C: "nationality",
    0x5F2D: "language preferences", 0x5F2F: "usage policy", 0x5F34: "sequence number", 0x5F35: "sex",
    0x5F37: "signature", 0x5F40: "portrait", 0x5F42: "address", 0x5F50: "uniform resource locator",
    0x5F51: "answer to reset", 0x5F52: "historical bytes", 0x5F53: "international bank account number",
    0x61: "application template", 0x62: "file control parameters (FCP)", 0x63: "wrapper",
    0x64: "file management data (FMD)",
    0x65: "cardholder related data", 0x66: "card data", 0x67: "authentication data", 0x68: "special user requirements",
    0x6A: "login template", 0x6B: "qualified name", 0x6D: "application image", 0x6E: "application related data",
    0x6F: "file control information (FCI)", 0x70: "read record response, EMV", 0x73: "discretionary data objects",
    0x78: "compatible tag allocation authority", 0x79: "coexistent tag allocation authority",
    0x7A: "security support template", 0x7D: "secure messaging template", 0x7F21: "cardholder certificate",
    0x7F49: "public key", 0x7F4C: "holder authorisation", 0x7F4E: "certificate body", 0x7F60: "biometric information",
    0x7F61: "biometric information group", 0x7F66: "extended length information",
    0x9F65: "longest command data", 0x9F6E: "life cycle data", 0x9F7F: "card production life cycle (CPLC)",
    0xE0: "key information",
})
"""The names of tags outside any template that gives them another meaning."""

_IN_FILE_CONTROL: Mapping[int, str] = MappingProxyType({
    0x80: "number of data bytes", 0x81: "number of data bytes with structure", 0x82: "file descriptor",
    0x83: "file identifier", 0x84: "DF name", 0x85: "proprietary", 0x86: "security attribute, own format",
    0x87: "EF with more control information", 0x88: "short EF identifier", 0x8A: "life cycle status",
    0x8B: "security attribute, reference", 0x8C: "security attribute, compact", 0x8D: "EF with security environments",
    0xA0: "security attributes of data objects", 0xA1: "security attribute template", 0xA5: "proprietary",
    0xAB: "security attribute, expanded", 0xC6: "PIN status (ETSI TS 102 221)",
})
IN_TEMPLATE: Mapping[int, Mapping[int, str]] = MappingProxyType({
    0x62: _IN_FILE_CONTROL, 0x64: _IN_FILE_CONTROL, 0x6F: _IN_FILE_CONTROL,
    0x7F49: MappingProxyType({0x81: "modulus", 0x82: "public exponent", 0x86: "public point"}),
})
"""What tags mean inside a template."""

PROBED_TAGS: tuple[str, ...] = (
    "42", "43", "45", "46", "47", "4F", "50", "5A", "5E", "5F20", "5F24", "5F2D", "5F50", "5F52", "65", "66", "67",
    "6E", "73", "7A", "7F21", "7F49", "7F66", "9F17", "9F36", "9F4F", "9F7F", "C0", "C1", "C2", "C4", "C5", "C6", "CF",
    "E0", "0101", "0102", "0103", "0104",
)
"""Tags worth asking a card for: of ISO/IEC 7816-4 and 7816-6, EMV, GlobalPlatform and the OpenPGP card."""


def tag_name(tag: int, template: int | None = None) -> str:
    """What a tag means, inside a template where one is given; empty where nobody says."""
    inside = IN_TEMPLATE.get(template or 0, {}).get(tag)
    if inside is not None:
        return inside
    if template is not None and 0x80 <= tag <= 0xBF:
        return ""  # within a template it means what the template says
    return TAGS.get(tag, "")
