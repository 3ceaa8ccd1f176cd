"""What holds for every type of parameter, whatever is typed."""

from __future__ import annotations

from typing import Any

from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import NotationError
from jcopsh.shell.context import ParseContext
from jcopsh.shell.types import ParameterType


def is_read_or_refused(kind: ParameterType[Any], text: str, context: ParseContext) -> None:
    """A text is a value, or what is wrong with it has a place in it; nothing else about it fails."""
    assert all(0 <= span.start <= span.end <= len(text) for span in kind.secret_spans(text, context))
    kind.token_kind(text, context)
    list(kind.complete(text, context))
    assert isinstance(kind.explain(text, context), str)
    try:
        kind.parse(text, context)
    except NotationError as error:
        assert 0 <= error.start <= error.end <= len(text)
    except UsageError as error:
        assert error.start is not None and error.end is not None
        assert 0 <= error.start <= error.end <= len(text)
