"""What is on a card and what it tells of itself, from cards that answer in every way they may."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import SupportsIndex

import pytest

from jcopsh.errors import CardError
from jcopsh.iso7816.aid import AID
from jcopsh.operations import looking
from tests.operations.gp_answers import EMPTY, ISD, LOADED_A, WITH_A, Content, entry

CPLC = "9F7F2A4790D32147000000000083456E6E6E50524300000000000000005758594E4E4E4E4E0000000000000000"
MODULE = bytes.fromhex("A000000151535041")


def test_everything_on_the_card(tmp_path: Path) -> None:
    listing = looking.list_content(Content(WITH_A).card(tmp_path))
    assert [(str(one.aid), one.kind, one.life_cycle_name) for one in listing.entries] == [
        ("A000000151000000", "issuer security domain", "OP_READY"),
        ("000000000011", "application", "SELECTABLE"),
        ("A0000001515350", "package", "LOADED"),
        ("0000000000", "package", "LOADED"),
    ]
    issuer, _, preloaded, loaded = listing.entries
    assert (issuer.text, issuer.name) == ("....Q...", "isd-gp")
    # the words of seed 003's listing, as the specification writes them
    assert issuer.privileges == ("Security Domain", "Card Lock", "Card Terminate", "Card Reset (default selected)",
                                 "CVM Management")
    assert (preloaded.modules, loaded.modules) == ((AID(MODULE),), (AID.parse("000000000011"),))
    assert (listing.notes, listing.free_memory) == ((), None)


def test_what_does_not_fit_into_one_answer(tmp_path: Path) -> None:
    applications = [entry(bytes((0, 0, 0, 0, 0, number)), 7) for number in range(3)]
    sim = Content(EMPTY, {
        "80F24002": f"{applications[0].hex()}6310",
        "80F24003": [f"{applications[1].hex()}6310", f"{applications[2].hex()}9000"],
    })
    listing = looking.list_content(sim.card(tmp_path))
    assert [one.aid.value[-1] for one in listing.entries if one.kind == "application"] == [0, 1, 2]
    assert [one[:8] for one in sim.sent if one.startswith("80F240")] == ["80F24002", "80F24003", "80F24003"]


def test_a_card_that_says_6310_for_ever(tmp_path: Path) -> None:
    sim = Content(EMPTY, {"80F240": f"{entry(bytes(6), 7).hex()}6310"})
    listing = looking.list_content(sim.card(tmp_path))
    assert [one.kind for one in listing.entries] == ["issuer security domain", "application", "package"]
    assert listing.notes == ("applications: the card says again and again that there are more",)
    assert len(sim.sent) < 10
    pages = itertools.count()
    endless = Content(EMPTY)
    endless.answers["80F240"] = Endless(lambda: f"{entry(next(pages).to_bytes(6, 'big'), 7).hex()}6310")
    listing = looking.list_content(endless.card(tmp_path / "endless"))
    assert len(listing.entries) == looking.MOST_PAGES + 3
    assert listing.notes == ("applications: the card says again and again that there are more",)


class Endless(list[str]):
    """Answers that never run out."""

    def __init__(self, answer: Callable[[], str]) -> None:
        super().__init__()
        self._answer = answer

    def pop(self, _index: SupportsIndex = 0) -> str:
        """The next one."""
        return self._answer()


@pytest.mark.parametrize("sw", ["6A88", "6985", "6A86", "6F00"])
def test_what_came_stays_where_the_rest_is_refused(tmp_path: Path, sw: str) -> None:
    sim = Content(EMPTY, {"80F24002": f"{entry(bytes(6), 7).hex()}6310", "80F24003": sw})
    listing = looking.list_content(sim.card(tmp_path))
    assert [str(one.aid) for one in listing.entries if one.kind == "application"] == ["000000000000"]
    (note,) = listing.notes
    assert note.startswith(f"applications: the card says that there are more and does not list them ({sw}: ")
    inventory = looking.take_inventory(sim.card(tmp_path / "again"))
    assert (inventory.known, inventory.unseen) == (False, (note,))


@pytest.mark.parametrize("sw", ["6985", "6982", "6E00", "6700", "6283", "6F00"])
@pytest.mark.parametrize(("p1", "left", "name"), [
    (0x80, ["000000000011", "A0000001515350", "0000000000"], "the issuer security domain"),
    (0x40, [ISD.hex().upper(), "A0000001515350", "0000000000"], "applications"),
    (0x10, [ISD.hex().upper(), "000000000011"], "packages with their modules"),
])
def test_a_scope_that_is_refused_hides_no_other(
    tmp_path: Path, sw: str, p1: int, left: list[str], name: str
) -> None:
    listing = looking.list_content(Content(WITH_A, {f"80F2{p1:02X}": sw}).card(tmp_path))
    assert [str(one.aid) for one in listing.entries] == left
    assert listing.notes[0].startswith(f"{name}: the card does not list them ({sw}: ")


@pytest.mark.parametrize("sw", ["6E00", "6700", "6982"])
def test_packages_alone_where_the_card_does_not_list_modules(tmp_path: Path, sw: str) -> None:
    sim = Content({**EMPTY, 0x20: [entry(bytes(5), 1)]}, {"80F210": sw})
    listing = looking.list_content(sim.card(tmp_path))
    assert [str(one.aid) for one in listing.entries] == [ISD.hex().upper(), "0000000000"]
    assert listing.notes == ("which modules the packages have is not told",)
    assert looking.take_inventory(sim.card(tmp_path / "again")).known


def test_a_warning_may_come_with_entries(tmp_path: Path) -> None:
    sim = Content(EMPTY, {"80F24002": f"{entry(bytes(6), 7).hex()}6283"})
    listing = looking.list_content(sim.card(tmp_path))
    assert len(listing.entries) == 3
    assert listing.notes[0].startswith("applications: there may be more (6283: ")


def test_one_odd_entry(tmp_path: Path) -> None:
    odd = "E30A4F0400000000" "9F700107"
    sim = Content(EMPTY, {"80F24002": f"{odd}{entry(bytes(6), 7).hex()}9000"})
    listing = looking.list_content(sim.card(tmp_path))
    assert [str(one.aid) for one in listing.entries if one.kind == "application"] == ["000000000000"]
    assert listing.notes == (
        "applications: the entry with 00000000: its AID (4F): an AID has 5 to 16 bytes, this one has 4",)


def test_the_older_form_where_the_first_scope_is_empty(tmp_path: Path) -> None:
    sim = Content({}, {
        "80F28002": "6A86", "80F28000": "6A88", "80F24002": "6A86", "80F24000": "06000000000011" "0700" "9000",
        "80F21002": "6A86", "80F21000": "6A88", "80F22002": "6A86", "80F22000": "6A88",
    })
    listing = looking.list_content(sim.card(tmp_path))
    assert [str(one.aid) for one in listing.entries] == ["000000000011"]
    assert listing.notes == ()
    assert [one[:8] for one in sim.sent if one.startswith("80F2")] == [
        "80F28002", "80F28000", "80F24000", "80F21000", "80F22000"]


def test_what_two_scopes_list_is_listed_once(tmp_path: Path) -> None:
    twice = {**WITH_A, 0x40: [entry(ISD, 7, privileges="800000"), *WITH_A[0x40]]}
    listing = looking.list_content(Content(twice).card(tmp_path))
    assert [(str(one.aid), one.kind) for one in listing.entries][:2] == [
        ("A000000151000000", "issuer security domain"), ("000000000011", "application")]
    assert len(listing.entries) == 4


@pytest.mark.parametrize("sw", ["6A86", "6A80"])
def test_the_older_form(tmp_path: Path, sw: str) -> None:
    sim = Content({}, {
        "80F28002": sw, "80F28000": "08A000000003000000019E9000", "80F24000": "6A88",
        "80F21000": "07A00000015153500100" "01" "08A0000001515350419000",
    })
    listing = looking.list_content(sim.card(tmp_path))
    assert [(str(one.aid), one.modules) for one in listing.entries] == [
        ("A000000003000000", ()), ("A0000001515350", (AID(MODULE),))]
    # once it is known, the other form is not tried again
    assert [one[:8] for one in sim.sent if one.startswith("80F2")] == ["80F28002", "80F28000", "80F24000", "80F21000"]


@pytest.mark.parametrize("sw", ["6A86", "6D00", "6A81"])
def test_a_scope_that_the_card_does_not_know(tmp_path: Path, sw: str) -> None:
    sim = Content({**EMPTY, 0x20: [entry(bytes(5), 1)]}, {"80F210": sw})
    listing = looking.list_content(sim.card(tmp_path))
    assert [str(one.aid) for one in listing.entries] == [ISD.hex().upper(), "0000000000"]
    assert listing.notes == ("which modules the packages have is not told",)


def test_nothing_there(tmp_path: Path) -> None:
    listing = looking.list_content(Content({0x80: EMPTY[0x80]}).card(tmp_path))
    assert (len(listing.entries), listing.notes) == (1, ())


@pytest.mark.parametrize(
    ("sw", "hint"), [("6982", "auth"), ("6985", "auth"), ("6D00", "select isd"), ("6A82", "select isd")]
)
def test_a_card_that_does_not_tell(tmp_path: Path, sw: str, hint: str) -> None:
    with pytest.raises(CardError) as caught:
        looking.list_content(Content({}, {"80F2": sw}).card(tmp_path))
    assert caught.value.hint.startswith(hint)
    assert f"{caught.value.response.sw:04X}" == sw


def test_an_answer_that_is_none(tmp_path: Path) -> None:
    broken = "E3054F09000000009000"
    listing = looking.list_content(Content(EMPTY, {"80F280": broken}).card(tmp_path / "one"))
    assert [one.kind for one in listing.entries] == ["package"]
    assert listing.notes[0].startswith("the issuer security domain: ")
    with pytest.raises(CardError, match="cannot be listed") as caught:
        looking.list_content(Content({}, {"80F2": broken}).card(tmp_path / "all"))
    assert "cannot be read" in caught.value.meaning


def test_info(tmp_path: Path) -> None:
    sim = Content({}, {
        "80CA9F7F": f"{CPLC}9000", "80CA0042": "4203112233" "9000", "80CA0045": "6D00",
        "80CA0066": "6985", "80CA00E0": "E006C00401FF8010" "9000", "80CA00C1": "C1020007" "9000",
        "80CAFF21": "FF21068204000271009000", "80CA00FE": "6A88",
    })
    found = looking.card_info(sim.card(tmp_path))
    assert found.cplc is not None
    assert found.cplc.ic_serial.hex() == "6e6e6e50"
    assert (found.issuer_identification, found.sequence_counter) == (b"\x11\x22\x33", b"\x00\x07")
    assert [(one.version, one.kind) for one in found.keys] == [(0xFF, "DES")]
    assert found.resources is not None
    assert found.resources.free_non_volatile == 160000
    # what is not there is said, with the card's own words (0066 is answered 6985 by the card of seed 001)
    assert [(one.name, one.sw) for one in found.absent] == [
        ("card image number", 0x6D00), ("card recognition data", 0x6985), ("identification of JCOP 4", 0x6A88)]


def test_an_answer_that_cannot_be_read_is_said_too(tmp_path: Path) -> None:
    found = looking.card_info(Content({}, {"80CA9F7F": "9F7F00" "9000"}).card(tmp_path))
    assert found.cplc is None
    assert "cannot be read" in found.absent[0].meaning


def test_cplc_alone(tmp_path: Path) -> None:
    assert len(looking.read_cplc(Content({}, {"80CA9F7F": f"{CPLC}9000"}).card(tmp_path / "a")).fields) == 18
    with pytest.raises(CardError) as caught:
        looking.read_cplc(Content().card(tmp_path / "b"))
    assert "select isd" in caught.value.hint


def test_the_inventory_names_instances_by_package_where_it_is_told(tmp_path: Path) -> None:
    listed = {**LOADED_A, 0x40: [entry(bytes.fromhex("0000000000AA"), 7, load_file=bytes(5))]}
    inventory = looking.take_inventory(Content(listed).card(tmp_path))
    package = inventory.package(AID(bytes(5)))
    assert package is not None
    assert [one.aid for one in inventory.instances_of(package)] == [AID.parse("0000000000AA")]
