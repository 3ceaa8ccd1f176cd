"""What `help` returns: an index, a command, a topic, a status word or an instruction."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jcopsh.errors import UsageError
from jcopsh.iso7816.instructions import Choices, Family, Instruction, instructions, named
from jcopsh.iso7816.interindustry import SelectBy
from jcopsh.iso7816.reader_commands import READER_CLASS
from jcopsh.iso7816.status import describe, describe_answer
from jcopsh.jcop import root_applet, root_instructions
from jcopsh.shell.call_parser import GLOBAL_FLAGS, SEND
from jcopsh.shell.command import Command, Entry, Parameter, ParameterKind, Registry
from jcopsh.shell.topics import Topic, TopicBook
from jcopsh.shell.types.names import bytes_asked_about
from jcopsh.shell.words import first_word

_EXAMPLES = "Examples:"
_OPTIONS = "Options:"
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
    """A command: signature, first sentence, parameters, the rest of its docstring, examples, a topic of its name.

    `stands_for` is what an alias stands for, where it was asked for by one.
    """

    signature: str
    summary: str
    aliases: tuple[str, ...]
    parameters: tuple[ParameterHelp, ...]
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]
    owner: str
    topic: Topic | None = None
    stands_for: str = ""


@dataclass(frozen=True, slots=True)
class StatusWordHelp:
    """A status word: what it means in general and by which source; and what it means as an answer to some commands."""

    sw: str
    meaning: str
    source: str
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InstructionHelp:
    """An instruction byte as one family has it: how its command is built, and what P1, P2 and the data are."""

    ins: str
    name: str
    family: str
    meaning: str
    source: str
    form: str
    p1_says: str
    p1: tuple[tuple[str, str], ...]
    p2_says: str
    p2: tuple[tuple[str, str], ...]
    data: str


@dataclass(frozen=True, slots=True)
class InstructionsHelp:
    """All that an instruction byte can be: with one class byte it is another command than with the next."""

    instructions: tuple[InstructionHelp, ...]


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


def look_up(
    subject: str, registry: Registry, topics: TopicBook
) -> CommandHelp | Topic | StatusWordHelp | InstructionsHelp:
    """Help on a command, a topic, a status word such as 6A82, or an instruction byte such as A4.

    Imports the plugin of a command. Raises UsageError for an unknown subject.
    """
    entry, topic = registry.get(subject), topics.get(subject)
    if entry is not None:
        return of_command(entry, topic)
    words = registry.expanded(subject)
    if words is not None:
        return _of_alias(words, registry, topics)
    if topic is not None:
        return _about_word(subject, topic)
    digits = bytes_asked_about(subject)
    found = of_status_word(int(digits, 16)) if len(digits) == 4 else of_instruction(int(digits, 16)) if digits else None
    if found is None:
        raise UsageError("there is no help on this", hint="help lists the subjects")
    return found


def _about_word(subject: str, topic: Topic) -> Topic:
    """What a topic says of the word by which it was asked for; the whole topic where that is no word of a list."""
    entry = topic.entry(subject)
    return replace(topic, title=subject, text=f"{entry}\n\nhelp {topic.name} explains the others.") if entry else topic


def of_status_word(sw: int) -> StatusWordHelp:
    """Help on a status word, 0 to FFFF."""
    general = describe(sw)
    # by name SELECT is for an application, otherwise for a file
    special = {
        one.name: describe_answer(sw, cla, one.ins, SelectBy.NAME).text
        for cla in (0x00, 0x80) for one in instructions(cla)
    }
    answers = tuple((name, text) for name, text in special.items() if text != general.text)
    return StatusWordHelp(f"{sw:04X}", general.text, general.source, answers)


_CLASS_OF = {Family.INTERINDUSTRY: 0x00, Family.GLOBAL_PLATFORM: 0x80, Family.READER: READER_CLASS}


def of_instruction(ins: int) -> InstructionsHelp | None:
    """Help on an instruction byte; None where the tables know none."""
    found = [_instruction(family.value, _CLASS_OF[family], one) for family, one in named(ins)]
    for cla in (root_applet.CLA_MEMORY, 0x00):
        known = (one for one in root_instructions.known(cla) if one.ins == ins)
        found += [_instruction("unfused JCOP", cla, one) for one in known]
    return InstructionsHelp(tuple(found)) if found else None


def _instruction(family: str, cla: int, one: Instruction) -> InstructionHelp:
    parts = [f"{cla:02X} {one.ins:02X} P1 P2", "Lc data" if one.data else "", "Le" if one.answers else ""]
    after = [(f"{p1:02X} {choice.value.hex().upper()}", choice.meaning)
             for p1, choices in one.p2_after.items() for choice in choices]
    return InstructionHelp(
        ins=f"{one.ins:02X}", name=one.name, family=family, meaning=one.meaning, source=one.source,
        form=" ".join(filter(None, parts)), p1_says=one.p1_says, p1=_listed(one.p1), p2_says=one.p2_says,
        p2=(*_listed(one.p2), *after), data=one.data,
    )


def _listed(choices: Choices) -> tuple[tuple[str, str], ...]:
    return tuple((choice.value.hex().upper(), choice.meaning) for choice in choices)


def _of_alias(words: str, registry: Registry, topics: TopicBook) -> CommandHelp:
    """Help on the command that an alias stands for; on `send` where it is bytes."""
    first = first_word(words)
    entry = registry.get(first) or registry.get(SEND)
    if entry is None:
        raise UsageError("this alias stands for a command that is not there", hint="alias lists what each stands for")
    return replace(of_command(entry, topics.get(first)), stands_for=words)


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
    text, _, _ = text.partition(_OPTIONS)
    paragraphs = [_RAISES.sub("Fails", part.strip("\n")) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return (
        tuple(part for part in paragraphs if part.strip() != "Fails."),
        tuple(line.strip() for line in examples.splitlines() if line.strip()),
    )


def _parameters(command: Command) -> tuple[ParameterHelp, ...]:
    described = []
    for parameter in command.parameters:
        meaning = option_meaning(command, parameter)
        default = parameter.default
        if parameter.kind is not ParameterKind.FLAG and default is not None and parameter.type is not None:
            meaning += f"; {parameter.type.format(default)} by default" if not parameter.required else ""
        described.append(ParameterHelp(parameter.usage, meaning))
    return tuple(described)


def option_meaning(command: Command, parameter: Parameter) -> str:
    """What a parameter is for: what the docstring says of it below `Options:`, else what its type says; of a flag what
    it does."""
    if parameter.kind is not ParameterKind.POSITIONAL:
        said = _said_of_options(command.body).get(parameter.option)
        if said:
            return said
    return parameter.type.meaning if parameter.type else flag_meaning(command, parameter)


def _said_of_options(body: str) -> dict[str, str]:
    """`--name: what it does`, a line each, below `Options:`."""
    section = body.partition(_OPTIONS)[2].partition(_EXAMPLES)[0]
    pairs = (line.strip().partition(": ") for line in section.splitlines())
    return {option: said for option, _, said in pairs if option.startswith("--")}


def flag_meaning(command: Command, flag: Parameter) -> str:
    """What a flag does: what it does everywhere, or the sentence of the docstring that speaks of it, or its name."""
    if flag.name in _WELL_KNOWN:
        return _WELL_KNOWN[flag.name]
    for sentence in re.split(r"(?<=[.;:])\s+", " ".join(f"{command.summary} {command.body}".split())):
        if flag.option in sentence:
            return sentence.rstrip(".;:").replace("`", "")
    return GLOBAL_FLAGS.get(flag.name, flag.name.replace("_", " "))
