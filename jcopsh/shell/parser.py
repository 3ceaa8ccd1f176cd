"""A line of text becomes typed tokens: one parse for highlighting, completion, the hint, validation and execution.

    line     = call { ";" call } [ comment ]
    call     = ( NAME { argument } | bytes ) [ redirect ]    a call that is only bytes is `send` of them
    argument = VALUE | --flag | --name VALUE | --name=VALUE | -name VALUE
    redirect = ">" FILE | ">>" FILE | "|" PROGRAM { argument }

`?` alone is `help`; `NAME ?`, `NAME ARGUMENTS ?`, `NAME --help` and `? NAME` are `help NAME`. A leading `/` as in
JCShell is taken off. A problem stands under the word that is wrong. Nothing here talks to a card, and no problem's text
repeats what may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import HEX_DIGITS, NotationError, parse_apdu_text
from jcopsh.shell.aliases import Expansion, name_token, problem_in_alias
from jcopsh.shell.command import Command, Entry, Parameter, ParameterKind, Registry
from jcopsh.shell.context import NOTHING, ParseContext
from jcopsh.shell.other_tools import said_here
from jcopsh.shell.redirect import only_on_screen, parameter_of, problem_of, secrets_of, tokens_of, without_options
from jcopsh.shell.strike import (
    LONGEST_LINE,
    LONGEST_REPEATED,
    PLACEHOLDER,
    SHORTEST_PIN,
    StruckText,
    byte_runs,
    byte_spans,
    may_be_secret,
    merge,
    strike,
    suspicious_spans,
    without,
)
from jcopsh.shell.tokens import Problem, Span, Token, TokenKind, touching
from jcopsh.shell.types.base import ParameterType, PendingError, UnfinishedError, did_you_mean
from jcopsh.shell.words import BLANKS, Redirect, RedirectKind, Segment, Word, cut, join

SEND = "send"
HELP = "help"
GLOBAL_FLAGS: Mapping[str, str] = {
    "json": "print the result as JSON",
    "yes": "answer yes to what is destructive; never to what is irreversible",
}
_HELP_NAMES = ("help", "h")
_HELP_OPTIONS = ("--help", "-h")
_BYTES_OF_AN_APDU = 4
# up to three pairs of digits in any notation and perhaps half a fourth, and a digit among them: no word is meant
_FIRST_BYTES = re.compile(r"(?=.*[0-9])(?:(?:0x)?[0-9A-F]{2}[ :,]*){0,3}(?:0x)?[0-9A-F]?", re.IGNORECASE)
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
_KINDS_OF_BYTES = (TokenKind.BYTES, TokenKind.APDU, TokenKind.SECRET)
_KINDS_WITHOUT_BARS = (TokenKind.NUMBER, TokenKind.CHOICE, TokenKind.TEXT)  # an address is TEXT until it is one


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
    is the parameter that one more word would belong to. `redirect` says where the result goes, if not to the screen.
    `inner` is the line that one of the arguments holds, as that of `alias NAME = …` does, at the same offsets. For a
    call by an alias of the user's, `expansion` is how it is written out, and `inner` that line.
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
    redirect: Redirect | None = None
    expansion: Expansion | None = None
    inner: Line | None = None

    @property
    def understood(self) -> bool:
        """Whether every word of it was."""
        return self.command is not None and not self.problems

    @property
    def says_yes(self) -> bool:
        """Whether it has a `--yes`, the one of every command or one of the command's own."""
        return self.yes or self.arguments.get("yes") is True


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

    def struck(self) -> StruckText:
        """The line without its secrets."""
        return strike(self.text, self.secrets)


def strike_out(line: Line) -> str:
    """The line as a history may keep it: `‹16 bytes›` stands for a key, a PIN, or what may be one."""
    return line.struck().text


def parse_line(text: str, registry: Registry, context: ParseContext) -> Line:
    """Parse a line. Never fails: what is wrong is among the problems."""
    if len(text) > LONGEST_LINE:
        return _too_long(text)
    pieces = cut(text)
    calls = tuple(
        _parse_call(_Source(text, registry, context), segment)
        for segment in pieces.segments if segment.words or segment.redirect
    )
    tokens = [token for call in calls for token in call.tokens]
    tokens += [Token(at, at + 1, TokenKind.SEPARATOR) for at in pieces.separators]
    secrets = [span for call in calls for span in call.secrets]
    if pieces.comment:
        tokens.append(Token(*pieces.comment, TokenKind.COMMENT))
        secrets += _secrets_in_comment(text, pieces.comment, calls)
    return Line(
        text=text,
        calls=calls,
        tokens=tuple(sorted(tokens, key=lambda token: token.start)),
        problems=tuple(problem for call in calls for problem in call.problems),
        secrets=tuple(merge(secrets)),
        comment=pieces.comment,
    )


