"""GET STATUS in both forms, life cycle and privileges in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.globalplatform.registry import (
    PRIVILEGE_WORDS,
    Privilege,
    RegistryEntry,
    Scope,
    get_status,
    life_cycle_name,
    parse_status,
    privilege_bytes,
    privilege_names,
)
from jcopsh.iso7816.aid import AID
from tests.globalplatform import traces


def entries(data: bytes, scope: Scope) -> tuple[RegistryEntry, ...]:
    found = parse_status(data, scope)
    assert found.unread == ()
    return found.entries


# answers of another maker's card to GlobalPlatformPro, and that client's own words for them (gp-list-scp03.log)
ANSWERS = [response.data for command, response in traces.wire("gp-list-scp03.log") if command.ins == 0xF2]


def test_another_client_s_listing() -> None:
    domains, applications, modules, packages = (
        entries(data, scope) for data, scope in zip(
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
    domains = entries(bytes.fromhex("08A000000003000000" "01" "9E"), Scope.ISSUER_SECURITY_DOMAIN)
    assert (domains[0].life_cycle_name, domains[0].privileges) == ("OP_READY", 0x9E0000)
    found = entries(
        bytes.fromhex("07A0000001515350" "01" "00" "01" "08A000000151535041" "050000000000" "01" "00" "00"),
        Scope.LOAD_FILES_AND_MODULES)
    assert [(one.aid, one.modules) for one in found] == [
        (AID.parse("A0000001515350"), (AID.parse("A000000151535041"),)), (AID.parse("0000000000"), ())]


def test_all_that_an_entry_may_hold() -> None:
    (entry,) = entries(bytes.fromhex(
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


GOOD = "E3114F060000000000AA9F700107C503000000"


@pytest.mark.parametrize(
    ("bad", "kept", "said"),
    [
        ("E30A4F050000000000" "9F7000", ["0000000000"], "its life cycle (9F70) is empty"),
        ("E3084F0400000000" "9F7001", [], "but 0 follow"),
        ("E30A4F0400000000" "9F700107", [], "its AID (4F): an AID has 5 to 16 bytes, this one has 4"),
        ("E3069F700107C500", [], "an entry has no AID"),
        ("E30D4F050000000000" "9F700101" "8400", ["0000000000"], "a module (84)"),
        ("E30F4F050000000000" "9F700101" "CC020102", ["0000000000"], "its security domain (CC)"),
        ("E3134F050000000000" "9F700101" "CE020100" "CE020200", ["0000000000"], "several versions"),
        ("E2024F00", [], "begins with E3, not E2"),
    ],
)
def test_an_odd_entry_takes_no_other_away(bad: str, kept: list[str], said: str) -> None:
    length = len(bytes.fromhex(bad)) - 2
    bad = bad[:2] + f"{length:02X}" + bad[4:]
    for data in (GOOD + bad + GOOD, GOOD + GOOD + bad):
        found = parse_status(bytes.fromhex(data), Scope.APPLICATIONS)
        ours = [str(one.aid) for one in found.entries if str(one.aid) != "0000000000AA"]
        assert len(found.entries) == 2 + len(kept)
        assert ours == kept
        assert said in " ".join(found.unread)
        assert found.whole == bool(kept)
        assert "index" not in " ".join(found.unread)


def test_what_an_odd_entry_tells_is_kept() -> None:
    found = parse_status(bytes.fromhex(
        "E328" "4F050000000000" "9F7000" "8400" "84060000000000AA" "CC00" "C400" "CC020102" "CE020100" "CE020200" "C502"
        "8000"), Scope.LOAD_FILES_AND_MODULES)
    (entry,) = found.entries
    assert (entry.life_cycle, entry.life_cycle_name) == (None, "life cycle not told")
    assert (entry.modules, entry.domain, entry.version) == ((AID.parse("0000000000AA"),), None, b"\x01\x00")
    assert entry.privileges == 0x800000


@pytest.mark.parametrize(("data", "said"), [
    ("0600000000001107" "00" "0400000000" "0700" "060000000000220700", "with 00000000: its AID (4F)"),
    ("060000000000110700" "060000000000220700" "0600", "ends within an entry"),
])
def test_odd_entries_of_the_form_without_tags(data: str, said: str) -> None:
    found = parse_status(bytes.fromhex(data), Scope.APPLICATIONS)
    assert [str(one.aid) for one in found.entries] == ["000000000011", "000000000022"]
    assert said in " ".join(found.unread)


@given(st.binary(max_size=80), st.sampled_from(Scope))
def test_whatever_the_card_answers_is_read(data: bytes, scope: Scope) -> None:
    for one in (data, b"\xe3" + data):
        found = parse_status(one, scope)
        assert found.entries or found.unread or not one.strip(b"\0")


@pytest.mark.parametrize(("value", "names"), [
    (0x400000, ("bits 400000",)), (0x010000, ("bits 010000",)), (0x00000F, ("bits 00000F",)),
    (0x810000, ("Security Domain", "bits 010000")), (0xC10000, ("Security Domain", "DAP Verification",
                                                                "Mandated DAP Verification")),
    (0x9E0000, ("Security Domain", "Card Lock", "Card Terminate", "Card Reset (default selected)", "CVM Management")),
    (0, ()),
])
def test_privilege_bits_that_make_no_privilege_are_shown(value: int, names: tuple[str, ...]) -> None:
    assert privilege_names(value) == names
