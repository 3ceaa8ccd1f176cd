"""Data objects, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.link import ResetKind
from jcopsh.errors import CardError
from jcopsh.operations.data_objects import get_data
from tests.card.support import apdu
from tests.commands.support import Shell, shell
from tests.secure_channels import C_MAC, connected


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))
    return shell(monkeypatch)


def test_get_and_put_data(card: Shell) -> None:
    assert card.run("get-data 5F50").splitlines() == [
        "5F50  uniform resource locator  24 bytes",
        "0000  68 74 74 70 73 3A 2F 2F 77 6F 72 6B 73 68 6F 70  https://workshop",
        "0010  2E 65 78 61 6D 70 6C 65                          .example",
    ]
    assert "5F81 01" not in card.run("get_data 5F8101")
    assert card.json("get-data 5F52 --odd")[0]["objects"][0]["tag"] == "5F52"
    assert "verify" in card.fail("put-data 0101 |Hello|")
    card.run("verify 1 |1234|")
    assert "5 bytes written as data object 0101" in card.run("put_data 0101 |Hello|")
    assert card.json("get-data 0101")[0]["content"] == "48656C6C6F"
    assert "no BER-TLV" in card.fail("get-data 0101 --tlv")


@pytest.mark.parametrize("profile", ["j2a040", "j2e145", "j3r180"])
@pytest.mark.parametrize("level", ["mac", "enc"])
def test_data_objects_of_a_security_domain_go_through_its_channel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str, level: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    card = shell(monkeypatch, profile=profile)
    card.run(f"auth {level} --key default; store-data 42021122")
    for line, content in (("get-data 9F7F", "9F7F2A"), ("get-data 9F7F --cla 80", "9F7F2A"), ("get-data 0042", "4202")):
        assert card.json(line)[0]["content"].startswith(content)
    assert "9F 7F 2A" in card.run("00CA9F7F00")
    said = card.fail("put-data 0101 AA")
    assert "there is no secure channel yet" not in said
    assert "send --plain" in said
    card.run("reset")
    assert "send --plain" not in card.fail("put-data 0101 AA")


@pytest.mark.parametrize(("sw", "hint"), [("6982", "auth opens it again"), ("6985", "list and info show it")])
def test_what_a_refusal_in_a_channel_means(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sw: str, hint: str) -> None:
    domain = connected(tmp_path, "j2e145")
    domain.auth(level=C_MAC)
    refusal = bytes.fromhex(sw)
    domain.link.answer = lambda command, answer: refusal if command[1] == 0xCA else answer
    with pytest.raises(CardError) as inside:
        get_data(domain.card, b"\x42")
    domain.card.reset(ResetKind.COLD)
    domain.card.send(apdu("00A4040008A000000151000000"))
    with pytest.raises(CardError) as outside:
        get_data(domain.card, b"\x42")
    assert hint in inside.value.hint
    assert outside.value.hint.startswith("auth: ")


def test_saving_a_data_object(card: Shell, tmp_path: Path) -> None:
    target = tmp_path / "url"
    assert "saved in" in card.run(f"get-data 5F50 --save {target}")
    assert target.read_bytes() == b"https://workshop.example"


@pytest.mark.parametrize("tag", ["5F", "x", "5F5", "0102030405", "9FFFFF", "010203"])
def test_what_is_no_tag(card: Shell, tag: str) -> None:
    card.fail(f"get-data {tag}", 2)


def test_which_data_objects_there_are(card: Shell) -> None:
    shown = card.run("data-objects")
    assert "✔ 3 data objects found, 39 tags tried" in shown
    assert shown.rstrip().endswith("authentication: 0102")
    assert [one.get("tag") for one in card.json("data-objects 0100-0103")] == ["0101", None]


def test_trees_without_a_card(card: Shell, tmp_path: Path) -> None:
    assert card.run("tlv 61 06 4F 04 F0 01 02 03").splitlines() == [
        "61  application template  6 bytes", "  4F  application identifier  F0 01 02 03"]
    file = tmp_path / "object"
    file.write_bytes(bytes.fromhex("8401FF"))
    assert card.json(f"tlv --load {file}")[0]["objects"][0]["value"] == "FF"
    assert "Byte 1" in card.fail("tlv 8405FF", 2)
    card.fail("tlv", 2)
