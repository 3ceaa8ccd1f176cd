"""A line that will be right is not marked on its way there, key by key; what nothing more can mend is, before Enter."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from jcopsh.commands import register_all
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.highlight import fragments
from jcopsh.shell.hint import problem_to_show
from jcopsh.shell.manual import of_command
from jcopsh.shell.parse_cache import forget_lines, parsed
from jcopsh.shell.parser import parse_line
from jcopsh.shell.topics import TOPICS
from tests.card.test_faulty_link import SAMPLES
from tests.shell.samples import context

REGISTRY = Registry()
register_all(REGISTRY, PluginHost())
SUBJECTS = tuple(Completion(one) for one in (*(entry.name for entry in REGISTRY), *(topic.name for topic in TOPICS)))
CONTEXTS = (ParseContext(subjects=SUBJECTS), replace(context(), subjects=SUBJECTS))

NOTATIONS = (
    "00A40400", "00 A4 04 00", "00:A4:04:00:02:A0:00", "0x00, 0xA4, 0x04, 0x00", "0x00,0xA4,0x04,0x00",
    "send 0x00A40400", "send 00:A4:04:00:02:A0:00", "send 00A40400 05 |1PAY.|", "send 00A40400 08 |1PAY SYS| 00",
    "send 00A40400 #(|1PAY.|)", "send 00A40400#(|JCOP|)00", "send 00A40400 #(3F00 |ab|) 00 *9000",
    "send 00A4040006A0 |bcdef|", "send A4:3F00/00=9000", "send 00A40400:3F00/00=6A82", "A40400:#(|JCOP|)/00",
    "send '00 A4' 0400", "send 00A4040002 3F 00 00 *6A82", "reader-send FF CA 00 00 00",
    "send 00D6000000012C" + "41" * 300,
)
VALUES = (
    "select |1PAY.SYS.DDF01|", "select A0 00 00 00 03 00 00 00", "select isd", "select ..", "select 3F00/7E10",
    "select tk |CanaryKey#16;by.|", "cd ..", "cd mf", "cat aid:|1PAY.|", "cat sfi:3 --save a.bin",
    "files 6E00-6EFF,2F00", "read cm_key1+4 16", "read 0xC00305 0x10", "read C00305 --reveal", "write cm_key1 40:41,42",
    "update-record previous |Hi there|", "update-binary 0x20 #(41 42) --yes", "update-binary 0 --load a.bin",
    "put-data 0101 |>|", "put-data 0101 | a b |", "get-data 0x5F52", "get-data 5FC102", "read-record 254",
    "verify 1 |12 34|", "verify 0x81", "manage-channel close 1", "auth --key default full",
    "auth 0x03 --key 404142434445464748494A4B4C4D4E4F", "set trace brief --save", "alias x = \"dump > a.svg\"",
    "alias x = 'send 00A4'", "keys add bench --from-memory 123", "install a.cap --params C903010203 --dry-run",
    "install a.cap --privileges card-reset,cvm-management", "help CAP files", "help secure channel", "help 6A82",
    "identify ?", "identify --help", "? unfused cards", "/identify", "reset warm; identify  # what it is",
    "identify // why", "dump --save a.txt",
)
REDIRECTIONS = (
    "identify | less", "identify|less", 'identify | grep -i "a b"', "identify > a.txt", "identify>a.txt",
    'identify >> "a b.txt"', "get-data 5F52>a.txt", "cat 2F00>'a b.json' --yes", "list --json > list.json",
)


def samples() -> list[str]:
    """A line of every command, and all examples of their help."""
    lines = [line for sample in SAMPLES.values() for line in (sample.line, *sample.before)]
    lines += [line for entry in REGISTRY if entry.command for line in of_command(entry).examples]
    return list(dict.fromkeys(lines))


@pytest.mark.parametrize("line", [*samples(), *NOTATIONS, *VALUES, *REDIRECTIONS])
def test_no_beginning_of_a_right_line_is_marked(line: str) -> None:
    right = [one for one in CONTEXTS if not parse_line(line, REGISTRY, one).problems]
    assert right
    for known in right:
        for end in range(1, len(line)):
            typed = parse_line(line[:end], REGISTRY, known)
            assert problem_to_show(typed, end) is None, line[:end]
            assert not [text for style, text in fragments(typed) if "problem" in style], line[:end]


def marked(line: str) -> list[str]:
    """What is drawn as wrong while the cursor stands at the end of a line, and pointed at with carets."""
    forget_lines()
    typed = parsed(line, REGISTRY, CONTEXTS[1])
    shown = problem_to_show(typed, len(line))
    colored = [text for style, text in fragments(typed) if "problem" in style]
    assert bool(colored) == (shown is not None)
    return colored


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which all programs are, of which there is one; what is typed is looked for in another."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "column").touch(mode=0o700)
    (tmp_path / "there").mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("identify foo", ["foo"]),
        ("atr f", ["f"]),
        ("status foo", ["foo"]),
        ("read cm_key1 16 17", ["17"]),
        ("status /", []),
        ("read-record 255", ["255"]),
        # it may become 0x1
        ("read-record 0", []),
        ("identify | col", []),
        ("identify | column -t", []),
        ("identify | colon", ["colon"]),
        ("identify | nosuchprog", ["nosuchprog"]),
        ("identify > there/x.txt", []),
        ("identify > th", []),
        ("identify > nofolder/x", ["nofolder/x"]),
        ("identify >> nofolder/x.txt --yes", ["nofolder/x.txt"]),
        # it may be the first bar of a text
        ("put-data 0101 | nosuchprog", []),
    ],
)
@pytest.mark.usefixtures("programs")
def test_what_nothing_mends_is_marked_before_enter(line: str, wrong: list[str]) -> None:
    assert marked(line) == wrong


def test_a_program_that_comes_or_goes_is_seen(programs: Path) -> None:
    assert marked("identify | colrm") == ["colrm"]
    (programs / "colrm").touch(mode=0o700)
    os.utime(programs, (1, 1))  # the clock of a file system may not have gone on since
    assert marked("identify | colrm") == []


@pytest.mark.usefixtures("programs")
def test_a_keystroke_asks_the_disk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    is_dir = Path.is_dir

    def counted(path: Path) -> bool:
        asked.append(path)
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", counted)
    for line in ("identify", "identify > there/x.txt", "identify > there/x.txt"):
        parsed(line, REGISTRY, CONTEXTS[1])
    assert asked == [Path("there"), Path("there/x.txt")]
