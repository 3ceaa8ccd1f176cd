"""A line of text becomes typed tokens: one parse for highlighting, completion, the hint, validation and execution.

    line     = call { ";" call } [ comment ]
    call     = ( NAME { argument } | bytes ) [ redirect ]    a call that is only bytes is `send` of them
    argument = VALUE | --flag | --name VALUE | --name=VALUE | -name VALUE
    redirect = ">" FILE | ">>" FILE | "|" PROGRAM { argument }

`?` alone is `help`; `NAME ?`, `NAME ARGUMENTS ?`, `NAME --help` and `? NAME` are `help NAME`. A leading `/` as in
JCShell is taken off, and so is what stands before the bytes in a line of a trace, `-> C0 B0 04 07 01`
(`jcopsh.shell.trace_lines`). A problem stands under the word that is wrong. Nothing here talks to a card, and no
problem's text repeats what may be a secret.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from jcopsh.iso7816.hexadecimal import NotationError, parse_apdu_text
from jcopsh.iso7816.plain_bytes import begins_otherwise, plain_apdu
from jcopsh.secrets.segments import HIDDEN_TEXT
from jcopsh.shell.alias_rules import outside_alias
from jcopsh.shell.call_parser import (
    ONLY_BYTES,
    SEND,
    CallParser,
    Source,
    glued_redirect,
    harmless,
    stray_pipe,
    takes_pins,
)
from jcopsh.shell.command import Registry
from jcopsh.shell.context import ParseContext
from jcopsh.shell.expansion import Expansion
from jcopsh.shell.line import Binding, Call, Line, Role
from jcopsh.shell.other_tools import said_here
from jcopsh.shell.redirect import only_on_screen, problem_of, secrets_of, tokens_of, without_options
from jcopsh.shell.strike import (
    LONGEST_LINE,
    LONGEST_REPEATED,
    PLACEHOLDER,
    byte_spans,
    hidden,
    may_be_secret,
    merge,
    secret_is_gone,
    shifted,
    suspicious_spans,
)
from jcopsh.shell.tokens import BYTES_KINDS, MendedBy, Problem, Span, Token, TokenKind, laid
from jcopsh.shell.trace_lines import TraceLine, TraceLineKind, own_prompt, trace_line
from jcopsh.shell.types.base import BYTES_SO_FAR
from jcopsh.shell.words import Redirect, Segment, Word, cut, join

HELP = "help"
_HELP_OPTIONS = ("--help", "-h")
_BYTES_OF_AN_APDU = 4
# up to three pairs of digits in any notation and perhaps half a fourth, and a digit among them: no word is meant
_FIRST_BYTES = re.compile(r"(?=.*[0-9])(?:(?:0x)?[0-9A-F]{2}[ :,]*){0,3}(?:0x)?[0-9A-F]?", re.IGNORECASE)
_AN_OPTION = re.compile(r"--?[A-Za-z][A-Za-z_-]*")
# a sign that is not ASCII's behind two bytes, such as a letter that looks like one of A to F
_BYTES_AND_A_STRANGER = re.compile(r"(?=.*[0-9])(?:(?:0x)?[0-9A-F]{2}[:,-]?){2,}[0-9A-F]?[^\x00-\x7f]", re.IGNORECASE)
_STATUS_WORD = re.compile(r"[69][0-9A-F]\s?[0-9A-F]{2}", re.IGNORECASE)
_NAMES = re.compile(r"[a-z][a-z-]+")
_PAIRS_OF_DIGITS = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def parse_line(text: str, registry: Registry, context: ParseContext) -> Line:
    """Parse a line. Never fails: what is wrong is among the problems."""
    if len(text) > LONGEST_LINE:
        return _too_long(text)
    pasted = trace_line(text)
    if pasted is not None:
        return _of_trace(text, pasted, registry, context)
    prompt = own_prompt(text)
    if prompt:
        return _behind(Span(0, prompt), text, parse_line(" " * prompt + text[prompt:], registry, context))
    pieces = cut(text)
    source = Source(text, registry, context, lambda part: parse_line(part, registry, context))
    calls = tuple(
        _parse_call(source, segment)
        for segment in pieces.segments if segment.words or segment.redirect
    )
    calls = _without_halves(text, calls, pieces.separators)
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


def _of_trace(text: str, pasted: TraceLine, registry: Registry, context: ParseContext) -> Line:
    """A line of a trace: its bytes as a line by themselves; or one that is passed over, of which only a status word is
    kept, for what else is in an answer nobody knows."""
    if pasted.kind is TraceLineKind.COMMAND:
        return _command_of_trace(text, pasted, registry, context)
    behind = Span(pasted.mark.end, len(text.rstrip()))
    told = _STATUS_WORD.fullmatch(text, *behind) is not None
    return Line(
        text=text, calls=(), problems=(), tokens=(Token(0, len(text), TokenKind.COMMENT),),
        secrets=() if told else (behind,), comment=Span(0, len(text)), note=pasted.kind.value,
    )


def _command_of_trace(text: str, pasted: TraceLine, registry: Registry, context: ParseContext) -> Line:
    """The bytes of a command; whatever else is written behind the mark is wrong there. The column of characters shows
    what the bytes are, and is no more kept than they."""
    line = parse_line(pasted.plain, registry, context)
    column = Span(len(pasted.plain.rstrip()), len(text.rstrip()))
    line = replace(line, secrets=tuple(merge([*line.secrets, column])))
    placeholder = HIDDEN_TEXT.search(text, pasted.mark.end)
    strange = next((one for one in line.calls if one.bindings and one.bindings[0].role is Role.COMMAND), None)
    if placeholder is not None:
        problem = Problem("a secret stood here, and a trace does not keep secrets", "type it in its place",
                          *placeholder.span())
        line = replace(line, problems=(problem,))
    elif strange is not None or len(line.calls) != 1:
        problem = Problem("behind the arrow of a trace stand the bytes of one command, and nothing else",
                          "type what is meant without the arrow", *pasted.mark)
        line = replace(line, problems=(problem,))
    return _behind(pasted.mark, text, line)


def _behind(mark: Span, text: str, line: Line) -> Line:
    """A line that was parsed with blanks in place of what stands before it, as it is written."""
    return replace(line, text=text, tokens=(Token(*mark, TokenKind.COMMENT), *line.tokens))


def _without_halves(text: str, calls: tuple[Call, ...], separators: Sequence[int]) -> tuple[Call, ...]:
    """The calls, with a problem where a command follows an alias on its line that is not in quotes."""
    checked = []
    for call in calls[:-1]:
        problem = None
        if call.inner is not None and call.expansion is None:
            at = separators[bisect_left(separators, call.end)]
            problem = outside_alias(text, call.inner, at, at + 1)
        checked.append(replace(call, problems=(*call.problems, problem)) if problem else call)
    return (*checked, *calls[-1:])


def _too_long(text: str) -> Line:
    """A line that is not looked into; all of it may be secret."""
    whole = Span(0, len(text))
    problem = Problem(f"this line has {len(text)} characters, more than any command needs",
                      f"a line has at most {LONGEST_LINE}; `update-binary --load FILE` takes a file", *whole)
    call = Call(0, len(text), None, None, problems=(problem,), secrets=(whole,))
    return Line(text, (call,), (Token(*whole, TokenKind.UNKNOWN),), (problem,), (whole,))


def _secrets_in_comment(text: str, comment: Span, calls: Sequence[Call]) -> list[Span]:
    """What may be a secret in a comment; behind a command that takes a PIN, one that begins with # too."""
    spans = shifted(suspicious_spans(text[comment.start :]), comment.start)
    if any(takes_pins(call.command) for call in calls):
        words = re.finditer(r"[^\s#]+", text[comment.start : comment.end])
        spans += shifted([Span(*word.span()) for word in words if may_be_secret(word[0])], comment.start)
    return spans


