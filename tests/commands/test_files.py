"""The commands for files, as they are typed, and what a person sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.shell.completion import suggest
from tests.commands.support import Shell, shell


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.setattr(consent, "TERMINAL", str(tmp_path / "no terminal"))
    return shell(monkeypatch)


def verified(files: Shell) -> Shell:
    files.run("verify 1 |1234|")
    return files


def test_what_a_file_is(files: Shell) -> None:
    shown = files.run("select-file /7E10/6E04")
    assert shown.splitlines() == [
        "selected    3F00/7E10/6E04",
        "kind        working EF, records of fixed length",
        "records     8, each of 24 bytes",
        "size        192 bytes",
        "identifier  6E 04",
        "short id    4  cat sfi:4",
        "life cycle  operational, activated",
        "access      delete: never",
        "            write, append: user authentication, e.g. a PIN",
        "            update, erase: user authentication, e.g. a PIN",
        "            read, search: always",
        "answer      FCI",
    ]
    assert "answer      FCP" in files.run("cd .. --answer fcp")
    assert "6283  selected, but the file is deactivated" in files.run("cd 7E10; cd 6E08")


@pytest.mark.parametrize("name", ["select-file", "select_file", "cd", "/select-file", "select"])
def test_every_name_of_select(files: Shell, name: str) -> None:
    assert files.run(f"{name} 3F00").startswith("selected    3F00  usually MF")


def test_where_one_is(files: Shell) -> None:
    assert "not known" in files.run("pwd")
    files.run("cd mf; cd 7E10/6E01")
    assert files.run("pwd").splitlines() == ["current DF  3F00/7E10", "current EF  6E01", "channel     0"]
    assert files.json("pwd")[0] == {"type": "Whereabouts", "channel": 0, "df": "3F00/7E10", "ef": "6E01", "unsure": "",
                                    "or_above": False}


def test_a_file_beside_the_current_df_is_not_shown_as_if_it_were_in_it(files: Shell) -> None:
    files.run("cd /7E10")
    assert files.run("cat 2F00").splitlines()[0] == "3F00[/7E10]/2F00 · 2 records"
    assert files.run("pwd").splitlines()[0] == "current DF  3F00/7E10 or above it: identifiers are looked for there too"
    assert files.json("pwd")[0]["or_above"] is True
    files.run("cd 7E10")
    assert files.run("pwd").splitlines()[0] == "current DF  3F00/7E10"


def test_a_transparent_file(files: Shell) -> None:
    assert files.run("cat /7E10/6E01").splitlines() == [
        "3F00/7E10/6E01 · 32 bytes",
        "0000  57 6F 72 6B 73 68 6F 70 2C 20 67 72 6F 75 6E 64  Workshop, ground",
        "0010  20 66 6C 6F 6F 72 20 20 20 20 20 20 20 20 20 20   floor",
    ]
    assert files.run("read-binary 10 6").splitlines()[1].endswith("ground")
    shown = files.json("read-binary 0 8 --file /7E10/6E01")[0]
    assert (shown["content"], shown["offset"], shown["complete"]) == ("576F726B73686F70", 0, False)
    long = files.json("cat /7E10/6E03")[0]
    assert (long["length"], long["complete"]) == (33_000, True)


def test_rows_that_repeat_are_drawn_once(files: Shell) -> None:
    verified(files).run("cd mf; create-file 6E30 100")
    shown = files.run("cat 6E30").splitlines()
    assert shown[1:] == ["0000  " + " ".join(["00"] * 16) + "  " + "." * 16,
                         "      the same in the next 5 rows", "0060  00 00 00 00" + " " * 38 + "...."]


def test_records(files: Shell) -> None:
    shown = files.run("cat /7E10/6E06").splitlines()
    assert shown[0] == "3F00/7E10/6E06 · 3 records"
    assert shown[1].startswith("  1  32 30") and shown[1].endswith("2024-05-21 D5 x1")
    assert files.run("read-record 2 --file sfi:5; cd 6E05").splitlines()[1] == "  2  34 bytes"
    assert [one["number"] for one in files.json("read-record")[0]["records"]] == [1, 2, 3, 4]
    # a file whose structure is not told is read as it can be
    assert files.json("cat sfi:6")[0]["type"] == "RecordList"


def test_trees(files: Shell) -> None:
    assert files.run("cat /7E20/6E11 --tlv").splitlines()[1:] == [
        "73  discretionary data objects  32 bytes",
        "  80  43 41 4C 49 50 45 52 20 31 35 30 20 4D 4D  CALIPER 150 MM",
        "  5F25  effective date  24 05 21",
        "  A1  8 bytes",
        "    81  0A 01",
        "    81  32 02",
    ]
    assert files.run("read-record 1 --file /2F00 --tlv").splitlines()[2] == "     61  application template  22 bytes"
    assert "no data objects" in files.run("read-record 1 --file /7E10/6E04 --tlv")


def test_what_is_no_tree(files: Shell) -> None:
    said = files.fail("cat /2F02 --tlv")
    assert "no BER-TLV" in said and "without --tlv" in said
    files.fail("read-binary 3 --file /2F01 --tlv")
    files.fail("read-binary 32 --file /7E10/6E01 --tlv")


def test_only_the_rows_that_change_are_shown(files: Shell, tmp_path: Path) -> None:
    source = tmp_path / "shelves"
    verified(files).run(f"cat /7E10/6E02 --save {source}")
    content = bytearray(source.read_bytes())
    content[100:104] = b"abcd"
    source.write_bytes(content)
    assert files.run(f"update-binary 0 --load {source}").splitlines()[1:-1] == [
        "there now", "      6 rows unchanged",
        "0060  73 68 65 6C 66 20 30 34 3A 20 73 63 72 65 77 73  shelf 04: screws",
        "      31 rows unchanged", "to be written", "      6 rows unchanged",
        "0060  73 68 65 6C 61 62 63 64 3A 20 73 63 72 65 77 73  shelabcd: screws",
        "      31 rows unchanged",
    ]


def test_what_was_written_before_a_refusal_is_told(files: Shell, tmp_path: Path) -> None:
    source = tmp_path / "much"
    source.write_bytes(bytes(600))
    said = verified(files).fail(f"update-binary 20 --load {source} --file /7E10/6E02")
    assert "90 bytes were not written at offset 530; the 510 before were" in said


def test_saving(files: Shell, tmp_path: Path) -> None:
    target = tmp_path / "archive.bin"
    assert "saved in" in files.run(f"cat /7E10/6E03 --save {target}")
    assert target.stat().st_size == 33_000
    assert target.stat().st_mode & 0o777 == 0o600
    assert "there already" in files.fail(f"cat /7E10/6E01 --save {target}", 2)
    files.run(f"cat /7E10/6E06 --save {target} --yes")
    assert target.read_bytes().startswith(b"2024-05-21 D5 x12024-05-14")
    assert "no such folder" in files.fail(f"cat /7E10/6E01 --save {tmp_path}/no/where", 2)


@pytest.mark.parametrize(
    ("target", "says"),
    [("nowhere/a.txt", "there is no such folder"), (".", "this is a folder"), ("/dev/null", "no regular file"),
     ("a" * 300, "cannot be reached"), ("circle", "cannot be reached"), ("~nobody", "")],
)
def test_what_keeps_a_file_from_being_saved_is_told_as_it_is_behind_a_redirection(
    files: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("circle").symlink_to("circle")
    if not says:  # a name that begins with ~ and is no home directory
        files.run(f"cat /7E10/6E01 --save ./{target}")
        assert Path(target).stat().st_size == 32
        return
    assert says in files.fail(f"cat /7E10/6E01 --save {target}", 2)
    assert says in files.fail(f"cat /7E10/6E01 > {target}", 2)


def test_a_pin_that_is_verified_is_not_asked_for_again(files: Shell) -> None:
    assert "verify REFERENCE" in files.fail("cd /7E10; delete-file 6E04 --yes")
    said = " ".join(verified(files).fail("cd /7E10; delete-file 6E04 --yes").split())
    assert "6982" in said
    assert "PIN 01 is verified already, so another right is missing" in said


def test_updates(files: Shell, tmp_path: Path) -> None:
    assert "verify REFERENCE" in files.fail("update-binary 0 |Attic| --file /7E10/6E01")
    shown = verified(files).run("update-binary 0 |Attic|").splitlines()
    assert [line for line in shown if "  " not in line] == ["3F00/7E10/6E01", "there now", "to be written",
                                                            "✔ 5 bytes written at offset 0, read back and equal"]
    assert "nothing was written" in files.run("update-binary 0 |Attic|")
    source = tmp_path / "text"
    source.write_bytes(b"Cellar" * 5)
    assert "30 bytes written" in files.run(f"update-binary 2 --load {source}")
    assert "AtCellar" in files.run("cat")
    for line in ("update-binary 0", f"update-binary 0 |x| --load {source}", f"update-binary 0 --load {tmp_path}/no"):
        files.fail(line, 2)
    source.write_bytes(b"")
    assert "empty" in files.fail(f"update-binary 0 --load {source}", 2)
    assert "do not fit" in files.fail("update-binary 30 |too long|")


def test_changing_records(files: Shell) -> None:
    verified(files).run("cd /7E10/6E05")
    assert "as record 3, read back" in files.run("update-record 3 |Call the smith.|")
    assert "record 3" in files.run("update-record 3 |Call the smith.|")
    assert "9 bytes written as a new record" in files.run("append-record |One more.|")
    assert "as the newest record" in files.run("update-record previous |2024-06-01 A2 x1| --file /7E10/6E06")
    assert "another length" in files.fail("update-record 1 |x| --file /7E10/6E04")


def test_which_files_there_are(files: Shell) -> None:
    shown = files.run("files 6E00-6E0F --under /7E10").splitlines()
    assert shown[0] == "6E01  transparent                         32"
    assert shown[5] == "6E06  cyclic records of fixed length  3 × 16"
    assert shown[7] == "6E08  transparent                         25  6283 operational, deactivated"
    assert shown[8] == "✔ 8 files found in 3F00/7E10, 16 identifiers tried"
    assert [one.get("identifier") for one in files.json("files 2F00-2F02,7E10 --under mf")] == [
        "2F00", "2F01", "2F02", "7E10", None]
    files.run("files")
    assert "no range" in files.fail("files 6F00-6E00", 2)


def test_which_files_there_are_without_saying_which(files: Shell) -> None:
    shown = files.run("files --under /7E10").splitlines()
    assert [line[:4] for line in shown[:-1] if line[0] != " "] == [
        "2F00", "2F01", "2F02", *(f"6E0{number}" for number in range(1, 9)), "7E10", "7E20"]
    assert "EF.DIR" in shown[0] and shown[1] == "      seen from here; lies in 3F00"
    assert shown[-1].startswith("✔ 8 files found in 3F00/7E10, 5 more seen from there, ")


def test_a_record_of_another_length_is_told_how_long_it_has_to_be(files: Shell) -> None:
    verified(files)
    for line in ("append-record |x| --file /7E10/6E04", "update-record 1 |x| --file /7E10/6E04"):
        said = files.fail(line)
        assert "6700" in said and "records of this file have 24 bytes; DATA has 1" in said
    said = files.fail(f"append-record {'41' * 65} --file /7E10/6E05")
    assert "records of this file have at most 64 bytes; DATA has 65" in said
    said = files.fail("cd /7E10/6E04; append-record |x|")
    assert "--length" not in said and "select-file FILE shows how long" in said


@pytest.mark.parametrize("identifier", ["6E2", "6E20A0", "zzzz"])
def test_an_identifier_has_four_digits(files: Shell, identifier: str) -> None:
    assert "four hex digits" in files.fail(f"delete-file {identifier} --yes", 2)


def test_making_and_deleting(files: Shell) -> None:
    assert "verify" in files.fail("create-file 6E30 16")
    verified(files).run("cd mf; create-file 7E30 --df; create-file 6E31 16; create-file 6E32 16 --records 4")
    assert "4, each of 16 bytes" in files.run("cd /7E30/6E32")
    assert "--yes" in files.fail("delete-file 6E32", 3)
    files.run("delete-file 6E32 --yes; delete-file 6E31 --yes")
    assert "no such file" in files.fail("cd 6E31")
    for line in ("create-file 6E33", "create-file 6E3", "create-file 6E33 300 --records 2"):
        files.fail(line, 2)
    assert "was made" in files.run("cd mf; create-file 6E40 --fcp 8002000482020121")


def test_a_df_has_no_content(files: Shell) -> None:
    assert "this is a DF" in files.fail("cat /7E10", 2)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_everything_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int) -> None:
    wide = shell(monkeypatch, width=width)
    wide.run("verify 1 |1234|")
    for line in ("cd /7E10", "cd 6E04", "cat 6E01", "cat 6E04", "cat 6E05", "cat /7E20/6E11 --tlv", "cat /2F00 --tlv",
                 "files 6E00-6E10 --under /7E10", "get-data 5F50", "data-objects", "pwd", "manage-channel open",
                 "verify 1 --tries", "get-challenge 16", "update-binary 0 |Attic, first floor| --file /7E10/6E01",
                 "tlv 6F1A840E315041592E5359532E4444463031A5088801025F2D02656E"):
        shown = wide.run(line)
        assert shown.strip(), line
        too_long = [one for one in shown.splitlines() if len(one) > width]
        assert too_long == [], (line, too_long)
        assert all(one == one.rstrip() for one in shown.splitlines())


# --- what was met is offered ---------------------------------------------------------------------------------------


def offered(files: Shell, text: str) -> dict[str, str]:
    return {one.text.removeprefix(text.rpartition(" ")[0]).strip(): one.meaning
            for one in suggest(text, files.session.registry, files.session.context())}


@pytest.mark.parametrize("profile", ["iso7816-files", "iso7816-files,protocol=t0"])
def test_a_file_that_was_met_is_offered_with_what_the_card_said(
    monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    files = shell(monkeypatch, profile=profile)
    assert "3F00/7E10/6E04" not in offered(files, "cat 3F00/7E10/")
    files.run("cd /7E10/6E04; send 00A40800047E106E0100; cd mf")
    found = offered(files, "cat 7E10/")
    assert (found["7E10/6E01"], found["7E10/6E04"]) == (
        "transparent, 32 bytes", "records of fixed length, 8 × 24 bytes")
    assert offered(files, "read-binary --file 7E10/") == found
    assert "7E10/6E04" in offered(files, "select 7E")
    files.run("cd 7E10")
    assert list(offered(files, "cat "))[:2] == ["6E01", "6E04"]
    assert list(offered(files, "cat 3F00/7E10/6E0"))[:2] == ["3F00/7E10/6E01", "3F00/7E10/6E04"]
    files.run("disconnect")
    assert "6E04" not in offered(files, "cat ")


def test_what_a_search_found_is_offered_until_it_is_deleted(files: Shell) -> None:
    verified(files).run("cd mf; create-file 6E30 100; files 6E00-6EFF")
    assert offered(files, "cat 6E3")["6E30"] == "transparent, 100 bytes"
    files.run("delete-file 6E30 --yes")
    assert "6E30" not in offered(files, "cat 6E3")


def test_a_right_that_is_missing_comes_before_the_length(files: Shell) -> None:
    said = files.fail("append-record |x| --file 3F00/7E10/6E04")
    assert "6982" in said
    assert "try: verify REFERENCE, e.g. verify 1" in said
    assert "DATA has" not in said


@pytest.mark.parametrize(("line", "says"), [
    ("cd -", "cd .. goes up"), ("cd ~", "cd mf goes to the root"), ("cat .", "without a file the current one is meant"),
    ("cat nonsense", "help files shows how files are named"), ("read-binary 0 1 --file x", "help files"),
    ("cat aid:XY", "help bytes"),
])
def test_what_is_no_file_is_told_where_files_are_explained(files: Shell, line: str, says: str) -> None:
    assert says in files.fail(line, 2)
