"""Completion from the parse: what could stand at the cursor, with its meaning beside it.

`suggest` is pure; LineCompleter hands its answers to prompt_toolkit. Nothing here talks to a card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as PromptCompletion
from prompt_toolkit.document import Document

from jcopsh.shell.call_parser import GLOBAL_FLAGS
from jcopsh.shell.command import Registry
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.manual import first_sentence, option_meaning
from jcopsh.shell.other_tools import GPSHELL_WORDS
from jcopsh.shell.parse_cache import is_long, parsed
from jcopsh.shell.redirect import OPERATOR_MEANINGS
from jcopsh.shell.slot import Slot, SlotKind, slot_at_end
from jcopsh.shell.words import plain_name, quote

MOST = 300  # entries: a longer menu is leafed through by nobody, and costs more than a keystroke may
MORE = "…"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that replaces the line from `start` to the cursor; `shown` is how the menu lists it."""

    text: str
    start: int
    shown: str
    meaning: str


def suggest(before_cursor: str, registry: Registry, context: ParseContext) -> list[Suggestion]:
    """What could stand at the end of the text before the cursor.

    Where there is too much of it, the last entry says so and changes nothing; what is typed exactly is always there.
    Nothing for a very long text.
    """
    if is_long(before_cursor):
        return []
    line = parsed(before_cursor, registry, context)
    slot = slot_at_end(line, context)
    return _capped(_everything(slot, registry), before_cursor, slot)


def _everything(slot: Slot, registry: Registry) -> Iterator[Suggestion]:
    if slot.kind is SlotKind.COMMAND:
        yield from _commands(slot, registry)
    elif slot.kind is SlotKind.OPTION:
        yield from _options(slot)
    elif slot.kind is SlotKind.REDIRECT:
        yield from _operators(slot)
    elif slot.kind is SlotKind.VALUE:
        yield from _values(slot)


def _capped(found: Iterator[Suggestion], before_cursor: str, slot: Slot) -> list[Suggestion]:
    """The first so many; the last entry says that there are more.

    What is typed exactly is among them, for whoever finds them puts it first.
    """
    first = list(islice(found, MOST))
    if next(found, None) is None:
        return first
    return [*first, Suggestion(before_cursor[slot.start :], slot.start, MORE, "there are more: type on")]


def _commands(slot: Slot, registry: Registry) -> Iterator[Suggestion]:
    slash = "/" if slot.text.startswith("/") else ""
    typed = plain_name(slot.text)
    for name, meaning in _named(registry, typed):
        if name.startswith(typed):
            yield Suggestion(f"{slash}{name} ", slot.start, f"{slash}{name}", meaning)


def _named(registry: Registry, typed: str) -> Iterator[tuple[str, str]]:
    """Every command with its first sentence, the one typed exactly first, and the user's aliases.

    Another name that a command declares is offered to who has begun to type it, and GPShell's words to who has typed
    the _ that all of them have.
    """
    exact = registry.get(typed)
    for entry in registry if exact is None else (exact, *(one for one in registry if one is not exact)):
        if entry.group == GPSHELL_WORDS and "_" not in typed:
            continue
        if entry.name.startswith(typed):
            yield entry.name, first_sentence(entry.summary)
        if typed and entry.aliases:
            yield from ((alias, f"the same as {entry.name}") for alias in entry.aliases)
    yield from ((alias.name, f"alias: {alias.words}") for alias in registry.aliases)


def _options(slot: Slot) -> Iterator[Suggestion]:
    if slot.call is None or slot.call.command is None:
        return
    typed = slot.text.lstrip("-").lower()
    command = slot.call.command
    options = {f"--{name}": meaning for name, meaning in GLOBAL_FLAGS.items()}
    own = {p.option: option_meaning(command, p) for p in command.options.values()}
    options = own | {name: meaning for name, meaning in options.items() if name not in own}
    for option, meaning in options.items():
        if option.lstrip("-").startswith(typed):
            yield Suggestion(f"{option} ", slot.start, option, meaning)


def _operators(slot: Slot) -> Iterator[Suggestion]:
    if slot.call is None or not slot.call.bindings:
        return  # no command stands before it
    for kind, meaning in OPERATOR_MEANINGS.items():
        if kind.value.startswith(slot.text):
            yield Suggestion(f"{kind.value} ", slot.start, kind.value, meaning)


def _values(slot: Slot) -> Iterator[Suggestion]:
    parameter = slot.parameter
    if parameter is None or parameter.type is None:
        return
    for one in parameter.type.complete(slot.text, slot.context):
        suggestion = _written(one, slot.start, one.text, slot.text, rest=parameter.rest)
        if not slot.hidden:
            yield suggestion
        elif suggestion.text.startswith(slot.text[: slot.hidden]):  # what lies in an alias is not typed again
            yield replace(suggestion, text=suggestion.text[slot.hidden :])


def _written(completion: Completion, start: int, text: str, typed: str, *, rest: bool) -> Suggestion:
    whole = typed[: completion.start] + text
    # an argument that takes the rest of the line may have blanks, any other is one word
    written = whole if rest else quote(whole)
    if completion.unfinished and written != whole:
        written = written[:-1]  # the closing quote is typed when the path is complete
    return Suggestion(written if completion.unfinished else f"{written} ", start, completion.shown or text,
                      completion.meaning)


class _MenuEntry(PromptCompletion):
    """An entry of the menu with its texts at hand: prompt_toolkit asks all entries for them whenever it draws one."""

    def __init__(self, text: str, start_position: int, shown: str, meaning: str) -> None:
        super().__init__(text, start_position, [("", shown)], meaning)
        self._shown, self._meaning = shown, meaning

    @property
    def display_text(self) -> str:
        """How the menu lists it."""
        return self._shown

    @property
    def display_meta_text(self) -> str:
        """What stands beside it."""
        return self._meaning


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
            yield _MenuEntry(text, one.start - len(before), one.shown, one.meaning)
