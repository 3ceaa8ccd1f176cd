"""Each byte of a command APDU has its kind, in every case and form, hidden parts included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.token import Token

from jcopsh.iso7816.apdu import CommandAPDU
from jcopsh.shell.apdu_lexer import STYLES, CommandApduLexer
from jcopsh.shell.theme import THEMES

HEADER = ["Cla", "Ins", "P1P2", "P1P2"]


def kinds(text: str) -> list[str]:
    return [str(kind).rpartition(".")[2] for _, kind, part in CommandApduLexer().get_tokens_unprocessed(text)
            if part.strip()]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("00F00000", []),
        ("C0 B0 03 05 10", ["Le"]),
        ("C0D6012201FE", ["Lc", "Data"]),
        ("00 A4 04 00 02 3F 00 00", ["Lc", "Data", "Data", "Le"]),
        ("00A4040010<transport_key:16:8BAF47>", ["Lc", "Hidden"]),
        ("00 A4 04 00 10 <transport_key:16:8BAF47> 00", ["Lc", "Hidden", "Le"]),
        ("00B00000000100", ["Lc"] * 0 + ["Le", "Le", "Le"]),
        ("00D6000000 0002 AABB", ["Lc", "Lc", "Lc", "Data", "Data"]),
        ("00D6000000 0002 AABB 0100", ["Lc", "Lc", "Lc", "Data", "Data", "Le", "Le"]),
        ("00A40400 01 AA 00 00", ["Lc", "Data", "Error", "Error"]),
    ],
)
def test_every_case(text: str, rest: list[str]) -> None:
    assert kinds(text) == HEADER + rest


@given(
    st.builds(
        CommandAPDU, *[st.integers(0, 255)] * 4, data=st.binary(max_size=300),
        le=st.none() | st.integers(1, 65536), extended=st.booleans(),
    )
)
def test_as_many_data_bytes_as_there_are(command: CommandAPDU) -> None:
    found = kinds(command.encode().hex(" "))
    assert found.count("Data") == len(command.data)
    assert "Error" not in found
    assert bool(found.count("Le")) == (command.le is not None)


@given(st.text(alphabet="0123456789ABCDEFabcdef <>:xyz|", max_size=60))
def test_any_text_is_given_back_whole(text: str) -> None:
    assert "".join(part for _, _, part in CommandApduLexer().get_tokens_unprocessed(text)) == text


def test_every_kind_has_a_style_on_every_ground() -> None:
    assert all(style in theme for style in STYLES.values() for theme in THEMES.values())
    assert Token.Error not in STYLES
