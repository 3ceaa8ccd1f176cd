"""install, delete and what they leave in the history, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jcopsh.card import consent
from jcopsh.card.interlock import Judgement
from jcopsh.cli import DEFAULT_PROFILE, _source, argument_parser
from jcopsh.errors import Refused
from jcopsh.shell.completion import suggest
from jcopsh.shell.line import strike_out
from jcopsh.shell.manual import option_meaning
from jcopsh.shell.parser import parse_line
from tests import cap_files
from tests.commands.support import Shell, shell

PACKAGE, APPLET, OTHER = "D27600012401", "D2760001240102000000", "D27600012401020000AA"
KEY = "A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    for name, size in (("v1", 100), ("v2", 300)):
        made = cap_files.Cap(bytes.fromhex(PACKAGE), (bytes.fromhex(APPLET),), method_bytes=size)
        Path(f"{name}.cap").write_bytes(made.archive)
    return shell(monkeypatch, profile="j2e145", width=200)


def test_rebuilt_code_is_never_left_out(card: Shell) -> None:
    card.run("auth --key default")
    assert "loaded" in card.run("install v1.cap")
    assert f"delete {PACKAGE} --related" in card.fail("install v2.cap", 2)
    # what the old advice left: the package alone
    card.run(f"delete {APPLET} --yes")
    said = card.fail("install v2.cap", 2)
    assert "--reinstall" in said
    assert "--keep-package" in said
    assert "exclude one another" in card.fail("install v2.cap --reinstall --keep-package", 2)
    assert "refused" in card.fail("install v2.cap --reinstall", 3)
    for line in ("install v2.cap --reinstall --yes", "install v1.cap --force --yes", "upload v2.cap --reinstall --yes"):
        shown = card.run(line)
        assert f"{PACKAGE} deleted" in shown
        assert "loaded" in shown
    assert "nothing is loaded" in card.run("install v2.cap --keep-package")


def test_instances_that_the_card_does_not_tell_of(card: Shell) -> None:
    card.run("auth --key default")
    card.run(f"install v1.cap --instance {OTHER}")
    said = card.fail(f"delete {PACKAGE} --yes")
    assert "6985 on DELETE" in said
    assert f"perhaps {OTHER} is made of package {PACKAGE}" in said
    (deletion, _) = card.json(f"delete {PACKAGE} --related --yes")
    assert (deletion["goes_with"], deletion["perhaps"]) == ([], [OTHER])
    assert OTHER not in card.run("list")


def test_a_package_with_instances_goes_with_them_or_not_at_all(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shell(monkeypatch, profile="j3r180", width=200)
    card.run("auth --key default")
    card.run(f"install v1.cap --instance {OTHER}")
    said = card.fail(f"delete {PACKAGE}", 2)
    assert f"{OTHER} is made of package {PACKAGE}" in said
    assert f"delete {PACKAGE} --related" in said
    (deletion, _) = card.json(f"delete {PACKAGE} --related --yes")
    assert (deletion["goes_with"], deletion["modules"]) == ([OTHER], [APPLET])


def test_another_applet_becomes_the_default(card: Shell) -> None:
    card.run("auth --key default")
    card.run(f"install v1.cap --privileges card-reset; install v1.cap --keep-package --instance {OTHER}")
    assert "registry update" in card.fail(f"make-default {OTHER}", 3)
    card.run(f"make-default {OTHER} --yes")
    (listing,) = card.json("list")
    holders = [one["aid"] for one in listing["entries"] if "Card Reset (default selected)" in one["privileges"]]
    assert holders == [OTHER]
    said = card.fail("make-default isd-gp", 2)
    assert f"set-privileges {OTHER} 000000" in said
    card.run(f"set-privileges {OTHER} 000000 --yes")
    (listing,) = card.json("list")
    assert not any("default" in one for entry in listing["entries"][1:] for one in entry["privileges"])


@pytest.mark.parametrize("line", [
    f"set-status {OTHER} locked", f"delete {PACKAGE} --related", f"extradite {OTHER} isd-gp", f"make-default {OTHER}",
    f"set-privileges {OTHER} 00", f"create-domain {OTHER}", f"make-selectable {OTHER}", "store-data 42021122",
    f"personalize {OTHER} 00", "install v1.cap", "upload v1.cap", f"install-applet {PACKAGE} {APPLET}",
    "set-status card secured",
])
def test_without_a_channel_nothing_is_asked_and_nothing_sent(card: Shell, line: str) -> None:
    sent: list[object] = []
    card.session.card.observers.append(sent.append)
    said = card.fail(line)
    assert "over a secure channel, and none is open; nothing was sent" in said
    assert "auth" in said
    assert sent == []


PARAMETERS = "C1A55EC0DE8BADF0"


def test_what_an_applet_gets_is_kept_nowhere(card: Shell, tmp_path: Path) -> None:
    card.run("auth enc --key default; set trace full")
    shown = [card.run(f"install v1.cap --params {PARAMETERS}"), card.run("set trace off")]
    shown += [card.run(f"install v1.cap --params {PARAMETERS} --dry-run{json}") for json in ("", " --json")]
    shown.append(card.session.card.journal_path.read_text("utf-8"))
    for text in shown:
        assert PARAMETERS not in text.replace(" ", "").replace("\n", "")
    assert any("install_parameters:8:" in text for text in shown)
    revealed = card.run(f"install v1.cap --params {PARAMETERS} --dry-run --reveal")
    assert PARAMETERS in "".join(revealed.split())
    assert "--dry-run" in card.fail("install v1.cap --reveal", 2)


def test_parameters_are_put_into_their_tag_once(card: Shell) -> None:
    card.run("auth --key default")
    for line in ("install v1.cap", f"install-applet {PACKAGE} {APPLET}"):
        said = card.fail(f"{line} --params C9020102", 2)
        assert "--params-field" in said
        assert "C904" in said
        assert "BER-TLV" in card.fail(f"{line} --params-field C90201", 2)
    sent: list[bytes] = []
    card.session.card.observers.append(lambda exchange: sent.append(exchange.command.data))
    card.run("install v1.cap --params C902; delete " + f"{PACKAGE} --related --yes")
    card.run("install v1.cap --params-field C904C9020102")
    assert any(bytes.fromhex("04C902C902") in one for one in sent)
    assert any(bytes.fromhex("06C904C9020102") in one for one in sent)


def test_tab_knows_what_was_installed_without_a_listing(card: Shell) -> None:
    def offered(line: str) -> list[str]:
        return [one.text.strip() for one in suggest(line, card.session.registry, card.session.context())]

    assert APPLET not in offered("delete ")
    card.run("auth --key default; install v1.cap; info")
    assert offered("delete D276") == [PACKAGE, APPLET]
    assert offered(f"install-applet {PACKAGE} ") == [APPLET]
    assert APPLET in offered("select D276")
    assert offered("auth --key-version ") == ["0xFF"]
    assert card.session.context() is card.session.context()
    card.run(f"delete {PACKAGE} --related --yes")
    assert offered("delete D2760") == []
    card.run("disconnect")
    assert offered("auth --key-version ") == []


def test_contradictions_and_domains_that_are_none(card: Shell) -> None:
    card.run("auth --key default")
    assert "--load-only and --instance" in card.fail(f"install v1.cap --load-only --instance {OTHER}", 2)
    assert "is a package" in card.fail("install v1.cap --domain A0000001515350", 2)


@pytest.mark.parametrize("line", [
    f"delete {APPLET}", f"delete {APPLET} --bogus", f"install v1.cap --applet {APPLET} --instance {OTHER}",
    f"install v1.cap --applet {APPLET} --instance {OTHER} --bogus", f"extradite {APPLET} A000000151000000",
    f"extradite {APPLET} A000000151000000 --bogus", f"create-domain {APPLET}", f"set-status {APPLET} lokced",
    f"install-applet {PACKAGE} {APPLET} --instance {OTHER} --bogus",
])
def test_aids_stay_in_the_history_and_in_errors(card: Shell, line: str) -> None:
    session = card.session
    assert strike_out(parse_line(line, session.registry, session.context())) == line


@pytest.mark.parametrize("line", ["delete {}", "extradite {} isd --bogus", "install v1.cap --instance {} --bogus"])
def test_what_may_be_a_transport_key_does_not(card: Shell, line: str) -> None:
    session = card.session
    struck = strike_out(parse_line(line.format(KEY), session.registry, session.context()))
    assert KEY not in struck
    assert "‹16 bytes›" in struck


@pytest.mark.parametrize(("line", "hint"), [
    ("uninstall v1.cap", "delete"), ("get-status", "list"), ("get_status", "list"), ("init-update", "auth"),
    ("ext-auth", "auth"), ("open_sc", "auth"), ("lock", "put-keys"), ("load v1.cap", "install FILE"),
    ("set-key", "auth --key"),
])
def test_the_words_of_other_programs(card: Shell, line: str, hint: str) -> None:
    said = card.fail(line, 2)
    assert hint in said
    assert "did you mean" not in said


def test_every_flag_says_what_it_does(card: Shell) -> None:
    for name in ("install", "upload", "install-applet", "delete"):
        entry = card.session.registry.get(name)
        assert entry is not None
        declared = entry.command
        assert declared is not None
        flags = [one for one in declared.options.values() if one.type is None]
        assert flags
        for one in flags:
            assert len(option_meaning(declared, one).split()) > 2, (name, one.option)


# --- keys ------------------------------------------------------------------------------------------------------------


def test_keys_that_a_card_has_are_not_forgotten_without_a_yes(card: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    card.run("auth --key default")
    card.run(f"put-keys {KEY} --key-version 1 --save bench --yes")
    asked: list[tuple[Judgement, str]] = []

    def no(judgement: Judgement, which: str, *, question: str) -> None:
        asked.append((judgement, which))
        assert question == "Forget it?"
        raise Refused("no")

    monkeypatch.setattr(consent, "ask_yes", no)
    assert "the key set bench was kept" in card.fail("keys forget bench", 3)
    (judgement, which), = asked
    assert "bench" in judgement.what
    assert which
    assert "bench" in card.run("keys list")
    card.run("keys forget bench --yes")
    assert "bench" not in card.run("keys list")
    card.run(f"keys add given --key {KEY[::-1]}")
    card.run("keys forget given")
    assert len(asked) == 1


def test_what_goes_and_what_stays_is_shown_before_keys_are_deleted(
    card: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.run("auth --key default")
    card.run(f"put-keys {KEY} --key-version 1 --save bench --yes")
    card.run(f"put-keys {KEY[::-1]} --key-version 2 --save other --yes")
    monkeypatch.setattr(consent, "ask_typed", lambda *_: None)
    said, done = card.json("delete-key 1")
    assert said["text"] == "version 0x01 (bench) goes; version 0x02 (other) stays"
    assert "deleted" in done["text"]


# --- auth ------------------------------------------------------------------------------------------------------------


def test_wrong_keys_say_how_they_were_diversified(card: Shell) -> None:
    assert "default, diversified by visa2" in card.fail("auth --key visa2:default")


def test_where_no_domain_is_selected_the_way_to_one_works(card: Shell) -> None:
    card.run("auth --key default")
    card.run("install v1.cap")
    card.run(f"select {APPLET}")
    said = card.fail("auth --key default --here")
    assert "auth without --here selects the card's own" in " ".join(said.split())
    card.run("auth --key default; list")


def test_a_file_needs_no_profile() -> None:
    parser = argument_parser()
    assert _source(parser.parse_args(["--sim-state", "card.json"])).profile is None
    assert _source(parser.parse_args(["--sim"])).profile == DEFAULT_PROFILE
    assert _source(parser.parse_args(["--sim-state", "x", "--profile", "j2e145"])).profile == "j2e145"


def test_a_level_that_is_not_offered_begins_no_authentication(card: Shell) -> None:
    said = card.fail("auth full --key default")
    assert "No authentication was begun" in said
    assert "Nothing was sent" not in said


@pytest.mark.parametrize(("line", "kept"), [
    ("delete A00000000300 A00000015100", "delete A00000000300 A00000015100"),
    ("set-status A000000003000000 7F", "set-status A000000003000000 7F"),
    ("set-status A000000003000000 1234", "set-status A000000003000000 ‹secret›"),
    # a key that a blank parts, where an AID stands
    ("delete C0FFEE00DECAFBAD12 34567890ABCDEF", "delete ‹9 bytes› ‹secret›"),
    ("delete C0FFEE00DECAFBAD1234567890AB CD", "delete ‹14 bytes› ‹secret›"),
])
def test_what_is_kept_of_a_line_with_something_too_many(card: Shell, line: str, kept: str) -> None:
    session = card.session
    assert strike_out(parse_line(line, session.registry, session.context())) == kept
