"""connect: what a card loses when another is wanted, and what it keeps where none can be had."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jcopsh.card.card import Card
from jcopsh.card.journal import Journal
from jcopsh.card.readers import ReaderInfo, choose
from jcopsh.commands import register_all
from jcopsh.errors import ReaderError
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.completion import suggest
from jcopsh.shell.execute import run_text
from jcopsh.shell.render import Output
from jcopsh.shell.session import Session
from jcopsh.shell.settings import Origin, Source
from tests.card.support import ATR, FakeReaderLink
from tests.commands.support import shell

A, B = ReaderInfo("virtual reader A", 0, True, ATR), ReaderInfo("virtual reader B", 1, True, ATR)


@dataclass
class Desk:
    """A session beside two readers whose cards speak T=1; `held` are the readers that another program has."""

    folder: Path
    held: set[str] = field(default_factory=set)
    opened: list[str] = field(default_factory=list)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        registry = Registry()
        register_all(registry, PluginHost())
        self.session = Session(registry=registry, opener=self._open, finder=self._find,
                               output=Output(stdout=io.StringIO(), stderr=self.stderr, width=200))

    def _find(self, reader: str | None, *, default_reader: str | None) -> str | None:
        return choose((A, B), reader or default_reader).name

    def _open(self, reader: str | None, *, default_reader: str | None, protocol: str | None, shared: bool) -> Card:
        assert reader is not None
        name = choose((A, B), reader).name
        self.opened.append(name)
        if name in self.held or protocol == "T=0":
            raise ReaderError("it cannot be had", meaning="so it is")
        link = FakeReaderLink({}, shared=shared)
        link._name = name
        return Card(link, Journal(self.folder / f"journal{len(self.opened)}"), None)

    def line(self, text: str) -> int:
        """Run a line; its exit code."""
        return run_text(self.session, text)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    assert made.line("connect 0") == 0
    return made


@pytest.mark.parametrize("line", ["connect foo", "connect virt", "connect 7", "connect foo --protocol T=0 --shared"])
def test_a_reader_that_is_not_meant_changes_nothing(desk: Desk, line: str) -> None:
    card = desk.session.card_or_none
    assert desk.line(line) == 1
    assert desk.session.card_or_none is card
    assert desk.opened == [A.name]
    assert (desk.session.settings.protocol, desk.session.settings.shared) == (None, False)


def test_a_card_is_left_for_another_only_when_that_is_there(desk: Desk) -> None:
    card = desk.session.card_or_none
    desk.held.add(B.name)
    assert desk.line("connect 1") == 1
    assert desk.session.card_or_none is card
    desk.held.clear()
    assert desk.line("connect 1") == 0
    assert desk.session.card.reader == B.name


def test_a_protocol_that_cannot_be_had_brings_the_card_back(desk: Desk) -> None:
    assert desk.line("connect 0 --protocol T=0") == 1
    said = " ".join(desk.stderr.getvalue().split())
    assert "so it is. The card was connected again as it was before" in said
    assert "its reset has ended selection, boot and secure channel" in said
    assert desk.session.card.reader == A.name
    assert desk.session.settings.protocol is None
    assert desk.opened == [A.name] * 3


def test_a_card_that_cannot_be_had_again_is_gone(desk: Desk) -> None:
    desk.held.add(A.name)
    assert desk.line("connect 0 --shared") == 1
    assert "connected again" not in desk.stderr.getvalue()
    assert desk.session.card_or_none is None


def test_a_simulated_card_is_kept_where_a_reader_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch, profile="j2a040-unfused")
    found.run("select tk")
    assert "there are no readers here" in found.fail("connect foo", 2)
    assert found.session.card.state.selected.value == "root applet"


# --- what is asked and does not show, and what goes into files -------------------------------------------------------


@pytest.mark.parametrize(("line", "before", "says"), [
    ("select tk", "", "32 hex digits, or 16 characters"),
    ("write cm_key1", "select tk; boot --yes", "16 bytes in hex, or |text|"),
])
@pytest.mark.parametrize("typed", ["qrst", "404142434445464748494A4B4C4D4Q4F", "40414243", "|q"])
def test_nothing_of_a_hidden_answer_is_shown(
    monkeypatch: pytest.MonkeyPatch, line: str, before: str, says: str, typed: str
) -> None:
    found = shell(monkeypatch, profile="j2a040-unfused")
    if before:
        found.run(before)
    else:
        assert found.session.key_store is not None
        monkeypatch.setattr(type(found.session.key_store), "transport_keys", lambda *_: ())
    found.answers.append(typed)
    said = found.fail(line, 2)
    assert says in said or "has 16 bytes" in said
    for shown in (repr(typed), "'q'", "'Q'", "'r'"):
        assert shown not in said


@pytest.mark.parametrize(("profile", "line"), [
    ("j2a040-unfused", "dump 0xC00305 0xC00314"), ("files", "cat 2F00"), ("files", "read-binary --file 2F00"),
    ("files", "read-record 1 --file 7E10/6E02"), ("files", "get-data 5F52"),
])
def test_nothing_is_revealed_into_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str, line: str
) -> None:
    found = shell(monkeypatch, profile=profile)
    target = tmp_path / "saved"
    said = found.fail(f"{line} --save {target} --reveal", 2)
    assert "--reveal shows keys and PINs on the screen alone" in said
    assert not target.exists()


def test_who_named_a_reader_that_is_not_there(desk: Desk) -> None:
    desk.session.settings.set("reader", "foo", Source(Origin.ENVIRONMENT, "GP_READER"))
    assert desk.line("connect") == 1
    assert "The reader 'foo' is named by GP_READER." in " ".join(desk.stderr.getvalue().split())
    assert desk.line("connect bar") == 1
    assert "'bar' is named" not in desk.stderr.getvalue()


def test_help_on_a_field(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch, profile="j2a040-unfused", width=200)
    found.run("connect")
    said = found.run("help cm_key1")
    assert said.startswith("0xC00305 is cm_key1") and "read cm_key1 reads it" in said
    assert found.run("help read").startswith("read ")


def test_the_menu_says_what_a_setting_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch)
    offered = {one.shown: one.meaning for one in suggest("set ", found.session.registry, found.session.context())}
    assert offered["trace"] == "show every exchange as it happens"
    assert all(offered.values())


def test_gpshell_s_reader_does_not_count_beside_a_simulated_card(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shell(monkeypatch)
    assert "simulated" in found.run("card_connect -readerNumber 1")
    assert "simulated" in found.run("card_connect -reader Omnikey")


def test_gpshell_counts_readers_from_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.line("card_connect -readerNumber 2") == 0
    assert desk.line("card_connect -reader \"reader A\"; card_disconnect") == 0
    assert desk.opened == [B.name, A.name]
    assert desk.session.card_or_none is None
    assert desk.line("card_connect -readerNumber 1 -reader A") != 0
    assert desk.line("card_connect -readerNumber 0") != 0
