"""GET STATUS in both forms, life cycle and privileges in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.globalplatform.registry import (
    PRIVILEGE_WORDS,
    Privilege,
    RegistryError,
    Scope,
    get_status,
    life_cycle_name,
    parse_status,
    privilege_bytes,
    privilege_names,
)
from jcopsh.iso7816.aid import AID
from tests.globalplatform import traces

# answers of another maker's card to GlobalPlatformPro, and that client's own words for them (gp-list-scp03.log)
ANSWERS = [response.data for command, response in traces.wire("gp-list-scp03.log") if command.ins == 0xF2]


def test_another_client_s_listing() -> None:
    domains, applications, modules, packages = (
        parse_status(data, scope) for data, scope in zip(
            ANSWERS, (Scope.ISSUER_SECURITY_DOMAIN, Scope.APPLICATIONS, Scope.LOAD_FILES_AND_MODULES, Scope.LOAD_FILES),
            strict=True))
    assert [one.life_cycle_name for one in domains] == ["SECURED", "SECURED", "INITIALIZED"]
    assert [str(one.aid) for one in domains][-1] == "A000000151000000"
    assert privilege_names(domains[0].privileges or 0) == (
        "Security Domain", "Card Lock", "Card Terminate", "Card Reset (default selected)", "CVM Management",
        "Trusted Path", "Authorized Management", "Token Management", "Global Delete", "Global Lock", "Global Registry",
        "Final Application", "Receipt Generation")
    assert [one.life_cycle_name for one in applications] == ["SELECTABLE"] * 5
    assert applications[-1].aid == AID.parse("D0D1D2D3D4D50101")
    assert [(str(one.aid), one.life_cycle_name) for one in modules] == [("D0D1D2D3D4D501", "LOADED")]
    assert packages == ()


def test_the_form_without_tags() -> None:
    domains = parse_status(bytes.fromhex("08A000000003000000" "01" "9E"), Scope.ISSUER_SECURITY_DOMAIN)
    assert (domains[0].life_cycle_name, domains[0].privileges) == ("OP_READY", 0x9E0000)
    found = parse_status(
        bytes.fromhex("07A0000001515350" "01" "00" "01" "08A000000151535041" "050000000000" "01" "00" "00"),
        Scope.LOAD_FILES_AND_MODULES)
    assert [(one.aid, one.modules) for one in found] == [
        (AID.parse("A0000001515350"), (AID.parse("A000000151535041"),)), (AID.parse("0000000000"), ())]


def test_all_that_an_entry_may_hold() -> None:
    (entry,) = parse_status(bytes.fromhex(
        "E327" "4F060000000000AA" "9F70020701" "C503040000" "C40500000000FF" "CC08A000000151000000" "CE020102"
    ), Scope.APPLICATIONS)
    assert (entry.life_cycle, entry.privileges) == (0x07, 0x040000)
    assert (entry.load_file, entry.domain) == (AID.parse("00000000FF"), AID.parse("A000000151000000"))
    assert entry.version == b"\x01\x02"


@pytest.mark.parametrize(
    ("value", "scope", "domain", "name"),
    [
        (0x01, Scope.ISSUER_SECURITY_DOMAIN, True, "OP_READY"),
        (0x7F, Scope.ISSUER_SECURITY_DOMAIN, True, "CARD_LOCKED"),
        (0xFF, Scope.ISSUER_SECURITY_DOMAIN, True, "TERMINATED"), (0x03, Scope.APPLICATIONS, False, "INSTALLED"),
        (0x07, Scope.APPLICATIONS, False, "SELECTABLE"), (0x87, Scope.APPLICATIONS, False, "LOCKED"),
        (0x83, Scope.APPLICATIONS, False, "LOCKED"), (0x0F, Scope.APPLICATIONS, True, "PERSONALIZED"),
        (0x0F, Scope.APPLICATIONS, False, "SELECTABLE, specific 0F"), (0x01, Scope.LOAD_FILES, False, "LOADED"),
        (0x55, Scope.LOAD_FILES, False, "55"), (0x55, Scope.ISSUER_SECURITY_DOMAIN, True, "55"),
    ],
)
def test_life_cycle(value: int, scope: Scope, domain: bool, name: str) -> None:
    assert life_cycle_name(value, scope, security_domain=domain) == name


def test_privileges_as_they_are_sent() -> None:
    assert privilege_bytes(0) == b"\x00"
    assert privilege_bytes(Privilege.CARD_RESET) == b"\x04"
    assert privilege_bytes(Privilege.CARD_RESET | Privilege.TRUSTED_PATH) == b"\x04\x80\x00"
    assert PRIVILEGE_WORDS["default-selected"] is PRIVILEGE_WORDS["card-reset"]


def test_get_status() -> None:
    assert get_status(Scope.APPLICATIONS).encode().hex() == "80f24002024f0000"
    assert get_status(Scope.LOAD_FILES, tagged=False, following=True).encode().hex() == "80f22001024f0000"


@given(st.binary(max_size=80), st.sampled_from(Scope))
def test_nothing_but_registry_errors(data: bytes, scope: Scope) -> None:
    for one in (data, b"\xe3" + data):
        try:
            parse_status(one, scope)
        except RegistryError:
            continue
