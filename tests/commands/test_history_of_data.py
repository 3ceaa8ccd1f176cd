"""What a card is given to keep stays out of the history, however short it is."""

from __future__ import annotations

import pytest

from jcopsh.commands import register_all
from jcopsh.plugin.host import PluginHost
from jcopsh.shell.command import Registry
from jcopsh.shell.line import strike_out
from jcopsh.shell.parser import parse_line
from tests.shell.samples import context

REGISTRY = Registry()
register_all(REGISTRY, PluginHost())


@pytest.mark.parametrize("line", [
    "store-data {}", "store-data {} --form tlv", "personalize F001020304 {}", "put-data 5F50 {}",
    "internal-authenticate {}", "internal-authenticate {} --key 1", "install a.cap --params {}",
    "install a.cap --params={}", "install a.cap --params-field {}",
    "install-applet F001020304 F00102030401 --params {}",
    "create-domain F001020304 --params {}", "update-binary 0 {}", "update-record 1 {}", "append-record {}",
    "alias --save x = store-data {}", "store-data {}; reset",
])
@pytest.mark.parametrize("data", ["3132", "31323334", "|1234|", "3132333", "31:32:33"])
def test_data_for_a_card_are_struck(line: str, data: str) -> None:
    kept = strike_out(parse_line(line.format(data), REGISTRY, context()))
    assert data.strip("|") not in kept
    assert kept.startswith(line.partition("{}")[0].rstrip(" ="))


@pytest.mark.parametrize("line", [
    "store-data --load data.bin --form dgi", "install a.cap --dry-run", "tlv 840131", "put-data 5F50",
])
def test_what_is_no_such_data_is_kept(line: str) -> None:
    assert strike_out(parse_line(line, REGISTRY, context())) == line


def test_bytes_behind_blanks_are_struck_to_the_end() -> None:
    assert "33" not in strike_out(parse_line("store-data 31 32 33 34", REGISTRY, context()))
