"""Completion from the parse: what could stand at the cursor, with its meaning beside it.

`suggest` is pure; LineCompleter hands its answers to prompt_toolkit. Nothing here talks to a card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as PromptCompletion
from prompt_toolkit.document import Document

from jcopsh.shell.command import Registry
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.manual import flag_meaning
from jcopsh.shell.parser import GLOBAL_FLAGS, Slot, SlotKind, parse_line, slot_at_end
from jcopsh.shell.words import quote


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that replaces the line from `start` to the cursor; `shown` is how the menu lists it."""

    text: str
    start: int
    shown: str
    meaning: str


def suggest(before_cursor: str, registry: Registry, context: ParseContext) -> list[Suggestion]:
    """What could stand at the end of the text before the cursor."""
    slot = slot_at_end(parse_line(before_cursor, registry, context), context)
    if slot.kind is SlotKind.COMMAND:
        return _commands(slot, registry)
    if slot.kind is SlotKind.OPTION:
        return _options(slot)
    if slot.kind is SlotKind.VALUE:
        return _values(slot)
    return []


def _commands(slot: Slot, registry: Registry) -> list[Suggestion]:
    slash = "/" if slot.text.startswith("/") else ""
    typed = slot.text.removeprefix("/").lower()
    found = [
        (name, entry.summary if name == entry.name else f"the same as {entry.name}")
        for entry in registry for name in (entry.name, *entry.aliases)
        # an alias is offered to who has begun to type it
        if name.startswith(typed) and (name == entry.name or typed)
    ]
    return [Suggestion(f"{slash}{name} ", slot.start, f"{slash}{name}", meaning) for name, meaning in found]


def _options(slot: Slot) -> list[Suggestion]:
    if slot.call is None or slot.call.command is None:
        return []
    typed = slot.text.lstrip("-").lower()
    command = slot.call.command
    options = {f"--{name}": meaning for name, meaning in GLOBAL_FLAGS.items()}
    own = {p.option: p.type.meaning if p.type else flag_meaning(command, p) for p in command.options.values()}
    options = own | {name: meaning for name, meaning in options.items() if name not in own}
    return [
        Suggestion(f"{option} ", slot.start, option, meaning)
        for option, meaning in options.items() if option.lstrip("-").startswith(typed)
    ]


def _values(slot: Slot) -> list[Suggestion]:
    parameter = slot.parameter
    if parameter is None or parameter.type is None:
        return []
    return [
        _suggestion(slot, completion, rest=parameter.rest)
        for completion in parameter.type.complete(slot.text, slot.context)
    ]


def _suggestion(slot: Slot, completion: Completion, *, rest: bool) -> Suggestion:
    whole = slot.text[: completion.start] + completion.text
    # an argument that takes the rest of the line may have blanks, any other is one word
    written = whole if rest else quote(whole)
    if completion.unfinished and written != whole:
        written = written[:-1]  # the closing quote is typed when the path is complete
    return Suggestion(written if completion.unfinished else f"{written} ", slot.start, completion.text,
                      completion.meaning)


class LineCompleter(Completer):
    """prompt_toolkit's completer for command lines."""

    def __init__(self, registry: Registry, context: Callable[[], ParseContext]) -> None:
        self._registry = registry
        self._context = context

    def get_completions(
        self, document: Document, complete_event: CompleteEvent  # noqa: ARG002 — prompt_toolkit passes both by name
    ) -> Iterable[PromptCompletion]:
        """What could stand at the cursor."""
        before = document.text_before_cursor
        for one in suggest(before, self._registry, self._context()):
            # a blank that stands behind the cursor already is not typed twice
            text = one.text.rstrip(" ") if document.text_after_cursor[:1] == " " else one.text
            yield PromptCompletion(text, start_position=one.start - len(before), display=one.shown,
                                   display_meta=one.meaning)
