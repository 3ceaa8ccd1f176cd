"""`LINE > FILE`, `LINE >> FILE` and `LINE | PROGRAM`: what of it is right, what is secret, and what could be typed.

The form of a file follows from its ending: `.txt`, `.json`, `.html`, `.svg`. Pure: no file is looked at, no program
started. `jcopsh.shell.delivery` does both.
"""

# ruff: noqa: ARG002 — the methods of all parameter types share one signature

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import ClassVar

from jcopsh.errors import UsageError
from jcopsh.shell.command import Parameter, ParameterKind
from jcopsh.shell.context import Completion, ParseContext
from jcopsh.shell.strike import PLACEHOLDER, byte_runs, secret_is_gone, suspicious_spans
from jcopsh.shell.tokens import Problem, Span, Token, TokenKind
from jcopsh.shell.types import FileKind, FilePathType, ParameterType
from jcopsh.shell.types.base import matching
from jcopsh.shell.words import USUAL_PROGRAMS, Redirect, RedirectKind, Word

OPERATOR_MEANINGS: Mapping[RedirectKind, str] = MappingProxyType({
    RedirectKind.FILE: "write the result to a file: .txt, .json, .html or .svg",
    RedirectKind.APPEND: "write it behind what the file holds",
    RedirectKind.PROGRAM: "give it to a program, such as less",
})
_LIKE_A_PROGRAM = re.compile(r"[a-z][a-z0-9_.+-]{0,11}")
_AN_OPTION = re.compile("--?[A-Za-z]")
_ONLY_A_SHELL_KNOWS = re.compile(r"[<>&|].*|2>.*")


def only_on_screen(start: int, end: int) -> Problem:
    """What is wrong with a result that shows secrets (--reveal) and does not go to the screen."""
    return Problem("--reveal shows keys and PINs on the screen alone, in no file and to no program",
                   "leave --reveal away; or leave away where the result goes: a long one is paged", start, end)


class Form(Enum):
    """How a result is written to a file."""

    TEXT = "text"
    JSON = "JSON"
    HTML = "HTML"
    SVG = "SVG"


_FORMS: Mapping[str, Form] = MappingProxyType({
    ".json": Form.JSON, ".jsonl": Form.JSON, ".html": Form.HTML, ".htm": Form.HTML, ".svg": Form.SVG,
})


def names_its_form(name: str) -> bool:
    """Whether a file's ending says how a result is written to it."""
    return PurePath(name).suffix.lower() in (".txt", *_FORMS)


def form_of(name: str, *, json: bool = False) -> Form:
    """The form that a file's ending asks for. `json`, as by --json, is for what would be text."""
    return _FORMS.get(PurePath(name).suffix.lower(), Form.JSON if json else Form.TEXT)


# endings of what people open with other programs, which would find plain text in it
_NOT_WRITTEN = frozenset((
    ".bin", ".bmp", ".csv", ".doc", ".docx", ".gif", ".gz", ".jpeg", ".jpg", ".odt", ".pdf", ".png", ".ps", ".rtf",
    ".xls", ".xlsx", ".xml", ".yaml", ".yml", ".zip",
))


class ResultFileType(FilePathType):
    """The file that a result is written to."""

    @property
    def meaning(self) -> str:
        """For the hint."""
        return "a file for the result; its ending says in which form: .txt, .json, .html or .svg"


@dataclass(frozen=True)
class ProgramType(ParameterType[str]):
    """A program that gets a result on its standard input."""

    metavar: ClassVar[str] = "PROGRAM"
    drawn_as: ClassVar[TokenKind] = TokenKind.NAME

    @property
    def meaning(self) -> str:
        """For the hint."""
        return "a program that gets the result as text, and its arguments; no shell reads them"

    def parse(self, text: str, context: ParseContext) -> str:
        """The name itself."""
        return text

    def format(self, value: str) -> str:
        """The name itself."""
        return value

    def complete(self, text: str, context: ParseContext) -> Iterable[Completion]:
        """The usual ones."""
        return matching(USUAL_PROGRAMS, text)


_RESULT_FILE = ResultFileType(FileKind.WRITE)
RESULT_FILE = Parameter("file", _RESULT_FILE, True, None, ParameterKind.POSITIONAL)
PROGRAM = Parameter("program", ProgramType(), True, None, ParameterKind.POSITIONAL)


def parameter_of(kind: RedirectKind) -> Parameter:
    """What stands behind an operator."""
    return PROGRAM if kind is RedirectKind.PROGRAM else RESULT_FILE


