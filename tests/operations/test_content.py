"""Installing and deleting: what is sent, what is refused before anything is, what is said when it goes wrong."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from jcopsh.card.card import Card, answering_yes
from jcopsh.errors import CardError, JcopshError, ReaderError, Refused, UsageError
from jcopsh.globalplatform.cap import Flags, Package, parse_cap
from jcopsh.globalplatform.card_data import TAG_CARD_DATA, get_data
from jcopsh.globalplatform.content import Instance, LifeCycle, Structure, install_for_install
from jcopsh.globalplatform.preflight import Inventory, preflight
from jcopsh.globalplatform.registry import Privilege, Scope, parse_status
from jcopsh.iso7816.aid import AID
from jcopsh.operations import content, looking
from jcopsh.operations.cap_files import cap_info
from jcopsh.operations.content import NotPossible, Request
from jcopsh.operations.content_values import ContentChanged, Deletion, InstallPlan
from jcopsh.operations.progress import Progress
from tests import cap_files
from tests.cap_files import Cap
from tests.operations.gp_answers import EMPTY, FREE_MEMORY, LOADED_A, WITH_A, Content, entry

A, B, C = (parse_cap(one.archive) for one in (cap_files.A, cap_files.B, cap_files.C))
LIBRARY = bytes.fromhex("D27600012401")
SECURITY_X, FRAMEWORK_1_6 = (bytes.fromhex("A0000000620205"), 1, 0), (bytes.fromhex("A0000000620101"), 1, 6)
APPLET_A = AID.parse("000000000011")


def install(card: Card, request: Request) -> list[object]:
    return list(content.install(card, request))


# --- what is sent --------------------------------------------------------------------------------------------------


def test_the_commands_of_an_installation(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    done = install(sim.card(tmp_path), Request(A, block_size=200))
    block = cap_files.A.load_block.hex().upper()
    assert sim.changes == [
        "80E602000A" "050000000000" "00000000" "00",
        f"80E80000C8{block[:400]}00",
        f"80E88001{len(block) // 2 - 200:02X}{block[400:]}00",
        "80E60C001A" "050000000000" "06000000000011" "06000000000011" "0100" "02C900" "00" "00",
    ]
    plan, *steps, last = done
    assert isinstance(plan, InstallPlan)
    assert (plan.loads, plan.blocks, plan.bytes_to_load) == (True, 2, len(block) // 2)
    assert [(one.done, one.total) for one in steps if isinstance(one, Progress)] == [
        (200, plan.bytes_to_load), (plan.bytes_to_load, plan.bytes_to_load)]
    assert isinstance(last, ContentChanged)
    assert last.next_step == "select 000000000011"


def test_every_option_reaches_the_card(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    request = Request(
        A, instance=AID.parse("0000000000AA"), parameters=bytes(200), privileges=Privilege.CARD_RESET | 0x8000,
        domain=AID.parse("A000000151000001"), selectable=False,
    )
    install(sim.card(tmp_path), request)
    first, *_, last = sim.changes
    assert first == "80E6020012" "050000000000" "08A000000151000001" "000000" "00"
    # 200 bytes: the tag's own length and the field's have two bytes each
    parameters = "81CB" "C981C8" + "00" * 200
    data = "050000000000" "06000000000011" "060000000000AA" "03048000" + parameters + "00"
    assert last == f"80E60400{len(data) // 2:02X}{data}00"


def test_a_field_of_install_parameters_is_taken_as_it_is() -> None:
    made = Instance(A.aid, APPLET_A, APPLET_A, field=bytes.fromhex("EF04C6020100C90101"))
    command = install_for_install(made)
    assert bytes.fromhex("09EF04C6020100C90101") in command.data


def test_parameters_that_do_not_fit(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    with pytest.raises(UsageError, match="would have"):
        install(sim.card(tmp_path), Request(A, parameters=bytes(250)))
    assert sim.changes == []


def test_a_block_that_is_too_large_or_a_file_of_too_many(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    big = parse_cap(Cap(LIBRARY, (), method_bytes=60000).archive)
    with pytest.raises(UsageError, match="at most 256"):
        install(sim.card(tmp_path), Request(big, block_size=100))
    with pytest.raises(UsageError, match="does not fit"):
        install(sim.card(tmp_path), Request(A, block_size=256))
    assert sim.changes == []


def test_what_cannot_be_resolved_has_no_line_that_resolves_a_part_of_it(tmp_path: Path) -> None:
    own = parse_cap(Cap(LIBRARY, (LIBRARY,)).archive)
    with pytest.raises(NotPossible, match="has to be made anew") as caught:
        install(Content(EMPTY).card(tmp_path), Request(own))
    assert caught.value.hint == ""


def test_the_line_that_is_needed_stays_without_its_alternative(tmp_path: Path) -> None:
    listed = {**EMPTY, 0x40: [entry(APPLET_A.value, 7, privileges="000000")]}
    with pytest.raises(NotPossible, match="has the AID of an applet in the file") as caught:
        install(Content(listed).card(tmp_path), Request(A))
    assert caught.value.hint == f"delete {APPLET_A}"


def test_which_applet(tmp_path: Path) -> None:
    one, other = bytes.fromhex("D2760001240101"), bytes.fromhex("D2760001240102")
    two = parse_cap(Cap(one[:6], (one, other)).archive)
    card = Content(EMPTY).card(tmp_path)
    with pytest.raises(UsageError, match="2 applets"):
        install(card, Request(two))
    with pytest.raises(UsageError, match="no applet"):
        install(card, Request(two, applet=APPLET_A))
    assert isinstance(install(card, Request(two, applet=AID(other)))[-1], ContentChanged)


def test_a_library_is_only_loaded(tmp_path: Path) -> None:
    library = parse_cap(Cap(LIBRARY, ()).archive)
    sim = Content(EMPTY)
    install(sim.card(tmp_path), Request(library))
    assert [one[:6] for one in sim.changes] == ["80E602", "80E880"]


def test_a_dry_run_sends_nothing() -> None:
    shown = content.dry_run(Request(A), 239)
    assert [one.name for one in shown.commands] == [
        "INSTALL [for load]", "LOAD", "LOAD", "INSTALL [for install and make selectable]"]
    assert [one.purpose for one in shown.commands[1:3]] == ["block 1 of 2, 239 bytes", "block 2 of 2, 6 bytes"]
    assert str(shown.commands[1].command).startswith("80E80000EF")


# --- what speaks against it ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "what", "hint"),
    [
        (A, "package 0000000000 is on the card already", "--reinstall replaces it, or delete 0000000000 --related "
         "first; or --keep-package with another --instance makes one more of the code that is on the card"),
        (B, "package 0000000000 is on the card already",
         "--reinstall replaces it, or delete 0000000000 --related first"),
        (C, "module 000000000011 of package 0000000000 has the AID of the package in the file",
         "delete 0000000000 --related"),
    ],
)
def test_seed_003_is_refused_with_its_reason(tmp_path: Path, cap: object, what: str, hint: str) -> None:
    sim = Content(WITH_A)
    with pytest.raises(NotPossible) as caught:
        install(sim.card(tmp_path), Request(cap))  # type: ignore[arg-type]  # a row of the table
    assert what in caught.value.what
    assert caught.value.hint == hint
    assert sim.changes == []


def test_the_card_s_6985_is_joined_with_what_is_known(tmp_path: Path) -> None:
    sim = Content(LOADED_A, {"80E602": "6985"})
    with pytest.raises(CardError) as caught:
        install(sim.card(tmp_path), Request(C, anyway=True))
    assert caught.value.what == (
        "6985 on INSTALL [for load]: module 000000000011 of package 0000000000 has the AID of the package in the file")
    assert caught.value.hint == "delete 0000000000"  # nothing is made of it


def test_a_package_with_the_aid_of_an_applet(tmp_path: Path) -> None:
    listed = {**EMPTY, 0x10: [entry(APPLET_A.value, 1)]}
    with pytest.raises(NotPossible, match="package 000000000011 on the card has the AID of an applet"):
        install(Content(listed).card(tmp_path), Request(A))


def test_a_security_domain_with_the_package_s_aid(tmp_path: Path) -> None:
    listed = {**EMPTY, 0x40: [entry(bytes(5), 7, privileges="800000")]}
    with pytest.raises(NotPossible, match="security domain 0000000000 has the AID of the package"):
        install(Content(listed).card(tmp_path), Request(A))


def test_free_memory(tmp_path: Path) -> None:
    needed = len(A.load_data)
    for free, enough in ((needed, True), (needed - 1, False)):
        sim = Content(EMPTY, {FREE_MEMORY: f"FF21068204{free:08X}9000"})
        if enough:
            install(sim.card(tmp_path / "enough"), Request(A))
        else:
            with pytest.raises(NotPossible, match=f"{free} bytes of memory are free"):
                install(sim.card(tmp_path / "little"), Request(A))


def test_imports(tmp_path: Path) -> None:
    library = bytes.fromhex("F0000000AA01")
    needs = parse_cap(Cap(LIBRARY, (), imports=((library, 1, 2),)).archive)
    for version, fits in (("0102", True), ("0103", True), ("0101", False), ("0202", False), ("", True)):
        sim = Content({**EMPTY, 0x10: [entry(library, 1, version=version)]})
        if fits:
            install(sim.card(tmp_path / version), Request(needs))
        else:
            with pytest.raises(NotPossible, match="the card has version"):
                install(sim.card(tmp_path / version), Request(needs))
    with pytest.raises(NotPossible, match=r"F0000000AA01 1\.2, which is not on the card"):
        install(Content(EMPTY).card(tmp_path / "none"), Request(needs))


@pytest.mark.parametrize(("package", "name"), [
    ("A000000167413001", "A000000167413001 1.0"), ("D276000085494A434F5058", "com.nxp.id.jcopx 1.0"),
    ("A000000018434D00", "A000000018434D00 1.0"), ("A0000000620299", "A0000000620299 1.0"),
])
def test_a_package_of_somebody_else_may_be_in_rom(tmp_path: Path, package: str, name: str) -> None:
    needs = parse_cap(Cap(LIBRARY, (), imports=((bytes.fromhex(package), 1, 0),)).archive)
    plan, *_ = install(Content(EMPTY).card(tmp_path), Request(needs))
    assert isinstance(plan, InstallPlan)
    assert plan.notes == (f"the file imports {name}, which the card does not list; it may be in its ROM",)


@pytest.mark.parametrize("package", ["D27600012402", "F0000000AA01", "112233445566"])
def test_a_package_of_one_s_own_is_missing(tmp_path: Path, package: str) -> None:
    needs = parse_cap(Cap(LIBRARY, (), imports=((bytes.fromhex(package), 1, 0),)).archive)
    with pytest.raises(NotPossible, match=f"{package} 1.0, which is not on the card") as caught:
        install(Content(EMPTY).card(tmp_path), Request(needs))
    # with what, they differ in: 6438, 6A80 or 6985
    assert caught.value.meaning == "A card refuses LOAD then. Nothing on it was changed."


def test_a_status_word_is_named_where_evidence_names_it(tmp_path: Path) -> None:
    for folder, listed, cap in (("package", LOADED_A, B), ("module", LOADED_A, C)):
        with pytest.raises(NotPossible) as caught:
            install(Content(listed).card(tmp_path / folder), Request(cap))
        assert "A card answers INSTALL [for load] with 6985 then." in caught.value.meaning
    with pytest.raises(NotPossible, match="bytes of memory are free") as caught:
        install(Content(EMPTY, {FREE_MEMORY: "82020001" "9000"}).card(tmp_path / "memory"), Request(A))
    assert "6985" not in caught.value.meaning


def test_every_package_of_an_extended_file_is_looked_for() -> None:
    first, second = AID.parse("0000000000AA"), APPLET_A
    cap = replace(A, aid=AID.parse("00000000FF"), flags=A.flags | Flags.EXTENDED, applets=(),
                  packages=(Package(first, 1, 0), Package(second, 1, 0)))
    for listed, what in (
        (WITH_A[0x10], "module 000000000011 of package 0000000000 has the AID of a package in the file"),
        ([entry(first.value, 1)], "package 0000000000AA on the card has the AID of a package in the file"),
    ):
        found = parse_status(b"".join(listed), Scope.LOAD_FILES_AND_MODULES).entries
        assert [one.what for one in preflight(cap, (), Inventory(found))] == [what]
    instance = parse_status(entry(second.value, 7), Scope.APPLICATIONS).entries
    assert [one.what for one in preflight(cap, (), Inventory(instance))] == [
        "application 000000000011 has the AID of a package in the file"]


def test_a_file_of_more_blocks_than_there_are_numbers(tmp_path: Path) -> None:
    def refused(method_bytes: int, most: int) -> UsageError:
        cap = parse_cap(Cap(LIBRARY, (), method_bytes=method_bytes).archive)
        with pytest.raises(UsageError, match="at most 256") as caught:
            content.dry_run(Request(cap), most)
        assert "Nothing was sent" in caught.value.meaning
        return caught.value

    assert refused(61500, 239).hint == "auth mac: without encryption 247 bytes fit into a block"
    assert refused(63300, 239).hint == refused(63300, 247).hint == "make the file smaller: split it into packages"
    cap = parse_cap(Cap(LIBRARY, (), method_bytes=61500).archive)
    content.dry_run(Request(cap), 247)
    with pytest.raises(UsageError) as caught:
        content.dry_run(Request(cap, block_size=100), 247)
    least = -(-len(cap.load_block) // 256)
    assert caught.value.hint == f"--block-size {least} or more, or leave it away"
    content.dry_run(Request(cap, block_size=least), 247)


def test_what_the_card_did_not_list_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    needs = parse_cap(Cap(LIBRARY, (), imports=((bytes.fromhex("F0000000AA01"), 1, 2),)).archive)
    plan, *_ = install(Content(EMPTY, {"80F240": "6985"}).card(tmp_path), Request(needs))
    assert isinstance(plan, InstallPlan)
    assert [note.partition(" (")[0] for note in plan.notes] == ["not seen: applications: the card does not list them"]


JCOP_4 = "FE1DDF281A03184A3352363030303337333138313230306D20B6197D635E7C"  # the platform build of one card


def test_imports_that_are_newer_than_the_card(tmp_path: Path) -> None:
    newer = parse_cap(Cap(LIBRARY, (), imports=(SECURITY_X, FRAMEWORK_1_6)).archive)
    sim = Content(EMPTY, {FREE_MEMORY: "FF210682040000FFFF9000", "80CA00FE02DF2800": f"{JCOP_4}9000"})
    install(sim.card(tmp_path / "4.5"), Request(newer))
    (found,) = preflight(parse_cap(Cap(LIBRARY, (), imports=(FRAMEWORK_1_6,)).archive), (),
                         Inventory(java_card="3.0.1"))
    assert "javacard.framework 1.6" in found.what
    assert "Java Card 3.0.5" in found.what


@pytest.mark.parametrize(("package", "minor", "java_card"), [
    ("A0000000620101", 7, "3.1"), ("A0000000620101", 8, "3.1"), ("A0000000620101", 9, "3.2"),
    ("A0000000620101", 10, "later than 3.2"), ("A0000000620102", 7, "3.1"), ("A0000000620102", 8, "3.2"),
    ("A0000000620201", 7, "3.1"), ("A000000062020806", 0, "3.1"), ("A0000000620209", 1, "3.0.1"),
])
def test_imports_of_the_newest_java_card(package: str, minor: int, java_card: str) -> None:
    cap = parse_cap(Cap(LIBRARY, (), imports=((bytes.fromhex(package), 1, minor),)).archive)
    assert cap_info(cap, "new.cap").java_card == java_card
    older = "2.2.2" if java_card == "3.0.1" else "3.0.5"
    (found,) = preflight(cap, (), Inventory(java_card=older))
    assert f"which takes Java Card {java_card}; this kind of card has {older}" in found.what
    unknown = preflight(cap, (), Inventory(java_card=""))
    assert [(one.certain, "no Java Card up to 3.2 has" in one.what) for one in unknown] == [(False, True)] * (
        java_card == "later than 3.2")
    told = preflight(cap, (), Inventory(java_card_told="2"))
    assert [one.certain for one in told] == [False] * (java_card != "3.0.1")
    assert preflight(cap, (), Inventory(java_card_told="3")) == unknown


@pytest.mark.parametrize("card", [Inventory(), Inventory(java_card="3.0.1"), Inventory(java_card_told="3")])
@pytest.mark.parametrize("package", ["A0000000620101", "A0000000620001", "A0000000620201"])
def test_an_import_of_a_version_that_no_java_card_has(package: str, card: Inventory) -> None:
    cap = parse_cap(Cap(LIBRARY, (), imports=((bytes.fromhex(package), 9, 9),)).archive)
    (found,) = preflight(cap, (), card)
    assert found.certain
    assert "9.9, and no Java Card up to 3.2 has version 9.x of that package" in found.what
    assert found.resolved_by[0].startswith("convert the file for")


def test_what_cannot_be_linked_is_told_with_the_imports_that_can_be_meant(tmp_path: Path) -> None:
    library, rom = bytes.fromhex("F0000000AA01"), bytes.fromhex("A000000167413001")
    imports = ((library, 1, 2), (rom, 1, 0), FRAMEWORK_1_6)
    sim = Content({**EMPTY, 0x10: [entry(library, 1, version="0102")]}, {"80E8": "6438"})
    with pytest.raises(CardError) as caught:
        install(sim.card(tmp_path), Request(parse_cap(Cap(LIBRARY, (), imports=imports).archive)))
    assert "F0000000AA01" not in caught.value.meaning
    assert caught.value.meaning.endswith(
        "It can mean A000000167413001 1.0, javacard.framework 1.6 (Java Card 3.0.5): what the file imports and the "
        "card does not list. Which Java Card version the card has is not known. The package is not on the card.")
    assert caught.value.hint


@pytest.mark.parametrize(("answers", "known"), [
    ({"80CA0066": "660B730906072A864886FC6B01" "9000"}, "is not known"),  # nothing of Java Card in it
    ({"80CA0066": "6610730E660C060A2B060104012A026E0102" "9000"}, "The card says that it has Java Card 2"),
])
def test_what_the_card_says_of_its_java_card(tmp_path: Path, answers: dict[str, str], known: str) -> None:
    sim = Content(EMPTY, {**answers, "80E8": "6438"})
    card = sim.card(tmp_path)
    card.send(get_data(TAG_CARD_DATA))
    with pytest.raises(CardError) as caught:
        install(card, Request(A))
    assert known in caught.value.meaning


# --- what goes wrong on the way --------------------------------------------------------------------------------------


def test_an_installation_that_was_cut_off_says_how_to_go_on(tmp_path: Path) -> None:
    sim = Content(LOADED_A)
    card = sim.card(tmp_path)
    with pytest.raises(NotPossible, match="no instance of it is known") as caught:
        install(card, Request(A))
    assert "--keep-package makes 000000000011 of the code that is on the card" in caught.value.hint
    assert "--reinstall" in caught.value.hint
    assert sim.changes == []
    plan, *_ = install(card, Request(A, keep_package=True))
    assert isinstance(plan, InstallPlan)
    assert not plan.loads
    assert "nothing is loaded" in plan.notes[0]
    assert [one[:6] for one in sim.changes] == ["80E60C"]


def test_a_kept_package_has_to_be_the_file_s(tmp_path: Path) -> None:
    other = {**EMPTY, 0x10: [entry(A.aid.value, 1, modules=[APPLET_A.value], version="0900")]}
    with pytest.raises(NotPossible, match="another version"):
        install(Content(other).card(tmp_path), Request(A, keep_package=True))


# --- installing anew -------------------------------------------------------------------------------------------------


def test_reinstall_deletes_the_package_first_after_a_yes(tmp_path: Path) -> None:
    sim = Content(WITH_A)
    card = sim.card(tmp_path)
    with pytest.raises(Refused):
        install(card, Request(A, reinstall=True))
    assert sim.changes == []
    with answering_yes(card):
        plan, deletion, deleted, *_ = install(card, Request(A, reinstall=True))
    assert isinstance(plan, InstallPlan)
    assert plan.loads
    assert deletion == Deletion(A.aid, "package", (APPLET_A,), modules=(APPLET_A,))
    assert deleted == ContentChanged("0000000000 deleted")
    assert [one[:6] for one in sim.changes] == ["80E400", "80E602", "80E880", "80E60C"]
    assert sim.changes[0] == "80E40080074F050000000000" "00"


def test_reinstall_without_anything_to_delete_only_installs(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    install(sim.card(tmp_path), Request(A, reinstall=True))
    assert [one[:4] for one in sim.changes] == ["80E6", "80E8", "80E6"]


def test_reinstall_deletes_nothing_where_the_file_cannot_be_loaded(tmp_path: Path) -> None:
    sim = Content(WITH_A)
    needs = parse_cap(Cap(A.aid.value, (APPLET_A.value,), imports=((bytes.fromhex("F0000000AA01"), 1, 2),)).archive)
    card = sim.card(tmp_path)
    with answering_yes(card), pytest.raises(NotPossible, match="imports"):
        install(card, Request(needs, reinstall=True))
    assert sim.changes == []


def test_a_load_that_is_refused_after_the_deletion_says_so(tmp_path: Path) -> None:
    sim = Content(WITH_A, {"80E602": "6A84"})
    card = sim.card(tmp_path)
    with answering_yes(card), pytest.raises(CardError) as caught:
        install(card, Request(A, reinstall=True))
    assert "The package of before was deleted. Nothing was loaded." in caught.value.meaning


def test_options_that_exclude_one_another(tmp_path: Path) -> None:
    card = Content(EMPTY).card(tmp_path)
    for request in (Request(A, load_only=True, instance=APPLET_A), Request(A, load_only=True, applet=APPLET_A),
                    Request(A, load_only=True, keep_package=True), Request(A, reinstall=True, keep_package=True)):
        with pytest.raises(UsageError, match="exclude one another"):
            install(card, request)


def test_a_dry_run_of_a_reinstallation_begins_with_the_deletion() -> None:
    shown = content.dry_run(Request(A, reinstall=True), 239)
    assert [one.name for one in shown.commands][:2] == ["DELETE", "INSTALL [for load]"]


# --- AIDs that fit nowhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("aid", ["A0000001515350", "A000000151535041", "A000000151000000"])
def test_nothing_is_deleted_for_an_instance_s_aid(tmp_path: Path, aid: str) -> None:
    with pytest.raises(NotPossible) as caught:
        install(Content(EMPTY).card(tmp_path), Request(A, instance=AID.parse(aid)))
    assert caught.value.hint == "another --instance"


def test_a_domain_that_is_none(tmp_path: Path) -> None:
    sim = Content(WITH_A)
    for aid, what in (("A0000001515350", "a package"), ("000000000011", "an application")):
        with pytest.raises(NotPossible, match=f"{aid} is {what}, not a security domain"):
            install(sim.card(tmp_path / aid), Request(parse_cap(Cap(LIBRARY, ()).archive), domain=AID.parse(aid)))
    assert sim.changes == []


def test_an_applet_with_another_rid_than_its_package(tmp_path: Path) -> None:
    cap = parse_cap(Cap(LIBRARY, (bytes.fromhex("F0000000010203"),)).archive)
    plan, *_ = install(Content(EMPTY).card(tmp_path), Request(cap))
    assert isinstance(plan, InstallPlan)
    assert any("another RID" in note for note in plan.notes)
    assert "another RID" in cap_info(cap, "x.cap").doubts[0]
    assert cap_info(A, "a.cap").doubts == ()


def test_the_power_lost_at_every_exchange(tmp_path: Path) -> None:
    whole = Content(EMPTY)
    install(whole.card(tmp_path / "whole"), Request(A))
    for number in range(len(whole.changes)):
        sim = Content(EMPTY)

        def cut(command: bytes, sim: Content = sim, number: int = number) -> None:
            if len(sim.changes) == number and command[1] in (0xE6, 0xE8):
                raise ReaderError("the card is gone", card_lost=True)

        sim.before = cut
        with pytest.raises(ReaderError) as caught:
            install(sim.card(tmp_path / str(number)), Request(A))
        assert caught.value.card_lost
        last_load = number == len(whole.changes) - 2
        told = ("is on the card" if number == len(whole.changes) - 1 else "list tells" if last_load
                else "not finished")
        assert told in caught.value.meaning, number
        assert len(sim.changes) == number


def test_ctrl_c_in_mid_load(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    sim.before = lambda command: signal.raise_signal(signal.SIGINT) if command[1] == 0xE8 else None
    with pytest.raises(JcopshError) as caught:
        install(sim.card(tmp_path), Request(A, block_size=100))
    assert caught.value.what == "interrupted"
    assert "not finished" in caught.value.meaning
    assert [one[:4] for one in sim.changes] == ["80E6", "80E8"]


@pytest.mark.parametrize(
    ("refused", "what", "truth"),
    [
        ("80E602", "6A84 on INSTALL [for load]", "Nothing was loaded"),
        ("80E88001", "6A84 on LOAD, block 2 of 2", "The package is not on the card"),
        ("80E60C", "6A84 on INSTALL [for install and make selectable]", "is on the card, and 000000000011 is not"),
    ],
)
def test_a_refusal_says_what_is_on_the_card(tmp_path: Path, refused: str, what: str, truth: str) -> None:
    sim = Content(EMPTY, {refused: "6A84"})
    with pytest.raises(CardError) as caught:
        install(sim.card(tmp_path), Request(A, block_size=200))
    assert caught.value.what == what
    assert truth in caught.value.meaning
    assert "memory" in caught.value.meaning


def test_without_a_channel_the_way_to_one_is_told(tmp_path: Path) -> None:
    sim = Content({}, {"80F2": "6982"})
    with pytest.raises(CardError) as caught:
        install(sim.card(tmp_path), Request(A))
    assert caught.value.hint.startswith("auth")
    assert sim.changes == []


# --- the others ------------------------------------------------------------------------------------------------------


def test_deleting_asks_and_says_what_goes(tmp_path: Path) -> None:
    sim = Content(WITH_A)
    card = sim.card(tmp_path)
    steps = content.delete(card, A.aid, related=True)
    assert next(steps) == Deletion(A.aid, "package", (APPLET_A,), modules=(APPLET_A,))
    with pytest.raises(Refused):
        list(steps)
    assert sim.changes == []
    with answering_yes(card):
        list(content.delete(card, A.aid, related=True))
    assert sim.changes == ["80E40080074F050000000000" "00"]


@pytest.mark.parametrize(
    ("listed", "aid", "what", "hint"),
    [
        (WITH_A, "0000000000", "0000000000 cannot be deleted: 000000000011 is made of package 0000000000",
         "delete 0000000000 --related"),
        (LOADED_A, "000000000011", "000000000011 cannot be deleted: 000000000011 is a module of package 0000000000, "
         "and goes only with it", "delete 0000000000"),
        (EMPTY, "000000000011", "6985 on DELETE: nothing on the card has the AID 000000000011", "list"),
        (EMPTY, "A000000151000000", "A000000151000000 cannot be deleted: A000000151000000 is the issuer security "
         "domain, which manages the card and stays with it", ""),
        (EMPTY, "A0000001515350", "A0000001515350 cannot be deleted: package A0000001515350 holds the code of the "
         "security domains: it came with the card and stays with it", ""),
        (EMPTY, "A000000151535041", "A000000151535041 cannot be deleted: A000000151535041 is a module of package "
         "A0000001515350, which holds the code of the security domains: it came with the card and stays with it", ""),
    ],
)
def test_a_refused_delete_is_explained(
    tmp_path: Path, listed: dict[int, list[bytes]], aid: str, what: str, hint: str
) -> None:
    sim = Content(listed, {"80E4": "6985"})
    card = sim.card(tmp_path)
    with answering_yes(card), pytest.raises((CardError, NotPossible)) as caught:
        list(content.delete(card, AID.parse(aid)))
    assert (caught.value.what, caught.value.hint) == (what, hint)
    assert len(sim.changes) == isinstance(caught.value, CardError)


def test_the_instances_that_go_with_a_package_are_named(tmp_path: Path) -> None:
    made, untold = bytes.fromhex("F00000000001"), bytes.fromhex("F00000000002")
    listed = {**LOADED_A, 0x40: [entry(made, 7, privileges="000000", load_file=A.aid.value),
                                 entry(untold, 7, privileges="000000")]}
    steps = content.delete(Content(listed).card(tmp_path), A.aid, related=True)
    assert next(steps) == Deletion(A.aid, "package", (AID(made),), modules=(APPLET_A,), perhaps=(AID(untold),))


def test_the_small_commands(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    card = sim.card(tmp_path)
    domain = AID.parse("A000000151000001")
    content.make_selectable(card, APPLET_A)
    with answering_yes(card):  # INS F0 is BOOT while nothing shows that the root applet is not selected
        content.extradite(card, APPLET_A, domain)
        content.set_status(card, LifeCycle.LOCKED, APPLET_A)
    content.create_domain(card, domain)
    assert sim.changes == [
        "80E608000D" "0000" "06000000000011" "0100" "0000" "00",
        "80E6100014" "08A000000151000001" "00" "06000000000011" "000000" "00",
        "80F0408006000000000011",
        "80E60C0020" "07A0000001515350" "08A000000151535041" "08A000000151000001" "0180" "02C900" "00" "00",
    ]


def test_privileges_change_after_the_installation(tmp_path: Path) -> None:
    """Those that are there stay with make_default; a security domain stays one whatever is asked for."""
    made, domain = APPLET_A.value, bytes.fromhex("A000000151000001")
    listed = {**LOADED_A, 0x40: [entry(made, 7, privileges="020000"), entry(domain, 0x0F, privileges="800000")]}
    sim = Content(listed)
    card = sim.card(tmp_path)
    with pytest.raises(Refused, match="registry update"):
        content.make_default(card, APPLET_A)
    with answering_yes(card):
        assert content.make_default(card, APPLET_A).next_step == "reset; select 000000000011"
        content.set_privileges(card, APPLET_A, 0)
        assert "Security Domain, CVM" in content.set_privileges(card, AID(domain), Privilege.CVM_MANAGEMENT).did
    assert sim.changes == [
        "80E640000D" "0000" "06000000000011" "0106" "0000" "00",
        "80E640000D" "0000" "06000000000011" "0100" "0000" "00",
        "80E640000F" "0000" "08A000000151000001" "0182" "0000" "00",
    ]


def test_an_older_card_gets_make_selectable(tmp_path: Path) -> None:
    listed = {**LOADED_A, 0x40: [entry(APPLET_A.value, 7, privileges="00")]}
    sim = Content(listed, {"80E640": "6A86"})
    card = sim.card(tmp_path)
    with answering_yes(card):
        content.make_default(card, APPLET_A)
    assert [one[:6] for one in sim.changes] == ["80E640", "80E608"]
    refused = Content(listed, {"80E640": "6985"})
    card = refused.card(tmp_path)
    with pytest.raises(CardError, match=r"6985 on INSTALL \[for registry update\]"), answering_yes(card):
        content.make_default(card, APPLET_A)
    assert [one[:6] for one in refused.changes] == ["80E640"]


def test_what_cannot_be_the_default(tmp_path: Path) -> None:
    holder = bytes.fromhex("F00000000001")
    listed = {**WITH_A, 0x40: [entry(holder, 7, privileges="04"), entry(APPLET_A.value, 7)]}
    sim = Content(listed)
    card = sim.card(tmp_path)
    isd = next(one.aid for one in looking.read_registry(card).entries)
    with pytest.raises(UsageError, match="where no application is") as caught:
        content.make_default(card, isd)
    assert caught.value.hint == "set-privileges F00000000001 000000"
    with pytest.raises(UsageError, match="lists no application"):
        content.make_default(card, AID.parse("0102030405"))
    with pytest.raises(UsageError, match="they would be lost"):
        content.make_default(card, APPLET_A)
    assert sim.changes == []


def test_a_domain_is_locked_with_its_applications_or_not_at_all(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    card = sim.card(tmp_path)
    domain = AID.parse("A000000151000001")
    for state, aid in ((LifeCycle.SELECTABLE, domain), (LifeCycle.CARD_LOCKED, None)):
        with pytest.raises(UsageError, match="--with-applications"):
            content.set_status(card, state, aid, with_applications=True)
    with answering_yes(card):
        assert "with its applications" in content.set_status(
            card, LifeCycle.UNLOCKED, domain, with_applications=True).did
    assert sim.changes == ["80F0600008A000000151000001"]


def test_states_of_the_card_are_irreversible(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    card = sim.card(tmp_path)
    with answering_yes(card), pytest.raises(Refused):
        content.set_status(card, LifeCycle.CARD_SECURED, None)
    for state, aid in ((LifeCycle.LOCKED, None), (LifeCycle.CARD_SECURED, APPLET_A)):
        with pytest.raises(UsageError):
            content.set_status(card, state, aid)
    assert sim.changes == []


def test_data_in_blocks(tmp_path: Path) -> None:
    sim = Content(EMPTY)
    list(content.personalize(sim.card(tmp_path), APPLET_A, bytes(300), structure=Structure.DGI, block_size=200))
    assert sim.changes == [
        "80E620000C" "0000" "06000000000011" "000000" "00",
        f"80E20800C8{'00' * 200}", f"80E2880164{'00' * 100}",
    ]


@pytest.mark.parametrize("aid", ["A0000001515350", "A000000151000000", "000000000011"])
def test_a_domain_with_an_aid_that_is_taken(tmp_path: Path, aid: str) -> None:
    with pytest.raises(NotPossible) as caught:
        content.create_domain(Content(WITH_A).card(tmp_path), AID.parse(aid))
    assert caught.value.hint == "create-domain with another AID"
    assert ("issuer security domain" in caught.value.what) == (aid == "A000000151000000")


def test_a_domain_without_a_package_for_it(tmp_path: Path) -> None:
    sim = Content({0x80: EMPTY[0x80]})
    with pytest.raises(UsageError, match="security domains are made of"):
        content.create_domain(sim.card(tmp_path), APPLET_A)
