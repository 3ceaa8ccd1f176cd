"""A TOML file of `[section]`s and `name = value`s, read statement by statement.

Each value comes with its line, a mistake spoils its own statement alone, and a value is changed without touching
anything else: comments, order and spelling stay. tomllib parses each statement; by itself it would stop at the first
mistake, and not tell where a value stands. TOML 1.0.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jcopsh.errors import UsageError

Path = tuple[str, ...]  # a section and a name in it; or a name alone that stands before the first section

MOST_LINES = 100  # of one statement
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_UNFINISHED = "(at end of document)"
_LINE = 'a line is a [section] or name = "value"'
# what tomllib says, in words that say what to do
_EXPLAINED: Mapping[str, tuple[str, str]] = {
    "Invalid value": ("this is no value", 'a text stands in quotes: name = "value"'),
    "Illegal character '\\n'": ("this text is never closed", "it ends with the quote that it began with"),
    "Unterminated string": ("this text is never closed", "it ends with the quotes that it began with"),
    "Expected '=' after a key in a key/value pair": ("a = is missing", _LINE),
    "Invalid statement": ("this is no line of a settings file", _LINE),
    "Expected newline or end of document after a statement": (
        "there is something behind the value", "nothing but a # comment stands there"
    ),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What keeps a statement from being read. `line` and `column` are counted from 1; no column where none is known."""

    message: str
    hint: str
    line: int
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A value by its path, and the lines of its statement, counted from 1 and both inclusive.

    `section` is the one that stands above it, and `shared` says that the statement has other values too.
    """

    path: Path
    value: Any
    first: int
    last: int
    section: Path
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """A `[section]`."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, in its order. Of a name given twice both values are there."""

    headers: tuple[Header, ...]
    values: tuple[Value, ...]
    mistakes: tuple[Mistake, ...]


def parse(text: str) -> Document:
    """Read a whole file. Never fails: what is wrong is among the mistakes."""
    reader = _Reader(text.split("\n"))
    reader.read()
    return Document(tuple(reader.headers), tuple(reader.values), tuple(reader.mistakes))


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.section: Path = ()
        self.headers: list[Header] = []
        self.values: list[Value] = []
        self.mistakes: list[Mistake] = []

    def read(self) -> None:
        at = 0
        while at < len(self.lines):
            if not self.lines[at].strip() or self.lines[at].lstrip().startswith("#"):
                at += 1
                continue
            end, found = self._statement(at)
            if isinstance(found, Mistake):
                self.mistakes.append(found)
            elif self.lines[at].lstrip().startswith("["):
                self._header(at, found)
            else:
                leaves = list(_leaves(found))
                self.values += [
                    Value((*self.section, *path), value, at + 1, end, self.section, len(leaves) > 1)
                    for path, value in leaves
                ]
            at = end

    def _statement(self, at: int) -> tuple[int, dict[str, Any] | Mistake]:
        """The statement that begins there: the number of the line behind it, and what it says."""
        end = at + 1
        first = found = _parsed("\n".join(self.lines[at:end]) + "\n", at)
        while isinstance(found, str) and end < min(len(self.lines), at + MOST_LINES):
            end += 1
            found = _parsed("\n".join(self.lines[at:end]) + "\n", at)
        if isinstance(found, dict):
            return end, found
        if isinstance(first, Mistake):
            return at + 1, first
        message = first if isinstance(first, str) else ""
        return at + 1, _mistake(message, at + 1, None)

    def _header(self, at: int, found: dict[str, Any]) -> None:
        path: list[str] = []
        inner: Any = found
        while isinstance(inner, dict) and inner:
            (name, inner), = inner.items()
            path.append(name)
        self.section = tuple(path)
        self.headers.append(Header(self.section, at + 1))
        if isinstance(inner, list):
            self.mistakes.append(Mistake("a section stands in single brackets", f"[{'.'.join(path)}]", at + 1))


