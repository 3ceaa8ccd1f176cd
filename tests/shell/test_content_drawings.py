"""How listings, CAP files, plans and progress look."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest

from jcopsh.globalplatform.cap import parse_cap
from jcopsh.globalplatform.card_data import KeyInformation, Resources, parse_recognition
from jcopsh.globalplatform.cplc import parse_cplc
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.atr import parse_atr
from jcopsh.iso7816.tlv_tree import tlv_tree
from jcopsh.operations.cap_files import cap_info
from jcopsh.operations.content import Request, dry_run
from jcopsh.operations.content_values import (
    Absent,
    CardInfo,
    CardListing,
    ContentChanged,
    ContentEntry,
    Deletion,
    DryRun,
    InstallPlan,
    PlannedCommand,
)
from jcopsh.operations.key_values import KeysPut
from jcopsh.operations.progress import Progress
from jcopsh.secrets.segments import Segments
from jcopsh.shell.json_form import to_json
from jcopsh.shell.registry_drawings import roots
from jcopsh.shell.render import Output
from tests import cap_files
from tests.cap_files import Cap

ISD, DOMAIN = AID.parse("A000000151000000"), AID.parse("A000000151000001")
PACKAGE, APPLET = AID.parse("0000000000"), AID.parse("000000000011")
ISSUER = ContentEntry(ISD, "....Q...", "isd-gp", "issuer security domain", 1, "OP_READY",
                      ("Security Domain", "Card Lock", "Card Terminate"))
SECOND = ContentEntry(DOMAIN, "....Q...", "", "security domain", 7, "SELECTABLE", ("Security Domain",))
APPLICATION = ContentEntry(APPLET, "......", "", "application", 0x87, "LOCKED", ())
LOADED = ContentEntry(PACKAGE, ".....", "", "package", 1, "LOADED", (), "1.0", (APPLET,))
LISTING = CardListing((ISSUER, SECOND, APPLICATION, LOADED), 160000, ("a note",))


def drawn(value: object, width: int = 80) -> str:
    stream = io.StringIO()
    Output(stdout=stream, width=width).show(value)
    return stream.getvalue()


def test_a_listing_is_a_tree() -> None:
    assert drawn(LISTING).splitlines() == [
        "A000000151000000 (|....Q...|)  issuer security domain  OP_READY",
        "Card Lock, Card Terminate",
        "├── A000000151000001 (|....Q...|)  security domain  SELECTABLE",
        "├── 000000000011 (|......|)  application  LOCKED",
        "└── 0000000000 (|.....|)  package 1.0  LOADED",
        "    └── 000000000011 (|......|)  module",
        "a note",
        "160000 bytes of memory are free",
    ]


def test_what_belongs_to_another_domain_hangs_below_it() -> None:
    moved = replace(APPLICATION, domain=DOMAIN)
    lines = drawn(CardListing((ISSUER, moved, SECOND))).splitlines()
    assert lines[2:] == [
        "└── A000000151000001 (|....Q...|)  security domain  SELECTABLE",
        "    └── 000000000011 (|......|)  application  LOCKED",
    ]


@pytest.mark.parametrize(
    "entries",
    [
        (replace(SECOND, domain=DOMAIN),),  # a domain that belongs to itself
        (replace(SECOND, domain=ISD), replace(SECOND, aid=ISD, domain=DOMAIN)),  # two that belong to each other
        (APPLICATION, LOADED),  # no domain at all
        (ISSUER, ISSUER, SECOND, replace(SECOND, domain=AID(bytes(5)))),
    ],
)
def test_every_entry_is_shown_whatever_the_card_says(entries: tuple[ContentEntry, ...]) -> None:
    text = drawn(CardListing(entries))
    assert all(str(one.aid) in text for one in entries)
    assert roots(entries)


@pytest.mark.parametrize(("entries", "drawn_entries"), [
    ((ISSUER, replace(ISSUER, kind="security domain"), APPLICATION), 3),
    ((ISSUER, ISSUER, SECOND), 2),
    ((replace(SECOND, domain=ISD), replace(SECOND, aid=ISD, domain=DOMAIN), APPLICATION), 3),
    ((replace(SECOND, domain=DOMAIN), replace(SECOND, domain=DOMAIN, life_cycle=15)), 2),
    ((ISSUER, APPLICATION, replace(LOADED, aid=APPLET, modules=())), 3),  # a package with an application's AID
])
def test_no_entry_is_drawn_twice(entries: tuple[ContentEntry, ...], drawn_entries: int) -> None:
    lines = [line for line in drawn(CardListing(entries)).splitlines() if "(|" in line]
    assert len(lines) == drawn_entries, lines


def test_a_life_cycle_that_was_not_told() -> None:
    assert "life cycle not told" in drawn(CardListing((replace(APPLICATION, life_cycle=None,
                                                               life_cycle_name="life cycle not told"),)))


def test_a_card_that_lists_nothing() -> None:
    assert "lists nothing" in drawn(CardListing(()))


INFO = CardInfo(
    parse_cplc(bytes(42)), b"\x11\x22", b"", parse_recognition(bytes.fromhex("660F730D640B06092A864886FC6B040215")),
    (KeyInformation(1, 0xFF, "3DES", 16),), b"\x00\x07", Resources(3, 160000, None), None,
    (Absent("card image number", 0x6A88, "the card has no such data object"),),
)


def test_info() -> None:
    text = drawn(INFO)
    for part in ("11 22", "SCP02 i=15", "0xFF", "3DES", "160000 bytes", "0007", "CPLC",
                 "card image number  6A88 the card has no such data object"):
        assert part in text, part


def test_info_without_anything_says_what_to_do() -> None:
    nothing = CardInfo(None, b"", b"", None, (), b"", None, None, INFO.absent)
    assert "select isd" in drawn(nothing)


def test_a_cap_file() -> None:
    later = cap_info(parse_cap(replace(cap_files.A, format=(2, 3)).archive), "A.cap")
    assert later.java_card == "3.1"  # which brought that format, whatever the file imports
    text = drawn(cap_info(parse_cap(cap_files.A.archive), "A.cap"))
    for part in ("A.cap", "2.1, compact", "000000000011 (|......|)", "javacard.framework", "Java Card 2.2.2", "Method",
                 f"{len(cap_files.A.load_block)} bytes", "not loaded"):
        assert part in text, part


STEERING = ("\x1b[2J", "\x1b]0;title\x07", "\n  forged line", "\r", "\x9b2J", "\x90q\x9c", "\u202e", "\u2066", "\u2028")


@pytest.mark.parametrize("steering", STEERING, ids=ascii)
def test_names_out_of_a_file_do_not_steer_the_terminal(steering: str) -> None:
    name = f"be{steering}hind"
    made = Cap(cap_files.A.package, cap_files.A.applets, name=name, format=(2, 2))
    value = cap_info(parse_cap(made.archive), f"{name}.cap")
    text = drawn(value)
    assert not (set(text) - {"\n"}) & set(steering[:1] + "\x1b\x07\x9b\x90\x9c")
    assert not any(line.strip().startswith("forged") for line in text.splitlines())
    assert text.count("\n") == drawn(cap_info(parse_cap(replace(made, name="be_hind").archive), "a.cap")).count("\n")
    assert not set(to_json(value)) & set(steering) & set("\x1b\x07\n\r\x9b\x90\x9c\u202e\u2066\u2028")


@pytest.mark.parametrize("steering", [one for one in STEERING if not one.startswith("\n")], ids=ascii)
@pytest.mark.parametrize("colored", [False, True])
def test_texts_of_a_card_do_not_steer_the_terminal(steering: str, *, colored: bool) -> None:
    text = f"a{steering}b"
    raw = text.encode().ljust(16, b"x")[:16]
    entry = replace(APPLICATION, aid=AID(raw), text=text, name=text, life_cycle_name=text, privileges=(text,))
    stream = io.StringIO()
    output = Output(stdout=stream, width=80, color="always" if colored else "never")
    for value in (CardListing((ISSUER, entry), notes=(text,)), replace(INFO, absent=(Absent(text, 0x6A88, text),)),
                  parse_cplc(raw * 2 + raw[:10]), parse_atr(b"\x3b" + bytes((len(raw[:15]),)) + raw[:15]),
                  tlv_tree(bytes.fromhex("5010") + raw), text):
        output.show(value)
    shown = stream.getvalue()
    if colored:
        shown = re.sub("\x1b\\[[0-9;]*m", "", shown)
    assert "\ufffd" in shown
    assert not set(shown) & set("\x1b\x07\r\x9b\x90\x9c\u202e\u2066\u2028")


def test_plans_and_what_was_done() -> None:
    plan = InstallPlan(
        PACKAGE, "1.0", loads=True, bytes_to_load=244, blocks=2, block_size=200,
        instances=((APPLET, AID.parse("0000000000AA")),), domain=DOMAIN, notes=("a doubt",),
    )
    text = drawn(plan)
    for part in ("244 bytes in 2 blocks of up to 200", "0000000000AA", "of applet 000000000011", str(DOMAIN),
                 "a doubt"):
        assert part in text, part
    assert drawn(ContentChanged("done it", "list")).splitlines() == ["✔ done it", "→ list"]
    assert drawn(Deletion(PACKAGE, "package", (APPLET,), modules=(APPLET,), perhaps=(DOMAIN,))).splitlines() == [
        "delete 0000000000 (|.....|)  package", "  with it 000000000011 (|......|)  instance",
        "  with it 000000000011 (|......|)  module",
        f"  with it {DOMAIN} (|....Q...|)  perhaps: the card does not tell"]
    assert "has not told" in drawn(Deletion(PACKAGE, "", (), known=False))


def test_a_dry_run_shows_every_byte() -> None:
    shown = dry_run(Request(parse_cap(cap_files.A.archive)), 239)
    text = "".join(drawn(shown).split())
    for one in shown.commands:
        assert str(one.command) in text
    assert "nothingwassent" in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_everything_fits_its_terminal(width: int) -> None:
    for value in (LISTING, INFO, cap_info(parse_cap(cap_files.A.archive), "A.cap")):
        assert all(len(line) <= width for line in drawn(value, width).splitlines())


def test_everything_has_a_json_form() -> None:
    for value in (LISTING, INFO, cap_info(parse_cap(cap_files.A.archive), "A.cap")):
        assert json.loads(to_json(value))["type"] == type(value).__name__
    assert json.loads(to_json(LISTING))["entries"][3]["modules"] == ["000000000011"]


class Screen(io.StringIO):
    """A terminal, as far as Output asks."""

    def isatty(self) -> bool:
        return True


def test_progress_passes_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stdout, stderr = io.StringIO(), Screen()
    output = Output(stdout=stdout, stderr=stderr, width=80, color="never")
    output.show(Progress("loading 0000000000", 100, 244, "bytes"))
    output.show(Progress("loading 0000000000", 244, 244, "bytes"))
    output.show("done")
    assert stdout.getvalue() == "done\n"
    first, second, last = stderr.getvalue().split("\r\x1b[K")[1:4]
    assert "100 of 244 bytes" in first
    assert "244 of 244 bytes" in (second or last)
    assert stderr.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("json_wanted", [True, False])
def test_progress_is_for_terminals_alone(*, json_wanted: bool) -> None:
    stdout, stderr = io.StringIO(), io.StringIO()
    Output(stdout=stdout, stderr=stderr).show(Progress("loading", 1, 2, "bytes"), json=json_wanted)
    assert stdout.getvalue() + stderr.getvalue() == ""


def test_a_dry_run_of_many_blocks_shows_the_first_and_the_last() -> None:
    loads = tuple(PlannedCommand("LOAD", Segments((bytes((0x80, 0xE8, 0, number)),)), f"block {number + 1} of 9")
                  for number in range(9))
    shown = drawn(DryRun(loads))
    assert "block 2 of 9" in shown
    assert "block 3 of 9" not in shown
    assert "6 blocks more, which --json shows" in shown
    assert shown.index("6 blocks more") < shown.index("block 9 of 9")
    assert "more" not in drawn(DryRun(loads[:3]))


@pytest.mark.parametrize(("others", "shown"), [((0x20, 0xFF), "0x20, 0xFF"), ((), "none"), (None, "not tell")])
def test_key_versions_are_shown_as_they_are_typed(others: tuple[int, ...] | None, shown: str) -> None:
    lines = drawn(KeysPut("bench", 1, ("504A77",) * 3, "SCP03 i=70, level 01: C-MAC", others)).splitlines()
    assert lines[1].split("  ")[-1].strip() == "0x01"
    assert lines[2].endswith("504A77, 504A77, 504A77")
    assert lines[4].endswith(shown)
