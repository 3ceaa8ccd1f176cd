"""The card on disk: what survives, what is refused, and the log of what was received."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.link import SimulatedLink
from jcopsh.simulator.profiles import parse_profile
from jcopsh.simulator.state_file import StateFileError
from tests.reader_stack import program_environment
from tests.simulator.support import (
    BOOT,
    FUSE,
    IDENTIFY,
    PROTECT,
    SELECT_ISD,
    SELECT_TK,
    counted_randomness,
    powered,
    send,
    send_all,
)

J2A040 = parse_profile("j2a040-unfused")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


def test_a_missing_file_is_made_with_a_new_card_for_its_owner_only(file: Path) -> None:
    powered(state_file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.with_name("card.json.log").stat().st_mode) == 0o600
    assert json.loads(file.read_text())["profile"] == "j2a040-unfused"
    assert sorted(path.name for path in file.parent.iterdir()) == ["card.json", "card.json.log"]


def test_everything_that_a_card_keeps_is_kept(file: Path) -> None:
    card = powered(state_file=file)
    assert send_all(card, SELECT_TK, BOOT, "C0D6030502AABB", "C0D695FF0199", "C0D60136020143") == ["9000"] * 5
    kept = send_all(card, "C0B000F0009510", "C0B0030510")
    assert send(card, PROTECT) == "9000"
    card.power_off()
    card = powered(state_file=file)
    assert card.atr[-2:-1] == b"C"
    assert send_all(card, SELECT_TK, "C0B000F0009510", "C0B0030510") == ["9000", *kept]
    assert send_all(card, "C0D60305010A", FUSE) == ["6985", "9000"]
    card.power_off()
    card = powered(state_file=file)
    assert send_all(card, SELECT_TK, IDENTIFY)[0] == "6A82"
    assert send(card, IDENTIFY)[28:30] == "01"


def test_random_keys_are_remembered_as_random(file: Path) -> None:
    card = powered(state_file=file)
    send_all(card, SELECT_TK, BOOT, "C0D6030502AABB", "C0D6032102AABB")
    card.power_off()
    card = powered(state_file=file)
    assert send_all(card, SELECT_ISD, SELECT_TK, "C0D6033D02AABB") == ["6A82", "9000", "9000"]
    card.power_off()
    assert send(powered(state_file=file), SELECT_ISD).startswith("6F65")


def test_each_change_is_on_disk_before_the_answer(file: Path) -> None:
    card = powered(state_file=file)
    send_all(card, SELECT_TK, BOOT)
    for value in ("11", "22"):
        assert send(card, f"C0D6030510{value * 16}") == "9000"
        rows = json.loads(file.read_text())["memory"]
        assert rows["C00300"][10:] == value * 11


def test_the_log_has_every_byte_string_and_each_power_event(file: Path, tmp_path: Path) -> None:
    log = tmp_path / "more.log"
    card = SimulatedCard(J2A040, state_file=file, log_file=log)
    link = SimulatedLink(card)
    link.transmit(bytes.fromhex(SELECT_TK))
    card.warm_reset()
    link.transmit(b"\xff")
    link.transmit(b"")
    link.close()
    expected = ["# cold reset", SELECT_TK.upper(), "# warm reset", "FF", "# no bytes", "# power off"]
    assert file.with_name("card.json.log").read_text().splitlines() == expected
    assert log.read_text().splitlines() == expected
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert card.received == [bytes.fromhex(SELECT_TK), b"\xff", b""]


def test_a_card_is_in_one_reader_at_a_time(file: Path) -> None:
    first = powered(state_file=file)
    second = SimulatedCard(J2A040, state_file=file)
    with pytest.raises(StateFileError, match="another program"):
        second.power_on()
    assert send_all(first, SELECT_TK, BOOT, "C0D6030502AABB", FUSE) == ["9000"] * 4
    first.power_off()
    second.power_on()
    assert send(second, IDENTIFY)[28:30] == "01"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe", "not the file of a simulated card"),
        (b"[]", "not the file of a simulated card"),
        (b'{"format": "other"}', "not the file of a simulated card"),
    ],
)
def test_a_foreign_file_is_named_and_left_as_it_is(file: Path, content: bytes, why: str) -> None:
    file.write_bytes(content)
    with pytest.raises(StateFileError, match=why) as caught:
        SimulatedCard(J2A040, state_file=file)
    assert str(file) in str(caught.value)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fused", None),
        ("fused", 0),
        ("booted", "yes"),
        ("random_keys", []),
        ("random_keys", ["00", "00", "00"]),
        ("random_keys", [1, 2, 3]),
        ("memory", []),
        ("memory", {"C000F1": "00" * 16}),
        ("memory", {"C09600": "00" * 16}),
        ("memory", {"C000E0": "00" * 16}),
        ("memory", {"C000F0": "00" * 15}),
        ("memory", {"C000F0": "no"}),
        ("memory", {"here": "00" * 16}),
    ],
)
def test_a_damaged_field_is_refused_without_showing_what_the_file_holds(file: Path, name: str, value: object) -> None:
    card = SimulatedCard(J2A040, state_file=file, randomness=counted_randomness())
    card.power_off()
    stored = json.loads(file.read_text())
    if value is None:
        del stored[name]
    else:
        stored[name] = value
    file.write_text(json.dumps(stored))
    with pytest.raises(StateFileError, match="damaged") as caught:
        SimulatedCard(J2A040, state_file=file)
    assert "8081" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("other", ["j2a081-unfused", "j2a040-unfused,boot=keep"])
def test_a_card_of_another_profile_is_refused(file: Path, other: str) -> None:
    SimulatedCard(J2A040, state_file=file)
    with pytest.raises(StateFileError, match="j2a040-unfused,boot=wipe"):
        SimulatedCard(parse_profile(other), state_file=file)


@pytest.mark.parametrize("name", ["missing/card.json", "folder"])
def test_a_place_that_holds_no_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StateFileError, match=name):
        SimulatedCard(J2A040, state_file=tmp_path / name)


def test_a_file_damaged_since_leaves_the_card_without_power_and_free(file: Path) -> None:
    card = powered(state_file=file)
    card.power_off()
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    with pytest.raises(StateFileError, match="damaged"):
        card.power_on()
    assert (card.atr, send(card, SELECT_TK)) == (b"", "6F00")
    file.write_bytes(whole)
    assert powered(state_file=file).atr


def test_a_symbolic_link_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(file)
    card = powered(state_file=link)
    assert send_all(card, SELECT_TK, BOOT) == ["9000", "9000"]
    assert link.is_symlink()
    assert json.loads(file.read_text())["booted"] is True


def test_a_state_that_cannot_be_saved_is_a_memory_failure_and_nothing_happened(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = powered(state_file=file)
    assert send_all(card, SELECT_TK, BOOT) == ["9000", "9000"]
    before, key = file.read_bytes(), send(card, "C0B0030510")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert send_all(card, "C0D6030502AABB", FUSE, PROTECT, BOOT) == ["6581"] * 4
    assert file.read_bytes() == before
    assert sorted(path.name for path in file.parent.iterdir()) == ["card.json", "card.json.log"]
    assert send_all(card, "C0B0030510", "C0D6030502AABB") == [key, "9000"]


def test_a_log_that_cannot_be_written_stops_the_command(file: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "card.log"
    card = SimulatedCard(J2A040, log_file=log)
    card.power_on()
    assert send_all(card, SELECT_TK, BOOT) == ["9000", "9000"]
    log.unlink()
    log.parent.rmdir()
    assert send_all(card, FUSE, IDENTIFY) == ["6581", "6581"]
    card.power_off()
    with pytest.raises(StateFileError, match="log cannot be written"):
        card.power_on()
    log.parent.mkdir()
    card.power_on()
    assert send(card, IDENTIFY)[28:30] == "00"


WRITE_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from jcopsh.simulator.card import SimulatedCard
from jcopsh.simulator.profiles import parse_profile
card = SimulatedCard(parse_profile("j2a040-unfused"), state_file=Path(sys.argv[1]))
card.power_on()
for command in sys.argv[2:]:
    assert card.process(bytes.fromhex(command)) == bytes.fromhex("9000")
for number in count(1):
    assert card.process(bytes.fromhex(f"C0D6030510{number:032X}")) == bytes.fromhex("9000")
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("kill_after", [1, 7, 20])
def test_a_killed_process_leaves_the_last_answered_card_and_a_whole_log(file: Path, kill_after: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", WRITE_FOR_EVER, str(file), SELECT_TK, BOOT],
        env=program_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        answered = [int(process.stdout.readline()) for _ in range(kill_after)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout.read().splitlines()]
    assert process.returncode == -signal.SIGKILL
    card = powered(state_file=file)
    assert send(card, SELECT_TK) == "9000"
    on_card = int(send(card, "C0B0030510")[:-4], 16)
    assert answered[-1] <= on_card <= answered[-1] + 1
    logged = [line for line in file.with_name("card.json.log").read_text().splitlines() if line.startswith("C0D6")]
    assert logged[:on_card] == [f"C0D6030510{number:032X}" for number in range(1, on_card + 1)]
    assert len(logged) <= on_card + 1


# --- the card with files -------------------------------------------------------------------------------------------

VERIFY_PIN = "002000010431323334"


def test_everything_that_a_card_with_files_keeps_is_kept(file: Path) -> None:
    card = powered("iso7816-files", state_file=file)
    untouched = json.loads(file.read_text())
    changes = ("00A4080C047E106E01", "00D6000002AABB", "00A4020C026E06", "00E2000010" + "41" * 16, "00DA0101024F4B",
               "00E000000E620C8002001082020121 83026E30", "002400010831323334 39393939")
    assert send_all(card, VERIFY_PIN, *changes) == ["9000"] * 8
    assert send(card, VERIFY_PIN) == "63C2"
    card.power_off()
    card = powered("iso7816-files", state_file=file)
    asked = ("0020000100", "002000010439393939", "00A4080C047E106E01", "00B0000002", "00B2013400", "00CA010100",
             "00A4020C026E30", "00B0000000")
    assert send_all(card, *asked) == ["63C2", "9000", "9000", "AABB9000", "41" * 16 + "9000", "4F4B9000", "9000",
                                      "00" * 16 + "9000"]
    stored = json.loads(file.read_text())
    assert (stored["profile"], stored["protocol"]) == ("iso7816-files", "t1")
    # nothing else has changed
    before = {one["path"]: one for one in untouched["files"]}
    differs = [one["path"] for one in stored["files"] if before.get(one["path"]) != one]
    assert differs == ["3F00/7E10/6E01", "3F00/7E10/6E06", "3F00/7E10/6E30"]


def _with_first_file(**fields: object) -> dict[str, object]:
    return {"files": [{**_stored_files()[0], **fields}, *_stored_files()[1:]]}


def _stored_files() -> list[dict[str, object]]:
    from jcopsh.simulator.file_codec import FileCodec
    from jcopsh.simulator.files import factory_memory

    files = FileCodec({}).encode(factory_memory())["files"]
    assert isinstance(files, list)
    return files


@pytest.mark.parametrize(
    "changed",
    [
        {"pin": "zz"}, {"pin": ""}, {"pin": 1}, {"pin_tries": 4}, {"pin_tries": -1}, {"pin_tries": True},
        {"puk_tries": 11}, {"files": []}, {"files": 3}, {"files": [1]}, {"objects": [{}]},
        _with_first_file(structure="HEAP"), _with_first_file(path="7E10"), _with_first_file(path="3F00/1"),
        _with_first_file(structure="TRANSPARENT", records=[""]), _with_first_file(records=["00"]),
        _with_first_file(active=1), _with_first_file(short_identifier=31), _with_first_file(label="Ü"),
        {"files": [*_stored_files(), _stored_files()[1]]}, {"files": _stored_files()[:1] + _stored_files()[5:6]},
    ],
    ids=",".join,
)
def test_a_damaged_card_with_files_is_refused_without_showing_what_it_holds(
    file: Path, changed: dict[str, object]
) -> None:
    powered("iso7816-files", state_file=file).power_off()
    stored = json.loads(file.read_text())
    stored |= changed
    file.write_text(json.dumps(stored))
    with pytest.raises(StateFileError, match="damaged") as caught:
        powered("iso7816-files", state_file=file)
    assert stored["puk"] not in str(caught.value)


@pytest.mark.parametrize("other", ["j2a040-unfused", "iso7816-files,protocol=t0"])
def test_a_card_with_files_is_not_taken_for_another(file: Path, other: str) -> None:
    powered("iso7816-files", state_file=file).power_off()
    with pytest.raises(StateFileError, match=r"it holds the card iso7816-files.* was asked for"):
        powered(other, state_file=file)


def test_what_cannot_be_saved_counts_as_no_try(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jcopsh.simulator.state_file import StateFile

    card = powered("iso7816-files", state_file=file)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(StateFile, "save", fail)
        assert send(card, VERIFY_PIN) == "6581"
    assert send_all(card, "0020000100", VERIFY_PIN) == ["63C3", "9000"]
