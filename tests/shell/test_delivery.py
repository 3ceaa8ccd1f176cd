"""Results that go to files and programs: in every form, whole or not at all, and nothing lost where it cannot be."""

from __future__ import annotations

import json
import os
import re
import stat
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.errors import Refused
from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.jcop import root_applet
from jcopsh.secrets.secret import Secret
from jcopsh.shell.command import Registry, command
from jcopsh.shell.script import run_file
from jcopsh.shell.session import Session
from jcopsh.shell.theme import ThemeName
from jcopsh.shell.types import InputFile
from tests.shell.samples import CANARY, J2A040, Result, Stage, sample_registry, stage

READ_IFSC = "C0B0012201"


@command("steps", group="x")
def steps(session: Session) -> Iterator[str]:
    """Say what is to come, BOOT, say that it is done."""
    yield "this is what will be done"
    session.card.send(root_applet.BOOT)
    yield "done"


@command("odd", group="x")
def odd() -> Result:
    """Return what must be written with care."""
    return Result("<b>&\x1b[31m\x07{x}", b"\x00\xff")


@command("key", group="x")
def key() -> tuple[Secret, ...]:
    """Return a key that does not show."""
    return (Secret(CANARY),)


@command("run", group="x")
def run(session: Session, file: InputFile) -> None:
    """Run a script."""
    from jcopsh.shell.execute import AlreadyShownError

    code = run_file(session, file)
    if code:
        raise AlreadyShownError(code)


def more_commands() -> Registry:
    registry = sample_registry()
    for one in (steps, odd, key, run):
        registry.add(one)
    return registry


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A session in a folder of its own."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return stage(tmp_path, {READ_IFSC: "FE9000", "00F00000": "9000"}, registry=more_commands(), memory_map=J2A040)


def written(name: str) -> str:
    return Path(name).read_text("utf-8")


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_text_file_holds_what_the_screen_would_show(here: Stage) -> None:
    assert here.run("read ifsc 1; say hello") == 0
    shown = here.shown
    assert here.run("read ifsc 1 > a.txt; say hello >> a.txt") == 0
    assert here.shown == ""
    assert written("a.txt") == shown
    assert "FE" in shown and "hello" in shown