def _too_long(text: str) -> Line:
    """A line that is not looked into; all of it may be secret."""
    whole = Span(0, len(text))
    problem = Problem(f"this line has {len(text)} characters, more than any command needs",
                      f"a line has at most {LONGEST_LINE}; `update-binary --load FILE` takes a file", *whole)
    call = Call(0, len(text), None, None, problems=(problem,), secrets=(whole,))
    return Line(text, (call,), (Token(*whole, TokenKind.UNKNOWN),), (problem,), (whole,))


def _secrets_in_comment(text: str, comment: Span, calls: Sequence[Call]) -> list[Span]:
    """What may be a secret in a comment; behind a command that takes a PIN, one that begins with # too."""
    spans = _shifted(suspicious_spans(text[comment.start :]), comment.start)
    if any(_takes_pins(call.command) for call in calls):
        words = re.finditer(r"[^\s#]+", text[comment.start : comment.end])
        spans += _shifted([Span(*word.span()) for word in words if may_be_secret(word[0])], comment.start)
    return spans


def _shifted(spans: Sequence[Span], by: int) -> list[Span]:
    return [Span(span.start + by, span.end + by) for span in spans]


@dataclass(frozen=True, slots=True)
class _Source:
    """What all calls of a line have in common."""

    text: str
    registry: Registry
    context: ParseContext


def _parse_call(source: _Source, segment: Segment) -> Call:
    stands_for = _alias_for(source, segment.words)
    if stands_for is not None:
        return _parse_alias(source, segment, stands_for)
    if segment.redirect is None:
        return _parse_command(source, segment)
    redirect, options = without_options(source.text, segment.redirect)
    words = (*segment.words, *options)
    command = Segment(segment.start, redirect.operator.start, words)
    call = _parse_command(source, command) if segment.words else _nothing_to_redirect(command, redirect)
    return _redirected(source.text, call, redirect, segment.end)


def _nothing_to_redirect(segment: Segment, redirect: Redirect) -> Call:
    problem = Problem("a command stands before this", f"e.g. identify {redirect.kind.value} …", *redirect.operator)
    return Call(segment.start, segment.end, None, None, problems=(problem,))


def _redirected(text: str, call: Call, redirect: Redirect, end: int) -> Call:
    """The call with what stands behind it."""
    problem = problem_of(text, redirect)
    if problem is None and call.arguments.get("reveal") is True:
        problem = only_on_screen(redirect.operator.start, redirect.words[0].end)
    kind = call.following.type.drawn_as if call.following and call.following.type else None
    secrets = secrets_of(text, redirect, wrong=problem is not None, behind_bytes=kind in _KINDS_OF_BYTES)
    shown = [Token(*span, TokenKind.SECRET) for span in secrets]
    return replace(
        call, end=end, redirect=redirect,
        problems=tuple(sorted((*call.problems, *([problem] if problem else ())), key=lambda one: one.start)),
        tokens=tuple(_laid(shown, _laid(tokens_of(redirect), list(call.tokens)))),
        secrets=(*call.secrets, *secrets),
    )


def _parse_command(source: _Source, segment: Segment) -> Call:
    first, words, get = segment.words[0], segment.words, source.registry.get
    if first.text == "?":
        return _CallParser(source, segment, get(HELP), first, words[1:]).parse()
    if _asks_for_help(source, words):
        return _help_on(source, segment)
    entry = get(first.text) if first.offsets is None else None
    if entry is not None:
        return _CallParser(source, segment, entry, first, words[1:]).parse()
    written = _bytes_part(source.text, words)
    if get(SEND) and _only_bytes(written):
        return _CallParser(source, segment, get(SEND), None, words).parse()
    if get(SEND) and _FIRST_BYTES.fullmatch(written):
        return _first_bytes(source, segment)
    return _unknown_command(source, segment)


def _first_bytes(source: _Source, segment: Segment) -> Call:
    """A call of `send` whose APDU is not typed to its end. A PIN in the wrong place may look like that: it is shown
    while it is typed, and not kept."""
    call = _CallParser(source, segment, source.registry.get(SEND), None, segment.words).parse()
    pins = [Span(word.start, word.end) for word in segment.words if may_be_secret(word.text)]
    return replace(call, secrets=tuple(merge([*call.secrets, *pins])))


