"""The lines that README shows in its tables, typed in their order on the simulated cards that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cap_files import Cap
from tests.e2e.support import Jcopsh

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
CAP = Cap(bytes.fromhex("D276000085"), (bytes.fromhex("D27600008501"),))
PACKAGE, MODULE, DOMAIN = "D276000085", "D27600008501", "A000000151000099"
NEW_KEY = "505152535455565758595A5B5C5D5E5F"
AUTHENTICATED = "auth --key default"

# what is typed in place of a line that leaves something out, or asks a question at the terminal
ON_JCOP: Mapping[str, str] = {
    "boot": "boot --yes",
    "write cm_key1 …": f"write cm_key1 {NEW_KEY} --yes",
    "protect": "help protect",  # the consent has a random code
    "fuse": "help fuse",
    "dump | less": "dump | cat",  # nobody leafs through it
    "reset": "reset; select tk; boot --yes",
    "history": "help history",
    "run": "run lines.jcop",
}
ON_PERSONALISED: Mapping[str, str] = {
    "keys add bench": f"keys add bench --key {NEW_KEY}",  # asked for without echo
    "keys save NAME": "keys save opened",
    "keys add NAME --from-memory 123": "help keys",  # for a card that was in its own hands before FUSE
    "keys solve": f"reset; {AUTHENTICATED}; keys solve",
    "upload": f"delete {PACKAGE} --related --yes; upload applet.cap",
    "install-applet": f"install-applet {PACKAGE} {MODULE}",
    "delete AID --related": f"delete {PACKAGE} --related --yes",
    "set-status": f"install applet.cap; set-status {MODULE} locked; set-status {MODULE} unlocked",
    "store-data": "store-data 42021122",
    "personalize": "help personalize",  # applets on simulated cards take no data
    "create-domain": f"create-domain {DOMAIN}",
    "extradite": f"extradite {MODULE} {DOMAIN} --yes",
    "make-selectable": "help make-selectable",  # what `install` leaves is selectable
    "make-default AID": f"make-default {MODULE} --yes",
    "set-privileges AID card-reset,cvm-management": f"set-privileges {MODULE} card-reset,cvm-management --yes",
    "put-keys --key-version 1 --save bench": f"put-keys {NEW_KEY} --key-version 1 --save put --yes",
}
ON_FILES: Mapping[str, str] = {"verify 1": "verify 1 |1234|"}


def lines_of(table: str) -> list[str]:
    """The lines in the first column of the table that begins with a given line."""
    start = README.index(f"| `{table}`")
    rows = README[start : README.index("\n\n", start)].splitlines()
    first = (re.split(r"(?<!\\)\|", row)[1] for row in rows)
    return [line.replace(r"\|", "|") for cell in first for line in re.findall("`([^`]+)`", cell)]


@pytest.mark.parametrize(
    ("table", "profile", "instead"),
    [("identify", "j2a040-unfused", ON_JCOP), ("auth --key default", "j2e145", ON_PERSONALISED),
     ("cd 3F00/7E10", "files", ON_FILES)],
)
def test_the_lines_of_a_table_can_be_typed_in_their_order(
    table: str, profile: str, instead: Mapping[str, str], tmp_path: Path
) -> None:
    lines = lines_of(table)
    assert len(lines) > 10
    assert set(instead) <= set(lines)
    (tmp_path / "note.txt").write_text("note", "ascii")
    (tmp_path / "applet.cap").write_bytes(CAP.archive)
    (tmp_path / "lines.jcop").write_text("status\n", "ascii")
    typed = [instead.get(line, line) for line in lines]
    done = Jcopsh(tmp_path, profile=profile).run("-", text="\n".join(typed))
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
    assert "✘" not in done.stdout + done.stderr
    assert "✔ 0 files" not in done.stdout
