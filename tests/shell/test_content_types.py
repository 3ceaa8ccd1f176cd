"""AIDs, the card itself and privileges as they are typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.commands import register_all
from jcopsh.errors import UsageError
from jcopsh.globalplatform.cap import CapFile, parse_cap
from jcopsh.iso7816.aid import AID
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.completion import suggest
from jcopsh.shell.context import ContentKind, OnCard
from jcopsh.shell.types import KeyVersionType, ParameterType
from jcopsh.shell.types.content import AidOrCardType, AidType, PrivilegesType, StateType, WholeCard
from tests import cap_files
from tests.shell.parameter_types import is_read_or_refused
from tests.shell.samples import CANARY, context

APPLICATION, DOMAIN, PACKAGE, MODULE = "000000000012", "A000000151000001", "0000000000", "000000000011"
CONTEXT = replace(context(), key_versions=(1, 0xFF), content=(
    OnCard("A000000151000000", ContentKind.ISSUER, "issuer security domain  OP_READY"),
    OnCard(DOMAIN, ContentKind.DOMAIN, "security domain"), OnCard("000000000012", ContentKind.MODULE, "module", "00"),
    OnCard(APPLICATION, ContentKind.APPLICATION, "application  (|......|)  SELECTABLE"),
    OnCard(PACKAGE, ContentKind.PACKAGE, "package"), OnCard(MODULE, ContentKind.MODULE, "module", PACKAGE),
    OnCard("000000000111", ContentKind.MODULE, "module", "0000000001"),
))
AIDS = st.binary(min_size=5, max_size=16).map(AID)
VALUES: list[tuple[ParameterType[Any], st.SearchStrategy[Any]]] = [
    (AidType(), AIDS), (AidOrCardType(), AIDS | st.just(WholeCard.CARD)), (PrivilegesType(), st.integers(0, 0xFFFFFF)),
]


@given(st.data())
def test_what_a_type_writes_it_reads(data: st.DataObject) -> None:
    for kind, values in VALUES:
        value = data.draw(values)
        assert kind.parse(kind.format(value), CONTEXT) == value


@given(st.text(max_size=60) | st.text("0123456789abcdef,-", max_size=40))
def test_no_text_makes_a_type_fail_in_another_way(text: str) -> None:
    for kind, _ in VALUES:
        is_read_or_refused(kind, text, CONTEXT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("04", 0x040000), ("048000", 0x048000), ("card-reset", 0x040000), ("Default-Selected", 0x040000),
        ("security_domain, trusted-path", 0x808000), ("dap-verification", 0xC00000),
    ],
)
def test_privileges(text: str, value: int) -> None:
    assert PrivilegesType().parse(text, CONTEXT) == value


@pytest.mark.parametrize(("text", "start", "end"), [("cardreset", 0, 9), ("card-reset,bogus", 11, 16), ("0400", 0, 4)])
def test_no_privileges(text: str, start: int, end: int) -> None:
    with pytest.raises(UsageError) as caught:
        PrivilegesType().parse(text, CONTEXT)
    assert (caught.value.start, caught.value.end) == (start, end)


def test_privileges_are_offered_behind_the_comma() -> None:
    found = {one.text: one.start for one in PrivilegesType().complete("card-reset,tru", CONTEXT)}
    assert found == {"trusted-path": 11}
    assert PrivilegesType().explain("card-reset", CONTEXT) == "Card Reset (default selected)"


def offered(line: str, registry: Registry | None = None) -> list[str]:
    """What Tab offers at the end of a line of the real commands."""
    if registry is None:
        registry = Registry()
        register_all(registry, PluginHost())
    return [one.text.strip() for one in suggest(line, registry, CONTEXT)]


def test_what_of_the_card_can_stand_there_is_offered_first() -> None:
    assert offered("delete ")[:3] == [DOMAIN, APPLICATION, PACKAGE]
    assert offered("make-selectable ")[:2] == [DOMAIN, APPLICATION]
    assert offered("set-status ")[:3] == ["card", DOMAIN, APPLICATION]
    assert offered("select ")[:3] == ["A000000151000000", DOMAIN, APPLICATION]
    assert offered("select A0000001510")[:2] == ["A000000151000000", DOMAIN]
    assert offered("install x.cap --domain ")[:2] == ["A000000151000000", DOMAIN]
    assert offered("create-domain A000000151000002 --package ") == [PACKAGE]


def test_modules_are_those_of_the_package() -> None:
    assert offered("install-applet ") == [PACKAGE]
    assert offered(f"install-applet {PACKAGE} ") == [MODULE]
    assert offered("create-domain A000000151000002 --module ") == ["000000000012", MODULE, "000000000111"]


def test_applets_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.cap"
    line = f"install {file} --applet "
    assert offered(line) == []
    file.write_bytes(cap_files.A.archive)
    assert offered(line) == [cap_files.A.applets[0].hex().upper()]
    assert offered(f"{line}99") == []
    file.write_bytes(cap_files.C.archive + bytes(1))
    assert offered(line) == [cap_files.C.applets[0].hex().upper()]
    file.write_bytes(b"no CAP file")
    assert offered(line) == []
    assert offered(f"install {tmp_path} --applet ") == []


def test_a_damaged_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def parsed(data: bytes) -> CapFile:
        read.append(len(data))
        return parse_cap(data)

    monkeypatch.setattr("jcopsh.shell.types.content.parse_cap", parsed)
    file = tmp_path / "a.cap"
    for content in (b"no CAP file", b"another one"):
        file.write_bytes(content * len(read or (1, 2)))
        for text in ("", "0", "00"):
            assert offered(f"install {file} --applet {text}") == []
    assert read == [22, 11]


def test_states_fit_what_they_are_of() -> None:
    assert offered("set-status card ") == ["initialized", "secured", "card-locked", "terminated"]
    assert offered(f"set-status {APPLICATION} ") == ["locked", "unlocked", "selectable"]
    assert offered(f"set-status {DOMAIN} ") == ["locked", "unlocked", "personalized"]
    assert offered("set-status 0102030405 ") == ["locked", "unlocked", "selectable", "personalized"]
    assert "terminated" in [one.text for one in StateType({}).complete("", CONTEXT)]


def test_key_versions_are_those_that_the_card_told() -> None:
    assert offered("auth --key-version ") == ["0x01", "0xFF"]
    assert offered("put-keys --save x --key-version 1 --replace ") == ["0x01"]
    assert KeyVersionType(0, 255).parse("0xFF", CONTEXT) == 255


def test_what_is_on_the_card_is_explained() -> None:
    assert AidType(kinds=(ContentKind.APPLICATION,)).explain(APPLICATION, CONTEXT) == (
        "application  (|......|)  SELECTABLE")
    assert AidType().explain(PACKAGE, CONTEXT) == "package"
    assert AidType().explain("D27600012401", CONTEXT).startswith("D27600012401, openpgp")


def test_well_known_names_are_offered() -> None:
    assert "isd" in [one.text for one in AidType().complete("is", CONTEXT)]
    assert "card" in [one.text for one in AidOrCardType().complete("ca", CONTEXT)]


def test_what_looks_like_a_key_stays_out_of_the_history() -> None:
    assert AidType().secret_spans(CANARY.hex(), CONTEXT)
    assert not AidType().secret_spans("000000000011", CONTEXT)


def test_an_aid_may_have_blanks() -> None:
    assert AidType().words_taken(["00", "00", "00", "00", "00", "11", "--related"]) == 6
    assert AidType().words_taken(["000000000011", "locked"]) == 1
    assert AidOrCardType().words_taken(["00", "00", "00", "00", "00", "11", "locked"]) == 6
    assert AidOrCardType().words_taken(["card", "locked"]) == 1
    assert AidType().words_taken(["isd", "A0"]) == 1