def test_a_file_is_for_the_user_alone(here: Stage) -> None:
    before = os.umask(0)
    try:
        assert here.run("say x > a.txt; say x >> b.json") == 0
    finally:
        os.umask(before)
    for name in ("a.txt", "b.json"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600


def test_a_json_file_holds_what_json_would_print(here: Stage) -> None:
    assert here.run("read ifsc 1 --json") == 0
    printed = here.shown
    assert here.run("read ifsc 1 > a.json; say --json hello > b.txt; say more >> a.json") == 0
    assert written("a.json").splitlines()[0] == printed.strip()
    assert [json.loads(line)["type"] for line in written("a.json").splitlines()] == ["Result", "Message"]
    # --json says what a text file holds
    assert json.loads(written("b.txt")) == {"type": "Message", "text": "low: hello"}


class _Page(HTMLParser):
    """What a page says, and whatever it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.loads = "", [one for one in ("url(", "@import") if one in page]
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe") or {"src", "href"} & {name for name, _ in attrs}:
            self.loads.append(tag)


def test_an_html_page_says_all_and_loads_nothing(here: Stage) -> None:
    assert here.run("odd > a.html") == 0
    page = _Page(written("a.html"))
    assert page.loads == []
    assert "<b>&" in page.text and "{x}" in page.text and "00 FF" in page.text
    assert "\x1b" not in written("a.html") and "\x07" not in written("a.html")
    assert "color: #" in written("a.html")


def test_an_svg_picture_says_all_and_loads_nothing(here: Stage) -> None:
    assert here.run("odd > a.svg") == 0
    picture = written("a.svg")
    root = ET.fromstring(picture)  # well formed, whatever the value holds
    said = "".join(root.itertext()).replace("\xa0", " ")
    assert "<b>&" in said and "00 FF" in said
    assert "url(" not in re.sub(r"url\(#[^)]*\)", "", picture) and "@import" not in picture
    assert not re.search(r"""(?:href|src)\s*=\s*["'](?!#)""", picture)


@pytest.mark.parametrize("name", list(ThemeName))
@pytest.mark.parametrize("ending", ["svg", "html"])
def test_pictures_and_pages_have_the_colours_of_the_theme(here: Stage, name: ThemeName, ending: str) -> None:
    here.session.settings.set("theme", name.value)
    assert here.run(f"read ifsc 1 > a.{ending}") == 0
    ground = {"svg": r'fill="(#[0-9a-f]{6})"', "html": r"background-color: (#[0-9a-f]{6})"}[ending]
    found = re.search(ground, written(f"a.{ending}"))
    assert found and (int(found[1][1:3], 16) < 0x40) is (name is ThemeName.DARK)


@pytest.mark.parametrize("ending", ["txt", "json", "html", "svg", "log"])
def test_no_file_holds_a_key(here: Stage, ending: str) -> None:
    assert here.run(f"key > a.{ending}") == 0
    content = written(f"a.{ending}").replace("\xa0", " ")
    assert CANARY.hex().upper()[:8] not in re.sub(r"\s", "", content.upper())
    assert str(Secret(CANARY).kcv) in content.replace("&#160;", " ")


def test_the_title_of_a_picture_is_the_line_without_its_secrets(here: Stage) -> None:
    assert here.run(f"say {CANARY.hex()} > a.svg") == 0
    title = written("a.svg").split("-title\"", 1)[1].split("</text>")[0]
    assert "‹16" in title.replace("&#160;", " ")
    assert CANARY.hex() not in title


def test_a_file_that_is_there_is_replaced_only_by_yes(here: Stage) -> None:
    Path("a.txt").write_text("old")
    assert here.run("read ifsc 1 > a.txt") == 2
    assert "this file is there already" in here.errors
    assert here.link.sent == []
    assert written("a.txt") == "old"
    assert here.run("read ifsc 1 > a.txt --yes") == 0
    assert "FE" in written("a.txt")
    # a command with a --yes of its own
    assert here.run("name x > a.txt --yes") == 0
    assert written("a.txt") == "x True\n"


@pytest.mark.parametrize("where", ["> a.txt", ">> a.txt", "> a.json", "| cat", "> a.txt --yes"])
def test_what_is_revealed_goes_to_the_screen_alone(here: Stage, where: str) -> None:
    assert here.run(f"read ifsc 1 --reveal {where}") == 2
    assert "on the screen alone" in here.errors
    assert here.link.sent == []
    assert not Path("a.txt").exists()


def test_nor_does_it_by_a_script(here: Stage) -> None:
    """What `run` shows goes where its line says."""
    Path("s.jcop").write_text("read ifsc 1\nread ifsc 1 --reveal\n")
    assert here.run("run s.jcop") == 0
    assert here.run("run s.jcop > a.txt") == 2
    assert "on the screen alone" in here.errors
    assert not Path("a.txt").exists()


def test_a_link_stays_and_its_file_is_replaced(here: Stage) -> None:
    Path("real.txt").write_text("old")
    Path("a.txt").symlink_to("real.txt")
    assert here.run("say new > a.txt --yes") == 0
    assert Path("a.txt").is_symlink()
    assert written("real.txt") == "low: new\n"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere/a.txt", "there is no such folder"), (".", "this is a folder"), ("/dev/null", "no regular file"),
        ("a" * 300, "cannot be reached"), ("circle", "cannot be reached"), ("'a\0b'", "this is no path"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is_sent(here: Stage, target: str, says: str) -> None:
    Path("circle").symlink_to("circle")
    assert here.run(f"say one; read ifsc 1 > {target}") == 2
    assert says in here.errors
    assert here.link.sent == []
    assert here.shown == ""


@pytest.mark.parametrize("operator", [">", ">>"])
def test_a_disk_that_refuses_loses_no_result(here: Stage, operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.txt").write_text("old\n")

    def full(_file: Path, *_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jcopsh.shell.delivery.write_private", full)
    monkeypatch.setattr("jcopsh.shell.delivery.open_private_append", full)
    assert here.run(f"read ifsc 1 {operator} a.txt --yes") == 1
    assert "a.txt cannot be written: No space left on device" in here.errors.replace("\n ", "")
    assert "FE" in here.shown
    assert written("a.txt") == "old\n"


def test_an_append_is_whole_or_not_at_all(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path("a.txt").resolve()
    file.write_text("old\n")
    really, calls = os.write, 0

    def nearly_full(descriptor: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            return really(descriptor, bytes(data)[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jcopsh.shell.delivery.os.write", nearly_full)
    assert here.run("say more >> a.txt") == 1
    monkeypatch.undo()
    assert file.read_text() == "old\n"


def test_a_command_that_fails_leaves_no_file_and_shows_what_it_had(here: Stage) -> None:
    assert here.run("count 2 > a.txt") == 2
    assert not Path("a.txt").exists()
    assert here.shown == "0\n1\n"
    assert "that was the last" in here.errors
    assert here.run("break bug > a.txt") == 1
    assert here.run("break interrupt > a.txt") == 1
    assert not Path("a.txt").exists()


def test_a_command_without_a_result_makes_an_empty_file(here: Stage) -> None:
    assert here.run("leave > a.txt") == 0
    assert written("a.txt") == ""


def test_a_whole_script_may_be_redirected(here: Stage) -> None:
    Path("script").write_text("say one\nread ifsc 1 > inner.txt\nsay two --json\n")
    assert here.run("run script > all.txt") == 0
    assert written("all.txt") == 'low: one\n{"type": "Message", "text": "low: two"}\n'
    assert "FE" in written("inner.txt")
    Path("broken").write_text("say one\nreed\n")
    assert here.run("run broken > broken.txt") == 2
    assert not Path("broken.txt").exists()
    assert here.shown == "low: one\n"


def test_at_the_prompt_it_says_what_was_written(here: Stage) -> None:
    assert here.run("say x > a.txt") == 0
    assert here.errors == ""
    here.session.interactive = True
    assert here.run("say x >> a.txt; say x > b.log") == 0
    said = here.errors
    assert f"appended to {Path('a.txt').resolve()}" in said
    assert f"written as text to {Path('b.log').resolve()}" in said


# --- questions --------------------------------------------------------------------------------------------------------


def test_what_a_question_is_about_is_shown_before_it_is_asked(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps before a question are on the screen when it comes, and in the file all the same."""
    seen: list[str] = []

    def answered(*_: object) -> None:
        seen.append(here.stdout.getvalue())

    monkeypatch.setattr(consent, "ask_yes", answered)
    assert here.run("steps > a.txt") == 0
    assert seen == ["this is what will be done\n"]
    assert written("a.txt") == "this is what will be done\ndone\n"
    assert here.shown == "this is what will be done\n"


def test_a_refused_question_leaves_no_file(here: Stage) -> None:
    assert here.run("steps > a.txt") == Refused.exit_code
    assert not Path("a.txt").exists()
    assert here.shown == "this is what will be done\n"
    assert here.link.sent == []


def test_without_a_question_nothing_is_shown(here: Stage) -> None:
    _ = here.session.card
    assert here.run("steps > a.txt --yes") == 0
    assert here.shown == ""
    assert here.link.sent == ["00F00000"]


# --- programs --------------------------------------------------------------------------------------------------------


def test_a_program_gets_the_text(here: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    assert here.run("read ifsc 1") == 0
    shown = here.shown
    assert here.run("read ifsc 1 | cat") == 0
    assert capfd.readouterr().out == shown
    assert here.run("say one two | tr 'on' 'ab'; say --json x | tr -d '{}'") == 0
    assert capfd.readouterr().out == 'law: abe twa\n"type": "Message", "text": "low: x"\n'


def test_no_shell_reads_its_arguments(here: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    assert here.run("say x | printf %s '$HOME;*' ") == 0
    assert capfd.readouterr().out == "$HOME;*"


def test_how_a_program_ends_does_not_matter(here: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    # one that reads nothing, and one that fails
    assert here.run("say x | false; say still") == 0
    assert here.run("count 0") == 2
    assert here.run("say " + "long " * 50_000 + " | true") == 0
    assert here.shown == "low: still\n"


def test_a_program_that_is_not_there_is_told_before_anything_is_sent(here: Stage) -> None:
    assert here.run("read ifsc 1 | no-such-program") == 2
    assert "there is no such program" in here.errors
    assert here.link.sent == []


def test_a_program_that_cannot_be_started_loses_no_result(here: Stage) -> None:
    Path("broken").write_bytes(b"\x7fELF no program")
    Path("broken").chmod(0o700)
    assert here.run("read ifsc 1 | ./broken") == 1
    assert "./broken cannot be started" in here.errors
    assert "FE" in here.shown


def test_a_command_that_fails_starts_no_program(here: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    assert here.run("count 2 | cat") == 2
    assert capfd.readouterr().out == ""
    assert here.shown == "0\n1\n"


def test_programs_run_in_an_environment_that_keeps_nothing(here: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    assert here.run("say x | env") == 0
    assert {"LESSSECURE=1", "LESSHISTFILE=-"} <= set(capfd.readouterr().out.splitlines())


def test_what_is_sent_is_the_same_with_and_without(here: Stage) -> None:
    assert here.run("read ifsc 1 > a.txt; read ifsc 1 | cat; read ifsc 1") == 0
    assert here.link.sent == [CommandAPDU(0xC0, 0xB0, 1, 0x22, le=1).encode().hex().upper()] * 3


@pytest.mark.parametrize(
    ("program", "told"),
    [("false", "false ended with exit code 1\n"), ("true", ""), ("sh -c 'kill -9 $$'", "sh ended by signal 9\n")],
)
def test_a_program_that_fails_is_told_of(tmp_path: Path, program: str, told: str) -> None:
    scene = stage(tmp_path)
    assert scene.run(f"say hello | {program}") == 0
    assert scene.errors == told