def _parse_call(source: Source, segment: Segment) -> Call:
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
    if problem is None and call.inner is not None and call.expansion is None:
        problem = outside_alias(text, call.inner, *redirect.operator)
    kind = call.following.type.drawn_as if call.following and call.following.type else None
    secrets = secrets_of(text, redirect, wrong=problem is not None, behind_bytes=kind in BYTES_KINDS)
    shown = [Token(*span, TokenKind.SECRET) for span in secrets]
    return replace(
        call, end=end, redirect=redirect,
        problems=tuple(sorted((*call.problems, *([problem] if problem else ())), key=lambda one: one.start)),
        tokens=tuple(laid(shown, laid(tokens_of(redirect), list(call.tokens)))),
        secrets=(*call.secrets, *secrets),
    )


def _parse_command(source: Source, segment: Segment) -> Call:
    first, words, get = segment.words[0], segment.words, source.registry.get
    if first.text == "?":
        return CallParser(source, segment, get(HELP), first, words[1:]).parse()
    if _asks_for_help(source, words):
        return _help_on(source, segment)
    entry = get(first.text) if first.offsets is None else None
    if entry is not None:
        return CallParser(source, segment, entry, first, words[1:]).parse()
    written = _bytes_part(source.text, words)
    if get(SEND) and _only_bytes(plain_apdu(written)):
        return CallParser(source, segment, get(SEND), None, words).parse()
    if get(SEND) and (_FIRST_BYTES.fullmatch(written) or begins_otherwise(written)):
        return _first_bytes(source, segment)
    return _unknown_command(source, segment)


