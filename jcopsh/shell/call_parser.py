"""The words of one call whose command is known become values, by the grammar of the command's signature.

No word's text is in a problem that may be a secret, and what may be one is among the call's `secrets` even where the
call was not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jcopsh.errors import UsageError
from jcopsh.iso7816.hexadecimal import HEX_DIGITS, NotationError
from jcopsh.iso7816.plain_bytes import plain_apdu
from jcopsh.shell.alias_rules import problem_in_alias
from jcopsh.shell.command import Command, Entry, Parameter, ParameterKind, Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.line import Binding, Call, Line, Role
from jcopsh.shell.other_tools import otherwise_here
from jcopsh.shell.strike import (
    LONGEST_REPEATED,
    PLACEHOLDER,
    SHORTEST_PIN,
    SHORTEST_RUN,
    STATUS_PATTERN,
    byte_runs,
    byte_spans,
    hidden,
    is_public_aid,
    merge,
    secret_is_gone,
    shifted,
    suspicious_spans,
    without,
)
from jcopsh.shell.tokens import MendedBy, Problem, Span, Token, TokenKind, laid, touching
from jcopsh.shell.types.base import ParameterType, PendingError, UnfinishedError, did_you_mean
from jcopsh.shell.words import BLANKS, Segment, Word, join

SEND = "send"
GLOBAL_FLAGS: Mapping[str, str] = {
    "json": "print the result as JSON",
    "yes": "answer yes to what is destructive; never to what is irreversible",
}
HELP_NAMES = ("help", "h")
ONLY_BYTES = HEX_DIGITS | set("xX:,|#()*/=")
_LIKE_A_NAME = re.compile(r"[a-z][a-z0-9_+-]*")
# words that are no part of a key, whatever stands around them
_HARMLESS = re.compile(rf"{STATUS_PATTERN.pattern}|--?(?:{'|'.join(GLOBAL_FLAGS)})", re.IGNORECASE)
_PERHAPS_REDIRECTED = "if the > says where the result goes, put a blank before >"
_BECOMES_NO_WORD = re.compile(r"/|\|.*")  # a comment or a program, when more is typed
_VALUES = (Role.VALUE, Role.EXCESS)
_KINDS_WITHOUT_BARS = (TokenKind.NUMBER, TokenKind.CHOICE, TokenKind.TEXT)  # an address is TEXT until it is one


@dataclass(frozen=True, slots=True)
class Source:
    """What all calls of a line have in common; `parse` parses a line that stands in one of its arguments."""

    text: str
    registry: Registry
    context: ParseContext
    parse: Callable[[str], Line]


class CallParser:
    """Parses the words of one call whose command is known. `name` is None for a call that is only bytes."""

    def __init__(
        self, source: Source, segment: Segment, entry: Entry | None, name: Word | None, words: Sequence[Word]
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
        """The call. Never fails: what is wrong is among its problems."""
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
            suspected = shifted(suspicious_spans(self.text[start:end]), start)
            self.secrets += hidden(self.text, suspected, harmless(self.words))
            return
        if self.name is not None and self.name.end < end:
            start = max(start, self.name.end)
        known = merge(Span(b.word.start, b.word.end) for b in self.bindings if _knows_its_secrets(b))
        suspected = [
            run for run in shifted(byte_runs(self.text[start:end]), start)
            # a run that goes on beyond such a word may be one key in two pieces
            if not any(word.start <= run.start and run.end <= word.end for word in touching(known, *run))
        ]
        # bytes: the address they are for may be what is wrong
        suspected += [
            Span(b.word.start, b.word.end) for b in self.bindings
            if _holds_bytes(b) or self._is_odd(b) or (b.role is Role.EXCESS and takes_pins(self.command))
        ]
        if takes_pins(self.command):  # an option with a typing error may have a PIN behind its =
            unknown = [b.word for b in self.bindings if b.role is Role.OPTION and b.parameter is None]
            suspected += [Span(word.at(word.text.index("=") + 1), word.end) for word in unknown if "=" in word.text]
        self.secrets += without(self.text, hidden(self.text, suspected, harmless(self.words)), self._public())

    def _public(self) -> list[Span]:
        """Words that are understood and no secret: options, addresses, and names too short for half a key."""
        return [
            Span(b.word.start, b.word.end) for b in self.bindings
            if b.parameter and (
                b.word.text.lstrip("-").lower() == b.parameter.option.lstrip("-") if b.role is Role.OPTION
                else b.parameter.type and b.parameter.type.never_secret and b.parameter.name in self.arguments
                and len(byte_spans(b.word.text)) < SHORTEST_RUN
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
        if _knows_its_secrets(binding) and not set(plain_apdu(binding.word.text)) - ONLY_BYTES - set(BLANKS):
            return False  # bytes of an APDU that is not typed to its end: their type has said which are secret
        understood = binding.parameter is not None and binding.parameter.name in self.arguments
        long = any(
            len(one) >= LONGEST_REPEATED and not _LIKE_A_NAME.fullmatch(one) for one in binding.word.text.split()
        )
        if binding.parameter is not None and binding.parameter.type is not None and binding.parameter.type.holds_line:
            return False  # it was parsed by itself
        return long and not understood and binding.role in _VALUES

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
            elif self._names_next(command, word, len(positional)):
                self.bindings.append(Binding(word, Role.OPTION, command.positional[len(positional)]))
                self.tokens.append(Token(word.start, word.end, TokenKind.OPTION))
            elif name == "":
                only_values = True
                self.bindings.append(Binding(word, Role.OPTION))
                self.tokens.append(Token(word.start, word.end, TokenKind.OPTION))
            else:
                waiting = self._option(command, word, name, options)
        self.following = waiting
        return positional, options

    def _names_next(self, command: Command, word: Word, count: int) -> bool:
        """Whether a word names the argument that comes next, behind `count` others, as in GPShell: `-AID A0…`."""
        following = command.positional[count].name if count < len(command.positional) else None
        return word.text[:1] == "-" and word.text[1:].lower() == following and following not in command.options

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
        if word.arrow is not None:
            self.problems.append(word.problem or glued_redirect(word.arrow, word.end))
            return
        known = [*command.options, *GLOBAL_FLAGS]
        hint = did_you_mean(name, known) or self._otherwise_here()
        goes_on = any(one.startswith(name) for one in (*known, *HELP_NAMES))
        self._problem(f"{command.name} has no such option", hint or f"help {command.name} lists them",
                      word.start, word.end, MendedBy.WORD if goes_on else MendedBy.NOTHING)

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
            self.problems.append(stray_pipe(words[0], command.name))
            return
        runs_on = any(self.source.registry.get(word.text) for word in words)
        hint = "a ; stands between two commands" if runs_on else self._otherwise_here() or command.signature
        self._problem(f"{command.name} takes {most}" + (" at most" if count else ""), hint,
                      words[0].start, words[-1].end,
                      MendedBy.WORD if _BECOMES_NO_WORD.fullmatch(words[0].text) else MendedBy.NOTHING)

    def _otherwise_here(self) -> str:
        return otherwise_here(self.name.text) if self.name is not None else ""

    def _value(self, parameter: Parameter, word: Word) -> None:
        """Parse one value; note its token, its secrets and its problem."""
        kind = parameter.type
        if kind is None:
            return
        context = self.context.with_arguments(self.arguments)
        if word.arrow is not None and _ends_at_arrow(kind, word, context):
            word = self._without_redirect(kind, word, word.arrow)
        self.bindings.append(Binding(word, Role.VALUE, parameter))
        self._draw_value(kind, word, context)
        self.secrets += [word.span(*span) for span in kind.secret_spans(word.text, context)]
        placeholder = PLACEHOLDER.search(word.text)
        if placeholder:
            at = word.span(placeholder.start(), placeholder.end())
            self.problems.append(secret_is_gone(at))
            self.tokens.append(Token(*at, TokenKind.PLACEHOLDER))
        elif word.problem and not self._is_stray_pipe(word, kind):
            self.problems.append(word.problem)
        else:
            self._parse_value(parameter, kind, word, context)

    def _draw_value(self, kind: ParameterType[Any], word: Word, context: ParseContext) -> None:
        """Note a value's token, and parse the line that it holds, if any."""
        inner = kind.line_in(word.text) if kind.holds_line else None
        end = word.end if inner is None else word.start + inner.start
        self.tokens.append(Token(word.start, end, kind.token_kind(word.text, context)))
        if inner is not None:
            self._inner_line(Span(word.start + inner.start, word.start + inner.end))

    def _parse_value(self, parameter: Parameter, kind: ParameterType[Any], word: Word, context: ParseContext) -> None:
        """Note the value of a word, or what is wrong with it."""
        try:
            self.arguments[parameter.name] = kind.parse(word.text, context)
        except (NotationError, UsageError) as error:
            if isinstance(error, NotationError):
                message, hint = error.message, "help bytes shows the notations"
            elif self._is_stray_pipe(word, kind):
                self.problems.append(stray_pipe(word, self.entry.name if self.entry else SEND))
                return
            else:
                message, hint = error.what, error.hint
            self._problem(message, hint if word.arrow is None else _PERHAPS_REDIRECTED,
                          *word.span(error.start, error.end),
                          self._mended_by(error, word, kind, rest=parameter.rest))

    def _mended_by(
        self, error: NotationError | UsageError, word: Word, kind: ParameterType[Any], *, rest: bool
    ) -> MendedBy:
        """What may yet make a value of a word that is none; `rest`, if its parameter takes all words that remain."""
        if isinstance(error, PendingError) and not self.context.card_known:
            return MendedBy.CARD
        is_last = rest or not any(one.start >= word.end for one in self.words)
        if (isinstance(error, UnfinishedError) and is_last) or self._is_begun(word, kind):
            return MendedBy.END
        # a > in it may become a redirection
        goes_on = ">" in word.text or kind.may_go_on(word.text, self.context.with_arguments(self.arguments))
        return MendedBy.WORD if goes_on else MendedBy.NOTHING

    def _without_redirect(self, kind: ParameterType[Any], word: Word, arrow: int) -> Word:
        """The part of a word before a `>` in it, which is what is wrong. The rest is secret if that part is, or where a
        PIN may be; else as far as it looks so."""
        self.problems.append(word.problem or glued_redirect(arrow, word.end))
        self.tokens.append(Token(arrow, word.end, TokenKind.TEXT))
        value = word.before(arrow)
        secret = takes_pins(self.command) or kind.secret_spans(value.text, self.context.with_arguments(self.arguments))
        rest = self.text[arrow : word.end]
        self.secrets += [Span(arrow, word.end)] if secret else shifted(suspicious_spans(rest), arrow)
        return value

    def _is_begun(self, word: Word, kind: ParameterType[Any]) -> bool:
        """Whether a word at the very end of the line is how a value of this kind begins."""
        return word.end == len(self.text) and kind.begins is not None and kind.begins.fullmatch(word.text) is not None

    def _is_stray_pipe(self, word: Word, kind: ParameterType[Any]) -> bool:
        """Whether a value begins with a `|` though its type has no use for text between bars."""
        return word.text.startswith("|") and word.offsets is None and kind.drawn_as in _KINDS_WITHOUT_BARS

    def _inner_line(self, span: Span) -> None:
        """Parse the part of the line that is to be an alias, with what else may be typed at its end."""
        end = self.segment.end if not self.text[span.end : self.segment.end].strip(BLANKS) else span.end
        line = self.source.parse(" " * span.start + self.text[span.start : end])
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
            known = given if parameter.kind is ParameterKind.POSITIONAL else bound
            if parameter.required and parameter.name not in known:
                self._problem(f"{parameter.usage} is missing", command.signature, end, end + 1, MendedBy.END)
                return
            if parameter.type is not None and parameter.name in bound and parameter.name not in given:
                value = parameter.type.metavar
                name = parameter.option if parameter.kind is ParameterKind.OPTION else parameter.option[1:]
                self._problem(f"{name} needs a value: {value}", command.signature, end, end + 1)
                return

    def _problem(
        self, message: str, hint: str, start: int, end: int, mended_by: MendedBy = MendedBy.WORD
    ) -> None:
        if mended_by is MendedBy.NOTHING and self._begins_option(end):
            mended_by = MendedBy.WORD
        self.problems.append(Problem(message, hint, start, end, mended_by))

    def _begins_option(self, end: int) -> bool:
        """Whether what ends there is a `-` at the end of the line, which more letters make an option of."""
        return end == len(self.text) and self.text.endswith("-") and self.text[-2:-1] in BLANKS

    def _overlaid(self) -> list[Token]:
        """The tokens without overlaps: what is more telling shows through what it lies in. A value that takes the rest
        of a command may have an option in its middle."""
        over = [Token(*span, TokenKind.SECRET) for span in merge(self.secrets)] if self.command else []
        over = [token for token in self.tokens if token.kind is TokenKind.PLACEHOLDER] or over
        options = [token for token in self.tokens if token.kind is TokenKind.OPTION]
        rest = [token for token in self.tokens if token.kind not in (TokenKind.PLACEHOLDER, TokenKind.OPTION)]
        return laid(over, laid(options, rest))


