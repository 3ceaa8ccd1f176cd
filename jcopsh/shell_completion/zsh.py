"""The script for zsh: a function for its completion system, which has to be switched on (`compinit`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jcopsh.shell_completion.program import ARGUMENT, Choices, Kind, Option, Program, plain, variants

_SPECIAL = re.compile(r"([\[\]:\\])")


def script(programs: Sequence[Program]) -> str:
    """The whole script: for a folder of `fpath`, or to be sourced."""
    names = " ".join(program.name for program in programs)
    parts = [
        f"#compdef {names}",
        "# Completion of jcopsh in zsh. Made by `jcopsh completion zsh`; do not change it by hand.",
        "",
        *(_function(program) for program in programs),
        "_jcopsh() {",
        "    case $service in",
        *(f"        {program.name}) __{program.function}_arguments ;;" for program in programs),
        "    esac",
        "}",
        "",
        "# loaded from fpath by its first use, or sourced",
        "if [[ $funcstack[1] == _jcopsh ]]; then",
        '    _jcopsh "$@"',
        "else",
        f"    compdef _jcopsh {names}",
        "fi",
        "",
    ]
    return "\n".join(parts)


def _function(program: Program) -> str:
    lines = []
    if program.commands:
        lines += [*_commands(program), ""]
    if program.first_words:
        lines += [*_first(program), ""]
    for option in _with_variants(program):
        lines += [*_choices(program, option), ""]
    lines += [
        f"__{program.function}_arguments() {{",
        "    _arguments -s -S : \\",
        *(f"        {_quoted(_spec(program, option, name))} \\" for option in program.options for name in option.names),
    ]
    if program.first_words:
        unless = f"({' '.join(_others(program.argument))})" if program.argument else ""
        lines += [f"        {_quoted(f'{unless}1: :__{program.function}_first')} \\",
                  f"        {_quoted(f'2: :__{program.function}_second')}"]
    elif program.argument is not None:
        lines.append(f"        {_quoted(_spec(program, program.argument))}")
    return "\n".join([*lines, "}", ""])


def _commands(program: Program) -> list[str]:
    """The commands that a line goes on with: behind the last `;`, while there is no blank behind that."""
    return [
        f"__{program.function}_lines() {{",
        "    local -a commands=(",
        *(f"        {_quoted(_described(name, meaning))}" for name, meaning in program.commands.items()),
        "    )",
        "    compset -P '*;'",
        "    compset -P ' ##'",
        "    [[ $PREFIX == *' '* ]] && return 1",
        "    _describe -t commands command commands -S ''",
        "}",
    ]


def _with_variants(program: Program) -> list[Option]:
    options = (*program.options, *([program.argument] if program.argument else []))
    return [option for option in options if variants(option.choices)]


def _function_of(program: Program, option: Option) -> str:
    return f"__{program.function}_{option.names[0].strip('-') if option.names else ARGUMENT}"


def _choices(program: Program, option: Option) -> list[str]:
    """The values of an option, those that go on behind a comma when that is typed."""
    return [
        f"{_function_of(program, option)}() {{",
        "    local -a known=(",
        *(f"        {_quoted(_described(name, meaning))}" for name, meaning in plain(option.choices).items()),
        "    )",
        "    [[ $PREFIX == *,* ]] && known+=(",
        *(f"        {_quoted(_described(name, meaning))}" for name, meaning in variants(option.choices).items()),
        "    )",
        f"    _describe -t values {_quoted(option.what)} known",
        "}",
    ]


def _first(program: Program) -> list[str]:
    """What may come first: a file, or a word of its own, and behind that one of its words."""
    words = " ".join(_quoted(word) for word in program.first_words)
    lines = [
        f"__{program.function}_first() {{",
        "    local ret=1",
        f"    [[ -n $PREFIX ]] && compadd {words} && ret=0",
        "    _files && ret=0",
        "    return ret",
        "}",
        "",
        f"__{program.function}_second() {{",
        "    local -a known",
        "    case $line[1] in",
    ]
    for word, choices in program.first_words.items():
        described = " ".join(_quoted(_described(name, meaning)) for name, meaning in choices.items())
        lines.append(f"        {word}) known=({described}); _describe -t values {word} known ;;")
    return [*lines, "        *) return 1 ;;", "    esac", "}"]


def _spec(program: Program, option: Option, name: str = "") -> str:
    """An option as `_arguments` has it: `(--others)--name=[meaning]:what:action`."""
    others = _others(option)
    excluded = f"({' '.join(others)})" if others else ""
    if not option.names:
        return f"{excluded}1:{_escaped(option.what)}:{_action(program, option)}"
    star = "" if name in option.unless else "*"
    meaning = f"[{_escaped(option.meaning)}]"
    if option.kind is Kind.NONE:
        return f"{excluded}{star}{name}{meaning}"
    equals = "=" if name.startswith("--") else "+"
    return f"{excluded}{star}{name}{equals}{meaning}:{_escaped(option.what)}:{_action(program, option)}"


def _others(option: Option) -> list[str]:
    """What an option keeps away but itself; `1` is the argument without a name."""
    return ["1" if name == ARGUMENT else name for name in option.unless if option.names or name != ARGUMENT]


def _action(program: Program, option: Option) -> str:
    if option.kind is Kind.FILE:
        return "_files"
    if variants(option.choices):
        return _function_of(program, option)
    if option.kind is Kind.CHOICE:
        return f"(({_listed(option.choices)}))"
    return f"__{program.function}_lines" if option.kind is Kind.LINES else " "


def _listed(choices: Choices) -> str:
    r"""`name\:"meaning"` for each, as `((…))` wants it."""
    return " ".join(
        re.sub(r"([:\\ (),])", r"\\\1", name) + (f'\\:"{_escaped(meaning)}"' if meaning else "")
        for name, meaning in choices.items()
    )


def _described(name: str, meaning: str) -> str:
    """As `_describe` has it: the name with its colons marked, `:`, the meaning."""
    return name.replace(":", "\\:") + f":{meaning}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
