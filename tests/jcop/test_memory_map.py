"""The memory maps: what holds for all of them, the addresses of the sources, and what a wrong file says."""

from __future__ import annotations

from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.jcop.confidence import Confidence
from jcopsh.jcop.memory_map import (
    Field,
    Kind,
    MapError,
    MemoryMap,
    ValueForm,
    all_maps,
    load_map,
    map_names,
    parse_map,
)
from jcopsh.simulator.assumptions import CM_LIFECYCLE_ADDRESS, READABLE_RANGE

REAL = ("j2a040", "j2a081")
SIMULATED = ("simulated-j2a040", "simulated-j2a081")
EVERY_MAP = pytest.mark.parametrize("found", all_maps(), ids=lambda one: one.name)


def _field(map_name: str, name: str) -> Field:
    found = load_map(map_name).field(name)
    assert found is not None, name
    return found


def test_the_maps() -> None:
    assert map_names() == tuple(sorted(REAL + SIMULATED))
    assert load_map("j2a040") is load_map("j2a040")


@EVERY_MAP
def test_fields_lie_in_order_without_overlap_within_the_range(found: MemoryMap) -> None:
    end = found.first
    for one in found.fields:
        assert one.address >= end, one.name
        end = one.end
    assert end - 1 <= found.last
    assert (found.first, found.last) == (0xC000F0, 0xC095FF)


@EVERY_MAP
def test_every_field_says_where_it_comes_from_and_how_sure_it_is(found: MemoryMap) -> None:
    assert found.title
    assert found.note
    assert found.range_source
    for one in found.fields:
        assert one.source, one.name
        assert one.meaning, one.name
        assert isinstance(one.confidence, Confidence)
        assert isinstance(one.meaning_confidence, Confidence)
        # nobody knows the meaning of bytes at an address that nobody knows
        assert one.confidence is not Confidence.UNKNOWN, one.name


@EVERY_MAP
def test_names_are_found_in_any_case_and_addresses_lead_back(found: MemoryMap) -> None:
    for one in found.fields:
        assert found.field(one.name) is found.field(one.name.upper()) is one
        assert found.at(one.address) is found.at(one.end - 1) is one
        assert one.secret == (one.kind in (Kind.KEY, Kind.PIN))
    assert found.field("no_such_field") is None
    assert found.at(0xC08000) is None


@pytest.mark.parametrize("name", REAL)
def test_a_real_card_has_no_life_cycle_and_nothing_assumed(name: str) -> None:
    for one in load_map(name).fields:
        assert one.kind is not Kind.LIFE_CYCLE
        assert one.confidence is not Confidence.ASSUMED
        assert "simulat" not in one.source


@pytest.mark.parametrize("name", SIMULATED)
def test_a_simulated_card_has_one_field_more_and_says_that_it_is_assumed(name: str) -> None:
    real = load_map(name.removeprefix("simulated-"))
    added = [one for one in load_map(name).fields if one not in real.fields]
    assert [(one.name, one.address, one.kind, one.confidence) for one in added] == [
        ("cm_lifecycle", CM_LIFECYCLE_ADDRESS.value, Kind.LIFE_CYCLE, Confidence.ASSUMED)]
    assert added[0].source == "the simulator's own choice; no real card"
    assert (load_map(name).first, load_map(name).last) == READABLE_RANGE.value
    assert load_map(name).range_confidence is Confidence.ASSUMED