def _first_bytes(source: Source, segment: Segment) -> Call:
    """A call of `send` whose APDU is not typed to its end. A PIN in the wrong place may look like that: it is shown
    while it is typed, and not kept."""
    call = CallParser(source, segment, source.registry.get(SEND), None, segment.words).parse()
    plain = plain_apdu(source.text[: segment.end])
    pins = [Span(word.start, word.end) for word in segment.words
            if may_be_secret(plain[word.start : word.end].strip(" ,:").lower().removeprefix("0x"))]
    return replace(call, secrets=tuple(merge([*call.secrets, *pins])))


def _asks_for_help(source: Source, words: Sequence[Word]) -> bool:
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


def _help_on(source: Source, segment: Segment) -> Call:
    """The call of `help` for what stands before the `?`: a subject, or a command with arguments, which are left alone.

    Those are parsed with the command all the same: only it knows which of them are secret.
    """
    *subject, sign = segment.words
    command = source.registry.get(subject[0].text) if subject[0].offsets is None else None
    written = " ".join(word.text for word in subject).lower()
    if command is None or (sign.text == "?" and any(one.text.lower() == written for one in source.context.subjects)):
        return CallParser(source, segment, source.registry.get(HELP), sign, subject).parse()
    call = CallParser(source, segment, source.registry.get(HELP), sign, subject[:1]).parse()
    inside = CallParser(source, replace(segment, end=sign.start), command, subject[0], subject[1:]).parse()
    arguments = [token for token in inside.tokens if token.start >= subject[0].end]
    return replace(
        call, tokens=tuple(laid(arguments, list(call.tokens))), secrets=tuple(merge([*call.secrets, *inside.secrets])),
    )


def _alias_for(source: Source, words: Sequence[Word]) -> str | None:
    """What the first word stands for, if it is an alias and no help is asked for on it."""
    if not words or words[0].offsets is not None or (words[-1].text == "?" and words[-1].offsets is None):
        return None
    return source.registry.expanded(words[0].text)


def _parse_alias(source: Source, segment: Segment, words: str) -> Call:
    """The call that an alias begins: parsed as what it stands for, with everything at its place in the line."""
    name = segment.words[0]
    out = Expansion.of(source.text, segment, words)
    inner = source.parse(out.text)
    call = inner.calls[0]
    typed = [replace(one, word=word) for one in call.bindings if (word := out.typed_word(one.word)) is not None]
    name_kind = TokenKind.UNKNOWN if call.entry is None else TokenKind.COMMAND
    return replace(
        call, start=segment.start, end=segment.end, expansion=out, inner=inner,
        bindings=(Binding(name, Role.COMMAND), *typed), problems=out.problems(call.problems),
        tokens=(Token(name.start, name.end, name_kind), *out.tokens(call.tokens)),
        secrets=out.spans(call.secrets), redirect=out.redirect(call.redirect),
    )