def file_of(redirect: Redirect) -> Path:
    """The file behind `>` or `>>`, as it was named. Raises UsageError for what cannot be one."""
    return _RESULT_FILE.parse(redirect.target, ParseContext())


def without_options(text: str, redirect: Redirect) -> tuple[Redirect, tuple[Word, ...]]:
    """The redirection, and the options of the command that stand behind its file, such as a --yes put there last."""
    if redirect.kind is RedirectKind.PROGRAM:
        return redirect, ()
    options = tuple(word for word in redirect.words if _AN_OPTION.match(text, word.start))
    others = tuple(word for word in redirect.words if not _AN_OPTION.match(text, word.start))
    return replace(redirect, words=others), options


def tokens_of(redirect: Redirect) -> list[Token]:
    """The operator, the file or program, and the program's arguments."""
    of_target = TokenKind.NAME if redirect.kind is RedirectKind.PROGRAM else TokenKind.PATH
    kinds = [of_target, *[TokenKind.TEXT] * len(redirect.words)]
    words = [Token(word.start, word.end, kind) for word, kind in zip(redirect.words, kinds, strict=False)]
    return [Token(*redirect.operator, TokenKind.REDIRECTION), *words]


def problem_of(text: str, redirect: Redirect) -> Problem | None:
    """The first thing that is wrong with a redirection, without asking the disk."""
    placeholder = PLACEHOLDER.search(text, *redirect.span)
    if placeholder:
        return secret_is_gone(Span(*placeholder.span()))
    left_open = next((word.problem for word in redirect.words if word.problem), None)
    if left_open is not None:
        return left_open
    if not redirect.target:
        return _without_target(redirect)
    return _wrong_program(text, redirect) if redirect.kind is RedirectKind.PROGRAM else _wrong_file(redirect)


def _without_target(redirect: Redirect) -> Problem:
    end = redirect.span.end
    at = Span(redirect.words[0].start, end) if redirect.words else Span(end, end + 1)
    if redirect.kind is RedirectKind.PROGRAM:
        return Problem("| needs a program, or another | that ends a text", "e.g. read cm_key1 | less", *at)
    return Problem(f"{redirect.kind.value} needs a file", "e.g. > result.txt, or .json, .html, .svg", *at)


def _wrong_file(redirect: Redirect) -> Problem | None:
    word, *others = redirect.words
    if others:
        return Problem("behind the file only options may stand", "a name with blanks stands in quotes",
                       others[0].start, others[-1].end)
    ending = PurePath(word.text).suffix.lower()
    if ending in _NOT_WRITTEN:
        bytes_too = "; cat FILE --save writes bytes" if ending == ".bin" else ""
        return Problem(f"{ending} is none of the forms that a result is written in",
                       f".txt, .json, .html or .svg{bytes_too}", word.start, word.end)
    if redirect.kind is RedirectKind.APPEND and form_of(word.text) in (Form.HTML, Form.SVG):
        return Problem(f"{form_of(word.text).value} cannot be appended to", "> writes it anew; .txt and .json can grow",
                       word.start, word.end)
    try:
        _RESULT_FILE.parse(word.text, ParseContext())
    except UsageError as error:
        return Problem(error.what, error.hint, word.start, word.end)
    return None


def _wrong_program(text: str, redirect: Redirect) -> Problem | None:
    """An operator of a shell among the arguments: no shell reads them, so it would not do what is meant."""
    for word in redirect.words:
        written = text[word.start : word.end]
        if _ONLY_A_SHELL_KNOWS.fullmatch(written):
            return Problem("one redirection is all there is: no shell reads this line",
                           "as an argument of the program it stands in quotes", word.start, word.end)
    return None


def secrets_of(text: str, redirect: Redirect, *, wrong: bool, behind_bytes: bool) -> list[Span]:
    """What of a redirection no history may keep. `wrong`: it has a problem, so that what stands there may be anything.

    `behind_bytes`: bytes could go on here, so that a program may be the beginning of `| a text |` whose second bar is
    missing: then nothing but a short name is kept.
    """
    if not redirect.words:
        return []
    start, end = redirect.words[0].start, redirect.words[-1].end
    if behind_bytes and redirect.kind is RedirectKind.PROGRAM:
        named = _LIKE_A_PROGRAM.fullmatch(redirect.target) is not None
        start = redirect.words[0].end if named else start
        return [Span(start + len(text[start:end]) - len(text[start:end].lstrip()), end)] if start < end else []
    found = suspicious_spans if wrong else byte_runs
    return [Span(start + one.start, start + one.end) for one in found(text[start:end])]