def _asks_for_help(source: _Source, words: Sequence[Word]) -> bool:
    """Whether words end in `?`, or are a command's and end in --help or -h, which is not its own."""
    last = words[-1]
    if len(words) < 2 or last.offsets is not None:
        return False
    if last.text == "?":
        return True
    entry = source.registry.get(words[0].text) if words[0].offsets is None else None
    if entry is None or last.text not in _HELP_OPTIONS:
        return False
    command = entry.command
    return command is None or not (
        last.text.lstrip("-") in command.options or any(one.type and one.type.holds_line for one in command.positional)
    )


def _help_on(source: _Source, segment: Segment) -> Call:
    """The call of `help` for what stands before the `?`: a subject, or a command with arguments, which are left alone.

    Those are parsed with the command all the same: only it knows which of them are secret.
    """
    *subject, sign = segment.words
    command = source.registry.get(subject[0].text) if subject[0].offsets is None else None
    written = " ".join(word.text for word in subject).lower()
    if command is None or (sign.text == "?" and any(one.text.lower() == written for one in source.context.subjects)):
        return _CallParser(source, segment, source.registry.get(HELP), sign, subject).parse()
    call = _CallParser(source, segment, source.registry.get(HELP), sign, subject[:1]).parse()
    inside = _CallParser(source, replace(segment, end=sign.start), command, subject[0], subject[1:]).parse()
    arguments = [token for token in inside.tokens if token.start >= subject[0].end]
    return replace(
        call, tokens=tuple(_laid(arguments, list(call.tokens))), secrets=tuple(merge([*call.secrets, *inside.secrets])),
    )


def _alias_for(source: _Source, words: Sequence[Word]) -> str | None:
    """What the first word stands for, if it is an alias and no help is asked for on it."""
    if not words or words[0].offsets is not None or (words[-1].text == "?" and words[-1].offsets is None):
        return None
    return source.registry.expanded(words[0].text)


def _parse_alias(source: _Source, segment: Segment, words: str) -> Call:
    """The call that an alias begins: parsed as what it stands for, with everything at its place in the line."""
    name = segment.words[0]
    out = Expansion.of(source.text, segment, words)
    inner = parse_line(out.text, source.registry, source.context)
    call = inner.calls[0]
    return replace(
        call, start=segment.start, end=segment.end, expansion=out, inner=inner,
        bindings=(Binding(name, Role.COMMAND), *out.bindings(call.bindings)), problems=out.problems(call.problems),
        tokens=(name_token(Span(name.start, name.end), known=call.entry is not None), *out.tokens(call.tokens)),
        secrets=out.spans(call.secrets), redirect=out.redirect(call.redirect),
    )


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
    here = said_here(word.text)
    near = source.registry.near(word.text) if len(word.text) <= LONGEST_REPEATED and not here else ""
    spans = _shifted(suspicious_spans(text[segment.start : segment.end]), segment.start)
    if not (near or here) and may_be_secret(word.text):
        spans.append(Span(word.start, word.end))
    meant = source.registry.get(near) if near else None
    if meant is not None and _takes_pins(meant.command):
        spans += [Span(one.start, one.end) for one in segment.words[1:]]
    glued = _glued_pipe(source, word)
    problem = glued or _unreadable(text, word) or (
        None if near or here else _wrong_in_bytes(text, segment.words)
    ) or Problem(
        "there is no such command", here or (f"did you mean {near}?" if near else "help lists the commands"),
        word.start, word.end,
    )
    before_pipe = [Span(word.start, glued.start)] if glued else []
    tokens = [Token(word.start, word.end, TokenKind.UNKNOWN)]
    tokens += [Token(one.start, one.end, TokenKind.TEXT) for one in segment.words[1:]]
    return Call(
        segment.start, segment.end, None, None, (Binding(word, Role.COMMAND),), problems=(problem,),
        tokens=tuple(tokens), secrets=tuple(without(text, spans, [*_harmless(segment.words), *before_pipe])),
    )


def _takes_pins(command: Command | None) -> bool:
    """Whether a word that stands in the wrong place may be a PIN, which nothing but its place tells."""
    return command is not None and any(one.type is not None and one.type.short_secret for one in command.parameters)


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


def _placeholder_problem(start: int, end: int) -> Problem:
    return Problem("a secret stood here, and the history does not keep secrets", "type it again", start, end)


def _stray_pipe(word: Word, name: str) -> Problem:
    """What is wrong with a `|` where no text between bars can stand."""
    return Problem("one | to a program is all there is, and it stands alone between blanks", f"e.g. {name} | wc -l",
                   word.start, word.end)