def _ends_at_arrow(kind: ParameterType[Any], word: Word, context: ParseContext) -> bool:
    """Whether a `>` in a word was meant to say where the result goes: as a value the whole makes no sense. In a secret
    it may be a part of it."""
    if kind.drawn_as is TokenKind.SECRET or kind.holds_line:
        return False
    try:
        kind.parse(word.text, context)
    except (NotationError, UsageError):
        return True
    return False


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
    arrow = word.arrow if word.arrow is not None and word.arrow >= start else None
    return Word(start, word.end, word.text[index:], offsets, word.problem, arrow)


def takes_pins(command: Command | None) -> bool:
    """Whether a word that stands in the wrong place may be a PIN, which nothing but its place tells."""
    return command is not None and any(one.type is not None and one.type.short_secret for one in command.parameters)


def harmless(words: Iterable[Word]) -> list[Span]:
    """Where words stand that are no part of a key: options of every command, expected status words, and AIDs of
    well-known providers."""
    return [Span(word.start, word.end) for word in words
            if not word.offsets and (_HARMLESS.fullmatch(word.text) or is_public_aid(word.text))]


def glued_redirect(start: int, end: int) -> Problem:
    """What is wrong with a `>` in a word, before a file whose ending names no form."""
    return Problem("> stands between blanks, but before a file that ends in .txt, .json, .html or .svg",
                   "put a blank before >", start, end)


def stray_pipe(word: Word, name: str) -> Problem:
    """What is wrong with a `|` where no text between bars can stand."""
    return Problem("one | to a program is all there is, and it stands alone between blanks", f"e.g. {name} | wc -l",
                   word.start, word.end)
