"""Files on the simulated card, and on cards that answer as odd ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card.card import answering_yes
from jcopsh.errors import CardError, Refused, UsageError
from jcopsh.iso7816.apdu import CommandAPDU, ResponseAPDU
from jcopsh.iso7816.file_control import Structure
from jcopsh.iso7816.interindustry import SelectAnswer
from jcopsh.operations import files
from jcopsh.operations.file_values import FoundFile, Probed
from jcopsh.operations.progress import Progress
from tests.card.support import Rig, fake, simulated
from tests.operations.support import T0, VERIFY, named


@pytest.fixture(params=["iso7816-files", T0], ids=["T=1", "T=0"])
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return simulated(tmp_path, request.param, known_map=False)[0]


# --- select --------------------------------------------------------------------------------------------------------


def test_select_by_every_kind_of_name(card: Rig) -> None:
    found = files.select_file(card.card, named("3F00"))
    assert (found.position, found.usual_name, found.sw) == ("3F00", "MF", 0x9000)
    found = files.select_file(card.card, named("7E10/6E04"))
    assert found.position == "3F00/7E10/6E04"
    assert found.control is not None and found.control.structure is Structure.LINEAR_FIXED
    assert files.select_file(card.card, named("..")).position == "3F00"
    assert files.select_file(card.card, named("/7E20/6E11")).position == "3F00/7E20/6E11"
    found = files.select_file(card.card, named("aid:F0574F524B53484F50"), SelectAnswer.FMD)
    assert found.position == "F0574F524B53484F50"
    assert found.control is not None and found.control.template == "FMD"
    assert files.select_file(card.card, named("6E08")).meaning == "selected, but the file is deactivated"


def test_a_file_that_is_not_there(card: Rig) -> None:
    with pytest.raises(CardError, match="9999 was not selected") as caught:
        files.select_file(card.card, named("9999"))
    assert caught.value.meaning == "6A82: there is no such file"
    assert caught.value.hint.startswith("files shows")
    with pytest.raises(CardError) as caught:
        files.select_file(card.card, named("7E10/9999"))
    assert caught.value.hint.startswith("/7E10/9999 begins at the MF")


def test_a_short_identifier_is_not_for_select(card: Rig) -> None:
    with pytest.raises(UsageError, match="short identifiers"):
        files.select_file(card.card, named("sfi:5"))


def test_a_name_that_may_be_a_transport_key_is_not_repeated(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {})
    with pytest.raises(CardError) as caught:
        files.select_file(rig.card, named("aid:" + "4A" * 16))
    assert "4A4A" not in caught.value.what + caught.value.meaning + caught.value.hint


def test_the_answers_that_a_card_refuses_are_asked_for_in_turn(tmp_path: Path) -> None:
    rig, link = fake(tmp_path, {"00A40000023F0000": "6A86", "00A40004023F0000": "6A81", "00A4000C023F00": "9000"})
    found = files.select_file(rig.card, named("mf"))
    assert (found.control, found.notes) == (None, ("the card tells nothing of the file",))
    assert [command.hex().upper() for command in link.sent] == [
        "00A40000023F0000", "00A40004023F0000", "00A4000C023F00"]
    link.sent.clear()
    with pytest.raises(CardError):
        files.select_file(rig.card, named("mf"), SelectAnswer.FCP)
    assert len(link.sent) == 1


def test_a_path_is_gone_step_by_step_where_the_card_knows_none(tmp_path: Path) -> None:
    answers = {"00A40000023F0000": "9000", "00A40000027F1000": "9000", "00A40000026F3A00": "6203820101" + "9000"}
    rig, link = fake(tmp_path, answers | {"00A40800047F106F3A00": "6A86", "00A40804047F106F3A00": "6A86",
                                          "00A4080C047F106F3A": "6A86"})
    found = files.select_file(rig.card, named("3F00/7F10/6F3A"))
    assert "step by step" in found.notes[0]
    assert found.control is not None and found.control.is_ef
    assert len(link.sent) == 6
    answers["00A40000027F1000"] = "6A82"
    rig, link = fake(tmp_path, answers)
    with pytest.raises(CardError):  # 6D00 to the path is no reason to go on
        files.select_file(rig.card, named("3F00/7F10/6F3A"))
    assert len(link.sent) == 1


def test_the_answer_of_a_sim_is_shown_as_it_is(tmp_path: Path) -> None:
    answer = "0000000A3F000100000000000A13"
    rig, _link = fake(tmp_path, {"00A40000023F0000": answer + "9000"})
    found = files.select_file(rig.card, named("mf"))
    assert (found.control, str(found.answer)) == (None, answer)
    assert found.notes == ("the answer holds no file control information of ISO/IEC 7816-4",)


# --- which there are, make and delete ------------------------------------------------------------------------------


def test_which_files_there_are(card: Rig) -> None:
    *found, end = files.probe_files(card.card, range(0x6E00, 0x6E20), named("/7E10"))
    rows = [one for one in found if isinstance(one, FoundFile)]
    assert [one.identifier for one in rows] == [f"6E0{number}" for number in range(1, 9)]
    assert (rows[3].kind, rows[3].size, rows[7].sw) == ("records of fixed length", "8 × 24", 0x6283)
    assert end == Probed("file", "identifier", 32, 8, "3F00/7E10")
    assert str(card.card.state.position) == "3F00/7E10"


def test_a_df_that_is_found_is_left_again(card: Rig) -> None:
    files.select_file(card.card, named("mf"))
    identifiers = [0x7E10, 0x6E01, 0x7E20, 0x2F00]
    found = [one.identifier for one in files.probe_files(card.card, identifiers) if isinstance(one, FoundFile)]
    # 6E01 lies in 7E10: it would be found if the search had stayed there
    assert found == ["7E10", "7E20", "2F00"]


def test_a_search_comes_back_from_where_it_was_led(card: Rig) -> None:
    files.select_file(card.card, named("/7E10"))
    *found, end = files.probe_files(card.card, [0x7E20, 0x2F02], named(".."))
    assert [one.identifier for one in found if isinstance(one, FoundFile)] == ["7E20", "2F02"]
    assert isinstance(end, Probed) and end.where == "3F00"
    files.select_file(card.card, named("mf"))
    *found, end = files.probe_files(card.card, [0x7E20, 0x6E01], named("7E10"))
    # 7E20 stands beside 7E10, and 6E01 is in it
    assert [one.identifier for one in found if isinstance(one, FoundFile)] == ["7E20", "6E01"]
    assert isinstance(end, Probed) and end.where == str(card.card.state.position) == "3F00/7E10"
    by_name = list(files.probe_files(card.card, [0x6E01], named("aid:F0574F524B53484F50")))
    assert isinstance(by_name[0], FoundFile)
    assert by_name[1] == Probed("file", "identifier", 1, 1, "F0574F524B53484F50")


def test_files_are_looked_for_in_a_df(card: Rig) -> None:
    with pytest.raises(UsageError, match="2F02 is an EF"):
        list(files.probe_files(card.card, [0x6E01], named("/2F02")))


def test_a_df_that_nothing_leads_back_to(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00A4030000": "62038201389000"})
    with pytest.raises(UsageError, match="where this leads"):
        list(files.probe_files(rig.card, [0x6F01], named("..")))


def test_a_long_search_tells_how_far_it_is(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, lambda command: bytes.fromhex("9000" if command[5:7] == b"\x3f\x00" else "6A82"))
    seconds = iter(range(100))

    def clock() -> float:
        return float(next(seconds))

    *told, end = files.probe_files(rig.card, range(0x1000, 0x1008), clock=clock)
    assert told == [Progress("up to 1002, 0 found", 3, 8, "identifiers"),
                    Progress("up to 1005, 0 found", 6, 8, "identifiers")]
    assert isinstance(end, Probed) and (end.tried, end.notes) == (8, ())
    end = list(files.probe_files(rig.card, range(0x1000, 0x1008), clock=clock, limit_s=5))[-1]
    assert isinstance(end, Probed) and end.tried == 2
    assert end.notes == ("ended after 5 s, before 1002: files 1002-FFFF goes on",)


def test_an_interrupted_search_keeps_what_it_found_and_says_how_to_go_on(
    card: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = files.probe_files(card.card, range(0x6E00, 0x6E20), named("/7E10"))
    assert [next(search), next(search)]  # 6E01 and 6E02
    send = card.card.send

    def interrupted(command: CommandAPDU) -> ResponseAPDU:
        if command.data == bytes.fromhex("6E09"):
            raise KeyboardInterrupt
        return send(command)

    monkeypatch.setattr(card.card, "send", interrupted)
    *_, end = (next(search) for _ in range(7))
    assert end == Probed("file", "identifier", 9, 8, "3F00/7E10",
                         ("interrupted before 6E09: files 6E09-6E1F goes on",))
    with pytest.raises(KeyboardInterrupt):
        next(search)


def test_a_file_that_is_not_found_after_one_beside_the_df_may_lie_in_the_df_that_was_left(card: Rig) -> None:
    files.select_file(card.card, named("7E10"))
    files.select_file(card.card, named("2F00"))
    with pytest.raises(CardError) as raised:
        files.select_file(card.card, named("6E01"))
    assert raised.value.response.sw == 0x6A82
    assert "the last file, as of a cat, may lie above the DF" in raised.value.hint


def test_what_lies_beside_a_df_is_told_apart_and_does_not_end_the_search(card: Rig) -> None:
    identifiers = [0x3F00, 0x7E10, 0x7E20, 0x2F00, 0x6E01, 0x2F02, 0x6E08]
    *found, end = files.probe_files(card.card, identifiers, named("/7E10"))
    assert [(one.identifier, one.place) for one in found if isinstance(one, FoundFile)] == [
        ("3F00", "the MF, seen from here"), ("7E10", "this is the DF itself"),
        ("7E20", "seen from here; lies in 3F00"), ("2F00", "seen from here; lies in 3F00"), ("6E01", ""),
        ("2F02", "seen from here; lies in 3F00"), ("6E08", "")]
    assert end == Probed("file", "identifier", 7, 2, "3F00/7E10", outside=5)
    assert str(card.card.state.position) == "3F00/7E10"
    by_name = list(files.probe_files(card.card, identifiers, named("aid:F0574F524B53484F50")))
    places = [one.place for one in by_name if isinstance(one, FoundFile)]
    assert places[1] == "this is the DF itself" and places[3] == "seen from here; lies outside" and places[4] == ""


def test_a_card_without_paths_leaves_it_open_where_a_file_lies(tmp_path: Path) -> None:
    df, ef = "620782013883027E10" + "9000", "62078201018302" + "6E019000"
    rig, _link = fake(tmp_path, {"00A40000023F0000": "9000", "00A40000027E1000": df, "00A40000026E0100": ef,
                                 "00A40900026E0100": "6A86", "00A40904026E0100": "6A86",
                                 "00A4090C026E01": "6A86", "00A40800027E1000": "6A86", "00A40804027E1000": "6A86",
                                 "00A4080C027E10": "6A86"})
    files.select_file(rig.card, named("3F00"))
    *found, end = files.probe_files(rig.card, [0x3F00, 0x6E01], named("7E10"))
    assert [one.place for one in found if isinstance(one, FoundFile)] == [
        "the MF, seen from here", ""]
    assert isinstance(end, Probed)
    assert end.notes == ("the card does not select by path: some may lie beside 3F00/7E10",)


def test_where_to_look_must_be_known(tmp_path: Path) -> None:
    rig, _link = fake(tmp_path, {"00A4040010" + "4A" * 16 + "00": "6F009000"})
    rig.send("00A4040010" + "4A" * 16 + "00")
    with pytest.raises(UsageError, match="where to look"):
        list(files.probe_files(rig.card, [0x6F01]))


def test_files_are_made_and_deleted(card: Rig) -> None:
    card.send(VERIFY)
    fcp = bytes.fromhex("620C80020010820201218302" "6E30")
    files.create_file(card.card, fcp)
    with pytest.raises(CardError) as caught:
        files.create_file(card.card, fcp)
    assert caught.value.meaning == "6A89: there is a file with this identifier already"
    with pytest.raises(Refused):  # there is no terminal to ask at
        files.delete_file(card.card, b"\x6e\x30")
    with answering_yes(card.card):
        files.delete_file(card.card, b"\x6e\x30")
        with pytest.raises(CardError):
            files.delete_file(card.card, b"\x6e\x30")
