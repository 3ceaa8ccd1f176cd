"""What the installer takes and refuses, one rule after the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.load_file import LoadFileError, read_load_file
from tests import cap_files
from tests.cap_files import FRAMEWORK, Cap
from tests.simulator.gp_host import Host, command, counted, delete, for_install, for_load, load_commands
from tests.simulator.support import powered, send
from tests.simulator.test_card_channels import lines, load_file_of_the_trace

DONE = "009000"
PACKAGE, APPLET, OTHER = (bytes.fromhex("D27600012401" + more) for more in ("", "01", "02"))
CAP = Cap(PACKAGE, (APPLET,))
DOMAIN = bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041")
NEW_DOMAIN = bytes.fromhex("A00000015153504D01")


def host(name: str = "j2e145", *, state_file: Path | None = None) -> Host:
    card = powered(name, state_file=state_file)
    send(card, "00A4040000")
    return Host(card)


def load(there: Host, cap: Cap, block: int = 200) -> str:
    """The answer to the last of INSTALL [for load] and the LOADs; those before are all right."""
    commands = [for_load(cap.package), *load_commands(cap.load_block, block)]
    for one in commands[:-1]:
        assert there.send(one) == DONE
    return there.send(commands[-1])


def loaded(name: str = "j2e145") -> Host:
    there = host(name)
    assert load(there, CAP) == DONE
    return there


@pytest.mark.parametrize("name", ["j2a040", "j2e145", "j3r180"])
def test_a_package_can_be_put_on_every_card(name: str) -> None:
    there = loaded(name)
    assert there.send(for_install(PACKAGE, APPLET, APPLET)) == DONE
    assert send(there.card, "00A40400" + counted(APPLET.hex())) == "9000"


@pytest.mark.parametrize(
    ("cap", "answer"),
    [
        (Cap(PACKAGE + b"\x09", (APPLET,)), "6985"),  # a module of that AID is there
        (Cap(OTHER, (PACKAGE,)), "6985"),  # a package of that AID is there
        (Cap(OTHER, (OTHER,)), "6985"),
        (Cap(OTHER, (OTHER + b"1", OTHER + b"1")), "6985"),
        (Cap(OTHER, (OTHER + b"1",), imports=((FRAMEWORK, 1, 5),)), "6438"),
        (Cap(OTHER, (OTHER + b"1",), imports=((FRAMEWORK, 2, 0),)), "6438"),
        (Cap(OTHER, (OTHER + b"1",), imports=((APPLET, 1, 0),)), "6438"),
        (Cap(OTHER, (OTHER + b"1",), imports=((PACKAGE, 1, 0),)), DONE),
        (Cap(OTHER, ()), DONE),
    ],
)
def test_the_last_load_says(cap: Cap, answer: str) -> None:
    there = loaded()
    assert load(there, cap) == answer
    assert (there.send(command("80F22000", "4F" + counted(cap.package.hex())))[-4:] == "9000") is (answer == DONE)


def test_a_package_of_another_name_or_none_at_all_is_wrong_data() -> None:
    there = host()
    assert there.send(for_load(OTHER)) == DONE
    assert [there.send(one) for one in load_commands(CAP.load_block)][-1] == "6A80"
    assert there.send(for_load(OTHER)) == DONE
    assert there.send(command("80E88000", "C403010203")) == "6A80"


def test_aids_that_are_taken() -> None:
    there = loaded()
    assert there.send(for_load(PACKAGE)) == "6985"
    assert there.send(for_load(APPLET)) == "6985"
    assert there.send(for_load(bytes.fromhex("A000000151000000"))) == "6985"
    assert there.send(for_install(PACKAGE, APPLET, PACKAGE)) == "6985"
    assert there.send(for_install(PACKAGE, APPLET, DOMAIN[1])) == "6985"  # a module of another package
    assert there.send(for_install(PACKAGE, APPLET, OTHER)) == DONE
    assert there.send(for_install(PACKAGE, APPLET, OTHER)) == "6985"
    assert there.send(for_load(OTHER)) == "6985"
    assert there.send(for_load(b"\xa0\0\0\0")) == "6A80"
    assert there.send(for_load(OTHER + b"9", domain="A00000000409")) == "6A88"
    assert there.send(for_install(PACKAGE, OTHER, OTHER + b"9")) == "6A88"
    assert there.send(command("80E60C00", "05")) == "6A80"
    assert there.send(command("80E60300", counted("", "", "", "", ""))) == "6A86"


def test_blocks_come_in_order_and_nothing_comes_between() -> None:
    there = host()
    first, second = load_commands(CAP.load_block)
    assert there.send(first) == "6985"
    for wrong in (second, "80F28000024F00"):
        assert there.send(for_load(PACKAGE)) == DONE
        there.send(wrong)
        assert there.send(first) == "6985"
    assert there.send(for_load(PACKAGE)) == DONE
    assert [there.send(first), there.send(first), there.send(second)] == [DONE, "6985", "6985"]


def test_there_are_256_blocks_at_most() -> None:
    there = host()
    assert there.send(for_load(PACKAGE)) == DONE
    blocks = load_commands(replace(CAP, method_bytes=300).load_block, 1)
    assert [there.send(one) for one in blocks[:256]] == [DONE] * 256
    assert there.send("80E80000" + "0100") == "6985"


def test_there_is_only_so_much_room() -> None:
    there = host("j3r180")
    big = replace(CAP, method_bytes=60000)
    assert there.send(for_load(PACKAGE, parameters="EF04C602FFFF")) == DONE
    assert there.send(command("80E80000", "C483010000" + "00" * 9)) == "6A84"
    assert load(there, big, 239) == DONE
    free = 65536 - len(big.load_block)
    assert there.send("80CAFF21")[14:26] == f"8204{free:08X}"
    assert there.send(for_install(PACKAGE, APPLET, APPLET, parameters="C914" + "00" * 20)) == DONE
    assert there.send("80CAFF21").startswith("FF21" + "10" + "81020001" + f"8204{free - 148:08X}")
    assert there.send(for_load(OTHER, parameters="EF04C6022000")) == "6A84"
    assert there.send(delete(PACKAGE, p2="80")) == DONE
    assert there.send("80CAFF21")[14:26] == "820400010000"


def test_install_in_two_steps() -> None:
    there = loaded()
    assert there.send(for_install(PACKAGE, APPLET, APPLET, p1="04")) == DONE
    assert there.send("80F24000024F00") == counted(APPLET.hex()).upper() + "03009000"
    assert send(there.card, "00A40400" + counted(APPLET.hex())) == "6A82"
    selectable = command("80E60800", counted("", "", APPLET.hex(), "04", "", ""))
    assert there.send(selectable) == DONE
    assert there.send(selectable) == "6985"
    # it is now the one that a reset selects, and the issuer's domain shows that
    assert there.send("80F28000024F00") == "08A000000151000000019A9000"
    there.card.power_on()
    assert send(there.card, "80CA9F7F00") == "6D00"
    send(there.card, "00A4040000")
    assert Host(there.card).send(delete(APPLET)) == DONE
    there.card.power_on()
    assert send(there.card, "80CA9F7F00").startswith("9F7F2A")


def test_what_cannot_be_deleted() -> None:
    there = loaded()
    user = Cap(OTHER, (), imports=((PACKAGE, 1, 0),))
    assert load(there, user) == DONE
    assert there.send(delete(PACKAGE)) == "6985"  # imported
    assert there.send(delete(DOMAIN[0])) == "6985"  # in ROM
    assert there.send(delete(bytes.fromhex("A000000151000000"))) == "6985"
    assert there.send(delete(APPLET)) == "6A88"  # a module alone
    assert there.send(delete(OTHER)) == DONE
    assert there.send(delete(PACKAGE)) == DONE
    assert there.send(command("80E40000", "4F")) == "6A80"
    assert there.send(command("80E40100", "4F" + counted(PACKAGE.hex()))) == "6A86"


def test_a_locked_applet_is_not_found() -> None:
    there = loaded()
    there.send(for_install(PACKAGE, APPLET, APPLET))
    lock, unlock = (command(f"80F040{state}", APPLET) for state in ("80", "07"))
    assert [there.send(one) for one in (unlock, lock, lock)] == ["6985", "9000", "6985"]
    assert there.send("80F24000024F00") == counted(APPLET.hex()).upper() + "87009000"
    assert send(there.card, "00A40400" + counted(APPLET.hex())) == "6A82"
    assert there.send(unlock) == "9000"
    assert there.send(command("80F04080", OTHER)) == "6A88"
    assert send(there.card, "00A40400" + counted(APPLET.hex())) == "9000"


def test_a_security_domain_is_locked_with_what_belongs_to_it() -> None:
    """Card Specification 2.2.1, 11.10.2.1: P1 60."""
    there = loaded()
    assert there.send(for_install(*DOMAIN, NEW_DOMAIN, privileges="80")) == DONE
    assert there.send(for_install(PACKAGE, APPLET, APPLET)) == DONE
    assert there.send(for_install(PACKAGE, APPLET, OTHER)) == DONE
    assert there.send(command("80E61000", counted(NEW_DOMAIN.hex(), "", APPLET.hex(), "", "", ""))) == DONE
    lock, unlock = (command(f"80F060{state}", NEW_DOMAIN) for state in ("80", "00"))
    assert there.send(command("80F04080", APPLET)) == "9000"  # locked by itself before
    assert [there.send(one) for one in (unlock, lock, lock)] == ["6985", "9000", "6985"]
    listed = there.send("80F24000024F00").lower()
    assert all(f"{counted(aid.hex())}{state}" in listed for aid, state in (
        (NEW_DOMAIN, "87"), (APPLET, "87"), (OTHER, "07")))
    assert there.send(unlock) == "9000"
    listed = there.send("80F24000024F00").lower()
    assert all(f"{counted(aid.hex())}07" in listed for aid in (NEW_DOMAIN, APPLET, OTHER))
    assert there.send(command("80F06080", APPLET)) == "6A88"  # no security domain
    assert there.send(command("80F06080", bytes.fromhex("A000000151000000"))) == "6985"
    assert host("j2a040").send(command("80F06080", NEW_DOMAIN)) == "6A86"  # of version 2.1.1


def test_a_security_domain_of_its_own() -> None:
    there = loaded()
    assert there.send(for_install(PACKAGE, APPLET, OTHER, privileges="80")) == "6A80"
    assert there.send(for_install(*DOMAIN, NEW_DOMAIN, privileges="00")) == "6A80"
    assert there.send(for_install(*DOMAIN, NEW_DOMAIN, privileges="80")) == DONE
    assert there.send(for_install(PACKAGE, APPLET, APPLET)) == DONE
    extradite = command("80E61000", counted(NEW_DOMAIN.hex(), "", APPLET.hex(), "", "", ""))
    assert there.send(extradite) == DONE
    assert there.send(delete(NEW_DOMAIN)) == "6985"  # the applet belongs to it
    assert there.send(command("80E62000", counted("", "", NEW_DOMAIN.hex(), "", "", ""))) == DONE
    assert there.send(command("80E29000", "42020102")) == "9000"
    assert there.send(command("80E62000", counted("", "", APPLET.hex(), "", "", ""))) == DONE
    assert there.send(command("80E29000", "42020102")) == "6985"
    assert send(there.card, "00A40400" + counted(NEW_DOMAIN.hex())) == (
        "6F118409" + NEW_DOMAIN.hex().upper() + "A5049F6501FF9000")
    inside = Host(there.card)  # with the issuer's keys, which it borrows
    assert inside.send("80CA0042") == "420201029000"
    assert inside.send(for_load(OTHER)) == "6985"  # it does not manage content


def test_more_entries_than_one_answer_holds() -> None:
    there = loaded("j3r180")
    for at in range(20):
        assert there.send(for_install(PACKAGE, APPLET, OTHER + bytes((at,)))) == DONE
    found, answer, asked = "", there.send("80F24002024F00"), 1
    while answer.endswith("6310"):
        found, answer, asked = found + answer[:-4], there.send("80F24003024F00"), asked + 1
    found += answer[:-4]
    assert asked > 2
    assert [found.count(f"4F08{OTHER.hex().upper()}{at:02X}") for at in range(20)] == [1] * 20
    assert there.send("80F24003024F00") == "6985"
    assert there.send("80F24002024F00").endswith("6310")
    there.send("80CA9F7F")
    assert there.send("80F24003024F00") == "6985"  # something came between


def test_everything_is_kept_in_the_state_file(tmp_path: Path) -> None:
    file = tmp_path / "card"
    there = host("j3r180", state_file=file)
    assert load(there, CAP) == DONE
    there.send(for_install(PACKAGE, APPLET, OTHER))
    there.send(for_install(*DOMAIN, NEW_DOMAIN, privileges="800000"))
    there.send(command("80E29000", "4503ABCDEF"))
    before = [there.send(f"80F2{scope}02024F00") for scope in ("80", "40", "10")]
    there.card.power_off()
    again = host("j3r180", state_file=file)
    assert [again.send(f"80F2{scope}02024F00") for scope in ("80", "40", "10")] == before
    assert again.send("80CA0045") == "4503ABCDEF9000"


def test_a_card_that_cannot_save_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = host(state_file=tmp_path / "card")
    assert load(there, CAP) == DONE

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("jcopsh.simulator.state_file.StateFile.save", full)
        assert there.send(for_install(PACKAGE, APPLET, APPLET)) == "6581"
    assert there.send("80F24000024F00") == "6A88"
    assert there.send(for_install(PACKAGE, APPLET, APPLET)) == DONE


# --- load files -----------------------------------------------------------------------------------------------------


def test_what_another_client_loaded_is_read() -> None:
    """The load file of GlobalPlatformPro's trace, deciphered by the card's half of the channel."""
    head = read_load_file(load_file_of_the_trace(lines("gp-install-scp03.log")))
    assert head.package.aid.hex().upper() == "D0D1D2D3D4D501"
    assert [aid.hex().upper() for aid in head.applets] == ["D0D1D2D3D4D50101"]
    assert [one.aid for one in head.imports] == [FRAMEWORK]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([cap_files.A.load_block, CAP.load_block]), st.data())
def test_any_load_file_is_read_or_refused(block: bytes, data: st.DataObject) -> None:
    mangled = bytearray(block)
    for _ in range(data.draw(st.integers(0, 4))):
        mangled[data.draw(st.integers(0, len(mangled) - 1))] = data.draw(st.integers(0, 255))
    try:
        head = read_load_file(bytes(mangled[: data.draw(st.integers(0, len(mangled)))]))
    except LoadFileError:
        return
    assert 5 <= len(head.package.aid) <= 16


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0xCA, 0xD8, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2, 0x82, 0x50, 0x70]),
                          st.binary(min_size=2, max_size=2), st.binary(max_size=60)), max_size=8))
def test_any_command_through_the_channel_gets_an_answer(commands: list[tuple[int, bytes, bytes]]) -> None:
    there = host("j3r180")
    for ins, parameters, data in commands:
        answer = there.send(f"80{ins:02X}{parameters.hex()}" + (f"{len(data):02X}{data.hex()}" if data else ""))
        assert len(answer) >= 4
    assert isinstance(there.card, SimulatedCard) and send(there.card, "80CA9F7F00")[-4:] in ("9000", "6985")
