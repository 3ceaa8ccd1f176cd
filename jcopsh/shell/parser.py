"""A line of text becomes typed tokens: one parse for highlighting, completion, the hint, validation and execution.

    line     = call { ";" call } [ comment ]
    call     = NAME { argument } | bytes           a call that is only bytes is `send` of them, with its options
    argument = VALUE | --flag | --name VALUE | --name=VALUE | -name VALUE

`?` alone is `help`, and `NAME ?` and `? NAME` are `help NAME`. A leading `/` as in JCShell is taken off. A problem
stands under the word that is wrong. Nothing here talks to a card, and no problem's text repeats what may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import HEX_DIGITS, NotationError, parse_apdu_text
from jcopsh.shell.command import Command, Entry, Parameter, ParameterKind, Registry
from jcopsh.shell.context import NOTHING, ParseContext
from jcopsh.shell.strike import (
    PLACEHOLDER,
    StruckText,
    byte_runs,
    byte_spans,
    merge,
    strike,
    suspicious_spans,
    without,
)
from jcopsh.shell.tokens import Problem, Span, Token, TokenKind, touching
from jcopsh.shell.types.base import PendingError, did_you_mean
from jcopsh.shell.words import BLANKS, Segment, Word, cut, join

SEND = "send"
HELP = "help"
GLOBAL_FLAGS: Mapping[str, str] = {
    "json": "print the result as JSON",
    "yes": "answer yes to what is destructive; never to what is irreversible",
}
SHORTEST_PIN = 4
LONGEST_REPEATED = 12  # a longer word that is no command may be a key, and is not repeated
_BYTES_OF_AN_APDU = 4
_LIKE_A_NAME = re.compile(r"[a-z][a-z0-9_+-]*")
_ONLY_BYTES = HEX_DIGITS | set("xX:,|#()*/=")
_AN_OPTION = re.compile(r"--?[A-Za-z][A-Za-z_-]*")
_PAIRS_OF_DIGITS = re.compile(r"(?:[0-9A-Fa-f]{2})+")
# words that are no part of a key, whatever stands around them
_HARMLESS = re.compile(rf"\*[0-9A-Fa-f]{{4}}|--?(?:{'|'.join(GLOBAL_FLAGS)})", re.IGNORECASE)


class Role(Enum):
    """What a word is to its call."""

    COMMAND = "command"
    VALUE = "value"
    OPTION = "option"
    EXCESS = "excess"


_VALUES = (Role.VALUE, Role.EXCESS)


@dataclass(frozen=True, slots=True)
class Binding:
    """A word (or several, joined) and what it is to its call; `parameter` is None where it belongs to none."""

    word: Word
    role: Role
    parameter: Parameter | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One command with its arguments, from `start` to before `end` of the line.

    `entry` is None where there is no such command. `command` is None too while a plugin's command is not loaded: its
    arguments are then not looked at. `arguments` holds the values that could be parsed, by parameter name. `following`
    is the parameter that one more word would belong to.
    """

    start: int
    end: int
    entry: Entry | None
    command: Command | None
    bindings: tuple[Binding, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    problems: tuple[Problem, ...] = ()
    tokens: tuple[Token, ...] = ()
    secrets: tuple[Span, ...] = ()
    following: Parameter | None = None
    json: bool = False
    yes: bool = False

    @property
    def understood(self) -> bool:
        """Whether every word of it was."""
        return self.command is not None and not self.problems


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line: its calls, tokens in order, problems, and the spans that no history may keep."""

    text: str
    calls: tuple[Call, ...]
    tokens: tuple[Token, ...]
    problems: tuple[Problem, ...]
    secrets: tuple[Span, ...]
    comment: Span | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to run."""
        return not self.calls

    def call_at(self, offset: int) -> Call | None:
        """The call that a cursor there belongs to."""
        return next((call for call in self.calls if call.start <= offset <= call.end), None)

    def struck(self) -> StruckText:
        """The line without its secrets."""
        return strike(self.text, self.secrets)


def strike_out(line: Line) -> str:
    """The line as a history may keep it: `‹16 bytes›` stands for a key, a PIN, or what may be one."""
    return line.struck().text


def parse_line(text: str, registry: Registry, context: ParseContext) -> Line:
    """Parse a line. Never fails: what is wrong is among the problems."""
    pieces = cut(text)
    calls = tuple(
        _parse_call(_Source(text, registry, context), segment) for segment in pieces.segments if segment.words
    )
    tokens = [token for call in calls for token in call.tokens]
    tokens += [Token(at, at + 1, TokenKind.SEPARATOR) for at in pieces.separators]
    secrets = [span for call in calls for span in call.secrets]
    if pieces.comment:
        tokens.append(Token(*pieces.comment, TokenKind.COMMENT))
        secrets += _shifted(suspicious_spans(text[pieces.comment.start :]), pieces.comment.start)
    return Line(
        text=text,
        calls=calls,
        tokens=tuple(sorted(tokens, key=lambda token: token.start)),
        problems=tuple(problem for call in calls for problem in call.problems),
        secrets=tuple(merge(secrets)),
        comment=pieces.comment,
    )


def _shifted(spans: Sequence[Span], by: int) -> list[Span]:
    return [Span(span.start + by, span.end + by) for span in spans]


@dataclass(frozen=True, slots=True)
class _Source:
    """What all calls of a line have in common."""

    text: str
    registry: Registry
    context: ParseContext


def _parse_call(source: _Source, segment: Segment) -> Call:
    first, words, get = segment.words[0], segment.words, source.registry.get
    if first.text == "?":
        return _CallParser(source, segment, get(HELP), first, words[1:]).parse()
    if len(words) > 1 and words[-1].text == "?" and words[-1].offsets is None:
        return _CallParser(source, segment, get(HELP), words[-1], words[:-1]).parse()
    entry = get(first.text) if first.offsets is None else None
    if entry is not None:
        return _CallParser(source, segment, entry, first, words[1:]).parse()
    if _only_bytes(_bytes_part(source.text, words)) and get(SEND):
        return _CallParser(source, segment, get(SEND), None, words).parse()
    return _unknown_command(source, segment)


def _bytes_part(text: str, words: Sequence[Word]) -> str:
    """The words of a call that are no options, as they stand."""
    written = (text[word.start : word.end] for word in words)
    return " ".join(word for word in written if not _AN_OPTION.fullmatch(word))


def _only_bytes(text: str) -> bool:
    """Whether a call is nothing but bytes, at least four, though perhaps with a digit missing."""
    inside = False
    for character in text:
        if character == "|":
            inside = not inside
        elif not inside and character not in _ONLY_BYTES and not character.isspace():
            return False
    return len(byte_spans(text)) >= _BYTES_OF_AN_APDU


def _unknown_command(source: _Source, segment: Segment) -> Call:
    text, word = source.text, segment.words[0]
    near = source.registry.near(word.text) if len(word.text) <= LONGEST_REPEATED else ""
    spans = _shifted(suspicious_spans(text[segment.start : segment.end]), segment.start)
    if not near and _may_be_secret(word.text):
        spans.append(Span(word.start, word.end))
    problem = _unreadable(text, word) or (None if near else _wrong_in_bytes(text, segment.words)) or Problem(
        "there is no such command", f"did you mean {near}?" if near else "help lists the commands", word.start, word.end
    )
    tokens = [Token(word.start, word.end, TokenKind.UNKNOWN)]
    tokens += [Token(one.start, one.end, TokenKind.TEXT) for one in segment.words[1:]]
    return Call(
        segment.start, segment.end, None, None, (Binding(word, Role.COMMAND),), problems=(problem,),
        tokens=tuple(tokens), secrets=tuple(without(text, spans, _harmless(segment.words))),
    )


def _unreadable(text: str, word: Word) -> Problem | None:
    """What keeps a word from being read at all: a secret that is gone, or something left open."""
    placeholder = PLACEHOLDER.search(text, word.start, word.end)
    return _placeholder_problem(placeholder.start(), placeholder.end()) if placeholder else word.problem


def _wrong_in_bytes(text: str, words: Sequence[Word]) -> Problem | None:
    """What is wrong with words that begin as bytes do; None where they do not, or nothing is."""
    given = [one for one in words if not _AN_OPTION.fullmatch(one.text)]
    if not _begins_with_bytes(given):
        return None
    written = join(text, given)
    try:
        parse_apdu_text(written.text)
    except NotationError as error:
        return Problem(error.message, "help bytes shows the notations", *written.span(error.start, error.end))
    return None


def _begins_with_bytes(words: Sequence[Word]) -> bool:
    """Whether pairs of hexadecimal digits begin what may be an APDU; a word such as `decade` alone says nothing."""
    if len(words) < 2 or not _PAIRS_OF_DIGITS.fullmatch(words[0].text):
        return False
    return any(map(str.isdigit, words[0].text)) or _PAIRS_OF_DIGITS.fullmatch(words[1].text) is not None


def _harmless(words: Iterable[Word]) -> list[Span]:
    return [Span(word.start, word.end) for word in words if not word.offsets and _HARMLESS.fullmatch(word.text)]


def _may_be_secret(word: str) -> bool:
    """Whether an unknown word may be a PIN or a transport key of 16 letters that was typed in the wrong place."""
    return len(word) > LONGEST_REPEATED or (len(word) >= SHORTEST_PIN and any(map(str.isdigit, word)))


def _placeholder_problem(start: int, end: int) -> Problem:
    return Problem("a secret stood here, and the history does not keep secrets", "type it again", start, end)


class _CallParser:
    """Parses the words of one call whose command is known. `name` is None for a call that is only bytes."""

    def __init__(
        self, source: _Source, segment: Segment, entry: Entry | None, name: Word | None, words: Sequence[Word]
    ) -> None:
        self.source = source
        self.text = source.text
        self.context = source.context
        self.segment = segment
        self.entry = entry
        self.command = entry.command if entry else None
        self.name = name
        self.words = words
        self.bindings: list[Binding] = []
        self.tokens: list[Token] = []
        self.problems: list[Problem] = []
        self.secrets: list[Span] = []
        self.arguments: dict[str, Any] = {}
        self.flags: set[str] = set()
        self.following: Parameter | None = None

    def parse(self) -> Call:
        if self.name is not None:
            self.bindings.append(Binding(self.name, Role.COMMAND))
            self.tokens.append(Token(self.name.start, self.name.end, TokenKind.COMMAND))
        if self.command is None:
            self._leave_unparsed()
        else:
            self._parse_arguments(self.command)
        self.secrets = without(self.text, self.secrets, self._borders_of_problems())
        return Call(
            start=self.segment.start, end=self.segment.end, entry=self.entry, command=self.command,
            bindings=tuple(sorted(self.bindings, key=lambda b: b.word.start)), arguments=self.arguments,
            problems=tuple(sorted(self.problems, key=lambda p: p.start)), tokens=tuple(self._overlaid()),
            secrets=tuple(self.secrets), following=self.following,
            json="json" in self.flags, yes="yes" in self.flags,
        )

    def _leave_unparsed(self) -> None:
        self.tokens += [Token(word.start, word.end, TokenKind.TEXT) for word in self.words]
        self._suspect_everything()

    def _suspect_everything(self) -> None:
        """Take for secret what may be, except in words whose type knows better."""
        start, end = self.segment.start, self.segment.end
        if self.command is None:
            suspected = _shifted(suspicious_spans(self.text[start:end]), start)
            self.secrets += without(self.text, suspected, _harmless(self.words))
            return
        if self.name is not None and self.name.end < end:
            start = max(start, self.name.end)
        known = merge(Span(b.word.start, b.word.end) for b in self.bindings if _knows_its_secrets(b))
        suspected = [
            run for run in _shifted(byte_runs(self.text[start:end]), start)
            # a run that goes on beyond such a word may be one key in two pieces
            if not any(word.start <= run.start and run.end <= word.end for word in touching(known, *run))
        ]
        # bytes: the address they are for may be what is wrong
        suspected += [
            Span(b.word.start, b.word.end) for b in self.bindings if _holds_bytes(b) or self._is_odd(b)
        ]
        self.secrets += without(self.text, suspected, [*_harmless(self.words), *self._public()])

    def _public(self) -> list[Span]:
        """Words that are understood and no secret: options, and addresses."""
        return [
            Span(b.word.start, b.word.end) for b in self.bindings
            if b.parameter and (
                b.word.text.lstrip("-").lower() == b.parameter.option.lstrip("-") if b.role is Role.OPTION
                else b.parameter.type and b.parameter.type.never_secret and b.parameter.name in self.arguments
            )
        ]

    def _borders_of_problems(self) -> list[Span]:
        """The blanks beside words that are wrong, so that each has a placeholder of its own to mark."""
        borders = {at for one in self.problems for at in (one.start, one.end)}
        before = [Span(b.word.start - 1, b.word.start) for b in self.bindings if b.word.start in borders]
        behind = [Span(b.word.end, b.word.end + 1) for b in self.bindings if b.word.end in borders]
        return [span for span in before + behind if self.text[span.start : span.end].strip(BLANKS) == ""]

    def _is_odd(self, binding: Binding) -> bool:
        """Whether a word fits nowhere and may be a transport key in letters: long, and not written as names are."""
        understood = binding.parameter is not None and binding.parameter.name in self.arguments
        long = len(binding.word.text) >= LONGEST_REPEATED
        return long and not understood and binding.role in _VALUES and not _LIKE_A_NAME.fullmatch(binding.word.text)

    def _parse_arguments(self, command: Command) -> None:
        positional, options = self._part_options(command)
        self._bind_positional(command, positional)
        for parameter, word in options:
            self._value(parameter, word)
        self._check_missing(command)
        if self.problems:
            self._suspect_everything()

    # options --------------------------------------------------------------------------------------------------------

    def _part_options(self, command: Command) -> tuple[list[Word], list[tuple[Parameter, Word]]]:
        """Positional words, and the values of options; flags are noted."""
        positional: list[Word] = []
        options: list[tuple[Parameter, Word]] = []
        waiting: Parameter | None = None
        only_values = False
        for word in self.words:
            name = None if only_values else self._option_name(word)
            if waiting is not None and name is None:
                options.append((waiting, word))
                waiting = None
            elif name is None:
                positional.append(word)
            elif name == "":
                only_values = True
                self.bindings.append(Binding(word, Role.OPTION))
                self.tokens.append(Token(word.start, word.end, TokenKind.OPTION))
            else:
                waiting = self._option(command, word, name, options)
        self.following = waiting
        return positional, options

    def _option_name(self, word: Word) -> str | None:
        """The name of the option that a word is; empty for `--`; None for a word that is no option."""
        if self.text[word.start] != "-" or word.text == "-":
            return None
        if word.text == "--":
            return ""
        name = word.text.removeprefix("-").removeprefix("-").partition("=")[0].lower().replace("_", "-") or "-"
        if word.text.startswith("--"):
            return name
        return name if name[:1].isalpha() else None

    def _option(
        self, command: Command, word: Word, name: str, options: list[tuple[Parameter, Word]]
    ) -> Parameter | None:
        """Take an option; return it if its value is still to come."""
        parameter = command.options.get(name)
        equals = word.text.find("=")
        name_end = word.end if equals < 0 else word.at(equals)
        self.tokens.append(Token(word.start, name_end, TokenKind.OPTION))
        self.bindings.append(Binding(word, Role.OPTION, parameter))
        if parameter is None:
            self._global_flag(command, word, name)
            return None
        if parameter.name in self.arguments or any(known is parameter for known, _ in options):
            self._problem("this option is given twice", "", word.start, word.end)
        if parameter.type is None:
            self.arguments[parameter.name] = True
            if equals >= 0:
                self._problem("this is a flag: it takes no value", "", name_end, word.end)
            return None
        if equals >= 0:
            options.append((parameter, _after(word, equals + 1)))
            return None
        return parameter

    def _global_flag(self, command: Command, word: Word, name: str) -> None:
        if name in GLOBAL_FLAGS and "=" not in word.text:
            self.flags.add(name)
            return
        known = [*command.options, *GLOBAL_FLAGS]
        hint = did_you_mean(name, known) if len(name) <= LONGEST_REPEATED else ""
        self._problem(f"{command.name} has no such option", hint or f"help {command.name} lists them",
                      word.start, word.end)

    # values ---------------------------------------------------------------------------------------------------------

    def _bind_positional(self, command: Command, words: list[Word]) -> None:
        position = 0
        following = next(iter(command.positional), None)
        for number, parameter in enumerate(command.positional):
            if position >= len(words):
                break
            position += self._bind_one(parameter, words[position:])
            is_last = number + 1 == len(command.positional)
            following = (parameter if parameter.rest else None) if is_last else command.positional[number + 1]
        self.following = self.following or following
        for word in words[position:]:
            self.bindings.append(Binding(word, Role.EXCESS))
            self.tokens.append(Token(word.start, word.end, TokenKind.TEXT))
        if position < len(words):
            self._excess(command, words[position:])

    def _bind_one(self, parameter: Parameter, words: list[Word]) -> int:
        """Give a parameter its words; return how many."""
        if parameter.type is None:
            return 0
        count = len(words) if parameter.rest else parameter.type.words_taken([word.text for word in words])
        self._value(parameter, join(self.text, words[:count]))
        return count

    def _excess(self, command: Command, words: list[Word]) -> None:
        count = len(command.positional)
        most = {0: "no arguments", 1: "one argument"}.get(count, f"{count} arguments")
        runs_on = any(self.source.registry.get(word.text) for word in words)
        hint = "a ; stands between two commands" if runs_on else command.signature
        self._problem(f"{command.name} takes {most}" + (" at most" if count else ""), hint,
                      words[0].start, words[-1].end)

    def _value(self, parameter: Parameter, word: Word) -> None:
        """Parse one value; note its token, its secrets and its problem."""
        if parameter.type is None:
            return
        self.bindings.append(Binding(word, Role.VALUE, parameter))
        context = self.context.with_arguments(self.arguments)
        kind = parameter.type.token_kind(word.text, context)
        self.tokens.append(Token(word.start, word.end, kind))
        self.secrets += [word.span(*span) for span in parameter.type.secret_spans(word.text, context)]
        placeholder = PLACEHOLDER.search(word.text)
        if placeholder:
            at = word.span(placeholder.start(), placeholder.end())
            self.problems.append(_placeholder_problem(*at))
            self.tokens.append(Token(*at, TokenKind.PLACEHOLDER))
            return
        if word.problem:
            self.problems.append(word.problem)
            return
        try:
            self.arguments[parameter.name] = parameter.type.parse(word.text, context)
        except NotationError as error:
            self._problem(error.message, "help bytes shows the notations", *word.span(error.start, error.end))
        except UsageError as error:
            pending = isinstance(error, PendingError) and not context.card_known
            self._problem(error.what, error.hint, *word.span(error.start, error.end), pending=pending)

    def _check_missing(self, command: Command) -> None:
        end = max((word.end for word in (*self.words, self.name) if word), default=self.segment.end)
        bound = {binding.parameter.name for binding in self.bindings if binding.parameter}
        given = {one.parameter.name for one in self.bindings if one.parameter and one.role is Role.VALUE}
        for parameter in command.parameters:
            if parameter.required and parameter.name not in bound:
                self._problem(f"{parameter.usage} is missing", command.signature, end, end + 1)
                return
            is_option = parameter.kind is ParameterKind.OPTION
            if is_option and parameter.name in bound and parameter.name not in given:
                value = parameter.type.metavar if parameter.type else ""
                self._problem(f"{parameter.option} needs a value: {value}", command.signature, end, end + 1)
                return

    def _problem(self, message: str, hint: str, start: int, end: int, *, pending: bool = False) -> None:
        self.problems.append(Problem(message, hint, start, end, pending))

    def _overlaid(self) -> list[Token]:
        """The tokens without overlaps: what is more telling shows through what it lies in. A value that takes the rest
        of a command may have an option in its middle."""
        over = [Token(*span, TokenKind.SECRET) for span in merge(self.secrets)] if self.command else []
        over = [token for token in self.tokens if token.kind is TokenKind.PLACEHOLDER] or over
        options = [token for token in self.tokens if token.kind is TokenKind.OPTION]
        rest = [token for token in self.tokens if token.kind not in (TokenKind.PLACEHOLDER, TokenKind.OPTION)]
        return _laid(over, _laid(options, rest))


def _laid(over: list[Token], under: list[Token]) -> list[Token]:
    """Both in order of place, with what is left of the lower ones."""
    result = list(over)
    covers = sorted(over, key=lambda token: token.start)
    for token in under:
        position = token.start
        for cover in touching(covers, token.start, token.end):
            if cover.start > position:
                result.append(Token(position, cover.start, token.kind))
            position = max(position, cover.end)
        if position < token.end:
            result.append(Token(position, token.end, token.kind))
    return sorted(result, key=lambda token: token.start)


def _knows_its_secrets(binding: Binding) -> bool:
    found = binding.parameter.type if binding.parameter else None
    return binding.role is Role.VALUE and found is not None and found.knows_its_secrets


def _holds_bytes(binding: Binding) -> bool:
    kind = binding.parameter.type.drawn_as if binding.parameter and binding.parameter.type else None
    # as many as a PIN has; fewer are shown, so that what is wrong with them can be
    long_enough = len(byte_spans(binding.word.text)) >= SHORTEST_PIN or len(binding.word.text) >= 2 * SHORTEST_PIN
    return binding.role is Role.VALUE and kind is TokenKind.BYTES and long_enough


def _after(word: Word, index: int) -> Word:
    """The part of a word from a character on, as for the value in `--name=VALUE`."""
    start = word.at(index)
    offsets = None if word.offsets is None else word.offsets[index:]
    return Word(start, word.end, word.text[index:], offsets, word.problem)


# --- where the cursor is -------------------------------------------------------------------------------------------


class SlotKind(Enum):
    """What can be typed where the cursor stands."""

    COMMAND = "command"
    VALUE = "value"
    OPTION = "option"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Slot:
    """What the cursor stands in: `text` is what is typed of it (without quotes), from `start` of the line.

    `context` knows the arguments before it.
    """

    kind: SlotKind
    text: str
    start: int
    call: Call | None
    parameter: Parameter | None
    context: ParseContext


def slot_at_end(line: Line, context: ParseContext) -> Slot:
    """What stands at the end of a line, which is the text before the cursor."""
    end = len(line.text)
    if line.comment is not None:
        return Slot(SlotKind.NOTHING, "", end, None, None, context)
    call = next((call for call in line.calls if call.end == end and call.start <= end), None)
    if call is None:
        return Slot(SlotKind.COMMAND, "", end, None, None, context)
    context = context.with_arguments(call.arguments)
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
