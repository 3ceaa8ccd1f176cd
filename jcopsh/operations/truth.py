"""What is known to be on the card when a change of it does not come to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jcopsh.errors import CardWasReset, ChannelError, JcopshError, ReaderError, StoreError


@contextmanager
def telling(truth: str, again: str = "auth", look: str = "list") -> Iterator[None]:
    """Where the way to the card, the channel or the disk is lost within the block, or Ctrl-C comes, say the truth too.

    `truth` is a sentence without its full stop: what is known of the card then. `again` opens a
    channel, `look` tells more.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise JcopshError("interrupted", meaning=f"Ctrl-C was pressed. {truth}.", hint=look) from None
    except (ReaderError, ChannelError, StoreError) as error:
        said = error.meaning.rstrip(".")
        error.meaning = f"{said}. {truth}." if said else f"{truth}."
        if isinstance(error, CardWasReset):
            error.hint = f"{again}; {look}"  # the connection holds
        elif isinstance(error, ReaderError):
            error.hint = error.hint or f"connect; {again}; {look}"
        elif isinstance(error, ChannelError):
            error.hint = error.hint or f"{again}; {look}"
        raise