ADDRESSES = [
    ("ifsc", 0xC00122, 1, Kind.CONFIGURATION),
    ("cold_da", 0xC00123, 1, Kind.PROTOCOL),
    ("cold_protocol", 0xC00124, 1, Kind.PROTOCOL),
    ("cold_unknown_c00125", 0xC00125, 1, Kind.UNKNOWN),
    ("cold_interface_bytes", 0xC00126, 16, Kind.INTERFACE_BYTES),
    ("cold_historical_bytes", 0xC00136, 16, Kind.HISTORICAL_BYTES),
    ("warm_da", 0xC00146, 1, Kind.PROTOCOL),
    ("warm_protocol", 0xC00147, 1, Kind.PROTOCOL),
    ("warm_unknown_c00148", 0xC00148, 1, Kind.UNKNOWN),
    ("warm_interface_bytes", 0xC00149, 16, Kind.INTERFACE_BYTES),
    ("warm_historical_bytes", 0xC00159, 16, Kind.HISTORICAL_BYTES),
    ("contactless", 0xC00169, 1, Kind.CONFIGURATION),
    ("unknown_c0029a", 0xC0029A, 2, Kind.UNKNOWN),
    ("cm_key1_version", 0xC00301, 1, Kind.KEY_VERSION),
    ("cm_key1", 0xC00305, 16, Kind.KEY),
    ("cm_key2_version", 0xC0031D, 1, Kind.KEY_VERSION),
    ("cm_key2", 0xC00321, 16, Kind.KEY),
    ("cm_key3_version", 0xC00339, 1, Kind.KEY_VERSION),
    ("cm_key3", 0xC0033D, 16, Kind.KEY),
    ("gpin_length", 0xC00407, 1, Kind.LENGTH),
    ("gpin", 0xC00412, 16, Kind.PIN),
]


def test_the_addresses_of_the_vendor_script_and_seed_002() -> None:
    assert [(one.name, one.address, one.length, one.kind) for one in load_map("j2a040").fields] == ADDRESSES


def test_seed_000_has_the_historical_bytes_one_byte_later() -> None:
    moved = {
        "cold_interface_bytes": (0xC00126, 17), "cold_historical_bytes": (0xC00137, 15),
        "warm_interface_bytes": (0xC00149, 17), "warm_historical_bytes": (0xC0015A, 15),
    }
    found = {one.name: (one.address, one.length) for one in load_map("j2a081").fields}
    assert found == {name: (address, length) for name, address, length, _ in ADDRESSES} | moved
    assert all(load_map("j2a081").fields[i].source.startswith("seed 000") for i in (4, 5, 9, 10))


@pytest.mark.parametrize("name", ["gpin", "gpin_length", "cm_key1_version", "contactless", "unknown_c0029a"])
def test_what_seed_000_does_not_show_is_inferred_on_a_j2a081(name: str) -> None:
    assert _field("j2a040", name).confidence is Confidence.SEEN
    assert _field("j2a081", name).confidence is Confidence.INFERRED


def test_how_sure_the_meanings_are() -> None:
    assert _field("j2a040", "cold_da").meaning_confidence is Confidence.UNKNOWN
    assert _field("j2a040", "cm_key1_version").meaning_confidence is Confidence.INFERRED
    assert "not certain" in _field("j2a040", "cm_key1").meaning


def test_what_is_special_to_some_fields() -> None:
    assert _field("j2a040", "contactless").open_ended
    assert _field("j2a040", "gpin").length_field == "gpin_length"
    assert _field("j2a040", "gpin").secret
    assert _field("j2a040", "cm_key2").secret
    assert not _field("j2a040", "gpin_length").secret
    assert _field("j2a040", "cold_interface_bytes").value_form is ValueForm.LENGTH_PREFIXED
    assert _field("j2a040", "warm_historical_bytes").value_form is ValueForm.LENGTH_PREFIXED_TEXT


@given(st.sampled_from(map_names()), st.integers(0xC000F0, 0xC00500), st.integers(1, 300))
def test_overlapping_finds_exactly_the_fields_with_a_byte_in_the_range(name: str, address: int, length: int) -> None:
    found = load_map(name)
    by_bytes = {one.name for at in range(address, address + length) if (one := found.at(at)) is not None}
    assert {one.name for one in found.overlapping(address, length)} == by_bytes


def test_one_byte_of_a_key_is_enough_to_overlap_it() -> None:
    found = load_map("j2a040")
    assert [one.name for one in found.overlapping(0xC00314, 1)] == ["cm_key1"]
    assert found.overlapping(0xC00315, 8) == ()
    assert found.overlapping(0xC00305, 0) == ()


# --- wrong files

