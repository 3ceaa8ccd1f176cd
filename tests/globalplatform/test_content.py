"""The commands that change a card's content, beside those that other clients sent."""

from __future__ import annotations

import pytest

from jcopsh.globalplatform import content
from jcopsh.globalplatform.cap import parse_cap
from jcopsh.globalplatform.content import Instance, LifeCycle, Structure
from jcopsh.iso7816.aid import AID
from tests.globalplatform import traces

GPSHELL = {plain.ins: plain for plain, _, _ in traces.exchanges("gpshell-scp02.log")}


def test_gpshell_s_install_for_install() -> None:
    made = Instance(AID.parse("A00000015153504D"), AID.parse("A00000015153504D01"), AID.parse("0102030405060708BB"))
    assert content.install_for_install(made, selectable=False) == GPSHELL[0xE6]


def test_gpshell_s_delete() -> None:
    assert content.delete(AID.parse("0102030405060708AA"), related=True) == GPSHELL[0xE4]


def test_globalplatformpro_s_installation() -> None:
    sent = [
        (header[1:], data) for header, data in traces.deciphered("gp-install-scp03.log") if header[1] in (0xE6, 0xE8)
    ]
    cap = parse_cap(b"".join(data for header, data in sent if header[0] == 0xE8))
    package, applet, isd = cap.aid, cap.applets[0], AID.parse("A000000151000000")
    made = Instance(package, applet, applet)
    # the largest plain block that became F8 bytes on the wire
    blocks = content.load_blocks(cap.load_block, len(sent[1][1]))
    ours = [content.install_for_load(package, isd), *blocks, content.install_for_install(made)]
    # that client writes no privileges as three bytes; we write them as one, as GPShell does
    privileges = bytes.fromhex("0100") + bytes.fromhex("02C900"), bytes.fromhex("03000000") + bytes.fromhex("02C900")
    assert [(one.header[1:], one.data.replace(*privileges)) for one in ours] == sent


def test_how_a_block_is_called_last() -> None:
    assert [one.header.hex() for one in content.load_blocks(bytes(500), 200)] == ["80e80000", "80e80001", "80e88002"]
    assert [one.header.hex() for one in content.load_blocks(bytes(200), 200)] == ["80e88000"]
    assert [one.header.hex() for one in content.store_data(bytes(201), 200, Structure.TLV)] == ["80e21000", "80e29001"]


def test_how_many_blocks_there_may_be() -> None:
    assert len(content.load_blocks(bytes(256), 1)) == 256
    with pytest.raises(ValueError, match="at most 256"):
        content.load_blocks(bytes(257), 1)
    for data in (b"", bytes(257)):
        with pytest.raises(ValueError, match="1 to 256"):
            content.store_data(data, 1)


@pytest.mark.parametrize(
    ("state", "aid", "encoded"),
    [
        (LifeCycle.LOCKED, "000000000011", "80f0408006000000000011"),
        (LifeCycle.UNLOCKED, "000000000011", "80f0400006000000000011"),
        (LifeCycle.PERSONALIZED, "000000000011", "80f0400f06000000000011"),
        (LifeCycle.CARD_SECURED, None, "80f0800f"),
        (LifeCycle.CARD_TERMINATED, None, "80f080ff"),
    ],
)
def test_set_status(state: LifeCycle, aid: str | None, encoded: str) -> None:
    assert content.set_status(state, AID.parse(aid) if aid else None).encode().hex() == encoded


def test_a_security_domain_with_its_applications() -> None:
    aid = AID.parse("A000000151000001")
    locked = content.set_status(LifeCycle.LOCKED, aid, with_applications=True)
    assert locked.encode().hex() == "80f0608008a000000151000001"


@pytest.mark.parametrize(("privileges", "field"), [(0x040000, "0104"), (0x040100, "03040100"), (0, "0100")])
def test_registry_update(privileges: int, field: str) -> None:
    command = content.update_registry(AID.parse("000000000011"), privileges)
    data = "000006000000000011" + field + "0000"
    assert command.encode().hex() == f"80e64000{len(data) // 2:02x}{data}00"


def test_names_of_commands() -> None:
    aid = AID.parse("000000000011")
    made = Instance(aid, aid, aid)
    assert content.command_name(content.install_for_install(made)) == "INSTALL [for install and make selectable]"
    assert content.command_name(content.load_blocks(bytes(3), 1)[1]) == "LOAD"
