"""Keys and levels as they are typed; what of them no history keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.errors import UsageError
from jcopsh.globalplatform.channel import SecurityLevel
from jcopsh.globalplatform.keys import Diversification
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.secrets.secret import Secret
from jcopsh.shell.context import ParseContext
from jcopsh.shell.types.key_specs import KeySpec, KeySpecType, SecurityLevelType, is_key_set_name

SPEC, LEVEL, NOTHING = KeySpecType(), SecurityLevelType(), ParseContext()
KEY = "404142434445464748494A4B4C4D4E4F"
secrets = st.sampled_from((16, 24, 32)).flatmap(lambda n: st.binary(min_size=n, max_size=n)).map(Secret)
names = st.from_regex(r"[a-z][a-z0-9_.-]{0,23}", fullmatch=True).filter(is_key_set_name)


@given(st.one_of(st.builds(KeySpec, secrets, st.just(""), st.sampled_from(Diversification)),
                 st.builds(KeySpec, st.none(), names, st.sampled_from(Diversification))))
def test_parse_of_format(value: KeySpec) -> None:
    assert SPEC.parse(SPEC.format(value), NOTHING) == value


@given(st.sampled_from([SecurityLevel(n) for n in (0x00, 0x01, 0x03, 0x10, 0x11, 0x13, 0x33)]))
def test_parse_of_format_of_levels(value: SecurityLevel) -> None:
    assert LEVEL.parse(LEVEL.format(value), NOTHING) == value


@pytest.mark.parametrize(("text", "name", "how"), [
    ("default", "default", "none"), ("visa2:default", "default", "visa2"), ("KDF3:bench-card", "bench-card", "kdf3"),
])
def test_names(text: str, name: str, how: str) -> None:
    assert SPEC.parse(text, NOTHING) == KeySpec(None, name, Diversification(how))
    assert not SPEC.secret_spans(text, NOTHING)


@pytest.mark.parametrize("text", [
    KEY, KEY.lower(), f"emv:{KEY}", f"{KEY[:-1]}g", KEY[:-2], "0x" + KEY, "4041424344454647x", KEY * 2 + "zz",
    ":".join(KEY[i : i + 2] for i in range(0, 32, 2)), "|CanaryKey#16;by.|",
])
def test_what_is_or_may_be_a_key_is_struck_even_where_it_is_wrong(text: str) -> None:
    (span,) = SPEC.secret_spans(text, NOTHING)
    assert text[span.start : span.end] == text.removeprefix("emv:")


@pytest.mark.parametrize("text", [KEY[:-2], KEY + "00", "visa3:default", "", "visa2:"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises((UsageError, NotationError)) as raised:
        SPEC.parse(text, NOTHING)
    assert KEY[:8] not in str(raised.value)


@pytest.mark.parametrize(("text", "level"), [
    ("mac", 0x01), ("MAC", 0x01), ("cmac", 0x01), ("1", 0x01), ("01", 0x01), ("0x01", 0x01), ("enc", 0x03),
    ("0x03", 0x03), ("plain", 0x00), ("none", 0x00), ("clr", 0x00), ("rmac", 0x11), ("mac+rmac", 0x11),
    ("enc+rmac", 0x13), ("33", 0x33), ("full", 0x33), ("0x33", 0x33), ("10", 0x10),
])
def test_levels(text: str, level: int) -> None:
    assert LEVEL.parse(text, NOTHING) == level


@pytest.mark.parametrize("text", ["02", "20", "ff", "secure", "", "0x"])
def test_what_is_no_level(text: str) -> None:
    with pytest.raises(UsageError):
        LEVEL.parse(text, NOTHING)


@pytest.mark.parametrize(("typed", "offered"), [
    ("", ["default", "bench", "blue-card", "visa2:default", "emv:default", "kdf3:default"]),
    ("b", ["bench", "blue-card"]), ("emv:b", ["emv:bench", "emv:blue-card"]), ("KDF3:blue", ["kdf3:blue-card"]),
])
def test_stored_names_are_offered(typed: str, offered: list[str]) -> None:
    found = SPEC.complete(typed, ParseContext(key_sets=("bench", "blue-card")))
    assert [one.text for one in found] == offered