HEAD = """
title = "t"
note = "n"
first = 0xC00100
last = 0xC001FF
range_source = "s"
range_confidence = "seen"
"""
FIELD = """
[[field]]
name = "one"
address = 0xC00110
length = 4
kind = "unknown"
meaning = "m"
source = "s"
confidence = "seen"
meaning_confidence = "unknown"
"""


def _no_parent(name: str) -> NoReturn:
    raise MapError("there is no such map", f"{name}.toml")


def test_a_file_that_is_right() -> None:
    found = parse_map("mine", HEAD + FIELD, _no_parent)
    assert (found.name, [one.name for one in found.fields]) == ("mine", ["one"])
    assert parse_map("empty", HEAD, _no_parent).fields == ()


@pytest.mark.parametrize(("text", "field", "message"), [
    ("title = ", None, "not TOML"),
    (HEAD.replace('note = "n"', ""), None, "note is missing"),
    (HEAD.replace('"n"', "3"), None, "note is to be of type str"),
    (HEAD + "colour = 1", None, "colour is not known here"),
    (HEAD.replace("0xC00100", "0xB00100"), None, "C00000 to C0FFFF"),
    (HEAD.replace("0xC00100", "0xC00200"), None, "in that order"),
    (HEAD.replace('"seen"', '"sure"'), None, "'sure' is none of seen, inferred, assumed, unknown"),
    (HEAD + "field = 3", None, "written as"),
    (HEAD + "[field]\nname = 1", None, "written as"),
    (HEAD + 'extends = "nothing"', None, "no such map"),
    (HEAD + 'extends = "mine"', None, "extends itself"),
    (HEAD + FIELD.replace("length = 4", ""), "one", "length is missing"),
    (HEAD + FIELD.replace("length = 4", "length = true"), "one", "length is to be of type int"),
    (HEAD + FIELD.replace("length = 4", 'length = "4"'), "one", "length is to be of type int"),
    (HEAD + FIELD.replace("length = 4", "length = 0"), "one", "at least one byte"),
    (HEAD + FIELD.replace("0xC00110", "0xC000FF"), "one", "not within"),
    (HEAD + FIELD.replace("length = 4", "length = 400"), "one", "not within"),
    (HEAD + FIELD.replace('kind = "unknown"', 'kind = "colour"'), "one", "'colour' is none of key, pin"),
    (HEAD + FIELD.replace('source = "s"', 'source = " "'), "one", "source is empty"),
    (HEAD + FIELD.replace('"one"', '"One"'), "One", "lower-case"),
    (HEAD + FIELD.replace('name = "one"', ""), "number 1", "name is missing"),
    (HEAD + FIELD + "secret = true", "one", "secret is not known here"),
    (HEAD + FIELD + 'length_field = "two"', "one", "two is no field"),
    (HEAD + FIELD + 'value_form = "roman"', "one", "none of bytes"),
    (HEAD + FIELD + FIELD, "one", "taken twice"),
    (HEAD + FIELD + FIELD.replace('"one"', '"two"').replace("0xC00110", "0xC00113"), "two", "overlaps one"),
])
def test_a_wrong_file_is_named_with_its_field(text: str, field: str | None, message: str) -> None:
    with pytest.raises(MapError, match=message) as caught:
        parse_map("mine", text, _no_parent)
    assert caught.value.field == field
    assert caught.value.file in ("mine.toml", "nothing.toml")
    assert str(caught.value).startswith(caught.value.file)


def test_an_extension_replaces_fields_of_the_same_name_and_may_say_less_of_the_range() -> None:
    base = parse_map("base", HEAD + FIELD, _no_parent)
    text = 'title = "t"\nnote = "n"\nextends = "base"\nrange_confidence = "inferred"\n'
    text += FIELD.replace("0xC00110", "0xC00120") + FIELD.replace('"one"', '"two"')
    child = parse_map("child", text, {"base": base}.__getitem__)
    assert [(one.name, one.address) for one in child.fields] == [("two", 0xC00110), ("one", 0xC00120)]
    assert (child.first, child.range_source, child.range_confidence) == (base.first, "s", Confidence.INFERRED)


def test_an_unknown_map_lists_the_known_ones() -> None:
    with pytest.raises(MapError, match="j2a040, j2a081"):
        load_map("j3h145")