def _bytes_part(text: str, words: Sequence[Word]) -> str:
    """The words of a call that are no options, without their quotes, each up to a `>` in it."""
    written = (
        word.text if word.offsets is not None else text[word.start : word.end if word.arrow is None else word.arrow]
        for word in words
    )
    return " ".join(word for word in written if not _AN_OPTION.fullmatch(word))


def _only_bytes(text: str) -> bool:
    """Whether a call is nothing but bytes, at least four, though perhaps with a digit missing."""
    inside = False
    for character in text:
        if character == "|":
            inside = not inside
        elif not inside and character not in ONLY_BYTES and not character.isspace():
            return False
    return len(byte_spans(text)) >= _BYTES_OF_AN_APDU


def _unknown_command(source: Source, segment: Segment) -> Call:
    text, word = source.text, segment.words[0]
    here = said_here(word.text, *(one.text for one in segment.words[1:]))
    near = source.registry.near(word.text) if len(word.text) <= LONGEST_REPEATED and not here else ""
    glued = _glued_redirect(source, word)
    problem = glued or _unreadable(text, word)
    if problem is None and not (near or here):
        problem = _wrong_in_bytes(text, segment.words)
    if problem is None:
        hint = here or (f"did you mean {near}?" if near else "help lists the commands")
        goes_on = source.registry.begins(word.text) or BYTES_SO_FAR.fullmatch(word.text)
        problem = Problem("there is no such command", hint, word.start, word.end,
                          MendedBy.WORD if goes_on else MendedBy.NOTHING)
    tokens = [Token(word.start, word.end, TokenKind.UNKNOWN)]
    tokens += [Token(one.start, one.end, TokenKind.TEXT) for one in segment.words[1:]]
    secrets = _secrets_in_unknown(source, segment, near, here)
    if not (near or here or glued) and may_be_secret(word.text):
        secrets.append(Span(word.start, word.end))
    before_pipe = [Span(word.start, glued.start)] if glued else []
    return Call(
        segment.start, segment.end, None, None, (Binding(word, Role.COMMAND),), problems=(problem,),
        tokens=tuple(tokens), secrets=tuple(hidden(text, secrets, [*harmless(segment.words), *before_pipe])),
    )


def _secrets_in_unknown(source: Source, segment: Segment, near: str, here: str) -> list[Span]:
    """What looks like a secret in a call of no command; all its arguments where the one that was meant takes PINs: the
    one that is `near` it, or any that the hint to another tool's word, `here`, names."""
    spans = shifted(suspicious_spans(source.text[segment.start : segment.end]), segment.start)
    named = [near] if near else _NAMES.findall(here)
    given = [one for one in segment.words if not _AN_OPTION.fullmatch(one.text)]
    if spans and _begins_with_bytes(given):  # what follows may show the same bytes as characters
        spans.append(Span(min(one.start for one in spans), segment.words[-1].end))
    meant = filter(None, map(source.registry.get, named))
    if any(takes_pins(entry.command) for entry in meant):
        spans += [Span(one.start, one.end) for one in segment.words[1:]]
    return spans


def _unreadable(text: str, word: Word) -> Problem | None:
    """What keeps a word from being read at all: a secret that is gone, or something left open."""
    placeholder = PLACEHOLDER.search(text, word.start, word.end)
    return secret_is_gone(Span(*placeholder.span())) if placeholder else word.problem


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
    if words and _BYTES_AND_A_STRANGER.match(words[0].text):
        return True
    if len(words) < 2 or not _PAIRS_OF_DIGITS.fullmatch(words[0].text):
        return False
    return any(map(str.isdigit, words[0].text)) or _PAIRS_OF_DIGITS.fullmatch(words[1].text) is not None


def _glued_redirect(source: Source, word: Word) -> Problem | None:
    """What is wrong with `identify|program` and `identify>file`; None for any other word."""
    if word.arrow is not None and source.registry.get(word.before(word.arrow).text):
        return word.problem or glued_redirect(word.arrow, word.end)
    name = word.text.partition("|")[0]
    if name == word.text or word.offsets is not None or not source.registry.get(name):
        return None
    return stray_pipe(Word(word.start + len(name), word.end, ""), name)
