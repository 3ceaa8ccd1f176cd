"""How a card's registry and what its security domain tells are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from jcopsh.globalplatform.card_data import KeyInformation, Recognition, Resources
from jcopsh.globalplatform.channel import version_text
from jcopsh.globalplatform.cplc import Cplc
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.hexadecimal import ascii_column, format_bytes
from jcopsh.operations.content_values import Absent, CardInfo, CardListing, ContentEntry
from jcopsh.shell.canvas import Canvas
from jcopsh.shell.drawings import cell, draw, pairs

GAP = "  "
_ISSUER = "issuer security domain"
_BAD_STATES = ("LOCKED", "CARD_LOCKED", "TERMINATED")


def aid_text(aid: AID, text: str = "") -> Text:
    """An AID in hex and, as in other clients' listings, between bars as text."""
    return Text(str(aid), "name").append(f" (|{text or ascii_column(aid.value)}|)", "dim")


# --- list ----------------------------------------------------------------------------------------------------------


@draw.register
def _draw_listing(value: CardListing, canvas: Canvas) -> RenderableType:
    drawn: set[ContentEntry] = set()
    trees: list[RenderableType] = [_tree(root, value.entries, drawn) for root in roots(value.entries)]
    if not value.entries:
        trees.append(Text("the card lists nothing", "dim"))
    notes = [Text(note, "dim") for note in value.notes]
    if value.free_memory is not None:
        notes.append(Text(f"{value.free_memory} bytes of memory are free", "dim"))
    return Group(*trees, *notes)


def roots(entries: Sequence[ContentEntry]) -> tuple[ContentEntry, ...]:
    """What hangs below nothing: the issuer's security domain, and all that no listed security domain leads to."""
    reached: set[ContentEntry] = set()
    found: list[ContentEntry] = []
    first = [one for one in entries if one.kind == _ISSUER]
    for entry in (*first, *(one for one in entries if _parent(one, entries) is None), *entries):
        if entry not in reached:
            found.append(entry)
            _reach(entry, entries, reached)
    return tuple(found)


def _reach(entry: ContentEntry, entries: Sequence[ContentEntry], reached: set[ContentEntry]) -> None:
    reached.add(entry)
    for child in children(entry, entries):
        if child not in reached:
            _reach(child, entries, reached)


def _parent(entry: ContentEntry, entries: Sequence[ContentEntry]) -> AID | None:
    """The security domain that an entry hangs below: as the card tells, or else the issuer's."""
    if entry.kind == _ISSUER:
        return None
    domains = [one for one in entries if one.kind.endswith("security domain")]
    if entry.domain is not None and entry.domain != entry.aid and any(one.aid == entry.domain for one in domains):
        return entry.domain
    issuers = [one.aid for one in domains if one.kind == _ISSUER]
    return issuers[0] if issuers else None


def children(entry: ContentEntry, entries: Sequence[ContentEntry]) -> tuple[ContentEntry, ...]:
    """What hangs below a security domain; nothing below anything else."""
    if not entry.kind.endswith("security domain"):
        return ()
    return tuple(one for one in entries if one is not entry and _parent(one, entries) == entry.aid)


def _tree(entry: ContentEntry, entries: Sequence[ContentEntry], drawn: set[ContentEntry]) -> Tree:
    """An entry and what hangs below it and is not drawn yet, which is added to `drawn`: a card may name circles."""
    drawn.add(entry)
    tree = Tree(_entry_text(entry), guide_style="dim")
    for module in entry.modules:
        tree.add(aid_text(module).append(f"{GAP}module", ""))
    for child in children(entry, entries):
        if child not in drawn:
            tree.add(_tree(child, entries, drawn))
    return tree


def _entry_text(entry: ContentEntry) -> Text:
    text = aid_text(entry.aid, entry.text).append(f"{GAP}{entry.kind}", "label")
    if entry.version:
        text.append(f" {entry.version}", "label")
    bad = any(entry.life_cycle_name.startswith(word) for word in _BAD_STATES)
    text.append(f"{GAP}{entry.life_cycle_name}", "bad" if bad else "good")
    # that a security domain is one stands there already
    privileges = [name for name in entry.privileges if name != "Security Domain"]
    if privileges:
        text.append(f"\n{', '.join(privileges)}", "dim")
    return text