def _glued_pipe(source: _Source, word: Word) -> Problem | None:
    """What is wrong with `identify|program`; None for any other word."""
    name, bar, _ = word.text.partition("|")
    known = bar and word.offsets is None and source.registry.get(name)
    return _stray_pipe(Word(word.start + len(name), word.end, ""), name) if known else None


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
        self.inner: Line | None = None

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
            json="json" in self.flags, yes="yes" in self.flags, inner=self.inner,
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
            Span(b.word.start, b.word.end) for b in self.bindings
            if _holds_bytes(b) or self._is_odd(b) or (b.role is Role.EXCESS and _takes_pins(self.command))
        ]
        if _takes_pins(self.command):  # an option with a typing error may have a PIN behind its =
            unknown = [b.word for b in self.bindings if b.role is Role.OPTION and b.parameter is None]
            suspected += [Span(word.at(word.text.index("=") + 1), word.end) for word in unknown if "=" in word.text]
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
        if _knows_its_secrets(binding) and not set(binding.word.text) - _ONLY_BYTES - set(BLANKS):
            return False  # bytes of an APDU that is not typed to its end: their type has said which are secret
        understood = binding.parameter is not None and binding.parameter.name in self.arguments
        long = len(binding.word.text) >= LONGEST_REPEATED
        if binding.parameter is not None and binding.parameter.type is not None and binding.parameter.type.holds_line:
            return False  # it was parsed by itself
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
        holds_line = any(one.type is not None and one.type.holds_line for one in command.positional)
        for word in self.words:
            name = None if only_values or (positional and holds_line) else self._option_name(word)
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
        hint = did_you_mean(name, known)
        certain = not any(one.startswith(name) for one in (*known, *_HELP_NAMES))
        self._problem(f"{command.name} has no such option", hint or f"help {command.name} lists them",
                      word.start, word.end, certain=certain)

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
        if parameter.type.holds_line:
            start, end = words[0].start, words[-1].end
            self._value(parameter, Word(start, end, self.text[start:end]))  # with its quotes, and options if any
            return len(words)
        count = len(words) if parameter.rest else parameter.type.words_taken([word.text for word in words])
        self._value(parameter, join(self.text, words[:count]))
        return count

    def _excess(self, command: Command, words: list[Word]) -> None:
        count = len(command.positional)
        most = {0: "no arguments", 1: "one argument"}.get(count, f"{count} arguments")
        if words[0].text.startswith("|") and words[0].offsets is None:
            self.problems.append(_stray_pipe(words[0], command.name))
            return
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
        inner = parameter.type.line_in(word.text) if parameter.type.holds_line else None
        self.tokens.append(Token(word.start, word.end if inner is None else word.start + inner.start, kind))
        if inner is not None:
            self._inner_line(Span(word.start + inner.start, word.start + inner.end))
        self.secrets += [word.span(*span) for span in parameter.type.secret_spans(word.text, context)]
        placeholder = PLACEHOLDER.search(word.text)
        if placeholder:
            at = word.span(placeholder.start(), placeholder.end())
            self.problems.append(_placeholder_problem(*at))
            self.tokens.append(Token(*at, TokenKind.PLACEHOLDER))
            return
        if word.problem and not self._is_stray_pipe(word, parameter.type):
            self.problems.append(word.problem)
            return
        try:
            self.arguments[parameter.name] = parameter.type.parse(word.text, context)
        except NotationError as error:
            self._problem(error.message, "help bytes shows the notations", *word.span(error.start, error.end))
        except UsageError as error:
            if self._is_stray_pipe(word, parameter.type):
                self.problems.append(_stray_pipe(word, self.entry.name if self.entry else SEND))
                return
            pending = isinstance(error, PendingError) and not context.card_known
            unfinished = isinstance(error, UnfinishedError)
            self._problem(error.what, error.hint, *word.span(error.start, error.end), pending=pending,
                          unfinished=unfinished)

    def _is_stray_pipe(self, word: Word, kind: ParameterType[Any]) -> bool:
        """Whether a value begins with a `|` though its type has no use for text between bars."""
        return word.text.startswith("|") and word.offsets is None and kind.drawn_as in _KINDS_WITHOUT_BARS

    def _inner_line(self, span: Span) -> None:
        """Parse the part of the line that is to be an alias, with what else may be typed at its end."""
        end = self.segment.end if not self.text[span.end : self.segment.end].strip(BLANKS) else span.end
        line = parse_line(" " * span.start + self.text[span.start : end], self.source.registry, self.context)
        problem = problem_in_alias(line)
        self.inner = line
        self.tokens += line.tokens
        self.secrets += line.secrets
        self.problems += [problem] if problem else []

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

    def _problem(
        self, message: str, hint: str, start: int, end: int, *, pending: bool = False, unfinished: bool = False,
        certain: bool = False,
    ) -> None:
        self.problems.append(Problem(message, hint, start, end, pending, unfinished, certain))

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