def _parsed(text: str, offset: int) -> dict[str, Any] | Mistake | str:
    """What a statement says; or what is wrong with it; or, as a text, what is wrong unless more lines belong to it."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        return Mistake("too deeply nested", "", offset + 1)
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number with thousands of digits
        message = str(error)
        place = _PLACE.search(message)
        if message.endswith(_UNFINISHED):
            return message
        if place is None:
            return Mistake("not a value that can be read", "", offset + 1)
        return _mistake(message, offset + int(place[1]), int(place[2]))


def _mistake(message: str, line: int, column: int | None) -> Mistake:
    said = _PLACE.sub("", message)
    message, hint = _EXPLAINED.get(said, (f"this is not TOML: {said[:1].lower()}{said[1:]}", ""))
    return Mistake(message, hint, line, column)


def _leaves(found: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, value in found.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


# --- changes -------------------------------------------------------------------------------------------------------


def with_value(text: str, section: str, name: str, value: str) -> str:
    """The file with `name = "value"` in a section: in place of the value there is, or as the section's last one.

    Raises UsageError where the file is written in a way that it cannot be changed without touching something else.
    """
    path, document = (section, name), parse(text)
    lines = text.split("\n")
    ending = "\r" if lines[0].endswith("\r") else ""
    known = next((one for one in document.values if one.path == path), None)
    if known is not None:
        lines[known.first - 1 : known.last] = [_changed(lines[known.first - 1 : known.last], known, value) + ending]
    else:
        _insert(lines, document, path, value, ending)
    changed = "\n".join(lines)
    _check(document, parse(changed), path, value, known)
    return changed


def without_value(text: str, section: str, name: str) -> str:
    """The file without a value, wherever it is given; the same text where it is not.

    Raises UsageError where it shares a line with others.
    """
    document = parse(text)
    lines = text.split("\n")
    for known in reversed([one for one in document.values if one.path == (section, name)]):
        if known.shared:
            raise _not_changed(known.first)
        del lines[known.first - 1 : known.last]
    changed = "\n".join(lines)
    left = {one.path: one.value for one in document.values if one.path != (section, name)}
    if {one.path: one.value for one in parse(changed).values} != left:
        raise _not_changed(1)
    return changed


def _changed(lines: list[str], known: Value, value: str) -> str:
    """The statement with another value, its comment kept."""
    first = lines[0].rstrip("\r")
    comment = _comment(first, known) if len(lines) == 1 else ""
    return f"{first[: first.index('=')].rstrip()} = {_quoted(value)}{comment}"


def _comment(line: str, known: Value) -> str:
    """The comment behind a value, with the blanks before it."""
    for at in (match.start() for match in re.finditer("#", line)):
        before = _parsed(line[:at] + "\n", 0)
        if isinstance(before, dict) and [value for _, value in _leaves(before)] == [known.value]:
            return line[len(line[:at].rstrip()) :]
    return ""


def _insert(lines: list[str], document: Document, path: Path, value: str, ending: str) -> None:
    section, name = path
    own = [one for one in document.values if one.path[0] == section and len(one.path) == 2]
    headers = [header for header in document.headers if header.path == (section,)]
    written = f"{name} = {_quoted(value)}{ending}"
    if headers:
        own = [one for one in own if one.section == (section,)]
        at = max([header.line for header in headers[-1:]] + [one.last for one in own if one.first > headers[-1].line])
        lines.insert(at, written)
    elif own:
        lines.insert(own[-1].last, f"{section}.{written}")
    else:
        while lines and not lines[-1].strip():
            lines.pop()
        lines += [*([ending] if lines else []), f"[{section}]{ending}", written, ""]


def _check(before: Document, after: Document, path: Path, value: str, known: Value | None) -> None:
    """See that nothing has changed but the one value; whatever the file looked like."""
    wanted = {one.path: one.value for one in reversed(before.values)} | {path: value}
    found = {one.path: one.value for one in reversed(after.values)}
    if found != wanted or len(after.mistakes) != len(before.mistakes):
        raise _not_changed(known.first if known is not None else 1)


def _not_changed(line: int) -> UsageError:
    return UsageError(
        f"the file cannot be changed without spoiling something else (line {line})",
        hint="change it in an editor: every value on a line of its own, below the [section] it belongs to",
    )


def _quoted(value: str) -> str:
    """A text as a basic string of TOML: JSON's escapes are among its own, but for DEL, which JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
