"""AIDs, the card itself and privileges as they are typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcopsh.errors import UsageError
from jcopsh.iso7816.aid import AID
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.shell.context import Completion
from jcopsh.shell.types import ParameterType
from jcopsh.shell.types.content import AidOrCardType, AidType, PrivilegesType, WholeCard
from tests.shell.samples import CANARY, context

CONTEXT = replace(context(), aids=(Completion("000000000011", "application  (|......|) SELECTABLE"),))
AIDS = st.binary(min_size=5, max_size=16).map(AID)
VALUES: list[tuple[ParameterType[Any], st.SearchStrategy[Any]]] = [
    (AidType(), AIDS), (AidOrCardType(), AIDS | st.just(WholeCard.CARD)), (PrivilegesType(), st.integers(0, 0xFFFFFF)),
]


@given(st.data())
def test_what_a_type_writes_it_reads(data: st.DataObject) -> None:
    for kind, values in VALUES:
        value = data.draw(values)
        assert kind.parse(kind.format(value), CONTEXT) == value


@given(st.text(max_size=60) | st.text("0123456789abcdef,-", max_size=40))
def test_no_text_makes_a_type_fail_in_another_way(text: str) -> None:
    for kind, _ in VALUES:
        assert all(0 <= span.start <= span.end <= len(text) for span in kind.secret_spans(text, CONTEXT))
        kind.token_kind(text, CONTEXT)
        list(kind.complete(text, CONTEXT))
        assert isinstance(kind.explain(text, CONTEXT), str)
        try:
            kind.parse(text, CONTEXT)
        except NotationError as error:
            assert 0 <= error.start <= error.end <= len(text)
        except UsageError as error:
            assert error.start is not None and error.end is not None
            assert 0 <= error.start <= error.end <= len(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("04", 0x040000), ("048000", 0x048000), ("card-reset", 0x040000), ("Default-Selected", 0x040000),
        ("security_domain, trusted-path", 0x808000), ("dap-verification", 0xC00000),
    ],
)
def test_privileges(text: str, value: int) -> None:
    assert PrivilegesType().parse(text, CONTEXT) == value


@pytest.mark.parametrize(("text", "start", "end"), [("cardreset", 0, 9), ("card-reset,bogus", 11, 16), ("0400", 0, 4)])
def test_no_privileges(text: str, start: int, end: int) -> None:
    with pytest.raises(UsageError) as caught:
        PrivilegesType().parse(text, CONTEXT)
    assert (caught.value.start, caught.value.end) == (start, end)


def test_privileges_are_offered_behind_the_comma() -> None:
    found = {one.text: one.start for one in PrivilegesType().complete("card-reset,tru", CONTEXT)}
    assert found == {"trusted-path": 11}
    assert PrivilegesType().explain("card-reset", CONTEXT) == "Card Reset (default selected)"


def test_what_was_listed_is_offered() -> None:
    offered = [one.text for one in AidType().complete("0000", CONTEXT)]
    assert offered == ["000000000011"]
    assert "isd" in [one.text for one in AidType().complete("is", CONTEXT)]
    assert "card" in [one.text for one in AidOrCardType().complete("ca", CONTEXT)]


def test_what_looks_like_a_key_stays_out_of_the_history() -> None:
    assert AidType().secret_spans(CANARY.hex(), CONTEXT)
    assert not AidType().secret_spans("000000000011", CONTEXT)


def test_an_aid_may_have_blanks() -> None:
    assert AidType().words_taken(["00", "00", "00", "00", "00", "11", "--related"]) == 6
    assert AidType().words_taken(["000000000011", "locked"]) == 1
    assert AidType().words_taken(["isd", "A0"]) == 1
