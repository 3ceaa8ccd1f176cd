"""read, write and dump on the simulated card."""

from __future__ import annotations

import pytest

from tests.commands.support import Shell, shell


@pytest.fixture
def booted(monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A session on an unfused card that is booted."""
    found = shell(monkeypatch, profile="j2a040-unfused")
    found.run("select tk; boot --yes")
    return found


@pytest.mark.parametrize("address", ["cm_key1", "cm_key1+0", "0xC00305"])
def test_a_part_of_a_key_from_its_beginning_is_refused_with_what_works(booted: Shell, address: str) -> None:
    said = booted.fail(f"write {address} 41 --yes", 2)
    assert "cm_key1 has 16 bytes, these are 1" in said
    assert "try: read cm_key1 --reveal" in said
    booted.run("read cm_key1 --reveal")
    booted.run(f"write {address} 41{'00' * 15} --yes")


def test_what_goes_beyond_a_field_is_refused_with_what_works(booted: Shell) -> None:
    said = booted.fail(f"write cm_key1 {'41' * 17} --yes", 2)
    assert "try: where that is meant, write that by itself: write 0xC00315 …" in said
    booted.run("write 0xC00315 41 --yes")


def test_a_part_of_a_key_that_changes_says_so(booted: Shell) -> None:
    assert "key, 8 bytes, changed" in booted.run("write cm_key1+8 0102030405060708 --yes")
    again = booted.run("write cm_key1+8 0102030405060708 --yes")
    assert "changed" not in again
    assert "holds these very bytes already" in again


def test_a_known_key_is_written_to_a_place_without_a_name(booted: Shell) -> None:
    booted.run("write cm_key1 AABBCCDDEEFF00112233445566778899 --yes")
    shown = booted.run("write 0xC00600 00AABBCCDDEEFF0011223344556677889900 --yes")
    assert "18 bytes written at 0xC00600" in shown
    assert "AA BB" not in shown
