"""Where the cursor is: what of a parsed line could go on at its end, for completion and the hint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from jcopsh.shell.command import Parameter
from jcopsh.shell.context import ParseContext
from jcopsh.shell.line import Binding, Call, Line, Role
from jcopsh.shell.redirect import parameter_of
from jcopsh.shell.words import BLANKS, Redirect, RedirectKind


class SlotKind(Enum):
    """What can be typed where the cursor stands."""

    COMMAND = "command"
    VALUE = "value"
    OPTION = "option"
    REDIRECT = "redirect"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Slot:
    """What the cursor stands in: `text` is what is typed of it (without quotes), from `start` of the line.

    `context` knows the arguments before it. The first `hidden` characters of `text` lie in an alias, and not in the
    line: `start` is where the others do.
    """

    kind: SlotKind
    text: str
    start: int
    call: Call | None
    parameter: Parameter | None
    context: ParseContext
    hidden: int = 0


def slot_at_end(line: Line, context: ParseContext) -> Slot:
    """What stands at the end of a line, which is the text before the cursor."""
    end = len(line.text)
    if line.comment is not None:
        return Slot(SlotKind.NOTHING, "", end, None, None, context)
    call = next((call for call in line.calls if call.end == end and call.start <= end), None)
    if call is None:
        return Slot(SlotKind.COMMAND, "", end, None, None, context)
    if call.inner is not None and _stands_inside(call, end):
        return _slot_inside(call, call.inner, context)
    context = context.with_arguments(call.arguments)
    if call.redirect is not None:
        return _slot_in_redirect(line.text, call, call.redirect, context)
    last = call.bindings[-1] if call.bindings else None
    if _begins_option(line.text, call):
        return Slot(SlotKind.OPTION, "-", end - 1, call, None, context)
    if last is not None and last.word.end == end:
        return _slot_in_word(call, last, context)
    if call.command is None:
        return Slot(SlotKind.NOTHING, "", end, call, None, context)
    if last is not None and last.parameter is not None and last.parameter is call.following and last.role is Role.VALUE:
        # bytes go on after a blank
        return Slot(SlotKind.VALUE, line.text[last.word.start :], last.word.start, call, call.following, context)
    kind = SlotKind.NOTHING if call.following is None else SlotKind.VALUE
    return Slot(kind, "", end, call, call.following, context)


def _stands_inside(call: Call, end: int) -> bool:
    """Whether the line that a call holds, or is by an alias, has what stands at the end of the text."""
    if call.expansion is None:
        return call.inner is not None and len(call.inner.text) == end
    return call.bindings[0].word.end < end


def _slot_inside(call: Call, inner: Line, context: ParseContext) -> Slot:
    """The slot in that line. Of a text that begins in an alias only the rest can be replaced."""
    slot = slot_at_end(inner, context)
    if call.expansion is None:
        return slot
    typed = call.expansion.typed_start(slot.start, slot.text)
    if typed is None:
        return replace(slot, kind=SlotKind.NOTHING, call=call)
    return replace(slot, start=typed[0], hidden=typed[1], call=call)


def _slot_in_redirect(text: str, call: Call, redirect: Redirect, context: ParseContext) -> Slot:
    """The operator while nothing stands behind it, the file or program, an option of the command behind a file."""
    end, parameter = len(text), parameter_of(redirect.kind)
    if redirect.operator.end == end:
        return Slot(SlotKind.REDIRECT, redirect.kind.value, redirect.operator.start, call, None, context)
    last = max((*redirect.words, *(binding.word for binding in call.bindings)), key=lambda word: word.end, default=None)
    touched = last if last is not None and last.end == end else None
    if touched is not None and text[touched.start] == "-" and redirect.kind is not RedirectKind.PROGRAM:
        return Slot(SlotKind.OPTION, touched.text, touched.start, call, None, context)
    if not redirect.words:
        return Slot(SlotKind.VALUE, "", end, call, parameter, context)
    if touched is redirect.words[0]:
        return Slot(SlotKind.VALUE, touched.text, touched.start, call, parameter, context)
    return Slot(SlotKind.NOTHING, "", end, call, None, context)


def _begins_option(text: str, call: Call) -> bool:
    """Whether a call ends in a lone `-`, which more can make an option of, though by itself it is a value."""
    if not text.endswith("-") or text[-2:-1] not in BLANKS or any(binding.word.problem for binding in call.bindings):
        return False
    return not any(binding.role is Role.OPTION and binding.word.text == "--" for binding in call.bindings)


def _slot_in_word(call: Call, binding: Binding, context: ParseContext) -> Slot:
    word, parameter = binding.word, binding.parameter
    if binding.role is Role.COMMAND:
        return Slot(SlotKind.COMMAND, word.text, word.start, call, None, context)
    if binding.role is Role.OPTION:
        return Slot(SlotKind.OPTION, word.text, word.start, call, parameter, context)
    if binding.role is Role.VALUE and parameter is not None:
        before = {name: value for name, value in call.arguments.items() if name != parameter.name}
        return Slot(SlotKind.VALUE, word.text, word.start, call, parameter, context.with_arguments(before))
    return Slot(SlotKind.NOTHING, "", word.end, call, None, context)