# --- info ----------------------------------------------------------------------------------------------------------


@draw.register
def _draw_info(value: CardInfo, canvas: Canvas) -> RenderableType:
    parts: list[tuple[str, RenderableType]] = []
    numbers = [
        ("issuer identification number", cell(value.issuer_identification or None)),
        ("card image number", cell(value.card_image or None)),
        ("sequence counter", _counter(value.sequence_counter)),
    ]
    if any(content.plain for _, content in numbers):
        parts.append(("Numbers", pairs(numbers, canvas)))
    for title, content in (("GlobalPlatform", value.recognition), ("JCOP", value.jcop4), ("Memory", value.resources),
                           ("CPLC", value.cplc)):
        if content is not None:
            parts.append((title, draw(content, canvas)))
    if value.keys:
        parts.insert(1, ("Keys", _keys(value.keys)))
    drawn: list[RenderableType] = []
    for title, drawing in parts:
        drawn.extend((Text(title, "title"), Padding(drawing, (0, 0, 1, 2))))
    if value.absent:
        drawn.append(_absent(value.absent, nothing=not parts))
    return Group(*drawn)


def _counter(value: bytes) -> Text:
    if not value:
        return Text("")
    return Text(format_bytes(value), "bytes").append(f"{GAP}{int.from_bytes(value, 'big')}", "dim")


def _keys(keys: Sequence[KeyInformation]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="label")
    for name in ("version", "identifier", "kind", "length"):
        table.add_column(name)
    for key in keys:
        length = "" if key.length is None else f"{key.length} bytes"
        table.add_row(version_text(key.version), f"{key.identifier:02X}", key.kind or "not told", length)
    return table


def _absent(absent: Sequence[Absent], *, nothing: bool) -> RenderableType:
    heading = Text("Not told", "title")
    lines = [Text(f"{GAP}{one.name}", "").append(f"{GAP}{one.sw:04X} {one.meaning}", "dim") for one in absent]
    if nothing:
        lines.append(Text("A security domain tells more: select isd, or select isd-gp. An unfused card has none: "
                          "identify.", "warn"))
    return Group(heading, *lines)


@draw.register
def _draw_recognition(value: Recognition, canvas: Canvas) -> RenderableType:
    return pairs([
        ("GlobalPlatform", Text(value.globalplatform, "name")),
        ("secure channels", Text(", ".join(map(str, value.secure_channels)), "name")),
        ("Java Card", Text(value.java_card)),
        ("card identification", Text(value.identification)),
        ("card configuration", Text(value.configuration)),
        ("chip", Text(value.chip)),
    ], canvas)


@draw.register
def _draw_resources(value: Resources, canvas: Canvas) -> RenderableType:
    def bytes_of(count: int | None) -> Text:
        return Text("" if count is None else f"{count} bytes")

    return pairs([
        ("free non-volatile", bytes_of(value.free_non_volatile)), ("free RAM", bytes_of(value.free_volatile)),
        ("applications", Text("" if value.applications is None else str(value.applications))),
    ], canvas)


_CPLC_WORDS = {"ic": "IC", "icc": "ICC", "id": "ID"}


def _cplc_label(name: str) -> str:
    """`ic_pre_personalizer` as a person writes it: IC pre-personalizer."""
    words = (_CPLC_WORDS.get(word, word) for word in name.split("_"))
    return " ".join(words).replace("pre perso", "pre-perso")


@draw.register
def _draw_cplc(value: Cplc, canvas: Canvas) -> RenderableType:
    return pairs([
        (_cplc_label(one.name),
         Text(format_bytes(one.value), "bytes").append(f"{GAP}{one.meaning}" if one.meaning else "", ""))
        for one in value.fields
    ], canvas)
