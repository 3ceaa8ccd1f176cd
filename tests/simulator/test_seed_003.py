"""Seed 003's experiment at the level of the card: every status word comes out of the installer's rules."""

from __future__ import annotations

import pytest

from jcopsh.simulator.card import SimulatedCard
from tests import cap_files
from tests.cap_files import Cap
from tests.simulator.gp_host import Host, counted, delete, for_install, for_load, load_commands
from tests.simulator.support import powered, send

SELECT = "00A4040008A000000151000000"
ISSUER = "A000000151000000"
ISSUER_LINE = counted(ISSUER) + "019E"
DOMAIN_PACKAGE = counted("A0000001515350") + "0100" + "01" + counted("A000000151535041")
PACKAGE_A = counted("0000000000") + "0100" + "01" + counted("000000000011")
INSTANCE_A = counted("000000000011") + "0700"


def opened() -> tuple[SimulatedCard, Host]:
    card = powered("j2e145")
    assert send(card, SELECT).endswith("9000")
    return card, Host(card)


def way_of_jcmanager(host: Host, cap: Cap) -> tuple[list[str], list[str]]:
    """What JCManager sends for a file, whatever the card answers: the answers, and the Lc of each wire command."""
    applet = cap.applets[0]
    plain = [
        delete(applet), delete(cap.package), for_load(cap.package), *load_commands(cap.load_block),
        for_install(cap.package, applet, applet),
    ]
    answers, lengths = [], []
    for command in plain:
        wire = host.wire(command)
        lengths.append(wire[8:10].upper())
        answers.append(send(host.card, wire))
    return answers, lengths


def listing(host: Host) -> list[str]:
    """Issuer, applications, packages with modules, in the form without tags; nothing where the card says 6A88."""
    found = []
    for scope in ("80", "40", "10"):
        answer = host.send(f"80F2{scope}00024F00")
        assert answer[-4:] in ("9000", "6A88")
        found.append(answer[:-4])
    return found


EMPTY = [ISSUER_LINE, "", DOMAIN_PACKAGE]
WITH_A = [ISSUER_LINE, INSTANCE_A, DOMAIN_PACKAGE + PACKAGE_A]
WITHOUT_THE_INSTANCE = [ISSUER_LINE, "", DOMAIN_PACKAGE + PACKAGE_A]
DONE = "009000"


def test_the_way_of_jcmanager() -> None:
    _, host = opened()
    assert listing(host) == EMPTY
    answers, lengths = way_of_jcmanager(host, cap_files.A)
    assert answers == ["6A88", "6A88", DONE, DONE, DONE, DONE]
    assert lengths == ["18", "10", "18", "D8", "38", "28"]
    assert listing(host) == WITH_A
    answers, lengths = way_of_jcmanager(host, cap_files.B)
    assert answers == ["6A88", "6985", "6985", "6985", "6985", "6A88"]
    assert lengths == ["18", "10", "18", "D8", "38", "28"]
    assert listing(host) == WITH_A
    answers, lengths = way_of_jcmanager(host, cap_files.C)
    assert answers == ["6A88", DONE, "6985", "6985", "6985", "6A88"]
    assert lengths == ["18", "18", "18", "D8", "38", "28"]
    assert listing(host) == WITHOUT_THE_INSTANCE


def test_what_resolves_it() -> None:
    """C goes on once the package with its module of that AID is gone too."""
    _, host = opened()
    way_of_jcmanager(host, cap_files.A)
    assert host.send(delete(cap_files.A.package)) == "6985"
    assert host.send(delete(cap_files.A.package, p2="80")) == DONE
    answers, _ = way_of_jcmanager(host, cap_files.C)
    assert answers == ["6A88", "6A88", DONE, DONE, DONE, DONE]


def test_an_installed_applet_can_be_selected() -> None:
    card, host = opened()
    assert send(card, "00A4040006000000000011") == "6A82"
    way_of_jcmanager(host, cap_files.A)
    assert send(card, "00A4040006000000000011") == "9000"
    assert send(card, "00B0000000") == "6D00"
    assert send(card, SELECT).endswith("9000")


@pytest.mark.parametrize("power_lost_after", range(7))
def test_power_lost_between_any_two_commands_leaves_a_whole_registry(power_lost_after: int) -> None:
    card, host = opened()
    cap = cap_files.A
    commands = [for_load(cap.package), *load_commands(cap.load_block, 60), for_install(cap.package, *cap.applets * 2)]
    for command in commands[:power_lost_after]:
        assert host.send(command) == DONE
    card.power_off()
    card.power_on()
    send(card, SELECT)
    host = Host(card)
    if power_lost_after < 6:
        assert listing(host) == EMPTY
        for command in commands[:-1]:
            assert host.send(command) == DONE
    if power_lost_after < 7:
        assert listing(host) == WITHOUT_THE_INSTANCE
        assert host.send(commands[-1]) == DONE
    assert listing(host) == WITH_A
