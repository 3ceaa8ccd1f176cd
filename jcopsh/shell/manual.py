"""What `help` returns: an index, a command, or a topic, made from signatures, docstrings and types."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jcopsh.errors import UsageError
from jcopsh.shell.command import Command, Entry, Parameter, ParameterKind, Registry
from jcopsh.shell.parser import GLOBAL_FLAGS
from jcopsh.shell.topics import Topic, TopicBook

_EXAMPLES = "Examples:"
_RAISES = re.compile(r"\bRaises\s+[A-Z]\w*(?:(?:,\s+(?:and|or)|,|\s+and|\s+or)\s+[A-Z]\w*)*")
# flags that mean the same wherever they occur
_WELL_KNOWN = {"reveal": "show keys and PINs in clear"}


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A command in the index."""

    name: str
    summary: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterHelp:
    """A parameter as it is typed, and what it means."""

    usage: str
    meaning: str


@dataclass(frozen=True, slots=True)
class HelpIndex:
    """All commands by group, in order, all topics with their titles, and the flags that every command takes."""

    groups: tuple[tuple[str, tuple[IndexEntry, ...]], ...]
    topics: tuple[tuple[str, str], ...]
    flags: tuple[ParameterHelp, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A command: signature, first sentence, parameters, the rest of its docstring, examples, a topic of its name."""

    signature: str
    summary: str
    aliases: tuple[str, ...]
    parameters: tuple[ParameterHelp, ...]
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]
    owner: str
    topic: Topic | None = None


def first_sentence(summary: str) -> str:
    """Up to the first full stop, colon or semicolon."""
    match = re.match(r"(.+?[.:;])(?:\s|$)", summary)
    return (match[1] if match else summary).rstrip(":.;")


def index(registry: Registry, topics: TopicBook) -> HelpIndex:
    """What there is help on."""
    groups = tuple(
        (group, tuple(IndexEntry(e.name, first_sentence(e.summary), e.aliases) for e in entries))
        for group, entries in registry.groups().items()
    )
    flags = tuple(ParameterHelp(f"--{name}", meaning) for name, meaning in GLOBAL_FLAGS.items())
    return HelpIndex(groups, tuple((topic.name, topic.title) for topic in topics.all()), flags)


def look_up(subject: str, registry: Registry, topics: TopicBook) -> CommandHelp | Topic:
    """Help on a command or a topic; imports the plugin of a command. Raises UsageError for an unknown subject."""
    entry, topic = registry.get(subject), topics.get(subject)
    if entry is not None:
        return of_command(entry, topic)
    if topic is not None:
        return topic
    raise UsageError("there is no help on this", hint="help lists the subjects")


def of_command(entry: Entry, topic: Topic | None = None) -> CommandHelp:
    """Help on a command."""
    command = entry.load()
    paragraphs, examples = _parted(command.body)
    return CommandHelp(
        signature=command.signature, summary=command.summary, aliases=command.aliases,
        parameters=_parameters(command), paragraphs=paragraphs, examples=examples, owner=entry.owner, topic=topic,
    )


def _parted(body: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paragraphs and example lines of a docstring. `Raises CardError where …` is for Python: here the command fails."""
    text, _, examples = body.partition(_EXAMPLES)
    paragraphs = [_RAISES.sub("Fails", part.strip("\n")) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return (
        tuple(part for part in paragraphs if part.strip() != "Fails."),
        tuple(line.strip() for line in examples.splitlines() if line.strip()),
    )


def _parameters(command: Command) -> tuple[ParameterHelp, ...]:
    described = []
    for parameter in command.parameters:
        meaning = parameter.type.meaning if parameter.type else flag_meaning(command, parameter)
        default = parameter.default
        if parameter.kind is not ParameterKind.FLAG and default is not None and parameter.type is not None:
            meaning += f"; {parameter.type.format(default)} by default" if not parameter.required else ""
        described.append(ParameterHelp(parameter.usage, meaning))
    return tuple(described)


def flag_meaning(command: Command, flag: Parameter) -> str:
    """What a flag does: what it does everywhere, or the sentence of the docstring that speaks of it, or its name."""
    if flag.name in _WELL_KNOWN:
        return _WELL_KNOWN[flag.name]
    for sentence in re.split(r"(?<=[.;:])\s+", " ".join(f"{command.summary} {command.body}".split())):
        if flag.option in sentence:
            return sentence.rstrip(".;:").replace("`", "")
    return GLOBAL_FLAGS.get(flag.name, flag.name.replace("_", " "))
